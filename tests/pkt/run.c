/*
 * run.c - time and events: one stack, one memory port that speaks bare IP.
 *
 * The stack is 192.0.2.2, the script's peer 192.0.2.1, both on one link.
 */
#include "pkt/run_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BASE_US 1000000		/* the script's 0 */
#define ANY_TIME_MAX_US (INT64_C(10800) * 1000000)

int
run_fail(struct run *r, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(r->err, r->err_len, "line %d: ", r->line);

	va_start(ap, fmt);
	vsnprintf(r->err + n, r->err_len - (unsigned)n, fmt, ap);
	va_end(ap);
	return -1;
}

static void
collect(struct run *r)
{
	struct mem_frame *f;

	while ((f = mem_port_take(r->port)) != NULL) {
		struct seen *s = calloc(1, sizeof(*s));

		s->us = r->stk->now.us;
		s->f = f;
		*r->out_tail = s;
		r->out_tail = &s->next;
	}
}

void
run_poll(struct run *r)
{
	stack_poll(r->stk, r->stk->now);
	collect(r);
}

/* To us, stopping early when a packet comes out, if that is wanted. */
static void
advance(struct run *r, int64_t us, bool stop_at_packet)
{
	for (int turns = 0; turns < 1000000; turns++) {
		struct instant due = stack_next_deadline(r->stk);

		if (stop_at_packet && r->out != NULL)
			return;
		if (due.us > us)
			break;
		if (due.us < r->stk->now.us)
			due = r->stk->now;
		stack_poll(r->stk, due);
		collect(r);
	}
	stack_poll(r->stk, instant_from_us(us));
	collect(r);
}

static int
expect_packet(struct run *r, const struct script_event *e, int64_t at_us)
{
	int64_t until = e->any_time ? r->stk->now.us + ANY_TIME_MAX_US :
	    at_us + r->tolerance_us;
	struct seen *s;
	int ret;

	advance(r, until < r->stk->now.us ? r->stk->now.us : until, true);
	s = r->out;
	if (s == NULL)
		return run_fail(r, "no packet came");
	r->out = s->next;
	if (r->out == NULL)
		r->out_tail = &r->out;
	if (!e->any_time && llabs(s->us - at_us) > r->tolerance_us)
		ret = run_fail(r, "packet at %.6f, expected at %.6f",
		    (double)(s->us - r->base_us) / 1e6,
		    (double)(at_us - r->base_us) / 1e6);
	else
		ret = run_compare(r, &e->packet, s->f);
	r->prev_us = e->any_time ? s->us : at_us;
	mem_port_free(r->port, s->f);
	free(s);
	return ret;
}

static int
event(struct run *r, const struct script_event *e)
{
	int64_t at = (e->relative || e->any_time ? r->prev_us : r->base_us) +
	    e->at_us;
	int ret = 0;

	r->line = e->line;
	if (e->kind == EV_OUT)
		return expect_packet(r, e, at);
	if (at > r->stk->now.us)
		advance(r, at, false);
	else
		run_poll(r);
	r->prev_us = at;
	switch (e->kind) {
	case EV_CALL:
		if (e->blocks) {
			if (run_call_begin(r, &e->call) != 0)
				return -1;
			run_poll(r);
			advance(r, r->base_us + e->until_us, false);
		}
		ret = run_call(r, &e->call);
		break;
	case EV_IN:
		ret = run_inject(r, &e->packet);
		break;
	case EV_ICMP:
		ret = run_icmp(r, &e->icmp);
		break;
	case EV_ASSERT:
		ret = run_assert(r, &e->check);
		break;
	case EV_OUT:
		break;
	}
	run_poll(r);
	return ret;
}

static int
setup(struct run *r, const struct script *s)
{
	struct env env = { .seed = { 42 }, .limits = LIMITS_DEFAULT };
	struct ip4_prefix a = { IP4(192, 0, 2, 2), 24 };

	env.limits.pkt_small = 4096;
	env.limits.pkt_large = 64;
	env.limits.lb_flows = 4096;
	env.limits.tcp_syn_queue = run_setting_u32(s, "syn_queue", 1024);
	r->stk = stack_new(&env, instant_from_us(0));
	if (r->stk == NULL)
		return run_fail(r, "no stack");
	r->port = mem_port_new(&r->stk->mem, "tun0", false, MAC_ZERO,
	    run_setting_u32(s, "mtu", 1500), 0);
	if (r->port == NULL || port_add(r->stk, r->port) != 0 ||
	    iface_addr_add(r->stk, r->port->ifp, a, SCOPE_GLOBAL, NULL) != 0)
		return run_fail(r, "no port");
	/* What an interface says when it comes up is no concern of TCP. */
	advance(r, BASE_US, false);
	for (struct seen *n; (n = r->out) != NULL; free(n)) {
		r->out = n->next;
		mem_port_free(r->port, n->f);
	}
	r->out_tail = &r->out;
	r->base_us = r->prev_us = BASE_US;
	for (const struct script_setting *k = s->settings; k != NULL;
	    k = k->next) {
		if (run_setting(r, k) != 0)
			return -1;
	}
	return 0;
}

static void
teardown(struct run *r)
{
	struct seen *s;

	while ((s = r->out) != NULL) {
		r->out = s->next;
		mem_port_free(r->port, s->f);
		free(s);
	}
	if (r->stk != NULL)
		stack_free(r->stk);
}

int
run_script(const struct script *s, char *err, unsigned err_len)
{
	struct run r = { .err = err, .err_len = err_len, .last_fd = -1,
	    .lport = LOCAL_PORT, .rport = REMOTE_PORT,
	    .tolerance_us = run_setting_u32(s, "tolerance_usecs", 0) };
	int ret;

	r.out_tail = &r.out;
	ret = setup(&r, s);
	for (const struct script_event *e = s->events; e != NULL && ret == 0;
	    e = e->next)
		ret = event(&r, e);
	if (ret == 0 && r.out != NULL) {
		ret = run_fail(&r, "a packet that nobody expected");
	}
	teardown(&r);
	return ret;
}
