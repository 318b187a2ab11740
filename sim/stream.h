/*
 * stream.h - messages over TCP of which every byte is known to both sides.
 *
 * A message is a header and as many bytes of pattern as that says.
 */
#ifndef HOPD_SIM_STREAM_H
#define HOPD_SIM_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define STREAM_HEADER 24u

struct node;
struct stack;
struct tcp_conn;

struct stream_msg {
	uint32_t flow, seq;	/* who and which */
	uint32_t len;		/* bytes of pattern that follow */
	uint32_t want;		/* request: bytes of the reply */
	uint32_t node;		/* reply: who gave it */
};

/* A message on its way out: written as far as there is room. */
struct stream_out {
	struct stream_msg msg;
	uint32_t pos;		/* of header and pattern, written so far */
};

/* One coming in. */
struct stream_in {
	struct stream_msg msg;
	uint8_t header[STREAM_HEADER];
	uint32_t pos;
};

enum stream_got { STREAM_MORE, STREAM_MESSAGE, STREAM_END, STREAM_DEAD };

/* True: all of it is written. */
bool stream_write(struct stack *stk, struct tcp_conn *c,
    struct stream_out *out);
/* MESSAGE: in->msg is whole, the next call begins another.  A wrong byte is a
 * failure of the world of n. */
enum stream_got stream_read(struct node *n, struct tcp_conn *c,
    struct stream_in *in);

/* Is there room for the rest of a message, or something to read, and nobody
 * takes the trouble?  reads: its owner would read now. */
bool stream_idles(const struct tcp_conn *c, const struct stream_out *out,
    bool reads);

#endif
