/*
 * cmd_lb.c - lb set|show: the load balancer as a whole; mark add|del|show:
 * rules that give packets a firewall mark.
 */
#include "ctl/cmd_lb.h"

/* ---- lb ----------------------------------------------------------------- */

int
lb_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct lb_conf c;

	lb_conf_get(ctl->stk, &c);
	take_seconds(cmd, A_TCP_TIMEOUT, &c.timeouts.tcp_s);
	take_seconds(cmd, A_FIN_TIMEOUT, &c.timeouts.tcp_fin_s);
	take_seconds(cmd, A_UDP_TIMEOUT, &c.timeouts.udp_s);
	take_seconds(cmd, A_DRAIN, &c.drain_s);
	take_switch(cmd, A_SLOPPY_TCP, &c.sloppy_tcp);
	take_switch(cmd, A_EXPIRE_NODEST, &c.expire_nodest_conn);
	take_switch(cmd, A_EXPIRE_QUIESCENT, &c.expire_quiescent_template);
	take_switch(cmd, A_RST_ON_EXPIRE, &c.rst_on_expire);
	take_switch(cmd, A_MSS_CLAMP, &c.mss_clamp);
	take_switch(cmd, A_TOA, &c.toa);
	take_u8(cmd, A_CONN_REUSE, &c.conn_reuse_mode);
	take_u32(cmd, A_MAX_FLOWS, &c.max_flows);
	return lb_conf_set(ctl->stk, &c, err);
}

static void
describe_lb(struct stack *stk, struct command *cmd)
{
	struct lb_conf c;

	lb_conf_get(stk, &c);
	command_init(cmd, grammar_row(OBJ_LB, VERB_SET));
	command_set(cmd, A_TCP_TIMEOUT)->num = c.timeouts.tcp_s * USEC_PER_SEC;
	command_set(cmd, A_FIN_TIMEOUT)->num =
	    c.timeouts.tcp_fin_s * USEC_PER_SEC;
	command_set(cmd, A_UDP_TIMEOUT)->num = c.timeouts.udp_s * USEC_PER_SEC;
	command_set(cmd, A_DRAIN)->num = c.drain_s * USEC_PER_SEC;
	command_set(cmd, A_SLOPPY_TCP)->num = c.sloppy_tcp;
	command_set(cmd, A_EXPIRE_NODEST)->num = c.expire_nodest_conn;
	command_set(cmd, A_EXPIRE_QUIESCENT)->num =
	    c.expire_quiescent_template;
	command_set(cmd, A_CONN_REUSE)->num = c.conn_reuse_mode;
	command_set(cmd, A_RST_ON_EXPIRE)->num = c.rst_on_expire;
	command_set(cmd, A_MSS_CLAMP)->num = c.mss_clamp;
	command_set(cmd, A_TOA)->num = c.toa;
	command_set(cmd, A_MAX_FLOWS)->num = c.max_flows;
}

int
lb_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	return settings_walk(ctl, describe_lb, fn, arg);
}

int
lb_query(struct request *rq)
{
	const struct lb_flows *flows = &rq->ctl->stk->lb.flows;

	return settings_query(rq, describe_lb, rq->text ? NULL :
	    json_pack("{s:i,s:i}", "buckets", (int)flows->buckets, "flows",
	    (int)flows->count));
}

/* ---- mark --------------------------------------------------------------- */

static const uint8_t protos[] = {
	0, IPPROTO_TCP4, IPPROTO_UDP4, IPPROTO_SCTP4,
};

int
mark_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const union value *src = command_get(cmd, A_SRC);
	const union value *dst = command_get(cmd, A_DST);
	int64_t ports = command_num(cmd, A_PORTS, 65535);
	struct lb_mark_rule rule = {
		.mark = (uint32_t)command_num(cmd, A_MARK, 0),
		.proto = protos[command_num(cmd, A_PROTO, 0)],
		.dport_low = (uint16_t)(ports >> 16),
		.dport_high = (uint16_t)ports,
	};

	if (src != NULL)
		rule.src = src->prefix;
	if (dst != NULL)
		rule.dst = dst->prefix;
	if (cmd->row->verb == VERB_DEL)
		return lb_mark_del(ctl->stk, &rule, err);
	return lb_mark_add(ctl->stk, &rule, err);
}

static void
describe_mark(const struct lb_mark_rule *rule, struct command *cmd)
{
	command_init(cmd, grammar_row(OBJ_MARK, VERB_ADD));
	command_set(cmd, A_MARK)->num = rule->mark;
	for (unsigned i = 0; i < sizeof(protos); i++) {
		if (protos[i] == rule->proto)
			command_set(cmd, A_PROTO)->num = i;
	}
	if (rule->src.len != 0)
		command_set(cmd, A_SRC)->prefix = rule->src;
	if (rule->dst.len != 0)
		command_set(cmd, A_DST)->prefix = rule->dst;
	if (rule->dport_low != 0 || rule->dport_high != 65535)
		command_set(cmd, A_PORTS)->num =
		    (int64_t)rule->dport_low << 16 | rule->dport_high;
}

int
mark_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	const struct lb_mark_rule *rule;
	struct command cmd;
	int r = 0;

	for (uint32_t i = 0; r == 0 &&
	    (rule = lb_mark_at(ctl->stk, i)) != NULL; i++) {
		describe_mark(rule, &cmd);
		r = fn(arg, &cmd, rule);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	(void)obj;
	reply_object(arg, cmd, NULL);
	return 0;
}

int
mark_query(struct request *rq)
{
	return mark_walk(rq->ctl, show_one, rq);
}
