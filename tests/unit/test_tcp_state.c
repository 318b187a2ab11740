/*
 * test_tcp_state.c - one test per legal transition (RFC 9293 3.3.2), named
 * FROM_to_TO, and none that is not tested.
 *
 *	From		To		Cause
 *	CLOSED		SYN-SENT	active open
 *	CLOSED		SYN-RECEIVED	a listener gets a SYN
 *	SYN-SENT	SYN-RECEIVED	SYN
 *	SYN-SENT	ESTABLISHED	SYN,ACK
 *	SYN-RECEIVED	ESTABLISHED	ACK of our SYN
 *	ESTABLISHED	FIN-WAIT-1	shutdown
 *	ESTABLISHED	CLOSE-WAIT	FIN
 *	FIN-WAIT-1	FIN-WAIT-2	ACK of our FIN
 *	FIN-WAIT-1	CLOSING		FIN
 *	FIN-WAIT-2	TIME-WAIT	FIN
 *	CLOSE-WAIT	LAST-ACK	shutdown
 *	CLOSING		TIME-WAIT	ACK of our FIN
 *	any		CLOSED		reset, time-out, the last ACK
 */
#include "tcp/tcp_conn.h"
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>

static struct stack *stk;
static struct port *port;
static struct tcp_listener *listener;
static struct tcp_conn *conn;
static char last_line[256];
static uint32_t peer_seq, peer_ack;	/* what the peer sends next */
static uint16_t lport, rport;

static void
log_sink(void *arg, enum log_level level, const char *line)
{
	(void)arg, (void)level;
	if (strncmp(line, "tcp: ", 5) == 0)
		snprintf(last_line, sizeof(last_line), "%s", line);
}

static void
setup(void)
{
	struct addr any = { { 0 } };

	stk = unit_stack();
	stk->log.sink = log_sink;
	stk->log.level = LOG_LVL_DEBUG;
	stk->log.budget = UINT32_MAX;
	port = unit_port(stk, "tap0", 1, "10.0.0.1/24");
	unit_neighbour(stk, "tap0", "10.0.0.2", 2);
	ck_assert_int_eq(tcp_listen(stk, &any, 80, 4, NULL, NULL, NULL,
	    &listener), 0);
	conn = NULL;
	last_line[0] = '\0';
	peer_seq = 1000;
	peer_ack = 0;
	lport = 80;
	rport = 40000;
	unit_drain(port);
}

static void
teardown(void)
{
	if (conn != NULL)
		tcp_abort(stk, conn);
	unit_stack_free(stk);
}

static void
give(uint8_t flags)
{
	struct unit_frame f = {
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 2 } },
		.sip = IP4(10, 0, 0, 2), .dip = IP4(10, 0, 0, 1),
		.proto = IPPROTO_TCP4, .sport = rport, .dport = lport,
		.seq = peer_seq, .ack = (flags & TCP_ACK) ? peer_ack : 0,
		.flags = flags,
	};

	unit_feed(stk, port, &f);
	peer_seq += ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0);
}

/* The next segment out: flags, and what the peer will acknowledge. */
static void
expect(uint8_t flags)
{
	struct unit_seen s = unit_expect(port);

	ck_assert_uint_eq(s.flags, flags);
	peer_ack = s.seq + s.payload_len + ((flags & TCP_SYN) != 0) +
	    ((flags & TCP_FIN) != 0);
	lport = s.sport;
	rport = s.dport;
	unit_seen_free(&s);
}

static void
expect_line(const char *transition)
{
	size_t n = strlen(transition), have = strlen(last_line);

	ck_assert_msg(have >= n &&
	    strcmp(last_line + have - n, transition) == 0,
	    "\"%s\" does not end in \"%s\"", last_line, transition);
}

static void
open_active(void)
{
	struct tcp_open o = { .remote = addr_from_ip4(IP4(10, 0, 0, 2)),
	    .rport = 9 };

	ck_assert_int_eq(tcp_connect(stk, &o, &conn), 0);
	expect_line("CLOSED -> SYN-SENT");
	unit_poll(stk);
	expect(TCP_SYN);
}

static void
established(void)
{
	give(TCP_SYN);
	expect(TCP_SYN | TCP_ACK);
	give(TCP_ACK);
	conn = tcp_accept(stk, listener);
	ck_assert_ptr_nonnull(conn);
	tcp_set_owner(stk, conn, NULL, NULL);
	unit_poll(stk);
}

static void
fin_wait_1(void)
{
	established();
	tcp_shutdown(stk, conn);
	unit_poll(stk);
	expect(TCP_FIN | TCP_ACK);
}

static void
fin_wait_2(void)
{
	fin_wait_1();
	give(TCP_ACK);
}

static void
close_wait(void)
{
	established();
	give(TCP_FIN | TCP_ACK);
	expect(TCP_ACK);
}

static void
last_ack(void)
{
	close_wait();
	tcp_shutdown(stk, conn);
	unit_poll(stk);
	expect(TCP_FIN | TCP_ACK);
}

static void
closing(void)
{
	fin_wait_1();
	peer_ack--;
	give(TCP_FIN | TCP_ACK);
	expect(TCP_ACK);
}

static void
time_wait(void)
{
	fin_wait_2();
	give(TCP_FIN | TCP_ACK);
	expect(TCP_ACK);
}

/* Streams are counted beyond the 32 bits of their numbers. */
START_TEST(bytes_beyond_4_gib)
{
	struct tcp_conn c = { .irs = 0xfffffff0u, .rcv_nxt = 0xfffffff1u,
	    .iss = 5, .snd_una = 6 };

	for (int i = 0; i < 9; i++) {
		tcp_rcv_advance(&c, 1u << 30);
		tcp_una_advance(&c, c.snd_una + (1u << 30));
	}
	ck_assert_uint_eq(c.rcv_wraps, 2);
	ck_assert_uint_eq(c.rcv_nxt - c.irs, (1u << 30) + 1);
	ck_assert_uint_eq(c.snd_wraps, 2);
	ck_assert_uint_eq(c.snd_una - c.iss, (1u << 30) + 1);
}
END_TEST

START_TEST(closed_to_syn_sent)
{
	open_active();
	expect_line("CLOSED -> SYN-SENT");
}
END_TEST

START_TEST(closed_to_syn_received)
{
	give(TCP_SYN);
	expect_line("CLOSED -> SYN-RECEIVED");
}
END_TEST

START_TEST(syn_sent_to_syn_received)
{
	open_active();
	give(TCP_SYN);
	expect_line("SYN-SENT -> SYN-RECEIVED");
	expect(TCP_SYN | TCP_ACK);
}
END_TEST

START_TEST(syn_sent_to_established)
{
	open_active();
	give(TCP_SYN | TCP_ACK);
	expect_line("SYN-SENT -> ESTABLISHED");
	expect(TCP_ACK);
}
END_TEST

START_TEST(syn_received_to_established)
{
	established();
	expect_line("SYN-RECEIVED -> ESTABLISHED");
}
END_TEST

START_TEST(established_to_fin_wait_1)
{
	fin_wait_1();
	expect_line("ESTABLISHED -> FIN-WAIT-1");
}
END_TEST

START_TEST(established_to_close_wait)
{
	close_wait();
	expect_line("ESTABLISHED -> CLOSE-WAIT");
	ck_assert_uint_ne(tcp_events(conn) & TCP_EV_EOF, 0);
}
END_TEST

START_TEST(fin_wait_1_to_fin_wait_2)
{
	fin_wait_2();
	expect_line("FIN-WAIT-1 -> FIN-WAIT-2");
}
END_TEST

START_TEST(fin_wait_1_to_closing)
{
	closing();
	expect_line("FIN-WAIT-1 -> CLOSING");
}
END_TEST

START_TEST(fin_wait_2_to_time_wait)
{
	time_wait();
	expect_line("FIN-WAIT-2 -> TIME-WAIT");
}
END_TEST

START_TEST(close_wait_to_last_ack)
{
	last_ack();
	expect_line("CLOSE-WAIT -> LAST-ACK");
}
END_TEST

START_TEST(closing_to_time_wait)
{
	closing();
	peer_ack = conn->snd_nxt;
	give(TCP_ACK);
	expect_line("CLOSING -> TIME-WAIT");
}
END_TEST

START_TEST(syn_sent_to_closed)
{
	open_active();
	give(TCP_RST | TCP_ACK);
	expect_line("SYN-SENT -> CLOSED");
	ck_assert_int_eq(tcp_error(conn), -ECONNREFUSED);
}
END_TEST

START_TEST(syn_received_to_closed)
{
	give(TCP_SYN);
	expect(TCP_SYN | TCP_ACK);
	give(TCP_RST);
	expect_line("SYN-RECEIVED -> CLOSED");
	ck_assert_uint_eq(stk->tcp.table_count, 0);
	ck_assert_uint_eq(stk->tcp.half_open, 0);
}
END_TEST

START_TEST(last_ack_to_closed)
{
	last_ack();
	give(TCP_ACK);
	expect_line("LAST-ACK -> CLOSED");
	ck_assert_int_eq(tcp_error(conn), 0);
}
END_TEST

START_TEST(time_wait_to_closed)
{
	int64_t from;

	time_wait();
	from = stk->now.us;
	unit_run_until(stk, from + 59999999);
	expect_line("FIN-WAIT-2 -> TIME-WAIT");
	unit_run_until(stk, from + 60000000);
	expect_line("TIME-WAIT -> CLOSED");
}
END_TEST

/* A reset with the exact number ends each of these; two of them in peace. */
static const struct {
	void (*reach)(void);
	const char *line;
	int error;
} resets[] = {
	{ established, "ESTABLISHED -> CLOSED", -ECONNRESET },
	{ fin_wait_1, "FIN-WAIT-1 -> CLOSED", -ECONNRESET },
	{ fin_wait_2, "FIN-WAIT-2 -> CLOSED", -ECONNRESET },
	{ close_wait, "CLOSE-WAIT -> CLOSED", -ECONNRESET },
	{ closing, "CLOSING -> CLOSED", -ECONNRESET },
	{ last_ack, "LAST-ACK -> CLOSED", -ECONNRESET },
	{ time_wait, "TIME-WAIT -> CLOSED", 0 },
};

START_TEST(reset_to_closed)
{
	resets[_i].reach();
	give(TCP_RST);
	expect_line(resets[_i].line);
	ck_assert_int_eq(tcp_error(conn), resets[_i].error);
}
END_TEST

/* RFC 9293 3.10.5: an abort says RST where the peer knows of us. */
START_TEST(abort_to_closed)
{
	resets[_i].reach();
	tcp_abort(stk, conn);
	conn = NULL;
	unit_poll(stk);
	expect_line(resets[_i].line);
	if (resets[_i].reach == time_wait)
		unit_expect_nothing(port);
	else
		expect(TCP_RST | TCP_ACK);
	ck_assert_uint_eq(stk->tcp.table_count, 0);
}
END_TEST

#define FROM_TO(a, b) { TCPS_##a, TCPS_##b }

START_TEST(nothing_else_is_legal)
{
	static const uint8_t tested[][2] = {
		FROM_TO(CLOSED, SYN_SENT), FROM_TO(CLOSED, SYN_RECEIVED),
		FROM_TO(SYN_SENT, SYN_RECEIVED),
		FROM_TO(SYN_SENT, ESTABLISHED),
		FROM_TO(SYN_RECEIVED, ESTABLISHED),
		FROM_TO(ESTABLISHED, FIN_WAIT_1),
		FROM_TO(ESTABLISHED, CLOSE_WAIT),
		FROM_TO(FIN_WAIT_1, FIN_WAIT_2), FROM_TO(FIN_WAIT_1, CLOSING),
		FROM_TO(FIN_WAIT_2, TIME_WAIT), FROM_TO(CLOSE_WAIT, LAST_ACK),
		FROM_TO(CLOSING, TIME_WAIT),
		FROM_TO(SYN_SENT, CLOSED), FROM_TO(SYN_RECEIVED, CLOSED),
		FROM_TO(ESTABLISHED, CLOSED), FROM_TO(FIN_WAIT_1, CLOSED),
		FROM_TO(FIN_WAIT_2, CLOSED), FROM_TO(CLOSE_WAIT, CLOSED),
		FROM_TO(CLOSING, CLOSED), FROM_TO(LAST_ACK, CLOSED),
		FROM_TO(TIME_WAIT, CLOSED),
	};
	unsigned legal = 0;

	for (int a = 0; a < TCPS_COUNT; a++)
		for (int b = 0; b < TCPS_COUNT; b++)
			legal += tcp_state_legal(a, b);
	ck_assert_uint_eq(legal, sizeof(tested) / sizeof(tested[0]));
	for (unsigned i = 0; i < legal; i++)
		ck_assert(tcp_state_legal(tested[i][0], tested[i][1]));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tcp_state");
	TCase *t = tcase_create("transitions");
	int n = sizeof(resets) / sizeof(resets[0]);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bytes_beyond_4_gib);
	tcase_add_test(t, closed_to_syn_sent);
	tcase_add_test(t, closed_to_syn_received);
	tcase_add_test(t, syn_sent_to_syn_received);
	tcase_add_test(t, syn_sent_to_established);
	tcase_add_test(t, syn_received_to_established);
	tcase_add_test(t, established_to_fin_wait_1);
	tcase_add_test(t, established_to_close_wait);
	tcase_add_test(t, fin_wait_1_to_fin_wait_2);
	tcase_add_test(t, fin_wait_1_to_closing);
	tcase_add_test(t, fin_wait_2_to_time_wait);
	tcase_add_test(t, close_wait_to_last_ack);
	tcase_add_test(t, closing_to_time_wait);
	tcase_add_test(t, syn_sent_to_closed);
	tcase_add_test(t, syn_received_to_closed);
	tcase_add_test(t, last_ack_to_closed);
	tcase_add_test(t, time_wait_to_closed);
	tcase_add_loop_test(t, reset_to_closed, 0, n);
	tcase_add_loop_test(t, abort_to_closed, 0, n);
	tcase_add_test(t, nothing_else_is_legal);
	suite_add_tcase(s, t);
	return unit_main(s);
}
