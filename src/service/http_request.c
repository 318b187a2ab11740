/*
 * http_request.c - the head of a request: its line and its fields.
 *
 * Strict where two readers could differ about where a request ends (that is
 * how requests are smuggled past a proxy): no blanks before a colon, no folded
 * lines, no bare CR, one length or one coding and never both.  Lenient in one
 * point, which RFC 9112 2.2 permits: a line may end with LF alone, so that a
 * person can type a request.
 *
 * Does not know what a field is good for, nor what file a target names.
 *
 * Read RFC 9112 2 to 6, RFC 9110 5, 7.2, 10.1.1.
 */
#include "service/http_request.h"

#include <string.h>
#include <strings.h>

uint32_t
http_head_len(const char *p, uint32_t n, uint32_t from)
{
	const char *at = p, *end = p + n;

	/* The end may have begun in what was looked at. */
	if (from > 3)
		at += from - 3 < n ? from - 3 : n;
	while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
		at++;
		if (at < end && *at == '\n')
			return (uint32_t)(at + 1 - p);
		if (end - at >= 2 && at[0] == '\r' && at[1] == '\n')
			return (uint32_t)(at + 2 - p);
	}
	return 0;
}

/* RFC 9110 5.6.2. */
static bool
is_tchar(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' &&
	    strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
text_is(struct http_text t, const char *word)
{
	return t.len == strlen(word) && strncasecmp(t.p, word, t.len) == 0;
}

/* The next line, without its end; what is left moves behind it. */
static struct http_text
line_take(struct http_text *left)
{
	const char *nl = memchr(left->p, '\n', left->len);
	struct http_text line = { left->p, left->len };

	if (nl == NULL) {
		left->p += left->len;
		left->len = 0;
		return line;
	}
	line.len = (uint32_t)(nl - left->p);
	left->p += line.len + 1;
	left->len -= line.len + 1;
	if (line.len > 0 && line.p[line.len - 1] == '\r')
		line.len--;
	return line;
}

/* The text up to the first blank; rest is what stands behind it. */
static struct http_text
word_take(struct http_text *rest)
{
	const char *sp = memchr(rest->p, ' ', rest->len);
	struct http_text word = { rest->p, rest->len };

	if (sp != NULL)
		word.len = (uint32_t)(sp - rest->p);
	rest->p += word.len + (sp != NULL);
	rest->len -= word.len + (sp != NULL);
	return word;
}

static enum http_method
method_of(struct http_text t)
{
	static const char *const others[] = { "POST", "PUT", "DELETE",
	    "CONNECT", "OPTIONS", "TRACE", "PATCH" };

	/* RFC 9110 9.1: names are case-sensitive. */
	if (t.len == 3 && memcmp(t.p, "GET", 3) == 0)
		return HTTP_GET;
	if (t.len == 4 && memcmp(t.p, "HEAD", 4) == 0)
		return HTTP_HEAD;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (t.len == strlen(others[i]) &&
		    memcmp(t.p, others[i], t.len) == 0)
			return HTTP_NOT_ALLOWED;
	}
	return HTTP_UNKNOWN;
}

/* RFC 9112 2.3.  0 or a status. */
static int
parse_version(struct http_text t, struct http_request *rq)
{
	if (t.len != 8 || memcmp(t.p, "HTTP/", 5) != 0 || t.p[6] != '.' ||
	    t.p[5] < '0' || t.p[5] > '9' || t.p[7] < '0' || t.p[7] > '9')
		return 400;
	if (t.p[5] != '1')
		return 505;
	/* RFC 9110 2.5: a higher minor version is served as our highest. */
	rq->minor = t.p[7] != '0';
	return 0;
}

static int
parse_line(struct http_text line, struct http_request *rq)
{
	struct http_text method, version;

	rq->line = line;
	method = word_take(&line);
	for (uint32_t i = 0; i < method.len; i++) {
		if (!is_tchar(method.p[i]))
			return 400;
	}
	rq->method = method_of(method);
	rq->target = word_take(&line);
	version = line;
	if (method.len == 0 || rq->target.len == 0)
		return 400;
	for (uint32_t i = 0; i < rq->target.len; i++) {
		if (rq->target.p[i] <= ' ' || rq->target.p[i] >= 0x7f)
			return 400;
	}
	if (rq->target.len > HTTP_TARGET_MAX)
		return 414;
	return parse_version(version, rq);
}

/* Connection: a list of options. */
static void
parse_connection(struct http_text v, struct http_request *rq)
{
	while (v.len > 0) {
		const char *comma = memchr(v.p, ',', v.len);
		struct http_text one = v;
		uint32_t n = comma != NULL ? (uint32_t)(comma - v.p) : v.len;

		one.len = n;
		while (one.len > 0 && (*one.p == ' ' || *one.p == '\t'))
			one.p++, one.len--;
		while (one.len > 0 && (one.p[one.len - 1] == ' ' ||
		    one.p[one.len - 1] == '\t'))
			one.len--;
		rq->close |= text_is(one, "close");
		rq->keep_alive |= text_is(one, "keep-alive");
		n += comma != NULL;
		v.p += n;
		v.len -= n;
	}
}

/* RFC 9112 6.3: digits, and said once, or more often the same. */
static int
parse_length(struct http_text v, struct http_request *rq)
{
	uint64_t n = 0;

	if (v.len == 0)
		return 400;
	for (uint32_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return 400;
		if (n > UINT64_MAX / 100)
			return 413;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	if (rq->length_on && rq->length != n)
		return 400;
	rq->length_on = true;
	rq->length = n;
	return 0;
}

/* A field that may be there once: twice is as good as nonsense. */
static void
once(struct http_text *field, struct http_text v)
{
	static const char nonsense[] = "?";

	*field = field->p == NULL ? v : (struct http_text){ nonsense, 1 };
}

static int
parse_field(struct http_text name, struct http_text v,
    struct http_request *rq)
{
	if (text_is(name, "host")) {
		rq->hosts++;
	} else if (text_is(name, "connection")) {
		parse_connection(v, rq);
	} else if (text_is(name, "content-length")) {
		return parse_length(v, rq);
	} else if (text_is(name, "transfer-encoding")) {
		/* RFC 9112 6.1: no other coding is understood here. */
		if (rq->chunked)
			return 400;
		if (!text_is(v, "chunked"))
			return 501;
		rq->chunked = true;
	} else if (text_is(name, "expect")) {
		rq->expect = true;
		return text_is(v, "100-continue") ? 0 : 417;
	} else if (text_is(name, "range")) {
		once(&rq->range, v);
	} else if (text_is(name, "if-range")) {
		once(&rq->if_range, v);
	} else if (text_is(name, "if-match")) {
		once(&rq->if_match, v);
	} else if (text_is(name, "if-none-match")) {
		once(&rq->if_none_match, v);
	} else if (text_is(name, "if-modified-since")) {
		once(&rq->if_modified, v);
	} else if (text_is(name, "if-unmodified-since")) {
		once(&rq->if_unmodified, v);
	}
	return 0;
}

/* RFC 9112 5: name, colon, value with blanks around it. */
static int
parse_field_line(struct http_text line, struct http_request *rq)
{
	struct http_text name = { line.p, 0 }, v;

	while (name.len < line.len && is_tchar(line.p[name.len]))
		name.len++;
	/* RFC 9112 5.1 and 5.2: neither a blank before the colon nor a folded
	 * line. */
	if (name.len == 0 || name.len == line.len || line.p[name.len] != ':')
		return 400;
	v = (struct http_text){ line.p + name.len + 1,
	    line.len - name.len - 1 };
	while (v.len > 0 && (*v.p == ' ' || *v.p == '\t'))
		v.p++, v.len--;
	while (v.len > 0 && (v.p[v.len - 1] == ' ' ||
	    v.p[v.len - 1] == '\t'))
		v.len--;
	for (uint32_t i = 0; i < v.len; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if ((c < ' ' && c != '\t') || c == 0x7f)
			return 400;
	}
	return parse_field(name, v, rq);
}

/* What the fields say together. */
static int
check_fields(const struct http_request *rq)
{
	/* RFC 9112 3.2: exactly one Host, which 1.0 may leave out. */
	if (rq->hosts > 1 || (rq->hosts == 0 && rq->minor > 0))
		return 400;
	/* RFC 9112 6.1: both lengths are an attempt at smuggling; 1.0 knows no
	 * codings. */
	if (rq->chunked && (rq->length_on || rq->minor == 0))
		return 400;
	return 0;
}

int
http_request_parse(const char *p, uint32_t len, struct http_request *rq)
{
	struct http_text left = { p, len }, line;
	uint32_t fields = 0;
	int status;

	*rq = (struct http_request){ .method = HTTP_UNKNOWN, .minor = 1 };
	status = parse_line(line_take(&left), rq);
	while (status == 0 && left.len > 0) {
		line = line_take(&left);
		if (line.len == 0)
			break;
		if (++fields > HTTP_FIELDS_MAX)
			return 431;
		status = parse_field_line(line, rq);
	}
	return status != 0 ? status : check_fields(rq);
}
