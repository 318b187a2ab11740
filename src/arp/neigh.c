/*
 * neigh.c - what is known about a neighbour, and for how long: the states of
 * RFC 4861 7.3, used for ARP, and the sending of packets to neighbours.
 *
 * Reading list: RFC 4861 7.3 and appendix C, RFC 7048 (why probes must not end
 * in a dead entry), RFC 1122 2.3.2 (ARP's time-outs, flood prevention and
 * queue).  Table, eviction and waiting packets are neigh_table.c's, messages
 * arp.c's.
 *
 * Events.  packet: one is to be sent.  early: one for a neighbour that failed
 * a moment ago.  reply: the answer to a request of ours.  heard: any other
 * word from it with the MAC we know, or the first.  moved: any other word with
 * another MAC.  hint: forward progress seen above.  timeout: the state's time
 * is over.  spent: so it is, and the last request is out.  renewed, in-use: it
 * is, but there was a hint, or traffic, meanwhile.  set: by the operator.
 * wanted: a route with several next hops would use it, had it not failed.
 *
 *  from        | event   | action                             | to
 *  ------------+---------+------------------------------------+-----------
 *  none        | packet  | hold it, ask all                   | incomplete
 *  none        | heard   | take its MAC                       | stale
 *  incomplete  | packet  | hold it                            | incomplete
 *  incomplete  | reply   | take its MAC, send what waits      | reachable
 *  incomplete  | heard   | take its MAC, send what waits      | delay
 *  incomplete  | timeout | ask all                            | incomplete
 *  incomplete  | spent   | back off, refuse what waits        | failed
 *  reachable   | packet  | send it                            | reachable
 *  reachable   | moved   | take its MAC                       | stale
 *  reachable   | hint    | note it                            | reachable
 *  reachable   | renewed | wait on                            | reachable
 *  reachable   | in-use  | wait for a hint                    | delay
 *  reachable   | timeout | wait for a use                     | stale
 *  stale       | packet  | send it                            | delay
 *  stale       | moved   | take its MAC                       | stale
 *  stale       | hint    | note it                            | reachable
 *  stale       | timeout | forget it                          | none
 *  delay       | packet  | send it                            | delay
 *  delay       | moved   | take its MAC                       | stale
 *  delay       | hint    | note it                            | reachable
 *  delay       | timeout | ask it alone                       | probe
 *  probe       | packet  | send it                            | probe
 *  probe       | reply   | take its MAC                       | reachable
 *  probe       | moved   | take its MAC                       | stale
 *  probe       | hint    | note it                            | reachable
 *  probe       | timeout | ask it alone                       | probe
 *  probe       | spent   | ask all                            | incomplete
 *  failed      | packet  | hold it, ask all                   | incomplete
 *  failed      | early   | refuse it (ICMP host unreachable)  | failed
 *  failed      | wanted  | ask all                            | incomplete
 *  failed      | heard   | take its MAC                       | stale
 *  failed      | timeout | forget it                          | none
 *  permanent   | packet  | send it                            | permanent
 *  all others  | set     | take the MAC, send what waits      | permanent
 *
 * What is not in the table changes nothing.  So a neighbour in use is asked by
 * unicast, while packets go on to flow, before its entry can run out; and one
 * that has moved without a word is found again by asking all.
 *
 * Back-off: requests go out a second apart (RFC 1122 2.3.2.1), three at most;
 * then packets are refused at once for 1, 2, 4, then 8 seconds after each
 * failure in a row.
 */
#include <assert.h>
#include <errno.h>

#include "base/cursor.h"
#include "stack/stack.h"

#define NEIGH_ASKS	    3		/* RFC 4861 10: MAX_*CAST_SOLICIT */
#define NEIGH_RETRANS_US    (1 * USEC_PER_SEC)	/* RFC 4861 10: RETRANS_TIMER */
#define NEIGH_REACHABLE_US  (30 * USEC_PER_SEC)	/* REACHABLE_TIME */
#define NEIGH_DELAY_US	    (5 * USEC_PER_SEC)	/* DELAY_FIRST_PROBE_TIME */
#define NEIGH_STALE_US	    (600 * USEC_PER_SEC) /* unused: forgotten */
#define NEIGH_FAILED_US	    (60 * USEC_PER_SEC)	/* back-off remembered */
#define NEIGH_BACKOFF_US    (1 * USEC_PER_SEC)	/* first; doubles */
#define NEIGH_BACKOFF_LOG   3			/* up to 8 times that */
/* A MAC stays this long at least: of several answers (a proxy's too) the first
 * counts.  Linux's locktime. */
#define NEIGH_LOCK_US	    (1 * USEC_PER_SEC)

enum event {
	EV_PACKET, EV_EARLY, EV_REPLY, EV_HEARD, EV_MOVED, EV_HINT,
	EV_TIMEOUT, EV_SPENT, EV_RENEWED, EV_IN_USE, EV_SET, EV_WANTED,
	EV_COUNT
};

static const char *const event_name[EV_COUNT] = {
	"packet", "early", "reply", "heard", "moved", "hint",
	"timeout", "spent", "renewed", "in-use", "set", "wanted",
};

/* Actions, done in the order of their bits. */
#define A_TAKE		0x001u	/* take the MAC */
#define A_NOTE		0x002u	/* reachability is proven */
#define A_MOVE		0x004u	/* enter `to`, its clock starts anew */
#define A_HOLD		0x008u	/* the packet waits */
#define A_SEND		0x010u	/* the packet goes */
#define A_ASK		0x020u	/* request to all */
#define A_PROBE		0x040u	/* request to the known MAC alone */
#define A_RELEASE	0x080u	/* waiting packets go */
/* At most one of these, and nothing after it: ICMP answers run through here
 * again and may displace the entry. */
#define A_FAIL		0x100u	/* back off, refuse waiting packets */
#define A_REFUSE	0x200u	/* refuse the packet */
#define A_FORGET	0x400u	/* free the entry */

struct rule {
	uint16_t acts;		/* 0: the event changes nothing */
	uint8_t to;		/* enum neigh_state */
};

#define SET { A_TAKE | A_MOVE | A_RELEASE, NEIGH_PERMANENT }
#define HINT { A_NOTE | A_MOVE, NEIGH_REACHABLE }
#define MOVED { A_TAKE | A_MOVE, NEIGH_STALE }

static const struct rule rules[NEIGH_STATE_COUNT][EV_COUNT] = {
	[NEIGH_NONE] = {
		[EV_PACKET] = { A_MOVE | A_HOLD | A_ASK, NEIGH_INCOMPLETE },
		[EV_HEARD] = { A_TAKE | A_MOVE, NEIGH_STALE },
		[EV_SET] = SET,
	},
	[NEIGH_INCOMPLETE] = {
		[EV_PACKET] = { A_HOLD, NEIGH_INCOMPLETE },
		[EV_REPLY] = { A_TAKE | A_NOTE | A_MOVE | A_RELEASE,
		    NEIGH_REACHABLE },
		[EV_HEARD] = { A_TAKE | A_MOVE | A_RELEASE, NEIGH_DELAY },
		[EV_TIMEOUT] = { A_ASK, NEIGH_INCOMPLETE },
		[EV_SPENT] = { A_MOVE | A_FAIL, NEIGH_FAILED },
		[EV_SET] = SET,
	},
	[NEIGH_REACHABLE] = {
		[EV_PACKET] = { A_SEND, NEIGH_REACHABLE },
		[EV_MOVED] = MOVED,
		[EV_HINT] = { A_NOTE, NEIGH_REACHABLE },
		[EV_RENEWED] = { A_MOVE, NEIGH_REACHABLE },
		[EV_IN_USE] = { A_MOVE, NEIGH_DELAY },
		[EV_TIMEOUT] = { A_MOVE, NEIGH_STALE },
		[EV_SET] = SET,
	},
	[NEIGH_STALE] = {
		[EV_PACKET] = { A_MOVE | A_SEND, NEIGH_DELAY },
		[EV_MOVED] = MOVED,
		[EV_HINT] = HINT,
		[EV_TIMEOUT] = { A_FORGET, NEIGH_NONE },
		[EV_SET] = SET,
	},
	[NEIGH_DELAY] = {
		[EV_PACKET] = { A_SEND, NEIGH_DELAY },
		[EV_MOVED] = MOVED,
		[EV_HINT] = HINT,
		[EV_TIMEOUT] = { A_MOVE | A_PROBE, NEIGH_PROBE },
		[EV_SET] = SET,
	},
	[NEIGH_PROBE] = {
		[EV_PACKET] = { A_SEND, NEIGH_PROBE },
		[EV_REPLY] = { A_TAKE | A_NOTE | A_MOVE, NEIGH_REACHABLE },
		[EV_MOVED] = MOVED,
		[EV_HINT] = HINT,
		[EV_TIMEOUT] = { A_PROBE, NEIGH_PROBE },
		[EV_SPENT] = { A_MOVE | A_ASK, NEIGH_INCOMPLETE },
		[EV_SET] = SET,
	},
	[NEIGH_FAILED] = {
		[EV_PACKET] = { A_MOVE | A_HOLD | A_ASK, NEIGH_INCOMPLETE },
		[EV_EARLY] = { A_REFUSE, NEIGH_FAILED },
		[EV_WANTED] = { A_MOVE | A_ASK, NEIGH_INCOMPLETE },
		[EV_HEARD] = { A_TAKE | A_MOVE, NEIGH_STALE },
		[EV_TIMEOUT] = { A_FORGET, NEIGH_NONE },
		[EV_SET] = SET,
	},
	[NEIGH_PERMANENT] = {
		[EV_PACKET] = { A_SEND, NEIGH_PERMANENT },
	},
};

/* What comes with an event. */
struct cause {
	enum event ev;
	struct mac mac;		/* reply, heard, moved, set */
	struct pkt *pkt;	/* packet, early: consumed */
};

const char *
neigh_state_name(enum neigh_state state)
{
	static const char *const name[NEIGH_STATE_COUNT] = {
		[NEIGH_INCOMPLETE] = "incomplete",
		[NEIGH_REACHABLE] = "reachable",
		[NEIGH_STALE] = "stale",
		[NEIGH_DELAY] = "delay",
		[NEIGH_PROBE] = "probe",
		[NEIGH_FAILED] = "failed",
		[NEIGH_PERMANENT] = "permanent",
		[NEIGH_NONE] = "none",
	};

	assert(state < NEIGH_STATE_COUNT);
	return name[state];
}

static void
log_move(struct stack *stk, const struct neigh *n, enum event ev,
    enum neigh_state to)
{
	char ip[IP4_STRLEN];

	if (n->state == to || stk->log.level < LOG_LVL_DEBUG)
		return;
	log_line(&stk->log, LOG_LVL_DEBUG, "neigh: %s dev %s %s -> %s (%s)",
	    ip4_format(n->ip, ip), n->ifp->name, neigh_state_name(n->state),
	    neigh_state_name(to), event_name[ev]);
}

static bool
has_mac(const struct neigh *n)
{
	return n->state != NEIGH_INCOMPLETE && n->state != NEIGH_FAILED &&
	    n->state != NEIGH_NONE;
}

/* When the state that n has just entered ends by itself. */
static struct instant
state_end(const struct stack *stk, const struct neigh *n)
{
	switch ((enum neigh_state)n->state) {
	case NEIGH_REACHABLE:
		return instant_add(n->confirmed, NEIGH_REACHABLE_US);
	case NEIGH_STALE:
		return instant_add(stk->now, NEIGH_STALE_US);
	case NEIGH_DELAY:
		return instant_add(stk->now, NEIGH_DELAY_US);
	case NEIGH_FAILED:
		return instant_add(stk->now, NEIGH_FAILED_US);
	case NEIGH_INCOMPLETE:		/* set by each request */
	case NEIGH_PROBE:
	case NEIGH_PERMANENT:
	case NEIGH_NONE:
	case NEIGH_STATE_COUNT:
		break;
	}
	return INSTANT_NEVER;
}

static void
enter(struct stack *stk, struct neigh *n, enum neigh_state to)
{
	enum neigh_class class;

	n->state = to;
	n->probes = 0;
	if (to == NEIGH_REACHABLE)	/* only traffic brings an entry here */
		n->traffic = true;
	timer_set(&stk->timers, &n->timer, state_end(stk, n));
	if (to == NEIGH_PERMANENT)
		class = NEIGH_PINNED;
	else if (!has_mac(n))
		class = NEIGH_UNRESOLVED;
	else
		class = n->traffic ? NEIGH_PROVEN : NEIGH_HEARD;
	neigh_table_rank(stk, n, class);
}

static void
take_mac(struct stack *stk, struct neigh *n, struct mac mac)
{
	struct eth_hdr h = { mac, n->ifp->mac, ETHERTYPE_IP4 };

	n->mac = mac;
	n->taken = stk->now;
	n->failures = 0;
	eth_build(n->hdr, &h);
}

/* The source of the packet that waits longest, for arp_source().  Not in a
 * second request: who has no way back to it may have kept silent, and knows
 * the interface's own address. */
static struct ip4
waiting_source(const struct neigh *n)
{
	const struct pkt *pkt = n->held.head;

	if (n->held.count == 0 || n->probes != 0 || pkt->len < IP4_HLEN)
		return IP4_ANY;
	return (struct ip4){ be32_get(pkt_data(pkt) + IP4_OFF_SRC) };
}

static void
ask(struct stack *stk, struct neigh *n, struct mac dst)
{
	struct ip4 spa = arp_source(stk, n->ifp, n->ip, waiting_source(n));

	n->probes++;
	timer_set(&stk->timers, &n->timer,
	    instant_add(stk->now, NEIGH_RETRANS_US));
	arp_request(stk, n->ifp, spa, n->ip, dst);
}

/* The hot end: one copy of a ready header. */
static inline void
send_to(struct stack *stk, struct neigh *n, struct pkt *pkt)
{
	n->used = stk->now;
	memcpy(pkt_push(pkt, ETH_HLEN), n->hdr, ETH_HLEN);
	port_send(stk, n->ifp->port, pkt);
}

static void
hold(struct stack *stk, struct neigh *n, struct pkt *pkt)
{
	pkt->l3 = pkt->off;	/* for the ICMP answer, if it comes to that */
	n->used = stk->now;
	neigh_hold(stk, n, pkt);
}

static void
release(struct stack *stk, struct neigh *n)
{
	struct pkt_queue waiting;
	struct pkt *pkt;

	neigh_unhold(stk, n, &waiting);
	while ((pkt = pkt_queue_get(&waiting)) != NULL)
		send_to(stk, n, pkt);
}

static void
fail(struct stack *stk, struct neigh *n)
{
	struct pkt_queue waiting;
	struct pkt *pkt;

	n->retry = instant_add(stk->now, NEIGH_BACKOFF_US << n->failures);
	if (n->failures < NEIGH_BACKOFF_LOG)
		n->failures++;
	neigh_unhold(stk, n, &waiting);
	while ((pkt = pkt_queue_get(&waiting)) != NULL)
		pkt_drop(stk, pkt, DROP_NEIGH_FAILED);
}

/* The interpreter of the table; n may be gone afterwards. */
static void
neigh_event(struct stack *stk, struct neigh *n, const struct cause *c)
{
	const struct rule *r = &rules[n->state][c->ev];
	unsigned acts = r->acts;

	if (acts != 0)
		log_move(stk, n, c->ev, r->to);
	if (acts & A_TAKE)
		take_mac(stk, n, c->mac);
	if (acts & A_NOTE)
		n->confirmed = stk->now;
	if (acts & A_MOVE)
		enter(stk, n, r->to);
	if (acts & A_HOLD)
		hold(stk, n, c->pkt);
	if (acts & A_SEND)
		send_to(stk, n, c->pkt);
	if (acts & A_ASK)
		ask(stk, n, MAC_BROADCAST);
	if (acts & A_PROBE)
		ask(stk, n, n->mac);
	if (acts & A_RELEASE)
		release(stk, n);
	if (acts & A_FAIL)
		fail(stk, n);
	else if (acts & A_REFUSE)
		pkt_drop(stk, c->pkt, DROP_NEIGH_FAILED);
	else if (acts & A_FORGET)
		neigh_table_free(stk, n, DROP_NEIGH_FAILED);
	else if (c->ev == EV_PACKET)
		assert(acts & (A_HOLD | A_SEND));
}

static void
neigh_timer(struct stack *stk, struct timer *t)
{
	struct neigh *n = (struct neigh *)((char *)t -
	    offsetof(struct neigh, timer));
	struct cause c = { .ev = EV_TIMEOUT };

	if (n->probes >= NEIGH_ASKS)
		c.ev = EV_SPENT;
	if (n->state == NEIGH_REACHABLE) {
		if (!instant_reached(stk->now, state_end(stk, n)))
			c.ev = EV_RENEWED;
		else if (instant_diff(stk->now, n->used) < NEIGH_DELAY_US)
			c.ev = EV_IN_USE;
	}
	neigh_event(stk, n, &c);
}

/* A new entry, its timer ready. */
static struct neigh *
neigh_new(struct stack *stk, struct iface *ifp, struct ip4 ip,
    bool for_packet, enum drop *why)
{
	struct neigh *n = neigh_table_new(stk, ifp, ip, for_packet, why);

	if (n != NULL)
		timer_init(&n->timer, neigh_timer);
	return n;
}

/* To a neighbour that is not simply there. */
static SLOW void
output_slow(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct pkt *pkt)
{
	struct neigh *n = neigh_lookup(stk, ifp, ip);
	struct cause c = { .ev = EV_PACKET, .pkt = pkt };
	enum drop why;

	if (ifp->port == NULL || !ifp->up) {
		pkt_drop(stk, pkt, DROP_PORT_DOWN);
		return;
	}
	if (n == NULL)
		n = neigh_new(stk, ifp, ip, true, &why);
	if (n == NULL) {
		pkt_drop(stk, pkt, why);
		return;
	}
	n->traffic = true;
	if (n->state == NEIGH_FAILED && instant_before(stk->now, n->retry))
		c.ev = EV_EARLY;
	neigh_event(stk, n, &c);
}

void
neigh_output(struct stack *stk, struct iface *ifp, struct ip4 next_hop,
    struct pkt *pkt)
{
	struct neigh *n = neigh_recent(&stk->arp, ifp, next_hop);

	if (n != NULL &&
	    (n->state == NEIGH_REACHABLE || n->state == NEIGH_PERMANENT))
		send_to(stk, n, pkt);
	else
		output_slow(stk, ifp, next_hop, pkt);
}

void
neigh_learn(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, bool solicited, bool create)
{
	struct neigh *n = neigh_lookup(stk, ifp, ip);
	struct cause c = { .ev = EV_HEARD, .mac = mac };
	enum drop why;

	if (n == NULL && create)
		n = neigh_new(stk, ifp, ip, false, &why);
	if (n == NULL)
		return;
	/* Only who asked can have got an answer. */
	if (solicited &&
	    (n->state == NEIGH_INCOMPLETE || n->state == NEIGH_PROBE)) {
		c.ev = EV_REPLY;
	} else if (has_mac(n) && !mac_eq(n->mac, mac)) {
		if (instant_diff(stk->now, n->taken) < NEIGH_LOCK_US)
			return;
		c.ev = EV_MOVED;
	}
	neigh_event(stk, n, &c);
}

bool
neigh_usable(struct stack *stk, struct iface *ifp, struct ip4 ip)
{
	struct neigh *n = neigh_lookup(stk, ifp, ip);
	struct cause c = { .ev = EV_WANTED };

	if (n == NULL || n->failures == 0)
		return true;
	if (n->state == NEIGH_FAILED && instant_reached(stk->now, n->retry))
		neigh_event(stk, n, &c);
	return false;
}

void
neigh_confirm(struct stack *stk, struct iface *ifp, struct ip4 ip)
{
	struct neigh *n = neigh_lookup(stk, ifp, ip);
	struct cause c = { .ev = EV_HINT };

	if (n != NULL)
		neigh_event(stk, n, &c);
}

int
neigh_add(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct mac mac, struct err *err)
{
	struct cause c = { .ev = EV_SET, .mac = mac };
	char text[IP4_STRLEN], hw[MAC_STRLEN];
	struct neigh *n;
	enum drop why;

	ip4_format(ip, text);
	if (!ifp->needs_neigh)
		return err_set(err, -EINVAL, "\"%s\" has no neighbours",
		    ifp->name);
	if (ip4_is_any(ip) || ip4_is_multicast(ip) ||
	    ip4_eq(ip, IP4_BROADCAST))
		return err_set(err, -EINVAL, "\"%s\": expected the address of "
		    "one host", text);
	if (mac_is_group(mac) || mac_eq(mac, MAC_ZERO))
		return err_set(err, -EINVAL, "\"%s\": expected the MAC of one "
		    "host", mac_format(mac, hw));
	n = neigh_lookup(stk, ifp, ip);
	if (n != NULL && n->state == NEIGH_PERMANENT)
		return err_set(err, -EEXIST, "\"%s\" is there already", text);
	if (n == NULL)
		n = neigh_new(stk, ifp, ip, true, &why);
	if (n == NULL && why == DROP_NO_MEMORY)
		return err_set(err, -ENOMEM, "out of memory");
	if (n == NULL)
		return err_set(err, -ENOSPC, "\"%s\": the neighbour table is "
		    "full (%u entries)", text, stk->limits.neighs);
	neigh_event(stk, n, &c);
	return 0;
}

int
neigh_del(struct stack *stk, struct iface *ifp, struct ip4 ip,
    struct err *err)
{
	struct neigh *n = neigh_lookup(stk, ifp, ip);
	char text[IP4_STRLEN];

	if (n == NULL)
		return err_set(err, -ENOENT, "\"%s\": no such neighbour of %s",
		    ip4_format(ip, text), ifp->name);
	neigh_table_free(stk, n, DROP_NEIGH_FAILED);
	return 0;
}

/* Frees those of ifp (NULL: of all), permanent ones only if asked to. */
static void
forget_all(struct stack *stk, const struct iface *ifp, bool permanent,
    enum drop why)
{
	int end = permanent ? NEIGH_PINNED : NEIGH_PROVEN;
	struct neigh *n, *next;

	for (int c = 0; c <= end; c++) {
		for (n = TAILQ_FIRST(&stk->arp.lru[c]); n != NULL; n = next) {
			next = TAILQ_NEXT(n, lru);
			if (ifp == NULL || n->ifp == ifp)
				neigh_table_free(stk, n, why);
		}
	}
}

void
neigh_flush(struct stack *stk, struct iface *ifp)
{
	forget_all(stk, ifp, false, DROP_NEIGH_FAILED);
}

void
neigh_iface_down(struct stack *stk, struct iface *ifp)
{
	forget_all(stk, ifp, true, DROP_PORT_DOWN);
	neigh_hold_purge(stk, ifp);
}

int
arp_init(struct stack *stk)
{
	stk->arp.key = rng_hash_key(&stk->rng);
	for (int c = 0; c < NEIGH_CLASS_COUNT; c++)
		TAILQ_INIT(&stk->arp.lru[c]);
	TAILQ_INIT(&stk->arp.holders);
	return 0;
}

void
arp_fini(struct stack *stk)
{
	if (stk->arp.lru[0].tqh_last == NULL)	/* never made */
		return;
	forget_all(stk, NULL, true, DROP_PORT_DOWN);
	rarp_flush(stk);
}
