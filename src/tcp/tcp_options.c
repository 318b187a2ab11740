/*
 * tcp_options.c - TCP options, bytes to a struct and back.
 *
 * Reading is liberal: an unknown option is skipped by its length (RFC 9293
 * MUST-6), a malformed one ends the list but not the segment (MUST-7).
 * Writing follows the layout that Linux made common, since middleboxes and
 * fingerprints know it:
 *
 *	SYN with timestamps	mss, sackOK, TS, ACC, nop, wscale
 *	SYN without		mss, ACC, nop, nop, sackOK, nop, wscale
 *	others			nop, nop, TS, ACC, nop, nop, SACK
 *
 * where ACC is the counters of Accurate ECN, with NOPs behind them.
 *
 * Reading: RFC 9293 3.2, RFC 7323 2.2 and 3.2, RFC 2018 2 and 3, RFC 7413
 * 4.1.1, RFC 9768 3.2.3.
 */
#include "tcp/tcp_options.h"

#include <assert.h>
#include <string.h>

#include "base/cursor.h"
#include "tcp/tcp_wire.h"

/* RFC 6994 3: whose experiment it is; Fast Open's before it had a kind. */
#define EXID_FASTOPEN 0xf989u

/* The blocks of one SACK option of n payload bytes. */
static void
parse_sack(struct rd *r, uint8_t n, struct tcp_opts *out)
{
	if (n < 8 || n % 8 != 0)
		return;
	out->sacks = 0;
	for (; n > 0 && out->sacks < TCP_SACK_MAX; n -= 8) {
		struct tcp_sack *s = &out->sack[out->sacks++];

		s->left = rd_u32(r);
		s->right = rd_u32(r);
	}
}

/* RFC 7413 4.1.1: a cookie of 4 to 16 bytes, even, or the request for one. */
static void
parse_cookie(struct rd *r, uint8_t n, bool exp, struct tcp_opts *out)
{
	if (n % 2 != 0 || (n != 0 && n < 4) || n > sizeof(out->fo))
		return;
	out->fo_on = true;
	out->fo_exp = exp;
	out->fo_len = n;
	rd_copy(r, out->fo, n);
}

/* Fast Open's experiment in a SYN; and behind it the client that LVS tells,
 * which has no number of its own. */
static void
parse_experiment(const uint8_t *body, uint8_t n, bool syn,
    struct tcp_opts *out)
{
	struct rd r = rd_init(body, n);

	if (!syn && n == 6) {
		out->toa_on = true;
		out->toa_port = rd_u16(&r);
		out->toa_ip = rd_u32(&r);
	} else if (syn && n >= 2 && rd_u16(&r) == EXID_FASTOPEN) {
		parse_cookie(&r, n - 2, true, out);
	}
}

/* RFC 9768 3.2.3: as many counters as there are; none is an option, too. */
static void
parse_acc(struct rd *r, uint8_t kind, uint8_t n, struct tcp_opts *out)
{
	out->acc_on = true;
	out->acc_order = kind == TCP_OPT_ACC1;
	out->acc_fields = 0;
	for (; n >= 3 && out->acc_fields < TCP_ACC_FIELDS; n -= 3) {
		uint32_t high = rd_u8(r);

		out->acc[out->acc_fields++] = high << 16 | rd_u16(r);
	}
}

/* One option of a known kind; body is its n bytes after the length. */
static void
parse_one(uint8_t kind, const uint8_t *body, uint8_t n, bool syn,
    struct tcp_opts *out)
{
	struct rd r = rd_init(body, n);

	if (kind == TCP_OPT_MSS && n == 2 && syn) {
		out->mss_on = true;
		out->mss = rd_u16(&r);
	} else if (kind == TCP_OPT_WSCALE && n == 1 && syn) {
		out->wscale_on = true;
		out->wscale = rd_u8(&r);
		/* RFC 7323 2.3: more than 14 counts as 14. */
		if (out->wscale > TCP_WSCALE_MAX)
			out->wscale = TCP_WSCALE_MAX;
	} else if (kind == TCP_OPT_SACK_OK && n == 0 && syn) {
		out->sack_ok = true;
	} else if (kind == TCP_OPT_SACK && !syn) {
		parse_sack(&r, n, out);
	} else if (kind == TCP_OPT_TS && n == 8) {
		out->ts_on = true;
		out->tsval = rd_u32(&r);
		out->tsecr = rd_u32(&r);
	} else if (kind == TCP_OPT_FASTOPEN && syn) {
		parse_cookie(&r, n, false, out);
	} else if (kind == TCP_OPT_ACC0 || kind == TCP_OPT_ACC1) {
		parse_acc(&r, kind, n, out);
	} else if (kind == TCP_OPT_EXP) {
		parse_experiment(body, n, syn, out);
	}
}

void
tcp_parse_options(const uint8_t *p, size_t len, bool syn,
    struct tcp_opts *out)
{
	struct rd r = rd_init(p, len);

	*out = (struct tcp_opts){ 0 };
	while (r.left > 0) {
		uint8_t kind = rd_u8(&r), n;
		const uint8_t *body;

		if (kind == TCP_OPT_END)
			return;
		if (kind == TCP_OPT_NOP)
			continue;
		n = rd_u8(&r);
		if (r.bad || n < 2)
			return;
		body = rd_bytes(&r, n - 2u);
		if (body == NULL)
			return;
		parse_one(kind, body, (uint8_t)(n - 2), syn, out);
	}
}

/* Bytes of the option before the cookie. */
static uint32_t
fastopen_head(const struct tcp_opts *o)
{
	return o->fo_exp ? 4 : 2;
}

uint32_t
tcp_options_len(const struct tcp_opts *o)
{
	uint32_t n = 0;

	if (o->mss_on)
		n += 4;
	if (o->ts_on)
		n += TCP_TS_LEN;
	else if (o->sack_ok)
		n += 4;
	if (o->wscale_on)
		n += 4;
	if (o->acc_on)
		n += tcp_acc_len(o->acc_fields);
	if (o->sacks > 0)
		n += 4 + 8u * o->sacks;
	if (o->fo_on)
		n += (fastopen_head(o) + o->fo_len + 3) / 4 * 4;
	return n;
}

static void
build_sack(struct wr *w, const struct tcp_opts *o)
{
	wr_u8(w, TCP_OPT_NOP);
	wr_u8(w, TCP_OPT_NOP);
	wr_u8(w, TCP_OPT_SACK);
	wr_u8(w, (uint8_t)(2 + 8 * o->sacks));
	for (unsigned i = 0; i < o->sacks; i++) {
		wr_u32(w, o->sack[i].left);
		wr_u32(w, o->sack[i].right);
	}
}

static void
build_acc(struct wr *w, const struct tcp_opts *o)
{
	uint32_t len = 2 + 3u * o->acc_fields;

	wr_u8(w, o->acc_order == 0 ? TCP_OPT_ACC0 : TCP_OPT_ACC1);
	wr_u8(w, (uint8_t)len);
	for (unsigned i = 0; i < o->acc_fields; i++) {
		wr_u8(w, (uint8_t)(o->acc[i] >> 16));
		wr_u16(w, (uint16_t)o->acc[i]);
	}
	for (; len % 4 != 0; len++)
		wr_u8(w, TCP_OPT_NOP);
}

static void
build_fastopen(struct wr *w, const struct tcp_opts *o)
{
	uint32_t len = fastopen_head(o) + o->fo_len;

	wr_u8(w, o->fo_exp ? TCP_OPT_EXP : TCP_OPT_FASTOPEN);
	wr_u8(w, (uint8_t)len);
	if (o->fo_exp)
		wr_u16(w, EXID_FASTOPEN);
	wr_copy(w, o->fo, o->fo_len);
	for (unsigned n = len; n % 4 != 0; n++)
		wr_u8(w, TCP_OPT_NOP);
}

uint32_t
tcp_build_options(uint8_t *p, const struct tcp_opts *o)
{
	struct wr w = wr_init(p, TCP_OPTIONS_MAX);

	if (o->mss_on) {
		wr_u8(&w, TCP_OPT_MSS);
		wr_u8(&w, 4);
		wr_u16(&w, o->mss);
	}
	if (o->acc_on && !o->ts_on)
		build_acc(&w, o);
	if (o->sack_ok || o->ts_on) {
		wr_u8(&w, o->sack_ok && o->ts_on ? TCP_OPT_SACK_OK :
		    TCP_OPT_NOP);
		wr_u8(&w, o->sack_ok && o->ts_on ? 2 : TCP_OPT_NOP);
		wr_u8(&w, o->ts_on ? TCP_OPT_TS : TCP_OPT_SACK_OK);
		wr_u8(&w, o->ts_on ? 10 : 2);
	}
	if (o->ts_on) {
		wr_u32(&w, o->tsval);
		wr_u32(&w, o->tsecr);
		if (o->acc_on)
			build_acc(&w, o);
	}
	if (o->wscale_on) {
		wr_u8(&w, TCP_OPT_NOP);
		wr_u8(&w, TCP_OPT_WSCALE);
		wr_u8(&w, 3);
		wr_u8(&w, o->wscale);
	}
	if (o->sacks > 0)
		build_sack(&w, o);
	if (o->fo_on)
		build_fastopen(&w, o);
	assert(!w.bad);
	return (uint32_t)(TCP_OPTIONS_MAX - w.left);
}
