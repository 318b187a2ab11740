/*
 * connect.h - tcp connect: standard input and output as the two ends of a
 * stream through hopd.
 */
#ifndef HOPD_HOPCTL_CONNECT_H
#define HOPD_HOPCTL_CONNECT_H

#include <jansson.h>

/* Sends the request (taken over) on fd and carries bytes until hopd says that
 * it is over: an exit code.  What went wrong is printed. */
int connect_run(int fd, json_t *request);

#endif
