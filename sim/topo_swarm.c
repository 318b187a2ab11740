/*
 * topo_swarm.c - a network that nobody thought of: drawn from the seed, with
 * faults and changes of configuration under load.
 *
 * Routers stand in a tree; each has a switch with hosts.  One router may be a
 * director for the hosts of its own switch.  For DR and TUN it is a leaf, its
 * hosts have the service's address hidden on lo, and one more router leads what
 * they send past the director:
 *
 *	r0 ---+--- r1 --- h1-0 ...
 *	      +--- r2, the director ---+--- h2-0, h2-1 ...
 *	      +--- way ----------------+
 *
 * For the first part of a run something happens every so often: wires break
 * and mend, lose, double, reorder, mark and damage frames, nodes die and come
 * back, servers, routes and settings come and go.  What may never happen is
 * checked all along.  Then all is mended, and after a while every request must
 * be answered again: nothing may be stuck.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/ctl.h"
#include "host.h"
#include "stack/stack.h"
#include "thicket.h"
#include "topo.h"
#include "util.h"

#define ROUTERS_MAX	5u
#define HOSTS_MAX	5u		/* of one router */
#define MENDED_US	(35 * USEC_PER_SEC)
/* Nothing is left of datagrams that never were whole, which a node that began
 * anew may number as its own are: 30 s, and some. */
#define STRICT_US	(MENDED_US + 31 * USEC_PER_SEC)
#define HUSH_US		(80 * USEC_PER_SEC)
#define VIP		"10.99.0.1"
#define NOBODY		UINT32_MAX
#define MAPPED		8080u		/* where the director sends port 80 */

struct swarm {
	struct rng rng;
	uint32_t routers;
	uint32_t parent[ROUTERS_MAX];	/* of router i > 0 */
	uint32_t hosts[ROUTERS_MAX];
	struct node *router[ROUTERS_MAX];
	struct node *host[ROUTERS_MAX][HOSTS_MAX];
	struct node *way;		/* past the director, or NULL ... */
	uint32_t way_to;		/* ... to this router */
	struct wire_conf *good;		/* of each wire, when mended */
	uint32_t director;		/* router, or NOBODY */
	const char *mode;		/* of its services */
	uint32_t links_mtu;
	struct thicket thicket[ROUTERS_MAX];
};

static uint32_t
below(struct swarm *s, uint32_t n)
{
	return rng_below(&s->rng, n);
}

static bool
mode_is(const struct swarm *s, const char *mode)
{
	return s->director != NOBODY && strcmp(s->mode, mode) == 0;
}

/* Do the servers answer past the director? */
static bool
is_one_way(const struct swarm *s)
{
	return mode_is(s, "dr") || mode_is(s, "tun");
}

/* Where a server of the director's listens: only NAT maps ports. */
static uint32_t
server_port(const struct swarm *s, bool udp)
{
	if (udp)
		return 7;
	return is_one_way(s) ? 80 : MAPPED;
}

/* ---- the network ------------------------------------------------------ */

static struct wire_conf
draw_wire(struct swarm *s)
{
	struct wire_conf c = { .delay_us = sim_between(&s->rng, 1, 10000) };

	if (below(s, 2) == 0)
		c.jitter_us = sim_between(&s->rng, 1, 3000);
	if (below(s, 4) == 0) {
		c.rate_bps = (uint64_t)sim_between(&s->rng, 20, 1000) *
		    1000000;
		c.queue_bytes = 1000000;
	}
	return c;
}

/* Does the way from router i to router to go through its child? */
static uint32_t
next_router(const struct swarm *s, uint32_t i, uint32_t to)
{
	uint32_t at = to;

	while (at != 0 && at != i && s->parent[at] != i)
		at = s->parent[at];
	/* Not below i: towards the root. */
	return at == 0 || at == i ? s->parent[i] : at;
}

/* The link between router i > 0 and its parent is 10.9.i.0/30, the parent
 * being .1. */
static void
add_routes(struct swarm *s, uint32_t i)
{
	for (uint32_t to = 0; to < s->routers; to++) {
		uint32_t next;
		char via[32];

		if (to == i)
			continue;
		next = next_router(s, i, to);
		if (i != 0 && next == s->parent[i])
			snprintf(via, sizeof(via), "10.9.%u.1", i);
		else
			snprintf(via, sizeof(via), "10.9.%u.2", next);
		node_must(s->router[i], "route add 10.0.%u.0/24 via %s", to,
		    via);
		if (to == s->director)
			node_must(s->router[i], "route add " VIP "/32 via %s",
			    via);
	}
}

/* A wire of its own kind; some carry super-frames. */
static struct wire *
make_wire(struct world *w, struct swarm *s)
{
	struct wire_conf c = draw_wire(s);
	struct wire *wire = wire_new(w, &c);

	if (below(s, 3) == 0)
		wire->offload = PORT_CSUM | PORT_TSO4 | PORT_USO;
	return wire;
}

static void
build_routers(struct world *w, struct swarm *s)
{
	char name[32];

	for (uint32_t i = 0; i < s->routers; i++) {
		struct wire *up;

		snprintf(name, sizeof(name), "r%u", i);
		s->router[i] = node_new(w, name);
		if (i == s->director)
			s->router[i]->flows = 4096;
		wire_join(make_wire(w, s), s->router[i], "lan");
		if (i == 0)
			continue;
		s->parent[i] = below(s, i);
		snprintf(name, sizeof(name), "down%u", i);
		up = make_wire(w, s);
		wire_join(up, s->router[s->parent[i]], name);
		wire_join(up, s->router[i], "up");
	}
}

/* The servers' gateway, which knows nothing but the next router. */
static void
build_way(struct world *w, struct swarm *s)
{
	struct wire *up = make_wire(w, s);

	s->way = node_new(w, "way");
	s->way_to = below(s, s->director);
	wire_join(s->router[s->director]->ends->wire, s->way, "lan");
	wire_join(up, s->router[s->way_to], "past");
	wire_join(up, s->way, "up");
}

static void
start_way(struct swarm *s)
{
	struct node *to = s->router[s->way_to];

	node_must(to, "port add past acd 0 mtu %u", s->links_mtu);
	node_must(to, "addr add 10.9.100.1/30 dev past");
	topo_start(s->way, "port add lan acd 0\nport add up acd 0 mtu %u\n"
	    "addr add 10.0.%u.254/24 dev lan\naddr add 10.9.100.2/30 dev up\n"
	    "route add default via 10.9.100.1\n", s->links_mtu, s->director);
}

static void
start_routers(struct swarm *s)
{
	for (uint32_t i = 0; i < s->routers; i++) {
		struct node *r = s->router[i];

		topo_start(r, "port add lan acd 0\n"
		    "addr add 10.0.%u.1/24 dev lan\n", i);
		if (i != 0) {
			node_must(r, "port add up acd 0 mtu %u", s->links_mtu);
			node_must(r, "addr add 10.9.%u.2/30 dev up", i);
		}
		for (uint32_t k = i + 1; k < s->routers; k++) {
			if (s->parent[k] != i)
				continue;
			node_must(r, "port add down%u acd 0 mtu %u", k,
			    s->links_mtu);
			node_must(r, "addr add 10.9.%u.1/30 dev down%u", k, k);
		}
	}
	if (s->way != NULL)
		start_way(s);
	for (uint32_t i = 0; i < s->routers; i++) {
		add_routes(s, i);
		if (!thicket_plant(&s->thicket[i], s->router[i], &s->rng))
			world_fail(s->router[i]->world, "%s: a route of a "
			    "thicket was refused", s->router[i]->name);
	}
}

/* The service's address, hidden in one of two ways, and what TUN comes by. */
static void
prepare_server(struct swarm *s, struct node *host)
{
	if (below(s, 2) == 0) {
		node_must(host, "addr add " VIP "/32 dev lo scope host");
	} else {
		node_must(host, "addr add " VIP "/32 dev lo");
		node_must(host, "port set eth0 arp_ignore 1 arp_announce 2");
	}
	if (mode_is(s, "tun"))
		node_must(host, "tunnel add tunl0");
}

static void
build_hosts(struct world *w, struct swarm *s)
{
	char name[32];

	for (uint32_t i = 0; i < s->routers; i++) {
		bool serves = is_one_way(s) && i == s->director;

		for (uint32_t k = 0; k < s->hosts[i]; k++) {
			snprintf(name, sizeof(name), "h%u-%u", i, k);
			s->host[i][k] = node_new(w, name);
			wire_join(s->router[i]->ends->wire, s->host[i][k],
			    "eth0");
			topo_start(s->host[i][k], "port add eth0 acd %u\n"
			    "addr add 10.0.%u.%u/24 dev eth0\n"
			    "route add default via 10.0.%u.%u\n"
			    "tcp set ecn %s\n", below(s, 3), i, 10 + k, i,
			    serves ? 254 : 1, k % 2 == 0 ? "accurate" :
			    "request");
			if (serves)
				prepare_server(s, s->host[i][k]);
			udp_server(s->host[i][k], 7);
			tcp_server(s->host[i][k], 80);
			tcp_server(s->host[i][k], MAPPED);
		}
	}
}

static void
build_service(struct swarm *s)
{
	static const char *const scheds[] = { "rr", "wrr", "lc", "wlc", "sh",
	    "maglev", "sed", "nq" };
	struct node *d;

	if (s->director == NOBODY)
		return;
	d = s->router[s->director];
	node_must(d, "addr add " VIP "/32 dev lo");
	node_must(d, "service add udp " VIP ":7 sched %s",
	    scheds[below(s, 8)]);
	node_must(d, "service add tcp " VIP ":80 sched %s",
	    scheds[below(s, 8)]);
	if (mode_is(s, "fullnat")) {
		node_must(d, "addr add 10.0.%u.2/24 dev lan", s->director);
		node_must(d, "local add udp " VIP ":7 10.0.%u.2", s->director);
		node_must(d, "local add tcp " VIP ":80 10.0.%u.2",
		    s->director);
	}
	for (uint32_t k = 0; k < s->hosts[s->director]; k++) {
		node_must(d, "server add udp " VIP ":7 10.0.%u.%u:7 mode %s "
		    "weight %u", s->director, 10 + k, s->mode,
		    1 + below(s, 3));
		node_must(d, "server add tcp " VIP ":80 10.0.%u.%u:%u "
		    "mode %s weight %u", s->director, 10 + k,
		    server_port(s, false), s->mode, 1 + below(s, 3));
	}
}

/* Scripts: everyone talks to someone. */
static void
build_talk(struct swarm *s)
{
	for (uint32_t i = 0; i < s->routers; i++) {
		for (uint32_t k = 0; k < s->hosts[i]; k++) {
			uint32_t to = below(s, s->routers);
			char dst[32];
			struct udp_client_conf c = { .dst = dst, .port = 7,
			    .interval_us = sim_between(&s->rng, 5000, 300000),
			    .request = 40 + below(s, 1400),
			    .reply = 40 + below(s, 4000),
			    .per_socket = below(s, 20),
			    .hidden = mode_is(s, "fullnat") };
			struct tcp_client_conf t = { .dst = dst, .port = 80,
			    .interval_us = sim_between(&s->rng, 50000,
			    3000000), .request = below(s, 20000),
			    .reply = below(s, 100000),
			    .requests = 1 + below(s, 10) };

			snprintf(dst, sizeof(dst), "10.0.%u.%u", to,
			    10 + below(s, s->hosts[to]));
			if (s->director != NOBODY && i != s->director)
				snprintf(dst, sizeof(dst), VIP);
			udp_client(s->host[i][k], &c);
			tcp_client(s->host[i][k], &t);
			snprintf(dst, sizeof(dst), "10.0.%u.1",
			    below(s, s->routers));
			ping_client(s->host[i][k], dst,
			    sim_between(&s->rng, 50000, 900000),
			    below(s, 3000));
		}
	}
}

/* ---- what happens ----------------------------------------------------- */

static void
worsen_wire(struct world *w, struct swarm *s)
{
	struct wire *wire = w->wires[below(s, w->wire_count)];
	struct wire_conf c = s->good[wire->index];

	c.loss_ppm = below(s, 4) == 0 ? below(s, 200000) : 0;
	c.duplicate_ppm = below(s, 4) == 0 ? below(s, 100000) : 0;
	c.reorder_ppm = below(s, 4) == 0 ? below(s, 100000) : 0;
	c.reorder_us = sim_between(&s->rng, 1, 50000);
	if (wire->ends[0]->offload == 0)
		c.corrupt_ppm = below(s, 4) == 0 ? below(s, 50000) : 0;
	c.mark_ppm = below(s, 4) == 0 ? below(s, 300000) : 0;
	wire_set(wire, &c);
}

static struct node *
any_node(struct world *w, struct swarm *s)
{
	return w->nodes[below(s, w->node_count)];
}

/* Commands that may be refused, in any state. */
static void
change_router(struct swarm *s)
{
	uint32_t i = below(s, s->routers);
	struct node *r = s->router[i];

	switch (below(s, 8)) {
	case 0:
		node_command(r, "route add blackhole 10.200.%u.0/%u",
		    below(s, 8), 24 + below(s, 9));
		break;
	case 1:
		node_command(r, "route del 10.200.%u.0/%u", below(s, 8),
		    24 + below(s, 9));
		break;
	case 2:
		node_command(r, "route set 10.%u.0.0/%u via 10.9.1.%u",
		    200 + below(s, 4), 16 + below(s, 9), 1 + below(s, 2));
		break;
	case 3:
		node_command(r, "port set lan rp_filter %u", below(s, 3));
		break;
	case 4:
		node_command(r, "addr add 10.77.%u.1/24 dev lan", below(s, 4));
		break;
	case 5:
		node_command(r, "addr del 10.77.%u.1/24 dev lan", below(s, 4));
		break;
	case 6:
		node_command(r, "neigh flush");
		break;
	default:
		node_command(r, "port set lan mtu %u", 576 + below(s, 925));
		break;
	}
}

static void
change_service(struct swarm *s)
{
	bool udp = below(s, 2) == 0;
	const char *proto = udp ? "udp" : "tcp";
	uint32_t port = udp ? 7 : 80, to = server_port(s, udp);
	struct node *d;
	uint32_t who;

	if (s->director == NOBODY)
		return;
	d = s->router[s->director];
	who = 10 + below(s, s->hosts[s->director]);
	switch (below(s, 5)) {
	case 0:
		node_command(d, "server del %s " VIP ":%u 10.0.%u.%u:%u",
		    proto, port, s->director, who, to);
		break;
	case 1:
	case 2:
		node_command(d, "server add %s " VIP ":%u 10.0.%u.%u:%u "
		    "mode %s weight %u", proto, port, s->director, who, to,
		    s->mode, below(s, 4));
		break;
	case 3:
		node_command(d, "server set %s " VIP ":%u 10.0.%u.%u:%u "
		    "mode %s weight %u", proto, port, s->director, who, to,
		    s->mode, below(s, 4));
		break;
	default:
		node_command(d, "conn flush");
		break;
	}
}

/* A configuration applied to itself changes nothing and breaks nothing. */
static void
apply_again(struct node *n)
{
	char *before, *after;

	if (n->stk == NULL)
		return;
	before = ctl_config_show(n->ctl);
	node_apply(n, before);
	after = ctl_config_show(n->ctl);
	if (strcmp(before, after) != 0)
		world_fail(n->world, "%s: its configuration applied to itself "
		    "is another one", n->name);
	free(before);
	free(after);
}

static void
happen(struct world *w, struct swarm *s)
{
	struct node *n;

	switch (below(s, 9)) {
	case 0:
		wire_carrier(w->wires[below(s, w->wire_count)],
		    below(s, 3) != 0);
		break;
	case 1:
	case 2:
		worsen_wire(w, s);
		break;
	case 3:
		n = any_node(w, s);
		if (n->stk != NULL)
			node_stop(n);
		else
			node_restart(n);
		break;
	case 4:
		n = any_node(w, s);
		node_stop(n);
		node_restart(n);
		break;
	case 5:
		change_service(s);
		break;
	case 6:
		apply_again(any_node(w, s));
		break;
	default:
		change_router(s);
		break;
	}
}

static void
mend(struct world *w, struct swarm *s)
{
	for (uint32_t i = 0; i < w->wire_count; i++) {
		wire_carrier(w->wires[i], true);
		wire_set(w->wires[i], &s->good[i]);
	}
	for (uint32_t i = 0; i < w->node_count; i++)
		node_restart(w->nodes[i]);
	for (uint32_t i = 0; i < s->routers; i++)
		node_must(s->router[i], "port set lan mtu 1500 rp_filter 0");
	if (s->director == NOBODY)
		return;
	for (uint32_t k = 0; k < s->hosts[s->director]; k++) {
		struct node *d = s->router[s->director];

		node_must(d, "server set udp " VIP ":7 10.0.%u.%u:7 "
		    "mode %s weight 1", s->director, 10 + k, s->mode);
		node_must(d, "server set tcp " VIP ":80 10.0.%u.%u:%u "
		    "mode %s weight 1", s->director, 10 + k,
		    server_port(s, false), s->mode);
	}
}

static void
script(struct world *w, struct event *e)
{
	struct swarm *s = w->script_arg;
	struct instant next;
	uint32_t router;

	if (w->now.us < MENDED_US) {
		happen(w, s);
		router = below(s, s->routers);
		thicket_stir(&s->thicket[router], s->router[router], &s->rng);
		next = instant_add(w->now, sim_between(&s->rng, 1, 1500000));
		if (next.us >= MENDED_US)
			next.us = MENDED_US;
	} else if (w->now.us == MENDED_US) {
		mend(w, s);
		world_strict(w, instant_from_us(STRICT_US));
		next.us = HUSH_US;
	} else {
		world_hush(w);
		return;
	}
	event_set(&w->events, e, next);
}

void
topo_swarm(struct world *w)
{
	static const char *const modes[] = { "nat", "fullnat", "dr", "tun" };
	struct swarm *s = sim_alloc(sizeof(*s));

	w->script_arg = s;
	sim_rng(&s->rng, w->seed, "swarm", 0);
	s->routers = 1 + below(s, ROUTERS_MAX);
	s->director = s->routers > 1 && below(s, 3) != 0 ?
	    below(s, s->routers) : NOBODY;
	s->mode = modes[below(s, 4)];
	if (is_one_way(s))	/* a leaf: no answer's way leads through it */
		s->director = s->routers - 1;
	s->links_mtu = below(s, 3) == 0 ? 600 + below(s, 900) : 1500;
	for (uint32_t i = 0; i < s->routers; i++)
		s->hosts[i] = 1 + below(s, HOSTS_MAX);
	w->hops_max = s->routers + is_one_way(s);
	build_routers(w, s);
	if (is_one_way(s))
		build_way(w, s);
	build_hosts(w, s);
	s->good = sim_alloc(w->wire_count * sizeof(*s->good));
	for (uint32_t i = 0; i < w->wire_count; i++)
		s->good[i] = w->wires[i]->conf;
	start_routers(s);
	build_service(s);
	build_talk(s);
	w->script_free = s->good;
	world_script(w, script, instant_from_us(1000000));
}
