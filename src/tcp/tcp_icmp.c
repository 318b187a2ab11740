/*
 * tcp_icmp.c - ICMP errors about our segments (RFC 1122 4.2.3.9, RFC 5927).
 *
 * An error must quote a sequence number that is in flight.  While a connection
 * opens it ends the attempt, later it is remembered and becomes the reason if
 * the connection times out; and it says that a path is gone, not full
 * (RFC 6069).
 */
#include "tcp/tcp_conn.h"

#include <errno.h>

#include "base/cursor.h"
#include "icmp/icmp.h"

/* RFC 1122 4.2.3.5: R2, and so long RFC 6069 may keep the time-out short. */
#define PATIENCE_US	(INT64_C(100) * USEC_PER_SEC)

/* The errno of "destination unreachable" by code; RFC 1122 3.2.2.1. */
static int
unreach_errno(uint8_t code)
{
	static const uint8_t by_code[] = {
		[0] = ENETUNREACH, [1] = EHOSTUNREACH, [2] = ENOPROTOOPT,
		[3] = ECONNREFUSED, [4] = EMSGSIZE, [5] = EOPNOTSUPP,
		[6] = ENETUNREACH, [7] = EHOSTDOWN, [8] = ENONET,
		[9] = ENETUNREACH, [10] = EHOSTUNREACH, [11] = ENETUNREACH,
		[12] = EHOSTUNREACH, [13] = EHOSTUNREACH,
		[14] = EHOSTUNREACH, [15] = EHOSTUNREACH,
	};

	return code < sizeof(by_code) ? by_code[code] : EHOSTUNREACH;
}

static int
icmp_errno(uint8_t type, uint8_t code)
{
	switch (type) {
	case ICMP_UNREACH:
		return unreach_errno(code);
	case ICMP_TIME_EXCEEDED:
		return EHOSTUNREACH;
	case ICMP_PARAM_PROBLEM:
		return EPROTO;
	default:
		return 0;
	}
}

/* RFC 1122 4.2.3.9: codes 2 to 4 will not pass by themselves; nor will what a
 * filter says (RFC 1812 5.2.7.1), nor a path too long. */
static bool
icmp_hard(uint8_t type, uint8_t code)
{
	const uint32_t hard = 1u << 2 | 1u << 3 | 1u << 4 | 1u << 9 |
	    1u << 10 | 1u << 13;

	if (type == ICMP_UNREACH)
		return code < 32 && (hard >> code & 1u) != 0;
	return type == ICMP_TIME_EXCEEDED && code == 0;
}

/* Does it end c's attempt to open? */
static bool
icmp_ends(const struct tcp_conn *c, uint8_t type, uint8_t code)
{
	if (c->key.state != TCPS_SYN_SENT && c->key.state != TCPS_SYN_RECEIVED)
		return false;
	/* Fast Open: whose owner has it is a connection like others. */
	if ((c->flags & CF_FO_EARLY) != 0 && c->listener == NULL)
		return false;
	return c->conf->icmp == TCP_ICMP_ANY ||
	    (c->conf->icmp == TCP_ICMP_HARD && icmp_hard(type, code));
}

/* RFC 5927 4.1: does the quoted number lie in what we have in flight? */
static bool
seq_plausible(const struct tcp_conn *c, uint32_t seq)
{
	/* A SYN,ACK may be out where the data behind it count already. */
	if (c->key.state == TCPS_SYN_RECEIVED)
		return seq_in(seq, c->iss, c->snd_nxt);
	return seq_in(seq, c->snd_una, c->snd_nxt);
}

/* A SYN with data was too big: it goes again at once, without them. */
static void
resend_syn(struct stack *stk, struct tcp_conn *c)
{
	if (c->key.state != TCPS_SYN_SENT || c->snd_nxt == c->iss + 1 ||
	    (c->flags & (CF_FO_OFF | CF_SYN_RETRANS)) != 0)
		return;
	c->flags |= CF_FO_OFF | CF_SYN_DUE;
	tcp_todo(stk, c, TODO_OUTPUT);
}

/* RFC 6069 4.2: what a time-out has sent again was dropped for want of a way,
 * not of room, and the time-out need not double for it. */
static void
undo_backoff(struct stack *stk, struct tcp_conn *c, uint8_t type,
    uint8_t code, uint32_t seq)
{
	const struct tcp_rec *r = c->fl != NULL ? c->fl->head : NULL;
	int64_t left;

	if (type != ICMP_UNREACH || code > 1 || !tcp_synced(c) || r == NULL ||
	    seq != c->snd_una || c->backoff == 0 || c->tries == 0 ||
	    c->send_kind != TCP_T_RTO ||
	    instant_diff(stk->now, c->stuck_since) > PATIENCE_US)
		return;
	c->backoff--;
	c->tries--;
	left = tcp_rto_now(c) - instant_diff(stk->now, r->sent);
	tcp_send_timer(stk, c, TCP_T_RTO, left > 0 ? left : 0);
}

void
tcp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info)
{
	struct tcp_key *k;
	struct tcp_conn *c;
	int error = icmp_errno(type, code);

	if (error == 0)
		return;
	k = tcp_key_lookup(stk, &quoted->src, be16_get(l4 + TCP_OFF_SPORT),
	    &quoted->dst, be16_get(l4 + TCP_OFF_DPORT));
	if (k == NULL || k->kind != TCP_KIND_CONN ||
	    !seq_plausible((struct tcp_conn *)k,
	    be32_get(l4 + TCP_OFF_SEQ))) {
		drop_count(stk, DROP_ICMP_NO_MATCH);
		return;
	}
	c = (struct tcp_conn *)k;
	if (error == EMSGSIZE) {
		/* RFC 5927 7.2: all that is out would fit, so no segment was
		 * too big. */
		if (info >= IP4_HLEN + TCP_HLEN + TCP_OPTIONS_MAX +
		    tcp_flight_bytes(c)) {
			drop_count(stk, DROP_ICMP_NO_MATCH);
			return;
		}
		tcp_pmtu_too_big(stk, c, ip_path_too_big(stk, &quoted->dst,
		    info, quoted->l4_len + IP4_HLEN));
		resend_syn(stk, c);
		return;
	}
	if (icmp_ends(c, type, code))
		tcp_die(stk, c, type == ICMP_UNREACH &&
		    c->conf->icmp == TCP_ICMP_HARD ? ECONNREFUSED : error);
	else
		c->soft_error = (uint8_t)error;
	if (c->key.state != TCPS_CLOSED)
		undo_backoff(stk, c, type, code, be32_get(l4 + TCP_OFF_SEQ));
}
