/*
 * http_reply.c - which answer a request gets, and its head.
 *
 * The order of the questions is that of RFC 9110: is the method served, is
 * there such a thing, do the conditions hold (13.2.2), which part is wanted
 * (14.2).
 *
 * Not here: lists of directories, several ranges in one answer (14.2 permits
 * to ignore them), compression, and anything that would run a program.
 *
 * Read RFC 9110 8.3 to 8.8, 10.2, 13, 14, 15.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "service/calendar.h"
#include "service/http_conn.h"
#include "stack/stack.h"

#define PAGE_MAX	6144	/* what /whoami says, a long target included */

/* An answer in the making. */
struct answer {
	int status;
	const char *type;	/* NULL: no Content-Type */
	uint64_t length;	/* of the body */
	const char *body;	/* made here; NULL: a file, or none */
	const struct http_about *about;	/* of a file: date, tag, ranges */
	uint64_t from, size;	/* 206: first byte, size; 416: size */
	struct http_text location;	/* a slash is added */
};

struct text {
	char *p;
	uint32_t len, size;
};

static void add(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->p + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	assert(n >= 0 && (uint32_t)n < t->size - t->len);
	t->len += (uint32_t)n;
}

static void
add_bytes(struct text *t, const char *p, uint32_t n)
{
	assert(n < t->size - t->len);
	memcpy(t->p + t->len, p, n);
	t->len += n;
}

static void
add_text(struct text *t, const char *s)
{
	add_bytes(t, s, (uint32_t)strlen(s));
}

static void
add_number(struct text *t, uint64_t n)
{
	char digits[20];
	uint32_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	add_bytes(t, digits + at, (uint32_t)sizeof(digits) - at);
}

static const char *
reason(int status)
{
	static const struct {
		int status;
		const char *text;
	} reasons[] = {
		{ 200, "OK" }, { 206, "Partial Content" },
		{ 301, "Moved Permanently" }, { 304, "Not Modified" },
		{ 400, "Bad Request" }, { 403, "Forbidden" },
		{ 404, "Not Found" }, { 405, "Method Not Allowed" },
		{ 408, "Request Timeout" }, { 412, "Precondition Failed" },
		{ 413, "Content Too Large" }, { 414, "URI Too Long" },
		{ 416, "Range Not Satisfiable" },
		{ 417, "Expectation Failed" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].status == status)
			return reasons[i].text;
	}
	return "";
}

/* RFC 9110 6.6.1: Date, from a server that has a clock. */
static void
add_date(struct stack *stk, struct text *t)
{
	struct http_state *h = &stk->service.http;
	int64_t s = (stk->now.us + stk->wall_offset_us) / USEC_PER_SEC;

	if (stk->wall_offset_us == 0)
		return;
	if (h->date_s != s) {
		http_date_format(s, h->date);
		h->date_s = s;
	}
	add_text(t, "Date: ");
	add_bytes(t, h->date, HTTP_DATE_LEN);
	add_text(t, "\r\n");
}

static void
add_fields(struct text *t, const struct answer *a)
{
	if (a->type != NULL) {
		add_text(t, "Content-Type: ");
		add_text(t, a->type);
		add_text(t, "\r\n");
	}
	/* RFC 9110 8.6: a 304 tells the length of nothing. */
	if (a->status != 304) {
		add_text(t, "Content-Length: ");
		add_number(t, a->length);
		add_text(t, "\r\n");
	}
	if (a->about != NULL)
		add_bytes(t, a->about->fields, a->about->fields_len);
	if (a->status == 206)
		add(t, "Content-Range: bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64
		    "\r\n", a->from, a->from + a->length - 1, a->size);
	if (a->status == 416)
		add(t, "Content-Range: bytes */%" PRIu64 "\r\n", a->size);
	/* RFC 9110 15.5.6: which methods would do. */
	if (a->status == 405)
		add_text(t, "Allow: GET, HEAD\r\n");
	if (a->location.p != NULL)
		add(t, "Location: %.*s/\r\n", (int)a->location.len,
		    a->location.p);
}

/* Head, and the body if it is made here, to TCP: all of it or false. */
static bool
send_answer(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq, const struct answer *a)
{
	char buf[HTTP_REPLY_MAX];
	struct text t = { buf, 0, sizeof(buf) };
	bool body = a->body != NULL && rq->method != HTTP_HEAD;

	add_text(&t, "HTTP/1.1 ");
	add_number(&t, (uint64_t)a->status);
	add_text(&t, " ");
	add_text(&t, reason(a->status));
	add_text(&t, "\r\nServer: hopd\r\n");
	add_date(stk, &t);
	add_fields(&t, a);
	if (hc->close)
		add_text(&t, "Connection: close\r\n");
	else if (rq->minor == 0)
		add_text(&t, "Connection: keep-alive\r\n");
	add_text(&t, "\r\n");
	if (body) {
		assert(a->length <= t.size - t.len);
		memcpy(buf + t.len, a->body, a->length);
		t.len += (uint32_t)a->length;
		hc->server->stats.body_bytes += a->length;
	}
	hc->server->stats.answers[a->status / 100]++;
	return tcp_write(stk, hc->tcp, buf, t.len) == (int32_t)t.len;
}

/* A status that explains itself. */
static bool
say(struct stack *stk, struct http_conn *hc, const struct http_request *rq,
    struct answer *a)
{
	char page[64];

	a->length = (uint64_t)snprintf(page, sizeof(page), "%d %s\n",
	    a->status, reason(a->status));
	a->type = "text/plain";
	a->body = page;
	return send_answer(stk, hc, rq, a);
}

bool
http_refuse(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq, int status)
{
	struct answer a = { .status = status };

	return say(stk, hc, rq, &a);
}

/* ---- files --------------------------------------------------------------- */

/* A file of the tree, open or as it is kept. */
struct subject {
	int file;			/* -1: data has it */
	const char *data;
	const struct file_info *info;
	const struct http_about *about;
};

/* RFC 9110 13.2.2: 0, or 304 or 412. */
static int
conditions(const struct http_request *rq, const struct subject *s)
{
	const char *tag = s->about->tag;
	int64_t mtime = s->info->mtime, when;

	if (rq->if_match.p != NULL) {
		if (!http_tag_listed(rq->if_match, tag, false))
			return 412;
	} else if (rq->if_unmodified.p != NULL) {
		if (http_date_parse(rq->if_unmodified.p,
		    rq->if_unmodified.len, &when) && mtime > when)
			return 412;
	}
	if (rq->if_none_match.p != NULL)
		return http_tag_listed(rq->if_none_match, tag, true) ? 304 : 0;
	if (rq->if_modified.p != NULL &&
	    http_date_parse(rq->if_modified.p, rq->if_modified.len, &when) &&
	    mtime <= when)
		return 304;
	return 0;
}

/* RFC 9110 13.1.5: a range only of the file that the client knows. */
static bool
range_holds(const struct http_request *rq, const struct subject *s)
{
	const char *tag = s->about->tag;
	int64_t when;

	if (rq->if_range.p == NULL)
		return true;
	if (rq->if_range.len == strlen(tag) &&
	    memcmp(rq->if_range.p, tag, rq->if_range.len) == 0)
		return true;
	return http_date_parse(rq->if_range.p, rq->if_range.len, &when) &&
	    when == s->info->mtime;
}

/* Which part of the file: a->status, from and length. */
static void
choose_part(const struct http_request *rq, const struct subject *s,
    struct answer *a)
{
	uint64_t end = s->info->size;

	a->status = 200;
	/* RFC 9110 14.2: only GET knows ranges. */
	if (rq->range.p != NULL && rq->method == HTTP_GET &&
	    range_holds(rq, s)) {
		switch (http_range_parse(rq->range, s->info->size, &a->from,
		    &end)) {
		case HTTP_RANGE_GOOD:
			a->status = 206;
			break;
		case HTTP_RANGE_BAD:
			a->status = 416;
			return;
		case HTTP_RANGE_NONE:
			a->from = 0;
			end = s->info->size;
			break;
		}
	}
	a->length = end - a->from;
}

/* As the request wants it.  Takes over an open file. */
static bool
answer_file(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq, const char *path, const struct subject *s)
{
	const struct files *files = &stk->service.http.files;
	struct answer a = { .status = conditions(rq, s), .about = s->about,
	    .size = s->info->size };
	bool good;

	if (a.status == 0) {
		a.type = http_media_type(path);
		choose_part(rq, s, &a);
	}
	if (a.status == 412 || a.status == 416) {
		a.about = NULL;
		good = say(stk, hc, rq, &a);
	} else {
		if (s->data != NULL && a.length > 0)
			a.body = s->data + a.from;
		good = send_answer(stk, hc, rq, &a);
	}
	if (s->file < 0)
		return good;
	if (!good || a.status >= 300 || rq->method == HTTP_HEAD ||
	    a.length == 0) {
		files->close(files->arg, s->file);
		return good;
	}
	hc->file = s->file;
	hc->file_at = a.from;
	hc->file_end = a.from + a.length;
	return true;
}

static int
status_of_errno(int r)
{
	switch (-r) {
	case EACCES:
	case EPERM:
		return 403;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return 503;
	case EIO:
		return 500;
	default:
		/* No such file, no directory on the way, a link that leads
		 * out of the tree, a name too long. */
		return 404;
	}
}

static bool
answer_path(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq, const char *path, bool dir)
{
	const struct files *files = &stk->service.http.files;
	const char *root = hc->server->root;
	char full[HTTP_ROOT_MAX + HTTP_PATH_MAX + 16];
	const struct http_cached *kept;
	struct http_about about;
	struct file_info info = { 0 };
	struct subject s = { .file = -1 };
	struct answer a = { .status = 301 };
	int file;

	root += strspn(root, "/");
	snprintf(full, sizeof(full), "%s%s%s%s%s", root,
	    *root != '\0' && root[strlen(root) - 1] != '/' ? "/" : "", path,
	    dir && *path != '\0' ? "/" : "", dir ? "index.html" : "");
	kept = http_cache_find(stk, full);
	if (kept == NULL) {
		file = files->open(files->arg, full, &info);
		if (file == -EISDIR && !dir) {
			/* Its files are named relative to it: with a slash. */
			a.location = http_raw_path(rq->target);
			return say(stk, hc, rq, &a);
		}
		if (file < 0)
			return http_refuse(stk, hc, rq, status_of_errno(file));
		kept = http_cache_fill(stk, full, file, &info);
		if (kept == NULL) {
			http_file_about(&info, &about);
			s = (struct subject){ file, NULL, &info, &about };
			return answer_file(stk, hc, rq, full, &s);
		}
		files->close(files->arg, file);
	}
	s = (struct subject){ -1, kept->data, &kept->info, &kept->about };
	return answer_file(stk, hc, rq, full, &s);
}

/* ---- all ----------------------------------------------------------------- */

bool
http_answer(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq)
{
	char path[HTTP_PATH_MAX], page[PAGE_MAX];
	struct answer a = { .status = 200, .type = "text/plain" };
	bool dir, tree = hc->server->root[0] != '\0';
	int status;

	if (rq->method == HTTP_UNKNOWN)
		return http_refuse(stk, hc, rq, 501);
	if (rq->method == HTTP_NOT_ALLOWED)
		return http_refuse(stk, hc, rq, 405);
	status = http_path(rq->target, path, &dir);
	if (status != 0)
		return http_refuse(stk, hc, rq, status);
	if (strcmp(path, "whoami") == 0 || (!tree && path[0] == '\0')) {
		a.length = http_whoami(stk, hc, rq, page, sizeof(page));
		a.body = page;
		return send_answer(stk, hc, rq, &a);
	}
	if (!tree)
		return http_refuse(stk, hc, rq, 404);
	return answer_path(stk, hc, rq, path, dir);
}
