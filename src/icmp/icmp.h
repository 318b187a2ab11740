/*
 * icmp.h - ICMP (RFC 792, RFC 1122 3.2.2, RFC 1812 4.3): echo, errors out,
 * errors in to whom they concern.
 */
#ifndef HOPD_ICMP_ICMP_H
#define HOPD_ICMP_ICMP_H

#include <sys/queue.h>

#include "base/addr.h"
#include "base/hash.h"
#include "base/instant.h"
#include "base/pkt.h"
#include "ip/ip.h"

struct stack;
struct icmp_echo;

#define ICMP_HLEN		8
#define ICMP_OFF_CSUM		2

#define ICMP_ECHO_REPLY		0
#define ICMP_UNREACH		3
#define ICMP_REDIRECT		5
#define ICMP_ECHO		8
#define ICMP_TIME_EXCEEDED	11
#define ICMP_PARAM_PROBLEM	12
#define ICMP_TIMESTAMP		13
#define ICMP_TIMESTAMP_REPLY	14
#define ICMP_TIMESTAMP_LEN	20

#define ICMP_UNREACH_NET	0
#define ICMP_UNREACH_HOST	1
#define ICMP_UNREACH_PROTO	2
#define ICMP_UNREACH_PORT	3
#define ICMP_UNREACH_FRAG	4
#define ICMP_UNREACH_ADMIN	13

#define ICMP_ERROR_MAX		576	/* RFC 1812 4.3.2.3, with IP header */
#define ICMP_BUCKETS		1024

/* A token bucket that holds one second's worth at most. */
struct icmp_bucket {
	struct instant filled;	/* when it was last topped up */
	int64_t micro;		/* millionths of a message that may go out */
};

struct icmp_state {
	struct hash_key key;		/* destination to bucket */
	struct icmp_bucket all;		/* limits.icmp_per_sec */
	struct icmp_bucket dest[ICMP_BUCKETS];	/* limits.icmp_per_dest */
	bool echo_group;	/* answer an echo to a broadcast or multicast
				 * address (RFC 1122 3.2.2.6); default no */
	LIST_HEAD(, icmp_echo) echoes;	/* sessions: icmp/echo.h */
	TAILQ_HEAD(, icmp_echo) ready;	/* with something to tell */
	uint32_t echo_count;
	uint64_t turn;			/* calls of icmp_poll() so far */
	uint64_t sent_errors, sent_replies, received;
};

int icmp_init(struct stack *stk);	/* 0; allocates nothing */
void icmp_fini(struct stack *stk);

/* Consumes; data at the ICMP header. */
void icmp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* Sends an error about the packet whose IP header is at pkt->l3, if the rules
 * (RFC 1122 3.2.2, RFC 1812 4.3.2.7) and the rate limits let it.  info: MTU of
 * "fragmentation needed", pointer of a parameter problem, gateway of a
 * redirect (host order).  Does not consume pkt. */
void icmp_error(struct stack *stk, const struct pkt *pkt, uint8_t type,
    uint8_t code, uint32_t info);

/* Tells the owners of echo sessions what came; stack_poll() calls it after the
 * batch.  What becomes ready meanwhile waits for the next turn. */
void icmp_poll(struct stack *stk);
bool icmp_pending(const struct stack *stk);	/* is anyone to be told? */

#endif
