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

/* A route by a gateway behind that port. */
void bed_route(struct stack *stk, struct ip4_prefix dst,
    const struct port *port, struct ip4 gateway);

#endif
