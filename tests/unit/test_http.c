/*
 * test_http.c - the HTTP server: answers, their order, patience, bounds, over
 * two stacks in virtual time with files made of nothing.
 */
#include "unit/talk.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/http_request.h"

#define SECOND	1000000
#define MTIME	784111777		/* Sun, 06 Nov 1994 08:49:37 GMT */
#define DATE	"Sun, 06 Nov 1994 08:49:37 GMT"
#define BIG	(3u << 20)

static struct pair *p;
static struct talk t;
static int opened;		/* files open now */
static unsigned opens;		/* ever */
static bool cut_short;		/* big ends in its middle */

/* ---- files made of nothing ----------------------------------------------- */

static const struct {
	const char *name, *text;	/* NULL: "big" */
} tree[] = {
	{ "www/index.html", "<p>index\n" }, { "www/a.txt", "0123456789" },
	{ "www/sub/index.html", "sub\n" }, { "www/empty", "" },
	{ "www/big", NULL },
};

static int
tree_open(void *arg, const char *path, struct file_info *info)
{
	(void)arg;
	if (strcmp(path, "www/sub") == 0 || strcmp(path, "www") == 0)
		return -EISDIR;
	if (strcmp(path, "www/secret") == 0)
		return -EACCES;
	if (strcmp(path, "www/full") == 0)
		return -EMFILE;
	for (size_t i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		if (strcmp(path, tree[i].name) != 0)
			continue;
		info->size = tree[i].text != NULL ? strlen(tree[i].text) :
		    BIG;
		info->mtime = MTIME;
		opened++;
		opens++;
		return (int)i;
	}
	return -ENOENT;
}

static int32_t
tree_read(void *arg, int file, uint64_t off, void *buf, uint32_t len)
{
	(void)arg;
	if (cut_short && off >= BIG / 2)
		return 0;
	if (tree[file].text != NULL) {
		memcpy(buf, tree[file].text + off, len);
		return (int32_t)len;
	}
	for (uint32_t i = 0; i < len; i++)
		((uint8_t *)buf)[i] = pair_pattern(off + i, 5);
	return (int32_t)len;
}

static void
tree_close(void *arg, int file)
{
	(void)arg, (void)file;
	opened--;
}

/* ---- the bed ------------------------------------------------------------- */

static const struct http_server *
server(void)
{
	return http_next(p->stk[1], NULL);
}

static void
setup(void)
{
	const struct wire_conf wire = { .delay_us = 1000 };
	struct http_conf conf = { .port = 80, .name = "n1", .root = "/www" };

	p = pair_new(3, 1500, 0);
	pair_wire(p, &wire);
	p->stk[1]->service.http.files = (struct files){ .open = tree_open,
	    .read = tree_read, .close = tree_close };
	ck_assert_int_eq(http_add(p->stk[1], &conf, NULL), 0);
	t = (struct talk){ 0 };
	cut_short = false;
}

static void
teardown(void)
{
	talk_end(&t);
	pair_free(p);
	ck_assert_int_eq(opened, 0);
}

static void
run_for(int64_t us)
{
	pair_run_until(p, p->now.us + us);
}

/* Asks on a fresh connection, and lets a second pass. */
static void
ask(const char *text)
{
	if (t.in != NULL)
		talk_end(&t);
	talk_open(&t, p, 80);
	talk_text(&t, text);
	run_for(SECOND);
}

static void
expect_head(const char *line)
{
	ck_assert_msg(strncmp(t.in, line, strlen(line)) == 0, "%s", t.in);
}

static void
expect_part(const char *part)
{
	ck_assert_msg(strstr(t.in, part) != NULL, "no %s in %s", part, t.in);
}

static void
expect_no(const char *part)
{
	ck_assert_msg(strstr(t.in, part) == NULL, "%s in %s", part, t.in);
}

static unsigned
times(const char *part)
{
	unsigned n = 0;

	for (const char *at = t.in; (at = strstr(at, part)) != NULL; at++)
		n++;
	return n;
}

/* ---- answers ------------------------------------------------------------- */

static const struct {
	const char *request, *line, *part;	/* part may be NULL */
} answers[] = {
	{ "GET / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	    "\r\n\r\n<p>index\n" },
	{ "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	    "Content-Type: text/plain\r\nContent-Length: 10\r\n"
	    "Last-Modified: " DATE "\r\nETag: \"2ebc98a1-a\"\r\n" },
	{ "GET /sub/ HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 OK\r\n",
	    "\r\n\r\nsub\n" },
	{ "GET //sub?x HTTP/1.1\r\nHost: h\r\n\r\n",
	    "HTTP/1.1 301 Moved Permanently\r\n", "\r\nLocation: /sub/\r\n" },
	{ "GET /none HTTP/1.1\r\nHost: h\r\n\r\n",
	    "HTTP/1.1 404 Not Found\r\n", "\r\n\r\n404 Not Found\n" },
	{ "GET /none/ HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 404 ", NULL },
	{ "GET /secret HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 403 ", NULL },
	{ "GET /full HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 503 ", NULL },
	{ "GET /../x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 400 ", NULL },
	{ "GET /empty HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 ",
	    "Content-Length: 0\r\n" },
	{ "POST / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 405 ",
	    "\r\nAllow: GET, HEAD\r\n" },
	{ "BREW / HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 501 ", NULL },
	{ "GET / HTTP/3.0\r\nHost: h\r\n\r\n", "HTTP/1.1 505 ",
	    "\r\nConnection: close\r\n" },
	{ "GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400 ",
	    "\r\nConnection: close\r\n" },
	{ "GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 9999999\r\n\r\n",
	    "HTTP/1.1 413 ", "\r\nConnection: close\r\n" },
	{ "GET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ",
	    "\r\nConnection: close\r\n" },
	{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.1 200 ",
	    "\r\nConnection: keep-alive\r\n" },
	{ "\r\n\n\r\nGET / HTTP/1.0\r\n\r\n", "HTTP/1.1 200 ", NULL },
	{ "GET /whoami HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 ",
	    "\r\n\r\nnode: n1\nserver: 10.0.0.2:80\nclient: 10.0.0.1:" },
	{ "GET /whoami?x HTTP/1.1\r\nHost: h\r\n\r\n", "HTTP/1.1 200 ",
	    "\nrequest: GET /whoami?x HTTP/1.1\nnumber: 1\n" },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=2-4\r\n\r\n",
	    "HTTP/1.1 206 ", "Content-Range: bytes 2-4/10\r\n"
	    "Connection: close\r\n\r\n234" },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=-1\r\n\r\n", "HTTP/1.1 206 ",
	    "\r\n\r\n9" },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=10-\r\n\r\n", "HTTP/1.1 416 ",
	    "\r\nContent-Range: bytes */10\r\n" },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=0-1,3-4\r\n\r\n",
	    "HTTP/1.1 200 ", "\r\n\r\n0123456789" },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=1-\r\nIf-Range: " DATE
	    "\r\n\r\n", "HTTP/1.1 206 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=1-\r\nIf-Range: \"x\"\r\n\r\n",
	    "HTTP/1.1 200 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\nRange: bytes=1-\r\n"
	    "If-Range: \"2ebc98a1-a\"\r\n\r\n", "HTTP/1.1 206 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\nIf-None-Match: \"2ebc98a1-a\"\r\n\r\n",
	    "HTTP/1.1 304 Not Modified\r\n", "\r\nETag: " },
	{ "GET /a.txt HTTP/1.0\r\nIf-None-Match: \"x\"\r\n"
	    "If-Modified-Since: " DATE "\r\n\r\n", "HTTP/1.1 200 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\nIf-Modified-Since: " DATE "\r\n\r\n",
	    "HTTP/1.1 304 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\n"
	    "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n\r\n",
	    "HTTP/1.1 200 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\nIf-Match: \"x\"\r\n\r\n", "HTTP/1.1 412 ",
	    NULL },
	{ "GET /a.txt HTTP/1.0\r\nIf-Match: \"2ebc98a1-a\"\r\n\r\n",
	    "HTTP/1.1 200 ", NULL },
	{ "GET /a.txt HTTP/1.0\r\n"
	    "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n\r\n",
	    "HTTP/1.1 412 ", NULL },
	{ "GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
	    "Content-Length: 3\r\n\r\n", "HTTP/1.1 200 ",
	    "\r\nConnection: close\r\n" },
};

START_TEST(answers_are_right)
{
	ask(answers[_i].request);
	expect_head(answers[_i].line);
	if (answers[_i].part != NULL)
		expect_part(answers[_i].part);
	ck_assert_uint_eq(server()->stats.requests, 1);
	/* Whoever was told so sees the connection end, others do not. */
	ck_assert_int_eq(t.eof, strstr(t.in, "Connection: close") != NULL);
}
END_TEST

/* A HEAD's answer is that of GET without the body. */
START_TEST(head_has_no_body)
{
	static const char *const targets[] = { "/", "/a.txt", "/whoami",
	    "/none" };
	char text[128], *body;

	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof(text), "HEAD %s HTTP/1.0\r\n\r\n",
		    targets[i]);
		ask(text);
		body = strstr(t.in, "\r\n\r\n");
		ck_assert_ptr_nonnull(body);
		ck_assert_str_eq(body, "\r\n\r\n");
		expect_no("Content-Length: 0");
		expect_part("Content-Length: ");
	}
}
END_TEST

START_TEST(a_304_has_no_length)
{
	ask("GET /a.txt HTTP/1.0\r\nIf-None-Match: *\r\n\r\n");
	expect_head("HTTP/1.1 304 ");
	expect_no("Content-Length");
}
END_TEST

START_TEST(a_server_without_a_tree)
{
	struct http_conf conf = { .port = 8080 };

	ck_assert_int_eq(http_add(p->stk[1], &conf, NULL), 0);
	talk_open(&t, p, 8080);
	talk_text(&t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n");
	run_for(SECOND);
	expect_part("\r\n\r\nnode: hopd\nserver: 10.0.0.2:8080\n");
	expect_part("HTTP/1.1 404 Not Found\r\n");
}
END_TEST

/* A small file is kept for a second, a big one is not. */
START_TEST(small_files_are_kept)
{
	unsigned was;

	ask("GET /a.txt HTTP/1.0\r\n\r\n");
	was = opens;
	talk_end(&t);
	talk_open(&t, p, 80);
	talk_text(&t, "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /a.txt HTTP/1.1\r\nHost: h\r\nRange: bytes=3-5\r\n\r\n"
	    "HEAD /a.txt HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /a.txt HTTP/1.1\r\nHost: h\r\nIf-None-Match: *\r\n\r\n");
	run_for(SECOND / 2);
	/* The first of them found it a second old. */
	ck_assert_uint_eq(opens, was + 1);
	expect_part("\r\n\r\n0123456789HTTP/1.1 206 ");
	expect_part("\r\n\r\n345HTTP/1.1 200 ");
	expect_part("HTTP/1.1 304 ");
	ask("GET /empty HTTP/1.0\r\n\r\n");
	expect_part("Content-Length: 0\r\n");
}
END_TEST

START_TEST(date_if_it_is_known)
{
	ask("GET / HTTP/1.0\r\n\r\n");
	expect_no("\r\nDate: ");
	p->stk[1]->wall_offset_us = MTIME * INT64_C(1000000) - p->now.us;
	ask("GET / HTTP/1.0\r\n\r\n");
	expect_part("\r\nDate: " DATE "\r\n");
}
END_TEST

/* ---- connections --------------------------------------------------------- */

/* RFC 9112 9.3.2: answers in the order of requests, however these come. */
START_TEST(pipelining)
{
	char *text = calloc(1, 200 * 64), *at = text;

	for (int i = 0; i < 200; i++)
		at = stpcpy(at, i % 2 == 0 ?
		    "GET /whoami HTTP/1.1\r\nHost: h\r\n\r\n" :
		    "GET /sub/ HTTP/1.1\r\nHost: h\r\n\r\n");
	ask(text);
	run_for(SECOND);
	ck_assert_uint_eq(times("HTTP/1.1 200 OK"), 200);
	ck_assert_uint_eq(times("\r\n\r\nsub\n"), 100);
	expect_part("\nnumber: 199\n");
	ck_assert_uint_eq(server()->stats.accepted, 1);
	ck_assert_uint_eq(server()->stats.requests, 200);
	free(text);
}
END_TEST

/* One byte a packet. */
START_TEST(a_request_in_crumbs)
{
	static const char text[] = "GET /a.txt HTTP/1.1\r\nHost: h\r\n\r\n";

	talk_open(&t, p, 80);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		talk_say(&t, text + i, 1);
		run_for(100000);
		ck_assert_int_eq(t.in_len > 0, i == sizeof(text) - 2);
	}
	expect_part("\r\n\r\n0123456789");
}
END_TEST

/* A body is skipped, and the next request found behind it. */
START_TEST(bodies_are_skipped)
{
	ask("GET /a.txt HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nGET /"
	    "GET /sub/ HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n5;x\r\nGET /\r\n0\r\nA: b\r\n\r\n"
	    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
	    "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	ck_assert_uint_eq(times("HTTP/1.1 200 OK"), 3);
	ck_assert_uint_eq(times("HTTP/1.1 405 "), 1);
	ck_assert_uint_eq(server()->stats.requests, 4);
	ck_assert(!t.eof);
}
END_TEST

START_TEST(a_bad_chunk_ends_it)
{
	ask("GET /a.txt HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
	    "\r\nxyz\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
	ck_assert_uint_eq(times("HTTP/1.1 "), 1);
	ck_assert(t.eof);
}
END_TEST

static void
check_big(uint64_t from, uint64_t end)
{
	const char *body = strstr(t.in, "\r\n\r\n");
	uint64_t kept;

	ck_assert_ptr_nonnull(body);
	body += 4;
	ck_assert_uint_eq(t.received, end - from + (uint64_t)(body - t.in));
	kept = t.in_len - (uint64_t)(body - t.in);
	for (uint64_t i = 0; i < kept; i++) {
		if ((uint8_t)body[i] != pair_pattern(from + i, 5))
			ck_abort_msg("byte %llu", (unsigned long long)i);
	}
}

START_TEST(a_big_file)
{
	ask("GET /big HTTP/1.0\r\n\r\n");
	run_for(20 * SECOND);
	check_big(0, BIG);
	ck_assert(t.eof);
	ask("GET /big HTTP/1.0\r\nRange: bytes=1000000-1999999\r\n\r\n");
	run_for(20 * SECOND);
	check_big(1000000, 2000000);
}
END_TEST

/* Who does not read makes nothing grow, and is given up after a while. */
START_TEST(a_client_that_does_not_read)
{
	struct stack *stk = p->stk[1];

	talk_open(&t, p, 80);
	t.deaf = true;
	talk_text(&t, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	run_for(60 * SECOND);
	ck_assert_uint_le(stk->tcp.mem_used,
	    tcp_conf_stack(stk)->sndbuf_max + (1u << 18));
	ck_assert_int_eq(opened, 1);
	/* It may sleep for minutes. */
	run_for(HTTP_STALL_US - 90 * INT64_C(1000000));
	talk_hear(&t);
	run_for(20 * SECOND);
	check_big(0, BIG);
	ck_assert_uint_eq(server()->stats.open, 1);
	t.deaf = true;
	talk_text(&t, "GET /big HTTP/1.1\r\nHost: h\r\n\r\n");
	run_for(HTTP_STALL_US + 10 * INT64_C(1000000));
	ck_assert_uint_eq(server()->stats.open, 0);
	ck_assert_uint_eq(server()->stats.timeouts, 1);
	ck_assert_int_eq(opened, 0);
}
END_TEST

/* A hundred pipelined requests of who does not read: at most one answer's room
 * is used, the rest wait where they are. */
START_TEST(pipelining_without_reading)
{
	char *text = calloc(1, 3000 * 64), *at = text;

	for (int i = 0; i < 3000; i++)
		at = stpcpy(at, "GET /whoami HTTP/1.1\r\nHost: h\r\n\r\n");
	talk_open(&t, p, 80);
	t.deaf = true;
	talk_text(&t, text);
	run_for(5 * SECOND);
	ck_assert_uint_lt(server()->stats.requests, 3000);
	talk_hear(&t);
	run_for(5 * SECOND);
	ck_assert_uint_eq(server()->stats.requests, 3000);
	ck_assert_uint_eq(times("HTTP/1.1 200 OK"), 3000);
	free(text);
}
END_TEST

START_TEST(a_file_cut_short_resets)
{
	cut_short = true;
	ask("GET /big HTTP/1.0\r\n\r\n");
	run_for(20 * SECOND);
	ck_assert_int_eq(t.error, -ECONNRESET);
	ck_assert_int_eq(opened, 0);
}
END_TEST

/* ---- patience ------------------------------------------------------------ */

START_TEST(idle_ends_quietly)
{
	ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	run_for(HTTP_IDLE_US - 2 * SECOND);
	ck_assert(!t.eof);
	run_for(3 * SECOND);
	ck_assert(t.eof);
	ck_assert_uint_eq(times("HTTP/1.1 "), 1);
	ck_assert_uint_eq(server()->stats.timeouts, 0);
	ck_assert_uint_eq(server()->stats.open, 0);
}
END_TEST

/* Slow loris: a head that is always just about to end. */
START_TEST(a_head_must_end)
{
	ask("GET / HTTP/1.1\r\nHost: h\r\n");
	for (int i = 1; i < 14; i++) {
		talk_text(&t, "X: y\r\n");
		run_for(SECOND);
		ck_assert(!t.eof);
	}
	run_for(2 * SECOND);
	expect_head("HTTP/1.1 408 ");
	ck_assert(t.eof || t.error != 0);
	ck_assert_uint_eq(server()->stats.timeouts, 1);
	ck_assert_uint_eq(server()->stats.open, 0);
}
END_TEST

START_TEST(heads_too_long)
{
	char *text = malloc(3 * HTTP_HEAD_MAX);

	memset(text, 'a', 3 * HTTP_HEAD_MAX);
	talk_open(&t, p, 80);
	talk_say(&t, text, 3 * HTTP_HEAD_MAX);
	run_for(SECOND);
	expect_head("HTTP/1.1 414 ");
	ck_assert(t.eof);
	talk_end(&t);
	memcpy(text, "GET / HTTP/1.1\r\nA:", 18);
	talk_open(&t, p, 80);
	talk_say(&t, text, 3 * HTTP_HEAD_MAX);
	run_for(SECOND);
	expect_head("HTTP/1.1 431 ");
	ck_assert(t.eof);
	free(text);
}
END_TEST

/* RFC 9112 9.6: what the client sent meanwhile destroys no answer. */
START_TEST(an_answer_outlives_what_comes_late)
{
	static char text[40000];

	memcpy(text, "GET /none HTTP/1.0\r\n\r\n", 22);
	talk_open(&t, p, 80);
	talk_say(&t, text, sizeof(text));
	run_for(SECOND);
	expect_head("HTTP/1.1 404 ");
	ck_assert(t.eof);
	ck_assert_int_eq(t.error, 0);
	/* It does not close: it is not waited for. */
	run_for(HTTP_LINGER_US);
	ck_assert_uint_eq(server()->stats.open, 0);
}
END_TEST

/* ---- servers ------------------------------------------------------------- */

START_TEST(adding_and_deleting)
{
	struct stack *stk = p->stk[1];
	struct addr any = { { 0 } }, one = pair_addr(1);
	struct http_conf conf = { .port = 80 };
	struct err err = { "" };

	ck_assert_int_eq(http_add(stk, &conf, &err), -EEXIST);
	conf.local = one;
	ck_assert_int_eq(http_add(stk, &conf, &err), 0);
	conf.root = "/a/../b";
	conf.port = 81;
	ck_assert_int_eq(http_add(stk, &conf, &err), -EINVAL);
	stk->service.http.files.open = NULL;
	conf.root = "/a";
	ck_assert_int_eq(http_add(stk, &conf, &err), -EOPNOTSUPP);
	conf.root = NULL;
	conf.name = "a-name-that-is-much-longer-than-any-name-of-a-node-may-"
	    "be-in-this-house";
	ck_assert_int_eq(http_add(stk, &conf, &err), -EINVAL);
	ask("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
	ck_assert_int_eq(http_del(stk, &one, 80, &err), 0);
	ck_assert_int_eq(http_del(stk, &one, 80, &err), -ENOENT);
	run_for(SECOND);
	ck_assert_int_eq(t.error, -ECONNRESET);
	ck_assert_int_eq(http_del(stk, &any, 80, &err), 0);
	ck_assert_ptr_null(server());
	ck_assert_uint_eq(stk->service.conns, 0);
}
END_TEST

START_TEST(a_port_taken_and_no_memory)
{
	struct stack *stk = p->stk[1];
	struct addr any = { { 0 } };
	struct http_conf conf = { .port = 7 };
	struct err err = { "" };

	ck_assert_int_eq(service_start(stk, "echo", NULL), 0);
	ck_assert_int_eq(http_add(stk, &conf, &err), -EADDRINUSE);
	ck_assert_int_eq(http_del(stk, &any, 80, NULL), 0);
	http_fini(stk);
	conf.port = 80;
	for (uint64_t n = 1;; n++) {
		stk->mem.fail_at = n;
		if (http_add(stk, &conf, &err) == 0)
			break;
		ck_assert_ptr_null(server());
		ck_assert_uint_lt(n, 20);
	}
	stk->mem.fail_at = 0;
}
END_TEST

/* No room in TCP's memory for an answer: the connection is reset, and the
 * next one, with room, is served. */
START_TEST(no_memory_for_an_answer)
{
	struct stack *stk = p->stk[1];
	uint32_t was = stk->limits.tcp_mem;

	talk_open(&t, p, 80);
	run_for(SECOND);
	for (uint32_t room = 1024; room < 70000; room += 9000) {
		stk->limits.tcp_mem = room;
		talk_end(&t);
		talk_open(&t, p, 80);
		talk_text(&t, "GET /big HTTP/1.0\r\n"
		    "Range: bytes=0-99999\r\n\r\n");
		run_for(20 * SECOND);
		if (t.error == 0)
			check_big(0, 100000);
		else
			ck_assert_int_eq(t.error, -ECONNRESET);
		run_for(100 * SECOND);
		ck_assert_uint_eq(server()->stats.open, 0);
		ck_assert_int_eq(opened, 0);
	}
	stk->limits.tcp_mem = was;
	ask("GET /a.txt HTTP/1.0\r\n\r\n");
	expect_head("HTTP/1.1 200 ");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("http");
	TCase *c = tcase_create("http");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_loop_test(c, answers_are_right, 0,
	    (int)(sizeof(answers) / sizeof(answers[0])));
	tcase_add_test(c, head_has_no_body);
	tcase_add_test(c, a_304_has_no_length);
	tcase_add_test(c, a_server_without_a_tree);
	tcase_add_test(c, small_files_are_kept);
	tcase_add_test(c, date_if_it_is_known);
	tcase_add_test(c, pipelining);
	tcase_add_test(c, a_request_in_crumbs);
	tcase_add_test(c, bodies_are_skipped);
	tcase_add_test(c, a_bad_chunk_ends_it);
	tcase_add_test(c, a_big_file);
	tcase_add_test(c, a_client_that_does_not_read);
	tcase_add_test(c, pipelining_without_reading);
	tcase_add_test(c, a_file_cut_short_resets);
	tcase_add_test(c, idle_ends_quietly);
	tcase_add_test(c, a_head_must_end);
	tcase_add_test(c, heads_too_long);
	tcase_add_test(c, an_answer_outlives_what_comes_late);
	tcase_add_test(c, adding_and_deleting);
	tcase_add_test(c, a_port_taken_and_no_memory);
	tcase_add_test(c, no_memory_for_an_answer);
	suite_add_tcase(s, c);
	return unit_main(s);
}
