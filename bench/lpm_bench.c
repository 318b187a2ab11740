/*
 * lpm_bench.c - longest prefix match: hopd's table beside DPDK's rte_lpm, on
 * the same prefixes and the same addresses.
 *
 *     lpm_bench ROUTES [JSON]
 *
 * ROUTES has one IPv4 prefix a line.  Rounds of the contestants take turns, so
 * that what else the machine does hits all of them; medians count.  Before
 * anything is measured both must agree about every address.
 *
 * Built without HAVE_DPDK it measures hopd alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef HAVE_DPDK
#include <rte_eal.h>
#include <rte_lpm.h>
#endif

#include "base/mem.h"
#include "ip/lpm.h"

#define ROUNDS		7
#define ADDRESSES	(1u << 22)
#define HOT		4096u	/* with locality: nine in ten are among them */
#define TBL8		16384u	/* rte_lpm: groups for prefixes over /24 */
#define BULK		32u

enum who { HOPD, RTE, RTE_BULK, WHO };

struct bench {
	struct ip4_prefix *route;
	uint32_t routes;
	uint32_t *address;		/* ADDRESSES of them */
	struct mem mem;
	struct lpm *lpm;
#ifdef HAVE_DPDK
	struct rte_lpm *rte;
#endif
	uint64_t random;
	double load_s[WHO];
	uint64_t bytes[WHO];
	double rate[WHO];		/* median, lookups a second */
};

static double
now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static uint32_t
any(struct bench *b)
{
	uint64_t x = b->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x >> 32);
}

static void
die(const char *what)
{
	fprintf(stderr, "lpm_bench: %s\n", what);
	exit(1);
}

static void
routes_read(struct bench *b, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[64];
	uint32_t size = 0;

	if (in == NULL)
		die("cannot open the routes");
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\r\n ")] = '\0';
		if (b->routes == size) {
			size = size * 2 + 1024;
			b->route = realloc(b->route, size * sizeof(*b->route));
			if (b->route == NULL)
				die("no memory");
		}
		if (ip4_prefix_parse(line, &b->route[b->routes]) == 0 &&
		    b->route[b->routes].len > 0)
			b->routes++;
	}
	fclose(in);
	if (b->routes == 0)
		die("no routes");
}

static void
hopd_load(struct bench *b)
{
	double t = now_s();

	b->lpm = lpm_new(&b->mem);
	if (b->lpm == NULL)
		die("no memory");
	for (uint32_t i = 0; i < b->routes; i++) {
		if (lpm_set(b->lpm, b->route[i], i + 1) != 0)
			die("no memory");
	}
	b->load_s[HOPD] = now_s() - t;
	b->bytes[HOPD] = lpm_bytes(b->lpm);
}

/* What hopd answers is summed, so that no look-up can be left out. */
static uint64_t
hopd_round(const struct bench *b)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ADDRESSES; i++)
		sum += lpm_lookup(b->lpm, (struct ip4){ b->address[i] });
	return sum;
}

#ifdef HAVE_DPDK
static void
rte_load(struct bench *b)
{
	struct rte_lpm_config conf = { .max_rules = b->routes + 1,
	    .number_tbl8s = TBL8 };
	char *argv[] = { "lpm_bench", "--no-huge", "-m", "512", "--no-pci",
	    "--no-shconf", "--no-telemetry", "--log-level=error", NULL };
	double t;

	if (rte_eal_init(8, argv) < 0)
		die("rte_eal_init");
	b->rte = rte_lpm_create("bench", SOCKET_ID_ANY, &conf);
	if (b->rte == NULL)
		die("rte_lpm_create");
	t = now_s();
	for (uint32_t i = 0; i < b->routes; i++) {
		if (rte_lpm_add(b->rte, b->route[i].ip.v,
		    (uint8_t)b->route[i].len, i + 1) != 0)
			die("rte_lpm_add");
	}
	b->load_s[RTE] = now_s() - t;
	b->bytes[RTE] = (UINT64_C(1) << 24) * 4 + TBL8 * UINT64_C(256) * 4 +
	    b->routes * UINT64_C(8);
}

static uint64_t
rte_round(const struct bench *b)
{
	uint64_t sum = 0;
	uint32_t hop;

	for (uint32_t i = 0; i < ADDRESSES; i++) {
		if (rte_lpm_lookup(b->rte, b->address[i], &hop) == 0)
			sum += hop;
	}
	return sum;
}

static uint64_t
rte_bulk_round(const struct bench *b)
{
	uint32_t hop[BULK];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < ADDRESSES; i += BULK) {
		rte_lpm_lookup_bulk(b->rte, &b->address[i], hop, BULK);
		for (uint32_t j = 0; j < BULK; j++) {
			if ((hop[j] & RTE_LPM_LOOKUP_SUCCESS) != 0)
				sum += hop[j] & 0xffffff;
		}
	}
	return sum;
}

static void
agree(const struct bench *b)
{
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		uint32_t hop, ours = lpm_lookup(b->lpm,
		    (struct ip4){ b->address[i] });

		if (rte_lpm_lookup(b->rte, b->address[i], &hop) != 0)
			hop = 0;
		if (hop != ours)
			die("the tables disagree");
	}
}
#endif

static uint64_t
round_of(const struct bench *b, enum who who)
{
	switch (who) {
#ifdef HAVE_DPDK
	case RTE:
		return rte_round(b);
	case RTE_BULK:
		return rte_bulk_round(b);
#endif
	default:
		return hopd_round(b);
	}
}

static uint32_t
address_of_a_route(struct bench *b)
{
	const struct ip4_prefix *p = &b->route[any(b) % b->routes];

	return p->ip.v | (any(b) & ~ip4_mask(p->len));
}

static void
addresses_make(struct bench *b, bool local)
{
	uint32_t hot[HOT];

	b->random = 1;
	for (uint32_t i = 0; i < HOT; i++)
		hot[i] = address_of_a_route(b);
	for (uint32_t i = 0; i < ADDRESSES; i++) {
		if (!local)
			b->address[i] = any(b);
		else if (any(b) % 10 == 0)
			b->address[i] = address_of_a_route(b);
		else	/* the product of two draws: few are very hot */
			b->address[i] = hot[(any(b) % HOT) * (uint64_t)
			    (any(b) % HOT) / HOT];
	}
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
measure(struct bench *b, unsigned contestants)
{
	double s[WHO][ROUNDS];
	uint64_t sum[WHO] = { 0 };

	for (unsigned r = 0; r < ROUNDS; r++) {
		for (unsigned w = 0; w < contestants; w++) {
			double t = now_s();

			sum[w] = round_of(b, (enum who)w);
			s[w][r] = now_s() - t;
		}
	}
	for (unsigned w = 0; w < contestants; w++) {
		if (sum[w] != sum[HOPD])
			die("the tables disagree");
		qsort(s[w], ROUNDS, sizeof(double), ascending);
		b->rate[w] = ADDRESSES / s[w][ROUNDS / 2];
	}
}

int
main(int argc, char **argv)
{
	static const char *const name[WHO] = { "hopd", "rte_lpm",
	    "rte_lpm, 32 at once" };
	struct bench b = { .random = 1 };
	FILE *json = argc > 2 ? fopen(argv[2], "we") : NULL;
	unsigned contestants = 1;

	if (argc < 2)
		die("usage: lpm_bench ROUTES [JSON]");
	routes_read(&b, argv[1]);
	b.address = calloc(ADDRESSES, sizeof(*b.address));
	if (b.address == NULL)
		die("no memory");
	hopd_load(&b);
#ifdef HAVE_DPDK
	rte_load(&b);
	contestants = WHO;
#endif
	printf("lpm: %u prefixes, medians of %d rounds of %u look-ups\n",
	    b.routes, ROUNDS, ADDRESSES);
	for (unsigned w = 0; w < contestants && w <= RTE; w++)
		printf("lpm  memory    %-20s %8.1f bytes a prefix, %.1f MB; "
		    "loaded in %.2f s\n", name[w],
		    (double)b.bytes[w] / b.routes, (double)b.bytes[w] / 1e6,
		    b.load_s[w]);
	if (json != NULL)
		fprintf(json, "{\"bench\":\"lpm\",\"prefixes\":%u,"
		    "\"rounds\":%d,\"bytes_a_prefix\":%.1f", b.routes, ROUNDS,
		    (double)b.bytes[HOPD] / b.routes);
	for (int local = 0; local < 2; local++) {
		const char *kind = local ? "locality" : "random";

		addresses_make(&b, local);
#ifdef HAVE_DPDK
		agree(&b);
#endif
		measure(&b, contestants);
		for (unsigned w = 0; w < contestants; w++)
			printf("lpm  %-9s %-20s %8.1f million a second   "
			    "%.2f\n", kind, name[w], b.rate[w] / 1e6,
			    b.rate[HOPD] / b.rate[w]);
		for (unsigned w = 0; json != NULL && w < contestants; w++)
			fprintf(json, ",\"%s %s\":%.0f", kind, name[w],
			    b.rate[w]);
	}
	if (json != NULL) {
		fprintf(json, "}\n");
		fclose(json);
	}
	return 0;
}
