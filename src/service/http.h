/*
 * http.h - a small HTTP/1.1 server (RFC 9110, RFC 9112) on hopd's own
 * addresses, so that hopd itself can be a real server: behind its own VIP
 * (LOCAL), in another hopd's cluster, in a lab.
 *
 * It serves a read-only tree of files and one page that it makes, /whoami,
 * which says who answered whom; a server without a tree shows that page at /
 * too.  GET and HEAD, keep-alive, pipelining, one range, conditions by tag and
 * date.  It answers an address and port of ours; nothing is proxied, nothing
 * is run, nothing is listed.
 *
 * A connection owns no buffer.  A request's head stays in TCP's receive
 * buffer until it is whole, and of an answer no more is made than TCP's send
 * buffer takes: a client that does not read costs its send buffer, one that
 * does not send costs a struct of some two hundred bytes.
 *
 * Files of up to HTTP_CACHE_FILE bytes are kept for HTTP_CACHE_US: so long a
 * change may go unseen.
 *
 * Limits: HTTP_* below and in http_request.h; service_conns of base/limits.h.
 */
#ifndef HOPD_SERVICE_HTTP_H
#define HOPD_SERVICE_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/instant.h"
#include "service/files.h"

struct stack;
struct http_conn;
struct tcp_listener;

#define HTTP_NAME_MAX	64	/* of a node; NUL included */
#define HTTP_ROOT_MAX	256	/* of a tree's path */
#define HTTP_BODY_MAX	(1u << 20)	/* of a request, thrown away */

/* How long a client may take: */
#define HTTP_HEAD_US	(INT64_C(15) * 1000000)	/* to send a whole head */
#define HTTP_IDLE_US	(INT64_C(75) * 1000000)	/* between requests */
#define HTTP_STALL_US	(INT64_C(300) * 1000000) /* without taking a byte */
#define HTTP_LINGER_US	(INT64_C(5) * 1000000)	/* to close after us */

#define HTTP_CACHE_SLOTS 64	/* small files kept */
#define HTTP_CACHE_FILE	6144	/* bytes of one */
#define HTTP_CACHE_US	1000000

struct http_stats {
	uint64_t accepted;	/* connections, ever */
	uint64_t refused;	/* connections: service_conns, memory */
	uint64_t requests;
	uint64_t answers[6];	/* by class: 1xx is [1] */
	uint64_t body_bytes;	/* of answers, given to TCP */
	uint64_t timeouts;	/* heads that did not end, answers not taken */
	uint32_t open;		/* connections now */
};

struct http_server {
	struct http_server *next;
	struct addr local;	/* all zero: every address of ours */
	uint16_t port;
	char name[HTTP_NAME_MAX];	/* of this node; "": none given */
	char root[HTTP_ROOT_MAX];	/* its tree; "": none.  "/": all */
	struct tcp_listener *listener;
	struct http_conn *conns;
	struct http_stats stats;
};

/* What an answer tells of a file. */
struct http_about {
	char tag[40];		/* with its quotes */
	char fields[128];	/* whole lines */
	uint32_t fields_len;
};

struct http_cached {
	char *path;		/* NULL: empty */
	char *data;		/* info.size bytes */
	struct file_info info;
	struct http_about about;
	struct instant until;
};

struct http_state {
	struct http_server *servers;	/* in the order of addition */
	struct files files;
	struct http_cached cache[HTTP_CACHE_SLOTS];
	char *buf;		/* HTTP_PIECE bytes of a file on their way */
	int64_t date_s;		/* what date says; 0: nothing yet */
	char date[32];
};

struct http_conf {
	struct addr local;	/* all zero: every address of ours */
	uint16_t port;
	const char *name;	/* NULL or "": none */
	const char *root;	/* NULL or "": no files */
};

/* 0, -EEXIST, -EINVAL (a text too long, a ".."), -EOPNOTSUPP (a root, and
 * there are no files), -EADDRINUSE, -ENOSPC, -ENOMEM. */
int http_add(struct stack *stk, const struct http_conf *conf,
    struct err *err);
/* 0 or -ENOENT.  Its connections are reset. */
int http_del(struct stack *stk, const struct addr *local, uint16_t port,
    struct err *err);
/* The server behind the last one, from NULL on. */
const struct http_server *http_next(const struct stack *stk,
    const struct http_server *last);
void http_fini(struct stack *stk);

#endif
