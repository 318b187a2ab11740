/*
 * lpm.c - longest prefix match: a multibit trie of strides 16, 8 and 8.
 *
 * A look-up is at most three dependent loads: the root's slot for the first 16
 * bits, a node's slot for the next 8, a node's slot for the last 8.  A slot is
 * a value, or a child, or 0: nothing of this node covers it, and the node's
 * `dflt` has the answer of the prefixes above.  So a short prefix (the default
 * route above all) that comes or goes touches one word of each node below it,
 * not all their slots.
 *
 * Beside its slots a node remembers the prefixes that end in it, as a tree in
 * a bit set: prefix of relative length n and bits b is number 2^n + b, so the
 * next shorter prefix of i is i / 2.  Their values stand in a small array in
 * order of that number.  Removal finds there what to uncover, and an exact
 * look-up and the walk read it.  The root, which has 2^17 such numbers, keeps
 * an array of values instead.
 *
 * Nodes lie in one block that grows by an eighth; a child is named by index,
 * never by pointer.
 *
 * Read: Srinivasan and Varghese 1999 (controlled prefix expansion); Eatherton,
 * Varghese and Dittia 2004 (tree bitmap).
 *
 * Invariants: slot s of a node is the value of its longest own prefix over s,
 * or 0, or CHILD | index; dflt is the value of the longest prefix of the
 * levels above that covers the node; a node without prefixes and children
 * does not exist.
 *
 * Limits: 2^31 nodes; values below 2^31.
 */
#include "ip/lpm.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/prefetch.h"

#define ROOT_BITS	16
#define ROOT_SLOTS	(1u << ROOT_BITS)
#define NODE_SLOTS	256u
#define CHILD		0x80000000u
#define NO_NODE		UINT32_MAX
#define NODES_FIRST	16u

struct node {
	uint32_t slot[NODE_SLOTS];
	uint64_t own[8];	/* bit i: prefix number i ends here */
	uint32_t *value;	/* of the own prefixes, by number */
	uint32_t dflt;		/* where a slot is 0 */
	uint16_t values, room;	/* used and allocated of value[] */
	uint16_t children;	/* slots with CHILD */
};

struct lpm {
	struct mem *mem;
	struct node *node;
	uint32_t nodes, nodes_max;	/* ever used, and allocated */
	uint32_t free;			/* head, linked by slot[0] */
	uint32_t slot[ROOT_SLOTS];	/* complete: 0 is "no route" */
	uint32_t own[2 * ROOT_SLOTS];	/* values by prefix number, or 0 */
	uint64_t value_bytes;
};

struct lpm *
lpm_new(struct mem *mem)
{
	struct lpm *l = mem_alloc(mem, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->mem = mem;
	l->free = NO_NODE;
	return l;
}

void
lpm_free(struct lpm *l)
{
	if (l == NULL)
		return;
	for (uint32_t i = 0; i < l->nodes; i++) {
		struct node *n = &l->node[i];

		mem_free(l->mem, n->value, n->room * sizeof(*n->value));
	}
	mem_free(l->mem, l->node, l->nodes_max * sizeof(*l->node));
	mem_free(l->mem, l, sizeof(*l));
}

uint64_t
lpm_bytes(const struct lpm *l)
{
	return sizeof(*l) + (uint64_t)l->nodes_max * sizeof(struct node) +
	    l->value_bytes;
}

uint32_t
lpm_lookup(const struct lpm *l, struct ip4 ip)
{
	const struct node *n;
	uint32_t e = l->slot[ip.v >> 16];

	if ((e & CHILD) == 0)
		return e;
	n = &l->node[e & ~CHILD];
	e = n->slot[ip.v >> 8 & 0xff];
	if ((e & CHILD) != 0) {
		n = &l->node[e & ~CHILD];
		e = n->slot[ip.v & 0xff];
	}
	return e != 0 ? e : n->dflt;
}

/* Where level 2 or 3 goes on with a byte of the address: asked for. */
static inline const struct node *
node_fetch(const struct lpm *l, uint32_t e, uint32_t byte)
{
	const struct node *n = &l->node[e & ~CHILD];

	prefetch(&n->slot[byte]);
	prefetch(&n->dflt);
	return n;
}

void
lpm_lookup_many(const struct lpm *l, const struct ip4 ip[],
    uint32_t value[], uint32_t n)
{
	const struct node *node[LPM_MANY];

	assert(n <= LPM_MANY);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t e = l->slot[ip[i].v >> 16];

		value[i] = e;
		if ((e & CHILD) != 0)
			node[i] = node_fetch(l, e, ip[i].v >> 8 & 0xff);
	}
	for (uint32_t i = 0; i < n; i++) {
		if ((value[i] & CHILD) == 0)
			continue;
		value[i] = node[i]->slot[ip[i].v >> 8 & 0xff];
		if ((value[i] & CHILD) != 0)
			node[i] = node_fetch(l, value[i], ip[i].v & 0xff);
		else if (value[i] == 0)
			value[i] = node[i]->dflt;
	}
	for (uint32_t i = 0; i < n; i++) {
		if ((value[i] & CHILD) == 0)
			continue;
		value[i] = node[i]->slot[ip[i].v & 0xff];
		if (value[i] == 0)
			value[i] = node[i]->dflt;
	}
}

/* ---- nodes ---------------------------------------------------------- */

static int
nodes_grow(struct lpm *l)
{
	uint32_t max = l->nodes_max + l->nodes_max / 8 + NODES_FIRST;
	struct node *p;

	if (max >= CHILD)
		return -ENOMEM;
	p = mem_resize(l->mem, l->node, l->nodes_max * sizeof(*p),
	    max * sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	l->node = p;
	l->nodes_max = max;
	return 0;
}

/* Index of an empty node, or NO_NODE.  Pointers to nodes are stale after. */
static uint32_t
node_new(struct lpm *l, uint32_t dflt)
{
	uint32_t i = l->free;

	if (i != NO_NODE) {
		l->free = l->node[i].slot[0];
		l->node[i].slot[0] = 0;
	} else {
		if (l->nodes == l->nodes_max && nodes_grow(l) != 0)
			return NO_NODE;
		i = l->nodes++;
	}
	l->node[i].dflt = dflt;
	return i;
}

static void
node_free(struct lpm *l, uint32_t i)
{
	struct node *n = &l->node[i];

	assert(n->values == 0 && n->children == 0);
	mem_free(l->mem, n->value, n->room * sizeof(*n->value));
	l->value_bytes -= n->room * sizeof(*n->value);
	memset(n, 0, sizeof(*n));
	n->slot[0] = l->free;
	l->free = i;
}

/* ---- the prefixes of one node ---------------------------------------- */

static bool
own_has(const struct node *n, uint32_t num)
{
	return (n->own[num / 64] >> num % 64 & 1) != 0;
}

/* How many own prefixes have a smaller number. */
static uint32_t
own_rank(const struct node *n, uint32_t num)
{
	uint32_t rank = 0;

	for (uint32_t w = 0; w < num / 64; w++)
		rank += (uint32_t)__builtin_popcountll(n->own[w]);
	return rank + (uint32_t)__builtin_popcountll(
	    n->own[num / 64] & ((UINT64_C(1) << num % 64) - 1));
}

static uint32_t
own_get(const struct node *n, uint32_t num)
{
	return own_has(n, num) ? n->value[own_rank(n, num)] : 0;
}

/* Value of the longest own prefix that covers number num and is shorter. */
static uint32_t
own_above(const struct node *n, uint32_t num)
{
	while ((num >>= 1) != 0) {
		if (own_has(n, num))
			return n->value[own_rank(n, num)];
	}
	return 0;
}

/* Makes room for one value more: 0 or -ENOMEM. */
static int
own_reserve(struct lpm *l, struct node *n)
{
	uint32_t room = n->room < 4 ? n->room + 1u : n->room + n->room / 2u;
	uint32_t *p;

	if (n->values < n->room)
		return 0;
	p = mem_resize(l->mem, n->value, n->room * sizeof(*p),
	    room * sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	l->value_bytes += (room - n->room) * sizeof(*p);
	n->value = p;
	n->room = (uint16_t)room;
	return 0;
}

static void
own_put(struct node *n, uint32_t num, uint32_t value)
{
	uint32_t rank = own_rank(n, num);

	if (!own_has(n, num)) {
		assert(n->values < n->room);
		memmove(n->value + rank + 1, n->value + rank,
		    (n->values - rank) * sizeof(*n->value));
		n->own[num / 64] |= UINT64_C(1) << num % 64;
		n->values++;
	}
	n->value[rank] = value;
}

static void
own_remove(struct node *n, uint32_t num)
{
	uint32_t rank = own_rank(n, num);

	assert(own_has(n, num));
	n->values--;
	memmove(n->value + rank, n->value + rank + 1,
	    (n->values - rank) * sizeof(*n->value));
	n->own[num / 64] &= ~(UINT64_C(1) << num % 64);
}

/* ---- spreading values over slots ------------------------------------ */

/* The prefixes above the node now answer value. */
static void
set_dflt(struct lpm *l, struct node *n, uint32_t value)
{
	uint32_t left = n->children;

	n->dflt = value;
	for (uint32_t s = 0; left > 0; s++) {
		if ((n->slot[s] & CHILD) == 0)
			continue;
		left--;
		if (own_get(n, NODE_SLOTS + s) == 0 &&
		    own_above(n, NODE_SLOTS + s) == 0)
			l->node[n->slot[s] & ~CHILD].dflt = value;
	}
}

/* Prefix number num now answers value (0: nothing) wherever no longer prefix
 * of the node does. */
static void
spread(struct lpm *l, struct node *n, uint32_t num, uint32_t value)
{
	if (num < NODE_SLOTS) {
		for (uint32_t kid = 2 * num; kid <= 2 * num + 1; kid++) {
			if (!own_has(n, kid))
				spread(l, n, kid, value);
		}
	} else if ((n->slot[num - NODE_SLOTS] & CHILD) != 0) {
		set_dflt(l, &l->node[n->slot[num - NODE_SLOTS] & ~CHILD],
		    value != 0 ? value : n->dflt);
	} else {
		n->slot[num - NODE_SLOTS] = value;
	}
}

static void
spread_root(struct lpm *l, uint32_t num, uint32_t value)
{
	if (num < ROOT_SLOTS) {
		for (uint32_t kid = 2 * num; kid <= 2 * num + 1; kid++) {
			if (l->own[kid] == 0)
				spread_root(l, kid, value);
		}
	} else if ((l->slot[num - ROOT_SLOTS] & CHILD) != 0) {
		set_dflt(l, &l->node[l->slot[num - ROOT_SLOTS] & ~CHILD],
		    value);
	} else {
		l->slot[num - ROOT_SLOTS] = value;
	}
}

/* ---- from a prefix to its node and number ---------------------------- */

static uint32_t
root_num(struct ip4_prefix p)
{
	return 1u << p.len | (uint32_t)((uint64_t)p.ip.v >> (32 - p.len));
}

/* Number inside the node of the second (len 17 to 24) or third level. */
static uint32_t
node_num(struct ip4_prefix p)
{
	uint32_t rel = p.len <= 24 ? p.len - 16u : p.len - 24u;
	uint32_t byte = p.len <= 24 ? p.ip.v >> 8 & 0xff : p.ip.v & 0xff;

	return 1u << rel | byte >> (8 - rel);
}

/* Index of the node in which a prefix longer than 16 ends, or NO_NODE. */
static uint32_t
node_find(const struct lpm *l, struct ip4_prefix p)
{
	uint32_t e = l->slot[p.ip.v >> 16];

	if ((e & CHILD) != 0 && p.len > 24)
		e = l->node[e & ~CHILD].slot[p.ip.v >> 8 & 0xff];
	return (e & CHILD) != 0 ? e & ~CHILD : NO_NODE;
}

/* Frees the nodes on p's way that hold nothing any more. */
static void
prune(struct lpm *l, struct ip4_prefix p)
{
	uint32_t *e = &l->slot[p.ip.v >> 16];
	uint32_t s = p.ip.v >> 8 & 0xff;
	uint32_t i2 = *e & ~CHILD, i3;
	struct node *n;

	if ((*e & CHILD) == 0)
		return;
	n = &l->node[i2];
	i3 = n->slot[s] & ~CHILD;
	if ((n->slot[s] & CHILD) != 0 && l->node[i3].values == 0) {
		n->slot[s] = own_get(n, NODE_SLOTS + s);
		if (n->slot[s] == 0)
			n->slot[s] = own_above(n, NODE_SLOTS + s);
		n->children--;
		node_free(l, i3);
	}
	if (n->values == 0 && n->children == 0) {
		*e = n->dflt;
		node_free(l, i2);
	}
}

/* As node_find, making what is missing; NO_NODE: no memory, and empty nodes
 * may be left for prune(). */
static uint32_t
node_make(struct lpm *l, struct ip4_prefix p)
{
	uint32_t *e = &l->slot[p.ip.v >> 16];
	uint32_t s = p.ip.v >> 8 & 0xff;
	uint32_t i2, i3, v;

	if ((*e & CHILD) == 0) {
		if ((i2 = node_new(l, *e)) == NO_NODE)
			return NO_NODE;
		*e = CHILD | i2;
	}
	i2 = *e & ~CHILD;
	if (p.len <= 24)
		return i2;
	v = l->node[i2].slot[s];
	if ((v & CHILD) != 0)
		return v & ~CHILD;
	i3 = node_new(l, v != 0 ? v : l->node[i2].dflt);
	if (i3 == NO_NODE)
		return NO_NODE;
	l->node[i2].slot[s] = CHILD | i3;
	l->node[i2].children++;
	return i3;
}

/* ---- change ---------------------------------------------------------- */

int
lpm_set(struct lpm *l, struct ip4_prefix p, uint32_t value)
{
	uint32_t i, num;

	assert(p.len <= 32);
	assert(value != 0 && (value & CHILD) == 0);
	p.ip.v &= ip4_mask(p.len);
	if (p.len <= ROOT_BITS) {
		l->own[root_num(p)] = value;
		spread_root(l, root_num(p), value);
		return 0;
	}
	num = node_num(p);
	i = node_make(l, p);
	if (i == NO_NODE || (!own_has(&l->node[i], num) &&
	    own_reserve(l, &l->node[i]) != 0)) {
		prune(l, p);
		return -ENOMEM;
	}
	own_put(&l->node[i], num, value);
	spread(l, &l->node[i], num, value);
	return 0;
}

int
lpm_del(struct lpm *l, struct ip4_prefix p)
{
	uint32_t i, num, above = 0;

	p.ip.v &= ip4_mask(p.len);
	if (lpm_get(l, p) == 0)
		return -ENOENT;
	if (p.len <= ROOT_BITS) {
		num = root_num(p);
		l->own[num] = 0;
		for (uint32_t up = num >> 1; above == 0 && up != 0; up >>= 1)
			above = l->own[up];
		spread_root(l, num, above);
		return 0;
	}
	i = node_find(l, p);
	num = node_num(p);
	above = own_above(&l->node[i], num);
	own_remove(&l->node[i], num);
	spread(l, &l->node[i], num, above);
	prune(l, p);
	return 0;
}

uint32_t
lpm_get(const struct lpm *l, struct ip4_prefix p)
{
	uint32_t i;

	p.ip.v &= ip4_mask(p.len);
	if (p.len <= ROOT_BITS)
		return l->own[root_num(p)];
	i = node_find(l, p);
	return i == NO_NODE ? 0 : own_get(&l->node[i], node_num(p));
}

/* ---- walk ------------------------------------------------------------ */

struct walk {
	const struct lpm *l;
	bool (*fn)(void *arg, struct ip4_prefix p, uint32_t value);
	void *arg;
};

/* Number num of node i, whose span starts at base with depth bits fixed. */
static bool
walk_node(const struct walk *w, uint32_t i, uint32_t num, uint32_t base,
    unsigned depth)
{
	const struct node *n = &w->l->node[i];
	unsigned rel = 31u - (unsigned)__builtin_clz(num);
	uint32_t bits = num - (1u << rel);
	struct ip4_prefix p = {
		{ base | bits << (32 - depth - rel) }, (uint8_t)(depth + rel) };

	if (own_has(n, num) && !w->fn(w->arg, p, own_get(n, num)))
		return false;
	if (num < NODE_SLOTS)
		return walk_node(w, i, 2 * num, base, depth) &&
		    walk_node(w, i, 2 * num + 1, base, depth);
	if ((n->slot[bits] & CHILD) == 0)
		return true;
	return walk_node(w, n->slot[bits] & ~CHILD, 1, p.ip.v, 24);
}

static bool
walk_root(const struct walk *w, uint32_t num)
{
	unsigned len = 31u - (unsigned)__builtin_clz(num);
	uint32_t bits = num - (1u << len);
	struct ip4_prefix p = {
		{ (uint32_t)((uint64_t)bits << (32 - len)) }, (uint8_t)len };
	uint32_t v = w->l->own[num];

	if (v != 0 && !w->fn(w->arg, p, v))
		return false;
	if (num < ROOT_SLOTS)
		return walk_root(w, 2 * num) && walk_root(w, 2 * num + 1);
	if ((w->l->slot[bits] & CHILD) == 0)
		return true;
	return walk_node(w, w->l->slot[bits] & ~CHILD, 1, p.ip.v, 16);
}

void
lpm_walk(const struct lpm *l,
    bool (*fn)(void *arg, struct ip4_prefix p, uint32_t value), void *arg)
{
	const struct walk w = { l, fn, arg };

	walk_root(&w, 1);
}
