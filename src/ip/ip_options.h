/*
 * ip_options.h - the options of an IPv4 header (RFC 791 3.1, RFC 2113).
 */
#ifndef HOPD_IP_IP_OPTIONS_H
#define HOPD_IP_IP_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"

#define IPOPT_END	0
#define IPOPT_NOP	1
#define IPOPT_RR	7	/* record route */
#define IPOPT_TS	68	/* timestamp */
#define IPOPT_LSRR	131	/* loose source route */
#define IPOPT_SSRR	137	/* strict source route */
#define IPOPT_RA	148	/* router alert */

#define IPOPT_COPIED	0x80	/* goes into every fragment */
#define IPOPT_RA_LEN	4

/* Judges the options of the header at p: 0, DROP_IP_SOURCE_ROUTE unless those
 * are taken, or DROP_IP_OPTION and *pointer, the offset of the bad byte. */
int ip_options_check(const uint8_t *p, uint32_t hlen, bool source_routes,
    uint32_t *pointer);

/* Its source route, if it has one. */
struct source_route {
	bool strict;
	bool done;		/* every address in it was reached */
	struct ip4 next;	/* unless done: follows the destination */
};
bool ip_options_source_route(const uint8_t *p, uint32_t hlen,
    struct source_route *sr);
/* The destination is reached: the next address of the source route becomes it,
 * and out's takes its place.  The header checksum is kept right. */
void ip_options_take_hop(uint8_t *p, uint32_t hlen, struct ip4 out);

/* Writes what a router must: out's address into record route, address and time
 * (ip_time_of_day()) into timestamp.  In place, header checksum kept right.
 * The options passed ip_options_check(). */
void ip_options_forward(uint8_t *p, uint32_t hlen, struct ip4 out,
    uint32_t ms);

/* The options that go into later fragments, padded: at most 40 bytes to dst;
 * returns how many. */
uint32_t ip_options_copied(const uint8_t *p, uint32_t hlen, uint8_t *dst);

/* The record route and timestamp of a request, as its answer begins with them,
 * and its source route turned round (RFC 1122 3.2.2.6), padded: at most 40
 * bytes to dst; returns how many.  *to, the source of the request, becomes the
 * first hop of the way back. */
uint32_t ip_options_answer(const uint8_t *p, uint32_t hlen, struct ip4 *to,
    uint8_t *dst);

/* A router alert option (RFC 2113 2.1). */
void ip_options_alert(uint8_t dst[IPOPT_RA_LEN]);

#endif
