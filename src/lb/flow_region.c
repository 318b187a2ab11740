/*
 * flow_region.c - the memory of the flow table: its layout, and how a new
 * process takes an old one over.
 *
 * Head, flows, buckets, statistics, in this order.  The head says version,
 * sizes and hash key, with a checksum.  A region that does not carry
 * exactly our shape is cleared.  Of one that does, only the flows themselves
 * are believed, each after a check of its words; chains, wheels, free list and
 * the servers' counters are built from them.  Servers that are not configured
 * yet come as orphans, which the configuration then finds.
 *
 * Time must have the same origin in both processes.
 */
#include "lb/flow_impl.h"

#include <errno.h>
#include <string.h>

#include "lb/local.h"
#include "lb/tally.h"
#include "stack/stack.h"

#define REGION_MAGIC	UINT64_C(0x686f7064666c6f77)	/* "hopdflow" */
#define REGION_VERSION	4u
#define REGION_HEAD	128u

static_assert(sizeof(struct lb_region) <= REGION_HEAD, "the head fits");

/* Twice as many as flows: one flow in five then stands behind another one,
 * which costs a second wait for memory. */
static uint32_t
buckets_for(uint32_t flows)
{
	uint32_t n = 64;

	while (n < 2 * flows && n < UINT32_C(1) << 31)
		n *= 2;
	return n;
}

size_t
lb_flows_bytes(uint32_t flows)
{
	return REGION_HEAD + (size_t)flows * sizeof(struct lb_flow) +
	    (size_t)buckets_for(flows) * sizeof(struct lb_bucket) +
	    lb_tallies_bytes(flows);
}

/* The most flows that len bytes hold, but not over max; at least 2 slots or
 * nothing (0). */
static uint32_t
flows_for(size_t len, uint32_t max)
{
	uint32_t n = max;

	if (len < lb_flows_bytes(2))
		return 0;
	if (len / sizeof(struct lb_flow) < n)
		n = (uint32_t)(len / sizeof(struct lb_flow));
	while (lb_flows_bytes(n) > len)
		n -= n / 64 + 1;
	while (n < max && lb_flows_bytes(n + 1) <= len)
		n++;
	return n;
}

static uint64_t
region_check(const struct lb_region *r)
{
	return siphash13(&r->key, r, offsetof(struct lb_region, check));
}

static bool
region_is_ours(const struct lb_region *r, uint32_t flows)
{
	return r->magic == REGION_MAGIC && r->version == REGION_VERSION &&
	    r->flow_bytes == sizeof(struct lb_flow) && r->flows == flows &&
	    r->check == region_check(r) && r->high >= 1 && r->high <= flows;
}

/* A flow of a region that was taken over: could we have written it? */
static bool
flow_is_sane(const struct lb_flow *f)
{
	bool template_ = (f->flags & LB_FLOW_TEMPLATE) != 0;

	if ((f->flags & LB_FLOW_USED) == 0 || f->fwd >= LB_FWD_COUNT ||
	    f->state >= (f->proto == IPPROTO_SCTP4 ?
	    (int)LB_SCTP_STATE_COUNT : (int)LB_TCP_STATE_COUNT))
		return false;
	if (f->proto != IPPROTO_TCP4 && f->proto != IPPROTO_UDP4 &&
	    f->proto != IPPROTO_SCTP4 &&
	    !(template_ && f->proto == 0 && f->fwmark != 0))
		return false;
	if (template_ && (f->flags & (LB_FLOW_ACTIVE | LB_FLOW_HALF_OPEN)))
		return false;
	return !addr_is_any(&f->server);
}

/* Empty chains, as many as the limit asks for. */
static void
buckets_make(struct stack *stk)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t flows = stk->lb.conf.max_flows;

	if (flows > ft->region->flows - 1)
		flows = ft->region->flows - 1;
	ft->buckets = buckets_for(flows + 1);
	memset(ft->bucket, 0, ft->buckets * sizeof(*ft->bucket));
}

/* Links every flow alive.  Their buckets are anywhere, so some are fetched at a
 * time. */
static void
chains_make(struct stack *stk)
{
	enum { AHEAD = 16 };
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_places at[AHEAD];
	uint32_t flow[AHEAD], i = 1, n;

	buckets_make(stk);
	do {
		for (n = 0; n < AHEAD && i < ft->region->high; i++) {
			if ((ft->flow[i].flags & LB_FLOW_USED) == 0)
				continue;
			at[n] = lb_flow_places(ft, &ft->flow[i]);
			flow[n++] = i;
		}
		for (uint32_t j = 0; j < n; j++)
			lb_flow_link(ft, &ft->flow[flow[j]], &at[j]);
	} while (n == AHEAD);
}

int
lb_flows_limit(struct stack *stk, uint32_t limit, struct err *err)
{
	struct lb_flows *ft = &stk->lb.flows;

	/* The default is right for any room, which then bounds alone. */
	if (limit == 0 || (limit >= ft->region->flows &&
	    limit != LB_FLOWS_DEFAULT))
		return err_set(err, -EINVAL, "max_flows %u: 1 to %u", limit,
		    ft->region->flows - 1);
	stk->lb.conf.max_flows = ft->region->limit = limit;
	if (buckets_for(limit + 1) != ft->buckets)
		chains_make(stk);
	return 0;
}

/* The port that names the server of f. */
static uint16_t
server_port(const struct lb_flows *ft, const struct lb_flow *f)
{
	uint32_t t = f->template_index;

	if (f->flags & LB_FLOW_SERVER_ANY)
		return 0;
	if ((f->flags & LB_FLOW_SAME_PORT) && t < ft->region->high &&
	    (ft->flow[t].flags & LB_FLOW_TEMPLATE))
		return ft->flow[t].sport;
	return f->sport;
}

/* The fields that this process made, for a flow that another one left. */
static int
flow_take_over(struct stack *stk, struct lb_flow *f)
{
	struct lb_service_key key = lb_flow_service_key(f);
	struct lb_server *srv;

	srv = lb_server_adopt(stk, &key, &f->server,
	    server_port(&stk->lb.flows, f), (enum lb_fwd)f->fwd);
	if (srv == NULL)
		return -ENOMEM;
	if (f->fwd == LB_FWD_FULLNAT && !(f->flags & LB_FLOW_TEMPLATE) &&
	    lb_local_reserve(stk, srv, &f->local) != 0)
		return -ENOMEM;
	f->server_index = srv->index;
	if (f->flags & LB_FLOW_TEMPLATE)
		f->controls = 0;
	f->wheel = (f->flags & LB_FLOW_HALF_OPEN) ? 1 : 0;
	lb_wheel_link(stk, f);
	stk->lb.flows.taken_over++;
	return 0;
}

/* Second round: templates are known now. */
static void
flow_take_over_refs(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t t = f->template_index;

	if (t >= ft->region->high || !(ft->flow[t].flags & LB_FLOW_USED) ||
	    !(ft->flow[t].flags & LB_FLOW_TEMPLATE) ||
	    (f->flags & LB_FLOW_TEMPLATE))
		f->template_index = 0;
	lb_flow_attach(stk, f);
}

static int
region_take_over(struct stack *stk)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t i;
	int r;

	if (ft->region->limit >= 1 && ft->region->limit < ft->region->flows)
		stk->lb.conf.max_flows = ft->region->limit;
	for (i = ft->region->high - 1; i >= 1; i--) {
		struct lb_flow *f = &ft->flow[i];

		if (flow_is_sane(f)) {
			if ((r = flow_take_over(stk, f)) != 0)
				return r;
			continue;
		}
		f->flags = 0;
		f->client_next = ft->free;
		ft->free = i;
	}
	for (i = 1; i < ft->region->high; i++) {
		if (ft->flow[i].flags & LB_FLOW_USED)
			flow_take_over_refs(stk, &ft->flow[i]);
	}
	chains_make(stk);
	return 0;
}

static void
region_make(struct stack *stk, struct lb_region *r, uint32_t flows)
{
	*r = (struct lb_region){
		.magic = REGION_MAGIC,
		.version = REGION_VERSION,
		.flow_bytes = sizeof(struct lb_flow),
		.flows = flows,
		.key = rng_hash_key(&stk->rng),
		.high = 1,
		.limit = stk->lb.conf.max_flows,
	};
	r->check = region_check(r);
}

int
lb_flows_init(struct stack *stk, void *mem, size_t mem_len)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t flows = stk->limits.lb_flows < LB_INDEX_MASK ?
	    stk->limits.lb_flows + 1 : LB_INDEX_MASK;
	uint8_t *base;

	lb_wheel_init(stk);
	ft->wheel = mem_array(&stk->mem, 2, sizeof(struct lb_wheel));
	if (ft->wheel == NULL)
		return -ENOMEM;
	if (mem != NULL)
		flows = flows_for(mem_len, flows);
	if (flows < 2)
		return -ENOMEM;
	if (mem == NULL) {
		ft->own_len = lb_flows_bytes(flows) - lb_tallies_bytes(flows);
		mem = ft->own = mem_alloc(&stk->mem, ft->own_len);
		if (mem == NULL)
			return -ENOMEM;
	}
	base = mem;
	ft->region = mem;
	ft->flow = (struct lb_flow *)(base + REGION_HEAD);
	ft->bucket = (struct lb_bucket *)(ft->flow + flows);
	if (ft->own == NULL)
		lb_tallies_init(stk, ft->bucket + buckets_for(flows), flows);
	if (region_is_ours(ft->region, flows))
		return region_take_over(stk);
	/* Fresh memory is zero and need not be touched.  A head alone does not
	 * prove that it is fresh; so the chains, at least, must lead nowhere:
	 * a flow is written whole before anything leads to it. */
	if (ft->region->magic != 0)
		memset(mem, 0, lb_flows_bytes(flows));
	region_make(stk, ft->region, flows);
	buckets_make(stk);
	return 0;
}

void
lb_flows_fini(struct stack *stk)
{
	struct lb_flows *ft = &stk->lb.flows;

	timer_cancel(&stk->timers, &ft->timer);
	mem_free(&stk->mem, ft->wheel, 2 * sizeof(struct lb_wheel));
	mem_free(&stk->mem, ft->own, ft->own_len);
	ft->wheel = NULL;
	ft->own = NULL;
	ft->region = NULL;
}
