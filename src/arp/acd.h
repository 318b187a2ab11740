/*
 * acd.h - address conflict detection (RFC 5227): an address that comes up is
 * probed for, announced, and defended.
 *
 * How much of it, the interface's `acd` says (struct iface_conf).  The state
 * lives in the address itself, struct iface_addr.
 */
#ifndef HOPD_ARP_ACD_H
#define HOPD_ARP_ACD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/timer.h"

struct iface;
struct iface_addr;
struct stack;

enum acd_mode {
	ACD_SILENT,		/* say nothing when an address comes up */
	ACD_ANNOUNCE_ONLY,	/* announce it at once: gratuitous ARP */
	ACD_FULL,		/* probe for it, then announce it */
};

enum acd_state {
	ACD_OURS,		/* nothing to do but defend it */
	ACD_PROBING,		/* is anybody else there? */
	ACD_ANNOUNCING,		/* telling everybody */
	ACD_CONFLICT,		/* somebody else was there first */
	ACD_STATE_COUNT
};

struct acd {
	struct timer timer;		/* next step */
	uint8_t state;			/* enum acd_state */
	uint8_t sent;			/* messages in this state */
	bool has_defended;
	struct instant defended;	/* last defence */
	struct mac rival;		/* who claimed it last */
};

/* The address a has come up (added, or its interface is up again).  It is
 * usable at once; a rival found while probing takes it out of ARP. */
void arp_addr_up(struct stack *stk, struct iface_addr *a);
/* It goes: before it is freed, and when its interface goes down. */
void arp_addr_down(struct stack *stk, struct iface_addr *a);

/* An ARP message on a's interface shows that mac uses the address too. */
void acd_claim(struct stack *stk, struct iface_addr *a, struct mac mac);

/* "ours", "probing", "announcing", "conflict". */
const char *acd_state_name(enum acd_state state);

#endif
