/*
 * tcp_pair.c - two stacks, a connection between them with data both ways, and
 * a wire that does to segments what the input says.
 *
 * Three bytes of settings (V_*, the MTU, W_*), then steps of two bytes,
 * operation and number; OP_FORGE has places and values behind it.
 *
 * Whatever happens: what a side reads is a prefix of what the other wrote.
 * A wire that only loses, doubles, delays and damages (OP_FORGE makes right
 * checksums, the others do not) also brings all of it, unless the connection
 * timed out.
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "base/rng.h"
#include "fuzz/frame_fix.h"
#include "ip/ip_wire.h"

#define V_SMALL		0x01u	/* buffers of 4 KiB */
#define V_NO_SACK	0x02u
#define V_NO_TS		0x04u
#define V_NO_WSCALE	0x08u
#define V_ECN		0x10u	/* accurate, but with V_NEWRENO */
#define V_NEWRENO	0x20u
#define V_COOKIES	0x40u
#define V_OFFLOAD	0x80u

#define W_FASTOPEN	0x01u	/* first data in the SYN */
#define W_PACING	0x02u
#define W_IMPATIENT	0x04u	/* keepalive, user timeout, short FIN-WAIT-2 */
#define W_QUEUE		0x08u	/* the wire has a rate: 100 kB/s */
#define W_HABITS	0x10u	/* every TCP_HABIT_* */
#define W_NO_RACK	0x20u	/* duplicate ACKs alone, with SACK, too */
#define W_LATE		0x40u	/* 100 ms each way */
#define W_RESTART	0x80u	/* slow start after idle; HyStart */

enum op {
	OP_WRITE = 0x10,	/* and 0x11: side 1; so many times 16 bytes */
	OP_RECORD = 0x12,	/* and 0x13: the same, a record ends there */
	OP_URGENT = 0x14,	/* and 0x15: the same, urgent */
	OP_WAIT = 0x20,		/* fuzz_wait_us() */
	OP_SHUTDOWN = 0x30,	/* and 0x31 */
	OP_CLOSE = 0x32,	/* and 0x33 */
	OP_STALL = 0x34,	/* and 0x35: does not read, or again */
	OP_LOSE = 0x40,		/* the next frame, and so many more */
	OP_DOUBLE, OP_SWAP, OP_DELAY, OP_DAMAGE, OP_CUT,
	OP_MARK,		/* with CE, the next and so many more */
	OP_FORGE = 0x50,	/* so many places; see forge() */
	OP_TOO_BIG = 0x60,	/* ICMP about the next frame: MTU 68 + 8n */
	OP_UNREACHABLE = 0x61,	/* of code n */
	OP_MTU = 0x70,		/* and 0x71: the port's, from now on */
	OP_SET = 0x72,		/* and 0x73: bits 0-4 enum tcp_opt */
	OP_LOOK = 0x74,		/* and 0x75: tcp_status() */
	OP_PEEK = 0x76,		/* and 0x77: reads n bytes where they lie */
};

#define WIRE_US		5000
#define STEPS		300
#define FORGE_MAX	8
#define FIRST_DATA	300

struct flying {
	struct flying *next;
	struct instant due;
	int to;
	struct mem_frame *f;
};

struct side {
	struct stack *stk;
	struct port *port;
	struct tcp_conn *c;
	uint64_t sent, received;
	bool eof, connected, gone, shut, stalled;
	int error;
};

struct world {
	struct side side[2];
	struct flying *head;	/* by arrival */
	struct instant now;
	uint8_t op, arg;	/* what befalls the next frames */
	struct { uint8_t at, value; } forge[FORGE_MAX];
	unsigned forges;
	int64_t delay_us;
	int64_t frame_us;	/* a frame keeps the wire busy; 0: not at all */
	struct instant free[2];	/* when the wire is free again */
	bool forged;		/* the wire lied */
	struct tcp_listener *listener;
};

/* Byte number `at` of what a side writes. */
static uint8_t
pattern(int side, uint64_t at)
{
	return (uint8_t)((at * 2654435761u >> 11) + at + (unsigned)side * 77);
}

static struct side *
side_of(struct world *w, struct stack *stk)
{
	return &w->side[w->side[1].stk == stk];
}

static void
side_read(struct world *w, struct side *s)
{
	int other = s == &w->side[0];
	uint8_t buf[2048];
	int32_t n;

	while (!s->stalled && (n = tcp_read(s->stk, s->c, buf,
	    sizeof(buf))) >= 0) {
		for (int32_t i = 0; i < n; i++)
			FUZZ_CHECK(buf[i] == pattern(other, s->received + i));
		s->received += (uint64_t)n;
		FUZZ_CHECK(s->received <= w->side[other].sent);
		if (n == 0) {
			s->eof = true;
			return;
		}
	}
}

static void
ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct world *w = owner;
	struct side *s = side_of(w, stk);
	uint32_t ev;

	FUZZ_CHECK(s->c == c);
	side_read(w, s);
	ev = tcp_events(c);
	s->connected |= (ev & TCP_EV_CONNECTED) != 0;
	if (ev & TCP_EV_ERROR)
		s->error = tcp_error(c);
	/* What nobody owns any more is repeated less often, and may be lost. */
	if ((ev & TCP_EV_ERROR) ||
	    (s->eof && s->shut && tcp_unacked(c) == 0)) {
		tcp_close(stk, c);
		s->c = NULL;
		s->gone = true;
	}
}

static void
accept_ready(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct world *w = owner;
	struct side *s = side_of(w, stk);

	if (s->c != NULL || s->gone)
		return;
	s->c = tcp_accept(stk, l);
	if (s->c != NULL)
		tcp_set_owner(stk, s->c, ready, w);
}

static void
fly(struct world *w, int to, const struct mem_frame *f, int64_t delay_us)
{
	struct flying *n = calloc(1, sizeof(*n)), **at = &w->head;

	FUZZ_CHECK(n != NULL);
	n->f = malloc(sizeof(*f) + f->len);
	FUZZ_CHECK(n->f != NULL);
	memcpy(n->f, f, sizeof(*f) + f->len);
	n->to = to;
	n->due = instant_add(w->now, delay_us);
	while (*at != NULL && !instant_before(n->due, (*at)->due))
		at = &(*at)->next;
	n->next = *at;
	*at = n;
}

/*
 * Header fields become others, with right sums.  Data would be other data
 * then, so it goes; and a SYN's numbers are the connection's own, so they
 * stay.
 */
static void
forge(struct world *w, struct mem_frame *f)
{
	static const struct frame_fix fix = { .sums = true };
	struct frame_seen seen = { .next = 0 };
	uint32_t hlen = (f->data[0] & 15u) * 4, all;

	if (f->len < hlen + 20 || (f->data[hlen + 13] & 0x02) != 0)
		return;
	all = hlen + (f->data[hlen + 12] >> 4) * 4u;
	if (all < f->len)
		f->len = all;
	f->csum_needed = false;
	f->gso_type = PKT_GSO_NONE;
	for (unsigned i = 0; i < w->forges; i++) {
		uint32_t at = hlen + 4 + w->forge[i].at % (f->len - hlen - 4);

		/* A shorter header would make data of its options. */
		f->data[at] ^= at == hlen + 12 ? w->forge[i].value & 15 :
		    w->forge[i].value;
	}
	frame_fix(f->data, f->len, false, &fix, &seen);
	w->forged = true;
}

/* An ICMP error that quotes a frame goes back to who sent it. */
static void
complain(struct world *w, int from, const struct mem_frame *f, uint8_t code,
    uint32_t mtu)
{
	static const struct frame_fix fix = { .sums = true };
	struct frame_seen seen = { .next = 0 };
	uint32_t quote = f->len < 68 ? f->len : 68;
	struct mem_frame *e = calloc(1, sizeof(*e) + 28 + quote);
	uint8_t *p;

	FUZZ_CHECK(e != NULL && f->len >= 20);
	p = e->data;
	e->len = 28 + quote;
	p[0] = 0x45;
	p[8] = 64;
	p[9] = IPPROTO_ICMP4;
	memcpy(p + 12, f->data + 16, 4);
	memcpy(p + 16, f->data + 12, 4);
	p[20] = 3;
	p[21] = code;
	be32_put(p + 24, mtu);
	memcpy(p + 28, f->data, quote);
	frame_fix(p, e->len, false, &fix, &seen);
	fly(w, from, e, WIRE_US);
	free(e);
}

/* A frame enters the wire. */
static void
enter(struct world *w, int from, struct mem_frame *f)
{
	uint8_t op = w->op, arg = w->arg;
	int64_t delay = w->delay_us;

	if (w->frame_us > 0) {
		if (instant_before(w->free[from], w->now))
			w->free[from] = w->now;
		w->free[from] = instant_add(w->free[from], w->frame_us);
		delay += instant_diff(w->free[from], w->now);
	}
	w->op = 0;
	switch (op) {
	case OP_LOSE:
		if (arg > 0) {
			w->op = op;
			w->arg--;
		}
		return;
	case OP_DOUBLE:
		fly(w, !from, f, delay);
		delay += arg * 100;
		break;
	case OP_SWAP:
		delay += 1;
		break;
	case OP_DELAY:
		delay += fuzz_wait_us(arg);
		break;
	case OP_DAMAGE:
		/* Bits of one byte: the checksum sees them. */
		if (!f->csum_needed && f->len > 0)
			f->data[arg * 7u % f->len] ^= (uint8_t)(arg | 1);
		break;
	case OP_CUT:
		f->len -= arg < f->len ? arg : f->len;
		if (f->csum_needed)
			return;
		break;
	case OP_MARK:
		if (f->len >= IP4_HLEN &&
		    (f->data[IP4_OFF_TOS] & IP_ECN_MASK) != IP_ECN_NOT)
			ip4_set_tos(f->data, f->data[IP4_OFF_TOS] | IP_ECN_CE);
		if (arg > 0) {
			w->op = op;
			w->arg--;
		}
		break;
	case OP_FORGE:
	case OP_FORGE + 1:
		forge(w, f);
		break;
	case OP_TOO_BIG:
		complain(w, from, f, 4, 68 + arg * 8u);
		return;
	case OP_UNREACHABLE:
		complain(w, from, f, arg & 15, 0);
		w->forged = true;
		break;
	}
	fly(w, !from, f, delay);
}

static void
turn(struct world *w)
{
	struct flying *n;

	while ((n = w->head) != NULL && instant_reached(w->now, n->due)) {
		w->head = n->next;
		FUZZ_CHECK(mem_port_give_frame(w->side[n->to].port,
		    n->f) == 0);
		free(n->f);
		free(n);
	}
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];
		struct mem_frame *f;

		stack_poll(s->stk, w->now);
		FUZZ_CHECK(tcp_timers_run(s->stk));
		while ((f = mem_port_take(s->port)) != NULL) {
			fuzz_frame_check(s->port, f);
			enter(w, i, f);
			mem_port_free(s->port, f);
		}
	}
}

static struct instant
next_due(const struct world *w)
{
	struct instant t = instant_min(stack_next_deadline(w->side[0].stk),
	    stack_next_deadline(w->side[1].stk));

	return w->head != NULL ? instant_min(t, w->head->due) : t;
}

/* False: it took more turns than that. */
static bool
run(struct world *w, int64_t wait_us, int turns)
{
	struct instant end = instant_add(w->now, wait_us);

	for (int i = 0; i < turns; i++) {
		struct instant t = next_due(w);

		if (!instant_reached(end, t)) {
			w->now = end;
			turn(w);
			return true;
		}
		if (instant_before(w->now, t))
			w->now = t;
		turn(w);
	}
	return false;
}

static void
conf_set(struct tcp_conf *conf, uint8_t v, uint8_t more)
{
	conf->sack = !(v & V_NO_SACK);
	conf->rack = conf->sack && !(more & W_NO_RACK);
	conf->timestamps = !(v & V_NO_TS);
	conf->window_scaling = !(v & V_NO_WSCALE);
	conf->ecn = !(v & V_ECN) ? TCP_ECN_OFF :
	    (v & V_NEWRENO) ? TCP_ECN_REQUEST : TCP_ECN_ACCURATE;
	conf->cc = (v & V_NEWRENO) ? TCP_CC_NEWRENO : TCP_CC_CUBIC;
	conf->syn_cookies = (v & V_COOKIES) ? TCP_COOKIES_ALWAYS :
	    TCP_COOKIES_OVERFLOW;
	conf->sndbuf_max = conf->sndbuf = conf->rcvbuf_max =
	    conf->rcvbuf = (v & V_SMALL) ? 4096 : 65536;
	conf->pacing = (more & W_PACING) != 0;
	conf->slow_start_idle = conf->hystart = (more & W_RESTART) != 0;
	if (more & W_FASTOPEN)
		conf->fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER |
		    TCP_FASTOPEN_CLIENT_BARE | TCP_FASTOPEN_SERVER_BARE;
	if (more & W_IMPATIENT) {
		conf->keepalive = true;
		conf->keep_idle_ms = conf->keep_intvl_ms = 1000;
		conf->user_timeout_ms = 20000;
		conf->finwait2_us = 1000000;
	}
	if (more & W_HABITS)
		conf->habits = 0x3ff;
}

static void
world_up(struct world *w, uint8_t variant, uint8_t mtu, uint8_t more)
{
	struct env env = fuzz_env();
	struct addr any = { { 0 } };
	uint32_t offload = (variant & V_OFFLOAD) ? PORT_CSUM | PORT_TSO4 : 0;

	w->delay_us = (more & W_LATE) ? 20 * WIRE_US : WIRE_US;
	w->frame_us = (more & W_QUEUE) ? 100 + mtu * 100 : 0;
	env.limits.pkt_small = 1024;
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i];
		struct ip4_prefix a = { IP4(10, 0, 0, (uint8_t)(1 + i)), 24 };

		env.seed[1] = (uint8_t)i;
		s->stk = stack_new(&env, w->now);
		FUZZ_CHECK(s->stk != NULL);
		s->port = mem_port_new(&s->stk->mem, "tun0", false, MAC_ZERO,
		    200 + mtu * 10u, offload);
		FUZZ_CHECK(s->port != NULL);
		FUZZ_CHECK(port_add(s->stk, s->port) == 0);
		FUZZ_CHECK(iface_addr_add(s->stk, s->port->ifp, a,
		    SCOPE_GLOBAL, NULL) == 0);
		conf_set(tcp_conf_stack(s->stk), variant, more);
	}
	FUZZ_CHECK(tcp_listen(w->side[1].stk, &any, 80, 4, NULL, accept_ready,
	    w, &w->listener) == 0);
}

static void
side_write(struct world *w, int i, uint8_t op, uint32_t len)
{
	struct side *s = &w->side[i];
	uint8_t buf[4096];
	int32_t n;

	if (s->c == NULL || s->shut)
		return;
	for (uint32_t k = 0; k < len; k++)
		buf[k] = pattern(i, s->sent + k);
	n = op == OP_URGENT ? tcp_write_urgent(s->stk, s->c, buf, len) :
	    op == OP_RECORD ? tcp_write_record(s->stk, s->c, buf, len) :
	    tcp_write(s->stk, s->c, buf, len);
	if (n > 0)
		s->sent += (uint32_t)n;
}

/* Settings in flight, and what shows them. */
static void
step_more(struct world *w, uint8_t op, uint8_t arg)
{
	struct side *s = &w->side[op & 1];
	struct tcp_status st;
	struct iovec iov[4];

	switch (op & 0xfe) {
	case OP_MTU:
		s->port->mtu = s->port->ifp->mtu = 200 + arg * 10u;
		break;
	case OP_SET:
		if (s->c == NULL || (arg & 31) >= TCPO_COUNT)
			break;
		(void)tcp_set(s->stk, s->c, (enum tcp_opt)(arg & 31),
		    arg >> 5);
		(void)tcp_get(s->c, (enum tcp_opt)(arg & 31));
		break;
	case OP_LOOK:
		for (uint64_t at = 0; tcp_walk(s->stk, &at, &st);)
			FUZZ_CHECK(st.state < TCPS_COUNT);
		if (s->c != NULL && tcp_urgent_left(s->c) > 0)
			FUZZ_CHECK(tcp_events(s->c) & TCP_EV_URGENT);
		break;
	case OP_PEEK:
		if (s->c == NULL || tcp_peek(s->c, iov, 4) == 0)
			break;
		FUZZ_CHECK(tcp_readable(s->c) >= iov[0].iov_len);
		FUZZ_CHECK(*(uint8_t *)iov[0].iov_base ==
		    pattern(!(op & 1), s->received));
		if (arg == 0 || arg > iov[0].iov_len)
			break;
		tcp_consume(s->stk, s->c, arg);
		s->received += arg;
		break;
	}
}

static void
step_app(struct world *w, uint8_t op, uint8_t arg)
{
	struct side *s = &w->side[op & 1];

	if (s->c == NULL)
		return;
	switch (op & 0xfe) {
	case OP_WRITE:
	case OP_RECORD:
	case OP_URGENT:
		side_write(w, op & 1, op & 0xfe, arg * 16u);
		break;
	case OP_SHUTDOWN:
		tcp_shutdown(s->stk, s->c);
		s->shut = true;
		break;
	case OP_CLOSE:
		tcp_close(s->stk, s->c);
		s->c = NULL;
		s->gone = true;
		w->forged = true;	/* may lose what was not read */
		break;
	case OP_STALL:
		s->stalled = !s->stalled;
		side_read(w, s);
		break;
	}
}

static void
step(struct world *w, struct rd *r)
{
	uint8_t op = rd_u8(r), arg = rd_u8(r);

	switch (op >> 4) {
	case 1:
	case 3:
		step_app(w, op, arg);
		break;
	case 2:
		run(w, fuzz_wait_us(arg), 400);
		break;
	case 7:
		step_more(w, op, arg);
		break;
	case 5:
		w->forges = arg % FORGE_MAX;
		for (unsigned i = 0; i < w->forges; i++) {
			w->forge[i].at = rd_u8(r);
			w->forge[i].value = rd_u8(r);
		}
		/* FALLTHROUGH */
	case 4:
	case 6:
		w->op = op;
		w->arg = arg;
		break;
	}
}

/* Everything has had its time: has everything arrived? */
static void
check_end(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		struct side *s = &w->side[i], *o = &w->side[!i];

		if (s->error != 0 || o->error != 0) {
			FUZZ_CHECK(s->error == -ETIMEDOUT || s->error == 0 ||
			    o->error == -ETIMEDOUT ||
			    s->error == -ECONNRESET);
			return;
		}
		if (o->connected)
			FUZZ_CHECK(o->received == s->sent);
	}
}

static void
world_down(struct world *w)
{
	struct flying *n;

	while ((n = w->head) != NULL) {
		w->head = n->next;
		free(n->f);
		free(n);
	}
	for (int i = 0; i < 2; i++) {
		fuzz_stack_check(w->side[i].stk);
		stack_free(w->side[i].stk);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_init(data, size);
	uint8_t variant = rd_u8(&r), mtu = rd_u8(&r), more = rd_u8(&r);
	struct world w = { .op = 0 };
	struct tcp_open o = { .remote = addr_from_ip4(IP4(10, 0, 0, 2)),
	    .rport = 80, .ready = ready, .owner = &w };
	uint8_t first[FIRST_DATA];
	bool done;

	world_up(&w, variant, mtu, more);
	for (uint32_t i = 0; i < FIRST_DATA; i++)
		first[i] = pattern(0, i);
	if (more & W_FASTOPEN) {
		o.data = first;
		w.side[0].sent = o.data_len = FIRST_DATA;
	}
	FUZZ_CHECK(tcp_connect(w.side[0].stk, &o, &w.side[0].c) == 0);
	for (int i = 0; i < STEPS && r.left >= 2; i++)
		step(&w, &r);
	w.op = 0;
	for (int i = 0; i < 2; i++) {
		w.side[i].stalled = false;
		if (w.side[i].c != NULL)
			side_read(&w, &w.side[i]);
	}
	done = run(&w, 1000 * USEC_PER_SEC, 4000);
	if (done && !w.forged)
		check_end(&w);
	world_down(&w);
	return 0;
}
