/*
 * talk.c - a client by hand.
 */
#include "unit/talk.h"

#include <stdlib.h>
#include <string.h>

static void
hear(struct talk *t)
{
	char buf[16384];
	int32_t n;

	while (!t->deaf &&
	    (n = tcp_read(t->stk, t->c, buf, sizeof(buf))) > 0) {
		uint32_t keep = (uint32_t)n;

		if (keep > TALK_MAX - t->in_len)
			keep = TALK_MAX - t->in_len;
		memcpy(t->in + t->in_len, buf, keep);
		t->in_len += keep;
		t->in[t->in_len] = '\0';
		t->received += (uint32_t)n;
	}
}

static void
ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct talk *t = owner;
	uint32_t ev;

	hear(t);
	ev = tcp_events(c);
	if ((ev & TCP_EV_CONNECTED) != 0 && t->out_len > 0) {
		int32_t n = tcp_write(stk, c, t->out, t->out_len);

		if (n > 0) {
			t->out += n;
			t->out_len -= (uint32_t)n;
		}
	}
	if (t->shut && t->out_len == 0 && (ev & TCP_EV_CONNECTED) != 0)
		tcp_shutdown(stk, c);
	t->eof |= (ev & TCP_EV_EOF) != 0;
	if ((ev & TCP_EV_ERROR) != 0) {
		t->error = tcp_error(c);
		tcp_close(stk, c);
		t->c = NULL;
	}
}

void
talk_open(struct talk *t, struct pair *p, uint16_t port)
{
	struct tcp_open o = { .local = pair_addr(0), .remote = pair_addr(1),
	    .rport = port, .ready = ready, .owner = t };

	*t = (struct talk){ .stk = p->stk[0] };
	t->in = calloc(1, TALK_MAX + 1);
	ck_assert_ptr_nonnull(t->in);
	ck_assert_int_eq(tcp_connect(t->stk, &o, &t->c), 0);
}

void
talk_say(struct talk *t, const char *out, uint32_t len)
{
	ck_assert_uint_eq(t->out_len, 0);
	t->out = out;
	t->out_len = len;
	if (t->c != NULL)
		tcp_set_owner(t->stk, t->c, ready, t);
}

void
talk_text(struct talk *t, const char *text)
{
	talk_say(t, text, (uint32_t)strlen(text));
}

void
talk_shut(struct talk *t)
{
	t->shut = true;
	if (t->c != NULL)
		tcp_set_owner(t->stk, t->c, ready, t);
}

void
talk_hear(struct talk *t)
{
	t->deaf = false;
	tcp_set_owner(t->stk, t->c, ready, t);
}

void
talk_end(struct talk *t)
{
	if (t->c != NULL)
		tcp_close(t->stk, t->c);
	free(t->in);
}
