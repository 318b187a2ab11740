/*
 * tap_ring.c - batches of small frames between TAP devices and the stack.
 *
 * Reading: a port whose device had several small frames in a row asks for as
 * many at once as came last time, and for twice as many while all come.  What
 * comes lies in the ring's memory until the stack reads it, mostly within the
 * same turn.  The places are those of one port at a time; another one meanwhile
 * reads plainly.  After a batch that came short the device is empty and is not
 * asked again before it is readable.
 *
 * Writing: send() copies a small frame to a place of the ring's and queues it.
 * The kernel gets the queue when it is full, together with a batch of reads,
 * before a frame that goes the plain way, and at the end of a turn.  Every
 * submission is over when it returns, so a place is free again at once.  Who
 * could not be written is counted then, by port_send_failed().
 *
 * Errors of reading are left to the plain way, which comes next and meets them,
 * too.  A kernel whose devices do not know RWF_NOWAIT (EOPNOTSUPP) is served
 * the plain way altogether.
 *
 * A worker that dies loses what it had fetched and queued: up to two batches.
 */
#include "hopd/tap_ring.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hopd/uring.h"
#include "stack/stack.h"

#define READS		32u
#define WRITES		32u	/* both together: a power of two */
#define BATCH_MIN	8u	/* fewer are cheaper one by one */
#define FILES		256u	/* as limits.h: ports */
/* Not a multiple of 4096, lest all frames begin in the same few cache lines. */
#define READ_ROOM	((uint32_t)PKT_LARGE)
#define WRITE_ROOM	(PKT_SMALL + 64u)
#define MEM_LEN		((size_t)READS * READ_ROOM + WRITES * WRITE_ROOM)

struct ring_port {
	struct tap_port tap;	/* first: the two are one object */
	struct tap_ring *ring;
	uint32_t file;		/* place in the ring's table */
	uint32_t want;		/* how many frames to ask for at once */
	bool dry;		/* the last batch came short */
	bool plain;		/* the device cannot be served by a ring */
};

struct tap_ring {
	struct uring u;
	struct stack *stk;
	uint8_t *mem;			/* READ_ROOMs, then WRITE_ROOMs */
	struct ring_port *file[FILES];

	struct ring_port *holder;	/* whose frames were fetched; or NULL */
	uint32_t got, next;		/* how many; which one is read next */
	bool failed;			/* one by another error than EAGAIN */
	struct {
		uint32_t place, len;
	} in[READS];

	uint32_t sends;			/* queued */
	struct {
		struct ring_port *port;	/* NULL: written */
		uint32_t len;
	} out[WRITES];
};

static struct ring_port *
ring_port_of(struct port *port)
{
	return (struct ring_port *)port;
}

static uint8_t *
read_place(const struct tap_ring *ring, uint32_t i)
{
	return ring->mem + (size_t)i * READ_ROOM;
}

static uint8_t *
write_place(const struct tap_ring *ring, uint32_t i)
{
	return ring->mem + (size_t)READS * READ_ROOM + (size_t)i * WRITE_ROOM;
}

/* ---- submitting --------------------------------------------------------- */

static int32_t
write_plain(const struct tap_ring *ring, uint32_t i)
{
	ssize_t n;

	do {
		n = write(ring->out[i].port->tap.fd, write_place(ring, i),
		    ring->out[i].len);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

static void
write_done(struct tap_ring *ring, uint32_t i, int32_t result)
{
	struct ring_port *rp = ring->out[i].port;

	if (result == -EOPNOTSUPP) {
		rp->plain = true;
		result = write_plain(ring, i);
	}
	ring->out[i].port = NULL;
	if (result >= 0)
		return;
	if (result == -EBADFD)
		rp->tap.port.down = true;
	port_send_failed(ring->stk, &rp->tap.port,
	    write_place(ring, i) + TAP_VNET_HLEN,
	    ring->out[i].len - TAP_VNET_HLEN);
}

static void
read_done(struct tap_ring *ring, uint32_t place, int32_t result)
{
	if (result >= 0) {
		ring->in[ring->got].place = place;
		ring->in[ring->got].len = (uint32_t)result;
		ring->got++;
	} else if (result != -EAGAIN) {
		ring->failed = true;
		if (result == -EOPNOTSUPP)
			ring->holder->plain = true;
	}
}

/* What is queued to be written, together with the reads that the ring has
 * already; afterwards nothing is. */
static void
submit(struct tap_ring *ring)
{
	uint32_t sends = ring->sends, tag;
	int32_t result;

	for (uint32_t i = 0; i < sends; i++)
		uring_write(&ring->u, ring->out[i].port->file,
		    write_place(ring, i), ring->out[i].len, i);
	uring_submit(&ring->u);
	while (uring_result(&ring->u, &tag, &result)) {
		if (tag < WRITES)
			write_done(ring, tag, result);
		else
			read_done(ring, tag - WRITES, result);
	}
	/* What the kernel had no memory for. */
	for (uint32_t i = 0; i < sends; i++) {
		if (ring->out[i].port != NULL)
			write_done(ring, i, -ENOMEM);
	}
	ring->sends = 0;
}

void
tap_ring_flush(struct tap_ring *ring)
{
	if (ring->sends >= BATCH_MIN) {
		submit(ring);
		return;
	}
	for (uint32_t i = 0; i < ring->sends; i++)
		write_done(ring, i, write_plain(ring, i));
	ring->sends = 0;
}

/* ---- the port ----------------------------------------------------------- */

/* May rp use the places for reading? */
static bool
places_free(const struct tap_ring *ring)
{
	return ring->holder == NULL || ring->holder->tap.port.down;
}

static void
ring_fetch(struct port *port, uint32_t most)
{
	struct ring_port *rp = ring_port_of(port);
	struct tap_ring *ring = rp->ring;
	uint32_t n = rp->want < most ? rp->want : most;

	if (n < BATCH_MIN || rp->dry || rp->plain || !places_free(ring))
		return;
	if (ring->holder != NULL)
		ring->holder->tap.port.ahead = 0;
	ring->holder = rp;
	ring->got = ring->next = 0;
	ring->failed = false;
	for (uint32_t i = 0; i < n; i++)
		uring_read(&ring->u, rp->file, read_place(ring, i), READ_ROOM,
		    WRITES + i);
	submit(ring);
	port->ahead = ring->got;
	if (ring->got == 0)
		ring->holder = NULL;
	rp->dry = ring->got < n && !ring->failed;
	if (ring->got < n)
		rp->want = ring->failed ? 0 : ring->got;
	else
		rp->want = n * 2 < READS ? n * 2 : READS;
}

/* The next one of those that were fetched. */
static enum port_read
fetched_read(struct ring_port *rp, struct pkt *pkt, int *why)
{
	struct tap_ring *ring = rp->ring;
	uint32_t i = ring->next++;
	uint32_t len = ring->in[i].len;

	if (--rp->tap.port.ahead == 0)
		ring->holder = NULL;
	if (len > PKT_SMALL)
		rp->want = 0;
	/* As in tap_read(): it was longer. */
	if (len == READ_ROOM) {
		*why = DROP_NO_MEMORY;
		return PORT_READ_ERROR;
	}
	return tap_load(&rp->tap.port, pkt, read_place(ring,
	    ring->in[i].place), len, why);
}

static enum port_read
ring_read(struct port *port, struct pkt *pkt, int *why)
{
	struct ring_port *rp = ring_port_of(port);
	enum port_read r;

	if (port->ahead > 0)
		return fetched_read(rp, pkt, why);
	if (rp->dry) {
		rp->dry = false;
		return PORT_READ_EMPTY;
	}
	r = tap_read(port, pkt, why);
	if (r != PORT_READ_FRAME || pkt->len > PKT_SMALL)
		rp->want = 0;
	else if (rp->want < READS)
		rp->want++;
	return r;
}

static int
ring_send(struct port *port, const struct pkt *pkt)
{
	struct ring_port *rp = ring_port_of(port);
	struct tap_ring *ring = rp->ring;
	uint32_t len = TAP_VNET_HLEN + pkt_len(pkt);
	uint32_t i;

	/* A large one takes long: what waits goes first, whatever its port. */
	if (len > WRITE_ROOM || rp->plain) {
		tap_ring_flush(ring);
		return tap_send(port, pkt);
	}
	if (ring->sends == WRITES)
		submit(ring);
	i = ring->sends++;
	tap_store(pkt, write_place(ring, i));
	ring->out[i].port = rp;
	ring->out[i].len = len;
	return 0;
}

static void
ring_close(struct port *port, struct mem *mem)
{
	struct ring_port *rp = ring_port_of(port);
	struct tap_ring *ring = rp->ring;

	tap_ring_flush(ring);
	if (ring->holder == rp)
		ring->holder = NULL;
	/* The table holds on to the device, too. */
	uring_file(&ring->u, rp->file, -1);
	ring->file[rp->file] = NULL;
	close(rp->tap.fd);
	mem_free(mem, rp, sizeof(*rp));
}

static const struct port_ops tap_ring_ops = {
	.kind = "tap",
	.fetch = ring_fetch,
	.read = ring_read,
	.send = ring_send,
	.close = ring_close,
};

static const struct port_ops tun_ring_ops = {
	.kind = "tun",
	.fetch = ring_fetch,
	.read = ring_read,
	.send = ring_send,
	.close = ring_close,
};

/* ---- coming and going --------------------------------------------------- */

/* A place in the table for fd, or FILES. */
static uint32_t
file_take(struct tap_ring *ring, int fd)
{
	uint32_t file = 0;

	while (file < FILES && ring->file[file] != NULL)
		file++;
	return file < FILES && uring_file(&ring->u, file, fd) == 0 ? file :
	    FILES;
}

struct port *
tap_ring_port_new(struct tap_ring *ring, struct stack *stk, const char *name,
    int fd, bool l2, struct mac mac, uint32_t mtu, uint32_t offload)
{
	uint32_t file = ring == NULL ? FILES : file_take(ring, fd);
	struct ring_port *rp;

	if (file == FILES)
		return tap_port_new(&stk->mem, name, fd, l2, mac, mtu,
		    offload);
	rp = mem_alloc(&stk->mem, sizeof(*rp));
	if (rp == NULL) {
		uring_file(&ring->u, file, -1);
		return NULL;
	}
	tap_port_init(&rp->tap, l2 ? &tap_ring_ops : &tun_ring_ops, name, fd,
	    l2, mac, mtu, offload);
	rp->ring = ring;
	rp->file = file;
	ring->file[file] = rp;
	ring->stk = stk;
	return &rp->tap.port;
}

struct tap_ring *
tap_ring_new(int *r)
{
	struct tap_ring *ring = calloc(1, sizeof(*ring));

	*r = -ENOMEM;
	if (ring == NULL)
		return NULL;
	ring->mem = mmap(NULL, MEM_LEN, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring->mem != MAP_FAILED) {
		*r = uring_open(&ring->u, READS + WRITES, ring->mem, MEM_LEN,
		    FILES);
		if (*r == 0)
			return ring;
		munmap(ring->mem, MEM_LEN);
	}
	free(ring);
	return NULL;
}

void
tap_ring_free(struct tap_ring *ring)
{
	uring_close(&ring->u);
	munmap(ring->mem, MEM_LEN);
	free(ring);
}
