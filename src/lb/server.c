/*
 * server.c - real servers: the table, their control functions, and the life
 * of orphans (service.h has the contract).
 *
 * A service owns the servers in its list.  A server out of every list is an
 * orphan that its flows own: the last lb_server_release() frees it.
 *
 * Limits: lb_servers.
 */
#include "lb/service_impl.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "lb/local.h"
#include "lb/sched.h"
#include "lb/tally.h"
#include "stack/stack.h"

#define INDEX_FIRST 64u		/* room of the first index array */

const char *
lb_fwd_name(enum lb_fwd fwd)
{
	static const char *const names[] = { "nat", "dr", "tun", "fullnat",
	    "local" };

	static_assert(sizeof(names) / sizeof(names[0]) == LB_FWD_COUNT,
	    "a name for every mode");
	return names[fwd];
}

static struct lb_server **
server_bucket(struct lb_services *s, const struct lb_service_key *key,
    const struct addr *addr, uint16_t port)
{
	uint8_t b[LB_KEY_BYTES + 18];

	lb_key_bytes(b, key);
	memcpy(b + LB_KEY_BYTES, addr, 16);
	memcpy(b + LB_KEY_BYTES + 16, &port, 2);
	return &s->server_bucket[siphash13(&s->key, b, sizeof(b)) &
	    (s->server_buckets - 1)];
}

/* The one place where a server ends. */
static void
server_free(struct stack *stk, struct lb_server *srv)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_server **link = server_bucket(s, &srv->key, &srv->addr,
	    srv->port);

	assert(srv->svc == NULL);
	while (*link != srv)
		link = &(*link)->hash_next;
	*link = srv->hash_next;
	s->by_index[srv->index] = NULL;
	if (srv->index < s->index_hint)
		s->index_hint = srv->index;
	s->server_count--;
	s->server_addrs[lb_addr_bucket(s, &srv->addr)]--;
	lb_local_uses_free(stk, srv);
	lb_tally_release(stk, srv->tally);
	mem_free(&stk->mem, srv, sizeof(*srv));
}

/* Makes room for one more in svc->load: 0 or -ENOMEM. */
static int
load_reserve(struct stack *stk, struct lb_service *svc)
{
	uint32_t room = svc->load_room + svc->load_room / 2 + 2;
	struct lb_load *p;

	if (svc->server_count < svc->load_room)
		return 0;
	p = mem_resize(&stk->mem, svc->load, svc->load_room * sizeof(*p),
	    room * sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	svc->load = p;
	svc->load_room = room;
	return 0;
}

static void
load_remove(struct lb_service *svc, uint32_t place)
{
	for (uint32_t i = place; i + 1 < svc->server_count; i++) {
		svc->load[i] = svc->load[i + 1];
		svc->load[i].srv->place = i;
	}
}

void
lb_server_load(struct lb_server *srv)
{
	struct lb_load *l;

	if (srv->svc == NULL)
		return;
	l = &srv->svc->load[srv->place];
	assert(l->srv == srv);
	l->active = srv->active;
	l->inactive = srv->inactive;
	l->weight = lb_server_available(srv) ? srv->conf.weight : 0;
}

/* Takes srv out of its service; now it is an orphan, or to be freed. */
static void
server_remove(struct stack *stk, struct lb_service *svc, struct lb_server *srv)
{
	load_remove(svc, srv->place);
	*(srv->prev != NULL ? &srv->prev->next : &svc->servers) = srv->next;
	*(srv->next != NULL ? &srv->next->prev : &svc->last) = srv->prev;
	svc->server_count--;
	srv->svc = NULL;
	srv->flags = LB_SRV_GONE;
	srv->gone = stk->now;
}

void
lb_servers_orphan(struct stack *stk, struct lb_service *svc)
{
	struct lb_server *srv;

	while ((srv = svc->servers) != NULL) {
		server_remove(stk, svc, srv);
		if (srv->refs == 0)
			server_free(stk, srv);
	}
}

int
lb_servers_init(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;

	s->server_bucket = mem_array(&stk->mem, LB_BUCKETS_FIRST,
	    sizeof(*s->server_bucket));
	if (s->server_bucket == NULL)
		return -ENOMEM;
	s->server_buckets = LB_BUCKETS_FIRST;
	s->by_index = mem_array(&stk->mem, INDEX_FIRST, sizeof(*s->by_index));
	if (s->by_index == NULL)
		return -ENOMEM;
	s->index_size = INDEX_FIRST;
	s->index_hint = 1;
	return 0;
}

void
lb_servers_fini(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;

	for (uint32_t i = 1; i < s->index_size; i++) {
		if (s->by_index[i] != NULL)
			server_free(stk, s->by_index[i]);
	}
	mem_free(&stk->mem, s->by_index, s->index_size * sizeof(*s->by_index));
	s->by_index = NULL;
	s->index_size = 0;
	mem_free(&stk->mem, s->server_bucket,
	    s->server_buckets * sizeof(*s->server_bucket));
	s->server_bucket = NULL;
	s->server_buckets = 0;
}

/* Twice the buckets; without memory the chains grow instead. */
static void
buckets_grow(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_server **fresh, **bucket, *srv;

	fresh = mem_array(&stk->mem, (size_t)s->server_buckets * 2,
	    sizeof(*fresh));
	if (fresh == NULL)
		return;
	mem_free(&stk->mem, s->server_bucket,
	    s->server_buckets * sizeof(*s->server_bucket));
	s->server_bucket = fresh;
	s->server_buckets *= 2;
	for (uint32_t i = 1; i < s->index_size; i++) {
		if ((srv = s->by_index[i]) == NULL)
			continue;
		bucket = server_bucket(s, &srv->key, &srv->addr, srv->port);
		srv->hash_next = *bucket;
		*bucket = srv;
	}
}

struct lb_server *
lb_server_by_index(struct stack *stk, uint32_t index)
{
	return lb_server_at(&stk->lb.services, index);
}

static struct lb_server *
server_find(struct stack *stk, const struct lb_service_key *key,
    const struct addr *addr, uint16_t port)
{
	struct lb_server *srv = *server_bucket(&stk->lb.services, key, addr,
	    port);

	while (srv != NULL && (srv->port != port ||
	    !addr_eq(&srv->addr, addr) || !lb_service_key_eq(&srv->key, key)))
		srv = srv->hash_next;
	return srv;
}

struct lb_server *
lb_server_lookup(struct stack *stk, const struct lb_service *svc,
    const struct addr *addr, uint16_t port)
{
	struct lb_server *srv = server_find(stk, &svc->key, addr, port);

	return srv != NULL && srv->svc != NULL ? srv : NULL;
}

bool
lb_server_has_addr(struct stack *stk, const struct addr *addr)
{
	const struct lb_services *s = &stk->lb.services;

	if (s->server_addrs[lb_addr_bucket(s, addr)] == 0)
		return false;
	for (uint32_t i = 1; i < s->index_size; i++) {
		const struct lb_server *srv = s->by_index[i];

		if (srv != NULL && srv->conf.fwd == LB_FWD_NAT &&
		    addr_eq(&srv->addr, addr))
			return true;
	}
	return false;
}

struct lb_server *
lb_server_next(const struct lb_service *svc, const struct lb_server *srv)
{
	return srv == NULL ? svc->last : srv->prev;
}

/* A free index, or 0: no memory. */
static uint32_t
index_take(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_server **grown;
	uint32_t i;

	for (i = s->index_hint; i < s->index_size; i++) {
		if (s->by_index[i] == NULL) {
			s->index_hint = i + 1;
			return i;
		}
	}
	grown = mem_resize(&stk->mem, s->by_index,
	    s->index_size * sizeof(*grown),
	    2 * (size_t)s->index_size * sizeof(*grown));
	if (grown == NULL)
		return 0;
	s->by_index = grown;
	s->index_size *= 2;
	s->index_hint = i + 1;
	return i;
}

/* A new server in the tables, an orphan so far; NULL: no memory. */
static struct lb_server *
server_new(struct stack *stk, const struct lb_service_key *key,
    const struct addr *addr, uint16_t port)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_server **bucket;
	struct lb_server *srv;
	uint32_t index;

	srv = mem_alloc(&stk->mem, sizeof(*srv));
	if (srv == NULL)
		return NULL;
	if ((index = index_take(stk)) == 0) {
		mem_free(&stk->mem, srv, sizeof(*srv));
		return NULL;
	}
	srv->key = *key;
	srv->addr = *addr;
	srv->port = port;
	srv->index = index;
	srv->tally = lb_tally_claim(stk, key, addr, port, &srv->own_tally);
	srv->flags = LB_SRV_GONE;
	srv->gone = stk->now;
	srv->drain = INSTANT_NEVER;
	if (s->server_count >= s->server_buckets)
		buckets_grow(stk);
	s->by_index[index] = srv;
	bucket = server_bucket(s, key, addr, port);
	srv->hash_next = *bucket;
	*bucket = srv;
	s->server_count++;
	s->server_addrs[lb_addr_bucket(s, addr)]++;
	return srv;
}

struct lb_server *
lb_server_adopt(struct stack *stk, const struct lb_service_key *key,
    const struct addr *addr, uint16_t port, enum lb_fwd fwd)
{
	struct lb_server *srv = server_find(stk, key, addr, port);

	if (srv == NULL && (srv = server_new(stk, key, addr, port)) != NULL)
		srv->conf.fwd = fwd;
	return srv;
}

static int
server_check(const struct lb_service *svc, const struct addr *addr,
    uint16_t port, const struct lb_server_conf *conf, struct err *err)
{
	char text[ADDR_STRLEN];

	if (addr_is_any(addr) || (addr_is_ip4(addr) &&
	    addr_to_ip4(addr).v >= 0xe0000000))
		return err_set(err, -EINVAL,
		    "\"%s\": a server needs a unicast address",
		    addr_format(addr, text));
	if (conf->weight < 0)
		return err_set(err, -EINVAL, "weight %d: must not be negative",
		    (int)conf->weight);
	if (conf->lower > conf->upper)
		return err_set(err, -ERANGE,
		    "lower threshold %u is over the upper one %u",
		    conf->lower, conf->upper);
	if (conf->weight > 0 && conf->drain_s > 0)
		return err_set(err, -EINVAL,
		    "drain %u: only a server of weight 0 drains, not %d",
		    conf->drain_s, (int)conf->weight);
	if (conf->fwd == LB_FWD_FULLNAT && svc->conf.flags & LB_SVC_OPS)
		return err_set(err, -EINVAL,
		    "fullnat keeps a flow: no one-packet scheduling");
	if (svc->key.fwmark == 0 && port != svc->key.port &&
	    conf->fwd != LB_FWD_NAT && conf->fwd != LB_FWD_FULLNAT)
		return err_set(err, -EINVAL,
		    "port %u: mode %s cannot map ports, the service has %u",
		    port, lb_fwd_name(conf->fwd), svc->key.port);
	return 0;
}

/* The time of conf.drain_s begins. */
static void
server_drain_start(const struct stack *stk, struct lb_server *srv)
{
	srv->drain = srv->conf.drain_s == 0 ? INSTANT_NEVER :
	    instant_add(stk->now, srv->conf.drain_s * USEC_PER_SEC);
}

/* Links srv at the head of the list, where IPVS has it, and tells the
 * scheduler. */
static int
server_enter(struct stack *stk, struct lb_service *svc, struct lb_server *srv,
    const struct lb_server_conf *conf)
{
	int r;

	if ((r = load_reserve(stk, svc)) != 0)
		return r;
	*(svc->servers != NULL ? &svc->servers->prev : &svc->last) = srv;
	srv->prev = NULL;
	srv->next = svc->servers;
	svc->servers = srv;
	srv->svc = svc;
	srv->flags = 0;
	srv->conf = *conf;
	server_drain_start(stk, srv);
	srv->last_weight = conf->weight;
	srv->credit = 0;
	srv->place = svc->server_count++;
	svc->load[srv->place].srv = srv;
	lb_server_check_load(srv);
	if (svc->conf.sched->changed != NULL)
		r = svc->conf.sched->changed(stk, svc, srv);
	if (r != 0) {
		server_remove(stk, svc, srv);
		svc->conf.sched->changed(stk, svc, srv);
	}
	return r;
}

int
lb_server_add(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, const struct lb_server_conf *conf,
    struct err *err)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_server *srv;
	int r;

	if (port == 0)
		port = svc->key.port;
	if ((r = server_check(svc, addr, port, conf, err)) != 0)
		return r;
	srv = server_find(stk, &svc->key, addr, port);
	if (srv != NULL && srv->svc != NULL)
		return err_set(err, -EEXIST, "server already exists");
	if (srv == NULL && s->server_count >= stk->limits.lb_servers)
		return err_set(err, -ENOSPC, "too many servers: limit %u",
		    stk->limits.lb_servers);
	if (srv == NULL)
		srv = server_new(stk, &svc->key, addr, port);
	if (srv == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	if ((r = server_enter(stk, svc, srv, conf)) != 0) {
		if (srv->refs == 0)
			server_free(stk, srv);
		return err_set(err, r, "out of memory");
	}
	return 0;
}

int
lb_server_set(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, const struct lb_server_conf *conf,
    struct err *err)
{
	struct lb_server *srv;
	struct lb_server_conf old;
	int r;

	if (port == 0)
		port = svc->key.port;
	if ((srv = lb_server_lookup(stk, svc, addr, port)) == NULL)
		return err_set(err, -ENOENT, "no such server");
	if ((r = server_check(svc, addr, port, conf, err)) != 0)
		return r;
	old = srv->conf;
	srv->conf = *conf;
	if (conf->weight != 0)
		srv->last_weight = conf->weight;
	if (conf->upper == 0 || conf->upper > old.upper)
		srv->flags &= ~LB_SRV_OVERLOAD;
	lb_server_load(srv);
	/* As IPVS, even where nothing changed: wrr begins its list anew. */
	if (svc->conf.sched->changed != NULL &&
	    (r = svc->conf.sched->changed(stk, svc, srv)) != 0) {
		srv->conf = old;
		lb_server_load(srv);
		return err_set(err, r, "out of memory");
	}
	if (conf->drain_s != old.drain_s)
		server_drain_start(stk, srv);
	return 0;
}

int
lb_server_del(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, struct err *err)
{
	struct lb_server *srv;

	if (port == 0)
		port = svc->key.port;
	if ((srv = lb_server_lookup(stk, svc, addr, port)) == NULL)
		return err_set(err, -ENOENT, "no such server");
	server_remove(stk, svc, srv);
	if (svc->conf.sched->changed != NULL)
		svc->conf.sched->changed(stk, svc, srv);
	if (srv->refs == 0)
		server_free(stk, srv);
	return 0;
}

void
lb_server_hold(struct lb_server *srv)
{
	srv->refs++;
}

void
lb_server_release(struct stack *stk, struct lb_server *srv)
{
	assert(srv->refs > 0);
	if (--srv->refs == 0 && srv->svc == NULL)
		server_free(stk, srv);
}

int
lb_server_drain(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, uint16_t port, uint32_t drain_s,
    struct err *err)
{
	struct lb_server *srv;
	struct lb_server_conf conf;
	int r;

	if (port == 0)
		port = svc->key.port;
	if ((srv = lb_server_lookup(stk, svc, addr, port)) == NULL)
		return err_set(err, -ENOENT, "no such server");
	conf = srv->conf;
	conf.weight = 0;
	conf.drain_s = drain_s;
	if ((r = lb_server_set(stk, svc, addr, port, &conf, err)) != 0)
		return r;
	server_drain_start(stk, srv);
	return 0;
}

void
lb_server_check_load(struct lb_server *srv)
{
	uint64_t total = (uint64_t)srv->active + srv->inactive;
	const struct lb_server_conf *c = &srv->conf;

	if (c->upper != 0 && total >= c->upper)
		srv->flags |= LB_SRV_OVERLOAD;
	else if (c->lower != 0 ? total < c->lower : total * 4 <
	    (uint64_t)c->upper * 3 || c->upper == 0)
		srv->flags &= ~LB_SRV_OVERLOAD;
	lb_server_load(srv);
}
