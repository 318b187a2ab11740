/*
 * listen.c - binds the control socket, exactly once per path.
 *
 * Whether a socket is stale can only be asked, so ask, unlink, bind and
 * listen happen under a lock on the directory: of two hopd that start at the
 * same moment one gets the path, the other the answer of the first.
 */
#include "hopd/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define LISTEN_BACKLOG	64

/* Opens the directory of path, making the last component if need be (/run
 * is empty after a boot), and locks it. */
static int
dir_lock(const char *path, struct err *err)
{
	char buf[PATH_MAX];
	const char *dir;
	int fd;

	snprintf(buf, sizeof(buf), "%s", path);
	dir = dirname(buf);
	if (mkdir(dir, 0755) == -1 && errno != EEXIST)
		return err_set(err, -errno, "%s: %s", dir, strerror(errno));
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1 || flock(fd, LOCK_EX) == -1) {
		int r = err_set(err, -errno, "%s: %s", dir, strerror(errno));

		if (fd != -1)
			close(fd);
		return r;
	}
	return fd;
}

/* The path is taken: by something that lives?  0: it was stale and is gone. */
static int
stale_remove(const struct sockaddr_un *sun, struct err *err)
{
	struct stat st;
	int probe, r;

	if (lstat(sun->sun_path, &st) == 0 && !S_ISSOCK(st.st_mode))
		return err_set(err, -EADDRINUSE,
		    "%s: exists and is not a socket", sun->sun_path);
	probe = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (probe == -1)
		return err_set(err, -errno, "socket: %s", strerror(errno));
	r = connect(probe, (const struct sockaddr *)sun, sizeof(*sun));
	if (r == -1 && (errno == ECONNREFUSED || errno == ENOENT))
		r = 0;
	else if (r == 0 || errno == EAGAIN)
		r = err_set(err, -EADDRINUSE, "%s: a hopd answers there "
		    "already", sun->sun_path);
	else
		r = err_set(err, -errno, "%s: %s", sun->sun_path,
		    strerror(errno));
	close(probe);
	if (r == 0 && unlink(sun->sun_path) == -1 && errno != ENOENT)
		r = err_set(err, -errno, "%s: cannot remove the stale socket: "
		    "%s", sun->sun_path, strerror(errno));
	return r;
}

/* Mode and group from the first moment: nobody slips in before a chmod. */
static int
bind_private(int fd, const struct sockaddr_un *sun)
{
	mode_t mask = umask(0117);
	int r = bind(fd, (const struct sockaddr *)sun, sizeof(*sun));
	int e = errno;

	umask(mask);
	return r == -1 ? -e : 0;
}

static int
bind_path(int fd, const struct sockaddr_un *sun, struct err *err)
{
	int r = bind_private(fd, sun);

	if (r == -EADDRINUSE) {
		if ((r = stale_remove(sun, err)) != 0)
			return r;
		r = bind_private(fd, sun);
	}
	if (r != 0)
		return err_set(err, r, "%s: %s", sun->sun_path, strerror(-r));
	return 0;
}

/* Bound: the group, the queue, and whose it is. */
static int
socket_finish(int fd, struct listen_at *at, struct err *err)
{
	const struct group *gr = getgrnam(CONTROL_GROUP);

	/* Not root: the socket stays with our own group. */
	if (gr != NULL && chown(at->path, (uid_t)-1, gr->gr_gid) == -1 &&
	    errno != EPERM)
		return err_set(err, -errno, "%s: chown: %s", at->path,
		    strerror(errno));
	if (listen(fd, LISTEN_BACKLOG) == -1)
		return err_set(err, -errno, "%s: listen: %s", at->path,
		    strerror(errno));
	at->fd = open(at->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (at->fd == -1)
		return err_set(err, -errno, "%s: %s", at->path,
		    strerror(errno));
	return 0;
}

int
listen_open(const char *path, struct listen_at *at, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int dir, fd, r;

	at->path = path;
	if (path[0] == '\0' || strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, -ENAMETOOLONG,
		    "'%s': a socket's path has 1 to %zu bytes", path,
		    sizeof(sun.sun_path) - 1);
	memcpy(sun.sun_path, path, strlen(path));
	if ((dir = dir_lock(path, err)) < 0)
		return dir;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		r = err_set(err, -errno, "socket: %s", strerror(errno));
	} else if ((r = bind_path(fd, &sun, err)) == 0 &&
	    (r = socket_finish(fd, at, err)) != 0) {
		unlink(path);
	}
	if (r != 0 && fd != -1)
		close(fd);
	close(dir);
	return r != 0 ? r : fd;
}

void
listen_remove(struct listen_at *at)
{
	struct stat here, ours;

	if (lstat(at->path, &here) == 0 && fstat(at->fd, &ours) == 0 &&
	    here.st_dev == ours.st_dev && here.st_ino == ours.st_ino)
		unlink(at->path);
	close(at->fd);
	at->fd = -1;
}
