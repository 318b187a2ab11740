/*
 * tcp_fastopen.c - TCP Fast Open (RFC 7413): data in the SYN, for who proved
 * his address before. Off unless conf->fastopen says otherwise.
 *
 * Server: the cookie is a keyed hash of both addresses, so that servers with
 * one key behind one address know each other's.  With a good one the data are
 * taken, and the connection is its owner's at once: he may answer in
 * SYN-RECEIVED (4.2.2), where only the SYN,ACK is ever retransmitted.
 * The stack's own key changes by the clock; cookies of the last one are good
 * still, and replaced.
 * Client: remembers cookies, segment sizes and refusals in a small table by
 * hash of both addresses, the newer in place of the older.  Data that a
 * SYN,ACK does not take go again, without blame for cwnd.
 *
 * The option is kind 34; a server answers in the form it was asked in, and a
 * client that asked in vain tries the older, experimental form once.
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

#include "base/cursor.h"

/* RFC 7413 4.1.2: keys are changed from time to time; a cookie lives for one
 * to two of these. */
#define KEY_LIFE_US	(INT64_C(12) * 3600 * USEC_PER_SEC)
/* RFC 7413 4.1.3.1: after a refusal no Fast Open for this long, twice as long
 * after each further one, OFF_STEPS times. */
#define OFF_US		(INT64_C(60) * USEC_PER_SEC)
#define OFF_STEPS	6u
/* RFC 7413 5.1: a reset counts as pending as long as a SYN,ACK might. */
#define RESET_US	(INT64_C(60) * USEC_PER_SEC)

/* ---- the cookie ---------------------------------------------------------- */

static uint64_t
le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* The key of now (age 0), or the one before. */
static struct hash_key
cookie_key(const struct stack *stk, const struct tcp_conf *f, uint32_t age)
{
	uint64_t era[2] = { (uint64_t)(stk->now.us / KEY_LIFE_US) - age, 0 };
	struct hash_key key;

	if (f->fastopen_keyed)
		return (struct hash_key){ le64(f->fastopen_key),
		    le64(f->fastopen_key + 8) };
	key.k0 = siphash24(&stk->tcp.cookie_key, era, sizeof(era));
	era[1] = 1;
	key.k1 = siphash24(&stk->tcp.cookie_key, era, sizeof(era));
	return key;
}

/* RFC 7413 4.1.2: nobody else can make it, and it binds the address. */
static void
make_cookie(const struct stack *stk, const struct tcp_conn *c, uint32_t age,
    uint8_t out[TCP_FO_COOKIE])
{
	struct hash_key key = cookie_key(stk, c->conf, age);
	uint8_t who[2 * sizeof(struct addr)];
	size_t n = sizeof(struct addr);
	uint64_t h;

	if (addr_is_ip4(&c->key.remote)) {
		n = 4;
		be32_put(who, addr_to_ip4(&c->key.remote).v);
		be32_put(who + n, addr_to_ip4(&c->key.local).v);
	} else {
		memcpy(who, &c->key.remote, n);
		memcpy(who + n, &c->key.local, n);
	}
	h = siphash24(&key, who, 2 * n);
	for (unsigned i = 0; i < TCP_FO_COOKIE; i++)
		out[i] = (uint8_t)(h >> 8 * i);
}

static bool
cookie_good(const struct stack *stk, const struct tcp_conn *c, uint32_t age,
    const struct tcp_opts *o)
{
	uint8_t want[TCP_FO_COOKIE];

	make_cookie(stk, c, age, want);
	return o->fo_len == TCP_FO_COOKIE &&
	    memcmp(want, o->fo, TCP_FO_COOKIE) == 0;
}

/* ---- server -------------------------------------------------------------- */

/* c is its owner's from now on: only the SYN,ACK is still under way. */
static void
open_early(struct stack *stk, struct tcp_conn *c)
{
	c->flags |= CF_CONNECTED | CF_FO_EARLY | CF_SYN_ACKED;
	c->snd_una = c->iss + 1;
	stk->tcp.fo_pending++;
	tcp_cc_start(c);
}

/* RFC 7413 4.2.2 step 4, 5.1: too many already? */
static bool
queue_full(struct stack *stk, const struct tcp_conf *f)
{
	struct tcp_state *t = &stk->tcp;

	if (t->fo_resets > 0 && instant_reached(stk->now, t->fo_resets_end))
		t->fo_resets = 0;
	return t->fo_pending + t->fo_resets >= f->fastopen_queue;
}

void
tcp_fastopen_reset(struct stack *stk)
{
	stk->tcp.fo_resets++;
	stk->tcp.fo_resets_end = instant_add(stk->now, RESET_US);
}

bool
tcp_fastopen_syn(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	const struct tcp_conf *f = c->conf;
	bool bare = (f->fastopen & TCP_FASTOPEN_SERVER_BARE) != 0 &&
	    s->len > 0;

	if ((f->fastopen & TCP_FASTOPEN_SERVER) == 0 ||
	    (!s->o.fo_on && !bare))
		return false;
	if (queue_full(stk, f))
		return false;
	if (!bare && !cookie_good(stk, c, 0, &s->o)) {
		/* RFC 7413 4.2.2 step 2: give one. */
		c->flags |= CF_FO_ASK | (s->o.fo_exp ? CF_FO_EXP : 0);
		if (!cookie_good(stk, c, 1, &s->o))
			return false;
	}
	if (s->len > 0) {
		if (tcp_text(stk, c, s) != DROP_COUNT)
			return false;
		c->flags |= CF_FASTOPEN;
	}
	open_early(stk, c);
	return true;
}

/* ---- client -------------------------------------------------------------- */

/* The place of what we know of a path (RFC 7413 4.1.3: of both addresses). */
static struct tcp_fo_entry *
entry_of(const struct stack *stk, const struct addr *client,
    const struct addr *server)
{
	struct addr pair[2] = { *client, *server };
	uint64_t h = siphash13(&stk->tcp.key, pair, sizeof(pair));

	return (struct tcp_fo_entry *)(uintptr_t)
	    &stk->tcp.fo_cache[h % TCP_FO_CACHE];
}

/* What we know, or NULL. */
static const struct tcp_fo_entry *
known(const struct stack *stk, const struct addr *client,
    const struct addr *server)
{
	const struct tcp_fo_entry *e = entry_of(stk, client, server);

	return e->mss != 0 && addr_eq(&e->server, server) &&
	    addr_eq(&e->client, client) ? e : NULL;
}

/* The same of c's path, to be written. */
static struct tcp_fo_entry *
entry_for(struct stack *stk, const struct tcp_conn *c)
{
	struct tcp_fo_entry *e = entry_of(stk, &c->key.local, &c->key.remote);

	if (known(stk, &c->key.local, &c->key.remote) == NULL)
		*e = (struct tcp_fo_entry){ .client = c->key.local,
		    .server = c->key.remote };
	e->mss = (uint16_t)tcp_max(c->peer_mss, 1);
	return e;
}

static bool
is_bare(const struct tcp_conf *f)
{
	return (f->fastopen & TCP_FASTOPEN_CLIENT_BARE) != 0;
}

/* RFC 7413 4.1.3.1: refusals are remembered, for a while.  One of data without
 * a cookie says nothing of data with one. */
static bool
off(const struct stack *stk, const struct tcp_conf *f,
    const struct tcp_fo_entry *e)
{
	return e != NULL && e->refused > 0 && e->bare == is_bare(f) &&
	    instant_before(stk->now, e->off_until);
}

static void
refuse(struct stack *stk, struct tcp_fo_entry *e, bool bare)
{
	e->bare = bare;
	e->off_until = instant_add(stk->now,
	    OFF_US << tcp_min(e->refused, OFF_STEPS));
	if (e->refused < UINT8_MAX)
		e->refused++;
}

/* May a SYN carry data, for e and by these settings? */
static bool
data_allowed(const struct stack *stk, const struct tcp_conf *f,
    const struct tcp_fo_entry *e)
{
	if ((f->fastopen & TCP_FASTOPEN_CLIENT) == 0 || off(stk, f, e))
		return false;
	return is_bare(f) || (e != NULL && e->len > 0);
}

void
tcp_fastopen_forget(struct stack *stk)
{
	memset(stk->tcp.fo_cache, 0, sizeof(stk->tcp.fo_cache));
}

uint32_t
tcp_fastopen_room(struct stack *stk, const struct addr *remote,
    const struct tcp_conf *conf)
{
	const struct tcp_conf *f = conf != NULL ? conf : &stk->tcp.conf;
	const struct tcp_fo_entry *e;
	struct addr src;
	uint32_t mss, mtu;

	if (ip_path(stk, remote, &src, &mtu) != 0)
		return 0;
	e = known(stk, &src, remote);
	if (!data_allowed(stk, f, e))
		return 0;
	mss = mtu - TCP_IP4_OVERHEAD;
	if (f->mss != 0)
		mss = tcp_min(mss, f->mss);
	if (e != NULL)
		mss = tcp_min(mss, e->mss);
	return mss > TCP_OPTIONS_MAX ? mss - TCP_OPTIONS_MAX : 0;
}

void
tcp_fastopen_open(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_fo_entry *e = known(stk, &c->key.local,
	    &c->key.remote);

	if ((c->conf->fastopen & TCP_FASTOPEN_CLIENT) == 0 ||
	    off(stk, c->conf, e))
		return;
	c->flags |= CF_FO_ASK;
	if (e != NULL && (e->len > 0 ? e->exp : e->asked == 1))
		c->flags |= CF_FO_EXP;
	/* Without a cookie there is no word of the server's either. */
	c->peer_mss = e != NULL ? e->mss : tcp_own_mss(c);
	tcp_mss_update(c);
}

void
tcp_fastopen_option(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_opts *o)
{
	const struct tcp_fo_entry *e;

	o->fo_exp = (c->flags & CF_FO_EXP) != 0;
	if (c->key.state == TCPS_SYN_RECEIVED) {
		o->fo_on = true;
		o->fo_len = TCP_FO_COOKIE;
		make_cookie(stk, c, 0, o->fo);
		return;
	}
	/* RFC 7413 4.1.3.1: a SYN again goes without, something may be in the
	 * way that does not like it. */
	if ((c->flags & (CF_SYN_RETRANS | CF_FO_OFF)) != 0 ||
	    is_bare(c->conf))
		return;
	o->fo_on = true;
	e = known(stk, &c->key.local, &c->key.remote);
	if (e != NULL && e->len > 0) {
		o->fo_len = e->len;
		memcpy(o->fo, e->cookie, e->len);
	}
}

uint32_t
tcp_fastopen_syn_len(const struct stack *stk, const struct tcp_conn *c)
{
	const uint32_t no = CF_SYN_RETRANS | CF_FO_OFF;

	if ((c->flags & (CF_FO_ASK | no)) != CF_FO_ASK ||
	    c->mss <= TCP_OPTIONS_MAX || !data_allowed(stk, c->conf,
	    known(stk, &c->key.local, &c->key.remote)))
		return 0;
	return tcp_min(c->snd.len, c->mss - (uint32_t)TCP_OPTIONS_MAX);
}

/* Nothing of what went with the SYN was wanted, or it did not arrive. */
static bool
data_refused(const struct tcp_conn *c, const struct tcp_seg *s)
{
	return c->snd_nxt != c->iss + 1 && s->h.ack == c->iss + 1 &&
	    (c->flags & CF_FO_OFF) == 0;
}

void
tcp_fastopen_synack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	bool bare = is_bare(c->conf);
	bool asked = (c->flags & (CF_SYN_RETRANS | CF_FO_OFF)) == 0 &&
	    c->snd_nxt == c->iss + 1 && !bare;
	struct tcp_fo_entry *e;

	if ((c->flags & CF_FO_ASK) == 0)
		return;
	e = entry_for(stk, c);
	/* What nobody asked for is no cookie. */
	if (s->o.fo_on && s->o.fo_len > 0 && !bare) {
		e->exp = s->o.fo_exp;
		e->len = s->o.fo_len;
		memcpy(e->cookie, s->o.fo, s->o.fo_len);
		e->refused = 0;
	} else if (data_refused(c, s) || (asked && e->len == 0 &&
	    (c->conf->habits & TCP_HABIT_ASK_ONCE) != 0)) {
		refuse(stk, e, bare);
	} else if (asked && e->len == 0 && e->asked < 2) {
		e->asked++;
	} else if (s->h.ack != c->iss + 1) {
		e->refused = 0;
	}
}

void
tcp_fastopen_failed(struct stack *stk, const struct tcp_conn *c, int error)
{
	/* A reset, or the owner's own end, says nothing of the path. */
	if ((c->flags & CF_FO_ASK) == 0 || c->snd_nxt == c->iss ||
	    c->snd_nxt == c->iss + 1 || error == 0 || error == ECONNREFUSED ||
	    error == ECONNABORTED)
		return;
	refuse(stk, entry_for(stk, c), is_bare(c->conf));
}

void
tcp_fastopen_taken(struct stack *stk, struct tcp_conn *c, uint32_t ack)
{
	uint32_t first = c->iss + 1, end = c->snd_nxt;
	uint32_t n = tcp_min(ack - first, end - first);

	if (end == first)
		return;
	tcp_bytes_skip(stk, &c->snd, tcp_min(n, c->snd.len));
	c->snd_una = first + n;
	if (c->snd_una == end) {
		c->flags |= CF_FASTOPEN;
		return;
	}
	/* What it does not take was lost or not wanted: no congestion. */
	c->snd_nxt = c->snd_una;
	if (tcp_flight_get(stk, c) != NULL &&
	    tcp_rec_add(stk, c, c->snd_una, end, false) == 0) {
		c->snd_nxt = end;
		c->fl->tail->flags |= REC_PSH;
		tcp_recovery_resize(stk, c);
	}
}
