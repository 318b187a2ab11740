/*
 * grammar_lb.c - the commands of the load balancer: services, servers, local
 * addresses, connections, marks, and its settings as a whole.  Columns as in
 * grammar.c.
 */
#include "ctl/grammar_impl.h"

#include <stddef.h>

#define SERVICE_ARG(f, text) \
	{ A_SERVICE, ARG_SERVICE, (f), "service", "SERVICE", 0, 0, 0, text }
#define THE_SERVICE \
	SERVICE_ARG(ARG_POS | ARG_REQ | ARG_KEY, "virtual service")
#define THE_SERVER \
	{ A_SERVER, ARG_ADDR_PORT, ARG_POS | ARG_REQ | ARG_KEY, "server", \
	    "ADDR:PORT", 0, 0, 0, "real server" }

#define IDLE_ARGS(tcp_s, fin_s, udp_s, more)				\
	SECONDS_ARG(A_TCP_TIMEOUT, ARG_WHOLE, "tcp_timeout", tcp_s,	\
	    "idle TCP connection" more),				\
	SECONDS_ARG(A_FIN_TIMEOUT, ARG_WHOLE, "fin_timeout", fin_s,	\
	    "after a FIN" more),					\
	SECONDS_ARG(A_UDP_TIMEOUT, ARG_WHOLE, "udp_timeout", udp_s,	\
	    "idle UDP" more)

static const struct arg args_service_add[] = {
	THE_SERVICE,
	{ A_SCHED, ARG_CHOICE, ARG_DEF | ARG_SHOWN, "sched",
	    "rr|wrr|lc|wlc|lblc|lblcr|dh|sh|sed|nq|fo|ovf|mh|twos|maglev|swrr",
	    3, 0, 0, "who gets a new connection" },
	{ A_FLAGS, ARG_LIST, ARG_DEF, "flags", "fallback|port|flag-3", 0, 0, 0,
	    "of the scheduler: sh and mh" },
	SECONDS_ARG(A_PERSISTENT, ARG_WHOLE, "persistent", 0,
	    "a client keeps its server for so long"),
	{ A_NETMASK, ARG_NETMASK, ARG_DEF, "netmask", "MASK", UINT32_MAX, 0, 0,
	    "clients that count as one" },
	SWITCH_ARG(A_OPS, "ops", 0, "every packet on its own (UDP)"),
	SWITCH_ARG(A_RST, "rst", 0, "no server: answer TCP with RST"),
	{ A_SEED, ARG_NUMBER, ARG_DEF, "seed", "N", 0, 0, INT64_MAX,
	    "maglev: the same in every director" },
	IDLE_ARGS(0, 0, 0, "; 0: the common one"),
	{ .kind = ARG_END },
};

static const struct arg args_service_del[] = {
	THE_SERVICE,
	{ .kind = ARG_END },
};

static const struct arg args_service_opt[] = {
	SERVICE_ARG(ARG_POS, "only this one"),
	{ .kind = ARG_END },
};

static const struct arg args_local[] = {
	THE_SERVICE,
	{ A_IP, ARG_IP, ARG_POS | ARG_REQ | ARG_KEY, "ip", "IP", 0, 0, 0,
	    "address of hopd's own" },
	{ .kind = ARG_END },
};

static const struct arg args_server_add[] = {
	THE_SERVICE,
	THE_SERVER,
	{ A_MODE, ARG_CHOICE, ARG_DEF | ARG_SHOWN, "mode",
	    "nat|dr|tun|fullnat|local", 0, 0, 0, "how packets get there" },
	{ A_WEIGHT, ARG_NUMBER, ARG_DEF | ARG_SHOWN, "weight", "N", 1, 0,
	    INT32_MAX, "share; 0: no new connections" },
	{ A_UPPER, ARG_NUMBER, ARG_DEF, "upper", "N", 0, 0, UINT32_MAX,
	    "connections at which it is full; 0: never" },
	{ A_LOWER, ARG_NUMBER, ARG_DEF, "lower", "N", 0, 0, UINT32_MAX,
	    "connections at which it is no longer full" },
	SECONDS_ARG(A_DRAIN, ARG_WHOLE, "drain", 0,
	    "weight 0: then its connections end, too; 0: never"),
	{ .kind = ARG_END },
};

static const struct arg args_server_del[] = {
	THE_SERVICE,
	THE_SERVER,
	{ .kind = ARG_END },
};

static const struct arg args_server_show[] = {
	SERVICE_ARG(ARG_POS, "only of this one"),
	{ .kind = ARG_END },
};

static const struct arg args_server_drain[] = {
	THE_SERVICE,
	THE_SERVER,
	{ A_TIMEOUT, ARG_DURATION, ARG_WHOLE, "timeout", "SECONDS", 0, 0, 0,
	    "then its connections end, too" },
	{ .kind = ARG_END },
};

static const struct arg args_lb_set[] = {
	IDLE_ARGS(900, 120, 300, ""),
	SECONDS_ARG(A_DRAIN, ARG_WHOLE, "drain", 300,
	    "connections of a removed server go on for so long"),
	SWITCH_ARG(A_SLOPPY_TCP, "sloppy_tcp", 0,
	    "any segment may open a connection"),
	SWITCH_ARG(A_EXPIRE_NODEST, "expire_nodest", 0,
	    "end connections whose server is gone for good"),
	SWITCH_ARG(A_EXPIRE_QUIESCENT, "expire_quiescent", 0,
	    "weight 0 ends persistence, too"),
	{ A_CONN_REUSE, ARG_NUMBER, ARG_DEF, "conn_reuse", "N", 1, 0, 3,
	    "1: a SYN on a closed connection is scheduled anew; 3: after a "
	    "FIN, too, where replies are not seen" },
	SWITCH_ARG(A_RST_ON_EXPIRE, "rst_on_expire", 0,
	    "an idle TCP connection ends with RST to both sides"),
	SWITCH_ARG(A_MSS_CLAMP, "mss_clamp", 0,
	    "lower the MSS of connections into a tunnel"),
	SWITCH_ARG(A_TOA, "toa", 1,
	    "FULLNAT: client's address in TCP option 254"),
	{ A_MAX_FLOWS, ARG_NUMBER, ARG_DEF, "max_flows", "N", 1048576, 1,
	    8388608, "connections in the table" },
	{ .kind = ARG_END },
};

/* A rule is its own identity. */
static const struct arg args_mark[] = {
	{ A_MARK, ARG_NUMBER, ARG_POS | ARG_REQ | ARG_KEY, "mark", "N", 0, 1,
	    UINT32_MAX, "firewall mark" },
	{ A_PROTO, ARG_CHOICE, ARG_DEF | ARG_KEY, "proto", "any|tcp|udp|sctp",
	    0, 0, 0, "protocol" },
	{ A_SRC, ARG_DEST, ARG_KEY, "src", "ADDR/LEN", 0, 0, 0, "source" },
	{ A_DST, ARG_DEST, ARG_KEY, "dst", "ADDR/LEN", 0, 0, 0,
	    "destination" },
	{ A_PORTS, ARG_PORTS, ARG_KEY, "port", "N|N-M", 0, 0, 0,
	    "destination port" },
	{ .kind = ARG_END },
};

static const struct arg args_conn_show[] = {
	SERVICE_ARG(0, "only of this service"),
	{ A_SERVER_IP, ARG_IP, 0, "server", "IP", 0, 0, 0,
	    "only to this server" },
	{ A_CLIENT, ARG_IP, 0, "client", "IP", 0, 0, 0, "only from there" },
	{ A_STATE, ARG_NAME, 0, "state", "STATE", 0, 0, 0,
	    "only in this state" },
	{ .kind = ARG_END },
};

static const struct arg args_conn_flush[] = {
	SERVICE_ARG(0, "only of this service"),
	{ .kind = ARG_END },
};

const struct command_row grammar_lb[] = {
	{ OBJ_LB, VERB_SET, FILED, args_lb_set,
	    "change settings of the load balancer as a whole" },
	{ OBJ_LB, VERB_SHOW, 0, args_none, "list its settings" },
};

const struct command_row grammar_mark[] = {
	{ OBJ_MARK, VERB_ADD, FILED, args_mark,
	    "mark what comes in and fits; the first rule that fits counts" },
	{ OBJ_MARK, VERB_DEL, CHANGE, args_mark, "remove a rule" },
	{ OBJ_MARK, VERB_SHOW, 0, args_none, "list rules" },
};

const struct command_row grammar_service[] = {
	{ OBJ_SERVICE, VERB_ADD, FILED, args_service_add,
	    "add a virtual service" },
	{ OBJ_SERVICE, VERB_SET, CHANGE, args_service_add,
	    "add or change one; its servers stay" },
	{ OBJ_SERVICE, VERB_DEL, CHANGE, args_service_del,
	    "remove it with its servers" },
	{ OBJ_SERVICE, VERB_SHOW, 0, args_service_opt,
	    "list services with their servers" },
	{ OBJ_SERVICE, VERB_ZERO, 0, args_service_opt, "zero counters" },
};

const struct command_row grammar_local[] = {
	{ OBJ_LOCAL, VERB_ADD, FILED, args_local,
	    "give a service an address towards its servers" },
	{ OBJ_LOCAL, VERB_DEL, CHANGE, args_local, "take it away" },
	{ OBJ_LOCAL, VERB_SHOW, 0, args_service_opt, "list them" },
};

const struct command_row grammar_server[] = {
	{ OBJ_SERVER, VERB_ADD, FILED, args_server_add,
	    "add a real server to a service" },
	{ OBJ_SERVER, VERB_SET, CHANGE, args_server_add,
	    "add or change one; its connections stay" },
	{ OBJ_SERVER, VERB_DEL, CHANGE, args_server_del, "remove one" },
	{ OBJ_SERVER, VERB_SHOW, 0, args_server_show, "list real servers" },
	{ OBJ_SERVER, VERB_DRAIN, CHANGE, args_server_drain,
	    "weight 0: no new connections" },
};

const struct command_row grammar_conn[] = {
	{ OBJ_CONN, VERB_SHOW, 0, args_conn_show,
	    "list load-balanced connections" },
	{ OBJ_CONN, VERB_FLUSH, 0, args_conn_flush, "forget connections" },
};
