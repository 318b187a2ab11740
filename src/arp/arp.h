/*
 * arp.h - ARP for IPv4 over Ethernet (RFC 826, RFC 5227).
 *
 * arp_input() answers requests and feeds the neighbour table (arp/neigh.h);
 * the table asks for requests by arp_request().
 */
#ifndef HOPD_ARP_ARP_H
#define HOPD_ARP_ARP_H

#include "base/addr.h"
#include "base/pkt.h"

struct iface;
struct stack;

#define ARP_LEN		28	/* IPv4 over Ethernet */

enum arp_op { ARP_OP_REQUEST = 1, ARP_OP_REPLY = 2, RARP_OP_REQUEST = 3,
	RARP_OP_REPLY = 4 };

struct arp_msg {
	uint16_t op;
	struct mac sha, tha;	/* sender's and target's hardware address */
	struct ip4 spa, tpa;	/* sender's and target's protocol address */
};

/* 0, or -EMSGSIZE (cut off), or -EINVAL (not IPv4 over Ethernet). */
int arp_parse(const uint8_t *p, size_t len, struct arp_msg *out);
void arp_build(uint8_t p[ARP_LEN], const struct arp_msg *msg);

/* Consumes an ARP packet; data is at the ARP header. */
void arp_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* Sends any message to dst. */
void arp_send(struct stack *stk, struct iface *ifp, const struct arp_msg *msg,
    struct mac dst);
/* Sends a request for tpa from address spa (any: a probe, RFC 5227 2.1.1) to
 * dst (broadcast, or unicast for a probe of a known neighbour). */
void arp_request(struct stack *stk, struct iface *ifp, struct ip4 spa,
    struct ip4 tpa, struct mac dst);
/* Tells everybody on ifp that ip is here (gratuitous ARP, RFC 5227 2.3). */
void arp_announce(struct stack *stk, struct iface *ifp, struct ip4 ip);

/* The sender address of a request for target, by Linux's arp_announce;
 * wanted: source of the packet that waits for it, or any. */
struct ip4 arp_source(struct stack *stk, const struct iface *ifp,
    struct ip4 target, struct ip4 wanted);

#endif
