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
#include "ip/ip_fetch.h"
#include "ip/iface.h"
#include "ip/lpm.h"

struct stack;

enum route_type {
	ROUTE_UNICAST, ROUTE_LOCAL, ROUTE_BROADCAST,
	ROUTE_BLACKHOLE, ROUTE_UNREACHABLE, ROUTE_PROHIBIT,
};

enum route_origin { ROUTE_KERNEL, ROUTE_STATIC };  /* by an address, by hand */

#define ROUTE_HOPS_MAX 16
#define ROUTE_WEIGHT_MAX 256u

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

/* Does a way there, of several, lead out by ifp? */
bool route_leads_by(const struct route_result *r, const struct iface *ifp);

/* See ip/ip_fetch.h. */
#define ROUTE_FETCH_ROUTES 4096u
void route_fetch(struct stack *stk, const struct ip_glance g[], uint32_t n);

/* What befalls a packet in transit on that way: 0 or an enum drop. */
int route_drop(const struct route_result *r);

/* spec->next and ->origin are ignored; the route is copied.  A hop of weight 0
 * gets 1, one without an interface that of via's network; a local route
 * without a hop belongs to lo.  0, -EEXIST (prefix and metric), -ENETUNREACH
 * (via is not on a link), -ENOSPC, -ENOMEM, -EINVAL. */
int route_add(struct stack *stk, const struct route *spec, struct err *err);
/* Replace or add; errors as route_add(), and then the old one stays. */
int route_set(struct stack *stk, const struct route *spec, struct err *err);
/* 0, -ENOENT, or -EPERM (belongs to an address). */
int route_del(struct stack *stk, struct ip4_prefix dst, uint32_t metric,
    struct err *err);
void route_iface_gone(struct stack *stk, const struct iface *ifp);
/* src is no longer ours: routes by hand that prefer it go. */
void route_source_gone(struct stack *stk, struct ip4 src);

/* A route that an address makes; only src/ip/iface.c asks for it. */
struct route_kernel {
	struct ip4_prefix dst;
	enum route_type type;
	struct iface *ifp;
	struct ip4 src;
};
int route_kernel_add(struct stack *stk, const struct route_kernel *k);
void route_kernel_del(struct stack *stk, const struct route_kernel *k);

int route_init(struct stack *stk);	/* 0 or -ENOMEM */
void route_fini(struct stack *stk);

/* Why a destination goes where it goes: for `route get`. */
struct route_explained {
	struct route_result result;
	struct ip4 src;			/* given, or what we would use */
	int drop;		/* enum drop of a packet to it, or -1 */
	uint32_t path_mtu;		/* learned; 0: nothing is known */
	uint32_t flow_hash;		/* decides among several next hops */
	uint8_t hop;			/* the one: index in route->hop[] */
	bool usable[ROUTE_HOPS_MAX];	/* up, and its gateway answers */
	/* The first longer prefix that was passed over because all its
	 * interfaces are down. */
	bool passed_over;
	struct ip4_prefix passed;
};
/* src: any, or "from SRC"; never changes anything but neighbours' asking. */
void route_explain(struct stack *stk, struct ip4 dst, struct ip4 src,
    struct route_explained *out);

/* Could a flow go by this next hop now?  Its interface is up, and its gateway
 * did not fail to answer. */
bool route_hop_usable(struct stack *stk, const struct next_hop *hop);

/* All routes by prefix, then metric; fn returning false stops. */
void route_walk(struct stack *stk,
    bool (*fn)(void *arg, const struct route *r), void *arg);
const char *route_type_name(enum route_type t);

#endif
