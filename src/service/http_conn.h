/*
 * http_conn.h - what the files of the HTTP server share.
 */
#ifndef HOPD_SERVICE_HTTP_CONN_H
#define HOPD_SERVICE_HTTP_CONN_H

#include "base/timer.h"
#include "service/http.h"
#include "service/http_request.h"
#include "tcp/tcp.h"

#define HTTP_PIECE	65536	/* of a file, read in one go */
#define HTTP_TURN	(4 * HTTP_PIECE)	/* of files, in one call */
/* An answer's head and a page that is made here: so much room must be in the
 * send buffer before a request is looked at. */
#define HTTP_REPLY_MAX	8192

enum http_conn_state {
	HTTP_ST_HEAD,		/* for a request, or the rest of its head */
	HTTP_ST_SEND,		/* a file is on its way */
	HTTP_ST_SKIP,		/* a request's body is thrown away */
	HTTP_ST_LINGER,		/* all is said; the client is to close */
};

struct http_conn {
	struct http_conn *next, **prev;	/* of its server */
	struct http_server *server;
	struct tcp_conn *tcp;
	struct timer timer;
	/* When patience ends; the timer may stand earlier, and then looks
	 * again. */
	struct instant due;
	uint8_t state;		/* enum http_conn_state */
	bool close;		/* after this answer */
	bool chunked;		/* the request's body is */
	uint32_t scanned;	/* bytes of the head without its end */
	uint64_t requests;
	int file;		/* SEND; else -1 */
	uint64_t file_at, file_end;
	uint64_t skip_left;	/* SKIP: bytes of the body, or permitted */
	struct http_chunks chunks;
};

/* http_conn.c: a tcp_accept_fn; owner is the server. */
void http_acceptable(struct stack *stk, struct tcp_listener *l, void *owner);
/* Resets all connections of a server. */
void http_conns_drop(struct stack *stk, struct http_server *s);

/* http_reply.c: answers a request (the whole head is parsed, the room there):
 * writes head and made page, and leaves a file for SEND.  False: TCP did not
 * take it, the connection is of no use. */
bool http_answer(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq);
/* A refusal by status. */
bool http_refuse(struct stack *stk, struct http_conn *hc,
    const struct http_request *rq, int status);

/* http_cache.c: a small file, if it was filled in a moment ago. */
const struct http_cached *http_cache_find(struct stack *stk,
    const char *path);
/* Keeps an open file; NULL: it is too big, cannot be read, no memory. */
const struct http_cached *http_cache_fill(struct stack *stk, const char *path,
    int file, const struct file_info *info);
void http_cache_clear(struct stack *stk);
void http_file_about(const struct file_info *info, struct http_about *out);

/* http_page.c: the page that says who answered whom; returns its length. */
uint32_t http_whoami(struct stack *stk, const struct http_conn *hc,
    const struct http_request *rq, char *buf, uint32_t size);

#endif
