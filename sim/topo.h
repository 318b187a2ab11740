/*
 * topo.h - the networks that hopsim knows by name.
 *
 * A topology builds nodes, wires and scripts into an empty world.  Its seed is
 * the world's: the same seed makes the same network and the same run.
 */
#ifndef HOPD_SIM_TOPO_H
#define HOPD_SIM_TOPO_H

#include "node.h"
#include "wire.h"
#include "world.h"

struct topo {
	const char *name;
	const char *what;	/* one line, for hopsim list */
	void (*build)(struct world *w);
};

/* By name, or NULL; the i-th, or NULL. */
const struct topo *topo_find(const char *name);
const struct topo *topo_at(unsigned i);

/* ---- for those who build them ------------------------------------------ */

/* A cable between two new ends: "a:eth0" of one node, "b:eth1" of another. */
struct wire *topo_cable(struct node *a, const char *a_port, struct node *b,
    const char *b_port, const struct wire_conf *conf);
/* A node with that configuration, which is a format. */
void topo_start(struct node *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* One file each, or several in one. */
void topo_two_hosts(struct world *w);
void topo_lossy(struct world *w);
void topo_marking(struct world *w);
void topo_three_routers(struct world *w);
void topo_ring(struct world *w);
void topo_thousand(struct world *w);
void topo_lvs_nat(struct world *w);
void topo_lvs_dr(struct world *w);
void topo_lvs_tun(struct world *w);
void topo_lvs_fullnat(struct world *w);
void topo_lvs_four(struct world *w);
void topo_ecmp(struct world *w);
void topo_swarm(struct world *w);

#endif
