/*
 * iface.c - interfaces, their addresses, and the routes that an address makes.
 *
 * An address brings a local route for itself, a route to its network, and a
 * broadcast route; on "lo" the whole network is local.  Addresses that share a
 * network share its routes, which go with the last of them.
 *
 * Read: RFC 1122 3.3.4 (multihoming), RFC 3021 (/31), RFC 1812 4.2.2.11.
 *
 * Owns struct iface and struct iface_addr; both live in stk->mem.  Who holds a
 * pointer to an interface is told in iface_free().
 *
 * Limits: limits.addrs addresses.
 */
#include "ip/iface.h"

#include <errno.h>
#include <string.h>

#include "stack/stack.h"

#define LO_MTU		65535u
#define DEFAULT_MTU	1500u

struct iface *
iface_new(struct stack *stk, const char *name, enum iface_kind kind,
    struct err *err)
{
	struct iface *ifp, **tail;

	if (name[0] == '\0' || strlen(name) >= PORT_NAME_MAX) {
		err_set(err, -EINVAL, "\"%s\": an interface name has 1 to %d "
		    "characters", name, PORT_NAME_MAX - 1);
		return NULL;
	}
	if (iface_lookup(stk, name) != NULL) {
		err_set(err, -EEXIST, "\"%s\": there is such an interface",
		    name);
		return NULL;
	}
	ifp = mem_alloc(&stk->mem, sizeof(*ifp));
	if (ifp == NULL) {
		err_set(err, -ENOMEM, "\"%s\": no memory", name);
		return NULL;
	}
	memcpy(ifp->name, name, strlen(name) + 1);
	ifp->index = ++stk->ip.iface_next_index;
	ifp->kind = kind;
	ifp->mtu = kind == IFACE_LO ? LO_MTU : DEFAULT_MTU;
	ifp->up = ifp->wanted = true;
	ifp->conf.forwarding = true;
	ifp->conf.accept_source_route = true;
	for (tail = &stk->ip.ifaces; *tail != NULL; tail = &(*tail)->next)
		continue;
	*tail = ifp;
	return ifp;
}

struct iface *
iface_lookup(struct stack *stk, const char *name)
{
	for (struct iface *ifp = stk->ip.ifaces; ifp != NULL; ifp = ifp->next) {
		if (strcmp(ifp->name, name) == 0)
			return ifp;
	}
	return NULL;
}

static void
turn(struct stack *stk, struct iface *ifp, bool up)
{
	if (ifp->up == up)
		return;
	if (!up) {
		for (struct iface_addr *a = ifp->addrs; a != NULL; a = a->next)
			arp_addr_down(stk, a);
		neigh_flush(stk, ifp);
		neigh_hold_purge(stk, ifp);
		reass_flush(stk, ifp);
	}
	ifp->up = up;
	if (up) {
		for (struct iface_addr *a = ifp->addrs; a != NULL; a = a->next)
			arp_addr_up(stk, a);
		igmp_iface_up(stk, ifp);
	}
}

void
iface_set_up(struct stack *stk, struct iface *ifp, bool up)
{
	ifp->wanted = up;
	turn(stk, ifp, up && !ifp->lost);
}

void
iface_lose(struct stack *stk, struct iface *ifp)
{
	ifp->lost = true;
	turn(stk, ifp, false);
}

/* ---- addresses ------------------------------------------------------- */

struct iface_addr *
iface_addr_local(struct stack *stk, struct ip4 ip)
{
	struct iface_addr *a = stk->ip.addr_hash[ip_addr_bucket(ip)];

	while (a != NULL && !ip4_eq(a->prefix.ip, ip))
		a = a->hash_next;
	return a;
}

static struct ip4_prefix
prefix_network(struct ip4_prefix p)
{
	return (struct ip4_prefix){ { p.ip.v & ip4_mask(p.len) }, p.len };
}

bool
iface_is_broadcast(const struct stack *stk, const struct iface *ifp,
    struct ip4 ip)
{
	const struct iface_addr *a =
	    stk->ip.broadcast_hash[ip_addr_bucket(ip)];

	while (a != NULL && (a->ifp != ifp ||
	    !ip4_eq(ip4_prefix_broadcast(a->prefix), ip)))
		a = a->broadcast_next;
	return a != NULL;
}

const struct iface_addr *
iface_addr_near(const struct iface *ifp, struct ip4 ip)
{
	for (const struct iface_addr *a = ifp->addrs; a != NULL; a = a->next) {
		if (ip4_in_prefix(ip, a->prefix))
			return a;
	}
	return NULL;
}

/* The first address of ifp of global scope, or NULL. */
static const struct iface_addr *
addr_global(const struct iface *ifp)
{
	for (const struct iface_addr *a = ifp->addrs; a != NULL; a = a->next) {
		if (a->scope == SCOPE_GLOBAL)
			return a;
	}
	return NULL;
}

struct ip4
iface_source(struct stack *stk, const struct iface *ifp, struct ip4 dst)
{
	const struct iface_addr *a = ifp != NULL ?
	    iface_addr_near(ifp, dst) : NULL;

	if (a == NULL && ifp != NULL)
		a = addr_global(ifp);
	for (const struct iface *i = stk->ip.ifaces; a == NULL && i != NULL;
	    i = i->next)
		a = addr_global(i);
	return a != NULL ? a->prefix.ip : IP4_ANY;
}

/* Does another address of ifp make the same network? */
static bool
network_shared(const struct iface_addr *a)
{
	for (const struct iface_addr *o = a->ifp->addrs; o != NULL;
	    o = o->next) {
		if (o != a && o->prefix.len == a->prefix.len &&
		    ip4_in_prefix(o->prefix.ip, a->prefix))
			return true;
	}
	return false;
}

/* The up to three routes of an address; returns how many. */
static unsigned
addr_routes(const struct iface_addr *a, struct route_kernel r[3])
{
	bool lo = a->ifp->kind == IFACE_LO;
	unsigned n = 0;

	r[n++] = (struct route_kernel){ { a->prefix.ip, 32 }, ROUTE_LOCAL,
	    a->ifp, a->prefix.ip };
	if (a->prefix.len == 32 || network_shared(a))
		return n;
	r[n++] = (struct route_kernel){ prefix_network(a->prefix),
	    lo ? ROUTE_LOCAL : ROUTE_UNICAST, a->ifp, a->prefix.ip };
	if (ip4_prefix_has_broadcast(a->prefix))
		r[n++] = (struct route_kernel){
		    { ip4_prefix_broadcast(a->prefix), 32 }, ROUTE_BROADCAST,
		    a->ifp, a->prefix.ip };
	return n;
}

static void
addr_unlink(struct stack *stk, struct iface_addr *a)
{
	struct iface_addr **p;

	for (p = &stk->ip.addr_hash[ip_addr_bucket(a->prefix.ip)]; *p != a;
	    p = &(*p)->hash_next)
		continue;
	*p = a->hash_next;
	p = &stk->ip.broadcast_hash[ip_addr_bucket(
	    ip4_prefix_broadcast(a->prefix))];
	while (*p != NULL && *p != a)
		p = &(*p)->broadcast_next;
	if (*p != NULL)
		*p = a->broadcast_next;
	for (p = &a->ifp->addrs; *p != a; p = &(*p)->next)
		continue;
	*p = a->next;
	stk->ip.addr_count--;
}

static void
addr_link(struct stack *stk, struct iface_addr *a)
{
	struct iface_addr **p =
	    &stk->ip.addr_hash[ip_addr_bucket(a->prefix.ip)];

	a->hash_next = *p;
	*p = a;
	if (ip4_prefix_has_broadcast(a->prefix)) {
		p = &stk->ip.broadcast_hash[ip_addr_bucket(
		    ip4_prefix_broadcast(a->prefix))];
		a->broadcast_next = *p;
		*p = a;
	}
	for (p = &a->ifp->addrs; *p != NULL; p = &(*p)->next)
		continue;
	*p = a;
	stk->ip.addr_count++;
}

/* Is p a host's address that ifp may have? */
static bool
addr_valid(const struct iface *ifp, struct ip4_prefix p)
{
	uint32_t host = p.ip.v & ~ip4_mask(p.len);

	if (p.len == 0 || p.len > 32 || p.ip.v >> 24 == 0 ||
	    p.ip.v >> 28 >= 0xe)
		return false;
	if (ip4_is_loopback(p.ip) && ifp->kind != IFACE_LO)
		return false;
	if (p.len >= 31 || ifp->kind == IFACE_LO)
		return true;
	return host != 0 && !ip4_eq(ip4_prefix_broadcast(p), p.ip);
}

static int
addr_check(struct stack *stk, const struct iface *ifp, struct ip4_prefix p,
    struct err *err)
{
	const struct iface_addr *old = iface_addr_local(stk, p.ip);
	char text[PREFIX_STRLEN];

	ip4_prefix_format(p, text);
	if (!addr_valid(ifp, p))
		return err_set(err, -EINVAL,
		    "\"%s\": not an address that a host on %s can have", text,
		    ifp->name);
	if (old != NULL)
		return err_set(err, -EEXIST,
		    "\"%s\": %s has that address already", text,
		    old->ifp->name);
	if (stk->ip.addr_count >= stk->limits.addrs)
		return err_set(err, -ENOSPC, "\"%s\": there are %u addresses, "
		    "the limit", text, stk->ip.addr_count);
	return 0;
}

int
iface_addr_add(struct stack *stk, struct iface *ifp, struct ip4_prefix prefix,
    enum addr_scope scope, struct err *err)
{
	struct route_kernel r[3];
	struct iface_addr *a;
	unsigned n, i;
	int code = addr_check(stk, ifp, prefix, err);

	if (code != 0)
		return code;
	a = mem_alloc(&stk->mem, sizeof(*a));
	if (a == NULL)
		return err_set(err, -ENOMEM, "no memory for an address");
	a->ifp = ifp;
	a->prefix = prefix;
	a->scope = scope;
	n = addr_routes(a, r);
	for (i = 0; i < n; i++) {
		if (route_kernel_add(stk, &r[i]) != 0)
			break;
	}
	if (i < n) {
		while (i-- > 0)
			route_kernel_del(stk, &r[i]);
		mem_free(&stk->mem, a, sizeof(*a));
		return err_set(err, -ENOMEM, "no memory for an address");
	}
	addr_link(stk, a);
	arp_addr_up(stk, a);
	return 0;
}

/* Takes the address and what hangs on it away. */
static void
addr_remove(struct stack *stk, struct iface_addr *a)
{
	struct route_kernel r[3];
	unsigned n;

	arp_addr_down(stk, a);
	addr_unlink(stk, a);
	n = addr_routes(a, r);
	for (unsigned i = 0; i < n; i++)
		route_kernel_del(stk, &r[i]);
	route_source_gone(stk, a->prefix.ip);
	mem_free(&stk->mem, a, sizeof(*a));
}

int
iface_addr_del(struct stack *stk, struct iface *ifp, struct ip4_prefix prefix,
    struct err *err)
{
	struct iface_addr *a = iface_addr_local(stk, prefix.ip);
	char text[PREFIX_STRLEN];

	if (a == NULL || a->ifp != ifp || a->prefix.len != prefix.len)
		return err_set(err, -ENOENT, "\"%s\": not an address of %s",
		    ip4_prefix_format(prefix, text), ifp->name);
	addr_remove(stk, a);
	return 0;
}

void
iface_free(struct stack *stk, struct iface *ifp)
{
	struct iface **p;

	neigh_iface_down(stk, ifp);
	eth_mcast_flush(stk, ifp);
	while (ifp->addrs != NULL)
		addr_remove(stk, ifp->addrs);
	route_iface_gone(stk, ifp);
	igmp_iface_gone(stk, ifp);
	reass_flush(stk, ifp);
	for (p = &stk->ip.ifaces; *p != ifp; p = &(*p)->next)
		continue;
	*p = ifp->next;
	mem_free(&stk->mem, ifp, sizeof(*ifp));
}
