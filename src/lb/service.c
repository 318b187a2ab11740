/*
 * service.c - services: the table and its control functions (service.h has
 * the contract).  Real servers are in server.c, rates in estimator.c, picking
 * in sched_*.c.
 *
 * Limits: lb_services.
 */
#include "lb/service_impl.h"

#include <errno.h>
#include <string.h>

#include "lb/local.h"
#include "lb/sched.h"
#include "lb/tally.h"
#include "stack/stack.h"

#define PERSIST_DEFAULT_S	360u	/* what ipvsadm asks for */

bool
lb_service_key_eq(const struct lb_service_key *a,
    const struct lb_service_key *b)
{
	if (a->fwmark != 0 || b->fwmark != 0)
		return a->fwmark == b->fwmark;
	return a->proto == b->proto && a->port == b->port &&
	    addr_eq(&a->addr, &b->addr);
}

/* The words of a key, written out without padding. */
void
lb_key_bytes(uint8_t b[LB_KEY_BYTES], const struct lb_service_key *key)
{
	memset(b, 0, LB_KEY_BYTES);
	memcpy(b, &key->fwmark, 4);
	if (key->fwmark != 0)
		return;
	b[4] = key->proto;
	memcpy(b + 6, &key->port, 2);
	memcpy(b + 8, &key->addr, 16);
}

static struct lb_service **
service_bucket(struct lb_services *s, const struct lb_service_key *key)
{
	uint8_t b[LB_KEY_BYTES];

	lb_key_bytes(b, key);
	return &s->bucket[siphash13(&s->key, b, sizeof(b)) &
	    (s->buckets - 1)];
}

int
lb_services_init(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;

	s->key = rng_hash_key(&stk->rng);
	timer_init(&s->est_timer, lb_estimator_fire);
	s->bucket = mem_array(&stk->mem, LB_BUCKETS_FIRST,
	    sizeof(*s->bucket));
	if (s->bucket == NULL)
		return -ENOMEM;
	s->buckets = LB_BUCKETS_FIRST;
	return lb_servers_init(stk);
}

static void
service_unlink(struct lb_services *s, struct lb_service *svc)
{
	struct lb_service **link = service_bucket(s, &svc->key);

	while (*link != svc)
		link = &(*link)->hash_next;
	*link = svc->hash_next;
	*(svc->prev != NULL ? &svc->prev->next : &s->first) = svc->next;
	*(svc->next != NULL ? &svc->next->prev : &s->last) = svc->prev;
	s->count--;
	s->service_addrs[lb_addr_bucket(s, &svc->key.addr)]--;
	s->fwmarks -= svc->key.fwmark != 0;
	s->any_port -= svc->key.fwmark == 0 && svc->key.port == 0;
}

/* The one place where a service ends. */
static void
service_free(struct stack *stk, struct lb_service *svc)
{
	lb_sched_stop(stk, svc);
	lb_servers_orphan(stk, svc);
	mem_free(&stk->mem, svc->load, svc->load_room * sizeof(*svc->load));
	lb_locals_free(stk, svc);
	service_unlink(&stk->lb.services, svc);
	lb_tally_release(stk, svc->tally);
	mem_free(&stk->mem, svc, sizeof(*svc));
}

void
lb_services_fini(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service *svc;

	timer_cancel(&stk->timers, &s->est_timer);
	while ((svc = s->first) != NULL)
		service_free(stk, svc);
	lb_servers_fini(stk);
	mem_free(&stk->mem, s->bucket, s->buckets * sizeof(*s->bucket));
	s->bucket = NULL;
	s->buckets = 0;
}

struct lb_service *
lb_service_lookup(struct stack *stk, const struct lb_service_key *key)
{
	struct lb_service *svc = *service_bucket(&stk->lb.services, key);

	while (svc != NULL && !lb_service_key_eq(&svc->key, key))
		svc = svc->hash_next;
	return svc;
}

struct lb_service *
lb_service_match(struct stack *stk, uint32_t mark, uint8_t proto,
    const struct addr *dst, uint16_t dport)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service_key key = { .fwmark = mark };
	struct lb_service *svc;

	if (mark != 0 && s->fwmarks > 0 &&
	    (svc = lb_service_lookup(stk, &key)) != NULL)
		return svc;
	key = (struct lb_service_key){ 0, proto, dport, *dst };
	if ((svc = lb_service_lookup(stk, &key)) != NULL)
		return svc;
	if (s->any_port == 0)
		return NULL;
	key.port = 0;
	return lb_service_lookup(stk, &key);
}

uint32_t
lb_addr_bucket(const struct lb_services *s, const struct addr *addr)
{
	return (uint32_t)siphash13(&s->key, addr, sizeof(*addr)) %
	    LB_ADDR_BUCKETS;
}

bool
lb_service_has_addr(struct stack *stk, const struct addr *addr)
{
	const struct lb_services *s = &stk->lb.services;
	const struct lb_service *svc;

	if (s->service_addrs[lb_addr_bucket(s, addr)] == 0)
		return false;
	for (svc = s->first; svc != NULL; svc = svc->next) {
		if (svc->key.fwmark == 0 && addr_eq(&svc->key.addr, addr))
			return true;
	}
	return false;
}

struct lb_service *
lb_service_next(struct stack *stk, const struct lb_service *svc)
{
	return svc == NULL ? stk->lb.services.first : svc->next;
}

static int
key_check(const struct lb_service_key *key, struct err *err)
{
	char text[ADDR_STRLEN];

	if (key->fwmark != 0)
		return 0;
	if (key->proto != IPPROTO_TCP4 && key->proto != IPPROTO_UDP4 &&
	    key->proto != IPPROTO_SCTP4)
		return err_set(err, -EINVAL,
		    "protocol %u: a service is tcp, udp or sctp", key->proto);
	if (addr_is_any(&key->addr) || (addr_is_ip4(&key->addr) &&
	    addr_to_ip4(&key->addr).v >= 0xe0000000))
		return err_set(err, -EINVAL,
		    "\"%s\": a service needs a unicast address",
		    addr_format(&key->addr, text));
	return 0;
}

/* Checks conf and fills in what it leaves open. */
static int
conf_check(const struct lb_service_key *key, struct lb_service_conf *conf,
    struct err *err)
{
	/* Flags that mean nothing to the scheduler are kept, as by IPVS. */
	if (conf->sched == NULL)
		conf->sched = lb_sched_find("wlc");
	if (conf->persist_s != 0)
		conf->flags |= LB_SVC_PERSIST;
	if (conf->flags & LB_SVC_PERSIST && conf->persist_s == 0)
		conf->persist_s = PERSIST_DEFAULT_S;
	if (key->fwmark == 0 && key->port == 0 &&
	    (conf->flags & LB_SVC_PERSIST) == 0)
		return err_set(err, -EINVAL,
		    "port 0: a service on all ports must be persistent");
	if (conf->flags & LB_SVC_OPS && key->fwmark == 0 &&
	    key->proto != IPPROTO_UDP4)
		return err_set(err, -EINVAL,
		    "one-packet scheduling is for udp services");
	return 0;
}

/* Twice the buckets; without memory the chains grow instead. */
static void
buckets_grow(struct stack *stk)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service **fresh, **bucket, *svc;

	fresh = mem_array(&stk->mem, (size_t)s->buckets * 2, sizeof(*fresh));
	if (fresh == NULL)
		return;
	mem_free(&stk->mem, s->bucket, s->buckets * sizeof(*s->bucket));
	s->bucket = fresh;
	s->buckets *= 2;
	for (svc = s->first; svc != NULL; svc = svc->next) {
		bucket = service_bucket(s, &svc->key);
		svc->hash_next = *bucket;
		*bucket = svc;
	}
}

static void
service_link(struct stack *stk, struct lb_service *svc)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service **bucket;

	if (s->count >= s->buckets)
		buckets_grow(stk);
	bucket = service_bucket(s, &svc->key);
	svc->hash_next = *bucket;
	*bucket = svc;
	svc->prev = s->last;
	if (s->last != NULL)
		s->last->next = svc;
	else
		s->first = svc;
	s->last = svc;
	s->count++;
	s->service_addrs[lb_addr_bucket(s, &svc->key.addr)]++;
	s->fwmarks += svc->key.fwmark != 0;
	s->any_port += svc->key.fwmark == 0 && svc->key.port == 0;
}

int
lb_service_add(struct stack *stk, const struct lb_service_key *key,
    const struct lb_service_conf *conf, struct err *err)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service_conf c = *conf;
	struct lb_service *svc;
	int r;

	if ((r = key_check(key, err)) != 0 ||
	    (r = conf_check(key, &c, err)) != 0)
		return r;
	if (lb_service_lookup(stk, key) != NULL)
		return err_set(err, -EEXIST, "service already exists");
	if (s->count >= stk->limits.lb_services)
		return err_set(err, -ENOSPC, "too many services: limit %u",
		    stk->limits.lb_services);
	svc = mem_alloc(&stk->mem, sizeof(*svc));
	if (svc == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	svc->key = *key;
	svc->conf = c;
	svc->tally = lb_tally_claim(stk, key, NULL, 0, &svc->own_tally);
	if ((r = lb_sched_start(stk, svc)) != 0) {
		lb_tally_release(stk, svc->tally);
		mem_free(&stk->mem, svc, sizeof(*svc));
		return err_set(err, r, "out of memory");
	}
	service_link(stk, svc);
	if (s->count == 1)
		lb_estimator_start(stk);
	return 0;
}

/* Another scheduler, or other flags for it: its state is made anew, the old
 * one goes only when that worked. */
static int
sched_change(struct stack *stk, struct lb_service *svc,
    const struct lb_service_conf *conf)
{
	struct lb_service_conf old = svc->conf;
	void *old_data = svc->sched_data, *new_data;
	int r;

	svc->conf = *conf;
	if ((r = lb_sched_start(stk, svc)) != 0) {
		svc->conf = old;
		svc->sched_data = old_data;
		return r;
	}
	new_data = svc->sched_data;
	svc->conf = old;
	svc->sched_data = old_data;
	lb_sched_stop(stk, svc);
	svc->conf = *conf;
	svc->sched_data = new_data;
	return 0;
}

int
lb_service_set(struct stack *stk, const struct lb_service_key *key,
    const struct lb_service_conf *conf, struct err *err)
{
	struct lb_service *svc = lb_service_lookup(stk, key);
	struct lb_service_conf c = *conf;
	int r;

	if (svc == NULL)
		return err_set(err, -ENOENT, "no such service");
	if ((r = conf_check(key, &c, err)) != 0)
		return r;
	if (c.sched == svc->conf.sched && c.seed == svc->conf.seed) {
		svc->conf = c;	/* its state goes on */
		return 0;
	}
	if ((r = sched_change(stk, svc, &c)) != 0)
		return err_set(err, r, "out of memory");
	return 0;
}

int
lb_service_del(struct stack *stk, const struct lb_service_key *key,
    struct err *err)
{
	struct lb_services *s = &stk->lb.services;
	struct lb_service *svc = lb_service_lookup(stk, key);

	if (svc == NULL)
		return err_set(err, -ENOENT, "no such service");
	service_free(stk, svc);
	if (s->count == 0)
		timer_cancel(&stk->timers, &s->est_timer);
	return 0;
}
