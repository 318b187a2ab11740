/*
 * ipvsadm_parse.c - command line to struct ipvs_args.
 *
 * Short options may stand together, their values be joined to them; long ones
 * take "=value".  The command is the first option.  Messages and exit statuses
 * are those that scripts know: 2 for what is wrong in itself, 255 for what is
 * no option.
 */
#include "hopctl/ipvsadm.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/parse.h"

#define PERSIST_DEFAULT_S	360	/* five minutes and one, as ever */
#define TIMEOUT_MAX_S		31536000
#define WEIGHT_MAX		INT32_MAX

enum has_value { NO_VALUE, VALUE, MAY_VALUE };

/* Beyond enum ipvs_option: what means the same as another, or nothing. */
enum extra {
	X_UDP = OPT_COUNT, X_SCTP, X_FWMARK, X_MASQ, X_IPIP, X_ROUTE,
	X_FULLNAT, X_IPV6, X_SORT,
};

struct def {
	char letter;
	const char *name;
	int option;		/* enum ipvs_option or extra; -1: command */
	enum ipvs_command cmd;
	enum has_value value;
};

#define COMMAND(l, n, c, v)	{ l, n, -1, c, v }
#define OPTION(l, n, o, v)	{ l, n, o, CMD_NONE, v }

static const struct def defs[] = {
	COMMAND('A', "add-service", CMD_ADD, NO_VALUE),
	COMMAND('E', "edit-service", CMD_EDIT, NO_VALUE),
	COMMAND('D', "delete-service", CMD_DEL, NO_VALUE),
	COMMAND('C', "clear", CMD_FLUSH, NO_VALUE),
	COMMAND('a', "add-server", CMD_ADDDEST, NO_VALUE),
	COMMAND('e', "edit-server", CMD_EDITDEST, NO_VALUE),
	COMMAND('d', "delete-server", CMD_DELDEST, NO_VALUE),
	COMMAND('L', "list", CMD_LIST, NO_VALUE),
	COMMAND('l', "list", CMD_LIST, NO_VALUE),
	COMMAND('Z', "zero", CMD_ZERO, NO_VALUE),
	COMMAND('R', "restore", CMD_RESTORE, NO_VALUE),
	COMMAND('S', "save", CMD_SAVE, NO_VALUE),
	COMMAND('\0', "set", CMD_TIMEOUT, NO_VALUE),
	COMMAND('\0', "start-daemon", CMD_STARTDAEMON, VALUE),
	COMMAND('\0', "stop-daemon", CMD_STOPDAEMON, VALUE),
	COMMAND('\0', "add-local-address", CMD_ADDLOCAL, NO_VALUE),
	COMMAND('\0', "delete-local-address", CMD_DELLOCAL, NO_VALUE),
	COMMAND('h', "help", CMD_HELP, NO_VALUE),
	COMMAND('v', "version", CMD_VERSION, NO_VALUE),
	OPTION('n', "numeric", OPT_NUMERIC, NO_VALUE),
	OPTION('c', "connection", OPT_CONNECTION, NO_VALUE),
	OPTION('t', "tcp-service", OPT_SERVICE, VALUE),
	OPTION('u', "udp-service", X_UDP, VALUE),
	OPTION('\0', "sctp-service", X_SCTP, VALUE),
	OPTION('f', "fwmark-service", X_FWMARK, VALUE),
	OPTION('s', "scheduler", OPT_SCHEDULER, VALUE),
	OPTION('b', "sched-flags", OPT_SCHED_FLAGS, VALUE),
	OPTION('p', "persistent", OPT_PERSISTENT, MAY_VALUE),
	OPTION('M', "netmask", OPT_NETMASK, VALUE),
	OPTION('r', "real-server", OPT_SERVER, VALUE),
	OPTION('m', "masquerading", X_MASQ, NO_VALUE),
	OPTION('i', "ipip", X_IPIP, NO_VALUE),
	OPTION('g', "gatewaying", X_ROUTE, NO_VALUE),
	OPTION('\0', "fullnat", X_FULLNAT, NO_VALUE),
	OPTION('w', "weight", OPT_WEIGHT, VALUE),
	OPTION('x', "u-threshold", OPT_UTHRESHOLD, VALUE),
	OPTION('y', "l-threshold", OPT_LTHRESHOLD, VALUE),
	OPTION('\0', "mcast-interface", OPT_MCAST, VALUE),
	OPTION('\0', "mcast-group", OPT_MCAST_GROUP, VALUE),
	OPTION('\0', "mcast-port", OPT_MCAST_PORT, VALUE),
	OPTION('\0', "mcast-ttl", OPT_MCAST_TTL, VALUE),
	OPTION('\0', "sync-maxlen", OPT_SYNC_MAXLEN, VALUE),
	OPTION('\0', "syncid", OPT_SYNCID, VALUE),
	OPTION('\0', "timeout", OPT_TIMEOUT, NO_VALUE),
	OPTION('\0', "daemon", OPT_DAEMON, NO_VALUE),
	OPTION('\0', "stats", OPT_STATS, NO_VALUE),
	OPTION('\0', "rate", OPT_RATE, NO_VALUE),
	OPTION('\0', "thresholds", OPT_THRESHOLDS, NO_VALUE),
	OPTION('\0', "persistent-conn", OPT_PERSISTENTCONN, NO_VALUE),
	OPTION('\0', "tun-info", OPT_TUN_INFO, NO_VALUE),
	OPTION('\0', "nosort", OPT_NOSORT, NO_VALUE),
	OPTION('\0', "sort", X_SORT, NO_VALUE),
	OPTION('X', "exact", OPT_EXACT, NO_VALUE),
	OPTION('6', "ipv6", X_IPV6, NO_VALUE),
	OPTION('o', "ops", OPT_ONEPACKET, NO_VALUE),
	OPTION('\0', "pe", OPT_PERSISTENCE_ENGINE, VALUE),
	OPTION('\0', "tun-type", OPT_TUN_TYPE, VALUE),
	OPTION('\0', "tun-port", OPT_TUN_PORT, VALUE),
	OPTION('\0', "tun-nocsum", OPT_TUN_NOCSUM, NO_VALUE),
	OPTION('\0', "tun-csum", OPT_TUN_CSUM, NO_VALUE),
	OPTION('\0', "tun-remcsum", OPT_TUN_REMCSUM, NO_VALUE),
	OPTION('\0', "local-address", OPT_LOCAL, VALUE),
};

struct parser {
	const struct ipvsadm *ia;
	struct ipvs_args *a;
	char **argv;
	int argc, at;
	bool ended;		/* "--": no options behind it */
	const char *rest;	/* of a cluster of letters, or NULL */
	const char *word;	/* that the option was in */
	const char *arg[4];	/* words that are no options */
	int args;
};

/* ---- words to options --------------------------------------------------- */

static const struct def *
find_long(const char *word, size_t len)
{
	for (size_t i = 0; i < sizeof(defs) / sizeof(defs[0]); i++) {
		if (strlen(defs[i].name) == len &&
		    memcmp(defs[i].name, word, len) == 0)
			return &defs[i];
	}
	return NULL;
}

static const struct def *
find_letter(char letter)
{
	for (size_t i = 0; i < sizeof(defs) / sizeof(defs[0]); i++) {
		if (defs[i].letter == letter && letter != '\0')
			return &defs[i];
	}
	return NULL;
}

/* The value of an option: joined to it, or the next word.  -1: missing. */
static int
take_value(struct parser *p, const struct def *d, const char *joined,
    const char **value)
{
	*value = joined;
	if (d->value == NO_VALUE || joined != NULL)
		return 0;
	if (d->value == VALUE) {
		if (p->at >= p->argc)
			return -1;
		*value = p->argv[p->at++];
	} else if (p->at < p->argc && p->argv[p->at][0] != '-') {
		*value = p->argv[p->at++];
	}
	return 0;
}

enum next { NEXT_OPTION, NEXT_END, NEXT_UNKNOWN, NEXT_MISSING };

/* The next option; words that are none are put aside. */
static enum next
next_option(struct parser *p, const struct def **d, const char **value)
{
	const char *joined = NULL;

	while (p->rest == NULL) {
		const char *w, *eq;

		if (p->at >= p->argc)
			return NEXT_END;
		w = p->word = p->argv[p->at++];
		if (strcmp(w, "--") == 0 && !p->ended) {
			p->ended = true;
			continue;
		}
		if (w[0] != '-' || w[1] == '\0' || p->ended) {
			if (p->args < 4)
				p->arg[p->args++] = w;
			continue;
		}
		if (w[1] != '-') {
			p->rest = w + 1;
			break;
		}
		eq = strchr(w, '=');
		*d = find_long(w + 2, eq != NULL ? (size_t)(eq - w - 2) :
		    strlen(w + 2));
		if (*d == NULL)
			return NEXT_UNKNOWN;
		return take_value(p, *d, eq != NULL ? eq + 1 : NULL,
		    value) == 0 ? NEXT_OPTION : NEXT_MISSING;
	}
	*d = find_letter(*p->rest++);
	if (*d == NULL)
		return NEXT_UNKNOWN;
	if ((*d)->value != NO_VALUE && *p->rest != '\0') {
		joined = p->rest + (*p->rest == '=');
		p->rest = NULL;
	} else if (*p->rest == '\0') {
		p->rest = NULL;
	}
	return take_value(p, *d, joined, value) == 0 ? NEXT_OPTION :
	    NEXT_MISSING;
}

/* A number as strtol(3) takes it: "010" is ten, "+5" five, "0x10" none. */
static int
number_parse(const char *s, int64_t min, int64_t max, int64_t *out)
{
	return text_number(s[0] == '+' ? s + 1 : s, min, max, out);
}

/* ---- values ------------------------------------------------------------- */

static int
host_parse(const char *s, struct ip4 *out)
{
	struct addrinfo hints = { .ai_family = AF_INET }, *res;
	struct in_addr in;

	if (inet_aton(s, &in) == 0) {
		/* No name has a colon: nobody need be asked. */
		if (s[strcspn(s, ":")] != '\0' || s[0] == '\0' ||
		    getaddrinfo(s, NULL, &hints, &res) != 0)
			return -EINVAL;
		in = ((struct sockaddr_in *)(void *)res->ai_addr)->sin_addr;
		freeaddrinfo(res);
	}
	out->v = ntohl(in.s_addr);
	return 0;
}

static int
port_parse(const char *s, uint8_t proto, uint16_t *out)
{
	const struct servent *e;
	int64_t n;

	if (number_parse(s, 0, 65535, &n) == 0) {
		*out = (uint16_t)n;
		return 0;
	}
	e = proto == 0 ? NULL : getservbyname(s, proto == 6 ? "tcp" :
	    proto == 17 ? "udp" : "sctp");
	if (e == NULL)
		return -EINVAL;
	*out = ntohs((uint16_t)e->s_port);
	return 0;
}

/* One end of a service: "HOST[:PORT]" or "[IPV6]:PORT"; IPv6 alone has no
 * port. */
struct end {
	struct ip4 addr;	/* not of IPv6, which is understood, no more */
	uint16_t port;
	bool has_port, ipv6;
};

static int
end_parse(const char *s, uint8_t proto, struct end *out)
{
	bool bracket = s[0] == '[';
	const char *end = s + strlen(s), *colon;
	struct in6_addr in6;
	char host[256];

	*out = (struct end){ .port = 0 };
	colon = strrchr(s, ':');
	if (bracket) {
		end = strchr(++s, ']');
		if (end == NULL || end[1] != ':')
			return -EINVAL;
		colon = end + 1;
	}
	if ((size_t)(end - s) >= sizeof(host))
		return -EINVAL;
	memcpy(host, s, (size_t)(end - s));
	host[end - s] = '\0';
	out->ipv6 = inet_pton(AF_INET6, host, &in6) == 1;
	/* In brackets, what is no IPv6 has no port. */
	if (out->ipv6 == bracket && colon != NULL) {
		out->has_port = true;
		if (port_parse(colon + 1, proto, &out->port) != 0)
			return -EINVAL;
		if (!bracket)
			host[colon - s] = '\0';
	}
	return out->ipv6 ? 0 : host_parse(host, &out->addr);
}

static int
take_service(struct parser *p, const struct def *d, const char *value)
{
	struct ipvs_args *a = p->a;
	struct end end;
	int64_t mark;

	if (d->option == X_FWMARK) {
		if (number_parse(value, 1, UINT32_MAX, &mark) != 0)
			return ipvs_fail(p->ia, 2,
			    "invalid fwmark value `%s' specified", value);
		a->fwmark = (uint32_t)mark;
		a->proto = 0;
		return 0;
	}
	a->proto = d->option == X_UDP ? 17 : d->option == X_SCTP ? 132 : 6;
	if (end_parse(value, a->proto, &end) != 0)
		return ipvs_fail(p->ia, 2,
		    "illegal virtual server address[:port] specified");
	a->addr = end.addr;
	a->port = end.port;
	a->ipv6 = end.ipv6;
	return 0;
}

static int
take_flags(struct parser *p, const char *value)
{
	static const struct {
		const char *name;
		unsigned bit;
	} flags[] = {
		{ "sh-fallback", IPVS_FLAG_1 }, { "sh-port", IPVS_FLAG_2 },
		{ "mh-fallback", IPVS_FLAG_1 }, { "mh-port", IPVS_FLAG_2 },
		{ "flag-1", IPVS_FLAG_1 }, { "flag-2", IPVS_FLAG_2 },
		{ "flag-3", IPVS_FLAG_3 },
	};
	const char *s = value;

	p->a->flags_text = value;
	while (*s != '\0') {
		size_t len = strcspn(s, ","), i = 0;

		while (i < 7 && (strlen(flags[i].name) != len ||
		    memcmp(flags[i].name, s, len) != 0))
			i++;
		if (i == 7)
			return ipvs_fail(p->ia, 2,
			    "invalid scheduler flag `%.*s'", (int)len, s);
		p->a->flags |= flags[i].bit;
		s += len + (s[len] == ',');
	}
	return 0;
}

static int
take_number(struct parser *p, const char *value, int64_t max,
    const char *what, int64_t *out)
{
	if (number_parse(value, 0, max, out) != 0)
		return ipvs_fail(p->ia, 2, "illegal %s specified", what);
	return 0;
}

static int
take_persistent(struct parser *p, const char *value)
{
	int64_t n = PERSIST_DEFAULT_S;

	if (value != NULL && number_parse(value, 1, TIMEOUT_MAX_S, &n) != 0)
		return ipvs_fail(p->ia, 2,
		    "invalid timeout value `%s' specified", value);
	p->a->persist_s = (uint32_t)n;
	return 0;
}

static int
take_server(struct parser *p, const char *value)
{
	struct ipvs_args *a = p->a;
	struct end end;

	/* A port by name means something only after the service. */
	if (end_parse(value, a->proto, &end) != 0)
		return ipvs_fail(p->ia, 2,
		    "illegal real server address[:port] specified");
	a->dest = end.addr;
	a->dport = end.port;
	a->dport_given = end.has_port;
	a->dest_ipv6 = end.ipv6;
	return 0;
}

static int
take_netmask(struct parser *p, const char *value)
{
	int64_t bits;

	/* Only behind a service of IPv6; before it, it is one of IPv4. */
	if (p->a->ipv6)
		return number_parse(value, 1, 128, &bits) == 0 ? 0 :
		    ipvs_fail(p->ia, 2, "illegal ipv6 netmask specified");
	return host_parse(value, &p->a->netmask) == 0 ? 0 :
	    ipvs_fail(p->ia, 2,
	    "illegal virtual server persistent mask specified");
}

static int
take_tun_type(struct parser *p, const char *value)
{
	p->a->tun_type = value;
	if (strcmp(value, "ipip") != 0 && strcmp(value, "gue") != 0 &&
	    strcmp(value, "gre") != 0)
		return ipvs_fail(p->ia, 2, "illegal tunnel type specified");
	return 0;
}

/* Options of the synchronisation daemon, which hopd has not: only checked. */
static int
take_group(struct parser *p, const char *value)
{
	bool ipv6 = strchr(value, ':') != NULL;
	struct in6_addr in6;
	struct ip4 in;

	if (ipv6 ? inet_pton(AF_INET6, value, &in6) == 1 &&
	    IN6_IS_ADDR_MULTICAST(&in6) :
	    ip4_parse(value, &in) == 0 && ip4_is_multicast(in))
		return 0;
	return ipvs_fail(p->ia, 2, "invalid %s mcast-group `%s'",
	    ipv6 ? "IPv6" : "IPv4", value);
}

static int
take_daemon_option(struct parser *p, int option, const char *value)
{
	int64_t n;

	switch (option) {
	case OPT_SYNCID:
		return take_number(p, value, 255, "syncid", &n);
	case OPT_SYNC_MAXLEN:
		return take_number(p, value, 65535, "sync-maxlen", &n);
	case OPT_MCAST_PORT:
		return take_number(p, value, 65535, "mcast-port", &n);
	case OPT_MCAST_TTL:
		return take_number(p, value, 255, "mcast-ttl", &n);
	case OPT_MCAST_GROUP:
		return take_group(p, value);
	default:
		return 0;
	}
}

static int
take_value_of(struct parser *p, int option, const char *value)
{
	struct ipvs_args *a = p->a;
	int64_t n = 0;
	int r = 0;

	switch (option) {
	case OPT_SCHEDULER:
		a->sched = value;
		return 0;
	case OPT_SCHED_FLAGS:
		return take_flags(p, value);
	case OPT_PERSISTENT:
		return take_persistent(p, value);
	case OPT_NETMASK:
		return take_netmask(p, value);
	case OPT_SERVER:
		return take_server(p, value);
	case OPT_WEIGHT:
		return take_number(p, value, WEIGHT_MAX, "weight",
		    &a->weight);
	case OPT_UTHRESHOLD:
		r = take_number(p, value, INT32_MAX, "u_threshold", &n);
		a->upper = (uint32_t)n;
		return r;
	case OPT_LTHRESHOLD:
		r = take_number(p, value, INT32_MAX, "l_threshold", &n);
		a->lower = (uint32_t)n;
		return r;
	case OPT_PERSISTENCE_ENGINE:
		a->pe = value;
		return 0;
	case OPT_TUN_TYPE:
		return take_tun_type(p, value);
	case OPT_TUN_PORT:
		return number_parse(value, 1, 65535, &n) == 0 ? 0 :
		    ipvs_fail(p->ia, 2, "illegal tunnel port specified");
	case OPT_LOCAL:
		return host_parse(value, &a->local) == 0 ? 0 :
		    ipvs_fail(p->ia, 2, "illegal local address specified");
	default:
		return take_daemon_option(p, option, value);
	}
}

/* ---- options together --------------------------------------------------- */

static int
set_given(struct parser *p, enum ipvs_option o)
{
	if ((p->a->given >> o & 1) != 0)
		return ipvs_fail(p->ia, 2, "multiple '%s' options specified",
		    ipvs_option_name(o));
	p->a->given |= UINT64_C(1) << o;
	return 0;
}

static int
take_option(struct parser *p, const struct def *d, const char *value)
{
	static const enum ipvs_fwd fwds[] = { IPVS_MASQ, IPVS_TUNNEL,
		IPVS_ROUTE, IPVS_FULLNAT };
	int r;

	switch (d->option) {
	case OPT_SERVICE:
	case X_UDP:
	case X_SCTP:
	case X_FWMARK:
		r = set_given(p, OPT_SERVICE);
		return r != 0 ? r : take_service(p, d, value);
	case X_MASQ:
	case X_IPIP:
	case X_ROUTE:
	case X_FULLNAT:
		r = set_given(p, OPT_FORWARD);
		p->a->fwd = fwds[d->option - X_MASQ];
		return r;
	case X_IPV6:
		if (p->a->fwmark == 0)
			return ipvs_fail(p->ia, 2, "-6 used before -f\n");
		p->a->ipv6 = true;
		return 0;
	case X_SORT:
		return 0;
	default:
		r = set_given(p, (enum ipvs_option)d->option);
		return r != 0 ? r : take_value_of(p, d->option, value);
	}
}

int
ipvs_try_help(const struct ipvsadm *ia)
{
	fprintf(ia->err, "Try `%s -h' or '%s --help' for more information.\n",
	    ia->name, ia->name);
	return 255;
}

/* --set wants three numbers; nothing else wants words. */
static int
take_words(struct parser *p)
{
	int first = 0;

	if (p->a->cmd == CMD_TIMEOUT) {
		if (p->args < 3)
			return ipvs_fail(p->ia, 2,
			    "--set option requires 3 timeout values");
		for (; first < 3; first++) {
			if (number_parse(p->arg[first], 0, TIMEOUT_MAX_S,
			    &p->a->timeouts[first]) != 0)
				return ipvs_fail(p->ia, 2,
				    "invalid timeout value `%s' specified",
				    p->arg[first]);
		}
	}
	if (p->args > first)
		return ipvs_fail(p->ia, 2, "unexpected argument %s",
		    p->arg[first]);
	return 0;
}

static int
take_command(struct parser *p, const struct def *d, const char *value)
{
	p->a->cmd = d->cmd;
	p->a->state = value;
	if (value != NULL && strcmp(value, "master") != 0 &&
	    strcmp(value, "backup") != 0)
		return ipvs_fail(p->ia, 2, d->cmd == CMD_STARTDAEMON ?
		    "illegal start-daemon parameter specified" :
		    "illegal start_daemon specified");
	return 0;
}

int
ipvs_parse(const struct ipvsadm *ia, struct ipvs_args *a, int argc,
    char **argv)
{
	struct parser p = { .ia = ia, .a = a, .argv = argv, .argc = argc,
	    .at = 1 };
	const struct def *d;
	const char *value;
	enum next n;
	int r;

	*a = (struct ipvs_args){ .netmask = { UINT32_MAX }, .weight = 1,
	    .fwd = IPVS_ROUTE };
	if (next_option(&p, &d, &value) != NEXT_OPTION || d->option >= 0)
		return ipvs_try_help(ia);
	r = take_command(&p, d, value);
	if (a->cmd == CMD_HELP || a->cmd == CMD_VERSION)
		return r;
	while (r == 0 && (n = next_option(&p, &d, &value)) != NEXT_END) {
		if (n == NEXT_UNKNOWN) {
			fprintf(ia->err, "%s: unknown option\n", p.word);
			r = IPVS_NO_OPTION;
		} else if (n == NEXT_MISSING) {
			fprintf(ia->err, "%s: missing argument\n", p.word);
			r = IPVS_NO_OPTION;
		} else if (d->option < 0) {
			r = ipvs_fail(ia, 2, "invalid option `%s'", p.word);
		} else {
			r = take_option(&p, d, value);
		}
	}
	if (r == 0)
		r = take_words(&p);
	return r != 0 ? r : ipvs_check_options(ia, a);
}
