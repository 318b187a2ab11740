/*
 * ip_fetch.c - a glance at packets before their time (ip/ip_fetch.h).
 */
#include "ip/ip_fetch.h"

#include "base/cursor.h"
#include "eth/eth.h"
#include "ip/ip_wire.h"

/* False: nothing that a table would be asked about. */
static bool
glance(const uint8_t *ip, uint32_t len, struct ip_glance *g)
{
	uint32_t hlen;

	if (len < IP4_HLEN || ip[0] >> 4 != 4)
		return false;
	hlen = (uint32_t)(ip[0] & 15) * 4;
	if (hlen < IP4_HLEN || len < hlen + 4)
		return false;
	g->src.v = be32_get(ip + IP4_OFF_SRC);
	g->dst.v = be32_get(ip + IP4_OFF_DST);
	g->sport = be16_get(ip + hlen);
	g->dport = be16_get(ip + hlen + 2);
	g->proto = ip[IP4_OFF_PROTO];
	return true;
}

uint32_t
ip_glance(struct pkt *const pkts[], uint32_t n, bool l2,
    struct ip_glance out[])
{
	uint32_t skip = l2 ? ETH_HLEN : 0, count = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (pkts[i]->len > skip && glance(pkt_data(pkts[i]) + skip,
		    pkts[i]->len - skip, &out[count]))
			count++;
	}
	return count;
}
