/*
 * listen.h - the control socket's place in the file system.
 */
#ifndef HOPD_HOPD_LISTEN_H
#define HOPD_HOPD_LISTEN_H

#include <sys/types.h>

#include "base/err.h"

#define CONTROL_GROUP	"hopd"	/* may use the socket, if it exists */

/* Which file is ours, so that we never remove another hopd's. */
struct listen_at {
	const char *path;
	dev_t dev;
	ino_t ino;
};

/* Binds a listening, non-blocking socket at path: mode 0660, group
 * CONTROL_GROUP.  A stale socket is replaced; if a live hopd answers, or
 * something else is there, -EADDRINUSE.  Returns the descriptor or -Exxx. */
int listen_open(const char *path, struct listen_at *at, struct err *err);
/* Unlinks the socket if it is still the one that we made. */
void listen_remove(const struct listen_at *at);

#endif
