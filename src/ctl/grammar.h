/*
 * grammar.h - the command language as one table.
 *
 * A row is OBJECT VERB and a list of arguments; the parser, help, completion,
 * the configuration file, the JSON of a reply and the man page's synopsis all
 * follow from it.  Compiled into hopd and hopctl alike; nothing here
 * allocates, reads a file or knows a stack.
 *
 * Positional arguments stand in the order of the row; after them keyword
 * arguments in any order.  An object is identified by its ARG_KEY arguments,
 * which are all that `del` takes.
 */
#ifndef HOPD_CTL_GRAMMAR_H
#define HOPD_CTL_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

enum object {
	OBJ_PORT, OBJ_TUNNEL, OBJ_FAULT, OBJ_ADDR, OBJ_ROUTE, OBJ_NEIGH,
	OBJ_RARP, OBJ_IP, OBJ_INETD, OBJ_HTTP, OBJ_LB, OBJ_MARK, OBJ_SERVICE,
	OBJ_LOCAL, OBJ_SERVER,
	OBJ_CONN, OBJ_UDP, OBJ_TCP, OBJ_PING, OBJ_TRACEROUTE, OBJ_CAPTURE,
	OBJ_DROPS, OBJ_LIMITS, OBJ_STATS, OBJ_CONFIG, OBJ_SUMMARY, OBJ_HELP,
	OBJ_COMPLETE,
	OBJ_VERSION,
	OBJ_COUNT
};

enum verb {
	VERB_NONE,		/* the object's name is the whole command */
	VERB_ADD, VERB_SET, VERB_DEL, VERB_SHOW, VERB_GET, VERB_FLUSH,
	VERB_ANNOUNCE, VERB_ZERO, VERB_DRAIN, VERB_CHECK, VERB_PLAN,
	VERB_APPLY, VERB_SAVE, VERB_CONNECT,
	VERB_COUNT
};

enum arg_kind {
	ARG_END,		/* ends a row's list */
	ARG_FLAG,		/* the keyword alone */
	ARG_NAME,		/* 1-15 letters, digits, "_.-": an interface */
	ARG_WORD,		/* no blanks, no "#", nothing unprintable */
	ARG_FILE,		/* any text: never in a configuration */
	ARG_NUMBER,		/* min to max */
	ARG_SWITCH,		/* on or off; 1 and 0 are understood */
	ARG_CHOICE,		/* one of choices */
	ARG_LIST,		/* some of choices, with commas: bits */
	ARG_DURATION,		/* 30, 30s, 5m, 2h, 500ms; value in us */
	ARG_SHARE,		/* 1%, 0.05%; value in parts of a million */
	ARG_NETMASK,		/* 255.255.255.0 or 24 */
	ARG_MAC,
	ARG_IP,			/* IPv4 address */
	ARG_PREFIX,		/* ADDR/LEN, host bits kept */
	ARG_DEST,		/* ADDR/LEN, host bits clear, or "default" */
	ARG_ADDR_PORT,		/* ADDR:PORT */
	ARG_PORTS,		/* N or N-M; value low << 16 | high */
	ARG_SERVICE,		/* two words: tcp ADDR:PORT or fwmark N */
	ARG_NEXTHOP,		/* via IP, dev IFACE, weight N; repeats */
	ARG_REST,		/* all words that follow */
};

/* Flags of an argument. */
#define ARG_POS		0x01u	/* positional; else keyword */
#define ARG_REQ		0x02u	/* must be there */
#define ARG_KEY		0x04u	/* part of the object's identity */
#define ARG_DEF		0x08u	/* has a default: def */
#define ARG_SHOWN	0x10u	/* printed even if it is the default */
#define ARG_KEEP	0x20u	/* not given in a file: stays as it runs */
#define ARG_FIXED	0x40u	/* a change needs a new object */
#define ARG_WHOLE	0x80u	/* ARG_DURATION: no fractions of a second */

enum arg_id {
	A_NAME, A_ADMIN, A_TYPE, A_NETNS, A_MAC, A_MTU,
	A_ARP_IGNORE, A_ARP_ANNOUNCE, A_RP_FILTER, A_ARP_ACCEPT,
	A_PROXY_ARP, A_ACD, A_FORWARDING, A_REDIRECTS, A_SOURCE_ROUTE, A_GRO,
	A_MIN_PMTU,
	A_PREFIX, A_DEV, A_SCOPE,
	A_ROUTE_TYPE, A_DEST, A_VIA, A_METRIC, A_SRC, A_NEXTHOP,
	A_DST, A_FROM, A_IP,
	A_SERVICE, A_SCHED, A_FLAGS, A_PERSISTENT, A_NETMASK, A_OPS,
	A_RST, A_SEED, A_TCP_TIMEOUT, A_FIN_TIMEOUT, A_UDP_TIMEOUT,
	A_SERVER, A_MODE, A_WEIGHT, A_UPPER, A_LOWER, A_TIMEOUT,
	A_MARK, A_PROTO, A_PORTS, A_DRAIN, A_SLOPPY_TCP, A_EXPIRE_NODEST,
	A_EXPIRE_QUIESCENT, A_CONN_REUSE, A_RST_ON_EXPIRE, A_MSS_CLAMP, A_TOA,
	A_MAX_FLOWS,
	A_COUNT, A_SIZE, A_INTERVAL, A_TTL, A_TOS, A_DF, A_ICMP, A_QUERIES,
	A_FIRST_TTL, A_PORT,
	A_LOCAL, A_REMOTE, A_ROOT, A_SCAN,
	A_DIR, A_LOSS, A_DUPLICATE, A_CORRUPT, A_REORDER, A_HOLD, A_DELAY,
	A_JITTER, A_LISTENING, A_REASON, A_SNAPLEN, A_SETTINGS,
	A_CC, A_ECN, A_ECN_OPTION, A_SYN_COOKIES, A_FASTOPEN, A_MTU_PROBING,
	A_SACK, A_TIMESTAMPS, A_MISSING_TIMESTAMPS, A_PACING, A_TIMEWAIT,
	A_RFC1337, A_FINWAIT,
	A_KEEP_IDLE, A_KEEP_INTERVAL, A_KEEP_COUNT, A_USER_TIMEOUT,
	A_STATE, A_CLIENT, A_SERVER_IP, A_FILE, A_ALL, A_WORDS,
};

struct arg {
	enum arg_id id;
	enum arg_kind kind;
	unsigned flags;		/* ARG_* */
	const char *word;	/* keyword, and key in JSON */
	const char *meta;	/* placeholder, or choices "tap|tun" */
	int64_t def;		/* number, choice's index, switch: if ARG_DEF */
	int64_t min, max;	/* ARG_NUMBER */
	const char *help;
};

/* Flags of a row. */
#define ROW_CHANGE	0x01u	/* changes the configuration */
#define ROW_FILE	0x02u	/* may stand in a configuration file */
#define ROW_LOCAL	0x04u	/* hopctl answers without hopd */
#define ROW_HIDDEN	0x08u	/* not in help */
#define ROW_STREAM	0x10u	/* answers come as they arise */

#define ARGS_MAX 20		/* of one row */
#define HOPS_MAX 16		/* nexthop groups of one command */

struct command_row {
	enum object object;
	enum verb verb;
	unsigned flags;		/* ROW_* */
	const struct arg *args;	/* ends with ARG_END */
	const char *help;
};

struct service_key {
	uint8_t proto;		/* 6, 17, 132, or 0: fwmark */
	uint16_t port;
	uint32_t fwmark;
	struct addr addr;
};

struct cmd_hop {
	struct ip4 via;		/* any: on the link */
	const char *dev;	/* NULL: by via */
	uint16_t weight;
};

union value {
	int64_t num;		/* number, switch, choice, list, duration */
	const char *str;	/* name, path: points into the words */
	struct mac mac;
	struct ip4 ip;		/* address, netmask */
	struct ip4_prefix prefix;
	struct service_key service;	/* also ADDR:PORT: addr, port */
	struct {
		const char *const *words;
		int count;
	} rest;
};

/* One command, parsed.  val[i] belongs to row->args[i]. */
struct command {
	const struct command_row *row;
	uint32_t given;		/* bit i: val[i] was given */
	uint32_t valid;		/* bit i: val[i] given or default */
	uint8_t hops;
	union value val[ARGS_MAX];
	struct cmd_hop hop[HOPS_MAX];
};

/* The word; what help says of it; is it left out of help?  The word of a verb,
 * "" for VERB_NONE. */
const char *object_name(enum object o);
const char *object_help(enum object o);
bool object_hidden(enum object o);
const char *verb_name(enum verb v);
/* NULL: there is no such command. */
const struct command_row *grammar_row(enum object o, enum verb v);
/* Those of one object. */
const struct command_row *grammar_rows(enum object o, unsigned *count);
/* All rows: i from 0 until NULL. */
const struct command_row *grammar_row_at(unsigned i);
/* An argument of a row by its identity, or NULL. */
const struct arg *grammar_arg(const struct command_row *row, enum arg_id id);
/* Is its value a text, which points into the words? */
bool arg_is_text(const struct arg *a);
/* The n-th of "a|b|c" into buf; false past the end. */
bool choice_at(const char *choices, unsigned n, char *buf, size_t size);

/* parse.c: words to command.  PARSE_ABBREV takes unique prefixes of objects,
 * verbs, keywords and choices.  0 or -EINVAL; then *word is the index of the
 * offending word (count: something is missing at the end) and err quotes it.
 * The command points into the words. */
#define PARSE_ABBREV 1u
int command_parse(struct command *cmd, int count, const char *const *words,
    unsigned flags, int *word, struct err *err);
/* Splits a line in place at blanks, dropping a "#" comment.  Returns the
 * number of words, or -E2BIG. */
int line_split(char *line, const char **words, int max);

/* Making a command by hand; set returns the value to fill, marked as given. */
void command_init(struct command *cmd, const struct command_row *row);
union value *command_set(struct command *cmd, enum arg_id id);
/* The same for the same object with another verb: what both rows know, defaults
 * as if given, so that a set takes everything over. */
void command_turn(struct command *out, const struct command *cmd,
    const struct command_row *row);
/* Fills in the defaults of what was not given. */
void command_defaults(struct command *cmd);
/* Given, or has a default: the value; else NULL. */
const union value *command_get(const struct command *cmd, enum arg_id id);
bool command_given(const struct command *cmd, enum arg_id id);
/* The number, or what is said instead if there is none. */
int64_t command_num(const struct command *cmd, enum arg_id id, int64_t none);
/* A duration in whole seconds, those of ARG_WHOLE; 0 if there is none. */
uint32_t command_seconds(const struct command *cmd, enum arg_id id);
const char *command_str(const struct command *cmd, enum arg_id id);

/* format.c: command to text, canonical: the order of the row, full words,
 * defaults left out unless ARG_SHOWN.  Returns the length (without NUL), of
 * which no more than size - 1 were written. */
enum format {
	FORMAT_LINE,		/* OBJECT VERB ARGUMENTS */
	FORMAT_ARGS,		/* ARGUMENTS */
	FORMAT_GIVEN,		/* OBJECT VERB and what was given, no more */
	FORMAT_KEY,		/* only ARG_KEY ones */
};
/* Does the canonical text say argument i?  Not what was not given, nor a
 * default that goes without saying. */
bool command_says(const struct command *cmd, unsigned i);
size_t command_format(const struct command *cmd, enum format what, char *buf,
    size_t size);
/* One value, without its keyword. */
size_t value_format(const struct command *cmd, unsigned i, char *buf,
    size_t size);
#define COMMAND_TEXT_MAX 2048	/* the longest canonical line */
#define CTL_WORDS_MAX	256	/* of one command */

/* help.c.  "port add NAME [type tap|tun] ..." */
size_t row_synopsis(const struct command_row *row, char *buf, size_t size);
/* What hopctl help prints; emit gets whole lines without newline.
 * 0, or -ENOENT: no such object or verb. */
int grammar_help(int count, const char *const *words,
    void (*emit)(void *arg, const char *line), void *arg, struct err *err);

/* complete.c: what may follow the first count - 1 words, as far as it starts
 * with the last. */
void grammar_complete(int count, const char *const *words,
    void (*emit)(void *arg, const char *word), void *arg);

#endif
