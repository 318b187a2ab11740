/*
 * port_input.c - frames from ports into the stack.
 *
 * Every frame is read into a large buffer, because only reading tells how long
 * it is; the pool hands out the same, warm one each time.  Who keeps a packet
 * moves it to a small one (pkt_keep), so large ones run out only under a flood
 * of super-frames that wait; plain frames then still come in by small ones.
 */
#include "port/port.h"

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

void
port_read(struct stack *stk, struct port *port)
{
	for (int i = 0; i < PORT_BATCH && !port->down; i++) {
		struct pkt *pkt = alloc_any(&stk->pool);
		int why = DROP_NO_MEMORY;

		if (pkt == NULL) {
			/* Nothing to read into until something is freed: wait
			 * for the owner to mark the port again. */
			drop_count(stk, DROP_NO_MEMORY);
			port->readable = false;
			return;
		}
		switch (port->ops->read(port, pkt, &why)) {
		case PORT_READ_FRAME:
			if (port->fault != NULL)
				fault_input(stk, port, pkt);
			else
				port_input(stk, port, pkt);
			break;
		case PORT_READ_EMPTY:
			pkt_free(pkt);
			port->readable = false;
			return;
		case PORT_READ_ERROR:
			port->stats.rx_errors++;
			pkt_received(pkt);
			pkt_drop(stk, pkt, (enum drop)why);
			break;
		}
	}
	if (port->down)
		port->readable = false;
}
