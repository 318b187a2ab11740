/*
 * trace.c - traceroute: who stands on the way to a destination?
 *
 * Probe i goes out with TTL first_ttl + i / queries.  By UDP, port + i names
 * it, and ICMP errors bring that back in their quote; by ICMP echo, the
 * sequence number does.  The destination is reached when it answers itself;
 * any "unreachable" ends the way too.  Probes beyond the end are forgotten.
 *
 * One timer: the next probe, or the oldest that waits for an answer.  The
 * owner may stop a trace from inside its function; the memory then goes when
 * the last function of this file that works on it returns.
 */
#include "service/trace.h"

#include <errno.h>
#include <string.h>

#include "icmp/echo.h"
#include "stack/stack.h"
#include "udp/udp.h"

enum probe_state { PROBE_SENT, PROBE_ANSWERED, PROBE_SILENT, PROBE_UNSENT };

struct probe {
	enum probe_state state;
	struct instant sent;
	struct trace_result result;
};

/* Invariant: told <= sent <= end <= count; sent - told <= TRACE_WINDOW. */
struct trace {
	struct timer timer;	/* first: the handler finds us by it */
	struct trace_conf conf;
	struct udp_sock *sock;	/* TRACE_UDP */
	struct icmp_echo *echo;	/* TRACE_ICMP */
	trace_fn *fn;
	void *owner;
	unsigned busy;		/* functions at work on this */
	bool stopped, done;
	bool reached;		/* the destination itself answered */
	uint32_t count;		/* probes at most */
	uint32_t end;		/* probes that matter: the way is no longer */
	uint32_t sent, told;
	struct probe *probe;	/* [count] */
};

static void
leave(struct stack *stk, struct trace *t)
{
	if (--t->busy != 0 || !t->stopped)
		return;
	mem_free(&stk->mem, t->probe, t->count * sizeof(*t->probe));
	mem_free(&stk->mem, t, sizeof(*t));
}

/* No probe with a greater TTL than that of i matters. */
static void
end_at(struct trace *t, uint32_t i)
{
	uint32_t end = (i / t->conf.queries + 1) * t->conf.queries;

	if (end < t->end)
		t->end = end;
	if (t->sent > t->end)
		t->sent = t->end;
}

static int
probe_out(struct stack *stk, struct trace *t, uint32_t i, uint8_t ttl)
{
	static const uint8_t zero[TRACE_SIZE_MAX];

	if (t->conf.mode == TRACE_ICMP)
		return icmp_echo_send(stk, t->echo, &t->conf.dst,
		    (uint16_t)(i + 1), ttl, t->conf.size);
	(void)udp_set(stk, t->sock, UDP_TTL, ttl);
	return udp_send(stk, t->sock, &t->conf.dst,
	    (uint16_t)(t->conf.port + i), zero, t->conf.size, 0);
}

static void
probe_send(struct stack *stk, struct trace *t)
{
	uint32_t i = t->sent++;
	struct probe *p = &t->probe[i];

	*p = (struct probe){ .sent = stk->now };
	p->result.ttl = (uint8_t)(t->conf.first_ttl + i / t->conf.queries);
	p->result.query = (uint8_t)(i % t->conf.queries + 1);
	p->result.error = probe_out(stk, t, i, p->result.ttl);
	if (p->result.error != 0) {
		p->state = PROBE_UNSENT;
		p->result.what = TRACE_UNSENT;
		end_at(t, i);
	}
}

/* Tells in order what is known; false: there is nothing more to wait for. */
static bool
tell_known(struct stack *stk, struct trace *t)
{
	struct trace_result r;

	while (t->told < t->sent && !t->stopped) {
		struct probe *p = &t->probe[t->told];

		if (p->state == PROBE_SENT) {
			if (!instant_reached(stk->now,
			    instant_add(p->sent, t->conf.timeout_us)))
				return true;
			p->state = PROBE_SILENT;
			p->result.what = TRACE_SILENT;
		}
		t->told++;
		r = p->result;
		t->fn(stk, t, &r, t->owner);
	}
	return !t->stopped && t->told < t->end;
}

static void
work(struct stack *stk, struct trace *t)
{
	struct trace_result r = { .what = TRACE_DONE };

	if (t->done)
		return;
	while (tell_known(stk, t)) {
		if (t->sent == t->end || t->sent - t->told == TRACE_WINDOW) {
			timer_set(&stk->timers, &t->timer,
			    instant_add(t->probe[t->told].sent,
			    t->conf.timeout_us));
			return;
		}
		probe_send(stk, t);
	}
	if (t->stopped)
		return;
	timer_cancel(&stk->timers, &t->timer);
	t->done = true;
	r.reached = t->reached;
	t->fn(stk, t, &r, t->owner);
}

static void
timer_fired(struct stack *stk, struct timer *timer)
{
	struct trace *t = (struct trace *)timer;

	t->busy++;
	work(stk, t);
	leave(stk, t);
}

/* Somebody answered probe i. */
static void
answer(struct trace *t, uint32_t i, const struct trace_result *a,
    struct instant when)
{
	struct probe *p;

	if (i >= t->sent || i < t->told ||
	    t->probe[i].state != PROBE_SENT)
		return;
	p = &t->probe[i];
	p->state = PROBE_ANSWERED;
	p->result.what = TRACE_ANSWER;
	p->result.from = a->from;
	p->result.type = a->type;
	p->result.code = a->code;
	p->result.info = a->info;
	p->result.rtt_us = instant_diff(when, p->sent);
	p->result.reached = addr_eq(&a->from, &t->conf.dst) &&
	    a->type != ICMP_TIME_EXCEEDED;
	if (p->result.reached)
		t->reached = true;
	if (a->type != ICMP_TIME_EXCEEDED)
		end_at(t, i);
}

static void
sock_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	struct trace *t = s->owner;
	struct udp_report rep;
	struct udp_from from;

	(void)events;
	t->busy++;
	while (udp_report(s, &rep)) {
		struct trace_result a = { .from = rep.from, .type = rep.type,
		    .code = rep.code, .info = rep.info };

		if (addr_eq(&rep.dst, &t->conf.dst))
			answer(t, (uint16_t)(rep.dport - t->conf.port), &a,
			    rep.when);
	}
	/* A service on the port that was tried answers by a datagram. */
	while (udp_recv(stk, s, NULL, 0, &from) >= 0) {
		struct trace_result a = { .from = from.src };

		if (addr_eq(&from.src, &t->conf.dst))
			answer(t, (uint16_t)(from.sport - t->conf.port), &a,
			    from.when);
	}
	work(stk, t);
	leave(stk, t);
}

static void
echo_ready(struct stack *stk, struct icmp_echo *e)
{
	struct trace *t = e->owner;
	struct icmp_echo_event ev;

	t->busy++;
	while (icmp_echo_next(e, &ev)) {
		struct trace_result a = { .from = ev.from, .type = ev.type,
		    .code = ev.code, .info = ev.info };

		answer(t, (uint16_t)(ev.seq - 1), &a, ev.when);
	}
	work(stk, t);
	leave(stk, t);
}

static int
conf_check(struct stack *stk, const struct trace_conf *c, struct err *err)
{
	char text[ADDR_STRLEN];
	struct addr src;
	uint32_t mtu;
	int r;

	if (c->first_ttl == 0 || c->max_ttl < c->first_ttl)
		return err_set(err, -EINVAL,
		    "first \"%u\": expected 1 to %u, the last TTL",
		    c->first_ttl, c->max_ttl);
	if (c->queries == 0 || c->queries > TRACE_QUERIES_MAX)
		return err_set(err, -EINVAL, "queries \"%u\": expected 1 to %d",
		    c->queries, TRACE_QUERIES_MAX);
	if (c->mode == TRACE_UDP && (c->port == 0 || c->port >
	    UINT16_MAX - UINT8_MAX * TRACE_QUERIES_MAX))
		return err_set(err, -EINVAL, "port \"%u\": expected 1 to %d",
		    c->port, UINT16_MAX - UINT8_MAX * TRACE_QUERIES_MAX);
	if (c->size > TRACE_SIZE_MAX)
		return err_set(err, -EINVAL, "size \"%u\": expected 0 to %d",
		    (unsigned)c->size, TRACE_SIZE_MAX);
	if (c->timeout_us < USEC_PER_MSEC)
		return err_set(err, -EINVAL,
		    "timeout: expected at least 1 millisecond");
	addr_format(&c->dst, text);
	if (!addr_is_ip4(&c->dst) || addr_is_any(&c->dst))
		return err_set(err, -EINVAL,
		    "\"%s\": expected the IPv4 address of a host", text);
	r = ip_path_by(stk, &c->dst, c->ifname, &src, &mtu);
	if (r == -ENODEV)
		return err_set(err, r, "\"%s\": no such interface",
		    c->ifname);
	if (r != 0)
		return err_set(err, r, "\"%s\": no route", text);
	return 0;
}

static int
sock_open(struct stack *stk, struct trace *t)
{
	const struct trace_conf *c = &t->conf;
	int r;

	t->sock = udp_open(stk, sock_ready, t);
	if (t->sock == NULL)
		return -ENOMEM;
	if ((r = udp_set(stk, t->sock, UDP_REPORTS, 1)) != 0 ||
	    (r = udp_set(stk, t->sock, UDP_TOS, c->tos)) != 0 ||
	    (r = udp_set(stk, t->sock, UDP_DF, c->df)) != 0 ||
	    (r = udp_bind_iface(stk, t->sock, c->ifname)) != 0 ||
	    (r = udp_bind(stk, t->sock, &c->src, 0)) != 0) {
		udp_close(stk, t->sock);
		return r;
	}
	return 0;
}

static int
echo_open(struct stack *stk, struct trace *t)
{
	struct icmp_echo_conf conf = { .src = t->conf.src,
	    .tos = t->conf.tos, .df = t->conf.df };

	memcpy(conf.ifname, t->conf.ifname, sizeof(conf.ifname));
	return icmp_echo_open(stk, &conf, echo_ready, t, &t->echo);
}

int
trace_start(struct stack *stk, const struct trace_conf *conf, trace_fn *fn,
    void *owner, struct trace **out, struct err *err)
{
	struct trace *t;
	int r;

	if ((r = conf_check(stk, conf, err)) != 0)
		return r;
	t = mem_alloc(&stk->mem, sizeof(*t));
	if (t == NULL)
		return err_set(err, -ENOMEM, "no memory");
	t->conf = *conf;
	t->fn = fn;
	t->owner = owner;
	t->count = (conf->max_ttl - conf->first_ttl + 1u) * conf->queries;
	t->end = t->count;
	t->probe = mem_array(&stk->mem, t->count, sizeof(*t->probe));
	r = -ENOMEM;
	if (t->probe != NULL)
		r = conf->mode == TRACE_ICMP ? echo_open(stk, t) :
		    sock_open(stk, t);
	if (r != 0) {
		mem_free(&stk->mem, t->probe, t->count * sizeof(*t->probe));
		mem_free(&stk->mem, t, sizeof(*t));
		return err_set(err, r, r == -EADDRNOTAVAIL ?
		    "source: not an address of ours" :
		    r == -ENOMEM ? "no memory" : "too many at a time");
	}
	timer_init(&t->timer, timer_fired);
	timer_set(&stk->timers, &t->timer, stk->now);
	*out = t;
	return 0;
}

void
trace_stop(struct stack *stk, struct trace *t)
{
	timer_cancel(&stk->timers, &t->timer);
	if (t->sock != NULL)
		udp_close(stk, t->sock);
	if (t->echo != NULL)
		icmp_echo_close(stk, t->echo);
	t->stopped = true;
	t->busy++;
	leave(stk, t);
}
