/*
 * rr.c - round trips over TCP, one at a time or a connection each.
 *
 *	rr ADDRESS PORT SECONDS		one byte there and back, again and
 *					again on one connection; prints
 *					median, p99 (microseconds), and
 *					round trips a second
 *	rr -c PARALLEL ADDRESS PORT SECONDS
 *					connections, one HTTP request on each;
 *					prints connections a second, and how
 *					many failed
 *	rr -s PORT			the other end of the first
 *
 * With -c the server closes, as after an HTTP/1.0 request.  A connection is
 * complete when its answer came and its end was seen.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define TIMES_MAX	(1u << 22)
#define PARALLEL_MAX	4096

struct conns {
	struct sockaddr_in to;
	int ep;
	uint64_t done, bad;
};

/* One of the parallel connections; the number is its descriptor. */
struct state {
	bool asked;	/* the request is out */
	bool heard;	/* some of the answer came */
};

static struct state states[PARALLEL_MAX + 64];

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct sockaddr_in
address(const char *ip, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET };

	a.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET, ip, &a.sin_addr) != 1)
		errx(2, "'%s': no address", ip);
	return a;
}

static void
no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

/* ---- one byte there and back ------------------------------------------------ */

static void
serve(const char *port)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1, fd;
	char buf[4096];
	ssize_t n;

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(l, 16) == -1)
		err(1, "port %s", port);
	while ((fd = accept(l, NULL, NULL)) != -1) {
		no_delay(fd);
		while ((n = read(fd, buf, sizeof(buf))) > 0) {
			if (write(fd, buf, (size_t)n) != n)
				break;
		}
		close(fd);
	}
}

static int
by_time(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void
round_trips(struct sockaddr_in to, double length)
{
	float *times = malloc(TIMES_MAX * sizeof(*times));
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start, before, now;
	uint32_t count = 0;
	char c = 'x';

	if (times == NULL ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "connect");
	no_delay(fd);
	start = now = seconds();
	while (now < start + length && count < TIMES_MAX) {
		before = now;
		if (write(fd, &c, 1) != 1 || read(fd, &c, 1) != 1)
			err(1, "round trip");
		now = seconds();
		times[count++] = (float)((now - before) * 1e6);
	}
	qsort(times, count, sizeof(*times), by_time);
	printf("%.2f %.2f %.0f\n", (double)times[count / 2],
	    (double)times[count - 1 - count / 100], count / (now - start));
	free(times);
}

/* ---- a connection each ------------------------------------------------------ */

static void
conn_open(struct conns *c)
{
	struct epoll_event ev = { .events = EPOLLOUT | EPOLLIN };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd == -1 || fd >= PARALLEL_MAX + 64)
		err(1, "socket");
	states[fd] = (struct state){ false, false };
	ev.data.fd = fd;
	if (connect(fd, (struct sockaddr *)&c->to, sizeof(c->to)) == -1 &&
	    errno != EINPROGRESS)
		err(1, "connect");
	if (epoll_ctl(c->ep, EPOLL_CTL_ADD, fd, &ev) == -1)
		err(1, "epoll");
}

/* Asks as soon as it can, reads to the end; true: over. */
static bool
conn_step(struct conns *c, int fd)
{
	static const char request[] = "GET / HTTP/1.0\r\n\r\n";
	struct epoll_event ev = { .events = EPOLLIN, .data.fd = fd };
	char buf[4096];
	ssize_t n;

	if (!states[fd].asked) {
		n = send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL);
		if (n == -1 && errno == EAGAIN)
			return false;
		if (n != sizeof(request) - 1) {
			c->bad++;
			return true;
		}
		states[fd].asked = true;
		epoll_ctl(c->ep, EPOLL_CTL_MOD, fd, &ev);
		return false;
	}
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		states[fd].heard = true;
	if (n == -1 && errno == EAGAIN)
		return false;
	if (n == 0 && states[fd].heard)
		c->done++;
	else
		c->bad++;
	return true;
}

static void
connections(struct sockaddr_in to, int parallel, double length)
{
	struct conns c = { .to = to, .ep = epoll_create1(0) };
	struct epoll_event ev[256];
	double start = seconds(), now = start;
	int n;

	if (parallel < 1 || parallel > PARALLEL_MAX)
		errx(2, "1 to %d in parallel", PARALLEL_MAX);
	for (int i = 0; i < parallel; i++)
		conn_open(&c);
	while (now < start + length) {
		n = epoll_wait(c.ep, ev, 256, 100);
		for (int i = 0; i < n; i++) {
			if (!conn_step(&c, ev[i].data.fd))
				continue;
			close(ev[i].data.fd);
			conn_open(&c);
		}
		now = seconds();
	}
	printf("%.0f %llu\n", (double)c.done / (now - start),
	    (unsigned long long)c.bad);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in to;

	if (argc == 3 && strcmp(argv[1], "-s") == 0) {
		serve(argv[2]);
		return 1;
	}
	if (argc == 4) {
		to = address(argv[1], argv[2]);
		round_trips(to, strtod(argv[3], NULL));
		return 0;
	}
	if (argc == 6 && strcmp(argv[1], "-c") == 0) {
		to = address(argv[3], argv[4]);
		connections(to, atoi(argv[2]), strtod(argv[5], NULL));
		return 0;
	}
	errx(2, "usage: rr [-c PARALLEL] ADDRESS PORT SECONDS | rr -s PORT");
}
