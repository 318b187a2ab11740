/*
 * file.h - reading a file whole, and writing one so that it is there whole or
 * not at all; and whether what was printed got out.
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

/* The last word of a tool: status, or 1 and a line on standard error if not
 * all of its standard output could be written. */
int stdout_end(const char *tool, int status);

#endif
