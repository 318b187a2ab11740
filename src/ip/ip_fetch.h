/*
 * ip_fetch.h - what frames that were read together will want from large
 * tables, asked for before the first of them is looked at.
 *
 * Among millions of flows, routes or connections a look-up waits for memory
 * two or three times in a row.  One packet after the other waits for all of
 * that; here the first words of all are asked for at once, then the second
 * ones.  Nothing is believed or kept: the look-ups come later and know nothing
 * of this.
 *
 * A table whose look-ups are worth it offers NAME_fetch(), and
 * NAME_fetch_pays(): is it larger than the processor's cache?
 */
#ifndef HOPD_IP_IP_FETCH_H
#define HOPD_IP_IP_FETCH_H

#include <stdint.h>

#include "base/addr.h"
#include "base/pkt.h"

#define IP_FETCH_MAX	16u	/* frames at a time */

/* The words of a packet by which tables are searched, not judged. */
struct ip_glance {
	struct ip4 src, dst;
	uint16_t sport, dport;
	uint8_t proto;
};

/* Glances at frames (l2: with an Ethernet header); those that are no plain
 * IPv4 are left out.  Returns for how many there is one. */
uint32_t ip_glance(struct pkt *const pkts[], uint32_t n, bool l2,
    struct ip_glance out[]);

#endif
