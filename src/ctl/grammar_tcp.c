/*
 * grammar_tcp.c - the commands of TCP: settings, connections, a connection of
 * one's own.  Columns as in grammar.c.
 */
#include "ctl/grammar_impl.h"

#include <stddef.h>

/* The order of the choices is that of the enums in tcp.h; "fastopen" counts
 * TCP_FASTOPEN_CLIENT and TCP_FASTOPEN_SERVER together. */
static const struct arg args_tcp_set[] = {
	CHOICE_ARG(A_CC, "cc", "cubic|newreno", 0, "congestion control"),
	CHOICE_ARG(A_ECN, "ecn", "off|request|accept|accurate|accurate_answer|"
	    "accurate_accept", 5, "explicit congestion notification"),
	CHOICE_ARG(A_ECN_OPTION, "ecn_option", "never|changed|always", 1,
	    "send the counters of accurate ECN as a TCP option"),
	CHOICE_ARG(A_SYN_COOKIES, "syn_cookies", "never|overflow|always", 1,
	    "answer SYNs without keeping state"),
	CHOICE_ARG(A_FASTOPEN, "fastopen", "off|client|server|both", 0,
	    "data in the SYN"),
	CHOICE_ARG(A_MTU_PROBING, "mtu_probing", "off|black_hole|always", 0,
	    "look for the path MTU by larger segments"),
	SWITCH_ARG(A_SACK, "sack", 1, "offer selective acknowledgements"),
	SWITCH_ARG(A_TIMESTAMPS, "timestamps", 1, "offer timestamps"),
	SWITCH_ARG(A_MISSING_TIMESTAMPS, "missing_timestamps", 0,
	    "take segments without, once they are agreed on"),
	SWITCH_ARG(A_PACING, "pacing", 0, "send at a rate, not in bursts"),
	SECONDS_ARG(A_TIMEWAIT, 0, "timewait", 60,
	    "length of TIME-WAIT: 2 MSL"),
	SWITCH_ARG(A_RFC1337, "rfc1337", 0, "a RST does not end TIME-WAIT"),
	SECONDS_ARG(A_FINWAIT, 0, "finwait", 60,
	    "a closed connection's wait for the peer's FIN"),
	SECONDS_ARG(A_KEEP_IDLE, 0, "keep_idle", 7200,
	    "silence before the first keepalive probe"),
	SECONDS_ARG(A_KEEP_INTERVAL, 0, "keep_interval", 75,
	    "from one probe to the next"),
	{ A_KEEP_COUNT, ARG_NUMBER, ARG_DEF, "keep_count", "N", 9, 1, 127,
	    "probes without an answer that end a connection" },
	SECONDS_ARG(A_USER_TIMEOUT, 0, "user_timeout", 0,
	    "data may stay unacknowledged for so long; 0: by retries"),
	{ .kind = ARG_END },
};

static const struct arg args_tcp_show[] = {
	{ A_LISTENING, ARG_FLAG, 0, "listening", NULL, 0, 0, 0,
	    "listeners instead" },
	{ A_STATE, ARG_NAME, 0, "state", "STATE", 0, 0, 0,
	    "only in this state" },
	{ A_PORT, ARG_NUMBER, 0, "port", "N", 0, 1, 65535,
	    "only with this port on either side" },
	{ A_SETTINGS, ARG_FLAG, 0, "settings", NULL, 0, 0, 0,
	    "settings instead" },
	{ .kind = ARG_END },
};

static const struct arg args_tcp_connect[] = {
	TARGET_ARG,
	{ A_PORT, ARG_NUMBER, ARG_POS | ARG_REQ, "port", "PORT", 0, 1, 65535,
	    "which port" },
	{ A_SCAN, ARG_FLAG, 0, "scan", NULL, 0, 0, 0,
	    "only see whether it opens" },
	{ A_TIMEOUT, ARG_DURATION, ARG_DEF, "timeout", "SECONDS", 15000000, 0,
	    0, "patience with the handshake" },
	{ A_SRC, ARG_IP, 0, "src", "IP", 0, 0, 0, "from this address" },
	{ .kind = ARG_END },
};

const struct command_row grammar_tcp[] = {
	{ OBJ_TCP, VERB_SET, FILED, args_tcp_set,
	    "change settings of TCP" },
	{ OBJ_TCP, VERB_SHOW, 0, args_tcp_show,
	    "list TCP connections with their inner state" },
	{ OBJ_TCP, VERB_CONNECT, ROW_STREAM, args_tcp_connect,
	    "connect from hopd itself; standard input and output" },
};
