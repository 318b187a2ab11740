/*
 * udp_output.c - datagrams out of a socket, and into the hands of its owner.
 *
 * A datagram leaves with a partial checksum, which the port or its far side
 * completes; several of one size leave as one super-frame (USO).  Nothing is
 * queued here: what the layers below cannot take is dropped there, by name.
 *
 * Read RFC 768, RFC 1122 4.1.3.
 */
#include <errno.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

int
udp_parse(const uint8_t *p, size_t len, struct udp_hdr *out)
{
	struct rd r = rd_init(p, len);

	out->sport = rd_u16(&r);
	out->dport = rd_u16(&r);
	out->len = rd_u16(&r);
	out->csum = rd_u16(&r);
	if (r.bad || out->len < UDP_HLEN || out->len > len)
		return -EINVAL;
	return 0;
}

void
udp_build(uint8_t p[UDP_HLEN], const struct udp_hdr *h)
{
	struct wr w = wr_init(p, UDP_HLEN);

	wr_u16(&w, h->sport);
	wr_u16(&w, h->dport);
	wr_u16(&w, h->len);
	wr_u16(&w, h->csum);
}

/* Where a datagram goes: fills to (address, source, interface, TTL) and the
 * MTU on the way. */
static int
route_to(struct stack *stk, const struct udp_sock *s, const struct addr *dst,
    struct ip_send *to, uint32_t *mtu)
{
	enum ip_addr_kind kind;
	int r;

	if (!addr_is_ip4(dst))
		return -EAFNOSUPPORT;
	kind = ip_addr_kind(stk, dst);
	if (kind == IP_ADDR_BROADCAST && !s->broadcast)
		return -EACCES;
	r = ip_path_by(stk, dst, s->ifname, &to->src, mtu);
	if (r != 0)
		return r;
	/* A socket bound to a group hears there but speaks from an address
	 * of a host (RFC 1122 3.2.1.3). */
	if (!addr_is_any(&s->local) &&
	    ip_addr_kind(stk, &s->local) == IP_ADDR_LOCAL)
		to->src = s->local;
	to->dst = *dst;
	to->proto = IPPROTO_UDP4;
	to->tos = s->tos;
	to->ttl = kind == IP_ADDR_MULTICAST ? s->multicast_ttl : s->ttl;
	to->df = s->df;
	if (s->ifname[0] != '\0')
		to->ifp = iface_lookup(stk, s->ifname);
	return 0;
}

/* The datagram with its header and the pseudo-header's sum; NULL: no room. */
static struct pkt *
dgram_build(struct stack *stk, const struct ip_send *to, uint16_t sport,
    uint16_t dport, const void *data, uint32_t len)
{
	uint16_t total = (uint16_t)(UDP_HLEN + len);
	struct udp_hdr h = { .sport = sport, .dport = dport, .len = total };
	struct pkt *pkt = pkt_alloc(&stk->pool, total);
	uint8_t *p;

	if (pkt == NULL)
		return NULL;
	h.csum = csum_fold(csum_pseudo(&to->src, &to->dst, IPPROTO_UDP4,
	    total));
	p = pkt_append(pkt, total);
	udp_build(p, &h);
	if (len != 0)
		memcpy(p + UDP_HLEN, data, len);
	pkt->l4 = pkt->off;
	pkt->csum_needed = true;
	pkt->csum_start = pkt->l4;
	pkt->csum_offset = UDP_OFF_CSUM;
	return pkt;
}

static int
length_check(uint32_t len, uint16_t segment, uint32_t mtu)
{
	if (len > UDP_DATA_MAX)
		return -EMSGSIZE;
	if (segment == 0)
		return 0;
	/* The datagrams of a super-frame are not fragmented. */
	if (mtu < IP4_HLEN + UDP_HLEN + (uint32_t)segment)
		return -EMSGSIZE;
	if ((len + segment - 1) / segment > UDP_SEGMENTS_MAX)
		return -EINVAL;
	return 0;
}

/* To a known peer; src, if not NULL, is the address to speak from. */
static int
send_to(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port, const struct addr *src, const void *data, uint32_t len,
    uint16_t segment)
{
	struct ip_send to = { 0 };
	struct pkt *pkt;
	uint32_t mtu;
	int r;

	if (port == 0 || addr_is_any(addr))
		return -EINVAL;
	if ((r = route_to(stk, s, addr, &to, &mtu)) != 0)
		return r;
	if (src != NULL)
		to.src = *src;
	if ((r = length_check(len, segment, mtu)) != 0)
		return r;
	if (s->lport == 0 && (r = udp_bind_ephemeral(stk, s)) != 0)
		return r;
	pkt = dgram_build(stk, &to, s->lport, port, data, len);
	if (pkt == NULL)
		return -ENOBUFS;
	if (segment != 0 && len > segment) {
		pkt->gso_type = PKT_GSO_UDP;
		pkt->gso_size = segment;
	}
	s->sent++;
	stk->udp.sent++;
	return ip_send(stk, pkt, &to);
}

int
udp_send(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port, const void *data, uint32_t len, uint16_t segment)
{
	int r;

	if ((r = udp_error(s)) != 0)
		return r;
	if (addr == NULL) {
		if (s->rport == 0)
			return -EDESTADDRREQ;
		addr = &s->remote;
		port = s->rport;
	}
	return send_to(stk, s, addr, port, NULL, data, len, segment);
}

int
udp_reply(struct stack *stk, struct udp_sock *s, const struct udp_from *to,
    const void *data, uint32_t len)
{
	bool ours = ip_addr_kind(stk, &to->dst) == IP_ADDR_LOCAL;

	return send_to(stk, s, &to->src, to->sport, ours ? &to->dst : NULL,
	    data, len, 0);
}

ssize_t
udp_recv(struct stack *stk, struct udp_sock *s, void *buf, uint32_t max,
    struct udp_from *from)
{
	struct udp_dgram *d;
	uint32_t len;
	int e;

	if ((e = udp_error(s)) != 0)
		return e;
	d = STAILQ_FIRST(&s->rx);
	if (d == NULL)
		return -EAGAIN;
	STAILQ_REMOVE_HEAD(&s->rx, link);
	s->rx_bytes -= (uint32_t)sizeof(*d) + d->from.len;
	len = d->from.len < max ? d->from.len : max;
	if (len != 0)
		memcpy(buf, d->data, len);
	if (from != NULL)
		*from = d->from;
	mem_free(&stk->mem, d, sizeof(*d) + d->from.len);
	return (ssize_t)len;
}
