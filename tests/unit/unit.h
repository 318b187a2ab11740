/*
 * unit.h - what every unit test stands on: the check library behind one
 * header, a stack with memory ports in virtual time, and frames by hand.
 *
 * A test is arrange / feed / expect.  Time starts at 0 us and moves only by
 * unit_run_until(); frames the stack sends wait in its memory ports.
 */
#ifndef HOPD_TESTS_UNIT_H
#define HOPD_TESTS_UNIT_H

#include <check.h>
#include <stdint.h>

#include "port/mem_port.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

/* Runs a suite and prints TAP; the exit status of main(). */
int unit_main(Suite *s);

/* A stack with seed 1, default limits (small pools), time 0, no log. */
struct stack *unit_stack(void);
/* As above with the n-th allocation failing; may return NULL. */
struct stack *unit_stack_failing(uint64_t n);
/* Frees it: asserts that no packet and no memory leaked. */
void unit_stack_free(struct stack *stk);

/* Adds a memory port (Ethernet, MTU 1500) of MAC 02:00:00:00:00:<last> with
 * address "10.0.0.1/24" (NULL: none). */
struct port *unit_port(struct stack *stk, const char *name, uint8_t last,
    const char *address);
struct port *unit_port_offload(struct stack *stk, const char *name,
    uint8_t last, const char *address, uint32_t offload);

/* Moves virtual time to us, running everything due in order on the way. */
void unit_run_until(struct stack *stk, int64_t us);
/* One turn at the present time: reads what was given. */
void unit_poll(struct stack *stk);

/* Bytes from hex text; spaces ignored.  Returns the length. */
uint32_t unit_hex(uint8_t *dst, uint32_t max, const char *hex);

/* Fields of a frame to build; zero fields take the defaults named here. */
struct unit_frame {
	struct mac dst, src;	/* Ethernet; required */
	struct ip4 sip, dip;
	uint8_t proto;
	uint8_t ttl;		/* 64 */
	uint8_t tos;
	uint16_t id, frag;	/* frag: IP_DF, IP_MF, offset */
	uint16_t sport, dport;	/* TCP, UDP */
	uint32_t seq, ack;	/* TCP */
	uint16_t flags;		/* TCP */
	uint16_t window;	/* TCP; 65535 */
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest;	/* second word: id and sequence, MTU */
	const void *options;	/* TCP options, padded to 4 by the caller */
	uint32_t options_len;
	const void *payload;
	uint32_t payload_len;
	bool bad_csum;		/* of the transport */
	const void *ip_options;	/* padded to 4 by the caller */
	uint32_t ip_options_len;
	bool raw;		/* payload is all: no transport header */
};
/* Builds it with right checksums; returns its length. */
uint32_t unit_frame_build(uint8_t *dst, uint32_t max,
    const struct unit_frame *f);
/* Builds, gives to the port and polls once. */
void unit_feed(struct stack *stk, struct port *port,
    const struct unit_frame *f);
void unit_feed_bytes(struct stack *stk, struct port *port, const void *p,
    uint32_t len);

/* An ARP or RARP message (by its op) in a frame to dst, from msg->sha. */
void unit_feed_arp(struct stack *stk, struct port *port, struct mac dst,
    const struct arp_msg *msg);

/* Takes all packets of the pool but so many of either size, until they are
 * given back. */
struct unit_hog {
	struct pkt_queue taken;
	uint32_t small_max, large_max;	/* of the pool, before */
};
void unit_hog_take(struct stack *stk, struct unit_hog *hog, uint32_t small,
    uint32_t large);
void unit_hog_free(struct stack *stk, struct unit_hog *hog);

/* A permanent neighbour, so that tests neither resolve nor see probes. */
void unit_neighbour(struct stack *stk, const char *ifname, const char *ip,
    uint8_t last);

/* The next frame that the stack sent on port, taken apart; fails the test if
 * there is none or if any checksum in it is wrong.  Payload points into f,
 * which unit_seen_free() frees. */
struct unit_seen {
	struct mem_frame *frame;
	struct port *port;
	struct eth_hdr eth;
	struct arp_msg arp;	/* if eth.type is ARP or RARP */
	struct ip4_hdr ip;	/* if it is IPv4 */
	uint16_t sport, dport;	/* TCP, UDP */
	uint32_t seq, ack;
	uint16_t flags;
	uint16_t window;
	uint8_t icmp_type, icmp_code;
	uint32_t icmp_rest;
	const uint8_t *l4;	/* transport header */
	uint32_t l4_len;
	const uint8_t *payload;
	uint32_t payload_len;
};
struct unit_seen unit_expect(struct port *port);
void unit_seen_free(struct unit_seen *s);
/* Fails the test if the stack sent anything. */
void unit_expect_nothing(struct port *port);
/* Throws away all that the stack sent; returns how many frames. */
unsigned unit_drain(struct port *port);

#endif
