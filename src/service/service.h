/*
 * service.h - small services on hopd's own addresses: echo (RFC 862), discard
 * (RFC 863), chargen (RFC 864), daytime (RFC 867), each by UDP and by TCP.
 *
 * All are off until started by name.  They answer from every address of ours.
 * By UDP they answer nothing that was sent to a group and nobody on a reserved
 * port: so two such services never talk to each other for ever.
 *
 * Limit: service_conns of base/limits.h, for all of them and HTTP together.
 */
#ifndef HOPD_SERVICE_SERVICE_H
#define HOPD_SERVICE_SERVICE_H

#include "base/err.h"
#include "service/http.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

struct stack;

enum service_id {
	SERVICE_ECHO, SERVICE_DISCARD, SERVICE_DAYTIME, SERVICE_CHARGEN,
	SERVICE_COUNT
};

struct service_conn;

struct service {
	enum service_id id;
	struct udp_sock *udp;	/* NULL: off */
	struct tcp_listener *listener;	/* on and off with udp */
	struct service_conn *conns;
	uint64_t requests;	/* datagrams that came */
	uint64_t replies;
	uint64_t refused;	/* requests that may not be answered */
	uint64_t accepted;	/* connections, ever */
	uint32_t open;		/* now */
};

struct service_state {
	struct service of[SERVICE_COUNT];
	uint32_t conns;		/* of all services, HTTP too */
	char *pattern;		/* chargen's, by TCP; NULL: it is off */
	struct http_state http;
};

/* "echo", 7 and so on. */
const char *service_name(enum service_id id);
uint16_t service_port(enum service_id id);

/* 0, -ENOENT (no such service), -EALREADY (it runs), -EADDRINUSE, -ENOMEM. */
int service_start(struct stack *stk, const char *name, struct err *err);
/* 0, or -ENOENT: no such service, or it does not run.  Connections to it are
 * reset. */
int service_stop(struct stack *stk, const char *name, struct err *err);
void service_fini(struct stack *stk);	/* stops all, and HTTP */

/* NULL: it is off. */
const struct service *service_get(const struct stack *stk,
    enum service_id id);

/* ---- between the files of this room ---- */

#define SERVICE_TEXT_MAX 512	/* RFC 864: a datagram of chargen at most */
#define CHARGEN_PERIOD	(95 * 74)	/* bytes until the pattern repeats */

/* "Saturday, November 21, 2026 10:48:26-UTC\r\n"; returns its length. */
uint32_t daytime_format(int64_t unix_us, char buf[SERVICE_TEXT_MAX]);
/* len bytes of chargen's pattern. */
void chargen_fill(char *buf, uint32_t len);

/* Listens on the service's port: 0, -EADDRINUSE, -ENOSPC, -ENOMEM. */
int service_tcp_start(struct stack *stk, struct service *sv);
void service_tcp_stop(struct stack *stk, struct service *sv);
/* A place among service_conns, or false; service_conn_leave() gives it back. */
bool service_conn_enter(struct stack *stk);
void service_conn_leave(struct stack *stk);

#endif
