/*
 * sched_maglev.c - Maglev hashing (Eisenbud and others 2016, 3.4) for
 * directors that share clients by ECMP: any two with the same servers,
 * weights and seed agree on every client, in whatever order they were
 * configured.
 *
 * 65537 buckets.  Servers stand in the order of address and port, weights are
 * exact (each server has its share of the buckets to within one), and a change
 * moves few clients.  Flag LB_SVC_FLAG2 hashes the client's port, too.  A
 * bucket whose server is overloaded is answered from the next ones.
 *
 * The table is filled at the first pick after a change, so that a hundred
 * servers added in one turn cost one filling, some milliseconds.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "lb/sched_impl.h"
#include "stack/stack.h"

#define MAGLEV_BUCKETS	65537	/* the paper's M: a prime */
#define MAGLEV_FREE	0

struct maglev {
	struct lb_server **order;	/* servers, sorted */
	uint32_t room;			/* of order */
	bool stale;			/* the table is to be filled */
	uint32_t bucket[MAGLEV_BUCKETS];	/* server index, or FREE */
};

static uint64_t
maglev_hash(const struct lb_service *svc, uint64_t which,
    const struct addr *a, uint16_t port)
{
	struct hash_key key = { svc->conf.seed, which };
	uint8_t b[18];

	memcpy(b, a, 16);
	b[16] = (uint8_t)(port >> 8);
	b[17] = (uint8_t)port;
	return siphash13(&key, b, sizeof(b));
}

static int
server_cmp(const void *x, const void *y)
{
	const struct lb_server *a = *(struct lb_server *const *)x;
	const struct lb_server *b = *(struct lb_server *const *)y;
	int r = memcmp(&a->addr, &b->addr, sizeof(a->addr));

	return r != 0 ? r : (int)a->port - (int)b->port;
}

/* Sorts the servers that have a weight; returns how many. */
static uint32_t
order_set(struct lb_service *svc, struct maglev *m)
{
	struct lb_server *srv;
	uint32_t n = 0;

	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		if (srv->conf.weight > 0)
			m->order[n++] = srv;
	}
	qsort(m->order, n, sizeof(struct lb_server *), server_cmp);
	return n;
}

/* Buckets of each server: its share rounded down, and what remains one each
 * to the first. */
static void
shares_set(struct lb_service *svc, struct maglev *m, uint32_t n)
{
	uint64_t total = 0;
	uint32_t given = 0, i;

	for (i = 0; i < n; i++)
		total += (uint64_t)m->order[i]->conf.weight;
	for (i = 0; i < n; i++) {
		struct lb_server *srv = m->order[i];

		srv->turns = (uint32_t)((uint64_t)srv->conf.weight *
		    MAGLEV_BUCKETS / total);
		given += srv->turns;
		srv->credit = 0;
		srv->perm = (uint32_t)(maglev_hash(svc, 1, &srv->addr,
		    srv->port) % MAGLEV_BUCKETS);
		srv->skip = (uint32_t)(maglev_hash(svc, 2, &srv->addr,
		    srv->port) % (MAGLEV_BUCKETS - 1)) + 1;
	}
	for (i = 0; given < MAGLEV_BUCKETS; given++, i++)
		m->order[i]->turns++;
}

/* Gives srv the next free bucket of its permutation. */
static void
bucket_take(struct maglev *m, struct lb_server *srv)
{
	while (m->bucket[srv->perm] != MAGLEV_FREE)
		srv->perm = (srv->perm + srv->skip) % MAGLEV_BUCKETS;
	m->bucket[srv->perm] = srv->index;
	srv->turns--;
}

static void
maglev_fill(struct lb_service *svc, struct maglev *m)
{
	uint32_t n = order_set(svc, m), left = MAGLEV_BUCKETS, i;
	int32_t max = 0;

	memset(m->bucket, 0, sizeof(m->bucket));
	m->stale = false;
	if (n == 0)
		return;
	shares_set(svc, m, n);
	for (i = 0; i < n; i++)
		max = m->order[i]->conf.weight > max ?
		    m->order[i]->conf.weight : max;
	while (left > 0) {
		for (i = 0; i < n; i++) {
			struct lb_server *srv = m->order[i];

			srv->credit += srv->conf.weight;
			if (srv->turns == 0 || srv->credit < max)
				continue;
			srv->credit -= max;
			bucket_take(m, srv);
			left--;
		}
	}
}

static int
order_room(struct stack *stk, struct lb_service *svc, struct maglev *m)
{
	uint32_t room = m->room == 0 ? 16 : m->room;
	struct lb_server **order;

	while (room < svc->server_count)
		room *= 2;
	if (room == m->room)
		return 0;
	order = mem_resize(&stk->mem, m->order, m->room * sizeof(*order),
	    room * sizeof(*order));
	if (order == NULL)
		return -ENOMEM;
	m->order = order;
	m->room = room;
	return 0;
}

static void
maglev_fini(struct stack *stk, struct lb_service *svc)
{
	struct maglev *m = svc->sched_data;

	mem_free(&stk->mem, m->order, m->room * sizeof(*m->order));
}

static int
maglev_changed(struct stack *stk, struct lb_service *svc,
    struct lb_server *srv)
{
	struct maglev *m = svc->sched_data;

	(void)srv;
	m->stale = true;
	return order_room(stk, svc, m);
}

static struct lb_server *
maglev_pick(struct stack *stk, struct lb_service *svc,
    const struct lb_pick *p)
{
	struct maglev *m = svc->sched_data;
	uint16_t port = svc->conf.flags & LB_SVC_FLAG2 ? p->sport : 0;
	uint32_t h, o;

	if (m->stale)
		maglev_fill(svc, m);
	h = (uint32_t)(maglev_hash(svc, 3, &p->src, port) % MAGLEV_BUCKETS);
	for (o = 0; o < MAGLEV_BUCKETS; o++) {
		uint32_t index = m->bucket[(h + o) % MAGLEV_BUCKETS];
		struct lb_server *srv = lb_server_by_index(stk, index);

		if (srv == NULL || lb_server_available(srv))
			return srv;
	}
	return NULL;
}

const struct lb_sched lb_sched_maglev = {
	.name = "maglev",
	.flags = LB_SVC_FLAG2,
	.size = sizeof(struct maglev),
	.fini = maglev_fini,
	.changed = maglev_changed,
	.pick = maglev_pick,
};
