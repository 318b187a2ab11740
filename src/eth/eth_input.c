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

/* A frame that is not to us alone: why it is not for us, or DROP_COUNT. */
static SLOW enum drop
judge_dst(const struct iface *ifp, const struct pkt *pkt)
{
	struct mac dst;

	memcpy(dst.b, pkt_data(pkt), sizeof(dst.b));
	if (mac_eq(dst, MAC_BROADCAST))
		return DROP_COUNT;
	if (!mac_is_group(dst))
		return DROP_ETH_OTHER_HOST;
	return eth_mcast_match(ifp, dst) ? DROP_COUNT : DROP_ETH_MCAST;
}

/* Why the frame is not for us, or DROP_COUNT if it is.  Its header is compared
 * where it stands: a copy costs more than all of this. */
static inline enum drop
judge(const struct iface *ifp, const struct pkt *pkt, uint16_t type)
{
	const uint8_t *dst = pkt_data(pkt), *src = dst + ETH_OFF_SRC;
	enum drop why = DROP_COUNT;

	if ((src[0] & 1) != 0 || (be32_get(src) | be16_get(src + 4)) == 0)
		return DROP_ETH_BAD_SRC;
	if (memcmp(dst, ifp->mac.b, 6) != 0)
		why = judge_dst(ifp, pkt);
	if (why != DROP_COUNT)
		return why;
	if (type < ETHERTYPE_MIN)
		return DROP_ETH_LLC;
	return is_giant(ifp, pkt) ? DROP_ETH_GIANT : DROP_COUNT;
}

void
eth_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
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
	pkt->l2_group = (pkt_data(pkt)[0] & 1) != 0;
	pkt_pull(pkt, ETH_HLEN);
	switch (type) {
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
