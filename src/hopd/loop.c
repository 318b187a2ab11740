/*
 * loop.c - the only file that includes libevent or reads a clock.
 *
 * One event per port descriptor, one per control descriptor and direction,
 * one timer for the stack's next deadline.  Everything is level-triggered:
 * work is bounded per turn (PORT_BATCH frames a port, some lines a client),
 * and what is left over is there again in the next one.
 */
#include "hopd/loop.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include <event2/event.h>

#include "hopd/report.h"
#include "stack/stack.h"

struct loop {
	struct event_base *base;
	struct event *timer;
	struct event *term, *intr, *hup;
	struct instant timer_due;	/* what the timer is set to */
	bool stop;
	bool hup_seen;
	bool loss_seen;		/* of a device */
};

struct loop_io {
	struct event *read, *write;
	unsigned want;		/* LOOP_* that are added */
	loop_io_fn *fn;
	void *arg;
};

struct loop_port {
	struct loop *loop;
	struct event *read;
	struct port *port;
};

struct instant
loop_clock(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return instant_from_us((int64_t)ts.tv_sec * USEC_PER_SEC +
	    ts.tv_nsec / 1000);
}

int64_t
loop_wall_offset_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000 -
	    loop_clock().us;
}

/* ---- events of libevent: they only note ---------------------------------- */

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;

	(void)fd;
	(void)what;
	loop->timer_due = INSTANT_NEVER;
}

static void
on_stop(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	loop_stop(arg);
}

static void
on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct loop *loop = arg;

	(void)sig;
	(void)what;
	loop->hup_seen = true;
}

static void
on_io(evutil_socket_t fd, short what, void *arg)
{
	struct loop_io *io = arg;

	(void)fd;
	io->fn(io->arg, (what & EV_READ) != 0 ? LOOP_READ : LOOP_WRITE);
}

/* A device that was taken away stays readable for ever: stop looking. */
static void
on_port(evutil_socket_t fd, short what, void *arg)
{
	struct loop_port *lp = arg;

	(void)fd;
	(void)what;
	if (lp->port->down) {
		report(LOG_LVL_WARN, "port: %s is gone", lp->port->name);
		event_del(lp->read);
		lp->loop->loss_seen = true;
		return;
	}
	lp->port->readable = true;
}

/* ---- the loop ------------------------------------------------------------ */

static struct event *
signal_event(struct loop *loop, int sig, event_callback_fn fn)
{
	struct event *ev = evsignal_new(loop->base, sig, fn, loop);

	if (ev != NULL && event_add(ev, NULL) == 0)
		return ev;
	if (ev != NULL)
		event_free(ev);
	return NULL;
}

/* The keeper started us with them blocked. */
static void
signals_unblock(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigprocmask(SIG_SETMASK, &set, NULL);
}

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->timer_due = INSTANT_NEVER;
	loop->base = event_base_new();
	if (loop->base == NULL) {
		free(loop);
		return NULL;
	}
	loop->timer = evtimer_new(loop->base, on_timer, loop);
	loop->term = signal_event(loop, SIGTERM, on_stop);
	loop->intr = signal_event(loop, SIGINT, on_stop);
	loop->hup = signal_event(loop, SIGHUP, on_hup);
	if (loop->timer == NULL || loop->term == NULL || loop->intr == NULL ||
	    loop->hup == NULL) {
		loop_free(loop);
		return NULL;
	}
	signals_unblock();
	return loop;
}

void
loop_free(struct loop *loop)
{
	struct event *all[] = { loop->timer, loop->term, loop->intr,
	    loop->hup };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] != NULL)
			event_free(all[i]);
	}
	event_base_free(loop->base);
	free(loop);
}

/* Sets the timer, unless it stands there already. */
static void
timer_arm(struct loop *loop, struct instant due, int64_t wait_us)
{
	struct timeval tv = { .tv_sec = wait_us / USEC_PER_SEC,
	    .tv_usec = wait_us % USEC_PER_SEC };

	if (due.us == loop->timer_due.us)
		return;
	loop->timer_due = due;
	if (instant_is_never(due))
		evtimer_del(loop->timer);
	else
		evtimer_add(loop->timer, &tv);
}

/* Waits for events, but not past due, and lets them be noted. */
static void
wait_events(struct loop *loop, struct instant due, bool more)
{
	int64_t wait_us = 0;

	if (!instant_is_never(due))
		wait_us = instant_diff(due, loop_clock());
	if (more || (wait_us <= 0 && !instant_is_never(due))) {
		event_base_loop(loop->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		return;
	}
	timer_arm(loop, due, wait_us);
	event_base_loop(loop->base, EVLOOP_ONCE);
}

void
loop_run(struct loop *loop, struct stack *stk, loop_turn_fn *turn, void *arg)
{
	bool more = true;

	loop->stop = false;
	while (!loop->stop) {
		wait_events(loop, stack_next_deadline(stk), more);
		stack_poll(stk, loop_clock());
		more = turn(arg);
	}
}

void
loop_stop(struct loop *loop)
{
	loop->stop = true;
}

bool
loop_hup_taken(struct loop *loop)
{
	bool seen = loop->hup_seen;

	loop->hup_seen = false;
	return seen;
}

bool
loop_loss_taken(struct loop *loop)
{
	bool seen = loop->loss_seen;

	loop->loss_seen = false;
	return seen;
}

/* ---- descriptors --------------------------------------------------------- */

struct loop_io *
loop_io_new(struct loop *loop, int fd, loop_io_fn *fn, void *arg)
{
	struct loop_io *io = calloc(1, sizeof(*io));

	if (io == NULL)
		return NULL;
	io->fn = fn;
	io->arg = arg;
	io->read = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_io, io);
	io->write = event_new(loop->base, fd, EV_WRITE | EV_PERSIST, on_io,
	    io);
	if (io->read == NULL || io->write == NULL) {
		loop_io_free(io);
		return NULL;
	}
	return io;
}

void
loop_io_free(struct loop_io *io)
{
	if (io->read != NULL)
		event_free(io->read);
	if (io->write != NULL)
		event_free(io->write);
	free(io);
}

void
loop_io_want(struct loop_io *io, unsigned what)
{
	unsigned change = io->want ^ what;

	if ((change & LOOP_READ) != 0) {
		if ((what & LOOP_READ) != 0)
			event_add(io->read, NULL);
		else
			event_del(io->read);
	}
	if ((change & LOOP_WRITE) != 0) {
		if ((what & LOOP_WRITE) != 0)
			event_add(io->write, NULL);
		else
			event_del(io->write);
	}
	io->want = what;
}

struct loop_port *
loop_port_new(struct loop *loop, int fd, struct port *port)
{
	struct loop_port *lp = calloc(1, sizeof(*lp));

	if (lp == NULL)
		return NULL;
	lp->loop = loop;
	lp->port = port;
	lp->read = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_port,
	    lp);
	if (lp->read == NULL || event_add(lp->read, NULL) == -1) {
		if (lp->read != NULL)
			event_free(lp->read);
		free(lp);
		return NULL;
	}
	return lp;
}

void
loop_port_free(struct loop_port *lp)
{
	event_free(lp->read);
	free(lp);
}
