/*
 * grammar.c - the table of commands; grammar_find.c looks things up in it.
 * Those of TCP are in grammar_tcp.c, those of the load balancer in
 * grammar_lb.c.
 *
 * To add a command: a row here, and a case in the cmd_*.c of its object.
 */
#include "ctl/grammar_impl.h"

#include <stddef.h>

/* Columns: identity, kind, flags, keyword, placeholder or choices, default,
 * smallest, largest, help. */

const struct arg args_none[1] = {
	{ .kind = ARG_END },
};

#define NAME_ARG(f, text) \
	{ A_NAME, ARG_NAME, ARG_POS | (f), "name", "NAME", 0, 0, 0, text }
#define DEV_ARG(f, text) \
	{ A_DEV, ARG_NAME, (f), "dev", "IFACE", 0, 0, 0, text }
#define METRIC_ARG(f) \
	{ A_METRIC, ARG_NUMBER, ARG_DEF | (f), "metric", "N", 0, 0, \
	    UINT32_MAX, "the lowest wins" }
#define FILE_ARG(f) \
	{ A_FILE, ARG_FILE, ARG_POS | (f), "file", "FILE", 0, 0, 0, \
	    "configuration file" }

/* f: ARG_DEF where what is not said takes its default (add), 0 where it stays
 * as it is (set). */
#define KNOB(id, kind, f, word, meta, def, min, max, text) \
	{ id, kind, f, word, meta, def, min, max, text }
#define ADMIN_ARG(f) \
	{ A_ADMIN, ARG_CHOICE, ARG_POS | (f), "admin", "up|down", 0, 0, 0, \
	    "down: nothing in or out, no route by it" }
#define KNOB_ARGS(f)							\
	KNOB(A_MTU, ARG_NUMBER, (f) | ARG_SHOWN, "mtu", "N", 1500, 68,	\
	    65535, "largest IP packet, of the device, too"),		\
	KNOB(A_ARP_IGNORE, ARG_NUMBER, f, "arp_ignore", "N", 0, 0, 2,	\
	    "which requests to answer, as Linux"),			\
	KNOB(A_ARP_ANNOUNCE, ARG_NUMBER, f, "arp_announce", "N", 0, 0, 2, \
	    "which source address requests carry, as Linux"),		\
	KNOB(A_RP_FILTER, ARG_NUMBER, f, "rp_filter", "N", 0, 0, 2,	\
	    "source check: 0 none, 1 strict, 2 loose"),			\
	KNOB(A_ARP_ACCEPT, ARG_SWITCH, f, "arp_accept", "on|off", 0, 0, 0, \
	    "learn from gratuitous ARP"),				\
	KNOB(A_PROXY_ARP, ARG_SWITCH, f, "proxy_arp", "on|off", 0, 0, 0, \
	    "answer ARP for what is routed elsewhere"),			\
	KNOB(A_ACD, ARG_NUMBER, f, "acd", "N", 2, 0, 2,			\
	    "a new address: 0 silent, 1 announced, 2 probed for first"), \
	KNOB(A_FORWARDING, ARG_SWITCH, f, "forwarding", "on|off", 1, 0, 0, \
	    "forward what comes in here"),				\
	KNOB(A_REDIRECTS, ARG_SWITCH, f, "redirects", "on|off", 0, 0, 0, \
	    "send ICMP redirects"),					\
	KNOB(A_SOURCE_ROUTE, ARG_SWITCH, f, "accept_source_route",	\
	    "on|off", 1, 0, 0,						\
	    "take source routes, if \"ip set\" takes them, too"),	\
	KNOB(A_GRO, ARG_SWITCH, f, "gro", "on|off", 0, 0, 0,		\
	    "join TCP segments that come in, those in IPIP, too")

static const struct arg args_port_add[] = {
	NAME_ARG(ARG_REQ | ARG_KEY, "device and interface"),
	ADMIN_ARG(ARG_DEF),
	{ A_TYPE, ARG_CHOICE, ARG_DEF | ARG_SHOWN | ARG_FIXED, "type",
	    "tap|tun", 0, 0, 0, "Ethernet frames or bare IP packets" },
	{ A_NETNS, ARG_WORD, ARG_FIXED, "netns", "NETNS", 0, 0, 0,
	    "network namespace of the device" },
	{ A_MAC, ARG_MAC, ARG_KEEP | ARG_FIXED, "mac", "MAC", 0, 0, 0,
	    "hopd's own address on it" },
	KNOB_ARGS(ARG_DEF),
	{ .kind = ARG_END },
};

static const struct arg args_port_set[] = {
	NAME_ARG(ARG_REQ | ARG_KEY, "a port"),
	ADMIN_ARG(0),
	KNOB_ARGS(0),
	{ .kind = ARG_END },
};

static const struct arg args_port_del[] = {
	NAME_ARG(ARG_REQ | ARG_KEY, "a port"),
	{ .kind = ARG_END },
};

static const struct arg args_port_show[] = {
	NAME_ARG(0, "only this one"),
	{ .kind = ARG_END },
};

static const struct arg args_tunnel_add[] = {
	NAME_ARG(ARG_REQ | ARG_KEY, "interface"),
	{ A_LOCAL, ARG_IP, ARG_FIXED, "local", "IP", 0, 0, 0,
	    "our end; else any address of ours" },
	{ A_REMOTE, ARG_IP, ARG_FIXED, "remote", "IP", 0, 0, 0,
	    "the other end; without it, from everyone and to none" },
	{ .kind = ARG_END },
};

static const struct arg args_tunnel_del[] = {
	NAME_ARG(ARG_REQ | ARG_KEY, "a tunnel"),
	{ .kind = ARG_END },
};

#define SHARE_ARG(id, word, text) \
	{ id, ARG_SHARE, ARG_DEF, word, "P%", 0, 0, 0, text }
#define TIME_ARG(id, word, def, text) \
	{ id, ARG_DURATION, ARG_DEF, word, "SECONDS", def, 0, 0, text }

static const struct arg args_fault_add[] = {
	DEV_ARG(ARG_REQ | ARG_KEY, "a port"),
	{ A_DIR, ARG_CHOICE, ARG_DEF, "dir", "both|in|out", 0, 0, 0,
	    "which way frames go" },
	SHARE_ARG(A_LOSS, "loss", "frames lost"),
	SHARE_ARG(A_DUPLICATE, "duplicate", "frames that come twice"),
	SHARE_ARG(A_CORRUPT, "corrupt", "frames with one bit flipped"),
	SHARE_ARG(A_REORDER, "reorder", "frames held back"),
	TIME_ARG(A_HOLD, "hold", 5000, "for so long"),
	TIME_ARG(A_DELAY, "delay", 0, "of every frame"),
	TIME_ARG(A_JITTER, "jitter", 0, "more delay, up to this"),
	{ A_SEED, ARG_NUMBER, ARG_DEF, "seed", "N", 1, 0, UINT32_MAX,
	    "same seed, same dice" },
	{ .kind = ARG_END },
};

static const struct arg args_fault_del[] = {
	DEV_ARG(ARG_REQ | ARG_KEY, "a port"),
	{ .kind = ARG_END },
};

#define PREFIX_ARG(f) \
	{ A_PREFIX, ARG_PREFIX, ARG_POS | (f), "prefix", "ADDR/LEN", 0, 0, 0, \
	    "address with its network" }

static const struct arg args_addr_add[] = {
	PREFIX_ARG(ARG_REQ | ARG_KEY),
	DEV_ARG(ARG_REQ | ARG_KEY, "its interface"),
	{ A_SCOPE, ARG_CHOICE, ARG_DEF | ARG_FIXED, "scope",
	    "global|link|host", 0, 0, 0, "host: hidden, never in ARP" },
	{ .kind = ARG_END },
};

static const struct arg args_addr_del[] = {
	PREFIX_ARG(ARG_REQ | ARG_KEY),
	DEV_ARG(ARG_REQ | ARG_KEY, "its interface"),
	{ .kind = ARG_END },
};

static const struct arg args_dev[] = {
	DEV_ARG(0, "only of this interface"),
	{ .kind = ARG_END },
};

#define DEST_ARG(f) \
	{ A_DEST, ARG_DEST, ARG_POS | (f), "dst", "ADDR/LEN|default", 0, 0, 0, \
	    "destinations" }

static const struct arg args_route_add[] = {
	{ A_ROUTE_TYPE, ARG_CHOICE, ARG_POS | ARG_DEF, "type",
	    "unicast|blackhole|unreachable|prohibit", 0, 0, 0,
	    "what becomes of packets" },
	DEST_ARG(ARG_REQ | ARG_KEY),
	{ A_VIA, ARG_IP, 0, "via", "IP", 0, 0, 0, "next router" },
	DEV_ARG(0, "way out; by the next router if left out"),
	{ A_NEXTHOP, ARG_NEXTHOP, 0, "nexthop",
	    "via IP [dev IFACE] [weight N]", 0, 0, 0,
	    "one of several next hops; repeats" },
	METRIC_ARG(ARG_KEY),
	{ A_SRC, ARG_IP, 0, "src", "IP", 0, 0, 0, "source of own packets" },
	{ A_MTU, ARG_NUMBER, 0, "mtu", "N", 0, 68, 65535, "of this route" },
	{ .kind = ARG_END },
};

static const struct arg args_route_del[] = {
	DEST_ARG(ARG_REQ | ARG_KEY),
	METRIC_ARG(ARG_KEY),
	{ .kind = ARG_END },
};

static const struct arg args_route_show[] = {
	DEST_ARG(0),
	DEV_ARG(0, "only by this interface"),
	{ A_ALL, ARG_FLAG, 0, "all", NULL, 0, 0, 0,
	    "also local addresses and broadcasts" },
	{ .kind = ARG_END },
};

static const struct arg args_route_get[] = {
	{ A_DST, ARG_IP, ARG_POS | ARG_REQ, "dst", "IP", 0, 0, 0,
	    "destination" },
	{ A_FROM, ARG_IP, 0, "from", "IP", 0, 0, 0, "source" },
	{ .kind = ARG_END },
};

#define IP_ARG(text) \
	{ A_IP, ARG_IP, ARG_POS | ARG_REQ | ARG_KEY, "ip", "IP", 0, 0, 0, text }

static const struct arg args_neigh_add[] = {
	IP_ARG("the neighbour"),
	{ A_MAC, ARG_MAC, ARG_REQ, "mac", "MAC", 0, 0, 0, "its address" },
	DEV_ARG(ARG_REQ | ARG_KEY, "its interface"),
	{ .kind = ARG_END },
};

static const struct arg args_neigh_del[] = {
	IP_ARG("the neighbour"),
	DEV_ARG(ARG_REQ | ARG_KEY, "its interface"),
	{ .kind = ARG_END },
};

static const struct arg args_neigh_announce[] = {
	IP_ARG("address of hopd's own"),
	DEV_ARG(ARG_REQ | ARG_KEY, "where to announce"),
	{ .kind = ARG_END },
};

static const struct arg args_rarp_add[] = {
	{ A_MAC, ARG_MAC, ARG_POS | ARG_REQ | ARG_KEY, "mac", "MAC", 0, 0, 0,
	    "of the station" },
	{ A_IP, ARG_IP, ARG_REQ, "ip", "IP", 0, 0, 0, "what it is told" },
	{ .kind = ARG_END },
};

static const struct arg args_rarp_del[] = {
	{ A_MAC, ARG_MAC, ARG_POS | ARG_REQ | ARG_KEY, "mac", "MAC", 0, 0, 0,
	    "of the station" },
	{ .kind = ARG_END },
};

static const struct arg args_ip_set[] = {
	SWITCH_ARG(A_SOURCE_ROUTE, "accept_source_route", 0,
	    "take source routes where the interface does, too"),
	{ A_MIN_PMTU, ARG_NUMBER, ARG_DEF, "min_pmtu", "N", 552, 68, 65535,
	    "no path MTU is believed to be smaller; DF is given up then" },
	{ .kind = ARG_END },
};

static const struct arg args_inetd[] = {
	{ A_NAME, ARG_CHOICE, ARG_POS | ARG_REQ | ARG_KEY, "name",
	    "echo|discard|daytime|chargen", 0, 0, 0, "which" },
	{ .kind = ARG_END },
};

#define HTTP_AT_ARG \
	{ A_SERVER, ARG_ADDR_PORT, ARG_POS | ARG_REQ | ARG_KEY, "at", \
	    "ADDR:PORT", 0, 0, 0, "where; 0.0.0.0 is every own address" }

static const struct arg args_http_add[] = {
	HTTP_AT_ARG,
	{ A_NAME, ARG_WORD, ARG_FIXED, "name", "NAME", 0, 0, 0,
	    "what /whoami calls this node" },
	{ A_ROOT, ARG_WORD, ARG_FIXED, "root", "PATH", 0, 0, 0,
	    "files to serve: a directory below hopd's -r" },
	{ .kind = ARG_END },
};

static const struct arg args_http_del[] = {
	HTTP_AT_ARG,
	{ .kind = ARG_END },
};

#define PROBE_ARGS							\
	{ A_SRC, ARG_IP, 0, "src", "IP", 0, 0, 0, "from this address" }, \
	{ A_DEV, ARG_NAME, 0, "dev", "IFACE", 0, 0, 0, "by this interface" }, \
	{ A_TOS, ARG_NUMBER, 0, "tos", "N", 0, 0, 255, "type of service" }, \
	{ A_DF, ARG_FLAG, 0, "df", NULL, 0, 0, 0, "do not fragment" }

static const struct arg args_ping[] = {
	TARGET_ARG,
	{ A_COUNT, ARG_NUMBER, ARG_DEF, "count", "N", 5, 0, UINT32_MAX,
	    "requests; 0: until interrupted" },
	{ A_SIZE, ARG_NUMBER, ARG_DEF, "size", "N", 56, 0, 65507,
	    "bytes of data" },
	{ A_INTERVAL, ARG_DURATION, ARG_DEF, "interval", "SECONDS", 1000000, 0,
	    0, "between requests" },
	{ A_TIMEOUT, ARG_DURATION, ARG_DEF, "timeout", "SECONDS", 2000000, 0,
	    0, "until a request counts as lost" },
	{ A_TTL, ARG_NUMBER, 0, "ttl", "N", 0, 1, 255, "time to live" },
	PROBE_ARGS,
	{ .kind = ARG_END },
};

static const struct arg args_traceroute[] = {
	TARGET_ARG,
	{ A_ICMP, ARG_FLAG, 0, "icmp", NULL, 0, 0, 0,
	    "by echo requests; else by UDP" },
	{ A_FIRST_TTL, ARG_NUMBER, ARG_DEF, "first_ttl", "N", 1, 1, 255,
	    "of the first probe" },
	{ A_TTL, ARG_NUMBER, ARG_DEF, "max_ttl", "N", 30, 1, 255,
	    "of the last" },
	{ A_QUERIES, ARG_NUMBER, ARG_DEF, "queries", "N", 3, 1, 10,
	    "probes of each TTL" },
	{ A_TIMEOUT, ARG_DURATION, ARG_DEF, "timeout", "SECONDS", 5000000, 0,
	    0, "until a probe counts as lost" },
	{ A_PORT, ARG_NUMBER, ARG_DEF, "port", "N", 33434, 1, 65535,
	    "UDP: of the first probe" },
	{ A_SIZE, ARG_NUMBER, ARG_DEF, "size", "N", 32, 0, 1472,
	    "bytes of data" },
	PROBE_ARGS,
	{ .kind = ARG_END },
};

static const struct arg args_capture[] = {
	{ A_NAME, ARG_NAME, ARG_POS | ARG_REQ, "port", "PORT|drops", 0, 0, 0,
	    "frames of a port, or dead packets" },
	{ A_REASON, ARG_WORD, 0, "reason", "REASON", 0, 0, 0,
	    "drops: only for this reason" },
	{ A_COUNT, ARG_NUMBER, 0, "count", "N", 0, 1, UINT32_MAX,
	    "end after so many" },
	{ A_SNAPLEN, ARG_NUMBER, 0, "snaplen", "N", 0, 1, 262144,
	    "bytes of each" },
	{ A_FILE, ARG_FILE, 0, "write", "FILE", 0, 0, 0,
	    "pcap file; else standard output" },
	{ .kind = ARG_END },
};

static const struct arg args_drops[] = {
	{ A_ALL, ARG_FLAG, 0, "all", NULL, 0, 0, 0, "also those that are 0" },
	{ .kind = ARG_END },
};

static const struct arg args_file[] = {
	FILE_ARG(ARG_REQ),
	{ .kind = ARG_END },
};

static const struct arg args_file_opt[] = {
	FILE_ARG(0),
	{ .kind = ARG_END },
};

static const struct arg args_words[] = {
	{ A_WORDS, ARG_REST, ARG_POS, "words", "OBJECT [VERB]", 0, 0, 0, "" },
	{ .kind = ARG_END },
};

static const struct command_row rows_port[] = {
	{ OBJ_PORT, VERB_ADD, FILED, args_port_add,
	    "open a TAP or TUN device and make an interface of it" },
	{ OBJ_PORT, VERB_SET, FILED, args_port_set, "change its settings" },
	{ OBJ_PORT, VERB_DEL, CHANGE, args_port_del,
	    "close it, with its addresses, routes and neighbours" },
	{ OBJ_PORT, VERB_SHOW, 0, args_port_show, "list ports" },
};

static const struct command_row rows_tunnel[] = {
	{ OBJ_TUNNEL, VERB_ADD, FILED, args_tunnel_add,
	    "make an IPIP tunnel interface" },
	{ OBJ_TUNNEL, VERB_DEL, CHANGE, args_tunnel_del,
	    "remove it, with its addresses and routes" },
	{ OBJ_TUNNEL, VERB_SHOW, 0, args_none, "list tunnels" },
};

static const struct command_row rows_fault[] = {
	{ OBJ_FAULT, VERB_ADD, FILED, args_fault_add,
	    "make a port's wire bad, for tests and labs" },
	{ OBJ_FAULT, VERB_SET, CHANGE, args_fault_add, "add or change it" },
	{ OBJ_FAULT, VERB_DEL, CHANGE, args_fault_del, "a good wire again" },
	{ OBJ_FAULT, VERB_SHOW, 0, args_none, "list bad wires" },
};

static const struct command_row rows_addr[] = {
	{ OBJ_ADDR, VERB_ADD, FILED, args_addr_add,
	    "give an interface an address" },
	{ OBJ_ADDR, VERB_DEL, CHANGE, args_addr_del, "take it away" },
	{ OBJ_ADDR, VERB_SHOW, 0, args_dev, "list addresses" },
};

static const struct command_row rows_route[] = {
	{ OBJ_ROUTE, VERB_ADD, FILED, args_route_add, "add a route" },
	{ OBJ_ROUTE, VERB_SET, CHANGE, args_route_add, "add or replace one" },
	{ OBJ_ROUTE, VERB_DEL, CHANGE, args_route_del, "remove a route" },
	{ OBJ_ROUTE, VERB_SHOW, 0, args_route_show, "list routes" },
	{ OBJ_ROUTE, VERB_GET, 0, args_route_get,
	    "say which way a packet would go" },
};

static const struct command_row rows_neigh[] = {
	{ OBJ_NEIGH, VERB_ADD, FILED, args_neigh_add,
	    "add a permanent neighbour" },
	{ OBJ_NEIGH, VERB_SET, CHANGE, args_neigh_add,
	    "add or replace a permanent neighbour" },
	{ OBJ_NEIGH, VERB_DEL, CHANGE, args_neigh_del, "forget a neighbour" },
	{ OBJ_NEIGH, VERB_SHOW, 0, args_dev, "list neighbours" },
	{ OBJ_NEIGH, VERB_FLUSH, 0, args_dev,
	    "forget all but permanent neighbours" },
	{ OBJ_NEIGH, VERB_ANNOUNCE, 0, args_neigh_announce,
	    "send gratuitous ARP for an own address" },
};

static const struct command_row rows_rarp[] = {
	{ OBJ_RARP, VERB_ADD, FILED, args_rarp_add,
	    "tell a station its address when it boots" },
	{ OBJ_RARP, VERB_SET, CHANGE, args_rarp_add, "add or change one" },
	{ OBJ_RARP, VERB_DEL, CHANGE, args_rarp_del, "forget a station" },
	{ OBJ_RARP, VERB_SHOW, 0, args_none, "list stations" },
};

static const struct command_row rows_ip[] = {
	{ OBJ_IP, VERB_SET, FILED, args_ip_set, "change settings of IPv4" },
	{ OBJ_IP, VERB_SHOW, 0, args_none, "list its settings" },
};

static const struct command_row rows_inetd[] = {
	{ OBJ_INETD, VERB_ADD, FILED, args_inetd,
	    "start a small service on every own address (UDP, TCP)" },
	{ OBJ_INETD, VERB_DEL, CHANGE, args_inetd, "stop it" },
	{ OBJ_INETD, VERB_SHOW, 0, args_none, "list those that run" },
};

static const struct command_row rows_http[] = {
	{ OBJ_HTTP, VERB_ADD, FILED, args_http_add,
	    "serve files, and a page that says who answered whom" },
	{ OBJ_HTTP, VERB_DEL, CHANGE, args_http_del,
	    "stop it; its connections are reset" },
	{ OBJ_HTTP, VERB_SHOW, 0, args_none, "list servers" },
};

static const struct command_row rows_udp[] = {
	{ OBJ_UDP, VERB_SHOW, 0, args_none, "list UDP sockets" },
};

static const struct command_row rows_capture[] = {
	{ OBJ_CAPTURE, VERB_NONE, ROW_STREAM, args_capture,
	    "write what passes, or is dropped, as pcap" },
};

static const struct command_row rows_ping[] = {
	{ OBJ_PING, VERB_NONE, ROW_STREAM, args_ping,
	    "send echo requests from hopd itself" },
};

static const struct command_row rows_traceroute[] = {
	{ OBJ_TRACEROUTE, VERB_NONE, ROW_STREAM, args_traceroute,
	    "show the routers on the way, from hopd itself" },
};

static const struct command_row rows_drops[] = {
	{ OBJ_DROPS, VERB_SHOW, 0, args_drops,
	    "count dropped packets by reason" },
	{ OBJ_DROPS, VERB_ZERO, 0, args_none, "zero the counters" },
};

static const struct command_row rows_limits[] = {
	{ OBJ_LIMITS, VERB_SHOW, 0, args_none, "list limits and their use" },
};

static const struct command_row rows_stats[] = {
	{ OBJ_STATS, VERB_SHOW, 0, args_none, "counters of every layer" },
};

static const struct command_row rows_config[] = {
	{ OBJ_CONFIG, VERB_SHOW, 0, args_none,
	    "print what runs as a configuration file" },
	{ OBJ_CONFIG, VERB_CHECK, 0, args_file, "look for errors in a file" },
	{ OBJ_CONFIG, VERB_PLAN, 0, args_file,
	    "print what apply would change: + - ~" },
	{ OBJ_CONFIG, VERB_APPLY, 0, args_file,
	    "make what runs equal to the file, all or nothing" },
	{ OBJ_CONFIG, VERB_SAVE, 0, args_file_opt,
	    "write what runs to a file" },
};

static const struct command_row rows_summary[] = {
	{ OBJ_SUMMARY, VERB_NONE, ROW_HIDDEN, args_none, "" },
};

static const struct command_row rows_help[] = {
	{ OBJ_HELP, VERB_NONE, ROW_LOCAL, args_words,
	    "list commands, or explain one" },
};

static const struct command_row rows_complete[] = {
	{ OBJ_COMPLETE, VERB_NONE, ROW_LOCAL | ROW_HIDDEN, args_words, "" },
};

static const struct command_row rows_version[] = {
	{ OBJ_VERSION, VERB_NONE, ROW_LOCAL, args_none, "print the version" },
};

#define ROWS(rows) rows, sizeof(rows) / sizeof((rows)[0])

const struct grammar_object grammar_objects[OBJ_COUNT] = {
	[OBJ_PORT] = { "port", ROWS(rows_port),
	    "where frames enter and leave: TAP, TUN" },
	[OBJ_TUNNEL] = { "tunnel", ROWS(rows_tunnel),
	    "IPIP tunnel interfaces" },
	[OBJ_FAULT] = { "fault", ROWS(rows_fault),
	    "wires that are bad on purpose" },
	[OBJ_ADDR] = { "addr", ROWS(rows_addr),
	    "addresses of interfaces" },
	[OBJ_ROUTE] = { "route", ROWS(rows_route),
	    "the routing table" },
	[OBJ_NEIGH] = { "neigh", ROWS(rows_neigh),
	    "neighbours: who has which MAC (ARP)" },
	[OBJ_RARP] = { "rarp", ROWS(rows_rarp),
	    "stations that boot by RARP" },
	[OBJ_IP] = { "ip", ROWS(rows_ip), "IPv4 as a whole" },
	[OBJ_INETD] = { "inetd", ROWS(rows_inetd),
	    "small services: echo, discard, daytime, chargen" },
	[OBJ_HTTP] = { "http", ROWS(rows_http), "HTTP servers on hopd itself" },
	[OBJ_LB] = { "lb", ROWS(grammar_lb), "the load balancer as a whole" },
	[OBJ_MARK] = { "mark", ROWS(grammar_mark),
	    "rules that give packets a firewall mark" },
	[OBJ_UDP] = { "udp", ROWS(rows_udp), "UDP sockets" },
	[OBJ_TCP] = { "tcp", ROWS(grammar_tcp), "TCP on hopd itself" },
	[OBJ_CAPTURE] = { "capture", ROWS(rows_capture),
	    "frames of a port, or dropped packets, as pcap" },
	[OBJ_PING] = { "ping", ROWS(rows_ping), "echo requests" },
	[OBJ_TRACEROUTE] = { "traceroute", ROWS(rows_traceroute),
	    "the way to an address" },
	[OBJ_SERVICE] = { "service", ROWS(grammar_service),
	    "virtual services of the load balancer" },
	[OBJ_LOCAL] = { "local", ROWS(grammar_local),
	    "addresses of FULLNAT towards servers" },
	[OBJ_SERVER] = { "server", ROWS(grammar_server),
	    "real servers behind a service" },
	[OBJ_CONN] = { "conn", ROWS(grammar_conn),
	    "load-balanced connections" },
	[OBJ_DROPS] = { "drops", ROWS(rows_drops),
	    "dropped packets by reason" },
	[OBJ_LIMITS] = { "limits", ROWS(rows_limits),
	    "every bound and its use" },
	[OBJ_STATS] = { "stats", ROWS(rows_stats),
	    "counters" },
	[OBJ_CONFIG] = { "config", ROWS(rows_config),
	    "the configuration as a whole" },
	[OBJ_SUMMARY] = { "summary", ROWS(rows_summary),
	    "" },
	[OBJ_HELP] = { "help", ROWS(rows_help),
	    "this" },
	[OBJ_COMPLETE] = { "complete", ROWS(rows_complete),
	    "" },
	[OBJ_VERSION] = { "version", ROWS(rows_version),
	    "of this program" },
};

const char *const grammar_verbs[VERB_COUNT] = {
	[VERB_NONE] = "",
	[VERB_ADD] = "add", [VERB_SET] = "set", [VERB_DEL] = "del",
	[VERB_SHOW] = "show", [VERB_GET] = "get", [VERB_FLUSH] = "flush",
	[VERB_ANNOUNCE] = "announce", [VERB_ZERO] = "zero",
	[VERB_DRAIN] = "drain", [VERB_CHECK] = "check", [VERB_PLAN] = "plan",
	[VERB_APPLY] = "apply", [VERB_SAVE] = "save",
	[VERB_CONNECT] = "connect",
};
