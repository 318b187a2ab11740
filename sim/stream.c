/*
 * stream.c - writing and reading messages of known bytes.
 */
#include "stream.h"

#include <errno.h>

#include "base/cursor.h"
#include "host.h"
#include "node.h"
#include "stack/stack.h"
#include "tcp/tcp.h"
#include "world.h"

#define MAGIC	0x686f7032u
#define CHUNK	8192u

static void
header_build(uint8_t *p, const struct stream_msg *m)
{
	struct wr w = wr_init(p, STREAM_HEADER);

	wr_u32(&w, MAGIC);
	wr_u32(&w, m->flow);
	wr_u32(&w, m->seq);
	wr_u32(&w, m->len);
	wr_u32(&w, m->want);
	wr_u32(&w, m->node);
}

static bool
header_parse(const uint8_t *p, struct stream_msg *m)
{
	struct rd r = rd_init(p, STREAM_HEADER);

	if (rd_u32(&r) != MAGIC)
		return false;
	m->flow = rd_u32(&r);
	m->seq = rd_u32(&r);
	m->len = rd_u32(&r);
	m->want = rd_u32(&r);
	m->node = rd_u32(&r);
	return true;
}

bool
stream_write(struct stack *stk, struct tcp_conn *c, struct stream_out *out)
{
	uint32_t total = STREAM_HEADER + out->msg.len;
	uint8_t buf[CHUNK];
	int32_t n;

	while (out->pos < total) {
		uint32_t len = total - out->pos;

		if (len > CHUNK)
			len = CHUNK;
		if (out->pos < STREAM_HEADER) {
			uint8_t header[STREAM_HEADER];

			header_build(header, &out->msg);
			if (len > STREAM_HEADER - out->pos)
				len = STREAM_HEADER - out->pos;
			memcpy(buf, header + out->pos, len);
		} else {
			for (uint32_t i = 0; i < len; i++)
				buf[i] = app_pattern(out->msg.flow,
				    out->msg.seq,
				    out->pos - STREAM_HEADER + i);
		}
		n = tcp_write(stk, c, buf, len);
		if (n <= 0)
			return false;
		out->pos += (uint32_t)n;
	}
	return true;
}

/* Takes what was read into the message: true unless a byte is wrong. */
static bool
take(struct stream_in *in, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		if (in->pos < STREAM_HEADER) {
			in->header[in->pos++] = p[i];
			if (in->pos == STREAM_HEADER &&
			    !header_parse(in->header, &in->msg))
				return false;
			continue;
		}
		if (p[i] != app_pattern(in->msg.flow, in->msg.seq,
		    in->pos++ - STREAM_HEADER))
			return false;
	}
	return true;
}

/* Bytes until the header, or the message, is whole. */
static uint32_t
missing(const struct stream_in *in)
{
	return in->pos < STREAM_HEADER ? STREAM_HEADER - in->pos :
	    STREAM_HEADER + in->msg.len - in->pos;
}

enum stream_got
stream_read(struct node *n, struct tcp_conn *c, struct stream_in *in)
{
	uint8_t buf[CHUNK];

	if (in->pos >= STREAM_HEADER && missing(in) == 0)
		in->pos = 0;
	for (;;) {
		uint32_t want = missing(in);
		int32_t got = tcp_read(n->stk, c, buf,
		    want < CHUNK ? want : CHUNK);

		if (got == 0) {
			if (in->pos != 0)
				world_fail(n->world, "%s: a stream ended "
				    "inside a message", n->name);
			return STREAM_END;
		}
		if (got < 0)
			return got == -EAGAIN ? STREAM_MORE : STREAM_DEAD;
		if (!take(in, buf, (uint32_t)got)) {
			world_fail(n->world, "%s: wrong bytes in a stream",
			    n->name);
			return STREAM_DEAD;
		}
		if (in->pos >= STREAM_HEADER && missing(in) == 0)
			return STREAM_MESSAGE;
	}
}

bool
stream_idles(const struct tcp_conn *c, const struct stream_out *out,
    bool reads)
{
	uint32_t events = tcp_events(c), want = TCP_EV_ERROR;

	if (out != NULL && out->pos < STREAM_HEADER + out->msg.len)
		want |= TCP_EV_WRITABLE;
	if (reads)
		want |= TCP_EV_READABLE | TCP_EV_EOF;
	return (events & want) != 0;
}
