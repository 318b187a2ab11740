/*
 * fwd.c - the switch between the forwarding modes.
 */
#include "lb/fwd.h"

#include <assert.h>

void
lb_fwd_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	switch ((enum lb_fwd)f->fwd) {
	case LB_FWD_NAT:
		lb_nat_in(stk, pkt, h, f);
		return;
	case LB_FWD_DR:
		lb_dr_in(stk, pkt, h, f);
		return;
	case LB_FWD_TUN:
		lb_tun_in(stk, pkt, h, f);
		return;
	case LB_FWD_LOCAL:
		lb_local_in(stk, pkt, h);
		return;
	case LB_FWD_FULLNAT:
		lb_fullnat_in(stk, pkt, h, f);
		return;
	case LB_FWD_COUNT:
		break;
	}
	assert(!"a flow's mode");
}

void
lb_fwd_reply(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	assert((f->flags & LB_FLOW_NO_OUTPUT) == 0);
	if (f->fwd == LB_FWD_FULLNAT)
		lb_fullnat_reply(stk, pkt, h, f);
	else
		lb_nat_reply(stk, pkt, h, f);
}
