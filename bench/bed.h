/*
 * bed.h - what the measurements of the stack alone stand on: a port that costs
 * what a TAP costs without its system calls, with one known host behind it.
 *
 * The reader of frames is each measurement's own.  Errors end the program.
 */
#ifndef HOPD_BENCH_BED_H
#define HOPD_BENCH_BED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "port/port.h"

struct stack;

/* Ends the program and says what was wrong, unless it is good. */
void need(bool good, const char *what);

/* Nanoseconds of the processor that this program took. */
double ns_now(void);

/* The two sides of the n-th wire. */
static inline struct mac
bed_mac(uint8_t n)
{
	return (struct mac){ { 2, 0, 0, 0, 0, n } };
}

static inline struct mac
bed_far_mac(uint8_t n)
{
	return (struct mac){ { 2, 0, 0, 0, 1, n } };
}

/* Makes the n-th port: its address, and a host that needs no ARP. */
void bed_port(struct stack *stk, struct port *port,
    const struct port_ops *ops, const char *name, uint8_t n,
    struct ip4_prefix own, struct ip4 host, uint32_t offload);

/* For port_ops: the port is its owner's memory. */
void bed_port_close(struct port *port, struct mem *mem);

/* A wire on which frames of so many flows come: its reader makes each when it
 * is asked for it, of the number of the flow.  What leaves by it is counted. */
struct bed_wire {
	struct port port;	/* first: the two are one object */
	const uint32_t *flow;	/* who sends next */
	uint32_t count;		/* of those who will */
	uint64_t sent;
};

/* For port_ops: the flow of the next frame; false: there is none left. */
bool bed_wire_next(struct port *port, uint32_t *flow);
int bed_wire_send(struct port *port, const struct pkt *pkt);

/* Flows are told apart by their clients, fifty thousand of each address. */
#define BED_CLIENT_NET	IP4(172, 16, 0, 0)
struct ip4 bed_client(uint32_t flow);
uint16_t bed_client_port(uint32_t flow);

/* Has these flows send a frame each, all of which must leave by the other wire;
 * nanoseconds of one.  The time of the stack goes on in *now_us. */
double bed_pass(struct stack *stk, int64_t *now_us, struct bed_wire *from,
    const struct bed_wire *to, const uint32_t *flow, uint32_t count);

/* A route by a gateway behind that port. */
void bed_route(struct stack *stk, struct ip4_prefix dst,
    const struct port *port, struct ip4 gateway);

#endif
