/*
 * tcp_timewait.c - TIME-WAIT (RFC 9293 3.10.7.4, 3.6.1): two maximum segment
 * lifetimes in which old segments die out.
 *
 * While the owner holds the connection it stays whole.  Without an owner it
 * shrinks to a struct tcp_tw, a quarter of the size.  A new SYN may end it
 * early when timestamps, or its number, prove it new (RFC 6191, RFC 1122
 * 4.2.2.13).
 */
#include "tcp/tcp_conn.h"

#include <stddef.h>

#define ACK_GAP_MS 500u		/* between ACKs to empty segments */

void
tcp_timewait_enter(struct stack *stk, struct tcp_conn *c)
{
	c->send_due = INSTANT_NEVER;
	c->send_kind = TCP_T_OFF;
	c->life_due = instant_add(stk->now, c->conf->timewait_us);
	tcp_timer_update(stk, c);
	tcp_todo(stk, c, TODO_OUTPUT);
}

void
tcp_timewait_free(struct stack *stk, struct tcp_tw *w)
{
	timer_cancel(&stk->timers, &w->timer);
	tcp_key_remove(stk, &w->key);
	stk->tcp.tw_count--;
	mem_free(&stk->mem, w, sizeof(*w));
}

static struct tcp_tw *
tw_of(struct timer *t)
{
	return (struct tcp_tw *)((char *)t - offsetof(struct tcp_tw, timer));
}

static void
tw_fire(struct stack *stk, struct timer *t)
{
	tcp_timewait_free(stk, tw_of(t));
}

void
tcp_timewait_shrink(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_tw *w = mem_alloc(&stk->mem, sizeof(*w));
	struct instant due = c->life_due;

	if (w == NULL)
		return;
	w->key = c->key;
	w->key.kind = TCP_KIND_TW;
	w->key.todo = 0;
	w->snd_nxt = c->snd_nxt;
	w->rcv_nxt = c->rcv_nxt;
	w->rcv_wnd = tcp_rcv_wnd(c);
	w->rcv_shift = c->rcv_shift;
	w->ts_on = (c->flags & CF_TS) != 0;
	w->ts_recent = c->ts_recent;
	w->ts_recent_ms = c->ts_recent_ms;
	w->ts_offset = c->ts_offset;
	w->timewait_us = c->conf->timewait_us;
	w->rfc1337 = c->conf->rfc1337;
	w->ts_lax = c->conf->ts_lax;
	w->ace = c->acc != NULL ? tcp_accecn_flags(c) : 0;
	tcp_conn_free(stk, c);
	if (tcp_key_insert(stk, &w->key) != 0) {
		mem_free(&stk->mem, w, sizeof(*w));
		return;
	}
	stk->tcp.tw_count++;
	stk->tcp.stats.time_waits++;
	timer_init(&w->timer, tw_fire);
	timer_set(&stk->timers, &w->timer, due);
}

/* <SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK> */
static void
tw_ack(struct stack *stk, struct tcp_tw *w)
{
	struct tcp_hdr h = { .seq = w->snd_nxt, .ack = w->rcv_nxt,
	    .flags = TCP_ACK | w->ace,
	    .window = (uint16_t)(w->rcv_wnd >> w->rcv_shift) };
	struct tcp_opts o = { .ts_on = w->ts_on };

	if (o.ts_on) {
		o.tsval = tcp_ts_now(stk) + w->ts_offset;
		o.tsecr = w->ts_recent;
	}
	w->acked = true;
	w->acked_ms = tcp_ts_now(stk);
	tcp_respond(stk, &w->key, &h, &o);
}

/* RFC 6191 2: may this SYN begin a new connection? */
static bool
syn_is_new(const struct tcp_tw *w, const struct tcp_seg *s)
{
	if (w->ts_on && s->o.ts_on && s->o.tsval != w->ts_recent)
		return seq_gt(s->o.tsval, w->ts_recent);
	return seq_gt(s->h.seq, w->rcv_nxt);
}

/* The ACK that any peer may still send. */
static bool
tw_expected(const struct tcp_tw *w, const struct tcp_seg *s)
{
	if (w->ts_on && s->o.ts_on && seq_lt(s->o.tsval, w->ts_recent))
		return false;
	return s->h.seq == w->rcv_nxt && s->slen == 0;
}

bool
tcp_timewait_input(struct stack *stk, struct tcp_tw *w, struct tcp_seg *s,
    enum drop *why)
{
	uint16_t f = s->h.flags;

	*why = DROP_TCP_OUT_WINDOW;
	if ((f & TCP_RST) != 0) {
		/* RFC 1337: by knob it does not end the wait. */
		if (s->h.seq == w->rcv_nxt && !w->rfc1337) {
			tcp_timewait_free(stk, w);
			*why = DROP_COUNT;
		}
		return false;
	}
	if ((f & (TCP_SYN | TCP_ACK)) == TCP_SYN && syn_is_new(w, s)) {
		/* RFC 1122 4.2.2.13: begin beyond the old numbers. */
		s->iss = w->snd_nxt + 65535 + 2;
		s->iss_on = true;
		tcp_timewait_free(stk, w);
		return true;
	}
	if (w->ts_on && !s->o.ts_on && (f & TCP_SYN) == 0 && !w->ts_lax) {
		*why = DROP_TCP_PAWS;		/* RFC 7323 3.2 */
		return false;
	}
	if ((f & TCP_FIN) != 0 && s->h.seq + s->slen == w->rcv_nxt) {
		/* RFC 9293 3.10.7.4 eighth: restart the wait. */
		timer_set(&stk->timers, &w->timer, instant_add(stk->now,
		    w->timewait_us));
		tw_ack(stk, w);
		*why = DROP_COUNT;
		return false;
	}
	if (tw_expected(w, s)) {
		*why = DROP_COUNT;
		return false;
	}
	if (s->slen == 0 && w->acked &&
	    tcp_ts_now(stk) - w->acked_ms < ACK_GAP_MS)
		return false;
	tw_ack(stk, w);
	return false;
}
