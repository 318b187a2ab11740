/*
 * tcp_pair.h - two stacks joined by a wire, in virtual time: delay, rate with
 * a drop-tail queue, and seeded loss, reordering and duplication, each way.
 *
 * Stack 0 is 10.0.0.1, stack 1 is 10.0.0.2.  The ports speak bare IP.
 */
#ifndef HOPD_TESTS_TCP_PAIR_H
#define HOPD_TESTS_TCP_PAIR_H

#include "tcp/tcp.h"
#include "unit/unit.h"

struct wire_conf {
	int64_t delay_us;	/* one way */
	uint64_t rate;		/* bytes a second; 0: no limit */
	uint32_t queue;		/* bytes; with a rate */
	uint32_t loss;		/* of a million frames */
	uint32_t reorder;	/* of a million: delayed by reorder_us more */
	int64_t reorder_us;
	uint32_t dup;		/* of a million: twice */
	bool mark;		/* ECN: mark instead of drop when half full */
	uint32_t ce;		/* of a million that may be: marked */
};

struct wire_frame;

struct pair {
	struct stack *stk[2];
	struct port *port[2];
	struct wire_conf wire[2];	/* [i]: from stack i to the other */
	struct instant busy[2];		/* the wire sends until then */
	struct wire_frame *flying, *last;	/* by arrival */
	uint64_t order;			/* of entry: ties */
	struct rng rng;
	struct instant now;
	uint64_t frames[2], lost[2], bytes[2];
	uint64_t marked[2];		/* segments, with CE */
	uint64_t marked_bytes[2];	/* of TCP payload */
	/* Sees every frame that enters the wire; false: lose it. */
	bool (*filter)(void *arg, int from, const struct mem_frame *f);
	void *filter_arg;
};

/* seed decides the wire's faults and the stacks' secrets. */
struct pair *pair_new(uint8_t seed, uint32_t mtu, uint32_t offload);
void pair_free(struct pair *p);
void pair_wire(struct pair *p, const struct wire_conf *both);
/* Moves time; after every turn the connections' invariants are checked. */
void pair_run_until(struct pair *p, int64_t us);
struct addr pair_addr(int i);

/* One end of a transfer: sends `total` bytes of a pattern that depends on
 * `salt`, checks that what it reads is the other's pattern, closes when both
 * directions are done. */
struct pair_app {
	struct pair *p;
	int side;
	struct tcp_conn *c;
	uint64_t total, sent, received;
	uint8_t salt, peer_salt;
	bool connected, eof, closed, keep;	/* keep: no close at the end */
	bool stop_reading;
	int error;
	int64_t done_us;	/* when EOF was read */
};

/* Byte `at` of the stream of this salt. */
uint8_t pair_pattern(uint64_t at, uint8_t salt);
void pair_app_ready(struct stack *stk, struct tcp_conn *c, void *owner);
/* side listens on port; app takes the first connection. */
struct tcp_listener *pair_serve(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app);
void pair_connect(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app);
/* As pair_connect, the first n bytes handed to tcp_connect() itself. */
void pair_connect_data(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app, uint32_t n);
/* Runs until both apps have closed or the time is over. */
void pair_run_apps(struct pair *p, struct pair_app *a, struct pair_app *b,
    int64_t until_us);

#endif
