/*
 * pd_layout.c - the options of a SYN in FreeBSD's order.
 *
 * The stack writes them in Linux's (tcp/tcp_options.c); which options there
 * are and what they say is the same.  FreeBSD's: mss, nop, wscale, sackOK, TS,
 * and the end padded with end-of-list.
 */
#include "packetdrill/pd.h"

#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"
#include "tcp/tcp_options.h"
#include "tcp/tcp_wire.h"

enum { OPT_NOP = 1, OPT_MSS = 2, OPT_WSCALE = 3, OPT_SACK_OK = 4, OPT_TS = 8,
    OPT_FASTOPEN = 34 };

static void
write_options(struct wr *w, const struct tcp_opts *o)
{
	if (o->mss_on) {
		wr_u8(w, OPT_MSS);
		wr_u8(w, 4);
		wr_u16(w, o->mss);
	}
	if (o->wscale_on) {
		wr_u8(w, OPT_NOP);
		wr_u8(w, OPT_WSCALE);
		wr_u8(w, 3);
		wr_u8(w, o->wscale);
	}
	if (o->sack_ok) {
		wr_u8(w, OPT_SACK_OK);
		wr_u8(w, 2);
	}
	if (o->ts_on && !o->sack_ok) {
		wr_u8(w, OPT_NOP);
		wr_u8(w, OPT_NOP);
	}
	if (o->ts_on) {
		wr_u8(w, OPT_TS);
		wr_u8(w, 10);
		wr_u32(w, o->tsval);
		wr_u32(w, o->tsecr);
	}
	if (o->fo_on) {
		wr_u8(w, OPT_FASTOPEN);
		wr_u8(w, (uint8_t)(2 + o->fo_len));
		wr_copy(w, o->fo, o->fo_len);
	}
}

void
pd_layout_freebsd(uint8_t *p, uint32_t len)
{
	uint32_t hlen = len >= 20 ? (p[0] & 15u) * 4 : 0, sum;
	uint8_t opts[TCP_OPTIONS_MAX] = { 0 }, *t = p + hlen;
	struct wr w = wr_init(opts, sizeof(opts));
	struct addr src, dst;
	struct tcp_hdr h;
	struct tcp_opts o;

	if (hlen < 20 || len < hlen || p[0] >> 4 != 4 || p[9] != 6 ||
	    tcp_parse_hdr(t, len - hlen, &h) != 0 ||
	    (h.flags & TCP_SYN) == 0)
		return;
	tcp_parse_options(t + TCP_HLEN, h.hlen - (size_t)TCP_HLEN, true, &o);
	write_options(&w, &o);
	if (w.bad || TCP_OPTIONS_MAX - w.left > h.hlen - (size_t)TCP_HLEN)
		return;
	memcpy(t + TCP_HLEN, opts, h.hlen - (size_t)TCP_HLEN);
	src = addr_from_ip4(IP4(p[12], p[13], p[14], p[15]));
	dst = addr_from_ip4(IP4(p[16], p[17], p[18], p[19]));
	be16_put(t + TCP_OFF_CSUM, 0);
	sum = csum_pseudo(&src, &dst, 6, len - hlen);
	be16_put(t + TCP_OFF_CSUM, csum_finish(csum_add(sum, t, len - hlen)));
}
