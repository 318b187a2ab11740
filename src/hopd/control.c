/*
 * control.c - clients on the control socket: lines in, lines out.
 *
 * Events only note that a client is readable or writable; control_turn() does
 * the work, after the stack's turn, so that every request sees the present.
 * A client costs a bounded amount of work in a turn and a bounded amount of
 * memory: who does not read its replies is not listened to, and is cut off
 * when they grow all the same (a monitor that sleeps).
 */
#include "hopd/control.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "hopd/loop.h"
#include "hopd/report.h"

#define READ_SIZE	65536

struct buffer {
	char *data;
	size_t start, end;	/* live bytes */
	size_t size;
};

struct client {
	struct client *next;
	struct control *control;
	int fd;
	struct loop_io *io;
	struct ctl_session *session;
	struct buffer in, out;
	size_t scanned;		/* bytes of in without a newline */
	size_t text;		/* a request waits for as much text, or 0 */
	bool readable, writable;	/* noted by events */
	bool lines;		/* in may hold a whole line or the text */
	bool eof;		/* it will send no more */
	bool dead;		/* to be freed at the end of the turn */
};

struct control {
	struct loop *loop;
	struct ctl *ctl;
	int listen_fd;
	struct loop_io *io;
	bool acceptable;	/* noted by the event */
	bool emitted;		/* some client has replies to be sent */
	struct client *clients;
	unsigned count;
};

/* ---- buffers ------------------------------------------------------------- */

static size_t
buffer_len(const struct buffer *b)
{
	return b->end - b->start;
}

/* Room for n more bytes behind the end: 0 or -ENOMEM. */
static int
buffer_room(struct buffer *b, size_t n)
{
	size_t size = b->size > 0 ? b->size : READ_SIZE;
	char *data;

	if (b->start > 0 && b->start >= b->size / 2) {
		memmove(b->data, b->data + b->start, buffer_len(b));
		b->end -= b->start;
		b->start = 0;
	}
	while (size - b->end < n)
		size *= 2;
	if (size == b->size)
		return 0;
	data = realloc(b->data, size);
	if (data == NULL)
		return -ENOMEM;
	b->data = data;
	b->size = size;
	return 0;
}

/* A big reply's memory is given back once it is read. */
static void
buffer_take(struct buffer *b, size_t n)
{
	b->start += n;
	if (b->start < b->end)
		return;
	b->start = b->end = 0;
	if (b->size > CONTROL_OUT_HIGH) {
		free(b->data);
		*b = (struct buffer){ 0 };
	}
}

/* ---- one client ---------------------------------------------------------- */

/* ctl's reply lines; also between turns of the client (ping). */
static void
client_emit(void *arg, const char *line, size_t len)
{
	struct client *c = arg;

	if (c->dead)
		return;
	if (buffer_len(&c->out) + len > CONTROL_OUT_MAX ||
	    buffer_room(&c->out, len + 1) != 0) {
		report(LOG_LVL_WARN, "control: client does not read its "
		    "replies: cut off");
		c->dead = true;
		return;
	}
	memcpy(c->out.data + c->out.end, line, len);
	c->out.data[c->out.end + len] = '\n';
	c->out.end += len + 1;
	c->writable = true;	/* try at once */
	c->control->emitted = true;
}

static void
on_client(void *arg, unsigned what)
{
	struct client *c = arg;

	if (what == LOOP_READ)
		c->readable = true;
	else
		c->writable = true;
}

static void
client_free(struct client *c)
{
	if (c->session != NULL)
		ctl_close(c->session);
	if (c->io != NULL)
		loop_io_free(c->io);
	close(c->fd);
	free(c->in.data);
	free(c->out.data);
	free(c);
}

/* Takes fd. */
static void
client_new(struct control *control, int fd)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		close(fd);
		return;
	}
	c->control = control;
	c->fd = fd;
	c->io = loop_io_new(control->loop, fd, on_client, c);
	c->session = ctl_open(control->ctl, client_emit, c);
	if (c->io == NULL || c->session == NULL) {
		client_free(c);
		return;
	}
	loop_io_want(c->io, LOOP_READ);
	c->next = control->clients;
	control->clients = c;
	control->count++;
}

static void
client_read(struct client *c)
{
	ssize_t n;

	c->readable = false;
	if (buffer_room(&c->in, READ_SIZE) != 0) {
		c->dead = true;
		return;
	}
	n = recv(c->fd, c->in.data + c->in.end, READ_SIZE, MSG_DONTWAIT);
	if (n > 0) {
		c->in.end += (size_t)n;
		c->lines = true;
	} else if (n == 0) {
		c->eof = true;
	}
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->dead = true;
}

static void
client_write(struct client *c)
{
	ssize_t n;

	c->writable = false;
	if (buffer_len(&c->out) == 0)
		return;
	n = send(c->fd, c->out.data + c->out.start, buffer_len(&c->out),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		buffer_take(&c->out, (size_t)n);
	else if (n == -1 && errno != EAGAIN && errno != EINTR)
		c->dead = true;
}

static bool
client_is_behind(const struct client *c)
{
	return buffer_len(&c->out) > CONTROL_OUT_HIGH;
}

static void
client_too_long(struct client *c)
{
	report(LOG_LVL_WARN, "control: request longer than %u bytes: client "
	    "cut off", CONTROL_LINE_MAX);
	c->dead = true;
}

/* The text that a request waits for goes to ctl, once all of it is there. */
static void
client_text(struct client *c)
{
	char *text, next;

	c->lines = buffer_len(&c->in) >= c->text;
	if (!c->lines)
		return;
	/* A NUL ends it, for a moment in the place of what follows it. */
	if (buffer_room(&c->in, 1) != 0) {
		c->dead = true;
		return;
	}
	text = c->in.data + c->in.start;
	next = text[c->text];
	text[c->text] = '\0';
	ctl_input_text(c->session, text, c->text);
	text[c->text] = next;
	buffer_take(&c->in, c->text);
	c->text = 0;
}

/* The first line goes to ctl. */
static void
client_line(struct client *c)
{
	size_t len = buffer_len(&c->in);
	char *line = c->in.data + c->in.start;
	char *nl = NULL;

	if (len > c->scanned)
		nl = memchr(line + c->scanned, '\n', len - c->scanned);
	if (nl == NULL) {
		c->scanned = len;
		c->lines = false;
		if (len > CONTROL_LINE_MAX)
			client_too_long(c);
		return;
	}
	c->scanned = 0;
	c->text = ctl_input(c->session, line, (size_t)(nl - line));
	buffer_take(&c->in, (size_t)(nl - line) + 1);
	/* Room for all of it and the NUL, now, instead of growing often. */
	if (c->text > CONTROL_LINE_MAX)
		client_too_long(c);
	else if (c->text > buffer_len(&c->in) &&
	    buffer_room(&c->in, c->text - buffer_len(&c->in) + 1) != 0)
		c->dead = true;
}

/* True if requests are left that need not wait. */
static bool
client_lines(struct client *c)
{
	for (int i = 0; i < CONTROL_LINES_TURN; i++) {
		if (!c->lines || c->dead || client_is_behind(c))
			return false;
		if (c->text > 0)
			client_text(c);
		else
			client_line(c);
		client_write(c);
	}
	return c->lines;
}

/* It sends no more and has all its replies, but may wait for some that take
 * their time (ping): is it there to read them? */
static bool
client_is_done(const struct client *c)
{
	struct pollfd p = { .fd = c->fd };

	if (!c->eof || c->lines || buffer_len(&c->out) > 0)
		return false;
	return !ctl_is_busy(c->session) || (poll(&p, 1, 0) == 1 &&
	    (p.revents & (POLLHUP | POLLERR)) != 0);
}

/* True if there is more to do without waiting. */
static bool
client_turn(struct client *c)
{
	bool more = false;

	if (c->writable)
		client_write(c);
	if (c->readable && !client_is_behind(c))
		client_read(c);
	if (!c->dead)
		more = client_lines(c);
	if (!c->dead && !client_is_behind(c) && ctl_turn(c->session))
		more = true;
	if (client_is_done(c))
		c->dead = true;
	if (!c->dead)
		loop_io_want(c->io,
		    (c->eof || client_is_behind(c) ? 0 : LOOP_READ) |
		    (buffer_len(&c->out) > 0 ? LOOP_WRITE : 0));
	return more;
}

/* ---- all of them --------------------------------------------------------- */

static void
on_listen(void *arg, unsigned what)
{
	struct control *control = arg;

	(void)what;
	control->acceptable = true;
}

static void
accept_clients(struct control *control)
{
	control->acceptable = false;
	while (control->count < CONTROL_CLIENTS_MAX) {
		int fd = accept4(control->listen_fd, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd == -1)
			return;
		client_new(control, fd);
	}
}

bool
control_turn(struct control *control)
{
	struct client **cp = &control->clients;
	bool more = false;

	control->emitted = false;
	if (control->acceptable)
		accept_clients(control);
	while (*cp != NULL) {
		struct client *c = *cp;

		if (client_turn(c))
			more = true;
		if (c->dead) {
			*cp = c->next;
			client_free(c);
			control->count--;
		} else {
			cp = &c->next;
		}
	}
	loop_io_want(control->io,
	    control->count < CONTROL_CLIENTS_MAX ? LOOP_READ : 0);
	return more || control->emitted;
}

struct control *
control_new(struct loop *loop, struct ctl *ctl, int listen_fd)
{
	struct control *control = calloc(1, sizeof(*control));

	if (control == NULL)
		return NULL;
	control->loop = loop;
	control->ctl = ctl;
	control->listen_fd = listen_fd;
	control->io = loop_io_new(loop, listen_fd, on_listen, control);
	if (control->io == NULL) {
		free(control);
		return NULL;
	}
	loop_io_want(control->io, LOOP_READ);
	return control;
}

void
control_free(struct control *control)
{
	while (control->clients != NULL) {
		struct client *c = control->clients;

		control->clients = c->next;
		client_free(c);
	}
	loop_io_free(control->io);
	free(control);
}
