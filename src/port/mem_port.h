/*
 * mem_port.h - a port in memory, for tests and simulation.
 *
 * What the stack sends is queued and taken by mem_port_take(); what the test
 * gives by mem_port_give() is read at the next stack_poll().  It can also be
 * told to refuse the n-th send.
 */
#ifndef HOPD_PORT_MEM_PORT_H
#define HOPD_PORT_MEM_PORT_H

#include "port/port.h"

/* Frames are copied, so both sides' pools stay apart. */
struct mem_frame {
	struct mem_frame *next;
	uint32_t len;		/* of data[] */
	uint8_t gso_type;
	bool csum_needed, gso_ecn;
	uint16_t gso_size;
	uint32_t csum_start;	/* from data[0] */
	uint16_t csum_offset;
	uint8_t data[];
};

/* What a port's read makes of a frame: a packet with its offload words, or
 * PORT_READ_ERROR with the reason in *why. */
enum port_read mem_frame_load(const struct mem_frame *f,
    const struct port *port, struct pkt *pkt, int *why);
/* Copies a packet to f, whose len is pkt_len(pkt) already. */
void mem_frame_store(struct mem_frame *f, const struct pkt *pkt);

/* A port for port_add(), l2: of Ethernet frames, else of bare IP; offload:
 * PORT_* that it takes.  port_del() frees it.  NULL: no memory. */
struct port *mem_port_new(struct mem *mem, const char *name, bool l2,
    struct mac mac, uint32_t mtu, uint32_t offload);

/* Queues a frame towards the stack and marks the port readable; copies.
 * 0 or -ENOMEM. */
int mem_port_give(struct port *port, const void *frame, uint32_t len);
int mem_port_give_frame(struct port *port, const struct mem_frame *f);

/* The oldest frame that the stack sent, or NULL; the caller frees it with
 * mem_port_free().  _peek leaves it queued. */
struct mem_frame *mem_port_take(struct port *port);
const struct mem_frame *mem_port_peek(const struct port *port);
void mem_port_free(struct port *port, struct mem_frame *f);
uint32_t mem_port_sent(const struct port *port);	/* frames queued */

/* The n-th send from now fails with -EIO; 0: none. */
void mem_port_fail_send(struct port *port, uint32_t n);

#endif
