/*
 * port_input.c - frames from ports into the stack.
 *
 * Every frame is read into a large buffer, because only reading tells how long
 * it is; the pool hands out the same, warm one each time.  Who keeps a packet
 * moves it to a small one (pkt_keep), so large ones run out only under a flood
 * of super-frames that wait; plain frames then still come in by small ones.
 *
 * Each frame goes its whole way before the next is read, while it is in the
 * cache.  Only beside a large flow table a few are read together, so that what
 * they want from there is fetched for all at once (lb/lb.h).
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
static void
bare_input(struct stack *stk, struct iface *ifp, struct pkt *pkt)
{
	if (pkt->len == 0)
		pkt_drop(stk, pkt, DROP_IP_SHORT);
	else if (pkt_data(pkt)[0] >> 4 != 4)
		pkt_drop(stk, pkt, DROP_IP_VERSION);
	else
		ip_input(stk, ifp, pkt);
}

void
port_input(struct stack *stk, struct port *port, struct pkt *pkt)
{
	struct iface *ifp = port->ifp;

	pkt_received(pkt);
	port->stats.rx_packets++;
	port->stats.rx_bytes += pkt_len(pkt);
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

/* Reads up to max frames; *more becomes false where there is nothing to read,
 * or nothing to read into.  A super-frame ends the group: it is to be sent on
 * while it is in the cache. */
static uint32_t
frames_read(struct stack *stk, struct port *port, struct pkt *frame[],
    uint32_t max, bool *more)
{
	uint32_t n = 0;

	while (n < max) {
		struct pkt *pkt = alloc_any(&stk->pool);
		int why = DROP_NO_MEMORY;

		if (pkt == NULL) {
			/* Wait for the owner to mark the port again. */
			drop_count(stk, DROP_NO_MEMORY);
			port->readable = *more = false;
			return n;
		}
		switch (port->ops->read(port, pkt, &why)) {
		case PORT_READ_FRAME:
			frame[n++] = pkt;
			if (pkt->len > PKT_SMALL)
				return n;
			break;
		case PORT_READ_EMPTY:
			pkt_free(pkt);
			port->readable = *more = false;
			return n;
		case PORT_READ_ERROR:
			port->stats.rx_errors++;
			pkt_received(pkt);
			pkt_drop(stk, pkt, (enum drop)why);
			return n;
		}
	}
	return n;
}

void
port_read(struct stack *stk, struct port *port)
{
	struct pkt *frame[LB_FETCH_MAX];
	uint32_t max = lb_fetch_pays(&stk->lb) ? LB_FETCH_MAX : 1, n;
	bool more = true;

	for (uint32_t done = 0; more && done < PORT_BATCH && !port->down;
	    done += max) {
		n = frames_read(stk, port, frame, max, &more);
		if (n > 1)
			lb_fetch(stk, frame, n, port->l2);
		for (uint32_t i = 0; i < n; i++) {
			if (port->fault != NULL)
				fault_input(stk, port, frame[i]);
			else
				port_input(stk, port, frame[i]);
		}
	}
	if (port->down)
		port->readable = false;
}
