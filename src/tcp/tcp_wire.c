/*
 * tcp_wire.c - the TCP header, bytes to host order and back (RFC 9293 3.1).
 *
 * Nothing here judges a segment beyond "is the header whole"; options are in
 * tcp_options.c.  Owns nothing.
 */
#include "tcp/tcp_wire.h"

#include <errno.h>

#include "base/cursor.h"

int
tcp_parse_hdr(const uint8_t *p, size_t len, struct tcp_hdr *out)
{
	struct rd r = rd_init(p, len);
	struct tcp_hdr h;

	h.sport = rd_u16(&r);
	h.dport = rd_u16(&r);
	h.seq = rd_u32(&r);
	h.ack = rd_u32(&r);
	h.hlen = (uint8_t)((rd_u8(&r) >> 4) * 4);
	h.flags = rd_u8(&r);
	h.window = rd_u16(&r);
	h.csum = rd_u16(&r);
	h.urgent = rd_u16(&r);
	if (r.bad || h.hlen < TCP_HLEN || h.hlen > len)
		return -EINVAL;
	*out = h;
	return 0;
}

void
tcp_build_hdr(uint8_t p[TCP_HLEN], const struct tcp_hdr *h)
{
	be16_put(p + TCP_OFF_SPORT, h->sport);
	be16_put(p + TCP_OFF_DPORT, h->dport);
	be32_put(p + TCP_OFF_SEQ, h->seq);
	be32_put(p + TCP_OFF_ACK, h->ack);
	p[TCP_OFF_DOFF] = (uint8_t)(h->hlen / 4 << 4);
	p[TCP_OFF_FLAGS] = h->flags;
	be16_put(p + TCP_OFF_WINDOW, h->window);
	be16_put(p + TCP_OFF_CSUM, h->csum);
	be16_put(p + TCP_OFF_URG, h->urgent);
}
