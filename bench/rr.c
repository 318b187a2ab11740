/*
 * rr.c - a client of TCP that measures: round trips, connections, bulk.
 *
 *	rr ADDRESS PORT SECONDS		one byte there and back, again and
 *					again on one connection; prints
 *					median, p99 (microseconds), and
 *					round trips a second
 *	rr -c PARALLEL ADDRESS PORT SECONDS
 *					connections, one HTTP request on each;
 *					prints connections a second, and how
 *					many failed
 *	rr -u ADDRESS PORT SECONDS	sends as much as goes; Gbit/s that the
 *					other end acknowledged
 *	rr -d ADDRESS PORT SECONDS	takes as much as comes; Gbit/s
 *	rr -s				the other ends: echo on port 7, discard
 *					on 9, chargen on 19
 *
 * With -c the server closes, as after an HTTP/1.0 request.  A connection is
 * complete when its answer came and its end was seen.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>

#define TIMES_MAX	(1u << 22)
#define PARALLEL_MAX	4096
#define BULK		(1u << 17)	/* bytes of a read or write */

enum { ECHO, DISCARD, CHARGEN };

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

/* ---- the other ends ---------------------------------------------------- */

static int
listener(const char *port)
{
	struct sockaddr_in a = address("0.0.0.0", port);
	int l = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	setsockopt(l, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(l, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(l, 16) == -1)
		err(1, "port %s", port);
	return l;
}

static void
serve_one(int fd, int service)
{
	static char buf[BULK];
	ssize_t n = sizeof(buf);

	no_delay(fd);
	do {
		if (service != CHARGEN)
			n = read(fd, buf, sizeof(buf));
		if (n > 0 && service != DISCARD)
			n = write(fd, buf, (size_t)n);
	} while (n > 0);
}

/* A process for each service and each connection. */
static void
serve(void)
{
	static const char *const port[] = { "7", "9", "19" };
	int service = fork() == 0 ? DISCARD : fork() == 0 ? CHARGEN : ECHO;
	int l = listener(port[service]), fd;

	prctl(PR_SET_PDEATHSIG, SIGTERM);
	signal(SIGCHLD, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	while ((fd = accept(l, NULL, NULL)) != -1) {
		if (fork() == 0) {
			serve_one(fd, service);
			exit(0);
		}
		close(fd);
	}
}

/* ---- bulk -------------------------------------------------------------- */

static void
bulk(struct sockaddr_in to, double length, bool upload)
{
	static char buf[BULK];
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	double start = seconds(), now = start, bytes = 0;
	int queued = 0;
	ssize_t n;

	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == -1)
		err(1, "connect");
	while (now < start + length) {
		n = upload ? write(fd, buf, sizeof(buf)) :
		    read(fd, buf, sizeof(buf));
		if (n <= 0)
			err(1, "bulk");
		bytes += (double)n;
		now = seconds();
	}
	if (upload && ioctl(fd, SIOCOUTQ, &queued) == 0)
		bytes -= queued;
	close(fd);
	printf("%.4f\n", bytes * 8 / (now - start) / 1e9);
}

/* ---- round trips ------------------------------------------------------- */

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

/* ---- a connection each ------------------------------------------------- */

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

	if (argc == 2 && strcmp(argv[1], "-s") == 0) {
		serve();
		return 1;
	}
	if (argc == 4) {
		to = address(argv[1], argv[2]);
		round_trips(to, strtod(argv[3], NULL));
		return 0;
	}
	if (argc == 5 && (strcmp(argv[1], "-u") == 0 ||
	    strcmp(argv[1], "-d") == 0)) {
		to = address(argv[2], argv[3]);
		bulk(to, strtod(argv[4], NULL), argv[1][1] == 'u');
		return 0;
	}
	if (argc == 6 && strcmp(argv[1], "-c") == 0) {
		to = address(argv[3], argv[4]);
		connections(to, atoi(argv[2]), strtod(argv[5], NULL));
		return 0;
	}
	errx(2, "usage: rr [-c PARALLEL | -u | -d] ADDRESS PORT SECONDS | "
	    "rr -s");
}
