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
static bool
is_giant(const struct iface *ifp, const struct pkt *pkt)
{
	return pkt->gso_type == PKT_GSO_NONE &&
	    pkt_len(pkt) > ifp->mtu + ETH_HLEN;
}

/* Why the frame is not for us, or DROP_COUNT if it is. */
static enum drop
judge(const struct iface *ifp, const struct pkt *pkt, const struct eth_hdr *h)
{
	if (mac_is_group(h->src) || mac_eq(h->src, MAC_ZERO))
		return DROP_ETH_BAD_SRC;
	if (mac_eq(h->dst, ifp->mac) || mac_eq(h->dst, MAC_BROADCAST))
		;
	else if (!mac_is_group(h->dst))
		return DROP_ETH_OTHER_HOST;
	else if (!eth_mcast_match(ifp, h->dst))
		return DROP_ETH_MCAST;
	if (h->type < ETHERTYPE_MIN)
		return DROP_ETH_LLC;
	if (is_giant(ifp, pkt))
		return DROP_ETH_GIANT;
	return DROP_COUNT;
}

void
eth_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct eth_hdr h;
	enum drop why;

	if (eth_parse(pkt, &h) != 0) {
		pkt_drop(stk, pkt, DROP_ETH_SHORT);
		return;
	}
	if (!ifp->up) {
		pkt_drop(stk, pkt, DROP_PORT_DOWN);
		return;
	}
	why = judge(ifp, pkt, &h);
	if (why != DROP_COUNT) {
		pkt_drop(stk, pkt, why);
		return;
	}
	pkt->l2_group = mac_is_group(h.dst);
	pkt->ifp = ifp;
	pkt_pull(pkt, ETH_HLEN);
	switch (h.type) {
	case ETHERTYPE_IP4:
		ip_input(stk, ifp, pkt);
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
