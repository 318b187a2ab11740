/*
 * ping.c - echo requests at an interval, matched with what comes back.
 *
 * One timer drives a ping: it fires for the next request or for the oldest one
 * without an answer, whichever is first.  A ring remembers when each of the
 * last PING_WINDOW requests was sent.  Texts are for whoever shows results.
 *
 * The owner may stop a ping from inside its function; the memory then goes
 * when the last function of this file that works on it returns.
 */
#include "icmp/ping.h"

#include <errno.h>
#include <string.h>

#include "stack/stack.h"

enum slot_state { SLOT_UNSENT, SLOT_SENT, SLOT_LOST, SLOT_CLOSED };

struct slot {
	struct instant sent;
	enum slot_state state;	/* CLOSED: answered, or an error came */
};

/* Invariant: oldest <= next <= oldest + PING_WINDOW. */
struct ping {
	struct timer timer;		/* first: the handler finds us by it */
	struct ping_conf conf;
	struct icmp_echo *echo;
	ping_fn *fn;
	void *owner;
	uint32_t next;			/* request to send next, from 1 */
	uint32_t oldest;		/* all before are answered or lost */
	struct instant next_at;		/* when to send it */
	struct instant began;
	unsigned busy;			/* functions at work on this */
	bool stopped, done;
	uint32_t sent, received, duplicates, errors;
	int64_t min_us, max_us, sum_us;
	uint64_t sum_sq;		/* of rtt_us */
	struct slot slot[PING_WINDOW];	/* by seq % PING_WINDOW */
};

static struct slot *
slot_of(struct ping *p, uint32_t seq)
{
	return &p->slot[seq % PING_WINDOW];
}

/* The last thing of its caller, or nearly: p->stopped may be true after. */
static void
tell(struct stack *stk, struct ping *p, const struct ping_result *r)
{
	if (!p->stopped)
		p->fn(stk, p, r, p->owner);
}

static void
leave(struct stack *stk, struct ping *p)
{
	if (--p->busy == 0 && p->stopped)
		mem_free(&stk->mem, p, sizeof(*p));
}

static bool
all_sent(const struct ping *p)
{
	return p->conf.count != 0 && p->next > p->conf.count;
}

/* Gives up those that waited too long, in order. */
static void
expire(struct stack *stk, struct ping *p)
{
	while (p->oldest < p->next && !p->stopped) {
		struct slot *s = slot_of(p, p->oldest);

		if (s->state == SLOT_SENT) {
			struct ping_result r = { .what = PING_LOST,
			    .seq = p->oldest };

			if (!instant_reached(stk->now,
			    instant_add(s->sent, p->conf.timeout_us)))
				return;
			s->state = SLOT_LOST;
			p->oldest++;
			tell(stk, p, &r);
		} else {
			p->oldest++;
		}
	}
}

static void
request_send(struct stack *stk, struct ping *p)
{
	struct ping_result r = { .what = PING_UNSENT, .seq = p->next };
	struct slot *s = slot_of(p, p->next);

	s->sent = stk->now;
	s->state = SLOT_SENT;
	p->sent++;
	p->next_at = instant_add(p->next_at, p->conf.interval_us);
	if (instant_before(p->next_at, stk->now))
		p->next_at = instant_add(stk->now, p->conf.interval_us);
	r.error = icmp_echo_send(stk, p->echo, &p->conf.dst,
	    (uint16_t)p->next, 0, p->conf.size);
	p->next++;
	if (r.error != 0) {
		s->state = SLOT_CLOSED;
		p->errors++;
		tell(stk, p, &r);
	}
}

/* When there is something to do again. */
static struct instant
due(struct ping *p)
{
	struct instant t = INSTANT_NEVER;

	if (!all_sent(p) && p->next - p->oldest < PING_WINDOW)
		t = p->next_at;
	if (p->oldest < p->next)
		t = instant_min(t, instant_add(slot_of(p, p->oldest)->sent,
		    p->conf.timeout_us));
	return t;
}

/* Does what is due, and sets the timer for the rest. */
static void
work(struct stack *stk, struct ping *p)
{
	struct ping_result r = { .what = PING_DONE };

	expire(stk, p);
	if (!p->stopped && !all_sent(p) &&
	    p->next - p->oldest < PING_WINDOW &&
	    instant_reached(stk->now, p->next_at)) {
		request_send(stk, p);
		expire(stk, p);
	}
	if (p->stopped || p->done)
		return;
	if (all_sent(p) && p->oldest == p->next) {
		p->done = true;
		tell(stk, p, &r);
		return;
	}
	timer_set(&stk->timers, &p->timer, due(p));
}

static void
timer_fired(struct stack *stk, struct timer *t)
{
	struct ping *p = (struct ping *)t;

	p->busy++;
	work(stk, p);
	leave(stk, p);
}

static void
reply_count(struct ping *p, int64_t rtt_us)
{
	if (p->received == 0 || rtt_us < p->min_us)
		p->min_us = rtt_us;
	if (rtt_us > p->max_us)
		p->max_us = rtt_us;
	p->sum_us += rtt_us;
	p->sum_sq += (uint64_t)rtt_us * (uint64_t)rtt_us;
	p->received++;
}

/* One event of the session, about a request that the ring still knows. */
static void
event(struct stack *stk, struct ping *p, const struct icmp_echo_event *ev)
{
	uint32_t back = (uint16_t)(p->next - ev->seq);	/* how long ago */
	struct ping_result r = { .from = ev->from, .bytes = ev->len,
	    .ttl = ev->ttl, .type = ev->type, .code = ev->code,
	    .info = ev->info };
	struct slot *s;

	if (back == 0 || back > PING_WINDOW || back >= p->next)
		return;
	r.seq = p->next - back;
	s = slot_of(p, r.seq);
	r.rtt_us = instant_diff(ev->when, s->sent);
	if (ev->type != ICMP_ECHO_REPLY) {
		r.what = PING_ERROR;
		p->errors++;
	} else if (s->state == SLOT_CLOSED) {
		r.what = PING_DUPLICATE;
		p->duplicates++;
	} else {
		r.what = PING_REPLY;
		reply_count(p, r.rtt_us);
	}
	s->state = SLOT_CLOSED;
	tell(stk, p, &r);
}

static void
echo_ready(struct stack *stk, struct icmp_echo *e)
{
	struct ping *p = e->owner;
	struct icmp_echo_event ev;

	p->busy++;
	while (!p->stopped && icmp_echo_next(e, &ev))
		event(stk, p, &ev);
	if (!p->stopped)
		work(stk, p);
	leave(stk, p);
}

static int
conf_check(struct stack *stk, const struct ping_conf *c, struct err *err)
{
	char text[ADDR_STRLEN];
	struct addr src;
	uint32_t mtu;
	int r;

	if (c->interval_us < PING_INTERVAL_MIN_US)
		return err_set(err, -EINVAL,
		    "interval: expected at least 1 millisecond");
	if (c->timeout_us < PING_INTERVAL_MIN_US)
		return err_set(err, -EINVAL,
		    "timeout: expected at least 1 millisecond");
	if (c->size > ICMP_ECHO_DATA_MAX)
		return err_set(err, -EINVAL, "size \"%u\": expected 0 to %d",
		    (unsigned)c->size, ICMP_ECHO_DATA_MAX);
	addr_format(&c->dst, text);
	if (!addr_is_ip4(&c->dst) || addr_is_any(&c->dst))
		return err_set(err, -EINVAL,
		    "\"%s\": expected the IPv4 address of a host", text);
	r = ip_path_by(stk, &c->dst, c->echo.ifname, &src, &mtu);
	if (r == -ENODEV)
		return err_set(err, r, "\"%s\": no such interface",
		    c->echo.ifname);
	if (r != 0)
		return err_set(err, r, "\"%s\": no route", text);
	if (ip_addr_kind(stk, &c->dst) == IP_ADDR_BROADCAST &&
	    !c->echo.broadcast)
		return err_set(err, -EACCES,
		    "\"%s\": a broadcast address, which needs \"broadcast\"",
		    text);
	return 0;
}

int
ping_start(struct stack *stk, const struct ping_conf *conf, ping_fn *fn,
    void *owner, struct ping **out, struct err *err)
{
	struct ping *p;
	int r;

	if ((r = conf_check(stk, conf, err)) != 0)
		return r;
	p = mem_alloc(&stk->mem, sizeof(*p));
	if (p == NULL)
		return err_set(err, -ENOMEM, "no memory");
	r = icmp_echo_open(stk, &conf->echo, echo_ready, p, &p->echo);
	if (r != 0) {
		mem_free(&stk->mem, p, sizeof(*p));
		return err_set(err, r, r == -EADDRNOTAVAIL ?
		    "source: not an address of ours" :
		    r == -ENOSPC ? "too many pings" : "no memory");
	}
	p->conf = *conf;
	p->fn = fn;
	p->owner = owner;
	p->next = p->oldest = 1;
	p->began = p->next_at = stk->now;
	timer_init(&p->timer, timer_fired);
	timer_set(&stk->timers, &p->timer, stk->now);
	*out = p;
	return 0;
}

void
ping_stop(struct stack *stk, struct ping *p)
{
	timer_cancel(&stk->timers, &p->timer);
	icmp_echo_close(stk, p->echo);
	p->stopped = true;
	if (p->busy == 0)
		mem_free(&stk->mem, p, sizeof(*p));
}

/* The largest r with r * r <= n. */
static uint64_t
root(uint64_t n)
{
	uint64_t r = 0;

	for (uint64_t bit = UINT64_C(1) << 31; bit != 0; bit >>= 1) {
		if ((r | bit) * (r | bit) <= n)
			r |= bit;
	}
	return r;
}

void
ping_stats(const struct stack *stk, const struct ping *p,
    struct ping_stats *out)
{
	uint64_t n = p->received, avg;

	*out = (struct ping_stats){ .sent = p->sent, .received = p->received,
	    .duplicates = p->duplicates, .errors = p->errors,
	    .elapsed_us = instant_diff(stk->now, p->began) };
	if (n == 0)
		return;
	avg = (uint64_t)p->sum_us / n;
	out->min_us = p->min_us;
	out->max_us = p->max_us;
	out->avg_us = (int64_t)avg;
	if (p->sum_sq / n > avg * avg)
		out->mdev_us = (int64_t)root(p->sum_sq / n - avg * avg);
}
