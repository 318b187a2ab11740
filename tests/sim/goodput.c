/*
 * goodput.c - how much one TCP connection gets through, by buffer, loss and
 * round trip, and how two share a bottleneck.
 */
#include "unit/unit.h"

#include "host.h"
#include "sim/table.h"
#include "topo.h"

#define SECONDS		5
#define SEEDS		3
#define SHARE_S		10
#define RATE		INT64_C(20000000)	/* bits a second */

/* a --- b, as the conf says each way. */
static struct world *
cable(uint64_t seed, const struct wire_conf *conf)
{
	struct world *w = world_new(seed);
	struct node *a = node_new(w, "a"), *b = node_new(w, "b");

	topo_cable(a, "eth0", b, "eth0", conf);
	topo_start(a, "port add eth0 acd 0\naddr add 10.0.0.1/24 dev eth0\n");
	topo_start(b, "port add eth0 acd 0\naddr add 10.0.0.2/24 dev eth0\n");
	return w;
}

static struct tcp_conf
conf_of(uint32_t buffer, enum tcp_cc_id cc)
{
	struct tcp_conf conf;

	tcp_conf_default(&conf);
	conf.cc = (uint8_t)cc;
	if (buffer != 0) {
		conf.rcvbuf = conf.rcvbuf_max = buffer;
		conf.sndbuf = conf.sndbuf_max = buffer;
	}
	return conf;
}

static unsigned long
kbits(uint64_t bytes, int64_t seconds)
{
	return (unsigned long)(bytes * 8 / 1000 / (uint64_t)seconds);
}

static uint64_t
transferred(uint64_t seed, uint32_t buffer, uint32_t loss_ppm,
    int64_t rtt_us, enum tcp_cc_id cc)
{
	struct wire_conf wire = { .delay_us = rtt_us / 2,
	    .loss_ppm = loss_ppm, .rate_bps = RATE, .queue_bytes = 128000 };
	struct tcp_conf conf = conf_of(buffer, cc);
	struct world *w = cable(seed, &wire);
	struct app *sink = bulk_sink(world_node(w, "b"), 9, &conf);
	uint64_t r;

	bulk_source(world_node(w, "a"), "10.0.0.2", 9, &conf);
	world_run(w, instant_from_us(SECONDS * USEC_PER_SEC));
	ck_assert_str_eq(w->failure, "");
	r = sink->stats.bytes;
	world_free(w);
	return r;
}

/* With loss, the mean of some seeds: one lost ACK may cost a time-out. */
static unsigned long
goodput(uint32_t buffer, uint32_t loss_ppm, int64_t rtt_us, enum tcp_cc_id cc)
{
	unsigned seeds = loss_ppm > 0 ? SEEDS : 1;
	uint64_t sum = 0;

	for (unsigned seed = 1; seed <= seeds; seed++)
		sum += transferred(seed, buffer, loss_ppm, rtt_us, cc);
	return kbits(sum / seeds, SECONDS);
}

START_TEST(by_buffer_loss_and_rtt)
{
	static const uint32_t buffers[] = { 16384, 65536, 262144, 1048576 };
	static const uint32_t losses[] = { 0, 1000, 10000, 50000 };
	static const int64_t rtts[] = { 2000, 20000, 100000 };
	static struct table t;

	table_add(&t, "# kbit/s of one connection through %lld kbit/s in "
	    "%d s\n# cc loss/ppm buffer rtt=2ms rtt=20ms rtt=100ms\n",
	    (long long)RATE / 1000, SECONDS);
	for (int cc = 0; cc < TCP_CC_COUNT; cc++) {
		for (int l = 0; l < 4; l++) {
			for (int b = 0; b < 4; b++) {
				table_add(&t, "%-8s %5u %7u", cc ==
				    TCP_CC_CUBIC ? "cubic" : "newreno",
				    losses[l], buffers[b]);
				for (int r = 0; r < 3; r++)
					table_add(&t, " %6lu", goodput(
					    buffers[b], losses[l], rtts[r],
					    (enum tcp_cc_id)cc));
				table_add(&t, "\n");
			}
		}
	}
	table_compare(&t, "goodput.txt");
}
END_TEST

/* Two connections from a to b; the second begins late. */
static void
share(struct table *t, const char *name, enum tcp_cc_id one,
    enum tcp_cc_id two, uint32_t queue, int64_t late_us)
{
	struct wire_conf wire = { .delay_us = 10000, .rate_bps = RATE,
	    .queue_bytes = queue };
	struct tcp_conf c1 = conf_of(0, one), c2 = conf_of(0, two);
	struct world *w = cable(1, &wire);
	struct app *s1 = bulk_sink(world_node(w, "b"), 9, &c1);
	struct app *s2 = bulk_sink(world_node(w, "b"), 10, &c2);
	uint64_t from1, from2;
	unsigned long a, b;

	bulk_source(world_node(w, "a"), "10.0.0.2", 9, &c1);
	world_run(w, instant_from_us(late_us));
	bulk_source(world_node(w, "a"), "10.0.0.2", 10, &c2);
	world_run(w, instant_add(w->now, 5 * USEC_PER_SEC));
	from1 = s1->stats.bytes;
	from2 = s2->stats.bytes;
	world_run(w, instant_add(w->now, SHARE_S * USEC_PER_SEC));
	ck_assert_str_eq(w->failure, "");
	a = kbits(s1->stats.bytes - from1, SHARE_S);
	b = kbits(s2->stats.bytes - from2, SHARE_S);
	/* Jain's index in thousandths: 1000 is fair, 500 is one alone. */
	table_add(t, "%-16s %7u %6lu %6lu %5lu\n", name, queue, a, b,
	    (a + b) * (a + b) * 1000 / (2 * (a * a + b * b)));
	world_free(w);
}

START_TEST(two_share_a_bottleneck)
{
	static const uint32_t queues[] = { 30000, 60000, 240000 };
	static struct table t;

	table_add(&t, "# kbit/s of two connections through %lld kbit/s, "
	    "RTT 20 ms, the second 3 s later\n# cc queue/bytes first second "
	    "fairness/1000\n", (long long)RATE / 1000);
	for (int q = 0; q < 3; q++) {
		share(&t, "cubic-cubic", TCP_CC_CUBIC, TCP_CC_CUBIC,
		    queues[q], 3000000);
		share(&t, "newreno-newreno", TCP_CC_NEWRENO, TCP_CC_NEWRENO,
		    queues[q], 3000000);
		share(&t, "cubic-newreno", TCP_CC_CUBIC, TCP_CC_NEWRENO,
		    queues[q], 3000000);
	}
	table_compare(&t, "goodput_shared.txt");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("goodput");
	TCase *t = tcase_create("tables");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, by_buffer_loss_and_rtt);
	tcase_add_test(t, two_share_a_bottleneck);
	suite_add_tcase(s, t);
	return unit_main(s);
}
