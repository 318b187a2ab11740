/*
 * ipvsadm_opts.c - which option goes with which command, and what must be.
 *
 * Checked in the order of enum ipvs_option, so that the same first mistake is
 * told as by ipvsadm.
 */
#include "hopctl/ipvsadm.h"

#include <string.h>

#define BIT(o)	(UINT64_C(1) << (o))

static const char *const option_names[OPT_COUNT] = {
	[OPT_NUMERIC] = "numeric", [OPT_CONNECTION] = "connection",
	[OPT_SERVICE] = "service-address", [OPT_SCHEDULER] = "scheduler",
	[OPT_PERSISTENT] = "persistent", [OPT_NETMASK] = "netmask",
	[OPT_SERVER] = "real-server", [OPT_FORWARD] = "forwarding-method",
	[OPT_WEIGHT] = "weight", [OPT_UTHRESHOLD] = "u-threshold",
	[OPT_LTHRESHOLD] = "l-threshold", [OPT_MCAST] = "mcast-interface",
	[OPT_TIMEOUT] = "timeout", [OPT_DAEMON] = "daemon",
	[OPT_STATS] = "stats", [OPT_RATE] = "rate",
	[OPT_THRESHOLDS] = "thresholds",
	[OPT_PERSISTENTCONN] = "persistent-conn", [OPT_NOSORT] = "nosort",
	[OPT_SYNCID] = "syncid", [OPT_EXACT] = "exact",
	[OPT_ONEPACKET] = "ops", [OPT_PERSISTENCE_ENGINE] = "pe",
	[OPT_SCHED_FLAGS] = "sched-flags", [OPT_MCAST_GROUP] = "mcast-group",
	[OPT_MCAST_PORT] = "mcast-port", [OPT_MCAST_TTL] = "mcast-ttl",
	[OPT_SYNC_MAXLEN] = "sync-maxlen", [OPT_TUN_INFO] = "tun-info",
	[OPT_TUN_TYPE] = "tun-type", [OPT_TUN_PORT] = "tun-port",
	[OPT_TUN_NOCSUM] = "tun-nocsum", [OPT_TUN_CSUM] = "tun-csum",
	[OPT_TUN_REMCSUM] = "tun-remcsum", [OPT_LOCAL] = "local-address",
};

#define OF_SERVICE	(BIT(OPT_SCHEDULER) | BIT(OPT_PERSISTENT) | \
	BIT(OPT_NETMASK) | BIT(OPT_ONEPACKET) | \
	BIT(OPT_PERSISTENCE_ENGINE) | BIT(OPT_SCHED_FLAGS))
#define OF_TUNNEL	(BIT(OPT_TUN_TYPE) | BIT(OPT_TUN_PORT) | \
	BIT(OPT_TUN_NOCSUM) | BIT(OPT_TUN_CSUM) | BIT(OPT_TUN_REMCSUM))
#define OF_SERVER	(BIT(OPT_FORWARD) | BIT(OPT_WEIGHT) | \
	BIT(OPT_UTHRESHOLD) | BIT(OPT_LTHRESHOLD) | OF_TUNNEL)
/* Of these only one. */
#define OF_LIST_KIND	(BIT(OPT_CONNECTION) | BIT(OPT_SERVICE) | \
	BIT(OPT_TIMEOUT) | BIT(OPT_DAEMON))
#define OF_LIST		(OF_LIST_KIND | BIT(OPT_NUMERIC) | BIT(OPT_STATS) | \
	BIT(OPT_RATE) | BIT(OPT_THRESHOLDS) | BIT(OPT_PERSISTENTCONN) | \
	BIT(OPT_NOSORT) | BIT(OPT_SYNCID) | BIT(OPT_EXACT) | \
	BIT(OPT_TUN_INFO))
#define OF_DAEMON	(BIT(OPT_MCAST) | BIT(OPT_SYNCID) | \
	BIT(OPT_SYNC_MAXLEN) | BIT(OPT_MCAST_GROUP) | \
	BIT(OPT_MCAST_PORT) | BIT(OPT_MCAST_TTL))

static const struct {
	const char *name;
	uint64_t needs, takes;
} commands[CMD_COUNT] = {
	[CMD_ADD] = { "add-service", BIT(OPT_SERVICE), OF_SERVICE },
	[CMD_EDIT] = { "edit-service", BIT(OPT_SERVICE), OF_SERVICE },
	[CMD_DEL] = { "delete-service", BIT(OPT_SERVICE), 0 },
	[CMD_FLUSH] = { "flush", 0, 0 },
	[CMD_ADDDEST] = { "add-server", BIT(OPT_SERVICE) | BIT(OPT_SERVER),
	    OF_SERVER },
	[CMD_EDITDEST] = { "edit-server", BIT(OPT_SERVICE) |
	    BIT(OPT_SERVER), OF_SERVER },
	[CMD_DELDEST] = { "delete-server", BIT(OPT_SERVICE) |
	    BIT(OPT_SERVER), 0 },
	[CMD_LIST] = { "list", 0, OF_LIST },
	[CMD_ZERO] = { "zero", 0, BIT(OPT_SERVICE) },
	[CMD_TIMEOUT] = { "set", 0, 0 },
	[CMD_STARTDAEMON] = { "start-daemon", 0, OF_DAEMON },
	[CMD_STOPDAEMON] = { "stop-daemon", 0, BIT(OPT_SYNCID) },
	[CMD_RESTORE] = { "restore", 0, 0 },
	[CMD_SAVE] = { "save", 0, BIT(OPT_NUMERIC) },
	[CMD_ADDLOCAL] = { "add-local-address", BIT(OPT_SERVICE) |
	    BIT(OPT_LOCAL), 0 },
	[CMD_DELLOCAL] = { "delete-local-address", BIT(OPT_SERVICE) |
	    BIT(OPT_LOCAL), 0 },
	[CMD_HELP] = { "help", 0, 0 },
	[CMD_VERSION] = { "version", 0, 0 },
};

const char *
ipvs_option_name(enum ipvs_option o)
{
	return option_names[o];
}

static int
check_matrix(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	const char *cmd = commands[a->cmd].name;
	int kind = -1;

	for (int o = 0; o < OPT_COUNT; o++) {
		bool given = (a->given & BIT(o)) != 0;

		if (!given && (commands[a->cmd].needs & BIT(o)) != 0)
			return ipvs_fail(ia, 2, "You need to supply the '%s' "
			    "option for the '%s' command", option_names[o],
			    cmd);
		if (!given)
			continue;
		if (((commands[a->cmd].needs | commands[a->cmd].takes) &
		    BIT(o)) == 0)
			return ipvs_fail(ia, 2, "Illegal '%s' option with the "
			    "'%s' command", option_names[o], cmd);
		if (a->cmd != CMD_LIST || (OF_LIST_KIND & BIT(o)) == 0)
			continue;
		if (kind >= 0)
			return ipvs_fail(ia, 2, "The option '%s' conflicts "
			    "with the '%s' option in the '%s' command",
			    option_names[o], option_names[kind], cmd);
		kind = o;
	}
	return 0;
}

/* sh-... only with sh, mh-... only with mh. */
static int
check_flags(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	const char *s = a->flags_text;
	const char *sched = a->sched != NULL ? a->sched : "wlc";

	while (s != NULL && *s != '\0') {
		size_t len = strcspn(s, ",");
		const char *own = strncmp(s, "sh-", 3) == 0 ? "sh" :
		    strncmp(s, "mh-", 3) == 0 ? "mh" : NULL;

		if (own != NULL && strcmp(sched, own) != 0)
			return ipvs_fail(ia, 2,
			    "incompatible scheduler flag `%.*s'", (int)len,
			    s);
		s += len + (s[len] == ',');
	}
	return 0;
}

static int
check_service(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	int r = check_flags(ia, a);

	if (r != 0)
		return r;
	if ((a->given & BIT(OPT_ONEPACKET)) != 0 && a->proto != 17 &&
	    a->proto != 0)
		return ipvs_fail(ia, 2, "One-Packet Scheduling is only for "
		    "UDP virtual services");
	if (a->proto != 0 && a->port == 0 && a->persist_s == 0)
		return ipvs_fail(ia, 2,
		    "Zero port specified for non-persistent service");
	return 0;
}

static int
check_tunnel(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	const char *type = a->tun_type != NULL ? a->tun_type : "ipip";

	if ((a->given & OF_TUNNEL) == 0)
		return 0;
	if (a->fwd != IPVS_TUNNEL)
		return ipvs_fail(ia, 2,
		    "Tunnel options conflict with forward method");
	for (int o = OPT_TUN_PORT; o <= OPT_TUN_REMCSUM; o++) {
		bool given = (a->given & BIT(o)) != 0;

		if (o == OPT_TUN_PORT && !given && strcmp(type, "gue") == 0)
			return ipvs_fail(ia, 2, "You need to supply the '%s' "
			    "option for the '%s' tunnel type",
			    option_names[o], type);
		if (given && (strcmp(type, "ipip") == 0 ||
		    (o == OPT_TUN_PORT && strcmp(type, "gre") == 0)))
			return ipvs_fail(ia, 2, "Illegal '%s' option with the "
			    "'%s' tunnel type", option_names[o], type);
	}
	return 0;
}

int
ipvs_check_options(const struct ipvsadm *ia, const struct ipvs_args *a)
{
	int r = check_matrix(ia, a);

	if (r != 0)
		return r;
	if (a->cmd == CMD_LIST && (a->given & (BIT(OPT_CONNECTION) |
	    BIT(OPT_TIMEOUT) | BIT(OPT_DAEMON))) != 0 &&
	    ((a->given & (BIT(OPT_STATS) | BIT(OPT_RATE) |
	    BIT(OPT_THRESHOLDS))) != 0 || ((a->given &
	    BIT(OPT_PERSISTENTCONN)) != 0 && (a->given &
	    BIT(OPT_CONNECTION)) == 0)))
		return ipvs_fail(ia, 2,
		    "options conflicts in the list command");
	if (a->cmd == CMD_ADD || a->cmd == CMD_EDIT)
		return check_service(ia, a);
	if (a->cmd != CMD_ADDDEST && a->cmd != CMD_EDITDEST)
		return 0;
	r = check_tunnel(ia, a);
	if (r == 0 && a->ipv6 != a->dest_ipv6 && a->fwd != IPVS_TUNNEL)
		r = ipvs_fail(ia, 2, "Different address family is allowed "
		    "only for tunneling servers");
	return r;
}
