/*
 * port.c - the ports of a stack: coming, going, and sending.
 *
 * port_send() is the one way out.  What the far side of a port cannot finish
 * is done here: super-frames are cut, checksums are put.  Ports are few and
 * found by name only by people, so a list in order of addition does.
 */
#include "port/port.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "port/fault.h"
#include "port/segment.h"
#include "stack/stack.h"

void
port_init(struct port *port, const struct port_ops *ops, const char *name,
    bool l2, struct mac mac, uint32_t mtu, uint32_t offload)
{
	*port = (struct port){
		.ops = ops,
		.l2 = l2,
		.mac = mac,
		.mtu = mtu,
		.offload = offload,
	};
	memcpy(port->name, name, strnlen(name, sizeof(port->name) - 1));
}

struct port *
port_lookup(struct stack *stk, const char *name)
{
	for (struct port *p = stk->ports; p != NULL; p = p->next) {
		if (strcmp(p->name, name) == 0)
			return p;
	}
	return NULL;
}

struct port *
port_lookup_mac(struct stack *stk, struct mac mac)
{
	for (struct port *p = stk->ports; p != NULL; p = p->next) {
		if (p->l2 && mac_eq(p->mac, mac))
			return p;
	}
	return NULL;
}

int
port_add(struct stack *stk, struct port *port)
{
	struct port **tail = &stk->ports;
	struct iface *ifp;

	if (port_lookup(stk, port->name) != NULL ||
	    iface_lookup(stk, port->name) != NULL)
		return -EEXIST;
	if (stk->port_count >= stk->limits.ports)
		return -ENOSPC;
	ifp = iface_new(stk, port->name, IFACE_PORT, NULL);
	if (ifp == NULL)
		return -ENOMEM;
	ifp->port = port;
	ifp->mac = port->mac;
	ifp->mtu = port->mtu;
	ifp->needs_neigh = port->l2;
	ifp->up = true;
	port->ifp = ifp;
	port->next = NULL;
	while (*tail != NULL)
		tail = &(*tail)->next;
	*tail = port;
	stk->port_count++;
	return 0;
}

void
port_del(struct stack *stk, struct port *port)
{
	struct port **link = &stk->ports;

	while (*link != port) {
		assert(*link != NULL);
		link = &(*link)->next;
	}
	*link = port->next;
	stk->port_count--;
	fault_clear(stk, port);
	iface_free(stk, port->ifp);
	port->ops->close(port, &stk->mem);
}

/* The port's offload that takes super-frames of a type; 0 for none. */
static uint32_t
offload_of(uint8_t gso_type)
{
	switch (gso_type) {
	case PKT_GSO_TCP4:
		return PORT_TSO4;
	case PKT_GSO_TCP6:
		return PORT_TSO6;
	case PKT_GSO_UDP:
		return PORT_USO;
	}
	return 0;
}

/* A frame that does not leave. */
static SLOW void
send_fail(struct stack *stk, struct port *port, struct pkt *pkt, enum drop why)
{
	port->stats.tx_errors++;
	pkt_drop(stk, pkt, why);
}

void
port_send_failed(struct stack *stk, struct port *port, const uint8_t *frame,
    uint32_t len)
{
	struct pkt *lost = pkt_alloc(&stk->pool, len);

	port->stats.tx_packets--;
	port->stats.tx_bytes -= len;
	if (lost == NULL) {
		port->stats.tx_errors++;
		drop_count(stk, DROP_PORT_TX);
		return;
	}
	memcpy(pkt_append(lost, len), frame, len);
	send_fail(stk, port, lost, DROP_PORT_TX);
}

/* Hands out a frame that the port can take as it is, but for its checksum;
 * does not consume.  DROP_COUNT, or why it did not leave. */
static inline enum drop
hand_out(struct stack *stk, struct port *port, struct pkt *pkt)
{
	uint32_t l2_len = port->l2 ? ETH_HLEN : 0;

	if (pkt->gso_type == PKT_GSO_NONE &&
	    pkt_len(pkt) > port->mtu + l2_len)
		return DROP_PORT_MTU;
	if (pkt->csum_needed && !(port->offload & PORT_CSUM))
		pkt_csum_complete(pkt);
	if (port->tap != NULL)
		port->tap(port->tap_arg, port, pkt, true);
	if ((port->fault != NULL ? fault_send(stk, port, pkt) :
	    port->ops->send(port, pkt)) != 0)
		return DROP_PORT_TX;
	port->stats.tx_packets++;
	port->stats.tx_bytes += pkt_len(pkt);
	return DROP_COUNT;
}

static inline void
send_frame(struct stack *stk, struct port *port, struct pkt *pkt)
{
	enum drop why = hand_out(stk, port, pkt);

	if (why == DROP_COUNT)
		pkt_free(pkt);
	else
		send_fail(stk, port, pkt, why);
}

/* Each segment where it lies: who refuses one loses no more than that. */
static void
send_in_turn(struct stack *stk, struct port *port, struct segmenter *s,
    struct pkt *pkt)
{
	while (segment_more(s)) {
		struct pkt *lost;
		enum drop why;

		segment_turn(s, pkt);
		why = hand_out(stk, port, pkt);
		if (why == DROP_COUNT)
			continue;
		if ((lost = pkt_copy(pkt)) != NULL) {
			send_fail(stk, port, lost, why);
		} else {
			port->stats.tx_errors++;
			drop_count(stk, why);
		}
	}
	pkt_free(pkt);
}

/* Sends a super-frame as the segments that it stands for.  A bad wire may keep
 * what it gets, so there each is a copy. */
static SLOW void
send_segments(struct stack *stk, struct port *port, struct pkt *pkt)
{
	struct segmenter s;

	if (segment_begin(&s, pkt) != 0) {
		send_fail(stk, port, pkt, DROP_PORT_TX);
		return;
	}
	if (port->fault == NULL && segment_turns(&s)) {
		send_in_turn(stk, port, &s, pkt);
		return;
	}
	while (segment_more(&s)) {
		struct pkt *seg = segment_next(&s);

		if (seg == NULL) {
			send_fail(stk, port, pkt, DROP_NO_MEMORY);
			return;
		}
		send_frame(stk, port, seg);
	}
	pkt_free(pkt);
}

void
port_send(struct stack *stk, struct port *port, struct pkt *pkt)
{
	if (port->down)
		send_fail(stk, port, pkt, DROP_PORT_DOWN);
	else if (pkt->gso_type != PKT_GSO_NONE && (port->fault != NULL ||
	    pkt->gso_ipip || !(port->offload & offload_of(pkt->gso_type)) ||
	    segment_cwr_on_each(pkt)))
		send_segments(stk, port, pkt);
	else
		send_frame(stk, port, pkt);
}
