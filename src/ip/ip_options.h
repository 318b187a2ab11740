/*
 * ip_options.h - the options of an IPv4 header (RFC 791 3.1, RFC 2113).
 */
#ifndef HOPD_IP_IP_OPTIONS_H
#define HOPD_IP_IP_OPTIONS_H

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

/* Judges the options of the header at p: 0, DROP_IP_SOURCE_ROUTE, or
 * DROP_IP_OPTION and *pointer, the offset of the byte at fault. */
int ip_options_check(const uint8_t *p, uint32_t hlen, uint32_t *pointer);

/* Writes what a router must: out's address into record route, address and time
 * (ip_time_of_day()) into timestamp.  In place, header checksum kept right.
 * The options passed ip_options_check(). */
void ip_options_forward(uint8_t *p, uint32_t hlen, struct ip4 out,
    uint32_t ms);

/* The options that go into later fragments, padded: at most 40 bytes to dst;
 * returns how many. */
uint32_t ip_options_copied(const uint8_t *p, uint32_t hlen, uint8_t *dst);

/* The record route and timestamp of a request, as its answer begins with them
 * (RFC 1122 3.2.2.6), padded: at most 40 bytes to dst; returns how many. */
uint32_t ip_options_answer(const uint8_t *p, uint32_t hlen, uint8_t *dst);

/* A router alert option (RFC 2113 2.1). */
void ip_options_alert(uint8_t dst[IPOPT_RA_LEN]);

#endif
