/*
 * pd_opt.c - getsockopt(), setsockopt().
 *
 * An option of the stack's goes to the connection, or before there is one to
 * the settings it will be opened with.  Options that change nothing here are
 * remembered, so that what was set can be read back.
 */
#include "packetdrill/pd.h"
#include "packetdrill/pd_netinet.h"
#include "udp/udp.h"

#include <netinet/udp.h>
#include <string.h>

#ifndef SO_MEMINFO
#define SO_MEMINFO 55
#endif
#ifndef TCP_IS_MPTCP
#define TCP_IS_MPTCP 43
#endif

/* ---- options with a knob of the stack's ---------------------------------- */

struct knob {
	int level, name;
	enum tcp_opt opt;
	uint32_t scale;		/* the stack's unit in one of the option's */
};

static const struct knob knobs[] = {
	{ IPPROTO_TCP, TCP_NODELAY, TCPO_NODELAY, 1 },
	{ IPPROTO_TCP, TCP_CORK, TCPO_CORK, 1 },
	{ IPPROTO_TCP, TCP_KEEPIDLE, TCPO_KEEP_IDLE_MS, 1000 },
	{ IPPROTO_TCP, TCP_KEEPINTVL, TCPO_KEEP_INTVL_MS, 1000 },
	{ IPPROTO_TCP, TCP_KEEPCNT, TCPO_KEEP_COUNT, 1 },
	{ IPPROTO_TCP, TCP_SYNCNT, TCPO_SYN_RETRIES, 1 },
	{ IPPROTO_TCP, TCP_USER_TIMEOUT, TCPO_USER_TIMEOUT_MS, 1 },
	{ IPPROTO_TCP, TCP_QUICKACK, TCPO_QUICKACK, 1 },
	{ IPPROTO_TCP, TCP_MAXSEG, TCPO_MSS, 1 },
	{ IPPROTO_TCP, TCP_WINDOW_CLAMP, TCPO_WINDOW_CLAMP, 1 },
	{ SOL_SOCKET, SO_KEEPALIVE, TCPO_KEEPALIVE, 1 },
	{ IPPROTO_IP, IP_TTL, TCPO_TTL, 1 },
	{ IPPROTO_IP, IP_TOS, TCPO_TOS, 1 },
};

static const struct knob *
knob_of(int level, int name)
{
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++) {
		if (knobs[i].level == level && knobs[i].name == name)
			return &knobs[i];
	}
	return NULL;
}

/* The setting that opt will be for a connection yet to come; NULL: it is not
 * one of 32 bits (those are handled beside). */
static uint32_t *
conf_word(struct tcp_conf *c, enum tcp_opt opt)
{
	switch (opt) {
	case TCPO_KEEP_IDLE_MS:
		return &c->keep_idle_ms;
	case TCPO_KEEP_INTVL_MS:
		return &c->keep_intvl_ms;
	case TCPO_USER_TIMEOUT_MS:
		return &c->user_timeout_ms;
	case TCPO_WINDOW_CLAMP:
		return &c->window_clamp;
	default:
		return NULL;
	}
}

static uint8_t *
conf_byte(struct tcp_conf *c, enum tcp_opt opt)
{
	switch (opt) {
	case TCPO_KEEP_COUNT:
		return &c->keep_count;
	case TCPO_SYN_RETRIES:
		return &c->syn_retries;
	case TCPO_TTL:
		return &c->ttl;
	case TCPO_TOS:
		return &c->tos;
	default:
		return NULL;
	}
}

static bool *
conf_flag(struct tcp_conf *c, enum tcp_opt opt)
{
	switch (opt) {
	case TCPO_NODELAY:
		return &c->nodelay;
	case TCPO_CORK:
		return &c->cork;
	case TCPO_KEEPALIVE:
		return &c->keepalive;
	case TCPO_QUICKACK:
		return &c->quickack;
	default:
		return NULL;
	}
}

static int
conf_set(struct tcp_conf *c, enum tcp_opt opt, uint32_t v)
{
	if (conf_word(c, opt) != NULL)
		*conf_word(c, opt) = v;
	else if (conf_byte(c, opt) != NULL)
		*conf_byte(c, opt) = (uint8_t)v;
	else if (conf_flag(c, opt) != NULL)
		*conf_flag(c, opt) = v != 0;
	else if (opt == TCPO_MSS)
		c->mss = (uint16_t)v;
	return 0;
}

static uint32_t
conf_get(struct tcp_conf *c, enum tcp_opt opt)
{
	if (conf_word(c, opt) != NULL)
		return *conf_word(c, opt);
	if (conf_byte(c, opt) != NULL)
		return *conf_byte(c, opt);
	if (conf_flag(c, opt) != NULL)
		return *conf_flag(c, opt);
	if (opt == TCPO_MSS)
		return c->mss != 0 ? c->mss : 536;
	return 0;
}

/* tcp(7), ip(7): the values that Linux takes. */
static bool
in_range(enum tcp_opt opt, int value)
{
	switch (opt) {
	case TCPO_KEEP_IDLE_MS:
	case TCPO_KEEP_INTVL_MS:
		return value >= 1 && value <= 32767;
	case TCPO_KEEP_COUNT:
	case TCPO_SYN_RETRIES:
		return value >= 1 && value <= 127;
	case TCPO_TTL:
		return value >= 1 && value <= 255;
	default:
		return value >= 0;
	}
}

static int
knob_set(struct pd *pd, struct pd_sock *s, const struct knob *k, int value)
{
	uint32_t v;

	if (k->opt == TCPO_TTL && value == -1)	/* the default again */
		value = 64;
	if (pd->layout == PD_LINUX ? !in_range(k->opt, value) : value < 0)
		return -EINVAL;
	v = (uint32_t)value * k->scale;
	if (k->opt == TCPO_TOS && s->kind == PD_TCP)
		v &= ~3u;	/* ECN's bits are not the owner's */
	if (k->opt == TCPO_MSS && (value < 88 || value > 32767))
		return value == 0 ? 0 : -EINVAL;
	/* tcp(7): the least is half of SOCK_MIN_RCVBUF. */
	if (k->opt == TCPO_WINDOW_CLAMP && v < 1152) {
		if (v == 0 && s->conn != NULL)
			return -EINVAL;
		v = v == 0 ? 0 : 1152;
	}
	if (k->opt == TCPO_CORK)
		s->cork_opt = value != 0;
	/* tcp(7): sends at once even what is corked. */
	if (k->opt == TCPO_NODELAY && value != 0 && s->conn != NULL &&
	    (s->cork_opt || s->more)) {
		tcp_set(pd->stk, s->conn, TCPO_CORK, 0);
		pd_settle(pd);
		tcp_set(pd->stk, s->conn, TCPO_CORK, s->cork_opt);
		s->more = false;
	}
	conf_set(&s->conf, k->opt, v);
	return s->conn != NULL ? tcp_set(pd->stk, s->conn, k->opt, v) : 0;
}

static int
knob_get(struct pd *pd, struct pd_sock *s, const struct knob *k)
{
	uint32_t v;

	if (s->conn == NULL)
		v = conf_get(&s->conf, k->opt);
	else if (k->opt == TCPO_MSS && pd->layout == PD_LINUX) {
		struct tcp_status st;

		tcp_status(pd->stk, s->conn, &st);
		v = st.snd_mss;
	} else
		v = tcp_get(s->conn, k->opt);
	if (k->opt == TCPO_TTL && v == 0)
		v = 64;
	return (int)(v / k->scale);
}

/* ---- buffers ------------------------------------------------------------- */

/* Linux doubles what is asked, for its own bookkeeping, and says so. */
static uint32_t
doubled(const struct pd *pd, uint32_t v)
{
	return pd->layout == PD_LINUX ? 2 * v : v;
}

static int
rcvbuf_set(struct pd *pd, struct pd_sock *s, uint32_t v)
{
	s->rcvbuf = v;
	s->conf.rcvbuf = s->conf.rcvbuf_max = v;
	return s->conn != NULL ? tcp_set(pd->stk, s->conn, TCPO_RCVBUF, v) : 0;
}

/* socket(7): rmem_default and wmem_default, as they are said of datagrams. */
#define UDP_BUFFER 212992u

/* The stack's own bound is beyond what pd_sndbuf.c lets in. */
#define SNDBUF_SPARE 262144u

static int
sndbuf_set(struct pd *pd, struct pd_sock *s, uint32_t v)
{
	s->sndbuf = v;
	v = doubled(pd, v);
	/* pd_sndbuf.c keeps it. */
	if (pd->layout == PD_LINUX)
		v += SNDBUF_SPARE;
	s->conf.sndbuf = s->conf.sndbuf_max = v;
	return s->conn != NULL ? tcp_set(pd->stk, s->conn, TCPO_SNDBUF, v) : 0;
}

/* socket(7): as an unsigned number, so that a negative one asks for most. */
static uint32_t
between(uint32_t low, int v, uint32_t high)
{
	uint32_t u = (uint32_t)v > high ? high : (uint32_t)v;

	return u < low ? low : u;
}

static uint32_t
rcvbuf_get(const struct pd *pd, const struct pd_sock *s)
{
	struct tcp_status st;

	if (s->udp != NULL && s->rcvbuf == 0)
		return UDP_BUFFER;
	if (pd->layout == PD_FREEBSD && s->conn != NULL && s->rcvbuf == 0) {
		tcp_status(pd->stk, s->conn, &st);
		if (st.state != TCPS_SYN_SENT)
			return tcp_get(s->conn, TCPO_RCVBUF);
	}
	return s->rcvbuf != 0 ? doubled(pd, s->rcvbuf) : pd->rcvbuf_said;
}

/* ---- the rest ------------------------------------------------------------ */

/* Options without an effect here. */
static bool
only_remembered(int level, int name)
{
	switch (level) {
	case SOL_SOCKET:
		return name == SO_REUSEADDR || name == SO_REUSEPORT ||
		    name == SO_PRIORITY || name == SO_MARK ||
		    name == SO_DONTROUTE || name == SO_DEBUG ||
		    name == SO_NO_CHECK ||
		    name == SO_BROADCAST || name == SO_BUSY_POLL ||
		    name == SO_TIMESTAMP || name == SO_MAX_PACING_RATE ||
		    name == SO_INCOMING_CPU;
	case IPPROTO_TCP:
		return name == TCP_THIN_LINEAR_TIMEOUTS ||
		    name == TCP_THIN_DUPACK ||
		    name == TCP_SAVE_SYN;
	case IPPROTO_IP:
		return name == IP_RECVERR || name == IP_FREEBIND ||
		    name == IP_RECVTOS || name == IP_BIND_ADDRESS_NO_PORT;
	case IPPROTO_UDP:
		return name == UDP_CORK || name == UDP_SEGMENT ||
		    name == UDP_GRO;
	case IPPROTO_IPV6:
		return name == IPV6_V6ONLY || name == IPV6_RECVERR ||
		    name == IPV6_TCLASS || name == IPV6_UNICAST_HOPS;
	default:
		return false;
	}
}

static struct pd_option *
remembered(struct pd_sock *s, int level, int name)
{
	for (uint32_t i = 0; i < s->options; i++) {
		if (s->option[i].level == level && s->option[i].name == name)
			return &s->option[i];
	}
	return NULL;
}

bool
pd_option_on(const struct pd_sock *s, int name)
{
	for (uint32_t i = 0; i < s->options; i++) {
		if (s->option[i].level == SOL_SOCKET &&
		    s->option[i].name == name)
			return s->option[i].value != 0;
	}
	return false;
}

static int
remember(struct pd_sock *s, int level, int name, int value)
{
	struct pd_option *o = remembered(s, level, name);

	if (o == NULL && s->options == PD_OPTIONS)
		return -ENOMEM;
	if (o == NULL)
		o = &s->option[s->options++];
	*o = (struct pd_option){ level, name, value };
	return 0;
}

static int
linger_set(struct pd *pd, struct pd_sock *s, const void *val, socklen_t len)
{
	struct linger l;
	int r = 0;

	if (len < sizeof(l))
		return -EINVAL;
	memcpy(&l, val, sizeof(l));
	s->conf.linger = l.l_onoff != 0;
	s->conf.linger_ms = (uint32_t)l.l_linger * 1000;
	if (s->conn != NULL) {
		r = tcp_set(pd->stk, s->conn, TCPO_LINGER_MS,
		    s->conf.linger_ms);
		if (r == 0)
			r = tcp_set(pd->stk, s->conn, TCPO_LINGER,
			    s->conf.linger);
	}
	return r;
}

static int
timeo_set(int64_t *us, const void *val, socklen_t len)
{
	struct timeval tv;

	if (len < sizeof(tv))
		return -EINVAL;
	memcpy(&tv, val, sizeof(tv));
	if (tv.tv_usec < 0 || tv.tv_usec >= USEC_PER_SEC)
		return -EDOM;
	*us = tv.tv_sec < 0 ? 0 : tv.tv_sec * USEC_PER_SEC + tv.tv_usec;
	return 0;
}

/* TCP_DEFER_ACCEPT is told in seconds, and kept as the number of time-outs of a
 * SYN,ACK, each twice as long as the last, that this takes. */
static uint8_t
defer_tries(int seconds)
{
	int period = 1, sum = 1;
	uint8_t n = 0;

	for (n = seconds > 0; sum < seconds && n < UINT8_MAX; n++) {
		period = period < 60 ? 2 * period : 120;
		sum += period;
	}
	return n;
}

static int
defer_seconds(uint8_t tries)
{
	int period = 1, sum = tries > 0;

	for (uint8_t n = 1; n < tries; n++) {
		period = period < 60 ? 2 * period : 120;
		sum += period;
	}
	return sum;
}

/* IP_MTU: of the path to the peer there is. */
static int
path_mtu(struct pd *pd, const struct pd_sock *s)
{
	struct tcp_status st;
	struct addr src;
	uint32_t mtu;

	if (s->conn != NULL) {
		tcp_status(pd->stk, s->conn, &st);
		return (int)st.pmtu;
	}
	if (s->udp == NULL || s->udp->rport == 0)
		return -ENOTCONN;
	return ip_path(pd->stk, &s->udp->remote, &src, &mtu) == 0 ? (int)mtu :
	    -ENOTCONN;
}

static int
congestion_set(struct pd *pd, struct pd_sock *s, const void *val,
    socklen_t len)
{
	const char *name = val;
	uint8_t cc;

	if (len >= 4 && strncmp(name, "reno", 4) == 0)
		cc = TCP_CC_NEWRENO;
	else if (len >= 5 && strncmp(name, "cubic", 5) == 0)
		cc = TCP_CC_CUBIC;
	else if (len >= 7 && strncmp(name, "newreno", 7) == 0)
		cc = TCP_CC_NEWRENO;
	else
		return -ENOENT;
	s->conf.cc = cc;
	return s->conn != NULL ? tcp_set(pd->stk, s->conn, TCPO_CC, cc) : 0;
}

static int
pmtud_set(struct pd_sock *s, int value)
{
	if (value < IP_PMTUDISC_DONT || value > IP_PMTUDISC_OMIT)
		return -EINVAL;
	s->conf.pmtud = value == IP_PMTUDISC_WANT || value == IP_PMTUDISC_DO ||
	    value == IP_PMTUDISC_PROBE;
	return remember(s, IPPROTO_IP, IP_MTU_DISCOVER, value);
}

/* One key, or two of which the first makes cookies. */
static int
fastopen_key_set(struct pd_sock *s, const void *val, socklen_t len)
{
	if (len != TCP_FASTOPEN_KEY_LEN && len != 2 * TCP_FASTOPEN_KEY_LEN)
		return -EINVAL;
	s->fastopen_keyed = s->conf.fastopen_keyed = true;
	memcpy(s->conf.fastopen_key, val, TCP_FASTOPEN_KEY_LEN);
	return 0;
}

/* tcp(7): seconds of FIN-WAIT-2 without an owner; negative: none at all, 0: as
 * the sysctl has it, and two minutes at the most. */
static int
linger2_set(struct pd *pd, struct pd_sock *s, int value)
{
	uint32_t us = value < 0 ? 1 : value == 0 ? pd->conf.finwait2_us :
	    (uint32_t)(value > 120 ? 120 : value) * 1000000;

	s->linger2_none = value < 0;
	s->conf.finwait2_us = us;
	return s->conn != NULL ? tcp_set(pd->stk, s->conn, TCPO_FINWAIT2_MS,
	    us < 1000 ? 1 : us / 1000) : 0;
}

static int
linger2_get(const struct pd_sock *s)
{
	return s->linger2_none ? -1 : (int)(s->conf.finwait2_us / 1000000);
}

static int
set_tcp(struct pd *pd, struct pd_sock *s, int name, int value)
{
	switch (name) {
	case TCP_LINGER2:
		return linger2_set(pd, s, value);
	case TCP_INQ:
		if (value != 0 && value != 1)
			return -EINVAL;
		s->inq = value != 0;
		return 0;
	case TCP_NOTSENT_LOWAT:
		s->notsent_lowat = (uint32_t)value;
		return 0;
	case TCP_DEFER_ACCEPT:
		s->conf.defer_tries = defer_tries(value);
		return 0;
	case TCP_FASTOPEN:
		if (value < 0 || s->conn != NULL)
			return -EINVAL;
		s->fastopen_queue = value;
		return 0;
	case PD_TCP_NOOPT:
		if (value != 0)
			s->conf.mss_option = s->conf.sack =
			    s->conf.timestamps = s->conf.window_scaling = false;
		return 0;
	case PD_TCP_KEEPINIT:
		s->conf.open_timeout_ms = (uint32_t)value * 1000;
		return 0;
	case TCP_FASTOPEN_CONNECT:
		if (value != 0 && value != 1)
			return -EINVAL;
		if ((pd->conf.fastopen & TCP_FASTOPEN_CLIENT) == 0)
			return -EOPNOTSUPP;
		if (s->conn != NULL || s->listener != NULL)
			return -EINVAL;
		s->fastopen_connect = value != 0;
		return 0;
	case TCP_FASTOPEN_NO_COOKIE:
		if (value != 0 && value != 1)
			return -EINVAL;
		s->fastopen_bare = value != 0;
		return 0;
	default:
		return -ENOPROTOOPT;
	}
}

static int
set_option(struct pd *pd, struct pd_sock *s, int level, int name,
    const void *val, socklen_t len)
{
	const struct knob *k = knob_of(level, name);
	int v = 0;

	if (val == NULL)
		return -EFAULT;
	if (level == SOL_SOCKET && name == SO_LINGER)
		return linger_set(pd, s, val, len);
	if (level == SOL_SOCKET && name == SO_RCVTIMEO)
		return timeo_set(&s->rcv_timeo_us, val, len);
	if (level == SOL_SOCKET && name == SO_SNDTIMEO)
		return timeo_set(&s->snd_timeo_us, val, len);
	if (level == IPPROTO_TCP && name == TCP_CONGESTION)
		return congestion_set(pd, s, val, len);
	if (level == IPPROTO_TCP && name == TCP_FASTOPEN_KEY)
		return fastopen_key_set(s, val, len);
	if (level == SOL_SOCKET && name == SO_BINDTODEVICE)
		return 0;	/* there is but one */
	/* ip(7): a byte will do there. */
	if (len < (level == IPPROTO_IP ? 1 : sizeof(v)))
		return -EINVAL;
	memcpy(&v, val, len < sizeof(v) ? len : sizeof(v));
	if (k != NULL)
		return knob_set(pd, s, k, v);
	if (level == SOL_SOCKET && name == SO_RCVBUF)
		return rcvbuf_set(pd, s, between(1152, v, pd->rmem_max));
	if (level == SOL_SOCKET && name == SO_SNDBUF)
		return sndbuf_set(pd, s, between(2304, v, pd->wmem_max));
	if (level == SOL_SOCKET && name == SO_RCVLOWAT) {
		s->rcvlowat = v > 0 ? (uint32_t)v : 1;
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_OOBINLINE) {
		s->oobinline = v != 0;
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_ZEROCOPY) {
		if (v != 0 && v != 1)
			return -EINVAL;
		s->zerocopy = v != 0;
		return 0;
	}
	if (level == SOL_SOCKET && name == SO_TIMESTAMPING) {
		pd_errq_timestamping(s, (uint32_t)v);
		return 0;
	}
	if (level == IPPROTO_IP && name == IP_MTU_DISCOVER)
		return pmtud_set(s, v);
	if (only_remembered(level, name))
		return remember(s, level, name, v);
	return level == IPPROTO_TCP ? set_tcp(pd, s, name, v) :
	    -ENOPROTOOPT;
}

static int
put_bytes(void *val, socklen_t *len, const void *p, size_t n)
{
	if (*len > n)
		*len = (socklen_t)n;
	memcpy(val, p, *len);
	return 0;
}

static int
put_int(void *val, socklen_t *len, int v)
{
	return put_bytes(val, len, &v, sizeof(v));
}

static int
put_timeo(void *val, socklen_t *len, int64_t us)
{
	struct timeval tv = { us / USEC_PER_SEC, us % USEC_PER_SEC };

	return put_bytes(val, len, &tv, sizeof(tv));
}

static int
get_socket(struct pd *pd, struct pd_sock *s, int name, void *val,
    socklen_t *len)
{
	struct linger l = { s->conf.linger, (int)(s->conf.linger_ms / 1000) };

	switch (name) {
	case SO_ERROR:
		return put_int(val, len, pd_error_take(pd, s));
	case SO_RCVBUF:
		return put_int(val, len, (int)rcvbuf_get(pd, s));
	case SO_SNDBUF:
		return put_int(val, len, (int)(s->sndbuf != 0 ?
		    doubled(pd, s->sndbuf) : s->udp != NULL ? UDP_BUFFER :
		    s->conf.sndbuf));
	case SO_LINGER:
		return put_bytes(val, len, &l, sizeof(l));
	case SO_TYPE:
		return put_int(val, len, s->udp != NULL ? SOCK_DGRAM :
		    SOCK_STREAM);
	case SO_DOMAIN:
		return put_int(val, len, s->domain);
	case SO_PROTOCOL:
		return put_int(val, len, s->udp != NULL ? IPPROTO_UDP :
		    IPPROTO_TCP);
	case SO_ACCEPTCONN:
		return put_int(val, len, s->listener != NULL);
	case SO_RCVTIMEO:
		return put_timeo(val, len, s->rcv_timeo_us);
	case SO_SNDTIMEO:
		return put_timeo(val, len, s->snd_timeo_us);
	case SO_RCVLOWAT:
		return put_int(val, len, (int)s->rcvlowat);
	case SO_SNDLOWAT:	/* socket(7): never another value */
		return put_int(val, len, pd->layout == PD_LINUX ? 1 : 2048);
	case SO_OOBINLINE:
		return put_int(val, len, s->oobinline);
	case SO_ZEROCOPY:
		return put_int(val, len, s->zerocopy);
	case SO_TIMESTAMPING:
		return put_int(val, len, (int)s->tstamp);
	case SO_MEMINFO:
		return pd_meminfo_get(pd, s, val, len);
	default:
		return -ENOPROTOOPT;
	}
}

static int
get_tcp(struct pd *pd, struct pd_sock *s, int name, void *val, socklen_t *len)
{
	static const char *const cc[] = { [TCP_CC_CUBIC] = "cubic",
	    [TCP_CC_NEWRENO] = "reno" };
	char name16[16] = "";

	switch (name) {
	case TCP_INFO:
		return pd_info_get(pd, s, val, len);
	case TCP_CC_INFO:
		*len = 0;		/* neither algorithm has any */
		return 0;
	case TCP_CONGESTION:
		strncpy(name16, cc[s->conn != NULL ?
		    tcp_get(s->conn, TCPO_CC) : s->conf.cc], 15);
		return put_bytes(val, len, name16, sizeof(name16));
	case TCP_INQ:
		return put_int(val, len, s->inq);
	case TCP_LINGER2:
		return put_int(val, len, linger2_get(s));
	case TCP_NOTSENT_LOWAT:
		return put_int(val, len, (int)s->notsent_lowat);
	case TCP_DEFER_ACCEPT:
		return put_int(val, len, defer_seconds(s->conf.defer_tries));
	case TCP_FASTOPEN:
		return put_int(val, len, s->fastopen_queue);
	case PD_TCP_KEEPINIT:
		return put_int(val, len, (int)s->conf.open_timeout_ms / 1000);
	case TCP_FASTOPEN_CONNECT:
		return put_int(val, len, s->fastopen_connect);
	case TCP_FASTOPEN_NO_COOKIE:
		return put_int(val, len, s->fastopen_bare);
	case TCP_FASTOPEN_KEY:
		return put_bytes(val, len, s->conf.fastopen_key,
		    s->conf.fastopen_keyed ? TCP_FASTOPEN_KEY_LEN : 0);
	case TCP_IS_MPTCP:
		return put_int(val, len, 0);
	default:
		return -ENOPROTOOPT;
	}
}

int
pd_getsockopt(struct pd *pd, struct pd_sock *s, int level, int name,
    void *val, socklen_t *len)
{
	const struct knob *k = knob_of(level, name);
	struct pd_option *o = remembered(s, level, name);

	if (val == NULL || len == NULL)
		return -EFAULT;
	if (s->kind == PD_EPOLL)
		return -ENOTSOCK;
	if (s->udp != NULL && level == IPPROTO_TCP)
		return -EOPNOTSUPP;
	if (s->udp == NULL && level == IPPROTO_UDP)
		return -ENOPROTOOPT;
	if (k != NULL)
		return put_int(val, len, knob_get(pd, s, k));
	if (o != NULL)
		return put_int(val, len, o->value);
	if (level == IPPROTO_IP && name == IP_MTU_DISCOVER)
		return put_int(val, len, s->conf.pmtud ? IP_PMTUDISC_WANT :
		    IP_PMTUDISC_DONT);
	if (level == IPPROTO_IP && name == IP_MTU) {
		int mtu = path_mtu(pd, s);

		return mtu < 0 ? mtu : put_int(val, len, mtu);
	}
	if (only_remembered(level, name))
		return put_int(val, len, 0);
	if (level == SOL_SOCKET)
		return get_socket(pd, s, name, val, len);
	return level == IPPROTO_TCP ? get_tcp(pd, s, name, val, len) :
	    -ENOPROTOOPT;
}

static int
ifc_getsockopt(void *ud, int fd, int level, int name, void *val,
    socklen_t *len)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);

	if (s == NULL)
		return -1;
	return (int)pd_leave(pd, pd_getsockopt(pd, s, level, name, val, len));
}

static int
ifc_setsockopt(void *ud, int fd, int level, int name, const void *val,
    socklen_t len)
{
	struct pd *pd = ud;
	struct pd_sock *s = pd_enter(pd, fd);
	int r;

	if (s == NULL)
		return -1;
	if (s->kind == PD_EPOLL)
		return (int)pd_leave(pd, -ENOTSOCK);
	if (level == (s->udp != NULL ? IPPROTO_TCP : IPPROTO_UDP))
		return (int)pd_leave(pd, -ENOPROTOOPT);
	r = set_option(pd, s, level, name, val, len);
	if (r == 0 && s->udp != NULL && len >= sizeof(int))
		r = pd_udp_set(pd, s, level, name, *(const int *)val);
	if (r == 0 && s->listener != NULL)
		pd_conf_refresh(pd, s);
	if (r == 0 && s->listener != NULL)
		r = tcp_listener_set_conf(pd->stk, s->listener, &s->conf);
	return (int)pd_leave(pd, r);
}

void
pd_opt_members(struct packetdrill_interface *ifc)
{
	ifc->getsockopt = ifc_getsockopt;
	ifc->setsockopt = ifc_setsockopt;
}
