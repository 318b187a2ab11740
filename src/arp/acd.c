/*
 * acd.c - address conflict detection for our own addresses (RFC 5227).
 *
 *  probing     three requests with sender 0.0.0.0, 1 to 2 s apart, the first
 *              after up to 1 s; anybody who answers was first
 *  announcing  two gratuitous requests, 2 s apart
 *  ours        a rival is answered with one announcement per 10 s; the address
 *              is never given up (RFC 5227 2.4 (c)): a router's address is
 *              what others are configured to use
 *  conflict    lost while probing: not answered for, not announced; probed for
 *              again after a minute
 *
 * Not as in RFC 5227 2.1: the address is in use while it is probed for.  A
 * router that stayed silent for the seven seconds of a probe would be an outage
 * at every start, and a conflict is still found and told.  So a stranger's
 * probe for it is answered, while it is probed for too: two who probe at once
 * (2.1.1) each answer the other, and both find the conflict.
 *
 * Owned here: the struct acd inside struct iface_addr, its timer above all.
 */
#include <assert.h>

#include "stack/stack.h"

/* RFC 5227 1.1 */
#define PROBE_WAIT_US		(1 * USEC_PER_SEC)
#define PROBE_NUM		3
#define PROBE_MIN_US		(1 * USEC_PER_SEC)
#define PROBE_MAX_US		(2 * USEC_PER_SEC)
#define ANNOUNCE_WAIT_US	(2 * USEC_PER_SEC)
#define ANNOUNCE_NUM		2
#define ANNOUNCE_INTERVAL_US	(2 * USEC_PER_SEC)
#define RATE_LIMIT_INTERVAL_US	(60 * USEC_PER_SEC)
#define DEFEND_INTERVAL_US	(10 * USEC_PER_SEC)

const char *
acd_state_name(enum acd_state state)
{
	static const char *const name[ACD_STATE_COUNT] = {
		[ACD_OURS] = "ours",
		[ACD_PROBING] = "probing",
		[ACD_ANNOUNCING] = "announcing",
		[ACD_CONFLICT] = "conflict",
	};

	assert(state < ACD_STATE_COUNT);
	return name[state];
}

static void
next_step(struct stack *stk, struct acd *acd, int64_t after_us)
{
	timer_set(&stk->timers, &acd->timer, instant_add(stk->now, after_us));
}

static void
enter(struct acd *acd, enum acd_state state)
{
	acd->state = state;
	acd->sent = 0;
}

static void
send_probe(struct stack *stk, struct iface_addr *a)
{
	struct acd *acd = &a->acd;

	arp_request(stk, a->ifp, IP4_ANY, a->prefix.ip, MAC_BROADCAST);
	if (++acd->sent < PROBE_NUM) {
		next_step(stk, acd, PROBE_MIN_US +
		    rng_below(&stk->rng, PROBE_MAX_US - PROBE_MIN_US));
		return;
	}
	enter(acd, ACD_ANNOUNCING);
	next_step(stk, acd, ANNOUNCE_WAIT_US);
}

static void
send_announcement(struct stack *stk, struct iface_addr *a)
{
	struct acd *acd = &a->acd;

	arp_announce(stk, a->ifp, a->prefix.ip);
	if (++acd->sent < ANNOUNCE_NUM)
		next_step(stk, acd, ANNOUNCE_INTERVAL_US);
	else
		enter(acd, ACD_OURS);
}

static void
start_probing(struct stack *stk, struct acd *acd)
{
	enter(acd, ACD_PROBING);
	next_step(stk, acd, rng_below(&stk->rng, PROBE_WAIT_US));
}

static void
acd_timer(struct stack *stk, struct timer *t)
{
	struct iface_addr *a = (struct iface_addr *)((char *)t -
	    offsetof(struct iface_addr, acd.timer));

	switch ((enum acd_state)a->acd.state) {
	case ACD_PROBING:
		send_probe(stk, a);
		break;
	case ACD_ANNOUNCING:
		send_announcement(stk, a);
		break;
	case ACD_CONFLICT:
		start_probing(stk, &a->acd);
		break;
	case ACD_OURS:
	case ACD_STATE_COUNT:
		assert(!"no timer runs");
	}
}

void
arp_addr_up(struct stack *stk, struct iface_addr *a)
{
	struct iface *ifp = a->ifp;
	struct acd *acd = &a->acd;

	timer_cancel(&stk->timers, &acd->timer);
	timer_init(&acd->timer, acd_timer);
	enter(acd, ACD_OURS);
	if (!ifp->up || !ifp->needs_neigh || a->scope == SCOPE_HOST)
		return;
	if (ifp->conf.acd == ACD_FULL) {
		start_probing(stk, acd);
	} else if (ifp->conf.acd == ACD_ANNOUNCE_ONLY) {
		enter(acd, ACD_ANNOUNCING);
		send_announcement(stk, a);
	}
}

void
arp_addr_down(struct stack *stk, struct iface_addr *a)
{
	timer_cancel(&stk->timers, &a->acd.timer);
	enter(&a->acd, ACD_OURS);
}

static void
log_claim(struct stack *stk, const struct iface_addr *a, const char *what)
{
	char ip[IP4_STRLEN], mac[MAC_STRLEN];

	log_line(&stk->log, LOG_LVL_WARN, "arp: %s dev %s claimed by %s, %s",
	    ip4_format(a->prefix.ip, ip), a->ifp->name,
	    mac_format(a->acd.rival, mac), what);
}

void
acd_claim(struct stack *stk, struct iface_addr *a, struct mac mac)
{
	struct acd *acd = &a->acd;

	stk->arp.stats.conflicts++;
	acd->rival = mac;
	if (acd->state == ACD_CONFLICT)
		return;
	if (acd->state == ACD_PROBING) {
		/* RFC 5227 2.1.1: in use elsewhere. */
		enter(acd, ACD_CONFLICT);
		next_step(stk, acd, RATE_LIMIT_INTERVAL_US);
		log_claim(stk, a, "not announced");
		return;
	}
	/* RFC 5227 2.4 (c): defend, but not in a storm of two who do. */
	if (acd->has_defended && instant_diff(stk->now, acd->defended) <
	    DEFEND_INTERVAL_US)
		return;
	acd->has_defended = true;
	acd->defended = stk->now;
	log_claim(stk, a, "defended");
	arp_announce(stk, a->ifp, a->prefix.ip);
}
