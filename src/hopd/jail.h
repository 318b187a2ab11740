/*
 * jail.h - what the worker gives up before it sees the first packet.
 */
#ifndef HOPD_HOPD_JAIL_H
#define HOPD_HOPD_JAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Every capability, now and for ever; becomes uid:gid unless they are
 * KEEPER_ID_NONE; dies with the keeper.  0 or -Exxx. */
int jail_drop(uint32_t uid, uint32_t gid, pid_t keeper, struct err *err);
/* No file is to be seen outside of the directory dir_fd (O_PATH); before
 * jail_drop().  Who has not the privilege keeps its view: then only openat2()
 * confines what tree.c opens.  0 or -Exxx. */
int jail_root(int dir_fd, struct err *err);
/* Every system call that the worker does not need; files: it opens some; ring:
 * it has a tap_ring.  0 or -Exxx. */
int jail_seal(bool files, bool ring, struct err *err);

#endif
