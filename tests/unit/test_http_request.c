/*
 * test_http_request.c - what requests mean: heads, paths, ranges, tags,
 * chunks, dates.  Tables; each row can fail.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/calendar.h"
#include "service/http_request.h"

#define HOST "Host: h\r\n"

static const struct {
	const char *head;
	int status;
} heads[] = {
	{ "GET / HTTP/1.1\r\n" HOST "\r\n", 0 },
	{ "HEAD /x HTTP/1.0\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\n" "Host: h\n\n", 0 },	/* typed by hand */
	{ "GET / HTTP/1.9\r\n" HOST "\r\n", 0 },
	{ "GET / HTTP/2.0\r\n" HOST "\r\n", 505 },
	{ "GET / HTTP/0.9\r\n\r\n", 505 },
	{ "GET /\r\n\r\n", 400 },			/* HTTP/0.9's own */
	{ "GET / http/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 400 },
	{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / HTTP/11\r\n" HOST "\r\n", 400 },
	{ " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "G@T / HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET /\xff HTTP/1.1\r\n" HOST "\r\n", 400 },
	{ "GET / HTTP/1.1\r\n\r\n", 400 },		/* no Host */
	{ "GET / HTTP/1.1\r\n" HOST HOST "\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A : b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A: b\r\n c\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST ": b\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A: b\rc\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A: \x7f\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "A: \t b \t\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "A:\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
	    "content-length: 5\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n"
	    "Content-Length: 6\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: 5,5\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length: -5\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Content-Length:\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST
	    "Content-Length: 99999999999999999999\r\n\r\n", 413 },
	{ "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\n", 501 },
	{ "GET / HTTP/1.1\r\n" HOST
	    "Transfer-Encoding: gzip, chunked\r\n\r\n", 501 },
	{ "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "Transfer-Encoding: chunked\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n"
	    "Content-Length: 5\r\n\r\n", 400 },
	{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400 },
	{ "GET / HTTP/1.1\r\n" HOST "Expect: 100-Continue\r\n\r\n", 0 },
	{ "GET / HTTP/1.1\r\n" HOST "Expect: x\r\n\r\n", 417 },
	{ "\r\n", 400 },
	{ "GET\r\n\r\n", 400 },
	{ "GET  HTTP/1.1\r\n\r\n", 400 },
};

START_TEST(heads_are_judged)
{
	const char *text = heads[_i].head;
	uint32_t len = (uint32_t)strlen(text);
	struct http_request rq;

	ck_assert_msg(http_request_parse(text, len, &rq) == heads[_i].status,
	    "%s: not %d", text, heads[_i].status);
}
END_TEST

/* What follows a head, and every beginning of one, is not part of it. */
START_TEST(the_end_of_a_head)
{
	static const char *const texts[] = {
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET / HTTP/1.1\nHost: h\n\n",
		"GET / HTTP/1.1\r\nHost: h\n\r\n",
	};

	for (size_t i = 0; i < 3; i++) {
		uint32_t n = (uint32_t)strlen(texts[i]);
		char more[80];

		strcpy(more, texts[i]);
		strcat(more, "\r\n\r\nGET");
		for (uint32_t from = 0; from < n; from++) {
			ck_assert_uint_eq(http_head_len(texts[i], from, 0), 0);
			ck_assert_uint_eq(http_head_len(more, n + 7, from), n);
		}
		/* More was looked at than lies in one piece. */
		for (uint32_t from = 5; from < n + 20; from++)
			ck_assert_uint_eq(http_head_len(texts[i], 5, from), 0);
	}
}
END_TEST

START_TEST(fields_are_read)
{
	static const char text[] = "GET /a?b HTTP/1.0\r\n"
	    "connection: foo , Keep-Alive,close\r\nRANGE:bytes=0-1\r\n"
	    "Content-Length: 12345\r\nIf-None-Match: \"x\"\r\n"
	    "If-Modified-Since: a\r\nIf-Modified-Since: b\r\n\r\n";
	struct http_request rq;

	ck_assert_int_eq(http_request_parse(text, sizeof(text) - 1, &rq), 0);
	ck_assert_int_eq(rq.method, HTTP_GET);
	ck_assert_uint_eq(rq.minor, 0);
	ck_assert(rq.keep_alive && rq.close && !rq.expect && !rq.chunked);
	ck_assert_uint_eq(rq.length, 12345);
	ck_assert_int_eq(memcmp(rq.range.p, "bytes=0-1", rq.range.len), 0);
	ck_assert_uint_eq(rq.if_none_match.len, 3);
	/* Two of what may be there once are neither. */
	ck_assert_uint_eq(rq.if_modified.len, 1);
	ck_assert_int_eq(*rq.if_modified.p, '?');
	ck_assert_uint_eq(rq.target.len, 4);
}
END_TEST

START_TEST(limits_of_a_head)
{
	char *text = malloc(3 * HTTP_HEAD_MAX), *p;
	struct http_request rq;

	p = stpcpy(text, "GET /");
	memset(p, 'a', HTTP_TARGET_MAX);
	strcpy(p + HTTP_TARGET_MAX - 1, " HTTP/1.0\r\n\r\n");
	ck_assert_int_eq(http_request_parse(text, (uint32_t)strlen(text),
	    &rq), 0);
	strcpy(p + HTTP_TARGET_MAX, " HTTP/1.0\r\n\r\n");
	p[HTTP_TARGET_MAX - 1] = 'a';
	ck_assert_int_eq(http_request_parse(text, (uint32_t)strlen(text),
	    &rq), 414);
	p = stpcpy(text, "GET / HTTP/1.0\r\n");
	for (unsigned i = 0; i < HTTP_FIELDS_MAX; i++)
		p = stpcpy(p, "a:b\r\n");
	strcpy(p, "\r\n");
	ck_assert_int_eq(http_request_parse(text, (uint32_t)strlen(text),
	    &rq), 0);
	strcpy(p, "a:b\r\n\r\n");
	ck_assert_int_eq(http_request_parse(text, (uint32_t)strlen(text),
	    &rq), 431);
	free(text);
}
END_TEST

static const struct {
	const char *method;
	enum http_method want;
} methods[] = {
	{ "GET", HTTP_GET }, { "HEAD", HTTP_HEAD }, { "get", HTTP_UNKNOWN },
	{ "POST", HTTP_NOT_ALLOWED }, { "OPTIONS", HTTP_NOT_ALLOWED },
	{ "PATCH", HTTP_NOT_ALLOWED }, { "BREW", HTTP_UNKNOWN },
	{ "GETS", HTTP_UNKNOWN },
};

START_TEST(methods_are_known)
{
	struct http_request rq;
	char text[64];
	int n = snprintf(text, sizeof(text), "%s / HTTP/1.0\r\n\r\n",
	    methods[_i].method);

	ck_assert_int_eq(http_request_parse(text, (uint32_t)n, &rq), 0);
	ck_assert_int_eq(rq.method, methods[_i].want);
}
END_TEST

static const struct {
	const char *target, *path;	/* NULL: 400 */
	bool dir;
} paths[] = {
	{ "/", "", true }, { "/a", "a", false }, { "/a/", "a", true },
	{ "/a/b.c?d=/../e", "a/b.c", false }, { "/a#b", "a", false },
	{ "//a///b//", "a/b", true }, { "/a/./b", "a/b", false },
	{ "/a/../b", "b", false }, { "/a/b/../../c", "c", false },
	{ "/a/..", "", true }, { "/a/.", "a", true }, { "/..", NULL, false },
	{ "/../a", NULL, false }, { "/a/../../b", NULL, false },
	{ "/%2e%2e/a", NULL, false }, { "/a%2fb", "a/b", false },
	{ "/a/%2E%2E%2fb", "b", false }, { "/%41%62", "Ab", false },
	{ "/a%00b", NULL, false }, { "/a%", NULL, false },
	{ "/a%4", NULL, false }, { "/a%4g", NULL, false },
	{ "/%0a", NULL, false }, { "/%ff", "\xff", false },
	{ "/...", "...", false }, { "/.a", ".a", false }, { "*", NULL, false },
	{ "a", NULL, false }, { "http://h/a", "a", false },
	{ "HTTP://h", "", true }, { "https://h?x", "", true },
	{ "http://h/../a", NULL, false }, { "ftp://h/a", NULL, false },
	{ "?", NULL, false },
};

START_TEST(paths_stay_inside)
{
	struct http_text t = { paths[_i].target,
	    (uint32_t)strlen(paths[_i].target) };
	char out[HTTP_PATH_MAX];
	bool dir;
	int r = http_path(t, out, &dir);

	if (paths[_i].path == NULL) {
		ck_assert_msg(r == 400, "%s: %s", t.p, out);
		return;
	}
	ck_assert_msg(r == 0, "%s", t.p);
	ck_assert_str_eq(out, paths[_i].path);
	ck_assert_int_eq(dir, paths[_i].dir);
}
END_TEST

START_TEST(raw_paths_name_no_other_server)
{
	struct http_text t = http_raw_path((struct http_text){
	    "//evil/a?b", 10 });

	ck_assert_uint_eq(t.len, 7);
	ck_assert_int_eq(memcmp(t.p, "/evil/a", 7), 0);
	t = http_raw_path((struct http_text){ "http://h/a", 10 });
	ck_assert_uint_eq(t.len, 2);
}
END_TEST

static const struct {
	const char *value;
	uint64_t size;
	enum http_range kind;
	uint64_t from, end;
} ranges[] = {
	{ "bytes=0-0", 10, HTTP_RANGE_GOOD, 0, 1 },
	{ "bytes=2-5", 10, HTTP_RANGE_GOOD, 2, 6 },
	{ "BYTES=9-", 10, HTTP_RANGE_GOOD, 9, 10 },
	{ "bytes=9-99", 10, HTTP_RANGE_GOOD, 9, 10 },
	{ "bytes=10-", 10, HTTP_RANGE_BAD, 0, 0 },
	{ "bytes=10-12", 10, HTTP_RANGE_BAD, 0, 0 },
	{ "bytes=-3", 10, HTTP_RANGE_GOOD, 7, 10 },
	{ "bytes=-30", 10, HTTP_RANGE_GOOD, 0, 10 },
	{ "bytes=-0", 10, HTTP_RANGE_BAD, 0, 0 },
	{ "bytes=0-", 0, HTTP_RANGE_BAD, 0, 0 },
	{ "bytes=-1", 0, HTTP_RANGE_BAD, 0, 0 },
	{ "bytes=5-2", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=0-1,3-4", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=-", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=a-b", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=1", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "lines=0-1", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=99999999999999999999-", 10, HTTP_RANGE_NONE, 0, 0 },
	{ "bytes=0-99999999999999999999", 10, HTTP_RANGE_NONE, 0, 0 },
};

START_TEST(ranges_are_read)
{
	struct http_text t = { ranges[_i].value,
	    (uint32_t)strlen(ranges[_i].value) };
	uint64_t from = 0, end = 0;

	ck_assert_msg(http_range_parse(t, ranges[_i].size, &from, &end) ==
	    ranges[_i].kind, "%s", t.p);
	if (ranges[_i].kind != HTTP_RANGE_GOOD)
		return;
	ck_assert_uint_eq(from, ranges[_i].from);
	ck_assert_uint_eq(end, ranges[_i].end);
}
END_TEST

static const struct {
	const char *list;
	bool weak, want;
} tags[] = {
	{ "\"x\"", false, true }, { "*", false, true },
	{ "\"a\", \"x\"", false, true }, { "\"a\",\"b\"", false, false },
	{ "W/\"x\"", false, false }, { "W/\"x\"", true, true },
	{ "W/\"a\", \"x\"", false, true }, { "x", false, false },
	{ "\"x", false, false }, { "\"\"", false, false },
	{ "\"xx\"", false, false }, { "", false, false },
	{ "\"", false, false }, { "W/", true, false },
};

START_TEST(tags_are_found)
{
	struct http_text t = { tags[_i].list,
	    (uint32_t)strlen(tags[_i].list) };

	ck_assert_msg(http_tag_listed(t, "\"x\"", tags[_i].weak) ==
	    tags[_i].want, "%s", t.p);
}
END_TEST

static const struct {
	const char *body;
	int used;		/* -1: bad; else bytes, and done */
} bodies[] = {
	{ "0\r\n\r\n", 5 }, { "3\r\nabc\r\n0\r\n\r\nGET", 13 },
	{ "A\r\n0123456789\r\n00\r\n\r\n", 21 },
	{ "3;x=y\r\nabc\r\n0;z\r\nTrailer: t\r\n\r\nGET", 31 },
	{ "x\r\n", -1 }, { "\r\n", -1 }, { "3\r\nabcd\r\n", -1 },
	{ "3\r\nabc\rx", -1 }, { "-1\r\n", -1 }, { ";\r\n", -1 },
	{ "fffffffffff\r\n", -1 },
};

/* In one piece, and cut at every place. */
START_TEST(chunks_are_skipped)
{
	const char *body = bodies[_i].body;
	uint32_t n = (uint32_t)strlen(body);

	for (uint32_t cut = 0; cut <= n; cut++) {
		struct http_chunks c = { 0 };
		uint32_t used = http_chunks_skip(&c, body, cut);

		if (used == cut)
			used += http_chunks_skip(&c, body + cut, n - cut);
		ck_assert_int_eq(c.bad, bodies[_i].used < 0);
		ck_assert_int_eq(c.done, bodies[_i].used >= 0);
		if (bodies[_i].used >= 0)
			ck_assert_uint_eq(used, (unsigned)bodies[_i].used);
	}
}
END_TEST

START_TEST(dates_come_back)
{
	static const char *const bad[] = {
		"Mon, 06 Nov 1994 08:49:37 GMT",	/* a Sunday */
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994",
		"", "?",
	};
	char text[HTTP_DATE_LEN + 1];
	int64_t s;

	http_date_format(784111777, text);
	ck_assert_str_eq(text, "Sun, 06 Nov 1994 08:49:37 GMT");
	for (int64_t at = -62000000000; at < 250000000000;
	    at += 86400 * 97 + 12345) {
		http_date_format(at, text);
		ck_assert(http_date_parse(text, HTTP_DATE_LEN, &s));
		ck_assert_int_eq(s, at);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!http_date_parse(bad[i],
		    (uint32_t)strlen(bad[i]), &s), "%s", bad[i]);
}
END_TEST

START_TEST(media_types)
{
	ck_assert_str_eq(http_media_type("a/b.html"), "text/html");
	ck_assert_str_eq(http_media_type("a/b.PNG"), "image/png");
	ck_assert_str_eq(http_media_type("a.html/b"),
	    "application/octet-stream");
	ck_assert_str_eq(http_media_type("b"), "application/octet-stream");
	ck_assert_str_eq(http_media_type("b."), "application/octet-stream");
}
END_TEST

#define ROWS(table) ((int)(sizeof(table) / sizeof((table)[0])))

int
main(void)
{
	Suite *s = suite_create("http_request");
	TCase *c = tcase_create("http_request");

	tcase_add_loop_test(c, heads_are_judged, 0, ROWS(heads));
	tcase_add_test(c, the_end_of_a_head);
	tcase_add_test(c, fields_are_read);
	tcase_add_test(c, limits_of_a_head);
	tcase_add_loop_test(c, methods_are_known, 0, ROWS(methods));
	tcase_add_loop_test(c, paths_stay_inside, 0, ROWS(paths));
	tcase_add_test(c, raw_paths_name_no_other_server);
	tcase_add_loop_test(c, ranges_are_read, 0, ROWS(ranges));
	tcase_add_loop_test(c, tags_are_found, 0, ROWS(tags));
	tcase_add_loop_test(c, chunks_are_skipped, 0, ROWS(bodies));
	tcase_add_test(c, dates_come_back);
	tcase_add_test(c, media_types);
	suite_add_tcase(s, c);
	return unit_main(s);
}
