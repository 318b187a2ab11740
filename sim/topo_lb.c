/*
 * topo_lb.c - directors and real servers.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "stack/stack.h"
#include "topo.h"
#include "util.h"

/* For what the clients open in the five minutes that a UDP flow lasts. */
#define FLOWS	65536u

#define VIP "10.0.1.100"

/* The i-th real server, 10.0.2.(10 + i), whose way out is 10.0.2.`router`. */
static struct node *
server_new(struct world *w, struct wire *lan, uint32_t i, unsigned router)
{
	char name[16];
	struct node *rs;

	snprintf(name, sizeof(name), "rs%u", i);
	rs = node_new(w, name);
	wire_join(lan, rs, "eth0");
	topo_start(rs, "port add eth0 acd 0\n"
	    "addr add 10.0.2.%u/24 dev eth0\n"
	    "route add default via 10.0.2.%u\n", 10 + i, router);
	return rs;
}

/* It gets both services of vip, TCP's at that port of its own. */
static void
server_add(struct node *director, const char *vip, uint32_t i,
    unsigned tcp_port, const char *mode)
{
	node_must(director, "server add udp %s:7 10.0.2.%u:7 mode %s weight 1",
	    vip, 10 + i, mode);
	node_must(director, "server add tcp %s:80 10.0.2.%u:%u mode %s "
	    "weight 1", vip, 10 + i, tcp_port, mode);
}

/*
 *	client --- director ---+--- rs0 10.0.2.10
 *	10.0.1.2     VIP       +--- rs1 10.0.2.11 ...
 *
 * The way back leads through the director, as NAT wants it.
 */
static struct node *
nat_cluster(struct world *w, uint32_t servers, const char *sched)
{
	struct wire_conf wan = { .delay_us = 1000 }, lan = { .delay_us = 50 };
	struct node *client = node_new(w, "client");
	struct node *director = node_new(w, "director");
	struct wire *lan_wire;

	w->hops_max = 1;
	topo_cable(client, "eth0", director, "wan", &wan);
	lan_wire = wire_new(w, &lan);
	wire_join(lan_wire, director, "lan");
	director->flows = FLOWS;
	topo_start(client, "port add eth0 acd 0\n"
	    "addr add 10.0.1.2/24 dev eth0\nroute add default via 10.0.1.1\n");
	topo_start(director, "port add wan acd 0\nport add lan acd 0\n"
	    "addr add 10.0.1.1/24 dev wan\naddr add " VIP "/32 dev wan\n"
	    "addr add 10.0.2.1/24 dev lan\n"
	    "service add udp " VIP ":7 sched %s\n"
	    "service add tcp " VIP ":80 sched %s\n", sched, sched);
	for (uint32_t i = 0; i < servers; i++) {
		struct node *rs = server_new(w, lan_wire, i, 1);

		udp_server(rs, 7);
		tcp_server(rs, 8080);
		server_add(director, VIP, i, 8080, "nat");
	}
	return client;
}

void
topo_lvs_nat(struct world *w)
{
	struct node *client = nat_cluster(w, 10, "rr");
	struct udp_client_conf ask = { .dst = VIP, .port = 7,
	    .interval_us = 5000, .request = 100, .reply = 1000,
	    .per_socket = 3 };
	struct udp_client_conf big = { .dst = VIP, .port = 7,
	    .interval_us = 50000, .request = 2000, .reply = 5000 };
	struct tcp_client_conf web = { .dst = VIP, .port = 80,
	    .interval_us = 50000, .request = 3000, .reply = 20000,
	    .requests = 3 };

	udp_client(client, &ask);
	udp_client(client, &ask);
	udp_client(client, &big);
	tcp_client(client, &web);
	tcp_client(client, &web);
	ping_client(client, VIP, 1000000, 56);
	world_strict(w, w->now);
}

void
topo_lvs_four(struct world *w)
{
	struct node *client = nat_cluster(w, 4, "rr");
	struct udp_client_conf ask = { .dst = VIP, .port = 7,
	    .interval_us = 100000, .request = 100, .reply = 1000,
	    .per_socket = 10 };

	for (int i = 0; i < 5; i++)
		udp_client(client, &ask);
	world_strict(w, w->now);
}

/* ---- one arm: DR, TUN, FULLNAT ---------------------------------------- */

#define LAN_VIP	"10.0.2.100"

/* What a server needs besides its address to be one of that mode. */
static void
server_prepare(struct node *rs, const char *mode)
{
	if (strcmp(mode, "fullnat") == 0)
		return;
	node_must(rs, "addr add " LAN_VIP "/32 dev lo scope host");
	if (strcmp(mode, "tun") == 0)
		node_must(rs, "tunnel add tunl0");
}

static void
one_arm_servers(struct world *w, struct wire *lan, struct node *director,
    const char *mode, uint32_t servers)
{
	for (uint32_t i = 0; i < servers; i++) {
		struct node *rs = server_new(w, lan, i, 254);

		server_prepare(rs, mode);
		udp_server(rs, 7);
		tcp_server(rs, 80);
		server_add(director, LAN_VIP, i, 80, mode);
	}
}

/*
 *	client --- router ---+--- director 10.0.2.1, VIP 10.0.2.100
 *	10.0.1.2    10.0.2.254 +-- rs0 10.0.2.10, rs1 10.0.2.11 ...
 *
 * The servers answer the client themselves, by the router; with FULLNAT by the
 * director, whose local address 10.0.2.2 is all that they see.
 */
static void
one_arm(struct world *w, const char *mode)
{
	struct wire_conf wan = { .delay_us = 1000 }, lan = { .delay_us = 50 };
	struct node *client = node_new(w, "client");
	struct node *router = node_new(w, "router");
	struct node *director = node_new(w, "director");
	struct wire *wire;
	struct udp_client_conf ask = { .dst = LAN_VIP, .port = 7,
	    .interval_us = 10000, .request = 100, .reply = 1000,
	    .per_socket = 3, .hidden = strcmp(mode, "fullnat") == 0 };
	struct tcp_client_conf web = { .dst = LAN_VIP, .port = 80,
	    .interval_us = 50000, .request = 6000, .reply = 20000,
	    .requests = 3 };

	w->hops_max = 3;
	topo_cable(client, "eth0", router, "wan", &wan);
	wire = wire_new(w, &lan);
	wire_join(wire, router, "lan");
	wire_join(wire, director, "lan");
	director->flows = FLOWS;
	topo_start(client, "port add eth0 acd 0\n"
	    "addr add 10.0.1.2/24 dev eth0\nroute add default via 10.0.1.1\n");
	topo_start(router, "port add wan acd 0\nport add lan acd 0\n"
	    "addr add 10.0.1.1/24 dev wan\naddr add 10.0.2.254/24 dev lan\n");
	topo_start(director, "port add lan acd 0\n"
	    "addr add 10.0.2.1/24 dev lan\naddr add 10.0.2.2/24 dev lan\n"
	    "addr add " LAN_VIP "/32 dev lan\n"
	    "route add default via 10.0.2.254\n"
	    "service add udp " LAN_VIP ":7 sched wrr\n"
	    "service add tcp " LAN_VIP ":80 sched wlc\n");
	if (strcmp(mode, "fullnat") == 0) {
		node_must(director, "local add udp " LAN_VIP ":7 10.0.2.2");
		node_must(director, "local add tcp " LAN_VIP ":80 10.0.2.2");
	}
	one_arm_servers(w, wire, director, mode, 10);
	udp_client(client, &ask);
	udp_client(client, &ask);
	tcp_client(client, &web);
	tcp_client(client, &web);
	world_strict(w, w->now);
}

void
topo_lvs_dr(struct world *w)
{
	one_arm(w, "dr");
}

void
topo_lvs_tun(struct world *w)
{
	one_arm(w, "tun");
}

void
topo_lvs_fullnat(struct world *w)
{
	one_arm(w, "fullnat");
}

/* ---- four directors --------------------------------------------------- */

#define ECMP_VIP	"10.99.0.1"
#define DIRECTORS	4u
#define SERVERS		8u
#define CHANGE_US	(2 * USEC_PER_SEC)

/* A server leaves every director, or comes back to all. */
static void
ecmp_script(struct world *w, struct event *e)
{
	uint32_t n = (uint32_t)(w->now.us / CHANGE_US);
	uint32_t which = (n - 1) / 2 % SERVERS;
	char name[16];

	for (uint32_t i = 0; i < DIRECTORS; i++) {
		struct node *d;

		snprintf(name, sizeof(name), "d%u", i);
		d = world_node(w, name);
		if (n % 2 == 1) {
			node_must(d, "server del udp " ECMP_VIP ":7 "
			    "10.0.2.%u:7", 10 + which);
			node_must(d, "server del tcp " ECMP_VIP ":80 "
			    "10.0.2.%u:80", 10 + which);
		} else {
			server_add(d, ECMP_VIP, which, 80, "dr");
		}
	}
	event_set(&w->events, e, instant_add(w->now, CHANGE_US));
}

static void
ecmp_servers(struct world *w, struct wire *lan)
{
	for (uint32_t i = 0; i < SERVERS; i++) {
		struct node *rs = server_new(w, lan, i, 254);

		node_must(rs, "addr add " ECMP_VIP "/32 dev lo scope host");
		udp_server(rs, 7);
		tcp_server(rs, 80);
	}
}

static void
ecmp_directors(struct world *w, struct wire *lan)
{
	for (uint32_t i = 0; i < DIRECTORS; i++) {
		char name[16];
		struct node *d;

		snprintf(name, sizeof(name), "d%u", i);
		d = node_new(w, name);
		d->flows = 16384;
		wire_join(lan, d, "lan");
		topo_start(d, "port add lan acd 0\n"
		    "addr add 10.0.2.%u/24 dev lan\n"
		    "addr add " ECMP_VIP "/32 dev lo scope host\n"
		    "route add default via 10.0.2.254\n"
		    "service add udp " ECMP_VIP ":7 sched maglev seed 7\n"
		    "service add tcp " ECMP_VIP ":80 sched maglev seed 7\n",
		    1 + i);
		for (uint32_t k = 0; k < SERVERS; k++)
			server_add(d, ECMP_VIP, k, 80, "dr");
	}
}

/*
 *	client --- router ---+--- d0 ... d3: the VIP by ECMP to all of them
 *	           10.0.2.254 +-- rs0 ... rs7, which answer by the router
 *
 * Servers are removed and come back while connections last: those go on, and
 * what is new goes elsewhere.
 */
void
topo_ecmp(struct world *w)
{
	struct wire_conf wan = { .delay_us = 1000 }, lan = { .delay_us = 50 };
	struct node *client = node_new(w, "client");
	struct node *router = node_new(w, "router");
	struct wire *wire;
	struct udp_client_conf ask = { .dst = ECMP_VIP, .port = 7,
	    .interval_us = 20000, .request = 100, .reply = 1000,
	    .per_socket = 100 };
	struct tcp_client_conf web = { .dst = ECMP_VIP, .port = 80,
	    .interval_us = 100000, .request = 300, .reply = 20000,
	    .requests = 10 };

	w->hops_max = 2;
	topo_cable(client, "eth0", router, "wan", &wan);
	wire = wire_new(w, &lan);
	wire_join(wire, router, "lan");
	topo_start(client, "port add eth0 acd 0\n"
	    "addr add 10.0.1.2/24 dev eth0\nroute add default via 10.0.1.1\n");
	topo_start(router, "port add wan acd 0\nport add lan acd 0\n"
	    "addr add 10.0.1.1/24 dev wan\naddr add 10.0.2.254/24 dev lan\n"
	    "route add " ECMP_VIP "/32 nexthop via 10.0.2.1 "
	    "nexthop via 10.0.2.2 nexthop via 10.0.2.3 "
	    "nexthop via 10.0.2.4\n");
	ecmp_directors(w, wire);
	ecmp_servers(w, wire);
	for (int i = 0; i < 3; i++) {
		udp_client(client, &ask);
		tcp_client(client, &web);
	}
	world_strict(w, w->now);
	world_script(w, ecmp_script, instant_from_us(CHANGE_US));
}
