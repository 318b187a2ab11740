/*
 * uring.c - io_uring by its three system calls.
 *
 * No operation ever waits: each carries RWF_NOWAIT, so the kernel does it
 * while it is submitted or refuses it with EAGAIN, and no thread, poll or
 * task work of io_uring comes into it.  The call waits for as many results as
 * there are operations all the same; so memory is free again when it returns,
 * whatever a kernel does inside.
 *
 * Does not know what is read and written.  Linux 6.0 or later.
 */
#include "hopd/uring.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/io_uring.h>

/* Linux 5.19 and 6.0 brought them; older headers do not have the names. */
#ifndef IORING_SETUP_COOP_TASKRUN
#define IORING_SETUP_COOP_TASKRUN	(1U << 8)
#endif
#ifndef IORING_SETUP_SINGLE_ISSUER
#define IORING_SETUP_SINGLE_ISSUER	(1U << 12)
#endif
#ifndef IORING_SETUP_SUBMIT_ALL
#define IORING_SETUP_SUBMIT_ALL		(1U << 7)
#endif

static int
ring_register(const struct uring *u, unsigned what, const void *arg,
    unsigned n)
{
	return syscall(SYS_io_uring_register, u->fd, what, arg, n) == -1 ?
	    -errno : 0;
}

static int
rings_map(struct uring *u, const struct io_uring_params *p)
{
	uint32_t *array;
	uint8_t *m;

	u->rings_len = p->cq_off.cqes +
	    p->cq_entries * sizeof(struct io_uring_cqe);
	if (u->rings_len < p->sq_off.array + p->sq_entries * sizeof(*array))
		u->rings_len = p->sq_off.array +
		    p->sq_entries * sizeof(*array);
	/* Both queues are in one mapping (IORING_FEAT_SINGLE_MMAP). */
	m = mmap(NULL, u->rings_len, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_POPULATE, u->fd, IORING_OFF_SQ_RING);
	if (m == MAP_FAILED)
		return -errno;
	u->rings = m;
	u->sqe = mmap(NULL, p->sq_entries * sizeof(struct io_uring_sqe),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, u->fd,
	    IORING_OFF_SQES);
	if (u->sqe == MAP_FAILED) {
		u->sqe = NULL;
		return -errno;
	}
	u->sq_tail = (uint32_t *)(m + p->sq_off.tail);
	u->sq_mask = p->sq_entries - 1;
	u->cq_head = (uint32_t *)(m + p->cq_off.head);
	u->cq_tail = (uint32_t *)(m + p->cq_off.tail);
	u->cq_mask = p->cq_entries - 1;
	u->cqe = (struct io_uring_cqe *)(m + p->cq_off.cqes);
	/* Entries are used in their order. */
	array = (uint32_t *)(m + p->sq_off.array);
	for (uint32_t i = 0; i < p->sq_entries; i++)
		array[i] = i;
	return 0;
}

/* From here on nothing else can be asked of it. */
static int
ring_lock(const struct uring *u)
{
	struct io_uring_restriction may[] = {
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		    .sqe_op = IORING_OP_READ_FIXED },
		{ .opcode = IORING_RESTRICTION_SQE_OP,
		    .sqe_op = IORING_OP_WRITE_FIXED },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_ALLOWED,
		    .sqe_flags = IOSQE_FIXED_FILE },
		{ .opcode = IORING_RESTRICTION_SQE_FLAGS_REQUIRED,
		    .sqe_flags = IOSQE_FIXED_FILE },
		{ .opcode = IORING_RESTRICTION_REGISTER_OP,
		    .register_op = IORING_REGISTER_FILES_UPDATE },
	};
	int r = ring_register(u, IORING_REGISTER_RESTRICTIONS, may,
	    sizeof(may) / sizeof(may[0]));

	return r != 0 ? r : ring_register(u, IORING_REGISTER_ENABLE_RINGS,
	    NULL, 0);
}

static int
ring_prepare(struct uring *u, void *mem, size_t len, uint32_t files)
{
	struct iovec iov = { mem, len };
	int *none;
	int r;

	if ((r = ring_register(u, IORING_REGISTER_BUFFERS, &iov, 1)) != 0)
		return r;
	none = malloc(files * sizeof(*none));
	if (none == NULL)
		return -ENOMEM;
	memset(none, 0xff, files * sizeof(*none));
	r = ring_register(u, IORING_REGISTER_FILES, none, files);
	free(none);
	return r != 0 ? r : ring_lock(u);
}

int
uring_open(struct uring *u, uint32_t entries, void *mem, size_t len,
    uint32_t files)
{
	struct io_uring_params p = { .flags = IORING_SETUP_R_DISABLED |
	    IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_COOP_TASKRUN |
	    IORING_SETUP_SUBMIT_ALL };
	int r;

	*u = (struct uring){ .entries = entries };
	u->fd = (int)syscall(SYS_io_uring_setup, entries, &p);
	if (u->fd == -1)
		return -errno;
	r = rings_map(u, &p);
	if (r == 0)
		r = ring_prepare(u, mem, len, files);
	if (r != 0)
		uring_close(u);
	return r;
}

void
uring_close(struct uring *u)
{
	if (u->sqe != NULL)
		munmap(u->sqe, (u->sq_mask + 1) * sizeof(*u->sqe));
	if (u->rings != NULL)
		munmap(u->rings, u->rings_len);
	close(u->fd);
}

int
uring_file(struct uring *u, uint32_t file, int fd)
{
	struct io_uring_files_update update = { .offset = file,
	    .fds = (uintptr_t)&fd };

	return ring_register(u, IORING_REGISTER_FILES_UPDATE, &update, 1);
}

static void
queue(struct uring *u, uint8_t opcode, uint32_t file, const void *p,
    uint32_t len, uint32_t tag)
{
	struct io_uring_sqe *s = &u->sqe[u->tail & u->sq_mask];

	assert(u->queued < u->entries);
	memset(s, 0, sizeof(*s));
	s->opcode = opcode;
	s->flags = IOSQE_FIXED_FILE;
	s->fd = (int32_t)file;
	s->addr = (uintptr_t)p;
	s->len = len;
	s->rw_flags = RWF_NOWAIT;
	s->user_data = tag;
	u->tail++;
	u->queued++;
}

void
uring_read(struct uring *u, uint32_t file, void *p, uint32_t len, uint32_t tag)
{
	queue(u, IORING_OP_READ_FIXED, file, p, len, tag);
}

void
uring_write(struct uring *u, uint32_t file, const void *p, uint32_t len,
    uint32_t tag)
{
	queue(u, IORING_OP_WRITE_FIXED, file, p, len, tag);
}

static uint32_t
results(const struct uring *u)
{
	return __atomic_load_n(u->cq_tail, __ATOMIC_ACQUIRE) - u->head;
}

void
uring_submit(struct uring *u)
{
	uint32_t taken = 0;
	long r;

	__atomic_store_n(u->sq_tail, u->tail, __ATOMIC_RELEASE);
	do {
		r = syscall(SYS_io_uring_enter, u->fd, u->queued, u->queued,
		    IORING_ENTER_GETEVENTS, NULL, 0);
	} while (r == -1 && errno == EINTR);
	if (r > 0)
		taken = (uint32_t)r;
	/* Takes back what was refused. */
	u->tail -= u->queued - taken;
	u->queued = 0;
	__atomic_store_n(u->sq_tail, u->tail, __ATOMIC_RELEASE);
	while (results(u) < taken &&
	    (syscall(SYS_io_uring_enter, u->fd, 0, taken,
	    IORING_ENTER_GETEVENTS, NULL, 0) != -1 || errno == EINTR))
		;
}

bool
uring_result(struct uring *u, uint32_t *tag, int32_t *result)
{
	const struct io_uring_cqe *c = &u->cqe[u->head & u->cq_mask];

	if (results(u) == 0)
		return false;
	*tag = (uint32_t)c->user_data;
	*result = c->res;
	u->head++;
	__atomic_store_n(u->cq_head, u->head, __ATOMIC_RELEASE);
	return true;
}
