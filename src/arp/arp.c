/*
 * arp.c - the ARP message (RFC 826) and the sending of it.
 *
 * Only IPv4 over Ethernet.  What comes in is arp_input.c's, the neighbour
 * table neigh.c's.
 */
#include <errno.h>

#include "base/cursor.h"
#include "stack/stack.h"

#define HRD_ETHER	1	/* RFC 826: ares_hrd$Ethernet */

int
arp_parse(const uint8_t *p, size_t len, struct arp_msg *out)
{
	struct rd r = rd_init(p, len);
	uint16_t hrd = rd_u16(&r);
	uint16_t pro = rd_u16(&r);
	uint8_t hln = rd_u8(&r);
	uint8_t pln = rd_u8(&r);

	if (r.bad)
		return -EMSGSIZE;
	if (hrd != HRD_ETHER || pro != ETHERTYPE_IP4 || hln != 6 || pln != 4)
		return -EINVAL;
	out->op = rd_u16(&r);
	rd_copy(&r, out->sha.b, sizeof(out->sha.b));
	out->spa.v = rd_u32(&r);
	rd_copy(&r, out->tha.b, sizeof(out->tha.b));
	out->tpa.v = rd_u32(&r);
	return r.bad ? -EMSGSIZE : 0;
}

void
arp_build(uint8_t p[ARP_LEN], const struct arp_msg *msg)
{
	struct wr w = wr_init(p, ARP_LEN);

	wr_u16(&w, HRD_ETHER);
	wr_u16(&w, ETHERTYPE_IP4);
	wr_u8(&w, sizeof(msg->sha.b));
	wr_u8(&w, sizeof(msg->spa.v));
	wr_u16(&w, msg->op);
	wr_copy(&w, msg->sha.b, sizeof(msg->sha.b));
	wr_u32(&w, msg->spa.v);
	wr_copy(&w, msg->tha.b, sizeof(msg->tha.b));
	wr_u32(&w, msg->tpa.v);
}

void
arp_send(struct stack *stk, struct iface *ifp, const struct arp_msg *msg,
    struct mac dst)
{
	bool rarp = msg->op == RARP_OP_REQUEST || msg->op == RARP_OP_REPLY;
	struct pkt *pkt = pkt_alloc(&stk->pool, ARP_LEN);

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	arp_build(pkt_append(pkt, ARP_LEN), msg);
	stk->arp.stats.sent++;
	eth_output(stk, ifp, dst, rarp ? ETHERTYPE_RARP : ETHERTYPE_ARP, pkt);
}

void
arp_request(struct stack *stk, struct iface *ifp, struct ip4 spa,
    struct ip4 tpa, struct mac dst)
{
	struct arp_msg msg = {
		.op = ARP_OP_REQUEST,
		.sha = ifp->mac,
		.spa = spa,
		.tha = MAC_ZERO,
		.tpa = tpa,
	};

	arp_send(stk, ifp, &msg, dst);
}

void
arp_announce(struct stack *stk, struct iface *ifp, struct ip4 ip)
{
	/* RFC 5227 2.3: a request with both addresses ours.  Unlike a reply,
	 * every implementation updates its table from it. */
	arp_request(stk, ifp, ip, ip, MAC_BROADCAST);
}

struct ip4
arp_source(struct stack *stk, const struct iface *ifp, struct ip4 target,
    struct ip4 wanted)
{
	const struct iface_addr *own = iface_addr_local(stk, wanted);
	const struct iface_addr *near;

	/* The packet's own source tells the neighbour whom to expect; Linux's
	 * arp_announce says how freely: 0 any address of ours, 1 only in the
	 * target's network, 2 never.  Scope host stays hidden always. */
	if (ifp->conf.arp_announce < 2 && own != NULL &&
	    own->scope != SCOPE_HOST) {
		if (ifp->conf.arp_announce == 0)
			return wanted;
		near = iface_addr_near(ifp, target);
		if (near != NULL && ip4_in_prefix(wanted, near->prefix))
			return wanted;
	}
	return iface_source(stk, ifp, target);
}
