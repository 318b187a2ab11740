/*
 * client.h - the control socket from hopctl's side: one request, its replies.
 */
#ifndef HOPD_HOPCTL_CLIENT_H
#define HOPD_HOPCTL_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

/* Exit codes (ctl.h), and what hopctl finds out by itself. */
#define EXIT_DONE	0
#define EXIT_REFUSED	1
#define EXIT_USAGE	2
#define EXIT_NO_DAEMON	3

/* Connects: a descriptor, or -Exxx and err. */
int client_connect(const char *path, struct err *err);

/* All of it, or -Exxx; who is gone raises no signal. */
int client_send(int fd, const char *p, size_t len);

/* Sends the request (taken over), with text behind it unless that is NULL,
 * which the request then counts as "input_bytes" (ctl.h), and hands each reply
 * to fn until the one with the status, which is its last, or until fn returns
 * false, which is EXIT_DONE.  Returns the status, or EXIT_NO_DAEMON and err if
 * the connection ends before. */
int client_ask(int fd, json_t *request, const char *text,
    bool (*fn)(void *arg, json_t *reply), void *arg, struct err *err);

#endif
