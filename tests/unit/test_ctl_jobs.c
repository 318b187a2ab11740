/*
 * test_ctl_jobs.c - requests that are answered over time: ping, traceroute,
 * capture, tcp connect; and sockets.
 */
#include "unit/ctl_unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/base64.h"

static struct ctl_unit *
one_port(void)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "port add tapc mac 02:00:00:00:00:0c acd 0");
	ctl_unit_must(u, "addr add 10.0.0.1/24 dev tapc");
	ctl_unit_must(u, "neigh add 10.0.0.2 mac 02:00:00:00:00:02 dev tapc");
	return u;
}

/* Answers the request that waits in the port as the neighbour would, so many
 * times. */
static void
answer_times(struct ctl_unit *u, uint8_t type, uint8_t ttl, unsigned times)
{
	struct port *port = port_lookup(u->stk, "tapc");
	struct unit_seen seen = unit_expect(port);
	struct unit_frame f = { .dst = seen.eth.src, .src = seen.eth.dst,
	    .sip = IP4(10, 0, 0, 2), .dip = seen.ip.src,
	    .proto = IPPROTO_ICMP4, .ttl = ttl, .icmp_type = type,
	    .icmp_rest = seen.icmp_rest, .payload = seen.payload,
	    .payload_len = seen.payload_len };

	ck_assert_uint_eq(seen.icmp_type, ICMP_ECHO);
	while (times-- > 0)
		unit_feed(u->stk, port, &f);
	unit_seen_free(&seen);
}

static void
answer(struct ctl_unit *u, uint8_t type, uint8_t ttl)
{
	answer_times(u, type, ttl, 1);
}

START_TEST(ping_as_people_know_it)
{
	struct ctl_unit *u = one_port();

	ctl_unit_start(u, "ping 10.0.0.2 count 2", true);
	ck_assert_str_eq(u->text,
	    "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n");
	unit_run_until(u->stk, 1500);
	answer(u, ICMP_ECHO_REPLY, 63);
	unit_run_until(u->stk, 1000000 + 20500);
	answer(u, ICMP_ECHO_REPLY, 64);
	unit_run_until(u->stk, 10000000);
	ck_assert_int_eq(u->status, 0);
	ck_assert_str_eq(u->text,
	    "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n"
	    "64 bytes from 10.0.0.2: icmp_seq=1 ttl=63 time=1.50 ms\n"
	    "64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=20.5 ms\n"
	    "\n--- 10.0.0.2 ping statistics ---\n"
	    "2 packets transmitted, 2 received, 0% packet loss, "
	    "time 1020ms\n"
	    "rtt min/avg/max/mdev = 1.500/11.000/20.500/9.500 ms\n");
	ctl_unit_free(u);
}
END_TEST

START_TEST(ping_without_an_answer)
{
	struct ctl_unit *u = one_port();
	json_t *o;

	ctl_unit_start(u, "ping 10.0.0.2 count 1", false);
	unit_run_until(u->stk, 10000000);
	ck_assert_int_eq(u->status, 1);
	ck_assert_str_eq(u->error, "\"10.0.0.2\": no reply");
	ck_assert_uint_eq(json_array_size(u->data), 2);
	o = json_array_get(u->data, 0);
	ck_assert_str_eq(reply_string(o, "event"), "lost");
	o = json_array_get(u->data, 1);
	ck_assert_int_eq(reply_number(o, "sent"), 1);
	ctl_unit_free(u);
}
END_TEST

/* ---- ICMP errors ---- */

#define ROUTER	IP4(10, 0, 0, 3)

/* A router says of the request that waits in the port that it goes no
 * further. */
static void
complain(struct ctl_unit *u, uint8_t type, uint8_t code, uint32_t rest)
{
	struct port *port = port_lookup(u->stk, "tapc");
	struct unit_seen seen = unit_expect(port);
	struct unit_frame f = { .dst = seen.eth.src, .src = { { 2, 0, 0, 0,
	    0, 3 } }, .sip = ROUTER, .dip = seen.ip.src,
	    .proto = IPPROTO_ICMP4, .icmp_type = type, .icmp_code = code,
	    .icmp_rest = rest, .payload = seen.frame->data + ETH_HLEN,
	    .payload_len = seen.frame->len - ETH_HLEN };

	unit_feed(u->stk, port, &f);
	unit_seen_free(&seen);
}

/* What is asked again, now as text, then as JSON, and refused the same way. */
static void
ask_and_complain(struct ctl_unit *u, const char *line, bool text,
    uint8_t type, uint8_t code, uint32_t rest)
{
	ctl_unit_start(u, line, text);
	unit_run_until(u->stk, u->stk->now.us + 2000);
	complain(u, type, code, rest);
	ck_assert_int_eq(u->status, 1);
}

static const struct {
	uint8_t type, code;
	uint32_t rest;
	const char *ping, *trace;	/* what they say of it */
} errors[] = {
	{ ICMP_UNREACH, 0, 0, "Destination Net Unreachable", " !N" },
	{ ICMP_UNREACH, 1, 0, "Destination Host Unreachable", " !H" },
	{ ICMP_UNREACH, 2, 0, "Destination Protocol Unreachable", " !P" },
	{ ICMP_UNREACH, 3, 0, "Destination Port Unreachable", "" },
	{ ICMP_UNREACH, 4, 1400, "Frag needed and DF set (mtu = 1400)",
	    " !F-1400" },
	{ ICMP_UNREACH, 5, 0, "Source Route Failed", " !<5>" },
	{ ICMP_UNREACH, 6, 0, "ICMP type 3 code 6", " !<6>" },
	{ ICMP_UNREACH, 13, 0, "Packet filtered", " !X" },
	{ ICMP_UNREACH, 15, 0, "ICMP type 3 code 15", " !<15>" },
	{ ICMP_TIME_EXCEEDED, 0, 0, "Time to live exceeded", "" },
	{ ICMP_TIME_EXCEEDED, 1, 0, "Frag reassembly time exceeded", "" },
	{ ICMP_PARAM_PROBLEM, 0, 0, "ICMP type 12 code 0", "" },
};

#define ERRORS	((int)(sizeof(errors) / sizeof(errors[0])))

/* The JSON of the one error that the router told. */
static const json_t *
error_row(struct ctl_unit *u, int of)
{
	const json_t *row = json_array_get(u->data, 0);

	ck_assert_str_eq(reply_string(row, "from"), "10.0.0.3");
	ck_assert_int_eq(reply_number(row, "type"), errors[of].type);
	ck_assert_int_eq(reply_number(row, "code"), errors[of].code);
	return row;
}

START_TEST(ping_names_the_error)
{
	struct ctl_unit *u = one_port();
	char want[512];
	const json_t *row;

	ask_and_complain(u, "ping 10.0.0.2 count 1", true, errors[_i].type,
	    errors[_i].code, errors[_i].rest);
	snprintf(want, sizeof(want),
	    "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n"
	    "From 10.0.0.3 icmp_seq=1 %s\n"
	    "\n--- 10.0.0.2 ping statistics ---\n"
	    "1 packets transmitted, 0 received, +1 errors, 100%% packet loss, "
	    "time 2ms\n", errors[_i].ping);
	ck_assert_str_eq(u->text, want);

	ask_and_complain(u, "ping 10.0.0.2 count 1", false, errors[_i].type,
	    errors[_i].code, errors[_i].rest);
	ck_assert_uint_eq(json_array_size(u->data), 2);
	row = error_row(u, _i);
	ck_assert_str_eq(reply_string(row, "event"), "error");
	ck_assert_int_eq(reply_number(row, "seq"), 1);
	ck_assert_str_eq(reply_string(row, "error"), errors[_i].ping);
	ck_assert_ptr_null(json_object_get(row, "rtt_ms"));
	row = json_array_get(u->data, 1);
	ck_assert_int_eq(reply_number(row, "errors"), 1);
	ctl_unit_free(u);
}
END_TEST

START_TEST(traceroute_marks_the_error)
{
	struct ctl_unit *u = one_port();
	const char *line = "traceroute 10.0.0.2 queries 1 max_ttl 1";
	char want[512];
	const json_t *row;

	ask_and_complain(u, line, true, errors[_i].type, errors[_i].code,
	    errors[_i].rest);
	snprintf(want, sizeof(want),
	    "traceroute to 10.0.0.2 (10.0.0.2), 1 hops max, 60 byte packets\n"
	    " 1  10.0.0.3  2.000 ms%s\n", errors[_i].trace);
	ck_assert_str_eq(u->text, want);
	ck_assert_str_eq(u->error, "\"10.0.0.2\": not reached");

	ask_and_complain(u, line, false, errors[_i].type, errors[_i].code,
	    errors[_i].rest);
	ck_assert_uint_eq(json_array_size(u->data), 1);
	row = error_row(u, _i);
	ck_assert_int_eq(reply_number(row, "ttl"), 1);
	ck_assert_int_eq(reply_number(row, "query"), 1);
	ck_assert(json_is_false(json_object_get(row, "reached")));
	ck_assert(json_is_real(json_object_get(row, "rtt_ms")));
	ctl_unit_free(u);
}
END_TEST

static void
expect_event(struct ctl_unit *u, size_t i, const char *event, int seq)
{
	const json_t *row = json_array_get(u->data, i);

	ck_assert_str_eq(reply_string(row, "event"), event);
	ck_assert_int_eq(reply_number(row, "seq"), seq);
}

/* From now on there is no way out. */
static void
lose_the_way(struct ctl_unit *u)
{
	struct ip4_prefix ours = { IP4(10, 0, 0, 1), 24 };

	ck_assert_int_eq(iface_addr_del(u->stk, iface_lookup(u->stk, "tapc"),
	    ours, NULL), 0);
}

/* The same answer twice, and then no way to send another request.  Bit 0: as
 * text. */
START_TEST(ping_tells_the_rest)
{
	struct ctl_unit *u = one_port();
	const char *no_way = strerror(ENETUNREACH);
	char want[512];

	ctl_unit_start(u, "ping 10.0.0.2 count 2", _i == 1);
	unit_run_until(u->stk, 100000);
	answer_times(u, ICMP_ECHO_REPLY, 64, 2);
	lose_the_way(u);
	unit_run_until(u->stk, 1000000);
	ck_assert_int_eq(u->status, 0);
	if (_i == 1) {
		snprintf(want, sizeof(want),
		    "PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n"
		    "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=100 ms\n"
		    "64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=100 ms "
		    "(DUP!)\n"
		    "icmp_seq=2 not sent: %s\n"
		    "\n--- 10.0.0.2 ping statistics ---\n"
		    "2 packets transmitted, 1 received, +1 errors, "
		    "50%% packet loss, time 1000ms\n"
		    "rtt min/avg/max/mdev = 100.000/100.000/100.000/0.000 "
		    "ms\n", no_way);
		ck_assert_str_eq(u->text, want);
	} else {
		ck_assert_uint_eq(json_array_size(u->data), 4);
		expect_event(u, 0, "reply", 1);
		expect_event(u, 1, "duplicate", 1);
		expect_event(u, 2, "unsent", 2);
		ck_assert_str_eq(reply_string(json_array_get(u->data, 2),
		    "error"), no_way);
		ck_assert_int_eq(reply_number(json_array_get(u->data, 3),
		    "duplicates"), 1);
	}
	ctl_unit_free(u);
}
END_TEST

/* Nothing goes out, for want of a way: so much is said, and no more. */
START_TEST(traceroute_tells_what_it_cannot_send)
{
	struct ctl_unit *u = one_port();
	const char *no_way = strerror(ENETUNREACH);
	char want[256];

	ctl_unit_start(u, "traceroute 10.0.0.2 queries 1", _i == 1);
	lose_the_way(u);
	unit_run_until(u->stk, 1000);
	ck_assert_int_eq(u->status, 1);
	if (_i == 1) {
		snprintf(want, sizeof(want), "traceroute to 10.0.0.2 "
		    "(10.0.0.2), 30 hops max, 60 byte packets\n"
		    " 1  (%s)\n", no_way);
		ck_assert_str_eq(u->text, want);
	} else {
		ck_assert_uint_eq(json_array_size(u->data), 1);
		ck_assert_str_eq(reply_string(json_array_get(u->data, 0),
		    "error"), no_way);
	}
	ctl_unit_free(u);
}
END_TEST

START_TEST(ping_is_refused_at_once)
{
	struct ctl_unit *u = one_port();

	ck_assert_int_eq(ctl_unit_do(u, "ping 10.0.0.2 src 10.9.9.9"), 1);
	ck_assert_int_eq(ctl_unit_do(u, "ping 10.0.0.2 dev nope"), 1);
	ck_assert_int_eq(ctl_unit_do(u, "ping 10.0.0.2 interval 0"), 1);
	ck_assert_int_eq(ctl_unit_do(u, "traceroute 10.0.0.2 src 10.9.9.9"),
	    1);
	ctl_unit_free(u);
}
END_TEST

/* Who goes takes the question along: nothing leaks, nothing is told. */
START_TEST(session_ends_under_way)
{
	struct ctl_unit *u = one_port();

	ctl_unit_start(u, "ping 10.0.0.2 count 0", true);
	ctl_unit_start(u, "traceroute 10.0.0.2", true);
	unit_run_until(u->stk, 2500000);
	ctl_close(u->session);
	u->session = ctl_open(u->ctl, NULL, NULL);
	unit_run_until(u->stk, 9000000);
	ctl_unit_free(u);
}
END_TEST

START_TEST(traceroute_as_people_know_it)
{
	struct ctl_unit *u = one_port();
	struct port *port = port_lookup(u->stk, "tapc");

	ctl_unit_start(u, "traceroute 10.0.0.2 icmp queries 2 max_ttl 2 "
	    "timeout 1", true);
	unit_run_until(u->stk, 2000);
	answer(u, ICMP_ECHO_REPLY, 64);
	unit_drain(port);
	unit_run_until(u->stk, 9000000);
	ck_assert_int_eq(u->status, 0);
	ck_assert_str_eq(u->text,
	    "traceroute to 10.0.0.2 (10.0.0.2), 2 hops max, 60 byte packets\n"
	    " 1  10.0.0.2  2.000 ms *\n");
	ctl_unit_free(u);
}
END_TEST

START_TEST(traceroute_into_silence)
{
	struct ctl_unit *u = one_port();

	ctl_unit_start(u, "traceroute 10.0.0.2 queries 3 max_ttl 2 timeout 1",
	    true);
	unit_run_until(u->stk, 9000000);
	ck_assert_int_eq(u->status, 1);
	ck_assert_str_eq(u->error, "\"10.0.0.2\": not reached");
	ck_assert_str_eq(u->text,
	    "traceroute to 10.0.0.2 (10.0.0.2), 2 hops max, 60 byte packets\n"
	    " 1  * * *\n"
	    " 2  * * *\n");
	ctl_unit_free(u);
}
END_TEST

START_TEST(capture_as_pcap)
{
	struct ctl_unit *u = one_port();
	const char *piece;

	ctl_unit_start(u, "capture tapc snaplen 64", false);
	ck_assert_uint_eq(json_array_size(u->data), 1);
	piece = reply_string(json_array_get(u->data, 0), "pcap");
	/* The magic number in either byte order, version 2.4: 24 bytes. */
	ck_assert(strncmp(piece, "1MOyoQIABAA", 11) == 0 ||
	    strncmp(piece, "obLD1AACAAQ", 11) == 0);
	ck_assert_uint_eq(strlen(piece), 32);
	unit_feed_bytes(u->stk, port_lookup(u->stk, "tapc"), "abc", 3);
	ck_assert_uint_eq(json_array_size(u->data), 2);
	/* 16 bytes of record and 3 of frame, in groups of 3. */
	piece = reply_string(json_array_get(u->data, 1), "pcap");
	ck_assert_uint_eq(strlen(piece), 28);
	ck_assert_str_eq(piece + 24, "Yw==");
	ctl_close(u->session);
	u->session = ctl_open(u->ctl, NULL, NULL);
	unit_feed_bytes(u->stk, port_lookup(u->stk, "tapc"), "abc", 3);
	ctl_unit_free(u);
}
END_TEST

START_TEST(capture_of_drops)
{
	struct ctl_unit *u = one_port();

	ck_assert_int_eq(ctl_unit_do(u, "capture nope"), 1);
	ck_assert_str_eq(u->error, "\"nope\": no such port");
	ck_assert_int_eq(ctl_unit_do(u, "capture drops reason x"), 1);
	ctl_unit_start(u, "capture drops reason eth-short", false);
	unit_feed_bytes(u->stk, port_lookup(u->stk, "tapc"), "abc", 3);
	ck_assert_uint_eq(json_array_size(u->data), 2);
	ck_assert_int_eq(ctl_unit_do(u, "capture drops"), 1);
	ck_assert_str_eq(u->error, "\"drops\": somebody captures already");
	ctl_unit_free(u);
}
END_TEST

static void
nothing(struct stack *stk, struct tcp_conn *c, void *owner)
{
	(void)stk;
	(void)c;
	(void)owner;
}

START_TEST(tcp_connections)
{
	struct ctl_unit *u = one_port();
	struct tcp_open o = { .rport = 80, .lport = 5000, .ready = nothing };
	struct tcp_conn *c;
	json_t *row;

	ck_assert_int_eq(addr_parse("10.0.0.2", &o.remote), 0);
	ck_assert_int_eq(tcp_connect(u->stk, &o, &c), 0);
	ctl_unit_must(u, "tcp show port 80");
	ck_assert_ptr_nonnull(strstr(u->text, "SYN-SENT "));
	ck_assert_ptr_nonnull(strstr(u->text, "10.0.0.1:5000"));
	ck_assert_ptr_nonnull(strstr(u->text, " cwnd:"));
	ck_assert_ptr_nonnull(strstr(u->text, " lastsnd:0 "));
	ck_assert_ptr_null(strstr(u->text, " reordering:"));
	ctl_unit_must(u, "tcp show port 81");
	ck_assert_ptr_null(strstr(u->text, "SYN-SENT"));
	ctl_unit_must(u, "tcp show listening");
	ck_assert_str_eq(u->text, "Waiting Backlog Half-open Local\n");
	ck_assert_int_eq(ctl_unit_json(u, "tcp show state syn-sent"), 0);
	row = json_array_get(u->data, 0);
	ck_assert_str_eq(reply_string(row, "state"), "SYN-SENT");
	tcp_abort(u->stk, c);
	ctl_unit_free(u);
}
END_TEST

START_TEST(sockets_and_small_services)
{
	struct ctl_unit *u = one_port();

	ctl_unit_must(u, "inetd add echo");
	ck_assert_int_eq(ctl_unit_do(u, "inetd add echo"), 1);
	ctl_unit_must(u, "inetd show");
	ck_assert_str_eq(u->text, "echo  # port 7, requests 0, replies 0, "
	    "refused 0, accepted 0, open 0\n");
	ctl_unit_must(u, "udp show");
	ck_assert_uint_eq(json_array_size(u->data), 1);
	ctl_unit_must(u, "inetd del echo");
	ck_assert_int_eq(ctl_unit_do(u, "inetd del echo"), 1);
	ctl_unit_free(u);
}
END_TEST

START_TEST(lb_and_marks)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "lb show");
	ck_assert_str_eq(u->text, "tcp_timeout 900 fin_timeout 120 "
	    "udp_timeout 300 drain 300 sloppy_tcp off expire_nodest off "
	    "expire_quiescent off conn_reuse 1 rst_on_expire off "
	    "mss_clamp off toa on max_flows 1048576\n");
	ctl_unit_must(u, "lb set tcp_timeout 100");
	ctl_unit_must(u, "lb set toa off");
	ck_assert_str_eq(ctl_unit_config(u),
	    "lb set tcp_timeout 100 toa off\n");
	ck_assert_str_eq(u->accepted, "lb set tcp_timeout 100\n"
	    "lb set toa off\n");
	ctl_unit_must(u, "mark add 5 proto udp port 53");
	ck_assert_int_eq(ctl_unit_do(u, "mark add 5 proto udp port 53"), 1);
	ck_assert_int_eq(ctl_unit_do(u, "mark del 5 proto udp port 54"), 1);
	ctl_unit_must(u, "mark show");
	ck_assert_str_eq(u->text, "5 proto udp port 53\n");
	ctl_unit_must(u, "mark del 5 proto udp port 53");
	ctl_unit_free(u);
}
END_TEST

/* ---- tcp connect: a stream to a small service of the same stack ---- */

static const char *
stream_of(struct ctl_unit *u, char *buf, size_t size)
{
	size_t i, n = 0;
	json_t *one;

	json_array_foreach(u->data, i, one) {
		const char *text = json_string_value(json_object_get(one,
		    "stream"));

		if (text != NULL)
			n += base64_decode(text, buf + n, size - 1 - n);
	}
	buf[n] = '\0';
	return buf;
}

static void
turns(struct ctl_unit *u, int64_t us)
{
	unit_run_until(u->stk, u->stk->now.us + us);
}

START_TEST(connect_carries_a_stream)
{
	struct ctl_unit *u = one_port();
	char buf[256];

	ctl_unit_must(u, "inetd add echo");
	ctl_unit_start(u, "tcp connect 10.0.0.1 7", false);
	turns(u, 1000);
	ctl_unit_send(u, "{\"id\":7,\"stream\":\"aGVs\"}");
	ctl_unit_send(u, "{\"id\":2,\"stream\":\"eHh4\"}");	/* nobody's */
	ctl_unit_send(u, "{\"id\":7,\"stream\":\"bG8=\"}");
	turns(u, 1000000);
	ck_assert_str_eq(stream_of(u, buf, sizeof(buf)), "hello");
	ck_assert_int_eq(u->status, -1);
	ctl_unit_send(u, "{\"id\":7,\"end\":true}");
	turns(u, 1000000);
	ck_assert_int_eq(u->status, 0);
	ctl_unit_free(u);
}
END_TEST

/* Who does not say that it took something is sent no more than a window. */
START_TEST(connect_stops_at_the_window)
{
	static char buf[4 * CTL_STREAM_WINDOW];
	struct ctl_unit *u = one_port();

	ctl_unit_must(u, "inetd add chargen");
	ctl_unit_start(u, "tcp connect 10.0.0.1 19", false);
	turns(u, 1000000);
	ck_assert_uint_eq(strlen(stream_of(u, buf, sizeof(buf))),
	    CTL_STREAM_WINDOW);
	ctl_unit_send(u, "{\"id\":7,\"taken\":1000}");
	turns(u, 100000);
	ck_assert_uint_eq(strlen(stream_of(u, buf, sizeof(buf))),
	    CTL_STREAM_WINDOW + 1000);
	/* More than was owed counts as all of it. */
	ctl_unit_send(u, "{\"id\":7,\"taken\":99999999}");
	turns(u, 100000);
	ck_assert_uint_eq(strlen(stream_of(u, buf, sizeof(buf))),
	    2 * CTL_STREAM_WINDOW + 1000);
	ctl_unit_free(u);
}
END_TEST

START_TEST(connect_says_why_not)
{
	struct ctl_unit *u = one_port();

	ctl_unit_start(u, "tcp connect 10.0.0.1 99", true);
	turns(u, 1000000);
	ck_assert_int_eq(u->status, 1);
	ck_assert_str_eq(u->error, "10.0.0.1 port 99: connection refused");
	ck_assert_int_eq(ctl_unit_do(u, "tcp connect 10.99.0.1 9"), 1);
	ck_assert_str_eq(u->error, "10.99.0.1 port 9: no route");
	ctl_unit_start(u, "tcp connect 10.0.0.2 9 timeout 2", true);
	turns(u, 1900000);
	ck_assert_int_eq(u->status, -1);
	turns(u, 200000);
	ck_assert_str_eq(u->error, "10.0.0.2 port 9: timed out");
	ctl_unit_must(u, "inetd add discard");
	ctl_unit_start(u, "tcp connect 10.0.0.1 9 scan", true);
	turns(u, 1000000);
	ck_assert_int_eq(u->status, 0);
	ck_assert_str_eq(u->text, "10.0.0.1 port 9: open\n");
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_jobs");
	TCase *t = tcase_create("ctl_jobs");

	tcase_add_test(t, ping_as_people_know_it);
	tcase_add_test(t, ping_without_an_answer);
	tcase_add_loop_test(t, ping_names_the_error, 0, ERRORS);
	tcase_add_loop_test(t, traceroute_marks_the_error, 0, ERRORS);
	tcase_add_loop_test(t, ping_tells_the_rest, 0, 2);
	tcase_add_loop_test(t, traceroute_tells_what_it_cannot_send, 0, 2);
	tcase_add_test(t, connect_carries_a_stream);
	tcase_add_test(t, connect_stops_at_the_window);
	tcase_add_test(t, connect_says_why_not);
	tcase_add_test(t, ping_is_refused_at_once);
	tcase_add_test(t, session_ends_under_way);
	tcase_add_test(t, traceroute_as_people_know_it);
	tcase_add_test(t, traceroute_into_silence);
	tcase_add_test(t, capture_as_pcap);
	tcase_add_test(t, capture_of_drops);
	tcase_add_test(t, tcp_connections);
	tcase_add_test(t, sockets_and_small_services);
	tcase_add_test(t, lb_and_marks);
	suite_add_tcase(s, t);
	return unit_main(s);
}
