/*
 * test_udp.c - datagrams in and out of sockets: validation, who gets what,
 * queues, readiness, errors, super-frames.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"

#define US	IP4(10, 0, 0, 1)
#define PEER	IP4(10, 0, 0, 2)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct addr any;

static struct stack *stk;
static struct port *port, *port_b;

static void
flush(struct port *p)
{
	while (mem_port_sent(p) > 0)
		mem_port_free(p, mem_port_take(p));
}

static void
setup(void)
{
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
	port_b = unit_port(stk, "b", 9, "10.0.1.1/24");
	unit_neighbour(stk, "a", "10.0.0.2", 2);
	unit_neighbour(stk, "b", "10.0.1.2", 2);
	flush(port);
	flush(port_b);
}

static void
teardown(void)
{
	unit_stack_free(stk);
}

/* An owner that notes what it was told. */
struct note {
	unsigned calls, events;
};

static void
note_ready(struct stack *s, struct udp_sock *sock, unsigned events)
{
	struct note *n = sock->owner;

	ck_assert_ptr_eq(s, stk);
	n->calls++;
	n->events |= events;
}

static struct udp_sock *
sock_open(struct note *n)
{
	struct udp_sock *s = udp_open(stk, note_ready, n);

	ck_assert_ptr_nonnull(s);
	*n = (struct note){ 0 };
	return s;
}

/* A socket on addr (0: any) and port. */
static struct udp_sock *
sock_on(struct note *n, struct ip4 ip, uint16_t lport)
{
	struct udp_sock *s = sock_open(n);
	struct addr a = addr_from_ip4(ip);

	ck_assert_int_eq(udp_bind(stk, s, &a, lport), 0);
	return s;
}

static struct unit_frame
datagram(uint16_t dport, const char *text)
{
	return (struct unit_frame){ .dst = us_mac, .src = peer_mac,
	    .sip = PEER, .dip = US, .proto = IPPROTO_UDP4, .sport = 5000,
	    .dport = dport, .payload = text,
	    .payload_len = (uint32_t)strlen(text) };
}

static void
feed(uint16_t dport, const char *text)
{
	struct unit_frame f = datagram(dport, text);

	unit_feed(stk, port, &f);
}

/* The next datagram of s is this text; "" also matches an empty one. */
static struct udp_from
expect_text(struct udp_sock *s, const char *text)
{
	struct udp_from from;
	char buf[2048];
	ssize_t n = udp_recv(stk, s, buf, sizeof(buf), &from);

	ck_assert_msg(n == (ssize_t)strlen(text), "got %zd, not \"%s\"", n,
	    text);
	ck_assert_int_eq(memcmp(buf, text, (size_t)n), 0);
	return from;
}

static void
expect_none(struct udp_sock *s)
{
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, NULL), -EAGAIN);
}

static int
send_text(struct udp_sock *s, struct ip4 ip, uint16_t dport, const char *text)
{
	struct addr a = addr_from_ip4(ip);

	return udp_send(stk, s, &a, dport, text, (uint32_t)strlen(text), 0);
}

static void
expect_drop(enum drop why, uint64_t times)
{
	ck_assert_msg(stk->drop.count[why] == times, "%s: %llu, not %llu",
	    drop_rows[why].name, (unsigned long long)stk->drop.count[why],
	    (unsigned long long)times);
}

/* ---- validation ---- */

START_TEST(no_port_is_answered)
{
	struct unit_seen s;

	feed(99, "hello");
	expect_drop(DROP_UDP_NO_PORT, 1);
	s = unit_expect(port);
	ck_assert_uint_eq(s.icmp_type, ICMP_UNREACH);
	ck_assert_uint_eq(s.icmp_code, ICMP_UNREACH_PORT);
	ck_assert_uint_eq(s.payload_len, 20 + 8 + 5);
	unit_seen_free(&s);
}
END_TEST

START_TEST(no_port_of_a_group_is_silence)
{
	struct unit_frame f = datagram(99, "hello");

	f.dip = IP4(10, 0, 0, 255);
	f.dst = MAC_BROADCAST;
	unit_feed(stk, port, &f);
	expect_drop(DROP_UDP_NO_PORT, 1);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(bad_checksum)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = datagram(99, "hello");

	f.bad_csum = true;
	unit_feed(stk, port, &f);
	expect_drop(DROP_UDP_CSUM, 1);
	ck_assert_uint_eq(n.calls, 0);
	expect_none(s);
}
END_TEST

/* RFC 768: no checksum is a checksum of zero. */
START_TEST(checksum_zero_is_accepted)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = datagram(99, "hello");
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	be16_put(frame + 40, 0);
	unit_feed_bytes(stk, port, frame, len);
	expect_text(s, "hello");
}
END_TEST

/* The length of the header: lies are dropped, less than IP's is a trailer. */
START_TEST(length_field)
{
	static const struct {
		uint16_t len;
		int got;	/* bytes delivered, or -1 */
	} rows[] = { { 0, -1 }, { 7, -1 }, { 8, 0 }, { 10, 2 }, { 13, 5 },
	    { 14, -1 }, { 65535, -1 } };
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = datagram(99, "hello");
	uint64_t bad = 0;

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t frame[128];
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

		be16_put(frame + 38, rows[i].len);
		be16_put(frame + 40, 0);
		unit_feed_bytes(stk, port, frame, len);
		if (rows[i].got < 0) {
			expect_drop(DROP_UDP_SHORT, ++bad);
			expect_none(s);
		} else {
			char buf[8];

			ck_assert_int_eq(udp_recv(stk, s, buf, 8, NULL),
			    rows[i].got);
		}
	}
}
END_TEST

START_TEST(header_cut_off)
{
	struct unit_frame f = datagram(99, "");

	for (uint16_t len = 0; len < UDP_HLEN; len++) {
		uint8_t frame[64] = { 0 };

		unit_frame_build(frame, sizeof(frame), &f);
		ip4_set_len(frame + 14, (uint16_t)(IP4_HLEN + len));
		unit_feed_bytes(stk, port, frame, 60);
	}
	expect_drop(DROP_UDP_SHORT, UDP_HLEN);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(udp_discard_mcast_source_addr)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = datagram(99, "hello");

	f.sip = IP4(224, 1, 2, 3);
	unit_feed(stk, port, &f);
	expect_drop(DROP_IP_MARTIAN_SRC, 1);
	expect_none(s);
	unit_expect_nothing(port);
}
END_TEST

/* ---- readiness ---- */

START_TEST(owner_is_told_once_for_all)
{
	struct unit_frame f = datagram(99, "one");
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	ck_assert_uint_eq(n.calls, 0);
	unit_poll(stk);
	ck_assert_uint_eq(n.calls, 1);
	ck_assert_uint_eq(n.events, UDP_READ);
	unit_poll(stk);
	ck_assert_uint_eq(n.calls, 1);
	expect_text(s, "one");
	expect_text(s, "one");
	expect_none(s);
}
END_TEST

static void
close_both(struct stack *st, struct udp_sock *s, unsigned events)
{
	struct udp_sock **pair = s->owner;

	(void)events;
	for (int i = 0; i < 2; i++) {
		if (pair[i] != NULL)
			udp_close(st, pair[i]);
		pair[i] = NULL;
	}
}

/* An owner may close any socket, ready ones too. */
START_TEST(closing_while_being_told)
{
	struct udp_sock *pair[2];
	uint8_t frame[128];

	for (unsigned i = 0; i < 2; i++) {
		struct unit_frame f = datagram((uint16_t)(99 + i), "x");
		uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

		pair[i] = udp_open(stk, close_both, pair);
		ck_assert_int_eq(udp_bind(stk, pair[i], &any,
		    (uint16_t)(99 + i)), 0);
		ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	}
	unit_poll(stk);
	ck_assert_ptr_null(pair[0]);
	ck_assert_ptr_null(pair[1]);
	ck_assert_uint_eq(stk->udp.count, 0);
}
END_TEST

static void
echo_back(struct stack *st, struct udp_sock *s, unsigned events)
{
	unsigned *rounds = s->owner;
	struct udp_from from;
	char buf[16];
	ssize_t n;

	(void)events;
	while ((n = udp_recv(st, s, buf, sizeof(buf), &from)) >= 0) {
		++*rounds;
		ck_assert_int_eq(udp_reply(st, s, &from, buf, (uint32_t)n),
		    0);
	}
}

/* Two that answer each other for ever take turns of the stack: each poll ends
 * and the rest of the stack goes on. */
START_TEST(loop_of_two_sockets_starves_nobody)
{
	unsigned rounds[2] = { 0, 0 };
	struct udp_sock *s[2];

	for (unsigned i = 0; i < 2; i++) {
		s[i] = udp_open(stk, echo_back, &rounds[i]);
		ck_assert_int_eq(udp_bind(stk, s[i], &any,
		    (uint16_t)(2000 + i)), 0);
	}
	ck_assert_int_eq(send_text(s[0], US, 2001, "ball"), 0);
	for (int i = 0; i < 100; i++)
		unit_poll(stk);
	ck_assert_uint_le(rounds[0], 100);
	ck_assert_uint_gt(rounds[0], 10);
}
END_TEST

/* ---- queues ---- */

START_TEST(queue_is_bounded)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	uint32_t cost = (uint32_t)sizeof(struct udp_dgram) + 5;

	ck_assert_int_eq(udp_set(stk, s, UDP_QUEUE, 3 * cost + 1), 0);
	for (int i = 0; i < 5; i++)
		feed(99, "hello");
	expect_drop(DROP_UDP_QUEUE, 2);
	ck_assert_uint_eq(s->dropped, 2);
	ck_assert_uint_eq(s->rx_bytes, 3 * cost);
	expect_text(s, "hello");
	feed(99, "again");
	expect_text(s, "hello");
	expect_text(s, "hello");
	expect_text(s, "again");
	ck_assert_uint_eq(s->rx_bytes, 0);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(datagram_is_cut_to_the_buffer)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct udp_from from;
	char buf[3];

	unit_run_until(stk, 7);
	feed(99, "hello");
	ck_assert_int_eq(udp_recv(stk, s, buf, 3, &from), 3);
	ck_assert_mem_eq(buf, "hel", 3);
	ck_assert_uint_eq(from.len, 5);
	ck_assert_uint_eq(addr_to_ip4(&from.src).v, PEER.v);
	ck_assert_uint_eq(addr_to_ip4(&from.dst).v, US.v);
	ck_assert_uint_eq(from.sport, 5000);
	ck_assert_uint_eq(from.ttl, 64);
	ck_assert_uint_eq(from.ifindex, port->ifp->index);
	ck_assert_int_eq(from.when.us, 7);
	expect_none(s);
}
END_TEST

START_TEST(no_memory_for_a_datagram)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);
	struct unit_frame f = datagram(99, "hello");
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), &f);

	feed(99, "fills the pool");
	expect_text(s, "fills the pool");
	ck_assert_int_eq(mem_port_give(port, frame, len), 0);
	stk->mem.fail_at = 1;
	unit_poll(stk);
	expect_drop(DROP_NO_MEMORY, 1);
	expect_none(s);
}
END_TEST

START_TEST(sockets_are_limited)
{
	struct note n;
	struct udp_sock *a, *b;

	stk->limits.udp_socks = 2;
	a = sock_open(&n);
	b = sock_open(&n);
	ck_assert_ptr_null(udp_open(stk, note_ready, &n));
	udp_close(stk, b);
	ck_assert_ptr_eq(udp_next(stk, NULL), a);
	stk->mem.fail_at = 1;
	ck_assert_ptr_null(udp_open(stk, note_ready, &n));
	ck_assert_uint_eq(stk->udp.count, 1);
}
END_TEST

/* ---- ports ---- */

START_TEST(ephemeral_ports)
{
	struct note n;
	uint16_t first = 0;
	bool varies = false;

	for (int i = 0; i < 200; i++) {
		struct udp_sock *s = sock_on(&n, IP4_ANY, 0);

		ck_assert_uint_ge(s->lport, UDP_EPHEMERAL_MIN);
		ck_assert_uint_le(s->lport, UDP_EPHEMERAL_MAX);
		/* RFC 6056 2: the next is not to be guessed */
		varies |= i > 0 && s->lport != first + i;
		if (i == 0)
			first = s->lport;
		for (const struct udp_sock *t = udp_next(stk, s); t != NULL;
		    t = udp_next(stk, t))
			ck_assert_uint_ne(t->lport, s->lport);
	}
	ck_assert(varies);
}
END_TEST

START_TEST(ephemeral_ports_run_out)
{
	uint32_t n = UDP_EPHEMERAL_MAX - UDP_EPHEMERAL_MIN + 1;
	struct note note;
	struct udp_sock *s, *last;

	for (uint32_t i = 0; i < n; i++) {
		s = sock_open(&note);
		ck_assert_int_eq(udp_bind(stk, s, &any,
		    (uint16_t)(UDP_EPHEMERAL_MIN + i)), 0);
	}
	last = sock_open(&note);
	ck_assert_int_eq(udp_bind(stk, last, &any, 0), -EADDRINUSE);
	ck_assert_uint_eq(last->lport, 0);
	udp_close(stk, s);
	ck_assert_int_eq(udp_bind(stk, last, &any, 0), 0);
	ck_assert_uint_eq(last->lport, UDP_EPHEMERAL_MAX);
}
END_TEST

/* Who may have a port that another has. */
static const struct share {
	const char *name;
	uint32_t ip1, ip2;
	bool addr1, addr2, port1, port2;	/* reuse options */
	const char *if1, *if2;
	int code;
} shares[] = {
	{ .name = "any and any", .code = -EADDRINUSE },
	{ .name = "any and ours", .ip2 = 0x0a000001, .code = -EADDRINUSE },
	{ .name = "the same", .ip1 = 0x0a000001, .ip2 = 0x0a000001,
	    .code = -EADDRINUSE },
	{ .name = "two addresses", .ip1 = 0x0a000001, .ip2 = 0x0a000101 },
	{ .name = "address and group", .ip1 = 0x0a000001,
	    .ip2 = 0xe0000001 },
	{ .name = "one agrees", .addr1 = true, .code = -EADDRINUSE },
	{ .name = "both agree", .addr1 = true, .addr2 = true },
	{ .name = "both spread", .port1 = true, .port2 = true },
	{ .name = "they mean different things", .addr1 = true,
	    .port2 = true, .code = -EADDRINUSE },
	{ .name = "two interfaces", .if1 = "a", .if2 = "b" },
	{ .name = "one interface", .if1 = "a", .if2 = "a",
	    .code = -EADDRINUSE },
	{ .name = "one interface and all", .if1 = "a",
	    .code = -EADDRINUSE },
};

START_TEST(sharing_a_port)
{
	const struct share *r = &shares[_i];
	struct addr a1 = addr_from_ip4((struct ip4){ r->ip1 });
	struct addr a2 = addr_from_ip4((struct ip4){ r->ip2 });
	struct note n;
	struct udp_sock *s1 = sock_open(&n), *s2 = sock_open(&n);

	udp_set(stk, s1, UDP_REUSE_ADDR, r->addr1);
	udp_set(stk, s2, UDP_REUSE_ADDR, r->addr2);
	udp_set(stk, s1, UDP_REUSE_PORT, r->port1);
	udp_set(stk, s2, UDP_REUSE_PORT, r->port2);
	if (r->if1 != NULL)
		ck_assert_int_eq(udp_bind_iface(stk, s1, r->if1), 0);
	if (r->if2 != NULL)
		ck_assert_int_eq(udp_bind_iface(stk, s2, r->if2), 0);
	ck_assert_int_eq(udp_bind(stk, s1, &a1, 99), 0);
	ck_assert_msg(udp_bind(stk, s2, &a2, 99) == r->code, "%s", r->name);
}
END_TEST

START_TEST(bind_refuses)
{
	struct addr far = addr_from_ip4(IP4(10, 9, 9, 9));
	struct addr six = { { 0xfe, 0x80, [15] = 1 } };
	struct note n;
	struct udp_sock *s = sock_open(&n);

	ck_assert_int_eq(udp_bind(stk, s, &far, 99), -EADDRNOTAVAIL);
	ck_assert_int_eq(udp_bind(stk, s, &six, 99), -EAFNOSUPPORT);
	ck_assert_int_eq(udp_bind_iface(stk, s, "nowhere"), -ENODEV);
	ck_assert_int_eq(udp_bind(stk, s, &any, 99), 0);
	ck_assert_int_eq(udp_bind(stk, s, &any, 98), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_TTL, 0), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_TTL, 256), -EINVAL);
	ck_assert_int_eq(udp_set(stk, s, UDP_QUEUE, UINT32_MAX), -EINVAL);
}
END_TEST

/* ---- who gets it ---- */

START_TEST(udp_any_addr_recv_unicast)
{
	struct note n;
	struct udp_sock *s = sock_on(&n, IP4_ANY, 99);

	feed(99, "hello");
	expect_text(s, "hello");
	ck_assert_uint_eq(stk->udp.delivered, 1);
}
END_TEST

/* The one that names most: peer over address over interface. */
START_TEST(best_match)
{
	struct note n[5];
	struct udp_sock *s[5];
	struct addr us = addr_from_ip4(US), peer = addr_from_ip4(PEER);

	for (int i = 0; i < 5; i++) {
		s[i] = sock_open(&n[i]);
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		if (i == 1)
			ck_assert_int_eq(udp_bind_iface(stk, s[i], "a"), 0);
		ck_assert_int_eq(udp_bind(stk, s[i],
		    i == 2 || i == 4 ? &us : &any, 99), 0);
		if (i >= 3)
			ck_assert_int_eq(udp_connect(stk, s[i], &peer,
			    (uint16_t)(i == 3 ? 5001 : 5000)), 0);
	}
	feed(99, "to the connected one");
	expect_text(s[4], "to the connected one");
	udp_close(stk, s[4]);
	feed(99, "to the address");
	expect_text(s[2], "to the address");
	udp_close(stk, s[2]);
	feed(99, "to the interface");
	expect_text(s[1], "to the interface");
	udp_close(stk, s[1]);
	feed(99, "to anyone");
	expect_text(s[0], "to anyone");
	expect_none(s[3]);		/* its peer has another port */
}
END_TEST

START_TEST(last_bound_gets_it)
{
	struct note n;
	struct udp_sock *s[2];

	for (int i = 0; i < 2; i++) {
		s[i] = sock_open(&n);
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	feed(99, "x");
	expect_none(s[0]);
	expect_text(s[1], "x");
}
END_TEST

/* Sharers: each flow has one, and each has its share. */
START_TEST(flows_are_spread)
{
	struct note n;
	struct udp_sock *s[4];
	unsigned got[4] = { 0 };

	for (int i = 0; i < 4; i++) {
		s[i] = sock_open(&n);
		udp_set(stk, s[i], UDP_REUSE_PORT, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	for (uint16_t sport = 1; sport <= 400; sport++) {
		struct unit_frame f = datagram(99, "x");
		unsigned took = 0;

		f.sport = sport;
		unit_feed(stk, port, &f);
		unit_feed(stk, port, &f);
		for (int i = 0; i < 4; i++) {
			if (udp_recv(stk, s[i], NULL, 0, NULL) < 0)
				continue;
			took++;
			got[i]++;
			expect_text(s[i], "x");	/* the same flow again */
		}
		ck_assert_uint_eq(took, 1);
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_gt(got[i], 60);
		ck_assert_uint_lt(got[i], 140);
	}
}
END_TEST

/* ---- ICMP errors ---- */

/* An error from a router about the datagram that leaves now. */
static void
answer_with(uint8_t type, uint8_t code, uint32_t rest)
{
	struct unit_seen s = unit_expect(port);
	struct unit_frame e = { .dst = us_mac, .src = peer_mac,
	    .sip = IP4(10, 0, 0, 254), .dip = s.ip.src,
	    .proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
	    .icmp_rest = rest, .payload = s.frame->data + 14,
	    .payload_len = 28 };

	unit_feed(stk, port, &e);
	unit_seen_free(&s);
}

/* Only port (and protocol) unreachable, only when connected, only once. */
START_TEST(udp_icmp_error_propagation)
{
	static const struct {
		uint8_t type, code;
		int error;
	} rows[] = {
		{ ICMP_UNREACH, ICMP_UNREACH_PORT, -ECONNREFUSED },
		{ ICMP_UNREACH, ICMP_UNREACH_PROTO, -ENOPROTOOPT },
		{ ICMP_UNREACH, ICMP_UNREACH_NET, 0 },
		{ ICMP_UNREACH, ICMP_UNREACH_HOST, 0 },
		{ ICMP_UNREACH, ICMP_UNREACH_FRAG, 0 },
		{ ICMP_TIME_EXCEEDED, 0, 0 },
	};
	struct addr peer = addr_from_ip4(PEER);

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct note n;
		struct udp_sock *s = sock_open(&n);

		/* not connected: nothing */
		ck_assert_int_eq(send_text(s, PEER, 7, "x"), 0);
		answer_with(rows[i].type, rows[i].code, 1400);
		ck_assert_uint_eq(n.calls, 0);
		expect_none(s);
		ck_assert_int_eq(udp_error(s), 0);
		/* connected: by recv, by send, by asking; once */
		ck_assert_int_eq(udp_connect(stk, s, &peer, 7), 0);
		for (int how = 0; how < 3; how++) {
			n.events = 0;
			ck_assert_int_eq(udp_send(stk, s, NULL, 0, "x", 1, 0),
			    0);
			answer_with(rows[i].type, rows[i].code, 1400);
			ck_assert_uint_eq(n.events,
			    rows[i].error != 0 ? UDP_ERROR : 0);
			if (how == 0 && rows[i].error != 0)
				ck_assert_int_eq(udp_recv(stk, s, NULL, 0,
				    NULL), rows[i].error);
			else if (how == 1 && rows[i].error != 0)
				ck_assert_int_eq(udp_send(stk, s, NULL, 0,
				    "x", 1, 0), rows[i].error);
			else
				ck_assert_int_eq(udp_error(s), rows[i].error);
			ck_assert_int_eq(udp_error(s), 0);
			expect_none(s);
		}
		udp_close(stk, s);
		unit_expect_nothing(port);
	}
}
END_TEST

/* A connected socket hears only of its own peer. */
START_TEST(error_about_another_peer)
{
	struct addr peer = addr_from_ip4(PEER);
	struct note n;
	struct udp_sock *s = sock_open(&n);

	ck_assert_int_eq(send_text(s, IP4(10, 0, 0, 2), 8, "x"), 0);
	ck_assert_int_eq(udp_connect(stk, s, &peer, 7), 0);
	answer_with(ICMP_UNREACH, ICMP_UNREACH_PORT, 0);
	expect_drop(DROP_ICMP_NO_MATCH, 1);
	ck_assert_int_eq(udp_error(s), 0);
}
END_TEST

START_TEST(reports_by_request)
{
	struct udp_report rep;
	struct note n;
	struct udp_sock *s = sock_open(&n);

	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 1), 0);
	ck_assert_int_eq(send_text(s, PEER, 33434, "x"), 0);
	unit_run_until(stk, 1500);
	answer_with(ICMP_TIME_EXCEEDED, 0, 0);
	ck_assert_uint_eq(n.events, UDP_ERROR);
	ck_assert(udp_report(s, &rep));
	ck_assert_uint_eq(addr_to_ip4(&rep.from).v, IP4(10, 0, 0, 254).v);
	ck_assert_uint_eq(addr_to_ip4(&rep.dst).v, PEER.v);
	ck_assert_uint_eq(rep.dport, 33434);
	ck_assert_uint_eq(rep.type, ICMP_TIME_EXCEEDED);
	ck_assert_int_eq(rep.when.us, 1500);
	ck_assert(!udp_report(s, &rep));
	for (int i = 0; i < UDP_REPORTS_MAX + 3; i++) {
		ck_assert_int_eq(send_text(s, PEER, 33434, "x"), 0);
		answer_with(ICMP_UNREACH, ICMP_UNREACH_FRAG, 1400);
	}
	for (int i = 0; i < UDP_REPORTS_MAX; i++) {
		ck_assert(udp_report(s, &rep));
		ck_assert_uint_eq(rep.info, 1400);
	}
	ck_assert(!udp_report(s, &rep));
	ck_assert_uint_eq(s->dropped, 3);
	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 0), 0);
	stk->mem.fail_at = 1;
	ck_assert_int_eq(udp_set(stk, s, UDP_REPORTS, 1), -ENOMEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("udp");
	TCase *c = tcase_create("udp");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, no_port_is_answered);
	tcase_add_test(c, no_port_of_a_group_is_silence);
	tcase_add_test(c, bad_checksum);
	tcase_add_test(c, checksum_zero_is_accepted);
	tcase_add_test(c, length_field);
	tcase_add_test(c, header_cut_off);
	tcase_add_test(c, udp_discard_mcast_source_addr);
	tcase_add_test(c, owner_is_told_once_for_all);
	tcase_add_test(c, closing_while_being_told);
	tcase_add_test(c, loop_of_two_sockets_starves_nobody);
	tcase_add_test(c, queue_is_bounded);
	tcase_add_test(c, datagram_is_cut_to_the_buffer);
	tcase_add_test(c, no_memory_for_a_datagram);
	tcase_add_test(c, sockets_are_limited);
	tcase_add_test(c, ephemeral_ports);
	tcase_add_test(c, ephemeral_ports_run_out);
	tcase_add_loop_test(c, sharing_a_port, 0,
	    sizeof(shares) / sizeof(shares[0]));
	tcase_add_test(c, bind_refuses);
	tcase_add_test(c, udp_any_addr_recv_unicast);
	tcase_add_test(c, best_match);
	tcase_add_test(c, last_bound_gets_it);
	tcase_add_test(c, flows_are_spread);
	tcase_add_test(c, udp_icmp_error_propagation);
	tcase_add_test(c, error_about_another_peer);
	tcase_add_test(c, reports_by_request);
	suite_add_tcase(s, c);
	return unit_main(s);
}
