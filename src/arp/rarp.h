/*
 * rarp.h - a RARP server (RFC 903): stations that know only their MAC ask for
 * their IPv4 address.
 */
#ifndef HOPD_ARP_RARP_H
#define HOPD_ARP_RARP_H

#include "base/addr.h"
#include "base/err.h"
#include "base/pkt.h"

struct iface;
struct stack;

/* In the order of addition; limits.rarp_stations bounds them. */
struct rarp_station {
	struct rarp_station *next;
	struct mac mac;
	struct ip4 ip;
};

/* Consumes; data at the ARP header of a frame of type RARP. */
void rarp_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* 0, -EINVAL (not one station's MAC or address), -EEXIST, -ENOSPC, -ENOMEM. */
int rarp_add(struct stack *stk, struct mac mac, struct ip4 ip,
    struct err *err);
/* 0 or -ENOENT. */
int rarp_del(struct stack *stk, struct mac mac, struct err *err);
void rarp_flush(struct stack *stk);
const struct rarp_station *rarp_lookup(struct stack *stk, struct mac mac);
/* NULL starts, NULL ends. */
const struct rarp_station *rarp_next(struct stack *stk,
    const struct rarp_station *s);

#endif
