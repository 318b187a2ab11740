/*
 * test_base_csum.c - the Internet checksum against an addition of 16-bit words
 * one at a time, and incremental updates against sums from scratch; the same
 * of SCTP's CRC.
 */
#include "unit/unit.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/csum.h"
#include "base/cursor.h"
#include "base/rng.h"

static struct rng rng;

static void
setup(void)
{
	uint8_t seed[RNG_SEED_LEN] = { 3 };

	rng_init(&rng, seed);
}

/* RFC 1071 1, word by word, with the carry put back at once. */
static uint16_t
slow_sum(uint16_t start, const uint8_t *p, size_t len)
{
	uint32_t sum = start;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return (uint16_t)sum;
}

/* Zero has two forms in one's complement. */
static bool
same_sum(uint16_t a, uint16_t b)
{
	return a == b || (a % 0xffff == 0 && b % 0xffff == 0);
}

/* RFC 1071 3: the example. */
START_TEST(rfc1071_example)
{
	static const uint8_t b[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6,
	    0xf7 };

	ck_assert_uint_eq(csum_fold(csum_add(0, b, 8)), 0xddf2);
	ck_assert_uint_eq(csum_finish(csum_add(0, b, 8)), 0x220d);
}
END_TEST

START_TEST(random_against_words)
{
	uint8_t b[2100];

	for (int i = 0; i < 5000; i++) {
		size_t at = rng_below(&rng, 9);
		size_t len = rng_below(&rng, _i == 0 ? 80 : 2000);
		uint16_t start = (uint16_t)rng_u32(&rng);

		rng_bytes(&rng, b + at, len);
		ck_assert(same_sum(csum_fold(csum_add(start, b + at, len)),
		    slow_sum(start, b + at, len)));
	}
}
END_TEST

START_TEST(all_ones_do_not_overflow)
{
	static uint8_t b[65536];
	uint32_t sum = 0;

	memset(b, 0xff, sizeof(b));
	for (int i = 0; i < 1000; i++)
		sum = csum_add(sum, b, sizeof(b));
	ck_assert_uint_eq(csum_fold(sum), 0xffff);
	ck_assert_uint_eq(csum_finish(sum), 0);
	b[65535] = 0xfe;
	ck_assert_uint_eq(csum_fold(csum_add(UINT32_MAX, b, sizeof(b))),
	    0xfffe);
}
END_TEST

/* The quick look at a header agrees with the sum, and sees one wrong bit. */
START_TEST(headers)
{
	uint8_t b[60];

	for (int i = 0; i < 20000; i++) {
		uint32_t len = 20 + rng_below(&rng, 11) * 4;

		rng_bytes(&rng, b, sizeof(b));
		be16_put(b + 10, 0);
		be16_put(b + 10, csum_finish(csum_add(0, b, len)));
		ck_assert(csum_header_ok(b, len));
		b[rng_below(&rng, len)] ^=
		    (uint8_t)(1u << rng_below(&rng, 8));
		ck_assert(!csum_header_ok(b, len));
	}
	memset(b, 0xff, sizeof(b));
	ck_assert(csum_header_ok(b, sizeof(b)));
}
END_TEST

START_TEST(pseudo_header)
{
	static const uint8_t b[] = { 10, 1, 2, 3, 192, 168, 0, 9, 0, 6, 5,
	    220 };
	struct ip4 src = IP4(10, 1, 2, 3), dst = IP4(192, 168, 0, 9);
	struct addr a = addr_from_ip4(src), c = addr_from_ip4(dst);
	struct addr six = { { 0x20, 1, [15] = 9 } };
	uint8_t b6[40] = { 0 };

	ck_assert_uint_eq(csum_fold(csum_pseudo4(src, dst, 6, 1500)),
	    slow_sum(0, b, sizeof(b)));
	ck_assert_uint_eq(csum_fold(csum_pseudo(&a, &c, 6, 1500)),
	    slow_sum(0, b, sizeof(b)));
	memcpy(b6, six.b, 16);
	memcpy(b6 + 16, six.b, 16);
	be32_put(b6 + 32, 100000);
	b6[39] = 17;
	ck_assert_uint_eq(csum_fold(csum_pseudo(&six, &six, 17, 100000)),
	    slow_sum(0, b6, sizeof(b6)));
}
END_TEST

/* RFC 1624 4: the example that equation 2 gets wrong. */
START_TEST(rfc1624_example)
{
	ck_assert_uint_eq(csum_update16(0xdd2f, 0x5555, 0x3285), 0x0000);
}
END_TEST

START_TEST(updates_against_scratch)
{
	uint8_t b[40];

	for (int i = 0; i < 20000; i++) {
		uint32_t at = rng_below(&rng, 10) * 4;
		uint32_t old, new_ = rng_u32(&rng);
		uint16_t csum;

		rng_bytes(&rng, b, sizeof(b));
		csum = csum_finish(csum_add(0, b, sizeof(b)));
		old = be32_get(b + at);
		be32_put(b + at, new_);
		ck_assert(same_sum(csum_update32(csum, old, new_),
		    csum_finish(csum_add(0, b, sizeof(b)))));
		csum = csum_finish(csum_add(0, b, sizeof(b)));
		be16_put(b + at, (uint16_t)old);
		ck_assert(same_sum(csum_update16(csum,
		    (uint16_t)(new_ >> 16), (uint16_t)old),
		    csum_finish(csum_add(0, b, sizeof(b)))));
	}
}
END_TEST

/* ---- csum_fix_*: a transport header of 20 bytes, checksum at 6 ---- */

struct segment {
	struct addr src, dst;
	uint8_t b[20];
};

static void
segment_random(struct segment *g)
{
	g->src = addr_from_ip4((struct ip4){ rng_u32(&rng) });
	g->dst = addr_from_ip4((struct ip4){ rng_u32(&rng) });
	rng_bytes(&rng, g->b, sizeof(g->b));
}

/* Puts the checksum that belongs there. */
static void
segment_sum(struct segment *g, bool needed)
{
	uint32_t sum = csum_pseudo(&g->src, &g->dst, 17, sizeof(g->b));

	be16_put(g->b + 6, 0);
	if (needed)
		be16_put(g->b + 6, csum_fold(sum));
	else
		be16_put(g->b + 6,
		    csum_finish(csum_add(sum, g->b, sizeof(g->b))));
}

START_TEST(fixes_against_scratch)
{
	bool needed = _i == 1;

	for (int i = 0; i < 20000; i++) {
		struct segment g;
		struct addr old;
		uint32_t old32, new32 = rng_u32(&rng);
		uint16_t fixed;

		segment_random(&g);
		segment_sum(&g, needed);
		old = g.src;
		g.src = addr_from_ip4((struct ip4){ rng_u32(&rng) });
		csum_fix_addr(g.b + 6, &old, &g.src, needed, false);
		csum_fix_u16(g.b + 6, be16_get(g.b + 2), (uint16_t)new32,
		    needed, false);
		be16_put(g.b + 2, (uint16_t)new32);
		old32 = be32_get(g.b + 12);
		csum_fix_u32(g.b + 6, old32, new32, needed, false);
		be32_put(g.b + 12, new32);
		fixed = be16_get(g.b + 6);
		segment_sum(&g, needed);
		ck_assert(same_sum(fixed, be16_get(g.b + 6)));
	}
}
END_TEST

START_TEST(udp_without_checksum_stays_without)
{
	struct addr a = addr_from_ip4(IP4(1, 2, 3, 4));
	struct addr b = addr_from_ip4(IP4(5, 6, 7, 8));
	uint8_t field[2] = { 0, 0 };

	csum_fix_addr(field, &a, &b, false, true);
	csum_fix_u16(field, 1, 2, false, true);
	csum_fix_u32(field, 1, 2, false, true);
	ck_assert_uint_eq(be16_get(field), 0);
	/* TCP has no such exception. */
	csum_fix_u16(field, 1, 2, false, false);
	ck_assert_uint_eq(be16_get(field), 0xfffe);
}
END_TEST

/* RFC 768: a computed zero is sent as all ones. */
START_TEST(udp_never_becomes_none)
{
	uint8_t field[2] = { 0x00, 0x01 };

	csum_fix_u16(field, 1, 2, false, true);
	ck_assert_uint_eq(be16_get(field), 0xffff);
	be16_put(field, 1);
	csum_fix_u16(field, 1, 2, false, false);
	ck_assert_uint_eq(be16_get(field), 0);
}
END_TEST

START_TEST(needed_ignores_ports)
{
	uint8_t field[2] = { 0x12, 0x34 };

	csum_fix_u16(field, 1, 2, true, false);
	csum_fix_u32(field, 1, 2, true, true);
	ck_assert_uint_eq(be16_get(field), 0x1234);
}
END_TEST

/* RFC 9260 appendix A, bit by bit. */
static uint32_t
slow_crc32c(const uint8_t *p, uint32_t len)
{
	uint32_t crc = UINT32_MAX;

	for (uint32_t i = 0; i < len; i++) {
		crc ^= p[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
	}
	return ~crc;
}

START_TEST(crc32c_of_what_changed)
{
	uint8_t b[2000];

	/* RFC 3720 B.4: 32 bytes of zeroes */
	memset(b, 0, 32);
	ck_assert_uint_eq(slow_crc32c(b, 32), 0x8a9136aa);
	for (int i = 0; i < 500; i++) {
		uint32_t len = 4 + rng_below(&rng, sizeof(b) - 4);
		uint32_t diff = rng_u32(&rng), before;

		for (uint32_t at = 0; at < len; at++)
			b[at] = (uint8_t)rng_u32(&rng);
		before = slow_crc32c(b, len);
		be32_put(b, be32_get(b) ^ diff);
		ck_assert_uint_eq(crc32c_delta(diff, len),
		    before ^ slow_crc32c(b, len));
	}
	ck_assert_uint_eq(crc32c_delta(0, 100), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base_csum");
	TCase *tc = tcase_create("csum");

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, rfc1071_example);
	tcase_add_loop_test(tc, random_against_words, 0, 2);
	tcase_add_test(tc, crc32c_of_what_changed);
	tcase_add_test(tc, all_ones_do_not_overflow);
	tcase_add_test(tc, headers);
	tcase_add_test(tc, pseudo_header);
	tcase_add_test(tc, rfc1624_example);
	tcase_add_test(tc, updates_against_scratch);
	tcase_add_loop_test(tc, fixes_against_scratch, 0, 2);
	tcase_add_test(tc, udp_without_checksum_stays_without);
	tcase_add_test(tc, udp_never_becomes_none);
	tcase_add_test(tc, needed_ignores_ports);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
