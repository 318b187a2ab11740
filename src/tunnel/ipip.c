/*
 * ipip.c - IPv4 in IPv4: the interface and the two directions.
 *
 * Errors from inside a tunnel are not relayed by the interface (RFC 2003 4
 * wants soft state for that); its own MTU is what senders learn.
 *
 * Read RFC 2003, RFC 6040 (the ECN bits).
 *
 * Owns its interfaces.  Limits: IPIP_MAX.
 */
#include "tunnel/ipip.h"

#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "port/segment.h"
#include "stack/stack.h"


static struct ipip *
ipip_lookup(struct stack *stk, struct ip4 local, struct ip4 remote)
{
	struct ipip *t, *best = NULL;
	int score, best_score = -1;

	/* The tunnel that names more of the two ends wins. */
	for (t = stk->ipip.first; t != NULL; t = t->next) {
		if ((!ip4_is_any(t->local) && !ip4_eq(t->local, local)) ||
		    (!ip4_is_any(t->remote) && !ip4_eq(t->remote, remote)))
			continue;
		score = (ip4_is_any(t->remote) ? 0 : 2) +
		    (ip4_is_any(t->local) ? 0 : 1);
		if (score > best_score) {
			best = t;
			best_score = score;
		}
	}
	return best;
}

/* Can pkt go into the outer header as it is?  A super-frame can where its
 * segments, each with both headers, fit into the way behind it. */
static bool
fits_whole(const struct pkt *pkt, const struct route_result *r)
{
	struct segmenter s;

	return pkt->gso_type == PKT_GSO_NONE || (!pkt->gso_ipip &&
	    r->ifp->kind == IFACE_PORT &&
	    pkt_len(pkt) <= UINT16_MAX - IPIP_OVERHEAD &&
	    segment_begin(&s, pkt) == 0);
}

/* One packet, or a super-frame that fits: the outer header, and out. */
static void
encap_one(struct stack *stk, struct pkt *pkt, struct ip4 src, struct ip4 dst,
    const struct route_result *r)
{
	const uint8_t *inner = pkt_data(pkt);
	uint16_t df = be16_get(inner + IP4_OFF_FRAG) & IP_DF;
	struct ip4_hdr outer = {
		.hlen = IP4_HLEN,
		.tos = inner[IP4_OFF_TOS],	/* RFC 6040 4.1 */
		.total_len = (uint16_t)(pkt_len(pkt) + IPIP_OVERHEAD),
		.frag = df,
		.ttl = inner[IP4_OFF_TTL],
		.proto = IPPROTO_IPIP4,
		.src = src, .dst = dst,
	};

	if (pkt_len(pkt) > UINT16_MAX - IPIP_OVERHEAD ||
	    pkt_headroom(pkt) < IPIP_OVERHEAD) {
		pkt_drop_silent(stk, pkt, DROP_IP_TOO_BIG);
		return;
	}
	/* RFC 6864 4.1: where nothing is fragmented, any will do */
	outer.id = df != 0 ? be16_get(inner + IP4_OFF_ID) :
	    ip_pkt_id(stk, pkt, &outer);
	ip4_build_hdr(pkt_push(pkt, IPIP_OVERHEAD), &outer);
	pkt->l3 = pkt->off;
	pkt->l4 = pkt->off + IPIP_OVERHEAD;
	pkt->gso_ipip = pkt->gso_type != PKT_GSO_NONE;
	ip_output(stk, pkt, &outer, r);
}

void
ipip_encap(struct stack *stk, struct pkt *pkt, struct ip4 src,
    struct ip4 dst, const struct route_result *r)
{
	struct segmenter s;
	struct pkt *seg;

	if (fits_whole(pkt, r)) {
		encap_one(stk, pkt, src, dst, r);
		return;
	}
	if (segment_begin(&s, pkt) != 0) {
		pkt_drop(stk, pkt, DROP_PORT_BAD_VNET);
		return;
	}
	while (segment_more(&s)) {
		seg = segment_next(&s);
		if (seg == NULL) {
			drop_count(stk, DROP_NO_MEMORY);
			break;
		}
		encap_one(stk, seg, src, dst, r);
	}
	pkt_free(pkt);
}

/* The stack routed a packet into the interface: consumes. */
static void
ipip_output(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct ipip *t = ifp->tunnel;
	struct route_result r;
	struct ip4 src;

	if (ip4_is_any(t->remote)) {
		t->errors++;
		pkt_drop(stk, pkt, DROP_IP_HOST_UNREACH);
		return;
	}
	r = route_lookup(stk, t->remote, 0);
	/* A route that leads back into a tunnel would never end. */
	if (r.route == NULL || r.route->type != ROUTE_UNICAST ||
	    r.ifp->kind == IFACE_TUNNEL) {
		t->errors++;
		pkt_drop(stk, pkt, DROP_IP_NO_ROUTE);
		return;
	}
	src = ip4_is_any(t->local) ? iface_source(stk, r.ifp, t->remote) :
	    t->local;
	t->sent++;
	ipip_encap(stk, pkt, src, t->remote, &r);
}

/* RFC 6040 4.2: what the outer header's ECN bits do to the inner one's.
 * false: congestion was seen by a packet that cannot say so. */
static bool
ecn_decap(uint8_t *inner, uint8_t outer_tos)
{
	uint8_t tos = inner[IP4_OFF_TOS];

	if ((outer_tos & IP_ECN_MASK) != IP_ECN_CE)
		return true;
	if ((tos & IP_ECN_MASK) == IP_ECN_NOT)
		return false;
	ip4_set_tos(inner, tos | IP_ECN_CE);
	return true;
}

/* Of the outer packet's words one is the inner one's, too: that its checksum
 * is still to be put.  (offload_check() let no other through.) */
static void
offload_inside(struct pkt *pkt)
{
	bool needed = pkt->csum_needed && pkt->len >= IP4_HLEN &&
	    pkt->csum_start == pkt->off + (pkt_data(pkt)[0] & 15u) * 4;

	pkt_clear_offload(pkt);
	pkt->csum_needed = needed;
}

void
ipip_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct ipip *t = ipip_lookup(stk, addr_to_ip4(&m->dst),
	    addr_to_ip4(&m->src));

	if (t == NULL) {
		pkt_drop(stk, pkt, DROP_IP_PROTO);
		return;
	}
	t->received++;
	offload_inside(pkt);
	pkt->l2_group = false;
	if (pkt->len < IP4_HLEN || pkt_data(pkt)[0] >> 4 != 4) {
		t->errors++;
		pkt_drop_silent(stk, pkt, DROP_TUNNEL_INNER);
		return;
	}
	if (!ecn_decap(pkt_data(pkt), m->tos)) {
		t->errors++;
		pkt_drop_silent(stk, pkt, DROP_TUNNEL_ECN);
		return;
	}
	if (pkt->ifp->conf.gro)
		gro_input(stk, t->ifp, pkt);
	else
		ip_input(stk, t->ifp, pkt);
}

static bool
ends_taken(struct stack *stk, struct ip4 local, struct ip4 remote)
{
	for (struct ipip *t = stk->ipip.first; t != NULL; t = t->next) {
		if (ip4_eq(t->local, local) && ip4_eq(t->remote, remote))
			return true;
	}
	return false;
}

int
ipip_add(struct stack *stk, const char *name, struct ip4 local,
    struct ip4 remote, struct err *err)
{
	struct ipip_state *st = &stk->ipip;
	struct ipip *t, **tail;

	if (ip4_is_multicast(remote) || ip4_eq(remote, IP4_BROADCAST))
		return err_set(err, -EINVAL, "remote: not a host's address");
	if (ends_taken(stk, local, remote))
		return err_set(err, -EEXIST,
		    "a tunnel between these two ends is there already");
	if (st->count >= IPIP_MAX)
		return err_set(err, -ENOSPC, "more than %d tunnels",
		    IPIP_MAX);
	t = mem_alloc(&stk->mem, sizeof(*t));
	if (t == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	if (iface_lookup(stk, name) != NULL) {
		mem_free(&stk->mem, t, sizeof(*t));
		return err_set(err, -EEXIST,
		    "\"%s\": there is such an interface", name);
	}
	t->ifp = iface_new(stk, name, IFACE_TUNNEL, err);
	if (t->ifp == NULL) {
		mem_free(&stk->mem, t, sizeof(*t));
		return -ENOMEM;
	}
	t->local = local;
	t->remote = remote;
	t->ifp->tunnel = t;
	t->ifp->tunnel_output = ipip_output;
	t->ifp->mtu -= IPIP_OVERHEAD;
	for (tail = &st->first; *tail != NULL; tail = &(*tail)->next)
		continue;
	*tail = t;
	st->count++;
	return 0;
}

/* The one place where a tunnel ends. */
static void
ipip_free(struct stack *stk, struct ipip **link)
{
	struct ipip *t = *link;

	*link = t->next;
	stk->ipip.count--;
	iface_free(stk, t->ifp);
	mem_free(&stk->mem, t, sizeof(*t));
}

int
ipip_del(struct stack *stk, const char *name, struct err *err)
{
	const struct iface *ifp = iface_lookup(stk, name);
	struct ipip **link;

	for (link = &stk->ipip.first; *link != NULL; link = &(*link)->next) {
		if ((*link)->ifp == ifp) {
			ipip_free(stk, link);
			return 0;
		}
	}
	return err_set(err, -ENOENT, "\"%s\": no such tunnel", name);
}

struct ipip *
ipip_next(struct stack *stk, const struct ipip *t)
{
	return t == NULL ? stk->ipip.first : t->next;
}

void
ipip_fini(struct stack *stk)
{
	while (stk->ipip.first != NULL)
		ipip_free(stk, &stk->ipip.first);
}
