/*
 * tcp_conf.c - settings: the built-in ones, sets shared by many connections,
 * and the options of one.
 *
 * A connection that wants something of its own gets a copy first, so that a
 * million with the defaults cost one pointer each.  A set is counted; the
 * stack's own set is not, it lives as long as the stack.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

struct shared {
	struct tcp_conf conf;	/* first: what the users point at */
	uint32_t refs;
};

void
tcp_conf_default(struct tcp_conf *conf)
{
	*conf = (struct tcp_conf){
		.rcvbuf = 131072,
		.rcvbuf_max = 6291456,
		.sndbuf = 131072,
		.sndbuf_max = 6291456,
		.rto_initial_us = 1000000,	/* RFC 6298 2.1 */
		.rto_min_us = 200000,
		.rto_max_us = 120000000,
		.delack_us = 40000,
		.ack_segments = 2,		/* RFC 9293 MUST-59 */
		.timewait_us = 60000000,
		.finwait2_us = 60000000,
		.keep_idle_ms = 7200000,	/* RFC 1122 4.2.3.6 */
		.keep_intvl_ms = 75000,
		.challenge_us = 500000,
		.base_mss = 1024,		/* RFC 4821 7.2 */
		.initial_cwnd = 10,		/* RFC 6928 */
		.burst_segments = 2,
		.wscale = -1,
		.keep_count = 9,
		.syn_retries = 7,	/* RFC 9293 MUST-23: 3 minutes; 247 s */
		.synack_retries = 5,
		.retries = 15,
		.ecn = TCP_ECN_ACCURATE_ACCEPT,
		.ecn_tries = 1,
		.ecn_option = TCP_ACC_CHANGED,
		.ecn_validate = true,
		.cc = TCP_CC_CUBIC,
		.syn_cookies = TCP_COOKIES_OVERFLOW,
		.fastopen_queue = 256,
		.window_scaling = true,
		.timestamps = true,
		.mss_option = true,
		.sack = true,
		.rack = true,
		.tlp = true,
		.hystart = true,
		.pmtud = true,
		.quickack = true,
		.slow_start_idle = true,
	};
}

struct tcp_conf *
tcp_conf_stack(struct stack *stk)
{
	return &stk->tcp.conf;
}

/* The counted set that conf is the first member of. */
static struct shared *
shared_of(const struct tcp_conf *conf)
{
	return (struct shared *)(uintptr_t)conf;
}

/* Keep in step with "tcp set". */
static void
take(struct tcp_conf *to, const struct tcp_conf *from)
{
	to->cc = from->cc;
	to->ecn = from->ecn;
	to->ecn_option = from->ecn_option;
	to->syn_cookies = from->syn_cookies;
	to->fastopen = from->fastopen;
	to->mtu_probing = from->mtu_probing;
	to->sack = from->sack;
	to->timestamps = from->timestamps;
	to->pacing = from->pacing;
	to->timewait_us = from->timewait_us;
	to->rfc1337 = from->rfc1337;
	to->ts_lax = from->ts_lax;
	to->finwait2_us = from->finwait2_us;
	to->keep_idle_ms = from->keep_idle_ms;
	to->keep_intvl_ms = from->keep_intvl_ms;
	to->keep_count = from->keep_count;
	to->user_timeout_ms = from->user_timeout_ms;
}

void
tcp_conf_change(struct stack *stk, const struct tcp_conf *conf)
{
	take(&stk->tcp.conf, conf);
	for (unsigned i = 0; i < TCP_LISTENER_BUCKETS; i++) {
		for (struct tcp_listener *l = stk->tcp.listeners[i]; l != NULL;
		    l = l->hash_next) {
			if (l->conf != &stk->tcp.conf)
				take(&shared_of(l->conf)->conf, conf);
		}
	}
}

const struct tcp_conf *
tcp_conf_new(struct stack *stk, const struct tcp_conf *from)
{
	struct shared *s;

	if (from == NULL || from == &stk->tcp.conf)
		return &stk->tcp.conf;
	s = mem_alloc(&stk->mem, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->conf = *from;
	s->refs = 1;
	return &s->conf;
}

void
tcp_conf_get(struct stack *stk, const struct tcp_conf *conf)
{
	if (conf != &stk->tcp.conf)
		shared_of(conf)->refs++;
}

void
tcp_conf_put(struct stack *stk, const struct tcp_conf *conf)
{
	struct shared *s;

	if (conf == &stk->tcp.conf)
		return;
	s = shared_of(conf);
	assert(s->refs > 0);
	if (--s->refs == 0)
		mem_free(&stk->mem, s, sizeof(*s));
}

/* A set that only c uses, to be written to; NULL: no memory. */
static struct tcp_conf *
conf_own(struct stack *stk, struct tcp_conn *c)
{
	struct shared *s;

	if (c->conf != &stk->tcp.conf && shared_of(c->conf)->refs == 1)
		return &shared_of(c->conf)->conf;
	s = mem_alloc(&stk->mem, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->conf = *c->conf;
	s->refs = 1;
	tcp_conf_put(stk, c->conf);
	c->conf = &s->conf;
	return &s->conf;
}

static void
set_flag(struct tcp_conn *c, uint32_t flag, bool on)
{
	c->flags = on ? c->flags | flag : c->flags & ~flag;
}

/* Options that are a bit of the connection; false: it is none of those. */
static bool
set_bit(struct stack *stk, struct tcp_conn *c, enum tcp_opt opt, uint32_t v)
{
	switch (opt) {
	case TCPO_NODELAY:
		set_flag(c, CF_NODELAY, v != 0);
		break;
	case TCPO_CORK:
		set_flag(c, CF_CORK, v != 0);
		break;
	case TCPO_MORE:
		set_flag(c, CF_MORE, v != 0);
		break;
	case TCPO_KEEPALIVE:
		set_flag(c, CF_KEEPALIVE, v != 0);
		tcp_keepalive_restart(stk, c);
		break;
	case TCPO_QUICKACK:
		c->quick = v != 0 ? UINT8_MAX : 0;
		if (v != 0 && (c->flags & CF_ACK_SOON) != 0)
			c->flags |= CF_ACK_NOW;
		break;
	default:
		return false;
	}
	tcp_todo(stk, c, TODO_OUTPUT);
	return true;
}

/* Is the value one that the option may have? */
static bool
value_ok(const struct stack *stk, enum tcp_opt opt, uint32_t v)
{
	switch (opt) {
	case TCPO_KEEP_COUNT:
	case TCPO_SYN_RETRIES:
		return v > 0 && v <= 127;
	case TCPO_KEEP_IDLE_MS:
	case TCPO_KEEP_INTVL_MS:
		return v > 0 && v <= 32767000;
	case TCPO_MSS:
		return v >= TCP_MSS_MIN && v <= 65495;
	case TCPO_RCVBUF:
		return v > 0 && v <= stk->limits.tcp_rcvbuf;
	case TCPO_SNDBUF:
		return v > 0 && v <= stk->limits.tcp_sndbuf;
	case TCPO_TTL:
		return v <= 255;
	case TCPO_TOS:
		return v <= 255;
	case TCPO_CC:
		return v < TCP_CC_COUNT;
	case TCPO_ECN_OPTION:
		return v <= TCP_ACC_ALWAYS;
	case TCPO_FINWAIT2_MS:
		return v <= UINT32_MAX / 1000;
	case TCPO_RTO_MIN_US:
		return v > 0 && v <= 120000000;
	default:
		return opt < TCPO_COUNT;
	}
}

static void
set_conf(struct tcp_conn *c, struct tcp_conf *f, enum tcp_opt opt, uint32_t v)
{
	switch (opt) {
	case TCPO_KEEP_IDLE_MS:
		f->keep_idle_ms = v;
		break;
	case TCPO_KEEP_INTVL_MS:
		f->keep_intvl_ms = v;
		break;
	case TCPO_KEEP_COUNT:
		f->keep_count = (uint8_t)v;
		break;
	case TCPO_USER_TIMEOUT_MS:
		f->user_timeout_ms = v;
		break;
	case TCPO_RCVBUF:
		f->rcvbuf = f->rcvbuf_max = v;
		c->rcv_buf = v;
		break;
	case TCPO_WINDOW_CLAMP:
		f->window_clamp = v;
		break;
	case TCPO_SNDBUF:
		f->sndbuf = f->sndbuf_max = v;
		break;
	case TCPO_MSS:
		f->mss = (uint16_t)v;
		tcp_mss_update(c);
		break;
	case TCPO_FINWAIT2_MS:
		f->finwait2_us = v * 1000;
		break;
	case TCPO_LINGER:
		f->linger = v != 0;
		break;
	case TCPO_LINGER_MS:
		f->linger_ms = v;
		break;
	case TCPO_TTL:
		f->ttl = (uint8_t)v;
		break;
	case TCPO_TOS:
		f->tos = (uint8_t)v;
		break;
	case TCPO_CC:
		f->cc = c->cc = (uint8_t)v;
		tcp_cc(c)->init(c);
		break;
	case TCPO_RTO_MIN_US:
		f->rto_min_us = v;
		break;
	case TCPO_SYN_RETRIES:
		f->syn_retries = (uint8_t)v;
		break;
	case TCPO_ECN_OPTION:
		f->ecn_option = (uint8_t)v;
		break;
	case TCPO_PACING:
		f->pacing = v != 0;
		break;
	default:
		break;
	}
}

int
tcp_set(struct stack *stk, struct tcp_conn *c, enum tcp_opt opt,
    uint32_t value)
{
	struct tcp_conf *f;

	if (!value_ok(stk, opt, value))
		return -EINVAL;
	if (set_bit(stk, c, opt, value))
		return 0;
	f = conf_own(stk, c);
	if (f == NULL)
		return -ENOMEM;
	set_conf(c, f, opt, value);
	if (opt == TCPO_KEEP_IDLE_MS || opt == TCPO_KEEP_INTVL_MS)
		tcp_keepalive_restart(stk, c);
	return 0;
}

uint32_t
tcp_get(const struct tcp_conn *c, enum tcp_opt opt)
{
	const struct tcp_conf *f = c->conf;

	switch (opt) {
	case TCPO_NODELAY:
		return (c->flags & CF_NODELAY) != 0;
	case TCPO_CORK:
		return (c->flags & CF_CORK) != 0;
	case TCPO_MORE:
		return (c->flags & CF_MORE) != 0;
	case TCPO_KEEPALIVE:
		return (c->flags & CF_KEEPALIVE) != 0;
	case TCPO_QUICKACK:
		return c->quick > 0;
	case TCPO_KEEP_IDLE_MS:
		return f->keep_idle_ms;
	case TCPO_KEEP_INTVL_MS:
		return f->keep_intvl_ms;
	case TCPO_KEEP_COUNT:
		return f->keep_count;
	case TCPO_USER_TIMEOUT_MS:
		return f->user_timeout_ms;
	case TCPO_RCVBUF:
		return c->rcv_buf;
	case TCPO_WINDOW_CLAMP:
		return f->window_clamp;
	case TCPO_SNDBUF:
		return f->sndbuf;
	case TCPO_MSS:
		return c->mss;
	case TCPO_FINWAIT2_MS:
		return f->finwait2_us / 1000;
	case TCPO_LINGER:
		return f->linger;
	case TCPO_LINGER_MS:
		return f->linger_ms;
	case TCPO_TTL:
		return f->ttl;
	case TCPO_TOS:
		return f->tos;
	case TCPO_CC:
		return c->cc;
	case TCPO_RTO_MIN_US:
		return f->rto_min_us;
	case TCPO_SYN_RETRIES:
		return f->syn_retries;
	case TCPO_ECN_OPTION:
		return f->ecn_option;
	case TCPO_PACING:
		return f->pacing;
	default:
		return 0;
	}
}
