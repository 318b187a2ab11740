/*
 * test_lb_sched.c - every scheduler against what the kernel's IPVS did.
 *
 * tests/data/lb/NAME is a script of connections, weights and removals with the
 * answers that Linux 6.12 gave (tests/data/lb/README); here it is played to
 * hopd frame by frame, and each answer must be the same.  swrr, maglev and
 * twos, which have no such record, are checked for what they promise.
 */
#include <errno.h>
#include <string.h>

#include "base/cursor.h"
#include "lb/sched.h"
#include "tcp/tcp_wire.h"
#include "unit/lb_play.h"
#include "unit/unit.h"

static const char *const records[] = {
	"rr", "wrr", "wrr-even", "lc", "wlc", "sed", "nq", "fo", "ovf",
	"rr-thresholds", "wlc-thresholds", "sh", "sh-port", "sh-fallback",
	"sh-both", "dh", "mh", "mh-port", "mh-fallback", "lblc", "lblcr",
	"clients-sh", "clients-sh-port", "clients-mh", "clients-mh-port",
	"clients-dh", "states-nat", "states-dr", "states-tun", "udp-nat",
	"udp-dr", "udp-ops", "persist", "persist-net", "persist-fwm",
	"persist-fwm-net", "reuse", "weight-0", "ops-nat", "opens",
	"persist-port-0", "persist-fwm-ports", "fwm-ports", "dr-gateway",
	"dr-gateway-fwm", "sctp-states-nat", "sctp-states-dr",
	"sctp-ports", "icmp-nat", "frags-nat",
};

START_TEST(picks_equal_the_kernels)
{
	lb_play(records[_i]);
}
END_TEST

/* A service with n servers 10.0.0.11... of the given weights. */
static struct lb_service *
service_of(struct stack *stk, const char *sched, const int32_t *weights,
    unsigned n, uint64_t seed)
{
	struct lb_service_key key = { .proto = IPPROTO_TCP4, .port = 80,
	    .addr = addr_from_ip4(IP4(192, 168, 1, 100)) };
	struct lb_service_conf conf = { .sched = lb_sched_find(sched),
	    .seed = seed };
	struct lb_service *svc;

	ck_assert_ptr_nonnull(conf.sched);
	ck_assert_int_eq(lb_service_add(stk, &key, &conf, NULL), 0);
	svc = lb_service_lookup(stk, &key);
	for (unsigned i = 0; i < n; i++) {
		struct addr a = addr_from_ip4(IP4(10, 0, 0, 11 + i));
		struct lb_server_conf c = { .fwd = LB_FWD_NAT,
		    .weight = weights[i] };

		ck_assert_int_eq(lb_server_add(stk, svc, &a, 80, &c, NULL), 0);
	}
	return svc;
}

/* Which server a client gets: 0 for the first added; -1: none. */
static int
pick(struct stack *stk, struct lb_service *svc, uint32_t client)
{
	struct lb_pick p = {
		.src = addr_from_ip4((struct ip4){ 0xac100000 + client }),
		.dst = svc->key.addr, .sport = 40000, .dport = 80,
	};
	struct lb_server *srv = svc->conf.sched->pick(stk, svc, &p);

	return srv == NULL ? -1 :
	    (int)(addr_to_ip4(&srv->addr).v & 255) - 11;
}

static struct lb_server *
server_at(struct stack *stk, struct lb_service *svc, uint32_t i)
{
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11 + i));

	return lb_server_lookup(stk, svc, &a, 80);
}

START_TEST(swrr_is_smooth)
{
	static const int32_t weights[] = { 1, 1, 5 };
	static const int want[] = { 2, 2, 1, 2, 0, 2, 2 };
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "swrr", weights, 3, 0);

	/* The well-known 5-1-1: never more than two in a row. */
	for (unsigned i = 0; i < 21; i++)
		ck_assert_int_eq(pick(stk, svc, i), want[i % 7]);
	unit_stack_free(stk);
}
END_TEST

START_TEST(twos_prefers_the_lighter)
{
	static const int32_t weights[] = { 1, 1 };
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "twos", weights, 2, 0);
	int count[2] = { 0 };

	svc->servers->active = 10;	/* the second one */
	for (unsigned i = 0; i < 3000; i++)
		count[pick(stk, svc, i)]++;
	/* It is taken only when both choices fall on it: the first in the
	 * list, it owns 2 of the 3 numbers, so 4 times in 9. */
	ck_assert_int_gt(count[1], 3000 * 4 / 9 - 100);
	ck_assert_int_lt(count[1], 3000 * 4 / 9 + 100);
	unit_stack_free(stk);
}
END_TEST

/* Maglev as the paper writes it, for weights of 1: slow and obvious. */
START_TEST(maglev_equals_the_paper)
{
	static const int32_t weights[] = { 1, 1, 1, 1, 1, 1, 1 };
	static int table[65537];
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "maglev", weights, 7, 42);
	uint32_t next[7] = { 0 }, filled = 0;

	for (unsigned i = 0; i < 65537; i++)
		table[i] = -1;
	while (filled < 65537) {
		for (unsigned i = 0; i < 7 && filled < 65537; i++) {
			struct addr a = addr_from_ip4(IP4(10, 0, 0, 11 + i));
			uint8_t b[18];
			struct hash_key k1 = { 42, 1 }, k2 = { 42, 2 };
			uint64_t offset, skip, c;

			memcpy(b, &a, 16);
			b[16] = 0;
			b[17] = 80;
			offset = siphash13(&k1, b, 18) % 65537;
			skip = siphash13(&k2, b, 18) % 65536 + 1;
			do
				c = (offset + next[i]++ * skip) % 65537;
			while (table[c] != -1);
			table[c] = (int)i;
			filled++;
		}
	}
	for (uint32_t client = 0; client < 20000; client++) {
		struct addr a = addr_from_ip4((struct ip4){ 0xac100000 +
		    client });
		struct hash_key k3 = { 42, 3 };
		uint8_t b[18] = { 0 };

		memcpy(b, &a, 16);
		ck_assert_int_eq(pick(stk, svc, client),
		    table[siphash13(&k3, b, 18) % 65537]);
	}
	unit_stack_free(stk);
}
END_TEST

START_TEST(maglev_agrees_in_any_order)
{
	static const int32_t up[] = { 3, 1, 2, 5 };
	struct stack *a = unit_stack(), *b = unit_stack();
	struct lb_service *sa = service_of(a, "maglev", up, 4, 7);
	struct lb_service *sb = service_of(b, "maglev", up, 4, 7);
	struct addr second = addr_from_ip4(IP4(10, 0, 0, 12));
	struct lb_server_conf c = { .fwd = LB_FWD_NAT, .weight = 1 };
	int count[4] = { 0 };

	/* In b the second server comes last. */
	ck_assert_int_eq(lb_server_del(b, sb, &second, 80, NULL), 0);
	ck_assert_int_eq(pick(b, sb, 1) == 1, 0);
	ck_assert_int_eq(lb_server_add(b, sb, &second, 80, &c, NULL), 0);
	for (uint32_t client = 0; client < 11000; client++) {
		int got = pick(a, sa, client);

		ck_assert_int_eq(got, pick(b, sb, client));
		count[got]++;
	}
	for (int i = 0; i < 4; i++) {
		ck_assert_int_gt(count[i], 1000 * up[i] * 9 / 10);
		ck_assert_int_lt(count[i], 1000 * up[i] * 11 / 10);
	}
	unit_stack_free(a);
	unit_stack_free(b);
}
END_TEST

START_TEST(maglev_moves_few)
{
	static const int32_t weights[] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "maglev", weights, 10, 1);
	struct addr gone = addr_from_ip4(IP4(10, 0, 0, 15));
	static int before[10000];
	int moved = 0;

	for (uint32_t i = 0; i < 10000; i++)
		before[i] = pick(stk, svc, i);
	ck_assert_int_eq(lb_server_del(stk, svc, &gone, 80, NULL), 0);
	for (uint32_t i = 0; i < 10000; i++) {
		int now = pick(stk, svc, i);

		ck_assert_int_ne(now, 4);
		moved += before[i] != 4 && now != before[i];
	}
	ck_assert_int_lt(moved, 300);
	unit_stack_free(stk);
}
END_TEST

/* ---- mh ------------------------------------------------------------------ */

#define MH_SIZE	4093u
#define MH_MAX	4		/* servers */

/* The kernel's table for servers 10.0.0.11..., slow and obvious; for each
 * place the number of a server. */
struct mh_oracle {
	int place[MH_SIZE];
	bool full[MH_MAX];	/* that take no connections */
};

static uint32_t
mh_hash(uint64_t key, uint32_t value)
{
	struct hash_key k = { key, key };
	uint8_t b[4] = { (uint8_t)value, (uint8_t)(value >> 8),
	    (uint8_t)(value >> 16), (uint8_t)(value >> 24) };

	return (uint32_t)siphash13(&k, b, 4);
}

static int
gcd(int a, int b)
{
	return b == 0 ? a : gcd(b, a % b);
}

static void
mh_build(struct mh_oracle *o, const int32_t *weights, int n)
{
	uint32_t at[MH_MAX], skip[MH_MAX], filled = 0;
	int common = 0, most = 0, shift = 0, turns[MH_MAX];

	for (int i = 0; i < n; i++) {
		uint32_t v = IP4(10, 0, 0, 11 + (uint32_t)i).v + 80;

		common = gcd(common, weights[i]);
		most = weights[i] > most ? weights[i] : most;
		at[i] = mh_hash(2654435761u, v) % MH_SIZE;
		skip[i] = mh_hash(2654446892u, v) % (MH_SIZE - 1) + 1;
	}
	while ((most / common) >> shift > 63)
		shift++;
	for (int i = 0; i < n; i++) {
		turns[i] = (weights[i] / common) >> shift;
		turns[i] += turns[i] == 0;
	}
	memset(o, 0, sizeof(*o));
	for (uint32_t i = 0; i < MH_SIZE; i++)
		o->place[i] = -1;
	/* The last one added is the first in the list. */
	for (int i = n - 1; filled < MH_SIZE; i = (i + n - 1) % n) {
		for (int t = 0; t < turns[i] && filled < MH_SIZE; t++) {
			while (o->place[at[i]] != -1)
				at[i] = (at[i] + skip[i]) % MH_SIZE;
			o->place[at[i]] = i;
			filled++;
		}
	}
}

/* The kernel's ip_vs_mh_get_fallback(). */
static int
mh_fallback(const struct mh_oracle *o, uint32_t client)
{
	uint32_t a = 0xac100000 + client, h = mh_hash(2654435761u, a) % MH_SIZE;

	if (!o->full[o->place[h]])
		return o->place[h];
	for (uint32_t i = 0; i < MH_SIZE; i++) {
		uint32_t turn = (i + h) % MH_SIZE;
		int srv = o->place[mh_hash(2654435761u, a + turn) % MH_SIZE];

		if (!o->full[srv])
			return srv;
	}
	return -1;
}

static const struct {
	int32_t weight[3];
} mh_weights[] = {
	{ { 1, 1, 63 } }, { { 1, 2, 64 } }, { { 64, 127, 1 } },
	{ { 65535, 1, 300 } }, { { 1000, 64000, 2000 } },
	{ { INT32_MAX, INT32_MAX - 1, 1 } },
};

/* Weights beyond the table's 63 turns are halved until they fit, and nobody is
 * left without a turn. */
START_TEST(mh_weights_are_coarse)
{
	static struct mh_oracle o;
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "mh", mh_weights[_i].weight,
	    3, 0);

	mh_build(&o, mh_weights[_i].weight, 3);
	for (uint32_t client = 0; client < 20000; client++)
		ck_assert_int_eq(pick(stk, svc, client), mh_fallback(&o,
		    client));
	unit_stack_free(stk);
}
END_TEST

/* One server of four, or none, still takes clients: where a client's second
 * place is none either, the third is tried and so on, round the table. */
START_TEST(mh_falls_back_more_than_once)
{
	static const int32_t weights[] = { 1, 2, 3, 1 };
	static struct mh_oracle o;
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "mh", weights, 4, 0);
	int open = _i - 1;

	svc->conf.flags = LB_SVC_FLAG1;
	mh_build(&o, weights, 4);
	for (int i = 0; i < 4; i++) {
		o.full[i] = i != open;
		if (o.full[i])
			server_at(stk, svc, (uint32_t)i)->flags |=
			    LB_SRV_OVERLOAD;
	}
	for (uint32_t client = 0; client < (open < 0 ? 10 : 20000); client++) {
		ck_assert_int_eq(mh_fallback(&o, client), open);
		ck_assert_int_eq(pick(stk, svc, client), open);
	}
	/* With another one open the answer is not always the same. */
	o.full[2] = false;
	server_at(stk, svc, 2)->flags &= ~(uint32_t)LB_SRV_OVERLOAD;
	for (uint32_t client = 0; client < 20000; client++)
		ck_assert_int_eq(pick(stk, svc, client), mh_fallback(&o,
		    client));
	unit_stack_free(stk);
}
END_TEST

/* ---- lblcr --------------------------------------------------------------- */

#define DAY_US	(24 * 3600 * USEC_PER_SEC)

static void
set_load(struct stack *stk, struct lb_service *svc, uint32_t i,
    uint32_t active)
{
	struct lb_server *srv = server_at(stk, svc, i);

	srv->active = active;
	lb_server_load(srv);
}

/* Four servers; the first three become the set of the one destination, each
 * when those before are busy. */
static struct lb_service *
lblcr_of_three(struct stack *stk)
{
	static const int32_t weights[] = { 10, 40, 10, 10 };
	struct lb_service *svc = service_of(stk, "lblcr", weights, 4, 0);

	for (uint32_t i = 0; i < 4; i++)
		set_load(stk, svc, i, i == 0 ? 0 : 100);
	ck_assert_int_eq(pick(stk, svc, 1), 0);
	set_load(stk, svc, 0, 100);
	set_load(stk, svc, 1, 0);
	ck_assert_int_eq(pick(stk, svc, 2), 1);
	set_load(stk, svc, 1, 400);
	set_load(stk, svc, 2, 4);
	ck_assert_int_eq(pick(stk, svc, 3), 2);
	/* By its weight the first is the heaviest, not the second, which has
	 * the most; the fourth is in no set. */
	set_load(stk, svc, 0, 20);
	set_load(stk, svc, 1, 45);
	set_load(stk, svc, 3, 0);
	return svc;
}

/* Is server i in the set?  An idle one of the set would be the lightest. */
static bool
is_in_set(struct stack *stk, struct lb_service *svc, uint32_t i)
{
	uint32_t was = server_at(stk, svc, i)->active;
	bool in;

	set_load(stk, svc, i, 0);
	in = pick(stk, svc, 1) == (int)i;
	set_load(stk, svc, i, was);
	return in;
}

START_TEST(lblcr_heaviest_leaves)
{
	struct stack *stk = unit_stack();
	struct lb_service *svc = lblcr_of_three(stk);

	/* Used in between, or the destination would be forgotten. */
	unit_run_until(stk, DAY_US / 2);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	/* ip_vs_lblcr_schedule(): when more than a day has gone by. */
	unit_run_until(stk, DAY_US);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert(is_in_set(stk, svc, 0));
	unit_run_until(stk, DAY_US + 1);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert(!is_in_set(stk, svc, 0));
	ck_assert(is_in_set(stk, svc, 1));
	ck_assert(!is_in_set(stk, svc, 3));
	/* The set changed, so that its day begins anew. */
	unit_run_until(stk, 2 * DAY_US);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert(is_in_set(stk, svc, 1));
	unit_run_until(stk, 2 * DAY_US + 2);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert(!is_in_set(stk, svc, 1));
	/* The last one stays. */
	unit_run_until(stk, 3 * DAY_US);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	unit_run_until(stk, 3 * DAY_US + 3);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert(is_in_set(stk, svc, 2));
	unit_stack_free(stk);
}
END_TEST

/* A server of weight 0 is not the heaviest, whatever it carries. */
START_TEST(lblcr_heaviest_is_a_live_one)
{
	struct stack *stk = unit_stack();
	struct lb_service *svc = lblcr_of_three(stk);
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11));
	struct lb_server_conf quiet = { .fwd = LB_FWD_NAT, .weight = 0 };
	struct lb_server_conf live = { .fwd = LB_FWD_NAT, .weight = 10 };

	ck_assert_int_eq(lb_server_set(stk, svc, &a, 80, &quiet, NULL), 0);
	unit_run_until(stk, DAY_US / 2);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	unit_run_until(stk, DAY_US + 1);
	ck_assert_int_eq(pick(stk, svc, 1), 2);
	ck_assert_int_eq(lb_server_set(stk, svc, &a, 80, &live, NULL), 0);
	ck_assert(is_in_set(stk, svc, 0));
	ck_assert(!is_in_set(stk, svc, 1));
	unit_stack_free(stk);
}
END_TEST

/* The n-th allocation fails, for every n: refused means unchanged. */
START_TEST(schedulers_survive_no_memory)
{
	static const int32_t weights[] = { 2, 1 };
	const struct lb_sched *sched = lb_sched_at((unsigned)_i);
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, "rr", weights, 2, 0);
	struct lb_service_conf conf = { .sched = sched };
	struct lb_server_conf c = { .fwd = LB_FWD_NAT, .weight = 3 };
	int r;

	for (uint64_t n = 1; ; n++) {
		stk->mem.fail_at = n;
		r = lb_service_set(stk, &svc->key, &conf, NULL);
		if (r == 0)
			break;
		ck_assert_int_eq(r, -ENOMEM);
		ck_assert_str_eq(svc->conf.sched->name, "rr");
		ck_assert_int_ge(pick(stk, svc, 1), 0);
	}
	for (unsigned i = 0; i < 20; i++) {
		struct addr a = addr_from_ip4(IP4(10, 0, 0, 13 + i));

		for (uint64_t n = 1; ; n++) {
			stk->mem.fail_at = n;
			r = lb_server_add(stk, svc, &a, 80, &c, NULL);
			if (r == 0)
				break;
			ck_assert_int_eq(r, -ENOMEM);
			ck_assert_uint_eq(svc->server_count, 2 + i);
			stk->mem.fail_at = 0;
			ck_assert_int_ge(pick(stk, svc, i), 0);
		}
	}
	stk->mem.fail_at = 0;
	ck_assert_int_ge(pick(stk, svc, 99), 0);
	unit_stack_free(stk);
}
END_TEST

/* Who is full passes its clients on to another.  (sh, mh and dh do so only
 * with the flag fallback, or never: they pick nobody.) */
START_TEST(a_full_server_is_passed_over)
{
	static const int32_t weights[] = { 1, 1, 1 };
	const struct lb_sched *sched = lb_sched_at((unsigned)_i);
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, sched->name, weights, 3, 0);
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11));
	struct lb_server *full = lb_server_lookup(stk, svc, &a, 80);
	bool strict = strcmp(sched->name, "sh") == 0 ||
	    strcmp(sched->name, "mh") == 0 || strcmp(sched->name, "dh") == 0;
	unsigned none = 0;

	full->flags |= LB_SRV_OVERLOAD;
	for (unsigned i = 0; i < 300; i++) {
		int got = pick(stk, svc, i);

		ck_assert_int_ne(got, 0);
		none += got == -1;
	}
	if (strict)
		ck_assert_uint_gt(none, 0);
	else
		ck_assert_uint_eq(none, 0);
	unit_stack_free(stk);
}
END_TEST

START_TEST(no_scheduler_picks_the_unavailable)
{
	static const int32_t weights[] = { 0, 0, 0 };
	const struct lb_sched *sched = lb_sched_at((unsigned)_i);
	struct stack *stk = unit_stack();
	struct lb_service *svc = service_of(stk, sched->name, weights, 3, 0);
	struct lb_service *empty;
	struct lb_service_key key = svc->key;
	struct lb_service_conf conf = { .sched = sched };

	ck_assert_int_eq(pick(stk, svc, 1), -1);
	key.port = 81;
	ck_assert_int_eq(lb_service_add(stk, &key, &conf, NULL), 0);
	empty = lb_service_lookup(stk, &key);
	ck_assert_int_eq(pick(stk, empty, 1), -1);
	unit_stack_free(stk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_sched");
	TCase *tc = tcase_create("kernel");
	int n = 0;

	while (lb_sched_at((unsigned)n) != NULL)
		n++;
	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, picks_equal_the_kernels, 0,
	    (int)(sizeof(records) / sizeof(records[0])));
	suite_add_tcase(s, tc);
	tc = tcase_create("own");
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, swrr_is_smooth);
	tcase_add_test(tc, twos_prefers_the_lighter);
	tcase_add_test(tc, maglev_equals_the_paper);
	tcase_add_test(tc, maglev_agrees_in_any_order);
	tcase_add_test(tc, maglev_moves_few);
	tcase_add_loop_test(tc, mh_weights_are_coarse, 0,
	    (int)(sizeof(mh_weights) / sizeof(mh_weights[0])));
	tcase_add_loop_test(tc, mh_falls_back_more_than_once, 0, 5);
	tcase_add_test(tc, lblcr_heaviest_leaves);
	tcase_add_test(tc, lblcr_heaviest_is_a_live_one);
	tcase_add_loop_test(tc, schedulers_survive_no_memory, 0, n);
	tcase_add_loop_test(tc, a_full_server_is_passed_over, 0, n);
	tcase_add_loop_test(tc, no_scheduler_picks_the_unavailable, 0, n);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
