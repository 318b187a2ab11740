/*
 * tcp_pair.c - two stacks and the wire between them.
 *
 * What runs for every byte or frame does not use ck_assert(), which notes
 * each call in a file.
 */
#include "unit/tcp_pair.h"

#include <stdlib.h>

#include "ip/ip_wire.h"
#include "tcp/tcp_conn.h"

struct wire_frame {
	struct wire_frame *next, *prev;
	struct instant due;
	uint64_t order;
	int to;
	struct mem_frame *f;	/* plain calloc */
};

struct addr
pair_addr(int i)
{
	return addr_from_ip4(IP4(10, 0, 0, (uint8_t)(1 + i)));
}

static struct stack *
make_stack(uint8_t seed, int i)
{
	struct env env = { .seed = { seed, (uint8_t)i },
	    .limits = LIMITS_DEFAULT };

	env.limits.pkt_small = 16384;
	env.limits.pkt_large = 256;
	env.limits.lb_flows = 4096;
	return stack_new(&env, instant_from_us(0));
}

struct pair *
pair_new(uint8_t seed, uint32_t mtu, uint32_t offload)
{
	struct pair *p = calloc(1, sizeof(*p));
	uint8_t rseed[RNG_SEED_LEN] = { seed, 77 };

	ck_assert_ptr_nonnull(p);
	rng_init(&p->rng, rseed);
	for (int i = 0; i < 2; i++) {
		struct ip4_prefix a = { IP4(10, 0, 0, (uint8_t)(1 + i)), 24 };

		p->stk[i] = make_stack(seed, i);
		ck_assert_ptr_nonnull(p->stk[i]);
		p->port[i] = mem_port_new(&p->stk[i]->mem, "tun0", false,
		    MAC_ZERO, mtu, offload);
		ck_assert_ptr_nonnull(p->port[i]);
		ck_assert_int_eq(port_add(p->stk[i], p->port[i]), 0);
		ck_assert_int_eq(iface_addr_add(p->stk[i], p->port[i]->ifp, a,
		    SCOPE_GLOBAL, NULL), 0);
	}
	return p;
}

static void
frame_free(struct wire_frame *w)
{
	free(w->f);
	free(w);
}

void
pair_free(struct pair *p)
{
	struct wire_frame *w;

	while ((w = p->flying) != NULL) {
		p->flying = w->next;
		frame_free(w);
	}
	stack_free(p->stk[0]);
	stack_free(p->stk[1]);
	free(p);
}

void
pair_wire(struct pair *p, const struct wire_conf *both)
{
	p->wire[0] = p->wire[1] = *both;
}

static bool
chance(struct pair *p, uint32_t per_million)
{
	return per_million > 0 && rng_below(&p->rng, 1000000) < per_million;
}

static void
fly(struct pair *p, int from, const struct mem_frame *f, struct instant due)
{
	struct wire_frame *w = calloc(1, sizeof(*w)), *after = p->last;

	w->f = malloc(sizeof(*f) + f->len);
	memcpy(w->f, f, sizeof(*f) + f->len);
	w->due = due;
	w->to = !from;
	w->order = p->order++;
	while (after != NULL && instant_before(due, after->due))
		after = after->prev;
	w->prev = after;
	w->next = after != NULL ? after->next : p->flying;
	*(after != NULL ? &after->next : &p->flying) = w;
	*(w->next != NULL ? &w->next->prev : &p->last) = w;
}

/* Bytes that wait for the wire. */
static uint64_t
backlog(const struct pair *p, int from)
{
	int64_t wait = instant_diff(p->busy[from], p->now);

	return wait <= 0 ? 0 : (uint64_t)wait * p->wire[from].rate / 1000000;
}

static void
mark_ce(struct pair *p, int from, struct mem_frame *f)
{
	const uint8_t *t = f->data + IP4_HLEN;
	uint32_t len = f->len - IP4_HLEN - tcp_header_len(t,
	    f->len - IP4_HLEN);
	uint32_t each = f->gso_type != PKT_GSO_NONE ? f->gso_size : len;

	if ((f->data[IP4_OFF_TOS] & IP_ECN_MASK) == IP_ECN_NOT)
		return;
	ip4_set_tos(f->data, f->data[IP4_OFF_TOS] | IP_ECN_CE);
	p->marked[from] += len > each ? (len + each - 1) / each : 1;
	p->marked_bytes[from] += len;
}

static void
send_one(struct pair *p, int from, struct mem_frame *f)
{
	const struct wire_conf *w = &p->wire[from];
	struct instant due = p->now;

	p->frames[from]++;
	p->bytes[from] += f->len;
	if ((p->filter != NULL && !p->filter(p->filter_arg, from, f)) ||
	    chance(p, w->loss) ||
	    (w->rate > 0 && backlog(p, from) + f->len > w->queue)) {
		p->lost[from]++;
		return;
	}
	if (w->rate > 0) {
		if (w->mark && backlog(p, from) > w->queue / 2)
			mark_ce(p, from, f);
		if (instant_before(p->busy[from], p->now))
			p->busy[from] = p->now;
		p->busy[from] = instant_add(p->busy[from],
		    (int64_t)((uint64_t)f->len * 1000000 / w->rate));
		due = p->busy[from];
	}
	if (chance(p, w->ce))
		mark_ce(p, from, f);
	due = instant_add(due, w->delay_us);
	if (chance(p, w->reorder))
		due = instant_add(due, w->reorder_us);
	fly(p, from, f, due);
	if (chance(p, w->dup))
		fly(p, from, f, due);
}

static void
collect(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		struct mem_frame *f;

		while ((f = mem_port_take(p->port[i])) != NULL) {
			send_one(p, i, f);
			mem_port_free(p->port[i], f);
		}
	}
}

static void
deliver(struct pair *p)
{
	struct wire_frame *w;

	while ((w = p->flying) != NULL && instant_reached(p->now, w->due)) {
		p->flying = w->next;
		*(w->next != NULL ? &w->next->prev : &p->last) = NULL;
		if (mem_port_give_frame(p->port[w->to], w->f) != 0)
			ck_abort_msg("no memory");
		frame_free(w);
	}
}

static struct instant
next_due(const struct pair *p)
{
	struct instant t = instant_min(stack_next_deadline(p->stk[0]),
	    stack_next_deadline(p->stk[1]));

	if (p->flying != NULL)
		t = instant_min(t, p->flying->due);
	return t;
}

/* ---- invariants ---------------------------------------------------------- */

#define MUST(x) do {							\
	if (!(x))							\
		ck_abort_msg("invariant broken: %s", #x);		\
} while (0)

/* The records cover the flight, and the sums are those of their flags. */
static void
check_flight(const struct tcp_conn *c)
{
	const struct tcp_flight *f = c->fl;
	uint32_t sacked = 0, lost = 0, retrans = 0, at = c->snd_una;

	if (f == NULL || f->head == NULL) {
		MUST(c->snd_una == c->snd_nxt || !tcp_synced(c));
		return;
	}
	for (const struct tcp_rec *r = f->head; r != NULL; r = r->next) {
		uint32_t n = r->end - r->seq;

		MUST(r->seq == at && seq_lt(r->seq, r->end));
		MUST(r->next == NULL ? f->tail == r : r->next->prev == r);
		MUST((r->flags & REC_SACKED) == 0 ||
		    (r->flags & (REC_LOST | REC_RETRANS)) == 0);
		sacked += (r->flags & REC_SACKED) != 0 ? n : 0;
		lost += (r->flags & REC_LOST) != 0 ? n : 0;
		retrans += (r->flags & REC_RETRANS) != 0 ? n : 0;
		at = r->end;
	}
	MUST(at == c->snd_nxt);
	MUST(sacked == f->sacked && lost == f->lost && retrans == f->retrans);
}

/* Islands lie in order, apart, in what was promised. */
static void
check_islands(const struct tcp_conn *c)
{
	uint32_t bytes = 0, count = 0, floor = c->rcv_nxt;

	for (const struct tcp_island *i = c->ooo; i != NULL; i = i->next) {
		MUST(seq_gt(i->seq, floor) && i->q.len > 0);
		floor = i->seq + i->q.len;
		MUST(seq_le(floor, c->rcv_adv));
		bytes += i->q.len;
		count++;
	}
	MUST(bytes == c->ooo_bytes && count == c->ooo_count);
}

static uint64_t
buffers_of(const struct tcp_conn *c)
{
	uint64_t n = tcp_bytes_memory(&c->snd) + tcp_bytes_memory(&c->rcv);

	for (const struct tcp_island *i = c->ooo; i != NULL; i = i->next)
		n += tcp_bytes_memory(&i->q);
	if (c->ext != NULL) {
		for (const struct tcp_mark *m = c->ext->mark_head; m != NULL;
		    m = m->next)
			n += sizeof(*m);
	}
	return n;
}

static void
check_stack(const struct stack *stk)
{
	uint64_t memory = 0;

	for (uint32_t b = 0; b < stk->tcp.table_size; b++) {
		const struct tcp_key *k = stk->tcp.table[b];

		for (; k != NULL; k = k->next) {
			const struct tcp_conn *c = (const struct tcp_conn *)k;

			if (k->kind != TCP_KIND_CONN)
				continue;
			check_flight(c);
			check_islands(c);
			memory += buffers_of(c);
		}
	}
	MUST(memory == stk->tcp.mem_used);
	MUST(tcp_timers_run(stk));
}

static void
turn(struct pair *p)
{
	deliver(p);
	stack_poll(p->stk[0], p->now);
	stack_poll(p->stk[1], p->now);
	collect(p);
	check_stack(p->stk[0]);
	check_stack(p->stk[1]);
}

void
pair_run_until(struct pair *p, int64_t us)
{
	struct instant end = instant_from_us(us);
	int idle = 0;

	for (;;) {
		struct instant t = next_due(p);

		if (!instant_reached(end, t))
			break;
		idle = instant_before(p->now, t) ? 0 : idle + 1;
		if (idle > 100000)
			ck_abort_msg("no progress");
		if (instant_before(p->now, t))
			p->now = t;
		turn(p);
	}
	p->now = end;
	turn(p);
}

/* ---- an application ------------------------------------------------------ */

uint8_t
pair_pattern(uint64_t at, uint8_t salt)
{
	return (uint8_t)((at * 2654435761u >> 13) + at + salt);
}

static void
app_read(struct stack *stk, struct pair_app *a)
{
	uint8_t buf[16384];
	int32_t n;

	if (a->stop_reading)
		return;
	while ((n = tcp_read(stk, a->c, buf, sizeof(buf))) > 0) {
		for (int32_t i = 0; i < n; i++) {
			if (buf[i] != pair_pattern(a->received, a->peer_salt))
				ck_abort_msg("byte %llu is wrong",
				    (unsigned long long)a->received);
			a->received++;
		}
	}
	if (n == 0 && !a->eof) {
		a->eof = true;
		a->done_us = stk->now.us;
	}
}

static void
app_write(struct stack *stk, struct pair_app *a)
{
	uint8_t buf[16384];

	while (a->sent < a->total) {
		uint32_t n = tcp_write_room(stk, a->c);
		int32_t r;

		if (n > sizeof(buf))
			n = sizeof(buf);
		if (n > a->total - a->sent)
			n = (uint32_t)(a->total - a->sent);
		for (uint32_t i = 0; i < n; i++)
			buf[i] = pair_pattern(a->sent + i, a->salt);
		r = tcp_write(stk, a->c, buf, n);
		if (r <= 0)
			return;
		a->sent += (uint32_t)r;
	}
	if (!a->keep)
		tcp_shutdown(stk, a->c);
}

void
pair_app_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct pair_app *a = owner;
	uint32_t ev;

	if (a->c != c)
		ck_abort_msg("another connection");
	app_read(stk, a);
	ev = tcp_events(c);
	a->connected |= (ev & TCP_EV_CONNECTED) != 0;
	if ((ev & TCP_EV_ERROR) != 0)
		a->error = tcp_error(c);
	else if (a->connected)
		app_write(stk, a);
	if (a->error != 0 || (!a->keep && a->eof && a->sent == a->total)) {
		tcp_close(stk, c);
		a->closed = true;
		a->c = NULL;
	}
}

static void
app_accept(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct pair_app *a = owner;
	struct tcp_conn *c;

	if (a->c != NULL || (c = tcp_accept(stk, l)) == NULL)
		return;
	a->c = c;
	tcp_set_owner(stk, c, pair_app_ready, a);
}

struct tcp_listener *
pair_serve(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app)
{
	struct tcp_listener *l;
	struct addr any = { { 0 } };

	app->p = p;
	app->side = side;
	ck_assert_int_eq(tcp_listen(p->stk[side], &any, port, 16, conf,
	    app_accept, app, &l), 0);
	return l;
}

void
pair_connect(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app)
{
	pair_connect_data(p, side, port, conf, app, 0);
}

void
pair_connect_data(struct pair *p, int side, uint16_t port,
    const struct tcp_conf *conf, struct pair_app *app, uint32_t n)
{
	uint8_t buf[4096];
	struct tcp_open o = { .remote = pair_addr(!side), .rport = port,
	    .conf = conf, .ready = pair_app_ready, .owner = app,
	    .data = buf, .data_len = n };

	ck_assert_uint_le(n, sizeof(buf));
	for (uint32_t i = 0; i < n; i++)
		buf[i] = pair_pattern(i, app->salt);
	app->sent = n;
	app->p = p;
	app->side = side;
	ck_assert_int_eq(tcp_connect(p->stk[side], &o, &app->c), 0);
}

void
pair_run_apps(struct pair *p, struct pair_app *a, struct pair_app *b,
    int64_t until_us)
{
	while (p->now.us < until_us && !(a->closed && b->closed)) {
		struct instant t = next_due(p);

		if (t.us > until_us)
			t = instant_from_us(until_us);
		pair_run_until(p, t.us > p->now.us ? t.us : p->now.us);
	}
}
