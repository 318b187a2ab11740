/*
 * files.h - read-only files, given to the stack from outside.
 *
 * The stack itself opens nothing: whoever makes it says in struct env how a
 * file is had, or leaves that out.  src/hopd has one directory tree, which the
 * kernel keeps it inside of; tests have files made of nothing.
 */
#ifndef HOPD_SERVICE_FILES_H
#define HOPD_SERVICE_FILES_H

#include <stdbool.h>
#include <stdint.h>

struct file_info {
	uint64_t size;
	int64_t mtime;		/* Unix time, seconds */
};

/* None of these may wait for anything but a disk. */
struct files {
	void *arg;
	/* A regular file below the tree's root; path has no leading slash, no
	 * "." and no "..".  A handle >= 0, or -ENOENT, -EISDIR, -EACCES,
	 * -EMFILE...  NULL: there are no files. */
	int (*open)(void *arg, const char *path, struct file_info *info);
	/* Bytes from off on: how many, 0 behind the end, or -Exxx. */
	int32_t (*read)(void *arg, int file, uint64_t off, void *buf,
	    uint32_t len);
	void (*close)(void *arg, int file);
};

#endif
