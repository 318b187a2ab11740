/*
 * ip.h - IPv4 in, through and out (RFC 791, RFC 1122 3, RFC 1812 4 and 5).
 *
 * ip_input() judges the header and sends the packet to the load balancer, to a
 * transport or to ip_forward(); everything leaves through ip_output().
 */
#ifndef HOPD_IP_IP_H
#define HOPD_IP_IP_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/pkt.h"
#include "base/slow.h"
#include "base/timer.h"
#include "ip/gro.h"
#include "ip/iface.h"
#include "ip/igmp.h"
#include "ip/ip_wire.h"
#include "ip/pmtu.h"
#include "ip/reass.h"
#include "ip/route.h"

struct stack;

#define IP_DEFAULT_TTL 64	/* RFC 1700 */

/* What a transport learns about a packet that was delivered to it; family
 * neutral.  The packet's l3 and l4 are set and its data starts at l4. */
struct ip_meta {
	struct addr src, dst;
	uint32_t l4_len;	/* header and payload of the transport */
	uint8_t proto, tos, ttl;
	bool group;		/* destination is broadcast or multicast */
};

/* What a transport asks for. */
struct ip_send {
	struct addr src;	/* all zero: chosen by route */
	struct addr dst;
	uint8_t proto;
	uint8_t tos;
	uint8_t ttl;		/* 0: IP_DEFAULT_TTL */
	bool df;
	struct iface *ifp;	/* only by this interface; NULL: by route */
	const uint8_t *opts;	/* IP options; they get our own entry */
	uint8_t opts_len;	/* a multiple of 4; 0: none */
	uint32_t *mtu;		/* gets the MTU that makes -EMSGSIZE; or NULL */
};

struct ip_stats {
	uint64_t received, delivered, forwarded, sent, fragmented,
	    reassembled;
	uint64_t looped;	/* of those received: we sent them ourselves */
	uint64_t merged;	/* fragments that came into a whole, but the
				 * one that is counted as delivered */
};

#define IP_ADDR_BITS	8
#define IP_ADDR_BUCKETS	(1u << IP_ADDR_BITS)
#define IP_ID_BUCKETS	2048	/* by (src, dst, proto) */
#define IP_LOOP_MAX	1024	/* packets to ourselves under way */

/* The bucket of an address in the tables below. */
static inline uint32_t
ip_addr_bucket(struct ip4 ip)
{
	/* Neighbours, and the same host in two networks, stand apart. */
	return ip.v * UINT32_C(0x9e3779b1) >> (32 - IP_ADDR_BITS);
}

/* The routes of one prefix, the best first; next_free links free slots. */
struct route_slot {
	struct route *chain;
	uint32_t next_free;
};

struct ip_state {
	struct iface *ifaces;		/* in the order of addition */
	uint32_t iface_next_index;
	uint32_t addr_count;
	struct iface_addr *addr_hash[IP_ADDR_BUCKETS];
	struct iface_addr *broadcast_hash[IP_ADDR_BUCKETS];
	struct lpm *lpm;
	struct route_slot *routes;	/* by the value of lpm; 0 is unused */
	uint32_t route_slots, route_slots_max;	/* ever used, allocated */
	uint32_t route_free;		/* free slots: head */
	uint32_t route_count;
	struct hash_key key;		/* ECMP, IP ID, fragments */
	uint16_t id_counter[IP_ID_BUCKETS]; /* RFC 6864 */
	struct gro_state gro;
	struct reass_state reass;
	struct pmtu_state pmtu;
	bool accept_source_route;	/* default false; and per interface */
	struct igmp_state igmp;
	struct pkt_queue loop;		/* packets to ourselves */
	struct timer loop_timer;	/* takes them in */
	bool looping;			/* it is at it */
	struct ip_stats stats;
};

static inline bool
route_fetch_pays(const struct ip_state *ip)
{
	return ip->route_count > ROUTE_FETCH_ROUTES;
}

int ip_init(struct stack *stk);		/* 0 or -ENOMEM; makes lo */
void ip_fini(struct stack *stk);

/* A packet came in by ifp, data at its IP header: consumes. */
void ip_input(struct stack *stk, struct iface *ifp, struct pkt *pkt);

/* As ip_input, for a datagram put together again, l3, l4 and ifp set. */
void ip_input_whole(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h);

/* Not for us: checks, then sends on by r.  Consumes.  h is the header,
 * parsed. */
void ip_forward(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r);

/* Is it for us only because its source route, which is not done, goes by us?
 * Then ip_forward_source_route() sends it on to the next address in there. */
bool ip_is_waypoint(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h);
/* A packet with a source route: on towards its destination, or by us to the
 * next address (RFC 791 3.1, RFC 1812 5.2.4.1).  Consumes. */
void ip_forward_source_route(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h);

/* Delivers to the transport of h->proto: consumes. */
void ip_deliver(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h);

/* A complete IP packet (data at its header, l3 set) goes out by r, fragmented
 * if it must and may be: consumes.  h is its header, parsed; the TTL in it
 * does not matter. */
void ip_output(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct route_result *r);

/* Out by ifp alone: what needs no route (a group on the link). */
static inline struct route_result
ip_way_out(struct iface *ifp, struct ip4 dst)
{
	return (struct route_result){ .ifp = ifp, .next_hop = dst,
	    .mtu = ifp->mtu };
}

/* A transport's segment (data at l4, l4 set, transport checksum put or
 * csum_needed) gets an IPv4 header and goes where routes say: consumes.
 * Returns 0 or -ENETUNREACH, -EHOSTUNREACH, -EACCES, -EMSGSIZE: the packet is
 * gone either way, the code is for the socket. */
int ip_send(struct stack *stk, struct pkt *pkt, const struct ip_send *s);

/* Source address and MTU towards dst (path MTU where known), for sockets.
 * 0 or -ENETUNREACH, -EHOSTUNREACH, -EACCES. */
int ip_path(struct stack *stk, const struct addr *dst, struct addr *src,
    uint32_t *mtu);

/* MTU of the first hop towards dst, whatever is known of those behind it; 0: no
 * route. */
uint32_t ip_hop_mtu(struct stack *stk, const struct addr *dst);

/* As ip_path(), by the interface of that name; "": by route.  -ENODEV too. */
int ip_path_by(struct stack *stk, const struct addr *dst, const char *ifname,
    struct addr *src, uint32_t *mtu);

/* A router said that a packet of ours, size bytes long, was too big for the
 * way to dst (mtu 0: it did not say for what).  The caller has made sure that
 * the packet was ours.  Returns the MTU of the path now. */
uint32_t ip_path_too_big(struct stack *stk, const struct addr *dst,
    uint32_t mtu, uint32_t size);

/* What an address is to this host. */
enum ip_addr_kind {
	IP_ADDR_LOCAL,		/* one of ours */
	IP_ADDR_BROADCAST,	/* limited, or of a network of ours */
	IP_ADDR_MULTICAST,
	IP_ADDR_OTHER,		/* anything else, also 0.0.0.0 */
};
enum ip_addr_kind ip_addr_kind(struct stack *stk, const struct addr *a);

/* Joins, and leaves, a multicast group on the interface of that name; joins
 * are counted.  0, -EINVAL (no group), -ENODEV, and what ip_group_join() and
 * ip_group_leave() say. */
int ip_join(struct stack *stk, const struct addr *group, const char *ifname);
int ip_leave(struct stack *stk, const struct addr *group, const char *ifname);

/* The source that goes with a way to dst (RFC 1122 3.3.4.3); any: none. */
struct ip4 ip_source(struct stack *stk, const struct route_result *r,
    struct ip4 dst);

/* The next identification for such a packet (RFC 6864). */
uint16_t ip_next_id(struct stack *stk, struct ip4 src, struct ip4 dst,
    uint8_t proto);
/* The same for pkt, between the addresses of h and of its protocol: a
 * super-frame takes as many, one after the other, as it has segments. */
uint16_t ip_pkt_id(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h);
/* Writes one into the header at pkt's data, which has other addresses now than
 * its sender gave it: among those its identification may be another's.
 * h: with the new addresses; h->id follows. */
void ip_renumber(struct stack *stk, struct pkt *pkt, struct ip4_hdr *h);

/* Milliseconds since midnight UT; the high bit says that the clock is none of
 * the kind (RFC 791 3.1, RFC 792). */
uint32_t ip_time_of_day(const struct stack *stk);

/* The route of a packet, its flow's next hop picked: l3 set, h its header.
 * _flow: addresses and protocol of h, ports from the len bytes at l4. */
struct route_result ip_route(struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h);
struct route_result ip_route_flow(struct stack *stk, const struct ip4_hdr *h,
    const uint8_t *l4, size_t len);
/* Hash of addresses, protocol and ports, keyed; l4 has len bytes. */
uint32_t ip_flow_hash(struct stack *stk, const struct ip4_hdr *h,
    const uint8_t *l4, size_t len);

/* Length on the wire: a super-frame's segments, else the packet's own. */
SLOW uint32_t ip_segment_len(const struct pkt *pkt, const struct ip4_hdr *h);

static inline uint32_t
ip_wire_len(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return pkt->gso_type == PKT_GSO_NONE ? pkt_len(pkt) :
	    ip_segment_len(pkt, h);
}
/* Out by r's interface, whatever the length: consumes.  dst decides between a
 * neighbour and a group. */
void ip_link_output(struct stack *stk, struct pkt *pkt, struct ip4 dst,
    const struct route_result *r);
/* The timer that takes in what we sent to ourselves. */
void ip_loop_input(struct stack *stk, struct timer *t);

#endif
