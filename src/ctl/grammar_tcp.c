/*
 * grammar_tcp.c - the commands of TCP: settings, connections, a connection of
 * one's own.  Columns as in grammar.c.
 */
#include "ctl/grammar_impl.h"

#include <stddef.h>

#define SWITCH(id, word, def, text) \
	{ id, ARG_SWITCH, ARG_DEF, word, "on|off", def, 0, 0, text }
#define CHOICE(id, word, choices, def, text) \
	{ id, ARG_CHOICE, ARG_DEF, word, choices, def, 0, 0, text }
#define SECONDS(id, word, def, text) \
	{ id, ARG_DURATION, ARG_DEF, word, "SECONDS", (def) * 1000000LL, \
	    0, 0, text }

/* The order of the choices is that of the enums in tcp.h; "fastopen" counts
 * TCP_FASTOPEN_CLIENT and TCP_FASTOPEN_SERVER together. */
static const struct arg args_tcp_set[] = {
	CHOICE(A_CC, "cc", "cubic|newreno", 0, "congestion control"),
	CHOICE(A_ECN, "ecn", "off|request|accept|accurate|accurate_answer|"
	    "accurate_accept", 5, "explicit congestion notification"),
	CHOICE(A_ECN_OPTION, "ecn_option", "never|changed|always", 1,
	    "send the counters of accurate ECN as a TCP option"),
	CHOICE(A_SYN_COOKIES, "syn_cookies", "never|overflow|always", 1,
	    "answer SYNs without keeping state"),
	CHOICE(A_FASTOPEN, "fastopen", "off|client|server|both", 0,
	    "data in the SYN"),
	CHOICE(A_MTU_PROBING, "mtu_probing", "off|black_hole|always", 0,
	    "look for the path MTU by larger segments"),
	SWITCH(A_SACK, "sack", 1, "offer selective acknowledgements"),
	SWITCH(A_TIMESTAMPS, "timestamps", 1, "offer timestamps"),
	SWITCH(A_PACING, "pacing", 0, "send at a rate, not in bursts"),
	SECONDS(A_TIMEWAIT, "timewait", 60, "length of TIME-WAIT: 2 MSL"),
	SWITCH(A_RFC1337, "rfc1337", 0, "a RST does not end TIME-WAIT"),
	SECONDS(A_FINWAIT, "finwait", 60,
	    "a closed connection's wait for the peer's FIN"),
	SECONDS(A_KEEP_IDLE, "keep_idle", 7200,
	    "silence before the first keepalive probe"),
	SECONDS(A_KEEP_INTERVAL, "keep_interval", 75,
	    "from one probe to the next"),
	{ A_KEEP_COUNT, ARG_NUMBER, ARG_DEF, "keep_count", "N", 9, 1, 127,
	    "probes without an answer that end a connection" },
	SECONDS(A_USER_TIMEOUT, "user_timeout", 0,
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
	{ OBJ_TCP, VERB_SET, ROW_CHANGE | ROW_FILE, args_tcp_set,
	    "change settings of TCP" },
	{ OBJ_TCP, VERB_SHOW, 0, args_tcp_show,
	    "list TCP connections with their inner state" },
	{ OBJ_TCP, VERB_CONNECT, ROW_STREAM, args_tcp_connect,
	    "connect from hopd itself; standard input and output" },
};
