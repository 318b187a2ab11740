/*
 * igmp.c - membership in multicast groups, as a host.
 *
 * Speaks version 3 and falls back to 2 or 1 while a querier of that version is
 * about.  Joins are for any source (RFC 3376 EXCLUDE {}): there are no source
 * lists, so a group-and-source query is answered like a group query.  It is no
 * querier and routes no multicast.
 *
 * A change is told at once and once more (robustness 2) after a random time; a
 * query is answered at a random time within what it allows.  Under version 1
 * and 2 another's report saves ours.
 *
 * Read: RFC 1112 appendix I, RFC 2236 3 and 4, RFC 3376 4, 5, 7.2 and 8.
 *
 * Owns struct ip_group and struct igmp_iface, in stk->mem, and their timers.
 *
 * Limits: limits.groups memberships.
 */
#include "ip/igmp.h"

#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "ip/ip_options.h"
#include "stack/stack.h"

#define IGMP_QUERY	0x11
#define IGMP_V1_REPORT	0x12
#define IGMP_V2_REPORT	0x16
#define IGMP_V2_LEAVE	0x17
#define IGMP_V3_REPORT	0x22

#define REC_IS_EXCLUDE	2	/* RFC 3376 4.2.12 */
#define REC_TO_INCLUDE	3
#define REC_TO_EXCLUDE	4

#define IGMP_LEN	8	/* versions 1 and 2, and a report's head */
#define V3_QUERY_LEN	12
#define RECORD_LEN	8

#define ROBUSTNESS	2	/* RFC 3376 8.1 */
#define OLD_QUERIER_US	(260 * USEC_PER_SEC)	/* RFC 3376 8.12 */
#define V1_ANSWER_US	(10 * USEC_PER_SEC)	/* RFC 2236 4 */
#define V2_REPEAT_US	(10 * USEC_PER_SEC)	/* RFC 2236 8.10 */
#define V3_REPEAT_US	(1 * USEC_PER_SEC)	/* RFC 3376 8.11 */

#define ALL_SYSTEMS	IP4(224, 0, 0, 1)
#define ALL_ROUTERS	IP4(224, 0, 0, 2)
#define V3_ROUTERS	IP4(224, 0, 0, 22)

/* Records of one report: what fits the smallest Ethernet MTU. */
#define RECORDS_MAX	((1500u - 24 - IGMP_LEN) / RECORD_LEN)

static struct igmp_iface *
igmp_iface_find(struct stack *stk, const struct iface *ifp)
{
	struct igmp_iface *ii = stk->ip.igmp.ifaces;

	while (ii != NULL && ii->ifp != ifp)
		ii = ii->next;
	return ii;
}

static struct ip_group *
group_find(struct stack *stk, const struct iface *ifp, struct ip4 group)
{
	struct ip_group *g = stk->ip.igmp.groups;

	while (g != NULL && !(g->ifp == ifp && ip4_eq(g->group, group)))
		g = g->next;
	return g;
}

/* The version to speak: 1, 2 or 3 (RFC 3376 7.2.1). */
static unsigned
igmp_version(const struct stack *stk, const struct igmp_iface *ii)
{
	if (instant_before(stk->now, ii->v1_until))
		return 1;
	return instant_before(stk->now, ii->v2_until) ? 2 : 3;
}

/* A moment within us from now, never now itself. */
static struct instant
random_moment(struct stack *stk, int64_t us)
{
	return instant_add(stk->now,
	    1 + rng_below(&stk->rng, (uint32_t)us));
}

/* ---- messages out ------------------------------------------------------- */

/* Puts IGMP checksum and IP header around pkt's message and sends it. */
static void
igmp_send(struct stack *stk, struct iface *ifp, struct ip4 dst,
    struct pkt *pkt)
{
	struct route_result r = ip_way_out(ifp, dst);
	uint8_t *p = pkt_data(pkt);
	struct ip4_hdr h = {
		.tos = 0xc0,	/* RFC 3376 4: internetwork control */
		.ttl = 1,
		.proto = IPPROTO_IGMP4,
		.src = iface_source(stk, ifp, dst),
		.dst = dst,
	};

	if (ifp->kind == IFACE_LO) {	/* nobody to tell */
		pkt_free(pkt);
		return;
	}
	be16_put(p + 2, csum_finish(csum_add(0, p, pkt->len)));
	h.total_len = (uint16_t)(IP4_HLEN + IPOPT_RA_LEN + pkt->len);
	h.id = ip_next_id(stk, h.src, dst, h.proto);
	pkt->l4 = pkt->off;
	p = pkt_push(pkt, IP4_HLEN + IPOPT_RA_LEN);
	pkt->l3 = pkt->off;
	ip4_build_hdr(p, &h);
	p[0] = 4 << 4 | (IP4_HLEN + IPOPT_RA_LEN) / 4;
	ip_options_alert(p + IP4_HLEN);
	be16_put(p + IP4_OFF_CSUM, 0);
	be16_put(p + IP4_OFF_CSUM,
	    csum_finish(csum_add(0, p, IP4_HLEN + IPOPT_RA_LEN)));
	ip_link_output(stk, pkt, dst, &r);
}

/* A message of version 1 or 2. */
static void
send_old(struct stack *stk, struct ip_group *g, uint8_t type, struct ip4 dst)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, IGMP_LEN);
	struct wr w;

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	w = wr_init(pkt_append(pkt, IGMP_LEN), IGMP_LEN);
	wr_u8(&w, type);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_u32(&w, g->group.v);
	igmp_send(stk, g->ifp, dst, pkt);
}

/* An empty version 3 report with room for n records, or NULL. */
static struct pkt *
report_new(struct stack *stk, uint32_t n)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, IGMP_LEN + n * RECORD_LEN);
	struct wr w;

	if (pkt == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return NULL;
	}
	w = wr_init(pkt_append(pkt, IGMP_LEN), IGMP_LEN);
	wr_u32(&w, (uint32_t)IGMP_V3_REPORT << 24);
	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)n);
	return pkt;
}

static void
report_add(struct pkt *pkt, uint8_t type, struct ip4 group)
{
	struct wr w = wr_init(pkt_append(pkt, RECORD_LEN), RECORD_LEN);

	wr_u32(&w, (uint32_t)type << 24);	/* no aux data, no sources */
	wr_u32(&w, group.v);
}

/* A report about one group in the querier's version. */
static void
send_report(struct stack *stk, struct ip_group *g, uint8_t record)
{
	struct igmp_iface *ii = igmp_iface_find(stk, g->ifp);
	unsigned version = igmp_version(stk, ii);
	struct pkt *pkt;

	stk->ip.igmp.reports_sent++;
	g->last_reporter = true;
	if (version == 3) {
		pkt = report_new(stk, 1);
		if (pkt == NULL)
			return;
		report_add(pkt, record, g->group);
		igmp_send(stk, g->ifp, V3_ROUTERS, pkt);
		return;
	}
	send_old(stk, g, version == 1 ? IGMP_V1_REPORT : IGMP_V2_REPORT,
	    g->group);
}

static void
send_leave(struct stack *stk, struct ip_group *g)
{
	struct igmp_iface *ii = igmp_iface_find(stk, g->ifp);
	unsigned version = igmp_version(stk, ii);

	if (version == 3) {
		send_report(stk, g, REC_TO_INCLUDE);
	} else if (version == 2 && g->last_reporter) {
		send_old(stk, g, IGMP_V2_LEAVE, ALL_ROUTERS);
		g->repeats = 0;		/* RFC 2236 3: once is enough */
	} else {
		g->repeats = 0;		/* version 1 knows no leaving */
	}
	stk->ip.igmp.leaves_sent++;
}

/* ---- timers ------------------------------------------------------------- */

static void
group_free(struct stack *stk, struct ip_group *g)
{
	struct ip_group **p = &stk->ip.igmp.groups;

	while (*p != g)
		p = &(*p)->next;
	*p = g->next;
	stk->ip.igmp.count--;
	timer_cancel(&stk->timers, &g->timer);
	mem_free(&stk->mem, g, sizeof(*g));
}

static void
repeat_later(struct stack *stk, struct ip_group *g)
{
	struct igmp_iface *ii = igmp_iface_find(stk, g->ifp);

	timer_set(&stk->timers, &g->timer, random_moment(stk,
	    igmp_version(stk, ii) == 3 ? V3_REPEAT_US : V2_REPEAT_US));
}

/* A query is to be answered, or a change told once more. */
static void
group_fire(struct stack *stk, struct timer *t)
{
	struct ip_group *g = (struct ip_group *)((char *)t -
	    offsetof(struct ip_group, timer));

	if (g->users == 0) {
		g->repeats--;
		send_leave(stk, g);
		if (g->repeats == 0)
			group_free(stk, g);
		else
			repeat_later(stk, g);
		return;
	}
	if (g->answer || g->repeats == 0) {
		g->answer = false;
		send_report(stk, g, REC_IS_EXCLUDE);
	} else {
		g->repeats--;
		send_report(stk, g, REC_TO_EXCLUDE);
	}
	if (g->repeats > 0)
		repeat_later(stk, g);
}

/* Answers a version 3 general query: all groups of the interface. */
static void
general_fire(struct stack *stk, struct timer *t)
{
	struct igmp_iface *ii = (struct igmp_iface *)((char *)t -
	    offsetof(struct igmp_iface, general));
	struct ip_group *g = stk->ip.igmp.groups;
	uint32_t left = 0, n;

	for (struct ip_group *i = g; i != NULL; i = i->next)
		left += i->ifp == ii->ifp && i->users > 0;
	while (left > 0) {
		struct pkt *pkt;

		n = left < RECORDS_MAX ? left : RECORDS_MAX;
		left -= n;
		pkt = report_new(stk, n);
		if (pkt == NULL)
			return;
		for (; n > 0; g = g->next) {
			if (g->ifp != ii->ifp || g->users == 0)
				continue;
			report_add(pkt, REC_IS_EXCLUDE, g->group);
			n--;
		}
		stk->ip.igmp.reports_sent++;
		igmp_send(stk, ii->ifp, V3_ROUTERS, pkt);
	}
}

/* ---- messages in -------------------------------------------------------- */

/* RFC 3376 4.1.1: a code from 128 is a small floating point number. */
static int64_t
answer_us(uint8_t code)
{
	uint32_t tenths = code;

	if (code >= 128)
		tenths = ((code & 0xfu) | 0x10u) << ((code >> 4 & 7) + 3);
	return (int64_t)tenths * (USEC_PER_SEC / 10);
}

/* Plans the answer of one group, unless one is due before (RFC 2236 3). */
static void
answer_plan(struct stack *stk, struct ip_group *g, int64_t us)
{
	struct instant due = random_moment(stk, us);

	if (g->users == 0 || (timer_is_set(&g->timer) &&
	    instant_before(g->timer.due, due)))
		return;
	g->answer = true;
	timer_set(&stk->timers, &g->timer, due);
}

static void
query_input(struct stack *stk, struct igmp_iface *ii, uint8_t code,
    struct ip4 group, uint32_t len)
{
	int64_t us = code == 0 ? V1_ANSWER_US : answer_us(code);

	stk->ip.igmp.queries++;
	/* RFC 3376 7.1: the length tells the version */
	if (len < V3_QUERY_LEN && code == 0)
		ii->v1_until = instant_add(stk->now, OLD_QUERIER_US);
	else if (len < V3_QUERY_LEN)
		ii->v2_until = instant_add(stk->now, OLD_QUERIER_US);
	else if (code == 0)
		us = USEC_PER_SEC / 10;
	if (ip4_is_any(group) && igmp_version(stk, ii) == 3) {
		struct instant due = random_moment(stk, us);

		if (!timer_is_set(&ii->general) ||
		    instant_before(due, ii->general.due))
			timer_set(&stk->timers, &ii->general, due);
		return;
	}
	for (struct ip_group *g = stk->ip.igmp.groups; g != NULL; g = g->next) {
		if (g->ifp == ii->ifp &&
		    (ip4_is_any(group) || ip4_eq(g->group, group)))
			answer_plan(stk, g, us);
	}
}

/* RFC 2236 3: another member spoke, so we need not. */
static void
report_heard(struct stack *stk, struct iface *ifp, struct ip4 group)
{
	struct ip_group *g = group_find(stk, ifp, group);

	if (g == NULL || g->users == 0)
		return;
	if (g->answer)
		timer_cancel(&stk->timers, &g->timer);
	g->answer = false;
	g->last_reporter = false;
}

void
igmp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct rd r = rd_init(pkt_data(pkt), pkt->len);
	struct igmp_iface *ii;
	uint8_t type = rd_u8(&r), code = rd_u8(&r);
	struct ip4 group;

	rd_skip(&r, 2);
	group.v = rd_u32(&r);
	if (r.bad) {
		pkt_drop(stk, pkt, DROP_IGMP_BAD);
		return;
	}
	if (csum_finish(csum_add(0, pkt_data(pkt), pkt->len)) != 0) {
		pkt_drop(stk, pkt, DROP_IGMP_BAD);
		return;
	}
	ii = igmp_iface_find(stk, pkt->ifp);
	/* RFC 3376 9.2: only what comes from this link counts */
	if (ii == NULL || m->ttl != 1) {
		pkt_drop(stk, pkt, DROP_IGMP_NO_MATCH);
		return;
	}
	if (type == IGMP_QUERY)
		query_input(stk, ii, code, group, m->l4_len);
	else if ((type == IGMP_V1_REPORT || type == IGMP_V2_REPORT) &&
	    igmp_version(stk, ii) < 3)
		report_heard(stk, pkt->ifp, group);
	pkt_free(pkt);
}

/* ---- joining and leaving ------------------------------------------------ */

bool
ip_group_is_member(struct stack *stk, const struct iface *ifp,
    struct ip4 group)
{
	const struct ip_group *g;

	/* RFC 1112 4: every host is in 224.0.0.1 */
	if (ip4_eq(group, ALL_SYSTEMS))
		return true;
	g = group_find(stk, ifp, group);
	return g != NULL && g->users > 0;
}

/* The interface's own state, made when first needed; NULL: no memory. */
static struct igmp_iface *
igmp_iface_make(struct stack *stk, struct iface *ifp)
{
	struct igmp_iface *ii = igmp_iface_find(stk, ifp);

	if (ii != NULL)
		return ii;
	ii = mem_alloc(&stk->mem, sizeof(*ii));
	if (ii == NULL)
		return NULL;
	ii->ifp = ifp;
	ii->v1_until = ii->v2_until = stk->now;
	timer_init(&ii->general, general_fire);
	ii->next = stk->ip.igmp.ifaces;
	stk->ip.igmp.ifaces = ii;
	return ii;
}

static struct ip_group *
group_new(struct stack *stk, struct iface *ifp, struct ip4 group)
{
	struct ip_group **tail, *g = mem_alloc(&stk->mem, sizeof(*g));

	if (g == NULL)
		return NULL;
	g->ifp = ifp;
	g->group = group;
	timer_init(&g->timer, group_fire);
	for (tail = &stk->ip.igmp.groups; *tail != NULL; tail = &(*tail)->next)
		continue;
	*tail = g;
	stk->ip.igmp.count++;
	return g;
}

int
ip_group_join(struct stack *stk, struct iface *ifp, struct ip4 group)
{
	struct ip_group *g = group_find(stk, ifp, group);

	if (!ip4_is_multicast(group))
		return -EINVAL;
	if (ip4_eq(group, ALL_SYSTEMS))
		return 0;
	if (g != NULL && g->users > 0) {
		g->users++;
		return 0;
	}
	if (g == NULL && stk->ip.igmp.count >= stk->limits.groups)
		return -ENOSPC;
	if (igmp_iface_make(stk, ifp) == NULL ||
	    (g == NULL && (g = group_new(stk, ifp, group)) == NULL))
		return -ENOMEM;
	if (eth_mcast_join(stk, ifp, eth_group_mac(group)) != 0) {
		group_free(stk, g);
		return -ENOMEM;
	}
	g->users = 1;
	g->answer = false;
	g->repeats = ROBUSTNESS - 1;
	send_report(stk, g, REC_TO_EXCLUDE);
	repeat_later(stk, g);
	return 0;
}

void
igmp_iface_up(struct stack *stk, const struct iface *ifp)
{
	for (struct ip_group *g = stk->ip.igmp.groups; g != NULL;
	    g = g->next) {
		if (g->ifp != ifp || g->users == 0)
			continue;
		g->answer = false;
		g->repeats = ROBUSTNESS - 1;
		send_report(stk, g, REC_TO_EXCLUDE);
		repeat_later(stk, g);
	}
}

int
ip_group_leave(struct stack *stk, struct iface *ifp, struct ip4 group)
{
	struct ip_group *g = group_find(stk, ifp, group);

	if (ip4_eq(group, ALL_SYSTEMS))
		return 0;
	if (g == NULL || g->users == 0)
		return -ENOENT;
	if (--g->users > 0)
		return 0;
	eth_mcast_leave(stk, ifp, eth_group_mac(group));
	timer_cancel(&stk->timers, &g->timer);
	g->answer = false;
	g->repeats = ROBUSTNESS - 1;
	send_leave(stk, g);
	if (g->repeats == 0)
		group_free(stk, g);
	else
		repeat_later(stk, g);
	return 0;
}

void
igmp_iface_gone(struct stack *stk, const struct iface *ifp)
{
	struct igmp_iface **p = &stk->ip.igmp.ifaces, *ii;
	struct ip_group *g = stk->ip.igmp.groups, *next;

	for (; g != NULL; g = next) {
		next = g->next;
		if (g->ifp == ifp)
			group_free(stk, g);
	}
	while ((ii = *p) != NULL && ii->ifp != ifp)
		p = &ii->next;
	if (ii == NULL)
		return;
	*p = ii->next;
	timer_cancel(&stk->timers, &ii->general);
	mem_free(&stk->mem, ii, sizeof(*ii));
}
