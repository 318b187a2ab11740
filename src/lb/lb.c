/*
 * lb.c - the load balancer as a whole: start and end, knobs, mark rules.
 */
#include "lb/lb.h"

#include <errno.h>
#include <string.h>

#include "lb/tally.h"
#include "stack/stack.h"

int
lb_init(struct stack *stk, void *mem, size_t mem_len)
{
	struct lb_services *s = &stk->lb.services;
	int r;

	stk->lb.conf = (struct lb_conf){
		.timeouts = { .tcp_s = 900, .tcp_fin_s = 120, .udp_s = 300 },
		.max_flows = LB_FLOWS_DEFAULT,
		.drain_s = 300,
		.conn_reuse_mode = 1,
		.toa = true,
	};
	if ((r = lb_services_init(stk)) != 0)
		return r;
	if ((r = lb_flows_init(stk, mem, mem_len)) != 0)
		return r;
	s->tally = lb_tally_claim(stk, NULL, NULL, 0, &s->own_tally);
	return 0;
}

void
lb_fini(struct stack *stk)
{
	struct lb_marks *m = &stk->lb.marks;

	lb_flows_fini(stk);
	lb_services_fini(stk);
	mem_free(&stk->mem, m->rule, m->count * sizeof(*m->rule));
	m->rule = NULL;
	m->count = 0;
}

void
lb_conf_get(const struct stack *stk, struct lb_conf *out)
{
	*out = stk->lb.conf;
}

int
lb_timeouts_set(struct stack *stk, const struct lb_timeouts *t,
    struct err *err)
{
	/* As the kernel: what would not fit its timers is refused. */
	const uint32_t max = INT32_MAX / 1000;
	struct lb_timeouts *have = &stk->lb.conf.timeouts;

	if (t->tcp_s > max || t->tcp_fin_s > max || t->udp_s > max)
		return err_set(err, -EINVAL, "time-out over %u seconds", max);
	if (t->tcp_s != 0)
		have->tcp_s = t->tcp_s;
	if (t->tcp_fin_s != 0)
		have->tcp_fin_s = t->tcp_fin_s;
	if (t->udp_s != 0)
		have->udp_s = t->udp_s;
	return 0;
}

int
lb_conf_set(struct stack *stk, const struct lb_conf *conf, struct err *err)
{
	struct lb_timeouts timeouts = stk->lb.conf.timeouts;
	int r;

	if (conf->conn_reuse_mode > 3)
		return err_set(err, -EINVAL, "conn_reuse_mode %u: 0 to 3",
		    conf->conn_reuse_mode);
	if ((r = lb_timeouts_set(stk, &conf->timeouts, err)) != 0)
		return r;
	if (conf->max_flows != stk->lb.conf.max_flows &&
	    (r = lb_flows_limit(stk, conf->max_flows, err)) != 0) {
		stk->lb.conf.timeouts = timeouts;
		return r;
	}
	timeouts = stk->lb.conf.timeouts;
	stk->lb.conf = *conf;
	stk->lb.conf.timeouts = timeouts;
	return 0;
}

static bool
rule_eq(const struct lb_mark_rule *a, const struct lb_mark_rule *b)
{
	return a->mark == b->mark && a->proto == b->proto &&
	    ip4_eq(a->src.ip, b->src.ip) && a->src.len == b->src.len &&
	    ip4_eq(a->dst.ip, b->dst.ip) && a->dst.len == b->dst.len &&
	    a->dport_low == b->dport_low && a->dport_high == b->dport_high;
}

/* Where the rule stands, or count. */
static uint32_t
rule_find(const struct lb_marks *m, const struct lb_mark_rule *rule)
{
	uint32_t i = 0;

	while (i < m->count && !rule_eq(&m->rule[i], rule))
		i++;
	return i;
}

static int
rule_check(const struct lb_mark_rule *r, struct err *err)
{
	if (r->mark == 0)
		return err_set(err, -EINVAL, "mark 0 means no mark");
	if (r->src.len > 32 || r->dst.len > 32)
		return err_set(err, -EINVAL, "prefix longer than 32");
	if (r->dport_low > r->dport_high)
		return err_set(err, -EINVAL, "ports %u-%u: empty range",
		    r->dport_low, r->dport_high);
	return 0;
}

int
lb_mark_add(struct stack *stk, const struct lb_mark_rule *rule,
    struct err *err)
{
	struct lb_marks *m = &stk->lb.marks;
	struct lb_mark_rule *grown;
	int r;

	if ((r = rule_check(rule, err)) != 0)
		return r;
	if (rule_find(m, rule) < m->count)
		return err_set(err, -EEXIST, "this mark rule is there already");
	if (m->count >= LB_MARK_RULES_MAX)
		return err_set(err, -ENOSPC, "more than %u mark rules",
		    LB_MARK_RULES_MAX);
	grown = mem_resize(&stk->mem, m->rule, m->count * sizeof(*grown),
	    (m->count + 1) * sizeof(*grown));
	if (grown == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	m->rule = grown;
	m->rule[m->count++] = *rule;
	return 0;
}

int
lb_mark_del(struct stack *stk, const struct lb_mark_rule *rule,
    struct err *err)
{
	struct lb_marks *m = &stk->lb.marks;
	uint32_t i = rule_find(m, rule);
	struct lb_mark_rule *fresh = NULL;
	size_t size = sizeof(*fresh);

	if (i == m->count)
		return err_set(err, -ENOENT, "no such mark rule");
	if (m->count > 1) {
		fresh = mem_array(&stk->mem, m->count - 1, size);
		if (fresh == NULL)
			return err_set(err, -ENOMEM, "out of memory");
		memcpy(fresh, m->rule, i * size);
		memcpy(fresh + i, m->rule + i + 1, (m->count - i - 1) * size);
	}
	mem_free(&stk->mem, m->rule, m->count * size);
	m->rule = fresh;
	m->count--;
	return 0;
}

const struct lb_mark_rule *
lb_mark_at(const struct stack *stk, uint32_t i)
{
	return i < stk->lb.marks.count ? &stk->lb.marks.rule[i] : NULL;
}

uint32_t
lb_mark_of(const struct stack *stk, const struct ip4_hdr *h, uint16_t dport)
{
	const struct lb_marks *m = &stk->lb.marks;

	for (uint32_t i = 0; i < m->count; i++) {
		const struct lb_mark_rule *r = &m->rule[i];

		if ((r->proto == 0 || r->proto == h->proto) &&
		    ip4_in_prefix(h->src, r->src) &&
		    ip4_in_prefix(h->dst, r->dst) &&
		    dport >= r->dport_low && dport <= r->dport_high)
			return r->mark;
	}
	return 0;
}

bool
lb_wants_whole(struct stack *stk, struct ip4 dst)
{
	const struct lb_marks *m = &stk->lb.marks;
	struct addr a = addr_from_ip4(dst);

	/* A rule may ask for a port, which only the first fragment has. */
	for (uint32_t i = 0; i < m->count; i++) {
		if (ip4_in_prefix(dst, m->rule[i].dst) &&
		    stk->lb.services.fwmarks > 0)
			return true;
	}
	return lb_service_has_addr(stk, &a);
}

bool
lb_wants_reply_whole(struct stack *stk, struct ip4 src)
{
	struct addr a = addr_from_ip4(src);

	return lb_server_has_addr(stk, &a);
}
