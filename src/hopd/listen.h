/*
 * listen.h - the control socket's place in the file system.
 */
#ifndef HOPD_HOPD_LISTEN_H
#define HOPD_HOPD_LISTEN_H

#include "base/err.h"

#define CONTROL_GROUP	"hopd"	/* may use the socket, if it exists */

/* Which file is ours, so that we never remove another hopd's.  As long as it
 * is open nobody else's gets its number. */
struct listen_at {
	const char *path;
	int fd;			/* O_PATH */
};

/* Binds a listening, non-blocking socket at path: mode 0660, group
 * CONTROL_GROUP.  A stale socket is replaced; if a live hopd answers, or
 * something else is there, -EADDRINUSE.  Returns the descriptor or -Exxx. */
int listen_open(const char *path, struct listen_at *at, struct err *err);
/* Unlinks the socket if it is still the one that we made. */
void listen_remove(struct listen_at *at);

#endif
