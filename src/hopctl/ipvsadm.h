/*
 * ipvsadm.h - hop-ipvsadm: the options, output and messages of ipvsadm 1.31,
 * over hopd's control socket.
 *
 * Files: ipvsadm_opts.c which option goes with which command, ipvsadm_parse.c
 * command line to struct ipvs_args, ipvsadm_read.c hopd's answer to struct
 * ipvs_table, ipvsadm_print.c that to text, ipvsadm_run.c the commands.
 * Nothing here opens a socket: ipvsadm_main.c does.
 */
#ifndef HOPD_HOPCTL_IPVSADM_H
#define HOPD_HOPCTL_IPVSADM_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/addr.h"
#include "base/err.h"

/* What the listings call themselves; scripts look for it. */
#define IPVS_VERSION_TEXT "1.2.1"

#define IPVS_FLAG_1	0x1u	/* sh-fallback, mh-fallback */
#define IPVS_FLAG_2	0x2u	/* sh-port, mh-port */
#define IPVS_FLAG_3	0x4u

enum ipvs_fwd { IPVS_MASQ, IPVS_LOCAL, IPVS_TUNNEL, IPVS_ROUTE,
	IPVS_FULLNAT };

/* Columns of --stats and --rate, in their order. */
enum ipvs_counter { IPVS_CONNS, IPVS_IN_PKTS, IPVS_OUT_PKTS, IPVS_IN_BYTES,
	IPVS_OUT_BYTES, IPVS_COUNTERS };

struct ipvs_server {
	struct ip4 addr;
	uint16_t port;
	enum ipvs_fwd fwd;
	int64_t weight;
	uint32_t upper, lower;
	uint32_t active, inactive, persist;
	uint64_t stats[IPVS_COUNTERS], rates[IPVS_COUNTERS];
};

struct ipvs_service {
	uint8_t proto;		/* 6, 17, 132; 0: by mark */
	uint16_t port;
	struct ip4 addr;
	uint32_t fwmark;
	char sched[16];
	unsigned flags;		/* IPVS_FLAG_* */
	bool ops;
	uint32_t persist_s;	/* 0: not persistent */
	struct ip4 netmask;
	uint64_t stats[IPVS_COUNTERS], rates[IPVS_COUNTERS];
	struct ipvs_server *server;
	size_t servers;
	struct ip4 *local;	/* FULLNAT: addresses towards servers */
	size_t locals;
};

struct ipvs_table {
	struct ipvs_service *service;
	size_t services;
	uint32_t size;		/* of the connection table: buckets */
};

struct ipvs_conn {
	uint8_t proto;		/* 0: template of a mark ("IP") */
	char state[16];
	uint32_t expires_s;
	struct ip4 client, vip, server;
	uint16_t cport, vport, sport;
};

/* How to list. */
enum ipvs_view { IPVS_PLAIN, IPVS_STATS, IPVS_RATE, IPVS_THRESHOLDS,
	IPVS_PERSIST, IPVS_TUN };

struct ipvs_format {
	enum ipvs_view view;
	bool numeric;		/* no names of hosts and ports */
	bool exact;
	bool nosort;
	bool heading;		/* version and size: listing everything */
	bool pe;		/* connections: columns of the engine */
};

/* ipvsadm_print.c. Sorts the table unless told otherwise. */
void ipvs_print_table(FILE *out, struct ipvs_table *t,
    const struct ipvs_format *f);
void ipvs_print_conns(FILE *out, const struct ipvs_conn *conn, size_t count,
    const struct ipvs_format *f);
/* As commands, for -S. */
void ipvs_print_save(FILE *out, struct ipvs_table *t, bool numeric);
/* Signed 32-bit differences, as ipvsadm has them: 203.0.113.1 is before
 * 10.0.0.1. */
void ipvs_sort(struct ipvs_table *t);
/* "sh-fallback,sh-port", by what the scheduler calls them. */
const char *ipvs_flags_text(const char *sched, unsigned flags, char *buf,
    size_t size);

/* ---- commands and options ----------------------------------------------- */

enum ipvs_command {
	CMD_NONE, CMD_ADD, CMD_EDIT, CMD_DEL, CMD_FLUSH, CMD_ADDDEST,
	CMD_DELDEST, CMD_EDITDEST, CMD_LIST, CMD_ZERO, CMD_TIMEOUT,
	CMD_STARTDAEMON, CMD_STOPDAEMON, CMD_RESTORE, CMD_SAVE, CMD_ADDLOCAL,
	CMD_DELLOCAL, CMD_HELP, CMD_VERSION,
	CMD_COUNT
};

enum ipvs_option {
	OPT_NUMERIC, OPT_CONNECTION, OPT_SERVICE, OPT_SCHEDULER,
	OPT_PERSISTENT, OPT_NETMASK, OPT_SERVER, OPT_FORWARD, OPT_WEIGHT,
	OPT_UTHRESHOLD, OPT_LTHRESHOLD, OPT_MCAST, OPT_TIMEOUT, OPT_DAEMON,
	OPT_STATS, OPT_RATE, OPT_THRESHOLDS, OPT_PERSISTENTCONN, OPT_NOSORT,
	OPT_SYNCID, OPT_EXACT, OPT_ONEPACKET, OPT_PERSISTENCE_ENGINE,
	OPT_SCHED_FLAGS, OPT_MCAST_GROUP, OPT_MCAST_PORT, OPT_MCAST_TTL,
	OPT_SYNC_MAXLEN, OPT_TUN_INFO, OPT_TUN_TYPE, OPT_TUN_PORT,
	OPT_TUN_NOCSUM, OPT_TUN_CSUM, OPT_TUN_REMCSUM, OPT_LOCAL,
	OPT_COUNT
};

struct ipvs_args {
	enum ipvs_command cmd;
	uint64_t given;		/* bit for every enum ipvs_option */
	uint8_t proto;		/* of the service; 0: by mark */
	struct ip4 addr;
	uint16_t port;
	uint32_t fwmark;
	bool ipv6;		/* -6 or [ADDRESS]: understood, not served */
	const char *sched;
	unsigned flags;
	const char *flags_text;
	uint32_t persist_s;
	struct ip4 netmask;
	const char *pe;
	struct ip4 dest;
	uint16_t dport;
	bool dport_given, dest_ipv6;
	enum ipvs_fwd fwd;
	int64_t weight;
	uint32_t upper, lower;
	const char *tun_type;
	struct ip4 local;
	int64_t timeouts[3];
	const char *state;	/* master, backup */
};

/* One run. */
struct ipvsadm {
	FILE *in, *out, *err;
	const char *name;	/* argv[0] */
	/* Asks hopd: data replies into rows (an array), the code of a refusal
	 * ("EEXIST") into code.  The status; 3: there is no hopd, and err. */
	int (*ask)(void *arg, json_t *request, json_t *rows, char code[16],
	    struct err *err);
	void *arg;
};

/* ipvsadm_opts.c.  0, or the exit status after a message. */
int ipvs_check_options(const struct ipvsadm *ia, const struct ipvs_args *a);
const char *ipvs_option_name(enum ipvs_option o);

/* ipvsadm_parse.c. 0, or the exit status after a message; IPVS_NO_OPTION, of
 * which the low byte is the status, if an option was none. */
#define IPVS_NO_OPTION	(0x100 | 255)
int ipvs_parse(const struct ipvsadm *ia, struct ipvs_args *a, int argc,
    char **argv);

/* Where to find help; returns 255. */
int ipvs_try_help(const struct ipvsadm *ia);

/* ipvsadm_read.c.  The table from the rows of "service show". */
int ipvs_read_table(struct ipvs_table *t, const json_t *rows);	/* -ENOMEM */
void ipvs_table_free(struct ipvs_table *t);
size_t ipvs_read_conns(struct ipvs_conn **conn, const json_t *rows);

/* ipvsadm_help.c. */
void ipvs_print_help(FILE *out, const char *name);
void ipvs_print_version(FILE *out);

/* ipvsadm_run.c.  The whole program; its exit status. */
int ipvsadm_run(const struct ipvsadm *ia, int argc, char **argv);
/* Prints a message and returns the status. */
int ipvs_fail(const struct ipvsadm *ia, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
