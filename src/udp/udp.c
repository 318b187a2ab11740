/*
 * udp.c - the life of a UDP socket: opening, options, names, readiness.
 *
 * The stack owns the sockets, an owner owns what hangs on s->owner.  A socket
 * with something to tell stands in the ready list until udp_poll() tells it;
 * the list is first come, first served.  Datagrams in and out are
 * udp_input.c's and udp_output.c's, who hears what is udp_demux.c's.
 *
 * Read RFC 768, RFC 1122 4.1, RFC 6056.
 */
#include <errno.h>
#include <string.h>

#include "stack/stack.h"

static const struct addr unset;

int
udp_init(struct stack *stk)
{
	struct udp_state *st = &stk->udp;

	LIST_INIT(&st->socks);
	TAILQ_INIT(&st->ready);
	for (unsigned i = 0; i < UDP_BUCKETS; i++)
		LIST_INIT(&st->bucket[i]);
	st->key = rng_hash_key(&stk->rng);
	return 0;
}

void
udp_fini(struct stack *stk)
{
	while (!LIST_EMPTY(&stk->udp.socks))
		udp_close(stk, LIST_FIRST(&stk->udp.socks));
}

struct udp_sock *
udp_open(struct stack *stk, udp_ready_fn *ready, void *owner)
{
	struct udp_sock *s;

	if (stk->udp.count >= stk->limits.udp_socks)
		return NULL;
	s = mem_alloc(&stk->mem, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->ready = ready;
	s->owner = owner;
	s->ttl = IP_DEFAULT_TTL;
	s->multicast_ttl = 1;		/* RFC 1112 6.1 */
	s->rx_max = stk->limits.udp_queue;
	STAILQ_INIT(&s->rx);
	LIST_INSERT_HEAD(&stk->udp.socks, s, all);
	stk->udp.count++;
	return s;
}

void
udp_close(struct stack *stk, struct udp_sock *s)
{
	struct udp_dgram *d;

	while (s->group_count > 0) {
		struct udp_group g = s->group[0];

		(void)udp_leave(stk, s, &g.group, g.ifname);
	}
	while ((d = STAILQ_FIRST(&s->rx)) != NULL) {
		STAILQ_REMOVE_HEAD(&s->rx, link);
		mem_free(&stk->mem, d, sizeof(*d) + d->from.len);
	}
	if (s->reports != NULL)
		mem_free(&stk->mem, s->reports,
		    UDP_REPORTS_MAX * sizeof(*s->reports));
	if (s->events != 0)
		TAILQ_REMOVE(&stk->udp.ready, s, ready_link);
	if (s->lport != 0)
		LIST_REMOVE(s, bucket);
	LIST_REMOVE(s, all);
	stk->udp.count--;
	mem_free(&stk->mem, s, sizeof(*s));
}

static int
reports_set(struct stack *stk, struct udp_sock *s, bool on)
{
	size_t size = UDP_REPORTS_MAX * sizeof(*s->reports);

	if (on == (s->reports != NULL))
		return 0;
	if (on) {
		s->reports = mem_alloc(&stk->mem, size);
		return s->reports == NULL ? -ENOMEM : 0;
	}
	mem_free(&stk->mem, s->reports, size);
	s->reports = NULL;
	s->report_first = s->report_count = 0;
	return 0;
}

/* An option of one byte whose least value is min. */
static int
byte_set(uint8_t *field, uint32_t value, uint32_t min)
{
	if (value < min || value > UINT8_MAX)
		return -EINVAL;
	*field = (uint8_t)value;
	return 0;
}

int
udp_set(struct stack *stk, struct udp_sock *s, enum udp_option opt,
    uint32_t value)
{
	switch (opt) {
	case UDP_REUSE_ADDR:
		s->reuse_addr = value != 0;
		return 0;
	case UDP_REUSE_PORT:
		s->reuse_port = value != 0;
		return 0;
	case UDP_BROADCAST:
		s->broadcast = value != 0;
		return 0;
	case UDP_TTL:
		return byte_set(&s->ttl, value, 1);
	case UDP_MULTICAST_TTL:
		return byte_set(&s->multicast_ttl, value, 1);
	case UDP_TOS:
		return byte_set(&s->tos, value, 0);
	case UDP_DF:
		s->df = value != 0;
		return 0;
	case UDP_QUEUE:
		if (value > stk->limits.udp_queue)
			return -EINVAL;
		s->rx_max = value;
		return 0;
	case UDP_REPORTS:
		return reports_set(stk, s, value != 0);
	}
	return -EINVAL;
}

/* Could a datagram be for both of them?  Then they may have the same port only
 * if both agreed to share. */
static bool
names_clash(const struct udp_sock *a, const struct udp_sock *b)
{
	if ((a->reuse_addr && b->reuse_addr) ||
	    (a->reuse_port && b->reuse_port))
		return false;
	if (a->ifname[0] != '\0' && b->ifname[0] != '\0' &&
	    strcmp(a->ifname, b->ifname) != 0)
		return false;
	return addr_is_any(&a->local) || addr_is_any(&b->local) ||
	    addr_eq(&a->local, &b->local);
}

/* Is port free for s, whose local address is set? */
static bool
port_free(struct stack *stk, const struct udp_sock *s, uint16_t port)
{
	const struct udp_sock *t;

	LIST_FOREACH(t, udp_bucket(stk, port), bucket) {
		if (t->lport == port && t != s && names_clash(s, t))
			return false;
	}
	return true;
}

static void
port_take(struct stack *stk, struct udp_sock *s, uint16_t port)
{
	s->lport = port;
	LIST_INSERT_HEAD(udp_bucket(stk, port), s, bucket);
}

/* RFC 6056 3.3.1: begins anywhere, takes the next that is free.  A port that
 * was shared by mistake would be worse than none, so sharers' ports are not
 * handed out. */
int
udp_bind_ephemeral(struct stack *stk, struct udp_sock *s)
{
	uint32_t n = UDP_EPHEMERAL_MAX - UDP_EPHEMERAL_MIN + 1;
	uint32_t at = rng_below(&stk->rng, n);
	bool addr = s->reuse_addr, port = s->reuse_port;
	int r = -EADDRINUSE;

	s->reuse_addr = s->reuse_port = false;
	for (uint32_t i = 0; i < n; i++) {
		uint16_t try = (uint16_t)(UDP_EPHEMERAL_MIN + (at + i) % n);

		if (port_free(stk, s, try)) {
			port_take(stk, s, try);
			r = 0;
			break;
		}
	}
	s->reuse_addr = addr;
	s->reuse_port = port;
	return r;
}

int
udp_bind(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port)
{
	int r;

	if (s->lport != 0)
		return -EINVAL;
	if (addr_is_any(addr)) {
		s->local = unset;
	} else {
		if (!addr_is_ip4(addr))
			return -EAFNOSUPPORT;
		if (ip_addr_kind(stk, addr) == IP_ADDR_OTHER)
			return -EADDRNOTAVAIL;
		s->local = *addr;
	}
	s->local_chosen = false;
	if (port == 0) {
		r = udp_bind_ephemeral(stk, s);
	} else {
		r = port_free(stk, s, port) ? 0 : -EADDRINUSE;
		if (r == 0)
			port_take(stk, s, port);
	}
	if (r != 0)
		s->local = unset;
	return r;
}

int
udp_bind_iface(struct stack *stk, struct udp_sock *s, const char *ifname)
{
	size_t len = strlen(ifname);

	if (len != 0 && iface_lookup(stk, ifname) == NULL)
		return -ENODEV;
	memset(s->ifname, 0, sizeof(s->ifname));
	memcpy(s->ifname, ifname, len);		/* a name we have: it fits */
	return 0;
}

int
udp_connect(struct stack *stk, struct udp_sock *s, const struct addr *addr,
    uint16_t port)
{
	struct addr src;
	uint32_t mtu;
	int r;

	if (port == 0 || addr_is_any(addr))
		return -EINVAL;
	if (!addr_is_ip4(addr))
		return -EAFNOSUPPORT;
	if (ip_addr_kind(stk, addr) == IP_ADDR_BROADCAST && !s->broadcast)
		return -EACCES;
	if (s->local_chosen)
		udp_disconnect(s);
	r = ip_path_by(stk, addr, s->ifname, &src, &mtu);
	if (r != 0)
		return r;
	if (s->lport == 0 && (r = udp_bind_ephemeral(stk, s)) != 0)
		return r;
	if (addr_is_any(&s->local)) {
		s->local = src;
		s->local_chosen = true;
	}
	s->remote = *addr;
	s->rport = port;
	return 0;
}

void
udp_disconnect(struct udp_sock *s)
{
	if (s->local_chosen)
		s->local = unset;
	s->local_chosen = false;
	s->remote = unset;
	s->rport = 0;
}

static struct udp_group *
group_find(struct udp_sock *s, const struct addr *group, const char *ifname)
{
	for (unsigned i = 0; i < s->group_count; i++) {
		if (addr_eq(&s->group[i].group, group) &&
		    strcmp(s->group[i].ifname, ifname) == 0)
			return &s->group[i];
	}
	return NULL;
}

int
udp_join(struct stack *stk, struct udp_sock *s, const struct addr *group,
    const char *ifname)
{
	struct udp_group *g;
	int r;

	if (group_find(s, group, ifname) != NULL)
		return -EADDRINUSE;
	if (s->group_count == UDP_GROUPS_MAX)
		return -ENOBUFS;
	if ((r = ip_join(stk, group, ifname)) != 0)
		return r;
	g = &s->group[s->group_count++];
	memset(g, 0, sizeof(*g));
	g->group = *group;
	memcpy(g->ifname, ifname, strlen(ifname));
	return 0;
}

int
udp_leave(struct stack *stk, struct udp_sock *s, const struct addr *group,
    const char *ifname)
{
	struct udp_group *g = group_find(s, group, ifname);

	if (g == NULL)
		return -EADDRNOTAVAIL;
	/* It may be gone already, with its interface. */
	(void)ip_leave(stk, group, ifname);
	*g = s->group[--s->group_count];
	return 0;
}

int
udp_error(struct udp_sock *s)
{
	int e = s->error;

	s->error = 0;
	return e;
}

bool
udp_report(struct udp_sock *s, struct udp_report *out)
{
	if (s->report_count == 0)
		return false;
	*out = s->reports[s->report_first];
	s->report_first = (s->report_first + 1) % UDP_REPORTS_MAX;
	s->report_count--;
	return true;
}

void
udp_mark_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	if (s->events == 0) {
		s->turn = stk->udp.turn;
		TAILQ_INSERT_TAIL(&stk->udp.ready, s, ready_link);
	}
	s->events |= events;
}

void
udp_poll(struct stack *stk)
{
	uint64_t turn = ++stk->udp.turn;
	struct udp_sock *s;
	unsigned events;

	/* Those that became ready in this turn stand at the end. */
	while ((s = TAILQ_FIRST(&stk->udp.ready)) != NULL && s->turn != turn) {
		TAILQ_REMOVE(&stk->udp.ready, s, ready_link);
		events = s->events;
		s->events = 0;
		s->ready(stk, s, events);	/* may close it */
	}
}

bool
udp_pending(const struct stack *stk)
{
	return !TAILQ_EMPTY(&stk->udp.ready);
}

const struct udp_sock *
udp_next(const struct stack *stk, const struct udp_sock *s)
{
	return s == NULL ? LIST_FIRST(&stk->udp.socks) : LIST_NEXT(s, all);
}
