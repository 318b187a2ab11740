/*
 * mem_port.c - a port whose wire is two queues of copied frames.
 *
 * Frames count against the stack's memory, so a test that leaves one behind
 * is told at teardown.
 */
#include "port/mem_port.h"

#include <errno.h>
#include <string.h>

#include "base/drop.h"
#include "port/segment.h"

struct frame_queue {
	struct mem_frame *head, **tail;
	uint32_t count;
};

struct mem_port {
	struct port port;	/* first: the two are one object */
	struct mem *mem;
	struct frame_queue in;	/* towards the stack */
	struct frame_queue out;	/* what the stack sent */
	uint32_t fail_send;	/* sends until one fails; 0: none */
};

static struct mem_port *
mem_port_of(struct port *port)
{
	return (struct mem_port *)port;
}

static struct mem_frame *
frame_new(struct mem *mem, uint32_t len)
{
	struct mem_frame *f = mem_alloc(mem, sizeof(*f) + len);

	if (f != NULL)
		f->len = len;
	return f;
}

static void
frame_put(struct frame_queue *q, struct mem_frame *f)
{
	f->next = NULL;
	*q->tail = f;
	q->tail = &f->next;
	q->count++;
}

static struct mem_frame *
frame_get(struct frame_queue *q)
{
	struct mem_frame *f = q->head;

	if (f == NULL)
		return NULL;
	q->head = f->next;
	if (q->head == NULL)
		q->tail = &q->head;
	q->count--;
	f->next = NULL;
	return f;
}

enum port_read
mem_frame_load(const struct mem_frame *f, const struct port *port,
    struct pkt *pkt, int *why)
{
	if (f->len > pkt_tailroom(pkt)) {
		*why = DROP_NO_MEMORY;
		return PORT_READ_ERROR;
	}
	memcpy(pkt_append(pkt, f->len), f->data, f->len);
	pkt->gso_type = f->gso_type;
	pkt->gso_size = f->gso_size;
	pkt->gso_ecn = f->gso_ecn;
	pkt->csum_needed = pkt->csum_ok = f->csum_needed;
	if (f->csum_needed) {
		pkt->csum_start = pkt->off + f->csum_start;
		pkt->csum_offset = f->csum_offset;
	}
	if (offload_check(pkt, port->l2) != 0) {
		*why = DROP_PORT_BAD_VNET;
		return PORT_READ_ERROR;
	}
	return PORT_READ_FRAME;
}

void
mem_frame_store(struct mem_frame *f, const struct pkt *pkt)
{
	uint32_t at = pkt->len;

	memcpy(f->data, pkt_data(pkt), pkt->len);
	for (uint32_t i = 0; i < pkt->nref; i++) {
		memcpy(f->data + at, pkt->ref[i].iov_base,
		    pkt->ref[i].iov_len);
		at += (uint32_t)pkt->ref[i].iov_len;
	}
	f->gso_type = pkt->gso_type;
	f->gso_size = pkt->gso_size;
	f->gso_ecn = pkt->gso_ecn;
	f->csum_needed = pkt->csum_needed;
	if (pkt->csum_needed) {
		f->csum_start = pkt->csum_start - pkt->off;
		f->csum_offset = pkt->csum_offset;
	}
}

static enum port_read
mem_port_read(struct port *port, struct pkt *pkt, int *why)
{
	struct mem_port *m = mem_port_of(port);
	struct mem_frame *f = frame_get(&m->in);
	enum port_read result;

	if (f == NULL)
		return PORT_READ_EMPTY;
	result = mem_frame_load(f, port, pkt, why);
	mem_port_free(port, f);
	return result;
}

static int
mem_port_send(struct port *port, const struct pkt *pkt)
{
	struct mem_port *m = mem_port_of(port);
	struct mem_frame *f;

	if (m->fail_send > 0 && --m->fail_send == 0)
		return -EIO;
	f = frame_new(m->mem, pkt_len(pkt));
	if (f == NULL)
		return -ENOMEM;
	mem_frame_store(f, pkt);
	frame_put(&m->out, f);
	return 0;
}

static void
mem_port_close(struct port *port, struct mem *mem)
{
	struct mem_port *m = mem_port_of(port);
	struct mem_frame *f;

	while ((f = frame_get(&m->in)) != NULL)
		mem_port_free(port, f);
	while ((f = frame_get(&m->out)) != NULL)
		mem_port_free(port, f);
	mem_free(mem, m, sizeof(*m));
}

static const struct port_ops mem_port_ops = {
	.kind = "mem",
	.read = mem_port_read,
	.send = mem_port_send,
	.close = mem_port_close,
};

struct port *
mem_port_new(struct mem *mem, const char *name, bool l2, struct mac mac,
    uint32_t mtu, uint32_t offload)
{
	struct mem_port *m = mem_alloc(mem, sizeof(*m));

	if (m == NULL)
		return NULL;
	port_init(&m->port, &mem_port_ops, name, l2, mac, mtu, offload);
	m->mem = mem;
	m->in.tail = &m->in.head;
	m->out.tail = &m->out.head;
	return &m->port;
}

int
mem_port_give(struct port *port, const void *frame, uint32_t len)
{
	struct mem_port *m = mem_port_of(port);
	struct mem_frame *f = frame_new(m->mem, len);

	if (f == NULL)
		return -ENOMEM;
	if (len != 0)
		memcpy(f->data, frame, len);
	frame_put(&m->in, f);
	port->readable = true;
	return 0;
}

int
mem_port_give_frame(struct port *port, const struct mem_frame *from)
{
	struct mem_port *m = mem_port_of(port);
	struct mem_frame *f = frame_new(m->mem, from->len);

	if (f == NULL)
		return -ENOMEM;
	memcpy(f, from, sizeof(*f) + from->len);
	frame_put(&m->in, f);
	port->readable = true;
	return 0;
}

struct mem_frame *
mem_port_take(struct port *port)
{
	return frame_get(&mem_port_of(port)->out);
}

const struct mem_frame *
mem_port_peek(const struct port *port)
{
	return ((const struct mem_port *)port)->out.head;
}

void
mem_port_free(struct port *port, struct mem_frame *f)
{
	if (f != NULL)
		mem_free(mem_port_of(port)->mem, f, sizeof(*f) + f->len);
}

uint32_t
mem_port_sent(const struct port *port)
{
	return ((const struct mem_port *)port)->out.count;
}

void
mem_port_fail_send(struct port *port, uint32_t n)
{
	mem_port_of(port)->fail_send = n;
}
