/*
 * test_gro.c - TCP segments that came in together leave as super-frames; what
 * does not belong together stays apart, and what a port without offloads sends
 * is, byte for byte and in each flow's order, what came in.
 */
#include <stdlib.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "base/rng.h"
#include "port/segment.h"
#include "tunnel/ipip.h"
#include "unit/ip_net.h"

#define MSS 1000u
#define FRAME_MAX 1600

static uint8_t data[65536];

static struct unit_frame
segment(uint32_t n)
{
	struct unit_frame f = ip_net_frame();

	f.proto = IPPROTO_TCP4;
	f.flags = TCP_ACK;
	f.seq = 0xfffffe00 + n * MSS;
	f.ack = 7;
	f.id = (uint16_t)(0xffff + n);
	f.options = "\1\1\1\0";
	f.options_len = 4;
	f.payload = data + n * MSS;
	f.payload_len = MSS;
	return f;
}

static void
give(struct port *p, const struct unit_frame *f)
{
	uint8_t b[FRAME_MAX];

	ck_assert_int_eq(mem_port_give(p, b, unit_frame_build(b, sizeof(b),
	    f)), 0);
}

/* Segments come in by a, which joins them, and leave by b as offload says. */
static struct ip_net
net_up(uint32_t offload)
{
	struct ip_net n = ip_net_up();

	for (uint32_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + i / 256);
	n.a->ifp->conf.gro = true;
	n.b->offload = offload;
	return n;
}

/* The next frame out of b carries segments [first, first + count). */
static void
expect_super(struct ip_net *n, uint32_t first, uint32_t count, uint32_t len,
    uint16_t flags)
{
	struct unit_seen s = unit_expect(n->b);

	ck_assert_uint_eq(s.payload_len, len);
	ck_assert_mem_eq(s.payload, data + first * MSS, len);
	ck_assert_uint_eq(s.seq, 0xfffffe00 + first * MSS);
	ck_assert_uint_eq(s.flags, flags);
	ck_assert_uint_eq(s.ip.id, (uint16_t)(0xffff + first));
	ck_assert_uint_eq(s.ip.total_len, 44 + len);
	ck_assert_uint_eq(s.ip.ttl, 63);
	ck_assert_mem_eq(s.l4 + 20, "\1\1\1\0", 4);
	if (count > 1) {
		ck_assert(s.frame->csum_needed);
		ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_TCP4);
		ck_assert_uint_eq(s.frame->gso_size, MSS);
	} else {
		ck_assert_uint_eq(s.frame->gso_type, PKT_GSO_NONE);
	}
	unit_seen_free(&s);
}

START_TEST(segments_become_one)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 4; i++) {
		f = segment(i);
		f.payload_len -= i == 3;
		give(n.a, &f);
	}
	f = segment(4);
	give(n.a, &f);
	unit_poll(n.stk);
	expect_super(&n, 0, 4, 4 * MSS - 1, TCP_ACK);
	expect_super(&n, 4, 1, MSS, TCP_ACK);
	unit_expect_nothing(n.b);
	ck_assert_uint_eq(n.stk->ip.gro.frames, 1);
	ck_assert_uint_eq(n.stk->ip.gro.joined, 4);
	ck_assert_uint_eq(n.stk->pool.fate[PKT_RECEIVED], 5);
	ck_assert_uint_eq(n.stk->pool.fate[PKT_MERGED], 3);
	ck_assert_uint_eq(n.stk->pool.fate[PKT_FORWARDED], 2);
	ip_net_down(&n);
}
END_TEST

START_TEST(nothing_waits_for_the_next_turn)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		give(n.a, &f);
		unit_poll(n.stk);
		expect_super(&n, i, 1, MSS, TCP_ACK);
		ck_assert_uint_eq(n.stk->pool.live, 0);
	}
	ip_net_down(&n);
}
END_TEST

START_TEST(off_is_the_default)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct ip_net fresh = ip_net_up();
	struct unit_frame f;

	ck_assert(!fresh.a->ifp->conf.gro);
	ip_net_down(&fresh);
	n.a->ifp->conf.gro = false;
	for (uint32_t i = 0; i < 2; i++) {
		f = segment(i);
		give(n.a, &f);
	}
	unit_poll(n.stk);
	expect_super(&n, 0, 1, MSS, TCP_ACK);
	expect_super(&n, 1, 1, MSS, TCP_ACK);
	ip_net_down(&n);
}
END_TEST

START_TEST(fin_and_push_end_it)
{
	static const uint8_t end[] = { TCP_PSH, TCP_FIN, TCP_FIN | TCP_PSH };
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		f.flags |= i == 1 ? end[_i] : 0;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	expect_super(&n, 0, 2, 2 * MSS, TCP_ACK | end[_i]);
	expect_super(&n, 2, 1, MSS, TCP_ACK);
	ip_net_down(&n);
}
END_TEST

/* RFC 9768: the flags are a number; one that differs must not get lost. */
START_TEST(cwr_is_for_all_or_none)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		f.flags |= i == 1 ? TCP_CWR : 0;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	expect_super(&n, 0, 1, MSS, TCP_ACK);
	expect_super(&n, 1, 1, MSS, TCP_ACK | TCP_CWR);
	expect_super(&n, 2, 1, MSS, TCP_ACK);
	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		f.flags |= TCP_CWR;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	ck_assert_uint_eq(n.stk->ip.gro.frames, 1);
	/* The port cuts it, for CWR to be on each. */
	for (uint32_t i = 0; i < 3; i++)
		expect_super(&n, i, 1, MSS, TCP_ACK | TCP_CWR);
	ip_net_down(&n);
}
END_TEST

/* RFC 9768 3.2.2.5.1: an ACK for no more than six marks. */
START_TEST(six_marks_and_no_more)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 8; i++) {
		f = segment(i);
		f.tos = IP_ECN_CE;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	expect_super(&n, 0, 6, 6 * MSS, TCP_ACK);
	expect_super(&n, 6, 2, 2 * MSS, TCP_ACK);
	ip_net_down(&n);
}
END_TEST

START_TEST(no_larger_than_a_packet)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	/* 46 times 1400 bytes and headers are 64444; 47 would be too many. */
	for (uint32_t i = 0; i < 64; i++) {
		f = segment(i);
		f.payload = data;
		f.payload_len = 1400;
		f.seq = i * 1400;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	for (uint32_t left = 64; left > 0;) {
		struct unit_seen s = unit_expect(n.b);
		uint32_t want = left > 46 ? 46 : left;

		ck_assert_uint_eq(s.payload_len, want * 1400);
		left -= want;
		unit_seen_free(&s);
	}
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* The second of two that would join, with one word changed. */
enum apart {
	SEQ_GAP, SEQ_AGAIN, LONGER, EMPTY, ACK_NUMBER, WINDOW, OPTION,
	NO_OPTION, TOS, CE, TTL, ID, DF, SYN, RST, URG, NO_ACK, ECE, AE,
	OTHER_PORT, OTHER_HOST, IP_OPTION, FRAGMENT, APARTS
};

static void
set_apart(struct unit_frame *f, enum apart how)
{
	switch (how) {
	case SEQ_GAP:	f->seq++; break;
	case SEQ_AGAIN:	f->seq -= MSS; break;
	case LONGER:	f->payload_len++; break;
	case EMPTY:	f->payload_len = 0; break;
	case ACK_NUMBER: f->ack++; break;
	case WINDOW:	f->window = 1; break;
	case OPTION:	f->options = "\1\1\1\1"; break;
	case NO_OPTION:	f->options_len = 0; break;
	case TOS:	f->tos = 8; break;
	case CE:	f->tos = 3; break;
	case TTL:	f->ttl = 63; break;
	case ID:	f->id++; break;
	case DF:	f->frag = IP_DF; break;
	case SYN:	f->flags |= TCP_SYN; break;
	case RST:	f->flags |= TCP_RST; break;
	case URG:	f->flags |= TCP_URG; break;
	case NO_ACK:	f->flags = 0; break;
	case ECE:	f->flags |= TCP_ECE; break;
	case AE:	f->flags |= TCP_AE; break;
	case OTHER_PORT: f->sport++; break;
	case OTHER_HOST: f->sip.v++; break;
	case IP_OPTION:	f->ip_options = "\1\1\1\0"; f->ip_options_len = 4;
		break;
	case FRAGMENT:	f->frag = IP_MF; break;
	default:	ck_abort();
	}
}

START_TEST(what_differs_stays_apart)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f = segment(0);

	give(n.a, &f);
	f = segment(1);
	set_apart(&f, (enum apart)_i);
	give(n.a, &f);
	unit_poll(n.stk);
	ck_assert_uint_eq(mem_port_sent(n.b), 2);
	ck_assert_uint_eq(n.stk->ip.gro.frames, 0);
	for (int i = 0; i < 2; i++) {
		struct mem_frame *m = mem_port_take(n.b);

		ck_assert_uint_eq(m->gso_type, PKT_GSO_NONE);
		mem_port_free(n.b, m);
	}
	ip_net_down(&n);
}
END_TEST

/* RFC 6864 4.1: with DF the identification may be anything. */
START_TEST(with_df_the_id_means_nothing)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		f.frag = IP_DF;
		f.id = (uint16_t)(0xffff - i * 99);
		give(n.a, &f);
	}
	unit_poll(n.stk);
	expect_super(&n, 0, 3, 3 * MSS, TCP_ACK);
	ip_net_down(&n);
}
END_TEST

START_TEST(a_wrong_sum_stays_wrong)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct unit_frame f;

	for (uint32_t i = 0; i < 4; i++) {
		f = segment(i);
		f.bad_csum = i == (uint32_t)_i;
		give(n.a, &f);
	}
	unit_poll(n.stk);
	for (uint32_t left = 4; left > 0;) {
		struct mem_frame *m = mem_port_take(n.b);
		uint32_t at = 4 - left, count, len = m->len - 14 - 44;

		count = len / MSS;
		ck_assert_uint_eq(count, at == (uint32_t)_i ? 1 :
		    at < (uint32_t)_i ? (uint32_t)_i : left);
		ck_assert_int_eq(m->csum_needed, count > 1);
		ck_assert_int_eq(csum_finish(csum_add(csum_pseudo4(HOST_A,
		    HOST_B, IPPROTO_TCP4, 24 + len), m->data + 34,
		    24 + len)) == 0, at != (uint32_t)_i && count == 1);
		mem_port_free(n.b, m);
		left -= count;
	}
	ip_net_down(&n);
}
END_TEST

START_TEST(more_flows_than_places)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	uint32_t seen = 0;

	for (uint32_t i = 0; i < 2; i++) {
		for (uint16_t k = 0; k < GRO_FLOWS + 3; k++) {
			struct unit_frame f = segment(i);

			f.sport = (uint16_t)(5000 + k);
			give(n.a, &f);
		}
	}
	unit_poll(n.stk);
	while (mem_port_sent(n.b) > 0) {
		struct unit_seen s = unit_expect(n.b);

		seen += s.payload_len;
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(seen, 2 * (GRO_FLOWS + 3) * MSS);
	ip_net_down(&n);
}
END_TEST

/* Segments inside IPIP, with their checksum put or still to be put, come out
 * of the tunnel as one. */
START_TEST(inside_a_tunnel)
{
	struct ip_net n = net_up(PORT_CSUM | PORT_TSO4);
	struct mem_frame *m = calloc(1, sizeof(*m) + FRAME_MAX);
	struct unit_frame outer = ip_net_frame(), f;
	uint8_t inner[FRAME_MAX];

	ck_assert_int_eq(ipip_add(n.stk, "tunl0", IP4_ANY, IP4_ANY, NULL), 0);
	outer.dip = OUR_A;
	outer.proto = IPPROTO_IPIP4;
	outer.raw = true;
	for (uint32_t i = 0; i < 3; i++) {
		f = segment(i);
		outer.payload_len = unit_frame_build(inner, sizeof(inner), &f) -
		    14;
		if (_i != 0)
			be16_put(inner + 34 + TCP_OFF_CSUM, csum_fold(
			    csum_pseudo4(HOST_A, HOST_B, IPPROTO_TCP4,
			    outer.payload_len - 20)));
		outer.payload = inner + 14;
		m->len = unit_frame_build(m->data, FRAME_MAX, &outer);
		m->csum_needed = _i != 0;
		m->csum_start = 54;
		m->csum_offset = TCP_OFF_CSUM;
		ck_assert_int_eq(mem_port_give_frame(n.a, m), 0);
	}
	free(m);
	unit_poll(n.stk);
	expect_super(&n, 0, 3, 3 * MSS, TCP_ACK);
	unit_expect_nothing(n.b);
	ip_net_down(&n);
}
END_TEST

/* ---- the same with and without ----------------------------------------- */

#define FLOWS 3u
#define STEPS 4000u

struct source {
	struct rng rng;
	uint32_t seq[FLOWS];
	uint16_t id[FLOWS];
	uint8_t stamp[FLOWS][12];	/* a timestamp option */
};

/* One in n. */
static bool
once_in(struct source *s, uint32_t n)
{
	return rng_below(&s->rng, n) == 0;
}

static struct unit_frame
any_segment(struct source *s)
{
	static const uint32_t len[] = { 1000, 1000, 1000, 1000, 600, 1, 0 };
	uint32_t k = rng_below(&s->rng, FLOWS), n = len[rng_below(&s->rng, 7)];
	struct unit_frame f = segment(0);

	s->seq[k] += once_in(s, 40) ? 1000 : 0;
	s->id[k] = (uint16_t)(s->id[k] + 1 + once_in(s, 40));
	s->stamp[k][11] = (uint8_t)(s->stamp[k][11] + once_in(s, 20));
	f.sport = (uint16_t)(5000 + k);
	f.seq = s->seq[k];
	f.id = s->id[k];
	f.options = s->stamp[k];
	f.options_len = 12;
	f.payload = data + rng_below(&s->rng, 1000);
	f.payload_len = n;
	f.tos = once_in(s, 30) ? 3 : 2;
	f.ttl = once_in(s, 40) ? 1 : 64;
	f.window = once_in(s, 30) ? 100 : 200;
	f.bad_csum = once_in(s, 30);
	if (once_in(s, 10))
		f.flags |= (uint8_t)rng_below(&s->rng, 256);
	if (!once_in(s, 40))
		s->seq[k] += n;
	return f;
}

/* All that b sent, the flows behind each other. */
static uint32_t
taken(struct ip_net *n, uint8_t *out)
{
	struct mem_frame *m[STEPS];
	uint32_t count = 0, len = 0;

	while (mem_port_sent(n->b) > 0)
		m[count++] = mem_port_take(n->b);
	for (uint32_t k = 0; k < FLOWS; k++) {
		for (uint32_t i = 0; i < count; i++) {
			if (be16_get(m[i]->data + 34) != 5000 + k)
				continue;
			memcpy(out + len, m[i]->data, m[i]->len);
			len += m[i]->len;
		}
	}
	for (uint32_t i = 0; i < count; i++)
		mem_port_free(n->b, m[i]);
	return len;
}

START_TEST(what_leaves_is_what_came)
{
	static uint8_t joined[64 * FRAME_MAX], plain[64 * FRAME_MAX];
	struct ip_net on = net_up(0), off = net_up(0);
	struct source s = { .seq = { 1, 0x7ffffff0, 0xfffffff0 } };
	uint8_t seed[RNG_SEED_LEN] = { (uint8_t)_i };

	rng_init(&s.rng, seed);
	for (uint32_t k = 0; k < FLOWS; k++)
		memcpy(s.stamp[k], "\1\1\10\12\0\0\0\0\0\0\0\0", 12);
	off.a->ifp->conf.gro = false;
	for (uint32_t step = 0; step < STEPS;) {
		uint32_t batch = 1 + rng_below(&s.rng, 60), len;

		for (uint32_t i = 0; i < batch; i++, step++) {
			struct unit_frame f = any_segment(&s);

			give(on.a, &f);
			give(off.a, &f);
		}
		unit_poll(on.stk);
		unit_poll(off.stk);
		len = taken(&on, joined);
		ck_assert_uint_eq(len, taken(&off, plain));
		ck_assert_mem_eq(joined, plain, len);
	}
	ck_assert_uint_gt(on.stk->ip.gro.joined, STEPS / 10);
	/* Answers about what died on the way: for a super-frame only one. */
	unit_drain(on.a);
	unit_drain(off.a);
	ip_net_down(&on);
	ip_net_down(&off);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("gro");
	TCase *tc = tcase_create("gro");

	tcase_add_test(tc, segments_become_one);
	tcase_add_test(tc, nothing_waits_for_the_next_turn);
	tcase_add_test(tc, off_is_the_default);
	tcase_add_loop_test(tc, fin_and_push_end_it, 0, 3);
	tcase_add_test(tc, cwr_is_for_all_or_none);
	tcase_add_test(tc, six_marks_and_no_more);
	tcase_add_test(tc, no_larger_than_a_packet);
	tcase_add_loop_test(tc, what_differs_stays_apart, 0, APARTS);
	tcase_add_test(tc, with_df_the_id_means_nothing);
	tcase_add_loop_test(tc, a_wrong_sum_stays_wrong, 0, 4);
	tcase_add_test(tc, more_flows_than_places);
	tcase_add_loop_test(tc, inside_a_tunnel, 0, 2);
	tcase_add_loop_test(tc, what_leaves_is_what_came, 0, 4);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
