/*
 * eth_mcast.c - which multicast MACs an interface listens to.
 *
 * The IPv4 groups that were joined (IGMP) decide; joins are counted because
 * 32 groups share a MAC (RFC 1112 6.4).  An interface has few of them, so the
 * filter is a list.  struct iface holds its head; the elements are owned here.
 */
#include <errno.h>

#include "stack/stack.h"

struct mac
eth_group_mac(struct ip4 group)
{
	/* RFC 1112 6.4: the low 23 bits of the group. */
	return (struct mac){ { 0x01, 0x00, 0x5e, (group.v >> 16) & 0x7f,
	    (group.v >> 8) & 0xff, group.v & 0xff } };
}

/* The link that points at the entry for mac, or at the list's end. */
static struct eth_group **
find(struct iface *ifp, struct mac mac)
{
	struct eth_group **gp = &ifp->groups;

	while (*gp != NULL && !mac_eq((*gp)->mac, mac))
		gp = &(*gp)->next;
	return gp;
}

int
eth_mcast_join(struct stack *stk, struct iface *ifp, struct mac mac)
{
	struct eth_group **gp = find(ifp, mac);

	if (!mac_is_group(mac))
		return -EINVAL;
	if (*gp == NULL) {
		struct eth_group *g = mem_alloc(&stk->mem, sizeof(*g));

		if (g == NULL)
			return -ENOMEM;
		g->mac = mac;
		*gp = g;
	}
	(*gp)->refs++;
	return 0;
}

void
eth_mcast_leave(struct stack *stk, struct iface *ifp, struct mac mac)
{
	struct eth_group **gp = find(ifp, mac);
	struct eth_group *g = *gp;

	assert(g != NULL);
	if (--g->refs > 0)
		return;
	*gp = g->next;
	mem_free(&stk->mem, g, sizeof(*g));
}

bool
eth_mcast_match(const struct iface *ifp, struct mac mac)
{
	const struct eth_group *g;

	/* RFC 1112 4: every host is in 224.0.0.1. */
	if (mac_eq(mac, eth_group_mac(IP4(224, 0, 0, 1))))
		return true;
	for (g = ifp->groups; g != NULL; g = g->next) {
		if (mac_eq(g->mac, mac))
			return true;
	}
	return false;
}

void
eth_mcast_flush(struct stack *stk, struct iface *ifp)
{
	struct eth_group *g;

	while ((g = ifp->groups) != NULL) {
		ifp->groups = g->next;
		mem_free(&stk->mem, g, sizeof(*g));
	}
}
