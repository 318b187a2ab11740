/*
 * make_seed.c - the bytes of a seed.
 */
#include "fuzz/make_seed.h"

#include <stdio.h>
#include <stdlib.h>

#include "fuzz/frame_words.h"

void
seed_save(const char *target, const char *name, const void *p, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", target, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

void
seed_begin(struct seed *s, uint8_t first)
{
	s->w = wr_init(s->buf, sizeof(s->buf));
	wr_u8(&s->w, first);
}

void
seed_frames(struct seed *s, uint8_t variant, uint8_t habits)
{
	seed_begin(s, variant);
	wr_u8(&s->w, habits);
}

void
seed_end(struct seed *s, const char *target, const char *name)
{
	if (s->w.bad)
		exit(1);
	seed_save(target, name, s->buf, (size_t)(s->w.p - s->buf));
}

void
seed_step(struct seed *s, uint8_t head, uint8_t wait)
{
	wr_u8(&s->w, head);
	wr_u8(&s->w, wait);
	s->len_at = s->w.p;
	wr_u16(&s->w, 0);
	if (head & OFFLOAD) {
		wr_u32(&s->w, 0x01000000 | 1 << 16 | 500);
		wr_u16(&s->w, 34);
		wr_u16(&s->w, 16);
		/* csum_needed, gso_type, gso_size, csum_start, csum_offset */
		s->len_at = s->w.p - 10;
	}
}

void
seed_step_end(struct seed *s)
{
	uint32_t len = (uint32_t)(s->w.p - s->len_at - 2);

	if (s->len_at[-2] & OFFLOAD)
		len -= 8;
	be16_put(s->len_at, (uint16_t)len);
}

void
seed_act(struct seed *s, uint8_t head, uint8_t wait)
{
	seed_step(s, head, wait);
	seed_step_end(s);
}

void
seed_words(struct seed *s, const char *line)
{
	int n = frame_words_find(line);

	if (n < 0) {
		fprintf(stderr, "no such words: %s\n", line);
		exit(1);
	}
	seed_step(s, NO_PORT, 0x51);
	wr_u8(&s->w, (uint8_t)n);
	seed_step_end(s);
}

void
seed_more(struct seed *s, uint8_t what, uint16_t value)
{
	seed_step(s, NO_PORT, 0x51);
	wr_u8(&s->w, what);
	wr_u16(&s->w, value);
	seed_step_end(s);
}

void
seed_ether(struct seed *s, int port, uint16_t type)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 0 };

	mac[5] = port == 0 ? 1 : 2;
	wr_copy(&s->w, mac, 6);
	mac[5] = port == 0 ? 10 : 11;
	wr_copy(&s->w, mac, 6);
	wr_u16(&s->w, type);
}

static void
ip_write(struct seed *s, const struct ip4_hdr *h, const void *options)
{
	wr_u8(&s->w, (uint8_t)(0x45 + (h->hlen - 20) / 4));
	wr_u8(&s->w, 0);
	wr_u16(&s->w, 0);
	wr_u16(&s->w, 0x1234);
	wr_u16(&s->w, h->frag);
	wr_u8(&s->w, h->ttl);
	wr_u8(&s->w, h->proto);
	wr_u16(&s->w, 0);
	wr_u32(&s->w, h->src.v);
	wr_u32(&s->w, h->dst.v);
	wr_copy(&s->w, options, h->hlen - 20u);
}

void
seed_ip(struct seed *s, uint8_t proto, struct ip4 src, struct ip4 dst,
    uint16_t frag)
{
	struct ip4_hdr h = { .hlen = 20, .frag = frag, .ttl = 64,
	    .proto = proto, .src = src, .dst = dst };

	ip_write(s, &h, NULL);
}

void
seed_ip_with(struct seed *s, uint8_t proto, struct ip4 src, struct ip4 dst,
    uint8_t ttl, const void *options, uint32_t len)
{
	struct ip4_hdr h = { .ttl = ttl, .proto = proto, .src = src,
	    .dst = dst };

	h.hlen = (uint8_t)(20 + len);
	ip_write(s, &h, options);
}

/* The fixed part of a TCP header, options and data. */
static void
tcp_write_seg(struct seed *s, const struct seed_seg *g)
{
	static const uint8_t mss[] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1,
	    0, 0, 0, 0, 1, 3, 3, 7 };
	const void *options = g->options;
	uint32_t len = g->options_len;

	if (options == NULL && (g->flags & SYN) != 0) {
		options = mss;
		len = sizeof(mss);
	}
	wr_u32(&s->w, g->ports);
	wr_u32(&s->w, (uint16_t)((g->flags & SYN) ? 1000 : g->seq));
	wr_u32(&s->w, (uint16_t)g->ack);
	wr_u8(&s->w, (uint8_t)((20 + len) / 4 << 4));
	wr_u8(&s->w, g->flags);
	wr_u16(&s->w, g->window == 0 ? 60000 : g->window - 1);
	wr_u16(&s->w, 0);
	wr_u16(&s->w, g->urgent);
	wr_copy(&s->w, options, len);
	for (uint32_t i = 0; i < g->data; i++)
		wr_u8(&s->w, (uint8_t)('a' + i % 26));
}

void
seed_tcp(struct seed *s, uint16_t sport, uint16_t dport, uint8_t flags,
    uint32_t data)
{
	struct seed_seg g = { .ports = PORTS(sport, dport), .flags = flags,
	    .data = data };

	tcp_write_seg(s, &g);
}

void
seed_udp(struct seed *s, uint16_t sport, uint16_t dport, uint32_t data)
{
	wr_u16(&s->w, sport);
	wr_u16(&s->w, dport);
	wr_u32(&s->w, 0);
	for (uint32_t i = 0; i < data; i++)
		wr_u8(&s->w, (uint8_t)i);
}

void
seed_tcp_step(struct seed *s, const struct seed_seg *g)
{
	seed_step(s, (uint8_t)(g->port | SUMS | RELATIVE), 0x51);
	seed_ether(s, g->port, 0x0800);
	seed_ip(s, IPPROTO_TCP4, g->src, g->dst, 0x4000);
	tcp_write_seg(s, g);
	seed_step_end(s);
}

void
seed_seg(struct seed *s, int port, struct ip4 src, struct ip4 dst,
    uint32_t ports, uint8_t flags, uint32_t data)
{
	struct seed_seg g = { .port = port, .src = src, .dst = dst,
	    .ports = ports, .flags = flags, .data = data };

	seed_tcp_step(s, &g);
}
