/*
 * make_seed.h - builds the bytes of a seed: frames by parts, and the steps of
 * `frame` (frame_bed.h) around them.
 *
 * Lengths and checksums are left to the targets, which make them right, and
 * the numbers of TCP are distances (frame_fix.h).
 */
#ifndef HOPD_TESTS_FUZZ_MAKE_SEED_H
#define HOPD_TESTS_FUZZ_MAKE_SEED_H

#include <stdint.h>
#include <stddef.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define US	IP4(192, 168, 1, 1)
#define VIP	IP4(192, 168, 1, 100)
#define VIP2	IP4(192, 168, 1, 101)
#define RS1	IP4(10, 0, 0, 11)
#define FAR	IP4(10, 9, 0, 1)
#define OUR_SV	IP4(10, 0, 0, 1)

#define SYN	0x02
#define ACK	0x10
#define FIN	0x01
#define RST	0x04
#define PSH	0x08
#define URG	0x20
#define ECE	0x40
#define CWR	0x80

/* Bits of a step of `frame` (frame_bed.h). */
#define SUMS		0x04
#define OFFLOAD		0x08
#define RELATIVE	0x10
#define DO_CONNECT	(1 << 5)
#define DO_SEND		(2 << 5)
#define DO_SHUTDOWN	(3 << 5)
#define DO_CLOSE	(4 << 5)
#define DO_UDP		(5 << 5)
#define DO_PORT		(6 << 5)
#define DO_SERVER	(7 << 5)
#define NO_PORT		3
#define PORTS(a, b) ((uint32_t)(a) << 16 | (b))

struct seed {
	uint8_t buf[8192];
	struct wr w;
	uint8_t *len_at;	/* of the step under way */
};

/* A step with a TCP segment. */
struct seed_seg {
	int port;		/* where it comes in */
	struct ip4 src, dst;
	uint32_t ports;		/* PORTS() */
	uint8_t flags;
	int16_t seq, ack;	/* distances */
	uint16_t window;	/* 0: 60000; 1: 0 */
	uint16_t urgent;
	const void *options;	/* NULL: those of a SYN, or none */
	uint32_t options_len;	/* a multiple of 4 */
	uint32_t data;		/* bytes */
};

/* Writes a file below the current folder. */
void seed_save(const char *target, const char *name, const void *p,
    size_t len);
void seed_begin(struct seed *s, uint8_t first);
/* Of `frame`. */
void seed_frames(struct seed *s, uint8_t variant, uint8_t habits);
void seed_end(struct seed *s, const char *target, const char *name);

/* The head of a step, with OFFLOAD also that. */
void seed_step(struct seed *s, uint8_t head, uint8_t wait);
void seed_step_end(struct seed *s);
/* A step without a frame. */
void seed_act(struct seed *s, uint8_t head, uint8_t wait);
/* A command, which must be one of frame_words.c. */
void seed_words(struct seed *s, const char *line);
/* One of enum tcp_opt or enum frame_more. */
void seed_more(struct seed *s, uint8_t what, uint16_t value);

void seed_ether(struct seed *s, int port, uint16_t type);
void seed_ip(struct seed *s, uint8_t proto, struct ip4 src, struct ip4 dst,
    uint16_t frag);
/* With options, whose length is a multiple of 4. */
void seed_ip_with(struct seed *s, uint8_t proto, struct ip4 src,
    struct ip4 dst, uint8_t ttl, const void *options, uint32_t len);
void seed_tcp(struct seed *s, uint16_t sport, uint16_t dport, uint8_t flags,
    uint32_t data);
void seed_udp(struct seed *s, uint16_t sport, uint16_t dport, uint32_t data);
/* A segment of its own step; a wait of 1 ms before. */
void seed_tcp_step(struct seed *s, const struct seed_seg *g);
void seed_seg(struct seed *s, int port, struct ip4 src, struct ip4 dst,
    uint32_t ports, uint8_t flags, uint32_t data);

/* make_frame.c, make_frame_host.c */
void seeds_frame(void);
void seeds_frame_host(void);

#endif
