/*
 * test_tcp_goodput.c - how fast a transfer is, over receive buffer, loss and
 * round trip, and how two flows share a bottleneck.
 *
 * One lost ACK at the wrong moment costs a time-out, so a cell with loss is
 * the mean of several seeds; "no-rack" beside "cubic" is what RACK-TLP brings.
 *
 * Virtual time makes the figures exact, so they are compared exactly with
 * tcp_goodput.txt beside this file.  A change that moves them is shown in
 * review; `UPDATE=1 tests/unit/test_tcp_goodput` writes the new ones.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "unit/tcp_pair.h"

#define TABLE_MAX 16384
#define BYTES 2000000u
#define SEEDS 6u

static char table[TABLE_MAX];
static size_t used;

static void
row(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
row(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	used += (size_t)vsnprintf(table + used, TABLE_MAX - used, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(used, TABLE_MAX);
}

/* How long one transfer takes over 100 Mbit/s with 250 kB of queue. */
static uint64_t
transfer_us(uint8_t seed, const struct tcp_conf *conf,
    const struct wire_conf *w)
{
	struct pair *p = pair_new(seed, 1500, 0);
	struct pair_app a = { .salt = 2, .peer_salt = 1 };
	struct pair_app b = { .total = BYTES, .salt = 1, .peer_salt = 2 };
	uint64_t us;

	pair_wire(p, w);
	pair_serve(p, 1, 80, conf, &a);
	pair_connect(p, 0, 80, conf, &b);
	pair_run_apps(p, &a, &b, 2000000000);
	ck_assert(a.closed && b.closed);
	us = (uint64_t)a.done_us;
	pair_free(p);
	return us;
}

/* kbit/s of some transfers, one after the other. */
static unsigned
goodput(const struct tcp_conf *conf, const struct wire_conf *w)
{
	unsigned seeds = w->loss > 0 ? SEEDS : 1;
	uint64_t us = 0;

	for (unsigned seed = 1; seed <= seeds; seed++)
		us += transfer_us((uint8_t)seed, conf, w);
	return (unsigned)((uint64_t)BYTES * seeds * 8000 / us);
}

static const uint32_t buffers[] = { 65536, 1048576, 6291456 };
static const uint32_t losses[] = { 0, 1000, 10000, 50000 };
static const int64_t rtts_ms[] = { 2, 20, 100 };

static void
conf_of(struct tcp_conf *conf, int how)
{
	tcp_conf_default(conf);
	conf->cc = how == 1 ? TCP_CC_NEWRENO : TCP_CC_CUBIC;
	conf->rack = how != 2;
	conf->sack = how != 3;
	conf->pacing = how == 4;
}

static void
single_flows(void)
{
	static const char *const names[] = { "cubic", "newreno", "no-rack",
	    "no-sack", "paced" };

	for (int how = 0; how < 5; how++) {
		for (int b = how == 0 ? 0 : 2; b < 3; b++) {
			row("%s, buffer %u, kbit/s\n", names[how],
			    buffers[b]);
			for (int l = 0; l < 4; l++) {
				row("  loss %4.1f %%", losses[l] / 1e4);
				for (int r = 0; r < 3; r++) {
					struct wire_conf w = {
					    .delay_us = rtts_ms[r] * 500,
					    .rate = 12500000,
					    .queue = 250000,
					    .loss = losses[l] };
					struct tcp_conf conf;

					conf_of(&conf, how);
					conf.rcvbuf_max = buffers[b];
					if (conf.rcvbuf > buffers[b])
						conf.rcvbuf = buffers[b];
					row("  rtt %3d ms %6u",
					    (int)rtts_ms[r],
					    goodput(&conf, &w));
				}
				row("\n");
			}
		}
	}
}

/* Two flows for 30 s on 10 Mbit/s and 20 ms, the second 1 s later. */
static void
two_flows(int how)
{
	struct wire_conf w = { .delay_us = 10000, .rate = 1250000,
	    .queue = 50000 };
	struct pair *p = pair_new(1, 1500, 0);
	struct pair_app s[2], c[2];
	struct tcp_conf conf;
	uint64_t at[2];

	memset(s, 0, sizeof(s));
	memset(c, 0, sizeof(c));
	conf_of(&conf, how);
	pair_wire(p, &w);
	for (int i = 0; i < 2; i++) {	/* who sends for ever does not close */
		s[i].keep = c[i].keep = true;
		s[i].peer_salt = 1;
		c[i].salt = 1;
		c[i].total = 1000000000;
		pair_serve(p, 1, (uint16_t)(80 + i), &conf, &s[i]);
		pair_connect(p, 0, (uint16_t)(80 + i), &conf, &c[i]);
		pair_run_until(p, 1000000 * (i + 1));
	}
	pair_run_until(p, 10000000);
	at[0] = s[0].received;
	at[1] = s[1].received;
	pair_run_until(p, 40000000);
	row("two flows, %s: %llu and %llu kbit/s\n",
	    how == 1 ? "newreno" : "cubic",
	    (unsigned long long)(s[0].received - at[0]) * 8 / 30000,
	    (unsigned long long)(s[1].received - at[1]) * 8 / 30000);
	pair_free(p);
}

/* As the committed file has it; "" if there is none. */
static void
read_expected(const char *path, char *out)
{
	FILE *f = fopen(path, "r");
	size_t n = 0;

	if (f != NULL) {
		n = fread(out, 1, TABLE_MAX - 1, f);
		fclose(f);
	}
	out[n] = '\0';
}

START_TEST(table_is_as_committed)
{
	const char *top = getenv("top_srcdir");
	static char expected[TABLE_MAX];
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/unit/tcp_goodput.txt",
	    top != NULL ? top : "..");
	single_flows();
	two_flows(0);
	two_flows(1);
	if (getenv("UPDATE") != NULL) {
		f = fopen(path, "w");
		ck_assert_ptr_nonnull(f);
		fputs(table, f);
		fclose(f);
	}
	read_expected(path, expected);
	if (strcmp(table, expected) != 0)
		printf("# measured:\n# %s\n", table);
	ck_assert(strcmp(table, expected) == 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_goodput");
	TCase *t = tcase_create("goodput");

	tcase_set_timeout(t, 300);
	tcase_add_test(t, table_is_as_committed);
	suite_add_tcase(s, t);
	return unit_main(s);
}
