/*
 * test_base.c - the small leaves: addresses, cursors, errors, hashes, log,
 * memory, random numbers.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/hash.h"
#include "base/rng.h"

/* ---- addr ---- */

START_TEST(addr_text_round_trip)
{
	static const char *const text[] = { "0.0.0.0", "255.255.255.255",
	    "10.0.0.1", "192.168.100.9", "1.22.133.4" };
	char buf[ADDR_STRLEN];

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		struct ip4 ip;
		struct addr a;

		ck_assert_int_eq(ip4_parse(text[i], &ip), 0);
		ck_assert_str_eq(ip4_format(ip, buf), text[i]);
		ck_assert_int_eq(addr_parse(text[i], &a), 0);
		ck_assert(addr_is_ip4(&a));
		ck_assert_str_eq(addr_format(&a, buf), text[i]);
	}
}
END_TEST

START_TEST(ip4_is_host_order)
{
	struct ip4 ip;

	ck_assert_int_eq(ip4_parse("10.1.2.3", &ip), 0);
	ck_assert_uint_eq(ip.v, 0x0a010203);
	ck_assert(ip4_eq(ip, IP4(10, 1, 2, 3)));
}
END_TEST

START_TEST(bad_addresses_are_refused)
{
	static const char *const text[] = { "", "1", "1.2.3", "1.2.3.4.5",
	    "1.2.3.256", "01.2.3.4", "1.2.3.04", "1.2.3.4 ", " 1.2.3.4",
	    "1.2.3.", ".1.2.3", "1..2.3", "1.2.3.-4", "1.2.3.4294967297",
	    "a.b.c.d", "1.2.3.4x", "+1.2.3.4" };
	struct ip4 ip = { 42 };
	struct ip4_prefix p = { { 42 }, 7 };

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		ck_assert_msg(ip4_parse(text[i], &ip) == -EINVAL, "%s",
		    text[i]);
		ck_assert_uint_eq(ip.v, 42);
		ck_assert_int_eq(ip4_prefix_parse(text[i], &p), -EINVAL);
		ck_assert_uint_eq(p.ip.v, 42);
	}
}
END_TEST

START_TEST(prefix_text)
{
	static const char *const bad[] = { "10.0.0.0/", "10.0.0.0/33",
	    "10.0.0.0/08", "10.0.0.0/8/8", "10.0.0.0/-1", "/8" };
	char buf[PREFIX_STRLEN];
	struct ip4_prefix p;

	ck_assert_int_eq(ip4_prefix_parse("255.255.255.255/32", &p), 0);
	ck_assert_str_eq(ip4_prefix_format(p, buf), "255.255.255.255/32");
	ck_assert_int_eq(ip4_prefix_parse("0.0.0.0/0", &p), 0);
	ck_assert(ip4_in_prefix(IP4(1, 2, 3, 4), p));
	ck_assert_int_eq(ip4_prefix_parse("10.1.2.3", &p), 0);
	ck_assert_uint_eq(p.len, 32);
	ck_assert_int_eq(ip4_prefix_parse("10.1.2.3/8", &p), 0);
	ck_assert_uint_eq(p.ip.v, 0x0a010203);
	ck_assert(ip4_in_prefix(IP4(10, 255, 0, 1), p));
	ck_assert(!ip4_in_prefix(IP4(11, 0, 0, 0), p));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(ip4_prefix_parse(bad[i], &p), -EINVAL);
}
END_TEST

START_TEST(mac_text)
{
	static const char *const bad[] = { "", "02:00:00:00:00",
	    "02:00:00:00:00:0", "02:00:00:00:00:001", "02-00-00-00-00-01",
	    "0g:00:00:00:00:01", "02:00:00:00:00:01:" };
	char buf[MAC_STRLEN];
	struct mac m;

	ck_assert_int_eq(mac_parse("02:Ab:cd:EF:09:f0", &m), 0);
	ck_assert_str_eq(mac_format(m, buf), "02:ab:cd:ef:09:f0");
	ck_assert(!mac_is_group(m));
	ck_assert(mac_is_group(MAC_BROADCAST));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(mac_parse(bad[i], &m), -EINVAL);
}
END_TEST

START_TEST(addr_and_port_text)
{
	static const char *const bad[] = { "10.0.0.1", "10.0.0.1:",
	    "10.0.0.1:65536", "10.0.0.1:080", "10.0.0.1:80 ", ":80",
	    "10.0.0.1:-1" };
	struct addr a;
	uint16_t port;

	ck_assert_int_eq(addr_port_parse("10.0.0.1:65535", &a, &port), 0);
	ck_assert_uint_eq(port, 65535);
	ck_assert(ip4_eq(addr_to_ip4(&a), IP4(10, 0, 0, 1)));
	ck_assert_int_eq(addr_port_parse("10.0.0.1:0", &a, &port), 0);
	ck_assert_uint_eq(port, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(addr_port_parse(bad[i], &a, &port), -EINVAL);
}
END_TEST

START_TEST(addr_any)
{
	struct addr unset = { { 0 } }, mapped = addr_from_ip4(IP4_ANY);
	struct addr other = addr_from_ip4(IP4(0, 0, 0, 1));
	struct addr six = { { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	char buf[ADDR_STRLEN];

	ck_assert(addr_is_any(&unset));
	ck_assert(addr_is_any(&mapped));
	ck_assert(!addr_is_any(&other));
	ck_assert(!addr_is_any(&six));
	ck_assert_str_eq(addr_format(&six, buf), "2001:db8:0:0:0:0:0:1");
}
END_TEST

/* ---- cursor ---- */

START_TEST(reader_is_sticky)
{
	static const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7 };
	uint8_t copy[4] = { 9, 9, 9, 9 };
	struct rd r = rd_init(b, sizeof(b));

	ck_assert_uint_eq(rd_u8(&r), 1);
	ck_assert_uint_eq(rd_u16(&r), 0x0203);
	ck_assert_uint_eq(r.left, 4);
	ck_assert_uint_eq(rd_u32(&r), 0x04050607);
	ck_assert(!r.bad);
	ck_assert_ptr_nonnull(rd_bytes(&r, 0));
	r = rd_init(b, sizeof(b));
	rd_skip(&r, 4);
	ck_assert_uint_eq(rd_u32(&r), 0);	/* three are left */
	ck_assert(r.bad);
	ck_assert_uint_eq(rd_u8(&r), 0);	/* and stay unread */
	ck_assert_ptr_null(rd_bytes(&r, 0));
	rd_copy(&r, copy, sizeof(copy));
	ck_assert_uint_eq(copy[0] | copy[3], 0);
}
END_TEST

START_TEST(writer_is_sticky)
{
	uint8_t b[8] = { 0 };
	struct wr w = wr_init(b, 7);

	wr_u16(&w, 0x0102);
	wr_u32(&w, 0x03040506);
	ck_assert(!w.bad);
	wr_u16(&w, 0xffff);
	ck_assert(w.bad);
	wr_u8(&w, 0xff);
	ck_assert_uint_eq(b[5], 6);
	ck_assert_uint_eq(b[6] | b[7], 0);
	w = wr_init(b, 3);
	wr_copy(&w, "abc", 3);
	ck_assert(!w.bad);
	ck_assert_int_eq(memcmp(b, "abc", 3), 0);
}
END_TEST

/* ---- err, log ---- */

START_TEST(err_text)
{
	struct err e = { "" };

	ck_assert_int_eq(err_set(&e, -EINVAL, "\"%s\": %d", "x", 3), -EINVAL);
	ck_assert_str_eq(e.text, "\"x\": 3");
	ck_assert_int_eq(err_set(NULL, -EEXIST, "lost"), -EEXIST);
	err_set(&e, 0, "%400d", 1);
	ck_assert_uint_eq(strlen(e.text), 400);
	err_set(&e, 0, "%*d", ERR_TEXT_MAX, 1);
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
}
END_TEST

/* What would move a terminal's cursor, or worse, and the end of what is cut. */
START_TEST(err_escapes)
{
	struct err e = { "" };

	err_set(&e, 0, "\"%s\"", "a\x1b[31m\n\x7f\xc2\x9b" "b\xc3\xa9");
	ck_assert_str_eq(e.text,
	    "\"a\\x1b[31m\\x0a\\x7f\\xc2\\x9bb\xc3\xa9\"");
	err_set(&e, 0, "%*s", ERR_TEXT_MAX + 1, "\x1b.");
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 1);
	ck_assert_ptr_null(strchr(e.text, '\\'));
	err_set(&e, 0, "%*s", ERR_TEXT_MAX, "\xc3\xa9");
	ck_assert_uint_eq(strlen(e.text), ERR_TEXT_MAX - 2);
}
END_TEST

static void
remember(void *arg, enum log_level level, const char *line)
{
	char *last = arg;

	last[0] = (char)('0' + level);
	strcpy(last + 1, line);
}

START_TEST(log_budget_and_level)
{
	char last[600] = "";
	struct log l = { .sink = remember, .arg = last,
	    .level = LOG_LVL_INFO, .budget = 1 };

	log_line(&l, LOG_LVL_DEBUG, "ip: %d", 1);
	ck_assert_str_eq(last, "");
	log_line(&l, LOG_LVL_WARN, "ip: %d", 2);
	ck_assert_str_eq(last, "1ip: 2");
	log_line(&l, LOG_LVL_INFO, "ip: %d", 3);
	ck_assert_str_eq(last, "1ip: 2");
	ck_assert_uint_eq(l.dropped, 1);
	log_line(&l, LOG_LVL_ERR, "ip: %d", 4);
	ck_assert_str_eq(last, "0ip: 4");
	l.sink = NULL;
	log_line(&l, LOG_LVL_ERR, "nobody");
}
END_TEST

/* ---- hash ---- */

/* The paper's appendix A, and the first of its reference vectors: key 00..0f,
 * input 00, 01, 02 ... */
START_TEST(siphash24_vectors)
{
	static const struct hash_key key = { UINT64_C(0x0706050403020100),
	    UINT64_C(0x0f0e0d0c0b0a0908) };
	uint8_t in[16];

	for (int i = 0; i < 16; i++)
		in[i] = (uint8_t)i;
	ck_assert_uint_eq(siphash24(&key, in, 0),
	    UINT64_C(0x726fdb47dd0e0e31));
	ck_assert_uint_eq(siphash24(&key, in, 1),
	    UINT64_C(0x74f839c593dc67fd));
	ck_assert_uint_eq(siphash24(&key, in, 8),
	    UINT64_C(0x93f5f5799a932462));
	ck_assert_uint_eq(siphash24(&key, in, 15),
	    UINT64_C(0xa129ca6149be45e5));
}
END_TEST

/* CPython 3.11 hashes bytes by SipHash-1-3, with a zero key under
 * PYTHONHASHSEED=0: hash(bytes(range(n))). */
START_TEST(siphash13_vectors)
{
	static const struct hash_key key = { 0, 0 };
	static const struct {
		size_t len;
		uint64_t hash;
	} v[] = {
		{ 7, UINT64_C(0x2f098ab0c751325a) },
		{ 8, UINT64_C(0xead411e67ebe2eea) },
		{ 15, UINT64_C(0xf30eb725bb91c9ea) },
		{ 40, UINT64_C(0x95bc321ab41d8206) },
	};
	uint8_t in[40];

	for (int i = 0; i < 40; i++)
		in[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof(v) / sizeof(v[0]); i++)
		ck_assert_uint_eq(siphash13(&key, in, v[i].len), v[i].hash);
	ck_assert_uint_eq(siphash13(&key, "a", 1),
	    UINT64_C(0x407448d2b89b1813));
}
END_TEST

/* The short way round memory gives the same. */
START_TEST(siphash_of_a_pair)
{
	struct hash_key key = { UINT64_C(0x0123456789abcdef), 42 };
	uint64_t a = UINT64_C(0x7867564534231201);
	uint64_t b = UINT64_C(0x00efdecdbcab9a89);
	uint8_t in[15];

	for (int i = 0; i < 15; i++)
		in[i] = (uint8_t)(i * 17 + 1);
	ck_assert_uint_eq(siphash13_pair(&key, a, b), siphash13(&key, in, 15));
	ck_assert_uint_eq(siphash24_pair(&key, a, b), siphash24(&key, in, 15));
}
END_TEST

START_TEST(siphash_depends_on_the_key)
{
	struct hash_key a = { 1, 2 }, b = { 1, 3 };

	ck_assert(siphash13(&a, "abc", 3) != siphash13(&b, "abc", 3));
	ck_assert(siphash24(&a, "abc", 3) != siphash13(&a, "abc", 3));
}
END_TEST

/* ---- mem ---- */

START_TEST(mem_counts)
{
	struct mem m = { 0 };
	uint8_t *p = mem_alloc(&m, 100);
	char *s;

	ck_assert_ptr_nonnull(p);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_eq(p[i], 0);
	memset(p, 0xff, 100);
	p = mem_resize(&m, p, 100, 200);
	ck_assert_ptr_nonnull(p);
	ck_assert_uint_eq(p[99], 0xff);
	ck_assert_uint_eq(p[100] | p[199], 0);
	ck_assert_uint_eq(m.live, 1);
	ck_assert_uint_eq(m.live_bytes, 200);
	s = mem_strdup(&m, "hello");
	ck_assert_str_eq(s, "hello");
	ck_assert_uint_eq(m.live_bytes, 206);
	mem_strfree(&m, s);
	mem_free(&m, p, 200);
	mem_free(&m, NULL, 5);
	mem_strfree(&m, NULL);
	ck_assert_uint_eq(m.live, 0);
	ck_assert_uint_eq(m.live_bytes, 0);
	ck_assert_ptr_null(mem_array(&m, SIZE_MAX / 2, 3));
	p = mem_array(&m, 3, 5);
	ck_assert_uint_eq(m.live_bytes, 15);
	mem_free(&m, p, 15);
}
END_TEST

START_TEST(mem_fails_on_order)
{
	struct mem m = { .fail_at = 2 };
	uint8_t *p = mem_alloc(&m, 1), *q;

	ck_assert_ptr_nonnull(p);
	p[0] = 7;
	ck_assert_ptr_null(mem_resize(&m, p, 1, 2));	/* the second */
	ck_assert_uint_eq(p[0], 7);
	ck_assert_uint_eq(m.live_bytes, 1);
	ck_assert_uint_eq(m.failed, 1);
	ck_assert_uint_eq(m.calls, 2);
	q = mem_alloc(&m, 1);				/* only that one */
	ck_assert_ptr_nonnull(q);
	mem_free(&m, p, 1);
	mem_free(&m, q, 1);
}
END_TEST

/* ---- rng ---- */

/* RFC 8439 A.1, vectors 1 and 2: key and nonce zero, blocks 0 and 1. */
START_TEST(rng_is_chacha20)
{
	static const char stream[] =
	    "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
	    "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586"
	    "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"
	    "29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f";
	uint8_t seed[RNG_SEED_LEN] = { 0 }, want[128], got[128];
	struct rng r;

	ck_assert_uint_eq(unit_hex(want, sizeof(want), stream), 128);
	rng_init(&r, seed);
	rng_bytes(&r, got, 3);
	rng_bytes(&r, got + 3, 100);
	rng_bytes(&r, got + 103, 25);
	ck_assert_mem_eq(got, want, 128);
}
END_TEST

/* RFC 8439 A.1, vector 3: key 00..00 01, block 1. */
START_TEST(rng_uses_the_whole_seed)
{
	uint8_t seed[RNG_SEED_LEN] = { [31] = 1 }, want[16], got[80];
	struct rng r;

	unit_hex(want, sizeof(want), "3aeb5224ecf849929b9d828db1ced4dd");
	rng_init(&r, seed);
	rng_bytes(&r, got, sizeof(got));
	ck_assert_mem_eq(got + 64, want, 16);
}
END_TEST

START_TEST(rng_below_is_uniform)
{
	uint8_t seed[RNG_SEED_LEN] = { 5 };
	unsigned count[7] = { 0 };
	struct rng r;

	rng_init(&r, seed);
	for (int i = 0; i < 70000; i++) {
		uint32_t v = rng_below(&r, 7);

		ck_assert_uint_lt(v, 7);
		count[v]++;
	}
	for (int i = 0; i < 7; i++) {
		ck_assert_uint_gt(count[i], 9600);
		ck_assert_uint_lt(count[i], 10400);
	}
	ck_assert_uint_eq(rng_below(&r, 1), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base");
	TCase *tc = tcase_create("leaves");

	tcase_add_test(tc, addr_text_round_trip);
	tcase_add_test(tc, ip4_is_host_order);
	tcase_add_test(tc, bad_addresses_are_refused);
	tcase_add_test(tc, prefix_text);
	tcase_add_test(tc, mac_text);
	tcase_add_test(tc, addr_and_port_text);
	tcase_add_test(tc, addr_any);
	tcase_add_test(tc, reader_is_sticky);
	tcase_add_test(tc, writer_is_sticky);
	tcase_add_test(tc, err_text);
	tcase_add_test(tc, err_escapes);
	tcase_add_test(tc, log_budget_and_level);
	tcase_add_test(tc, siphash24_vectors);
	tcase_add_test(tc, siphash13_vectors);
	tcase_add_test(tc, siphash_of_a_pair);
	tcase_add_test(tc, siphash_depends_on_the_key);
	tcase_add_test(tc, mem_counts);
	tcase_add_test(tc, mem_fails_on_order);
	tcase_add_test(tc, rng_is_chacha20);
	tcase_add_test(tc, rng_uses_the_whole_seed);
	tcase_add_test(tc, rng_below_is_uniform);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
