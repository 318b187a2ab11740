/*
 * topo_lb.c - directors and real servers.
 */
#include <stdio.h>

#include "host.h"
#include "topo.h"
#include "util.h"

#define VIP "10.0.1.100"

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
	director->flows = 16384;
	topo_start(client, "port add eth0 acd 0\n"
	    "addr add 10.0.1.2/24 dev eth0\nroute add default via 10.0.1.1\n");
	topo_start(director, "port add wan acd 0\nport add lan acd 0\n"
	    "addr add 10.0.1.1/24 dev wan\naddr add " VIP "/32 dev wan\n"
	    "addr add 10.0.2.1/24 dev lan\n"
	    "service add udp " VIP ":7 sched %s\n", sched);
	for (uint32_t i = 0; i < servers; i++) {
		char name[16];
		struct node *rs;

		snprintf(name, sizeof(name), "rs%u", i);
		rs = node_new(w, name);
		wire_join(lan_wire, rs, "eth0");
		topo_start(rs, "port add eth0 acd 0\n"
		    "addr add 10.0.2.%u/24 dev eth0\n"
		    "route add default via 10.0.2.1\n", 10 + i);
		udp_server(rs, 7);
		node_must(director, "server add udp " VIP ":7 10.0.2.%u:7 "
		    "mode nat weight 1", 10 + i);
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

	udp_client(client, &ask);
	udp_client(client, &ask);
	udp_client(client, &big);
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
