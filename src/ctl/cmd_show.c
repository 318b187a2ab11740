/*
 * cmd_show.c - drops, limits, stats and the summary: what no object owns.
 */
#include "ctl/cmd.h"

#include <string.h>

int
drops_query(struct request *rq)
{
	struct drop_state *drop = &rq->ctl->stk->drop;
	bool all = command_given(rq->cmd, A_ALL);

	if (rq->cmd->row->verb == VERB_ZERO) {
		memset(drop->count, 0, sizeof(drop->count));
		memset(drop->received, 0, sizeof(drop->received));
		return 0;
	}
	for (int i = 0; i < DROP_COUNT; i++) {
		if (drop->count[i] == 0 && !all)
			continue;
		reply_data(rq, json_pack("{s:s,s:I,s:I,s:s}", "reason",
		    drop_rows[i].name, "count", (json_int_t)drop->count[i],
		    "received", (json_int_t)drop->received[i],
		    "help", drop_rows[i].text));
	}
	return 0;
}

/* How much of a limit is used; -1: not counted. */
static json_int_t
used(const struct stack *stk, const char *name)
{
	const struct {
		const char *name;
		json_int_t used;
	} uses[] = {
		{ "ports", stk->port_count },
		{ "addrs", stk->ip.addr_count },
		{ "routes", stk->ip.route_count },
		{ "neighs", stk->arp.count },
		{ "neigh_hold_all", stk->arp.held },
		{ "lb_services", stk->lb.services.count },
		{ "lb_servers", stk->lb.services.server_count },
		{ "lb_flows", stk->lb.flows.count },
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (strcmp(uses[i].name, name) == 0)
			return uses[i].used;
	}
	return -1;
}

static void
limit(struct request *rq, const char *name, uint32_t value, const char *why)
{
	json_int_t n = used(rq->ctl->stk, name);
	json_t *obj = json_pack("{s:s,s:I,s:s}", "limit", name, "value",
	    (json_int_t)value, "help", why);

	if (n >= 0)
		json_object_set_new(obj, "used", json_integer(n));
	reply_data(rq, obj);
}

int
limits_query(struct request *rq)
{
	const struct limits *l = &rq->ctl->stk->limits;

#define X(field, value, why) limit(rq, #field, l->field, why);
	LIMITS_TABLE(X)
#undef X
	return 0;
}

static void
stat(struct request *rq, const char *room, const char *name, uint64_t value)
{
	reply_data(rq, json_pack("{s:s,s:s,s:I}", "room", room, "counter",
	    name, "value", (json_int_t)value));
}

/* What became of all that ports brought in; "waiting" has no fate yet, so
 * the others but "received" add up to it. */
static void
fates(struct request *rq)
{
	const uint64_t *n = rq->ctl->stk->pool.fate;
	uint64_t decided = n[PKT_FORWARDED] + n[PKT_DELIVERED] +
	    n[PKT_MERGED] + n[PKT_DROPPED];

	stat(rq, "fate", "received", n[PKT_RECEIVED]);
	stat(rq, "fate", "forwarded", n[PKT_FORWARDED]);
	stat(rq, "fate", "delivered", n[PKT_DELIVERED]);
	stat(rq, "fate", "merged", n[PKT_MERGED]);
	stat(rq, "fate", "dropped", n[PKT_DROPPED]);
	stat(rq, "fate", "waiting", n[PKT_RECEIVED] - decided);
}

int
stats_query(struct request *rq)
{
	const struct stack *stk = rq->ctl->stk;
	const struct ip_stats *ip = &stk->ip.stats;
	const struct lb_stats *lb = &stk->lb.services.tally->stats;
	uint64_t dropped = 0;

	for (int i = 0; i < DROP_COUNT; i++)
		dropped += stk->drop.count[i];
	fates(rq);
	stat(rq, "arp", "received", stk->arp.stats.received);
	stat(rq, "arp", "sent", stk->arp.stats.sent);
	stat(rq, "arp", "evicted", stk->arp.stats.evicted);
	stat(rq, "arp", "conflicts", stk->arp.stats.conflicts);
	stat(rq, "ip", "received", ip->received);
	stat(rq, "ip", "delivered", ip->delivered);
	stat(rq, "ip", "forwarded", ip->forwarded);
	stat(rq, "ip", "sent", ip->sent);
	stat(rq, "ip", "fragmented", ip->fragmented);
	stat(rq, "ip", "reassembled", ip->reassembled);
	stat(rq, "ip", "merged", ip->merged);
	stat(rq, "ip", "reassembling", reass_waiting(stk));
	stat(rq, "ip", "gro_frames", stk->ip.gro.frames);
	stat(rq, "ip", "gro_joined", stk->ip.gro.joined);
	stat(rq, "ip", "routes", stk->ip.route_count);
	stat(rq, "ip", "route_bytes", lpm_bytes(stk->ip.lpm));
	stat(rq, "igmp", "queries", stk->ip.igmp.queries);
	stat(rq, "igmp", "reports_sent", stk->ip.igmp.reports_sent);
	stat(rq, "igmp", "leaves_sent", stk->ip.igmp.leaves_sent);
	stat(rq, "icmp", "received", stk->icmp.received);
	stat(rq, "icmp", "sent_errors", stk->icmp.sent_errors);
	stat(rq, "icmp", "sent_replies", stk->icmp.sent_replies);
	stat(rq, "udp", "received", stk->udp.received);
	stat(rq, "udp", "sent", stk->udp.sent);
	stat(rq, "lb", "conns", lb->conns);
	stat(rq, "lb", "in_packets", lb->in_pkts);
	stat(rq, "lb", "out_packets", lb->out_pkts);
	stat(rq, "lb", "in_bytes", lb->in_bytes);
	stat(rq, "lb", "out_bytes", lb->out_bytes);
	stat(rq, "lb", "flows_expired", stk->lb.flows.expired);
	stat(rq, "lb", "flows_evicted", stk->lb.flows.evicted);
	stat(rq, "lb", "flows_refused", stk->lb.flows.refused);
	stat(rq, "lb", "flows_taken_over", stk->lb.flows.taken_over);
	stat(rq, "all", "dropped", dropped);
	return 0;
}

int
summary_query(struct request *rq)
{
	const struct stack *stk = rq->ctl->stk;
	uint64_t dropped = 0, rx = 0, tx = 0;

	for (int i = 0; i < DROP_COUNT; i++)
		dropped += stk->drop.count[i];
	for (const struct port *p = stk->ports; p != NULL; p = p->next) {
		rx += p->stats.rx_packets;
		tx += p->stats.tx_packets;
	}
	reply_data(rq, json_pack(
	    "{s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:I,s:I,s:I,s:I}",
	    "ports", (int)stk->port_count,
	    "addresses", (int)stk->ip.addr_count,
	    "routes", (int)stk->ip.route_count,
	    "neighbours", (int)stk->arp.count,
	    "services", (int)stk->lb.services.count,
	    "servers", (int)stk->lb.services.server_count,
	    "connections", (int)stk->lb.flows.count,
	    "received", (json_int_t)rx, "sent", (json_int_t)tx,
	    "forwarded", (json_int_t)stk->ip.stats.forwarded,
	    "dropped", (json_int_t)dropped));
	return 0;
}
