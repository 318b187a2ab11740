/*
 * udp_input.c - UDP in: is the datagram whole, and for whom is it?
 *
 * Read RFC 768, RFC 1122 4.1.
 */
#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

int
udp_init(struct stack *stk)
{
	stk->udp.received = 0;
	stk->udp.sent = 0;
	return 0;
}

void
udp_fini(struct stack *stk)
{
	stk->udp.received = 0;
	stk->udp.sent = 0;
}

int
udp_parse(const uint8_t *p, size_t len, struct udp_hdr *out)
{
	struct rd r = rd_init(p, len);

	out->sport = rd_u16(&r);
	out->dport = rd_u16(&r);
	out->len = rd_u16(&r);
	out->csum = rd_u16(&r);
	if (r.bad || out->len < UDP_HLEN || out->len > len)
		return -EINVAL;
	return 0;
}

/* RFC 768: a field of zero means that the sender made none.  One that is still
 * to be put (csum_needed) was never on a wire. */
static bool
csum_right(const struct pkt *pkt, const struct ip_meta *m,
    const struct udp_hdr *h)
{
	uint32_t sum;

	if (h->csum == 0 || pkt->csum_ok)
		return true;
	if (pkt->csum_needed && pkt->csum_start == pkt->l4)
		return true;
	sum = csum_pseudo(&m->src, &m->dst, IPPROTO_UDP4, h->len);
	return csum_finish(csum_add(sum, pkt_data(pkt), h->len)) == 0;
}

void
udp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct udp_hdr h;

	stk->udp.received++;
	if (pkt->ref_len != 0 && (pkt = pkt_keep(pkt)) == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	if (udp_parse(pkt_data(pkt), pkt->len, &h) != 0) {
		pkt_drop(stk, pkt, DROP_UDP_SHORT);
		return;
	}
	if (!csum_right(pkt, m, &h)) {
		pkt_drop(stk, pkt, DROP_UDP_CSUM);
		return;
	}
	pkt_drop(stk, pkt, DROP_UDP_NO_PORT);
}

void
udp_icmp_error(struct stack *stk, const struct ip_meta *quoted,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info)
{
	(void)quoted;
	(void)l4;
	(void)type;
	(void)code;
	(void)info;
	drop_count(stk, DROP_ICMP_NO_MATCH);
}
