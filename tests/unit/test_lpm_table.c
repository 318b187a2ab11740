/*
 * test_lpm_table.c - a routing table of the Internet's size against the
 * oracle: every prefix, the edges of every prefix, random addresses; first in
 * the trie alone, then through route_add() and route_del() with the time that
 * takes.
 *
 * HOPD_ROUTES names a file with one prefix a line; without it the table comes
 * from a seeded generator with the Internet's distribution of lengths.
 * HOPD_LPM_FULL set: all of it (make check-lpm-full), else a part that does
 * for every day.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "unit/lpm_oracle.h"
#include "unit/unit.h"

struct table {
	struct ip4_prefix *p;
	uint32_t count, room;
};

static bool full;

static void
table_add(struct table *t, struct ip4_prefix p)
{
	if (t->count == t->room) {
		t->room = t->room * 2 + 1024;
		t->p = realloc(t->p, t->room * sizeof(*t->p));
		ck_assert_ptr_nonnull(t->p);
	}
	t->p[t->count++] = p;
}

static void
table_read(struct table *t, const char *path)
{
	FILE *f = fopen(path, "r");
	struct ip4_prefix p;
	char line[128];

	ck_assert_msg(f != NULL, "%s: cannot be read", path);
	while (fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, " \t\r\n")] = '\0';
		if (ip4_prefix_parse(line, &p) == 0)
			table_add(t, p);
	}
	fclose(f);
	ck_assert_uint_gt(t->count, 0);
}

/* Prefixes a thousand of each length, 8 to 32, in a table of 2026. */
static const uint16_t share[33] = {
	[8] = 1, [9] = 1, [10] = 1, [11] = 1, [12] = 1, [13] = 1, [14] = 1,
	[15] = 2, [16] = 15, [17] = 9, [18] = 15, [19] = 28, [20] = 47,
	[21] = 56, [22] = 120, [23] = 107, [24] = 560, [25] = 1, [26] = 1,
	[27] = 1, [28] = 1, [29] = 5, [30] = 1, [31] = 1, [32] = 24,
};

/* Allocated space lies together: three quarters of the prefixes follow their
 * predecessor closely. */
static void
table_make(struct table *t, uint32_t count)
{
	static const uint8_t seed[RNG_SEED_LEN] = { 42 };
	struct ip4_prefix p = { { 0 }, 24 };
	struct oracle seen;
	struct rng r;
	uint32_t draw;

	rng_init(&r, seed);
	oracle_init(&seen);
	while (t->count < count) {
		if (rng_below(&r, 4) == 0)
			p.ip.v = (1 + rng_below(&r, 222)) << 24 |
			    (rng_u32(&r) & 0xffffff);
		else
			p.ip.v += rng_below(&r, 4096);
		draw = rng_below(&r, 1000);
		for (p.len = 8; p.len < 32 && draw >= share[p.len]; p.len++)
			draw -= share[p.len];
		p.ip.v &= ip4_mask(p.len);
		if (oracle_get(&seen, p) != 0)
			continue;
		oracle_set(&seen, p, 1);
		table_add(t, p);
	}
	oracle_fini(&seen);
}

static struct table
table_load(void)
{
	const char *path = getenv("HOPD_ROUTES");
	struct table t = { 0 };

	if (path != NULL && path[0] != '\0')
		table_read(&t, path);
	else
		table_make(&t, full ? 900000 : 60000);
	return t;
}

static double
seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void
same(const struct lpm *l, const struct oracle *o, uint32_t ip)
{
	uint32_t got = lpm_lookup(l, (struct ip4){ ip });
	uint32_t want = oracle_lookup(o, (struct ip4){ ip });

	if (got != want)
		ck_abort_msg("%08x: %u, the oracle says %u", ip, got, want);
}

static void
compare(const struct lpm *l, const struct oracle *o, const struct table *t,
    uint32_t addresses, struct rng *r)
{
	for (uint32_t i = 0; i < t->count; i++) {
		uint32_t first = t->p[i].ip.v;
		uint32_t last = first | ~ip4_mask(t->p[i].len);

		if (lpm_get(l, t->p[i]) != oracle_get(o, t->p[i]))
			ck_abort_msg("prefix %u differs", i);
		same(l, o, first);
		same(l, o, first - 1);
		same(l, o, last);
		same(l, o, last + 1);
	}
	for (uint32_t i = 0; i < addresses; i++)
		same(l, o, rng_u32(r));
}

START_TEST(test_table_agrees_with_oracle)
{
	static const uint8_t seed[RNG_SEED_LEN] = { 3 };
	uint32_t addresses = full ? 10000000 : 200000;
	struct table t = table_load();
	struct mem m = { 0 };
	struct lpm *l = lpm_new(&m);
	struct oracle o;
	struct rng r;

	rng_init(&r, seed);
	oracle_init(&o);
	for (uint32_t i = 0; i < t.count; i++) {
		ck_assert_int_eq(lpm_set(l, t.p[i], i + 1), 0);
		oracle_set(&o, t.p[i], i + 1);
	}
	printf("# %u prefixes, %.1f bytes each\n", t.count,
	    (double)lpm_bytes(l) / t.count);
	ck_assert_uint_eq(lpm_bytes(l), m.live_bytes);
	compare(l, &o, &t, addresses, &r);

	/* every other one goes */
	for (uint32_t i = 0; i < t.count; i += 2) {
		ck_assert_int_eq(lpm_del(l, t.p[i]), 0);
		oracle_del(&o, t.p[i]);
	}
	compare(l, &o, &t, addresses / 10, &r);
	for (uint32_t i = 1; i < t.count; i += 2)
		ck_assert_int_eq(lpm_del(l, t.p[i]), 0);
	for (uint32_t i = 0; i < addresses / 10; i++)
		ck_assert_uint_eq(lpm_lookup(l, (struct ip4){ rng_u32(&r) }),
		    0);
	lpm_free(l);
	oracle_fini(&o);
	free(t.p);
	ck_assert_uint_eq(m.live, 0);
}
END_TEST

START_TEST(test_routes_come_and_go_in_time)
{
	struct table t = table_load();
	struct stack *stk = unit_stack();
	struct route *spec = calloc(1, sizeof(*spec) + sizeof(spec->hop[0]));
	struct port *port = unit_port(stk, "tap0", 1, "100.64.0.1/24");
	uint32_t before = stk->ip.route_count;
	struct err err = { "" };
	double start = seconds(), added, gone;

	spec->type = ROUTE_UNICAST;
	spec->hops = 1;
	for (uint32_t i = 0; i < t.count; i++) {
		spec->dst = t.p[i];
		spec->metric = 20;
		spec->hop[0] = (struct next_hop){ NULL, IP4(100, 64, 0, 2), 1 };
		ck_assert_msg(route_add(stk, spec, &err) == 0, "%s", err.text);
	}
	added = seconds();
	ck_assert_uint_eq(stk->ip.route_count, before + t.count);
	for (uint32_t i = 0; i < t.count; i++)
		ck_assert_int_eq(route_del(stk, t.p[i], 20, NULL), 0);
	gone = seconds();
	ck_assert_uint_eq(stk->ip.route_count, before);
	printf("# %u routes: %.2f s to add, %.2f s to delete\n", t.count,
	    added - start, gone - added);
	ck_assert_ptr_eq(port->ifp->port, port);
	free(spec);
	free(t.p);
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lpm_table");
	TCase *tc = tcase_create("table");

	full = getenv("HOPD_LPM_FULL") != NULL;
	tcase_set_timeout(tc, 600);
	tcase_add_test(tc, test_table_agrees_with_oracle);
	tcase_add_test(tc, test_routes_come_and_go_in_time);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
