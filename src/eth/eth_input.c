/*
 * eth_input.c - judges an Ethernet frame and hands its payload up.
 *
 * Accepted are frames of Ethernet II form (RFC 894) to the interface's own
 * MAC, to the broadcast address, or to a group that the interface listens to.
 * What is dropped here is dropped by name, so that `hopctl drops` tells a cable
 * in the wrong socket (eth-other-host) from a chatty switch (eth-llc).
 *
 * A frame shorter than the 60 bytes of a cable is no fault: a virtual link
 * does not pad.  Padding, where there is some, is cut by the protocol above,
 * which knows its own length.
 *
 * Not here: VLAN tags (802.1Q), bridging, spanning tree.
 */
#include "stack/stack.h"

/* A frame that no MTU of ours could have let out; a super-frame is measured
 * by its segments, which its sender cut to fit. */
static inline bool
is_giant(const struct iface *ifp, const struct pkt *pkt)
{
	return pkt->gso_type == PKT_GSO_NONE &&
	    pkt_len(pkt) > ifp->mtu + ETH_HLEN;
}

/* Why a frame of that type is not for us, or DROP_COUNT if it is. */
static enum drop
judge(const struct iface *ifp, const struct pkt *pkt, uint16_t type)
{
	struct mac dst = mac_get(pkt_data(pkt));
	struct mac src = mac_get(pkt_data(pkt) + ETH_OFF_SRC);

	if (mac_is_group(src) || mac_eq(src, MAC_ZERO))
		return DROP_ETH_BAD_SRC;
	if (!mac_eq(dst, ifp->mac) && !mac_eq(dst, MAC_BROADCAST)) {
		if (!mac_is_group(dst))
			return DROP_ETH_OTHER_HOST;
		if (!eth_mcast_match(ifp, dst))
			return DROP_ETH_MCAST;
	}
	if (type < ETHERTYPE_MIN)
		return DROP_ETH_LLC;
	return is_giant(ifp, pkt) ? DROP_ETH_GIANT : DROP_COUNT;
}

static inline void
ip4_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	if (ifp->conf.gro)
		gro_input(stk, ifp, pkt);
	else
		ip_input(stk, ifp, pkt);
}

/* Any frame: its fault is named, or its protocol found. */
static SLOW void
any_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	uint16_t type;
	enum drop why;

	if (pkt->len < ETH_HLEN) {
		pkt_drop(stk, pkt, DROP_ETH_SHORT);
		return;
	}
	type = be16_get(pkt_data(pkt) + ETH_OFF_TYPE);
	why = judge(ifp, pkt, type);
	if (why != DROP_COUNT) {
		pkt_drop(stk, pkt, why);
		return;
	}
	pkt->l2_group = mac_is_group(mac_get(pkt_data(pkt)));
	pkt_pull(pkt, ETH_HLEN);
	switch (type) {
	case ETHERTYPE_IP4:
		ip4_input(stk, ifp, pkt);
		break;
	case ETHERTYPE_ARP:
		arp_input(stk, ifp, pkt);
		break;
	case ETHERTYPE_RARP:
		rarp_input(stk, ifp, pkt);
		break;
	default:
		pkt_drop(stk, pkt, DROP_ETH_TYPE);
		break;
	}
}

/* Nearly every frame: IPv4, to us alone, and no fault in it. */
static inline bool
is_usual(const struct iface *ifp, const struct pkt *pkt)
{
	const uint8_t *p = pkt_data(pkt);

	return pkt->len >= ETH_HLEN &&
	    be16_get(p + ETH_OFF_TYPE) == ETHERTYPE_IP4 &&
	    mac_eq(mac_get(p), ifp->mac) &&
	    !mac_is_group(mac_get(p + ETH_OFF_SRC)) &&
	    !mac_eq(mac_get(p + ETH_OFF_SRC), MAC_ZERO) &&
	    !is_giant(ifp, pkt);
}

void
eth_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	if (!is_usual(ifp, pkt)) {
		any_input(stk, ifp, pkt);
		return;
	}
	pkt->l2_group = false;
	pkt_pull(pkt, ETH_HLEN);
	ip4_input(stk, ifp, pkt);
}
