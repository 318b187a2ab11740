/*
 * http_request.h - one request's head, from bytes to a struct (RFC 9112).
 * Pure; what comes out points into the bytes that went in.
 */
#ifndef HOPD_SERVICE_HTTP_REQUEST_H
#define HOPD_SERVICE_HTTP_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#define HTTP_HEAD_MAX	8192	/* bytes of a request's head */
#define HTTP_TARGET_MAX	4096	/* of its target: RFC 9110 4.1 wants 8000 for
				 * all of the line; no file here is so deep */
#define HTTP_FIELDS_MAX	100
#define HTTP_PATH_MAX	1024	/* a decoded path with its NUL */

struct http_text {
	const char *p;		/* NULL: not there */
	uint32_t len;
};

enum http_method {
	HTTP_GET, HTTP_HEAD,
	HTTP_NOT_ALLOWED,	/* one of the others of RFC 9110 and 5789 */
	HTTP_UNKNOWN
};

struct http_request {
	enum http_method method;
	struct http_text line;		/* the request line, as it came */
	struct http_text target;
	uint8_t minor;			/* HTTP/1.minor: 0 or 1 */
	bool close, keep_alive;		/* Connection has these */
	bool chunked;			/* a body in chunks follows */
	bool length_on, expect;
	uint64_t length;		/* of the body: Content-Length */
	uint32_t hosts;			/* Host fields */
	struct http_text range, if_range, if_match, if_none_match,
	    if_modified, if_unmodified;
};

/* Bytes of the head at p, with the empty line that ends it; 0: its end is not
 * among the n bytes.  from: so many, perhaps more than n, have been looked at
 * before. */
uint32_t http_head_len(const char *p, uint32_t n, uint32_t from);

/* Takes a whole head apart.  0, or the status of the refusal: 400, 413, 414,
 * 417, 431, 501, 505; then rq->method, line and minor are right as far as they
 * could be read. */
int http_request_parse(const char *p, uint32_t len, struct http_request *rq);

/* The path of a target (origin or absolute form): decoded, without dot
 * segments, empty ones and the slash in front; "" is the root.  *dir: it ended
 * with a slash.  0 or 400. */
int http_path(struct http_text target, char out[HTTP_PATH_MAX], bool *dir);
/* The target's path as it came, without query, from its last leading slash. */
struct http_text http_raw_path(struct http_text target);

/* Media type by the path's suffix. */
const char *http_media_type(const char *path);

enum http_range { HTTP_RANGE_NONE, HTTP_RANGE_GOOD, HTTP_RANGE_BAD };

/* RFC 9110 14.1.2: one range of a file of size bytes: [*from, *end).  NONE:
 * nonsense, or several, which a server may ignore; BAD: satisfies nothing. */
enum http_range http_range_parse(struct http_text value, uint64_t size,
    uint64_t *from, uint64_t *end);

/* Is a strong tag, quotes included, in the list of If-Match or If-None-Match?
 * "*" has all.  weak: weak ones compare equal too (RFC 9110 8.8.3.2). */
bool http_tag_listed(struct http_text list, const char *tag, bool weak);

/* The way through a body in chunks (RFC 9112 7.1), byte by byte. */
struct http_chunks {
	uint8_t state;
	bool bad;
	bool done;
	uint64_t left;		/* of this chunk */
};

/* How many of n bytes belong to the body: fewer once it is done or bad. */
uint32_t http_chunks_skip(struct http_chunks *c, const char *p, uint32_t n);

#endif
