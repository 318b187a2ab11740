/*
 * ipvsadm_run.c - the commands: what they ask of hopd, and what its answers
 * are called here.
 */
#include "hopctl/ipvsadm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/grammar.h"
#include "hopctl/client.h"

#define LINE_WORDS	64	/* of one line of -R */

int
ipvs_fail(const struct ipvsadm *ia, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(ia->err, fmt, ap);
	va_end(ap);
	fputc('\n', ia->err);
	return status;
}

/* ---- asking ------------------------------------------------------------- */

/* What a code means for a command, in ipvsadm's words. */
static const char *
message(enum ipvs_command cmd, const char *code)
{
	static const struct {
		enum ipvs_command cmd;	/* CMD_NONE: any */
		const char *code, *text;
	} texts[] = {
		{ CMD_ADD, "EEXIST", "Service already exists" },
		{ CMD_ADD, "ENOENT",
		    "Scheduler or persistence engine not found" },
		{ CMD_EDIT, "ESRCH", "No such service" },
		{ CMD_EDIT, "ENOENT",
		    "Scheduler or persistence engine not found" },
		{ CMD_DEL, "ENOENT", "No such service" },
		{ CMD_ZERO, "ENOENT", "No such service" },
		{ CMD_ADDDEST, "EEXIST", "Destination already exists" },
		{ CMD_ADDDEST, "ESRCH", "Service not defined" },
		{ CMD_EDITDEST, "ESRCH", "Service not defined" },
		{ CMD_EDITDEST, "ENOENT", "No such destination" },
		{ CMD_DELDEST, "ESRCH", "Service not defined" },
		{ CMD_DELDEST, "ENOENT", "No such destination" },
		{ CMD_ADDLOCAL, "ESRCH", "Service not defined" },
		{ CMD_DELLOCAL, "ESRCH", "Service not defined" },
		{ CMD_ADDLOCAL, "EEXIST", "Local address already exists" },
		{ CMD_DELLOCAL, "ENOENT", "No such local address" },
		{ CMD_ADDDEST, "EADDRINUSE",
		    "Destination is local: its port cannot be mapped" },
		{ CMD_EDITDEST, "EADDRINUSE",
		    "Destination is local: its port cannot be mapped" },
		{ CMD_STOPDAEMON, "ESRCH", "No daemon is running" },
		{ CMD_NONE, "ENOMEM", "Memory allocation problem" },
		{ CMD_NONE, "EACCES",
		    "Permission denied (you must be root)" },
		{ CMD_NONE, "ERANGE", "Numerical result out of range" },
		{ CMD_NONE, "ENOSPC", "No space left on device" },
		{ CMD_NONE, "ENOSYS", "Function not implemented" },
		{ CMD_NONE, "EAFNOSUPPORT",
		    "Operation not supported with specified address family" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if ((texts[i].cmd == cmd || texts[i].cmd == CMD_NONE) &&
		    strcmp(texts[i].code, code) == 0)
			return texts[i].text;
	}
	return "Invalid operation.  Possibly wrong module version, address "
	    "not unicast, ...";
}

#define CODE_MAX	16
#define NO_HOPD		1	/* and it is the exit status */

/* Asks with the words of a line: 0, NO_HOPD after a message, or 255 and the
 * code of the refusal. */
static int
try(const struct ipvsadm *ia, const char *line, json_t *rows,
    char code[CODE_MAX])
{
	char copy[COMMAND_TEXT_MAX];
	const char *word[CTL_WORDS_MAX];
	json_t *words = json_array(), *ignored = json_array();
	struct err err = { "" };
	int n, r;

	snprintf(copy, sizeof(copy), "%s", line);
	n = line_split(copy, word, CTL_WORDS_MAX);
	for (int i = 0; i < n; i++)
		json_array_append_new(words, json_string(word[i]));
	r = ia->ask(ia->arg, json_pack("{s:i,s:o}", "id", 1, "command", words),
	    rows != NULL ? rows : ignored, code, &err);
	json_decref(ignored);
	if (r == EXIT_NO_DAEMON)
		return ipvs_fail(ia, NO_HOPD, "Can't initialize ipvs: %s",
		    err.text);
	return r == 0 ? 0 : 255;
}

static int
refuse(const struct ipvsadm *ia, enum ipvs_command cmd, const char *code)
{
	return ipvs_fail(ia, 255, "%s", message(cmd, code));
}

/* 0, or the exit status after a message. */
static int
ask(const struct ipvsadm *ia, enum ipvs_command cmd, const char *line,
    json_t *rows)
{
	char code[CODE_MAX] = "";
	int r = try(ia, line, rows, code);

	return r == 0 || r == NO_HOPD ? r : refuse(ia, cmd, code);
}

static int
fetch(const struct ipvsadm *ia, struct ipvs_table *t)
{
	json_t *rows = json_array(), *lb = json_array();
	int r = ask(ia, CMD_LIST, "service show", rows);
	const json_t *state;

	if (r == 0 && ipvs_read_table(t, rows) != 0)
		r = ipvs_fail(ia, 255, "Memory allocation problem");
	if (r == 0)
		r = ask(ia, CMD_LIST, "lb show", lb);
	state = json_object_get(json_array_get(lb, 0), "state");
	if (r == 0 && state != NULL)
		t->size = (uint32_t)json_integer_value(json_object_get(state,
		    "buckets"));
	json_decref(rows);
	json_decref(lb);
	return r;
}

/* ---- finding ------------------------------------------------------------ */

static struct ipvs_service *
find_service(const struct ipvs_table *t, const struct ipvs_args *a)
{
	for (size_t i = 0; i < t->services; i++) {
		struct ipvs_service *s = &t->service[i];

		if (s->proto == a->proto && s->port == a->port &&
		    s->fwmark == a->fwmark && ip4_eq(s->addr, a->addr))
			return s;
	}
	return NULL;
}

static uint16_t
server_port(const struct ipvs_args *a)
{
	/* Only address translation can change the port. */
	bool maps = a->fwd == IPVS_MASQ || a->fwd == IPVS_FULLNAT;

	if (a->proto == 0)
		return a->dport;
	return a->dport_given && (maps || a->cmd == CMD_DELDEST) ? a->dport :
	    a->port;
}

static bool
has_server(const struct ipvs_service *s, const struct ipvs_args *a)
{
	for (size_t i = 0; i < s->servers; i++) {
		if (ip4_eq(s->server[i].addr, a->dest) &&
		    s->server[i].port == server_port(a))
			return true;
	}
	return false;
}

/* Is there what the command wants to change?  0, or a status. */
static int
check_there(const struct ipvsadm *ia, const struct ipvs_args *a, bool server)
{
	const struct ipvs_service *s;
	struct ipvs_table t;
	int r = fetch(ia, &t);

	if (r != 0)
		return r;
	s = find_service(&t, a);
	if (s == NULL)
		r = refuse(ia, a->cmd, "ESRCH");
	else if (server && !has_server(s, a))
		r = refuse(ia, a->cmd, "ENOENT");
	ipvs_table_free(&t);
	return r;
}

/* ---- words -------------------------------------------------------------- */

static const char *
service_words(const struct ipvs_args *a, char *buf, size_t size)
{
	char addr[IP4_STRLEN];

	if (a->proto == 0)
		snprintf(buf, size, "fwmark %u", a->fwmark);
	else
		snprintf(buf, size, "%s %s:%u", a->proto == 6 ? "tcp" :
		    a->proto == 17 ? "udp" : "sctp", ip4_format(a->addr,
		    addr), a->port);
	return buf;
}

static int
change_service(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	char line[512], svc[64], mask[IP4_STRLEN];
	const char *sched = a->sched != NULL ? a->sched : "wlc";
	const struct command_row *row = grammar_row(OBJ_SERVICE, VERB_ADD);
	const char *known = grammar_arg(row, A_SCHED)->meta;
	char name[32];
	unsigned i = 0;
	int n;

	while (choice_at(known, i, name, sizeof(name)) &&
	    strcmp(name, sched) != 0)
		i++;
	if (a->pe != NULL || !choice_at(known, i, name, sizeof(name)))
		return refuse(ia, a->cmd, "ENOENT");
	n = snprintf(line, sizeof(line), "service %s %s sched %s "
	    "persistent %u netmask %s ops %s",
	    a->cmd == CMD_EDIT ? "set" : "add",
	    service_words(a, svc, sizeof(svc)), sched, a->persist_s,
	    ip4_format(a->netmask, mask),
	    (a->given >> OPT_ONEPACKET & 1) != 0 ? "on" : "off");
	/* Without flags, none: also where there were some before. */
	snprintf(line + n, sizeof(line) - (size_t)n, " flags %s%s%s%s",
	    a->flags == 0 ? "none" : "", a->flags & IPVS_FLAG_1 ?
	    "fallback," : "", a->flags & IPVS_FLAG_2 ? "port," : "",
	    a->flags & IPVS_FLAG_3 ? "flag-3," : "");
	if (line[strlen(line) - 1] == ',')
		line[strlen(line) - 1] = '\0';
	return ask(ia, a->cmd, line, NULL);
}

static const char *
server_words(const struct ipvs_args *a, char *buf, size_t size)
{
	char svc[64], addr[IP4_STRLEN];

	snprintf(buf, size, "%s %s:%u", service_words(a, svc, sizeof(svc)),
	    ip4_format(a->dest, addr), server_port(a));
	return buf;
}

static int
put_server(const struct ipvsadm *ia, const struct ipvs_args *a,
    char code[CODE_MAX])
{
	static const char *const modes[] = { "nat", "local", "tun", "dr",
		"fullnat" };
	char line[512], words[128];

	snprintf(line, sizeof(line),
	    "server %s %s mode %s weight %lld upper %u lower %u",
	    a->cmd == CMD_EDITDEST ? "set" : "add",
	    server_words(a, words, sizeof(words)), modes[a->fwd],
	    (long long)a->weight, a->upper, a->lower);
	return try(ia, line, NULL, code);
}

/* IPVS treats a server at an address of its own as local, whatever it is said
 * to be; where the port is another, hopd has no such thing. */
static int
change_server(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	struct ipvs_args local = *a;
	char code[CODE_MAX] = "";
	int r;

	/* Of the tunnels hopd has IPIP. */
	if (a->tun_type != NULL && strcmp(a->tun_type, "ipip") != 0)
		return refuse(ia, a->cmd, "EINVAL");
	r = put_server(ia, a, code);
	local.fwd = IPVS_LOCAL;
	if (strcmp(code, "EADDRINUSE") == 0 &&
	    server_port(&local) == server_port(a))
		r = put_server(ia, &local, code);
	return r == 0 || r == NO_HOPD ? r : refuse(ia, a->cmd, code);
}

/* FULLNAT: an address towards servers. */
static int
change_local(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	char line[128], svc[64], addr[IP4_STRLEN];

	snprintf(line, sizeof(line), "local %s %s %s",
	    a->cmd == CMD_ADDLOCAL ? "add" : "del",
	    service_words(a, svc, sizeof(svc)), ip4_format(a->local, addr));
	return ask(ia, a->cmd, line, NULL);
}

static int
flush(const struct ipvsadm *ia)
{
	struct ipvs_table t;
	char line[128], svc[64];
	int r = fetch(ia, &t);

	if (r != 0)
		return r;
	for (size_t i = 0; i < t.services && r == 0; i++) {
		const struct ipvs_service *s = &t.service[i];
		const struct ipvs_args a = { .proto = s->proto,
		    .addr = s->addr, .port = s->port, .fwmark = s->fwmark };

		snprintf(line, sizeof(line), "service del %s",
		    service_words(&a, svc, sizeof(svc)));
		r = ask(ia, CMD_DEL, line, NULL);
	}
	ipvs_table_free(&t);
	return r;
}

/* ---- listing ------------------------------------------------------------ */

static bool
given(const struct ipvs_args *a, enum ipvs_option o)
{
	return (a->given >> o & 1) != 0;
}

static int
list_conns(const struct ipvsadm *ia, const struct ipvs_format *f)
{
	json_t *rows = json_array();
	int r = ask(ia, CMD_LIST, "conn show", rows);
	struct ipvs_conn *conn;
	size_t n;

	if (r == 0) {
		n = ipvs_read_conns(&conn, rows);
		ipvs_print_conns(ia->out, conn, n, f);
		free(conn);
	}
	json_decref(rows);
	return r;
}

static int
list_timeouts(const struct ipvsadm *ia)
{
	json_t *rows = json_array();
	int r = ask(ia, CMD_LIST, "lb show", rows);
	const json_t *lb = json_array_get(rows, 0);

	if (r == 0)
		fprintf(ia->out, "Timeout (tcp tcpfin udp): %lld %lld %lld\n",
		    (long long)json_integer_value(json_object_get(lb,
		    "tcp_timeout")), (long long)json_integer_value(
		    json_object_get(lb, "fin_timeout")),
		    (long long)json_integer_value(json_object_get(lb,
		    "udp_timeout")));
	json_decref(rows);
	return r;
}

static int
list(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	struct ipvs_format f = { .numeric = given(a, OPT_NUMERIC),
	    .exact = given(a, OPT_EXACT), .nosort = given(a, OPT_NOSORT),
	    .heading = !given(a, OPT_SERVICE),
	    .pe = given(a, OPT_PERSISTENTCONN) };
	struct ipvs_table t;
	int r;

	if (given(a, OPT_CONNECTION))
		return list_conns(ia, &f);
	if (given(a, OPT_TIMEOUT))
		return list_timeouts(ia);
	if (given(a, OPT_DAEMON))
		return 0;	/* there is none */
	f.view = given(a, OPT_STATS) ? IPVS_STATS :
	    given(a, OPT_RATE) ? IPVS_RATE :
	    given(a, OPT_THRESHOLDS) ? IPVS_THRESHOLDS :
	    given(a, OPT_PERSISTENTCONN) ? IPVS_PERSIST :
	    given(a, OPT_TUN_INFO) ? IPVS_TUN : IPVS_PLAIN;
	r = fetch(ia, &t);
	if (r != 0)
		return r;
	if (given(a, OPT_SERVICE)) {
		struct ipvs_service *s = find_service(&t, a);
		struct ipvs_table one = { s, 1, t.size };

		if (s == NULL)
			r = ipvs_fail(ia, 1, "No such service");
		else
			ipvs_print_table(ia->out, &one, &f);
	} else {
		ipvs_print_table(ia->out, &t, &f);
	}
	ipvs_table_free(&t);
	return r;
}

static int
save(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	struct ipvs_table t;
	int r = fetch(ia, &t);

	if (r != 0)
		return r;
	ipvs_print_save(ia->out, &t, given(a, OPT_NUMERIC));
	ipvs_table_free(&t);
	return 0;
}

/* ---- all commands ------------------------------------------------------- */

static int run_words(const struct ipvsadm *ia, int argc, char **argv,
    bool nested);

/* A line is the words after the program's name, which may stand there too.
 * What is no command ends it; what hopd refuses does not. */
static int
restore(const struct ipvsadm *ia)
{
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	while (getline(&line, &size, ia->in) > 0) {
		char *argv[LINE_WORDS + 1];
		char *save_at, *w = strtok_r(line, " \t\r\n", &save_at);
		int argc = 1;

		argv[0] = (char *)(uintptr_t)ia->name;
		if (w != NULL && (strcmp(w, "ipvsadm") == 0 ||
		    strcmp(w, "hop-ipvsadm") == 0))
			w = strtok_r(NULL, " \t\r\n", &save_at);
		for (; w != NULL && argc < LINE_WORDS;
		    w = strtok_r(NULL, " \t\r\n", &save_at))
			argv[argc++] = w;
		argv[argc] = NULL;
		if (argc == 1)
			continue;
		r = run_words(ia, argc, argv, true);
		if (r < 0) {
			r = -r;
			break;
		}
	}
	free(line);
	return r;
}

static int
set_timeouts(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	static const char *const words[] = { "tcp_timeout", "fin_timeout",
		"udp_timeout" };
	char line[128] = "lb set";

	for (int i = 0; i < 3; i++) {
		size_t n = strlen(line);

		/* 0: as it is. */
		if (a->timeouts[i] != 0)
			snprintf(line + n, sizeof(line) - n, " %s %lld",
			    words[i], (long long)a->timeouts[i]);
	}
	return ask(ia, a->cmd, line, NULL);
}

static int
run_line(const struct ipvsadm *ia, const struct ipvs_args *a,
    const char *fmt, const char *words)
{
	char line[256];

	snprintf(line, sizeof(line), "%s %s", fmt, words);
	return ask(ia, a->cmd, line, NULL);
}

static int
run(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	char words[128];
	int r;

	switch (a->cmd) {
	case CMD_ADD:
		return change_service(ia, a);
	case CMD_EDIT:
		r = check_there(ia, a, false);
		return r != 0 ? r : change_service(ia, a);
	case CMD_DEL:
		return run_line(ia, a, "service del",
		    service_words(a, words, sizeof(words)));
	case CMD_FLUSH:
		return flush(ia);
	case CMD_ADDDEST:
		return change_server(ia, a);
	case CMD_EDITDEST:
		r = check_there(ia, a, true);
		return r != 0 ? r : change_server(ia, a);
	case CMD_DELDEST:
		r = check_there(ia, a, true);
		return r != 0 ? r : run_line(ia, a, "server del",
		    server_words(a, words, sizeof(words)));
	case CMD_ADDLOCAL:
	case CMD_DELLOCAL:
		return change_local(ia, a);
	case CMD_LIST:
		return list(ia, a);
	case CMD_ZERO:
		return run_line(ia, a, "service zero", given(a, OPT_SERVICE) ?
		    service_words(a, words, sizeof(words)) : "");
	case CMD_TIMEOUT:
		return set_timeouts(ia, a);
	case CMD_SAVE:
		return save(ia, a);
	case CMD_STARTDAEMON:
		return refuse(ia, a->cmd, "ENOSYS");
	case CMD_STOPDAEMON:
		return refuse(ia, a->cmd, "ESRCH");
	case CMD_HELP:
		ipvs_print_help(ia->out, ia->name);
		return 0;
	case CMD_VERSION:
		ipvs_print_version(ia->out);
		return 0;
	default:
		return 2;
	}
}

/* IPv6 is refused in the words of a kernel that has none.  0: there is none in
 * the command. */
static int
check_family(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	struct ipvs_table t;
	int r;

	if (!a->ipv6 && !a->dest_ipv6)
		return 0;
	if ((r = fetch(ia, &t)) != 0)
		return r;
	r = refuse(ia, a->cmd, a->ipv6 || find_service(&t, a) != NULL ?
	    "EAFNOSUPPORT" : "ESRCH");
	ipvs_table_free(&t);
	return a->cmd == CMD_LIST ? 1 : r;
}

/* nested: a line of -R; then what is wrong in itself is negative. */
static int
run_words(const struct ipvsadm *ia, int argc, char **argv, bool nested)
{
	struct ipvs_args a;
	int r = ipvs_parse(ia, &a, argc, argv);

	/* What is no option spoils its line alone. */
	if (r == IPVS_NO_OPTION)
		return nested ? 0 : r & 0xff;
	if (r != 0)
		return nested ? -r : r;
	if (a.cmd == CMD_RESTORE && nested)
		return -ipvs_try_help(ia);
	if (a.cmd == CMD_RESTORE)
		return restore(ia);
	r = check_family(ia, &a);
	return r != 0 ? r : run(ia, &a);
}

int
ipvsadm_run(const struct ipvsadm *ia, int argc, char **argv)
{
	static const struct ipvs_args all = { .cmd = CMD_LIST };

	if (argc <= 1)
		return list(ia, &all);
	return run_words(ia, argc, argv, false);
}
