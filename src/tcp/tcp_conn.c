/*
 * tcp_conn.c - the table of connections, their birth and their end, and the
 * list of those that want attention.
 *
 * The table is keyed by both addresses and ports under SipHash, since the
 * ports and addresses are a stranger's choice; it doubles when it is full.
 * The to-do list is what makes the room run to completion: input, timers and
 * owners only mark a connection, and tcp_poll() calls the owner and sends,
 * once for all that happened in a turn.
 *
 * Owns every struct tcp_conn and struct tcp_flight.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>
#include <stddef.h>

#include "base/prefetch.h"

/* Budget for an idle connection: 512 bytes with the allocator's word. */
static_assert(sizeof(struct tcp_conn) <= 504, "an idle connection is small");

#define TABLE_MIN 256u

/* ---- the table ----------------------------------------------------------- */

static uint32_t
key_hash(const struct stack *stk, const struct tcp_key *k)
{
	return (uint32_t)siphash13_addrs(&stk->tcp.key, &k->local, &k->remote,
	    (uint64_t)k->lport << 16 | k->rport);
}

static struct tcp_key **
bucket_of(const struct stack *stk, const struct tcp_key *k)
{
	return &stk->tcp.table[key_hash(stk, k) & (stk->tcp.table_size - 1)];
}

/* Twice the buckets; without memory the chains grow instead. */
static void
table_grow(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;
	uint32_t old_size = t->table_size;
	struct tcp_key **old = t->table, **fresh, *k, *next;

	fresh = mem_array(&stk->mem, (size_t)old_size * 2, sizeof(*fresh));
	if (fresh == NULL)
		return;
	t->table = fresh;
	t->table_size = old_size * 2;
	for (uint32_t i = 0; i < old_size; i++) {
		for (k = old[i]; k != NULL; k = next) {
			struct tcp_key **b = bucket_of(stk, k);

			next = k->next;
			k->next = *b;
			*b = k;
		}
	}
	mem_free(&stk->mem, old, old_size * sizeof(*old));
}

int
tcp_key_insert(struct stack *stk, struct tcp_key *k)
{
	struct tcp_key **b;

	if (stk->tcp.table_count >= stk->limits.tcp_conns)
		return -ENOSPC;
	if (stk->tcp.table_count >= stk->tcp.table_size)
		table_grow(stk);
	b = bucket_of(stk, k);
	k->next = *b;
	*b = k;
	stk->tcp.table_count++;
	return 0;
}

void
tcp_key_remove(struct stack *stk, struct tcp_key *k)
{
	struct tcp_key **p = bucket_of(stk, k);

	while (*p != k)
		p = &(*p)->next;
	*p = k->next;
	stk->tcp.table_count--;
}

static bool
key_eq(const struct tcp_key *a, const struct tcp_key *b)
{
	return memcmp(&a->local, &b->local, 36) == 0;
}

struct tcp_key *
tcp_key_lookup(const struct stack *stk, const struct addr *local,
    uint16_t lport, const struct addr *remote, uint16_t rport)
{
	struct tcp_key want = { .local = *local, .remote = *remote,
	    .lport = lport, .rport = rport };
	struct tcp_key *k;

	/* The dead, who wait for their owner, are not found. */
	for (k = *bucket_of(stk, &want); k != NULL; k = k->next) {
		if (key_eq(k, &want) && k->state != TCPS_CLOSED)
			return k;
	}
	return NULL;
}

/* Asks for all of the connection, which a segment goes through. */
static void
conn_fetch(const struct tcp_key *k)
{
	for (size_t at = 0; at < sizeof(struct tcp_conn); at += 64)
		prefetch_write((const char *)k + at);
}

void
tcp_fetch(const struct stack *stk, const struct ip_glance g[], uint32_t n)
{
	struct tcp_key **bucket[IP_FETCH_MAX], key[IP_FETCH_MAX], *k;
	uint32_t count = 0;

	assert(n <= IP_FETCH_MAX);
	for (uint32_t i = 0; i < n; i++) {
		if (g[i].proto != IPPROTO_TCP4)
			continue;
		key[count] = (struct tcp_key){
		    .remote = addr_from_ip4(g[i].src), .rport = g[i].sport,
		    .local = addr_from_ip4(g[i].dst), .lport = g[i].dport };
		bucket[count] = bucket_of(stk, &key[count]);
		prefetch(bucket[count++]);
	}
	for (uint32_t i = 0; i < count; i++)
		prefetch(*bucket[i]);
	for (uint32_t i = 0; i < count; i++) {
		k = *bucket[i];
		if (k != NULL && !key_eq(k, &key[i]))
			prefetch(k->next);
	}
	for (uint32_t i = 0; i < count; i++) {
		k = *bucket[i];
		if (k != NULL && !key_eq(k, &key[i]))
			k = k->next;
		if (k != NULL)
			conn_fetch(k);
	}
}

/* ---- birth and end ------------------------------------------------------- */

struct tcp_conn *
tcp_conn_new(struct stack *stk, const struct tcp_key *k,
    const struct tcp_conf *conf)
{
	struct tcp_conn *c = mem_alloc(&stk->mem, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->key = *k;
	c->key.kind = TCP_KIND_CONN;
	c->key.state = TCPS_CLOSED;
	if (tcp_key_insert(stk, &c->key) != 0) {
		mem_free(&stk->mem, c, sizeof(*c));
		return NULL;
	}
	tcp_conf_get(stk, conf);
	c->conf = conf;
	c->cc = conf->cc;
	timer_init(&c->timer, tcp_timer_fire);
	c->send_due = c->ack_due = c->life_due = INSTANT_NEVER;
	c->stuck_since = INSTANT_NEVER;
	c->heard_ms = c->sent_ms = tcp_ts_now(stk);
	c->rcv_buf = tcp_min(conf->rcvbuf, stk->limits.tcp_rcvbuf);
	c->rto_us = conf->rto_initial_us;
	c->peer_mss = TCP_MSS_DEFAULT;
	c->rcv_mss = TCP_MSS_DEFAULT;
	c->ssthresh = UINT32_MAX;
	c->reo_mult = 1;
	c->ts_offset = tcp_ts_offset(stk, &c->key);
	c->flags = (conf->nodelay ? CF_NODELAY : 0) |
	    (conf->cork ? CF_CORK : 0) |
	    (conf->keepalive ? CF_KEEPALIVE : 0);
	tcp_cc(c)->init(c);
	return c;
}

/* Everything that waits to be sent, and what remembers what was. */
static void
drop_sending(struct stack *stk, struct tcp_conn *c)
{
	tcp_flight_put(stk, c);
	tcp_bytes_clear(stk, &c->snd);
	tcp_extra_put(stk, c);
}

void
tcp_conn_free(struct stack *stk, struct tcp_conn *c)
{
	assert((c->key.todo & TODO_LISTED) == 0);
	timer_cancel(&stk->timers, &c->timer);
	tcp_listen_forget(stk, c);
	drop_sending(stk, c);
	tcp_bytes_clear(stk, &c->rcv);
	tcp_ooo_clear(stk, c);
	tcp_accecn_put(stk, c);
	tcp_key_remove(stk, &c->key);
	tcp_conf_put(stk, c->conf);
	mem_free(&stk->mem, c, sizeof(*c));
}

void
tcp_die(struct stack *stk, struct tcp_conn *c, int error)
{
	if (c->key.state == TCPS_CLOSED)
		return;
	if (error != 0 && (c->flags & CF_CONNECTED) == 0)
		stk->tcp.stats.failed_opens++;
	/* Half open: nobody else will let go of it.  In the accept queue: the
	 * owner to be shall see what happened. */
	if (c->listener != NULL && (c->flags & CF_ACCEPTQ) == 0) {
		tcp_listen_forget(stk, c);
		c->flags |= CF_ORPHAN;
	}
	if (c->key.state == TCPS_SYN_SENT)
		tcp_fastopen_failed(stk, c, error);
	tcp_set_state(stk, c, TCPS_CLOSED);
	c->error = (uint8_t)error;
	drop_sending(stk, c);
	tcp_ooo_clear(stk, c);
	c->flags &= ~(CF_ACK_NOW | CF_ACK_SOON | CF_SYN_DUE | CF_PROBE_DUE |
	    CF_TLP_DUE);
	c->send_due = c->ack_due = c->life_due = INSTANT_NEVER;
	tcp_timer_update(stk, c);
	tcp_todo(stk, c, TODO_EVENT);
}

/* ---- flights ------------------------------------------------------------- */

struct tcp_flight *
tcp_flight_get(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = stk->tcp.spare_flight;

	if (c->fl != NULL)
		return c->fl;
	if (f != NULL) {
		stk->tcp.spare_flight = f->spare_next;
		stk->tcp.spare_flights--;
		*f = (struct tcp_flight){ 0 };
	} else {
		f = mem_alloc(&stk->mem, sizeof(*f));
		if (f == NULL)
			return NULL;
	}
	f->hs_round_end = c->snd_nxt;
	f->hs_last_min_us = f->hs_cur_min_us = UINT32_MAX;
	f->undo_left = -1;
	f->pace_due = INSTANT_NEVER;
	f->rate_from = stk->now;
	c->fl = f;
	return f;
}

void
tcp_flight_put(struct stack *stk, struct tcp_conn *c)
{
	struct tcp_flight *f = c->fl;
	struct tcp_rec *r;

	if (f == NULL)
		return;
	while ((r = f->head) != NULL) {
		f->head = r->next;
		mem_free(&stk->mem, r, sizeof(*r));
	}
	c->fl = NULL;
	c->key.ca = TCP_CA_OPEN;
	if (stk->tcp.spare_flights < TCP_SPARE_MAX) {
		f->spare_next = stk->tcp.spare_flight;
		stk->tcp.spare_flight = f;
		stk->tcp.spare_flights++;
		return;
	}
	mem_free(&stk->mem, f, sizeof(*f));
}

void
tcp_flight_fini(struct stack *stk)
{
	struct tcp_flight *f;

	while ((f = stk->tcp.spare_flight) != NULL) {
		stk->tcp.spare_flight = f->spare_next;
		mem_free(&stk->mem, f, sizeof(*f));
	}
	stk->tcp.spare_flights = 0;
}

/* ---- the to-do list ------------------------------------------------------ */

void
tcp_kick(struct stack *stk)
{
	if (!timer_is_set(&stk->tcp.kick))
		timer_set(&stk->timers, &stk->tcp.kick, stk->now);
}

/* The timer only wakes stack_poll(), which calls tcp_poll() anyway. */
static void
kick_fire(struct stack *stk, struct timer *t)
{
	(void)stk, (void)t;
}

void
tcp_todo(struct stack *stk, struct tcp_conn *c, uint32_t what)
{
	c->key.todo |= (uint8_t)what;
	if ((c->key.todo & TODO_LISTED) != 0)
		return;
	c->key.todo |= TODO_LISTED;
	c->todo_next = NULL;
	*stk->tcp.todo_tail = c;
	stk->tcp.todo_tail = &c->todo_next;
	tcp_kick(stk);
}

/* One connection's turn: its owner, then its output, then perhaps its end. */
static void
attend(struct stack *stk, struct tcp_conn *c)
{
	uint8_t todo = c->key.todo;

	c->key.todo = 0;
	if ((todo & TODO_EVENT) != 0 && c->listener == NULL &&
	    (c->flags & CF_ORPHAN) == 0 && c->ready != NULL)
		c->ready(stk, c, c->owner);
	if (c->key.state != TCPS_CLOSED)
		tcp_output(stk, c);
	if ((c->flags & CF_ORPHAN) == 0 || (c->key.todo & TODO_LISTED) != 0)
		return;
	if (c->key.state == TCPS_CLOSED)
		tcp_conn_free(stk, c);
	else if (c->key.state == TCPS_TIME_WAIT)
		tcp_timewait_shrink(stk, c);
}

/* Takes what waits now; what that causes waits for the next turn, so that two
 * ends on one stack cannot keep it busy for ever. */
void
tcp_poll(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;
	struct tcp_conn *c, *next;

	tcp_listen_poll(stk);
	c = t->todo_head;
	t->todo_head = NULL;
	t->todo_tail = &t->todo_head;
	for (; c != NULL; c = next) {
		next = c->todo_next;
		attend(stk, c);
	}
	if (t->todo_head == NULL && t->ltodo == NULL)
		timer_cancel(&stk->timers, &t->kick);
	else
		tcp_kick(stk);
}

/* ---- the room ------------------------------------------------------------ */

int
tcp_init(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;

	*t = (struct tcp_state){ 0 };
	t->todo_tail = &t->todo_head;
	timer_init(&t->kick, kick_fire);
	tcp_conf_default(&t->conf);
	t->key = rng_hash_key(&stk->rng);
	t->isn_key = rng_hash_key(&stk->rng);
	t->port_key = rng_hash_key(&stk->rng);
	t->cookie_key = rng_hash_key(&stk->rng);
	t->table = mem_array(&stk->mem, TABLE_MIN, sizeof(*t->table));
	if (t->table == NULL)
		return -ENOMEM;
	t->table_size = TABLE_MIN;
	return 0;
}

static void
free_all_keys(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;

	for (uint32_t i = 0; i < t->table_size; i++) {
		while (t->table[i] != NULL) {
			struct tcp_key *k = t->table[i];

			k->todo = 0;
			if (k->kind == TCP_KIND_TW)
				tcp_timewait_free(stk, (struct tcp_tw *)k);
			else
				tcp_conn_free(stk, (struct tcp_conn *)k);
		}
	}
}

void
tcp_fini(struct stack *stk)
{
	struct tcp_state *t = &stk->tcp;

	if (t->table == NULL)
		return;
	timer_cancel(&stk->timers, &t->kick);
	free_all_keys(stk);
	tcp_listen_fini(stk);
	tcp_flight_fini(stk);
	tcp_bytes_fini(stk);
	mem_free(&stk->mem, t->table, t->table_size * sizeof(*t->table));
	t->table = NULL;
}
