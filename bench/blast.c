/*
 * blast.c - as many small frames as a processor can send, and how many of them
 * arrive elsewhere.
 *
 *	blast [-f FLOWS] [-l FILE] [-r RATE] [-s BYTES] DEVICE MAC SOURCE
 *	    TARGET PORT NETNS/DEVICE SECONDS
 *
 * Sends UDP datagrams in frames of BYTES (60, without checksum of the wire)
 * out of DEVICE to MAC, from SOURCE to TARGET and PORT.  Flows differ in their
 * source ports, and in their targets if FILE lists some.  NETNS is a name of
 * `ip netns`; its device's counter says what arrived.  RATE is in frames a
 * second; without it, as many as can be.
 *
 * Prints frames a second: arrived, offered.  The first fifth of a second does
 * not count.
 *
 * Frames are made once and go out through a packet socket past the queueing
 * discipline, so that a frame costs little more than the driver's work.  One
 * that the device's full queue refuses is lost and counts as offered: the
 * generator is never slowed down by who is measured.
 */
#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "bench/raw_bytes.h"

#define BATCH		64u
#define FRAME_MAX	1514u
#define ETH		14u
#define IP		20u
#define UDP		8u
#define WARM_UP		0.2
#define PORTS		50000u	/* flows of one source address */

struct blast {
	uint32_t flows, frame_len;
	double rate;		/* frames a second; 0: no bound */
	uint8_t mac[6], own[6];
	uint32_t source;	/* host order */
	uint32_t *targets;	/* host order */
	uint32_t target_count;
	uint16_t port;
	uint8_t *frames;	/* flows of them, FRAME_MAX apart */
	int sock;
	int counters;		/* /proc/net/dev of the counting namespace */
	const char *counted;	/* its device */
};

static double
seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
frame_make(const struct blast *b, uint32_t n)
{
	uint8_t *f = b->frames + (size_t)n * FRAME_MAX;
	uint8_t *ip = f + ETH, *udp = ip + IP;
	uint32_t len = b->frame_len - ETH;

	memset(f, 0, b->frame_len);
	memcpy(f, b->mac, 6);
	memcpy(f + 6, b->own, 6);
	put16(f + 12, ETH_P_IP);
	ip[0] = 0x45;
	put16(ip + 2, len);
	ip[8] = 64;
	ip[9] = 17;
	put32(ip + 12, b->source + n / PORTS);
	put32(ip + 16, b->targets[n % b->target_count]);
	put16(ip + 10, ~sum(0, ip, IP));
	put16(udp, 10000 + n % PORTS);
	put16(udp + 2, b->port);
	put16(udp + 4, len - IP);
	put16(udp + 6, ~sum(sum(17 + len - IP, ip + 12, 8), udp, len - IP));
}

/* One address a line; a prefix stands for its first address. */
static void
targets_read(struct blast *b, const char *name)
{
	FILE *f = fopen(name, "r");
	char line[64];
	struct in_addr a;

	if (f == NULL)
		err(1, "%s", name);
	b->target_count = 0;
	while (b->target_count < b->flows &&
	    fgets(line, sizeof(line), f) != NULL) {
		line[strcspn(line, "/\n")] = '\0';
		if (inet_pton(AF_INET, line, &a) == 1)
			b->targets[b->target_count++] = ntohl(a.s_addr);
	}
	fclose(f);
	if (b->target_count == 0)
		errx(1, "%s: no addresses", name);
}

static uint32_t
address(const char *word)
{
	struct in_addr a;

	if (inet_pton(AF_INET, word, &a) != 1)
		errx(2, "'%s': no address", word);
	return ntohl(a.s_addr);
}

static void
socket_open(struct blast *b, const char *device)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	struct ifreq ifr = { 0 };
	int one = 1, room = 1 << 24;

	/* Protocol 0: it is to send, not to receive. */
	b->sock = socket(AF_PACKET, SOCK_RAW, 0);
	if (b->sock == -1)
		err(1, "packet socket");
	to.sll_ifindex = (int)if_nametoindex(device);
	snprintf(ifr.ifr_name, sizeof(ifr.ifr_name), "%s", device);
	if (to.sll_ifindex == 0 ||
	    bind(b->sock, (struct sockaddr *)&to, sizeof(to)) == -1 ||
	    ioctl(b->sock, SIOCGIFHWADDR, &ifr) == -1)
		err(1, "%s", device);
	memcpy(b->own, ifr.ifr_hwaddr.sa_data, sizeof(b->own));
	setsockopt(b->sock, SOL_PACKET, PACKET_QDISC_BYPASS, &one,
	    sizeof(one));
	setsockopt(b->sock, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
}

/* The file belongs to the namespace in which it was opened. */
static void
counters_open(struct blast *b, char *where)
{
	char path[128];
	char *slash = strchr(where, '/');
	int home = open("/proc/thread-self/ns/net", O_RDONLY), fd;

	if (slash == NULL)
		errx(2, "'%s': expected NETNS/DEVICE", where);
	*slash = '\0';
	b->counted = slash + 1;
	snprintf(path, sizeof(path), "/run/netns/%s", where);
	fd = open(path, O_RDONLY);
	if (home == -1 || fd == -1 || setns(fd, CLONE_NEWNET) == -1)
		err(1, "%s", path);
	b->counters = open("/proc/thread-self/net/dev", O_RDONLY);
	if (b->counters == -1 || setns(home, CLONE_NEWNET) == -1)
		err(1, "/proc/net/dev");
	close(home);
	close(fd);
}

static uint64_t
arrived(const struct blast *b)
{
	static char text[65536];
	char want[64], *at;
	ssize_t n = pread(b->counters, text, sizeof(text) - 1, 0);
	unsigned long long bytes, packets;

	if (n <= 0)
		err(1, "/proc/net/dev");
	text[n] = '\0';
	snprintf(want, sizeof(want), " %s:", b->counted);
	at = strstr(text, want);
	if (at == NULL || sscanf(at + strlen(want), "%llu %llu", &bytes,
	    &packets) != 2)
		errx(1, "no counter of %s", b->counted);
	return packets;
}

/* The next batch of frames. */
static void
batch_fill(const struct blast *b, struct iovec *iov, uint32_t *next)
{
	for (uint32_t i = 0; i < BATCH; i++) {
		iov[i].iov_base = b->frames + (size_t)*next * FRAME_MAX;
		iov[i].iov_len = b->frame_len;
		*next = *next + 1 < b->flows ? *next + 1 : 0;
	}
}

/* Sleeps while more went out than the rate allows. */
static void
pace(const struct blast *b, double start, uint64_t offered)
{
	double ahead = start + (double)offered / b->rate - seconds();
	struct timespec t = { 0, 0 };

	if (ahead <= 0)
		return;
	t.tv_sec = (time_t)ahead;
	t.tv_nsec = (long)((ahead - (double)t.tv_sec) * 1e9);
	nanosleep(&t, NULL);
}

/* Sends until the time is over; returns the frames that were offered. */
static uint64_t
send_until(const struct blast *b, double end)
{
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	double start = seconds();
	uint64_t offered = 0;
	uint32_t next = 0;
	int n;

	memset(m, 0, sizeof(m));
	for (uint32_t i = 0; i < BATCH; i++) {
		m[i].msg_hdr.msg_iov = &iov[i];
		m[i].msg_hdr.msg_iovlen = 1;
	}
	do {
		batch_fill(b, iov, &next);
		/* It ends at the frame that is refused. */
		for (uint32_t i = 0; i < BATCH; i += (uint32_t)n + 1) {
			n = sendmmsg(b->sock, m + i, BATCH - i, 0);
			if (n < 0)
				n = 0;
		}
		offered += BATCH;
		if (b->rate > 0)
			pace(b, start, offered);
	} while (seconds() < end);
	return offered;
}

static void
options_read(struct blast *b, const char **list, int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "f:l:r:s:")) != -1) {
		switch (c) {
		case 'f':
			b->flows = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		case 'l':
			*list = optarg;
			break;
		case 'r':
			b->rate = strtod(optarg, NULL);
			break;
		case 's':
			b->frame_len = (uint32_t)strtoul(optarg, NULL, 10);
			break;
		default:
			exit(2);
		}
	}
}

int
main(int argc, char **argv)
{
	struct blast b = { .flows = 1, .frame_len = 60 };
	const char *list = NULL;
	uint64_t before, after, offered;
	double t0, t1;

	options_read(&b, &list, argc, argv);
	argv += optind;
	if (argc - optind != 7 || b.flows == 0 || b.frame_len < 42 ||
	    b.frame_len > FRAME_MAX || sscanf(argv[1],
	    "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", b.mac, b.mac + 1, b.mac + 2,
	    b.mac + 3, b.mac + 4, b.mac + 5) != 6)
		errx(2, "usage: blast [-f FLOWS] [-l FILE] [-r RATE] "
		    "[-s BYTES] DEVICE MAC SOURCE TARGET PORT "
		    "NETNS/DEVICE SECONDS");
	b.source = address(argv[2]);
	b.port = (uint16_t)strtoul(argv[4], NULL, 10);
	b.targets = calloc(b.flows, sizeof(*b.targets));
	b.frames = calloc(b.flows, FRAME_MAX);
	if (b.targets == NULL || b.frames == NULL)
		err(1, "%u flows", b.flows);
	b.targets[0] = address(argv[3]);
	b.target_count = 1;
	if (list != NULL)
		targets_read(&b, list);
	socket_open(&b, argv[0]);
	counters_open(&b, argv[5]);
	for (uint32_t i = 0; i < b.flows; i++)
		frame_make(&b, i);
	send_until(&b, seconds() + WARM_UP);
	before = arrived(&b);
	t0 = seconds();
	offered = send_until(&b, t0 + strtod(argv[6], NULL));
	after = arrived(&b);
	t1 = seconds();
	printf("%.0f %.0f\n", (double)(after - before) / (t1 - t0),
	    (double)offered / (t1 - t0));
	return 0;
}
