/*
 * test_tcp_wire.c - the TCP header and its options to host order and back.
 */
#include <errno.h>
#include <stdlib.h>

#include "tcp/tcp_options.h"
#include "tcp/tcp_wire.h"
#include "unit/unit.h"

static const uint8_t sample[24] = {
	0x1f, 0x90, 0xc0, 0x01, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
	0x60, 0x12, 0xfa, 0xf0, 0xab, 0xcd, 0x00, 0x07, 2, 4, 5, 0xb4,
};

START_TEST(parse_reads_every_field)
{
	struct tcp_hdr h;

	ck_assert_int_eq(tcp_parse_hdr(sample, sizeof(sample), &h), 0);
	ck_assert_uint_eq(h.sport, 8080);
	ck_assert_uint_eq(h.dport, 49153);
	ck_assert_uint_eq(h.seq, 0x11223344);
	ck_assert_uint_eq(h.ack, 0x55667788);
	ck_assert_uint_eq(h.hlen, 24);
	ck_assert_uint_eq(h.flags, TCP_SYN | TCP_ACK);
	ck_assert_uint_eq(h.window, 64240);
	ck_assert_uint_eq(h.csum, 0xabcd);
	ck_assert_uint_eq(h.urgent, 7);
}
END_TEST

START_TEST(build_is_the_inverse)
{
	struct tcp_hdr h;
	uint8_t out[TCP_HLEN];

	ck_assert_int_eq(tcp_parse_hdr(sample, sizeof(sample), &h), 0);
	tcp_build_hdr(out, &h);
	ck_assert_mem_eq(out, sample, TCP_HLEN);
}
END_TEST

/* A header is refused at every length that cuts it, options included. */
START_TEST(parse_refuses_cut_off)
{
	struct tcp_hdr h;

	for (size_t n = 0; n < 24; n++)
		ck_assert_int_eq(tcp_parse_hdr(sample, n, &h), -EINVAL);
}
END_TEST

/* RFC 9293 3.1: a data offset under five words is no header. */
START_TEST(parse_refuses_small_offset)
{
	struct tcp_hdr h;
	uint8_t p[24];

	memcpy(p, sample, sizeof(p));
	for (unsigned words = 0; words < 5; words++) {
		p[TCP_OFF_DOFF] = (uint8_t)(words << 4);
		ck_assert_int_eq(tcp_parse_hdr(p, sizeof(p), &h), -EINVAL);
	}
	p[TCP_OFF_DOFF] = 5 << 4 | 0x0f;	/* reserved bits are ignored */
	ck_assert_int_eq(tcp_parse_hdr(p, sizeof(p), &h), 0);
	ck_assert_uint_eq(h.hlen, 20);
}
END_TEST

/* ---- options ------------------------------------------------------------- */

START_TEST(options_round_trip)
{
	const struct tcp_opts syn = { .mss_on = true, .mss = 1460,
	    .sack_ok = true, .ts_on = true, .tsval = 7, .tsecr = 9,
	    .wscale_on = true, .wscale = 8, .fo_on = true, .fo_len = 4,
	    .fo = { 1, 2, 3, 4 } };
	const struct tcp_opts data = { .ts_on = true, .tsval = 7, .tsecr = 9,
	    .sacks = 2, .sack = { { 10, 20 }, { 30, 40 } } };
	struct tcp_opts o;
	uint8_t p[TCP_OPTIONS_MAX];
	uint32_t n = tcp_build_options(p, &syn);

	ck_assert_uint_eq(n, 28);
	ck_assert_uint_eq(n, tcp_options_len(&syn));
	tcp_parse_options(p, n, true, &o);
	ck_assert(o.mss == 1460 && o.sack_ok && o.tsval == 7 &&
	    o.tsecr == 9 && o.wscale_on && o.wscale == 8 && o.fo_len == 4);
	ck_assert_mem_eq(o.fo, syn.fo, 4);
	n = tcp_build_options(p, &data);
	ck_assert_uint_eq(n, 12 + 20);
	ck_assert_uint_eq(n, tcp_options_len(&data));
	tcp_parse_options(p, n, false, &o);
	ck_assert_uint_eq(o.sacks, 2);
	ck_assert_uint_eq(o.sack[1].left, 30);
	ck_assert_uint_eq(o.sack[1].right, 40);
	ck_assert_uint_eq(o.tsecr, 9);
}
END_TEST

/* RFC 7413 4.1.1 and, before it had a kind, RFC 6994 3: byte for byte. */
START_TEST(options_of_fastopen)
{
	static const uint8_t kind[] = { 34, 6, 1, 2, 3, 4, 1, 1 };
	static const uint8_t exp[] = { 254, 8, 0xf9, 0x89, 1, 2, 3, 4 };
	static const uint8_t other[] = { 254, 8, 0xf9, 0x88, 1, 2, 3, 4 };
	static const uint8_t odd[] = { 254, 7, 0xf9, 0x89, 1, 2, 3 };
	struct tcp_opts o = { .fo_on = true, .fo_len = 4,
	    .fo = { 1, 2, 3, 4 } }, got;
	uint8_t p[TCP_OPTIONS_MAX];

	ck_assert_uint_eq(tcp_build_options(p, &o), sizeof(kind));
	ck_assert_mem_eq(p, kind, sizeof(kind));
	o.fo_exp = true;
	ck_assert_uint_eq(tcp_options_len(&o), sizeof(exp));
	ck_assert_uint_eq(tcp_build_options(p, &o), sizeof(exp));
	ck_assert_mem_eq(p, exp, sizeof(exp));
	tcp_parse_options(exp, sizeof(exp), true, &got);
	ck_assert(got.fo_on && got.fo_exp && got.fo_len == 4);
	ck_assert_mem_eq(got.fo, o.fo, 4);
	tcp_parse_options(exp, sizeof(exp), false, &got);
	ck_assert(!got.fo_on);
	tcp_parse_options(other, sizeof(other), true, &got);
	ck_assert(!got.fo_on);
	tcp_parse_options(odd, sizeof(odd), true, &got);
	ck_assert(!got.fo_on);
}
END_TEST

/* The layout that Linux made common, byte for byte. */
START_TEST(options_of_a_syn)
{
	static const uint8_t with_ts[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10,
	    0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7 };
	static const uint8_t without[] = { 2, 4, 5, 0xb4, 1, 1, 4, 2,
	    1, 3, 3, 7 };
	struct tcp_opts o = { .mss_on = true, .mss = 1460, .sack_ok = true,
	    .ts_on = true, .tsval = 1, .tsecr = 2, .wscale_on = true,
	    .wscale = 7 };
	uint8_t p[TCP_OPTIONS_MAX];

	ck_assert_uint_eq(tcp_build_options(p, &o), sizeof(with_ts));
	ck_assert_mem_eq(p, with_ts, sizeof(with_ts));
	o.ts_on = false;
	ck_assert_uint_eq(tcp_build_options(p, &o), sizeof(without));
	ck_assert_mem_eq(p, without, sizeof(without));
}
END_TEST

/* RFC 9293 MUST-6 and MUST-7: skipped, or the list ends; nothing else. */
START_TEST(options_unknown_and_broken)
{
	static const uint8_t unknown[] = { 77, 3, 1, 2, 4, 2, 0 };
	static const uint8_t zero[] = { 2, 4, 4, 0, 99, 0, 4, 2 };
	static const uint8_t cut[] = { 2, 4, 4, 0, 8, 10, 1 };
	static const uint8_t wscale[] = { 3, 3, 200 };
	struct tcp_opts o;

	tcp_parse_options(unknown, sizeof(unknown), true, &o);
	ck_assert(o.mss_on);
	ck_assert_uint_eq(o.mss, 512);
	tcp_parse_options(zero, sizeof(zero), true, &o);
	ck_assert(o.mss_on && !o.sack_ok);
	tcp_parse_options(cut, sizeof(cut), true, &o);
	ck_assert(o.mss_on && !o.ts_on);
	/* RFC 7323 2.3 */
	tcp_parse_options(wscale, sizeof(wscale), true, &o);
	ck_assert_uint_eq(o.wscale, 14);
	/* Options of a SYN mean nothing elsewhere. */
	tcp_parse_options(zero, sizeof(zero), false, &o);
	ck_assert(!o.mss_on);
}
END_TEST

/* Whatever the bytes, reading ends and stays inside. */
START_TEST(options_of_noise)
{
	uint8_t seed[RNG_SEED_LEN] = { 3 }, *p;
	struct tcp_opts o;
	struct rng r;

	rng_init(&r, seed);
	for (int i = 0; i < 20000; i++) {
		uint32_t n = rng_below(&r, TCP_OPTIONS_MAX + 1);

		p = malloc(n + 1);	/* a sanitizer watches its end */
		rng_bytes(&r, p, n);
		for (uint32_t k = 0; k < n; k++)
			p[k] %= 36;
		tcp_parse_options(p, n, i % 2 == 0, &o);
		if (o.sacks > TCP_SACK_MAX || o.wscale > 14 || o.fo_len > 16)
			ck_abort_msg("read nonsense");
		free(p);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_wire");
	TCase *t = tcase_create("header");

	tcase_add_test(t, parse_reads_every_field);
	tcase_add_test(t, build_is_the_inverse);
	tcase_add_test(t, parse_refuses_cut_off);
	tcase_add_test(t, parse_refuses_small_offset);
	tcase_add_test(t, options_round_trip);
	tcase_add_test(t, options_of_fastopen);
	tcase_add_test(t, options_of_a_syn);
	tcase_add_test(t, options_unknown_and_broken);
	tcase_add_test(t, options_of_noise);
	suite_add_tcase(s, t);
	return unit_main(s);
}
