/*
 * fault_bed.h - a router, director and host with traffic of every kind, for
 * tests in which something fails on the way.
 *
 *   client 192.168.1.10 -- cl [hopd] sv -- 10.0.0.11, .12; .40 unresolved
 */
#ifndef HOPD_TESTS_FAULT_BED_H
#define HOPD_TESTS_FAULT_BED_H

#include "unit/ctl_unit.h"

/* What came out of both ports since the last fault_traffic(). */
struct fault_seen {
	unsigned routed;	/* datagrams to 10.0.0.11:9 */
	unsigned resolved;	/* and to .40, which ARP must find first */
	unsigned echoed;	/* answers of our own UDP echo service */
	unsigned whole;		/* answers to a datagram in fragments */
	unsigned unreachable;	/* ICMP errors */
	unsigned nat, dr, tun, fullnat;	/* SYNs that reached a server */
	unsigned persistent;
	unsigned accepted;	/* our own TCP: SYN, ACK */
	unsigned data;		/* its echo of 100 bytes */
	unsigned back;		/* a FULLNAT server's answer, to the client */
	unsigned source;	/* passed on by its source route */
	unsigned reports;	/* of IGMP: joined */
	unsigned fast;		/* data in a SYN taken, by a cookie */
	unsigned pages;		/* answers of the HTTP server */
	unsigned tunnelled;	/* by our own tunnel */
	bool narrow;		/* the path to the client is known to be */
};

struct fault_bed {
	struct ctl_unit *u;
	struct stack *stk;
	struct tcp_listener *listener;
	struct tcp_conn *conn;
	struct fault_seen seen;
	uint32_t isn, http_isn;	/* of our TCP */
	uint32_t fullnat_seq;	/* what a FULLNAT server got: its number, */
	uint16_t fullnat_port;	/* and from where */
	uint8_t cookie[TCP_FO_COOKIE];
	bool has_cookie;
	uint16_t sport;		/* of the traffic under way */
};

/* The configuration of the bed, and one that changes all of it. */
extern const char fault_config[], fault_config_other[];

/* Nothing configured. */
struct fault_bed *fault_bed_new(void);
/* Configured, listening; nothing fails. */
struct fault_bed *fault_bed_up(void);
/* Ends with the checks of stack_free(). */
void fault_bed_down(struct fault_bed *b);
/* Opens the TCP listener: 0, or -ENOMEM. */
int fault_listen(struct fault_bed *b);

/* Frames of everything that the bed does, one kind after the other; sport is
 * the client's port.  Nothing is expected; b->seen tells what came out. */
void fault_traffic(struct fault_bed *b, uint16_t sport);
/* All of it must have worked. */
void fault_expect_all(const struct fault_bed *b);

#endif
