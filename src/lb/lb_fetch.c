/*
 * lb_fetch.c - fetches the buckets and the flows that packets will want
 * (ip/ip_fetch.h), and among many servers the flows' servers and what is
 * counted of them.
 */
#include "lb/flow_impl.h"
#include "lb/lb.h"
#include "stack/stack.h"

static void
flow_fetch(const struct lb_flows *ft, uint32_t head, uint32_t tag)
{
	const char *f = (const char *)&ft->flow[head & LB_INDEX_MASK];

	if ((head & tag) == 0)
		return;
	__builtin_prefetch(f, 1);
	__builtin_prefetch(f + LB_FLOW_BYTES / 2, 1);
}

/* The server of the flow at the head of a chain, or NULL. */
static struct lb_server *
head_server(struct stack *stk, uint32_t head, uint32_t tag)
{
	const struct lb_flow *f = &stk->lb.flows.flow[head & LB_INDEX_MASK];

	return (head & tag) == 0 ? NULL :
	    lb_server_by_index(stk, f->server_index);
}

static void
servers_fetch(struct stack *stk, const struct lb_place at[], uint32_t n)
{
	struct lb_server *srv[IP_FETCH_MAX];

	for (uint32_t i = 0; i < n; i++) {
		srv[i] = head_server(stk, at[i].bucket->client, at[i].tag);
		if (srv[i] == NULL)
			srv[i] = head_server(stk, at[i].bucket->server,
			    at[i].tag);
		if (srv[i] == NULL)
			continue;
		__builtin_prefetch(&srv[i]->svc);
		__builtin_prefetch(&srv[i]->conf);
		__builtin_prefetch(&srv[i]->tally);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (srv[i] == NULL)
			continue;
		__builtin_prefetch(srv[i]->tally, 1);
		if (srv[i]->svc != NULL)
			__builtin_prefetch(&srv[i]->svc->tally);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (srv[i] != NULL && srv[i]->svc != NULL)
			__builtin_prefetch(srv[i]->svc->tally, 1);
	}
}

void
lb_fetch(struct stack *stk, const struct ip_glance g[], uint32_t n)
{
	const struct lb_flows *ft = &stk->lb.flows;
	struct lb_place at[IP_FETCH_MAX];

	assert(n <= IP_FETCH_MAX);
	for (uint32_t i = 0; i < n; i++) {
		struct lb_tuple t = { addr_from_ip4(g[i].src),
		    addr_from_ip4(g[i].dst), g[i].sport, g[i].dport,
		    g[i].proto };

		at[i] = lb_tuple_place(ft, &t);
		__builtin_prefetch(at[i].bucket);
	}
	for (uint32_t i = 0; i < n; i++) {
		flow_fetch(ft, at[i].bucket->client, at[i].tag);
		flow_fetch(ft, at[i].bucket->server, at[i].tag);
	}
	if (stk->lb.services.server_count > LB_FETCH_SERVERS)
		servers_fetch(stk, at, n);
}
