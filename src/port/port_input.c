/*
 * port_input.c - frames from ports into the stack.
 *
 * Every frame is read into a large buffer, because only reading tells how long
 * it is; the pool hands out the same, warm one each time.  Who keeps a packet
 * moves it to a small one (pkt_keep), so large ones run out only under a flood
 * of super-frames that wait; plain frames then still come in by small ones.
 *
 * Each frame goes its whole way before the next is read, while it is in the
 * cache.  Only beside large tables a few are read together, so that what they
 * want from there is fetched for all at once (ip/ip_fetch.h).
 */
#include "port/port.h"

#include "lb/lb.h"
#include "port/fault.h"
#include "stack/stack.h"

static struct pkt *
alloc_any(struct pkt_pool *pool)
{
	struct pkt *pkt = pkt_alloc(pool, PKT_LARGE_ROOM);

	return pkt != NULL ? pkt : pkt_alloc(pool, 0);
}

/* Without Ethernet the version is all that tells the protocol. */
static SLOW void
bare_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	if (pkt->len == 0)
		pkt_drop(stk, pkt, DROP_IP_SHORT);
	else if (pkt_data(pkt)[0] >> 4 != 4)
		pkt_drop(stk, pkt, DROP_IP_VERSION);
	else if (ifp->conf.gro)
		gro_input(stk, ifp, pkt);
	else
		ip_input(stk, ifp, pkt);
}

static inline void
frame_input(struct stack *stk, struct port *port, struct pkt *pkt)
{
	struct iface *ifp = port->ifp;

	pkt_received(pkt);
	port->stats.rx_packets++;
	port->stats.rx_bytes += pkt->len;
	if (port->tap != NULL)
		port->tap(port->tap_arg, port, pkt, false);
	pkt->ifp = ifp;
	if (!ifp->up)
		pkt_drop(stk, pkt, DROP_PORT_DOWN);
	else if (port->l2)
		eth_input(stk, ifp, pkt);
	else
		bare_input(stk, ifp, pkt);
}

void
port_input(struct stack *stk, struct port *port, struct pkt *pkt)
{
	frame_input(stk, port, pkt);
}

/* A frame that was read comes in by a wire that may be bad. */
static inline void
wire_input(struct stack *stk, struct port *port, struct pkt *pkt)
{
	if (port->fault != NULL)
		fault_input(stk, port, pkt);
	else
		frame_input(stk, port, pkt);
}

/* No buffer is free: waits for the owner to mark the port again, who does not
 * see the frames that have been fetched. */
static SLOW void
read_starved(struct stack *stk, struct port *port)
{
	drop_count(stk, DROP_NO_MEMORY);
	port->readable = port->ahead != 0;
}

static SLOW void
read_failed(struct stack *stk, struct port *port, struct pkt *pkt, int why)
{
	port->stats.rx_errors++;
	pkt_received(pkt);
	pkt_drop(stk, pkt, (enum drop)why);
}

/* Up to `most` frames are going to be read. */
static inline void
frames_fetch(struct port *port, uint32_t most)
{
	if (port->ops->fetch != NULL && port->ahead == 0)
		port->ops->fetch(port, most);
}

/* The next frame of a readable port, or NULL: it was bad, or there is none, and
 * then the port is not readable any more. */
static inline struct pkt *
frame_read(struct stack *stk, struct port *port)
{
	struct pkt *pkt = alloc_any(&stk->pool);
	int why = DROP_NO_MEMORY;

	if (pkt == NULL) {
		read_starved(stk, port);
		return NULL;
	}
	switch (port->ops->read(port, pkt, &why)) {
	case PORT_READ_FRAME:
		return pkt;
	case PORT_READ_EMPTY:
		pkt_free(pkt);
		port->readable = false;
		break;
	case PORT_READ_ERROR:
		read_failed(stk, port, pkt, why);
		break;
	}
	return NULL;
}

/* Reads a few frames; returns how many.  A super-frame is the last one: it is
 * to be sent on while it is in the cache. */
static uint32_t
group_read(struct stack *stk, struct port *port, struct pkt *frame[])
{
	uint32_t n = 0;

	while (n < IP_FETCH_MAX) {
		frame[n] = frame_read(stk, port);
		if (frame[n] == NULL)
			break;
		if (frame[n++]->len > PKT_SMALL)
			break;
	}
	return n;
}

static inline bool
fetch_pays(const struct stack *stk)
{
	return lb_fetch_pays(&stk->lb) || route_fetch_pays(&stk->ip) ||
	    tcp_fetch_pays(&stk->tcp);
}

static void
tables_fetch(struct stack *stk, const struct port *port,
    struct pkt *const frame[], uint32_t n)
{
	struct ip_glance g[IP_FETCH_MAX];

	n = ip_glance(frame, n, port->l2, g);
	if (lb_fetch_pays(&stk->lb))
		lb_fetch(stk, g, n);
	if (route_fetch_pays(&stk->ip))
		route_fetch(stk, g, n);
	if (tcp_fetch_pays(&stk->tcp))
		tcp_fetch(stk, g, n);
}

static SLOW void
read_groups(struct stack *stk, struct port *port)
{
	struct pkt *frame[IP_FETCH_MAX];
	uint32_t done = 0, n;

	while (port->readable && !port->down && done < PORT_BATCH) {
		frames_fetch(port, PORT_BATCH - done);
		n = group_read(stk, port, frame);
		if (n > 1)
			tables_fetch(stk, port, frame, n);
		for (uint32_t i = 0; i < n; i++)
			wire_input(stk, port, frame[i]);
		done += IP_FETCH_MAX;
	}
}

static inline void
read_singly(struct stack *stk, struct port *port)
{
	struct pkt *pkt;

	for (uint32_t n = 0; n < PORT_BATCH && port->readable && !port->down;
	    n++) {
		frames_fetch(port, PORT_BATCH - n);
		pkt = frame_read(stk, port);
		if (pkt != NULL)
			wire_input(stk, port, pkt);
	}
}

void
port_read(struct stack *stk, struct port *port)
{
	if (fetch_pays(stk))
		read_groups(stk, port);
	else
		read_singly(stk, port);
	gro_flush(stk, &stk->ip.gro);
	if (port->down)
		port->readable = false;
}
