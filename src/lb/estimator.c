/*
 * estimator.c - statistics back to zero, and rates as IPVS estimates them:
 * every 2 s, avg += (rate - avg) / 4, so a step shows fully after some ten
 * seconds.
 *
 * Averages are scaled (2^10 for counts, 2^5 for bytes) to keep the fraction.
 */
#include <string.h>

#include "lb/service.h"
#include "stack/stack.h"

#define PERIOD_US	(2 * USEC_PER_SEC)
#define COUNT_SHIFT	10
#define BYTES_SHIFT	5

/* One step of an average: count is what came in the last 2 s.  All of it comes
 * from the flow table's memory and may be anything: a quarter of a difference
 * never overflows. */
static uint64_t
step(uint64_t avg, uint64_t count, unsigned shift)
{
	uint64_t rate = count << (shift - 1);

	if (rate >= avg)
		return avg + (rate - avg) / 4;
	/* Down to the next whole one, as IPVS's shift of a negative number. */
	return avg - (avg - rate) / 4 - ((avg - rate) % 4 != 0);
}

static void
estimate(struct lb_tally *t)
{
	const struct lb_stats *s = &t->stats;
	struct lb_estimator *e = &t->est;

	e->cps = step(e->cps, s->conns - e->last.conns, COUNT_SHIFT);
	e->in_pps = step(e->in_pps, s->in_pkts - e->last.in_pkts, COUNT_SHIFT);
	e->out_pps = step(e->out_pps, s->out_pkts - e->last.out_pkts,
	    COUNT_SHIFT);
	e->in_bps = step(e->in_bps, s->in_bytes - e->last.in_bytes,
	    BYTES_SHIFT);
	e->out_bps = step(e->out_bps, s->out_bytes - e->last.out_bytes,
	    BYTES_SHIFT);
	e->last = *s;
}

void
lb_estimator_read(const struct lb_estimator *e, struct lb_rates *out)
{
	const uint64_t count_half = 1u << (COUNT_SHIFT - 1);
	const uint64_t bytes_half = 1u << (BYTES_SHIFT - 1);

	out->cps = (e->cps + count_half) >> COUNT_SHIFT;
	out->in_pps = (e->in_pps + count_half) >> COUNT_SHIFT;
	out->out_pps = (e->out_pps + count_half) >> COUNT_SHIFT;
	out->in_bps = (e->in_bps + bytes_half) >> BYTES_SHIFT;
	out->out_bps = (e->out_bps + bytes_half) >> BYTES_SHIFT;
}

void
lb_estimator_fire(struct stack *stk, struct timer *t)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service *svc;
	struct lb_server *srv;

	estimate(s->tally);
	for (svc = s->first; svc != NULL; svc = svc->next) {
		estimate(svc->tally);
		for (srv = svc->servers; srv != NULL; srv = srv->next)
			estimate(srv->tally);
	}
	timer_set(&stk->timers, t, instant_add(stk->now, PERIOD_US));
}

void
lb_estimator_start(struct stack *stk)
{
	timer_set(&stk->timers, &stk->lb.services.est_timer,
	    instant_add(stk->now, PERIOD_US));
}

static void
zero(struct lb_tally *t)
{
	memset(&t->stats, 0, sizeof(t->stats));
	memset(&t->est, 0, sizeof(t->est));
}

static void
zero_service(struct lb_service *svc)
{
	struct lb_server *srv;

	zero(svc->tally);
	for (srv = svc->servers; srv != NULL; srv = srv->next)
		zero(srv->tally);
}

void
lb_zero(struct stack *stk, struct lb_service *svc)
{
	struct lb_services *s = &stk->lb.services;

	if (svc != NULL) {
		zero_service(svc);
		return;
	}
	for (svc = s->first; svc != NULL; svc = svc->next)
		zero_service(svc);
	zero(s->tally);
}
