/*
 * route.c - the table of routes: what is in it, who may change it.
 *
 * struct lpm maps a prefix to a slot; a slot holds the prefix's routes in
 * order of preference: those of our own addresses first, then by metric.
 * Choosing among them for a packet is route_lookup.c's business.
 *
 * Routes by an address (ROUTE_KERNEL) come and go only with it.
 *
 * Read: RFC 1812 5.2.4.3 (next hop choice), 5.3.7 (what must not be routed).
 *
 * Owns struct route, in stk->mem.  A route_result points at one and is good
 * until the table changes, so nobody keeps it.
 *
 * Limits: limits.routes routes.
 */
#include "ip/route.h"

#include <errno.h>
#include <string.h>

#include "stack/stack.h"

#define SLOTS_FIRST 64u

const char *
route_type_name(enum route_type t)
{
	static const char *const name[] = {
		[ROUTE_UNICAST] = "unicast",
		[ROUTE_LOCAL] = "local",
		[ROUTE_BROADCAST] = "broadcast",
		[ROUTE_BLACKHOLE] = "blackhole",
		[ROUTE_UNREACHABLE] = "unreachable",
		[ROUTE_PROHIBIT] = "prohibit",
	};

	return name[t];
}

static size_t
route_size(const struct route *r)
{
	return sizeof(*r) + r->hops * sizeof(r->hop[0]);
}

static void
route_free(struct stack *stk, struct route *r)
{
	stk->ip.route_count--;
	mem_free(&stk->mem, r, route_size(r));
}

/* ---- slots ----------------------------------------------------------- */

/* A free slot's number, or 0: no memory. */
static uint32_t
slot_new(struct ip_state *ip, struct mem *mem)
{
	uint32_t max, i = ip->route_free;
	struct route_slot *p;

	if (i != 0) {
		ip->route_free = ip->routes[i].next_free;
		return i;
	}
	if (ip->route_slots == ip->route_slots_max) {
		max = ip->route_slots_max + ip->route_slots_max / 4 +
		    SLOTS_FIRST;
		p = mem_resize(mem, ip->routes,
		    ip->route_slots_max * sizeof(*p), max * sizeof(*p));
		if (p == NULL)
			return 0;
		ip->routes = p;
		ip->route_slots_max = max;
	}
	if (ip->route_slots == 0)
		ip->route_slots = 1;	/* 0 is the lpm's "nothing" */
	return ip->route_slots++;
}

static void
slot_free(struct ip_state *ip, uint32_t i)
{
	ip->routes[i].chain = NULL;
	ip->routes[i].next_free = ip->route_free;
	ip->route_free = i;
}

/* The chain of exactly this prefix, or NULL. */
static struct route **
chain_find(struct stack *stk, struct ip4_prefix dst)
{
	uint32_t i = lpm_get(stk->ip.lpm, dst);

	return i != 0 ? &stk->ip.routes[i].chain : NULL;
}

/* As chain_find, making the slot; NULL: no memory. */
static struct route **
chain_make(struct stack *stk, struct ip4_prefix dst)
{
	uint32_t i = lpm_get(stk->ip.lpm, dst);

	if (i == 0) {
		i = slot_new(&stk->ip, &stk->mem);
		if (i == 0)
			return NULL;
		if (lpm_set(stk->ip.lpm, dst, i) != 0) {
			slot_free(&stk->ip, i);
			return NULL;
		}
	}
	return &stk->ip.routes[i].chain;
}

/* Forgets the prefix if its chain is empty. */
static void
chain_prune(struct stack *stk, struct ip4_prefix dst)
{
	uint32_t i = lpm_get(stk->ip.lpm, dst);

	if (i != 0 && stk->ip.routes[i].chain == NULL) {
		lpm_del(stk->ip.lpm, dst);
		slot_free(&stk->ip, i);
	}
}

/* Does a stand before b?  Our own addresses first, then the lower metric;
 * equal ones in the order of addition. */
static bool
route_before(const struct route *a, const struct route *b)
{
	bool a_own = a->type == ROUTE_LOCAL && a->origin == ROUTE_KERNEL;
	bool b_own = b->type == ROUTE_LOCAL && b->origin == ROUTE_KERNEL;

	if (a_own != b_own)
		return a_own;
	if (a->metric != b->metric)
		return a->metric < b->metric;
	return a->origin == ROUTE_KERNEL && b->origin != ROUTE_KERNEL;
}

static int
route_link(struct stack *stk, struct route *r)
{
	struct route **p = chain_make(stk, r->dst);

	if (p == NULL)
		return -ENOMEM;
	while (*p != NULL && !route_before(r, *p))
		p = &(*p)->next;
	r->next = *p;
	*p = r;
	return 0;
}

/* The place in its chain of the route with this metric, set by hand or not;
 * NULL: none. */
static struct route **
route_find(struct stack *stk, struct ip4_prefix dst, uint32_t metric)
{
	struct route **p = chain_find(stk, dst);

	while (p != NULL && *p != NULL && (*p)->metric != metric)
		p = &(*p)->next;
	return p != NULL && *p != NULL ? p : NULL;
}

/* ---- by hand --------------------------------------------------------- */

/* Finds and checks the way to one next hop. */
static int
hop_resolve(struct stack *stk, struct next_hop *hop, struct err *err)
{
	struct route_result r;
	char text[IP4_STRLEN];

	if (hop->weight == 0)
		hop->weight = 1;
	if (hop->weight > ROUTE_WEIGHT_MAX)
		return err_set(err, -EINVAL, "\"%u\": a weight is 1 to %u",
		    hop->weight, ROUTE_WEIGHT_MAX);
	if (ip4_is_any(hop->via))
		return hop->ifp != NULL ? 0 : err_set(err, -EINVAL,
		    "a unicast route needs \"via\" or \"dev\"");
	ip4_format(hop->via, text);
	if (iface_addr_local(stk, hop->via) != NULL)
		return err_set(err, -EINVAL, "\"%s\": is an address of ours",
		    text);
	if (hop->ifp != NULL && (ip4_eq(hop->via, IP4_BROADCAST) ||
	    iface_is_broadcast(stk, hop->ifp, hop->via)))
		return err_set(err, -EINVAL, "\"%s\": is the broadcast "
		    "address of %s", text, hop->ifp->name);
	if (ip4_is_multicast(hop->via))
		return err_set(err, -EINVAL, "\"%s\": is a group, no router",
		    text);
	if (hop->ifp != NULL) {
		if (iface_addr_near(hop->ifp, hop->via) != NULL ||
		    !hop->ifp->needs_neigh)
			return 0;
		return err_set(err, -ENETUNREACH,
		    "\"%s\": not in a network of %s", text, hop->ifp->name);
	}
	r = route_lookup(stk, hop->via, 0);
	if (r.route == NULL || r.route->type != ROUTE_UNICAST ||
	    !ip4_eq(r.next_hop, hop->via))
		return err_set(err, -ENETUNREACH,
		    "\"%s\": not in a network of any interface", text);
	hop->ifp = r.ifp;
	return 0;
}

static int
spec_check(const struct route *spec, struct err *err)
{
	char text[PREFIX_STRLEN];

	ip4_prefix_format(spec->dst, text);
	if (spec->dst.len > 32 ||
	    (spec->dst.ip.v & ~ip4_mask(spec->dst.len)) != 0)
		return err_set(err, -EINVAL, "\"%s\": host bits are set", text);
	if (spec->type == ROUTE_BROADCAST)
		return err_set(err, -EINVAL, "\"%s\": broadcast routes come "
		    "with addresses", text);
	if (spec->type == ROUTE_UNICAST &&
	    (spec->hops == 0 || spec->hops > ROUTE_HOPS_MAX))
		return err_set(err, -EINVAL, "\"%s\": a route has 1 to %d "
		    "next hops", text, ROUTE_HOPS_MAX);
	if (spec->type != ROUTE_UNICAST && spec->type != ROUTE_LOCAL &&
	    spec->hops != 0)
		return err_set(err, -EINVAL, "\"%s\": a %s route has no next "
		    "hop", text, route_type_name(spec->type));
	if (spec->type == ROUTE_LOCAL && spec->hops > 1)
		return err_set(err, -EINVAL, "\"%s\": a local route has one "
		    "interface", text);
	return 0;
}

/* A checked copy of spec with its next hops resolved, not linked. */
static int
route_copy(struct stack *stk, const struct route *spec, struct route **out,
    struct err *err)
{
	bool lo = spec->type == ROUTE_LOCAL && spec->hops == 0;
	uint8_t hops = lo ? 1 : spec->hops;
	struct route *r;
	int code = 0;

	r = mem_alloc(&stk->mem, sizeof(*r) + hops * sizeof(r->hop[0]));
	if (r == NULL)
		return err_set(err, -ENOMEM, "no memory for a route");
	stk->ip.route_count++;
	memcpy(r, spec, sizeof(*r));
	r->next = NULL;
	r->hops = hops;
	r->origin = ROUTE_STATIC;
	if (lo)
		r->hop[0] = (struct next_hop){ stk->ip.ifaces, IP4_ANY, 1 };
	for (unsigned i = 0; i < hops && !lo && code == 0; i++) {
		r->hop[i] = spec->hop[i];
		code = hop_resolve(stk, &r->hop[i], err);
	}
	if (code != 0) {
		route_free(stk, r);
		return code;
	}
	*out = r;
	return 0;
}

static int
route_insert(struct stack *stk, const struct route *spec, struct err *err)
{
	struct route *r;
	int code = route_copy(stk, spec, &r, err);

	if (code != 0)
		return code;
	if (route_link(stk, r) != 0) {
		route_free(stk, r);
		return err_set(err, -ENOMEM, "no memory for a route");
	}
	return 0;
}

int
route_add(struct stack *stk, const struct route *spec, struct err *err)
{
	char text[PREFIX_STRLEN];
	int code = spec_check(spec, err);

	if (code != 0)
		return code;
	if (route_find(stk, spec->dst, spec->metric) != NULL)
		return err_set(err, -EEXIST, "\"%s\": there is a route with "
		    "metric %u", ip4_prefix_format(spec->dst, text),
		    spec->metric);
	if (stk->ip.route_count >= stk->limits.routes)
		return err_set(err, -ENOSPC, "\"%s\": there are %u routes, "
		    "the limit", ip4_prefix_format(spec->dst, text),
		    stk->ip.route_count);
	return route_insert(stk, spec, err);
}

int
route_set(struct stack *stk, const struct route *spec, struct err *err)
{
	struct route **p = NULL, *old, *r;
	int code = spec_check(spec, err);

	if (code != 0)
		return code;
	p = route_find(stk, spec->dst, spec->metric);
	if (p == NULL || (*p)->origin == ROUTE_KERNEL)
		return route_add(stk, spec, err);
	code = route_copy(stk, spec, &r, err);
	if (code != 0)
		return code;
	old = *p;
	r->next = old->next;
	*p = r;
	route_free(stk, old);
	return 0;
}

int
route_del(struct stack *stk, struct ip4_prefix dst, uint32_t metric,
    struct err *err)
{
	struct route **p = route_find(stk, dst, metric), *r;
	char text[PREFIX_STRLEN];

	if (p == NULL)
		return err_set(err, -ENOENT, "\"%s\": no route with metric %u",
		    ip4_prefix_format(dst, text), metric);
	r = *p;
	if (r->origin == ROUTE_KERNEL)
		return err_set(err, -EPERM, "\"%s\": comes with an address of "
		    "%s and goes with it", ip4_prefix_format(dst, text),
		    r->hop[0].ifp->name);
	*p = r->next;
	route_free(stk, r);
	chain_prune(stk, dst);
	return 0;
}

/* ---- by an address --------------------------------------------------- */

int
route_kernel_add(struct stack *stk, const struct route_kernel *k)
{
	struct route *r = mem_alloc(&stk->mem,
	    sizeof(*r) + sizeof(r->hop[0]));

	if (r == NULL)
		return -ENOMEM;
	r->dst = k->dst;
	r->type = k->type;
	r->origin = ROUTE_KERNEL;
	r->src = k->src;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ k->ifp, IP4_ANY, 1 };
	stk->ip.route_count++;
	if (route_link(stk, r) != 0) {
		route_free(stk, r);
		return -ENOMEM;
	}
	return 0;
}

void
route_kernel_del(struct stack *stk, const struct route_kernel *k)
{
	struct route **p = chain_find(stk, k->dst), *r;

	while (p != NULL && *p != NULL && !((*p)->origin == ROUTE_KERNEL &&
	    (*p)->type == k->type && (*p)->hop[0].ifp == k->ifp))
		p = &(*p)->next;
	if (p == NULL || *p == NULL)
		return;
	r = *p;
	*p = r->next;
	route_free(stk, r);
	chain_prune(stk, k->dst);
}

/* ---- what goes with an interface or a source ------------------------- */

static bool
route_uses(const struct route *r, const struct iface *ifp)
{
	for (unsigned i = 0; i < r->hops; i++) {
		if (r->hop[i].ifp == ifp)
			return true;
	}
	return false;
}

/* Takes out of every chain what uses ifp (if not NULL) or is set by hand and
 * prefers the source src (if not any). */
static void
routes_purge(struct stack *stk, const struct iface *ifp, struct ip4 src)
{
	for (uint32_t i = 1; i < stk->ip.route_slots; i++) {
		struct route **p = &stk->ip.routes[i].chain, *r;
		struct ip4_prefix dst;

		while ((r = *p) != NULL) {
			dst = r->dst;
			if ((ifp != NULL && route_uses(r, ifp)) ||
			    (!ip4_is_any(src) && ip4_eq(r->src, src) &&
			    r->origin == ROUTE_STATIC)) {
				*p = r->next;
				route_free(stk, r);
				chain_prune(stk, dst);
			} else {
				p = &r->next;
			}
		}
	}
}

void
route_iface_gone(struct stack *stk, const struct iface *ifp)
{
	routes_purge(stk, ifp, IP4_ANY);
}

void
route_source_gone(struct stack *stk, struct ip4 src)
{
	routes_purge(stk, NULL, src);
}

/* ---- walk, begin, end ------------------------------------------------ */

struct walk {
	struct stack *stk;
	bool (*fn)(void *arg, const struct route *r);
	void *arg;
};

static bool
walk_prefix(void *arg, struct ip4_prefix p, uint32_t slot)
{
	const struct walk *w = arg;

	(void)p;
	for (const struct route *r = w->stk->ip.routes[slot].chain; r != NULL;
	    r = r->next) {
		if (!w->fn(w->arg, r))
			return false;
	}
	return true;
}

void
route_walk(struct stack *stk, bool (*fn)(void *arg, const struct route *r),
    void *arg)
{
	struct walk w = { stk, fn, arg };

	lpm_walk(stk->ip.lpm, walk_prefix, &w);
}

int
route_init(struct stack *stk)
{
	stk->ip.lpm = lpm_new(&stk->mem);
	return stk->ip.lpm != NULL ? 0 : -ENOMEM;
}

void
route_fini(struct stack *stk)
{
	struct ip_state *ip = &stk->ip;
	struct route *r;

	for (uint32_t i = 1; i < ip->route_slots; i++) {
		while ((r = ip->routes[i].chain) != NULL) {
			ip->routes[i].chain = r->next;
			route_free(stk, r);
		}
	}
	mem_free(&stk->mem, ip->routes,
	    ip->route_slots_max * sizeof(*ip->routes));
	lpm_free(ip->lpm);
	ip->routes = NULL;
	ip->lpm = NULL;
}
