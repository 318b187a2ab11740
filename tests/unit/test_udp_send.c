/*
 * test_udp_send.c - what leaves a socket, and what comes back to it: every
 * combination of bound address, bound interface and destination; groups;
 * fragments and super-frames.
 */
#include "unit/host_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/igmp.h"

#define BCAST	IP4(10, 0, 0, 255)
#define GROUP	IP4(224, 0, 0, 251)

static const struct mac group_mac = { { 1, 0, 0x5e, 0, 0, 251 } };
static const struct addr any;

static void
setup_uso(void)
{
	host_setup_offload(PORT_CSUM | PORT_USO);
}

static void
ready(struct stack *s, struct udp_sock *sock, unsigned events)
{
	(void)s, (void)sock, (void)events;
}

/* A socket; port 0: not bound. */
static struct udp_sock *
sock_on(struct ip4 ip, uint16_t lport, const char *ifname)
{
	struct udp_sock *s = udp_open(stk, ready, NULL);
	struct addr a = addr_from_ip4(ip);

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(udp_bind_iface(stk, s, ifname), 0);
	if (lport != 0)
		ck_assert_int_eq(udp_bind(stk, s, &a, lport), 0);
	return s;
}

static int
send_bytes(struct udp_sock *s, struct ip4 ip, uint16_t dport, const void *p,
    uint32_t len, uint16_t segment)
{
	struct addr a = addr_from_ip4(ip);

	return udp_send(stk, s, &a, dport, p, len, segment);
}

/* ---- udp_socket_send_recv: what leaves ---- */

static const struct send_row {
	const char *name;
	uint32_t bind;		/* 0: any */
	const char *ifname;	/* "": none */
	uint32_t dst;
	int code;
	char out;		/* interface it leaves by, 0: none */
	uint32_t src;
	const struct mac *mac;
	uint8_t ttl;
} sends[] = {
#define A 0x0a000001u
#define B 0x0a000101u
	{ "any to a neighbour", 0, "", 0x0a000002, 0, 'a', A, &PEER_MAC, 64 },
	{ "any to b's", 0, "", 0x0a000102, 0, 'b', B, &PEER_MAC, 64 },
	{ "address to a neighbour", A, "", 0x0a000002, 0, 'a', A, &PEER_MAC,
	    64 },
	{ "another's address", B, "", 0x0a000002, 0, 'a', B, &PEER_MAC, 64 },
	{ "bound to a", 0, "a", 0x0a000002, 0, 'a', A, &PEER_MAC, 64 },
	{ "broadcast", 0, "", 0x0a0000ff, 0, 'a', A, &MAC_BROADCAST, 64 },
	{ "broadcast of b", 0, "", 0x0a0001ff, 0, 'b', B, &MAC_BROADCAST,
	    64 },
	{ "limited broadcast by b", 0, "b", 0xffffffff, 0, 'b', B,
	    &MAC_BROADCAST, 64 },
	{ "group by a", 0, "a", 0xe00000fb, 0, 'a', A, &group_mac, 1 },
	{ "group by b", 0, "b", 0xe00000fb, 0, 'b', B, &group_mac, 1 },
	{ "group with an address", A, "a", 0xe00000fb, 0, 'a', A, &group_mac,
	    1 },
	{ "bound to a broadcast", 0x0a0000ff, "", 0x0a000002, 0, 'a', A,
	    &PEER_MAC, 64 },
	{ "bound to a group", 0xe00000fb, "", 0x0a000002, 0, 'a', A,
	    &PEER_MAC, 64 },
	{ "no route", 0, "", 0x0a090909, -ENETUNREACH, 0, 0, NULL, 0 },
	{ "nowhere", 0, "", 0, -EINVAL, 0, 0, NULL, 0 },
#undef A
#undef B
};

START_TEST(udp_socket_send_recv_leaves)
{
	const struct send_row *r = &sends[_i];
	struct udp_sock *s = sock_on((struct ip4){ r->bind }, 99, r->ifname);
	struct unit_seen seen;
	int code;

	udp_set(stk, s, UDP_BROADCAST, 1);
	code = send_bytes(s, (struct ip4){ r->dst }, 7, "hello", 5, 0);
	ck_assert_msg(code == r->code, "%s: %d", r->name, code);
	if (r->out != 'a')
		unit_expect_nothing(port);
	if (r->out != 'b')
		unit_expect_nothing(port_b);
	if (r->out == 0)
		return;
	seen = unit_expect(r->out == 'a' ? port : port_b);
	ck_assert_msg(seen.ip.src.v == r->src, "%s: source", r->name);
	ck_assert_msg(seen.ip.dst.v == r->dst, "%s: destination", r->name);
	ck_assert_msg(mac_eq(seen.eth.dst, *r->mac), "%s: MAC", r->name);
	ck_assert_msg(seen.ip.ttl == r->ttl, "%s: TTL", r->name);
	ck_assert_uint_eq(seen.sport, 99);
	ck_assert_uint_eq(seen.dport, 7);
	ck_assert_uint_eq(seen.payload_len, 5);
	ck_assert_mem_eq(seen.payload, "hello", 5);
	unit_seen_free(&seen);
}
END_TEST

/* ---- udp_socket_send_recv: what is delivered ---- */

static const struct recv_row {
	const char *name;
	uint32_t bind;
	const char *ifname;
	bool join;
	char in;		/* interface it comes in by */
	uint32_t dst;
	bool delivered;
} recvs[] = {
	{ "any, unicast", 0, "", false, 'a', 0x0a000001, true },
	{ "any, b's address by a", 0, "", false, 'a', 0x0a000101, true },
	{ "any, broadcast", 0, "", false, 'a', 0x0a0000ff, true },
	{ "any, limited broadcast", 0, "", false, 'a', 0xffffffff, true },
	{ "any, group not joined", 0, "", false, 'a', 0xe00000fb, false },
	{ "any, group joined", 0, "", true, 'a', 0xe00000fb, true },
	{ "any, joined on a, by b", 0, "", true, 'b', 0xe00000fb, false },
	{ "address, its own", 0x0a000001, "", false, 'a', 0x0a000001, true },
	{ "address, another", 0x0a000101, "", false, 'a', 0x0a000001, false },
	{ "address, broadcast", 0x0a000001, "", false, 'a', 0x0a0000ff,
	    false },
	{ "address, group", 0x0a000001, "", true, 'a', 0xe00000fb, false },
	{ "broadcast, broadcast", 0x0a0000ff, "", false, 'a', 0x0a0000ff,
	    true },
	{ "broadcast, unicast", 0x0a0000ff, "", false, 'a', 0x0a000001,
	    false },
	{ "broadcast, limited", 0x0a0000ff, "", false, 'a', 0xffffffff,
	    false },
	{ "limited, limited", 0xffffffff, "", false, 'a', 0xffffffff, true },
	{ "group, group", 0xe00000fb, "", true, 'a', 0xe00000fb, true },
	{ "group, unicast", 0xe00000fb, "", true, 'a', 0x0a000001, false },
	{ "interface, by it", 0, "a", false, 'a', 0x0a000001, true },
	{ "interface, by another", 0, "b", false, 'a', 0x0a000001, false },
	{ "interface, broadcast", 0, "a", false, 'a', 0xffffffff, true },
	{ "another's broadcast", 0, "b", false, 'a', 0xffffffff, false },
};

START_TEST(udp_socket_send_recv_delivered)
{
	const struct recv_row *r = &recvs[_i];
	struct udp_sock *s = sock_on((struct ip4){ r->bind }, 99, r->ifname);
	struct addr group = addr_from_ip4(GROUP);
	struct unit_frame f = { .dst = US_MAC, .src = PEER_MAC, .sip = PEER,
	    .dip = { r->dst }, .proto = IPPROTO_UDP4, .sport = 5,
	    .dport = 99, .payload = "hello", .payload_len = 5 };

	if (r->dst == 0xffffffff || r->dst == 0x0a0000ff)
		f.dst = MAC_BROADCAST;
	if (r->dst == GROUP.v)
		f.dst = group_mac;
	if (r->in == 'b')
		f.sip = PEER_B;
	if (r->join)
		ck_assert_int_eq(udp_join(stk, s, &group, "a"), 0);
	unit_feed(stk, r->in == 'a' ? port : port_b, &f);
	ck_assert_msg((udp_recv(stk, s, NULL, 0, NULL) >= 0) == r->delivered,
	    "%s", r->name);
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, NULL), -EAGAIN);
}
END_TEST

/* Everyone who fits has a copy of what goes to a group. */
START_TEST(broadcast_to_several)
{
	struct udp_sock *s[3];
	struct unit_frame f = { .dst = MAC_BROADCAST, .src = PEER_MAC,
	    .sip = PEER, .dip = BCAST, .proto = IPPROTO_UDP4, .sport = 5,
	    .dport = 99, .payload = "hello", .payload_len = 5 };

	for (int i = 0; i < 3; i++) {
		s[i] = sock_on(IP4_ANY, 0, "");
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	unit_feed(stk, port, &f);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(udp_recv(stk, s[i], NULL, 0, NULL), 0);
	ck_assert_uint_eq(stk->udp.delivered, 1);
	ck_assert_uint_eq(stk->drop.count[DROP_UDP_NO_PORT], 0);
}
END_TEST

/* One socket's group is not another's, though the host hears it. */
START_TEST(only_who_joined)
{
	struct addr g = addr_from_ip4(GROUP);
	struct udp_sock *s[2];
	struct unit_frame f = { .dst = group_mac, .src = PEER_MAC,
	    .sip = PEER, .dip = GROUP, .proto = IPPROTO_UDP4, .sport = 5,
	    .dport = 99, .payload = "hello", .payload_len = 5 };

	for (int i = 0; i < 2; i++) {
		s[i] = sock_on(IP4_ANY, 0, "");
		udp_set(stk, s[i], UDP_REUSE_ADDR, 1);
		ck_assert_int_eq(udp_bind(stk, s[i], &any, 99), 0);
	}
	ck_assert_int_eq(udp_join(stk, s[0], &g, "a"), 0);
	unit_feed(stk, port, &f);
	ck_assert_int_eq(udp_recv(stk, s[0], NULL, 0, NULL), 0);
	ck_assert_int_eq(udp_recv(stk, s[1], NULL, 0, NULL), -EAGAIN);
}
END_TEST

START_TEST(groups_of_a_socket)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	struct addr g = addr_from_ip4(GROUP), us = addr_from_ip4(US);

	ck_assert_int_eq(udp_join(stk, s, &us, "a"), -EINVAL);
	ck_assert_int_eq(udp_join(stk, s, &g, "nowhere"), -ENODEV);
	ck_assert_int_eq(udp_join(stk, s, &g, "a"), 0);
	ck_assert_int_eq(udp_join(stk, s, &g, "a"), -EADDRINUSE);
	ck_assert_int_eq(udp_leave(stk, s, &g, "b"), -EADDRNOTAVAIL);
	ck_assert_int_eq(udp_leave(stk, s, &g, "a"), 0);
	ck_assert_int_eq(udp_leave(stk, s, &g, "a"), -EADDRNOTAVAIL);
	for (uint8_t i = 0; i < UDP_GROUPS_MAX; i++) {
		g = addr_from_ip4(IP4(239, 0, 0, i));
		ck_assert_int_eq(udp_join(stk, s, &g, "a"), 0);
	}
	g = addr_from_ip4(GROUP);
	ck_assert_int_eq(udp_join(stk, s, &g, "a"), -ENOBUFS);
	ck_assert(ip_group_is_member(stk, port->ifp, IP4(239, 0, 0, 3)));
	udp_close(stk, s);
	ck_assert(!ip_group_is_member(stk, port->ifp, IP4(239, 0, 0, 3)));
}
END_TEST

/* ---- connecting and refusing ---- */

START_TEST(connect_chooses_the_source)
{
	struct udp_sock *s = sock_on(IP4_ANY, 0, "");
	struct addr peer = addr_from_ip4(PEER), peer_b = addr_from_ip4(PEER_B);
	struct addr far = addr_from_ip4(IP4(10, 9, 9, 9));
	struct addr bcast = addr_from_ip4(BCAST);
	uint16_t lport;

	ck_assert_int_eq(udp_send(stk, s, NULL, 0, "x", 1, 0), -EDESTADDRREQ);
	ck_assert_int_eq(udp_connect(stk, s, &peer, 0), -EINVAL);
	ck_assert_int_eq(udp_connect(stk, s, &any, 7), -EINVAL);
	ck_assert_int_eq(udp_connect(stk, s, &far, 7), -ENETUNREACH);
	ck_assert_int_eq(udp_connect(stk, s, &bcast, 7), -EACCES);
	ck_assert_uint_eq(s->lport, 0);		/* nothing half-done */
	ck_assert_int_eq(udp_connect(stk, s, &peer, 7), 0);
	lport = s->lport;
	ck_assert_uint_eq(addr_to_ip4(&s->local).v, US.v);
	ck_assert_int_eq(udp_connect(stk, s, &peer_b, 7), 0);
	ck_assert_uint_eq(addr_to_ip4(&s->local).v, US_B.v);
	ck_assert_uint_eq(s->lport, lport);
	udp_disconnect(s);
	ck_assert(addr_is_any(&s->local));
	ck_assert_uint_eq(s->rport, 0);
	/* an address that was bound stays */
	udp_close(stk, s);
	s = sock_on(US, 99, "");
	ck_assert_int_eq(udp_connect(stk, s, &peer_b, 7), 0);
	ck_assert_uint_eq(addr_to_ip4(&s->local).v, US.v);
}
END_TEST

START_TEST(send_refuses)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "a");
	static const uint8_t big[UDP_DATA_MAX + 1];
	struct addr six = { { 0xfe, 0x80, [15] = 1 } };

	ck_assert_int_eq(send_bytes(s, BCAST, 7, "x", 1, 0), -EACCES);
	ck_assert_int_eq(send_bytes(s, IP4_BROADCAST, 7, "x", 1, 0), -EACCES);
	ck_assert_int_eq(send_bytes(s, PEER, 0, "x", 1, 0), -EINVAL);
	ck_assert_int_eq(send_bytes(s, PEER, 7, big, UDP_DATA_MAX + 1, 0),
	    -EMSGSIZE);
	ck_assert_int_eq(send_bytes(s, PEER, 7, big, 3000, 1473), -EMSGSIZE);
	ck_assert_int_eq(send_bytes(s, PEER, 7, big, 129 * 10, 10), -EINVAL);
	ck_assert_int_eq(udp_send(stk, s, &six, 7, "x", 1, 0), -EAFNOSUPPORT);
	udp_set(stk, s, UDP_DF, 1);
	ck_assert_int_eq(send_bytes(s, PEER, 7, big, 1473, 0), -EMSGSIZE);
	unit_expect_nothing(port);
	ck_assert_int_eq(send_bytes(s, PEER, 7, big, 1472, 0), 0);
	ck_assert_uint_eq(mem_port_sent(port), 1);
	host_flush(port);
}
END_TEST

START_TEST(pool_exhausted)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	struct pkt *held = NULL, *p;

	while ((p = pkt_alloc(&stk->pool, 0)) != NULL) {
		p->next = held;
		held = p;
	}
	ck_assert_int_eq(send_bytes(s, PEER, 7, "x", 1, 0), -ENOBUFS);
	while ((p = held) != NULL) {
		held = p->next;
		pkt_free(p);
	}
	ck_assert_int_eq(send_bytes(s, PEER, 7, "x", 1, 0), 0);
	host_flush(port);
}
END_TEST

/* ---- lengths ---- */

START_TEST(sizes_and_fragments)
{
	static const uint32_t sizes[] = { 0, 1, 2, 1471, 1472, 1473, 4000,
	    65507 };
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	uint8_t *data = malloc(UDP_DATA_MAX), *got = malloc(UDP_DATA_MAX + 8);

	for (uint32_t i = 0; i < UDP_DATA_MAX; i++)
		data[i] = (uint8_t)(i * 13 + (i >> 8));
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t len = sizes[i], have = 0;
		bool partial = false;	/* then unit_expect() has looked */
		uint32_t sum;

		ck_assert_int_eq(send_bytes(s, PEER, 7, data, len, 0), 0);
		while (mem_port_sent(port) > 0) {
			struct unit_seen f = unit_expect(port);
			uint32_t at = (f.ip.frag & IP_OFFMASK) * 8u;

			memcpy(got + at, f.l4, f.l4_len);
			have += f.l4_len;
			partial |= f.frame->csum_needed;
			unit_seen_free(&f);
		}
		ck_assert_uint_eq(have, len + 8);
		ck_assert_int_eq(memcmp(got + 8, data, len), 0);
		sum = csum_pseudo4(US, PEER, IPPROTO_UDP4, have);
		ck_assert(partial ? have <= 1480 :
		    csum_finish(csum_add(sum, got, have)) == 0);
	}
	free(data);
	free(got);
}
END_TEST

/* RFC 768: a sum of zero goes out as 0xffff, for zero means "none". */
START_TEST(checksum_is_never_zero)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");

	for (uint32_t v = 0; v < 0x10000; v++) {
		uint8_t data[2] = { (uint8_t)(v >> 8), (uint8_t)v };
		struct unit_seen f;

		ck_assert_int_eq(send_bytes(s, PEER, 7, data, 2, 0), 0);
		f = unit_expect(port);
		ck_assert_uint_ne(be16_get(f.l4 + 6), 0);
		unit_seen_free(&f);
	}
}
END_TEST

/* ---- super-frames ---- */

static uint8_t uso_data[3500];

static void
uso_fill(void)
{
	for (uint32_t i = 0; i < sizeof(uso_data); i++)
		uso_data[i] = (uint8_t)(i ^ i >> 8);
}

/* A port that can takes them whole. */
START_TEST(uso_leaves_whole)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	struct unit_seen f;

	uso_fill();
	ck_assert_int_eq(send_bytes(s, PEER, 7, uso_data, 3500, 1000), 0);
	f = unit_expect(port);
	ck_assert_uint_eq(f.frame->gso_type, PKT_GSO_UDP);
	ck_assert_uint_eq(f.frame->gso_size, 1000);
	ck_assert(f.frame->csum_needed);
	ck_assert_uint_eq(f.payload_len, 3500);
	unit_seen_free(&f);
	/* one segment is no super-frame */
	ck_assert_int_eq(send_bytes(s, PEER, 7, uso_data, 1000, 1000), 0);
	f = unit_expect(port);
	ck_assert_uint_eq(f.frame->gso_type, PKT_GSO_NONE);
	unit_seen_free(&f);
	unit_expect_nothing(port);
}
END_TEST

/* For another, they are cut here. */
START_TEST(uso_leaves_cut)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");

	uso_fill();
	ck_assert_int_eq(send_bytes(s, PEER, 7, uso_data, 3500, 1000), 0);
	for (uint32_t at = 0; at < 3500; at += 1000) {
		struct unit_seen f = unit_expect(port);
		uint32_t len = at == 3000 ? 500 : 1000;

		ck_assert_uint_eq(f.payload_len, len);
		ck_assert_int_eq(memcmp(f.payload, uso_data + at, len), 0);
		unit_seen_free(&f);
	}
	unit_expect_nothing(port);
}
END_TEST

/* One comes in as the datagrams that it was made of. */
START_TEST(uso_comes_in_cut)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	struct unit_frame f = { .dst = US_MAC, .src = PEER_MAC, .sip = PEER,
	    .dip = US, .proto = IPPROTO_UDP4, .sport = 5, .dport = 99,
	    .payload = uso_data, .payload_len = 3500 };
	struct mem_frame *mf = calloc(1, sizeof(*mf) + 4000);
	uint8_t got[2000];

	uso_fill();
	mf->len = unit_frame_build(mf->data, 4000, &f);
	be16_put(mf->data + 40, csum_fold(csum_pseudo4(PEER, US, IPPROTO_UDP4,
	    3508)));
	mf->gso_type = PKT_GSO_UDP;
	mf->gso_size = 1000;
	mf->csum_needed = true;
	mf->csum_start = 34;
	mf->csum_offset = 6;
	ck_assert_int_eq(mem_port_give_frame(port, mf), 0);
	free(mf);
	unit_poll(stk);
	for (uint32_t at = 0; at < 3500; at += 1000) {
		uint32_t len = at == 3000 ? 500 : 1000;

		ck_assert_int_eq(udp_recv(stk, s, got, sizeof(got), NULL),
		    len);
		ck_assert_int_eq(memcmp(got, uso_data + at, len), 0);
	}
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, NULL), -EAGAIN);
}
END_TEST

/* To ourselves: through the loop, cut and whole. */
START_TEST(to_ourselves)
{
	struct udp_sock *s = sock_on(IP4_ANY, 99, "");
	struct udp_sock *c = sock_on(IP4_ANY, 0, "");
	struct udp_from from;

	uso_fill();
	ck_assert_int_eq(send_bytes(c, US, 99, uso_data, 3500, 1000), 0);
	ck_assert_int_eq(send_bytes(c, US, 99, uso_data, 3500, 0), 0);
	unit_run_until(stk, 10);
	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(udp_recv(stk, s, NULL, 0, &from), 0);
	ck_assert_uint_eq(from.len, 1000);
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, &from), 0);
	ck_assert_uint_eq(from.len, 500);
	ck_assert_int_eq(udp_recv(stk, s, NULL, 0, &from), 0);
	ck_assert_uint_eq(from.len, 3500);
	unit_expect_nothing(port);
}
END_TEST

/* Nobody at home on our own address: refused, as by the wire. */
START_TEST(refused_by_ourselves)
{
	struct udp_sock *c = sock_on(IP4_ANY, 0, "");
	struct addr us = addr_from_ip4(US);

	ck_assert_int_eq(udp_connect(stk, c, &us, 99), 0);
	ck_assert_int_eq(udp_send(stk, c, NULL, 0, "x", 1, 0), 0);
	unit_run_until(stk, 10);
	ck_assert_int_eq(udp_recv(stk, c, NULL, 0, NULL), -ECONNREFUSED);
	ck_assert_int_eq(udp_recv(stk, c, NULL, 0, NULL), -EAGAIN);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("udp_send");
	TCase *c = tcase_create("plain"), *uso = tcase_create("uso");

	tcase_add_checked_fixture(c, host_setup, host_teardown);
	tcase_add_loop_test(c, udp_socket_send_recv_leaves, 0,
	    sizeof(sends) / sizeof(sends[0]));
	tcase_add_loop_test(c, udp_socket_send_recv_delivered, 0,
	    sizeof(recvs) / sizeof(recvs[0]));
	tcase_add_test(c, broadcast_to_several);
	tcase_add_test(c, only_who_joined);
	tcase_add_test(c, groups_of_a_socket);
	tcase_add_test(c, connect_chooses_the_source);
	tcase_add_test(c, send_refuses);
	tcase_add_test(c, pool_exhausted);
	tcase_add_test(c, sizes_and_fragments);
	tcase_add_test(c, checksum_is_never_zero);
	tcase_add_test(c, uso_leaves_cut);
	tcase_add_test(c, uso_comes_in_cut);
	tcase_add_test(c, to_ourselves);
	tcase_add_test(c, refused_by_ourselves);
	suite_add_tcase(s, c);
	tcase_add_checked_fixture(uso, setup_uso, host_teardown);
	tcase_add_test(uso, uso_leaves_whole);
	tcase_add_test(uso, uso_comes_in_cut);
	tcase_add_test(uso, sizes_and_fragments);
	suite_add_tcase(s, uso);
	return unit_main(s);
}
