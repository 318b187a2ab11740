/*
 * ip_addr.c - questions about addresses that transports ask, in their family
 * neutral terms.
 */
#include <errno.h>

#include "ip/igmp.h"
#include "ip/pmtu.h"
#include "stack/stack.h"

enum ip_addr_kind
ip_addr_kind(struct stack *stk, const struct addr *a)
{
	struct route_result r;
	struct ip4 ip;

	if (!addr_is_ip4(a))
		return IP_ADDR_OTHER;
	ip = addr_to_ip4(a);
	if (ip4_is_multicast(ip))
		return IP_ADDR_MULTICAST;
	if (ip4_eq(ip, IP4_BROADCAST))
		return IP_ADDR_BROADCAST;
	if (iface_addr_local(stk, ip) != NULL)
		return IP_ADDR_LOCAL;
	r = route_lookup(stk, ip, 0);
	if (r.route == NULL)
		return IP_ADDR_OTHER;
	switch (r.route->type) {
	case ROUTE_LOCAL:
		return IP_ADDR_LOCAL;
	case ROUTE_BROADCAST:
		return IP_ADDR_BROADCAST;
	default:
		return IP_ADDR_OTHER;
	}
}

int
ip_path_by(struct stack *stk, const struct addr *dst, const char *ifname,
    struct addr *src, uint32_t *mtu)
{
	const struct iface *ifp;

	if (ifname[0] == '\0')
		return ip_path(stk, dst, src, mtu);
	ifp = iface_lookup(stk, ifname);
	if (ifp == NULL)
		return -ENODEV;
	*src = addr_from_ip4(iface_source(stk, ifp, addr_to_ip4(dst)));
	*mtu = ifp->mtu;
	return 0;
}

uint32_t
ip_path_too_big(struct stack *stk, const struct addr *dst, uint32_t mtu,
    uint32_t size)
{
	return ip_pmtu_update(stk, addr_to_ip4(dst), mtu, size);
}

int
ip_join(struct stack *stk, const struct addr *group, const char *ifname)
{
	struct iface *ifp = iface_lookup(stk, ifname);

	if (ip_addr_kind(stk, group) != IP_ADDR_MULTICAST)
		return -EINVAL;
	if (ifp == NULL)
		return -ENODEV;
	return ip_group_join(stk, ifp, addr_to_ip4(group));
}

int
ip_leave(struct stack *stk, const struct addr *group, const char *ifname)
{
	struct iface *ifp = iface_lookup(stk, ifname);

	if (ifp == NULL)
		return -ENODEV;
	return ip_group_leave(stk, ifp, addr_to_ip4(group));
}
