/*
 * ipip.h - IPv4 in IPv4 (RFC 2003): an interface that takes packets out of
 * their outer header and puts them into one, and the encapsulation alone for
 * who has an interface of nobody (the load balancer's TUN mode).
 *
 * An interface without a remote end takes packets from everyone, as an LVS
 * real server must, and sends none.
 */
#ifndef HOPD_TUNNEL_IPIP_H
#define HOPD_TUNNEL_IPIP_H

#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"
#include "base/pkt.h"
#include "ip/ip.h"
#include "ip/ip_wire.h"
#include "ip/route.h"

struct iface;
struct stack;

#define IPIP_OVERHEAD	IP4_HLEN
#define IPIP_MAX	256		/* tunnel interfaces of one stack */

struct ipip {
	struct ipip *next;	/* in the order of addition */
	struct iface *ifp;
	struct ip4 local;	/* any: whichever of ours */
	struct ip4 remote;	/* any: receives only */
	uint64_t received, sent, errors;
};

struct ipip_state {
	struct ipip *first;
	uint32_t count;
};

/* Removes all tunnels. */
void ipip_fini(struct stack *stk);

/* 0, -EEXIST (the name, or the same two ends), -EINVAL, -ENOSPC, -ENOMEM. */
int ipip_add(struct stack *stk, const char *name, struct ip4 local,
    struct ip4 remote, struct err *err);
/* Takes the interface with its addresses and routes.  0 or -ENOENT. */
int ipip_del(struct stack *stk, const char *name, struct err *err);
/* Walk in the order of addition: NULL starts, NULL ends. */
struct ipip *ipip_next(struct stack *stk, const struct ipip *t);

/* Protocol 4 for us: consumes; data at the inner header. */
void ipip_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* Puts pkt (data at its IP header) into an outer header from src to dst and
 * sends it by r: consumes.  TTL, TOS and DF are the inner packet's
 * (RFC 2003 3.1, RFC 6040 4.1).  No port takes a super-frame with two IP
 * headers, so one is cut into segments, as late as can be. */
void ipip_encap(struct stack *stk, struct pkt *pkt, struct ip4 src,
    struct ip4 dst, const struct route_result *r);

#endif
