/*
 * frame_fix.h - makes a mutated frame right where the input asks for it, so
 * that a fuzzer gets behind lengths, checksums and sequence numbers.
 */
#ifndef HOPD_TESTS_FUZZ_FRAME_FIX_H
#define HOPD_TESTS_FUZZ_FRAME_FIX_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_TALKS 16

/* What the stack last said in a TCP conversation. */
struct frame_talk {
	uint32_t peer;		/* IP address */
	uint16_t peer_port, port;
	uint32_t seq_end;	/* next sequence number of the stack */
	uint32_t ack;		/* next one that it expects */
};

struct frame_seen {
	struct frame_talk talk[FRAME_TALKS];
	unsigned next;
};

struct frame_fix {
	bool sums;		/* IP length, checksums */
	bool relative;		/* TCP: seq and ack count from the talk's */
};

/* Takes note of a frame that the stack sent. */
void frame_seen(struct frame_seen *seen, const uint8_t *frame, uint32_t len,
    bool l2);
void frame_fix(uint8_t *frame, uint32_t len, bool l2,
    const struct frame_fix *fix, const struct frame_seen *seen);

#endif
