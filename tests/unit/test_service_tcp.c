/*
 * test_service_tcp.c - echo, discard, daytime and chargen by TCP (RFC 862,
 * 863, 867, 864): what they say, and that they hold no more than buffers.
 */
#include "unit/talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SECOND	1000000

static struct pair *p;
static struct talk t;

static void
setup(void)
{
	const struct wire_conf wire = { .delay_us = 1000 };

	p = pair_new(3, 1500, 0);
	pair_wire(p, &wire);
	t = (struct talk){ 0 };
}

static void
teardown(void)
{
	talk_end(&t);
	pair_free(p);
}

/* Chargen on a wire without a limit would say terabytes a second. */
static void
slow_wire(void)
{
	const struct wire_conf wire = { .delay_us = 1000, .rate = 4000000,
	    .queue = 100000 };

	pair_wire(p, &wire);
}

static void
start(const char *name)
{
	ck_assert_int_eq(service_start(p->stk[1], name, NULL), 0);
}

static const struct service *
of(enum service_id id)
{
	return service_get(p->stk[1], id);
}

START_TEST(echo_returns_the_stream)
{
	static char text[300000];

	for (uint32_t i = 0; i < sizeof(text); i++)
		text[i] = (char)pair_pattern(i, 1);
	start("echo");
	talk_open(&t, p, 7);
	talk_say(&t, text, sizeof(text));
	talk_shut(&t);
	pair_run_until(p, 20 * SECOND);
	ck_assert_uint_eq(t.received, sizeof(text));
	ck_assert_int_eq(memcmp(t.in, text, sizeof(text)), 0);
	/* It closed after us, and forgot. */
	ck_assert(t.eof);
	ck_assert_uint_eq(of(SERVICE_ECHO)->accepted, 1);
	ck_assert_uint_eq(of(SERVICE_ECHO)->open, 0);
}
END_TEST

/* A peer that writes and never reads is stopped by windows: nothing grows. */
START_TEST(echo_does_not_buffer)
{
	const struct tcp_conf *c = tcp_conf_stack(p->stk[1]);
	uint64_t most = (uint64_t)c->rcvbuf_max + c->sndbuf_max + (1u << 18);
	uint32_t size = 64u << 20;
	char *text = calloc(1, size);

	start("echo");
	talk_open(&t, p, 7);
	t.deaf = true;
	talk_say(&t, text, size);
	pair_run_until(p, 60 * SECOND);
	ck_assert_uint_gt(t.out_len, 0);
	ck_assert_uint_le(p->stk[1]->tcp.mem_used, most);
	/* And goes on where it stopped. */
	talk_hear(&t);
	pair_run_until(p, 200 * SECOND);
	ck_assert_uint_eq(t.out_len, 0);
	ck_assert_uint_eq(t.received, size);
	free(text);
}
END_TEST

START_TEST(discard_swallows)
{
	static char text[500000];

	start("discard");
	talk_open(&t, p, 9);
	talk_say(&t, text, sizeof(text));
	talk_shut(&t);
	pair_run_until(p, 20 * SECOND);
	ck_assert_uint_eq(t.out_len, 0);
	ck_assert_uint_eq(t.received, 0);
	ck_assert(t.eof);
	ck_assert_uint_eq(of(SERVICE_DISCARD)->open, 0);
}
END_TEST

START_TEST(daytime_says_it_once)
{
	p->stk[1]->wall_offset_us = 1795258106 * INT64_C(1000000);
	start("daytime");
	talk_open(&t, p, 13);
	pair_run_until(p, SECOND);
	ck_assert_str_eq(t.in, "Saturday, November 21, 2026 10:48:26-UTC\r\n");
	ck_assert(t.eof);
	ck_assert_uint_eq(of(SERVICE_DAYTIME)->open, 0);
}
END_TEST

/* The pattern of RFC 864 goes on over the end of every write and buffer. */
START_TEST(chargen_goes_on)
{
	char *want = malloc(TALK_MAX);

	chargen_fill(want, TALK_MAX);
	slow_wire();
	start("chargen");
	talk_open(&t, p, 19);
	pair_run_until(p, SECOND);
	ck_assert_uint_gt(t.received, TALK_MAX);
	ck_assert_int_eq(memcmp(t.in, want, TALK_MAX), 0);
	free(want);
}
END_TEST

START_TEST(chargen_stops_when_nobody_reads)
{
	const struct tcp_conf *c = tcp_conf_stack(p->stk[1]);
	uint64_t was;

	slow_wire();
	start("chargen");
	talk_open(&t, p, 19);
	t.deaf = true;
	pair_run_until(p, 30 * SECOND);
	ck_assert_uint_le(p->stk[1]->tcp.mem_used, c->sndbuf_max + (1u << 18));
	was = p->bytes[1];
	pair_run_until(p, 60 * SECOND);
	ck_assert_uint_lt(p->bytes[1] - was, 2000);	/* probes */
	talk_hear(&t);
	pair_run_until(p, 61 * SECOND);
	ck_assert_uint_gt(t.received, TALK_MAX);
}
END_TEST

START_TEST(chargen_outlives_a_half_close)
{
	slow_wire();
	start("chargen");
	talk_open(&t, p, 19);
	talk_shut(&t);
	pair_run_until(p, SECOND);
	ck_assert(!t.eof);
	ck_assert_uint_gt(t.received, 100000);
	ck_assert_uint_eq(of(SERVICE_CHARGEN)->open, 1);
	tcp_abort(p->stk[0], t.c);
	t.c = NULL;
	pair_run_until(p, 2 * SECOND);
	ck_assert_uint_eq(of(SERVICE_CHARGEN)->open, 0);
}
END_TEST

START_TEST(stop_resets)
{
	start("echo");
	slow_wire();
	start("chargen");
	talk_open(&t, p, 19);
	pair_run_until(p, SECOND);
	ck_assert_int_eq(service_stop(p->stk[1], "chargen", NULL), 0);
	pair_run_until(p, 2 * SECOND);
	ck_assert_int_eq(t.error, -ECONNRESET);
	ck_assert_uint_eq(p->stk[1]->service.conns, 0);
	ck_assert_ptr_null(p->stk[1]->service.pattern);
	talk_end(&t);
	talk_open(&t, p, 19);
	pair_run_until(p, 3 * SECOND);
	ck_assert_int_eq(t.error, -ECONNREFUSED);
}
END_TEST

START_TEST(too_many)
{
	struct talk second;

	p->stk[1]->limits.service_conns = 1;
	start("echo");
	talk_open(&t, p, 7);
	pair_run_until(p, SECOND);
	talk_open(&second, p, 7);
	pair_run_until(p, 2 * SECOND);
	ck_assert_int_eq(second.error, -ECONNRESET);
	ck_assert_int_eq(t.error, 0);
	ck_assert_uint_eq(of(SERVICE_ECHO)->refused, 1);
	talk_end(&second);
}
END_TEST

START_TEST(taken_and_no_memory)
{
	struct addr any = { { 0 } };
	struct stack *stk = p->stk[1];
	struct tcp_listener *l;
	struct err err = { "" };

	ck_assert_int_eq(tcp_listen(stk, &any, 19, 1, NULL, NULL, NULL, &l),
	    0);
	ck_assert_int_eq(service_start(stk, "chargen", &err), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.text, "TCP port 19"));
	ck_assert_ptr_null(of(SERVICE_CHARGEN));
	tcp_listen_close(stk, l);
	for (uint64_t n = 1;; n++) {
		uint64_t live = stk->mem.live;

		stk->mem.fail_at = n;
		if (service_start(stk, "chargen", &err) == 0)
			break;
		ck_assert_uint_eq(stk->mem.live, live);
		ck_assert_uint_lt(n, 20);
	}
	stk->mem.fail_at = 0;
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("service_tcp");
	TCase *c = tcase_create("service_tcp");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, echo_returns_the_stream);
	tcase_add_test(c, echo_does_not_buffer);
	tcase_add_test(c, discard_swallows);
	tcase_add_test(c, daytime_says_it_once);
	tcase_add_test(c, chargen_goes_on);
	tcase_add_test(c, chargen_stops_when_nobody_reads);
	tcase_add_test(c, chargen_outlives_a_half_close);
	tcase_add_test(c, stop_resets);
	tcase_add_test(c, too_many);
	tcase_add_test(c, taken_and_no_memory);
	suite_add_tcase(s, c);
	return unit_main(s);
}
