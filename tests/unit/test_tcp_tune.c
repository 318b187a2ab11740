/*
 * test_tcp_tune.c - the receive buffer of who only receives: it grows with what
 * its owner reads in a round trip, also where the handshake has measured none.
 */
#include "tcp/tcp_conn.h"
#include "unit/tcp_pair.h"

#define BYTES 6000000u

/* 40 Mbit/s and 100 ms: 500 kB are under way. */
static const struct wire_conf path = { .delay_us = 50000, .rate = 5000000,
    .queue = 500000 };

static bool
lose_first(void *arg, int from, const struct mem_frame *f)
{
	unsigned *seen = arg;

	(void)f;
	return from != 0 || ++*seen != 1;
}

/* Side `from` sends; loses the SYN of side 0 if that is asked for.  Returns
 * what the buffer of the other side has become. */
static uint32_t
transfer(int from, bool syn_lost, const struct tcp_conf *conf, int64_t *us)
{
	struct pair *p = pair_new(1, 1500, 0);
	struct pair_app a[2] = { { .salt = 1, .peer_salt = 2, .keep = true },
	    { .salt = 2, .peer_salt = 1, .keep = true } };
	struct tcp_status s;
	unsigned seen = 0;

	a[from].total = BYTES;
	pair_wire(p, &path);
	if (syn_lost) {
		p->filter = lose_first;
		p->filter_arg = &seen;
	}
	pair_serve(p, 1, 80, conf, &a[1]);
	pair_connect(p, 0, 80, conf, &a[0]);
	while (a[!from].received < BYTES && p->now.us < 60000000)
		pair_run_until(p, p->now.us + 10000);
	ck_assert_uint_eq(a[!from].received, BYTES);
	*us = p->now.us;
	tcp_status(p->stk[!from], a[!from].c, &s);
	ck_assert_int_eq(s.rtt_us == 0, syn_lost ||
	    conf->syn_cookies == TCP_COOKIES_ALWAYS);
	pair_free(p);
	return s.rcv_space;
}

/* A round trip of the handshake's; a SYN cookie, which keeps the scale of
 * windows only in a timestamp; a SYN that got lost. */
static const struct {
	int from;
	bool ts, cookies, syn_lost;
} cases[] = {
	{ 0, true, false, false }, { 0, false, false, false },
	{ 1, true, false, false }, { 1, false, false, false },
	{ 0, true, true, false },
	{ 1, true, false, true }, { 1, false, false, true },
};

START_TEST(grows_for_who_only_receives)
{
	struct tcp_conf conf;
	uint32_t buf;
	int64_t us;

	tcp_conf_default(&conf);
	conf.timestamps = cases[_i].ts;
	conf.syn_cookies = cases[_i].cookies ? TCP_COOKIES_ALWAYS :
	    TCP_COOKIES_NEVER;
	buf = transfer(cases[_i].from, cases[_i].syn_lost, &conf, &us);
	/* Twice what is under way, and what it takes at full speed. */
	ck_assert_uint_ge(buf, 1000000);
	ck_assert_int_lt(us, 3500000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_tune");
	TCase *t = tcase_create("tune");

	tcase_add_loop_test(t, grows_for_who_only_receives, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	suite_add_tcase(s, t);
	return unit_main(s);
}
