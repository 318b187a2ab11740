/*
 * ctl.h - requests in, replies out: the control language against one stack.
 *
 * Pure: no socket, no clock, no file.  src/hopd feeds it lines from the control
 * socket and from the configuration; tests and fuzzers feed it directly.
 *
 * A request is one JSON line:   {"id":1,"command":["route","add",...]}
 * with "text":true if show shall answer in the words of the language where it
 * can, and "input":"..." for the text of the file that a command names.  A long
 * text goes quicker as "input_bytes":N, and then follows the line, N bytes as
 * they are: UTF-8 without a NUL.
 * Its replies are JSON lines:   {"id":1,"data":...}     zero or more
 *                               {"id":1,"text":"..."}   zero or more
 *                               {"id":1,"status":0}     last
 * tcp connect is a stream both ways, in base64 (RFC 4648 4): while it lasts,
 *	{"id":1,"stream":"..."}		bytes for the peer
 *	{"id":1,"end":true}		no more of them
 *	{"id":1,"taken":N}		N bytes more have been dealt with
 * come in with the id of its request, and data with "stream" and "taken" go
 * out.  Neither side sends more than CTL_STREAM_WINDOW bytes that the other has
 * not taken.
 * status is hopctl's exit code: 0 done, 1 refused, 2 usage; if it is not 0
 * there is "error", one line that quotes the offending word, for usage errors
 * "word", the index of that word in the command, and for a file with several
 * errors "errors", all of them.  A refusal has "code", such as "EEXIST".
 */
#ifndef HOPD_CTL_CTL_H
#define HOPD_CTL_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/err.h"

struct stack;
struct ctl;
struct ctl_session;

/* Where hopd listens and hopctl asks: HOPD_SOCKET or -S say otherwise. */
#define CTL_SOCKET_DEFAULT "/run/hopd/hopd.sock"

#define CTL_STREAM_WINDOW 65536u

struct port_spec {
	char name[16];
	char netns[64];		/* "": where hopd runs */
	bool l2;		/* TAP, else TUN */
	bool has_mac;
	struct mac mac;		/* hopd's end; else chosen */
	uint32_t mtu;		/* 0: 1500 */
};

/* What only the process around the stack can do. */
struct ctl_host {
	void *arg;
	/* Opens the device (by the keeper, which answers at once) and
	 * port_add()s it. */
	int (*port_open)(void *arg, const struct port_spec *spec,
	    struct err *err);
	/* port_del()s it and lets the keeper close the device.  NULL: there
	 * is no device. */
	int (*port_close)(void *arg, const char *name, struct err *err);
	/* Namespace of a port, "" for hopd's own.  NULL: all are there. */
	const char *(*port_netns)(void *arg, const char *name);
	/* A command changed the configuration: its words, joined.  For the
	 * journal from which a restarted worker builds itself. */
	void (*accepted)(void *arg, const char *line);
	/* All of the configuration may be another: ctl_config_show(). */
	void (*snapshot)(void *arg);
	/* Reads a file for config check|plan|apply: malloc'd text or NULL. */
	char *(*read_file)(void *arg, const char *path, struct err *err);
	int (*write_file)(void *arg, const char *path, const char *text,
	    struct err *err);
	/* Gives the device of a port this MTU.  NULL: devices have none. */
	int (*port_mtu)(void *arg, const char *name, uint32_t mtu,
	    struct err *err);
};

/* *host is copied, the stack outlives it.  NULL: no memory.  _free() closes the
 * sessions that are left; ctl may be NULL. */
struct ctl *ctl_new(struct stack *stk, const struct ctl_host *host);
void ctl_free(struct ctl *ctl);

/* One client.  emit gets each reply line (without newline, but a NUL behind its
 * len bytes) as it arises, possibly long after ctl_input() (ping). */
struct ctl_session *ctl_open(struct ctl *ctl,
    void (*emit)(void *arg, const char *line, size_t len), void *arg);
void ctl_close(struct ctl_session *s);
/* One request line, without newline.  Anything is survived.  Returns how many
 * bytes of text follow the line, which ctl_input_text() gets next; mostly 0. */
size_t ctl_input(struct ctl_session *s, const char *line, size_t len);
/* That text, and a NUL behind it. */
void ctl_input_text(struct ctl_session *s, const char *text, size_t len);
/* Goes on with a listing that was too long for one turn, by a piece that is
 * bounded: packets do not wait for the whole.  True if more is to come. */
bool ctl_turn(struct ctl_session *s);
/* Will it answer a request later? */
bool ctl_is_busy(const struct ctl_session *s);

/* Applies a whole configuration text as the target state, all or nothing.
 * name is for messages ("FILE:LINE: ...").  0, or -EINVAL with every error as
 * one line each in *errors (malloc'd; the caller frees). */
int ctl_config_apply(struct ctl *ctl, const char *name, const char *text,
    char **errors);
/* The same on a stack of its own, without devices and files. */
int ctl_config_check(const char *name, const char *text, char **errors);
/* The running configuration as a file; malloc'd. */
char *ctl_config_show(struct ctl *ctl);

#endif
