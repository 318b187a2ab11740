/*
 * host_fixture.h - one host with two ports, a neighbour known on each: what
 * the tests of ICMP and UDP stand on.
 */
#ifndef HOPD_TESTS_HOST_FIXTURE_H
#define HOPD_TESTS_HOST_FIXTURE_H

#include "unit/unit.h"

#define US	IP4(10, 0, 0, 1)	/* on port "a" */
#define US_B	IP4(10, 0, 1, 1)	/* on port "b" */
#define PEER	IP4(10, 0, 0, 2)	/* behind a */
#define PEER_B	IP4(10, 0, 1, 2)	/* behind b */
#define US_MAC		((struct mac){ { 2, 0, 0, 0, 0, 1 } })
#define PEER_MAC	((struct mac){ { 2, 0, 0, 0, 0, 2 } })

extern struct stack *stk;
extern struct port *port, *port_b;

void host_setup(void);
void host_setup_offload(uint32_t offload);	/* PORT_* of both ports */
void host_teardown(void);

/* Throws away what the stack sent. */
void host_flush(struct port *p);
/* The counter of why stands at times. */
void host_expect_drop(enum drop why, uint64_t times);

/* An ICMP message from PEER to US. */
struct unit_frame host_icmp(uint8_t type, uint32_t rest, const void *data,
    uint32_t len);
/* An ICMP error to US that quotes the first bytes of f's IP packet. */
void host_feed_error(const struct unit_frame *f, uint8_t type, uint8_t code,
    uint32_t rest, uint32_t quote);

#endif
