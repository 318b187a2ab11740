/*
 * test_sim.c - the named networks run clean, a seed makes a run, and each
 * check of the simulator sees what it is there for.
 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "icmp/echo.h"
#include "run.h"
#include "topo.h"
#include "util.h"

static struct run_result
run(const char *name, uint64_t seed, int64_t seconds)
{
	struct run_conf conf = { .topo = topo_find(name), .seed = seed,
	    .length_us = seconds * USEC_PER_SEC };
	struct run_result r;

	ck_assert_ptr_nonnull(conf.topo);
	run_topology(&conf, &r);
	return r;
}

/* Each network, how long it runs, and the answers that its hosts have by then
 * at least. */
static const struct {
	const char *name;
	int64_t seconds;
	uint64_t answers;
} nets[] = {
	{ "two-hosts", 60, 6800 }, { "lossy", 60, 2000 },
	{ "three-routers", 30, 6000 }, { "ring", 60, 10000 },
	{ "thousand", 11, 2000 }, { "lvs-nat", 20, 15000 },
	{ "lvs-dr", 10, 5000 }, { "lvs-tun", 10, 5000 },
	{ "lvs-fullnat", 10, 5000 }, { "ecmp", 40, 20000 },
	{ "lvs-four", 600, 50000 },
};

#define NETS	((int)(sizeof(nets) / sizeof(nets[0])))

START_TEST(networks_run_well)
{
	struct run_result r = run(nets[_i].name, 1, nets[_i].seconds);

	ck_assert_msg(r.failure[0] == '\0', "%s step %llu: %s", nets[_i].name,
	    (unsigned long long)r.step, r.failure);
	ck_assert_msg(r.apps.answered >= nets[_i].answers, "%s: %llu answers",
	    nets[_i].name, (unsigned long long)r.apps.answered);
}
END_TEST

/* RFC 9768: of what the wire marked, each side has counted all that came, and
 * has been told of nearly all that came to the other. */
START_TEST(marking)
{
	struct world *w = world_new(1);
	struct tcp_stats *s[2];
	uint64_t came[2];

	topo_find("marking")->build(w);
	ck_assert_msg(world_run(w, instant_from_us(30 * USEC_PER_SEC)), "%s",
	    w->failure);
	for (int i = 0; i < 2; i++) {
		s[i] = &w->nodes[i]->stk->tcp.stats;
		came[i] = w->nodes[i]->ends->stats.marks_read;
		ck_assert_uint_gt(came[i], 50);
		ck_assert_uint_eq(s[i]->marks_received, came[i]);
	}
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_le(s[i]->marks_told, came[!i]);
		ck_assert_uint_ge(s[i]->marks_told, came[!i] * 9 / 10);
	}
	world_free(w);
}
END_TEST

/* ---- determinism ------------------------------------------------------ */

START_TEST(same_seed_same_run)
{
	struct run_result a = run("lossy", 7, 20), b = run("lossy", 7, 20);

	ck_assert_uint_eq(a.trace, b.trace);
	ck_assert_uint_eq(a.step, b.step);
	ck_assert_uint_eq(a.apps.answered, b.apps.answered);
}
END_TEST

START_TEST(other_seed_other_run)
{
	ck_assert_uint_ne(run("lossy", 7, 5).trace,
	    run("lossy", 8, 5).trace);
}
END_TEST

/* ---- the checks see what they are there for --------------------------- */

static struct world *
world_of(const char *name)
{
	struct world *w = world_new(1);

	topo_find(name)->build(w);
	ck_assert_str_eq(w->failure, "");
	return w;
}

/* For who has to mend something before the world may go. */
static void
fails_with(struct world *w, const char *words)
{
	ck_assert(!world_run(w, instant_from_us(30 * USEC_PER_SEC)));
	ck_assert_msg(strstr(w->failure, words) != NULL, "\"%s\"", w->failure);
}

static void
must_fail(struct world *w, const char *words)
{
	fails_with(w, words);
	world_free(w);
}

static void
planted(enum wire_fault fault, const char *words)
{
	struct world *w = world_of("two-hosts");

	w->wires[0]->fault = fault;
	must_fail(w, words);
}

START_TEST(sees_a_leaking_wire)
{
	planted(WIRE_LEAKS, "frames were sent");
}
END_TEST

START_TEST(sees_a_doubling_wire)
{
	planted(WIRE_DOUBLES, "frames entered");
}
END_TEST

START_TEST(sees_a_wrong_checksum)
{
	planted(WIRE_DAMAGES, "a wrong IP header checksum");
}
END_TEST

START_TEST(sees_a_loop)
{
	planted(WIRE_LOWERS_TTL, "is in a loop");
}
END_TEST

START_TEST(sees_an_ack_of_what_did_not_arrive)
{
	planted(WIRE_ACKS_MORE, "sent an ACK of ");
}
END_TEST

START_TEST(sees_an_ack_that_goes_back)
{
	planted(WIRE_ACKS_LESS, " bytes of a stream after one of ");
}
END_TEST

START_TEST(sees_a_window_that_is_taken_back)
{
	planted(WIRE_SHUTS, "bytes of a window");
}
END_TEST

/* One that waits for more than its peer may send. */
START_TEST(sees_an_ack_that_is_not_sent)
{
	struct world *w = world_of("two-hosts");

	for (uint32_t i = 0; i < w->node_count; i++) {
		struct tcp_conf *conf = &w->nodes[i]->stk->tcp.conf;

		conf->delack_us = 2 * USEC_PER_SEC;
		conf->ack_segments = UINT8_MAX;
		conf->quickack = false;
	}
	must_fail(w, "came half a second ago");
}
END_TEST

/* An application that misses calls looks like a stack that forgets them. */
static void
one_is_deaf(const char *kind)
{
	struct world *w = world_of("two-hosts");
	char words[64];

	for (uint32_t i = 0; i < w->node_count; i++) {
		for (struct app *a = w->nodes[i]->apps; a != NULL; a = a->next)
			a->deaf = strcmp(a->ops->kind, kind) == 0 ? 32 : 0;
	}
	snprintf(words, sizeof(words), "%s was not woken", kind);
	must_fail(w, words);
}

START_TEST(sees_a_server_that_is_not_woken)
{
	one_is_deaf("TCP server");
}
END_TEST

START_TEST(sees_a_client_that_is_not_woken)
{
	one_is_deaf("TCP client");
}
END_TEST

START_TEST(sees_a_udp_socket_that_is_not_told)
{
	one_is_deaf(_i == 0 ? "UDP server" : "UDP client");
}
END_TEST

START_TEST(sees_a_packet_to_itself_that_waits)
{
	struct world *w = world_of("two-hosts");
	struct stack *stk = w->nodes[0]->stk;

	pkt_queue_put(&stk->ip.loop, pkt_alloc(&stk->pool, 100));
	must_fail(w, "wait for nothing");
}
END_TEST

START_TEST(sees_a_ping_that_is_not_told)
{
	struct world *w = world_of("two-hosts");
	struct stack *stk = w->nodes[0]->stk;
	struct icmp_echo_conf conf = { .ttl = 0 };
	struct icmp_echo *e;

	ck_assert_int_eq(icmp_echo_open(stk, &conf, NULL, NULL, &e), 0);
	e->count = 1;
	fails_with(w, "was not told");
	icmp_echo_close(stk, e);
	world_free(w);
}
END_TEST

/* A packet that nobody holds. */
START_TEST(sees_a_leaked_packet)
{
	struct world *w = world_of("two-hosts");
	struct pkt *pkt = pkt_alloc(&w->nodes[0]->stk->pool, 100);

	fails_with(w, "packets are alive");
	pkt_free(pkt);
	world_free(w);
}
END_TEST

START_TEST(sees_a_forgotten_counter)
{
	struct world *w = world_of("two-hosts");

	world_run(w, instant_from_us(USEC_PER_SEC));
	w->nodes[1]->stk->ip.stats.delivered--;
	must_fail(w, "IP received");
}
END_TEST

/* A route that the look-up has forgotten, and one that nobody can find. */
START_TEST(sees_a_route_that_is_not_found)
{
	struct world *w = world_of("three-routers");
	struct node *n = world_node(w, "r1");
	struct ip4_prefix p = { IP4(10, 200, 0, 0), 17 };

	node_must(n, "route add blackhole 10.200.0.0/16");
	node_must(n, "route add blackhole 10.200.0.0/17");
	check_routes(n);
	ck_assert_str_eq(w->failure, "");
	lpm_del(n->stk->ip.lpm, p);
	must_fail(w, "is not the longest match");
}
END_TEST

/* The longer one went, and what it leaves behind answers in its place. */
START_TEST(sees_a_route_where_one_was)
{
	struct world *w = world_of("three-routers");
	struct node *n = world_node(w, "r1");
	struct ip4_prefix p = { IP4(10, 200, 128, 0), 32 };

	node_must(n, "route add blackhole default");
	node_must(n, "route add blackhole 10.200.128.0/32");
	check_routes(n);
	node_must(n, "route del 10.200.128.0/32");
	ck_assert_str_eq(w->failure, "");
	ck_assert_int_eq(lpm_set(n->stk->ip.lpm, p, 1), 0);
	must_fail(w, "is not the longest match");
}
END_TEST

START_TEST(sees_a_lost_route)
{
	struct world *w = world_of("three-routers");

	w->nodes[0]->stk->ip.route_count++;
	fails_with(w, "are counted");
	w->nodes[0]->stk->ip.route_count--;
	world_free(w);
}
END_TEST

START_TEST(sees_a_frame_that_vanished_above_the_port)
{
	struct world *w = world_of("two-hosts");

	world_run(w, instant_from_us(USEC_PER_SEC));
	w->nodes[1]->stk->arp.stats.received--;
	must_fail(w, "came in");
}
END_TEST

START_TEST(sees_a_mark_that_was_not_there)
{
	struct world *w = world_of("marking");

	world_node(w, "b")->stk->tcp.stats.marks_received += 100000;
	must_fail(w, "congestion marks came");
}
END_TEST

START_TEST(sees_a_lost_answer)
{
	struct wire_conf dead = { .loss_ppm = PPM };
	struct world *w = world_of("two-hosts");

	world_run(w, instant_from_us(USEC_PER_SEC));
	wire_set(w->wires[0], &dead);
	must_fail(w, "was not answered");
}
END_TEST

/* A flow that is in the table, but whose way back leads elsewhere. */
START_TEST(sees_a_flow_with_one_direction)
{
	struct world *w = world_of("lvs-four");
	struct stack *stk = world_node(w, "director")->stk;
	struct lb_flow *f;
	uint32_t pos = 0;

	world_run(w, instant_from_us(1500000));
	f = lb_flow_next(stk, &pos, NULL);
	ck_assert_ptr_nonnull(f);
	f->lport ^= 1;
	fails_with(w, "server's side");
	f->lport ^= 1;
	world_free(w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sim");
	TCase *runs = tcase_create("networks");
	TCase *sees = tcase_create("checks");

	tcase_set_timeout(runs, 60);
	tcase_add_loop_test(runs, networks_run_well, 0, NETS);
	tcase_add_test(runs, marking);
	tcase_add_test(runs, same_seed_same_run);
	tcase_add_test(runs, other_seed_other_run);
	suite_add_tcase(s, runs);
	tcase_add_test(sees, sees_a_leaking_wire);
	tcase_add_test(sees, sees_a_doubling_wire);
	tcase_add_test(sees, sees_a_wrong_checksum);
	tcase_add_test(sees, sees_a_loop);
	tcase_add_test(sees, sees_an_ack_of_what_did_not_arrive);
	tcase_add_test(sees, sees_an_ack_that_goes_back);
	tcase_add_test(sees, sees_a_window_that_is_taken_back);
	tcase_add_test(sees, sees_an_ack_that_is_not_sent);
	tcase_add_test(sees, sees_a_server_that_is_not_woken);
	tcase_add_test(sees, sees_a_client_that_is_not_woken);
	tcase_add_loop_test(sees, sees_a_udp_socket_that_is_not_told, 0, 2);
	tcase_add_test(sees, sees_a_packet_to_itself_that_waits);
	tcase_add_test(sees, sees_a_ping_that_is_not_told);
	tcase_add_test(sees, sees_a_leaked_packet);
	tcase_add_test(sees, sees_a_forgotten_counter);
	tcase_add_test(sees, sees_a_route_that_is_not_found);
	tcase_add_test(sees, sees_a_route_where_one_was);
	tcase_add_test(sees, sees_a_lost_route);
	tcase_add_test(sees, sees_a_frame_that_vanished_above_the_port);
	tcase_add_test(sees, sees_a_mark_that_was_not_there);
	tcase_add_test(sees, sees_a_lost_answer);
	tcase_add_test(sees, sees_a_flow_with_one_direction);
	suite_add_tcase(s, sees);
	return unit_main(s);
}
