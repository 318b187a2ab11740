/*
 * without.c - runs a program in a world without a system call, as containers
 * and hardened kernels make one.
 *
 *     without CALL PROGRAM [ARGUMENT...]
 *
 * The call fails with EPERM.
 */
#include <err.h>
#include <errno.h>
#include <seccomp.h>
#include <stdlib.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int call;

	if (argc < 3)
		errx(2, "usage: without CALL PROGRAM [ARGUMENT...]");
	call = seccomp_syscall_resolve_name(argv[1]);
	if (ctx == NULL || call == __NR_SCMP_ERROR ||
	    seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), call, 0) != 0 ||
	    seccomp_load(ctx) != 0)
		errx(1, "cannot forbid '%s'", argv[1]);
	seccomp_release(ctx);
	execvp(argv[2], argv + 2);
	err(1, "%s", argv[2]);
}
