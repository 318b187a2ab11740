/*
 * tree.c - files below one directory, for reading.
 *
 * Only regular files: O_NONBLOCK keeps a FIFO from holding the worker up
 * before that is known.  Symbolic links work as long as they stay inside.  A
 * read may wait for a disk, and with it the whole worker: a tree belongs on a
 * disk of this machine, not on a network's.
 */
#include "hopd/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int
tree_open(void *arg, const char *path, struct file_info *info)
{
	const int *dir_fd = arg;
	struct open_how how = {
		.flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
	struct stat st;
	long fd = syscall(SYS_openat2, *dir_fd, path[0] != '\0' ? path : ".",
	    &how, sizeof(how));
	int r = 0;

	if (fd == -1)
		return -errno;
	if (fstat((int)fd, &st) == -1)
		r = -errno;
	else if (S_ISDIR(st.st_mode))
		r = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		r = -EACCES;
	if (r != 0) {
		close((int)fd);
		return r;
	}
	info->size = (uint64_t)st.st_size;
	info->mtime = st.st_mtim.tv_sec;
	return (int)fd;
}

static int32_t
tree_read(void *arg, int file, uint64_t off, void *buf, uint32_t len)
{
	ssize_t n = pread(file, buf, len, (off_t)off);

	(void)arg;
	return n == -1 ? -errno : (int32_t)n;
}

static void
tree_close(void *arg, int file)
{
	(void)arg;
	close(file);
}

struct files
tree_files(const int *dir_fd)
{
	if (*dir_fd == -1)
		return (struct files){ 0 };
	return (struct files){ .arg = (void *)(uintptr_t)dir_fd,
	    .open = tree_open, .read = tree_read, .close = tree_close };
}
