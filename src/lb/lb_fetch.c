/*
 * lb_fetch.c - fetches the buckets and the flows that packets will want
 * (ip/ip_fetch.h), and among many servers the flows' servers and what is
 * counted of them.
 */
#include "lb/flow_impl.h"

#include "base/prefetch.h"
#include "lb/lb.h"
#include "stack/stack.h"

/* The flow at the head of a chain, an index, if it may be the one; or 0. */
static uint32_t
head_index(uint32_t head, uint32_t tag)
{
	return (head & tag) != 0 ? head & LB_INDEX_MASK : 0;
}

static void
flow_fetch(const struct lb_flows *ft, uint32_t i)
{
	const char *f = (const char *)&ft->flow[i];

	if (i == 0)
		return;
	prefetch_write(f);
	prefetch_write(f + LB_FLOW_BYTES / 2);
}

/* One flow in five stands behind another one. */
static void
second_fetch(const struct lb_flows *ft, const struct lb_place *at)
{
	uint32_t i = head_index(at->bucket->client, at->tag);

	flow_fetch(ft, ft->flow[i].client_next);
	i = head_index(at->bucket->server, at->tag);
	flow_fetch(ft, ft->flow[i].server_next);
}

/* The server of the flow at the head of a chain, or NULL. */
static struct lb_server *
head_server(struct stack *stk, uint32_t head, uint32_t tag)
{
	uint32_t i = head_index(head, tag);

	return i == 0 ? NULL :
	    lb_server_by_index(stk, stk->lb.flows.flow[i].server_index);
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
		prefetch(&srv[i]->svc);
		prefetch(&srv[i]->conf);
		prefetch(&srv[i]->tally);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (srv[i] == NULL)
			continue;
		prefetch_write(srv[i]->tally);
		if (srv[i]->svc != NULL)
			prefetch(&srv[i]->svc->tally);
	}
	for (uint32_t i = 0; i < n; i++) {
		if (srv[i] != NULL && srv[i]->svc != NULL)
			prefetch_write(srv[i]->svc->tally);
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
		prefetch(at[i].bucket);
	}
	for (uint32_t i = 0; i < n; i++) {
		flow_fetch(ft, head_index(at[i].bucket->client, at[i].tag));
		flow_fetch(ft, head_index(at[i].bucket->server, at[i].tag));
	}
	for (uint32_t i = 0; i < n; i++)
		second_fetch(ft, &at[i]);
	if (stk->lb.services.server_count > LB_FETCH_SERVERS)
		servers_fetch(stk, at, n);
}
