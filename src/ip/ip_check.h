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

/* Header of the packet at data: version, lengths, checksum; parsed into h. */
int ip_check_header(const struct pkt *pkt, struct ip4_hdr *h);

/* Source and destination of a packet that came in by ifp: martians, our own
 * addresses, rp_filter (RFC 1812 5.3.7, 5.3.8). */
int ip_check_addrs(struct stack *stk, const struct iface *ifp,
    const struct ip4_hdr *h);

/* May a router pass it on (RFC 1812 5.3.7, RFC 3927 7)? */
bool ip_may_forward(const struct ip4_hdr *h);

#endif
