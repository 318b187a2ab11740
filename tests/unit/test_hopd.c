/*
 * test_hopd.c - the process's own parts: journal, messages between keeper and
 * worker, the place of the control socket, the jail.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hopd/jail.h"
#include "hopd/journal.h"
#include "hopd/keeper_msg.h"
#include "hopd/listen.h"

/* ---- journal ------------------------------------------------------------- */

/* Reads fd's journal: the configuration and the commands as they should be. */
static void
expect_journal(struct journal *j, int fd, const char *conf,
    const char *commands)
{
	char *rest;
	char *text = journal_read(j, fd, &rest);

	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text, conf);
	ck_assert_str_eq(rest, commands);
	free(text);
}

static int
memory_with(const char *text)
{
	int fd = memory_file("test", text, "");

	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(journal_begins_empty)
{
	struct journal j;

	expect_journal(&j, memory_with(""), "", "");
	close(j.fd);
}
END_TEST

START_TEST(journal_keeps_what_is_added)
{
	struct journal j;
	int fd = journal_make("port add a\naddr add 10.0.0.1/24 dev a\n");

	ck_assert_int_ge(fd, 0);
	expect_journal(&j, fd, "port add a\naddr add 10.0.0.1/24 dev a\n", "");
	ck_assert_int_eq(journal_append(&j, "port add b"), 0);
	ck_assert_int_eq(journal_append(&j, "port del a"), 0);
	expect_journal(&j, fd, "port add a\naddr add 10.0.0.1/24 dev a\n",
	    "port add b\nport del a\n");
	ck_assert_int_eq(journal_append(&j, "port add c"), 0);
	expect_journal(&j, fd, "port add a\naddr add 10.0.0.1/24 dev a\n",
	    "port add b\nport del a\nport add c\n");
	close(j.fd);
}
END_TEST

/* Whatever the byte at which a worker died, whole lines alone count, and the
 * next command takes the place of the cut one. */
START_TEST(journal_cut_line_does_not_count)
{
	static const char whole[] = "x\n#then\nport add a\nport add bcd\n";

	for (size_t n = sizeof(whole) - 2; n > 19; n--) {
		struct journal j;
		char cut[sizeof(whole)];
		int fd;

		memcpy(cut, whole, n);
		cut[n] = '\0';
		fd = memory_with(cut);
		expect_journal(&j, fd, "x\n", "port add a\n");
		ck_assert_int_eq(journal_append(&j, "p"), 0);
		expect_journal(&j, fd, "x\n", "port add a\np\n");
		close(fd);
	}
}
END_TEST

START_TEST(journal_mark_is_a_line)
{
	struct journal j;

	expect_journal(&j, memory_with("a #then\nb\n#then\nc\n"),
	    "a #then\nb\n", "c\n");
	close(j.fd);
}
END_TEST

START_TEST(journal_is_long_when_commands_outgrow_it)
{
	struct journal j;
	int fd = journal_make("port add a\n");
	int n;

	expect_journal(&j, fd, "port add a\n", "");
	for (n = 0; !journal_is_long(&j); n++) {
		ck_assert_int_lt(n, 100000);
		ck_assert_int_eq(journal_append(&j,
		    "route add 10.0.0.0/24 via 10.0.0.1"), 0);
	}
	ck_assert_int_gt(n, 1000);
	fd = journal_make("port add b\n");
	journal_switch(&j, fd, "port add b\n");
	ck_assert(!journal_is_long(&j));
	ck_assert_int_eq(journal_append(&j, "port add c"), 0);
	expect_journal(&j, fd, "port add b\n", "port add c\n");
	close(j.fd);
}
END_TEST

/* ---- messages ------------------------------------------------------------ */

static int chan[2];

static void
chan_open(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0,
	    chan), 0);
}

static void
chan_close(void)
{
	close(chan[0]);
	close(chan[1]);
}

static int
open_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) != -1;
	return n;
}

START_TEST(msg_carries_descriptors)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_OPEN, .index = 7 };
	int fds[KEEPER_MSG_FDS];
	int p[2], before = open_fds();
	char c;

	ck_assert_int_eq(pipe(p), 0);
	snprintf(m.spec.name, sizeof(m.spec.name), "tapa");
	ck_assert_int_eq(keeper_msg_send(chan[0], &m, p, 2), 0);
	close(p[0]);
	close(p[1]);
	memset(&m, 0, sizeof(m));
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), 0);
	ck_assert_uint_eq(m.ask, KEEPER_PORT_OPEN);
	ck_assert_uint_eq(m.index, 7);
	ck_assert_str_eq(m.spec.name, "tapa");
	ck_assert_int_eq(fds[2], -1);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	ck_assert_int_eq(read(fds[0], &c, 1), 1);
	ck_assert_int_ne(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, 0);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(open_fds(), before);
}
END_TEST

/* Strings of a worker that lies end all the same. */
START_TEST(msg_strings_end)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_OPEN };
	int fds[KEEPER_MSG_FDS];

	memset(m.text, 'x', sizeof(m.text));
	memset(m.spec.name, 'x', sizeof(m.spec.name));
	memset(m.spec.netns, 'x', sizeof(m.spec.netns));
	ck_assert_int_eq(keeper_msg_send(chan[0], &m, NULL, 0), 0);
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), 0);
	ck_assert_uint_eq(strlen(m.text), sizeof(m.text) - 1);
	ck_assert_uint_eq(strlen(m.spec.name), sizeof(m.spec.name) - 1);
	ck_assert_uint_eq(strlen(m.spec.netns), sizeof(m.spec.netns) - 1);
}
END_TEST

/* Another size or another version is refused, and its descriptors closed. */
START_TEST(msg_of_another_kind_is_refused)
{
	struct keeper_msg m = { .ask = KEEPER_HELLO };
	int fds[KEEPER_MSG_FDS];
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	int before = open_fds();

	ck_assert_int_eq(send(chan[0], "hello", 5, 0), 5);
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), -EPROTO);
	ck_assert_int_eq(keeper_msg_send(chan[0], &m, &null, 1), 0);
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), 0);
	close(fds[0]);
	m.version++;
	ck_assert_int_eq(send(chan[0], &m, sizeof(m), 0), (int)sizeof(m));
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), -EPROTO);
	ck_assert_int_eq(fds[0], -1);
	ck_assert_int_eq(open_fds(), before);
	close(null);
}
END_TEST

START_TEST(msg_end_of_the_other_side)
{
	struct keeper_msg m = { .ask = KEEPER_HELLO };
	struct err err = { "" };
	int fds[KEEPER_MSG_FDS];

	shutdown(chan[0], SHUT_WR);
	ck_assert_int_eq(keeper_msg_recv(chan[1], &m, fds), -EPIPE);
	shutdown(chan[0], SHUT_RD);
	ck_assert_int_lt(keeper_call(chan[1], &m, -1, NULL, &err), 0);
	ck_assert_str_ne(err.text, "");
}
END_TEST

/* The answer is there before the question, which is all the same to it. */
START_TEST(call_gives_the_refusal)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_CLOSE, .result = -ENOENT };
	struct err err = { "" };

	snprintf(m.text, sizeof(m.text), "'tapx': no such port");
	ck_assert_int_eq(keeper_msg_send(chan[0], &m, NULL, 0), 0);
	m = (struct keeper_msg){ .ask = KEEPER_PORT_CLOSE };
	ck_assert_int_eq(keeper_call(chan[1], &m, -1, NULL, &err), -ENOENT);
	ck_assert_str_eq(err.text, "'tapx': no such port");
	m = (struct keeper_msg){ .ask = KEEPER_READY };
	ck_assert_int_eq(keeper_msg_send(chan[0], &m, NULL, 0), 0);
	m = (struct keeper_msg){ .ask = KEEPER_HELLO };
	ck_assert_int_eq(keeper_call(chan[1], &m, -1, NULL, &err), -EPROTO);
}
END_TEST

/* ---- the control socket's place ------------------------------------------ */

static char dir[64];
static char path[96];

static void
dir_make(void)
{
	snprintf(dir, sizeof(dir), "/tmp/hopd-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
}

static void
dir_remove(void)
{
	unlink(path);
	rmdir(dir);
}

START_TEST(listen_has_its_mode)
{
	struct listen_at at;
	struct err err = { "" };
	struct stat st;
	int fd = listen_open(path, &at, &err);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	listen_remove(&at);
	ck_assert_int_eq(stat(path, &st), -1);
	close(fd);
}
END_TEST

START_TEST(listen_refuses_a_live_one_and_replaces_a_stale_one)
{
	struct listen_at at, other;
	struct err err = { "" };
	int fd = listen_open(path, &at, &err);
	int again;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(listen_open(path, &other, &err), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.text, path));
	close(fd);
	again = listen_open(path, &other, &err);
	ck_assert_int_ge(again, 0);
	/* The first one's end does not take the second one's socket away. */
	listen_remove(&at);
	ck_assert_int_eq(access(path, F_OK), 0);
	listen_remove(&other);
	ck_assert_int_eq(access(path, F_OK), -1);
	close(again);
}
END_TEST

START_TEST(listen_leaves_files_alone)
{
	struct listen_at at;
	struct err err = { "" };
	char far[200];
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	close(fd);
	ck_assert_int_eq(listen_open(path, &at, &err), -EADDRINUSE);
	ck_assert_int_eq(access(path, F_OK), 0);
	memset(far, 'x', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	ck_assert_int_eq(listen_open(far, &at, &err), -ENAMETOOLONG);
	ck_assert_int_eq(listen_open("", &at, &err), -ENAMETOOLONG);
	ck_assert_int_eq(listen_open("/nonexistent/a/b", &at, &err), -ENOENT);
}
END_TEST

/* ---- jail ---------------------------------------------------------------- */

/* In a child, whose exit status is the number of the first expectation that
 * did not hold. */
static int
jailed(void)
{
	struct err err = { "" };
	int fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	char c;
	void *p;

	if (jail_seal(false, false, &err) != 0)
		return 1;
	if (read(fd, &c, 1) != 1 || write(fd, &c, 1) != 1)
		return 2;
	if (open("/dev/null", O_RDONLY) != -1 || errno != EPERM)
		return 3;
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		return 4;
	if (fork() != -1 || errno != EPERM)
		return 5;
	if (execl("/bin/true", "true", (char *)NULL) != -1 || errno != EPERM)
		return 6;
	if (kill(getpid(), 0) != -1 || errno != EPERM)
		return 7;
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return 8;
	if (mprotect(p, 4096, PROT_READ | PROT_EXEC) != -1 || errno != EPERM)
		return 9;
	if (mmap(NULL, 4096, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED ||
	    errno != EPERM)
		return 10;
	p = malloc(64 << 20);
	free(p);
	return p == NULL ? 11 : 0;
}

START_TEST(jail_leaves_what_is_needed_and_nothing_else)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(jailed());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hopd");
	TCase *t = tcase_create("journal");

	tcase_add_test(t, journal_begins_empty);
	tcase_add_test(t, journal_keeps_what_is_added);
	tcase_add_test(t, journal_cut_line_does_not_count);
	tcase_add_test(t, journal_mark_is_a_line);
	tcase_add_test(t, journal_is_long_when_commands_outgrow_it);
	suite_add_tcase(s, t);
	t = tcase_create("messages");
	tcase_add_checked_fixture(t, chan_open, chan_close);
	tcase_add_test(t, msg_carries_descriptors);
	tcase_add_test(t, msg_strings_end);
	tcase_add_test(t, msg_of_another_kind_is_refused);
	tcase_add_test(t, msg_end_of_the_other_side);
	tcase_add_test(t, call_gives_the_refusal);
	suite_add_tcase(s, t);
	t = tcase_create("listen");
	tcase_add_checked_fixture(t, dir_make, dir_remove);
	tcase_add_test(t, listen_has_its_mode);
	tcase_add_test(t, listen_refuses_a_live_one_and_replaces_a_stale_one);
	tcase_add_test(t, listen_leaves_files_alone);
	suite_add_tcase(s, t);
	t = tcase_create("jail");
	tcase_set_tags(t, "seccomp");
	tcase_add_test(t, jail_leaves_what_is_needed_and_nothing_else);
	suite_add_tcase(s, t);
	return unit_main(s);
}
