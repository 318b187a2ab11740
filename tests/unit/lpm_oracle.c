/*
 * lpm_oracle.c - see lpm_oracle.h.
 */
#include "unit/lpm_oracle.h"

#include <assert.h>
#include <stdlib.h>

void
oracle_init(struct oracle *o)
{
	o->room = 1024;
	o->used = 0;
	o->entry = calloc(o->room, sizeof(*o->entry));
	assert(o->entry != NULL);
}

void
oracle_fini(struct oracle *o)
{
	free(o->entry);
}

/* Where p stands, or the free place for it. */
static struct oracle_entry *
place(const struct oracle *o, struct ip4_prefix p)
{
	uint32_t i = (p.ip.v ^ (uint32_t)p.len << 27) * 2654435761u;

	i ^= i >> 15;
	for (;; i++) {
		struct oracle_entry *e = &o->entry[i & (o->room - 1)];

		if (!e->used || (e->p.ip.v == p.ip.v && e->p.len == p.len))
			return e;
	}
}

void
oracle_set(struct oracle *o, struct ip4_prefix p, uint32_t value)
{
	struct oracle_entry *e, *old = o->entry;
	uint32_t room = o->room;

	if (o->used * 2 >= o->room) {
		o->room *= 2;
		o->entry = calloc(o->room, sizeof(*o->entry));
		assert(o->entry != NULL);
		for (uint32_t i = 0; i < room; i++) {
			if (old[i].used)
				*place(o, old[i].p) = old[i];
		}
		free(old);
	}
	e = place(o, p);
	if (!e->used)
		o->used++;
	*e = (struct oracle_entry){ p, value, true };
}

void
oracle_del(struct oracle *o, struct ip4_prefix p)
{
	place(o, p)->value = 0;
}

uint32_t
oracle_get(const struct oracle *o, struct ip4_prefix p)
{
	return place(o, p)->value;
}

uint32_t
oracle_lookup(const struct oracle *o, struct ip4 ip)
{
	uint32_t v = 0;

	for (int len = 32; len >= 0 && v == 0; len--)
		v = oracle_get(o, (struct ip4_prefix){
		    { ip.v & ip4_mask((unsigned)len) }, (uint8_t)len });
	return v;
}
