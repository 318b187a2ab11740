/*
 * icmp_input.c - ICMP in: echo is answered, the rest is sorted out by type.
 *
 * An echo reply is made from the request in place, so its data is never copied
 * and its checksum is not summed anew.  Errors out are icmp_error.c's.
 *
 * Read RFC 792, RFC 1122 3.2.2, RFC 1812 4.3.3 and 5.2.7.2.
 */
#include <errno.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "stack/stack.h"

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

/* RFC 1122 3.2.2.6, RFC 1812 4.3.3.6: the same data back, the same TOS, from
 * the address that was asked. */
static void
echo_input(struct stack *stk, struct pkt *pkt, const struct ip_meta *m)
{
	struct ip_send s = { .dst = m->src, .proto = IPPROTO_ICMP4,
	    .tos = m->tos };
	uint8_t *p = pkt_data(pkt);
	uint16_t old = be16_get(p);
	uint16_t csum = be16_get(p + ICMP_OFF_CSUM);

	if (m->group && !stk->icmp.echo_group) {
		pkt_drop(stk, pkt, DROP_ICMP_BROADCAST);
		return;
	}
	if (!m->group)
		s.src = m->dst;
	p[0] = ICMP_ECHO_REPLY;
	be16_put(p + ICMP_OFF_CSUM, csum_update16(csum, old, be16_get(p)));
	pkt_clear_offload(pkt);
	pkt->ifp = NULL;		/* from here on, built here */
	pkt->l2_group = false;
	stk->icmp.sent_replies++;
	(void)ip_send(stk, pkt, &s);
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
	case ICMP_REDIRECT:
		/* RFC 1812 5.2.7.2: a router chooses its own routes. */
		pkt_drop(stk, pkt, DROP_ICMP_REDIRECT);
		return;
	case ICMP_ECHO_REPLY:
	case ICMP_UNREACH:
	case ICMP_TIME_EXCEEDED:
	case ICMP_PARAM_PROBLEM:
		pkt_drop(stk, pkt, DROP_ICMP_NO_MATCH);
		return;
	}
	pkt_drop(stk, pkt, DROP_ICMP_TYPE);
}
