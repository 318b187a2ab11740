/*
 * test_service.c - echo, discard, daytime and chargen by UDP, and traceroute.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "service/trace.h"

#define US	IP4(10, 0, 0, 1)
#define PEER	IP4(10, 0, 0, 2)
#define FAR	IP4(10, 9, 9, 9)

static const struct mac us_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac peer_mac = { { 2, 0, 0, 0, 0, 2 } };

static struct stack *stk;
static struct port *port;
static struct trace *trace;
static struct trace_result told[256];
static unsigned count, stop_at;

static void
flush(void)
{
	unit_drain(port);
}

static void
setup(void)
{
	struct route *def = calloc(1, sizeof(*def) + sizeof(def->hop[0]));

	ck_assert_ptr_nonnull(def);
	stk = unit_stack();
	port = unit_port(stk, "a", 1, "10.0.0.1/24");
	unit_neighbour(stk, "a", "10.0.0.2", 2);
	def->metric = 1;
	def->type = ROUTE_UNICAST;
	def->origin = ROUTE_STATIC;
	def->hops = 1;
	def->hop[0] = (struct next_hop){ port->ifp, PEER, 1 };
	ck_assert_int_eq(route_add(stk, def, NULL), 0);
	free(def);
	flush();
	count = stop_at = 0;
	trace = NULL;
}

static void
teardown(void)
{
	if (trace != NULL)
		trace_stop(stk, trace);
	unit_stack_free(stk);
}

static void
ask_from(uint16_t sport, uint16_t dport, const char *text)
{
	struct unit_frame f = { .dst = us_mac, .src = peer_mac, .sip = PEER,
	    .dip = US, .proto = IPPROTO_UDP4, .sport = sport, .dport = dport,
	    .payload = text, .payload_len = (uint32_t)strlen(text) };

	unit_feed(stk, port, &f);
}

/* ---- the small services ---- */

START_TEST(off_by_default)
{
	for (unsigned id = 0; id < SERVICE_COUNT; id++) {
		ck_assert_ptr_null(service_get(stk, id));
		ask_from(5000, service_port(id), "hello");
		ck_assert_uint_eq(stk->drop.count[DROP_UDP_NO_PORT], id + 1);
	}
	flush();
}
END_TEST

START_TEST(start_and_stop)
{
	struct addr any = { { 0 } };
	struct err err = { "" };
	struct udp_sock *s;

	ck_assert_int_eq(service_start(stk, "finger", &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "\"finger\""));
	ck_assert_int_eq(service_stop(stk, "finger", &err), -ENOENT);
	ck_assert_int_eq(service_stop(stk, "echo", &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "does not run"));
	ck_assert_int_eq(service_start(stk, "echo", &err), 0);
	ck_assert_int_eq(service_start(stk, "echo", &err), -EALREADY);
	ck_assert_ptr_nonnull(service_get(stk, SERVICE_ECHO));
	ck_assert_int_eq(service_stop(stk, "echo", &err), 0);
	ck_assert_ptr_null(service_get(stk, SERVICE_ECHO));
	s = udp_open(stk, NULL, NULL);
	ck_assert_int_eq(udp_bind(stk, s, &any, 7), 0);
	ck_assert_int_eq(service_start(stk, "echo", &err), -EADDRINUSE);
	ck_assert_ptr_nonnull(strstr(err.text, "port 7"));
	ck_assert_ptr_null(service_get(stk, SERVICE_ECHO));
	stk->mem.fail_at = 1;
	ck_assert_int_eq(service_start(stk, "daytime", &err), -ENOMEM);
}
END_TEST

START_TEST(echo)
{
	struct unit_seen s;

	unit_port(stk, "b", 9, "10.0.1.1/24");
	ck_assert_int_eq(service_start(stk, "echo", NULL), 0);
	ask_from(5000, 7, "hello");
	ask_from(5001, 7, "");
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, US.v);
	ck_assert_uint_eq(s.sport, 7);
	ck_assert_uint_eq(s.dport, 5000);
	ck_assert_uint_eq(s.payload_len, 5);
	ck_assert_mem_eq(s.payload, "hello", 5);
	unit_seen_free(&s);
	s = unit_expect(port);
	ck_assert_uint_eq(s.payload_len, 0);
	unit_seen_free(&s);
	ck_assert_uint_eq(service_get(stk, SERVICE_ECHO)->replies, 2);
}
END_TEST

/* RFC 1122 4.1.3.5: the address that was asked answers. */
START_TEST(echo_from_another_address)
{
	struct unit_frame f = { .dst = us_mac, .src = peer_mac, .sip = PEER,
	    .dip = IP4(10, 0, 1, 1), .proto = IPPROTO_UDP4, .sport = 5000,
	    .dport = 7, .payload = "x", .payload_len = 1 };
	struct unit_seen s;

	unit_port(stk, "b", 9, "10.0.1.1/24");
	ck_assert_int_eq(service_start(stk, "echo", NULL), 0);
	unit_feed(stk, port, &f);
	s = unit_expect(port);
	ck_assert_uint_eq(s.ip.src.v, IP4(10, 0, 1, 1).v);
	unit_seen_free(&s);
}
END_TEST

START_TEST(discard)
{
	ck_assert_int_eq(service_start(stk, "discard", NULL), 0);
	ask_from(5000, 9, "hello");
	unit_expect_nothing(port);
	ck_assert_uint_eq(service_get(stk, SERVICE_DISCARD)->requests, 1);
	ck_assert_uint_eq(stk->drop.count[DROP_UDP_NO_PORT], 0);
}
END_TEST

START_TEST(daytime)
{
	static const char text[] =
	    "Saturday, November 21, 2026 10:48:26-UTC\r\n";
	struct unit_seen s;

	ck_assert_int_eq(service_start(stk, "daytime", NULL), 0);
	stk->wall_offset_us = INT64_C(1795258105000000);
	unit_run_until(stk, 1999999);
	ask_from(5000, 13, "");
	s = unit_expect(port);
	ck_assert_uint_eq(s.payload_len, sizeof(text) - 1);
	ck_assert_mem_eq(s.payload, text, sizeof(text) - 1);
	unit_seen_free(&s);
}
END_TEST

static const struct {
	int64_t unix_s;
	const char *text;
} days[] = {
	{ 0, "Thursday, January 1, 1970 00:00:00-UTC\r\n" },
	{ -1, "Wednesday, December 31, 1969 23:59:59-UTC\r\n" },
	{ 951782400, "Tuesday, February 29, 2000 00:00:00-UTC\r\n" },
	{ 951868799, "Tuesday, February 29, 2000 23:59:59-UTC\r\n" },
	{ 951868800, "Wednesday, March 1, 2000 00:00:00-UTC\r\n" },
	{ 1709164800, "Thursday, February 29, 2024 00:00:00-UTC\r\n" },
	{ 2147483648, "Tuesday, January 19, 2038 03:14:08-UTC\r\n" },
	{ 4107542399, "Sunday, February 28, 2100 23:59:59-UTC\r\n" },
	{ 4107542400, "Monday, March 1, 2100 00:00:00-UTC\r\n" },
	{ -2203977600, "Wednesday, February 28, 1900 00:00:00-UTC\r\n" },
};

START_TEST(days_of_the_calendar)
{
	char buf[SERVICE_TEXT_MAX];

	daytime_format(days[_i].unix_s * USEC_PER_SEC, buf);
	ck_assert_str_eq(buf, days[_i].text);
}
END_TEST

/* The slow way: count days one by one through a century and a half. */
START_TEST(calendar_against_counting)
{
	static const unsigned len[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30,
	    31, 30, 31 };
	unsigned year = 1970, month = 0, day = 1;
	char buf[SERVICE_TEXT_MAX];

	for (int64_t d = 0; d < 55000; d++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) ||
		    year % 400 == 0;
		unsigned got_day, got_year;
		char name[16];

		daytime_format(d * 86400 * USEC_PER_SEC, buf);
		ck_assert_int_eq(sscanf(buf, "%*[^,], %15s %u, %u", name,
		    &got_day, &got_year), 3);
		ck_assert_uint_eq(got_day, day);
		ck_assert_uint_eq(got_year, year);
		if (++day > len[month] + (month == 1 && leap)) {
			day = 1;
			if (++month == 12) {
				month = 0;
				year++;
			}
		}
	}
}
END_TEST

START_TEST(chargen)
{
	bool varies = false;
	uint32_t first = 0;

	ck_assert_int_eq(service_start(stk, "chargen", NULL), 0);
	for (int i = 0; i < 50; i++) {
		struct unit_seen s;

		ask_from(5000, 19, "");
		s = unit_expect(port);
		ck_assert_uint_le(s.payload_len, 512);
		if (s.payload_len > 75) {
			ck_assert_mem_eq(s.payload, " !\"#$%&'()", 10);
			ck_assert_mem_eq(s.payload + 70, "fg\r\n!", 5);
		}
		if (i == 0)
			first = s.payload_len;
		varies |= s.payload_len != first;
		unit_seen_free(&s);
	}
	ck_assert(varies);
}
END_TEST

/* What would make a loop or a storm is heard and not answered. */
START_TEST(not_answered)
{
	struct unit_frame f = { .dst = MAC_BROADCAST, .src = peer_mac,
	    .sip = PEER, .dip = IP4_BROADCAST, .proto = IPPROTO_UDP4,
	    .sport = 5000, .dport = 19 };

	ck_assert_int_eq(service_start(stk, "echo", NULL), 0);
	ck_assert_int_eq(service_start(stk, "chargen", NULL), 0);
	ask_from(7, 7, "ping");
	ask_from(19, 7, "pong");
	ask_from(1023, 19, "");
	unit_feed(stk, port, &f);
	unit_expect_nothing(port);
	ck_assert_uint_eq(service_get(stk, SERVICE_ECHO)->refused, 2);
	ck_assert_uint_eq(service_get(stk, SERVICE_CHARGEN)->refused, 2);
}
END_TEST

/* ---- traceroute ---- */

static void
note(struct stack *s, struct trace *t, const struct trace_result *r,
    void *owner)
{
	ck_assert_ptr_eq(s, stk);
	ck_assert_ptr_eq(owner, &count);
	ck_assert_uint_lt(count, 256);
	told[count++] = *r;
	if (count == stop_at) {
		trace_stop(stk, t);
		trace = NULL;
	}
}

static struct trace_conf
conf(enum trace_mode mode)
{
	struct trace_conf c = TRACE_CONF_DEFAULT;

	c.dst = addr_from_ip4(FAR);
	c.mode = mode;
	return c;
}

static void
start(const struct trace_conf *c)
{
	struct err err = { "" };

	ck_assert_msg(trace_start(stk, c, note, &count, &trace, &err) == 0,
	    "%s", err.text);
	unit_poll(stk);
}

/* A path of routers 10.8.0.1, .2, ... before FAR, `hops` of them; they answer
 * what has been sent, except to probes with TTL `silent`. */
static void
path_answers(uint8_t hops, uint8_t silent)
{
	for (uint32_t n = mem_port_sent(port); n > 0; n--) {
		struct unit_seen s = unit_expect(port);
		struct unit_frame e = { .dst = us_mac, .src = peer_mac,
		    .sip = IP4(10, 8, 0, s.ip.ttl), .dip = US,
		    .proto = IPPROTO_ICMP4, .icmp_type = ICMP_TIME_EXCEEDED,
		    .payload = s.frame->data + 14, .payload_len = 28 };

		if (s.ip.ttl > hops) {
			e.sip = FAR;
			e.icmp_type = ICMP_UNREACH;
			e.icmp_code = ICMP_UNREACH_PORT;
			if (s.ip.proto == IPPROTO_ICMP4) {
				e.icmp_type = ICMP_ECHO_REPLY;
				e.icmp_code = 0;
				e.icmp_rest = s.icmp_rest;
			}
		}
		if (s.ip.ttl != silent)
			unit_feed(stk, port, &e);
		unit_seen_free(&s);
	}
}

/* Both modes: every hop in order, then the destination. */
START_TEST(path_is_shown)
{
	struct trace_conf c = conf((enum trace_mode)_i);

	start(&c);
	ck_assert_uint_eq(mem_port_sent(port), TRACE_WINDOW);
	unit_run_until(stk, 250);
	path_answers(4, 0);
	path_answers(4, 0);
	ck_assert_uint_eq(count, 5 * 3 + 1);
	for (unsigned i = 0; i < 15; i++) {
		ck_assert_int_eq(told[i].what, TRACE_ANSWER);
		ck_assert_uint_eq(told[i].ttl, i / 3 + 1);
		ck_assert_uint_eq(told[i].query, i % 3 + 1);
		ck_assert_int_eq(told[i].rtt_us, 250);
		ck_assert_int_eq(told[i].reached, i >= 12);
		ck_assert_uint_eq(addr_to_ip4(&told[i].from).v,
		    i >= 12 ? FAR.v : IP4(10, 8, 0, i / 3 + 1).v);
	}
	ck_assert_int_eq(told[15].what, TRACE_DONE);
	ck_assert(told[15].reached);
	unit_run_until(stk, 100000000);
	ck_assert_uint_eq(count, 16);
	flush();
}
END_TEST

START_TEST(silent_hop)
{
	struct trace_conf c = conf((enum trace_mode)_i);

	start(&c);
	path_answers(3, 2);
	path_answers(3, 2);
	ck_assert_uint_eq(count, 3);		/* in order: it waits */
	unit_run_until(stk, 4999999);
	ck_assert_uint_eq(count, 3);
	unit_run_until(stk, 5000000);
	ck_assert_uint_eq(count, 4 * 3 + 1);
	for (unsigned i = 3; i < 6; i++)
		ck_assert_int_eq(told[i].what, TRACE_SILENT);
	ck_assert_int_eq(told[11].what, TRACE_ANSWER);
	ck_assert(told[12].reached);
	flush();
}
END_TEST

START_TEST(nobody_answers)
{
	struct trace_conf c = conf((enum trace_mode)_i);

	c.max_ttl = 8;
	start(&c);
	unit_run_until(stk, 20000000);
	ck_assert_uint_eq(mem_port_sent(port), 24);
	ck_assert_uint_eq(count, 25);
	ck_assert_int_eq(told[23].what, TRACE_SILENT);
	ck_assert_uint_eq(told[23].ttl, 8);
	ck_assert_int_eq(told[24].what, TRACE_DONE);
	ck_assert(!told[24].reached);
	flush();
}
END_TEST

/* A router that says "unreachable" ends the way without reaching it. */
START_TEST(unreachable_ends_it)
{
	struct trace_conf c = conf(TRACE_UDP);

	start(&c);
	for (uint32_t n = mem_port_sent(port); n > 0; n--) {
		struct unit_seen s = unit_expect(port);
		struct unit_frame e = { .dst = us_mac, .src = peer_mac,
		    .sip = PEER, .dip = US, .proto = IPPROTO_ICMP4,
		    .icmp_type = ICMP_UNREACH, .icmp_code = 13,
		    .payload = s.frame->data + 14, .payload_len = 28 };

		unit_feed(stk, port, &e);
		unit_seen_free(&s);
	}
	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(told[0].code, 13);
	ck_assert_int_eq(told[3].what, TRACE_DONE);
	ck_assert(!told[3].reached);
}
END_TEST

/* A service on the port answers with a datagram. */
START_TEST(destination_answers_by_udp)
{
	struct trace_conf c = conf(TRACE_UDP);
	struct unit_frame f = { .dst = us_mac, .src = peer_mac, .sip = FAR,
	    .dip = US, .proto = IPPROTO_UDP4 };
	struct unit_seen s;

	c.queries = 1;
	c.max_ttl = 1;
	start(&c);
	s = unit_expect(port);
	ck_assert_uint_eq(s.dport, TRACE_PORT);
	f.sport = s.dport;
	f.dport = s.sport;
	unit_seen_free(&s);
	unit_feed(stk, port, &f);
	ck_assert_uint_eq(count, 2);
	ck_assert(told[0].reached);
}
END_TEST

/* An error that quotes another destination is somebody else's. */
START_TEST(forged_quote)
{
	struct trace_conf c = conf(TRACE_UDP);
	struct unit_frame e = { .dst = us_mac, .src = peer_mac, .sip = PEER,
	    .dip = US, .proto = IPPROTO_ICMP4,
	    .icmp_type = ICMP_TIME_EXCEEDED, .payload_len = 28 };
	struct unit_seen s;

	c.queries = 1;
	c.max_ttl = 1;
	start(&c);
	s = unit_expect(port);
	be32_put(s.frame->data + 30, PEER.v);
	be16_put(s.frame->data + 24, 0);
	e.payload = s.frame->data + 14;
	unit_feed(stk, port, &e);
	unit_seen_free(&s);
	ck_assert_uint_eq(count, 0);
	unit_run_until(stk, 5000000);
	ck_assert_int_eq(told[0].what, TRACE_SILENT);
}
END_TEST

START_TEST(stop_trace_from_inside)
{
	struct trace_conf c = conf((enum trace_mode)(_i & 1));

	stop_at = (unsigned)_i / 2 + 1;
	c.max_ttl = 1;
	start(&c);
	path_answers(4, 0);
	unit_run_until(stk, 20000000);
	ck_assert_uint_eq(count, stop_at);
	ck_assert_ptr_null(trace);
	ck_assert_uint_eq(stk->udp.count, 0);
	ck_assert_uint_eq(stk->icmp.echo_count, 0);
}
END_TEST

START_TEST(refused_traces)
{
	for (unsigned i = 0; i < 8; i++) {
		static const int codes[8] = { -EINVAL, -EINVAL, -EINVAL,
		    -EINVAL, -EINVAL, -ENODEV, -EADDRNOTAVAIL, -EINVAL };
		struct trace_conf c = conf(TRACE_UDP);
		struct err err = { "" };

		if (i == 0)
			c.first_ttl = 0;
		if (i == 1)
			c.first_ttl = 31;
		if (i == 2)
			c.queries = TRACE_QUERIES_MAX + 1;
		if (i == 3)
			c.port = 65000;
		if (i == 4)
			c.size = TRACE_SIZE_MAX + 1;
		if (i == 5)
			strcpy(c.ifname, "nowhere");
		if (i == 6)
			c.src = addr_from_ip4(PEER);
		if (i == 7)
			c.timeout_us = 0;
		ck_assert_int_eq(trace_start(stk, &c, note, &count, &trace,
		    &err), codes[i]);
		ck_assert_str_ne(err.text, "");
	}
	for (uint64_t n = 1; n <= 4; n++) {
		struct trace_conf c = conf(TRACE_UDP);

		stk->mem.fail_at = n;
		ck_assert_int_eq(trace_start(stk, &c, note, &count, &trace,
		    NULL), -ENOMEM);
	}
	stk->mem.fail_at = 0;
	ck_assert_uint_eq(stk->udp.count, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("service");
	TCase *c = tcase_create("service"), *t = tcase_create("trace");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, off_by_default);
	tcase_add_test(c, start_and_stop);
	tcase_add_test(c, echo);
	tcase_add_test(c, echo_from_another_address);
	tcase_add_test(c, discard);
	tcase_add_test(c, daytime);
	tcase_add_loop_test(c, days_of_the_calendar, 0,
	    sizeof(days) / sizeof(days[0]));
	tcase_add_test(c, calendar_against_counting);
	tcase_add_test(c, chargen);
	tcase_add_test(c, not_answered);
	suite_add_tcase(s, c);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, path_is_shown, 0, 2);
	tcase_add_loop_test(t, silent_hop, 0, 2);
	tcase_add_loop_test(t, nobody_answers, 0, 2);
	tcase_add_test(t, unreachable_ends_it);
	tcase_add_test(t, destination_answers_by_udp);
	tcase_add_test(t, forged_quote);
	tcase_add_loop_test(t, stop_trace_from_inside, 0, 8);
	tcase_add_test(t, refused_traces);
	suite_add_tcase(s, t);
	return unit_main(s);
}
