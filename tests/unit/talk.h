/*
 * talk.h - a client by hand: what to send, and all that came back.
 */
#ifndef HOPD_TESTS_TALK_H
#define HOPD_TESTS_TALK_H

#include "unit/tcp_pair.h"

#define TALK_MAX	(1u << 20)	/* bytes kept of the answer */

/* Stack 0 of the pair speaks to stack 1. */
struct talk {
	struct stack *stk;
	struct tcp_conn *c;	/* NULL: over */
	const char *out;	/* still to be sent */
	uint32_t out_len;
	char *in;		/* what came, and a NUL */
	uint32_t in_len;	/* kept */
	uint64_t received;	/* in all */
	bool eof, shut, deaf;	/* deaf: does not read */
	int error;
};

void talk_open(struct talk *t, struct pair *p, uint16_t port);
/* Goes out as TCP takes it; out stays where it is until then. */
void talk_say(struct talk *t, const char *out, uint32_t len);
void talk_text(struct talk *t, const char *text);
/* No more to say. */
void talk_shut(struct talk *t);
/* Reads again what a deaf client left. */
void talk_hear(struct talk *t);
/* Closes and frees. */
void talk_end(struct talk *t);

#endif
