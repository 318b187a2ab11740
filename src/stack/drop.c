/*
 * drop.c - the one exit of a dead packet: count, show, answer, free.
 */
#include "stack/stack.h"

const struct drop_row drop_rows[DROP_COUNT] = {
#define X(id, name, type, code, text) [DROP_##id] = { name, type, code, text },
	DROP_TABLE(X)
#undef X
};

void
drop_count(struct stack *stk, enum drop why)
{
	assert(why < DROP_COUNT);
	stk->drop.count[why]++;
}

void
drop_count_received(struct stack *stk, enum drop why)
{
	drop_count(stk, why);
	stk->drop.received[why]++;
	stk->pool.fate[PKT_DROPPED]++;
}

void
pkt_drop_silent(struct stack *stk, struct pkt *pkt, enum drop why)
{
	drop_count(stk, why);
	if (pkt->undecided)
		stk->drop.received[why]++;
	pkt_decide(pkt, PKT_DROPPED);
	if (stk->drop.tap != NULL)
		stk->drop.tap(stk->drop.tap_arg, pkt, why);
	pkt_free(pkt);
}

void
pkt_drop(struct stack *stk, struct pkt *pkt, enum drop why)
{
	const struct drop_row *row = &drop_rows[why];

	if (row->icmp_type != NO_ICMP && pkt->l3 != PKT_NO_OFF)
		icmp_error(stk, pkt, (uint8_t)row->icmp_type,
		    (uint8_t)row->icmp_code, pkt->info);
	pkt_drop_silent(stk, pkt, why);
}
