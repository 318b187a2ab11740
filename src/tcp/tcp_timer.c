/*
 * tcp_timer.c - the deadlines of a connection, behind one struct timer.
 *
 *	send_due	one of RTO, tail loss probe, reordering, persist,
 *			retry, end of the time to undo
 *	ack_due		a delayed ACK
 *	life_due	opening, keepalive, FIN-WAIT-2 of an orphan, linger,
 *			2 MSL
 *	pace_due	the next frame may go
 *
 * The timer stands at the earliest or before it: a deadline that moves away
 * leaves it alone, and it looks again when it fires.  Handlers mark the
 * connection; what follows is sent by tcp_poll() in the same turn.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>
#include <stddef.h>

#define ORPHAN_RETRIES 8u	/* time-outs for data nobody owns any more */

static struct tcp_conn *
conn_of(struct timer *t)
{
	return (struct tcp_conn *)((char *)t - offsetof(struct tcp_conn,
	    timer));
}

void
tcp_timer_update(struct stack *stk, struct tcp_conn *c)
{
	struct instant due = instant_min(instant_min(c->send_due, c->ack_due),
	    c->life_due);

	if (c->fl != NULL)
		due = instant_min(due, c->fl->pace_due);

	if (instant_is_never(due))
		timer_cancel(&stk->timers, &c->timer);
	else if (!timer_is_set(&c->timer) ||
	    instant_before(due, c->timer.due))
		timer_set(&stk->timers, &c->timer, due);
}

/* RFC 9293 3.8.3: has the owner's patience ended? */
static bool
user_timeout(const struct stack *stk, const struct tcp_conn *c)
{
	uint32_t ms = c->conf->user_timeout_ms;

	return ms != 0 && !instant_is_never(c->stuck_since) &&
	    instant_diff(stk->now, c->stuck_since) >= (int64_t)ms * 1000;
}

void
tcp_send_timer(struct stack *stk, struct tcp_conn *c,
    enum tcp_send_timer kind, int64_t after_us)
{
	uint32_t ms = c->conf->user_timeout_ms;

	c->send_kind = (uint8_t)kind;
	c->send_due = kind == TCP_T_OFF ? INSTANT_NEVER :
	    instant_add(stk->now, after_us);
	if (kind == TCP_T_PERSIST && instant_is_never(c->stuck_since))
		c->stuck_since = stk->now;
	if (kind != TCP_T_OFF && ms != 0 && !instant_is_never(c->stuck_since))
		c->send_due = instant_min(c->send_due,
		    instant_add(c->stuck_since, (int64_t)ms * 1000));
	tcp_timer_update(stk, c);
}

void
tcp_send_timer_restart(struct stack *stk, struct tcp_conn *c)
{
	int64_t rto = tcp_rto_now(c), pto;

	if (tcp_flight_bytes(c) == 0) {
		tcp_send_timer(stk, c, TCP_T_OFF, 0);
		return;
	}
	pto = tcp_tlp_timeout(stk, c);
	/* RFC 8985 7.2: at the latest when the RTO would fire. */
	if (pto >= 0)
		tcp_send_timer(stk, c, TCP_T_PTO, pto < rto ? pto : rto);
	else
		tcp_send_timer(stk, c, TCP_T_RTO, rto);
}

void
tcp_keepalive_restart(struct stack *stk, struct tcp_conn *c)
{
	if (!tcp_synced(c) || c->key.state == TCPS_TIME_WAIT ||
	    (c->flags & CF_ORPHAN) != 0)
		return;
	c->keep_tries = 0;
	c->life_due = (c->flags & CF_KEEPALIVE) == 0 ? INSTANT_NEVER :
	    instant_add(stk->now, (int64_t)c->conf->keep_idle_ms * 1000 -
	    tcp_since_us(stk, c->heard_ms));
	tcp_timer_update(stk, c);
}

/* ---- what a deadline does ------------------------------------------------ */

/* The errno of a connection that nobody answers. */
static int
timeout_error(const struct tcp_conn *c)
{
	return c->soft_error != 0 ? c->soft_error : ETIMEDOUT;
}

/* For who looks; first: nothing was in doubt before. */
static void
count_timeout(struct tcp_conn *c, bool first)
{
	if (c->timeouts < UINT16_MAX)
		c->timeouts++;
	if (first && c->loss_spells < UINT16_MAX)
		c->loss_spells++;
}

/* Since the first time-out of what is not repaired yet. */
static uint32_t
loss_so_far(const struct stack *stk, const struct tcp_conn *c)
{
	int64_t us;

	if (c->fl != NULL && c->fl->loss_ms != 0)
		return tcp_ts_now(stk) - c->fl->loss_ms;
	if (tcp_synced(c) || c->timeouts == 0 ||
	    instant_is_never(c->stuck_since))
		return 0;
	us = instant_diff(stk->now, c->stuck_since) -
	    (int64_t)c->conf->rto_initial_us;
	return us > 0 ? (uint32_t)(us / 1000) : 0;
}

uint32_t
tcp_loss_ms(const struct stack *stk, const struct tcp_conn *c)
{
	return (c->ext != NULL ? c->ext->loss_ms : 0) + loss_so_far(stk, c);
}

void
tcp_loss_end(struct stack *stk, struct tcp_conn *c)
{
	uint32_t ms = loss_so_far(stk, c);
	struct tcp_extra *x = ms > 0 ? tcp_extra_get(stk, c) : NULL;

	if (x != NULL)
		x->loss_ms += ms;
	if (c->fl != NULL)
		c->fl->loss_ms = 0;
}

static void
syn_timeout(struct stack *stk, struct tcp_conn *c)
{
	uint32_t max = c->key.state == TCPS_SYN_SENT ? c->conf->syn_retries :
	    c->conf->synack_retries;

	if ((c->tries >= max && !tcp_listen_waits(c)) ||
	    user_timeout(stk, c)) {
		tcp_die(stk, c, timeout_error(c));
		return;
	}
	c->tries++;
	if (c->key.state != TCPS_SYN_SENT || c->tries > c->conf->syn_linear)
		c->backoff++;
	/* The peer is there, and has nothing to say yet. */
	if (tcp_listen_waits(c)) {
		tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
		return;
	}
	count_timeout(c, c->tries == 1);
	c->total_retrans++;
	stk->tcp.stats.retransmits++;
	c->flags |= CF_SYN_DUE | CF_SYN_RETRANS;
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* Have the retransmissions been enough? */
static bool
given_up(const struct stack *stk, const struct tcp_conn *c)
{
	uint32_t max = c->conf->retries;

	if ((c->flags & CF_ORPHAN) != 0)
		max = tcp_min(max, ORPHAN_RETRIES);
	if (c->conf->user_timeout_ms != 0)
		return user_timeout(stk, c);
	return c->tries >= max;
}

/* RFC 9293 3.8.6, SHLD-17: the peer has closed its window over what is under
 * way, and answers what we send again. */
static bool
shut_and_alive(const struct stack *stk, const struct tcp_conn *c)
{
	return c->snd_wnd == 0 && (c->flags & CF_ORPHAN) == 0 &&
	    tcp_since_us(stk, c->heard_ms) < (int64_t)tcp_rto_now(c);
}

static void
rto_fire(struct stack *stk, struct tcp_conn *c)
{
	if (c->key.state <= TCPS_SYN_RECEIVED) {
		syn_timeout(stk, c);
		return;
	}
	if (given_up(stk, c)) {
		tcp_die(stk, c, timeout_error(c));
		return;
	}
	stk->tcp.stats.timeouts++;
	count_timeout(c, c->tries == 0);
	if (!shut_and_alive(stk, c))
		c->tries++;
	if (c->backoff < UINT8_MAX)
		c->backoff++;		/* RFC 6298 5.5 */
	tcp_pmtu_timeout(stk, c);
	tcp_recovery_timeout(stk, c);
	tcp_send_timer(stk, c, TCP_T_RTO, tcp_rto_now(c));
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* RFC 9293 3.8.6.1 (a window of zero), and the override of 3.8.6.2.1 (a
 * window that stays small, a cork that stays in). */
static void
persist_fire(struct stack *stk, struct tcp_conn *c)
{
	bool open = seq_gt(c->snd_una + c->snd_wnd, c->snd_nxt);

	/* A peer that keeps the window closed may not hold for ever what
	 * nobody owns. */
	if (given_up(stk, c) || ((c->flags & CF_ORPHAN) != 0 &&
	    c->backoff >= ORPHAN_RETRIES)) {
		tcp_send_reset(stk, c);
		tcp_die(stk, c, timeout_error(c));
		return;
	}
	if (open) {
		c->flags |= CF_FORCE;
	} else {
		c->flags |= CF_PROBE_DUE;
		c->tries++;
		if (c->backoff < UINT8_MAX)
			c->backoff++;
	}
	tcp_todo(stk, c, TODO_OUTPUT);
}

static void
send_fire(struct stack *stk, struct tcp_conn *c)
{
	enum tcp_send_timer kind = c->send_kind;

	c->send_kind = TCP_T_OFF;
	c->send_due = INSTANT_NEVER;
	switch (kind) {
	case TCP_T_RTO:
		rto_fire(stk, c);
		break;
	case TCP_T_PTO:
		if (user_timeout(stk, c)) {
			tcp_die(stk, c, timeout_error(c));
			break;
		}
		c->flags |= CF_TLP_DUE;
		tcp_todo(stk, c, TODO_OUTPUT);
		break;
	case TCP_T_REO:
		tcp_rack_reo_timeout(stk, c);
		tcp_todo(stk, c, TODO_OUTPUT);
		break;
	case TCP_T_PERSIST:
		persist_fire(stk, c);
		break;
	case TCP_T_RETRY:
		tcp_todo(stk, c, TODO_OUTPUT);
		break;
	case TCP_T_UNDO:
		if (tcp_flight_bytes(c) == 0)
			tcp_flight_put(stk, c);
		break;
	case TCP_T_OFF:
		break;
	}
}

/* RFC 1122 4.2.3.6 */
static void
keepalive_fire(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_conf *f = c->conf;
	int64_t quiet = tcp_since_us(stk, c->heard_ms);
	int64_t idle = (int64_t)f->keep_idle_ms * 1000;
	int64_t wait = (int64_t)f->keep_intvl_ms * 1000;

	/* Data in flight probe already. */
	if (tcp_flight_bytes(c) > 0 || c->snd.len > 0) {
		c->life_due = instant_add(stk->now, idle);
		return;
	}
	if (c->keep_tries == 0 && quiet < idle) {
		c->life_due = instant_add(stk->now, idle - quiet);
		return;
	}
	if (c->keep_tries >= f->keep_count || (f->user_timeout_ms != 0 &&
	    c->keep_tries > 0 &&
	    quiet >= (int64_t)f->user_timeout_ms * 1000)) {
		tcp_send_reset(stk, c);
		tcp_die(stk, c, timeout_error(c));
		return;
	}
	c->keep_tries++;
	c->flags |= CF_PROBE_DUE;
	c->life_due = instant_add(stk->now, wait);
	tcp_todo(stk, c, TODO_OUTPUT);
}

static void
life_fire(struct stack *stk, struct tcp_conn *c)
{
	bool orphan = (c->flags & CF_ORPHAN) != 0;

	c->life_due = INSTANT_NEVER;
	if (c->key.state == TCPS_TIME_WAIT) {
		tcp_die(stk, c, 0);
	} else if (orphan && c->conf->linger) {
		tcp_send_reset(stk, c);
		tcp_die(stk, c, ETIMEDOUT);
	} else if (orphan) {
		tcp_die(stk, c, ETIMEDOUT);	/* FIN-WAIT-2 */
	} else if (!tcp_synced(c)) {
		tcp_die(stk, c, timeout_error(c));
	} else {
		keepalive_fire(stk, c);
	}
}

void
tcp_timer_fire(struct stack *stk, struct timer *t)
{
	struct tcp_conn *c = conn_of(t);

	if (instant_reached(stk->now, c->ack_due)) {
		c->ack_due = INSTANT_NEVER;
		c->flags |= CF_ACK_NOW;
		tcp_todo(stk, c, TODO_OUTPUT);
	}
	if (c->fl != NULL &&
	    instant_reached(stk->now, c->fl->pace_due)) {
		c->fl->pace_due = INSTANT_NEVER;
		tcp_todo(stk, c, TODO_OUTPUT);
	}
	if (instant_reached(stk->now, c->send_due))
		send_fire(stk, c);
	if (instant_reached(stk->now, c->life_due))
		life_fire(stk, c);
	tcp_timer_update(stk, c);
}

/* ---- for checks ---------------------------------------------------------- */

/* Is there anything that c would have to do by itself? */
static bool
has_to_act(const struct tcp_conn *c)
{
	if (c->key.state == TCPS_CLOSED || c->key.state == TCPS_TIME_WAIT)
		return false;
	return tcp_flight_bytes(c) > 0 || c->snd.len > 0 || !tcp_synced(c) ||
	    ((c->flags & CF_FIN) != 0 && seq_le(c->snd_una, c->snd_fin));
}

/* Will c have its turn without word from its peer? */
static bool
has_turn(const struct tcp_conn *c)
{
	struct instant due = c->send_due;

	if ((c->key.todo & TODO_OUTPUT) != 0)
		return true;
	if (c->fl != NULL)
		due = instant_min(due, c->fl->pace_due);
	return !instant_is_never(due) && timer_is_set(&c->timer) &&
	    !instant_before(due, c->timer.due);
}

bool
tcp_timers_run(const struct stack *stk)
{
	for (uint32_t b = 0; b < stk->tcp.table_size; b++) {
		const struct tcp_key *k = stk->tcp.table[b];

		for (; k != NULL; k = k->next) {
			const struct tcp_conn *c = (const struct tcp_conn *)k;

			if (k->kind == TCP_KIND_CONN && has_to_act(c) &&
			    !has_turn(c))
				return false;
		}
	}
	return true;
}
