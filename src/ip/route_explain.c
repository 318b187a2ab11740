/*
 * route_explain.c - why a destination goes where it goes.
 *
 * Asks the very functions that packets meet, so that it cannot differ from
 * them; nothing on a packet's way calls it.
 *
 * Owns nothing.
 */
#include "stack/stack.h"

/* The longest prefix that holds dst, if the way taken has a shorter one. */
static void
explain_passed(struct stack *stk, struct ip4 dst, struct route_explained *out)
{
	uint32_t slot = lpm_lookup(stk->ip.lpm, dst);
	const struct route *longest;

	if (slot == 0)
		return;
	longest = stk->ip.routes[slot].chain;
	out->passed_over = out->result.route == NULL ||
	    out->result.route->dst.len < longest->dst.len;
	out->passed = longest->dst;
}

static void
explain_hops(struct stack *stk, struct route_explained *out)
{
	const struct route_result *r = &out->result;

	for (uint8_t i = 0; i < r->route->hops; i++) {
		const struct next_hop *hop = &r->route->hop[i];

		out->usable[i] = route_hop_usable(stk, hop);
		if (hop->ifp == r->ifp && (ip4_is_any(hop->via) ||
		    ip4_eq(hop->via, r->next_hop)))
			out->hop = i;
	}
}

void
route_explain(struct stack *stk, struct ip4 dst, struct ip4 src,
    struct route_explained *out)
{
	struct ip4_hdr h = { .src = src, .dst = dst };
	const struct pmtu *known = ip_pmtu_lookup(stk, dst);
	int why;

	*out = (struct route_explained){ .src = src };
	out->flow_hash = ip_flow_hash(stk, &h, NULL, 0);
	out->result = ip_route_flow(stk, &h, NULL, 0);
	explain_passed(stk, dst, out);
	why = route_drop(&out->result);
	out->drop = why != 0 ? why : -1;
	if (known != NULL)
		out->path_mtu = known->mtu;
	if (out->result.route == NULL)
		return;
	if (out->result.route->type == ROUTE_LOCAL ||
	    out->result.route->type == ROUTE_BROADCAST)
		out->drop = -1;
	explain_hops(stk, out);
	if (ip4_is_any(src))
		out->src = ip_source(stk, &out->result, dst);
}
