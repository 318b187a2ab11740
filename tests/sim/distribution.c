/*
 * distribution.c - who gets how much: each scheduler with four servers of
 * weights 1 to 4 and sixteen clients, as a committed table.
 */
#include "unit/unit.h"

#include <stdio.h>

#include "host.h"
#include "lb/sched.h"
#include "sim/table.h"
#include "topo.h"

#define CLIENTS	16u
#define SERVERS	4u
#define ASKS	50u		/* of each client, each a connection */
#define VIP	"10.0.1.100"

static struct node *
plain_host(struct wire *wire, const char *kind, uint32_t i, uint32_t net,
    uint32_t host)
{
	char name[16];
	struct node *n;

	snprintf(name, sizeof(name), "%s%u", kind, i);
	n = node_new(wire->world, name);
	wire_join(wire, n, "eth0");
	topo_start(n, "port add eth0 acd 0\naddr add 10.0.%u.%u/24 dev eth0\n"
	    "route add default via 10.0.%u.1\n", net, host, net);
	return n;
}

/* Clients on one side, servers on the other, the director between. */
static void
distribute(struct table *t, const char *sched, const char *flags)
{
	struct wire_conf conf = { .delay_us = 100 };
	struct udp_client_conf ask = { .dst = VIP, .port = 7,
	    .interval_us = 20000, .request = 40, .reply = 40,
	    .per_socket = 1 };
	struct world *w = world_new(1);
	struct wire *wan = wire_new(w, &conf), *lan = wire_new(w, &conf);
	struct node *d = node_new(w, "director"), *rs[SERVERS];
	struct app *client[CLIENTS];

	w->hops_max = 1;
	d->flows = 4096;
	wire_join(wan, d, "wan");
	wire_join(lan, d, "lan");
	topo_start(d, "port add wan acd 0\nport add lan acd 0\n"
	    "addr add 10.0.1.1/24 dev wan\naddr add " VIP "/32 dev wan\n"
	    "addr add 10.0.2.1/24 dev lan\n"
	    "service add udp " VIP ":7 sched %s%s%s\n", sched,
	    flags != NULL ? " flags " : "", flags != NULL ? flags : "");
	for (uint32_t i = 0; i < SERVERS; i++) {
		rs[i] = plain_host(lan, "rs", i, 2, 10 + i);
		udp_server(rs[i], 7);
		node_must(d, "server add udp " VIP ":7 10.0.2.%u:7 mode nat "
		    "weight %u", 10 + i, 1 + i);
	}
	for (uint32_t i = 0; i < CLIENTS; i++)
		client[i] = udp_client(plain_host(wan, "c", i, 1, 10 + i),
		    &ask);
	world_strict(w, w->now);
	/* Just before the next one would be asked. */
	world_run(w, instant_from_us(ASKS * ask.interval_us - 1));
	ck_assert_str_eq(w->failure, "");
	table_add(t, "%-7s %-8s", sched, flags != NULL ? flags : "-");
	for (uint32_t i = 0; i < SERVERS; i++) {
		uint64_t sum = 0;

		for (uint32_t k = 0; k < CLIENTS; k++)
			sum += udp_client_from(client[k], rs[i]->index);
		table_add(t, " %4lu", (unsigned long)sum);
	}
	table_add(t, "\n");
	world_free(w);
}

START_TEST(all_schedulers)
{
	static struct table t;
	const struct lb_sched *s;

	table_add(&t, "# %u connections of %u clients to servers of weight "
	    "1 2 3 4\n", ASKS * CLIENTS, CLIENTS);
	for (unsigned i = 0; (s = lb_sched_at(i)) != NULL; i++) {
		distribute(&t, s->name, NULL);
		if ((s->flags & LB_SVC_FLAG2) != 0)
			distribute(&t, s->name, "port");
	}
	table_compare(&t, "distribution.txt");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("distribution");
	TCase *t = tcase_create("table");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, all_schedulers);
	suite_add_tcase(s, t);
	return unit_main(s);
}
