/*
 * lb_cache.h - which servers a destination had lately: the memory of lblc and
 * lblcr.
 *
 * Bounded; when it is full the destination that was not used for longest goes.
 * An entry not used for a day counts as none.
 */
#ifndef HOPD_LB_LB_CACHE_H
#define HOPD_LB_LB_CACHE_H

#include "base/addr.h"
#include "base/hash.h"
#include "base/instant.h"

struct lb_server;
struct lb_service;
struct stack;

#define LB_CACHE_BUCKETS	1024
#define LB_CACHE_MAX		16384
#define LB_CACHE_SET_MAX	16	/* servers of one destination */
#define LB_CACHE_OLD_US		(24 * 3600 * USEC_PER_SEC)

struct lb_cache_entry {
	struct lb_cache_entry *hash_next;
	struct lb_cache_entry *prev, *next;	/* by use, the oldest first */
	struct addr dst;
	struct instant used;
	struct instant modified;	/* of the set */
	uint32_t count;
	struct lb_server *set[LB_CACHE_SET_MAX];	/* newest first */
};

struct lb_cache {
	struct hash_key key;
	struct lb_cache_entry *bucket[LB_CACHE_BUCKETS];
	struct lb_cache_entry *first, *last;
	uint32_t count;
};

/* As init, fini and changed of struct lb_sched; the cache is
 * svc->sched_data. */
int lb_cache_init(struct stack *stk, struct lb_service *svc);
void lb_cache_fini(struct stack *stk, struct lb_service *svc);
int lb_cache_changed(struct stack *stk, struct lb_service *svc,
    struct lb_server *srv);

/* The entry of dst, now used; NULL: none, or too old. */
struct lb_cache_entry *lb_cache_use(struct stack *stk, struct lb_cache *c,
    const struct addr *dst);
/* A new entry for dst with one server; without memory there is none, and the
 * next packet asks again. */
void lb_cache_add(struct stack *stk, struct lb_cache *c,
    const struct addr *dst, struct lb_server *srv);
/* Puts srv in front of the set unless it is in there. */
void lb_cache_set_add(struct stack *stk, struct lb_cache_entry *e,
    struct lb_server *srv);
void lb_cache_set_del(struct stack *stk, struct lb_cache_entry *e,
    const struct lb_server *srv);

#endif
