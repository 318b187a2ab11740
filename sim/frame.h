/*
 * frame.h - frames judged by other eyes than the stack's: the headers are read
 * and the checksums computed here anew, with none of the stack's builders and
 * parsers, so that an error in those cannot hide itself.
 *
 * A packet with one flipped bit keeps a trace of it through every router and
 * translator that updates its checksum: the sum stays off by a power of two.
 * So a damaged packet is told from one whose checksum a stack got wrong.
 */
#ifndef HOPD_SIM_FRAME_H
#define HOPD_SIM_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"
#include "wire.h"

struct frame_view {
	const char *fault;	/* what is wrong with it; NULL: nothing */
	bool ip, fragment;
	bool damaged;		/* off by one bit; no fault of who sent it */
	uint8_t proto, ttl;
	uint32_t src, dst;	/* host order */
	uint16_t sport, dport;	/* of TCP and UDP, else 0 */
	const uint8_t *l4;	/* of TCP and UDP, in the frame */
	uint32_t l4_len;
};

void frame_view(const struct mem_frame *f, struct frame_view *v);
/* Length of its IP packet, or of a super-frame's segments; others: what
 * follows the Ethernet header. */
uint32_t frame_ip_len(const struct mem_frame *f);
/* Segments in it that are marked with CE: TCP's. */
uint32_t frame_marks(const struct mem_frame *f);
/* Marks it, if it is ECN-capable; segments newly marked. */
uint32_t frame_mark(struct mem_frame *f);
/* Flips one bit; false: this frame is not fit for it. */
bool frame_damage(struct mem_frame *f, struct rng *rng);
/* Makes of it what a stack with that bug would have sent. */
void frame_plant(struct mem_frame *f, enum wire_fault fault);

#endif
