/*
 * echo.c - ICMP echo sessions: requests out, replies and errors to whom they
 * belong.
 *
 * Knows nothing of intervals and timeouts: that is ping.c's.  The stack owns
 * the sessions; who opened one closes it before the stack goes.
 *
 * Read RFC 792, RFC 1122 3.2.2.6.
 */
#include "icmp/echo.h"

#include <errno.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

static struct icmp_echo *
find(struct stack *stk, uint16_t id)
{
	struct icmp_echo *e;

	LIST_FOREACH(e, &stk->icmp.echoes, all) {
		if (e->id == id)
			return e;
	}
	return NULL;
}

/* An identifier that no session has; there are more than sessions. */
static uint16_t
id_choose(struct stack *stk)
{
	uint16_t id;

	do {
		id = (uint16_t)rng_u32(&stk->rng);
	} while (find(stk, id) != NULL);
	return id;
}

int
icmp_echo_open(struct stack *stk, const struct icmp_echo_conf *conf,
    icmp_echo_fn *ready, void *owner, struct icmp_echo **out)
{
	struct icmp_echo *e;

	if (!addr_is_any(&conf->src) &&
	    ip_addr_kind(stk, &conf->src) != IP_ADDR_LOCAL)
		return -EADDRNOTAVAIL;
	if (conf->ifname[0] != '\0' &&
	    iface_lookup(stk, conf->ifname) == NULL)
		return -ENODEV;
	if (stk->icmp.echo_count >= stk->limits.icmp_echoes)
		return -ENOSPC;
	e = mem_alloc(&stk->mem, sizeof(*e));
	if (e == NULL)
		return -ENOMEM;
	e->ready = ready;
	e->owner = owner;
	e->conf = *conf;
	e->id = id_choose(stk);
	LIST_INSERT_HEAD(&stk->icmp.echoes, e, all);
	stk->icmp.echo_count++;
	*out = e;
	return 0;
}

void
icmp_echo_close(struct stack *stk, struct icmp_echo *e)
{
	if (e->waiting)
		TAILQ_REMOVE(&stk->icmp.ready, e, ready_link);
	LIST_REMOVE(e, all);
	stk->icmp.echo_count--;
	mem_free(&stk->mem, e, sizeof(*e));
}

static struct pkt *
request_build(struct stack *stk, const struct icmp_echo *e, uint16_t seq,
    uint32_t len)
{
	struct pkt *pkt = pkt_alloc(&stk->pool, ICMP_HLEN + len);
	struct wr w;
	uint8_t *p;

	if (pkt == NULL)
		return NULL;
	p = pkt_append(pkt, ICMP_HLEN + len);
	w = wr_init(p, ICMP_HLEN);
	wr_u8(&w, ICMP_ECHO);
	wr_u8(&w, 0);
	wr_u16(&w, 0);
	wr_u16(&w, e->id);
	wr_u16(&w, seq);
	for (uint32_t i = 0; i < len; i++)
		p[ICMP_HLEN + i] = (uint8_t)i;
	be16_put(p + ICMP_OFF_CSUM,
	    csum_finish(csum_add(0, p, ICMP_HLEN + len)));
	pkt->l4 = pkt->off;
	return pkt;
}

int
icmp_echo_send(struct stack *stk, struct icmp_echo *e,
    const struct addr *dst, uint16_t seq, uint8_t ttl, uint32_t len)
{
	struct ip_send s = { .src = e->conf.src, .dst = *dst,
	    .proto = IPPROTO_ICMP4, .tos = e->conf.tos,
	    .ttl = ttl != 0 ? ttl : e->conf.ttl, .df = e->conf.df };
	struct pkt *pkt;

	if (!addr_is_ip4(dst))
		return -EAFNOSUPPORT;
	if (len > ICMP_ECHO_DATA_MAX)
		return -EMSGSIZE;
	if (ip_addr_kind(stk, dst) == IP_ADDR_BROADCAST && !e->conf.broadcast)
		return -EACCES;
	if (e->conf.ifname[0] != '\0') {
		s.ifp = iface_lookup(stk, e->conf.ifname);
		if (s.ifp == NULL)
			return -ENODEV;
	}
	pkt = request_build(stk, e, seq, len);
	if (pkt == NULL)
		return -ENOBUFS;
	return ip_send(stk, pkt, &s);
}

static bool
event_put(struct stack *stk, struct icmp_echo *e,
    const struct icmp_echo_event *ev)
{
	if (e->count == ICMP_ECHO_EVENTS)
		return false;
	e->ring[(e->first + e->count) % ICMP_ECHO_EVENTS] = *ev;
	e->count++;
	if (!e->waiting) {
		e->waiting = true;
		e->turn = stk->icmp.turn;
		TAILQ_INSERT_TAIL(&stk->icmp.ready, e, ready_link);
	}
	return true;
}

bool
icmp_echo_next(struct icmp_echo *e, struct icmp_echo_event *out)
{
	if (e->count == 0)
		return false;
	*out = e->ring[e->first];
	e->first = (e->first + 1) % ICMP_ECHO_EVENTS;
	e->count--;
	return true;
}

void
icmp_echo_reply(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	const uint8_t *p = pkt_data(pkt);
	struct icmp_echo *e = find(stk, be16_get(p + 4));
	struct icmp_echo_event ev = { .type = p[0], .code = p[1],
	    .ttl = m->ttl, .seq = be16_get(p + 6), .len = pkt->len,
	    .from = m->src, .when = stk->now };

	if (e == NULL || m->group ||
	    (!addr_is_any(&e->conf.src) && !addr_eq(&e->conf.src, &m->dst)) ||
	    (e->conf.ifname[0] != '\0' && (pkt->ifp == NULL ||
	    strcmp(e->conf.ifname, pkt->ifp->name) != 0))) {
		pkt_drop(stk, pkt, DROP_ICMP_NO_MATCH);
		return;
	}
	if (!event_put(stk, e, &ev)) {
		pkt_drop(stk, pkt, DROP_ICMP_QUEUE);
		return;
	}
	pkt_free(pkt);
}

bool
icmp_echo_error(struct stack *stk, const struct ip_meta *m,
    const uint8_t *l4, uint8_t type, uint8_t code, uint32_t info)
{
	struct icmp_echo *e = find(stk, be16_get(l4 + 4));
	struct icmp_echo_event ev = { .type = type, .code = code,
	    .ttl = m->ttl, .seq = be16_get(l4 + 6), .info = info,
	    .from = m->src, .when = stk->now };

	if (l4[0] != ICMP_ECHO || e == NULL)
		return false;
	(void)event_put(stk, e, &ev);	/* full: one error less is known */
	return true;
}

void
icmp_poll(struct stack *stk)
{
	uint64_t turn = ++stk->icmp.turn;
	struct icmp_echo *e;

	/* Those that became ready in this turn stand at the end. */
	while ((e = TAILQ_FIRST(&stk->icmp.ready)) != NULL &&
	    e->turn != turn) {
		TAILQ_REMOVE(&stk->icmp.ready, e, ready_link);
		e->waiting = false;
		e->ready(stk, e);	/* may close it */
	}
}

bool
icmp_pending(const struct stack *stk)
{
	return !TAILQ_EMPTY(&stk->icmp.ready);
}
