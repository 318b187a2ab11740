/*
 * tcp_fastopen.c - TCP Fast Open (RFC 7413): data in the SYN, for who proved
 * his address before. Off unless conf->fastopen says otherwise.
 *
 * Server: the cookie is a keyed hash of the client's address.  With a good one
 * the data are taken and the connection may be accepted at once; what the
 * owner answers waits for the last ACK of the handshake.
 * Client: remembers cookies in a small table by hash of the server's address,
 * the newer in place of the older.
 */
#include "tcp/tcp_conn.h"

static void
make_cookie(const struct stack *stk, const struct addr *client,
    uint8_t out[TCP_FO_COOKIE])
{
	uint64_t h = siphash24(&stk->tcp.cookie_key, client, sizeof(*client));

	memcpy(out, &h, TCP_FO_COOKIE);
}

static bool
cookie_good(const struct stack *stk, const struct tcp_conn *c,
    const struct tcp_opts *o)
{
	uint8_t want[TCP_FO_COOKIE];

	make_cookie(stk, &c->key.remote, want);
	return o->fo_len == TCP_FO_COOKIE &&
	    memcmp(want, o->fo, TCP_FO_COOKIE) == 0;
}

bool
tcp_fastopen_syn(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	if ((c->conf->fastopen & TCP_FASTOPEN_SERVER) == 0 || !s->o.fo_on)
		return false;
	if (!cookie_good(stk, c, &s->o)) {
		c->flags |= CF_FO_ASK;	/* RFC 7413 4.2.2: give one */
		return false;
	}
	if (s->len == 0 || tcp_text(stk, c, s) != DROP_COUNT)
		return false;
	c->flags |= CF_FASTOPEN;
	return true;
}

/* The place of a server's cookie. */
static struct tcp_fo_entry *
entry_of(const struct stack *stk, const struct addr *server)
{
	uint64_t h = siphash13(&stk->tcp.key, server, sizeof(*server));

	return (struct tcp_fo_entry *)(uintptr_t)
	    &stk->tcp.fo_cache[h % TCP_FO_CACHE];
}

/* The cookie that we hold for c's peer, or NULL. */
static const struct tcp_fo_entry *
known(const struct stack *stk, const struct tcp_conn *c)
{
	const struct tcp_fo_entry *e = entry_of(stk, &c->key.remote);

	return e->len > 0 && addr_eq(&e->server, &c->key.remote) ? e : NULL;
}

void
tcp_fastopen_open(struct stack *stk, struct tcp_conn *c)
{
	const struct tcp_fo_entry *e = known(stk, c);

	if ((c->conf->fastopen & TCP_FASTOPEN_CLIENT) == 0)
		return;
	c->flags |= CF_FO_ASK;
	if (e == NULL)
		return;
	c->peer_mss = e->mss;
	tcp_mss_update(c);
}

void
tcp_fastopen_option(const struct stack *stk, const struct tcp_conn *c,
    struct tcp_opts *o)
{
	const struct tcp_fo_entry *e;

	/* RFC 7413 4.2.1: a SYN again goes without, something may be in the
	 * way that does not like it. */
	if (c->key.state == TCPS_SYN_SENT &&
	    (c->flags & CF_SYN_RETRANS) != 0)
		return;
	o->fo_on = true;
	if (c->key.state == TCPS_SYN_RECEIVED) {
		o->fo_len = TCP_FO_COOKIE;
		make_cookie(stk, &c->key.remote, o->fo);
	} else if ((e = known(stk, c)) != NULL) {
		o->fo_len = e->len;
		memcpy(o->fo, e->cookie, e->len);
	}
}

uint32_t
tcp_fastopen_syn_len(const struct stack *stk, const struct tcp_conn *c)
{
	if ((c->flags & (CF_FO_ASK | CF_SYN_RETRANS)) != CF_FO_ASK ||
	    known(stk, c) == NULL)
		return 0;
	return tcp_min(c->snd.len, c->mss - (uint32_t)TCP_OPTIONS_MAX);
}

static void
remember(struct stack *stk, const struct tcp_conn *c, const struct tcp_seg *s)
{
	struct tcp_fo_entry *e = entry_of(stk, &c->key.remote);

	e->server = c->key.remote;
	e->mss = c->peer_mss;
	e->len = s->o.fo_len;
	memcpy(e->cookie, s->o.fo, s->o.fo_len);
}

void
tcp_fastopen_synack(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	uint32_t n = s->h.ack - (c->iss + 1);

	if ((c->flags & CF_FO_ASK) == 0)
		return;
	if (s->o.fo_on && s->o.fo_len > 0)
		remember(stk, c, s);
	if (n > 0)
		c->flags |= CF_FASTOPEN;
	/* What it does not take is sent as if for the first time. */
	tcp_bytes_skip(stk, &c->snd, tcp_min(n, c->snd.len));
	c->snd_una = c->snd_nxt = c->iss + 1 + n;
}
