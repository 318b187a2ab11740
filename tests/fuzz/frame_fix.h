/*
 * frame_fix.h - makes a mutated frame right where the input asks for it, so
 * that a fuzzer gets behind lengths, checksums and sequence numbers.
 */
#ifndef HOPD_TESTS_FUZZ_FRAME_FIX_H
#define HOPD_TESTS_FUZZ_FRAME_FIX_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_TALKS 16

/* What the stack last said in a conversation, TCP's but for the ports. */
struct frame_talk {
	uint16_t peer_port, port;
	uint8_t proto;
	uint32_t seq_end;	/* next sequence number of the stack */
	uint32_t ack;		/* next one that it expects */
	uint32_t time;		/* RFC 7323: its timestamp */
};

struct frame_seen {
	struct frame_talk talk[FRAME_TALKS];
	unsigned next;
	uint8_t cookie[16];	/* RFC 7413: the last one that it gave */
	uint8_t cookie_len;
};

/*
 * relative: port 0 of ours becomes the one that last spoke to that peer; the
 * low halves of TCP's numbers, the edges of SACK blocks and the echoed
 * timestamp are distances from the talk's; a Fast Open cookie is the one that
 * the stack gave; what an ICMP error quotes counts from the talk, too.
 */
struct frame_fix {
	bool sums;		/* IP length, checksums */
	bool relative;
};

/* Takes note of a frame that the stack sent. */
void frame_seen(struct frame_seen *seen, const uint8_t *frame, uint32_t len,
    bool l2);
void frame_fix(uint8_t *frame, uint32_t len, bool l2,
    const struct frame_fix *fix, const struct frame_seen *seen);

#endif
