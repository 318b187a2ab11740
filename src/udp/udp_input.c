/*
 * udp_input.c - UDP in: is the datagram whole, and who gets it?
 *
 * Delivery copies the data into the sockets' queues and marks them ready;
 * nobody is called.  A super-frame (USO) is cut here into the datagrams that
 * its sender meant.
 *
 * Read RFC 768, RFC 1122 4.1.
 */
#include <errno.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

/* RFC 768: a field of zero means that the sender made none.  One that is still
 * to be put (csum_needed) was never on a wire. */
static bool
csum_right(const struct pkt *pkt, const struct ip_meta *m,
    const struct udp_hdr *h)
{
	uint32_t sum;

	if (h->csum == 0 || pkt->csum_ok)
		return true;
	if (pkt->csum_needed && pkt->csum_start == pkt->l4)
		return true;
	sum = csum_pseudo(&m->src, &m->dst, IPPROTO_UDP4, h->len);
	return csum_finish(csum_add(sum, pkt_data(pkt), h->len)) == 0;
}

/* One datagram into one queue: 0, or why not. */
static int
queue_one(struct stack *stk, struct udp_sock *s, const struct udp_from *from,
    const uint8_t *data, uint32_t len)
{
	uint32_t cost = (uint32_t)sizeof(struct udp_dgram) + len;
	struct udp_dgram *d;

	if (cost > s->rx_max || s->rx_bytes > s->rx_max - cost)
		return -ENOBUFS;
	d = mem_alloc(&stk->mem, cost);
	if (d == NULL)
		return -ENOMEM;
	d->from = *from;
	d->from.len = len;
	memcpy(d->data, data, len);
	STAILQ_INSERT_TAIL(&s->rx, d, link);
	s->rx_bytes += cost;
	s->received++;
	udp_mark_ready(stk, s, UDP_READ);
	return 0;
}

/* All of pkt's datagrams into one queue.  Did any get in?  *why says why the
 * others did not. */
static bool
queue_all(struct stack *stk, struct udp_sock *s, const struct pkt *pkt,
    const struct udp_from *from, enum drop *why)
{
	const uint8_t *data = pkt_data(pkt) + UDP_HLEN;
	uint32_t left = from->len, step = left;
	bool any = false;
	int r;

	if (pkt->gso_type == PKT_GSO_UDP && pkt->gso_size != 0)
		step = pkt->gso_size;
	do {
		uint32_t n = left < step ? left : step;

		r = queue_one(stk, s, from, data, n);
		if (r == 0) {
			any = true;
		} else {
			s->dropped++;
			*why = r == -ENOMEM ? DROP_NO_MEMORY : DROP_UDP_QUEUE;
		}
		data += n;
		left -= n;
	} while (left > 0);
	return any;
}

/* Broadcast and multicast: everyone who fits.  False: nobody took it. */
static bool
deliver_group(struct stack *stk, const struct pkt *pkt,
    const struct udp_from *from, uint16_t dport, const char *ifname,
    enum drop *why)
{
	bool multicast = ip_addr_kind(stk, &from->dst) == IP_ADDR_MULTICAST;
	bool any = false;
	struct udp_sock *s;

	LIST_FOREACH(s, udp_bucket(stk, dport), bucket) {
		if (udp_match_group(s, &from->dst, multicast, dport,
		    &from->src, from->sport, ifname) &&
		    queue_all(stk, s, pkt, from, why))
			any = true;
	}
	return any;
}

static bool
deliver_one(struct stack *stk, const struct pkt *pkt,
    const struct udp_from *from, uint16_t dport, const char *ifname,
    enum drop *why)
{
	struct udp_sock *s = udp_lookup(stk, &from->dst, dport, &from->src,
	    from->sport, ifname);

	return s != NULL && queue_all(stk, s, pkt, from, why);
}

void
udp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct udp_from from = { .src = m->src, .dst = m->dst, .tos = m->tos,
	    .ttl = m->ttl, .when = stk->now };
	enum drop why = DROP_UDP_NO_PORT;
	const char *ifname = "";
	struct udp_hdr h;
	bool taken;

	stk->udp.received++;
	if (pkt->ref_len != 0 && (pkt = pkt_keep(pkt)) == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	if (udp_parse(pkt_data(pkt), pkt->len, &h) != 0) {
		pkt_drop(stk, pkt, DROP_UDP_SHORT);
		return;
	}
	if (!csum_right(pkt, m, &h)) {
		pkt_drop(stk, pkt, DROP_UDP_CSUM);
		return;
	}
	from.sport = h.sport;
	from.len = h.len - UDP_HLEN;
	if (pkt->ifp != NULL) {
		from.ifindex = pkt->ifp->index;
		ifname = pkt->ifp->name;
	}
	if (m->group)
		taken = deliver_group(stk, pkt, &from, h.dport, ifname, &why);
	else
		taken = deliver_one(stk, pkt, &from, h.dport, ifname, &why);
	if (!taken) {
		pkt_drop(stk, pkt, why);
		return;
	}
	stk->udp.delivered++;
	pkt_free(pkt);
}

static void
report_put(struct udp_sock *s, const struct udp_report *rep)
{
	uint32_t at = (s->report_first + s->report_count) % UDP_REPORTS_MAX;

	if (s->report_count == UDP_REPORTS_MAX) {
		s->dropped++;
		return;
	}
	s->reports[at] = *rep;
	s->report_count++;
}

/* RFC 1122 4.1.3.3: what the user of a connected socket is told.  Soft errors
 * (3.2.2.1: net and host unreachable may pass, TTL likewise) are not; they can
 * be had by UDP_REPORTS.  Who wants no fragments hears that his datagram was
 * too big (RFC 1191 6.1). */
static int
error_code(const struct udp_sock *s, uint8_t type, uint8_t code)
{
	if (type != ICMP_UNREACH)
		return 0;
	switch (code) {
	case ICMP_UNREACH_PORT:
		return -ECONNREFUSED;
	case ICMP_UNREACH_PROTO:
		return -ENOPROTOOPT;
	case ICMP_UNREACH_FRAG:
		return s->df ? -EMSGSIZE : 0;
	}
	return 0;
}

bool
udp_icmp_error(struct stack *stk, const struct addr *from,
    const struct ip_meta *quoted, const uint8_t *l4, uint8_t type,
    uint8_t code, uint32_t info)
{
	struct udp_report rep = { .from = *from, .dst = quoted->dst,
	    .type = type, .code = code, .info = info, .when = stk->now };
	uint16_t sport = be16_get(l4);
	struct udp_sock *s;
	int e;

	rep.dport = be16_get(l4 + 2);
	s = udp_lookup(stk, &quoted->src, sport, &quoted->dst, rep.dport, NULL);
	if (s == NULL)
		return false;
	if (s->reports != NULL) {
		report_put(s, &rep);
		udp_mark_ready(stk, s, UDP_ERROR);
	}
	e = error_code(s, type, code);
	if (s->rport != 0 && e != 0) {
		s->error = e;
		udp_mark_ready(stk, s, UDP_ERROR);
	}
	return true;
}
