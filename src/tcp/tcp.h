/*
 * tcp.h - TCP (RFC 9293).
 *
 * So far hopd itself speaks no TCP: a segment to one of its own addresses is
 * answered as RFC 9293 3.10.7.1 answers for a closed port.
 */
#ifndef HOPD_TCP_TCP_H
#define HOPD_TCP_TCP_H

#include "base/addr.h"
#include "base/pkt.h"
#include "ip/ip.h"

struct stack;

struct tcp_state {
	uint64_t received, resets_sent;
};

int tcp_init(struct stack *stk);
void tcp_fini(struct stack *stk);

/* Consumes; data at the TCP header. */
void tcp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* An ICMP error speaks of a segment of ours.  Does not consume. */
void tcp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info);

/* Drains the ready list: stack_poll() calls it after the batch. */
void tcp_poll(struct stack *stk);

#endif
