/*
 * lb_tcp_opt.h - changes in the TCP header of a packet under way: words,
 * options, and the insertion of the client's address (TOA).
 *
 * The header has been checked whole (tcp_parse_hdr).  Checksums are kept
 * right, complete or still needed.
 */
#ifndef HOPD_LB_LB_TCP_OPT_H
#define HOPD_LB_LB_TCP_OPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/pkt.h"
#include "ip/ip_wire.h"
#include "tcp/tcp_wire.h"

#define TCP_OPT_TOA	TCP_OPT_EXP	/* as LVS's toa module */
#define TCP_OPT_TOA_LEN	8

/* Offset of the first option of that kind behind `from` (0: the first), from
 * the TCP header, and its length; 0: none, or the options are malformed. */
uint32_t lb_opt_find(const struct pkt *pkt, const struct ip4_hdr *h,
    uint8_t kind, uint32_t from, uint32_t *len);

/* Overwrites n bytes at off from the TCP header. */
void lb_tcp_write(struct pkt *pkt, const struct ip4_hdr *h, uint32_t off,
    const void *src, uint32_t n);
/* Adds delta to the 32-bit number at off. */
void lb_tcp_add32(struct pkt *pkt, const struct ip4_hdr *h, uint32_t off,
    uint32_t delta);

/* Every option of that kind becomes NOPs. */
void lb_opt_blank(struct pkt *pkt, const struct ip4_hdr *h, uint8_t kind);
/* Lowers the MSS option of a SYN to at most mss, or by `by` bytes. */
void lb_mss_clamp(struct pkt *pkt, const struct ip4_hdr *h, uint16_t mss);
void lb_mss_lower(struct pkt *pkt, const struct ip4_hdr *h, uint16_t by);
/* Adds delta to every edge of every SACK block. */
void lb_sack_shift(struct pkt *pkt, const struct ip4_hdr *h, uint32_t delta);

/* Puts the option that names the client behind the fixed header, if options,
 * headroom and mtu (of the IP packet) let it; h->total_len follows.  false:
 * there was no room, and nothing changed. */
bool lb_toa_insert(struct pkt *pkt, struct ip4_hdr *h, struct ip4 client,
    uint16_t port, uint32_t mtu);

#endif
