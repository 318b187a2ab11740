/*
 * fwd_local.c - LOCAL: the real server is this very stack.  The packet goes up
 * to the sockets as it came; replies leave by themselves.
 */
#include "lb/fwd.h"
#include "stack/stack.h"

void
lb_local_in(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	ip_deliver(stk, pkt, h);
}
