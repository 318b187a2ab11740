/*
 * pmtu.c - path MTUs that routers told us of.
 *
 * A table of fixed size, four ways wide: the entry that expires first makes
 * room.  So a stranger who forges errors costs no memory, only entries.  An
 * entry is forgotten after ten minutes, and so a better path is found.
 *
 * It does not probe (RFC 4821); TCP may, on its own.
 *
 * Read: RFC 1191 3, 5 and 6.3.
 *
 * Owns stk->ip.pmtu.
 */
#include "ip/pmtu.h"

#include "stack/stack.h"

static struct pmtu *
set_of(struct stack *stk, struct ip4 dst)
{
	uint64_t h = siphash13(&stk->ip.key, &dst.v, sizeof(dst.v));

	return stk->ip.pmtu.entry[h % PMTU_SETS];
}

static bool
entry_live(const struct pmtu *e, struct instant now)
{
	return e->mtu != 0 && !instant_reached(now, e->expires);
}

static struct pmtu *
entry_find(struct stack *stk, struct ip4 dst)
{
	struct pmtu *set = set_of(stk, dst);

	for (unsigned i = 0; i < PMTU_WAYS; i++) {
		if (entry_live(&set[i], stk->now) && ip4_eq(set[i].dst, dst))
			return &set[i];
	}
	return NULL;
}

const struct pmtu *
ip_pmtu_lookup(struct stack *stk, struct ip4 dst)
{
	return entry_find(stk, dst);
}

/* The one to be overwritten: free, expired, or the next to expire. */
static struct pmtu *
entry_victim(struct stack *stk, struct ip4 dst)
{
	struct pmtu *set = set_of(stk, dst), *victim = &set[0];

	for (unsigned i = 0; i < PMTU_WAYS; i++) {
		if (!entry_live(&set[i], stk->now))
			return &set[i];
		if (instant_before(set[i].expires, victim->expires))
			victim = &set[i];
	}
	return victim;
}

/* RFC 1191 7.1: the plateau below size. */
static uint32_t
plateau(uint32_t size)
{
	static const uint16_t table[] = {
		32000, 17914, 8166, 4352, 2002, 1492, 1006, 508, 296, 68
	};

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i] < size)
			return table[i];
	}
	return IP4_MTU_MIN;
}

uint32_t
ip_pmtu_update(struct stack *stk, struct ip4 dst, uint32_t mtu, uint32_t size)
{
	struct route_result r = route_lookup(stk, dst, 0);
	struct pmtu *e = entry_find(stk, dst);
	uint32_t now = e != NULL ? e->mtu : r.mtu;

	if (r.route == NULL || r.route->type != ROUTE_UNICAST)
		return r.mtu;
	if (mtu == 0)
		mtu = plateau(size);
	/* RFC 1191 3: below 68 is nonsense, and an estimate never grows */
	if (mtu < IP4_MTU_MIN || mtu >= now)
		return now;
	if (e == NULL)
		e = entry_victim(stk, dst);
	*e = (struct pmtu){
		.dst = dst,
		.no_df = mtu < stk->ip.pmtu.floor,
		.mtu = (uint16_t)(mtu < stk->ip.pmtu.floor ?
		    stk->ip.pmtu.floor : mtu),
		.expires = instant_add(stk->now, PMTU_EXPIRE_US),
	};
	return e->mtu;
}

void
ip_pmtu_set_floor(struct stack *stk, uint32_t floor)
{
	if (floor == stk->ip.pmtu.floor)
		return;
	stk->ip.pmtu.floor = floor;
	ip_pmtu_flush(stk, IP4_ANY);
}

void
ip_pmtu_flush(struct stack *stk, struct ip4 dst)
{
	struct pmtu *e = &stk->ip.pmtu.entry[0][0];

	for (unsigned i = 0; i < PMTU_SETS * PMTU_WAYS; i++, e++) {
		if (ip4_is_any(dst) || ip4_eq(e->dst, dst))
			*e = (struct pmtu){ .mtu = 0 };
	}
}
