/*
 * eth.h - Ethernet II in and out (RFC 894).
 *
 * 802.3 length frames are dropped by name; VLAN tags, bridging and spanning
 * tree are not here yet.
 */
#ifndef HOPD_ETH_ETH_H
#define HOPD_ETH_ETH_H

#include <stdint.h>

#include "base/addr.h"
#include "base/pkt.h"

struct iface;
struct stack;

#define ETH_HLEN	14
#define ETH_MIN		60	/* shortest frame, FCS not counted */

#define ETHERTYPE_IP4	0x0800
#define ETHERTYPE_ARP	0x0806
#define ETHERTYPE_RARP	0x8035
#define ETHERTYPE_IP6	0x86dd

struct eth_hdr {
	struct mac dst, src;
	uint16_t type;		/* host order */
};

/* Reads the header at pkt's data; 0 or -EINVAL (too short).  Pulls nothing. */
int eth_parse(const struct pkt *pkt, struct eth_hdr *out);

/* Consumes a frame that came in by ifp. */
void eth_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* Prepends the header and sends: consumes pkt.  Source is ifp's MAC. */
void eth_output(struct stack *stk, struct iface *ifp, struct mac dst,
    uint16_t type, struct pkt *pkt);

#endif
