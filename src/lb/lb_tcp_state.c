/*
 * lb_tcp_state.c - the states of a TCP connection as a director sees them, and
 * how long each may be idle.
 *
 * This is not RFC 9293's machine: the director guesses from what passes by.
 * The three tables and the time-outs are IPVS's, so that what hop-ipvsadm
 * shows means what it means there.  INPUT: from the client; OUTPUT: from the
 * server; INPUT-ONLY: from the client, where replies take another way (DR,
 * TUN, LOCAL).
 */
#include "lb/fwd.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

#define NO LB_TCP_NONE
#define ES LB_TCP_ESTABLISHED
#define SS LB_TCP_SYN_SENT
#define SR LB_TCP_SYN_RECV
#define FW LB_TCP_FIN_WAIT
#define TW LB_TCP_TIME_WAIT
#define CL LB_TCP_CLOSE
#define CW LB_TCP_CLOSE_WAIT
#define LA LB_TCP_LAST_ACK
#define LI LB_TCP_LISTEN
#define SA LB_TCP_SYNACK
#define NOT_TCP CL, CL, CL, CL, CL, CL, CL, CL, CL, CL, CL /* nobody sends it */

const uint8_t lb_tcp_table[LB_DIR_COUNT][LB_EV_COUNT][LB_TCP_STATE_COUNT] = {
    [LB_DIR_INPUT] = {
	/*              NO  ES  SS  SR  FW  TW  CL  CW  LA  LI  SA */
	[LB_EV_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
	[LB_EV_FIN] = { CL, CW, SS, TW, TW, TW, CL, CW, LA, LI, TW },
	[LB_EV_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
	[LB_EV_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, SR },
	[LB_EV_NONE] = { NOT_TCP },
    },
    [LB_DIR_OUTPUT] = {
	[LB_EV_SYN] = { SS, ES, SS, SR, SS, SS, SS, SS, SS, LI, SR },
	[LB_EV_FIN] = { TW, FW, SS, TW, FW, TW, CL, TW, LA, LI, TW },
	[LB_EV_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, LA, ES, ES },
	[LB_EV_RST] = { CL, CL, SS, CL, CL, TW, CL, CL, CL, CL, CL },
	[LB_EV_NONE] = { NOT_TCP },
    },
    [LB_DIR_INPUT_ONLY] = {
	[LB_EV_SYN] = { SR, ES, ES, SR, SR, SR, SR, SR, SR, SR, SR },
	[LB_EV_FIN] = { CL, FW, SS, TW, FW, TW, CL, CW, LA, LI, TW },
	[LB_EV_ACK] = { ES, ES, SS, ES, FW, TW, CL, CW, CL, LI, ES },
	[LB_EV_RST] = { CL, CL, CL, SR, CL, CL, CL, CL, LA, LI, CL },
	[LB_EV_NONE] = { NOT_TCP },
    },
};

/* Seconds; ESTABLISHED and FIN_WAIT are settable, the others are not. */
static const uint16_t timeout_s[LB_TCP_STATE_COUNT] = {
	[NO] = 3, [ES] = 900, [SS] = 120, [SR] = 60, [FW] = 120, [TW] = 120,
	[CL] = 10, [CW] = 60, [LA] = 30, [LI] = 120, [SA] = 120,
};

/* RST before SYN before FIN before ACK. */
const uint8_t lb_tcp_event[LB_TCP_FLAGS + 1] = {
	[0] = LB_EV_NONE,
	[TCP_FIN] = LB_EV_FIN,
	[TCP_SYN] = LB_EV_SYN, [TCP_SYN | TCP_FIN] = LB_EV_SYN,
	[TCP_RST ... TCP_RST | TCP_SYN | TCP_FIN] = LB_EV_RST,
	[TCP_ACK] = LB_EV_ACK, [TCP_ACK | TCP_FIN] = LB_EV_FIN,
	[TCP_ACK | TCP_SYN] = LB_EV_SYN,
	[TCP_ACK | TCP_SYN | TCP_FIN] = LB_EV_SYN,
	[TCP_ACK | TCP_RST ... LB_TCP_FLAGS] = LB_EV_RST,
};

bool
lb_tcp_is_active(enum lb_tcp_state state)
{
	return state == ES || state == SS || state == SR || state == SA;
}

bool
lb_tcp_is_half_open(enum lb_tcp_state state)
{
	return state == NO || state == SS || state == SR || state == SA;
}

bool
lb_tcp_is_ending(enum lb_tcp_state state)
{
	return state == FW || state == TW || state == CL || state == CW ||
	    state == LA;
}

/* The service's own time-out if it has one, else the global one. */
static uint32_t
timeout_or(uint32_t own, uint32_t global)
{
	return own != 0 ? own : global;
}

uint32_t
lb_flow_timeout_s(const struct lb_conf *conf, const struct lb_server *srv,
    const struct lb_flow *f)
{
	static const struct lb_timeouts none;
	const struct lb_timeouts *own = srv->svc != NULL ?
	    &srv->svc->conf.timeouts : &none;
	const struct lb_timeouts *all = &conf->timeouts;

	if (f->proto == IPPROTO_UDP4)
		return timeout_or(own->udp_s, all->udp_s);
	if (f->proto == IPPROTO_SCTP4)
		return f->state == LB_SCTP_ESTABLISHED && own->tcp_s != 0 ?
		    own->tcp_s : lb_sctp_timeout_s(f->state);
	if (f->state == ES)
		return timeout_or(own->tcp_s, all->tcp_s);
	if (f->state == FW)
		return timeout_or(own->tcp_fin_s, all->tcp_fin_s);
	return timeout_s[f->state];
}
