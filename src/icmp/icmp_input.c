/*
 * icmp_input.c - ICMP in: echo and timestamp are answered, replies go to the
 * session that asked, errors to the transport whose packet they quote.
 *
 * An echo reply is made from the request in place, so its data is never copied
 * and its checksum is not summed anew.  Errors out are icmp_error.c's.
 *
 * Read RFC 792, RFC 1122 3.2.2, RFC 1812 4.3.3 and 5.2.7.2.
 */
#include "icmp/icmp.h"

#include "base/csum.h"
#include "base/cursor.h"
#include "icmp/echo.h"
#include "ip/ip_options.h"
#include "stack/stack.h"
#include "tcp/tcp.h"
#include "udp/udp.h"

/* Is the message whole?  One that still needs its checksum never was on a
 * wire: it gets it here, because its bytes may go out again. */
static bool
csum_right(struct pkt *pkt)
{
	if (pkt->csum_needed && pkt->csum_start == pkt->l4 &&
	    pkt->csum_offset == ICMP_OFF_CSUM) {
		pkt_csum_complete(pkt);
		return true;
	}
	return pkt->csum_ok ||
	    csum_finish(csum_add(0, pkt_data(pkt), pkt->len)) == 0;
}

/* A request that became its reply goes back: the same TOS (RFC 1812 4.3.2.5),
 * from the address that was asked if that is one of ours, with what the
 * request recorded on its way (RFC 1122 3.2.2.6). */
static void
reply_send(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct ip_send s = { .dst = m->src, .proto = IPPROTO_ICMP4,
	    .tos = m->tos };
	const uint8_t *hdr = pkt->buf + pkt->l3;
	uint32_t hlen = (hdr[0] & 0xf) * 4u;
	uint8_t opts[IP4_HLEN_MAX - IP4_HLEN];
	struct ip4 to = addr_to_ip4(&m->src);

	if (!m->group)
		s.src = m->dst;
	if (hlen > IP4_HLEN) {
		s.opts_len = (uint8_t)ip_options_answer(hdr, hlen, &to,
		    opts);
		s.opts = opts;
		s.dst = addr_from_ip4(to);
	}
	pkt_clear_offload(pkt);
	pkt_decide(pkt, PKT_DELIVERED);
	pkt->ifp = NULL;		/* from here on, built here */
	pkt->l2_group = false;
	stk->icmp.sent_replies++;
	(void)ip_send(stk, pkt, &s);
}

/* RFC 1122 3.2.2.6, RFC 1812 4.3.3.6: the same data back. */
static void
echo_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	uint8_t *p = pkt_data(pkt);
	uint16_t old = be16_get(p);
	uint16_t csum = be16_get(p + ICMP_OFF_CSUM);

	if (m->group && !stk->icmp.echo_group) {
		pkt_drop(stk, pkt, DROP_ICMP_BROADCAST);
		return;
	}
	p[0] = ICMP_ECHO_REPLY;
	be16_put(p + ICMP_OFF_CSUM, 0);
	csum = csum_update16(csum, old, be16_get(p));
	/* An update cannot tell a message of zeros, whose sum is 0, from one
	 * whose sum is 0xffff (RFC 1624 3). */
	if (csum == 0)
		csum = csum_finish(csum_add(0, p, pkt->len));
	be16_put(p + ICMP_OFF_CSUM, csum);
	reply_send(stk, pkt, m);
}

/* RFC 1122 3.2.2.8, RFC 1812 4.3.3.8: in place, as an echo. */
static void
timestamp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	uint8_t *p = pkt_data(pkt);
	uint32_t now = ip_time_of_day(stk);

	if (pkt->len < ICMP_TIMESTAMP_LEN) {
		pkt_drop(stk, pkt, DROP_ICMP_SHORT);
		return;
	}
	if (m->group) {
		pkt_drop(stk, pkt, DROP_ICMP_BROADCAST);
		return;
	}
	pkt_trim(pkt, ICMP_TIMESTAMP_LEN);
	be32_put(p + 12, now);		/* received */
	be32_put(p + 16, now);		/* sent again */
	p[0] = ICMP_TIMESTAMP_REPLY;
	be16_put(p + ICMP_OFF_CSUM, 0);
	be16_put(p + ICMP_OFF_CSUM,
	    csum_finish(csum_add(0, p, ICMP_TIMESTAMP_LEN)));
	reply_send(stk, pkt, m);
}

/* An error that came: what it says, and of which packet. */
struct error {
	uint8_t type, code;
	uint32_t info;			/* MTU of "fragmentation needed" */
	struct ip_meta quoted;
	const uint8_t *l4;		/* its first 8 bytes */
};

/* Reads the message at data; false: it quotes too little. */
static bool
error_parse(const struct pkt *pkt, struct error *e)
{
	const uint8_t *p = pkt_data(pkt), *quote = p + ICMP_HLEN;
	uint32_t len = pkt->len - ICMP_HLEN;
	struct ip4_hdr h;

	if (ip4_parse_quote(quote, len, &h) != 0 || len < h.hlen + 8u)
		return false;
	*e = (struct error){ .type = p[0], .code = p[1],
	    .l4 = quote + h.hlen };
	if (e->type == ICMP_UNREACH && e->code == ICMP_UNREACH_FRAG)
		e->info = be16_get(p + 6);	/* RFC 1191 4 */
	e->quoted.src = addr_from_ip4(h.src);
	e->quoted.dst = addr_from_ip4(h.dst);
	e->quoted.proto = h.proto;
	e->quoted.tos = h.tos;
	e->quoted.ttl = h.ttl;
	e->quoted.l4_len = (uint32_t)h.total_len - h.hlen;
	/* A later fragment does not begin with a transport header. */
	return (h.frag & IP_OFFMASK) == 0;
}

/* Tells the transport whose packet is quoted.  Did it know of it?  Then what
 * the error says of the path is true for all (RFC 1191 3). */
static bool
error_deliver(struct stack *stk, const struct ip_meta *m,
    const struct error *e)
{
	bool known = false;

	switch (e->quoted.proto) {
	case IPPROTO_ICMP4:
		known = icmp_echo_error(stk, m, e->l4, e->type, e->code,
		    e->info);
		break;
	case IPPROTO_UDP4:
		known = udp_icmp_error(stk, &m->src, &e->quoted, e->l4,
		    e->type, e->code, e->info);
		break;
	case IPPROTO_TCP4:
		/* It judges the sequence number first (RFC 5927 4.1), and
		 * learns the path and counts strangers itself. */
		tcp_icmp_error(stk, &e->quoted, e->l4, e->type, e->code,
		    e->info);
		return true;
	}
	if (known && e->type == ICMP_UNREACH && e->code == ICMP_UNREACH_FRAG)
		(void)ip_path_too_big(stk, &e->quoted.dst, e->info,
		    e->quoted.l4_len + IP4_HLEN);
	return known;
}

/* RFC 1122 3.2.2: an error speaks of the packet that it quotes; it counts only
 * if that can have been sent from here. */
static void
error_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct error e;

	if (!error_parse(pkt, &e)) {
		pkt_drop(stk, pkt, DROP_ICMP_SHORT);
		return;
	}
	if (m->group ||
	    ip_addr_kind(stk, &e.quoted.src) != IP_ADDR_LOCAL ||
	    !error_deliver(stk, m, &e)) {
		pkt_drop(stk, pkt, DROP_ICMP_NO_MATCH);
		return;
	}
	pkt_free(pkt);
}

void
icmp_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	stk->icmp.received++;
	if (pkt->ref_len != 0 && (pkt = pkt_keep(pkt)) == NULL) {
		drop_count(stk, DROP_NO_MEMORY);
		return;
	}
	if (pkt->len < ICMP_HLEN) {
		pkt_drop(stk, pkt, DROP_ICMP_SHORT);
		return;
	}
	if (!csum_right(pkt)) {
		pkt_drop(stk, pkt, DROP_ICMP_CSUM);
		return;
	}
	switch (pkt_data(pkt)[0]) {
	case ICMP_ECHO:
		echo_input(stk, pkt, m);
		return;
	case ICMP_TIMESTAMP:
		timestamp_input(stk, pkt, m);
		return;
	case ICMP_REDIRECT:
		/* RFC 1812 5.2.7.2: a router chooses its own routes. */
		pkt_drop(stk, pkt, DROP_ICMP_REDIRECT);
		return;
	case ICMP_ECHO_REPLY:
		icmp_echo_reply(stk, pkt, m);
		return;
	case ICMP_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAM_PROBLEM:
		error_input(stk, pkt, m);
		return;
	}
	pkt_drop(stk, pkt, DROP_ICMP_TYPE);
}
