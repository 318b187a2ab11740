/*
 * tally.c - a table of statistics in the flow table's memory.
 *
 * The place follows from a keyed hash of the identity, and one of the WINDOW
 * slots from there on is it: no list has to be right when the process dies.
 * The identity is written last and cleared first.
 */
#include "lb/tally.h"

#include <string.h>

#include "lb/service_impl.h"
#include "stack/stack.h"

#define SLOTS_MAX	131072u	/* all services and servers, twice over */
#define WINDOW		16u

enum kind { KIND_NONE, KIND_SERVICE, KIND_SERVER, KIND_ALL };

static uint32_t
slots_for(uint32_t flows)
{
	return flows < SLOTS_MAX ? flows : SLOTS_MAX;
}

size_t
lb_tallies_bytes(uint32_t flows)
{
	return ((size_t)slots_for(flows) + WINDOW) * sizeof(struct lb_tally);
}

void
lb_tallies_init(struct stack *stk, void *mem, uint32_t flows)
{
	stk->lb.flows.tally = mem;
	stk->lb.flows.tallies = slots_for(flows);
}

static void
id_make(uint8_t id[LB_TALLY_ID], const struct lb_service_key *key,
    const struct addr *server, uint16_t port)
{
	memset(id, 0, LB_TALLY_ID);
	id[LB_TALLY_ID - 1] = KIND_ALL;
	if (key == NULL)
		return;
	lb_key_bytes(id, key);
	id[LB_TALLY_ID - 1] = KIND_SERVICE;
	if (server == NULL)
		return;
	memcpy(id + LB_KEY_BYTES, server, 16);
	memcpy(id + LB_KEY_BYTES + 16, &port, 2);
	id[LB_TALLY_ID - 1] = KIND_SERVER;
}

struct lb_tally *
lb_tally_claim(struct stack *stk, const struct lb_service_key *key,
    const struct addr *server, uint16_t port, struct lb_tally *own)
{
	struct lb_flows *ft = &stk->lb.flows;
	struct lb_tally *t, *spare = NULL;
	uint8_t id[LB_TALLY_ID];

	memset(own, 0, sizeof(*own));
	if (ft->tally == NULL)
		return own;
	id_make(id, key, server, port);
	t = &ft->tally[siphash13(&ft->region->key, id, sizeof(id)) %
	    ft->tallies];
	for (uint32_t i = 0; i < WINDOW; i++) {
		if (memcmp(t[i].id, id, sizeof(id)) == 0)
			return &t[i];
		if (spare == NULL && t[i].id[LB_TALLY_ID - 1] == KIND_NONE)
			spare = &t[i];
	}
	if (spare == NULL)
		return own;
	memset(spare, 0, sizeof(*spare));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(spare->id, id, sizeof(id));
	return spare;
}

void
lb_tally_release(struct stack *stk, struct lb_tally *t)
{
	if (stk->lb.flows.region != NULL)
		t->id[LB_TALLY_ID - 1] = KIND_NONE;
}
