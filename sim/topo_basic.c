/*
 * topo_basic.c - hosts and routers.
 */
#include <stdio.h>

#include "host.h"
#include "topo.h"
#include "util.h"

/* ---- two hosts -------------------------------------------------------- */

/*
 *	a 10.0.0.1/24 -------- b 10.0.0.2/24
 */
static struct wire *
two_hosts(struct world *w, const struct wire_conf *conf)
{
	struct node *a = node_new(w, "a"), *b = node_new(w, "b");
	struct wire *wire = topo_cable(a, "eth0", b, "eth0", conf);
	struct udp_client_conf big = { .dst = "10.0.0.1", .port = 7,
	    .interval_us = 500000, .request = 3000, .reply = 6000 };
	struct udp_client_conf small = { .dst = "10.0.0.2", .port = 7,
	    .interval_us = 20000, .request = 100, .reply = 1000,
	    .per_socket = 50 };
	struct tcp_client_conf web = { .dst = "10.0.0.2", .port = 80,
	    .interval_us = 200000, .request = 300, .reply = 8000,
	    .requests = 4 };
	struct tcp_client_conf load = { .dst = "10.0.0.1", .port = 80,
	    .interval_us = 3000000, .request = 200000, .reply = 300000,
	    .requests = 2 };

	topo_start(a, "port add eth0 acd 0\naddr add 10.0.0.1/24 dev eth0\n");
	topo_start(b, "port add eth0 acd 0\naddr add 10.0.0.2/24 dev eth0\n");
	udp_server(a, 7);
	udp_server(b, 7);
	tcp_server(a, 80);
	tcp_server(b, 80);
	udp_client(a, &small);
	udp_client(b, &big);
	tcp_client(a, &web);
	tcp_client(b, &load);
	ping_client(a, "10.0.0.2", 100000, 56);
	ping_client(b, "10.0.0.1", 1000000, 1400);
	return wire;
}

void
topo_two_hosts(struct world *w)
{
	struct wire_conf conf = { .delay_us = 500, .jitter_us = 100 };

	two_hosts(w, &conf);
	world_strict(w, w->now);
}

void
topo_lossy(struct world *w)
{
	struct wire_conf conf = { .delay_us = 5000, .jitter_us = 2000,
	    .loss_ppm = 20000, .duplicate_ppm = 10000,
	    .reorder_ppm = 20000, .reorder_us = 8000,
	    .corrupt_ppm = 20000, .rate_bps = 10000000,
	    .queue_bytes = 64000 };

	two_hosts(w, &conf);
}

/* Nothing is lost: what is marked on one side is counted on the other. */
void
topo_marking(struct world *w)
{
	struct wire_conf conf = { .delay_us = 2000, .jitter_us = 500,
	    .mark_ppm = 30000, .rate_bps = 50000000, .queue_bytes = 1000000 };

	two_hosts(w, &conf);
	for (uint32_t i = 0; i < w->node_count; i++)
		node_must(w->nodes[i], "tcp set ecn accurate");
	world_strict(w, w->now);
}

/* ---- three routers ---------------------------------------------------- */

/*
 *	h1 --- r1 ------ r2 ------ r3 --- h2
 *	   10.1     12     23, 1280    10.3
 */
void
topo_three_routers(struct world *w)
{
	struct wire_conf lan = { .delay_us = 50 };
	struct wire_conf wan = { .delay_us = 4000, .jitter_us = 500,
	    .rate_bps = 100000000, .queue_bytes = 1000000 };
	struct node *h1 = node_new(w, "h1"), *h2 = node_new(w, "h2");
	struct node *r1 = node_new(w, "r1"), *r2 = node_new(w, "r2");
	struct node *r3 = node_new(w, "r3");
	struct udp_client_conf ask = { .dst = "10.3.0.2", .port = 7,
	    .interval_us = 10000, .request = 400, .reply = 1200,
	    .per_socket = 20 };
	struct udp_client_conf big = { .dst = "10.1.0.2", .port = 7,
	    .interval_us = 100000, .request = 1472, .reply = 4000 };
	struct tcp_client_conf web = { .dst = "10.3.0.2", .port = 80,
	    .interval_us = 500000, .request = 20000, .reply = 100000,
	    .requests = 3 };

	w->hops_max = 3;
	topo_cable(h1, "eth0", r1, "lan", &lan);
	topo_cable(r1, "right", r2, "left", &wan);
	topo_cable(r2, "right", r3, "left", &wan);
	topo_cable(h2, "eth0", r3, "lan", &lan);
	topo_start(h1, "port add eth0 acd 0\naddr add 10.1.0.2/24 dev eth0\n"
	    "route add default via 10.1.0.1\n");
	topo_start(h2, "port add eth0 acd 0\naddr add 10.3.0.2/24 dev eth0\n"
	    "route add default via 10.3.0.1\n");
	topo_start(r1, "port add lan acd 0\nport add right acd 0\n"
	    "addr add 10.1.0.1/24 dev lan\naddr add 10.12.0.1/30 dev right\n"
	    "route add 10.3.0.0/24 via 10.12.0.2\n"
	    "route add 10.0.0.0/8 via 10.12.0.2\n"
	    "route add 10.3.0.128/25 via 10.12.0.2\n");
	topo_start(r2, "port add left acd 0\nport add right acd 0 mtu 1280\n"
	    "addr add 10.12.0.2/30 dev left\naddr add 10.23.0.1/30 dev right\n"
	    "route add 10.1.0.0/24 via 10.12.0.1\n"
	    "route add 10.3.0.0/24 via 10.23.0.2\n");
	topo_start(r3, "port add lan acd 0\nport add left acd 0 mtu 1280\n"
	    "addr add 10.3.0.1/24 dev lan\naddr add 10.23.0.2/30 dev left\n"
	    "route add default via 10.23.0.1\n");
	udp_server(h1, 7);
	udp_server(h2, 7);
	tcp_server(h2, 80);
	udp_client(h1, &ask);
	udp_client(h2, &big);
	tcp_client(h1, &web);
	ping_client(h1, "10.3.0.2", 200000, 56);
	ping_client(h2, "10.12.0.1", 300000, 1400);
	world_strict(w, w->now);
}

/* ---- a ring ----------------------------------------------------------- */

#define RING		4
#define RING_PERIOD_US	(10 * USEC_PER_SEC)

/* Each router sends to the others' networks clockwise; when the link to its
 * right fails, all of them turn round, and back when it is whole again.  The
 * one who lost the link turns last, so no packet runs in circles. */
static void
ring_turn(struct world *w, uint32_t broken, bool back)
{
	for (uint32_t i = 0; i < RING; i++) {
		uint32_t who = (broken + 1 + i) % RING;

		for (uint32_t net = 0; net < RING; net++) {
			uint32_t hops = (net + RING - who) % RING;
			bool passes = (broken + RING - who) % RING < hops;

			if (net == who || (!passes && !back))
				continue;
			node_must(w->nodes[who], "route set 10.0.%u.0/24 via "
			    "10.9.%u.%u", net, back ? who :
			    (who + RING - 1) % RING, back ? 2 : 1);
		}
	}
}

static void
ring_script(struct world *w, struct event *e)
{
	uint32_t phase = (uint32_t)(w->now.us / (RING_PERIOD_US / 2));
	uint32_t link = phase / 2 % RING;
	bool up = phase % 2 != 0;

	/* The wires of the ring are the first. */
	if (up) {
		wire_carrier(w->wires[link], true);
		ring_turn(w, link, true);
	} else {
		ring_turn(w, link, false);
		wire_carrier(w->wires[link], false);
	}
	event_set(&w->events, e, instant_add(w->now, RING_PERIOD_US / 2));
}

/*
 *	r0 ==10.9.0== r1 ==10.9.1== r2 ==10.9.2== r3 ==10.9.3== r0
 *	|10.0.0       |10.0.1       |10.0.2       |10.0.3
 *	h0            h1            h2            h3
 */
void
topo_ring(struct world *w)
{
	struct wire_conf link = { .delay_us = 2000, .jitter_us = 200 };
	struct wire_conf lan = { .delay_us = 50 };
	struct node *r[RING], *h[RING];
	char name[16];

	w->hops_max = RING;
	for (uint32_t i = 0; i < RING; i++) {
		snprintf(name, sizeof(name), "r%u", i);
		r[i] = node_new(w, name);
	}
	for (uint32_t i = 0; i < RING; i++)
		topo_cable(r[i], "right", r[(i + 1) % RING], "left", &link);
	for (uint32_t i = 0; i < RING; i++) {
		snprintf(name, sizeof(name), "h%u", i);
		h[i] = node_new(w, name);
		topo_cable(r[i], "lan", h[i], "eth0", &lan);
		topo_start(r[i], "port add right acd 0\nport add left acd 0\n"
		    "port add lan acd 0\naddr add 10.0.%u.1/24 dev lan\n"
		    "addr add 10.9.%u.1/24 dev right\n"
		    "addr add 10.9.%u.2/24 dev left\n", i, i,
		    (i + RING - 1) % RING);
		topo_start(h[i], "port add eth0 acd 0\n"
		    "addr add 10.0.%u.2/24 dev eth0\n"
		    "route add default via 10.0.%u.1\n", i, i);
	}
	for (uint32_t i = 0; i < RING; i++) {
		char dst[IP4_STRLEN];
		struct udp_client_conf ask = { .dst = dst, .port = 7,
		    .interval_us = 50000, .request = 200, .reply = 800 };
		struct tcp_client_conf web = { .dst = dst, .port = 80,
		    .interval_us = 1000000, .request = 300, .reply = 50000,
		    .requests = 5 };

		for (uint32_t net = 0; net < RING; net++) {
			if (net != i)
				node_must(r[i], "route add 10.0.%u.0/24 via "
				    "10.9.%u.2", net, i);
		}
		snprintf(dst, sizeof(dst), "10.0.%u.2", (i + 2) % RING);
		udp_server(h[i], 7);
		tcp_server(h[i], 80);
		udp_client(h[i], &ask);
		tcp_client(h[i], &web);
		ping_client(h[i], dst, 500000, 56);
	}
	world_script(w, ring_script, instant_from_us(RING_PERIOD_US));
}

/* ---- a thousand hosts ------------------------------------------------- */

#define LANS		8u
#define LAN_HOSTS	125u

/*
 *	server --- router --- 8 switches with 125 hosts each
 */
void
topo_thousand(struct world *w)
{
	struct wire_conf lan = { .delay_us = 20 };
	struct node *router = node_new(w, "router");
	struct node *server = node_new(w, "server");
	struct udp_client_conf ask = { .dst = "10.0.0.2", .port = 7,
	    .interval_us = 5 * USEC_PER_SEC, .request = 100, .reply = 1000 };
	struct rng rng;

	sim_rng(&rng, w->seed, "thousand", 0);
	w->hops_max = 1;
	topo_cable(server, "eth0", router, "up", &lan);
	topo_start(server, "port add eth0 acd 0\n"
	    "addr add 10.0.0.2/24 dev eth0\nroute add default via 10.0.0.1\n");
	for (uint32_t i = 0; i < LANS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "lan%u", i);
		wire_join(wire_new(w, &lan), router, name);
	}
	topo_start(router, "port add up acd 0\naddr add 10.0.0.1/24 dev up\n");
	udp_server(server, 7);
	for (uint32_t i = 0; i < LANS; i++) {
		node_must(router, "port add lan%u acd 0", i);
		node_must(router, "addr add 10.1.%u.1/24 dev lan%u", i, i);
		for (uint32_t k = 0; k < LAN_HOSTS; k++) {
			char name[16];
			struct node *h;

			snprintf(name, sizeof(name), "h%u-%u", i, k);
			h = node_new(w, name);
			wire_join(w->wires[1 + i], h, "eth0");
			topo_start(h, "port add eth0 acd 0\n"
			    "addr add 10.1.%u.%u/24 dev eth0\n"
			    "route add default via 10.1.%u.1\n", i, 2 + k, i);
			/* Not all at once. */
			app_tick(udp_client(h, &ask), instant_from_us(
			    sim_between(&rng, 0, ask.interval_us)));
		}
	}
	world_strict(w, w->now);
}
