/*
 * test_icmp_ping.c - the ping engine: what is sent when, and what is told of
 * each request, to the microsecond.
 */
#include "unit/host_fixture.h"

#include <errno.h>
#include <string.h>

#include "icmp/ping.h"

static struct ping *ping;
static struct ping_result told[64];
static unsigned count, stop_at;

static void
setup(void)
{
	host_setup();
	count = stop_at = 0;
	ping = NULL;
}

static void
teardown(void)
{
	if (ping != NULL)
		ping_stop(stk, ping);
	host_teardown();
}

static void
note(struct stack *s, struct ping *p, const struct ping_result *r,
    void *owner)
{
	ck_assert_ptr_eq(s, stk);
	ck_assert_ptr_eq(owner, &count);
	ck_assert_uint_lt(count, 64);
	told[count++] = *r;
	if (count == stop_at) {
		ping_stop(stk, p);
		ping = NULL;
	}
}

static struct ping_conf
conf(uint32_t n, int64_t interval_us, int64_t timeout_us)
{
	struct ping_conf c = PING_CONF_DEFAULT;

	c.dst = addr_from_ip4(PEER);
	c.count = n;
	c.interval_us = interval_us;
	c.timeout_us = timeout_us;
	return c;
}

static void
start(const struct ping_conf *c)
{
	struct err err = { "" };

	ck_assert_msg(ping_start(stk, c, note, &count, &ping, &err) == 0,
	    "%s", err.text);
}

/* The request that leaves: its second word. */
static uint32_t
request(void)
{
	struct unit_seen s = unit_expect(port);
	uint32_t rest = s.icmp_rest;

	ck_assert_uint_eq(s.icmp_type, ICMP_ECHO);
	ck_assert_uint_eq(s.payload_len, PING_SIZE);
	unit_seen_free(&s);
	return rest;
}

static void
reply(uint32_t rest)
{
	uint8_t data[PING_SIZE] = { 0 };
	struct unit_frame f = { .dst = US_MAC, .src = PEER_MAC, .sip = PEER,
	    .dip = US, .proto = IPPROTO_ICMP4, .ttl = 60,
	    .icmp_type = ICMP_ECHO_REPLY, .icmp_rest = rest,
	    .payload = data, .payload_len = sizeof(data) };

	unit_feed(stk, port, &f);
}

static void
expect_told(unsigned i, enum ping_what what, uint32_t seq, int64_t rtt_us)
{
	ck_assert_uint_lt(i, count);
	ck_assert_int_eq(told[i].what, what);
	ck_assert_uint_eq(told[i].seq, seq);
	ck_assert_int_eq(told[i].rtt_us, rtt_us);
}

START_TEST(three_requests)
{
	struct ping_conf c = conf(3, 1000000, 2000000);
	struct ping_stats st;

	start(&c);
	unit_expect_nothing(port);		/* not before the next turn */
	for (uint32_t i = 1; i <= 3; i++) {
		unit_run_until(stk, (i - 1) * 1000000);
		ck_assert_uint_eq(mem_port_sent(port), 1);
		unit_run_until(stk, (i - 1) * 1000000 + i * 100);
		reply(request());
		expect_told(i - 1, PING_REPLY, i, i * 100);
		ck_assert_uint_eq(told[i - 1].bytes, 64);
		ck_assert_uint_eq(told[i - 1].ttl, 60);
		ck_assert_uint_eq(addr_to_ip4(&told[i - 1].from).v, PEER.v);
	}
	expect_told(3, PING_DONE, 0, 0);
	ck_assert_uint_eq(count, 4);
	ping_stats(stk, ping, &st);
	ck_assert_uint_eq(st.sent, 3);
	ck_assert_uint_eq(st.received, 3);
	ck_assert_int_eq(st.min_us, 100);
	ck_assert_int_eq(st.avg_us, 200);
	ck_assert_int_eq(st.max_us, 300);
	ck_assert_int_eq(st.mdev_us, 81);	/* of sqrt(6666) */
	ck_assert_int_eq(st.elapsed_us, 2000300);
	unit_run_until(stk, 10000000);
	ck_assert_uint_eq(count, 4);
	unit_expect_nothing(port);
}
END_TEST

START_TEST(lost_and_late)
{
	struct ping_conf c = conf(2, 500000, 700000);
	uint32_t first, second;

	start(&c);
	unit_run_until(stk, 0);
	first = request();
	unit_run_until(stk, 699999);
	second = request();
	ck_assert_uint_eq(count, 0);
	unit_run_until(stk, 700000);
	expect_told(0, PING_LOST, 1, 0);
	reply(second);
	expect_told(1, PING_REPLY, 2, 200000);
	expect_told(2, PING_DONE, 0, 0);
	reply(first);				/* after the end */
	expect_told(3, PING_REPLY, 1, 700000);
	reply(first);
	expect_told(4, PING_DUPLICATE, 1, 700000);
	ck_assert_uint_eq(count, 5);
}
END_TEST

START_TEST(duplicates)
{
	struct ping_conf c = conf(0, 1000000, 2000000);
	uint32_t rest;

	start(&c);
	unit_run_until(stk, 0);
	rest = request();
	reply(rest);
	reply(rest);
	expect_told(0, PING_REPLY, 1, 0);
	expect_told(1, PING_DUPLICATE, 1, 0);
	reply(rest + 1);			/* not sent yet */
	reply(rest - 1);			/* nor ever */
	ck_assert_uint_eq(count, 2);
}
END_TEST

START_TEST(error_is_told)
{
	struct ping_conf c = conf(1, 1000000, 2000000);
	struct unit_frame e = { .dst = US_MAC, .src = PEER_MAC,
	    .sip = IP4(10, 0, 0, 254), .dip = US, .proto = IPPROTO_ICMP4,
	    .icmp_type = ICMP_UNREACH, .icmp_code = ICMP_UNREACH_HOST };
	struct unit_seen s;

	start(&c);
	unit_run_until(stk, 300);
	s = unit_expect(port);
	e.payload = s.frame->data + 14;
	e.payload_len = 28;
	unit_feed(stk, port, &e);
	unit_seen_free(&s);
	expect_told(0, PING_ERROR, 1, 300);
	ck_assert_uint_eq(told[0].type, ICMP_UNREACH);
	ck_assert_uint_eq(told[0].code, ICMP_UNREACH_HOST);
	ck_assert_uint_eq(addr_to_ip4(&told[0].from).v,
	    IP4(10, 0, 0, 254).v);
	expect_told(1, PING_DONE, 0, 0);
}
END_TEST

/* The address goes away while it runs: every request is told, none is sent. */
START_TEST(unsent)
{
	struct ping_conf c = conf(2, 1000, 2000000);
	struct ip4_prefix p = { US, 24 };

	start(&c);
	ck_assert_int_eq(iface_addr_del(stk, port->ifp, p, NULL), 0);
	unit_run_until(stk, 5000);
	expect_told(0, PING_UNSENT, 1, 0);
	expect_told(1, PING_UNSENT, 2, 0);
	expect_told(2, PING_DONE, 0, 0);
	ck_assert_int_eq(told[0].error, -ENETUNREACH);
	unit_expect_nothing(port);
}
END_TEST

/* Stopped from inside each kind of call: no more results, nothing leaks. */
START_TEST(stop_from_inside)
{
	struct ping_conf c = conf(2, 1000, 2000);

	stop_at = (unsigned)_i + 1;
	start(&c);
	unit_run_until(stk, 0);
	reply(request());
	unit_run_until(stk, 100000);
	ck_assert_uint_eq(count, stop_at);
	ck_assert_ptr_null(ping);
	ck_assert_uint_eq(stk->icmp.echo_count, 0);
	host_flush(port);
}
END_TEST

/* With nobody answering, no more than a window is on its way. */
START_TEST(window)
{
	struct ping_conf c = conf(0, 1000, 10000000);

	start(&c);
	unit_run_until(stk, 2000000);
	ck_assert_uint_eq(mem_port_sent(port), PING_WINDOW);
	host_flush(port);
	unit_run_until(stk, 9999999);
	unit_expect_nothing(port);
	unit_run_until(stk, 10000000);
	ck_assert_int_eq(told[0].what, PING_LOST);
	ck_assert_uint_eq(mem_port_sent(port), 1);
	host_flush(port);
}
END_TEST

/* A turn that comes late sends one request, not all that were missed. */
START_TEST(late_turn)
{
	struct ping_conf c = conf(0, 1000000, 60000000);

	start(&c);
	stack_poll(stk, instant_from_us(0));
	stack_poll(stk, instant_from_us(5300000));
	ck_assert_uint_eq(mem_port_sent(port), 2);
	unit_run_until(stk, 6299999);
	ck_assert_uint_eq(mem_port_sent(port), 2);
	unit_run_until(stk, 6300000);
	ck_assert_uint_eq(mem_port_sent(port), 3);
	host_flush(port);
}
END_TEST

/* Sequence numbers wrap on the wire, not in results. */
START_TEST(sequence_wraps)
{
	struct ping_conf c = conf(70000, 1000, 1000000);
	uint32_t first = 0, rest;
	struct ping_stats st;

	start(&c);
	for (int64_t i = 0; i < 70000; i++) {
		unit_run_until(stk, i * 1000);
		rest = request();
		if (i == 0)
			first = rest & 0xffff0000;
		reply(rest);
		expect_told(0, PING_REPLY, (uint32_t)i + 1, 0);
		/* one that the ring no longer knows */
		reply(first | (uint16_t)(i + 1 - PING_WINDOW));
		ck_assert(count == 1 || i == 69999 || i < PING_WINDOW);
		count = i == 69999 ? count : 0;
	}
	expect_told(1, PING_DONE, 0, 0);
	ping_stats(stk, ping, &st);
	ck_assert_uint_eq(st.received, 70000);
}
END_TEST

START_TEST(refused_configurations)
{
	static const struct {
		int code;
		const char *text;
	} rows[] = {
		{ -EINVAL, "interval" }, { -EINVAL, "timeout" },
		{ -EINVAL, "size \"65508\"" }, { -ENETUNREACH, "10.9.9.9" },
		{ -EACCES, "broadcast" }, { -ENODEV, "nowhere" },
		{ -EADDRNOTAVAIL, "source" }, { -EINVAL, "0.0.0.0" },
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct ping_conf c = conf(1, 1000000, 1000000);
		struct err err = { "" };

		if (i == 0)
			c.interval_us = 999;
		if (i == 1)
			c.timeout_us = 0;
		if (i == 2)
			c.size = 65508;
		if (i == 3)
			c.dst = addr_from_ip4(IP4(10, 9, 9, 9));
		if (i == 4)
			c.dst = addr_from_ip4(IP4(10, 0, 0, 255));
		if (i == 5)
			strcpy(c.echo.ifname, "nowhere");
		if (i == 6)
			c.echo.src = addr_from_ip4(PEER);
		if (i == 7)
			c.dst = addr_from_ip4(IP4_ANY);
		ck_assert_int_eq(ping_start(stk, &c, note, &count, &ping,
		    &err), rows[i].code);
		ck_assert_msg(strstr(err.text, rows[i].text) != NULL, "%s",
		    err.text);
		ck_assert_ptr_null(ping);
	}
	ck_assert_uint_eq(stk->icmp.echo_count, 0);
}
END_TEST

START_TEST(no_memory)
{
	struct ping_conf c = conf(1, 1000000, 1000000);

	for (uint64_t n = 1; n <= 2; n++) {
		stk->mem.fail_at = n;
		ck_assert_int_eq(ping_start(stk, &c, note, &count, &ping,
		    NULL), -ENOMEM);
	}
	ck_assert_uint_eq(stk->icmp.echo_count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("icmp_ping");
	TCase *c = tcase_create("ping");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, three_requests);
	tcase_add_test(c, lost_and_late);
	tcase_add_test(c, duplicates);
	tcase_add_test(c, error_is_told);
	tcase_add_test(c, unsent);
	tcase_add_loop_test(c, stop_from_inside, 0, 3);
	tcase_add_test(c, window);
	tcase_add_test(c, late_turn);
	tcase_add_test(c, sequence_wraps);
	tcase_add_test(c, refused_configurations);
	tcase_add_test(c, no_memory);
	suite_add_tcase(s, c);
	return unit_main(s);
}
