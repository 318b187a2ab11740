/*
 * tcp_wire.h - the TCP header (RFC 9293 3.1): bytes to host order and back,
 * and the kinds of its options (3.2), which tcp_options.h reads and writes.
 * Used by src/tcp and by the load balancer.
 */
#ifndef HOPD_TCP_TCP_WIRE_H
#define HOPD_TCP_TCP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TCP_HLEN	20
#define TCP_HLEN_MAX	60

#define TCP_FIN	0x01
#define TCP_SYN	0x02
#define TCP_RST	0x04
#define TCP_PSH	0x08
#define TCP_ACK	0x10
#define TCP_URG	0x20
#define TCP_ECE	0x40
#define TCP_CWR	0x80
#define TCP_AE	0x100	/* RFC 9768 3.1.1: in the byte before */
#define TCP_FLAGS_MASK 0x1ffu

/* Offsets of fields that are rewritten in place. */
#define TCP_OFF_SPORT	0
#define TCP_OFF_DPORT	2
#define TCP_OFF_SEQ	4
#define TCP_OFF_ACK	8
#define TCP_OFF_DOFF	12
#define TCP_OFF_FLAGS	13
#define TCP_OFF_WINDOW	14
#define TCP_OFF_CSUM	16
#define TCP_OFF_URG	18

/* Kinds of options (RFC 9293 3.2). */
enum {
	TCP_OPT_END = 0, TCP_OPT_NOP = 1, TCP_OPT_MSS = 2,
	TCP_OPT_WSCALE = 3, TCP_OPT_TS = 8,	/* RFC 7323 2.2, 3.2 */
	TCP_OPT_SACK_OK = 4, TCP_OPT_SACK = 5,	/* RFC 2018 2, 3 */
	TCP_OPT_FASTOPEN = 34,			/* RFC 7413 4.1.1 */
	TCP_OPT_ACC0 = 172, TCP_OPT_ACC1 = 174,	/* RFC 9768 3.2.3 */
	TCP_OPT_EXP = 254,	/* RFC 6994: experiments; the client of LVS */
};

struct tcp_hdr {
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint8_t hlen;		/* bytes, options included */
	uint16_t flags;		/* TCP_* */
	uint16_t window;	/* as on the wire, not scaled */
	uint16_t csum;
	uint16_t urgent;
};

/* Bytes of the header at p with its options; 0: cut off, or the data offset
 * lies. */
static inline uint32_t
tcp_header_len(const uint8_t *p, size_t len)
{
	uint32_t hlen = len >= TCP_HLEN ? (p[TCP_OFF_DOFF] >> 4) * 4u : 0;

	return hlen >= TCP_HLEN && hlen <= len ? hlen : 0;
}

/* 0, or -EINVAL: cut off, or the data offset lies. */
int tcp_parse_hdr(const uint8_t *p, size_t len, struct tcp_hdr *out);
/* Writes the fixed 20 bytes; h->hlen gives the data offset. */
void tcp_build_hdr(uint8_t p[TCP_HLEN], const struct tcp_hdr *h);

#endif
