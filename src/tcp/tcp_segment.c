/*
 * tcp_segment.c - is a packet a sound segment?  From bytes to struct tcp_seg.
 *
 * Checks that do not need a connection: the header is whole, the checksum is
 * right or vouched for, both ends are single hosts.  Consumes nothing.
 */
#include "tcp/tcp_conn.h"

#include "base/csum.h"

static bool
csum_is_right(const struct pkt *pkt, const struct ip_meta *m)
{
	uint32_t sum;

	if (pkt->csum_ok || pkt->csum_needed)
		return true;
	sum = csum_pseudo(&m->src, &m->dst, m->proto, m->l4_len);
	return csum_finish(csum_add(sum, pkt_data(pkt), m->l4_len)) == 0;
}

/* RFC 1122 4.2.3.10: a segment to, or from, a group address is dropped. */
static bool
is_group(const struct pkt *pkt, const struct ip_meta *m)
{
	if (m->group || pkt->l2_group || addr_is_any(&m->src))
		return true;
	return addr_is_ip4(&m->src) &&
	    (ip4_is_multicast(addr_to_ip4(&m->src)) ||
	    ip4_eq(addr_to_ip4(&m->src), IP4_BROADCAST));
}

bool
tcp_seg_parse(const struct pkt *pkt, const struct ip_meta *m,
    struct tcp_seg *s, enum drop *why)
{
	const uint8_t *p = pkt_data(pkt);

	if (pkt->len < m->l4_len || tcp_parse_hdr(p, m->l4_len, &s->h) != 0) {
		*why = DROP_TCP_SHORT;
		return false;
	}
	if (!csum_is_right(pkt, m)) {
		*why = DROP_TCP_CSUM;
		return false;
	}
	if (is_group(pkt, m)) {
		*why = DROP_TCP_GROUP;
		return false;
	}
	tcp_parse_options(p + TCP_HLEN, s->h.hlen - (size_t)TCP_HLEN,
	    (s->h.flags & TCP_SYN) != 0, &s->o);
	s->data = p + s->h.hlen;
	s->len = m->l4_len - s->h.hlen;
	s->seq = s->h.seq + ((s->h.flags & TCP_SYN) != 0);
	s->slen = s->len + ((s->h.flags & TCP_SYN) != 0) +
	    ((s->h.flags & TCP_FIN) != 0);
	s->wnd = s->h.window;
	s->segments = 1;
	s->iss_on = false;
	if (pkt->gso_size != 0 && s->len > pkt->gso_size)
		s->segments = (s->len + pkt->gso_size - 1) / pkt->gso_size;
	s->ecn = m->tos & IP_ECN_MASK;
	return true;
}
