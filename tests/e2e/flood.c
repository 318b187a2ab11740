/*
 * flood.c - a great many malformed frames out of an interface, the same ones
 * for the same seed.
 *
 *     flood INTERFACE COUNT SEED MAC IP FAR
 *
 * Each frame begins as a good one (ARP, ICMP, UDP, TCP, IGMP, IP in IP, with
 * and without options, whole and in fragments) to hopd's MAC, for its address
 * IP or for FAR behind it.  Then some of its bytes, lengths or checksums are
 * spoiled, or its end is cut off.  Some are only noise.  Some are the pieces of
 * a datagram, which fit together unless one of them is spoiled or lost; they
 * come in any order, twice perhaps, and with other frames in between.
 *
 * The device's queue is never filled: a frame that the kernel threw away would
 * prove nothing about hopd.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "bench/raw_bytes.h"

#define BATCH		64
#define WAITING_MAX	512	/* the queue holds 1000 or 500 */
#define FRAME_MAX	1514
#define ETH		14
#define IP		(ETH + 20)
#define CUTS		8	/* datagrams that are under way in pieces */
#define PIECES		4
#define CUT_MAX		2048

/* A datagram whose pieces leave one by one. */
struct cut {
	uint8_t data[CUT_MAX];	/* behind the IP header */
	uint32_t len, piece;	/* in all; of each piece but the last */
	uint32_t count, next;	/* pieces, and those that left */
	uint8_t order[PIECES];
	uint8_t proto;
	uint32_t id, src;
};

struct flood {
	const char *name;	/* of the interface */
	uint64_t random;
	uint8_t mac[6];
	uint32_t ip, far;	/* host order */
	struct cut cut[CUTS];
};

static uint32_t
any(struct flood *f)
{
	uint64_t x = f->random += UINT64_C(0x9e3779b97f4a7c15);

	x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)(x >> 32);
}

static uint32_t
below(struct flood *f, uint32_t n)
{
	return (uint32_t)((uint64_t)any(f) * n >> 32);
}

static bool
one_in(struct flood *f, uint32_t n)
{
	return below(f, n) == 0;
}

static void
noise(struct flood *f, uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		p[i] = (uint8_t)any(f);
}

static uint32_t
arp_make(struct flood *f, uint8_t *b)
{
	put16(b + 12, ETH_P_ARP);
	memcpy(b + ETH, "\0\1\10\0\6\4\0", 7);
	b[ETH + 7] = (uint8_t)(1 + below(f, 2));
	memcpy(b + ETH + 8, b + 6, 6);
	put32(b + ETH + 14, (f->ip & 0xffffff00) | (any(f) & 0xff));
	memset(b + ETH + 18, 0, 6);
	put32(b + ETH + 24, one_in(f, 2) ? f->ip : any(f));
	if (one_in(f, 2))
		memset(b, 0xff, 6);
	return ETH + 28;
}

/* The transport's part at p: returns its length. */
static uint32_t
transport_make(struct flood *f, uint8_t *p, uint8_t proto, const uint8_t *addrs)
{
	static const uint8_t types[] = { 8, 0, 3, 11, 12, 13, 5, 17 };
	uint32_t data = below(f, 64), len, pseudo;

	noise(f, p, 20 + data);
	pseudo = sum(proto, addrs, 8);
	switch (proto) {
	case 6:
		len = 20 + data;
		p[12] = (uint8_t)(5 << 4);
		put16(p + 16, 0);
		put16(p + 16, ~sum(pseudo + len, p, len) & 0xffff);
		return len;
	case 17:
		len = 8 + data;
		put16(p + 4, len);
		put16(p + 6, 0);
		put16(p + 6, ~sum(pseudo + len, p, len) & 0xffff);
		return len;
	default:			/* ICMP, IGMP, and what looks like it */
		len = 8 + data;
		p[0] = types[below(f, sizeof(types))];
		put16(p + 2, 0);
		put16(p + 2, ~sum(0, p, len) & 0xffff);
		return len;
	}
}

static uint32_t
ip_make(struct flood *f, uint8_t *b)
{
	static const uint8_t protos[] = { 1, 1, 2, 4, 6, 6, 17, 17, 47, 132 };
	static const uint8_t options[] = { 0, 1, 7, 68, 131, 137, 148, 130 };
	uint32_t hlen = one_in(f, 8) ? 20 + 4 * below(f, 11) : 20, len;
	uint8_t proto = protos[below(f, sizeof(protos))];
	uint8_t *h = b + ETH;

	put16(b + 12, ETH_P_IP);
	put16(h + 4, below(f, 64));
	put16(h + 6, one_in(f, 4) ? below(f, 16) |
	    (uint32_t)one_in(f, 2) << 13 : 0);
	h[0] = (uint8_t)(4 << 4 | hlen / 4);
	h[1] = (uint8_t)any(f);
	h[8] = one_in(f, 8) ? (uint8_t)below(f, 3) : 64;
	h[9] = proto;
	put32(h + 12, one_in(f, 4) ? any(f) :
	    (f->ip & 0xffffff00) | (any(f) & 0xff));
	put32(h + 16, one_in(f, 8) ? any(f) : one_in(f, 3) ? f->far : f->ip);
	noise(f, h + 20, hlen - 20);
	for (uint32_t i = 20; i + 3 < hlen; i += h[i + 1]) {
		h[i] = options[below(f, sizeof(options))];
		h[i + 1] = (uint8_t)(3 + below(f, hlen - i - 2));
		h[i + 2] = (uint8_t)below(f, 16);
	}
	len = hlen + transport_make(f, h + hlen, proto, h + 12);
	put16(h + 2, len);
	put16(h + 10, 0);
	put16(h + 10, ~sum(0, h, hlen) & 0xffff);
	return ETH + len;
}

/* An echo request or a datagram for a small service of hopd, in pieces to
 * be. */
static void
cut_new(struct flood *f, struct cut *c)
{
	static const uint8_t ports[] = { 7, 9 };
	uint8_t addrs[8];

	c->len = 64 + below(f, CUT_MAX - 64);
	c->count = 2 + below(f, PIECES - 1);
	c->piece = (c->len / c->count + 8) & ~7u;
	c->count = (c->len + c->piece - 1) / c->piece;
	c->next = 0;
	c->proto = one_in(f, 2) ? 1 : 17;
	c->id = any(f) & 0xffff;
	c->src = (f->ip & 0xffffff00) | (2 + below(f, 200));
	noise(f, c->data, c->len);
	if (c->proto == 1) {
		put16(c->data, 8 << 8);
		put16(c->data + 2, 0);
		put16(c->data + 2, ~sum(0, c->data, c->len) & 0xffff);
	} else {
		put32(addrs, c->src);
		put32(addrs + 4, f->ip);
		put16(c->data + 2, ports[below(f, sizeof(ports))]);
		put16(c->data + 4, c->len);
		put16(c->data + 6, 0);
		put16(c->data + 6, ~sum(sum(c->proto + c->len, addrs, 8),
		    c->data, c->len) & 0xffff);
	}
	for (uint32_t i = 0; i < c->count; i++) {
		uint32_t at = below(f, i + 1);

		c->order[i] = c->order[at];
		c->order[at] = (uint8_t)i;
	}
}

/* The next piece of one of the datagrams under way. */
static uint32_t
piece_make(struct flood *f, uint8_t *b)
{
	struct cut *c = &f->cut[below(f, CUTS)];
	uint8_t *h = b + ETH;
	uint32_t at, len;

	if (c->next == c->count)
		cut_new(f, c);
	at = c->order[c->next] * c->piece;
	len = c->len - at < c->piece ? c->len - at : c->piece;
	put16(b + 12, ETH_P_IP);
	memset(h, 0, 20);
	h[0] = 0x45;
	put16(h + 2, 20 + len);
	put16(h + 4, c->id);
	put16(h + 6, at / 8 | (uint32_t)(at + len < c->len) << 13);
	h[8] = 64;
	h[9] = c->proto;
	put32(h + 12, c->src);
	put32(h + 16, f->ip);
	put16(h + 10, ~sum(0, h, 20) & 0xffff);
	memcpy(h + 20, c->data + at, len);
	c->next += !one_in(f, 8);	/* else once more */
	return IP + len;
}

/* Spoils a good frame; the header's checksum may be made right again, so that
 * the fault is met further up. */
static uint32_t
spoil(struct flood *f, uint8_t *b, uint32_t len)
{
	uint32_t faults = below(f, 4), hlen;

	for (uint32_t i = 0; i < faults; i++)
		b[12 + below(f, len - 12)] = (uint8_t)any(f);
	if (one_in(f, 4))
		len = ETH + below(f, len - ETH + 1);
	if (one_in(f, 16)) {
		uint32_t more = below(f, FRAME_MAX - len + 1);

		noise(f, b + len, more);
		len += more;
	}
	hlen = (b[ETH] & 0xf) * 4u;
	if (len >= IP && one_in(f, 2) && hlen >= 20 && ETH + hlen <= len) {
		put16(b + ETH + 10, 0);
		put16(b + ETH + 10, ~sum(0, b + ETH, hlen) & 0xffff);
	}
	return len;
}

static uint32_t
frame_make(struct flood *f, uint8_t *b)
{
	uint32_t len;

	memcpy(b, f->mac, 6);
	noise(f, b + 6, 6);
	b[6] = (uint8_t)(b[6] & ~1u);
	if (one_in(f, 16))
		noise(f, b, ETH);
	switch (below(f, 9)) {
	case 0:
		len = arp_make(f, b);
		break;
	case 1:
		len = ETH + below(f, 200);
		noise(f, b + 12, len - 12);
		return len;
	case 2:
		len = piece_make(f, b);
		if (!one_in(f, 16))
			return len;
		break;
	default:
		len = ip_make(f, b);
		break;
	}
	return spoil(f, b, len);
}

/* Frames that left the device's queue, read or thrown away. */
static uint64_t
frames_gone(const struct flood *f)
{
	unsigned long long packets, dropped, n = 0;
	size_t len = strlen(f->name);
	FILE *in = fopen("/proc/thread-self/net/dev", "re");
	char line[512];

	while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
		const char *s = line + strspn(line, " ");

		if (strncmp(s, f->name, len) == 0 && s[len] == ':' &&
		    sscanf(s + len + 1, "%*s %*s %*s %*s %*s %*s %*s %*s "
		    "%*s %llu %*s %llu", &packets, &dropped) == 2)
			n = packets + dropped;
	}
	if (in != NULL)
		fclose(in);
	return n;
}

static int
send_batch(int fd, struct mmsghdr *m, unsigned n)
{
	unsigned done = 0;

	while (done < n) {
		int r = sendmmsg(fd, m + done, n - done, 0);

		if (r > 0) {
			done += (unsigned)r;
		} else if (r < 0 && errno != EINTR && errno != EAGAIN) {
			return -errno;
		}
	}
	return 0;
}

static int
flood(struct flood *f, int fd, unsigned long count)
{
	static uint8_t frame[BATCH][FRAME_MAX + 64];
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];

	uint64_t begin = frames_gone(f), sent = 0;

	memset(m, 0, sizeof(m));
	while (count > 0) {
		unsigned n = count < BATCH ? (unsigned)count : BATCH;
		int r;

		for (unsigned i = 0; i < n; i++) {
			iov[i].iov_base = frame[i];
			iov[i].iov_len = frame_make(f, frame[i]);
			m[i].msg_hdr.msg_iov = &iov[i];
			m[i].msg_hdr.msg_iovlen = 1;
		}
		while (sent + n > frames_gone(f) - begin + WAITING_MAX)
			usleep(50);
		if ((r = send_batch(fd, m, n)) != 0)
			return r;
		sent += n;
		count -= n;
	}
	return 0;
}

static int
packet_socket(const char *name)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET,
	    .sll_ifindex = (int)if_nametoindex(name) };
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd == -1 || at.sll_ifindex == 0 || bind(fd,
	    (const struct sockaddr *)&at, sizeof(at)) == -1)
		return -1;
	return fd;
}

int
main(int argc, char **argv)
{
	struct flood f = { 0 };
	struct in_addr ip, far;
	int fd, r;

	if (argc != 7 || sscanf(argv[4], "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx",
	    &f.mac[0], &f.mac[1], &f.mac[2], &f.mac[3], &f.mac[4],
	    &f.mac[5]) != 6 || inet_pton(AF_INET, argv[5], &ip) != 1 ||
	    inet_pton(AF_INET, argv[6], &far) != 1) {
		fprintf(stderr,
		    "usage: flood INTERFACE COUNT SEED MAC IP FAR\n");
		return 2;
	}
	f.name = argv[1];
	f.random = strtoull(argv[3], NULL, 0);
	f.ip = ntohl(ip.s_addr);
	f.far = ntohl(far.s_addr);
	fd = packet_socket(argv[1]);
	r = fd == -1 ? -errno : flood(&f, fd, strtoul(argv[2], NULL, 0));
	if (r != 0) {
		fprintf(stderr, "flood: %s: %s\n", argv[1], strerror(-r));
		return 1;
	}
	printf("%s frames\n", argv[2]);
	close(fd);
	return 0;
}
