/*
 * http_path.c - what a target, a range, a list of tags and a body in chunks
 * mean: the pure rest of reading a request.
 *
 * A path comes out so that it cannot leave the tree by its letters; that it
 * does not by a symbolic link is the business of who opens files.
 *
 * Read RFC 3986 2.1 and 5.2.4, RFC 9110 8.8.3 and 14.1.2, RFC 9112 3.2 and 7.1.
 */
#include "service/http_request.h"

#include <string.h>
#include <strings.h>

/* RFC 9112 3.2.2: a client may send the absolute form to any server. */
static struct http_text
skip_authority(struct http_text t)
{
	uint32_t n;

	if (t.len >= 7 && strncasecmp(t.p, "http://", 7) == 0)
		n = 7;
	else if (t.len >= 8 && strncasecmp(t.p, "https://", 8) == 0)
		n = 8;
	else
		return t;
	while (n < t.len && t.p[n] != '/' && t.p[n] != '?')
		n++;
	return (struct http_text){ t.p + n, t.len - n };
}

struct http_text
http_raw_path(struct http_text target)
{
	struct http_text t = skip_authority(target);
	uint32_t n = 0;

	/* "//name" would name another server in a Location. */
	while (t.len > 1 && t.p[0] == '/' && t.p[1] == '/')
		t.p++, t.len--;
	while (n < t.len && t.p[n] != '?' && t.p[n] != '#')
		n++;
	t.len = n;
	return t;
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Percent-decodes into out (RFC 3986 2.1): its length, or -1. */
static int
decode(struct http_text t, char out[HTTP_PATH_MAX])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < t.len; i++) {
		int c = (unsigned char)t.p[i];

		if (c == '%') {
			if (t.len - i < 3 || hex(t.p[i + 1]) < 0 ||
			    hex(t.p[i + 2]) < 0)
				return -1;
			c = hex(t.p[i + 1]) << 4 | hex(t.p[i + 2]);
			i += 2;
		}
		if (c < ' ' || c == 0x7f || n == HTTP_PATH_MAX - 1)
			return -1;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return (int)n;
}

/* In place: "a//b/./c/../d" to "a/b/d".  False: above the root. */
static bool
remove_dots(char *path)
{
	char *out = path;
	const char *in = path;

	while (*in != '\0') {
		size_t n = strcspn(in, "/");

		if (n == 2 && in[0] == '.' && in[1] == '.') {
			if (out == path)
				return false;
			out--;			/* its slash */
			while (out > path && out[-1] != '/')
				out--;
		} else if (n > 0 && !(n == 1 && in[0] == '.')) {
			memmove(out, in, n);
			out += n;
			*out++ = '/';
		}
		in += n + (in[n] == '/');
	}
	/* The slash behind the last segment is not part of a name. */
	if (out > path)
		out--;
	*out = '\0';
	return true;
}

int
http_path(struct http_text target, char out[HTTP_PATH_MAX], bool *dir)
{
	struct http_text t = skip_authority(target);
	uint32_t n = 0;
	int len;

	*dir = true;
	out[0] = '\0';
	/* RFC 9112 3.2: an empty path is "/"; no other form is for us. */
	if (t.p != target.p && (t.len == 0 || *t.p == '?'))
		return 0;
	if (t.len == 0 || *t.p != '/')
		return 400;
	while (n < t.len && t.p[n] != '?' && t.p[n] != '#')
		n++;
	t.len = n;
	len = decode(t, out);
	if (len < 0)
		return 400;
	*dir = out[len - 1] == '/' ||
	    (len >= 2 && strcmp(out + len - 2, "/.") == 0) ||
	    (len >= 3 && strcmp(out + len - 3, "/..") == 0);
	return remove_dots(out) ? 0 : 400;
}

const char *
http_media_type(const char *path)
{
	static const char *const types[][2] = {
		{ "css", "text/css" }, { "csv", "text/csv" },
		{ "gif", "image/gif" }, { "gz", "application/gzip" },
		{ "htm", "text/html" }, { "html", "text/html" },
		{ "ico", "image/vnd.microsoft.icon" },
		{ "jpeg", "image/jpeg" }, { "jpg", "image/jpeg" },
		{ "js", "text/javascript" }, { "json", "application/json" },
		{ "md", "text/markdown" }, { "mp4", "video/mp4" },
		{ "pdf", "application/pdf" }, { "png", "image/png" },
		{ "svg", "image/svg+xml" }, { "txt", "text/plain" },
		{ "webp", "image/webp" }, { "woff2", "font/woff2" },
		{ "xml", "application/xml" }, { "zip", "application/zip" },
	};
	const char *dot = strrchr(path, '.');

	if (dot == NULL || strchr(dot, '/') != NULL)
		return "application/octet-stream";
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (strcasecmp(dot + 1, types[i][0]) == 0)
			return types[i][1];
	}
	return "application/octet-stream";
}

/* A number at *p, which moves behind it; false: none, or too big. */
static bool
number(struct http_text *t, uint64_t *out)
{
	uint32_t n = 0;

	*out = 0;
	while (n < t->len && t->p[n] >= '0' && t->p[n] <= '9') {
		if (*out > UINT64_MAX / 100)
			return false;
		*out = *out * 10 + (uint64_t)(t->p[n++] - '0');
	}
	t->p += n;
	t->len -= n;
	return n > 0;
}

enum http_range
http_range_parse(struct http_text v, uint64_t size, uint64_t *from,
    uint64_t *end)
{
	uint64_t a, b;
	bool first;

	if (v.p == NULL || v.len < 6 || strncasecmp(v.p, "bytes=", 6) != 0)
		return HTTP_RANGE_NONE;
	v.p += 6, v.len -= 6;
	first = number(&v, &a);
	if (v.len == 0 || *v.p != '-')
		return HTTP_RANGE_NONE;
	v.p++, v.len--;
	*end = size;
	if (v.len == 0 && first) {		/* from a on */
		*from = a;
		return a < size ? HTTP_RANGE_GOOD : HTTP_RANGE_BAD;
	}
	if (!number(&v, &b) || v.len > 0)
		return HTTP_RANGE_NONE;
	if (!first) {				/* the last b bytes */
		*from = b < size ? size - b : 0;
		return b > 0 && size > 0 ? HTTP_RANGE_GOOD : HTTP_RANGE_BAD;
	}
	if (b < a)
		return HTTP_RANGE_NONE;
	*from = a;
	if (b < size)
		*end = b + 1;
	return a < size ? HTTP_RANGE_GOOD : HTTP_RANGE_BAD;
}

bool
http_tag_listed(struct http_text list, const char *tag, bool weak)
{
	size_t n = strlen(tag);
	uint32_t i = 0;

	if (list.len == 1 && *list.p == '*')
		return true;
	while (i < list.len) {
		bool is_weak = list.len - i > 2 &&
		    memcmp(list.p + i, "W/", 2) == 0;
		const char *one = list.p + i + (is_weak ? 2 : 0);
		size_t left = list.len - (size_t)(one - list.p);
		const char *close;

		if (left == 0 || *one != '"') {
			i++;
			continue;
		}
		close = memchr(one + 1, '"', left - 1);
		if (close == NULL)
			return false;
		if ((weak || !is_weak) && (size_t)(close + 1 - one) == n &&
		    memcmp(one, tag, n) == 0)
			return true;
		i = (uint32_t)(close + 1 - list.p);
	}
	return false;
}

enum { CHUNK_SIZE, CHUNK_DIGITS, CHUNK_EXT, CHUNK_DATA, CHUNK_CR, CHUNK_LF,
    CHUNK_TRAILER, CHUNK_TRAILER_LINE };

/* One byte outside of a chunk's data. */
static void
chunk_byte(struct http_chunks *c, char b)
{
	int d = hex(b);

	switch (c->state) {
	case CHUNK_SIZE:
	case CHUNK_DIGITS:
		if (d >= 0 && c->left < UINT32_MAX) {
			c->left = c->left << 4 | (unsigned)d;
			c->state = CHUNK_DIGITS;
		} else if (c->state == CHUNK_DIGITS && b == '\n') {
			c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		} else if (c->state == CHUNK_DIGITS &&
		    (b == '\r' || b == ';' || b == ' ' || b == '\t')) {
			c->state = CHUNK_EXT;
		} else {
			c->bad = true;
		}
		break;
	case CHUNK_EXT:
		if (b == '\n')
			c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
		break;
	case CHUNK_CR:
		if (b == '\r')
			c->state = CHUNK_LF;
		else
			c->bad = true;
		break;
	case CHUNK_LF:
		c->bad = b != '\n';
		c->state = CHUNK_SIZE;
		break;
	case CHUNK_TRAILER:
		c->done = b == '\n';
		if (b != '\n' && b != '\r')
			c->state = CHUNK_TRAILER_LINE;
		break;
	default:
		if (b == '\n')
			c->state = CHUNK_TRAILER;
		break;
	}
}

uint32_t
http_chunks_skip(struct http_chunks *c, const char *p, uint32_t n)
{
	uint32_t i = 0;

	while (i < n && !c->done && !c->bad) {
		if (c->state == CHUNK_DATA) {
			uint32_t m = c->left < n - i ? (uint32_t)c->left :
			    n - i;

			c->left -= m;
			i += m;
			if (c->left == 0)
				c->state = CHUNK_CR;
		} else {
			chunk_byte(c, p[i++]);
		}
	}
	return i;
}
