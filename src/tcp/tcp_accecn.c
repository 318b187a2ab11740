/*
 * tcp_accecn.c - Accurate ECN (RFC 9768): agreeing on it, counting marks,
 * telling the peer, and reading what the peer tells.
 *
 * Three flags of the header, AE, CWR and ECE, are a number, ACE: packets that
 * came with CE, from 5, modulo 8; in the handshake it is the codepoint with
 * which the SYN came.  An option tells of bytes, too, where it fits and gets
 * through.  All that the rest of TCP sees is how many of our packets are newly
 * known to have been marked; the reaction to that is RFC 3168's, once a round
 * trip (tcp_recovery.c).
 *
 * ECT(0) goes on what RFC 3168 6.1 lets have it, new data; a peer, or a path,
 * that mangles the codepoints or the numbers gets no more of it, while its own
 * marks are counted and told as before (3.2.2.3, 3.2.2.4), and what it tells
 * still counts, unless its numbers are those that are mangled.
 *
 * Not here: ECT(1) and the rest of L4S (RFC 9331).  The option's counters are
 * always sent ECT(1) first, which is one of two orders the RFC leaves open.
 *
 * Read RFC 9768 3; RFC 8311 4.3 for TCP_HABIT_ECT_ALL.
 */
#include "tcp/tcp_conn.h"

#define ACC_ON		0x0001u	/* both ends agreed */
#define ACC_NO_ECT	0x0002u	/* send nothing ECN-capable */
#define ACC_THIRD	0x0004u	/* the next segment acknowledges a SYN,ACK */
#define ACC_FIRST	0x0008u	/* the peer's first ACE is awaited */
#define ACC_LAST_ACK	0x0010u	/* this ACK is the handshake's: no counter */
#define ACC_WAS_CE	0x0020u	/* the segment before came with CE */
#define ACC_SYN_OPT	0x0040u	/* a SYN,ACK of ours had the option */
#define ACC_OPT_SEEN	0x0080u	/* the peer sends the option */
#define ACC_OPT_BAD	0x0100u	/* and it was mangled */
#define ACC_OPT_OFF	0x0200u	/* ours does not get through */
#define ACC_DEAF	0x0400u	/* the peer's ACE is zeroed: believe none */
#define ACC_ACE_OFF	0x0800u	/* ours does not get through, it seems */
#define ACC_OPT_COUNTS	0x1000u	/* the peer's option has counters */
#define ACC_SYN_CE	0x2000u	/* our SYN or SYN,ACK came with CE */

#define ACE_MASK	7u
#define ACE_CLASSIC	3u	/* of a SYN: RFC 3168 6.1.1 */
#define SYN_TRIES	2u	/* RFC 9768 3.1.4.1: that ask */
#define FIELD_MASK	0xffffffu
#define FIELD_OLD	0x800000u	/* a step so long is one back */
#define SIZE_UNIT	8u	/* of ack_size */
#define SIZE_LARGE	(4 * SIZE_UNIT)	/* ACKs are few, not lost */
#define PENDING_DATA	2u	/* RFC 9768 3.2.2.5.1: marks that draw an ACK */
#define PENDING_EMPTY	3u
#define PENDING_MAX	6u	/* of one ACK */

/* Codepoint to ACE in the handshake (RFC 9768 3.2.2.1, table 3). */
static const uint8_t handshake_ace[4] = {
	[IP_ECN_NOT] = 2, [IP_ECN_ECT1] = 3, [IP_ECN_ECT0] = 4, [IP_ECN_CE] = 6,
};

/* The order in which an option has its counters (RFC 9768 3.2.3). */
static const uint8_t field_order[2][TCP_ACC_FIELDS] = {
	{ TCP_ACC_ECT0, TCP_ACC_CE, TCP_ACC_ECT1 },
	{ TCP_ACC_ECT1, TCP_ACC_CE, TCP_ACC_ECT0 },
};

static uint8_t
ace_of(uint16_t flags)
{
	return (uint8_t)(((flags & TCP_AE) != 0 ? 4 : 0) |
	    ((flags & TCP_CWR) != 0 ? 2 : 0) |
	    ((flags & TCP_ECE) != 0 ? 1 : 0));
}

static uint16_t
flags_of(uint32_t ace)
{
	return (uint16_t)(((ace & 4) != 0 ? TCP_AE : 0) |
	    ((ace & 2) != 0 ? TCP_CWR : 0) |
	    ((ace & 1) != 0 ? TCP_ECE : 0));
}

/* ---- the handshake ------------------------------------------------------- */

static struct tcp_accecn *
acc_new(struct stack *stk)
{
	struct tcp_accecn *a = mem_alloc(&stk->mem, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->r_cep = a->s_cep = a->opt_cep = TCP_ACC_CEP;
	a->told = TCP_ACC_CEP;
	a->r_bytes[TCP_ACC_ECT0] = a->r_bytes[TCP_ACC_ECT1] = TCP_ACC_BYTES;
	a->s_bytes[TCP_ACC_ECT0] = a->s_bytes[TCP_ACC_ECT1] = TCP_ACC_BYTES;
	return a;
}

void
tcp_accecn_put(struct stack *stk, struct tcp_conn *c)
{
	if (c->acc == NULL)
		return;
	mem_free(&stk->mem, c->acc, sizeof(*c->acc));
	c->acc = NULL;
}

void
tcp_accecn_open(struct stack *stk, struct tcp_conn *c)
{
	if (c->conf->ecn == TCP_ECN_ACCURATE)
		c->acc = acc_new(stk);
}

/* RFC 9768 3.1.2, 3.1.3: who asks sets all three flags; what is neither that
 * nor RFC 3168's nor nothing shall be read as if it were. */
bool
tcp_accecn_asked(const struct tcp_conf *conf, const struct tcp_seg *s)
{
	uint8_t ace = ace_of(s->h.flags);

	return conf->ecn >= TCP_ECN_ACCURATE && ace != 0 && ace != ACE_CLASSIC;
}

/* What a SYN,ACK, or the ACK of ours, says of how our SYN came (3.2.2.3): it
 * went as not ECN-capable, and nothing on the way may change that. */
static void
validate(struct tcp_conn *c, uint8_t ace)
{
	if (c->conf->ecn_validate && (ace == 3 || ace == 4 || ace == 6))
		c->acc->flags |= ACC_NO_ECT;
}

/* Takes note of the peer's option, and of one that comes zeroed (3.2.3.2.4). */
static void
note_option(struct tcp_accecn *a, const struct tcp_opts *o)
{
	if (!o->acc_on || (a->flags & ACC_OPT_SEEN) != 0)
		return;
	a->flags |= ACC_OPT_SEEN;
	if (o->acc_fields > 0)
		a->flags |= ACC_OPT_COUNTS;
	for (unsigned i = 0; i < o->acc_fields; i++) {
		if (field_order[o->acc_order][i] != TCP_ACC_CE &&
		    o->acc[i] == 0)
			a->flags |= ACC_OPT_BAD;
	}
}

/* The answer to our SYN. */
static bool
synack_agrees(struct stack *stk, struct tcp_conn *c, const struct tcp_seg *s)
{
	struct tcp_accecn *a = c->acc;
	uint8_t ace = ace_of(s->h.flags);

	/* RFC 9768 3.1.2: not ECN; RFC 3168; a mirror.  5 is reserved, and to
	 * be read as consent (3.1.3). */
	if (a == NULL || ace <= 1 || ace == 7)
		return false;
	a->flags |= ACC_ON | ACC_THIRD | ACC_FIRST;
	a->syn_ecn = s->ecn;
	validate(c, ace);
	if (ace == 6)
		a->flags |= ACC_SYN_CE;
	note_option(a, &s->o);
	/* 3.2.3.2.1: show that ours gets through as well. */
	if (s->o.acc_on)
		a->changed = 1u << TCP_ACC_ECT0;
	tcp_accecn_received(stk, c, s);
	return true;
}

bool
tcp_accecn_agree(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	bool on;

	if ((s->h.flags & TCP_ACK) != 0) {
		on = synack_agrees(stk, c, s);
	} else {
		on = tcp_accecn_asked(c->conf, s);
		if (on && c->acc == NULL)
			c->acc = acc_new(stk);
		on = on && c->acc != NULL;
		if (on) {
			c->acc->flags |= ACC_ON;
			c->acc->syn_ecn = s->ecn;
		}
	}
	if (!on)
		tcp_accecn_put(stk, c);
	return on;
}

bool
tcp_accecn_syn_again(struct tcp_conn *c, const struct tcp_seg *s)
{
	/* RFC 9768 3.1.5: SYNs of both kinds, and the ends would not know
	 * which of them made the other's mind up. */
	if (c->acc == NULL)
		return (c->flags & CF_ECN) == 0 ||
		    !tcp_accecn_asked(c->conf, s);
	if (ace_of(s->h.flags) == ACE_CLASSIC)
		return false;
	c->acc->syn_ecn = s->ecn;
	/* 3.1.5: a SYN without ACE came, for fear of losing more. */
	if (ace_of(s->h.flags) == 0)
		c->acc->flags |= ACC_NO_ECT | ACC_ACE_OFF;
	return true;
}

void
tcp_accecn_opened(struct tcp_conn *c, const struct tcp_seg *s)
{
	struct tcp_accecn *a = c->acc;
	uint8_t ace = ace_of(s->h.flags);

	/* RFC 9768 3.2.2.1: only an ACK and nothing else tells how the SYN,ACK
	 * came; if that one got lost, this is the counter already. */
	if (s->slen > 0 || s->o.sacks > 0)
		return;
	/* 3.2.2.1, table 4: the peer has no feedback, or something zeroed it;
	 * who of the two is not to be known, so it goes on having ours. */
	if (ace == 0)
		a->flags |= ACC_NO_ECT | ACC_DEAF;
	validate(c, ace);
	if (ace == 6) {
		a->s_cep = TCP_ACC_CEP + 1;
		a->flags |= ACC_SYN_CE;
	}
	a->flags |= ACC_LAST_ACK;
}

uint16_t
tcp_accecn_cookie(const struct tcp_conf *conf, const struct tcp_seg *s)
{
	return tcp_accecn_asked(conf, s) ?
	    flags_of(handshake_ace[s->ecn]) : 0;
}

/* RFC 9768 5.1: a peer with RFC 3168 sends neither AE, nor CWR so early. */
bool
tcp_accecn_cookie_back(const struct tcp_conf *conf, const struct tcp_seg *s)
{
	return conf->ecn >= TCP_ECN_ACCURATE && ace_of(s->h.flags) >= 2;
}

uint16_t
tcp_accecn_syn_flags(struct tcp_conn *c, bool ack)
{
	struct tcp_accecn *a = c->acc;

	/* RFC 9768 3.1.4.1: once more, then without, since something on the way
	 * may throw away what it does not know; not this peer's answer. */
	if (c->tries < SYN_TRIES || (a->flags & ACC_LAST_ACK) != 0)
		return flags_of(ack ? handshake_ace[a->syn_ecn] : ACE_MASK);
	/* 3.1.5: and whoever took such a SYN,ACK may not want ECT. */
	if (ack)
		a->flags |= ACC_NO_ECT | ACC_ACE_OFF;
	return 0;
}

bool
tcp_accecn_syn_marked(const struct tcp_accecn *a)
{
	return (a->flags & ACC_SYN_CE) != 0;
}

/* ---- what comes in ------------------------------------------------------- */

/* RFC 9768 3.2.2.5.1: the number has 3 bits; tell before it wraps, but do not
 * answer empty segments for ever. */
static void
ack_marks(struct tcp_conn *c, const struct tcp_seg *s, bool change)
{
	uint8_t pending = (uint8_t)(c->acc->r_cep - c->acc->told);
	bool unacked = s->len > 0 || c->rcv_acked != c->rcv_nxt;

	if (change || pending >= (unacked ? PENDING_DATA : PENDING_EMPTY))
		c->flags |= CF_ACK_NOW;
}

void
tcp_accecn_received(struct stack *stk, struct tcp_conn *c,
    const struct tcp_seg *s)
{
	struct tcp_accecn *a = c->acc;
	bool ce = s->ecn == IP_ECN_CE, change;
	uint8_t pending = (uint8_t)(a->r_cep - a->told);

	if (ce && pending > 0 && pending + s->segments > PENDING_MAX &&
	    tcp_synced(c))
		tcp_send_ack(stk, c);

	if (s->len > 0 && s->ecn != IP_ECN_NOT) {
		a->r_bytes[s->ecn - 1] += s->len;
		a->changed |= (uint8_t)(1u << (s->ecn - 1));
	}
	if (seq_gt(s->seq + s->len, c->rcv_nxt))
		a->repeats = 0;
	change = s->len > 0 && ce && (a->flags & ACC_WAS_CE) == 0;
	a->flags = (uint16_t)(ce ? a->flags | ACC_WAS_CE :
	    a->flags & ~ACC_WAS_CE);
	if (ce) {
		a->r_cep += s->segments;
		stk->tcp.stats.marks_received += s->segments;
		ack_marks(c, s, change);
	}
}

/* RFC 9768 3.2.3.2.2: ACKs with the option seem to get lost. */
void
tcp_accecn_repeated(struct tcp_conn *c)
{
	struct tcp_accecn *a = c->acc;

	if ((a->flags & ACC_OPT_SEEN) != 0 && a->repeats < UINT8_MAX &&
	    ++a->repeats >= 2)
		a->flags |= ACC_OPT_OFF;
}

/* The counters of the option: what they add to ours, by TCP_ACC_; false: it
 * has none that count, or is older than what we know. */
static bool
read_option(const struct tcp_accecn *a, const struct tcp_opts *o,
    uint32_t step[3])
{
	if (!o->acc_on || (a->flags & ACC_OPT_BAD) != 0)
		return false;
	for (unsigned i = 0; i < o->acc_fields; i++) {
		unsigned k = field_order[o->acc_order][i];

		step[k] = (o->acc[i] - a->s_bytes[k]) & FIELD_MASK;
		if (step[k] >= FIELD_OLD)
			return false;
	}
	return o->acc_fields > 0;
}

/* RFC 9768 3.2.2.5.2: the step of ACE is known modulo 8 only.  Bytes say how
 * often it went round; without them it did as often as it could, unless this
 * peer's ACKs stand for many segments anyway and none need be lost. */
static uint32_t
unwrap(const struct tcp_conn *c, uint32_t step, uint32_t segments,
    const uint32_t *ce_bytes)
{
	uint32_t mss = tcp_max(c->mss, 1), least, most;

	if (segments <= ACE_MASK)
		return step;
	most = segments - ((segments - step) & ACE_MASK);
	if (ce_bytes != NULL) {
		least = (*ce_bytes + mss - 1) / mss;
		if (least > step)
			step += (least - step + ACE_MASK) & ~ACE_MASK;
		return tcp_min(step, most);
	}
	return c->acc->ack_size > SIZE_LARGE ? step : most;
}

/* Bytes came with CE, but by ACE, which cannot have gone round since the last
 * option, no packet: one of the two was mangled (RFC 9768 3.2.3.2.5). */
static void
take_bytes(struct tcp_accecn *a, const uint32_t step[3], bool with_ce)
{
	for (unsigned i = 0; i < 3; i++)
		a->s_bytes[i] += step[i];
	if (!with_ce)
		return;
	if (step[TCP_ACC_CE] > 0 && a->s_cep == a->opt_cep &&
	    a->since <= ACE_MASK)
		a->flags |= ACC_NO_ECT;
	a->opt_cep = a->s_cep;
	a->since = 0;
}

static void
note_ack_size(struct tcp_accecn *a, uint32_t segments)
{
	uint32_t n = tcp_min(segments, UINT16_MAX / SIZE_UNIT);

	a->ack_size = (uint16_t)(a->ack_size == 0 ? n * SIZE_UNIT :
	    a->ack_size - a->ack_size / SIZE_UNIT + n);
}

uint32_t
tcp_accecn_acked(struct tcp_conn *c, const struct tcp_seg *s,
    uint32_t segments, bool newer)
{
	struct tcp_accecn *a = c->acc;
	uint8_t ace = ace_of(s->h.flags);
	uint32_t step[3] = { 0 }, n;
	bool bytes, skip = (a->flags & ACC_LAST_ACK) != 0;

	note_option(a, &s->o);
	/* RFC 9768 3.2.2.4: the first one is 5, or a little more. */
	if ((a->flags & ACC_FIRST) != 0 && ace == 0)
		a->flags |= ACC_NO_ECT | ACC_DEAF;
	a->flags &= (uint16_t)~(ACC_LAST_ACK | ACC_FIRST);
	/* An ACK that was overtaken says what was once. */
	if (skip || (a->flags & ACC_DEAF) != 0 ||
	    (segments == 0 && !newer) || c->snd_nxt == c->iss + 1)
		return 0;
	if (segments > 0)
		note_ack_size(a, segments);
	bytes = read_option(a, &s->o, step);
	n = unwrap(c, (ace - a->s_cep) & ACE_MASK, segments,
	    bytes && s->o.acc_fields > 1 ? &step[TCP_ACC_CE] : NULL);
	a->s_cep += n;
	a->since = (uint8_t)tcp_min(a->since + segments, UINT8_MAX);
	if (bytes) {
		a->flags |= ACC_OPT_COUNTS;
		take_bytes(a, step, s->o.acc_fields > 1);
	}
	return n;
}

/* ---- what goes out ------------------------------------------------------- */

uint16_t
tcp_accecn_flags(struct tcp_conn *c)
{
	struct tcp_accecn *a = c->acc;
	uint32_t ace = a->r_cep & ACE_MASK;

	/* RFC 9768 3.2.2.1: the ACK of a SYN,ACK says how that came. */
	if ((a->flags & ACC_THIRD) != 0)
		ace = handshake_ace[a->syn_ecn];
	a->flags &= (uint16_t)~ACC_THIRD;
	a->told = (uint8_t)a->r_cep;
	return flags_of(ace);
}

void
tcp_accecn_again(struct tcp_conn *c, const struct tcp_seg *s, bool on)
{
	struct tcp_accecn *a = c->acc;

	a->flags &= (uint16_t)~ACC_THIRD;
	if (on) {
		a->flags |= ACC_THIRD;
		a->syn_ecn = s->ecn;
	}
}

bool
tcp_accecn_ect(const struct tcp_conn *c)
{
	return (c->acc->flags & (ACC_ON | ACC_NO_ECT)) == ACC_ON;
}

static bool
option_wanted(const struct tcp_conn *c)
{
	const struct tcp_accecn *a = c->acc;

	if ((a->flags & (ACC_ON | ACC_OPT_SEEN | ACC_OPT_OFF)) !=
	    (ACC_ON | ACC_OPT_SEEN))
		return false;
	return c->conf->ecn_option == TCP_ACC_ALWAYS ||
	    (c->conf->ecn_option == TCP_ACC_CHANGED && a->changed != 0);
}

/* How many counters must go for the changed ones to be among them. */
static uint8_t
fields_needed(const struct tcp_accecn *a)
{
	uint8_t n = TCP_ACC_FIELDS;

	while (n > 1 && (a->changed & 1u << field_order[1][n - 1]) == 0)
		n--;
	return n;
}

uint8_t
tcp_accecn_fields(const struct tcp_conn *c, uint32_t used, uint8_t *blocks)
{
	uint32_t room = tcp_min(TCP_OPTIONS_MAX, c->mss - tcp_min(c->mss,
	    TCP_PAYLOAD_MIN));
	uint8_t least, n;

	if (!option_wanted(c))
		return 0;
	least = fields_needed(c->acc);
	/* RFC 9768 3.2.3.3: two blocks of SACK are worth more than this. */
	for (uint8_t b = *blocks;; b--) {
		uint32_t others = used + (b > 0 ? 4 + 8u * b : 0);

		n = TCP_ACC_FIELDS;
		while (n >= least && others + tcp_acc_len(n) > room)
			n--;
		if (n >= least) {
			*blocks = b;
			return n;
		}
		if (b <= 2)
			return 0;
	}
}

void
tcp_accecn_option(struct tcp_conn *c, uint8_t fields, struct tcp_opts *o)
{
	struct tcp_accecn *a = c->acc;
	/* RFC 9768 3.2.3.2.1: the first ACK may get lost unnoticed, so what
	 * comes after it, mostly data, tries the path once more. */
	bool again = (a->flags & ACC_THIRD) != 0;

	o->acc_on = true;
	o->acc_order = 1;
	o->acc_fields = fields;
	for (unsigned i = 0; i < fields; i++) {
		unsigned k = field_order[1][i];

		o->acc[i] = a->r_bytes[k] & FIELD_MASK;
		if (!again)
			a->changed &= (uint8_t)~(1u << k);
	}
}

void
tcp_accecn_synack_option(struct tcp_conn *c, struct tcp_opts *o)
{
	/* RFC 9768 3.2.3.2.2: perhaps it was for the option that the first
	 * one got lost. */
	if (c->conf->ecn_option == TCP_ACC_NEVER ||
	    (c->acc->flags & ACC_SYN_OPT) != 0 || tcp_options_len(o) +
	    tcp_acc_len(TCP_ACC_FIELDS) > TCP_OPTIONS_MAX)
		return;
	c->acc->flags |= ACC_SYN_OPT;
	tcp_accecn_option(c, TCP_ACC_FIELDS, o);
}

/* ---- for who looks ------------------------------------------------------- */

static enum tcp_acc_seen
option_seen(uint16_t flags)
{
	if ((flags & ACC_OPT_SEEN) == 0)
		return TCP_ACC_SEEN_NONE;
	if ((flags & ACC_OPT_BAD) != 0)
		return TCP_ACC_SEEN_MANGLED;
	return (flags & ACC_OPT_COUNTS) != 0 ? TCP_ACC_SEEN_COUNTS :
	    TCP_ACC_SEEN_EMPTY;
}

/* Counters are from 0.  Whoever gets no ECT for another reason than that our
 * flags may not reach it told of marks that it cannot have seen. */
void
tcp_accecn_show(const struct tcp_accecn *a, struct tcp_status *o)
{
	bool deaf = (a->flags & ACC_DEAF) != 0 ||
	    (a->flags & (ACC_NO_ECT | ACC_ACE_OFF)) == ACC_NO_ECT;

	o->received_ce = a->r_cep - TCP_ACC_CEP;
	o->delivered_ce = a->s_cep - TCP_ACC_CEP;
	for (unsigned i = 0; i < 3; i++) {
		uint32_t first = i == TCP_ACC_CE ? 0 : TCP_ACC_BYTES;

		o->received_ecn[i] = a->r_bytes[i] - first;
		o->delivered_ecn[i] = a->s_bytes[i] - first;
	}
	o->acc_seen = (uint8_t)option_seen(a->flags);
	o->acc_fail =
	    ((a->flags & ACC_ACE_OFF) != 0 ? TCP_ACC_FAIL_ACE_SENT : 0) |
	    (deaf ? TCP_ACC_FAIL_ACE_RECEIVED : 0) |
	    ((a->flags & ACC_OPT_OFF) != 0 ? TCP_ACC_FAIL_OPTION_SENT : 0) |
	    ((a->flags & ACC_OPT_BAD) != 0 ? TCP_ACC_FAIL_OPTION_RECEIVED : 0);
}
