/*
 * udp.h - UDP (RFC 768, RFC 1122 4.1).
 */
#ifndef HOPD_UDP_UDP_H
#define HOPD_UDP_UDP_H

#include "base/addr.h"
#include "base/pkt.h"
#include "ip/ip.h"

struct stack;

#define UDP_HLEN 8

struct udp_hdr {
	uint16_t sport, dport, len, csum;
};

struct udp_state {
	uint64_t received, sent;
};

int udp_init(struct stack *stk);
void udp_fini(struct stack *stk);

/* 0 or -EINVAL: cut off, or the length lies. */
int udp_parse(const uint8_t *p, size_t len, struct udp_hdr *out);

/* Consumes; data at the UDP header. */
void udp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m);

/* An ICMP error speaks of a datagram of ours: m and the 8 bytes at l4 are from
 * the quoted header.  Does not consume. */
void udp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info);

#endif
