/*
 * host.c - what all scripts share, and pings.
 */
#include "host.h"

#include <stdlib.h>

#include "icmp/ping.h"
#include "stack/stack.h"
#include "util.h"
#include "world.h"

void
app_init(struct app *a, struct node *n, const struct app_ops *ops,
    event_fn *tick)
{
	struct app **tail = &n->apps;

	a->node = n;
	a->ops = ops;
	a->strict = INSTANT_NEVER;
	event_init(&a->tick, tick);
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = a;
}

bool
app_is_deaf(struct app *a)
{
	return a->deaf != 0 && ++a->calls % a->deaf == 0;
}

void
app_tick(struct app *a, struct instant at)
{
	event_set(&a->node->world->events, &a->tick, at);
}

void
app_lost(struct app *a, struct instant sent, const char *what)
{
	a->stats.lost++;
	if (!instant_before(sent, a->strict))
		world_fail(a->node->world, "%s: %s of %s was not answered "
		    "(sent at %lld us)", a->node->name, what, a->ops->kind,
		    (long long)sent.us);
}

void
world_strict(struct world *w, struct instant from)
{
	for (uint32_t i = 0; i < w->node_count; i++) {
		for (struct app *a = w->nodes[i]->apps; a != NULL; a = a->next)
			a->strict = from;
	}
}

void
world_hush(struct world *w)
{
	for (uint32_t i = 0; i < w->node_count; i++) {
		for (struct app *a = w->nodes[i]->apps; a != NULL; a = a->next)
			a->stopped = true;
	}
}

void
world_app_stats(const struct world *w, struct app_stats *sum)
{
	*sum = (struct app_stats){ 0 };
	for (uint32_t i = 0; i < w->node_count; i++) {
		for (struct app *a = w->nodes[i]->apps; a != NULL;
		    a = a->next) {
			sum->sent += a->stats.sent;
			sum->answered += a->stats.answered;
			sum->lost += a->stats.lost;
			sum->late += a->stats.late;
			sum->duplicates += a->stats.duplicates;
			sum->errors += a->stats.errors;
			sum->bytes += a->stats.bytes;
		}
	}
}

/* ---- ping ------------------------------------------------------------- */

struct pinger {
	struct app app;		/* first */
	struct ping_conf conf;
	struct ping *ping;
	struct instant began;
};

static void
ping_result(struct stack *stk, struct ping *p, const struct ping_result *r,
    void *owner)
{
	struct pinger *g = owner;
	struct app *a = &g->app;
	struct instant sent = instant_add(g->began,
	    (int64_t)(r->seq - 1) * g->conf.interval_us);

	(void)p;
	switch (r->what) {
	case PING_REPLY:
		a->stats.sent++;
		a->stats.answered++;
		a->stats.bytes += r->bytes;
		if (r->rtt_us < 0 || !addr_eq(&r->from, &g->conf.dst) ||
		    r->bytes != g->conf.size + ICMP_HLEN)
			world_fail(a->node->world, "%s: a wrong ping reply",
			    a->node->name);
		break;
	case PING_DUPLICATE:
		a->stats.duplicates++;
		break;
	case PING_LOST:
		a->stats.sent++;
		app_lost(a, sent, "a request");
		break;
	case PING_ERROR:
	case PING_UNSENT:
		a->stats.errors++;
		if (!instant_before(sent, a->strict))
			app_lost(a, sent, "a request (error)");
		break;
	case PING_DONE:
		break;
	}
	if (a->stopped && g->ping != NULL) {
		ping_stop(stk, g->ping);
		g->ping = NULL;
	}
}

static void
pinger_tick(struct world *w, struct event *e)
{
	struct pinger *g = (struct pinger *)((char *)e -
	    offsetof(struct pinger, app.tick));
	struct stack *stk;

	if (g->app.stopped)
		return;
	stk = node_enter(g->app.node);
	g->began = w->now;
	if (ping_start(stk, &g->conf, ping_result, g, &g->ping, NULL) != 0) {
		g->ping = NULL;
		g->app.stats.errors++;
		app_tick(&g->app, instant_add(w->now, g->conf.interval_us));
	}
	node_leave(g->app.node);
}

static void
pinger_start(struct app *a)
{
	app_tick(a, a->node->world->now);
}

static void
pinger_stop(struct app *a)
{
	struct pinger *g = (struct pinger *)a;

	event_cancel(&a->node->world->events, &a->tick);
	if (g->ping != NULL)
		ping_stop(a->node->stk, g->ping);
	g->ping = NULL;
}

static const struct app_ops pinger_ops = {
	.kind = "ping",
	.start = pinger_start,
	.stop = pinger_stop,
};

struct app *
ping_client(struct node *n, const char *dst, int64_t interval_us,
    uint32_t size)
{
	struct pinger *g = sim_alloc(sizeof(*g));

	app_init(&g->app, n, &pinger_ops, pinger_tick);
	g->conf = (struct ping_conf)PING_CONF_DEFAULT;
	g->conf.interval_us = interval_us;
	g->conf.size = size;
	if (addr_parse(dst, &g->conf.dst) != 0)
		world_fail(n->world, "\"%s\": not an address", dst);
	pinger_start(&g->app);
	return &g->app;
}
