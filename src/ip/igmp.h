/*
 * igmp.h - membership in multicast groups, as a host (RFC 1112, RFC 2236,
 * RFC 3376).
 */
#ifndef HOPD_IP_IGMP_H
#define HOPD_IP_IGMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/instant.h"
#include "base/timer.h"

struct iface;
struct ip_meta;
struct pkt;
struct stack;

/* A group that somebody here listens to on an interface.  Without users it is
 * only there to repeat its leave. */
struct ip_group {
	struct ip_group *next;		/* in the order of joining */
	struct iface *ifp;
	struct ip4 group;
	uint32_t users;			/* joins without their leave */
	struct timer timer;		/* next report or leave */
	uint8_t repeats;		/* state changes still to be told */
	bool answer;			/* the timer answers a query */
	bool last_reporter;		/* RFC 2236 3: we owe the leave */
};

/* What an interface knows of its querier. */
struct igmp_iface {
	struct igmp_iface *next;
	struct iface *ifp;
	struct instant v1_until, v2_until;	/* older querier present */
	struct timer general;		/* answers a version 3 general query */
};

struct igmp_state {
	struct ip_group *groups;
	struct igmp_iface *ifaces;
	uint32_t count;
	uint64_t queries, reports_sent, leaves_sent;
};

/* Listen to a group on an interface; joins are counted.  0, -EINVAL (not a
 * group), -ENOSPC (limits.groups), -ENOMEM.  224.0.0.1 is always joined. */
int ip_group_join(struct stack *stk, struct iface *ifp, struct ip4 group);
/* 0 or -ENOENT. */
int ip_group_leave(struct stack *stk, struct iface *ifp, struct ip4 group);

/* Are packets to group, come in by ifp, for us? */
bool ip_group_is_member(struct stack *stk, const struct iface *ifp,
    struct ip4 group);

/* Consumes; data at the IGMP header. */
void igmp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* It was down: whoever queries may have forgotten us. */
void igmp_iface_up(struct stack *stk, const struct iface *ifp);
void igmp_iface_gone(struct stack *stk, const struct iface *ifp);

#endif
