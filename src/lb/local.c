/*
 * local.c - FULLNAT's local addresses: which address and port of ours a flow
 * has towards its server.
 *
 * A port is unique per (protocol, local address, server, server's port), so
 * one address carries 64511 connections to every server.  There is no list of
 * free ports: the flow table itself knows what is in use.  Ports are tried in
 * turn, from a random start (RFC 6056 3.3), so that one that was given back
 * comes up again as late as it can.  When all are in use the connection is
 * refused at once, and counted.
 */
#include "lb/local.h"

#include <errno.h>

#include "lb/lb.h"
#include "stack/stack.h"

static struct lb_local_use *
use_find(struct lb_server *srv, const struct addr *addr)
{
	struct lb_local_use *u = srv->local_uses;

	while (u != NULL && !addr_eq(&u->addr, addr))
		u = u->next;
	return u;
}

int
lb_local_reserve(struct stack *stk, struct lb_server *srv,
    const struct addr *addr)
{
	struct lb_local_use *u;

	if (use_find(srv, addr) != NULL)
		return 0;
	u = mem_alloc(&stk->mem, sizeof(*u));
	if (u == NULL)
		return -ENOMEM;
	u->addr = *addr;
	u->turn = rng_below(&stk->rng, LB_LOCAL_PORTS);
	u->next = srv->local_uses;
	srv->local_uses = u;
	return 0;
}

void
lb_local_hold(struct lb_server *srv, const struct addr *addr)
{
	use_find(srv, addr)->count++;
}

void
lb_local_release(struct lb_server *srv, const struct addr *addr)
{
	use_find(srv, addr)->count--;
}

/* A free port on u's address for f; 0: none. */
static uint16_t
port_pick(struct stack *stk, struct lb_local_use *u, const struct lb_flow *f)
{
	struct lb_tuple t = { .src = f->server, .sport = f->sport,
	    .dst = u->addr, .proto = f->proto };
	bool reply;

	if (u->count >= LB_LOCAL_PORTS)
		return 0;
	for (uint32_t n = 0; n < LB_LOCAL_PORTS; n++) {
		t.dport = (uint16_t)(LB_LOCAL_PORT_LOW +
		    u->turn++ % LB_LOCAL_PORTS);
		if (lb_flow_lookup(stk, &t, &reply) == NULL)
			return t.dport;
	}
	return 0;
}

bool
lb_local_pick(struct stack *stk, struct lb_service *svc,
    struct lb_server *srv, struct lb_flow *f)
{
	struct lb_local *l = svc->local_turn;
	struct lb_local_use *u;

	for (uint32_t n = 0; n < svc->local_count; n++) {
		l = l != NULL && l->next != NULL ? l->next : svc->locals;
		if (lb_local_reserve(stk, srv, &l->addr) != 0)
			continue;
		u = use_find(srv, &l->addr);
		f->lport = port_pick(stk, u, f);
		if (f->lport != 0) {
			f->local = l->addr;
			svc->local_turn = l;
			return true;
		}
		l->misses++;
	}
	svc->no_local++;
	return false;
}

int
lb_local_add(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, struct err *err)
{
	struct lb_local *l, **tail = &svc->locals;
	char text[ADDR_STRLEN];

	addr_format(addr, text);
	if (!addr_is_ip4(addr) ||
	    iface_addr_local(stk, addr_to_ip4(addr)) == NULL)
		return err_set(err, -EINVAL,
		    "\"%s\": not an address of ours, so nobody would answer "
		    "ARP for it", text);
	for (; *tail != NULL; tail = &(*tail)->next) {
		if (addr_eq(&(*tail)->addr, addr))
			return err_set(err, -EEXIST,
			    "\"%s\": already a local address of the service",
			    text);
	}
	l = mem_alloc(&stk->mem, sizeof(*l));
	if (l == NULL)
		return err_set(err, -ENOMEM, "out of memory");
	l->addr = *addr;
	*tail = l;
	svc->local_count++;
	return 0;
}

int
lb_local_del(struct stack *stk, struct lb_service *svc,
    const struct addr *addr, struct err *err)
{
	struct lb_local *l, **link = &svc->locals;
	char text[ADDR_STRLEN];

	while ((l = *link) != NULL && !addr_eq(&l->addr, addr))
		link = &l->next;
	if (l == NULL)
		return err_set(err, -ENOENT,
		    "\"%s\": no local address of the service",
		    addr_format(addr, text));
	*link = l->next;
	if (svc->local_turn == l)
		svc->local_turn = NULL;
	svc->local_count--;
	mem_free(&stk->mem, l, sizeof(*l));
	return 0;
}

bool
lb_local_at(const struct lb_service *svc, uint32_t i,
    struct lb_local_info *out)
{
	const struct lb_local *l = svc->locals;
	struct lb_server *srv;

	while (l != NULL && i-- > 0)
		l = l->next;
	if (l == NULL)
		return false;
	*out = (struct lb_local_info){ .addr = l->addr, .misses = l->misses };
	for (srv = svc->servers; srv != NULL; srv = srv->next) {
		const struct lb_local_use *u = use_find(srv, &l->addr);

		out->flows += u != NULL ? u->count : 0;
	}
	return true;
}

void
lb_locals_free(struct stack *stk, struct lb_service *svc)
{
	struct lb_local *l;

	while ((l = svc->locals) != NULL) {
		svc->locals = l->next;
		mem_free(&stk->mem, l, sizeof(*l));
	}
	svc->local_turn = NULL;
	svc->local_count = 0;
}

void
lb_local_uses_free(struct stack *stk, struct lb_server *srv)
{
	struct lb_local_use *u;

	while ((u = srv->local_uses) != NULL) {
		srv->local_uses = u->next;
		mem_free(&stk->mem, u, sizeof(*u));
	}
}
