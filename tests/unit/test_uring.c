/*
 * test_uring.c - a ring takes reads and writes of its own descriptors and
 * nothing else, in the jail and out of it, and may be forbidden.
 *
 * Where the kernel has no io_uring for us only the last test says anything.
 */
#include "unit/unit.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "hopd/jail.h"
#include "hopd/tap_ring.h"
#include "hopd/uring.h"

static struct uring ring;
static uint8_t page[4096] __attribute__((aligned(4096)));

static bool
ring_open(void)
{
	return uring_open(&ring, 8, page, sizeof(page), 2) == 0;
}

/* The result of one raw operation. */
static int32_t
result_of(uint8_t opcode, uint8_t flags, int32_t fd)
{
	uint32_t tag;
	int32_t r;

	uring_write(&ring, 0, page, 1, 7);
	ring.sqe[(ring.tail - 1) & ring.sq_mask].opcode = opcode;
	ring.sqe[(ring.tail - 1) & ring.sq_mask].flags = flags;
	ring.sqe[(ring.tail - 1) & ring.sq_mask].fd = fd;
	uring_submit(&ring);
	ck_assert(uring_result(&ring, &tag, &r));
	ck_assert_uint_eq(tag, 7);
	ck_assert(!uring_result(&ring, &tag, &r));
	return r;
}

START_TEST(ring_takes_nothing_else)
{
	struct iovec iov = { page, sizeof(page) };
	int fd[2];

	if (!ring_open())
		return;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd), 0);
	ck_assert_int_eq(result_of(IORING_OP_WRITE_FIXED, IOSQE_FIXED_FILE,
	    0), -EBADF);
	ck_assert_int_eq(uring_file(&ring, 0, fd[0]), 0);
	ck_assert_int_eq(result_of(IORING_OP_WRITE_FIXED, IOSQE_FIXED_FILE,
	    0), 1);
	ck_assert_int_eq(result_of(IORING_OP_READ_FIXED, IOSQE_FIXED_FILE,
	    0), -EAGAIN);
	for (uint8_t op = 0; op < IORING_OP_LAST; op++) {
		if (op != IORING_OP_WRITE_FIXED && op != IORING_OP_READ_FIXED)
			ck_assert_int_eq(result_of(op, IOSQE_FIXED_FILE, 0),
			    -EACCES);
	}
	/* Neither a descriptor outside of the table, nor another flag. */
	ck_assert_int_eq(result_of(IORING_OP_WRITE_FIXED, 0, fd[0]), -EACCES);
	ck_assert_int_eq(result_of(IORING_OP_WRITE_FIXED, IOSQE_FIXED_FILE |
	    IOSQE_ASYNC, 0), -EACCES);
	ck_assert_int_eq(syscall(SYS_io_uring_register, ring.fd,
	    IORING_REGISTER_BUFFERS, &iov, 1), -1);
	ck_assert_int_eq(errno, EACCES);
	ck_assert_int_eq(uring_file(&ring, 2, fd[0]), -EINVAL);
	uring_close(&ring);
	close(fd[0]);
	close(fd[1]);
}
END_TEST

/* In a child; the exit status says what did not hold. */
static int
jailed(void)
{
	struct io_uring_params p = { .flags = 0 };
	struct err err = { "" };
	uint32_t tag;
	int32_t r;
	int fd[2];

	if (!ring_open())
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fd) != 0 ||
	    jail_seal(false, true, &err) != 0)
		return 1;
	if (syscall(SYS_io_uring_setup, 8, &p) != -1 || errno != EPERM)
		return 2;
	if (syscall(SYS_io_uring_register, ring.fd,
	    IORING_UNREGISTER_BUFFERS, NULL, 0) != -1 || errno != EPERM)
		return 3;
	if (uring_file(&ring, 1, fd[0]) != 0)
		return 4;
	uring_write(&ring, 1, page, 9, 1);
	uring_submit(&ring);
	if (!uring_result(&ring, &tag, &r) || r != 9)
		return 5;
	return read(fd[1], page, 100) == 9 ? 0 : 6;
}

static void
expect_child(int (*fn)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(fn());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}

START_TEST(ring_works_in_the_jail)
{
	expect_child(jailed);
}
END_TEST

static int
forbidden(void)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int r = 0;

	if (ctx == NULL || seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS),
	    SCMP_SYS(io_uring_setup), 0) != 0 || seccomp_load(ctx) != 0)
		return 1;
	if (tap_ring_new(&r) != NULL || r != -ENOSYS)
		return 2;
	return 0;
}

START_TEST(ring_may_be_forbidden)
{
	expect_child(forbidden);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("uring");
	TCase *tc = tcase_create("lock");

	tcase_add_test(tc, ring_takes_nothing_else);
	suite_add_tcase(s, tc);
	tc = tcase_create("jail");
	/* Which valgrind does not know. */
	tcase_set_tags(tc, "seccomp");
	tcase_add_test(tc, ring_works_in_the_jail);
	tcase_add_test(tc, ring_may_be_forbidden);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
