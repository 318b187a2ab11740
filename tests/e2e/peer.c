/*
 * peer.c - a TCP peer on the kernel's stack: standard input to the stream, the
 * stream to standard output, half a close at the end of the input.
 *
 *	peer [-l] [-p SECONDS] ADDRESS PORT	-l: listens, takes one
 *						-p: reads nothing so long
 *	peer -R COUNT ADDRESS PORT		connects, says "x", resets
 *
 * Exits 0 after the end of both directions.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int
fail(const char *what)
{
	fprintf(stderr, "peer: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int
stream_open(const struct sockaddr_in *sin, bool passive)
{
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1, c;

	if (s == -1)
		fail("socket");
	if (!passive) {
		if (connect(s, (const struct sockaddr *)sin,
		    sizeof(*sin)) == -1)
			fail("connect");
		return s;
	}
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(s, (const struct sockaddr *)sin, sizeof(*sin)) == -1 ||
	    listen(s, 5) == -1)
		fail("listen");
	c = accept(s, NULL, NULL);
	if (c == -1)
		fail("accept");
	close(s);
	return c;
}

static void
write_all(int fd, const char *p, ssize_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, (size_t)len);

		if (n == -1)
			fail("write");
		p += n;
		len -= n;
	}
}

/* Bytes of the input that the stream has not taken. */
struct rest {
	char buf[65536];
	ssize_t at, end;
	bool eof, shut;
};

static void
feed(struct rest *r, int s)
{
	ssize_t n;

	if (r->at == r->end && !r->eof) {
		r->at = 0;
		r->end = read(STDIN_FILENO, r->buf, sizeof(r->buf));
		if (r->end <= 0) {
			r->end = 0;
			r->eof = true;
		}
	}
	n = send(s, r->buf + r->at, (size_t)(r->end - r->at),
	    MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		r->at += n;
	if (n == -1 && errno != EAGAIN)
		fail("send");
	if (r->eof && r->at == r->end && !r->shut) {
		shutdown(s, SHUT_WR);
		r->shut = true;
	}
}

static void
pump(int s, time_t deaf_until)
{
	static struct rest r;
	static char in[262144];

	for (;;) {
		bool deaf = time(NULL) < deaf_until;
		struct pollfd p = { .fd = s, .events = (short)(
		    (deaf ? 0 : POLLIN) | (r.shut ? 0 : POLLOUT)) };

		/* A deaf one with nothing to say lets time pass. */
		if (poll(&p, 1, deaf ? 200 : -1) == -1)
			fail("poll");
		if ((p.revents & POLLOUT) != 0)
			feed(&r, s);
		if (!deaf && (p.revents & (POLLIN | POLLHUP)) != 0) {
			ssize_t n = recv(s, in, sizeof(in), MSG_DONTWAIT);

			if (n == -1 && errno != EAGAIN)
				fail("recv");
			if (n == 0)
				return;
			write_all(STDOUT_FILENO, in, n);
		}
	}
}

static void
storm(const struct sockaddr_in *sin, int count)
{
	const struct linger reset = { 1, 0 };

	for (int i = 0; i < count; i++) {
		int s = stream_open(sin, false);

		setsockopt(s, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		if (write(s, "x", 1) != 1)
			fail("write");
		close(s);
	}
}

int
main(int argc, char **argv)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	bool passive = false;
	int c, resets = 0, pause = 0;

	while ((c = getopt(argc, argv, "lp:R:")) != -1) {
		if (c == 'l')
			passive = true;
		else if (c == 'p')
			pause = atoi(optarg);
		else if (c == 'R')
			resets = atoi(optarg);
		else
			return 2;
	}
	if (argc - optind != 2 ||
	    inet_pton(AF_INET, argv[optind], &sin.sin_addr) != 1)
		return 2;
	sin.sin_port = htons((uint16_t)atoi(argv[optind + 1]));
	if (resets > 0)
		storm(&sin, resets);
	else
		pump(stream_open(&sin, passive), time(NULL) + pause);
	return 0;
}
