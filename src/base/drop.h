/*
 * drop.h - the one exit of a dead packet, and the table of reasons.
 *
 * Reason, name, meaning and the ICMP answer are one row, so the error policy
 * of RFC 1122 and RFC 1812 is data.  `hopctl drops` prints the counters, tests
 * assert them.
 *
 * Columns: enum suffix, name, ICMP type or NO_ICMP, ICMP code, what happened.
 * The answer is built from the packet as it arrived and is subject to
 * icmp_error()'s rules: never about errors, broadcasts, later fragments.
 */
#ifndef HOPD_BASE_DROP_H
#define HOPD_BASE_DROP_H

#include <stdint.h>

#include "base/slow.h"

struct pkt;
struct stack;

#define NO_ICMP (-1)

#define DROP_TABLE(X)							\
/* port */								\
X(PORT_DOWN,	   "port-down",		NO_ICMP, 0, "port is down or gone") \
X(PORT_TX,	   "port-tx",		NO_ICMP, 0, "port refused the frame") \
X(PORT_BAD_VNET,   "port-bad-vnet",	NO_ICMP, 0, "offload header does not fit the frame") \
X(PORT_MTU,	   "port-mtu",		NO_ICMP, 0, "frame longer than the port's MTU") \
X(NO_MEMORY,	   "no-memory",		NO_ICMP, 0, "packet pool exhausted") \
/* Ethernet */								\
X(ETH_SHORT,	   "eth-short",		NO_ICMP, 0, "frame shorter than its header") \
X(ETH_OTHER_HOST,  "eth-other-host",	NO_ICMP, 0, "frame to someone else's MAC") \
X(ETH_BAD_SRC,	   "eth-bad-source",	NO_ICMP, 0, "source MAC is a group address or zero") \
X(ETH_MCAST,	   "eth-multicast",	NO_ICMP, 0, "multicast that nobody here listens to") \
X(ETH_GIANT,	   "eth-giant",		NO_ICMP, 0, "frame over the interface's MTU") \
X(ETH_LLC,	   "eth-llc",		NO_ICMP, 0, "802.3 length frame") \
X(ETH_TYPE,	   "eth-type",		NO_ICMP, 0, "EtherType that nobody handles") \
/* ARP */								\
X(ARP_SHORT,	   "arp-short",		NO_ICMP, 0, "ARP packet cut off") \
X(ARP_BAD,	   "arp-bad",		NO_ICMP, 0, "ARP of another kind, or from an address no host has") \
X(ARP_STRANGER,	   "arp-stranger",	NO_ICMP, 0, "ARP sender outside the interface's networks") \
X(ARP_NOT_US,	   "arp-not-us",	NO_ICMP, 0, "ARP request for someone else's address") \
X(ARP_SPOOF,	   "arp-spoof",		NO_ICMP, 0, "ARP sender claims our address or a bad MAC") \
X(RARP_UNKNOWN,	   "rarp-unknown",	NO_ICMP, 0, "RARP request for a station that is not configured here") \
X(NEIGH_QUEUE,	   "neigh-queue",	NO_ICMP, 0, "too many packets wait for this neighbour") \
X(NEIGH_TABLE,	   "neigh-table",	NO_ICMP, 0, "neighbour table full") \
X(NEIGH_FAILED,	   "neigh-failed",	3, 1, "neighbour does not answer") \
/* IPv4 header */							\
X(IP_SHORT,	   "ip-short",		NO_ICMP, 0, "shorter than an IPv4 header") \
X(IP_VERSION,	   "ip-version",	NO_ICMP, 0, "version is not 4") \
X(IP_HLEN,	   "ip-header-length",	NO_ICMP, 0, "header length below 20 or past the end") \
X(IP_LENGTH,	   "ip-length",		NO_ICMP, 0, "total length lies") \
X(IP_CSUM,	   "ip-checksum",	NO_ICMP, 0, "header checksum is wrong") \
X(IP_MARTIAN_SRC,  "ip-martian-source",	NO_ICMP, 0, "source address that no host may have") \
X(IP_MARTIAN_DST,  "ip-martian-dest",	NO_ICMP, 0, "destination that may not appear on a wire") \
X(IP_OWN_SRC,	   "ip-own-source",	NO_ICMP, 0, "source is one of our addresses") \
X(IP_RP_FILTER,	   "ip-rp-filter",	NO_ICMP, 0, "no route back to the source by this interface") \
X(IP_L2_GROUP,	   "ip-l2-group",	NO_ICMP, 0, "unicast IP in a broadcast or multicast frame") \
X(IP_OPTION,	   "ip-option",		12, 0, "malformed IP option") \
X(IP_SOURCE_ROUTE, "ip-source-route",	NO_ICMP, 0, "source route option") \
X(IP_SR_FAILED,	   "ip-source-route-failed", 3, 5, "strict source route by way of a router that is not in it") \
/* routing */								\
X(IP_NO_ROUTE,	   "ip-no-route",	3, 0, "no route to the destination") \
X(IP_HOST_UNREACH, "ip-unreachable",	3, 1, "unreachable route") \
X(IP_PROHIBIT,	   "ip-prohibit",	3, 13, "prohibit route") \
X(IP_BLACKHOLE,	   "ip-blackhole",	NO_ICMP, 0, "blackhole route") \
X(IP_TTL,	   "ip-ttl",		11, 0, "TTL ran out in transit") \
X(IP_TOO_BIG,	   "ip-too-big",	3, 4, "over the next MTU with DF set") \
X(IP_NO_FORWARD,   "ip-no-forward",	NO_ICMP, 0, "forwarding is off, or not for such a destination") \
X(IP_UNSENT,	   "ip-unsent",		NO_ICMP, 0, "packet of our own without a way out, or too big for it") \
X(IP_LOOP_FULL,	   "ip-loop-full",	NO_ICMP, 0, "too many packets to ourselves wait") \
X(IP_LOOP,	   "ip-loop",		NO_ICMP, 0, "would be forwarded a second time") \
/* fragments */								\
X(FRAG_BAD,	   "frag-bad",		NO_ICMP, 0, "fragment of impossible length or offset") \
X(FRAG_OVERLAP,	   "frag-overlap",	NO_ICMP, 0, "overlapping fragments: datagram given up") \
X(FRAG_LIMIT,	   "frag-limit",	NO_ICMP, 0, "reassembly memory exhausted") \
X(FRAG_TIMEOUT,	   "frag-timeout",	11, 1, "reassembly took too long") \
X(FRAG_DUPLICATE,  "frag-duplicate",	NO_ICMP, 0, "fragment that was here already") \
/* local delivery */							\
X(IP_NO_GROUP,	   "ip-no-group",	NO_ICMP, 0, "multicast group that we are not in") \
X(IP_PROTO,	   "ip-protocol",	3, 2, "protocol that nobody handles") \
X(IGMP_BAD,	   "igmp-bad",		NO_ICMP, 0, "IGMP message cut off, or its checksum is wrong") \
X(IGMP_NO_MATCH,   "igmp-no-match",	NO_ICMP, 0, "IGMP from another link, or nothing joined there") \
X(ICMP_SHORT,	   "icmp-short",	NO_ICMP, 0, "ICMP message cut off") \
X(ICMP_CSUM,	   "icmp-checksum",	NO_ICMP, 0, "ICMP checksum is wrong") \
X(ICMP_TYPE,	   "icmp-type",		NO_ICMP, 0, "ICMP type that nobody handles") \
X(ICMP_NO_MATCH,   "icmp-no-match",	NO_ICMP, 0, "ICMP error or reply that fits nothing of ours") \
X(ICMP_QUEUE,	   "icmp-queue",	NO_ICMP, 0, "echo session has too much waiting") \
X(ICMP_BROADCAST,  "icmp-broadcast",	NO_ICMP, 0, "echo to a broadcast address") \
X(ICMP_REDIRECT,   "icmp-redirect",	NO_ICMP, 0, "redirect: a router chooses its own routes") \
X(ICMP_RATE,	   "icmp-rate",		NO_ICMP, 0, "ICMP rate limit") \
X(UDP_SHORT,	   "udp-short",		NO_ICMP, 0, "UDP header cut off or length lies") \
X(UDP_CSUM,	   "udp-checksum",	NO_ICMP, 0, "UDP checksum is wrong") \
X(UDP_NO_PORT,	   "udp-no-port",	3, 3, "nobody listens on this UDP port") \
X(UDP_QUEUE,	   "udp-queue",		NO_ICMP, 0, "UDP socket's queue is full") \
X(TCP_SHORT,	   "tcp-short",		NO_ICMP, 0, "TCP header cut off or offset lies") \
X(TCP_CSUM,	   "tcp-checksum",	NO_ICMP, 0, "TCP checksum is wrong") \
X(TCP_NO_PORT,	   "tcp-no-port",	NO_ICMP, 0, "no connection: answered with RST") \
X(TCP_GROUP,	   "tcp-group",		NO_ICMP, 0, "TCP to or from a group address") \
X(TCP_BACKLOG,	   "tcp-backlog",	NO_ICMP, 0, "listener's queue is full") \
X(TCP_BAD_SEGMENT, "tcp-bad-segment",	NO_ICMP, 0, "segment that its state does not allow") \
X(TCP_OUT_WINDOW,  "tcp-out-of-window",	NO_ICMP, 0, "outside the receive window") \
X(TCP_PAWS,	   "tcp-paws",		NO_ICMP, 0, "old timestamp, or none (RFC 7323)") \
X(TCP_OOO_LIMIT,   "tcp-ooo-limit",	NO_ICMP, 0, "out-of-order memory exhausted") \
X(TCP_LIMIT,	   "tcp-limit",		NO_ICMP, 0, "connection table full") \
/* tunnels */								\
X(TUNNEL_INNER,	   "tunnel-inner",	NO_ICMP, 0, "no IPv4 header inside a tunnel's packet") \
X(TUNNEL_ECN,	   "tunnel-ecn",	NO_ICMP, 0, "congestion marked on a tunnelled packet that cannot carry it (RFC 6040)") \
/* load balancer */							\
X(LB_NO_SERVER,	   "lb-no-server",	3, 3, "no server available") \
X(LB_NO_FLOW,	   "lb-no-flow",	NO_ICMP, 0, "mid-connection packet without a flow") \
X(LB_SHORT,	   "lb-short",		NO_ICMP, 0, "transport header cut off") \
X(LB_TABLE,	   "lb-table",		NO_ICMP, 0, "flow table full") \
X(LB_SERVER_GONE,  "lb-server-gone",	NO_ICMP, 0, "the flow's server was removed") \
X(LB_NO_LOCAL,	   "lb-no-local",	3, 3, "FULLNAT: local ports exhausted") \
X(LB_OFF_LINK,	   "lb-off-link",	3, 1, "DR: the server is on no network of ours") \
X(LB_FRAG,	   "lb-fragment",	NO_ICMP, 0, "later fragment to a service") \
X(LB_CSUM,	   "lb-checksum",	NO_ICMP, 0, "bad checksum in a packet to translate")

enum drop {
#define X(id, name, type, code, text) DROP_##id,
	DROP_TABLE(X)
#undef X
	DROP_COUNT
};

struct drop_row {
	const char *name;
	int icmp_type;		/* or NO_ICMP */
	int icmp_code;
	const char *text;
};

extern const struct drop_row drop_rows[DROP_COUNT];	/* stack/drop.c */

struct drop_state {
	uint64_t count[DROP_COUNT];
	uint64_t received[DROP_COUNT];	/* of them, what ports brought in */
	/* Sees every dead packet, as it arrived where that is known;
	 * does not consume it.  NULL: nobody looks. */
	void (*tap)(void *arg, const struct pkt *pkt, enum drop why);
	void *tap_arg;
};

/* Counts, answers with ICMP if the row says so, frees pkt. */
SLOW void pkt_drop(struct stack *stk, struct pkt *pkt, enum drop why);

/* As pkt_drop without the answer: for who has answered already. */
SLOW void pkt_drop_silent(struct stack *stk, struct pkt *pkt,
    enum drop why);

/* Counts a packet of which there is no buffer; received: a port brought it
 * in, and it has no fate yet. */
void drop_count(struct stack *stk, enum drop why);
void drop_count_received(struct stack *stk, enum drop why);

#endif
