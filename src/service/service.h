/*
 * service.h - small services on hopd's own addresses: echo (RFC 862), discard
 * (RFC 863), chargen (RFC 864), daytime (RFC 867).
 *
 * All are off until started by name.  They answer from every address of ours,
 * but nothing that was sent to a group and nobody on a reserved port: so two
 * such services never talk to each other for ever.
 */
#ifndef HOPD_SERVICE_SERVICE_H
#define HOPD_SERVICE_SERVICE_H

#include "base/err.h"
#include "udp/udp.h"

struct stack;

enum service_id {
	SERVICE_ECHO, SERVICE_DISCARD, SERVICE_DAYTIME, SERVICE_CHARGEN,
	SERVICE_COUNT
};

struct service {
	enum service_id id;
	struct udp_sock *udp;	/* NULL: off */
	uint64_t requests;	/* datagrams that came */
	uint64_t replies;
	uint64_t refused;	/* requests that may not be answered */
};

struct service_state {
	struct service of[SERVICE_COUNT];
};

const char *service_name(enum service_id id);
uint16_t service_port(enum service_id id);

/* 0, -ENOENT (no such service), -EALREADY (it runs), -EADDRINUSE, -ENOMEM. */
int service_start(struct stack *stk, const char *name, struct err *err);
/* 0, or -ENOENT: no such service, or it does not run. */
int service_stop(struct stack *stk, const char *name, struct err *err);
void service_fini(struct stack *stk);	/* stops all */

/* NULL: it is off. */
const struct service *service_get(const struct stack *stk,
    enum service_id id);

/* ---- between the files of this room ---- */

#define SERVICE_TEXT_MAX 512	/* RFC 864: a datagram of chargen at most */

/* "Saturday, November 21, 2026 10:48:26-UTC\r\n"; returns its length. */
uint32_t daytime_format(int64_t unix_us, char buf[SERVICE_TEXT_MAX]);
/* len bytes of chargen's pattern. */
void chargen_fill(char *buf, uint32_t len);

#endif
