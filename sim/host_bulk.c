/*
 * host_bulk.c - one TCP connection that sends as much as it can, and the sink
 * that takes it: for measuring goodput.
 */
#include <errno.h>
#include <stdlib.h>

#include "host.h"
#include "stack/stack.h"
#include "util.h"
#include "world.h"

#define CHUNK 16384u

static void
nothing(struct app *a)
{
	(void)a;
}

/* ---- sink --------------------------------------------------------------- */

struct sink {
	struct app app;		/* first; bytes are what it took */
	struct tcp_listener *listener;
};

static void
sink_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct sink *s = owner;
	uint8_t buf[CHUNK];
	int32_t n;

	while ((n = tcp_read(stk, c, buf, sizeof(buf))) > 0) {
		for (int32_t i = 0; i < n; i++) {
			if (buf[i] != app_pattern(0, 0,
			    (uint32_t)(s->app.stats.bytes + (uint32_t)i)))
				world_fail(s->app.node->world,
				    "%s: wrong bytes in a stream",
				    s->app.node->name);
		}
		s->app.stats.bytes += (uint32_t)n;
	}
	if (n != -EAGAIN)
		tcp_close(stk, c);
}

static void
sink_accept(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct tcp_conn *c;

	while ((c = tcp_accept(stk, l)) != NULL) {
		tcp_set_owner(stk, c, sink_ready, owner);
		sink_ready(stk, c, owner);
	}
}

static const struct app_ops sink_ops = {
	.kind = "TCP sink",
	.start = nothing,
	.stop = nothing,
};

struct app *
bulk_sink(struct node *n, uint16_t port, const struct tcp_conf *conf)
{
	struct sink *s = sim_alloc(sizeof(*s));
	struct stack *stk = node_enter(n);
	struct addr any = { { 0 } };

	app_init(&s->app, n, &sink_ops, NULL);
	if (tcp_listen(stk, &any, port, 16, conf, sink_accept, s,
	    &s->listener) != 0)
		world_fail(n->world, "%s: cannot listen", n->name);
	node_leave(n);
	return &s->app;
}

/* ---- source ------------------------------------------------------------- */

struct source {
	struct app app;		/* first; bytes are what it wrote */
	struct tcp_conn *conn;
};

static void
source_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct source *s = owner;
	uint8_t buf[CHUNK];
	int32_t n;

	if (tcp_error(c) != 0) {
		world_fail(s->app.node->world, "%s: the transfer died",
		    s->app.node->name);
		return;
	}
	do {
		for (uint32_t i = 0; i < sizeof(buf); i++)
			buf[i] = app_pattern(0, 0,
			    (uint32_t)s->app.stats.bytes + i);
		n = tcp_write(stk, c, buf, sizeof(buf));
		if (n > 0)
			s->app.stats.bytes += (uint32_t)n;
	} while (n > 0);
}

static bool
source_waits_in_vain(const struct app *a)
{
	const struct source *s = (const struct source *)a;

	return s->conn != NULL && (tcp_events(s->conn) & TCP_EV_WRITABLE) != 0;
}

static const struct app_ops source_ops = {
	.kind = "TCP source",
	.start = nothing,
	.stop = nothing,
	.waits_in_vain = source_waits_in_vain,
};

struct app *
bulk_source(struct node *n, const char *dst, uint16_t port,
    const struct tcp_conf *conf)
{
	struct source *s = sim_alloc(sizeof(*s));
	struct stack *stk = node_enter(n);
	struct tcp_open open = { .rport = port, .conf = conf,
	    .ready = source_ready, .owner = s };

	app_init(&s->app, n, &source_ops, NULL);
	if (addr_parse(dst, &open.remote) != 0 ||
	    tcp_connect(stk, &open, &s->conn) != 0)
		world_fail(n->world, "%s: no way to %s", n->name, dst);
	node_leave(n);
	return &s->app;
}
