/*
 * eth.h - Ethernet II in and out (RFC 894).
 *
 * Frames are accepted that are for the interface's own MAC, for everybody, or
 * for a group that was joined; all others are dropped by name.  802.3 length
 * frames are dropped by name.  VLAN tags, bridging and spanning tree are not
 * here.
 */
#ifndef HOPD_ETH_ETH_H
#define HOPD_ETH_ETH_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "base/pkt.h"

struct iface;
struct stack;

#define ETH_HLEN	14
#define ETH_MIN		60	/* shortest frame, FCS not counted */
#define ETH_OFF_SRC	6
#define ETH_OFF_TYPE	12

#define ETHERTYPE_MIN	0x0600	/* below it the field is an 802.3 length */
#define ETHERTYPE_IP4	0x0800
#define ETHERTYPE_ARP	0x0806
#define ETHERTYPE_RARP	0x8035
#define ETHERTYPE_IP6	0x86dd

struct eth_hdr {
	struct mac dst, src;
	uint16_t type;		/* host order */
};

/* A group MAC that an interface listens to; iface->groups. */
struct eth_group {
	struct eth_group *next;
	struct mac mac;
	uint32_t refs;		/* joins without their leave */
};

/* Reads the header at pkt's data; 0 or -EINVAL (too short).  Pulls nothing. */
static inline int
eth_parse(const struct pkt *pkt, struct eth_hdr *out)
{
	const uint8_t *p = pkt_data(pkt);

	if (pkt->len < ETH_HLEN)
		return -EINVAL;
	memcpy(out->dst.b, p, sizeof(out->dst.b));
	memcpy(out->src.b, p + ETH_OFF_SRC, sizeof(out->src.b));
	out->type = be16_get(p + ETH_OFF_TYPE);
	return 0;
}

/* The fourteen bytes of the header; h->type is in host order. */
void eth_build(uint8_t p[ETH_HLEN], const struct eth_hdr *h);

/* Consumes a frame that came in by ifp. */
void eth_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* Prepends the header and sends: consumes pkt.  Source is ifp's MAC. */
void eth_output(struct stack *stk, struct iface *ifp, struct mac dst,
    uint16_t type, struct pkt *pkt);

/* The MAC that an IPv4 group maps to (RFC 1112 6.4): 32 groups share one. */
struct mac eth_group_mac(struct ip4 group);

/* Listen to a group MAC; joins are counted.  join: 0, -ENOMEM, -EINVAL (not a
 * group).  The MAC of 224.0.0.1 is always listened to (RFC 1112 4). */
int eth_mcast_join(struct stack *stk, struct iface *ifp, struct mac mac);
void eth_mcast_leave(struct stack *stk, struct iface *ifp, struct mac mac);
/* Is a frame to this group MAC for us? */
bool eth_mcast_match(const struct iface *ifp, struct mac mac);
/* Forgets every group, before the interface goes. */
void eth_mcast_flush(struct stack *stk, struct iface *ifp);

#endif
