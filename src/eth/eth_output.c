/*
 * eth_output.c - the Ethernet header, out.
 *
 * eth_output() serves ARP, broadcast and multicast; packets to a resolved
 * neighbour take the shorter way in arp/neigh.c, with a header made ahead.
 * Frames are not padded to 60 bytes: a TAP has no such minimum, and a card
 * behind one pads by itself.
 */
#include "stack/stack.h"

void
eth_build(uint8_t p[ETH_HLEN], const struct eth_hdr *h)
{
	struct wr w = wr_init(p, ETH_HLEN);

	wr_copy(&w, h->dst.b, sizeof(h->dst.b));
	wr_copy(&w, h->src.b, sizeof(h->src.b));
	wr_u16(&w, h->type);
}

void
eth_output(struct stack *stk, struct iface *ifp, struct mac dst,
    uint16_t type, struct pkt *pkt)
{
	struct eth_hdr h = { .dst = dst, .src = ifp->mac, .type = type };

	if (ifp->port == NULL || !ifp->up) {
		pkt_drop(stk, pkt, DROP_PORT_DOWN);
		return;
	}
	eth_build(pkt_push(pkt, ETH_HLEN), &h);
	port_send(stk, ifp->port, pkt);
}
