/*
 * iface.h - interfaces: what has addresses, an MTU and neighbours.
 *
 * Bound to a port, to a tunnel, or to nothing ("lo", where a hidden VIP
 * lives).  Routes name interfaces, services name addresses.
 */
#ifndef HOPD_IP_IFACE_H
#define HOPD_IP_IFACE_H

#include "arp/acd.h"
#include "base/addr.h"
#include "base/err.h"
#include "base/pkt.h"
#include "port/port.h"

struct eth_group;
struct stack;

enum iface_kind { IFACE_PORT, IFACE_LO, IFACE_TUNNEL };

enum addr_scope { SCOPE_GLOBAL, SCOPE_LINK, SCOPE_HOST };

struct iface_addr {
	struct iface_addr *next;	/* in the order of addition */
	struct iface *ifp;
	struct ip4_prefix prefix;	/* address and network */
	enum addr_scope scope;
	bool builtin;			/* lo's 127.0.0.1: not configured */
	struct iface_addr *hash_next;	/* by address: local delivery */
	struct iface_addr *broadcast_next;	/* by the network's broadcast */
	struct acd acd;			/* conflict detection: arp/acd.c */
};

/* Settings of one interface, by `port set` (Linux's names and meanings). */
struct iface_conf {
	uint8_t arp_ignore;	/* 0-2 */
	uint8_t arp_announce;	/* 0-2 */
	uint8_t rp_filter;	/* 0 off, 1 strict, 2 loose */
	bool arp_accept;	/* learn from gratuitous ARP */
	bool proxy_arp;
	uint8_t acd;		/* enum acd_mode: when an address comes up */
	bool forwarding;	/* default true */
	bool redirects;		/* send ICMP redirects */
	bool accept_source_route; /* default true; ip_state has one, too */
	bool gro;		/* join TCP segments that come in (ip/gro.h) */
};

struct iface {
	struct iface *next;		/* all, in the order of addition */
	char name[PORT_NAME_MAX];
	uint32_t index;			/* 1 is lo; never reused */
	enum iface_kind kind;
	struct port *port;		/* IFACE_PORT, else NULL */
	void *tunnel;			/* IFACE_TUNNEL: its owner */
	/* IFACE_TUNNEL: sends an IP packet into it, consumes. */
	void (*tunnel_output)(struct stack *stk, struct iface *ifp,
	    struct pkt *pkt);
	struct mac mac;			/* copy of the port's */
	uint32_t mtu;			/* of IP packets */
	bool up;			/* wanted, and the device is there */
	bool wanted;			/* as configured */
	bool lost;			/* the device was taken away */
	bool needs_neigh;		/* Ethernet: resolve next hops */
	struct iface_addr *addrs;
	struct eth_group *groups;	/* MACs listened to: eth/eth_mcast.c */
	struct iface_conf conf;
};

/* Up, without addresses; the stack's until iface_free().  NULL and err: -EINVAL
 * (no name for an interface), -EEXIST, -ENOMEM. */
struct iface *iface_new(struct stack *stk, const char *name,
    enum iface_kind kind, struct err *err);
/* Takes addresses, routes and neighbours with it. */
void iface_free(struct stack *stk, struct iface *ifp);
struct iface *iface_lookup(struct stack *stk, const char *name); /* or NULL */
/* Takes it down: nothing in or out, its neighbours (but permanent ones) and
 * half-made datagrams go, routes by it are passed over; addresses stay ours.
 * Or up: addresses are probed for and announced anew, groups told again. */
void iface_set_up(struct stack *stk, struct iface *ifp, bool up);
/* Its device was taken away: down for good, whatever is wanted. */
void iface_lose(struct stack *stk, struct iface *ifp);

/* 0, -EEXIST (the same prefix, or the address elsewhere), -EINVAL (no host
 * address), -ENOSPC.  Adds the connected route. */
int iface_addr_add(struct stack *stk, struct iface *ifp,
    struct ip4_prefix prefix, enum addr_scope scope, struct err *err);
/* 0 or -ENOENT. */
int iface_addr_del(struct stack *stk, struct iface *ifp,
    struct ip4_prefix prefix, struct err *err);

/* The entry for an address of ours on any interface, or NULL. */
struct iface_addr *iface_addr_local(struct stack *stk, struct ip4 ip);
/* Is ip a subnet broadcast of ifp (not 255.255.255.255)? */
bool iface_is_broadcast(const struct stack *stk, const struct iface *ifp,
    struct ip4 ip);
/* The address of ifp whose network holds ip, or NULL. */
const struct iface_addr *iface_addr_near(const struct iface *ifp,
    struct ip4 ip);
/* Source for a packet to dst out of ifp (RFC 1122 3.3.4.3): the address in
 * the same network, else the first of global scope there, else anywhere;
 * any if we have none. */
struct ip4 iface_source(struct stack *stk, const struct iface *ifp,
    struct ip4 dst);

#endif
