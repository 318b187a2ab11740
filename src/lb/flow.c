/*
 * flow.c - the flow table: look-up, life and end of flows (flow.h has the
 * design).  flow_region.c lays the region out and takes over an old one;
 * flow_wheel.c knows when a flow ends.
 *
 * It knows nothing of packets and of TCP: states and time-outs are set by
 * lb_input.c.  A flow holds a reference on its real server and on its
 * template; the only place where a flow dies is lb_flow_del().
 *
 * Limits: lb_flows, lb_conf.max_flows.
 */
#include "lb/flow_impl.h"

#include <string.h>

#include "base/prefetch.h"
#include "lb/local.h"
#include "stack/stack.h"

#define RECENT_TAG (UINT32_C(15) << 28)	/* over index and side */

struct lb_place
lb_tuple_place(const struct lb_flows *ft, const struct lb_tuple *t)
{
	uint64_t hash = siphash13_addrs(&ft->region->key, &t->src, &t->dst,
	    (uint64_t)t->proto << 32 | (uint64_t)t->sport << 16 | t->dport);

	return (struct lb_place){ &ft->bucket[hash & (ft->buckets - 1)],
	    UINT32_C(1) << (LB_INDEX_BITS + (hash >> 61)) };
}

/* The packets of f that come from the client. */
static struct lb_tuple
client_tuple(const struct lb_flow *f)
{
	return (struct lb_tuple){ f->client, f->vip, f->cport, f->vport,
	    f->proto };
}

/* The packets of f that come from the server. */
static struct lb_tuple
server_tuple(const struct lb_flow *f)
{
	return (struct lb_tuple){ f->server, f->local, f->sport, f->lport,
	    f->proto };
}

static bool
in_server_chain(const struct lb_flow *f)
{
	return (f->flags & (LB_FLOW_NO_OUTPUT | LB_FLOW_TEMPLATE)) == 0;
}

struct lb_places
lb_flow_places(const struct lb_flows *ft, const struct lb_flow *f)
{
	struct lb_tuple t = client_tuple(f);
	struct lb_places at = { .client = lb_tuple_place(ft, &t) };

	prefetch_write(at.client.bucket);
	if (!in_server_chain(f))
		return at;
	t = server_tuple(f);
	at.server = lb_tuple_place(ft, &t);
	prefetch_write(at.server.bucket);
	return at;
}

/* Puts flow i, whose link is *next, in front of a chain. */
static void
chain_push(uint32_t *head, uint32_t i, uint32_t tag, uint32_t *next)
{
	*next = *head & LB_INDEX_MASK;
	*head = i | (*head & ~LB_INDEX_MASK) | tag;
}

void
lb_flow_link(struct lb_flows *ft, struct lb_flow *f,
    const struct lb_places *at)
{
	uint32_t i = lb_flow_index(ft, f);

	chain_push(&at->client.bucket->client, i, at->client.tag,
	    &f->client_next);
	if (at->server.bucket != NULL)
		chain_push(&at->server.bucket->server, i, at->server.tag,
		    &f->server_next);
}

/* The head of a chain becomes i: what the others left of bits stays, until
 * there is nobody. */
static void
head_set(uint32_t *head, uint32_t i)
{
	*head = i == 0 ? 0 : (*head & ~LB_INDEX_MASK) | i;
}

static void
client_chain_unlink(struct lb_flows *ft, struct lb_flow *f, uint32_t *head)
{
	uint32_t i = lb_flow_index(ft, f), at = *head & LB_INDEX_MASK;

	if (at == i) {
		head_set(head, f->client_next);
		return;
	}
	while (ft->flow[at].client_next != i) {
		assert(at != 0);
		at = ft->flow[at].client_next;
	}
	ft->flow[at].client_next = f->client_next;
}

static void
server_chain_unlink(struct lb_flows *ft, struct lb_flow *f, uint32_t *head)
{
	uint32_t i = lb_flow_index(ft, f), at = *head & LB_INDEX_MASK;

	if (at == i) {
		head_set(head, f->server_next);
		return;
	}
	while (ft->flow[at].server_next != i) {
		assert(at != 0);
		at = ft->flow[at].server_next;
	}
	ft->flow[at].server_next = f->server_next;
}

static void
chains_unlink(struct lb_flows *ft, struct lb_flow *f)
{
	struct lb_places at = lb_flow_places(ft, f);

	client_chain_unlink(ft, f, &at.client.bucket->client);
	if (at.server.bucket != NULL)
		server_chain_unlink(ft, f, &at.server.bucket->server);
}

static bool
tuple_eq(const struct lb_tuple *t, const struct addr *src, uint16_t sport,
    const struct addr *dst, uint16_t dport, uint8_t proto)
{
	return t->sport == sport && t->dport == dport && t->proto == proto &&
	    addr_eq(&t->src, src) && addr_eq(&t->dst, dst);
}

/* The flow at index i; its two lines are fetched together. */
static struct lb_flow *
flow_at(struct lb_flows *ft, uint32_t i)
{
	struct lb_flow *f = &ft->flow[i];

	prefetch(f);
	return f;
}

static inline struct lb_flow *
client_find(struct lb_flows *ft, const struct lb_tuple *t,
    const struct lb_place *at, bool template_)
{
	uint32_t head = at->bucket->client, i;
	struct lb_flow *f;

	if ((head & at->tag) == 0)
		return NULL;
	for (i = head & LB_INDEX_MASK; i != 0; i = f->client_next) {
		f = flow_at(ft, i);
		if (tuple_eq(t, &f->client, f->cport, &f->vip, f->vport,
		    f->proto) &&
		    ((f->flags & LB_FLOW_TEMPLATE) != 0) == template_)
			return f;
	}
	return NULL;
}

static inline struct lb_flow *
server_find(struct lb_flows *ft, const struct lb_tuple *t,
    const struct lb_place *at)
{
	uint32_t head = at->bucket->server, i;
	struct lb_flow *f;

	if ((head & at->tag) == 0)
		return NULL;
	for (i = head & LB_INDEX_MASK; i != 0; i = f->server_next) {
		f = flow_at(ft, i);
		if (tuple_eq(t, &f->server, f->sport, &f->local, f->lport,
		    f->proto))
			return f;
	}
	return NULL;
}

/* By a hash that anybody can compute, of what differs in IPv4: its upper bits
 * say where a tuple found lately stands; the uppermost stand there, too. */
static inline uint32_t
recent_hash(const struct lb_tuple *t)
{
	uint32_t x = addr_to_ip4(&t->src).v ^ addr_to_ip4(&t->dst).v ^
	    ((uint32_t)t->sport << 16 | t->dport);

	return x * UINT32_C(0x9e3779b1);
}

static inline uint32_t *
recent_slot(struct lb_flows *ft, uint32_t hash)
{
	return &ft->recent[(hash >> 16) % LB_FLOW_RECENT];
}

/* Is it t that passes by f on that side? */
static inline bool
flow_is(const struct lb_flow *f, bool server, const struct lb_tuple *t)
{
	if ((f->flags & (LB_FLOW_USED | LB_FLOW_TEMPLATE)) != LB_FLOW_USED)
		return false;
	if (!server)
		return tuple_eq(t, &f->client, f->cport, &f->vip, f->vport,
		    f->proto);
	return in_server_chain(f) && tuple_eq(t, &f->server, f->sport,
	    &f->local, f->lport, f->proto);
}

/* Not found lately. */
static SLOW struct lb_flow *
chains_lookup(struct lb_flows *ft, const struct lb_tuple *t, bool *reply)
{
	struct lb_place at = lb_tuple_place(ft, t);
	struct lb_flow *f = client_find(ft, t, &at, false);
	uint32_t hash = recent_hash(t);

	*reply = f == NULL;
	if (f == NULL)
		f = server_find(ft, t, &at);
	if (f != NULL)
		*recent_slot(ft, hash) = (hash & RECENT_TAG) |
		    lb_flow_index(ft, f) << 1 | *reply;
	return f;
}

struct lb_flow *
lb_flow_lookup(struct stack *stk, const struct lb_tuple *t, bool *reply)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t hash = recent_hash(t), recent = *recent_slot(ft, hash);
	struct lb_flow *f = &ft->flow[(recent & ~RECENT_TAG) >> 1];

	*reply = recent & 1;
	if (((recent ^ hash) & RECENT_TAG) == 0 && flow_is(f, *reply, t))
		return f;
	return ft->count == 0 ? NULL : chains_lookup(ft, t, reply);
}

/* A new flow comes before whatever was found by its tuples. */
static void
recent_forget(struct lb_flows *ft, const struct lb_flow *f)
{
	struct lb_tuple client = client_tuple(f), server = server_tuple(f);

	*recent_slot(ft, recent_hash(&client)) = 0;
	*recent_slot(ft, recent_hash(&server)) = 0;
}

struct lb_flow *
lb_flow_template(struct stack *stk, const struct lb_tuple *t)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_place at;

	if (ft->count == 0)
		return NULL;
	at = lb_tuple_place(ft, t);
	return client_find(ft, t, &at, true);
}

/* A slot for a new flow, or 0. */
static uint32_t
slot_take(struct stack *stk)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_flow *victim;
	uint32_t i;

	if (ft->count >= stk->lb.conf.max_flows ||
	    (ft->free == 0 && ft->region->high == ft->region->flows)) {
		victim = lb_wheel_first(ft, 1);
		if (victim == NULL)
			return 0;
		ft->evicted++;
		lb_flow_del(stk, victim);
	}
	if (ft->free != 0) {
		i = ft->free;
		ft->free = ft->flow[i].client_next;
		return i;
	}
	return ft->region->high++;
}

/* Counts f at its server and its template. */
void
lb_flow_attach(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_server *srv = lb_server_by_index(stk, f->server_index);

	assert(srv != NULL);
	lb_server_hold(srv);
	if (f->template_index != 0)
		ft->flow[f->template_index].controls++;
	if (f->flags & LB_FLOW_TEMPLATE)
		srv->persist++;
	else if (f->flags & LB_FLOW_ACTIVE)
		srv->active++;
	else
		srv->inactive++;
	if ((f->flags & LB_FLOW_TEMPLATE) == 0) {
		lb_server_check_load(srv);
		if (f->fwd == LB_FWD_FULLNAT)
			lb_local_hold(srv, &f->local);
	}
	ft->count++;
}

static void
flow_detach(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_server *srv = lb_server_by_index(stk, f->server_index);

	if (f->template_index != 0)
		ft->flow[f->template_index].controls--;
	if (f->flags & LB_FLOW_TEMPLATE)
		srv->persist--;
	else if (f->flags & LB_FLOW_ACTIVE)
		srv->active--;
	else
		srv->inactive--;
	if ((f->flags & LB_FLOW_TEMPLATE) == 0) {
		lb_server_check_load(srv);
		if (f->fwd == LB_FWD_FULLNAT)
			lb_local_release(srv, &f->local);
	}
	lb_server_release(stk, srv);
	ft->count--;
}

struct lb_flow *
lb_flow_add(struct stack *stk, const struct lb_flow *from, uint32_t timeout_s)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_flow *f;
	struct lb_places at;
	uint32_t i;

	/* The template is not half-open, so making room leaves it alone. */
	if ((i = slot_take(stk)) == 0) {
		ft->refused++;
		return NULL;
	}
	f = &ft->flow[i];
	*f = *from;
	f->flags &= (uint16_t)~LB_FLOW_USED;
	f->wheel = (f->flags & LB_FLOW_HALF_OPEN) ? 1 : 0;
	f->due = lb_wheel_due(stk, timeout_s);
	at = lb_flow_places(ft, f);
	lb_flow_attach(stk, f);
	lb_wheel_link(stk, f);
	lb_flow_link(ft, f, &at);
	recent_forget(ft, f);
	/* The process may die anywhere: the flag comes after the facts. */
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	f->flags |= LB_FLOW_USED;
	return f;
}

void
lb_flow_del(struct stack *stk, struct lb_flow *f)
{
	struct lb_flows *ft = &stk->lb.flows;

	assert(f->flags & LB_FLOW_USED);
	f->flags &= (uint16_t)~LB_FLOW_USED;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (f->flags & LB_FLOW_TEMPLATE && f->controls > 0)
		lb_flow_orphan(stk, f);
	chains_unlink(ft, f);
	lb_wheel_unlink(stk, f);
	flow_detach(stk, f);
	f->client_next = ft->free;
	ft->free = lb_flow_index(ft, f);
}

void
lb_flow_retarget(struct stack *stk, struct lb_flow *template_,
    struct lb_server *srv)
{
	struct lb_server *old = lb_server_by_index(stk,
	    template_->server_index);

	assert(template_->flags & LB_FLOW_TEMPLATE);
	template_->server = srv->addr;
	template_->sport = srv->port;
	template_->fwd = (uint8_t)srv->conf.fwd;
	template_->server_index = srv->index;
	template_->flags &= (uint16_t)~LB_FLOW_SERVER_ANY;
	if (srv->port == 0)
		template_->flags |= LB_FLOW_SERVER_ANY;
	srv->persist++;
	lb_server_hold(srv);
	old->persist--;
	lb_server_release(stk, old);
}

/* A template goes before the flows that it controls (conn flush). */
void
lb_flow_orphan(struct stack *stk, struct lb_flow *template_)
{
	struct lb_flows *ft = &stk->lb.flows;
	uint32_t index = lb_flow_index(ft, template_);
	uint32_t i;

	for (i = 1; i < ft->region->high && template_->controls > 0; i++) {
		if (ft->flow[i].flags & LB_FLOW_USED &&
		    ft->flow[i].template_index == index) {
			ft->flow[i].template_index = 0;
			template_->controls--;
		}
	}
}

void
lb_flow_set_active(struct stack *stk, struct lb_flow *f, bool on)
{
	struct lb_server *srv;

	assert((f->flags & LB_FLOW_TEMPLATE) == 0);
	if (((f->flags & LB_FLOW_ACTIVE) != 0) == on)
		return;
	srv = lb_server_by_index(stk, f->server_index);
	f->flags ^= LB_FLOW_ACTIVE;
	if (on) {
		srv->active++;
		srv->inactive--;
	} else {
		srv->active--;
		srv->inactive++;
	}
	lb_server_load(srv);
}

struct lb_service_key
lb_flow_service_key(const struct lb_flow *f)
{
	struct lb_service_key k = { .fwmark = f->fwmark };

	if (f->fwmark != 0)
		return k;
	k.proto = f->proto;
	k.addr = f->vip;
	k.port = (f->flags & LB_FLOW_ANY_PORT) ? 0 : f->vport;
	return k;
}

/* TCP's, SCTP's, those of templates and of UDP. */
#define SCTP_NAMES	LB_TCP_STATE_COUNT
#define TEMPLATE_NAMES	(SCTP_NAMES + LB_SCTP_STATE_COUNT)
#define UDP_NAME	(TEMPLATE_NAMES + 2)

static const char *const state_names[] = {
	"NONE", "ESTABLISHED", "SYN_SENT", "SYN_RECV", "FIN_WAIT", "TIME_WAIT",
	"CLOSE", "CLOSE_WAIT", "LAST_ACK", "LISTEN", "SYNACK",
	"NONE", "INIT1", "INIT", "C-SENT", "C-REPLIED", "C-WAIT", "COOKIE",
	"C-ECHOED", "ESTABLISHED", "S-SENT", "S-RECEIVED", "S-ACK-SENT",
	"REJECTED", "CLOSED",
	"NONE", "ASSURED", "UDP",
};
static_assert(sizeof(state_names) / sizeof(state_names[0]) == UDP_NAME + 1,
    "a name for every state");

const char *
lb_flow_state_at(unsigned i)
{
	return i <= UDP_NAME ? state_names[i] : NULL;
}

const char *
lb_flow_state_name(const struct lb_flow *f)
{
	if (f->flags & LB_FLOW_TEMPLATE)
		return state_names[TEMPLATE_NAMES + (f->state != 0)];
	if (f->proto == IPPROTO_UDP4)
		return state_names[UDP_NAME];
	if (f->proto == IPPROTO_SCTP4)
		return state_names[SCTP_NAMES + f->state];
	return state_names[f->state];
}

/* Does f match the addresses and ports of w? */
static bool
sides_match(const struct lb_flow *f, const struct lb_flow_filter *w)
{
	if (w->has_client && !addr_eq(&f->client, &w->client))
		return false;
	if (w->has_vip && !addr_eq(&f->vip, &w->vip))
		return false;
	if (w->has_server && !addr_eq(&f->server, &w->server))
		return false;
	return (w->cport == 0 || w->cport == f->cport) &&
	    (w->vport == 0 || w->vport == f->vport) &&
	    (w->sport == 0 || w->sport == f->sport);
}

bool
lb_flow_matches(const struct lb_flow *f, const struct lb_flow_filter *w)
{
	struct lb_service_key key;

	if (w->proto != 0 && w->proto != f->proto)
		return false;
	if (w->fwmark != 0 && w->fwmark != f->fwmark)
		return false;
	if (w->no_templates && (f->flags & LB_FLOW_TEMPLATE))
		return false;
	if (w->state != NULL && strcmp(lb_flow_state_name(f), w->state) != 0)
		return false;
	if (w->service != NULL) {
		key = lb_flow_service_key(f);
		if (!lb_service_key_eq(&key, w->service))
			return false;
	}
	return sides_match(f, w);
}

struct lb_flow *
lb_flow_scan(struct stack *stk, uint32_t *pos, uint32_t *steps,
    const struct lb_flow_filter *filter)
{
	struct lb_flows *ft = &stk->lb.flows;

	while (*steps > 0 && *pos + 1 < ft->region->high) {
		struct lb_flow *f = &ft->flow[++*pos];

		(*steps)--;
		if (f->flags & LB_FLOW_USED &&
		    (filter == NULL || lb_flow_matches(f, filter)))
			return f;
	}
	return NULL;
}

struct lb_flow *
lb_flow_next(struct stack *stk, uint32_t *pos,
    const struct lb_flow_filter *filter)
{
	uint32_t steps = UINT32_MAX;

	return lb_flow_scan(stk, pos, &steps, filter);
}

uint32_t
lb_flow_flush(struct stack *stk, const struct lb_flow_filter *filter)
{
	struct lb_flow *f;
	uint32_t pos, n = 0;

	/* Templates last: by then they control little that remains. */
	for (int templates = 0; templates < 2; templates++) {
		pos = 0;
		while ((f = lb_flow_next(stk, &pos, filter)) != NULL) {
			if (!templates && f->flags & LB_FLOW_TEMPLATE)
				continue;
			lb_flow_del(stk, f);
			n++;
		}
	}
	return n;
}
