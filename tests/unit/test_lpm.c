/*
 * test_lpm.c - the longest prefix match against its oracle, on small tables
 * that come and go at random, and the cases that a multibit trie gets wrong.
 */
#include <errno.h>

#include "unit/lpm_oracle.h"
#include "unit/unit.h"


static struct ip4_prefix
pfx(const char *s)
{
	struct ip4_prefix p;

	ck_assert_int_eq(ip4_prefix_parse(s, &p), 0);
	return p;
}

static uint32_t
look(const struct lpm *l, const char *s)
{
	struct ip4 ip;

	ck_assert_int_eq(ip4_parse(s, &ip), 0);
	return lpm_lookup(l, ip);
}

START_TEST(test_empty_has_nothing)
{
	struct mem m = { 0 };
	struct lpm *l = lpm_new(&m);

	ck_assert_uint_eq(look(l, "0.0.0.0"), 0);
	ck_assert_uint_eq(look(l, "255.255.255.255"), 0);
	ck_assert_int_eq(lpm_del(l, pfx("0.0.0.0/0")), -ENOENT);
	ck_assert_int_eq(lpm_del(l, pfx("10.0.0.0/24")), -ENOENT);
	lpm_free(l);
	ck_assert_uint_eq(m.live, 0);
}
END_TEST

START_TEST(test_longest_wins_at_every_level)
{
	static const char *const p[] = { "0.0.0.0/0", "10.0.0.0/8",
	    "10.1.0.0/16", "10.1.128.0/17", "10.1.129.0/24",
	    "10.1.129.128/25", "10.1.129.129/32" };
	static const struct { const char *ip; uint32_t value; } want[] = {
		{ "11.0.0.0", 1 }, { "9.255.255.255", 1 },
		{ "10.0.255.255", 2 }, { "10.2.0.0", 2 },
		{ "10.1.0.0", 3 }, { "10.1.127.255", 3 },
		{ "10.1.128.0", 4 }, { "10.1.255.255", 4 },
		{ "10.1.129.0", 5 }, { "10.1.129.127", 5 },
		{ "10.1.129.128", 6 }, { "10.1.129.130", 6 },
		{ "10.1.129.129", 7 },
	};
	struct mem m = { 0 };

	/* both orders of addition give the same */
	for (int back = 0; back < 2; back++) {
		struct lpm *l = lpm_new(&m);

		for (uint32_t i = 0; i < 7; i++) {
			uint32_t k = back ? 6 - i : i;

			ck_assert_int_eq(lpm_set(l, pfx(p[k]), k + 1), 0);
		}
		for (uint32_t i = 0; i < 13; i++)
			ck_assert_uint_eq(look(l, want[i].ip), want[i].value);
		/* each that goes uncovers the one above */
		for (uint32_t k = 6; k > 0; k--) {
			ck_assert_int_eq(lpm_del(l, pfx(p[k])), 0);
			ck_assert_uint_eq(look(l, "10.1.129.129"), k);
			ck_assert_uint_eq(lpm_get(l, pfx(p[k])), 0);
			ck_assert_uint_eq(lpm_get(l, pfx(p[k - 1])), k);
		}
		lpm_free(l);
	}
	ck_assert_uint_eq(m.live, 0);
}
END_TEST

/* A default route that comes last reaches what lies under every child. */
START_TEST(test_short_prefix_after_long_ones)
{
	struct mem m = { 0 };
	struct lpm *l = lpm_new(&m);

	lpm_set(l, pfx("10.1.1.1/32"), 1);
	lpm_set(l, pfx("10.1.0.0/24"), 2);
	ck_assert_uint_eq(look(l, "10.1.1.2"), 0);
	lpm_set(l, pfx("0.0.0.0/0"), 9);
	ck_assert_uint_eq(look(l, "10.1.1.2"), 9);
	ck_assert_uint_eq(look(l, "10.1.2.2"), 9);
	lpm_set(l, pfx("10.1.0.0/18"), 8);
	ck_assert_uint_eq(look(l, "10.1.1.2"), 8);
	ck_assert_uint_eq(look(l, "10.1.0.2"), 2);
	lpm_set(l, pfx("0.0.0.0/0"), 7);
	ck_assert_uint_eq(look(l, "10.1.1.2"), 8);
	lpm_del(l, pfx("10.1.0.0/18"));
	ck_assert_uint_eq(look(l, "10.1.1.2"), 7);
	ck_assert_uint_eq(look(l, "10.1.1.1"), 1);
	lpm_free(l);
}
END_TEST

/* What covers a node reaches the children in its first and its last slot. */
START_TEST(test_default_reaches_the_outer_children)
{
	struct mem m = { 0 };
	struct lpm *l = lpm_new(&m);

	lpm_set(l, pfx("10.1.0.7/32"), 1);
	lpm_set(l, pfx("10.1.255.7/32"), 2);
	for (uint32_t v = 3; v < 6; v++) {
		lpm_set(l, pfx(v == 4 ? "10.1.0.0/16" : "0.0.0.0/0"), v);
		ck_assert_uint_eq(look(l, "10.1.0.8"), v == 5 ? 4 : v);
		ck_assert_uint_eq(look(l, "10.1.255.255"), v == 5 ? 4 : v);
	}
	lpm_del(l, pfx("10.1.0.0/16"));
	ck_assert_uint_eq(look(l, "10.1.0.8"), 5);
	ck_assert_uint_eq(look(l, "10.1.255.255"), 5);
	lpm_del(l, pfx("0.0.0.0/0"));
	ck_assert_uint_eq(look(l, "10.1.0.8"), 0);
	ck_assert_uint_eq(look(l, "10.1.255.255"), 0);
	ck_assert_uint_eq(look(l, "10.1.255.7"), 2);
	lpm_free(l);
	ck_assert_uint_eq(m.live, 0);
}
END_TEST

/* Memory comes back when the prefixes go. */
START_TEST(test_memory_does_not_creep)
{
	struct mem m = { 0 };
	struct lpm *l = lpm_new(&m);
	uint64_t bytes = 0;

	for (int round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 1000; i++)
			lpm_set(l, (struct ip4_prefix){ { i << 15 }, 27 }, 1);
		if (round == 0)
			bytes = lpm_bytes(l);
		ck_assert_uint_eq(lpm_bytes(l), bytes);
		ck_assert_uint_eq(m.live_bytes, bytes);
		for (uint32_t i = 0; i < 1000; i++)
			ck_assert_int_eq(lpm_del(l,
			    (struct ip4_prefix){ { i << 15 }, 27 }), 0);
	}
	lpm_free(l);
	ck_assert_uint_eq(m.live, 0);
}
END_TEST

/* A prefix from few addresses, so that they nest and meet again; the first and
 * the last slot of every node are among them. */
static struct ip4_prefix
random_prefix(struct rng *r)
{
	static const uint8_t len[] = { 0, 1, 7, 8, 15, 16, 17, 18, 23, 24, 25,
	    26, 31, 32 };
	static const uint8_t byte[] = { 0, 1, 2, 127, 128, 254, 255 };
	struct ip4_prefix p = { { 0 }, len[rng_below(r, sizeof(len))] };

	for (unsigned shift = 0; shift < 32; shift += 8)
		p.ip.v |= (uint32_t)byte[rng_below(r, sizeof(byte))] << shift;

	p.ip.v &= ip4_mask(p.len);
	return p;
}

static void
compare_edges(const struct lpm *l, const struct oracle *o,
    struct ip4_prefix p)
{
	uint32_t first = p.ip.v, last = p.ip.v | ~ip4_mask(p.len);
	const struct ip4 at[] = { { first }, { first - 1 }, { last },
	    { last + 1 } };
	uint32_t together[4];

	lpm_lookup_many(l, at, together, 4);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(lpm_lookup(l, at[i]),
		    oracle_lookup(o, at[i]));
		ck_assert_uint_eq(together[i], oracle_lookup(o, at[i]));
	}
	ck_assert_uint_eq(lpm_get(l, p), oracle_get(o, p));
}

struct walked {
	const struct oracle *o;
	struct ip4_prefix last;
	uint32_t count;
};

static bool
walk_one(void *arg, struct ip4_prefix p, uint32_t value)
{
	struct walked *w = arg;

	ck_assert_uint_eq(oracle_get(w->o, p), value);
	if (w->count++ > 0)
		ck_assert(p.ip.v > w->last.ip.v ||
		    (p.ip.v == w->last.ip.v && p.len > w->last.len));
	w->last = p;
	return true;
}

START_TEST(test_random_against_oracle)
{
	static const uint8_t seed[RNG_SEED_LEN] = { 7 };
	struct mem m = { 0 };
	struct rng r;

	rng_init(&r, seed);
	for (int table = 0; table < 8; table++) {
		struct lpm *l = lpm_new(&m);
		struct walked w = { 0 };
		struct oracle o;
		uint32_t live = 0;

		oracle_init(&o);
		for (uint32_t step = 1; step < 3000; step++) {
			struct ip4_prefix p = random_prefix(&r);
			bool del = rng_below(&r, 5) < 2;
			bool was = oracle_get(&o, p) != 0;

			if (del) {
				ck_assert_int_eq(lpm_del(l, p),
				    was ? 0 : -ENOENT);
				oracle_del(&o, p);
				live -= was;
			} else {
				ck_assert_int_eq(lpm_set(l, p, step), 0);
				oracle_set(&o, p, step);
				live += !was;
			}
			compare_edges(l, &o, p);
			compare_edges(l, &o, random_prefix(&r));
		}
		w.o = &o;
		lpm_walk(l, walk_one, &w);
		ck_assert_uint_eq(w.count, live);
		ck_assert_uint_eq(lpm_bytes(l), m.live_bytes);
		lpm_free(l);
		oracle_fini(&o);
		ck_assert_uint_eq(m.live, 0);
	}
}
END_TEST

/* An insert without memory changes nothing. */
START_TEST(test_out_of_memory_leaves_table_alone)
{
	static const char *const p[] = { "10.0.0.0/24", "10.0.0.128/25",
	    "10.0.1.0/24", "10.0.1.1/32", "10.0.1.2/32" };

	for (uint64_t n = 1; n < 20; n++) {
		struct mem m = { .fail_at = n };
		struct lpm *l = lpm_new(&m);
		struct oracle o;

		if (l == NULL)
			continue;
		oracle_init(&o);
		lpm_set(l, pfx("0.0.0.0/0"), 9);
		oracle_set(&o, pfx("0.0.0.0/0"), 9);
		for (uint32_t i = 0; i < 5; i++) {
			int code = lpm_set(l, pfx(p[i]), i + 1);

			if (code == 0)
				oracle_set(&o, pfx(p[i]), i + 1);
			else
				ck_assert_int_eq(code, -ENOMEM);
			for (uint32_t k = 0; k < 5; k++)
				compare_edges(l, &o, pfx(p[k]));
		}
		ck_assert_uint_eq(lpm_bytes(l), m.live_bytes);
		lpm_free(l);
		oracle_fini(&o);
		ck_assert_uint_eq(m.live, 0);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lpm");
	TCase *tc = tcase_create("lpm");

	tcase_set_timeout(tc, 60);

	tcase_add_test(tc, test_empty_has_nothing);
	tcase_add_test(tc, test_longest_wins_at_every_level);
	tcase_add_test(tc, test_short_prefix_after_long_ones);
	tcase_add_test(tc, test_default_reaches_the_outer_children);
	tcase_add_test(tc, test_memory_does_not_creep);
	tcase_add_test(tc, test_random_against_oracle);
	tcase_add_test(tc, test_out_of_memory_leaves_table_alone);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
