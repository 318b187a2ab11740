/*
 * host_tcp.c - requests and replies over TCP connections.
 *
 * Whatever happens to the network, a connection delivers the right bytes or
 * none, all from one server.  What may happen only while the network is
 * broken: that it is refused, reset, or gets stuck for longer than a person
 * would wait.
 */
#include <errno.h>
#include <stdlib.h>

#include "host.h"
#include "stack/stack.h"
#include "stream.h"
#include "tcp/tcp.h"
#include "util.h"
#include "world.h"

#define PATIENCE_US	(12 * USEC_PER_SEC)	/* for one answer */
#define BACKLOG		128u
#define NODES_MAX	64u

/* ---- server ------------------------------------------------------------- */

struct served {
	struct served *next, **link;
	struct server *server;
	struct tcp_conn *conn;
	struct stream_in in;
	struct stream_out out;
	bool answering;
};

struct server {
	struct app app;		/* first */
	struct tcp_listener *listener;
	struct served *all;
	uint16_t port;
};

static void
served_end(struct stack *stk, struct tcp_conn *c, struct served *s)
{
	*s->link = s->next;
	if (s->next != NULL)
		s->next->link = s->link;
	free(s);
	tcp_close(stk, c);
}

/* One request after the other: what has come in, what can go out. */
static void
served_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct served *s = owner;
	struct app *a = &s->server->app;

	if (app_is_deaf(a))
		return;
	for (;;) {
		if (s->answering && !stream_write(stk, c, &s->out)) {
			if (tcp_error(c) != 0)
				served_end(stk, c, s);
			return;
		}
		a->stats.answered += s->answering;
		s->answering = false;
		switch (stream_read(a->node, c, &s->in)) {
		case STREAM_MORE:
			return;
		case STREAM_MESSAGE:
			s->out = (struct stream_out){ .msg = {
			    s->in.msg.flow, s->in.msg.seq, s->in.msg.want, 0,
			    a->node->index } };
			s->answering = true;
			break;
		case STREAM_END:
		case STREAM_DEAD:
			served_end(stk, c, s);
			return;
		}
	}
}

static void
server_accept(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct server *v = owner;
	struct tcp_conn *c;

	while ((c = tcp_accept(stk, l)) != NULL) {
		struct served *s = sim_alloc(sizeof(*s));

		s->server = v;
		s->conn = c;
		s->next = v->all;
		s->link = &v->all;
		if (s->next != NULL)
			s->next->link = &s->next;
		v->all = s;
		tcp_set_owner(stk, c, served_ready, s);
		served_ready(stk, c, s);
	}
}

static void
server_start(struct app *a)
{
	struct server *v = (struct server *)a;
	struct stack *stk = node_enter(a->node);
	struct addr any = { { 0 } };

	if (tcp_listen(stk, &any, v->port, BACKLOG, NULL, server_accept, v,
	    &v->listener) != 0)
		world_fail(a->node->world, "%s: cannot listen",
		    a->node->name);
	node_leave(a->node);
}

/* The node dies without a word, its connections with it. */
static void
server_stop(struct app *a)
{
	struct server *v = (struct server *)a;
	struct served *s;

	while ((s = v->all) != NULL) {
		v->all = s->next;
		free(s);
	}
	v->listener = NULL;
}

static bool
server_waits_in_vain(const struct app *a)
{
	const struct server *v = (const struct server *)a;

	for (const struct served *s = v->all; s != NULL; s = s->next) {
		if (stream_idles(s->conn, s->answering ? &s->out : NULL,
		    !s->answering))
			return true;
	}
	return false;
}

static const struct app_ops server_ops = {
	.kind = "TCP server",
	.start = server_start,
	.stop = server_stop,
	.waits_in_vain = server_waits_in_vain,
};

struct app *
tcp_server(struct node *n, uint16_t port)
{
	struct server *v = sim_alloc(sizeof(*v));

	app_init(&v->app, n, &server_ops, NULL);
	v->port = port;
	server_start(&v->app);
	return &v->app;
}

/* ---- client ------------------------------------------------------------- */

struct client {
	struct app app;		/* first */
	struct tcp_client_conf conf;
	struct addr dst;
	uint32_t flow, seq;
	struct tcp_conn *conn;	/* NULL: between two */
	struct instant next;	/* when to open it */
	struct instant asked;	/* since when an answer, or the end, is due */
	uint32_t left;		/* requests on this connection */
	struct stream_in in;
	struct stream_out out;
	uint32_t server;	/* that answered on this connection + 1 */
	uint64_t from[NODES_MAX];
};

static void
client_end(struct client *c, struct stack *stk, const char *lost)
{
	struct world *w = c->app.node->world;

	if (lost != NULL) {
		c->app.stats.errors++;
		app_lost(&c->app, c->asked, lost);
		tcp_abort(stk, c->conn);
	} else {
		tcp_close(stk, c->conn);
	}
	c->conn = NULL;
	c->next = instant_add(w->now, c->conf.interval_us);
}

static void
ask(struct client *c)
{
	c->out = (struct stream_out){ .msg = { c->flow, ++c->seq,
	    c->conf.request, c->conf.reply, 0 } };
	c->asked = c->app.node->world->now;
	c->app.stats.sent++;
	c->left--;
}

static void
answered(struct client *c)
{
	const struct stream_msg *m = &c->in.msg;
	struct world *w = c->app.node->world;

	if (m->flow != c->flow || m->seq != c->seq ||
	    m->len != c->conf.reply)
		world_fail(w, "%s: an answer to what was not asked",
		    c->app.node->name);
	if (c->server != 0 && c->server != m->node + 1)
		world_fail(w, "%s: one connection, answers of two servers",
		    c->app.node->name);
	c->server = m->node + 1;
	if (m->node < NODES_MAX)
		c->from[m->node]++;
	c->app.stats.answered++;
	c->app.stats.bytes += m->len;
}

static void
client_ready(struct stack *stk, struct tcp_conn *conn, void *owner)
{
	struct client *c = owner;

	if (app_is_deaf(&c->app))
		return;
	for (;;) {
		if (tcp_error(conn) != 0) {
			client_end(c, stk, "a request (connection died)");
			return;
		}
		(void)stream_write(stk, conn, &c->out);
		switch (stream_read(c->app.node, conn, &c->in)) {
		case STREAM_MORE:
			return;
		case STREAM_MESSAGE:
			answered(c);
			if (c->left > 0) {
				ask(c);
				break;
			}
			tcp_shutdown(stk, conn);
			c->asked = c->app.node->world->now;
			break;
		case STREAM_END:
			client_end(c, stk, c->left > 0 ?
			    "a request (early end)" : NULL);
			return;
		case STREAM_DEAD:
			client_end(c, stk, "a request (connection died)");
			return;
		}
	}
}

static void
client_open(struct client *c, struct stack *stk)
{
	struct tcp_open open = { .remote = c->dst, .rport = c->conf.port,
	    .ready = client_ready, .owner = c };

	c->next = instant_add(c->app.node->world->now, c->conf.interval_us);
	if (tcp_connect(stk, &open, &c->conn) != 0) {
		c->conn = NULL;
		c->app.stats.errors++;
		app_lost(&c->app, c->app.node->world->now,
		    "a request (no way there)");
		return;
	}
	c->left = c->conf.requests;
	c->server = 0;
	c->in = (struct stream_in){ .pos = 0 };
	ask(c);
}

static void
client_tick(struct world *w, struct event *e)
{
	struct client *c = (struct client *)((char *)e -
	    offsetof(struct client, app.tick));
	struct stack *stk = node_enter(c->app.node);

	if (c->conn != NULL && instant_diff(w->now, c->asked) > PATIENCE_US)
		client_end(c, stk, "a request (no patience left)");
	if (c->conn == NULL && !c->app.stopped &&
	    instant_reached(w->now, c->next))
		client_open(c, stk);
	node_leave(c->app.node);
	app_tick(&c->app, instant_add(w->now, c->conf.interval_us));
}

static void
client_start(struct app *a)
{
	app_tick(a, a->node->world->now);
}

static void
client_stop(struct app *a)
{
	struct client *c = (struct client *)a;

	event_cancel(&a->node->world->events, &a->tick);
	c->conn = NULL;
}

static bool
client_waits_in_vain(const struct app *a)
{
	const struct client *c = (const struct client *)a;

	return c->conn != NULL && stream_idles(c->conn, &c->out, true);
}

static const struct app_ops client_ops = {
	.kind = "TCP client",
	.start = client_start,
	.stop = client_stop,
	.waits_in_vain = client_waits_in_vain,
};

struct app *
tcp_client(struct node *n, const struct tcp_client_conf *conf)
{
	struct client *c = sim_alloc(sizeof(*c));

	app_init(&c->app, n, &client_ops, client_tick);
	c->conf = *conf;
	c->flow = rng_u32(&n->world->rng);
	if (addr_parse(conf->dst, &c->dst) != 0)
		world_fail(n->world, "\"%s\": not an address", conf->dst);
	client_start(&c->app);
	return &c->app;
}

uint64_t
tcp_client_from(const struct app *a, uint32_t node)
{
	const struct client *c = (const struct client *)a;

	return node < NODES_MAX ? c->from[node] : 0;
}
