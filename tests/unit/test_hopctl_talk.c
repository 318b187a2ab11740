/*
 * test_hopctl_talk.c - hopctl and hop-ipvsadm as processes against a hopd that
 * the test plays: one that goes away in the middle of an answer, and the stream
 * of "tcp connect" through pipes.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/base64.h"
#include "ctl/ctl.h"

#define QUIET_MS	50	/* so long nothing comes that must not */

struct talk {
	char dir[40], path[64];
	pid_t pid;		/* of the program */
	int conn;		/* its connection */
	int in, out, err;	/* our ends of its pipes; -1: closed */
	char line[4 * CTL_STREAM_WINDOW];	/* part of one from conn */
	size_t len;
};

static struct talk t;

static void
exec_words(int in, int out, int err, const char *const words[])
{
	const char *top = getenv("top_builddir");
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", top != NULL ? top : ".",
	    words[0]);
	setenv("HOPD_SOCKET", t.path, 1);
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	close_range(3, ~0u, 0);
	execv(path, (char *const *)(uintptr_t)words);
	_exit(127);
}

/* A program with its words, connected. */
static void
start(const char *const words[])
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int in[2], out[2], err[2], fd = socket(AF_UNIX, SOCK_STREAM, 0);

	t = (struct talk){ .dir = "/tmp/hopctl-talk-XXXXXX" };
	ck_assert_ptr_nonnull(mkdtemp(t.dir));
	snprintf(t.path, sizeof(t.path), "%s/s", t.dir);
	memcpy(sun.sun_path, t.path, strlen(t.path) + 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	ck_assert(pipe(in) == 0 && pipe(out) == 0 && pipe(err) == 0);
	t.pid = fork();
	ck_assert_int_ge(t.pid, 0);
	if (t.pid == 0)
		exec_words(in[0], out[1], err[1], words);
	close(in[0]);
	close(out[1]);
	close(err[1]);
	t.in = in[1];
	t.out = out[0];
	t.err = err[0];
	t.conn = accept(fd, NULL, NULL);
	ck_assert_int_ge(t.conn, 0);
	close(fd);
}

#define START(...) \
	start((const char *const[]){ "hopctl", __VA_ARGS__, NULL })

/* The next line that hopctl says, or NULL in a while without one. */
static json_t *
hear_within(int ms)
{
	struct pollfd p = { .fd = t.conn, .events = POLLIN };
	char *nl;
	json_t *obj;

	while ((nl = memchr(t.line, '\n', t.len)) == NULL) {
		ssize_t n;

		if (poll(&p, 1, ms) == 0)
			return NULL;
		n = read(t.conn, t.line + t.len, sizeof(t.line) - t.len);
		ck_assert_int_gt(n, 0);
		t.len += (size_t)n;
	}
	obj = json_loadb(t.line, (size_t)(nl - t.line), 0, NULL);
	ck_assert_msg(obj != NULL, "no JSON: %.*s", (int)(nl - t.line),
	    t.line);
	t.len -= (size_t)(nl + 1 - t.line);
	memmove(t.line, nl + 1, t.len);
	return obj;
}

/* It is this, whatever the order of its keys. */
static void
expect(const char *json)
{
	json_t *want = json_loads(json, 0, NULL), *got = hear_within(-1);
	char *text = json_dumps(got, JSON_COMPACT);

	ck_assert_msg(json_equal(got, want), "%s instead of %s", text, json);
	free(text);
	json_decref(got);
	json_decref(want);
}

static void
say(const char *text)
{
	ck_assert_int_eq(write(t.conn, text, strlen(text)),
	    (ssize_t)strlen(text));
}

static void
go_away(void)
{
	close(t.conn);
	t.conn = -1;
}

static void
slurp(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
	close(fd);
}

/* It ends by itself, with this status, and all that it printed is this. */
static void
end(int status, const char *out, const char *err)
{
	char text[8192];
	int got;

	slurp(t.out, text, sizeof(text));
	ck_assert_str_eq(text, out);
	slurp(t.err, text, sizeof(text));
	ck_assert_str_eq(text, err);
	ck_assert_int_eq(waitpid(t.pid, &got, 0), t.pid);
	ck_assert_msg(WIFEXITED(got), "hopctl fell: signal %d",
	    WTERMSIG(got));
	ck_assert_int_eq(WEXITSTATUS(got), status);
	if (t.in != -1)
		close(t.in);
	if (t.conn != -1)
		close(t.conn);
	unlink(t.path);
	rmdir(t.dir);
}

#define GONE "hopctl: hopd closed the connection before it answered\n"

/* ---- answers ---- */

START_TEST(words_in_full_and_text_as_it_is)
{
	START("rou", "sh", "10.0.0.0/8");
	expect("{\"id\":1,\"command\":[\"route\",\"show\",\"10.0.0.0/8\"],"
	    "\"text\":true}");
	say("{\"id\":1,\"text\":\"a\\nb\"}\n{\"id\":1,\"text\":\"c\"}\n"
	    "{\"id\":1,\"status\":0}\n");
	end(0, "a\nb\nc\n", "");
}
END_TEST

START_TEST(json_is_printed_at_the_end)
{
	START("-j", "route", "show");
	expect("{\"id\":1,\"command\":[\"route\",\"show\"],\"text\":false}");
	say("{\"id\":1,\"data\":{\"a\":1}}\nno JSON at all\n");
	say("{\"id\":1,\"text\":\"b\\nc\"}\n{\"id\":1,\"status\":0}\n");
	end(0, "[\n{\"a\":1},\n\"b\",\n\"c\"\n]\n", "");
}
END_TEST

START_TEST(refusals_are_told)
{
	START("route", "show");
	say("{\"id\":1,\"status\":1,\"error\":\"no\",\"code\":\"ENOENT\"}\n");
	end(1, "", "hopctl: no\n");
	START("config", "check", "/dev/null");
	expect("{\"id\":1,\"command\":[\"config\",\"check\",\"/dev/null\"],"
	    "\"text\":true,\"input_bytes\":0}");
	say("{\"id\":1,\"status\":1,\"error\":\"2 errors\","
	    "\"errors\":[\"line 1: x\",\"line 2: y\"]}\n");
	end(1, "", "line 1: x\nline 2: y\n");
}
END_TEST

/* ---- a hopd that goes away ---- */

static const struct {
	const char *said, *out;
	const char *words[3];
} cut[] = {
	{ "", "", { "route", "show" } },
	{ "{\"id\":1,\"te", "", { "route", "show" } },
	{ "{\"id\":1,\"text\":\"a\"}\n", "a\n", { "route", "show" } },
	{ "{\"id\":1,\"text\":\"a\"}\n{\"id\":1,\"text\":\"b", "a\n",
	    { "route", "show" } },
	/* What is not there whole is no JSON. */
	{ "{\"id\":1,\"data\":{}}\n", "", { "-j", "route", "show" } },
	{ "{\"id\":1,\"data\":{}}\n{\"id\":1,\"stat", "",
	    { "-j", "route", "show" } },
	/* What is told as it arises, was told. */
	{ "{\"id\":1,\"data\":{\"seq\":1}}\n", "{\"seq\":1}\n",
	    { "-j", "ping", "10.0.0.1" } },
	{ "{\"id\":1,\"data\":{\"pcap\":\"YWJj\"}}\n", "abc",
	    { "capture", "tapc" } },
};

START_TEST(gone_in_the_middle)
{
	START(cut[_i].words[0], cut[_i].words[1], cut[_i].words[2]);
	json_decref(hear_within(-1));
	say(cut[_i].said);
	go_away();
	end(3, cut[_i].out, GONE);
}
END_TEST

START_TEST(gone_under_ipvsadm)
{
	start((const char *const[]){ "hop-ipvsadm", "-Ln", NULL });
	expect("{\"id\":1,\"command\":[\"service\",\"show\"]}");
	say("{\"id\":1,\"data\":{\"fwmark\":1,\"sched\":\"rr\"}}\n");
	go_away();
	end(1, "", "Can't initialize ipvs: hopd closed the connection before "
	    "it answered\n");
}
END_TEST

/* Half a configuration is none: what was saved before stays. */
START_TEST(gone_under_a_save)
{
	char file[] = "/tmp/hopctl-saved-XXXXXX", tmp[64], text[64];
	int fd = mkstemp(file);

	ck_assert_int_eq(write(fd, "old\n", 4), 4);
	START("config", "save", file);
	expect("{\"id\":1,\"command\":[\"config\",\"show\"],\"text\":true}");
	say("{\"id\":1,\"text\":\"port add a\"}\n");
	go_away();
	end(3, "", GONE);
	ck_assert_int_eq(pread(fd, text, sizeof(text), 0), 4);
	slurp(open(file, O_RDONLY), text, sizeof(text));
	ck_assert_str_eq(text, "old\n");
	snprintf(tmp, sizeof(tmp), "%s.tmp", file);
	ck_assert_int_eq(access(tmp, F_OK), -1);
	close(fd);
	unlink(file);
}
END_TEST

/* More than the socket holds, for a hopd that reads none of it. */
START_TEST(gone_under_a_request)
{
	char file[] = "/tmp/hopctl-large-XXXXXX";
	int fd = mkstemp(file);

	for (int i = 0; i < 100000; i++)
		ck_assert_int_eq(write(fd, "# a comment of 25 bytes.\n", 25),
		    25);
	close(fd);
	START("config", "apply", file);
	go_away();
	end(3, "", "hopctl: hopd does not listen: Broken pipe\n");
	unlink(file);
}
END_TEST

/* ---- tcp connect ---- */

#define CONNECT "{\"id\":1,\"command\":[\"tcp\",\"connect\",\"10.0.0.1\"," \
	"\"7\"],\"text\":true}"

static void
connected(void)
{
	START("tcp", "connect", "10.0.0.1", "7");
	expect(CONNECT);
}

static void
type(const char *text)
{
	ck_assert_int_eq(write(t.in, text, strlen(text)),
	    (ssize_t)strlen(text));
}

static void
type_end(void)
{
	close(t.in);
	t.in = -1;
}

/* hopctl sends these bytes of its input, and then stops. */
static void
expect_stream(const char *want, size_t len)
{
	static char buf[CTL_STREAM_WINDOW];
	size_t n = 0;
	json_t *obj;

	while (n < len) {
		const char *text;

		obj = hear_within(-1);
		text = json_string_value(json_object_get(obj, "stream"));
		ck_assert_ptr_nonnull(text);
		ck_assert_int_eq(json_integer_value(json_object_get(obj,
		    "id")), 1);
		n += base64_decode(text, buf + n, sizeof(buf) - n);
		json_decref(obj);
	}
	ck_assert_uint_eq(n, len);
	ck_assert_mem_eq(buf, want, len);
	ck_assert_ptr_null(hear_within(QUIET_MS));
}

START_TEST(a_stream_through_pipes)
{
	char got[8];

	connected();
	type("hello");
	expect("{\"id\":1,\"stream\":\"aGVsbG8=\"}");
	say("{\"id\":1,\"data\":{\"taken\":5}}\n");
	say("{\"id\":1,\"data\":{\"stream\":\"d29ybGQ=\"}}\n");
	/* It is out before it is called taken. */
	expect("{\"id\":1,\"taken\":5}");
	ck_assert_int_eq(read(t.out, got, sizeof(got)), 5);
	ck_assert_mem_eq(got, "world", 5);
	type("!");
	expect("{\"id\":1,\"stream\":\"IQ==\"}");
	type_end();
	expect("{\"id\":1,\"end\":true}");
	/* The other direction goes on; a line may come in pieces. */
	say("{\"id\":1,\"data\":{\"stream\":");
	ck_assert_ptr_null(hear_within(QUIET_MS));
	say("\"YnllCg==\"}}\n{\"id\":1,\"status\":0}\n");
	expect("{\"id\":1,\"taken\":4}");
	end(0, "bye\n", "");
}
END_TEST

/* No more is under way than a window, whatever the pipe holds. */
START_TEST(input_stops_at_the_window)
{
	static char in[CTL_STREAM_WINDOW];

	connected();
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (char)(i % 251);
	ck_assert_int_eq(write(t.in, in, sizeof(in)), sizeof(in));
	type("more");
	expect_stream(in, sizeof(in));
	say("{\"id\":1,\"data\":{\"taken\":3}}\n");
	expect_stream("mor", 3);
	/* More than was owed is all of it. */
	say("{\"id\":1,\"data\":{\"taken\":99999999}}\n");
	expect_stream("e", 1);
	say("{\"id\":1,\"status\":0}\n");
	end(0, "", "");
}
END_TEST

START_TEST(a_stream_is_refused)
{
	connected();
	say("{\"id\":1,\"status\":1,\"error\":\"10.0.0.1 port 7: connection "
	    "refused\",\"code\":\"EINVAL\"}\n");
	end(1, "", "hopctl: 10.0.0.1 port 7: connection refused\n");
	START("tcp", "connect", "10.0.0.1", "7", "scan");
	json_decref(hear_within(-1));
	say("{\"id\":1,\"text\":\"10.0.0.1 port 7: open\"}\n"
	    "{\"id\":1,\"status\":0}\n");
	end(0, "10.0.0.1 port 7: open\n", "");
}
END_TEST

/* hopd goes with bytes of the peer still unread: they come out, and hopctl
 * ends by itself although nobody hears any more that it took them.  Bit 0:
 * there were any. */
START_TEST(a_stream_breaks_off)
{
	int status;

	connected();
	ck_assert_int_eq(kill(t.pid, SIGSTOP), 0);
	ck_assert_int_eq(waitpid(t.pid, &status, WUNTRACED), t.pid);
	if (_i == 1)
		say("{\"id\":1,\"data\":{\"stream\":\"d29ybGQ=\"}}\n");
	go_away();
	ck_assert_int_eq(kill(t.pid, SIGCONT), 0);
	end(3, _i == 1 ? "world" : "", "hopctl: the stream broke off\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hopctl_talk");
	TCase *tc = tcase_create("answers");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, words_in_full_and_text_as_it_is);
	tcase_add_test(tc, json_is_printed_at_the_end);
	tcase_add_test(tc, refusals_are_told);
	tcase_add_loop_test(tc, gone_in_the_middle, 0,
	    (int)(sizeof(cut) / sizeof(cut[0])));
	tcase_add_test(tc, gone_under_ipvsadm);
	tcase_add_test(tc, gone_under_a_save);
	tcase_add_test(tc, gone_under_a_request);
	suite_add_tcase(s, tc);
	tc = tcase_create("tcp connect");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, a_stream_through_pipes);
	tcase_add_test(tc, input_stops_at_the_window);
	tcase_add_test(tc, a_stream_is_refused);
	tcase_add_loop_test(tc, a_stream_breaks_off, 0, 2);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
