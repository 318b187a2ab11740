/*
 * igmp.c - which multicast groups we are in.
 *
 * Every interface is in 224.0.0.1, all systems on its link (RFC 1112 4).
 */
#include "ip/igmp.h"

#include "stack/stack.h"

bool
ip_group_is_member(struct stack *stk, const struct iface *ifp, struct ip4 group)
{
	(void)stk;
	(void)ifp;
	return ip4_eq(group, IP4(224, 0, 0, 1));
}
