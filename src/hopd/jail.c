/*
 * jail.c - what the worker gives up before it sees the first packet.
 *
 * Then it can read and write the descriptors that it has, ask the keeper, and
 * nothing else: open no file but in the directory of -r, make no socket but
 * accept control clients, map no code, start no program.
 *
 * A call that is not on the list fails with EPERM instead of killing the
 * worker: a C library that tries something new in a corner then costs that
 * corner, not the network.
 */
#include "hopd/jail.h"

#include <errno.h>
#include <grp.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include "hopd/keeper_msg.h"

/* Ours, then those of libevent, malloc, abort() and exit(). */
static const int calls[] = {
	SCMP_SYS(accept4), SCMP_SYS(clock_gettime), SCMP_SYS(close),
	SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(fcntl), SCMP_SYS(fstat),
	SCMP_SYS(getrandom), SCMP_SYS(getsockopt), SCMP_SYS(lseek),
	SCMP_SYS(memfd_create), SCMP_SYS(newfstatat), SCMP_SYS(poll),
	SCMP_SYS(ppoll), SCMP_SYS(pread64), SCMP_SYS(read), SCMP_SYS(readv),
	SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(write), SCMP_SYS(writev),

	SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_wait),
	SCMP_SYS(gettimeofday),

	SCMP_SYS(brk), SCMP_SYS(madvise), SCMP_SYS(mremap), SCMP_SYS(munmap),

	SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(futex),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(restart_syscall),
	SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sched_yield), SCMP_SYS(sigaltstack),
	SCMP_SYS(tgkill),
};

int
jail_root(int dir_fd, struct err *err)
{
	if (fchdir(dir_fd) == 0 && (chroot(".") == 0 || errno == EPERM))
		return 0;
	return err_set(err, -errno, "directory of -r: %s", strerror(errno));
}

/* The ring that is there, and is locked (hopd/uring.h), no other one. */
static int
ring_allow(scmp_filter_ctx ctx)
{
	int r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
	    SCMP_SYS(io_uring_enter), 0);

	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW,
		    SCMP_SYS(io_uring_register), 1, SCMP_A1(SCMP_CMP_EQ,
		    IORING_REGISTER_FILES_UPDATE, 0));
	return r;
}

int
jail_seal(bool files, bool ring, struct err *err)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int r = ctx == NULL ? -ENOMEM : 0;

	for (size_t i = 0; r == 0 && i < sizeof(calls) / sizeof(calls[0]); i++)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
	/* Memory, but never code. */
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
		    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
		    1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0 && files)
		r = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, SCMP_SYS(openat2),
		    0);
	if (r == 0 && ring)
		r = ring_allow(ctx);
	if (r == 0)
		r = seccomp_load(ctx);
	if (ctx != NULL)
		seccomp_release(ctx);
	if (r != 0)
		return err_set(err, r, "seccomp: %s", strerror(-r));
	return 0;
}

/* No user to become: the capabilities alone go. */
static int
user_become(uint32_t uid, uint32_t gid)
{
	if (uid == KEEPER_ID_NONE)
		return 0;
	if (setgroups(0, NULL) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return -errno;
	return 0;
}

/* What exec could give back; needs CAP_SETPCAP, which only root has. */
static int
bounding_drop(void)
{
	for (cap_value_t cap = 0; cap_get_bound(cap) >= 0; cap++) {
		if (cap_drop_bound(cap) == -1)
			return errno == EPERM && geteuid() != 0 ? 0 : -errno;
	}
	return 0;
}

static int
caps_drop(void)
{
	cap_t none = cap_init();
	int r = 0;

	if (none == NULL)
		return -ENOMEM;
	if (cap_reset_ambient() == -1 || cap_set_proc(none) == -1)
		r = -errno;
	cap_free(none);
	return r;
}

int
jail_drop(uint32_t uid, uint32_t gid, pid_t keeper, struct err *err)
{
	int r;

	if ((r = bounding_drop()) != 0)
		return err_set(err, r, "bounding set: %s", strerror(-r));
	if ((r = user_become(uid, gid)) != 0)
		return err_set(err, r, "cannot become user %u: %s", uid,
		    strerror(-r));
	if ((r = caps_drop()) != 0)
		return err_set(err, r, "capabilities: %s", strerror(-r));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_set(err, -errno, "no_new_privs: %s",
		    strerror(errno));
	/* After the change of user, which clears it. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return err_set(err, -errno, "parent death signal: %s",
		    strerror(errno));
	if (getppid() != keeper)
		return err_set(err, -ESRCH, "the keeper is gone");
	return 0;
}
