/*
 * fwd_nat.c - NAT: the destination becomes the server on the way in, the
 * source becomes the service again on the way back.
 *
 * The server sees the client's address, so its way back must lead through
 * here.  Ports may be mapped.  Payload is not looked at.
 */
#include "lb/fwd_impl.h"
#include "stack/stack.h"

void
lb_nat_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_rewrite to = { f->client, f->server, f->cport, f->sport };
	struct ip4_hdr out = *h;
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&f->server), &r))
		return;
	lb_fwd_rewrite(stk, pkt, &out, &to);
	ip_transit(stk, pkt, &out, &r);
}

void
lb_nat_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_rewrite to = { f->vip, f->client, f->vport, f->cport };
	struct ip4_hdr out = *h;
	struct route_result r;

	if (!lb_fwd_route(stk, pkt, h, f, addr_to_ip4(&f->client), &r))
		return;
	lb_fwd_rewrite(stk, pkt, &out, &to);
	ip_transit(stk, pkt, &out, &r);
}
