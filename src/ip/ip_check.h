/*
 * ip_check.h - may a packet with such addresses come in, and go on?
 *
 * Each function judges and touches nothing.  0: fine; else the enum drop
 * that names the fault.  Only ip_input() and ip_forward() ask.
 */
#ifndef HOPD_IP_IP_CHECK_H
#define HOPD_IP_IP_CHECK_H

#include <stdbool.h>

#include "base/csum.h"
#include "base/slow.h"
#include "ip/ip_wire.h"
#include "stack/stack.h"

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
static inline int
ip_check_header(const struct pkt *pkt, struct ip4_hdr *h)
{
	const uint8_t *p = pkt_data(pkt);
	int r = ip4_parse_hdr(p, pkt->len, h);

	if (r != 0)
		return -r;
	/* RFC 1812 5.2.2 (2): a wrong checksum is dropped in silence */
	return csum_header_ok(p, h->hlen) ? 0 : DROP_IP_CSUM;
}

/* May ip be an address of ours or a broadcast?  False: it is neither. */
static inline bool
ip_may_be_own(const struct ip_state *st, struct ip4 ip)
{
	uint32_t b = ip_addr_bucket(ip);

	return st->addr_hash[b] != NULL || st->broadcast_hash[b] != NULL;
}

/* Source and destination of a packet that came in by ifp: martians, our own
 * addresses, rp_filter (RFC 1812 5.3.7, 5.3.8).  The rules are those of
 * ip_check_any_addrs(); which ones they cannot meet is seen at once. */
SLOW int ip_check_any_addrs(struct stack *stk, const struct iface *ifp,
    const struct ip4_hdr *h);

static inline int
ip_check_addrs(struct stack *stk, const struct iface *ifp,
    const struct ip4_hdr *h)
{
	if (ip4_is_ordinary(h->src) && ip4_is_ordinary(h->dst) &&
	    !ip_may_be_own(&stk->ip, h->src) && ifp->conf.rp_filter == 0)
		return 0;
	return ip_check_any_addrs(stk, ifp, h);
}

/* May a router pass it on (RFC 1812 5.3.7, RFC 3927 7)? */
bool ip_special_may_forward(const struct ip4_hdr *h);

static inline bool
ip_may_forward(const struct ip4_hdr *h)
{
	return (ip4_is_ordinary(h->src) && ip4_is_ordinary(h->dst)) ||
	    ip_special_may_forward(h);
}

#endif
