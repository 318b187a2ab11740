/*
 * checks.c - the properties that hold after every step.
 *
 * The books of check_node() follow the way of a packet: ports, Ethernet and
 * ARP, IP, transports.  Where a dropped packet was on that way is told by its
 * reason and, where a reason occurs in several places, by what the packet
 * says of itself (pkt->ifp, pkt->forwarded, pkt->l3).
 */
#include "checks.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/hash.h"
#include "frame.h"
#include "host.h"
#include "icmp/echo.h"
#include "stack/stack.h"
#include "tcp_judge.h"
#include "tunnel/ipip.h"
#include "util.h"
#include "world.h"

#define TTL_START	64u	/* of every packet that a node builds */
#define TURNS_MAX	20000u	/* without time going on: a live-lock */
#define TRACE_BYTES	64u	/* of a frame; its checksums are among them */
#define EDGES		6u	/* of a prefix: both, and either side of each */
#define MIXED_MIN	500u	/* bytes of UDP: smaller is never in pieces */
#define ROUTE_SAMPLES	64u
#define ROUTES_FEW	64u	/* so many are looked at whole */

/* ---- frames ------------------------------------------------------------- */

/* May a packet begin with another TTL?  Groups stay near. */
static bool
ttl_is_free(const struct frame_view *v)
{
	return v->dst >> 28 == 0xe || v->dst == UINT32_MAX || v->damaged;
}

/* A node that begins anew may number datagrams as it did before, while pieces
 * of those wait for 30 s: of two one is made, and its sum is nobody's fault. */
static bool
may_be_mixed(const struct world *w, const struct frame_view *v)
{
	return v->proto == 17 && v->l4_len >= MIXED_MIN && !world_settled(w);
}

void
check_frame(struct wire_end *end, const struct mem_frame *f)
{
	struct world *w = end->wire->world;
	struct hash_key key = { w->trace, (uint64_t)w->now.us << 20 ^ end->id };
	struct frame_view v;

	w->frames++;
	w->trace = siphash13(&key, f->data,
	    f->len < TRACE_BYTES ? f->len : TRACE_BYTES);
	frame_view(f, &v);
	if (v.fault != NULL && !may_be_mixed(w, &v))
		world_fail(w, "%s sent by %s a frame with a wrong %s",
		    end->node->name, end->name, v.fault);
	if (v.ip && v.ttl + w->hops_max < TTL_START && !ttl_is_free(&v))
		world_fail(w, "%s sent by %s a packet that is in a loop: "
		    "its TTL is %u", end->node->name, end->name, v.ttl);
	if (v.ip && end->port != NULL && frame_ip_len(f) > end->port->mtu)
		world_fail(w, "%s sent by %s a packet of %u bytes over its "
		    "MTU", end->node->name, end->name, frame_ip_len(f));
	tcp_judge_sent(end->node, &v);
}

void
check_arrival(struct wire_end *end, const struct mem_frame *f)
{
	struct frame_view v;

	frame_view(f, &v);
	tcp_judge_arrival(end->node, &v);
}

/* ---- the books of one stack --------------------------------------------- */

enum stage { STAGE_PORT, STAGE_BEFORE_IP, STAGE_IN_IP, STAGE_AFTER };

/* Reasons that mean a place by themselves: in the order of enum drop. */
static enum stage
stage_of_reason(enum drop why)
{
	if (why == DROP_PORT_BAD_VNET)
		return STAGE_PORT;
	if (why >= DROP_ETH_SHORT && why <= DROP_RARP_UNKNOWN)
		return STAGE_BEFORE_IP;
	if (why >= DROP_NEIGH_QUEUE && why <= DROP_NEIGH_FAILED)
		return STAGE_AFTER;
	if (why >= DROP_IP_PROTO && why < DROP_LB_NO_SERVER)
		return STAGE_AFTER;
	if (why == DROP_PORT_TX || why == DROP_PORT_MTU ||
	    why == DROP_IP_LOOP_FULL)
		return STAGE_AFTER;
	return STAGE_IN_IP;
}

static enum stage
stage_of(const struct pkt *pkt, enum drop why)
{
	enum stage stage = stage_of_reason(why);

	if (why == DROP_PORT_DOWN && pkt->l3 == PKT_NO_OFF &&
	    pkt->ifp != NULL)
		return STAGE_BEFORE_IP;
	if (stage == STAGE_IN_IP &&
	    (pkt->ifp == NULL || pkt->forwarded || why == DROP_PORT_DOWN))
		return STAGE_AFTER;
	return stage;
}

static void
see_drop(void *arg, const struct pkt *pkt, enum drop why)
{
	struct check_node *c = arg;

	c->seen[why]++;
	switch (stage_of(pkt, why)) {
	case STAGE_BEFORE_IP:
		c->before_ip++;
		break;
	case STAGE_IN_IP:
		c->in_ip++;
		break;
	case STAGE_PORT:
	case STAGE_AFTER:
		break;
	}
}

void
check_node_start(struct node *n)
{
	n->check = (struct check_node){ .turn = n->world->now };
	tcp_judge_forget(n);
	n->stk->drop.tap = see_drop;
	n->stk->drop.tap_arg = &n->check;
}

void
check_end_closed(struct wire_end *end)
{
	end->node->check.gone_rx += end->port->stats.rx_packets;
}

static uint64_t
frags_held(const struct stack *stk)
{
	uint64_t n = 0;

	for (const struct frag_queue *q = stk->ip.reass.oldest; q != NULL;
	    q = q->newer)
		n += q->count;
	return n;
}

/* Fragments that died in reassembly had no packet any more. */
static uint64_t
frags_dropped(const struct node *n)
{
	uint64_t sum = 0;

	for (int i = DROP_FRAG_BAD; i <= DROP_FRAG_DUPLICATE; i++)
		sum += n->stk->drop.count[i] - n->check.seen[i];
	return sum + n->stk->drop.count[DROP_PORT_DOWN] -
	    n->check.seen[DROP_PORT_DOWN];
}

static void
check_counters(struct node *n)
{
	const struct stack *stk = n->stk;
	const struct ip_stats *ip = &stk->ip.stats;
	uint64_t rx = n->check.gone_rx + ip->looped, above, fate;

	for (const struct port *p = stk->ports; p != NULL; p = p->next)
		rx += p->stats.rx_packets;
	for (struct ipip *t = ipip_next(n->stk, NULL); t != NULL;
	    t = ipip_next(n->stk, t))
		rx += t->received;
	/* What was no packet inside, or none that may go on. */
	rx -= n->check.seen[DROP_TUNNEL_INNER] +
	    n->check.seen[DROP_TUNNEL_ECN];
	above = ip->received + stk->arp.stats.received + n->check.before_ip;
	if (rx != above)
		world_fail(n->world, "%s: %" PRIu64 " packets came in, but "
		    "IP, ARP and drops make %" PRIu64, n->name, rx, above);
	fate = ip->delivered + ip->forwarded + n->check.in_ip + ip->merged +
	    frags_held(stk) + frags_dropped(n);
	if (ip->received != fate)
		world_fail(n->world, "%s: IP received %" PRIu64 " packets, but "
		    "delivered %" PRIu64 ", forwarded %" PRIu64 ", merged %"
		    PRIu64 " and drops make %" PRIu64, n->name, ip->received,
		    ip->delivered, ip->forwarded, ip->merged, fate);
}

static void
check_packets(struct node *n)
{
	uint32_t held = n->stk->arp.held + n->stk->ip.loop.count;

	if (n->stk->pool.live != held)
		world_fail(n->world, "%s: %u packets are alive, but queues "
		    "hold %u", n->name, n->stk->pool.live, held);
}

static void
check_time(struct node *n)
{
	struct check_node *c = &n->check;
	struct instant due = stack_next_deadline(n->stk);

	if (instant_before(due, n->stk->now))
		world_fail(n->world, "%s: a timer lies %" PRId64
		    " us in the past", n->name, n->stk->now.us - due.us);
	if (c->turn.us != n->stk->now.us) {
		c->turn = n->stk->now;
		c->turns = 0;
	} else if (++c->turns > TURNS_MAX) {
		world_fail(n->world, "%s: %u turns at the same instant",
		    n->name, c->turns);
	}
}

/* A script that could go on was told so, unless the stack has yet to; and
 * nothing waits inside for a turn that does not come. */
static void
check_wakeups(struct node *n)
{
	const struct icmp_echo *e;

	if (instant_reached(n->stk->now, stack_next_deadline(n->stk)))
		return;
	if (n->stk->ip.loop.count > 0)
		world_fail(n->world, "%s: %u packets to itself wait for "
		    "nothing", n->name, n->stk->ip.loop.count);
	LIST_FOREACH(e, &n->stk->icmp.echoes, all) {
		if (e->count > 0)
			world_fail(n->world, "%s: a ping was not told of an "
			    "answer", n->name);
	}
	for (struct app *a = n->apps; a != NULL; a = a->next) {
		if (a->ops->waits_in_vain != NULL && a->ops->waits_in_vain(a))
			world_fail(n->world, "%s: %s was not woken",
			    n->name, a->ops->kind);
	}
}

void
check_node(struct node *n)
{
	check_time(n);
	check_wakeups(n);
	check_packets(n);
	check_counters(n);
}

/* ---- wires -------------------------------------------------------------- */

static void
check_wire(struct wire *wire)
{
	struct wire_stats sum = { 0 };

	for (uint32_t i = 0; i < wire->count; i++) {
		const struct wire_end *e = wire->ends[i];
		const struct wire_stats *s = &e->stats;

		sum.sent += s->sent;
		sum.copies += s->copies;
		sum.duplicated += s->duplicated;
		sum.lost += s->lost + s->queue_full + s->too_long +
		    s->no_carrier;
		sum.arrived += s->arrived;
		if (s->arrived != s->not_up + s->read + e->in_count)
			world_fail(wire->world, "%s: %s got %" PRIu64
			    " frames, but read %" PRIu64, e->node->name,
			    e->name, s->arrived, s->read);
	}
	if (sum.copies != sum.arrived + sum.lost + wire->under_way)
		world_fail(wire->world, "wire %u: %" PRIu64 " frames entered, "
		    "but %" PRIu64 " arrived, %" PRIu64 " were lost, %" PRIu64
		    " are under way", wire->index, sum.copies, sum.arrived,
		    sum.lost, wire->under_way);
	if (wire->count == 2 && sum.sent + sum.duplicated != sum.copies)
		world_fail(wire->world, "wire %u: %" PRIu64 " frames were sent "
		    "and %" PRIu64 " doubled, but %" PRIu64 " entered",
		    wire->index, sum.sent, sum.duplicated, sum.copies);
}

/* ---- routes ------------------------------------------------------------- */

/* The table as a list, for the slow and obvious search. */
struct routes {
	const struct route **list;
	uint32_t count, size;
};

/* As they were given: without the look-up's own idea of what there is. */
static void
see_routes(const struct stack *stk, struct routes *all)
{
	for (uint32_t i = 1; i < stk->ip.route_slots; i++) {
		const struct route *r = stk->ip.routes[i].chain;

		for (; r != NULL; r = r->next) {
			all->list = sim_grow(all->list, &all->size,
			    all->count + 1, sizeof(*all->list));
			all->list[all->count++] = r;
		}
	}
}

static const struct route *
longest_match(const struct routes *all, struct ip4 dst)
{
	const struct route *best = NULL;

	for (uint32_t i = 0; i < all->count; i++) {
		const struct route *r = all->list[i];

		if (ip4_in_prefix(dst, r->dst) && (best == NULL ||
		    r->dst.len > best->dst.len || (r->dst.len ==
		    best->dst.len && r->metric < best->metric)))
			best = r;
	}
	return best;
}

/* The address at an edge of p, or beside one. */
static struct ip4
edge(struct ip4_prefix p, uint32_t which)
{
	uint32_t first = p.ip.v & ip4_mask(p.len);
	uint32_t last = first | ~ip4_mask(p.len);

	return (struct ip4){ (which < 3 ? first : last) + which % 3 - 1 };
}

static void
check_route(struct node *n, const struct routes *all, struct ip4 dst)
{
	char text[IP4_STRLEN];

	if (route_lookup(n->stk, dst, 0).route != longest_match(all, dst))
		world_fail(n->world, "%s: the route to %s is not the "
		    "longest match", n->name, ip4_format(dst, text));
}

/* All edges of a few prefixes, some edges of many. */
static void
check_edges(struct node *n, const struct routes *all,
    const struct ip4_prefix *p, uint32_t count)
{
	struct rng *rng = &n->world->check_rng;

	if (count <= ROUTES_FEW) {
		for (uint32_t i = 0; i < count * EDGES; i++)
			check_route(n, all, edge(p[i / EDGES], i % EDGES));
		return;
	}
	for (uint32_t i = 0; i < ROUTE_SAMPLES; i++)
		check_route(n, all, edge(p[rng_below(rng, count)],
		    rng_below(rng, EDGES)));
}

/* What goes must not be missed where it was: it is looked for there once
 * more. */
static void
remember_prefixes(struct node *n, const struct ip4_prefix *p, uint32_t count)
{
	struct check_node *c = &n->check;

	c->pasts = count < CHECK_PAST ? count : CHECK_PAST;
	for (uint32_t i = 0; i < c->pasts; i++)
		c->past[i] = p[c->pasts == count ? i :
		    rng_below(&n->world->check_rng, count)];
}

void
check_routes(struct node *n)
{
	struct routes all = { NULL, 0, 0 };
	struct ip4_prefix *p;

	see_routes(n->stk, &all);
	if (all.count != n->stk->ip.route_count)
		world_fail(n->world, "%s: %u routes, but %u are counted",
		    n->name, all.count, n->stk->ip.route_count);
	p = sim_alloc((all.count + 1) * sizeof(*p));
	for (uint32_t i = 0; i < all.count; i++)
		p[i] = all.list[i]->dst;
	check_edges(n, &all, p, all.count);
	check_edges(n, &all, n->check.past, n->check.pasts);
	remember_prefixes(n, p, all.count);
	free(p);
	free(all.list);
}

/* ---- flows -------------------------------------------------------------- */

static void
check_flow(struct node *n, struct lb_flow *f, uint32_t index)
{
	struct lb_tuple in = { f->client, f->vip, f->cport, f->vport,
	    f->proto };
	struct lb_tuple out = { f->server, f->local, f->sport, f->lport,
	    f->proto };
	bool reply = true;

	if ((f->flags & LB_FLOW_TEMPLATE) != 0)
		return;
	if (lb_flow_lookup(n->stk, &in, &reply) != f || reply)
		world_fail(n->world, "%s: flow %u is not found from its "
		    "client's side", n->name, index);
	reply = false;
	if ((f->flags & LB_FLOW_NO_OUTPUT) == 0 &&
	    (lb_flow_lookup(n->stk, &out, &reply) != f || !reply))
		world_fail(n->world, "%s: flow %u is not found from its "
		    "server's side", n->name, index);
}

static void
check_director(struct node *n)
{
	struct lb_flow *f;
	uint32_t pos = 0, count = 0;
	struct stack *stk = n->stk;
	uint64_t active = 0, counted = 0;

	if (stk->lb.flows.count == 0)
		return;
	while ((f = lb_flow_next(stk, &pos, NULL)) != NULL) {
		struct lb_server *srv = lb_server_by_index(stk,
		    f->server_index);

		count++;
		check_flow(n, f, lb_flow_index(&stk->lb.flows, f));
		if (srv == NULL || !addr_eq(&srv->addr, &f->server))
			world_fail(n->world, "%s: a flow and its server do "
			    "not agree", n->name);
		active += (f->flags & LB_FLOW_ACTIVE) != 0;
	}
	if (count != stk->lb.flows.count)
		world_fail(n->world, "%s: %u flows, but %u are counted",
		    n->name, count, stk->lb.flows.count);
	for (struct lb_service *s = lb_service_next(stk, NULL); s != NULL;
	    s = lb_service_next(stk, s)) {
		for (struct lb_server *srv = lb_server_next(s, NULL);
		    srv != NULL; srv = lb_server_next(s, srv))
			counted += srv->active;
	}
	if (counted > active)
		world_fail(n->world, "%s: servers count %" PRIu64
		    " active flows, but there are %" PRIu64, n->name, counted,
		    active);
}

/* RFC 9768: a mark may come to who does not count (RFC 3168, a dead
 * connection), but none that is counted was not there. */
static void
check_marks(struct node *n)
{
	uint64_t came = 0, counted = n->stk->tcp.stats.marks_received;

	for (const struct wire_end *e = n->ends; e != NULL; e = e->node_next)
		came += e->stats.marks_read;
	if (counted > came)
		world_fail(n->world, "%s: %" PRIu64 " congestion marks came, "
		    "but TCP counts %" PRIu64, n->name, came, counted);
}

void
check_world(struct world *w)
{
	for (uint32_t i = 0; i < w->wire_count; i++)
		check_wire(w->wires[i]);
	for (uint32_t i = 0; i < w->node_count; i++) {
		struct node *n = w->nodes[i];

		if (n->stk == NULL)
			continue;
		check_director(n);
		check_marks(n);
		tcp_judge_audit(n);
		if (!tcp_timers_run(n->stk))
			world_fail(w, "%s: a TCP connection has data, but no "
			    "timer", n->name);
	}
}
