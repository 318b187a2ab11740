/*
 * stack.c - making, driving and freeing a stack.
 *
 * Layers come up from the bottom and go down from the top.  A layer's _fini
 * is right on a zeroed state too, so one way down serves a half-made stack.
 */
#include "stack/stack.h"

#include <assert.h>
#include <stdlib.h>

/* The stack itself lives outside stk->mem, which it contains. */
static struct stack *
stack_alloc(void)
{
	return calloc(1, sizeof(struct stack));
}

static int
layers_init(struct stack *stk, const struct env *env)
{
	int r;

	if ((r = arp_init(stk)) != 0)
		return r;
	if ((r = ip_init(stk)) != 0)
		return r;
	if ((r = icmp_init(stk)) != 0)
		return r;
	if ((r = udp_init(stk)) != 0)
		return r;
	if ((r = tcp_init(stk)) != 0)
		return r;
	return lb_init(stk, env->flow_mem, env->flow_mem_len);
}

struct stack *
stack_new(const struct env *env, struct instant now)
{
	struct stack *stk = stack_alloc();

	if (stk == NULL)
		return NULL;
	stk->now = now;
	stk->wall_offset_us = env->wall_offset_us;
	stk->limits = env->limits;
	stk->service.http.files = env->files;
	stk->mem.fail_at = env->mem_fail_at;
	stk->log = env->log;
	stk->log.budget = env->limits.log_per_sec;
	stk->log_refill = instant_add(now, USEC_PER_SEC);
	rng_init(&stk->rng, env->seed);
	timers_init(&stk->timers, now);
	pkt_pool_init(&stk->pool, &stk->mem, env->limits.pkt_small,
	    env->limits.pkt_large);
	if (layers_init(stk, env) != 0) {
		stack_free(stk);
		return NULL;
	}
	return stk;
}

void
stack_free(struct stack *stk)
{
	service_fini(stk);
	lb_fini(stk);
	tcp_fini(stk);
	udp_fini(stk);
	while (stk->ports != NULL)
		port_del(stk, stk->ports);
	ipip_fini(stk);
	icmp_fini(stk);
	ip_fini(stk);
	arp_fini(stk);
	pkt_pool_fini(&stk->pool);
	assert(stk->timers.count == 0);
	assert(stk->mem.live == 0);
	free(stk);
}

void
stack_poll(struct stack *stk, struct instant now)
{
	assert(!instant_before(now, stk->now));
	stk->now = now;
	if (instant_reached(now, stk->log_refill)) {
		stk->log.budget = stk->limits.log_per_sec;
		stk->log_refill = instant_add(now, USEC_PER_SEC);
	}
	for (struct port *p = stk->ports; p != NULL; p = p->next) {
		if (p->readable)
			port_read(stk, p);
	}
	timers_run(&stk->timers, stk, now);
	gro_flush(stk, &stk->ip.gro);	/* what a timer brought in */
	icmp_poll(stk);
	udp_poll(stk);
	tcp_poll(stk);
}

struct instant
stack_next_deadline(const struct stack *stk)
{
	for (const struct port *p = stk->ports; p != NULL; p = p->next) {
		if (p->readable)
			return stk->now;
	}
	if (icmp_pending(stk) || udp_pending(stk))
		return stk->now;
	return timers_next(&stk->timers);
}
