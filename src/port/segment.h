/*
 * segment.h - offload words in software: are they true, and cutting a
 * super-frame into the segments that it stands for.
 *
 * For ports that cannot take super-frames, and for those inside IPIP, which no
 * port takes.
 *
 * Limits: TCP and UDP over IPv4.
 */
#ifndef HOPD_PORT_SEGMENT_H
#define HOPD_PORT_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/pkt.h"

#define SEGMENT_HDR_MAX 256	/* headers of what can be cut in place */

/* A super-frame on its way into segments.  Does not own the packet, which must
 * stay as it is but for what segment_turn() does. */
struct segmenter {
	const struct pkt *pkt;
	uint32_t first;		/* where its first live byte is */
	uint32_t hlen;		/* headers, from there */
	uint32_t l3, l4;	/* the innermost ones', from there */
	uint32_t payload;	/* bytes behind them, borrowed ones too */
	uint32_t done;		/* payload bytes already in segments */
	uint16_t index;		/* of the next segment */
	uint32_t ref;		/* borrowed payload: next vector ... */
	uint32_t ref_off;	/* ... and byte in it */
	uint8_t hdr[SEGMENT_HDR_MAX];	/* in place: the headers */
};

/* Judges the offload words of a frame that came from outside (l2: it starts
 * with an Ethernet header) against its bytes: 0 or -EINVAL.  A checksum that
 * is to be put anywhere but into the frame's own transport header, or that of
 * the packet inside IPIP, is put here and now. */
int offload_check(struct pkt *pkt, bool l2);

/* RFC 9768 3.1.1: there CWR is a digit of a number, on every segment; who cuts
 * super-frames elsewhere knows the CWR of RFC 3168, on the first.  Pkt is such
 * a frame. */
bool segment_cwr_on_each(const struct pkt *pkt);
/* Begins to cut pkt, whose gso_type and l3 are set: 0, or -EINVAL if the
 * headers are not those of its gso_type.  gso_ipip: l3 is the outer header, of
 * 20 bytes. */
int segment_begin(struct segmenter *s, const struct pkt *pkt);
/* Is there another segment? */
bool segment_more(const struct segmenter *s);
/* The next segment, the caller's to consume: right IP header, TCP or UDP
 * header with csum_needed, no borrowed payload.  NULL: pool exhausted. */
struct pkt *segment_next(struct segmenter *s);

/*
 * The same without a copy, for who owns pkt and lets each segment go before the
 * next: pkt itself becomes the next segment, its headers written over the end
 * of what has gone.  Only if segment_turns(); not to be mixed with
 * segment_next().
 */
bool segment_turns(const struct segmenter *s);
void segment_turn(struct segmenter *s, struct pkt *pkt);

#endif
