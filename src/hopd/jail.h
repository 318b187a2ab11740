/*
 * jail.h - what the worker gives up before it sees the first packet.
 */
#ifndef HOPD_HOPD_JAIL_H
#define HOPD_HOPD_JAIL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Every capability, now and for ever; becomes uid:gid unless they are
 * KEEPER_ID_NONE; dies with the keeper.  0 or -Exxx. */
int jail_drop(uint32_t uid, uint32_t gid, pid_t keeper, struct err *err);
/* Every system call that the worker does not need.  0 or -Exxx. */
int jail_seal(struct err *err);

#endif
