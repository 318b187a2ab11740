/*
 * udp_demux.c - whose is a datagram?
 *
 * Sockets stand in buckets by local port.  A socket fits if nothing that it
 * names (local address, peer, interface) contradicts the datagram; of those
 * that fit, the one that names most wins.  A stranger cannot make buckets
 * long: they hold sockets, not packets.
 */
#include <string.h>

#include "stack/stack.h"

struct udp_bucket *
udp_bucket(struct stack *stk, uint16_t lport)
{
	return &stk->udp.bucket[lport % UDP_BUCKETS];
}

/* -1: does not fit; else how much of it s names, the peer above the address
 * above the interface.  ifname NULL: by whichever. */
static int
score(const struct udp_sock *s, const struct addr *local, uint16_t lport,
    const struct addr *remote, uint16_t rport, const char *ifname)
{
	int n = 0;

	if (s->lport != lport)
		return -1;
	if (s->rport != 0) {
		if (s->rport != rport || !addr_eq(&s->remote, remote))
			return -1;
		n += 4;
	}
	if (!addr_is_any(&s->local)) {
		if (!addr_eq(&s->local, local))
			return -1;
		n += 2;
	}
	if (s->ifname[0] != '\0') {
		if (ifname != NULL && strcmp(s->ifname, ifname) != 0)
			return -1;
		n += 1;
	}
	return n;
}

static uint64_t
flow_hash(struct stack *stk, const struct addr *local, uint16_t lport,
    const struct addr *remote, uint16_t rport)
{
	struct {
		struct addr local, remote;
		uint16_t lport, rport;
	} flow = { *local, *remote, lport, rport };

	return siphash13(&stk->udp.key, &flow, sizeof(flow));
}

struct udp_sock *
udp_lookup(struct stack *stk, const struct addr *local, uint16_t lport,
    const struct addr *remote, uint16_t rport, const char *ifname)
{
	struct udp_bucket *b = udp_bucket(stk, lport);
	struct udp_sock *s, *best = NULL;
	uint32_t sharers = 0, pick;
	int most = -1, n;

	LIST_FOREACH(s, b, bucket) {
		n = score(s, local, lport, remote, rport, ifname);
		if (n > most) {
			most = n;
			best = s;
			sharers = 0;
		}
		if (n == most && n >= 0 && s->reuse_port)
			sharers++;
	}
	if (sharers < 2 || !best->reuse_port)
		return best;
	pick = (uint32_t)(flow_hash(stk, local, lport, remote, rport) %
	    sharers);
	LIST_FOREACH(s, b, bucket) {
		if (!s->reuse_port || score(s, local, lport, remote, rport,
		    ifname) != most)
			continue;
		if (pick-- == 0)
			return s;
	}
	return best;
}

static bool
joined(const struct udp_sock *s, const struct addr *group, const char *ifname)
{
	for (unsigned i = 0; i < s->group_count; i++) {
		if (addr_eq(&s->group[i].group, group) &&
		    strcmp(s->group[i].ifname, ifname) == 0)
			return true;
	}
	return false;
}

bool
udp_match_group(const struct udp_sock *s, const struct addr *group,
    bool multicast, uint16_t lport, const struct addr *remote, uint16_t rport,
    const char *ifname)
{
	/* RFC 1112 7.1: only who joined, and by the interface it joined on. */
	if (multicast && !joined(s, group, ifname))
		return false;
	return score(s, group, lport, remote, rport, ifname) >= 0;
}
