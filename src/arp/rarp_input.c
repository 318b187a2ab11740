/*
 * rarp_input.c - the RARP server (RFC 903): answers the stations it was
 * configured with, on the interface whose network holds their address.
 *
 * hopd itself asks nobody, so replies are dropped.  Owned here: the list of
 * stations, a list because they ask once, when they boot.
 */
#include <errno.h>

#include "stack/stack.h"

const struct rarp_station *
rarp_lookup(struct stack *stk, struct mac mac)
{
	const struct rarp_station *s = stk->arp.stations;

	while (s != NULL && !mac_eq(s->mac, mac))
		s = s->next;
	return s;
}

int
rarp_add(struct stack *stk, struct mac mac, struct ip4 ip, struct err *err)
{
	struct rarp_station **sp = &stk->arp.stations;
	char text[MAC_STRLEN], addr[IP4_STRLEN];
	struct rarp_station *s;
	uint32_t n = 0;

	mac_format(mac, text);
	if (mac_is_group(mac) || mac_eq(mac, MAC_ZERO))
		return err_set(err, -EINVAL,
		    "\"%s\": expected the MAC of one station", text);
	if (ip4_is_any(ip) || ip4_is_multicast(ip) || ip4_is_loopback(ip) ||
	    ip4_eq(ip, IP4_BROADCAST))
		return err_set(err, -EINVAL,
		    "\"%s\": expected the address of one station",
		    ip4_format(ip, addr));
	if (rarp_lookup(stk, mac) != NULL)
		return err_set(err, -EEXIST, "\"%s\" is there already", text);
	for (; *sp != NULL; sp = &(*sp)->next)
		n++;
	if (n >= stk->limits.rarp_stations)
		return err_set(err, -ENOSPC, "\"%s\": %u stations are the "
		    "limit", text, n);
	s = mem_alloc(&stk->mem, sizeof(*s));
	if (s == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	s->mac = mac;
	s->ip = ip;
	*sp = s;
	return 0;
}

int
rarp_del(struct stack *stk, struct mac mac, struct err *err)
{
	struct rarp_station **sp = &stk->arp.stations;
	struct rarp_station *s;
	char text[MAC_STRLEN];

	while (*sp != NULL && !mac_eq((*sp)->mac, mac))
		sp = &(*sp)->next;
	s = *sp;
	if (s == NULL)
		return err_set(err, -ENOENT, "\"%s\": no such station",
		    mac_format(mac, text));
	*sp = s->next;
	mem_free(&stk->mem, s, sizeof(*s));
	return 0;
}

void
rarp_flush(struct stack *stk)
{
	struct rarp_station *s;

	while ((s = stk->arp.stations) != NULL) {
		stk->arp.stations = s->next;
		mem_free(&stk->mem, s, sizeof(*s));
	}
}

const struct rarp_station *
rarp_next(struct stack *stk, const struct rarp_station *s)
{
	return s == NULL ? stk->arp.stations : s->next;
}

/* The drop reason, or DROP_COUNT and the reply in *reply, to be sent to who
 * asked. */
static enum drop
judge(struct stack *stk, const struct iface *ifp, const struct pkt *pkt,
    struct arp_msg *reply, struct mac *asker)
{
	const struct rarp_station *s;
	const struct iface_addr *a;
	struct arp_msg m;
	int r = arp_parse(pkt_data(pkt), pkt->len, &m);

	if (r != 0)
		return r == -EMSGSIZE ? DROP_ARP_SHORT : DROP_ARP_BAD;
	if (m.op != RARP_OP_REQUEST)
		return DROP_ARP_BAD;
	if (mac_is_group(m.sha) || mac_eq(m.sha, MAC_ZERO))
		return DROP_ARP_SPOOF;
	/* RFC 903: who asks (sha) may ask for another (tha). */
	s = rarp_lookup(stk, m.tha);
	a = s == NULL ? NULL : iface_addr_near(ifp, s->ip);
	if (a == NULL)
		return DROP_RARP_UNKNOWN;
	*reply = (struct arp_msg){
		.op = RARP_OP_REPLY,
		.sha = ifp->mac,
		.spa = a->prefix.ip,
		.tha = m.tha,
		.tpa = s->ip,
	};
	*asker = m.sha;
	return DROP_COUNT;
}

void
rarp_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	struct arp_msg reply;
	struct mac asker;
	enum drop why = judge(stk, ifp, pkt, &reply, &asker);

	if (why != DROP_COUNT) {
		pkt_drop(stk, pkt, why);
		return;
	}
	arp_send(stk, ifp, &reply, asker);
	stk->arp.stats.received++;
	pkt_free(pkt);
}
