/*
 * ip_check.h - may a packet with such addresses come in, and go on?
 *
 * Each function judges and touches nothing.  0: fine; else the enum drop
 * that names the fault.  Only ip_input() and ip_forward() ask.
 */
#ifndef HOPD_IP_IP_CHECK_H
#define HOPD_IP_IP_CHECK_H

#include <stdbool.h>

#include "ip/iface.h"
#include "ip/ip_wire.h"

struct pkt;
struct stack;

/* First octets of networks that have rules of their own (RFC 6890). */
extern const bool ip_special_octet[256];

/* An address as nearly all are.  False: the table in ip_check.c has the
 * answer. */
static inline bool
ip4_is_ordinary(struct ip4 ip)
{
	return !ip_special_octet[ip.v >> 24];
}

/* Header of the packet at data: version, lengths, checksum; parsed into h. */
int ip_check_header(const struct pkt *pkt, struct ip4_hdr *h);

/* Source and destination of a packet that came in by ifp: martians, our own
 * addresses, rp_filter (RFC 1812 5.3.7, 5.3.8). */
int ip_check_addrs(struct stack *stk, const struct iface *ifp,
    const struct ip4_hdr *h);

/* May a router pass it on (RFC 1812 5.3.7, RFC 3927 7)? */
bool ip_special_may_forward(const struct ip4_hdr *h);

static inline bool
ip_may_forward(const struct ip4_hdr *h)
{
	return (ip4_is_ordinary(h->src) && ip4_is_ordinary(h->dst)) ||
	    ip_special_may_forward(h);
}

#endif
