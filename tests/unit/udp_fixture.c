/*
 * udp_fixture.c - sockets whose owner notes what it is told, and text as
 * datagrams.
 */
#include "unit/udp_fixture.h"

#include <errno.h>
#include <string.h>

void
note_ready(struct stack *s, struct udp_sock *sock, unsigned events)
{
	struct note *n = sock->owner;

	ck_assert_ptr_eq(s, stk);
	n->calls++;
	n->events |= events;
}

struct udp_sock *
note_sock(struct note *n)
{
	struct udp_sock *s = udp_open(stk, note_ready, n);

	ck_assert_ptr_nonnull(s);
	*n = (struct note){ 0 };
	return s;
}

struct udp_sock *
note_sock_on(struct note *n, struct ip4 ip, uint16_t lport)
{
	struct udp_sock *s = note_sock(n);
	struct addr a = addr_from_ip4(ip);

	ck_assert_int_eq(udp_bind(stk, s, &a, lport), 0);
	return s;
}

struct unit_frame
udp_datagram(uint16_t dport, const char *text)
{
	return (struct unit_frame){ .dst = US_MAC, .src = PEER_MAC,
	    .sip = PEER, .dip = US, .proto = IPPROTO_UDP4, .sport = 5000,
	    .dport = dport, .payload = text,
	    .payload_len = (uint32_t)strlen(text) };
}

void
udp_feed(uint16_t dport, const char *text)
{
	struct unit_frame f = udp_datagram(dport, text);

	unit_feed(stk, port, &f);
}

struct udp_from
udp_expect_text(struct udp_sock *s, const char *text)
{
	struct udp_from from;
	char buf[2048];
	ssize_t n = udp_recv(stk, s, buf, sizeof(buf), &from);

	ck_assert_msg(n == (ssize_t)strlen(text), "got %zd, not \"%s\"", n,
	    text);
	ck_assert_int_eq(memcmp(buf, text, (size_t)n), 0);
	return from;
}

void
udp_expect_none(struct udp_sock *s)
{
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, NULL), -EAGAIN);
}

int
udp_send_text(struct udp_sock *s, struct ip4 ip, uint16_t dport,
    const char *text)
{
	struct addr a = addr_from_ip4(ip);

	return udp_send(stk, s, &a, dport, text, (uint32_t)strlen(text), 0);
}
