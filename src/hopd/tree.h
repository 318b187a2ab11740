/*
 * tree.h - the one directory tree whose files the HTTP server may read.
 *
 * The keeper opens the directory that hopd -r names; the worker makes it its
 * root directory when it may (jail.h) and opens files below it, which the
 * kernel keeps it inside of (openat2, RESOLVE_BENEATH), with the rights of its
 * own user.
 */
#ifndef HOPD_HOPD_TREE_H
#define HOPD_HOPD_TREE_H

#include "service/files.h"

/* *dir_fd, an O_PATH descriptor or -1, stays the caller's and where it is. */
struct files tree_files(const int *dir_fd);

#endif
