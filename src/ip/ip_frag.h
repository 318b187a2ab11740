/*
 * ip_frag.h - one packet becomes several (RFC 791 3.2, RFC 1812 5.2.6).
 */
#ifndef HOPD_IP_IP_FRAG_H
#define HOPD_IP_IP_FRAG_H

#include "ip/route.h"

struct ip4_hdr;
struct pkt;
struct stack;

/* Sends pkt (data at its IP header h, DF clear, longer than r->mtu) as
 * fragments: consumes.  All of them leave or, without memory, none. */
void ip_frag_output(struct stack *stk, struct pkt *pkt,
    const struct ip4_hdr *h, const struct route_result *r);

#endif
