/*
 * port.h - where frames enter and leave: TAP, TUN, memory.
 *
 * A port moves frames and knows offloads; it has no address (that is its
 * interface's business, ip/iface.h).  struct port_ops is the stack's lower
 * seam.  The owner of the descriptor (src/hopd, a test) makes the port, adds
 * it to a stack, and marks it readable when there is something to read;
 * stack_poll() then reads it.
 *
 * In the packets that a port hands up, data starts at the Ethernet header (or
 * at the IP header: l2 false), and the offload words are set.
 */
#ifndef HOPD_PORT_PORT_H
#define HOPD_PORT_PORT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/mem.h"
#include "base/pkt.h"

struct fault;
struct iface;
struct port;
struct stack;

#define PORT_NAME_MAX	16	/* IFNAMSIZ, its NUL included */
#define PORT_BATCH	64	/* frames read from one port per turn */

/* What the far side finishes for us; port->offload. */
#define PORT_CSUM	0x01u	/* partial checksums */
#define PORT_TSO4	0x02u
#define PORT_TSO6	0x04u
#define PORT_USO	0x08u

enum port_read { PORT_READ_FRAME, PORT_READ_EMPTY, PORT_READ_ERROR };

struct port_ops {
	const char *kind;	/* "tap", "tun", "mem" */

	/* NULL, or called before a read() while port->ahead is 0: may take up
	 * to `most` frames from the device at once, which read() then hands
	 * out; port->ahead is how many are left. */
	void (*fetch)(struct port *port, uint32_t most);

	/* Fills pkt (empty, from pkt_alloc) with the next frame and its
	 * offload words, judged by offload_check().  PORT_READ_ERROR: the
	 * frame is lost, *why is the drop reason (enum drop); if the port is
	 * lost too, it is marked down. */
	enum port_read (*read)(struct port *port, struct pkt *pkt, int *why);

	/* Writes the frame out, or a copy of it later; does not consume.
	 * 0 or -Exxx; what is known later is told by port_send_failed(). */
	int (*send)(struct port *port, const struct pkt *pkt);

	/* Releases what the port holds, and the port itself. */
	void (*close)(struct port *port, struct mem *mem);
};

struct port_stats {
	uint64_t rx_packets, rx_bytes, rx_errors;
	uint64_t tx_packets, tx_bytes, tx_errors;
};

struct port {
	const struct port_ops *ops;
	char name[PORT_NAME_MAX];
	struct port *next;		/* all ports of the stack */
	uint32_t ahead;			/* frames fetched, not yet read */
	struct iface *ifp;		/* the interface bound to it */
	struct mac mac;			/* our end's; zero when !l2 */
	uint32_t mtu;			/* largest IP packet */
	uint32_t offload;		/* PORT_* */
	bool l2;			/* frames have an Ethernet header */
	bool readable;			/* the owner saw input */
	bool down;			/* carrier or descriptor lost */
	struct port_stats stats;
	struct fault *fault;		/* a bad wire (fault.h); NULL: good */
	/* Sees frames in both directions, does not consume; NULL: nobody. */
	void (*tap)(void *arg, const struct port *port, const struct pkt *pkt,
	    bool out);
	void *tap_arg;
};

/* For who makes ports: fills the common part.  A name that is too long is
 * cut. */
void port_init(struct port *port, const struct port_ops *ops, const char *name,
    bool l2, struct mac mac, uint32_t mtu, uint32_t offload);

/* Links a port made by tap_port_new() or mem_port_new() into the stack and
 * gives it an interface of the same name.  0: the stack owns it from here.
 * -EEXIST, -ENOSPC (limits.ports), -ENOMEM: it stays the caller's. */
int port_add(struct stack *stk, struct port *port);
/* Takes interface, addresses, routes and neighbours down, closes the port. */
void port_del(struct stack *stk, struct port *port);
struct port *port_lookup(struct stack *stk, const char *name);
/* The first one whose own MAC this is, or NULL. */
struct port *port_lookup_mac(struct stack *stk, struct mac mac);

/* Reads up to PORT_BATCH frames and feeds port_input() with them. */
void port_read(struct stack *stk, struct port *port);
/* A frame came in: consumes pkt. */
void port_input(struct stack *stk, struct port *port, struct pkt *pkt);
/* For who writes later than send(): these len bytes, a frame that send() took,
 * did not leave. */
void port_send_failed(struct stack *stk, struct port *port,
    const uint8_t *frame, uint32_t len);
/* Sends a frame, doing in software what the port cannot: consumes pkt. */
void port_send(struct stack *stk, struct port *port, struct pkt *pkt);

#endif
