/*
 * test_tunnel.c - super-frames on ways that cut them: into fragments, into a
 * tunnel, into a tunnel in fragments; with all the memory and with next to
 * none.
 *
 *   HOST_A -- a [hopd] b -- HOST_B, the tunnel's other end
 */
#include "tunnel/ipip.h"

#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "unit/ip_net.h"
#include "unit/lb_bed.h"

#define BEHIND	IP4(172, 16, 0, 1)	/* the tunnel */
#define WHOLE	(UINT16_MAX - IPIP_OVERHEAD)	/* fits into one */

static uint8_t payload[65536];

/* A port that takes super-frames, one that does not, a tunnel behind it. */
static struct ip_net
net_up(void)
{
	struct ip_net n = { .stk = unit_stack() };
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));

	for (uint32_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(i * 7 + i / 256);
	n.a = unit_port_offload(n.stk, "a", 1, "10.0.1.1/24",
	    PORT_CSUM | PORT_TSO4);
	n.b = unit_port(n.stk, "b", 2, "10.0.2.1/24");
	unit_neighbour(n.stk, "a", "10.0.1.10", 10);
	unit_neighbour(n.stk, "b", "10.0.2.20", 20);
	ck_assert_int_eq(ipip_add(n.stk, "t", OUR_B, HOST_B, NULL), 0);
	r->dst = ip_net_prefix("172.16.0.0/12");
	r->type = ROUTE_UNICAST;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ iface_lookup(n.stk, "t"), IP4_ANY, 1 };
	ck_assert_int_eq(route_add(n.stk, r, NULL), 0);
	free(r);
	return n;
}

/* A TCP super-frame of len bytes of IP from HOST_A. */
static void
feed_super(struct ip_net *n, struct ip4 dst, uint32_t len, uint16_t gso_size)
{
	struct unit_frame f = ip_net_frame();
	struct mem_frame *m = calloc(1, sizeof(*m) + 66000);

	f.proto = IPPROTO_TCP4;
	f.dip = dst;
	f.seq = 1000;
	f.flags = TCP_ACK;
	f.payload = payload;
	f.payload_len = len - 40;
	m->len = unit_frame_build(m->data, 66000, &f);
	m->gso_type = PKT_GSO_TCP4;
	m->gso_size = gso_size;
	m->csum_needed = true;
	m->csum_start = 34;
	m->csum_offset = TCP_OFF_CSUM;
	be16_put(m->data + 34 + TCP_OFF_CSUM, csum_fold(csum_pseudo4(f.sip,
	    f.dip, f.proto, len - 20)));
	ck_assert_int_eq(mem_port_give_frame(n->a, m), 0);
	free(m);
	unit_poll(n->stk);
}

/* The next datagram that b sent, put together; its header is that of the last
 * fragment. */
static uint32_t
datagram(struct port *b, uint8_t *buf, struct ip4_hdr *h)
{
	uint32_t len = 0;

	do {
		struct unit_seen s = unit_expect(b);

		*h = s.ip;
		ck_assert_uint_eq((h->frag & IP_OFFMASK) * 8u, len);
		ck_assert_uint_le(len + s.l4_len, 65536);
		memcpy(buf + len, s.l4, s.l4_len);
		len += s.l4_len;
		unit_seen_free(&s);
	} while ((h->frag & IP_MF) != 0);
	return len;
}

/* How much of the payload came out of b, in order, as whole segments with
 * right sums; some may be missing. */
static uint32_t
arrived(struct ip_net *n, struct ip4 dst)
{
	static uint8_t buf[65536];
	uint32_t total = 0, next = 1000, seq;

	while (mem_port_sent(n->b) > 0) {
		const uint8_t *tcp = buf;
		struct ip4_hdr h;
		uint32_t len = datagram(n->b, buf, &h);

		if (ip4_eq(dst, BEHIND)) {
			ck_assert_uint_eq(h.proto, IPPROTO_IPIP4);
			ck_assert(ip4_eq(h.dst, HOST_B));
			ck_assert(csum_header_ok(buf, IP4_HLEN));
			ck_assert_uint_eq(be16_get(buf + IP4_OFF_LEN), len);
			tcp += IP4_HLEN;
			len -= IP4_HLEN;
		}
		ck_assert_uint_eq(csum_finish(csum_add(csum_pseudo4(HOST_A,
		    dst, IPPROTO_TCP4, len), tcp, len)), 0);
		seq = be32_get(tcp + TCP_OFF_SEQ);
		len -= TCP_HLEN;
		ck_assert_uint_ge(seq, next);
		ck_assert_mem_eq(tcp + TCP_HLEN, payload + (seq - 1000), len);
		next = seq + len;
		total += len;
	}
	return total;
}

/* All small buffers of the pool but some. */
struct held {
	struct pkt_queue q;
};

static void
hold_but(struct stack *stk, struct held *h, uint32_t spare)
{
	struct pkt *pkt;

	pkt_queue_init(&h->q);
	while ((pkt = pkt_alloc(&stk->pool, 0)) != NULL)
		pkt_queue_put(&h->q, pkt);
	while (spare-- > 0)
		pkt_free(pkt_queue_get(&h->q));
}

static void
release(struct held *h)
{
	struct pkt *pkt;

	while ((pkt = pkt_queue_get(&h->q)) != NULL)
		pkt_free(pkt);
}

static const struct {
	struct ip4 dst;
	uint32_t len, mtu;	/* of the super-frame; of the way */
	uint16_t gso_size;
	uint32_t spare;		/* buffers that are needed for all of it */
	uint64_t lost[4];	/* drops for want of memory, with fewer */
} ways[] = {
	/* The port cuts it in place. */
	{ HOST_B, 4040, 1500, 1000, 0, { 0 } },
	/* Each segment becomes two fragments; the last one stays whole. */
	{ HOST_B, 3440, 620, 1000, 3, { 1, 3, 3 } },
	{ HOST_B, 3440, 68, 1000, 23, { 1, 4, 4, 4 } },
	/* A tunnel, in one and one byte too long for that. */
	{ BEHIND, 4040, 1500, 1000, 0, { 0 } },
	{ BEHIND, WHOLE, 1500, 1400, 0, { 0 } },
	{ BEHIND, WHOLE + 1, 1500, 1400, 1, { 1 } },
	{ BEHIND, UINT16_MAX, 1500, 1400, 1, { 1 } },
	/* A tunnel in fragments, from one and from segments. */
	{ BEHIND, 4040, 1000, 1000, 3, { 1, 4, 4 } },
	{ BEHIND, WHOLE + 1, 1000, 1400, 3, { 1, 47, 47 } },
};

#define WAYS	((int)(sizeof(ways) / sizeof(ways[0])))

START_TEST(super_frames_are_cut)
{
	struct ip_net n = net_up();

	n.b->ifp->mtu = ways[_i].mtu;
	feed_super(&n, ways[_i].dst, ways[_i].len, ways[_i].gso_size);
	ck_assert_uint_eq(arrived(&n, ways[_i].dst), ways[_i].len - 40);
	unit_expect_nothing(n.a);
	ip_net_down(&n);
}
END_TEST

START_TEST(super_frames_without_memory)
{
	struct ip_net n = net_up();
	uint64_t before = 0;

	n.b->ifp->mtu = ways[_i].mtu;
	for (uint32_t spare = 0; spare <= ways[_i].spare; spare++) {
		struct held h;
		uint64_t lost;

		hold_but(n.stk, &h, spare);
		feed_super(&n, ways[_i].dst, ways[_i].len,
		    ways[_i].gso_size);
		lost = ip_net_drops(&n, DROP_NO_MEMORY) - before;
		before += lost;
		if (spare == ways[_i].spare) {
			ck_assert_uint_eq(lost, 0);
			ck_assert_uint_eq(arrived(&n, ways[_i].dst),
			    ways[_i].len - 40);
		} else {
			if (spare < 4)
				ck_assert_uint_eq(lost,
				    ways[_i].lost[spare]);
			ck_assert_uint_ge(lost, 1);
			(void)arrived(&n, ways[_i].dst);
		}
		release(&h);
	}
	ip_net_down(&n);
}
END_TEST

/* RFC 791 3.2: every link takes 68 bytes; what takes less is none. */
START_TEST(no_way_is_narrower_than_68)
{
	struct ip_net n = net_up();
	struct unit_frame f = ip_net_frame();

	n.b->ifp->mtu = 67;
	ip_net_dies(&n, &f, DROP_IP_TOO_BIG);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* ---- TUN: towards servers ------------------------------------------------ */

/* What does not fit into an outer header is refused, fragments or not. */
START_TEST(too_long_for_an_outer_header)
{
	struct lb_bed b = lb_bed_up(IPPROTO_UDP4, 0, NULL);
	struct unit_frame f = lb_bed_in(IPPROTO_UDP4, 40000, 0);
	uint8_t *frame = calloc(1, 66000);
	struct ip4_hdr h;

	b.cl->mtu = b.cl->ifp->mtu = UINT16_MAX;
	lb_bed_server(&b, RS1, 80, LB_FWD_TUN, 1);
	f.payload = payload;
	f.payload_len = WHOLE - 28;
	unit_feed_bytes(b.stk, b.cl, frame, unit_frame_build(frame, 66000,
	    &f));
	ck_assert_uint_eq(datagram(b.sv, frame, &h), WHOLE);
	f.payload_len++;
	unit_feed_bytes(b.stk, b.cl, frame, unit_frame_build(frame, 66000,
	    &f));
	ck_assert_uint_eq(b.stk->drop.count[DROP_IP_TOO_BIG], 1);
	unit_expect_nothing(b.sv);
	unit_expect_nothing(b.cl);
	free(frame);
	lb_bed_down(&b);
}
END_TEST

/* A tunnel to ourselves would have no end. */
START_TEST(a_server_that_is_us)
{
	struct lb_bed b = lb_bed_up(IPPROTO_TCP4, 0, NULL);

	lb_bed_server(&b, LOCAL1, 80, LB_FWD_TUN, 1);
	lb_bed_client(&b, 40000, TCP_SYN);
	ck_assert_uint_eq(b.stk->drop.count[DROP_IP_NO_FORWARD], 1);
	unit_expect_nothing(b.sv);
	unit_expect_nothing(b.cl);
	lb_bed_down(&b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tunnel");
	TCase *tc = tcase_create("tunnel");

	tcase_add_loop_test(tc, super_frames_are_cut, 0, WAYS);
	tcase_add_loop_test(tc, super_frames_without_memory, 0, WAYS);
	tcase_add_test(tc, no_way_is_narrower_than_68);
	tcase_add_test(tc, too_long_for_an_outer_header);
	tcase_add_test(tc, a_server_that_is_us);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
