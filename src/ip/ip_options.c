/*
 * ip_options.c - the options of an IPv4 header.
 *
 * Record route and timestamp are filled in on the way; router alert and what
 * we do not know pass unchanged (RFC 1812 4.2.2.1); source routes are refused
 * as RFC 7126 4.3 and 4.4 advise, unless the operator takes them.  The answer
 * to an echo request carries its record route and timestamp back, and goes back
 * on its source route; no other answer does.
 *
 * Owns nothing.
 */
#include "ip/ip_options.h"

#include "base/csum.h"
#include "base/cursor.h"
#include "base/drop.h"
#include "ip/ip_wire.h"

/* Offsets inside an option. */
#define OPT_LEN		1
#define OPT_PTR		2
#define TS_FLAGS	3

#define TS_ONLY		0	/* flags: times only */
#define TS_ADDR		1	/* address and time each */
#define TS_GIVEN	3	/* times at given addresses */

/* Steps through the options.  Between END and a wrong length is all of it. */
struct opts {
	const uint8_t *p;	/* header */
	uint32_t hlen;
	uint32_t at, len;	/* this option */
};

/* The next option with bytes of its own; false: end, or bad is its offset. */
static bool
opts_next(struct opts *o, uint32_t *bad)
{
	o->at += o->len;
	while (o->at < o->hlen && o->p[o->at] == IPOPT_NOP)
		o->at++;
	if (o->at >= o->hlen || o->p[o->at] == IPOPT_END)
		return false;
	if (o->at + 1 >= o->hlen) {
		*bad = o->at;
		return false;
	}
	o->len = o->p[o->at + OPT_LEN];
	if (o->len < 2 || o->at + o->len > o->hlen) {
		*bad = o->at + OPT_LEN;
		return false;
	}
	return true;
}

/* Offset of the fault in a record route option, or 0. */
static uint32_t
rr_fault(const uint8_t *opt, uint32_t len)
{
	if (len < 3)
		return OPT_LEN;
	if (opt[OPT_PTR] < 4)
		return OPT_PTR;
	/* full is fine; a rest that holds no address is not */
	if (opt[OPT_PTR] <= len && opt[OPT_PTR] + 3u > len)
		return OPT_PTR;
	return 0;
}

/* Bytes of one entry of a timestamp option, or 0: unknown flags. */
static uint32_t
ts_entry(uint8_t flags)
{
	switch (flags & 0xf) {
	case TS_ONLY:
		return 4;
	case TS_ADDR:
	case TS_GIVEN:
		return 8;
	}
	return 0;
}

static uint32_t
ts_fault(const uint8_t *opt, uint32_t len)
{
	uint32_t entry;

	if (len < 4)
		return OPT_LEN;
	if (opt[OPT_PTR] < 5)
		return OPT_PTR;
	entry = ts_entry(opt[TS_FLAGS]);
	if (entry == 0)
		return TS_FLAGS;
	if (opt[OPT_PTR] <= len)
		return opt[OPT_PTR] + entry - 1 > len ? OPT_PTR : 0;
	/* RFC 791 3.1: full, and so is the count of those that found no room */
	if ((opt[TS_FLAGS] & 0xf) != TS_GIVEN && opt[TS_FLAGS] >> 4 == 15)
		return TS_FLAGS;
	return 0;
}

int
ip_options_check(const uint8_t *p, uint32_t hlen, bool source_routes,
    uint32_t *pointer)
{
	struct opts o = { p, hlen, IP4_HLEN, 0 };
	bool rr = false, ts = false, sr = false;
	uint32_t bad = 0, fault;

	while (opts_next(&o, &bad)) {
		const uint8_t *opt = p + o.at;
		bool *seen = NULL;

		fault = 0;
		switch (opt[0]) {
		case IPOPT_LSRR:
		case IPOPT_SSRR:
			if (!source_routes)
				return DROP_IP_SOURCE_ROUTE;
			/* RFC 1812 5.2.4.1: one of them, of either kind */
			seen = &sr;
			fault = rr_fault(opt, o.len);
			break;
		case IPOPT_RR:
			seen = &rr;
			fault = rr_fault(opt, o.len);
			break;
		case IPOPT_TS:
			seen = &ts;
			fault = ts_fault(opt, o.len);
			break;
		}
		/* RFC 791 3.1: appears at most once in a datagram */
		if (fault != 0 || (seen != NULL && *seen)) {
			*pointer = o.at + fault;
			return DROP_IP_OPTION;
		}
		if (seen != NULL)
			*seen = true;
	}
	if (bad == 0)
		return 0;
	*pointer = bad;
	return DROP_IP_OPTION;
}

static void
header_csum(uint8_t *p, uint32_t hlen)
{
	be16_put(p + IP4_OFF_CSUM, 0);
	be16_put(p + IP4_OFF_CSUM, csum_finish(csum_add(0, p, hlen)));
}

static void
rr_write(uint8_t *opt, uint32_t len, struct ip4 out)
{
	if (opt[OPT_PTR] > len)
		return;			/* full: goes on unchanged */
	be32_put(opt + opt[OPT_PTR] - 1, out.v);
	opt[OPT_PTR] = (uint8_t)(opt[OPT_PTR] + 4);
}

static void
ts_write(uint8_t *opt, uint32_t len, struct ip4 out, uint32_t ms)
{
	uint8_t flags = opt[TS_FLAGS] & 0xf;
	uint8_t *entry = opt + opt[OPT_PTR] - 1;

	if (opt[OPT_PTR] > len) {
		if (flags != TS_GIVEN)
			opt[TS_FLAGS] = (uint8_t)(opt[TS_FLAGS] + 0x10);
		return;
	}
	if (flags == TS_GIVEN && be32_get(entry) != out.v)
		return;
	if (flags == TS_ADDR)
		be32_put(entry, out.v);
	if (flags != TS_ONLY)
		entry += 4;
	be32_put(entry, ms);
	opt[OPT_PTR] = (uint8_t)(opt[OPT_PTR] + ts_entry(flags));
}

void
ip_options_forward(uint8_t *p, uint32_t hlen, struct ip4 out, uint32_t ms)
{
	struct opts o = { p, hlen, IP4_HLEN, 0 };
	uint32_t bad;

	while (opts_next(&o, &bad)) {
		if (p[o.at] == IPOPT_RR)
			rr_write(p + o.at, o.len, out);
		else if (p[o.at] == IPOPT_TS)
			ts_write(p + o.at, o.len, out, ms);
	}
	header_csum(p, hlen);
}

/* ---- source routes --------------------------------------------------- */

/* Offset of its source route, or 0. */
static uint32_t
sr_find(const uint8_t *p, uint32_t hlen)
{
	struct opts o = { p, hlen, IP4_HLEN, 0 };
	uint32_t bad;

	while (opts_next(&o, &bad)) {
		if (p[o.at] == IPOPT_LSRR || p[o.at] == IPOPT_SSRR)
			return o.at;
	}
	return 0;
}

bool
ip_options_source_route(const uint8_t *p, uint32_t hlen,
    struct source_route *sr)
{
	uint32_t at = sr_find(p, hlen);
	const uint8_t *opt = p + at;

	if (at == 0)
		return false;
	sr->strict = opt[0] == IPOPT_SSRR;
	sr->done = opt[OPT_PTR] > opt[OPT_LEN];
	if (!sr->done)
		sr->next.v = be32_get(opt + opt[OPT_PTR] - 1);
	return true;
}

void
ip_options_take_hop(uint8_t *p, uint32_t hlen, struct ip4 out)
{
	uint8_t *opt = p + sr_find(p, hlen);
	uint8_t *entry = opt + opt[OPT_PTR] - 1;

	be32_put(p + IP4_OFF_DST, be32_get(entry));
	be32_put(entry, out.v);
	opt[OPT_PTR] = (uint8_t)(opt[OPT_PTR] + 4);
	header_csum(p, hlen);
}

/* The way that was taken, backwards, with *to at its end; *to becomes its
 * first hop.  Returns its length, 0: there is none. */
static uint32_t
sr_turn(const uint8_t *p, uint32_t hlen, struct ip4 *to, uint8_t *dst)
{
	uint32_t at = sr_find(p, hlen), n;
	const uint8_t *taken = p + at + 3;

	if (at == 0)
		return 0;
	/* A pointer behind the end says no more than that it is there. */
	n = (p[at + OPT_PTR] > p[at + OPT_LEN] ? p[at + OPT_LEN] - 3u :
	    p[at + OPT_PTR] - 4u) / 4;
	if (n == 0)
		return 0;
	dst[0] = p[at];
	dst[OPT_LEN] = (uint8_t)(3 + 4 * n);
	dst[OPT_PTR] = 4;
	for (uint32_t i = 0; i + 1 < n; i++)
		be32_put(dst + 3 + 4 * i, be32_get(taken + 4 * (n - 2 - i)));
	be32_put(dst + 3 + 4 * (n - 1), to->v);
	to->v = be32_get(taken + 4 * (n - 1));
	return dst[OPT_LEN];
}

/* ---- picking --------------------------------------------------------- */

static bool
is_copied(uint8_t type)
{
	return (type & IPOPT_COPIED) != 0;
}

static bool
is_recorded(uint8_t type)
{
	return type == IPOPT_RR || type == IPOPT_TS;
}

/* The options of those types behind the n bytes at dst, padded to a multiple
 * of 4. */
static uint32_t
opts_pick(const uint8_t *p, uint32_t hlen, bool (*wanted)(uint8_t type),
    uint8_t *dst, uint32_t n)
{
	struct opts o = { p, hlen, IP4_HLEN, 0 };
	uint32_t bad;

	while (opts_next(&o, &bad)) {
		if (!wanted(p[o.at]))
			continue;
		for (uint32_t i = 0; i < o.len; i++)
			dst[n++] = p[o.at + i];
	}
	while (n % 4 != 0)
		dst[n++] = IPOPT_END;
	return n;
}

uint32_t
ip_options_copied(const uint8_t *p, uint32_t hlen, uint8_t *dst)
{
	return opts_pick(p, hlen, is_copied, dst, 0);
}

uint32_t
ip_options_answer(const uint8_t *p, uint32_t hlen, struct ip4 *to,
    uint8_t *dst)
{
	return opts_pick(p, hlen, is_recorded, dst,
	    sr_turn(p, hlen, to, dst));
}

void
ip_options_alert(uint8_t dst[IPOPT_RA_LEN])
{
	be32_put(dst, (uint32_t)IPOPT_RA << 24 | IPOPT_RA_LEN << 16);
}
