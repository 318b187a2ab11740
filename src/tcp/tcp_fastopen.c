/*
 * tcp_fastopen.c - TCP Fast Open (RFC 7413): data in the SYN, for who proved
 * his address before. Off unless conf->fastopen says otherwise.
 *
 * Server: the cookie is a keyed hash of both addresses, so that servers with
 * one key behind one address know each other's.  With a good one the data are
 * taken, and the connection is its owner's at once: he may answer in
 * SYN-RECEIVED (4.2.2), where only the SYN,ACK is ever retransmitted.
 * Client: remembers cookies and segment sizes in a small table by hash of the
 * server's address, the newer in place of the older.  Data that a SYN,ACK does
 * not take go again, without blame for cwnd.
 *
 * The option is kind 34; a server answers in the form it was asked in, and a
 * client that asked in vain tries the older, experimental form once.
 *
 * Not here: counting resets against the queue (5.1), and remembering paths
 * that swallow SYNs with data (4.1.3.1) beyond the one connection.
 */
#include "tcp/tcp_conn.h"

#include "base/cursor.h"

/* ---- the cookie ---------------------------------------------------------- */

static uint64_t
le64(const uint8_t *p)
{
	uint64_t v = 0;

	for (int i = 7; i >= 0; i--)
		v = v << 8 | p[i];
	return v;
}

/* RFC 7413 4.1.2: nobody else can make it, and it binds the address. */
static void
make_cookie(const struct stack *stk, const struct tcp_conn *c,
    uint8_t out[TCP_FO_COOKIE])
{
	const struct tcp_conf *f = c->conf;
	struct hash_key key = stk->tcp.cookie_key;
	uint8_t who[2 * sizeof(struct addr)];
	size_t n = sizeof(struct addr);
	uint64_t h;

	if (f->fastopen_keyed)
		key = (struct hash_key){ le64(f->fastopen_key),
		    le64(f->fastopen_key + 8) };
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
cookie_good(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_opts *o)
{
	uint8_t want[TCP_FO_COOKIE];

	make_cookie(stk, c, want);
	return o->fo_len == TCP_FO_COOKIE &&
	    memcmp(want, o->fo, TCP_FO_COOKIE) == 0;
}

/* ---- server -------------------------------------------------------------- */

/* c is its owner's from now on: only the SYN,ACK is still under way. */
static void
open_early(struct stack *stk, struct tcp_conn *c)
{
	c->flags |= CF_CONNECTED | CF_FO_EARLY | CF_SYN_ACKED;
	c->flags &= ~CF_FO_ASK;
	c->snd_una = c->iss + 1;
	stk->tcp.fo_pending++;
	tcp_cc_start(c);
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
	/* RFC 7413 4.2.2 step 4: too many already, back to the usual way. */
	if (stk->tcp.fo_pending >= f->fastopen_queue)
		return false;
	if (!bare && !cookie_good(stk, c, &s->o)) {
		/* RFC 7413 4.2.2 step 2: give one. */
		c->flags |= CF_FO_ASK | (s->o.fo_exp ? CF_FO_EXP : 0);
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

/* The place of a server's cookie. */
static struct tcp_fo_entry *
entry_of(const struct stack *stk, const struct addr *server)
{
	uint64_t h = siphash13(&stk->tcp.key, server, sizeof(*server));

	return (struct tcp_fo_entry *)(uintptr_t)
	    &stk->tcp.fo_cache[h % TCP_FO_CACHE];
}

/* What we know of a server, or NULL. */
static const struct tcp_fo_entry *
known(const struct stack *stk, const struct addr *server)
{
	const struct tcp_fo_entry *e = entry_of(stk, server);

	return e->mss != 0 && addr_eq(&e->server, server) ? e : NULL;
}

/* May a SYN carry data, for e and by these settings? */
static bool
data_allowed(const struct tcp_conf *f, const struct tcp_fo_entry *e)
{
	if ((f->fastopen & TCP_FASTOPEN_CLIENT) == 0)
		return false;
	return (f->fastopen & TCP_FASTOPEN_CLIENT_BARE) != 0 ||
	    (e != NULL && e->len > 0);
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
	const struct tcp_fo_entry *e = known(stk, remote);
	struct addr src;
	uint32_t mss, mtu;

	if (!data_allowed(f, e) || ip_path(stk, remote, &src, &mtu) != 0)
		return 0;
	mss = mtu - TCP_IP4_OVERHEAD;
	if (f->mss != 0)
		mss = tcp_min(mss, f->mss);
	if (e != NULL)
		mss = tcp_min(mss, e->mss);
	return tcp_max(mss, TCP_MSS_MIN) - TCP_OPTIONS_MAX;
}

void
tcp_fastopen_open(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_fo_entry *e = known(stk, &c->key.remote);

	if ((c->conf->fastopen & TCP_FASTOPEN_CLIENT) == 0)
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
	const struct tcp_fo_entry *e = known(stk, &c->key.remote);

	o->fo_exp = (c->flags & CF_FO_EXP) != 0;
	if (c->key.state == TCPS_SYN_RECEIVED) {
		o->fo_on = true;
		o->fo_len = TCP_FO_COOKIE;
		make_cookie(stk, c, o->fo);
		return;
	}
	/* RFC 7413 4.1.3.1: a SYN again goes without, something may be in the
	 * way that does not like it. */
	if ((c->flags & (CF_SYN_RETRANS | CF_FO_OFF)) != 0 ||
	    (c->conf->fastopen & TCP_FASTOPEN_CLIENT_BARE) != 0)
		return;
	o->fo_on = true;
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
	    !data_allowed(c->conf, known(stk, &c->key.remote)))
		return 0;
	return tcp_min(c->snd.len, c->mss - (uint32_t)TCP_OPTIONS_MAX);
}

void
tcp_fastopen_synack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	struct tcp_fo_entry *e = entry_of(stk, &c->key.remote);
	bool asked = (c->flags & (CF_SYN_RETRANS | CF_FO_OFF)) == 0 &&
	    c->snd_nxt == c->iss + 1;

	if ((c->flags & CF_FO_ASK) == 0)
		return;
	if (!addr_eq(&e->server, &c->key.remote))
		*e = (struct tcp_fo_entry){ .server = c->key.remote };
	e->mss = (uint16_t)tcp_max(c->peer_mss, 1);
	/* What nobody asked for is no cookie. */
	if ((c->conf->fastopen & TCP_FASTOPEN_CLIENT_BARE) != 0)
		return;
	if (s->o.fo_on && s->o.fo_len > 0) {
		e->exp = s->o.fo_exp;
		e->len = s->o.fo_len;
		memcpy(e->cookie, s->o.fo, s->o.fo_len);
	} else if (asked && e->len == 0 && e->asked < 2) {
		e->asked++;
	}
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
