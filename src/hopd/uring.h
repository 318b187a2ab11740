/*
 * uring.h - the little of io_uring that hopd needs: reads and writes of
 * registered descriptors by registered memory, in batches, that are over when
 * the submitting call returns.
 *
 * Once made, a ring is locked for ever: it takes IORING_OP_READ_FIXED and
 * IORING_OP_WRITE_FIXED on its own table of descriptors and lets that table be
 * changed.  So what it can do behind a seccomp filter, which does not see into
 * a ring, is what read() and write() can do.
 *
 * Reading: io_uring(7), io_uring_enter(2), io_uring_register(2).
 */
#ifndef HOPD_HOPD_URING_H
#define HOPD_HOPD_URING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct io_uring_cqe;
struct io_uring_sqe;

struct uring {
	int fd;
	uint32_t entries;	/* most operations of one submission */
	uint32_t queued;	/* not yet submitted */
	uint32_t tail;		/* of the submission queue */
	uint32_t head;		/* of the completion queue */
	uint32_t sq_mask, cq_mask;
	uint32_t *sq_tail, *cq_head, *cq_tail;	/* seen by the kernel */
	struct io_uring_sqe *sqe;
	struct io_uring_cqe *cqe;
	void *rings;		/* mapped */
	size_t rings_len;
};

/* Makes a ring of `entries` (a power of two) for the len bytes at mem, which
 * are pinned, and for a table of `files` descriptors, none of them set.
 * 0 or -Exxx: the kernel is too old (-EINVAL, -ENOSYS), or somebody forbids
 * it (-EPERM), or memory cannot be pinned (-ENOMEM). */
int uring_open(struct uring *u, uint32_t entries, void *mem, size_t len,
    uint32_t files);
void uring_close(struct uring *u);

/* Puts fd (-1: nothing) at a place of the table.  0 or -Exxx. */
int uring_file(struct uring *u, uint32_t file, int fd);

/* Queue one operation on the registered memory at p; tag comes back with its
 * result.  Only while u->queued < u->entries. */
void uring_read(struct uring *u, uint32_t file, void *p, uint32_t len,
    uint32_t tag);
void uring_write(struct uring *u, uint32_t file, const void *p, uint32_t len,
    uint32_t tag);

/* Submits what is queued and returns when it is over; nothing is queued then.
 * The results wait for uring_result().  What the kernel did not take, for want
 * of memory, has none and did not happen: it is the last ones. */
void uring_submit(struct uring *u);
/* The next result: what read() or write() would have returned, or -Exxx.
 * False: there are no more. */
bool uring_result(struct uring *u, uint32_t *tag, int32_t *result);

#endif
