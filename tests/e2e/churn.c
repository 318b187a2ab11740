/*
 * churn.c - many TCP connections that notice when anything moves them.
 *
 *	churn server LETTER PORT
 *	churn client ADDRESS PORT TOTAL AT-ONCE SOURCE...
 *
 * The server answers each byte with a line of its letter.  The client keeps so
 * many connections open from its source addresses in turn, asks a few times
 * over each with pauses of up to a second, and ends it.  Every line must come
 * from the server that sent the first one.  At the end it prints how many were
 *
 *	done	asked all they wanted and ended in order
 *	refused	never answered: a RST, or an ICMP error
 *	moved	another server's line
 *	broken	answered before, and then ended by somebody else
 *	silent	no answer as long as the kernel tries
 *
 * of the done and the broken ones how many by server, and the milliseconds of
 * the longest wait for an answer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define LINE		64
#define ROUNDS_MAX	6
#define PAUSE_MS	1000
#define PATIENCE_MS	150000	/* the kernel's own, about */
#define EVENTS		256

enum result { DONE, REFUSED, MOVED, BROKEN, SILENT, RESULTS };

struct conn {
	int fd;			/* -1: free */
	char server;		/* letter of the first answer, or 0 */
	unsigned rounds;	/* questions still to ask */
	unsigned missing;	/* bytes of the answer under way */
	int64_t due;		/* ask again, or give up waiting */
	bool waits;		/* for an answer */
};

struct client {
	int epoll;
	struct sockaddr_in to;
	char **source;
	unsigned sources, turn;
	struct conn *conn;
	unsigned at_once;
	unsigned long started, ended, total;
	unsigned long count[RESULTS];
	unsigned long by_server[2][128];	/* done, broken */
	int64_t longest;
};

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void
watch(int epoll, int fd, uint32_t events, void *arg)
{
	struct epoll_event e = { .events = events, .data.ptr = arg };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == -1)
		die("epoll_ctl");
}

/* ---- server -------------------------------------------------------------- */

static void
serve(int fd, char letter)
{
	char line[LINE], in[16];
	ssize_t n = read(fd, in, sizeof(in));

	if (n <= 0) {
		close(fd);
		return;
	}
	memset(line, letter, sizeof(line));
	while (n-- > 0) {
		if (write(fd, line, sizeof(line)) != LINE) {
			close(fd);
			return;
		}
	}
}

static void
server(char letter, uint16_t port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
	    .sin_port = htons(port) };
	int epoll = epoll_create1(0), on = 1, fd, n;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	struct epoll_event events[EVENTS];

	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&a, sizeof(a)) == -1 ||
	    listen(listener, 4096) == -1)
		die("listen");
	watch(epoll, listener, EPOLLIN, (void *)(intptr_t)listener);
	for (;;) {
		n = epoll_wait(epoll, events, EVENTS, -1);
		for (int i = 0; i < n; i++) {
			fd = (int)(intptr_t)events[i].data.ptr;
			if (fd != listener) {
				serve(fd, letter);
				continue;
			}
			while ((fd = accept4(listener, NULL, NULL,
			    SOCK_NONBLOCK)) != -1)
				watch(epoll, fd, EPOLLIN,
				    (void *)(intptr_t)fd);
		}
	}
}

/* ---- client -------------------------------------------------------------- */

static void
conn_end(struct client *c, struct conn *k, enum result r)
{
	close(k->fd);
	k->fd = -1;
	c->ended++;
	c->count[r]++;
	if (r == DONE || r == BROKEN)
		c->by_server[r == BROKEN][(unsigned char)k->server]++;
}

static void
conn_start(struct client *c, struct conn *k)
{
	struct sockaddr_in from = { .sin_family = AF_INET };
	int on = 1;

	inet_pton(AF_INET, c->source[c->turn++ % c->sources], &from.sin_addr);
	*k = (struct conn){ .due = now_ms() + PATIENCE_MS, .waits = true,
	    .rounds = 1 + (unsigned)random() % ROUNDS_MAX };
	k->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	setsockopt(k->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
	    sizeof(on));
	if (k->fd == -1 ||
	    bind(k->fd, (struct sockaddr *)&from, sizeof(from)) == -1)
		die("bind");
	c->started++;
	if (connect(k->fd, (struct sockaddr *)&c->to, sizeof(c->to)) == -1 &&
	    errno != EINPROGRESS)
		die("connect");
	watch(c->epoll, k->fd, EPOLLIN | EPOLLOUT | EPOLLET, k);
}

static void
failed(struct client *c, struct conn *k)
{
	conn_end(c, k, k->server != 0 ? BROKEN : REFUSED);
}

static void
ask(struct client *c, struct conn *k)
{
	if (write(k->fd, "?", 1) != 1) {
		failed(c, k);
		return;
	}
	k->rounds--;
	k->missing = LINE;
	k->waits = true;
	k->due = now_ms() + PATIENCE_MS;
}

/* An answer, or a part of it; then a pause, or the end. */
static void
answer(struct client *c, struct conn *k)
{
	char in[LINE];
	int64_t waited;
	ssize_t n;

	while ((n = read(k->fd, in, k->missing)) > 0 || k->missing == 0) {
		if (k->server == 0)
			k->server = in[0];
		for (ssize_t i = 0; i < n; i++) {
			if (in[i] != k->server) {
				conn_end(c, k, MOVED);
				return;
			}
		}
		k->missing -= (unsigned)n;
		if (k->missing > 0)
			continue;
		waited = now_ms() - (k->due - PATIENCE_MS);
		if (waited > c->longest)
			c->longest = waited;
		if (k->rounds == 0) {
			conn_end(c, k, DONE);
			return;
		}
		k->waits = false;
		k->due = now_ms() + (unsigned)random() % PAUSE_MS;
		return;
	}
	if (n == 0 || errno != EAGAIN)
		failed(c, k);
}

static void
client_turn(struct client *c)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(c->epoll, events, EVENTS, 10);

	for (int i = 0; i < n; i++) {
		struct conn *k = events[i].data.ptr;

		if (k->fd == -1)
			continue;
		if (events[i].events & (EPOLLERR | EPOLLHUP))
			failed(c, k);
		else if (k->missing > 0)
			answer(c, k);
		else if (k->server == 0 && (events[i].events & EPOLLOUT))
			ask(c, k);
		else if (events[i].events & EPOLLIN)
			failed(c, k);	/* nothing was asked */
	}
}

static void
client_timers(struct client *c)
{
	int64_t now = now_ms();

	for (unsigned i = 0; i < c->at_once; i++) {
		struct conn *k = &c->conn[i];

		if (k->fd == -1) {
			if (c->started < c->total)
				conn_start(c, k);
		} else if (now >= k->due && k->waits) {
			conn_end(c, k, SILENT);
		} else if (now >= k->due) {
			ask(c, k);
		}
	}
}

static void
report(const struct client *c)
{
	static const char *const names[] = { "done", "refused", "moved",
	    "broken", "silent" };
	static const char *const by[] = { "done", "broken" };

	for (int i = 0; i < RESULTS; i++)
		printf("%s %lu\n", names[i], c->count[i]);
	printf("longest %lld\n", (long long)c->longest);
	for (int r = 0; r < 2; r++) {
		for (int i = 0; i < 128; i++) {
			if (c->by_server[r][i] > 0)
				printf("%s.%c %lu\n", by[r], i,
				    c->by_server[r][i]);
		}
	}
}

static void
client(struct client *c)
{
	struct rlimit files = { c->at_once + 64, c->at_once + 64 };
	int64_t last = 0;

	setrlimit(RLIMIT_NOFILE, &files);
	c->epoll = epoll_create1(0);
	c->conn = calloc(c->at_once, sizeof(*c->conn));
	if (c->conn == NULL || c->epoll == -1)
		die("client");
	for (unsigned i = 0; i < c->at_once; i++)
		c->conn[i].fd = -1;
	while (c->ended < c->total) {
		client_turn(c);
		if (now_ms() - last < 10)
			continue;
		last = now_ms();
		client_timers(c);
	}
	report(c);
}

int
main(int argc, char **argv)
{
	struct client c = { .to = { .sin_family = AF_INET } };

	if (argc == 4 && strcmp(argv[1], "server") == 0)
		server(argv[2][0], (uint16_t)atoi(argv[3]));
	if (argc < 7 || strcmp(argv[1], "client") != 0 ||
	    inet_pton(AF_INET, argv[2], &c.to.sin_addr) != 1) {
		fprintf(stderr, "usage: churn server LETTER PORT\n"
		    "       churn client ADDRESS PORT TOTAL AT-ONCE "
		    "SOURCE...\n");
		return 2;
	}
	c.to.sin_port = htons((uint16_t)atoi(argv[3]));
	c.total = strtoul(argv[4], NULL, 10);
	c.at_once = (unsigned)atoi(argv[5]);
	c.source = argv + 6;
	c.sources = (unsigned)argc - 6;
	client(&c);
	return 0;
}
