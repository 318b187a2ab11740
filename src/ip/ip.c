/*
 * ip.c - the beginning and the end of IPv4, identifications, flow hashes.
 *
 * Read: RFC 6864 (what an identification must promise), RFC 2992.
 *
 * Owns struct ip_state.
 */
#include "ip/ip.h"

#include <errno.h>

#include "base/cursor.h"
#include "stack/stack.h"

/* lo and 127.0.0.1/8 are there from the start. */
static int
lo_init(struct stack *stk)
{
	struct ip4_prefix local = { IP4(127, 0, 0, 1), 8 };
	struct iface *lo = iface_new(stk, "lo", IFACE_LO, NULL);
	int code;

	if (lo == NULL)
		return -ENOMEM;
	code = iface_addr_add(stk, lo, local, SCOPE_HOST, NULL);
	if (code == 0)
		lo->addrs->builtin = true;
	return code;
}

int
ip_init(struct stack *stk)
{
	struct ip_state *ip = &stk->ip;
	int code;

	ip->key = rng_hash_key(&stk->rng);
	for (unsigned i = 0; i < IP_ID_BUCKETS; i++)
		ip->id_counter[i] = (uint16_t)rng_u32(&stk->rng);
	ip->pmtu.floor = PMTU_FLOOR;
	pkt_queue_init(&ip->loop);
	timer_init(&ip->loop_timer, ip_loop_input);
	code = route_init(stk);
	return code == 0 ? lo_init(stk) : code;
}

void
ip_fini(struct stack *stk)
{
	struct ip_state *ip = &stk->ip;

	if (ip->lpm == NULL)
		return;
	timer_cancel(&stk->timers, &ip->loop_timer);
	pkt_queue_flush(&ip->loop);
	reass_flush(stk, NULL);
	while (ip->ifaces != NULL)
		iface_free(stk, ip->ifaces);
	route_fini(stk);
}

/*
 * RFC 6864 4.1: unique per (source, destination, protocol) within a datagram's
 * lifetime.  A counter per hash bucket gives that; the hash also offsets it,
 * so that one peer cannot read off what another is sent.
 */
static uint16_t
next_ids(struct stack *stk, struct ip4 src, struct ip4 dst, uint8_t proto,
    uint16_t count)
{
	uint64_t hash = siphash24_pair(&stk->ip.key,
	    (uint64_t)src.v << 32 | dst.v, proto);
	uint16_t *counter, id;

	counter = &stk->ip.id_counter[hash % IP_ID_BUCKETS];
	id = (uint16_t)(*counter + (hash >> 48));
	*counter = (uint16_t)(*counter + count);
	return id;
}

uint16_t
ip_next_id(struct stack *stk, struct ip4 src, struct ip4 dst, uint8_t proto)
{
	return next_ids(stk, src, dst, proto, 1);
}

uint16_t
ip_pkt_id(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h)
{
	uint16_t segs = 1;

	if (pkt->gso_type != PKT_GSO_NONE)
		segs = (uint16_t)(pkt_len(pkt) / pkt->gso_size + 1);
	return next_ids(stk, h->src, h->dst, h->proto, segs);
}

void
ip_renumber(struct stack *stk, struct pkt *pkt, struct ip4_hdr *h)
{
	h->id = ip_pkt_id(stk, pkt, h);
	ip4_set_id(pkt_data(pkt), h->id);
}

uint32_t
ip_time_of_day(const struct stack *stk)
{
	int64_t day_us = INT64_C(86400) * USEC_PER_SEC;
	int64_t t = stk->now.us + stk->wall_offset_us;
	uint32_t ms = (uint32_t)((t % day_us + day_us) % day_us /
	    USEC_PER_MSEC);

	return stk->wall_offset_us != 0 ? ms : ms | UINT32_C(1) << 31;
}

uint32_t
ip_flow_hash(struct stack *stk, const struct ip4_hdr *h, const uint8_t *l4,
    size_t len)
{
	uint8_t b[13] = { 0 };

	be32_put(b, h->src.v);
	be32_put(b + 4, h->dst.v);
	b[8] = h->proto;
	/* A fragment goes the way of its siblings, which have no ports. */
	if (!ip4_is_fragment(h) && len >= 4 && (h->proto == IPPROTO_TCP4 ||
	    h->proto == IPPROTO_UDP4 || h->proto == IPPROTO_SCTP4))
		memcpy(b + 9, l4, 4);
	return (uint32_t)siphash13(&stk->ip.key, b, sizeof(b));
}

/* Few routes have a choice, so the hash is made only for those. */
static SLOW struct route_result
route_choice(struct stack *stk, const struct ip4_hdr *h, const uint8_t *l4,
    size_t len)
{
	return route_lookup(stk, h->dst, ip_flow_hash(stk, h, l4, len));
}

struct route_result
ip_route_flow(struct stack *stk, const struct ip4_hdr *h, const uint8_t *l4,
    size_t len)
{
	struct route_result r = route_lookup(stk, h->dst, 0);

	if (r.route != NULL && r.route->hops > 1)
		return route_choice(stk, h, l4, len);
	return r;
}

struct route_result
ip_route(struct stack *stk, const struct pkt *pkt, const struct ip4_hdr *h)
{
	struct route_result r = route_lookup(stk, h->dst, 0);
	uint32_t l4 = pkt->l3 + h->hlen;

	if (r.route != NULL && r.route->hops > 1)
		return route_choice(stk, h, pkt->buf + l4,
		    pkt->off + pkt->len - l4);
	return r;
}
