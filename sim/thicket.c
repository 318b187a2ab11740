/*
 * thicket.c - routes that come and go where no traffic does.
 *
 * All of them lie in 10.192.0.0/10, by commands, as an operator would set
 * them.  What they must answer is checks.c's to know.
 */
#include "thicket.h"

#include "checks.h"
#include "node.h"
#include "util.h"

#define PREFIXES	10u	/* two of a length */
#define METRICS		2u	/* routes of a prefix at most */
#define STIRS		16u	/* changes at a time */
#define KEPT		4u	/* prefixes that are left of a new one */

/* Number k of t. */
static struct ip4_prefix
prefix(const struct thicket *t, uint32_t k)
{
	struct ip4_prefix p = t->at;

	p.len = (uint8_t)(p.len + k / 2);
	p.ip.v = (p.ip.v & ip4_mask(p.len)) ^ (k % 2) << (32 - p.len);
	return p;
}

static bool
add(const struct thicket *t, struct node *n, uint32_t k, uint32_t metric)
{
	static const char *const types[] = { "blackhole", "prohibit",
	    "unreachable" };
	char text[PREFIX_STRLEN];

	return node_command(n, "route set %s %s metric %u",
	    types[(k + metric) % 3], ip4_prefix_format(prefix(t, k), text),
	    metric);
}

static bool
del(const struct thicket *t, struct node *n, uint32_t k, uint32_t metric)
{
	char text[PREFIX_STRLEN];

	return node_command(n, "route del %s metric %u",
	    ip4_prefix_format(prefix(t, k), text), metric);
}

/* Anywhere; often about the lengths at which a table of parts has its seams,
 * and where an index is the largest. */
static void
place(struct thicket *t, struct rng *rng)
{
	static const uint8_t seams[] = { 13, 14, 15, 21, 22, 23, 27, 28 };

	t->at.ip.v = 10u << 24 | 192u << 16 | rng_below(rng, 1u << 22);
	t->at.len = (uint8_t)sim_between(rng, 10, 28);
	if (rng_below(rng, 3) != 0)
		t->at.len = seams[rng_below(rng, sizeof(seams))];
	for (unsigned shift = 0; shift <= 8; shift += 8) {
		if (rng_below(rng, 4) == 0)
			t->at.ip.v |= 0xffu << shift;
	}
}

bool
thicket_plant(struct thicket *t, struct node *n, struct rng *rng)
{
	bool done = true;

	for (int i = 0; i < 2; i++) {
		place(t, rng);
		for (uint32_t k = 0; k < PREFIXES; k++)
			done &= add(t, n, k, 0);
	}
	/* What the longer ones covered must be seen again. */
	for (uint32_t k = PREFIXES; k-- > KEPT;)
		done &= del(t, n, k, 0);
	return done;
}

/* One route comes or goes; now and then the one for everything. */
static void
change(const struct thicket *t, struct node *n, struct rng *rng)
{
	uint32_t k = rng_below(rng, PREFIXES + 1);
	uint32_t metric = rng_below(rng, METRICS);
	bool comes = rng_below(rng, 2) == 0;

	if (k == PREFIXES)
		node_command(n, comes ? "route set unreachable default" :
		    "route del default");
	else if (comes)
		(void)add(t, n, k, metric);
	else
		(void)del(t, n, k, metric);
}

void
thicket_stir(struct thicket *t, struct node *n, struct rng *rng)
{
	if (n->stk == NULL)
		return;
	if (rng_below(rng, 4) == 0) {
		for (uint32_t i = 0; i < PREFIXES * METRICS; i++)
			(void)del(t, n, i / METRICS, i % METRICS);
		place(t, rng);
	}
	for (uint32_t i = 0; i < STIRS; i++) {
		change(t, n, rng);
		check_routes(n);
	}
}
