/*
 * file.h - reading a file whole, and writing one so that it is there whole or
 * not at all.
 */
#ifndef HOPD_HOPCTL_FILE_H
#define HOPD_HOPCTL_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

/* The text ("-": standard input), malloc'd; NULL and err if it cannot be read
 * or has a NUL in it. */
char *file_read(const char *path, struct err *err);

/* Writes to PATH.tmp; file_end() renames it to PATH, or removes it if keep is
 * false.  0 or -Exxx and err. */
struct file_writer {
	FILE *out;
	const char *path;
	char tmp[4096];
};
int file_begin(struct file_writer *w, const char *path, struct err *err);
int file_end(struct file_writer *w, bool keep, struct err *err);

#endif
