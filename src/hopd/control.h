/*
 * control.h - clients on the control socket: lines in, lines out.
 */
#ifndef HOPD_HOPD_CONTROL_H
#define HOPD_HOPD_CONTROL_H

#include <stdbool.h>

#define CONTROL_CLIENTS_MAX	64	/* at once; more wait in the backlog */
/* Bytes of one request, and of the text that follows it: a configuration with
 * two million routes and then some. */
#define CONTROL_LINE_MAX	(256u << 20)
#define CONTROL_LINES_TURN	16	/* requests of one client in one turn */
/* Unread replies: at the first no more requests of the client are taken, at
 * the second it is cut off.  Two million routes fit in between. */
#define CONTROL_OUT_HIGH	(256u << 10)
#define CONTROL_OUT_MAX		(512u << 20)

struct control;
struct ctl;
struct loop;

/* listen_fd stays the caller's.  NULL: no memory. */
struct control *control_new(struct loop *loop, struct ctl *ctl, int listen_fd);
void control_free(struct control *control);

/* Handles what came in since; true if some of it is left for the next turn. */
bool control_turn(struct control *control);

#endif
