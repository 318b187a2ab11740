/*
 * lb_cache.c - destination to servers, for the locality schedulers.
 */
#include "lb/lb_cache.h"

#include <string.h>

#include "lb/service.h"
#include "stack/stack.h"

int
lb_cache_init(struct stack *stk, struct lb_service *svc)
{
	struct lb_cache *c = svc->sched_data;

	c->key = rng_hash_key(&stk->rng);
	return 0;
}

static struct lb_cache_entry **
bucket_of(struct lb_cache *c, const struct addr *dst)
{
	return &c->bucket[siphash13(&c->key, dst, sizeof(*dst)) %
	    LB_CACHE_BUCKETS];
}

static void
use_unlink(struct lb_cache *c, struct lb_cache_entry *e)
{
	*(e->prev != NULL ? &e->prev->next : &c->first) = e->next;
	*(e->next != NULL ? &e->next->prev : &c->last) = e->prev;
}

static void
use_link(struct lb_cache *c, struct lb_cache_entry *e)
{
	*(c->last != NULL ? &c->last->next : &c->first) = e;
	e->prev = c->last;
	e->next = NULL;
	c->last = e;
}

static void
entry_free(struct stack *stk, struct lb_cache *c, struct lb_cache_entry *e)
{
	struct lb_cache_entry **link = bucket_of(c, &e->dst);

	while (*link != e)
		link = &(*link)->hash_next;
	*link = e->hash_next;
	use_unlink(c, e);
	c->count--;
	mem_free(&stk->mem, e, sizeof(*e));
}

void
lb_cache_fini(struct stack *stk, struct lb_service *svc)
{
	struct lb_cache *c = svc->sched_data;

	while (c->first != NULL)
		entry_free(stk, c, c->first);
}

int
lb_cache_changed(struct stack *stk, struct lb_service *svc,
    struct lb_server *srv)
{
	struct lb_cache *c = svc->sched_data;
	struct lb_cache_entry *e, *next;

	if (srv->svc != NULL)
		return 0;
	/* A removed server is forgotten everywhere. */
	for (e = c->first; e != NULL; e = next) {
		next = e->next;
		lb_cache_set_del(stk, e, srv);
		if (e->count == 0)
			entry_free(stk, c, e);
	}
	return 0;
}

struct lb_cache_entry *
lb_cache_use(struct stack *stk, struct lb_cache *c, const struct addr *dst)
{
	struct lb_cache_entry *e = *bucket_of(c, dst);

	while (e != NULL && !addr_eq(&e->dst, dst))
		e = e->hash_next;
	if (e == NULL)
		return NULL;
	if (instant_diff(stk->now, e->used) > LB_CACHE_OLD_US) {
		entry_free(stk, c, e);
		return NULL;
	}
	e->used = stk->now;
	use_unlink(c, e);
	use_link(c, e);
	return e;
}

void
lb_cache_add(struct stack *stk, struct lb_cache *c, const struct addr *dst,
    struct lb_server *srv)
{
	struct lb_cache_entry **bucket = bucket_of(c, dst);
	struct lb_cache_entry *e;

	if (c->count >= LB_CACHE_MAX)
		entry_free(stk, c, c->first);
	e = mem_alloc(&stk->mem, sizeof(*e));
	if (e == NULL)
		return;
	e->dst = *dst;
	e->used = stk->now;
	e->hash_next = *bucket;
	*bucket = e;
	use_link(c, e);
	c->count++;
	lb_cache_set_add(stk, e, srv);
}

void
lb_cache_set_add(struct stack *stk, struct lb_cache_entry *e,
    struct lb_server *srv)
{
	for (uint32_t i = 0; i < e->count; i++) {
		if (e->set[i] == srv)
			return;
	}
	if (e->count == LB_CACHE_SET_MAX)
		e->count--;
	memmove(&e->set[1], &e->set[0], e->count * sizeof(e->set[0]));
	e->set[0] = srv;
	e->count++;
	e->modified = stk->now;
}

void
lb_cache_set_del(struct stack *stk, struct lb_cache_entry *e,
    const struct lb_server *srv)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < e->count; i++) {
		if (e->set[i] != srv)
			e->set[n++] = e->set[i];
	}
	if (n != e->count)
		e->modified = stk->now;
	e->count = n;
}
