/*
 * lb_input.c - packets of services: look-up, scheduling, state, and on to the
 * forwarding mode.
 *
 * The order of things is IPVS's: the flow, else a service that schedules;
 * then the server's fitness, the counters, the state, the translation.  ICMP
 * errors are in lb_icmp.c, the state tables in lb_tcp_state.c, forwarding in
 * fwd_*.c, persistence in persist.c.
 */
#include "lb/lb.h"

#include "base/cursor.h"
#include "lb/fwd.h"
#include "lb/local.h"
#include "lb/persist.h"
#include "lb/sched.h"
#include "stack/stack.h"
#include "tcp/tcp_wire.h"

static inline bool
has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP4 || proto == IPPROTO_UDP4 ||
	    proto == IPPROTO_SCTP4;
}

/* The five words of a packet; false: cut off. */
FAST bool
tuple_read(const struct pkt *pkt, const struct ip4_hdr *h, struct lb_tuple *t)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;

	if (pkt->len < h->hlen + 4u)
		return false;
	t->sport = be16_get(l4);
	t->dport = be16_get(l4 + 2);
	t->src = addr_from_ip4(h->src);
	t->dst = addr_from_ip4(h->dst);
	t->proto = h->proto;
	return true;
}

static SLOW struct lb_service *
service_of(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_tuple *t)
{
	uint32_t mark = pkt->mark != 0 ? pkt->mark :
	    lb_mark_of(stk, h, t->dport);

	return lb_service_match(stk, mark, t->proto, &t->dst, t->dport);
}

bool
lb_match(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_hit *hit)
{
	hit->icmp = h->proto == IPPROTO_ICMP4;
	if (hit->icmp) {
		hit->flow = lb_icmp_match(stk, pkt, h, &hit->reply);
		return hit->flow != NULL;
	}
	if (!has_ports(h->proto) || !tuple_read(pkt, h, &hit->tuple))
		return false;
	hit->flow = lb_flow_lookup(stk, &hit->tuple, &hit->reply);
	if (hit->flow != NULL)
		return true;
	hit->service = service_of(stk, pkt, h, &hit->tuple);
	return hit->service != NULL;
}

/* TCP flags of a packet whose header has been checked; others: none. */
static uint8_t
tcp_flags(const struct pkt *pkt, const struct ip4_hdr *h)
{
	return h->proto == IPPROTO_TCP4 ?
	    pkt_data(pkt)[h->hlen + TCP_OFF_FLAGS] : 0;
}

static bool
header_is_whole(const struct pkt *pkt, const struct ip4_hdr *h)
{
	if (h->proto == IPPROTO_TCP4)
		return tcp_header_len(pkt_data(pkt) + h->hlen,
		    pkt->len - h->hlen) != 0;
	if (h->proto == IPPROTO_SCTP4)
		return lb_sctp_is_whole(pkt, h);
	return pkt->len - h->hlen >= UDP_HLEN;
}

static inline void
count_one(struct lb_tally *t, uint32_t bytes, bool output)
{
	*(output ? &t->stats.out_pkts : &t->stats.in_pkts) += 1;
	*(output ? &t->stats.out_bytes : &t->stats.in_bytes) += bytes;
}

/* A packet of srv, its service (which may be gone) and the whole. */
static inline void
count(struct stack *stk, struct lb_server *srv, uint32_t bytes, bool output)
{
	count_one(srv->tally, bytes, output);
	if (srv->svc != NULL)
		count_one(srv->svc->tally, bytes, output);
	count_one(stk->lb.services.tally, bytes, output);
}

/* Notes the sequence numbers that come next, for who must end the connection
 * from here. */
static inline void
flow_note_seq(struct lb_flow *f, const struct pkt *pkt,
    const struct ip4_hdr *h, bool output)
{
	const uint8_t *l4 = pkt_data(pkt) + h->hlen;
	uint32_t hlen = (uint32_t)(l4[TCP_OFF_DOFF] >> 4) * 4;
	uint8_t flags = l4[TCP_OFF_FLAGS];
	uint32_t end = be32_get(l4 + TCP_OFF_SEQ) + pkt_len(pkt) - h->hlen -
	    hlen + ((flags & TCP_SYN) != 0) + ((flags & TCP_FIN) != 0);
	uint32_t *slot = output ? &f->server_end : &f->client_end;
	uint16_t known = output ? LB_FLOW_SERVER_SEQ : LB_FLOW_CLIENT_SEQ;

	if ((f->flags & known) == 0 || (int32_t)(end - *slot) > 0)
		*slot = end;
	f->flags |= known;
	if (f->flags & LB_FLOW_NO_OUTPUT && flags & TCP_ACK) {
		f->server_end = be32_get(l4 + TCP_OFF_ACK);
		f->flags |= LB_FLOW_SERVER_SEQ;
	}
}

/* May the flow still go under pressure?  What looks open from the client's side
 * alone may be a forger's; where the server's side passes by, it must have
 * spoken. */
static bool
is_half_open(const struct lb_flow *f)
{
	bool opening;

	if (f->proto == IPPROTO_UDP4)
		return (f->flags & (LB_FLOW_TWO_WAY | LB_FLOW_SECOND)) == 0;
	opening = f->proto == IPPROTO_TCP4 ?
	    lb_tcp_is_half_open((enum lb_tcp_state)f->state) :
	    lb_sctp_is_half_open((enum lb_sctp_state)f->state);
	return opening ||
	    (f->flags & (LB_FLOW_TWO_WAY | LB_FLOW_NO_OUTPUT)) == 0;
}

static SLOW void
flow_enter(struct stack *stk, struct lb_flow *f, enum lb_tcp_state state)
{
	f->state = (uint8_t)state;
	lb_flow_set_active(stk, f, lb_tcp_is_active(state));
}

static SLOW void
sctp_step(struct stack *stk, struct lb_flow *f, const struct pkt *pkt,
    const struct ip4_hdr *h, bool output)
{
	bool whole;

	f->state = (uint8_t)lb_sctp_next((enum lb_sctp_state)f->state, pkt, h,
	    output, (f->flags & LB_FLOW_NO_OUTPUT) != 0);
	whole = f->state == LB_SCTP_ESTABLISHED;
	lb_flow_set_active(stk, f, whole);
	if (whole && f->template_index != 0)
		stk->lb.flows.flow[f->template_index].state = 1;
}

/* A packet to or from srv passes: the flow's state and deadline follow. */
FAST void
flow_step(struct stack *stk, const struct lb_server *srv, struct lb_flow *f,
    const struct pkt *pkt, const struct ip4_hdr *h, bool output)
{
	enum lb_tcp_dir dir = output ? LB_DIR_OUTPUT :
	    f->flags & LB_FLOW_NO_OUTPUT ? LB_DIR_INPUT_ONLY : LB_DIR_INPUT;
	enum lb_tcp_state next;

	if (output)
		f->flags |= LB_FLOW_TWO_WAY;
	if (h->proto == IPPROTO_TCP4) {
		next = lb_tcp_next((enum lb_tcp_state)f->state,
		    tcp_flags(pkt, h), dir);
		if (next != f->state)
			flow_enter(stk, f, next);
		flow_note_seq(f, pkt, h, output);
	} else if (h->proto == IPPROTO_SCTP4) {
		sctp_step(stk, f, pkt, h, output);
	}
	if (f->template_index != 0 && ((h->proto == IPPROTO_TCP4 &&
	    f->state == LB_TCP_ESTABLISHED) ||
	    (h->proto == IPPROTO_UDP4 && output)))
		stk->lb.flows.flow[f->template_index].state = 1;
	lb_flow_touch(stk, f, lb_flow_timeout_s(&stk->lb.conf, srv, f));
	if (f->flags & LB_FLOW_HALF_OPEN && !is_half_open(f))
		lb_flow_set_half_open(stk, f, false);
	f->flags |= LB_FLOW_SECOND;
}

FAST void
reply_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_server *srv = lb_server_at(&stk->lb.services,
	    f->server_index);

	count(stk, srv, h->total_len, true);
	flow_step(stk, srv, f, pkt, h, true);
	lb_fwd_reply(stk, pkt, h, f);
}

/* May this packet open a connection? */
static bool
may_open(const struct stack *stk, const struct pkt *pkt,
    const struct ip4_hdr *h)
{
	uint8_t flags = tcp_flags(pkt, h);

	if (h->proto == IPPROTO_SCTP4)
		return lb_sctp_is_init(pkt, h);
	if (h->proto != IPPROTO_TCP4)
		return true;
	return (flags & TCP_RST) == 0 &&
	    ((flags & TCP_SYN) != 0 || stk->lb.conf.sloppy_tcp);
}

/* The server's port for a connection t.  As in IPVS, a persistent service maps
 * only its own port: of one by mark or on all ports the client's port stays,
 * whatever the server has. */
static uint16_t
server_port(const struct lb_service *svc, const struct lb_server *srv,
    const struct lb_tuple *t)
{
	if (srv->port == 0)
		return t->dport;
	if (svc->conf.flags & LB_SVC_PERSIST && t->dport != svc->key.port)
		return t->dport;
	return srv->port;
}

/* What a flow from this packet to srv looks like. */
static struct lb_flow
flow_of(const struct lb_service *svc, const struct lb_server *srv,
    const struct lb_tuple *t)
{
	enum lb_fwd fwd = srv->conf.fwd;
	struct lb_flow f = {
		.client = t->src, .cport = t->sport,
		.vip = t->dst, .vport = t->dport,
		.server = srv->addr,
		.sport = server_port(svc, srv, t),
		.local = t->src, .lport = t->sport,
		.server_index = srv->index,
		.fwmark = svc->key.fwmark,
		.proto = t->proto,
		.fwd = (uint8_t)fwd,
		.flags = LB_FLOW_HALF_OPEN,
	};

	if (fwd != LB_FWD_NAT && fwd != LB_FWD_FULLNAT)
		f.flags |= LB_FLOW_NO_OUTPUT;
	if (svc->key.fwmark == 0 && svc->key.port == 0)
		f.flags |= LB_FLOW_ANY_PORT;
	if (srv->port == 0)
		f.flags |= LB_FLOW_SERVER_ANY;
	else if (f.sport != srv->port)
		f.flags |= LB_FLOW_SAME_PORT;
	return f;
}

static void
count_conn(struct stack *stk, struct lb_server *srv)
{
	srv->tally->stats.conns++;
	srv->svc->tally->stats.conns++;
	stk->lb.services.tally->stats.conns++;
}

/* Nobody to take it: ICMP, as IPVS answers, or a RST if the service says so. */
static SLOW void
refuse(struct stack *stk, const struct lb_service *svc, struct pkt *pkt,
    const struct ip4_hdr *h, enum drop why)
{
	if (h->proto != IPPROTO_TCP4 || !(svc->conf.flags & LB_SVC_RST)) {
		pkt_drop(stk, pkt, why);
		return;
	}
	lb_reset_answer(stk, pkt, h);
	pkt_drop_silent(stk, pkt, why);
}

/* A SYN on a flow whose connection has begun to end is another connection, even
 * where it keeps the flow (persistence, conn_reuse_mode 0): nothing that was
 * noted of sequence numbers holds, and FULLNAT needs a later initial one than
 * the server remembers. */
static void
flow_renew(struct lb_flow *f, uint8_t flags)
{
	const uint16_t noted = LB_FLOW_SEQ | LB_FLOW_SERVER_ISN |
	    LB_FLOW_TOA_DONE | LB_FLOW_CLIENT_SEQ | LB_FLOW_SERVER_SEQ;

	if ((flags & (TCP_SYN | TCP_ACK | TCP_RST)) == TCP_SYN &&
	    lb_tcp_is_ending((enum lb_tcp_state)f->state))
		f->flags &= (uint16_t)~noted;
}

/* Was srv removed so long ago (lb_conf.drain_s), or has it drained so long,
 * that its flows may not go on? */
static inline bool
server_is_gone(const struct stack *stk, const struct lb_server *srv)
{
	if (instant_reached(stk->now, srv->drain))
		return true;
	return srv->svc == NULL && instant_reached(stk->now,
	    instant_add(srv->gone, stk->lb.conf.drain_s * USEC_PER_SEC));
}

FAST void
client_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_flow *f)
{
	struct lb_server *srv = lb_server_at(&stk->lb.services,
	    f->server_index);

	if (server_is_gone(stk, srv)) {
		pkt_drop(stk, pkt, DROP_LB_SERVER_GONE);
		return;
	}
	count(stk, srv, h->total_len, false);
	flow_step(stk, srv, f, pkt, h, false);
	lb_fwd_in(stk, pkt, h, f);
}

/* One-packet scheduling: the flow lives as long as this packet, and replies
 * find none. */
static SLOW void
one_packet(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    struct lb_server *srv, struct lb_flow *f)
{
	count_conn(stk, srv);
	count(stk, srv, h->total_len, false);
	lb_fwd_in(stk, pkt, h, f);
}

/* A packet that opens a connection: picks a server, makes the flow and sends
 * the packet on it, or drops it. */
static SLOW void
schedule(struct stack *stk, struct lb_service *svc, struct pkt *pkt,
    const struct ip4_hdr *h, const struct lb_tuple *t)
{
	struct lb_pick pick = { t->src, t->dst, t->sport, t->dport };
	struct lb_flow *template_ = NULL, *f, fresh;
	struct lb_server *srv;

	if (svc->conf.flags & LB_SVC_PERSIST)
		srv = lb_persist_pick(stk, svc, t, &pick, &template_);
	else
		srv = svc->conf.sched->pick(stk, svc, &pick);
	if (srv == NULL) {
		refuse(stk, svc, pkt, h, DROP_LB_NO_SERVER);
		return;
	}
	fresh = flow_of(svc, srv, t);
	if (svc->conf.flags & LB_SVC_OPS && t->proto == IPPROTO_UDP4) {
		one_packet(stk, pkt, h, srv, &fresh);
		return;
	}
	if (fresh.fwd == LB_FWD_FULLNAT &&
	    !lb_local_pick(stk, svc, srv, &fresh)) {
		refuse(stk, svc, pkt, h, DROP_LB_NO_LOCAL);
		return;
	}
	if (template_ != NULL)
		fresh.template_index = lb_flow_index(&stk->lb.flows,
		    template_);
	f = lb_flow_add(stk, &fresh, lb_flow_timeout_s(&stk->lb.conf, srv,
	    &fresh));
	if (f == NULL) {
		pkt_drop(stk, pkt, DROP_LB_TABLE);
		return;
	}
	count_conn(stk, srv);
	client_input(stk, pkt, h, f);
}

/* Has the connection ended, so that a SYN on its ports is a new one? */
static bool
is_over(const struct stack *stk, const struct lb_flow *f)
{
	uint8_t mode = stk->lb.conf.conn_reuse_mode;

	if (mode == 0 || f->template_index != 0)
		return false;
	if (f->proto == IPPROTO_SCTP4)
		return f->state == LB_SCTP_CLOSED;
	return f->state == LB_TCP_TIME_WAIT || f->state == LB_TCP_CLOSE ||
	    ((mode & 2) != 0 && f->state == LB_TCP_FIN_WAIT &&
	    (f->flags & LB_FLOW_NO_OUTPUT));
}

/* Does it ask for a connection? */
static inline bool
is_opening(const struct pkt *pkt, const struct ip4_hdr *h)
{
	if (h->proto == IPPROTO_SCTP4)
		return lb_sctp_is_init(pkt, h);
	return (tcp_flags(pkt, h) & TCP_SYN) != 0;
}

/* A flow that this packet shall not use any more is ended; true: it was. */
static SLOW bool
flow_retire(struct stack *stk, struct lb_flow *f, const struct pkt *pkt,
    const struct ip4_hdr *h)
{
	const struct lb_server *srv = lb_server_by_index(stk, f->server_index);
	const struct lb_conf *conf = &stk->lb.conf;

	if (is_opening(pkt, h)) {
		if ((conf->expire_nodest_conn && srv->conf.weight == 0) ||
		    is_over(stk, f)) {
			lb_flow_del(stk, f);
			return true;
		}
	}
	if (conf->expire_nodest_conn && server_is_gone(stk, srv)) {
		lb_flow_del(stk, f);
		return true;
	}
	return false;
}

/* A segment of no connection, to the service's address: if that is ours, we are
 * the host that answers for it (RFC 9293 3.10.7.1; SCTP nobody here speaks:
 * RFC 1122 3.2.2.1), as IPVS leaves it to its own host.  Else it may be another
 * director's. */
static void
no_flow(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h)
{
	bool ours = iface_addr_local(stk, h->dst) != NULL;

	if (h->proto == IPPROTO_TCP4 && ours)
		lb_reset_answer(stk, pkt, h);
	pkt_drop(stk, pkt, h->proto == IPPROTO_SCTP4 && ours ? DROP_IP_PROTO :
	    DROP_LB_NO_FLOW);
}

/* A packet that a service wants, of no flow. */
static SLOW void
service_input(struct stack *stk, struct lb_service *svc, struct pkt *pkt,
    const struct ip4_hdr *h, const struct lb_tuple *t)
{
	if (svc == NULL || !may_open(stk, pkt, h))
		no_flow(stk, pkt, h);
	else
		schedule(stk, svc, pkt, h, t);
}

/* A packet that may well be the first of another connection on f's ports. */
static SLOW void
turning_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_hit *hit)
{
	const struct lb_tuple *t = &hit->tuple;
	struct lb_flow *f = hit->flow;

	if (flow_retire(stk, f, pkt, h)) {
		service_input(stk, service_of(stk, pkt, h, t), pkt, h, t);
		return;
	}
	flow_renew(f, tcp_flags(pkt, h));
	client_input(stk, pkt, h, f);
}

void
lb_input(struct stack *stk, struct pkt *pkt, const struct ip4_hdr *h,
    const struct lb_hit *hit)
{
	struct lb_flow *f = hit->flow;

	if (hit->icmp)
		lb_icmp_input(stk, pkt, h, f, hit->reply);
	else if (!header_is_whole(pkt, h))
		pkt_drop(stk, pkt, DROP_LB_SHORT);
	else if (f == NULL)
		service_input(stk, hit->service, pkt, h, &hit->tuple);
	else if (hit->reply)
		reply_input(stk, pkt, h, f);
	else if (is_opening(pkt, h) || stk->lb.conf.expire_nodest_conn)
		turning_input(stk, pkt, h, hit);
	else
		client_input(stk, pkt, h, f);
}
