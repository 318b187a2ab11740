/*
 * test_lb_fetch.c - what is fetched ahead for a batch changes nothing: two
 * directors with many flows and servers get the same frames, one of them a
 * frame at a time, which fetches nothing, and send the same ones.
 */
#include <stdlib.h>
#include <string.h>

#include "lb/lb.h"
#include "unit/lb_bed.h"

#define SERVERS	(LB_FETCH_SERVERS + 88)
#define FLOWS	(LB_FETCH_FLOWS + 900)
#define BATCH	40		/* two groups and a part */

static struct lb_bed one, many;
static uint32_t waiting;	/* frames given to `many`, not yet read */
static uint64_t seed;

static struct ip4
server_ip(uint32_t i)
{
	return IP4(10, 0, 4 + i / 250, 1 + i % 250);
}

static uint32_t
random_below(uint32_t n)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* A director with SERVERS servers behind one router. */
static struct lb_bed
director(void)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	struct lb_bed b;

	env.limits.pkt_small = 1024;
	env.limits.pkt_large = 16;
	env.limits.lb_flows = 16384;
	b = lb_bed_on(stack_new(&env, instant_from_us(0)), IPPROTO_TCP4, 0,
	    NULL);
	ck_assert_int_eq(ip4_prefix_parse("10.0.0.0/16", &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ b.sv->ifp, IP4(10, 0, 0, 254), 1 };
	ck_assert_int_eq(route_add(b.stk, r, NULL), 0);
	free(r);
	for (uint32_t i = 0; i < SERVERS; i++)
		lb_bed_server(&b, server_ip(i), 80, LB_FWD_NAT, 1);
	return b;
}

/* What both sent on a port is the same, byte for byte. */
static void
compare(struct port *a, struct port *b)
{
	struct mem_frame *f, *g;

	ck_assert_uint_eq(mem_port_sent(a), mem_port_sent(b));
	while ((f = mem_port_take(a)) != NULL) {
		g = mem_port_take(b);
		ck_assert_uint_eq(f->len, g->len);
		ck_assert_mem_eq(f->data, g->data, f->len);
		mem_port_free(a, f);
		mem_port_free(b, g);
	}
}

static void
batch_end(void)
{
	unit_poll(many.stk);
	waiting = 0;
	compare(one.cl, many.cl);
	compare(one.sv, many.sv);
}

/* The same frame to both; client: from that side, else from the servers'. */
static void
give(const struct unit_frame *f, bool client, uint32_t cut)
{
	uint8_t frame[128];
	uint32_t len = unit_frame_build(frame, sizeof(frame), f) - cut;

	unit_feed_bytes(one.stk, client ? one.cl : one.sv, frame, len);
	ck_assert_int_eq(mem_port_give(client ? many.cl : many.sv, frame,
	    len), 0);
	if (++waiting == BATCH)
		batch_end();
}

static struct unit_frame
of_client(uint32_t i, uint8_t flags)
{
	return lb_bed_in(IPPROTO_TCP4, (uint16_t)(1024 + i), flags);
}

static void
up(void)
{
	seed = 1;
	waiting = 0;
	one = director();
	many = director();
	for (uint32_t i = 0; i < FLOWS; i++) {
		struct unit_frame f = of_client(i, TCP_SYN);

		give(&f, true, 0);
	}
	batch_end();
	ck_assert_uint_eq(many.stk->lb.flows.count, FLOWS);
	ck_assert(lb_fetch_pays(&many.stk->lb));
	ck_assert_uint_gt(many.stk->lb.services.server_count,
	    LB_FETCH_SERVERS);
}

static void
down(void)
{
	batch_end();
	ck_assert_uint_eq(one.stk->lb.flows.count, many.stk->lb.flows.count);
	ck_assert_mem_eq(one.stk->drop.count, many.stk->drop.count,
	    sizeof(one.stk->drop.count));
	ck_assert_mem_eq(&one.svc->tally->stats, &many.svc->tally->stats,
	    sizeof(one.svc->tally->stats));
	lb_bed_down(&one);
	lb_bed_down(&many);
}

/* Packets of any flow, both ways, and among them what belongs to none. */
START_TEST(batches_come_out_the_same)
{
	up();
	for (uint32_t n = 0; n < 4000; n++) {
		uint32_t i = random_below(FLOWS);
		struct unit_frame f = of_client(i, TCP_ACK);

		switch (random_below(8)) {
		case 0:		/* of no flow, and no SYN */
			f.sport = (uint16_t)(60000 + i % 5000);
			break;
		case 1:		/* not for the service */
			f.dip = IP4(10, 0, 0, 11);
			break;
		case 2:
			f.flags = TCP_FIN | TCP_ACK;
			break;
		case 3:
			f.flags = TCP_RST;
			break;
		}
		/* Some are cut in the middle of a header. */
		give(&f, true, random_below(16) == 0 ? 14 + i % 36 : 0);
	}
	batch_end();
	/* Whom round robin gave client i: the last one added is first. */
	for (uint32_t n = 0; n < 2000; n++) {
		uint32_t i = random_below(FLOWS);
		struct unit_frame f = lb_bed_out(IPPROTO_TCP4,
		    server_ip(SERVERS - 1 - i % SERVERS), 80,
		    (uint16_t)(1024 + i), TCP_ACK);

		f.src.b[5] = 254;
		give(&f, false, 0);
	}
	batch_end();
	ck_assert_uint_gt(many.svc->tally->stats.out_pkts, 1900);
	down();
}
END_TEST

/* Flows of servers that have gone drain: they are fetched with no service. */
START_TEST(batches_of_servers_that_left)
{
	up();
	for (uint32_t i = 0; i < SERVERS / 8; i++) {
		struct addr a = addr_from_ip4(server_ip(i * 8));

		ck_assert_int_eq(lb_server_del(one.stk, one.svc, &a, 80,
		    NULL), 0);
		ck_assert_int_eq(lb_server_del(many.stk, many.svc, &a, 80,
		    NULL), 0);
	}
	ck_assert_uint_gt(many.stk->lb.services.server_count,
	    LB_FETCH_SERVERS);
	for (uint32_t i = 0; i < FLOWS; i += 3) {
		struct unit_frame f = of_client(i, TCP_ACK);

		give(&f, true, 0);
	}
	down();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lb_fetch");
	TCase *tc = tcase_create("lb_fetch");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, batches_come_out_the_same);
	tcase_add_test(tc, batches_of_servers_that_left);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
