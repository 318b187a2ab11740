/*
 * route.h - the IPv4 routing table: destinations, next hops, longest prefix
 * match.
 *
 * A route is (prefix, metric) to one or more next hops; the lowest metric of
 * the longest prefix wins.  struct lpm (ip/lpm.h) finds the prefix; here are
 * the routes themselves, their owners and the control functions.  Local
 * addresses and broadcasts are routes too (type local, broadcast), so
 * that one look-up decides everything about a destination.
 */
#ifndef HOPD_IP_ROUTE_H
#define HOPD_IP_ROUTE_H

#include "base/addr.h"
#include "base/err.h"
#include "base/hash.h"
#include "ip/iface.h"
#include "ip/lpm.h"

struct stack;

enum route_type {
	ROUTE_UNICAST, ROUTE_LOCAL, ROUTE_BROADCAST,
	ROUTE_BLACKHOLE, ROUTE_UNREACHABLE, ROUTE_PROHIBIT,
};

enum route_origin { ROUTE_KERNEL, ROUTE_STATIC };  /* by an address, by hand */

#define ROUTE_HOPS_MAX 16

struct next_hop {
	struct iface *ifp;
	struct ip4 via;		/* any: the destination is on the link */
	uint16_t weight;	/* 1 to 256 */
};

struct route {
	struct route *next;	/* same prefix, higher metric */
	struct ip4_prefix dst;	/* host bits clear */
	uint32_t metric;
	uint32_t mtu;		/* 0: the interface's */
	enum route_type type;
	enum route_origin origin;
	struct ip4 src;		/* preferred source, or any */
	uint8_t hops;
	struct next_hop hop[];	/* hops of them */
};

/* What a look-up answers. */
struct route_result {
	const struct route *route;	/* NULL: no route */
	struct iface *ifp;		/* unicast: way out; local: owner */
	struct ip4 next_hop;		/* unicast: whom to resolve */
	uint32_t mtu;
};

/* flow_hash picks among several next hops; 0 where there is no flow. */
struct route_result route_lookup(struct stack *stk, struct ip4 dst,
    uint32_t flow_hash);

/* spec->next is ignored; the route is copied.  0, -EEXIST (prefix and metric),
 * -ENETUNREACH (via is not on a link), -ENOSPC, -ENOMEM, -EINVAL. */
int route_add(struct stack *stk, const struct route *spec, struct err *err);
/* Replace or add. */
int route_set(struct stack *stk, const struct route *spec, struct err *err);
/* 0 or -ENOENT. */
int route_del(struct stack *stk, struct ip4_prefix dst, uint32_t metric,
    struct err *err);
void route_iface_gone(struct stack *stk, const struct iface *ifp);

/* All routes by prefix, then metric; fn returning false stops. */
void route_walk(struct stack *stk,
    bool (*fn)(void *arg, const struct route *r), void *arg);
const char *route_type_name(enum route_type t);

#endif
