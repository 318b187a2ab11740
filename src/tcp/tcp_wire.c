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
	uint32_t hlen = tcp_header_len(p, len);

	if (hlen == 0)
		return -EINVAL;
	*out = (struct tcp_hdr){
		.sport = be16_get(p + TCP_OFF_SPORT),
		.dport = be16_get(p + TCP_OFF_DPORT),
		.seq = be32_get(p + TCP_OFF_SEQ),
		.ack = be32_get(p + TCP_OFF_ACK),
		.hlen = (uint8_t)hlen,
		.flags = be16_get(p + TCP_OFF_DOFF) & TCP_FLAGS_MASK,
		.window = be16_get(p + TCP_OFF_WINDOW),
		.csum = be16_get(p + TCP_OFF_CSUM),
		.urgent = be16_get(p + TCP_OFF_URG),
	};
	return 0;
}

void
tcp_build_hdr(uint8_t p[TCP_HLEN], const struct tcp_hdr *h)
{
	be16_put(p + TCP_OFF_SPORT, h->sport);
	be16_put(p + TCP_OFF_DPORT, h->dport);
	be32_put(p + TCP_OFF_SEQ, h->seq);
	be32_put(p + TCP_OFF_ACK, h->ack);
	be16_put(p + TCP_OFF_DOFF, (uint16_t)(h->hlen / 4 << 12 | h->flags));
	be16_put(p + TCP_OFF_WINDOW, h->window);
	be16_put(p + TCP_OFF_CSUM, h->csum);
	be16_put(p + TCP_OFF_URG, h->urgent);
}
