/*
 * pd_flags.c - knobs: the text of --so_flags, and settings that scripts make
 * by sysctl while they run.
 *
 * so_flags is a list of words with commas between them:
 *
 *	v4			IPv4; there is nothing else yet
 *	layout=linux|freebsd	option order of a SYN, buffer sizes, timers
 *	local=ADDR/LEN mtu=N	the interface
 *	sysctl=FILE		lines "name=value", appended by a fake sysctl
 *	status=FILE		rewritten with a line "proto port state" for
 *				each connection, for a fake sockstat, and
 *				counters, "nstat NAME N"
 *	NAME=VALUE		a setting of struct tcp_conf, named as there
 *
 * A word that is not known is ignored with a line on standard error.
 */
#include "packetdrill/pd.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum width { W8, W16, W32, WBOOL };

struct knob {
	const char *name;
	size_t offset;
	enum width width;
};

#define KNOB(field, width) { #field, offsetof(struct tcp_conf, field), width }

static const struct knob knobs[] = {
	KNOB(rcvbuf, W32), KNOB(rcvbuf_max, W32), KNOB(sndbuf, W32),
	KNOB(sndbuf_max, W32), KNOB(rto_initial_us, W32),
	KNOB(rto_min_us, W32), KNOB(rto_max_us, W32), KNOB(delack_us, W32),
	KNOB(ack_segments, W32), KNOB(timewait_us, W32),
	KNOB(finwait2_us, W32), KNOB(keep_idle_ms, W32),
	KNOB(keep_intvl_ms, W32), KNOB(user_timeout_ms, W32),
	KNOB(open_timeout_ms, W32),
	KNOB(challenge_us, W32), KNOB(mss, W16), KNOB(initial_cwnd, W16),
	KNOB(burst_segments, W16), KNOB(base_mss, W16), KNOB(mtu_probing, W8),
	KNOB(wscale, W8), KNOB(keep_count, W8), KNOB(syn_retries, W8),
	KNOB(synack_retries, W8), KNOB(retries, W8), KNOB(ttl, W8),
	KNOB(tos, W8), KNOB(ecn, W8), KNOB(ecn_tries, W8),
	KNOB(ecn_option, W8), KNOB(ecn_validate, WBOOL),
	KNOB(syn_linear, W8), KNOB(plain_after, W8), KNOB(icmp, W8),
	KNOB(habits, W16),
	KNOB(cc, W8), KNOB(syn_cookies, W8), KNOB(mss_option, WBOOL),
	KNOB(fastopen, W8), KNOB(window_scaling, WBOOL),
	KNOB(timestamps, WBOOL), KNOB(ts_lax, WBOOL), KNOB(sack, WBOOL),
	KNOB(rack, WBOOL), KNOB(tlp, WBOOL),
	KNOB(hystart, WBOOL), KNOB(pacing, WBOOL), KNOB(pmtud, WBOOL),
	KNOB(quickack, WBOOL), KNOB(slow_start_idle, WBOOL),
	KNOB(rfc1337, WBOOL), KNOB(nodelay, WBOOL), KNOB(keepalive, WBOOL),
};

static void
knob_set(struct tcp_conf *conf, const struct knob *k, long v)
{
	char *at = (char *)conf + k->offset;
	uint8_t v8 = (uint8_t)v;
	uint16_t v16 = (uint16_t)v;
	uint32_t v32 = (uint32_t)v;
	bool on = v != 0;

	switch (k->width) {
	case W8:
		memcpy(at, &v8, sizeof(v8));
		break;
	case W16:
		memcpy(at, &v16, sizeof(v16));
		break;
	case W32:
		memcpy(at, &v32, sizeof(v32));
		break;
	case WBOOL:
		memcpy(at, &on, sizeof(on));
		break;
	}
}

/* Four words in hexadecimal, each little-endian in the key. */
static void
fastopen_key(struct tcp_conf *c, const char *text)
{
	unsigned w[4];

	if (sscanf(text, "%x-%x-%x-%x", &w[0], &w[1], &w[2], &w[3]) != 4)
		return;
	c->fastopen_keyed = true;
	for (unsigned i = 0; i < TCP_FASTOPEN_KEY_LEN; i++)
		c->fastopen_key[i] = (uint8_t)(w[i / 4] >> i % 4 * 8);
}

/* Linux as its packetdrill suites set it up. */
static void
layout_linux(struct pd *pd)
{
	pd->layout = PD_LINUX;
	tcp_conf_default(&pd->conf);
	pd->conf.rcvbuf = 540000;
	pd->conf.rcvbuf_max = 15 << 20;
	pd->conf.sndbuf = 256 << 10;
	pd->conf.sndbuf_max = 4 << 20;
	pd->conf.syn_retries = 5;
	pd->conf.slow_start_idle = false;
	pd->conf.ts_lax = true;
	pd->conf.habits = TCP_HABIT_FIN_WAITS | TCP_HABIT_ECT_ALL;
	pd->conf.ecn_option = TCP_ACC_ALWAYS;
	pd->conf.fastopen = TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER;
	fastopen_key(&pd->conf, "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4");
	pd->rcvbuf_said = 540000;
	pd->rmem_max = pd->wmem_max = 4 << 20;
}

/* FreeBSD as its suite assumes it: a window of 65535 that does not grow, in a
 * buffer of whole segments. */
static void
layout_freebsd(struct pd *pd)
{
	pd->layout = PD_FREEBSD;
	tcp_conf_default(&pd->conf);
	pd->conf.rcvbuf = pd->conf.rcvbuf_max = 65700;
	pd->conf.sndbuf = pd->conf.sndbuf_max = 32768;
	pd->conf.wscale = 6;
	pd->conf.quickack = false;
	pd->conf.rfc1337 = true;
	pd->conf.rto_max_us = 64000000;
	pd->conf.syn_retries = 12;
	pd->conf.open_timeout_ms = 75000;
	pd->conf.icmp = TCP_ICMP_HARD;
	pd->conf.rack = pd->conf.tlp = false;	/* by default it has neither */
	pd->conf.habits = TCP_HABIT_BUFFER_WINDOW | TCP_HABIT_FIN_AGAIN |
	    TCP_HABIT_SYN_FIN | TCP_HABIT_ASK_ONCE | TCP_HABIT_PUSH_END;
	pd->rcvbuf_said = 65536;
	pd->rmem_max = pd->wmem_max = INT32_MAX;
}

/* ---- sysctl -------------------------------------------------------------- */

struct sysctl {
	const char *name;
	const char *knob;
	long scale;		/* value times this; 0: value is "not" */
};

/* Names of either system that have a meaning here. */
static const struct sysctl sysctls[] = {
	{ "net.ipv4.tcp_timestamps", "timestamps", 1 },
	{ "net.ipv4.tcp_sack", "sack", 1 },
	{ "net.ipv4.tcp_window_scaling", "window_scaling", 1 },
	{ "net.ipv4.tcp_min_tso_segs", "burst_segments", 1 },
	{ "net.ipv4.tcp_syn_retries", "syn_retries", 1 },
	{ "net.ipv4.tcp_synack_retries", "synack_retries", 1 },
	{ "net.ipv4.tcp_syn_linear_timeouts", "syn_linear", 1 },
	{ "net.ipv4.tcp_retries2", "retries", 1 },
	{ "net.ipv4.tcp_slow_start_after_idle", "slow_start_idle", 1 },
	{ "net.ipv4.tcp_recovery", "rack", 1 },
	{ "net.ipv4.tcp_early_retrans", "tlp", 1 },
	{ "net.ipv4.tcp_fin_timeout", "finwait2_us", 1000000 },
	{ "net.ipv4.tcp_syncookies", "syn_cookies", 1 },
	{ "net.ipv4.tcp_rfc1337", "rfc1337", 1 },
	{ "net.ipv4.tcp_ecn_fallback", "ecn_validate", 1 },
	{ "net.ipv4.tcp_invalid_ratelimit", "challenge_us", 1000 },
	{ "net.ipv4.tcp_keepalive_time", "keep_idle_ms", 1000 },
	{ "net.ipv4.tcp_keepalive_intvl", "keep_intvl_ms", 1000 },
	{ "net.ipv4.tcp_keepalive_probes", "keep_count", 1 },
	{ "net.ipv4.tcp_rto_min_us", "rto_min_us", 1 },
	{ "net.ipv4.tcp_rto_max_ms", "rto_max_us", 1000 },
	{ "net.ipv4.ip_no_pmtu_disc", "pmtud", 0 },
	{ "hop.advmss", "mss", 1 },
	{ "net.ipv4.tcp_mtu_probing", "mtu_probing", 1 },
	{ "net.ipv4.tcp_base_mss", "base_mss", 1 },
	{ "hop.initcwnd", "initial_cwnd", 1 },
	{ "net.inet.tcp.sack.enable", "sack", 1 },
	{ "net.inet.tcp.tolerate_missing_ts", "ts_lax", 1 },
	{ "net.inet.tcp.delayed_ack", "delack_us", 40000 },
	{ "net.inet.tcp.delacktime", "delack_us", 1000 },
	{ "net.inet.tcp.syncookies_only", "syn_cookies", 2 },
	{ "net.inet.tcp.msl", "timewait_us", 2000 },
	{ "net.inet.tcp.path_mtu_discovery", "pmtud", 1 },
	{ "net.inet.tcp.keepidle", "keep_idle_ms", 1 },
	{ "net.inet.tcp.keepintvl", "keep_intvl_ms", 1 },
	{ "net.inet.tcp.keepcnt", "keep_count", 1 },
	{ "net.inet.tcp.mssdflt", "mss", 1 },
	{ "net.inet.tcp.keepinit", "open_timeout_ms", 1 },
	{ "net.inet.tcp.always_keepalive", "keepalive", 1 },
	{ "net.inet.tcp.finwait2_timeout", "finwait2_us", 1000 },
	{ "net.inet.tcp.initcwnd_segments", "initial_cwnd", 1 },
	{ "net.inet.tcp.rexmit_initial", "rto_initial_us", 1000 },
	{ "net.inet.tcp.rexmit_drop_options", "plain_after", 3 },
};

static bool
knob_by_name(struct tcp_conf *conf, const char *name, long v)
{
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (strcmp(knobs[i].name, name) == 0) {
			knob_set(conf, &knobs[i], v);
			return true;
		}
	}
	return false;
}

/* Bits of net.ipv4.tcp_fastopen. */
static uint8_t
fastopen_bits(long v)
{
	return (uint8_t)(((v & 1) != 0 ? TCP_FASTOPEN_CLIENT : 0) |
	    ((v & 2) != 0 ? TCP_FASTOPEN_SERVER : 0) |
	    ((v & 4) != 0 ? TCP_FASTOPEN_CLIENT_BARE : 0) |
	    ((v & 0x200) != 0 ? TCP_FASTOPEN_SERVER_BARE : 0));
}

/* Linux's net.ipv4.tcp_ecn. */
static uint8_t
linux_ecn(long v)
{
	static const uint8_t modes[] = { TCP_ECN_OFF, TCP_ECN_REQUEST,
	    TCP_ECN_ACCEPT, TCP_ECN_ACCURATE, TCP_ECN_ACCURATE_ANSWER,
	    TCP_ECN_ACCURATE_ACCEPT };

	return v >= 0 && (size_t)v < sizeof(modes) ? modes[v] : TCP_ECN_OFF;
}

/* FreeBSD's net.inet.tcp.ecn.enable. */
static uint8_t
freebsd_ecn(long v)
{
	static const uint8_t modes[] = { TCP_ECN_OFF, TCP_ECN_REQUEST,
	    TCP_ECN_ACCEPT, TCP_ECN_ACCURATE, TCP_ECN_ACCURATE_ACCEPT };

	return v >= 0 && (size_t)v < sizeof(modes) ? modes[v] : TCP_ECN_OFF;
}

/* Settings whose values are not one number, or mean two knobs. */
static bool
sysctl_special(struct pd *pd, const char *name, const char *value)
{
	struct tcp_conf *c = &pd->conf;
	unsigned long low, def, max;
	long v = strtol(value, NULL, 0);

	if (strcmp(name, "net.ipv4.tcp_rmem") == 0 &&
	    sscanf(value, "%lu %lu %lu", &low, &def, &max) == 3) {
		c->rcvbuf = pd->rcvbuf_said = (uint32_t)def;
		c->rcvbuf_max = (uint32_t)(max > def ? max : def);
	} else if (strcmp(name, "net.ipv4.tcp_wmem") == 0 &&
	    sscanf(value, "%lu %lu %lu", &low, &def, &max) == 3) {
		c->sndbuf = (uint32_t)def;
		c->sndbuf_max = (uint32_t)(max > def ? max : def);
	} else if (strcmp(name, "net.ipv4.tcp_congestion_control") == 0) {
		c->cc = strcmp(value, "reno") == 0 ? TCP_CC_NEWRENO :
		    TCP_CC_CUBIC;
	} else if (strcmp(name, "net.ipv4.tcp_ecn") == 0) {
		c->ecn = linux_ecn(v);
	} else if (strcmp(name, "net.ipv4.tcp_ecn_option") == 0) {
		c->ecn_option = v == 0 ? TCP_ACC_NEVER :
		    v == 1 ? TCP_ACC_CHANGED : TCP_ACC_ALWAYS;
	} else if (strcmp(name, "net.ipv4.tcp_fastopen") == 0) {
		c->fastopen = fastopen_bits(v);
		pd->fastopen_all = (v & 0x400) != 0;
	} else if (strcmp(name, "net.ipv4.tcp_fastopen_key") == 0) {
		fastopen_key(c, value);
	} else if (strcmp(name, "net.core.rmem_max") == 0) {
		pd->rmem_max = (uint32_t)v;
	} else if (strcmp(name, "net.core.wmem_max") == 0) {
		pd->wmem_max = (uint32_t)v;
	} else if (strcmp(name, "net.ipv4.tcp_notsent_lowat") == 0) {
		pd->notsent_lowat = (uint32_t)strtoul(value, NULL, 0);
	} else if (strcmp(name, "hop.metrics_flush") == 0) {
		if (pd->stk != NULL)
			tcp_fastopen_forget(pd->stk);
	} else if (strcmp(name, "net.ipv4.ip_default_ttl") == 0) {
		c->ttl = (uint8_t)v;
	} else if (strcmp(name, "net.inet.tcp.rfc1323") == 0) {
		c->window_scaling = v == 1 || v == 2;
		c->timestamps = v == 1 || v == 3;
	} else if (strcmp(name, "net.inet.tcp.ecn.enable") == 0) {
		c->ecn = freebsd_ecn(v);
	} else if (strcmp(name, "net.inet.tcp.cc.algorithm") == 0) {
		c->cc = strcmp(value, "newreno") == 0 ? TCP_CC_NEWRENO :
		    TCP_CC_CUBIC;
	} else {
		return false;
	}
	return true;
}

static void
habit(struct pd *pd, uint16_t bit, bool on)
{
	pd->conf.habits = (uint16_t)(on ? pd->conf.habits | bit :
	    pd->conf.habits & ~bit);
}

/* FreeBSD's shift: as much as the largest socket buffer there may be wants. */
static int8_t
freebsd_wscale(unsigned long maxsockbuf)
{
	int8_t s = 0;

	while (s < 14 && (65535ul << s) < maxsockbuf)
		s++;
	return s;
}

/* Switched off it forgets all cookies. */
static void
fastopen_client(struct pd *pd, bool on)
{
	pd->conf.fastopen = (uint8_t)(on ?
	    pd->conf.fastopen | TCP_FASTOPEN_CLIENT :
	    pd->conf.fastopen & ~TCP_FASTOPEN_CLIENT);
	if (!on && pd->stk != NULL)
		tcp_fastopen_forget(pd->stk);
}

/* FreeBSD's settings that are one choice of a few, or a bit. */
static bool
sysctl_freebsd(struct pd *pd, const char *name, const char *value)
{
	struct tcp_conf *c = &pd->conf;
	bool on = strtol(value, NULL, 0) != 0;

	if (strcmp(name, "net.inet.tcp.insecure_rst") == 0)
		habit(pd, TCP_HABIT_RST_WINDOW, on);
	else if (strcmp(name, "net.inet.tcp.insecure_syn") == 0)
		habit(pd, TCP_HABIT_SYN_RESETS, on);
	else if (strcmp(name, "net.inet.tcp.icmp_may_rst") == 0)
		c->icmp = on ? TCP_ICMP_HARD : TCP_ICMP_NEVER;
	else if (strcmp(name, "net.inet.tcp.fastopen.server_enable") == 0)
		c->fastopen = (uint8_t)(on ? c->fastopen | TCP_FASTOPEN_SERVER :
		    c->fastopen & ~TCP_FASTOPEN_SERVER);
	else if (strcmp(name, "net.inet.tcp.fastopen.client_enable") == 0)
		fastopen_client(pd, on);
	else if (strcmp(name, "net.inet.tcp.ecn.maxretries") == 0)
		c->ecn_tries = (uint8_t)(strtoul(value, NULL, 0) + 1);
	else if (strcmp(name, "kern.ipc.maxsockbuf") == 0)
		c->wscale = freebsd_wscale(strtoul(value, NULL, 0));
	else if (strcmp(name, "net.inet.tcp.drop_synfin") == 0) {
		habit(pd, TCP_HABIT_SYN_FIN, !on);
		habit(pd, TCP_HABIT_NO_SYN_FIN, on);
	} else {
		return false;
	}
	return true;
}

static void
sysctl_set(struct pd *pd, const char *name, const char *value)
{
	long v = strtol(value, NULL, 0);

	if (!sysctl_special(pd, name, value) &&
	    !sysctl_freebsd(pd, name, value)) {
		for (size_t i = 0; i < sizeof(sysctls) / sizeof(sysctls[0]);
		    i++) {
			const struct sysctl *s = &sysctls[i];

			if (strcmp(s->name, name) == 0)
				knob_by_name(&pd->conf, s->knob,
				    s->scale == 0 ? v == 0 : v * s->scale);
		}
	}
	if (pd->stk != NULL)
		*tcp_conf_stack(pd->stk) = pd->conf;
}

void
pd_conf_refresh(const struct pd *pd, struct pd_sock *s)
{
	const struct tcp_conf *now = &pd->conf;
	struct tcp_conf *c = &s->conf;

	c->timestamps = now->timestamps;
	c->sack = now->sack;
	c->window_scaling = now->window_scaling;
	c->ecn = now->ecn;
	c->ecn_option = now->ecn_option;
	c->ecn_validate = now->ecn_validate;
	c->rack = now->rack;
	c->tlp = now->tlp;
	c->syn_cookies = now->syn_cookies;
	c->slow_start_idle = now->slow_start_idle;
	c->fastopen = now->fastopen;
	if (s->fastopen_queue <= 0 && !pd->fastopen_all)
		c->fastopen &= (uint8_t)~TCP_FASTOPEN_SERVER;
	/* FreeBSD: one option for both sides. */
	if (s->fastopen_queue <= 0 && pd->layout == PD_FREEBSD)
		c->fastopen = 0;
	if (!c->mss_option)		/* TCP_NOOPT */
		c->sack = c->timestamps = c->window_scaling = false;
	if (s->fastopen_bare)
		c->fastopen |= TCP_FASTOPEN_CLIENT_BARE |
		    TCP_FASTOPEN_SERVER_BARE;
	if (!s->fastopen_keyed) {
		c->fastopen_keyed = now->fastopen_keyed;
		memcpy(c->fastopen_key, now->fastopen_key,
		    sizeof(c->fastopen_key));
	}
}

/* Listeners look at the settings for every SYN, and a connection at one of
 * them for every segment. */
static void
refresh_sockets(struct pd *pd)
{
	for (int fd = 0; fd < PD_FDS; fd++) {
		struct pd_sock *s = pd->sock[fd];

		if (s != NULL && s->conn != NULL)
			tcp_set(pd->stk, s->conn, TCPO_ECN_OPTION,
			    pd->conf.ecn_option);
		if (s == NULL || s->listener == NULL)
			continue;
		pd_conf_refresh(pd, s);
		tcp_listener_set_conf(pd->stk, s->listener, &s->conf);
	}
}

void
pd_sysctl_poll(struct pd *pd)
{
	char line[512], *value;
	bool any = false;
	FILE *f;

	if (pd->sysctl_path == NULL ||
	    (f = fopen(pd->sysctl_path, "re")) == NULL)
		return;
	if (fseek(f, pd->sysctl_at, SEEK_SET) == 0) {
		while (fgets(line, sizeof(line), f) != NULL) {
			line[strcspn(line, "\r\n")] = '\0';
			value = strchr(line, '=');
			if (value == NULL)
				continue;
			*value++ = '\0';
			sysctl_set(pd, line, value);
			any = true;
		}
		pd->sysctl_at = ftell(f);
	}
	fclose(f);
	if (any && pd->stk != NULL)
		refresh_sockets(pd);
}

/* FreeBSD's names of the states. */
static const char *const state_names[TCPS_COUNT] = {
	[TCPS_CLOSED] = "CLOSED", [TCPS_LISTEN] = "LISTEN",
	[TCPS_SYN_SENT] = "SYN_SENT", [TCPS_SYN_RECEIVED] = "SYN_RCVD",
	[TCPS_ESTABLISHED] = "ESTABLISHED",
	[TCPS_FIN_WAIT_1] = "FIN_WAIT_1", [TCPS_FIN_WAIT_2] = "FIN_WAIT_2",
	[TCPS_CLOSE_WAIT] = "CLOSE_WAIT", [TCPS_CLOSING] = "CLOSING",
	[TCPS_LAST_ACK] = "LAST_ACK", [TCPS_TIME_WAIT] = "TIME_WAIT",
};

void
pd_status_write(struct pd *pd)
{
	struct tcp_status st;
	char text[2048];
	uint64_t pos = 0;
	size_t n = 0;
	FILE *f;

	if (pd->status_path == NULL)
		return;
	n = (size_t)snprintf(text, sizeof(text),
	    "nstat TcpExtOutOfWindowIcmps %llu\n",
	    (unsigned long long)pd->stk->drop.count[DROP_ICMP_NO_MATCH]);
	while (tcp_walk(pd->stk, &pos, &st) && n < sizeof(text) - 64)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "tcp %u %s\n", st.lport, state_names[st.state]);
	if (strcmp(text, pd->status_text) == 0 ||
	    (f = fopen(pd->status_path, "we")) == NULL)
		return;
	memcpy(pd->status_text, text, sizeof(text));
	fputs(text, f);
	fclose(f);
}

/* ---- so_flags ------------------------------------------------------------ */

static bool
flag_set(struct pd *pd, const char *name, const char *value)
{
	if (strcmp(name, "local") == 0)
		return ip4_prefix_parse(value, &pd->local) == 0;
	if (strcmp(name, "mtu") == 0) {
		pd->mtu = (uint32_t)strtoul(value, NULL, 0);
		return true;
	}
	if (strcmp(name, "sysctl") == 0) {
		free(pd->sysctl_path);
		pd->sysctl_path = strdup(value);
		return true;
	}
	if (strcmp(name, "status") == 0) {
		free(pd->status_path);
		pd->status_path = strdup(value);
		return true;
	}
	if (strcmp(name, "layout") == 0)
		return true;		/* was first */
	if (strcmp(name, "rcvbuf") == 0)
		pd->rcvbuf_said = (uint32_t)strtoul(value, NULL, 0);
	if (strchr(name, '.') != NULL) {
		sysctl_set(pd, name, value);
		return true;
	}
	return knob_by_name(&pd->conf, name, strtol(value, NULL, 0));
}

void
pd_flags_parse(struct pd *pd, const char *flags)
{
	char *copy, *word, *save = NULL, *value;

	pd->local = (struct ip4_prefix){ IP4(192, 168, 0, 1), 16 };
	pd->mtu = 1500;
	pd->notsent_lowat = UINT32_MAX;
	if (flags != NULL && strstr(flags, "layout=freebsd") != NULL)
		layout_freebsd(pd);
	else
		layout_linux(pd);
	if (flags == NULL || (copy = strdup(flags)) == NULL)
		return;
	for (word = strtok_r(copy, ",", &save); word != NULL;
	    word = strtok_r(NULL, ",", &save)) {
		if (strcmp(word, "v4") == 0)
			continue;
		value = strchr(word, '=');
		if (value != NULL)
			*value++ = '\0';
		if (value == NULL || !flag_set(pd, word, value))
			fprintf(stderr, "so_flags: '%s' is not known\n", word);
	}
	free(copy);
}
