/*
 * topo.c - the list of networks, and what their builders share.
 */
#include "topo.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct topo topos[] = {
	{ "two-hosts", "two hosts and a cable", topo_two_hosts },
	{ "lossy", "two hosts and a bad cable: loss, reordering, doubles, "
	    "flipped bits", topo_lossy },
	{ "marking", "two hosts with accurate ECN, and routers' marks between "
	    "them", topo_marking },
	{ "three-routers", "two hosts, three routers in a row, a narrow link",
	    topo_three_routers },
	{ "ring", "four routers in a ring in which links fail", topo_ring },
	{ "thousand", "a thousand hosts behind one router", topo_thousand },
	{ "lvs-nat", "a director and ten servers, NAT", topo_lvs_nat },
	{ "lvs-dr", "a director and ten servers, direct routing",
	    topo_lvs_dr },
	{ "lvs-tun", "a director and ten servers, IPIP", topo_lvs_tun },
	{ "lvs-fullnat", "a director and ten servers, FULLNAT",
	    topo_lvs_fullnat },
	{ "lvs-four", "a client, a director and four servers: the yardstick "
	    "of speed", topo_lvs_four },
	{ "ecmp", "four directors behind a router, servers come and go",
	    topo_ecmp },
	{ "swarm", "another network, other faults and other changes for each "
	    "seed", topo_swarm },
};

const struct topo *
topo_at(unsigned i)
{
	return i < sizeof(topos) / sizeof(topos[0]) ? &topos[i] : NULL;
}

const struct topo *
topo_find(const char *name)
{
	const struct topo *t;

	for (unsigned i = 0; (t = topo_at(i)) != NULL; i++) {
		if (strcmp(t->name, name) == 0)
			return t;
	}
	return NULL;
}

struct wire *
topo_cable(struct node *a, const char *a_port, struct node *b,
    const char *b_port, const struct wire_conf *conf)
{
	struct wire *wire = wire_new(a->world, conf);

	wire_join(wire, a, a_port);
	wire_join(wire, b, b_port);
	return wire;
}

void
topo_start(struct node *n, const char *fmt, ...)
{
	char text[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	node_start(n, text);
}
