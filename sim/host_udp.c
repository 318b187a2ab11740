/*
 * host_udp.c - requests and replies over UDP.
 *
 * A request says which flow and number it is and how long the reply shall be;
 * the reply says which node gave it and whom that node saw ask.  All other
 * bytes are the pattern of host.h.
 */
#include "host.h"

#include <errno.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "stack/stack.h"
#include "udp/udp.h"
#include "util.h"
#include "world.h"

#define MAGIC		0x686f7031u
#define HEADER		40u	/* bytes in front of the pattern */
#define WINDOW		64u	/* requests under way */
#define MESSAGE_MAX	9000u
#define TIMEOUT_US	(5 * USEC_PER_SEC)
#define NODES_MAX	64u	/* that are counted apart */

struct message {
	uint32_t flow, seq;
	uint16_t want;		/* bytes of the reply */
	uint16_t server;	/* node that answers */
	struct addr client;	/* as the server saw it */
	uint16_t cport;
};

static void
message_build(uint8_t *p, uint32_t len, const struct message *m)
{
	struct wr w = wr_init(p, len);

	memset(p, 0, HEADER);
	wr_u32(&w, MAGIC);
	wr_u32(&w, m->flow);
	wr_u32(&w, m->seq);
	wr_u16(&w, m->want);
	wr_u16(&w, m->server);
	wr_copy(&w, m->client.b, 16);
	wr_u16(&w, m->cport);
	for (uint32_t i = HEADER; i < len; i++)
		p[i] = app_pattern(m->flow, m->seq, i);
}

/* False: not a byte of it may be wrong. */
static bool
message_parse(const uint8_t *p, uint32_t len, struct message *m)
{
	struct rd r = rd_init(p, len);

	if (rd_u32(&r) != MAGIC)
		return false;
	m->flow = rd_u32(&r);
	m->seq = rd_u32(&r);
	m->want = rd_u16(&r);
	m->server = rd_u16(&r);
	rd_copy(&r, m->client.b, 16);
	m->cport = rd_u16(&r);
	for (uint32_t i = HEADER; i < len; i++) {
		if (p[i] != app_pattern(m->flow, m->seq, i))
			return false;
	}
	return !r.bad && len >= HEADER;
}

/* ---- server ----------------------------------------------------------- */

struct server {
	struct app app;		/* first */
	struct udp_sock *sock;
	uint16_t port;
};

static void
server_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	struct server *v = s->owner;
	uint8_t buf[MESSAGE_MAX];
	struct udp_from from;
	struct message m;
	ssize_t n;

	(void)events;
	if (app_is_deaf(&v->app))
		return;
	while ((n = udp_recv(stk, s, buf, sizeof(buf), &from)) != -EAGAIN) {
		if (n < 0) {
			v->app.stats.errors++;
			continue;
		}
		if (!message_parse(buf, (uint32_t)n, &m)) {
			world_fail(v->app.node->world, "%s: a request came "
			    "damaged through every checksum",
			    v->app.node->name);
			return;
		}
		m.server = (uint16_t)v->app.node->index;
		m.client = from.src;
		m.cport = from.sport;
		message_build(buf, m.want, &m);
		if (udp_reply(stk, s, &from, buf, m.want) == 0)
			v->app.stats.answered++;
		else
			v->app.stats.errors++;
	}
}

static void
server_start(struct app *a)
{
	struct server *v = (struct server *)a;
	struct stack *stk = node_enter(a->node);
	struct addr any = { { 0 } };

	v->sock = udp_open(stk, server_ready, v);
	if (v->sock == NULL || udp_bind(stk, v->sock, &any, v->port) != 0)
		world_fail(a->node->world, "%s: no socket", a->node->name);
	node_leave(a->node);
}

static void
server_stop(struct app *a)
{
	struct server *v = (struct server *)a;

	udp_close(a->node->stk, v->sock);
	v->sock = NULL;
}

static bool
sock_waits(const struct udp_sock *s)
{
	return s != NULL && (!STAILQ_EMPTY(&s->rx) || s->error != 0);
}

static bool
server_waits_in_vain(const struct app *a)
{
	return sock_waits(((const struct server *)a)->sock);
}

static const struct app_ops server_ops = {
	.kind = "UDP server",
	.start = server_start,
	.stop = server_stop,
	.waits_in_vain = server_waits_in_vain,
};

struct app *
udp_server(struct node *n, uint16_t port)
{
	struct server *v = sim_alloc(sizeof(*v));

	app_init(&v->app, n, &server_ops, NULL);
	v->port = port;
	server_start(&v->app);
	return &v->app;
}

/* ---- client ----------------------------------------------------------- */

struct request {
	uint32_t seq;		/* 0: the place is free */
	struct instant sent;
};

struct client {
	struct app app;		/* first */
	struct udp_client_conf conf;
	struct addr dst, local;
	uint32_t flow, seq;
	struct udp_sock *sock;
	uint32_t on_socket;	/* requests by this socket */
	uint32_t open;		/* requests not yet answered */
	struct request request[WINDOW];
	uint32_t server;	/* that answered on this socket + 1 */
	uint64_t from[NODES_MAX];
};

static void
check_reply(struct client *c, const struct message *m,
    const struct udp_from *from)
{
	struct world *w = c->app.node->world;
	const char *name = c->app.node->name;

	if (m->flow != c->flow || m->seq > c->seq)
		world_fail(w, "%s: a reply to what was never asked", name);
	if (!addr_eq(&from->src, &c->dst) || from->sport != c->conf.port)
		world_fail(w, "%s: a reply from another address", name);
	if (!c->conf.hidden && (m->cport != c->sock->lport ||
	    !addr_eq(&m->client, &from->dst)))
		world_fail(w, "%s: the server saw another client", name);
	if (from->len != c->conf.reply)
		world_fail(w, "%s: a reply of another length", name);
	if (c->server != 0 && c->server != m->server + 1u &&
	    !instant_before(w->now, c->app.strict))
		world_fail(w, "%s: a flow changed its server from %u to %u",
		    name, c->server - 1, m->server);
	c->server = m->server + 1u;
}

static void
reply_take(struct client *c, const struct message *m, uint32_t len)
{
	struct request *r = &c->request[m->seq % WINDOW];

	if (r->seq != m->seq) {
		/* Given up already, or answered once. */
		c->app.stats.duplicates++;
		return;
	}
	r->seq = 0;
	c->open--;
	c->app.stats.answered++;
	c->app.stats.bytes += len;
	if (m->server < NODES_MAX)
		c->from[m->server]++;
}

static void
client_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	struct client *c = s->owner;
	uint8_t buf[MESSAGE_MAX];
	struct udp_from from;
	struct message m;
	ssize_t n;

	(void)events;
	if (app_is_deaf(&c->app))
		return;
	while ((n = udp_recv(stk, s, buf, sizeof(buf), &from)) != -EAGAIN) {
		if (n < 0) {
			c->app.stats.errors++;
			continue;
		}
		if (!message_parse(buf, (uint32_t)n, &m)) {
			world_fail(c->app.node->world, "%s: a reply came "
			    "damaged through every checksum",
			    c->app.node->name);
			return;
		}
		check_reply(c, &m, &from);
		reply_take(c, &m, (uint32_t)n);
	}
}

static void
client_reopen(struct client *c, struct stack *stk)
{
	uint32_t mtu;

	if (c->sock != NULL)
		udp_close(stk, c->sock);
	c->sock = udp_open(stk, client_ready, c);
	c->on_socket = 0;
	c->server = 0;
	if (c->sock == NULL) {
		world_fail(c->app.node->world, "%s: no socket",
		    c->app.node->name);
		return;
	}
	if (ip_path(stk, &c->dst, &c->local, &mtu) != 0 ||
	    udp_connect(stk, c->sock, &c->dst, c->conf.port) != 0) {
		c->app.stats.errors++;
		udp_close(stk, c->sock);
		c->sock = NULL;
	}
}

/* Requests that wait for too long are lost. */
static void
give_up(struct client *c, struct instant now)
{
	for (uint32_t i = 0; i < WINDOW; i++) {
		struct request *r = &c->request[i];

		if (r->seq == 0 ||
		    instant_diff(now, r->sent) < TIMEOUT_US)
			continue;
		r->seq = 0;
		c->open--;
		app_lost(&c->app, r->sent, "a request");
	}
}

static void
send_request(struct client *c, struct stack *stk, struct instant now)
{
	struct request *r = &c->request[(c->seq + 1) % WINDOW];
	uint8_t buf[MESSAGE_MAX];
	struct message m = { .flow = c->flow, .seq = c->seq + 1,
	    .want = (uint16_t)c->conf.reply };

	if (r->seq != 0)	/* the window is full: let time pass */
		return;
	if (c->sock == NULL || (c->conf.per_socket != 0 && c->open == 0 &&
	    c->on_socket >= c->conf.per_socket))
		client_reopen(c, stk);
	if (c->sock == NULL)
		return;
	c->seq++;
	message_build(buf, c->conf.request, &m);
	c->app.stats.sent++;
	if (udp_send(stk, c->sock, NULL, 0, buf, c->conf.request, 0) != 0) {
		c->app.stats.errors++;
		app_lost(&c->app, now, "a request (error)");
		return;
	}
	*r = (struct request){ c->seq, now };
	c->open++;
	c->on_socket++;
}

static void
client_tick(struct world *w, struct event *e)
{
	struct client *c = (struct client *)((char *)e -
	    offsetof(struct client, app.tick));
	struct stack *stk = node_enter(c->app.node);

	give_up(c, w->now);
	if (!c->app.stopped)
		send_request(c, stk, w->now);
	node_leave(c->app.node);
	if (!c->app.stopped || c->open > 0)
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
	if (c->sock != NULL)
		udp_close(a->node->stk, c->sock);
	c->sock = NULL;
	c->open = 0;
	for (uint32_t i = 0; i < WINDOW; i++)
		c->request[i].seq = 0;
}

static bool
client_waits_in_vain(const struct app *a)
{
	return sock_waits(((const struct client *)a)->sock);
}

static const struct app_ops client_ops = {
	.kind = "UDP client",
	.start = client_start,
	.stop = client_stop,
	.waits_in_vain = client_waits_in_vain,
};

struct app *
udp_client(struct node *n, const struct udp_client_conf *conf)
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
udp_client_from(const struct app *a, uint32_t node)
{
	const struct client *c = (const struct client *)a;

	return node < NODES_MAX ? c->from[node] : 0;
}
