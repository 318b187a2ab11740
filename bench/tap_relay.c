/*
 * tap_relay.c - what two TAP devices can do at most with one thread: frames
 * come out of one and go into the other, and nobody looks at them.
 *
 *	tap_relay NETNS/DEVICE NETNS/DEVICE
 *
 * The devices are made as hopd makes its own, by the same function, so they
 * have the same offloads and the same header in front of a frame.  A frame
 * costs one read() and one write(); poll() is asked only when both devices are
 * empty.
 */
#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hopd/tap_open.h"
#include "port/port.h"

#define BATCH	PORT_BATCH	/* frames of one device in turn */
#define ROOM	(1 << 17)	/* a super-frame and its header */

static int
device_open(char *where)
{
	struct port_spec spec = { .l2 = true };
	char *slash = strchr(where, '/');
	struct err e;
	uint32_t offload;
	int fd;

	if (slash == NULL)
		errx(2, "'%s': expected NETNS/DEVICE", where);
	*slash = '\0';
	snprintf(spec.netns, sizeof(spec.netns), "%s", where);
	snprintf(spec.name, sizeof(spec.name), "%s", slash + 1);
	fd = tap_open(&spec, &offload, &e);
	if (fd < 0)
		errx(1, "%s", e.text);
	return fd;
}

/* Moves up to a batch; false: there was nothing. */
static int
move(int from, int to)
{
	static char frame[ROOM];
	ssize_t n;
	int i;

	for (i = 0; i < BATCH; i++) {
		n = read(from, frame, sizeof(frame));
		if (n <= 0)
			break;
		/* A frame that does not go is lost, as in hopd. */
		if (write(to, frame, (size_t)n) == -1 && errno == EBADFD)
			err(1, "write");
	}
	return i > 0;
}

int
main(int argc, char **argv)
{
	struct pollfd p[2];

	if (argc != 3)
		errx(2, "usage: tap_relay NETNS/DEVICE NETNS/DEVICE");
	for (int i = 0; i < 2; i++) {
		p[i].fd = device_open(argv[1 + i]);
		p[i].events = POLLIN;
	}
	for (;;) {
		int moved = move(p[0].fd, p[1].fd) | move(p[1].fd, p[0].fd);

		if (!moved && poll(p, 2, -1) == -1 && errno != EINTR)
			err(1, "poll");
	}
}
