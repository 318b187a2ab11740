/*
 * tcp_cc.h - congestion control behind one small struct of operations.
 *
 * What is common to all stands outside: slow start and its exit (HyStart++),
 * recovery, PRR, the undo.  An algorithm says how cwnd grows in congestion
 * avoidance and what is left of it after a loss.
 */
#ifndef HOPD_TCP_TCP_CC_H
#define HOPD_TCP_TCP_CC_H

#include <stdint.h>

#include "base/instant.h"

struct stack;
struct tcp_acked;
struct tcp_conn;

struct cc_newreno {
	uint32_t acked;		/* bytes since cwnd last grew */
};

/* RFC 9438 4.1.2, in bytes and milliseconds. */
struct cc_cubic {
	struct instant epoch;	/* INSTANT_NEVER: no epoch yet */
	uint32_t w_max, prior_cwnd;
	uint32_t k_ms;
	uint32_t w_est;
	uint32_t acked, est_acked;	/* not yet turned into growth */
};

union tcp_cc_priv {
	struct cc_newreno newreno;
	struct cc_cubic cubic;
};

struct tcp_cc_ops {
	const char *name;
	void (*init)(struct tcp_conn *c);
	/* acked bytes arrived in congestion avoidance, cwnd was in use. */
	void (*avoid)(struct stack *stk, struct tcp_conn *c, uint32_t acked);
	/* A loss or a mark: what ssthresh becomes (bytes). */
	uint32_t (*reduce)(struct stack *stk, struct tcp_conn *c);
	/* RTO, idle: the past is no guide. */
	void (*restart)(struct tcp_conn *c);
};

extern const struct tcp_cc_ops cc_newreno, cc_cubic;

/* That of the connection's settings. */
const struct tcp_cc_ops *tcp_cc(const struct tcp_conn *c);

/* One ACK that opens the window: slow start or avoidance. */
void tcp_cc_acked(struct stack *stk, struct tcp_conn *c,
    const struct tcp_acked *a);
/* RFC 5681 4.1: nothing was sent for an RTO. */
void tcp_cc_idle(struct stack *stk, struct tcp_conn *c);
void tcp_cc_start(struct tcp_conn *c);		/* initial window */
/* Bytes a second that cwnd lets out; 0: not yet known. */
uint64_t tcp_send_rate(const struct tcp_conn *c);
/* The same with conf->pacing, else 0. */
uint64_t tcp_pacing_rate(const struct tcp_conn *c);

#endif
