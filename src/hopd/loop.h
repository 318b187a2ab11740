/*
 * loop.h - the worker's event loop, and the only clock of the project.
 *
 * A turn: wait until a descriptor is ready or the stack's deadline has come;
 * note what is ready; stack_poll() with the time; then the turn function,
 * which does what came by the control socket and by signals, so that it sees
 * a stack whose time is the present.
 */
#ifndef HOPD_HOPD_LOOP_H
#define HOPD_HOPD_LOOP_H

#include <stdbool.h>

#include "base/instant.h"

struct loop;
struct loop_io;
struct loop_port;
struct port;
struct stack;

#define LOOP_READ	0x01u
#define LOOP_WRITE	0x02u

/* fd is ready for `what` (LOOP_*): note it, and act in the turn function. */
typedef void loop_io_fn(void *arg, unsigned what);
/* Returns true if there is more to do without waiting. */
typedef bool loop_turn_fn(void *arg);

/* CLOCK_MONOTONIC: the same origin in every process since boot. */
struct instant loop_clock(void);
/* What to add to loop_clock() for Unix time, in microseconds; read once, so a
 * later step of the system's clock is not followed. */
int64_t loop_wall_offset_us(void);

/* NULL: no memory or no descriptors. */
struct loop *loop_new(void);
void loop_free(struct loop *loop);

/* Turns until loop_stop(), TERM or INT. */
void loop_run(struct loop *loop, struct stack *stk, loop_turn_fn *turn,
    void *arg);
void loop_stop(struct loop *loop);
/* Has HUP come since the last call? */
bool loop_hup_taken(struct loop *loop);
/* Has a device been taken away since the last call? */
bool loop_loss_taken(struct loop *loop);

/* Watches fd, which stays the caller's; nothing is reported until
 * loop_io_want().  NULL: no memory. */
struct loop_io *loop_io_new(struct loop *loop, int fd, loop_io_fn *fn,
    void *arg);
void loop_io_free(struct loop_io *io);
void loop_io_want(struct loop_io *io, unsigned what);

/* Marks port readable whenever fd is.  NULL: no memory. */
struct loop_port *loop_port_new(struct loop *loop, int fd, struct port *port);
void loop_port_free(struct loop_port *lp);

#endif
