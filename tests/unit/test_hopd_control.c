/*
 * test_hopd_control.c - clients on the control socket: framing, bounds, and
 * readers that are slow, silent or gone.  A real loop drives a stack in this
 * process; the client's side is plain system calls between its turns.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "hopd/control.h"
#include "hopd/loop.h"

static struct stack *stk;
static struct ctl *ctl;
static struct loop *loop;
static struct control *control;
static struct sockaddr_un sun;
static int listen_fd;

static void
setup(void)
{
	const struct ctl_host host = { 0 };
	socklen_t len = sizeof(sa_family_t);

	stk = unit_stack();
	ctl = ctl_new(stk, &host);
	loop = loop_new();
	/* A name of the kernel's choice, in no file system. */
	sun = (struct sockaddr_un){ .sun_family = AF_UNIX };
	listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listen_fd, (struct sockaddr *)&sun, len), 0);
	ck_assert_int_eq(listen(listen_fd, 100), 0);
	control = control_new(loop, ctl, listen_fd);
	ck_assert_ptr_nonnull(control);
}

static void
teardown(void)
{
	control_free(control);
	ctl_free(ctl);
	loop_free(loop);
	close(listen_fd);
	unit_stack_free(stk);
}

static int
client(void)
{
	socklen_t len = sizeof(sun);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ck_assert_int_eq(getsockname(listen_fd, (struct sockaddr *)&sun, &len),
	    0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&sun, len), 0);
	return fd;
}

/* ---- turns --------------------------------------------------------------- */

struct turns {
	int left;
	bool more;	/* the last one said that there is more to do */
};

static bool
turn(void *arg)
{
	struct turns *t = arg;

	t->more = control_turn(control);
	if (--t->left == 0)
		loop_stop(loop);
	return true;
}

/* True: the loop need not wait for anything before the next one. */
static bool
turns(int n)
{
	struct turns t = { .left = n };

	loop_run(loop, stk, turn, &t);
	return t.more;
}

static void
say(int fd, const char *text)
{
	ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL),
	    (int)strlen(text));
}

/* What has come for fd so far; -1: the connection has ended. */
static ssize_t
hear(int fd, char *buf, size_t size)
{
	ssize_t n = recv(fd, buf, size - 1, MSG_DONTWAIT);

	if (n == 0)
		return -1;
	if (n == -1) {
		ck_assert_int_eq(errno, EAGAIN);
		n = 0;
	}
	buf[n] = '\0';
	return n;
}

static int
count_of(const char *text, const char *part)
{
	int n = 0;

	for (; (text = strstr(text, part)) != NULL; text++)
		n++;
	return n;
}

#define REQUEST "{\"id\":1,\"command\":[\"limits\",\"show\"]}\n"

/* ---- tests --------------------------------------------------------------- */

START_TEST(a_request_in_pieces)
{
	char buf[65536];
	int fd = client();

	for (const char *p = REQUEST; *p != '\0'; p++) {
		turns(2);
		ck_assert_int_eq(hear(fd, buf, sizeof(buf)), 0);
		ck_assert_int_eq(send(fd, p, 1, 0), 1);
	}
	turns(3);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(count_of(buf, "\"status\":0"), 1);
	close(fd);
}
END_TEST

START_TEST(many_requests_at_once)
{
	char buf[1 << 20];
	size_t len = 0;
	int fd = client();
	ssize_t n;

	for (int i = 0; i < 50; i++)
		say(fd, "{\"command\":[\"version\"]}\n");
	for (int i = 0; i < 20; i++) {
		bool more = turns(1);

		n = hear(fd, buf + len, sizeof(buf) - len);
		ck_assert_int_ge(n, 0);
		len += (size_t)n;
		/* No event tells of what has been read already. */
		ck_assert(len == 0 || more ||
		    count_of(buf, "\"status\":") == 50);
	}
	ck_assert_int_eq(count_of(buf, "\"status\":"), 50);
	close(fd);
}
END_TEST

/* What one client does may be told to another that has had its turn. */
START_TEST(others_hear_at_once)
{
	struct port *port = unit_port(stk, "a", 1, "10.0.0.1/24");
	struct ip_send to = { .dst = addr_from_ip4(IP4(10, 0, 0, 9)),
	    .proto = 99 };
	struct pkt *pkt = pkt_alloc(&stk->pool, 8);
	int other = client(), fd;
	char buf[1 << 16];
	ssize_t n = 0;

	turns(3);
	fd = client();		/* has its turn first */
	say(fd, "{\"command\":[\"capture\",\"drops\"]}\n");
	turns(5);
	while (hear(fd, buf, sizeof(buf)) > 0)
		;
	memset(pkt_append(pkt, 8), 0, 8);
	ck_assert_int_eq(ip_send(stk, pkt, &to), 0);
	ck_assert_uint_eq(stk->arp.held, 1);
	say(other, "{\"command\":[\"neigh\",\"flush\"]}\n");
	for (int i = 0; i < 10 && n == 0; i++) {
		bool more = turns(1);

		n = hear(fd, buf, sizeof(buf));
		ck_assert(stk->arp.held > 0 || n > 0 || more);
	}
	ck_assert_int_gt(n, 0);
	ck_assert_uint_eq(stk->arp.held, 0);
	unit_drain(port);
	close(fd);
	close(other);
}
END_TEST

START_TEST(nonsense_is_answered)
{
	char buf[65536];
	int fd = client();

	say(fd, "\n\xff\xfe\n{}\n{\"command\":[\"prt\",\"show\"]}\n");
	turns(4);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(count_of(buf, "\"status\":2"), 4);
	close(fd);
}
END_TEST

START_TEST(who_ends_is_answered_first)
{
	char buf[65536];
	int fd = client();

	say(fd, REQUEST REQUEST);
	shutdown(fd, SHUT_WR);
	turns(5);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(count_of(buf, "\"status\":0"), 2);
	turns(2);
	ck_assert_int_eq(hear(fd, buf, sizeof(buf)), -1);
	close(fd);
}
END_TEST

/* The text of a file follows the line; then comes the next request. */
START_TEST(a_text_in_pieces)
{
	static const char text[] = "addr add 10.0.0.1/32 dev lo\n"
	    "addr add 10.0.0.2/32 dev lo\n";
	char buf[65536], line[128];
	int fd = client();

	snprintf(line, sizeof(line), "{\"id\":1,\"command\":[\"config\","
	    "\"apply\",\"f\"],\"input_bytes\":%zu}\n", strlen(text));
	say(fd, line);
	for (const char *p = text; p[1] != '\0'; p++) {
		ck_assert_int_eq(send(fd, p, 1, 0), 1);
		turns(2);
		ck_assert_int_eq(hear(fd, buf, sizeof(buf)), 0);
	}
	say(fd, "\n{\"command\":[\"addr\",\"show\"],\"text\":true}\n");
	turns(4);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	ck_assert_int_eq(count_of(buf, "\"status\":0"), 2);
	ck_assert_int_eq(count_of(buf, "10.0.0.2/32 dev lo"), 1);
	close(fd);
}
END_TEST

/* Who promises a text and ends, or one that nobody could keep. */
START_TEST(a_text_that_does_not_come)
{
	static const char *const bytes[] = { "5", "300000000",
	    "9223372036854775807" };
	char buf[65536], line[128];

	for (size_t i = 0; i < 3; i++) {
		int fd = client();

		snprintf(line, sizeof(line), "{\"command\":[\"config\","
		    "\"apply\",\"f\"],\"input_bytes\":%s}\nabc", bytes[i]);
		say(fd, line);
		turns(3);
		if (i == 0) {
			ck_assert_int_eq(hear(fd, buf, sizeof(buf)), 0);
			shutdown(fd, SHUT_WR);
			turns(3);
		}
		ck_assert_int_eq(hear(fd, buf, sizeof(buf)), -1);
		close(fd);
	}
}
END_TEST

#define PINGS "{\"command\":[\"ping\",\"127.0.0.1\",\"count\"," \
    "\"3\",\"interval\",\"20ms\"],\"text\":true}\n"

/* It sends no more, but waits for what takes its time (`nc -N -U`). */
START_TEST(who_ends_is_answered_late)
{
	char buf[65536];
	size_t len = 0;
	ssize_t n = 0;
	int fd = client();

	say(fd, PINGS);
	shutdown(fd, SHUT_WR);
	for (int i = 0; i < 1000 && n != -1; i++) {
		turns(1);
		usleep(1000);
		n = hear(fd, buf + len, sizeof(buf) - len);
		len += n > 0 ? (size_t)n : 0;
	}
	ck_assert_int_eq(n, -1);
	ck_assert_int_eq(count_of(buf, "icmp_seq="), 3);
	ck_assert_int_eq(count_of(buf, "\"status\":0"), 1);
	close(fd);
}
END_TEST

START_TEST(who_is_gone_waits_for_nothing)
{
	char buf[65536];
	int fd;

	for (int i = 0; i < 2 * CONTROL_CLIENTS_MAX; i++) {
		fd = client();
		say(fd, "{\"command\":[\"capture\",\"drops\"]}\n");
		turns(2);
		/* Not that somebody captures already. */
		ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
		ck_assert_msg(strstr(buf, "status") == NULL, "%s", buf);
		shutdown(fd, SHUT_WR);
		turns(2);
		close(fd);
		turns(2);
	}
	fd = client();
	say(fd, REQUEST);
	turns(3);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	close(fd);
}
END_TEST

START_TEST(who_is_gone_is_forgotten)
{
	char buf[65536];
	int fd;

	for (int i = 0; i < 2 * CONTROL_CLIENTS_MAX; i++) {
		fd = client();
		say(fd, REQUEST);
		close(fd);
		turns(3);
	}
	fd = client();
	say(fd, REQUEST);
	turns(3);
	ck_assert_int_gt(hear(fd, buf, sizeof(buf)), 0);
	close(fd);
}
END_TEST

/* One too many waits until another one goes. */
START_TEST(clients_are_bounded)
{
	char buf[65536];
	int fd[CONTROL_CLIENTS_MAX + 1];

	for (int i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
		fd[i] = client();
		say(fd[i], REQUEST);
	}
	turns(10);
	ck_assert_int_gt(hear(fd[0], buf, sizeof(buf)), 0);
	ck_assert_int_eq(hear(fd[CONTROL_CLIENTS_MAX], buf, sizeof(buf)), 0);
	close(fd[0]);
	turns(5);
	ck_assert_int_gt(hear(fd[CONTROL_CLIENTS_MAX], buf, sizeof(buf)), 0);
	for (int i = 1; i <= CONTROL_CLIENTS_MAX; i++)
		close(fd[i]);
}
END_TEST

/* Who does not read is not listened to: the requests stay where they are,
 * and come to nothing worse.  In the end every one is answered. */
START_TEST(a_slow_reader_holds_only_itself_up)
{
	static const char part[] = "\"status\"";
	char *buf = malloc((1 << 20) + sizeof(part));
	int slow = client(), quick = client();
	int sent = 0, answers = 0;
	size_t kept = 0;	/* of the last piece, which may end in a part */

	while (send(slow, REQUEST, strlen(REQUEST), MSG_DONTWAIT) > 0) {
		ck_assert_int_lt(sent++, 1000000);
		if (sent % 100 == 0)
			turns(1);
	}
	ck_assert_int_gt(sent, 1000);
	say(quick, REQUEST);
	turns(3);
	ck_assert_int_gt(hear(quick, buf, 1 << 20), 0);
	for (int idle = 0; idle < 20; idle++) {
		ssize_t n = hear(slow, buf + kept, 1 << 20);

		ck_assert_int_ge(n, 0);
		answers += count_of(buf, part);
		kept += (size_t)n;
		if (kept >= sizeof(part) - 1) {
			memmove(buf, buf + kept - (sizeof(part) - 2),
			    sizeof(part) - 2);
			kept = sizeof(part) - 2;
		}
		if (n > 0)
			idle = 0;
		turns(1);
	}
	/* The last ones, too, of which nothing tells but that there is room. */
	ck_assert_int_eq(answers, sent);
	close(slow);
	close(quick);
	free(buf);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hopd_control");
	TCase *t = tcase_create("control");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_request_in_pieces);
	tcase_add_test(t, many_requests_at_once);
	tcase_add_test(t, others_hear_at_once);
	tcase_add_test(t, nonsense_is_answered);
	tcase_add_test(t, who_ends_is_answered_first);
	tcase_add_test(t, a_text_in_pieces);
	tcase_add_test(t, a_text_that_does_not_come);
	tcase_add_test(t, who_ends_is_answered_late);
	tcase_add_test(t, who_is_gone_waits_for_nothing);
	tcase_add_test(t, who_is_gone_is_forgotten);
	tcase_add_test(t, clients_are_bounded);
	tcase_add_test(t, a_slow_reader_holds_only_itself_up);
	suite_add_tcase(s, t);
	return unit_main(s);
}
