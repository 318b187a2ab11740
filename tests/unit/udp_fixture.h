/*
 * udp_fixture.h - sockets whose owner notes what it is told, and text as
 * datagrams.
 */
#ifndef HOPD_TESTS_UDP_FIXTURE_H
#define HOPD_TESTS_UDP_FIXTURE_H

#include "unit/host_fixture.h"

/* An owner that notes what it was told. */
struct note {
	unsigned calls, events;
};

udp_ready_fn note_ready;
struct udp_sock *note_sock(struct note *n);	/* clears the note */
/* Bound to ip (any: 0.0.0.0) and lport. */
struct udp_sock *note_sock_on(struct note *n, struct ip4 ip, uint16_t lport);

/* From PEER, port 5000, to US. */
struct unit_frame udp_datagram(uint16_t dport, const char *text);
void udp_feed(uint16_t dport, const char *text);
int udp_send_text(struct udp_sock *s, struct ip4 ip, uint16_t dport,
    const char *text);

/* The next datagram of s is this text. */
struct udp_from udp_expect_text(struct udp_sock *s, const char *text);
void udp_expect_none(struct udp_sock *s);

#endif
