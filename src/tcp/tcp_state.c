/*
 * tcp_state.c - the states of a connection and the legal ways between them
 * (RFC 9293 3.3.2, figure 5).
 *
 * Every change of state is one call of tcp_set_state(), which asserts the
 * table and writes one line.  LISTEN is not here: a listener is an object of
 * its own and its children are born in SYN-RECEIVED.
 */
#include "tcp/tcp_conn.h"

static const char *const state_names[TCPS_COUNT] = {
	[TCPS_CLOSED] = "CLOSED",
	[TCPS_LISTEN] = "LISTEN",
	[TCPS_SYN_SENT] = "SYN-SENT",
	[TCPS_SYN_RECEIVED] = "SYN-RECEIVED",
	[TCPS_ESTABLISHED] = "ESTABLISHED",
	[TCPS_FIN_WAIT_1] = "FIN-WAIT-1",
	[TCPS_FIN_WAIT_2] = "FIN-WAIT-2",
	[TCPS_CLOSE_WAIT] = "CLOSE-WAIT",
	[TCPS_CLOSING] = "CLOSING",
	[TCPS_LAST_ACK] = "LAST-ACK",
	[TCPS_TIME_WAIT] = "TIME-WAIT",
};

#define TO(st) (1u << TCPS_##st)

/*
 * Bit per state that may follow.  Every state may die (CLOSED): a reset, an
 * abort or a time-out.  The RFC's short cuts are two steps here: a CLOSE in
 * SYN-RECEIVED waits for ESTABLISHED, and a FIN that carries the ACK of ours
 * passes FIN-WAIT-2, since the ACK is looked at first.
 */
static const uint16_t legal[TCPS_COUNT] = {
	[TCPS_CLOSED] = TO(SYN_SENT) | TO(SYN_RECEIVED),
	[TCPS_LISTEN] = 0,
	[TCPS_SYN_SENT] = TO(CLOSED) | TO(SYN_RECEIVED) | TO(ESTABLISHED),
	[TCPS_SYN_RECEIVED] = TO(CLOSED) | TO(ESTABLISHED),
	[TCPS_ESTABLISHED] = TO(CLOSED) | TO(FIN_WAIT_1) | TO(CLOSE_WAIT),
	[TCPS_FIN_WAIT_1] = TO(CLOSED) | TO(FIN_WAIT_2) | TO(CLOSING),
	[TCPS_FIN_WAIT_2] = TO(CLOSED) | TO(TIME_WAIT),
	[TCPS_CLOSE_WAIT] = TO(CLOSED) | TO(LAST_ACK),
	[TCPS_CLOSING] = TO(CLOSED) | TO(TIME_WAIT),
	[TCPS_LAST_ACK] = TO(CLOSED),
	[TCPS_TIME_WAIT] = TO(CLOSED),
};

const char *
tcp_state_name(enum tcp_st st)
{
	assert(st < TCPS_COUNT);
	return state_names[st];
}

bool
tcp_state_legal(enum tcp_st from, enum tcp_st to)
{
	assert(from < TCPS_COUNT && to < TCPS_COUNT);
	return (legal[from] >> to & 1) != 0;
}

void
tcp_set_state(struct stack *stk, struct tcp_conn *c, enum tcp_st st)
{
	enum tcp_st from = c->key.state;
	char l[ADDR_STRLEN], r[ADDR_STRLEN];

	assert(tcp_state_legal(from, st));
	c->key.state = (uint8_t)st;
	if (from == TCPS_SYN_RECEIVED && (c->flags & CF_FO_EARLY) != 0)
		stk->tcp.fo_pending--;
	if (stk->log.level < LOG_LVL_DEBUG)
		return;
	log_line(&stk->log, LOG_LVL_DEBUG, "tcp: %s:%u %s:%u %s -> %s",
	    addr_format(&c->key.local, l), c->key.lport,
	    addr_format(&c->key.remote, r), c->key.rport, state_names[from],
	    state_names[st]);
}
