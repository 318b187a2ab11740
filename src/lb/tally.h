/*
 * tally.h - where statistics stand: behind the flows, in the same memory, so
 * that a new process goes on counting.
 *
 * A tally belongs to what its identity says: a service, a server of a service,
 * or everything.  Where there is no such memory, or no room in it, a tally
 * stands in its owner and ends with the process.
 */
#ifndef HOPD_LB_TALLY_H
#define HOPD_LB_TALLY_H

#include "lb/service.h"

/* Bytes of the area behind so many flows, and its address. */
size_t lb_tallies_bytes(uint32_t flows);
void lb_tallies_init(struct stack *stk, void *mem, uint32_t flows);

/* The tally of a service (server NULL) or of a server; key NULL: of
 * everything.  As an earlier process left it, else zero.  own is the owner's,
 * for want of a better one.  Never fails. */
struct lb_tally *lb_tally_claim(struct stack *stk,
    const struct lb_service_key *key, const struct addr *server,
    uint16_t port, struct lb_tally *own);
/* Its owner is gone for good.  Nothing happens while the stack ends: then the
 * next process wants it. */
void lb_tally_release(struct stack *stk, struct lb_tally *t);

#endif
