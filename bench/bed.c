/*
 * bed.c - ports, hosts and routes for measurements of the stack alone.
 */
#include "bed.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stack/stack.h"

#define CLIENT_PORTS	50000u	/* flows of one client address */

void
need(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

double
ns_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

void
bed_port(struct stack *stk, struct port *port, const struct port_ops *ops,
    const char *name, uint8_t n, struct ip4_prefix own, struct ip4 host,
    uint32_t offload)
{
	port_init(port, ops, name, true, bed_mac(n), 1500, offload);
	need(port_add(stk, port) == 0 && iface_addr_add(stk, port->ifp, own,
	    SCOPE_GLOBAL, NULL) == 0 && neigh_add(stk, port->ifp, host,
	    bed_far_mac(n), NULL) == 0, name);
}

void
bed_port_close(struct port *port, struct mem *mem)
{
	(void)port;
	(void)mem;
}

bool
bed_wire_next(struct port *port, uint32_t *flow)
{
	struct bed_wire *w = (struct bed_wire *)port;

	if (w->count == 0)
		return false;
	*flow = *w->flow++;
	w->count--;
	return true;
}

int
bed_wire_send(struct port *port, const struct pkt *pkt)
{
	(void)pkt;
	((struct bed_wire *)port)->sent++;
	return 0;
}

struct ip4
bed_client(uint32_t flow)
{
	return (struct ip4){ BED_CLIENT_NET.v + 1 + flow / CLIENT_PORTS };
}

uint16_t
bed_client_port(uint32_t flow)
{
	return (uint16_t)(10000 + flow % CLIENT_PORTS);
}

double
bed_pass(struct stack *stk, int64_t *now_us, struct bed_wire *from,
    const struct bed_wire *to, const uint32_t *flow, uint32_t count)
{
	uint64_t sent = to->sent;
	double t0 = ns_now();

	from->flow = flow;
	from->count = count;
	from->port.readable = true;
	while (from->count > 0) {
		*now_us += 50;
		stack_poll(stk, instant_from_us(*now_us));
	}
	need(to->sent == sent + count, "a frame was lost");
	return (ns_now() - t0) / count;
}

void
bed_route(struct stack *stk, struct ip4_prefix dst, const struct port *port,
    struct ip4 gateway)
{
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));

	need(r != NULL, "memory");
	r->dst = dst;
	r->type = ROUTE_UNICAST;
	r->origin = ROUTE_STATIC;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ port->ifp, gateway, 1 };
	need(route_add(stk, r, NULL) == 0, "route");
	free(r);
}
