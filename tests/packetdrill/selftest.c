/*
 * selftest.c - libhop-packetdrill.so without packetdrill: loaded with dlopen()
 * and driven through the struct, once from one thread, once with a call that
 * blocks in a second one.
 *
 * Segments are made and read here by hand, so that the module is all that is
 * under test.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "packetdrill/ifc.h"

#define LOCAL	0xc0a80001u	/* 192.168.0.1 */
#define REMOTE	0xc0000201u	/* 192.0.2.1 */
#define FIN	0x01u
#define SYN	0x02u
#define RST	0x04u
#define PSH	0x08u
#define ACK	0x10u
#define URG	0x20u

static struct packetdrill_interface ifc;
static int test_no;
static uint16_t remote_port = 40000;	/* another in every test */
static bool failed;

static void
check(bool good, const char *what)
{
	if (!good) {
		failed = true;
		printf("# %s (errno %d)\n", what, errno);
	}
}

static void
report(const char *name)
{
	printf("%sok %d - %s\n", failed ? "not " : "", ++test_no, name);
	failed = false;
	remote_port++;
}

/* ---- segments ------------------------------------------------------------ */

struct seg {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t flags;
	uint16_t len;		/* payload */
	long long time_us;
};

static void
put(uint8_t *p, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

static uint32_t
get(const uint8_t *p, int bytes)
{
	uint32_t v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | p[i];
	return v;
}

static uint16_t
sum(uint32_t s, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		s += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* From the remote side into the stack; URG: the last byte is urgent. */
static void
inject(uint16_t dport, uint32_t seq, uint32_t ack, uint8_t flags, uint16_t len)
{
	uint8_t p[40 + 1500] = { 0x45 };
	uint32_t pseudo = (LOCAL >> 16) + (LOCAL & 0xffff) + (REMOTE >> 16) +
	    (REMOTE & 0xffff) + 6 + 20 + len;

	put(p + 2, 40u + len, 2);
	p[8] = 64;
	p[9] = 6;
	put(p + 12, REMOTE, 4);
	put(p + 16, LOCAL, 4);
	put(p + 10, sum(0, p, 20), 2);
	put(p + 20, remote_port, 2);
	put(p + 22, dport, 2);
	put(p + 24, seq, 4);
	put(p + 28, ack, 4);
	p[32] = 5 << 4;
	p[33] = flags;
	put(p + 34, 65535, 2);
	put(p + 38, (flags & URG) != 0 ? len : 0, 2);
	memset(p + 40, 'x', len);
	put(p + 36, sum(pseudo, p + 20, 20u + len), 2);
	check(ifc.netdev_send(ifc.userdata, p, 40u + len) == 0, "inject");
}

/* The next segment of this test's connection, which must have these flags. */
static struct seg
expect(uint8_t flags, uint16_t len)
{
	uint8_t p[4096];
	struct seg s = { 0 };
	size_t n, h;

	do {
		n = sizeof(p);
		if (ifc.netdev_receive(ifc.userdata, p, &n, &s.time_us) != 0 ||
		    n < 40) {
			check(false, "a segment");
			return s;
		}
	} while (get(p + 22, 2) != remote_port);
	h = 20 + (size_t)(p[32] >> 4) * 4;
	s.sport = (uint16_t)get(p + 20, 2);
	s.dport = (uint16_t)get(p + 22, 2);
	s.seq = get(p + 24, 4);
	s.ack = get(p + 28, 4);
	s.flags = p[33];
	s.len = (uint16_t)(n - h);
	check(s.flags == flags, "its flags");
	check(s.len == len, "its length");
	return s;
}

/* ---- tests --------------------------------------------------------------- */

static long long
now(void)
{
	struct timeval tv;

	ifc.gettimeofday(ifc.userdata, &tv, NULL);
	return (long long)tv.tv_sec * 1000000 + tv.tv_usec;
}

static void
test_clock(void)
{
	long long a = now(), b = now();

	check(b > a, "the clock moves when it is read");
	ifc.usleep(ifc.userdata, 3600u * 1000000);
	check(now() - b >= 3600LL * 1000000 &&
	    now() - b < 3600LL * 1000000 + 1000, "an hour is an hour");
	report("a virtual clock");
}

/* A connection that came in, in *iss our sequence number. */
static int
open_passive(int l, uint32_t *iss)
{
	struct sockaddr_in sa;
	socklen_t n = sizeof(sa);
	struct seg s;
	int fd;

	inject(8080, 1000, 0, SYN, 0);
	s = expect(SYN | ACK, 0);
	check(s.ack == 1001 && s.sport == 8080, "the answer to a SYN");
	*iss = s.seq;
	inject(8080, 1001, s.seq + 1, ACK, 0);
	fd = ifc.accept(ifc.userdata, l, (struct sockaddr *)&sa, &n);
	check(fd >= 0 && n == sizeof(sa), "accept");
	check(ntohs(sa.sin_port) == remote_port &&
	    ntohl(sa.sin_addr.s_addr) == REMOTE, "whom");
	return fd;
}

static bool
option_set(int fd, int level, int name, int v)
{
	return ifc.setsockopt(ifc.userdata, fd, level, name, &v,
	    sizeof(v)) == 0;
}

static int
option_get(int fd, int level, int name)
{
	int v = -1000;
	socklen_t n = sizeof(v);

	ifc.getsockopt(ifc.userdata, fd, level, name, &v, &n);
	return v;
}

static int
listener(void)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
	    .sin_port = htons(8080) };
	int fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, 0);

	sa.sin_addr.s_addr = htonl(LOCAL);
	check(fd >= 0, "socket");
	check(fcntl(fd, F_GETFD) >= 0, "a real descriptor");
	/* Connections of tests before are in TIME-WAIT. */
	check(option_set(fd, SOL_SOCKET, SO_REUSEADDR, 1), "SO_REUSEADDR");
	check(ifc.bind(ifc.userdata, fd, (struct sockaddr *)&sa,
	    sizeof(sa)) == 0, "bind");
	check(ifc.listen(ifc.userdata, fd, 1) == 0, "listen");
	return fd;
}

static void
test_connection(void)
{
	char buf[100];
	uint32_t iss;
	int l = listener(), fd = open_passive(l, &iss);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct seg s;

	check(ifc.poll(ifc.userdata, &p, 1, 0) == 0, "nothing to read");
	inject(8080, 1001, iss + 1, ACK | PSH, 10);
	s = expect(ACK, 0);
	check(s.ack == 1011, "data are acknowledged");
	check(ifc.poll(ifc.userdata, &p, 1, 0) == 1, "poll");
	check(ifc.read(ifc.userdata, fd, buf, sizeof(buf)) == 10, "read");
	check(ifc.write(ifc.userdata, fd, buf, 7) == 7, "write");
	s = expect(ACK | PSH, 7);
	check(s.seq == iss + 1, "sequence");
	inject(8080, 1011, iss + 8, ACK | FIN, 0);
	s = expect(ACK, 0);
	check(s.ack == 1012, "FIN is acknowledged");
	check(ifc.read(ifc.userdata, fd, buf, sizeof(buf)) == 0, "the end");
	check(ifc.close(ifc.userdata, fd) == 0, "close");
	expect(ACK | FIN, 0);
	inject(8080, 1012, iss + 9, ACK, 0);
	check(ifc.close(ifc.userdata, l) == 0, "close listener");
	check(ifc.read(ifc.userdata, fd, buf, 1) == -1 && errno == EBADF,
	    "closed is closed");
	report("handshake, data both ways, close");
}

/* A SYN of the next client, and its handshake if it is answered. */
static void
knock(bool answered)
{
	uint8_t p[4096];
	size_t n = sizeof(p);
	long long when;
	struct seg s;

	remote_port++;
	inject(8080, 1000, 0, SYN, 0);
	if (answered) {
		s = expect(SYN | ACK, 0);
		inject(8080, 1001, s.seq + 1, ACK, 0);
		return;
	}
	/* The reset that a closed port sends comes first. */
	inject(8081, 1000, 0, SYN, 0);
	check(ifc.netdev_receive(ifc.userdata, p, &n, &when) == 0 &&
	    n == 40 && get(p + 20, 2) == 8081, "no answer");
}

static void
test_backlog(void)
{
	int l = listener();	/* backlog 1: two may wait */

	knock(true);
	knock(true);
	knock(false);
	check(ifc.listen(ifc.userdata, l, 2) == 0, "listen, once more");
	knock(true);
	knock(false);
	ifc.close(ifc.userdata, l);
	report("a backlog set anew");
}

static void
test_retransmission(void)
{
	char buf[10] = "";
	uint32_t iss;
	int l = listener(), fd = open_passive(l, &iss);
	struct seg a, b;

	ifc.write(ifc.userdata, fd, buf, 10);
	a = expect(ACK | PSH, 10);
	b = expect(ACK | PSH, 10);
	check(a.seq == b.seq, "the same again");
	check(b.time_us - a.time_us >= 200000, "not before the RTO");
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	report("time passes while a segment is awaited");
}

static struct {
	int fd;
	_Atomic pid_t tid;	/* of the thread about to read, else 0 */
	ssize_t got;
	long long at;
} blocked;

static void *
read_blocking(void *arg)
{
	char buf[100];

	blocked.tid = gettid();
	blocked.got = ifc.read(ifc.userdata, blocked.fd, buf, sizeof(buf));
	blocked.at = now();
	return arg;
}

/* Until the reader sleeps: in its call, since nothing else makes it. */
static void
await_reader(void)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	char path[64], stat[256];
	bool asleep = false;
	FILE *f;

	while (!asleep) {
		nanosleep(&pause, NULL);
		snprintf(path, sizeof(path), "/proc/self/task/%d/stat",
		    (int)blocked.tid);
		f = blocked.tid != 0 ? fopen(path, "re") : NULL;
		if (f == NULL)
			continue;
		asleep = fgets(stat, sizeof(stat), f) != NULL &&
		    strstr(stat, ") S ") != NULL;
		fclose(f);
	}
}

static void
test_blocking(void)
{
	long long sent;
	pthread_t t;
	uint32_t iss;
	int l = listener();

	blocked.fd = open_passive(l, &iss);
	pthread_create(&t, NULL, read_blocking, NULL);
	await_reader();
	ifc.usleep(ifc.userdata, 500000);
	inject(8080, 1001, iss + 1, ACK | PSH, 10);
	sent = now();
	ifc.usleep(ifc.userdata, 500000);
	pthread_join(t, NULL);
	check(blocked.got == 10, "what was read");
	check(blocked.at - sent > -1000 && blocked.at - sent < 1000,
	    "returns when the data came");
	ifc.close(ifc.userdata, blocked.fd);
	ifc.close(ifc.userdata, l);
	report("a call that blocks in a second thread");
}

/* socket(7), tcp(7): a time-out, and data that must come first. */
static void
test_patience(void)
{
	const struct timeval tv = { .tv_usec = 200000 };
	int l = listener(), fd, on = 5;
	struct sockaddr_in sa;
	socklen_t n = sizeof(sa);
	long long before;
	struct seg s;

	check(ifc.setsockopt(ifc.userdata, l, SOL_SOCKET, SO_RCVTIMEO, &tv,
	    sizeof(tv)) == 0, "SO_RCVTIMEO");
	check(ifc.setsockopt(ifc.userdata, l, IPPROTO_TCP, TCP_DEFER_ACCEPT,
	    &on, sizeof(on)) == 0, "TCP_DEFER_ACCEPT");
	inject(8080, 1000, 0, SYN, 0);
	s = expect(SYN | ACK, 0);
	inject(8080, 1001, s.seq + 1, ACK, 0);
	before = now();
	check(ifc.accept(ifc.userdata, l, (struct sockaddr *)&sa, &n) == -1 &&
	    errno == EAGAIN, "nothing to accept");
	check(now() - before >= 200000 && now() - before < 201000,
	    "the time is over");
	inject(8080, 1001, s.seq + 1, ACK | PSH, 10);
	expect(ACK, 0);
	fd = ifc.accept(ifc.userdata, l, (struct sockaddr *)&sa, &n);
	check(fd >= 0, "accept");
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	report("calls that give up, connections that wait for data");
}

/* tcp(7): the urgent byte, before the data ahead of it are read. */
static void
test_urgent(void)
{
	char buf[20];
	uint32_t iss;
	int l = listener(), fd = open_passive(l, &iss), mark;

	inject(8080, 1001, iss + 1, ACK | PSH | URG, 10);
	expect(ACK, 0);
	check(ifc.recv(ifc.userdata, fd, buf, 1, MSG_OOB) == 1, "MSG_OOB");
	check(ifc.recv(ifc.userdata, fd, buf, 1, MSG_OOB) == -1 &&
	    errno == EINVAL, "only once");
	check(ifc.read(ifc.userdata, fd, buf, sizeof(buf)) == 9,
	    "a read ends at the mark");
	check(ifc.ioctl(ifc.userdata, fd, SIOCATMARK, &mark) == 0 &&
	    mark == 1, "SIOCATMARK");
	inject(8080, 1011, iss + 1, ACK | PSH, 5);
	expect(ACK, 0);
	check(ifc.read(ifc.userdata, fd, buf, sizeof(buf)) == 5,
	    "and goes on behind it");
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	report("urgent data");
}

/* As Linux has it: the end is read, and the reset is a broken pipe. */
static void
test_reset_behind_fin(void)
{
	char buf[20];
	uint32_t iss;
	int l = listener(), fd = open_passive(l, &iss), e = 0;
	socklen_t n = sizeof(e);

	inject(8080, 1001, iss + 1, ACK | FIN, 0);
	expect(ACK, 0);
	inject(8080, 1002, iss + 1, ACK | RST, 0);
	check(ifc.read(ifc.userdata, fd, buf, sizeof(buf)) == 0, "the end");
	check(ifc.getsockopt(ifc.userdata, fd, SOL_SOCKET, SO_ERROR, &e,
	    &n) == 0 && e == EPIPE, "SO_ERROR");
	check(ifc.write(ifc.userdata, fd, buf, 1) == -1 && errno == EPIPE,
	    "write");
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	report("a reset behind the FIN");
}

/* A datagram of so many bytes leaves. */
static bool
datagram_of(size_t len)
{
	uint8_t p[4096];
	size_t n = sizeof(p);
	long long when;

	return ifc.netdev_receive(ifc.userdata, p, &n, &when) == 0 &&
	    n == 28 + len;
}

/* udp(7): UDP_CORK holds back, UDP_SEGMENT cuts. */
static void
test_udp_options(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(REMOTE) };
	int fd = ifc.socket(ifc.userdata, AF_INET, SOCK_DGRAM, 0);
	uint8_t data[250] = { 0 };

	check(option_set(fd, IPPROTO_UDP, UDP_CORK, 1), "UDP_CORK");
	check(ifc.sendto(ifc.userdata, fd, data, 10, 0,
	    (struct sockaddr *)&to, sizeof(to)) == 10, "held back");
	check(ifc.sendto(ifc.userdata, fd, data, 5, 0,
	    (struct sockaddr *)&to, sizeof(to)) == 5, "with it");
	check(option_set(fd, IPPROTO_UDP, UDP_CORK, 0) && datagram_of(15),
	    "uncorked");
	check(option_set(fd, IPPROTO_UDP, UDP_SEGMENT, 100) &&
	    option_get(fd, IPPROTO_UDP, UDP_SEGMENT) == 100, "UDP_SEGMENT");
	check(ifc.sendto(ifc.userdata, fd, data, 250, 0,
	    (struct sockaddr *)&to, sizeof(to)) == 250 && datagram_of(100) &&
	    datagram_of(100) && datagram_of(50), "cut in three");
	check(!option_set(fd, IPPROTO_UDP, UDP_SEGMENT, 65536) &&
	    errno == EINVAL, "longer than any");
	ifc.close(ifc.userdata, fd);
	report("datagrams corked and cut");
}

/* tcp(7), socket(7): values beyond what an option takes. */
static void
test_option_bounds(void)
{
	int fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, 0);

	check(option_set(fd, IPPROTO_TCP, TCP_LINGER2, -1) &&
	    option_get(fd, IPPROTO_TCP, TCP_LINGER2) == -1, "no FIN-WAIT-2");
	check(option_set(fd, IPPROTO_TCP, TCP_LINGER2, 1000) &&
	    option_get(fd, IPPROTO_TCP, TCP_LINGER2) == 120, "two minutes");
	check(option_set(fd, IPPROTO_TCP, TCP_LINGER2, 0) &&
	    option_get(fd, IPPROTO_TCP, TCP_LINGER2) == 60, "the default");
	check(option_set(fd, SOL_SOCKET, SO_SNDBUF, 100 << 20) &&
	    option_get(fd, SOL_SOCKET, SO_SNDBUF) == 8 << 20, "wmem_max");
	check(option_set(fd, SOL_SOCKET, SO_RCVBUF, -1) &&
	    option_get(fd, SOL_SOCKET, SO_RCVBUF) == 8 << 20, "rmem_max");
	check(option_set(fd, IPPROTO_IP, IP_TOS, 0x13) &&
	    option_get(fd, IPPROTO_IP, IP_TOS) == 0x10, "without ECN's bits");
	check(!option_set(fd, IPPROTO_UDP, UDP_CORK, 1) &&
	    errno == ENOPROTOOPT, "an option of datagrams");
	ifc.close(ifc.userdata, fd);
	report("options beyond their bounds");
}

/* udp(7), ip(7): what waits for more, ICMP errors by request, a second bind. */
static void
test_datagrams(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9),
	    .sin_addr.s_addr = htonl(REMOTE) };
	struct sockaddr_in own = { .sin_family = AF_INET,
	    .sin_port = htons(8080) };
	int fd = ifc.socket(ifc.userdata, AF_INET, SOCK_DGRAM, 0), l;
	uint8_t p[4096], on = 1;
	long long when;
	size_t n = sizeof(p);

	check(ifc.setsockopt(ifc.userdata, fd, SOL_SOCKET, SO_BROADCAST, &on,
	    1) == -1 && errno == EINVAL, "a byte is no int");
	check(ifc.connect(ifc.userdata, fd, (struct sockaddr *)&to,
	    sizeof(to)) == 0, "connect");
	check(ifc.send(ifc.userdata, fd, "abc", 3, MSG_MORE) == 3, "MSG_MORE");
	check(ifc.write(ifc.userdata, fd, "de", 2) == 2, "write");
	check(ifc.netdev_receive(ifc.userdata, p, &n, &when) == 0 &&
	    n == 28 + 5 && memcmp(p + 28, "abcde", 5) == 0, "one datagram");
	ifc.close(ifc.userdata, fd);
	l = listener();
	fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, 0);
	check(ifc.bind(ifc.userdata, fd, (struct sockaddr *)&own,
	    sizeof(own)) == -1 && errno == EADDRINUSE, "the port is taken");
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	fd = ifc.socket(ifc.userdata, AF_INET, SOCK_STREAM, 0);
	check(ifc.bind(ifc.userdata, fd, (struct sockaddr *)&own,
	    sizeof(own)) == -1 && errno == EADDRINUSE, "by TIME-WAIT, too");
	ifc.close(ifc.userdata, fd);
	report("datagrams, and binding twice");
}

static void *
poll_twice(void *arg)
{
	struct pollfd p = { .fd = *(const int *)arg, .events = POLLIN };
	long long before = now();

	check(ifc.poll(ifc.userdata, &p, 1, 100) == 0, "nothing comes");
	check(ifc.poll(ifc.userdata, &p, 1, 200) == 0, "nor later");
	check(now() - before >= 300000 && now() - before < 301000,
	    "their time has passed");
	return NULL;
}

/* The first thread, which moves the clock, waits for the second. */
static void
test_still_clock(void)
{
	uint32_t iss;
	int l = listener(), fd = open_passive(l, &iss);
	pthread_t t;

	pthread_create(&t, NULL, poll_twice, &fd);
	pthread_join(t, NULL);
	ifc.close(ifc.userdata, fd);
	ifc.close(ifc.userdata, l);
	report("a call that blocks while nobody moves the clock");
}

int
main(void)
{
	void (*init)(const char *, struct packetdrill_interface *);
	const char *dir = getenv("top_builddir");
	char path[4096];
	void *so, *sym;

	snprintf(path, sizeof(path), "%s/libhop-packetdrill.so",
	    dir != NULL ? dir : ".");
	puts("1..12");
	so = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	sym = so == NULL ? NULL : dlsym(so, "packetdrill_interface_init");
	if (sym == NULL) {
		printf("Bail out! %s\n", dlerror());
		return 1;
	}
	memcpy(&init, &sym, sizeof(init));
	init("v4,local=192.168.0.1/16", &ifc);
	test_clock();
	test_connection();
	test_backlog();
	test_retransmission();
	test_blocking();
	test_patience();
	test_urgent();
	test_reset_behind_fin();
	test_datagrams();
	test_udp_options();
	test_option_bounds();
	test_still_clock();
	ifc.free(ifc.userdata);
	return 0;
}
