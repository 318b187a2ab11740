/*
 * fwd_tun.c - TUN: the packet goes to the server inside another (IPIP), which
 * any router may carry.
 *
 * The server takes it out, has the service's address on an interface that
 * does not answer ARP for it, and answers the client itself.  Ports cannot be
 * mapped.  The client's packets have 20 bytes less room: over the path's MTU
 * they are refused with "fragmentation needed" if they carry DF (RFC 1191),
 * and an error from inside the tunnel becomes one about the client's packet
 * (RFC 2003 4).
 */
#include "base/cursor.h"
#include "lb/fwd_impl.h"
#include "lb/lb_tcp_opt.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"
#include "tunnel/ipip.h"

#define TUN_MTU_US	(600 * USEC_PER_SEC)	/* RFC 1191 6.3 */

/* What the path to srv takes, outer header included. */
static uint32_t
path_mtu(const struct stack *stk, const struct lb_server *srv, uint32_t mtu)
{
	if (srv->tun_mtu != 0 && srv->tun_mtu < mtu &&
	    instant_before(stk->now, srv->tun_mtu_due))
		return srv->tun_mtu;
	return mtu;
}

void
lb_tun_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct ip4 server = addr_to_ip4(&f->server), src;
	const struct lb_server *srv = lb_server_by_index(stk, f->server_index);
	struct route_result r = lb_fwd_way(stk, f, server);
	int why;

	r.mtu = path_mtu(stk, srv, r.mtu);
	why = ip_transit_check(pkt, h, &r, IPIP_OVERHEAD);
	if (why != 0) {
		pkt_drop(stk, pkt, (enum drop)why);
		return;
	}
	if (stk->lb.conf.mss_clamp)
		lb_mss_clamp(pkt, h, (uint16_t)(r.mtu - IPIP_OVERHEAD -
		    IP4_HLEN - TCP_HLEN));
	ip4_dec_ttl(pkt_data(pkt));
	pkt->forwarded = true;
	pkt_decide(pkt, PKT_FORWARDED);
	stk->ip.stats.forwarded++;
	src = ip4_is_any(r.route->src) ? iface_source(stk, r.ifp, server) :
	    r.route->src;
	ipip_encap(stk, pkt, src, server, &r);
}

void
lb_tun_error(struct stack *stk, struct pkt *pkt, struct lb_flow *f,
    uint8_t type, uint8_t code, uint32_t info)
{
	struct lb_server *srv = lb_server_by_index(stk, f->server_index);
	uint16_t frag = be16_get(pkt->buf + pkt->l3 + IP4_OFF_FRAG);

	if (type == ICMP_UNREACH && code == ICMP_UNREACH_FRAG) {
		if (info < IP4_MTU_MIN + IPIP_OVERHEAD) {
			pkt_drop_silent(stk, pkt, DROP_ICMP_NO_MATCH);
			return;
		}
		srv->tun_mtu = info;
		srv->tun_mtu_due = instant_add(stk->now, TUN_MTU_US);
		info -= IPIP_OVERHEAD;
		if ((frag & IP_DF) == 0) {
			pkt_free(pkt);	/* from now on it is fragmented */
			return;
		}
	}
	icmp_error(stk, pkt, type, code, info);
	pkt_free(pkt);
}
