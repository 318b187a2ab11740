/*
 * echo.h - ICMP echo as a client (RFC 792): what ping and traceroute send and
 * hear.
 *
 * An echo session has an identifier of its own.  Replies to it, and errors
 * about its requests, wait in it; its owner's ready() is called from
 * icmp_poll() and from nowhere else, and takes them by icmp_echo_next().
 *
 * Limits: limits.icmp_echoes sessions; ICMP_ECHO_EVENTS waiting in each, what
 * comes beyond them is dropped by name.
 */
#ifndef HOPD_ICMP_ECHO_H
#define HOPD_ICMP_ECHO_H

#include <sys/queue.h>

#include "base/addr.h"
#include "base/instant.h"
#include "base/pkt.h"
#include "ip/ip.h"

struct stack;
struct icmp_echo;

#define ICMP_ECHO_EVENTS	64
#define ICMP_ECHO_DATA_MAX	65507	/* 65535 less the two headers */

/* May close the session. */
typedef void icmp_echo_fn(struct stack *stk, struct icmp_echo *e);

struct icmp_echo_conf {
	struct addr src;		/* all zero: chosen by route */
	char ifname[PORT_NAME_MAX];	/* only by it; "": by any */
	uint8_t ttl;			/* 0: IP_DEFAULT_TTL */
	uint8_t tos;
	bool df;
	bool broadcast;			/* may ask broadcast addresses */
};

struct icmp_echo_event {
	uint8_t type, code;	/* ICMP_ECHO_REPLY, or of the error */
	uint8_t ttl;		/* of the packet that came */
	uint16_t seq;		/* of the request */
	uint32_t len;		/* bytes of a reply, its 8 of header in */
	uint32_t info;		/* MTU of "fragmentation needed" */
	struct addr from;
	struct instant when;
};

struct icmp_echo {
	LIST_ENTRY(icmp_echo) all;
	TAILQ_ENTRY(icmp_echo) ready_link;	/* while count is not 0 */
	icmp_echo_fn *ready;
	void *owner;
	struct icmp_echo_conf conf;
	uint16_t id;
	uint64_t turn;			/* of icmp_poll() when it got ready */
	bool waiting;			/* stands in the ready list */
	uint32_t first, count;		/* of the ring */
	struct icmp_echo_event ring[ICMP_ECHO_EVENTS];
};

/* -EADDRNOTAVAIL: src is not ours, -ENODEV: no such interface, -ENOSPC: too
 * many, -ENOMEM; 0 and *out. */
int icmp_echo_open(struct stack *stk, const struct icmp_echo_conf *conf,
    icmp_echo_fn *ready, void *owner, struct icmp_echo **out);
void icmp_echo_close(struct stack *stk, struct icmp_echo *e);

/* Sends a request with len bytes 0, 1, 2 ... as data.  ttl 0: the session's.
 * 0, -EMSGSIZE, -EACCES (broadcast not allowed), -ENOBUFS, -EAFNOSUPPORT, and
 * what ip_send() says. */
int icmp_echo_send(struct stack *stk, struct icmp_echo *e,
    const struct addr *dst, uint16_t seq, uint8_t ttl, uint32_t len);

/* The oldest event; false: none. */
bool icmp_echo_next(struct icmp_echo *e, struct icmp_echo_event *out);

/* ---- for icmp_input.c ---- */

/* A reply came, data at its ICMP header: consumes. */
void icmp_echo_reply(struct stack *stk, struct pkt *pkt,
    const struct ip_meta *m);
/* An error about an echo request of ours, whose first 8 bytes are at l4: was
 * it of a session that is still here? */
bool icmp_echo_error(struct stack *stk, const struct ip_meta *m,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info);

#endif
