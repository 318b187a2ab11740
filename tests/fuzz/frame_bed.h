/*
 * frame_bed.h - what an input of the `frame` target means.
 *
 *   client 192.168.1.10 -- cl [hopd] sv -- 10.0.0.11 to .15, router .254
 *                                    tn -- 172.16.0.2 (bare IP)
 *
 * The first byte picks the variant: schedulers and switches; the second the
 * habits of our TCP, FRAME_COOKIES and following.  Then steps:
 *
 *   1  bits 0-1 port (3: none), FRAME_SUMS, FRAME_OFFLOAD, FRAME_RELATIVE,
 *      bits 5-7 what the applications do (enum frame_act)
 *   1  time that passes before, fuzz_wait_us()
 *   2  length of the frame; the input's end cuts it
 *   8  with FRAME_OFFLOAD: csum_needed, gso_type, gso_size, csum_start,
 *      csum_offset
 *   n  the frame; without a port, one byte is a command (frame_words.h), three
 *      and more are one of enum tcp_opt or enum frame_more, and a value
 *
 * FRAME_SUMS: lengths and checksums are made right, so that small changes get
 * behind them.  FRAME_RELATIVE: what a peer has from the stack (numbers,
 * echoed times, cookies, the port of a translation) is what the stack last
 * said, so that an input can hold a conversation (frame_fix.h).
 */
#ifndef HOPD_TESTS_FUZZ_FRAME_BED_H
#define HOPD_TESTS_FUZZ_FRAME_BED_H

#include "fuzz/fuzz.h"

#define FRAME_SUMS	0x04u
#define FRAME_OFFLOAD	0x08u
#define FRAME_RELATIVE	0x10u

#define FRAME_COOKIES	0x01u	/* SYN cookies always */
#define FRAME_BARE	0x02u	/* Fast Open without a cookie */
#define FRAME_NEWRENO	0x04u
#define FRAME_PACING	0x08u
#define FRAME_ECN	0x10u
#define FRAME_IMPATIENT	0x20u	/* keepalive, user timeout */
#define FRAME_OLD	0x40u	/* every TCP_HABIT_* */
#define FRAME_PLAIN	0x80u	/* no SACK, timestamps, window scale */

enum frame_more {
	FRAME_ABORT = TCPO_COUNT, FRAME_UDP_CONNECT, FRAME_UDP_FREE,
	FRAME_UDP_SET, FRAME_JOIN, FRAME_LEAVE,
};

enum frame_act {
	FRAME_ACT_NONE, FRAME_ACT_CONNECT, FRAME_ACT_SEND, FRAME_ACT_SHUTDOWN,
	FRAME_ACT_CLOSE, FRAME_ACT_UDP, FRAME_ACT_PORT_DOWN, FRAME_ACT_SERVER,
};

/* Sees the frames of every port; stk tells the time. */
struct frame_watch {
	void (*frame)(void *watch, const struct port *port,
	    const struct pkt *pkt, bool out);
	struct stack *stk;	/* frame_run() fills it in */
};

/* Plays an input.  stale fills the bytes that the stack has no business to
 * look at; the digest of all that it sent, which is returned, must not depend
 * on it.  watch may be NULL. */
uint64_t frame_run(const uint8_t *data, size_t size, uint8_t stale,
    struct frame_watch *watch);

#endif
