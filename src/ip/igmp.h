/*
 * igmp.h - membership in multicast groups (RFC 1112).
 */
#ifndef HOPD_IP_IGMP_H
#define HOPD_IP_IGMP_H

#include <stdbool.h>

#include "base/addr.h"

struct iface;
struct stack;

/* Are packets to group, come in by ifp, for us? */
bool ip_group_is_member(struct stack *stk, const struct iface *ifp,
    struct ip4 group);

#endif
