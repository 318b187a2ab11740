/*
 * make_corpus.c - writes the seed corpora: one small file for each thing worth
 * starting from.
 *
 *   tests/fuzz/make-corpus DIRECTORY
 *
 * The directory has one folder a target.  Lengths and checksums are left to
 * the targets, which make them right.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/cursor.h"
#include "ip/ip_wire.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define US	IP4(192, 168, 1, 1)
#define VIP	IP4(192, 168, 1, 100)
#define VIP2	IP4(192, 168, 1, 101)
#define RS1	IP4(10, 0, 0, 11)
#define FAR	IP4(10, 9, 0, 1)

#define SYN	0x02
#define ACK	0x10
#define FIN	0x01
#define RST	0x04
#define PSH	0x08

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

struct seed {
	uint8_t buf[8192];
	struct wr w;
	uint8_t *len_at;	/* of the step under way */
};

static const char *dir;

static void
save(const char *target, const char *name, const void *p, size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s/%s", dir, target, name);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void
begin(struct seed *s, uint8_t variant)
{
	s->w = wr_init(s->buf, sizeof(s->buf));
	wr_u8(&s->w, variant);
}

static void
end(struct seed *s, const char *target, const char *name)
{
	if (s->w.bad)
		exit(1);
	save(target, name, s->buf, (size_t)(s->w.p - s->buf));
}

/* The head of a step; offload is written behind it by hand. */
static void
step(struct seed *s, uint8_t head, uint8_t wait)
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

static void
step_end(struct seed *s)
{
	uint32_t len = (uint32_t)(s->w.p - s->len_at - 2);

	if (s->len_at[-2] & OFFLOAD)
		len -= 8;
	be16_put(s->len_at, (uint16_t)len);
}

static void
ether(struct seed *s, int port, uint16_t type)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, 0 };

	mac[5] = port == 0 ? 1 : 2;
	wr_copy(&s->w, mac, 6);
	mac[5] = port == 0 ? 10 : 11;
	wr_copy(&s->w, mac, 6);
	wr_u16(&s->w, type);
}

static void
ip(struct seed *s, uint8_t proto, struct ip4 src, struct ip4 dst,
    uint16_t frag)
{
	wr_u8(&s->w, 0x45);
	wr_u8(&s->w, 0);
	wr_u16(&s->w, 0);
	wr_u16(&s->w, 0x1234);
	wr_u16(&s->w, frag);
	wr_u8(&s->w, 64);
	wr_u8(&s->w, proto);
	wr_u16(&s->w, 0);
	wr_u32(&s->w, src.v);
	wr_u32(&s->w, dst.v);
}

static void
tcp(struct seed *s, uint16_t sport, uint16_t dport, uint8_t flags,
    uint32_t data)
{
	static const uint8_t mss[] = { 2, 4, 5, 180, 4, 2, 8, 10, 0, 0, 0, 1,
	    0, 0, 0, 0, 1, 3, 3, 7 };
	uint32_t optlen = (flags & SYN) ? sizeof(mss) : 0;

	wr_u16(&s->w, sport);
	wr_u16(&s->w, dport);
	wr_u32(&s->w, (flags & SYN) ? 1000 : 0);
	wr_u32(&s->w, 0);
	wr_u8(&s->w, (uint8_t)((20 + optlen) / 4 << 4));
	wr_u8(&s->w, flags);
	wr_u16(&s->w, 60000);
	wr_u32(&s->w, 0);
	wr_copy(&s->w, mss, optlen);
	for (uint32_t i = 0; i < data; i++)
		wr_u8(&s->w, (uint8_t)('a' + i % 26));
}

static void
udp(struct seed *s, uint16_t sport, uint16_t dport, uint32_t data)
{
	wr_u16(&s->w, sport);
	wr_u16(&s->w, dport);
	wr_u32(&s->w, 0);
	for (uint32_t i = 0; i < data; i++)
		wr_u8(&s->w, (uint8_t)i);
}

/* A TCP step from the client, or a server, with a wait of 1 ms. */
static void
seg(struct seed *s, int port, struct ip4 src, struct ip4 dst, uint32_t ports,
    uint8_t flags, uint32_t data)
{
	step(s, (uint8_t)(port | SUMS | RELATIVE), 0x51);
	ether(s, port, 0x0800);
	ip(s, IPPROTO_TCP4, src, dst, 0x4000);
	tcp(s, (uint16_t)(ports >> 16), (uint16_t)ports, flags, data);
	step_end(s);
}

#define PORTS(a, b) ((uint32_t)(a) << 16 | (b))

/* A connection through, or to, a port of the VIP. */
static void
talk(const char *name, uint16_t vport, struct ip4 vip, struct ip4 rs,
    uint16_t rport, uint8_t variant)
{
	struct seed s;

	begin(&s, variant);
	seg(&s, 0, CLIENT, vip, PORTS(2000, vport), SYN, 0);
	if (rport != 0)
		seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), SYN | ACK, 0);
	seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK, 0);
	seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK | PSH, 100);
	if (rport != 0)
		seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), ACK | PSH, 200);
	seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK | FIN, 0);
	if (rport != 0)
		seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), ACK | FIN, 0);
	seg(&s, 0, CLIENT, vip, PORTS(2000, vport), RST, 0);
	end(&s, "frame", name);
}

static void
frame_tcp(void)
{
	struct seed s;

	talk("tcp-server", 84, US, RS1, 0, 0);
	talk("lb-nat", 80, VIP, RS1, 8080, 0);
	talk("lb-nat-persist", 80, VIP, RS1, 8080, 0x33);
	talk("lb-dr", 81, VIP, RS1, 0, 0);
	talk("lb-tun", 82, VIP, RS1, 0, 0x10);
	talk("lb-fullnat", 83, VIP, RS1, 0, 0);
	talk("lb-local", 84, VIP, RS1, 0, 0);
	talk("lb-rst", 85, VIP, RS1, 0, 0);
	talk("lb-any-port", 443, VIP2, RS1, 443, 0);
	talk("lb-mark", 1001, VIP, RS1, 1001, 0);
	talk("lb-sctp", 132, VIP, RS1, 80, 0);
	talk("forward", 80, FAR, FAR, 80, 0xc0);

	begin(&s, 0);
	step(&s, NO_PORT | DO_CONNECT, 0x51);
	step_end(&s);
	seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), SYN | ACK, 0);
	step(&s, NO_PORT | DO_SEND, 0x51);
	step_end(&s);
	seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), ACK | PSH, 300);
	step(&s, NO_PORT | DO_SHUTDOWN, 0xa3);
	step_end(&s);
	seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), ACK | FIN, 0);
	end(&s, "frame", "tcp-client");

	begin(&s, 0);
	step(&s, 0 | SUMS | OFFLOAD, 0x51);
	ether(&s, 0, 0x0800);
	ip(&s, IPPROTO_TCP4, CLIENT, FAR, 0x4000);
	tcp(&s, 2000, 80, ACK, 1800);
	step_end(&s);
	end(&s, "frame", "super-frame");
}

static void
datagram(const char *name, struct ip4 dst, uint16_t port, uint32_t len)
{
	struct seed s;

	begin(&s, 0);
	step(&s, 0 | SUMS, 0x51);
	ether(&s, 0, 0x0800);
	ip(&s, IPPROTO_UDP4, CLIENT, dst, 0);
	udp(&s, 3000, port, len);
	step_end(&s);
	step(&s, 1 | SUMS | DO_UDP, 0x51);
	ether(&s, 1, 0x0800);
	ip(&s, IPPROTO_UDP4, RS1, CLIENT, 0);
	udp(&s, port, 3000, len);
	step_end(&s);
	end(&s, "frame", name);
}

static void
frame_icmp(void)
{
	struct seed s;

	begin(&s, 0);
	step(&s, 0 | SUMS, 0x51);
	ether(&s, 0, 0x0800);
	ip(&s, IPPROTO_ICMP4, CLIENT, US, 0);
	wr_u32(&s.w, 0x08000000);
	wr_u32(&s.w, 0x00010001);
	wr_u32(&s.w, 0x61626364);
	step_end(&s);
	end(&s, "frame", "ping");

	/* A flow, then an error about it from the way to its server. */
	begin(&s, 0);
	seg(&s, 0, CLIENT, VIP, PORTS(2000, 80), SYN, 0);
	step(&s, 1 | SUMS, 0x51);
	ether(&s, 1, 0x0800);
	ip(&s, IPPROTO_ICMP4, IP4(10, 0, 0, 254), CLIENT, 0);
	wr_u32(&s.w, 0x03040000);
	wr_u32(&s.w, 600);
	ip(&s, IPPROTO_TCP4, CLIENT, RS1, 0x4000);
	tcp(&s, 2000, 8080, SYN, 0);
	step_end(&s);
	end(&s, "frame", "too-big");

	begin(&s, 0);
	step(&s, 0 | SUMS, 0x51);
	ether(&s, 0, 0x0800);
	ip(&s, 2, CLIENT, IP4(224, 0, 0, 1), 0);
	wr_u32(&s.w, 0x11640000);
	wr_u32(&s.w, 0);
	step_end(&s);
	end(&s, "frame", "igmp-query");
}

static void
frame_pieces(void)
{
	struct seed s;

	begin(&s, 0);
	for (uint16_t i = 0; i < 3; i++) {
		step(&s, 0 | SUMS, 0x51);
		ether(&s, 0, 0x0800);
		ip(&s, IPPROTO_UDP4, CLIENT, i == 0 ? US : VIP,
		    (uint16_t)(0x2000 | i * 4));
		udp(&s, 3000, 53, 24);
		step_end(&s);
		step(&s, 0 | SUMS, 0x51);
		ether(&s, 0, 0x0800);
		ip(&s, IPPROTO_UDP4, CLIENT, i == 0 ? US : VIP,
		    (uint16_t)(i * 4 + 4));
		udp(&s, 3000, 53, 24);
		step_end(&s);
	}
	end(&s, "frame", "fragments");

	begin(&s, 0);
	step(&s, 1 | SUMS, 0x51);
	ether(&s, 1, 0x0800);
	ip(&s, 4, IP4(10, 0, 0, 12), IP4(10, 0, 0, 1), 0);
	ip(&s, IPPROTO_UDP4, FAR, CLIENT, 0);
	udp(&s, 1, 2, 30);
	step_end(&s);
	end(&s, "frame", "ipip");

	begin(&s, 0);
	step(&s, 2 | SUMS | DO_SERVER, 0xa1);
	ip(&s, IPPROTO_UDP4, IP4(172, 16, 0, 2), FAR, 0);
	udp(&s, 1, 2, 30);
	step_end(&s);
	step(&s, 2 | DO_PORT, 0xa1);
	wr_u32(&s.w, 0x46000018);
	step_end(&s);
	end(&s, "frame", "bare-ip");
}

static void
frame_arp(uint16_t op, const char *name)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct seed s;

	begin(&s, 0x80);
	step(&s, 0, 0x51);
	ether(&s, 0, op < 3 ? 0x0806 : 0x8035);
	wr_u32(&s.w, 0x00010800);
	wr_u16(&s.w, 0x0604);
	wr_u16(&s.w, op);
	wr_copy(&s.w, mac, 6);
	wr_u32(&s.w, IP4(192, 168, 1, 77).v);
	wr_copy(&s.w, mac, 6);
	wr_u32(&s.w, US.v);
	step_end(&s);
	end(&s, "frame", name);
}

static void
frame_seeds(void)
{
	frame_tcp();
	datagram("udp-echo", US, 7, 40);
	datagram("udp-chargen", US, 19, 4);
	datagram("udp-closed", US, 9999, 4);
	datagram("udp-socket", US, 5000, 4);
	datagram("udp-group", IP4(239, 1, 2, 3), 5000, 4);
	datagram("udp-forward", FAR, 53, 1400);
	datagram("udp-ops", VIP, 53, 40);
	datagram("udp-fullnat", VIP, 54, 40);
	datagram("udp-tun", VIP, 55, 40);
	frame_icmp();
	frame_pieces();
	frame_arp(1, "arp-request");
	frame_arp(2, "arp-reply");
	frame_arp(3, "rarp-request");
}

/* Steps of `tcp_pair`: what to do, a number. */
static void
pair_seeds(void)
{
	static const uint8_t plain[] = { 0, 0, 0x10, 0x40, 0x11, 0x20, 0x20,
	    0x81, 0x10, 0xff, 0x20, 0x91, 0x30, 0, 0x31, 0, 0x20, 0xb4 };
	static const uint8_t lossy[] = { 3, 7, 0x10, 0xff, 0x40, 1, 0x11, 0xff,
	    0x42, 2, 0x20, 0x81, 0x43, 3, 0x44, 5, 0x10, 0xff, 0x20, 0xa1,
	    0x45, 9, 0x20, 0xb4 };
	static const uint8_t forged[] = { 1, 0, 0x10, 0x40, 0x20, 0x71, 0x50,
	    2, 13, 4, 0x51, 1, 6, 9, 0x20, 0x81, 0x60, 4, 0, 0, 0, 0, 0x10,
	    0x20, 0x20, 0x91 };
	static const uint8_t close_[] = { 2, 1, 0x11, 0x40, 0x20, 0x81, 0x30,
	    0, 0x20, 0x81, 0x33, 0, 0x20, 0xb1, 0x32, 0, 0x20, 0xb8 };

	save("tcp_pair", "plain", plain, sizeof(plain));
	save("tcp_pair", "lossy", lossy, sizeof(lossy));
	save("tcp_pair", "forged", forged, sizeof(forged));
	save("tcp_pair", "close", close_, sizeof(close_));
}

static void
text(const char *target, const char *name, const char *s)
{
	save(target, name, s, strlen(s));
}

#define NET \
	"port add tapa mac 02:00:00:00:00:01 mtu 1400\n" \
	"port add tun0 type tun\n" \
	"addr add 10.0.0.1/24 dev tapa\naddr add 10.1.0.1/24 dev tun0\n" \
	"route add default via 10.0.0.2 src 10.0.0.1\n" \
	"route add 10.2.0.0/16 nexthop via 10.0.0.3 weight 2" \
	" nexthop via 10.1.0.2 dev tun0\n" \
	"neigh add 10.0.0.3 mac 02:00:00:00:00:03 dev tapa\n"
#define BALANCE \
	"lb set drain 10 tcp_timeout 5m\n" \
	"mark add 7 proto udp dst 10.0.0.0/24 port 53-54\n" \
	"service add tcp 10.0.0.100:80 sched mh flags fallback,port" \
	" persistent 300\n" \
	"server add tcp 10.0.0.100:80 10.0.0.12:8080 weight 3 upper 9\n" \
	"server add tcp 10.0.0.100:80 10.0.0.13:80 mode dr\n" \
	"service add fwmark 7 sched rr\n"

static void
grammar_seeds(void)
{
	text("grammar", "network", "n" NET);
	text("grammar", "balance", "n" NET BALANCE);
	text("grammar", "errors", "n" NET "route add 10.2.0.0/33 via x\n"
	    "adr add\nservice add tcp 10.0.0.100:80 sched wlk\n"
	    "server add tcp 10.0.0.9:80 1.2.3.4:80\nport set nope mtu 1\n");
	text("grammar", "words", "wport show\nrou get 10.0.0.1 from 10.0.0.2\n"
	    "ping 10.0.0.2 count 3 interval 100ms size 10 df\n"
	    "conn show tcp 10.0.0.1:80 state ESTABLISHED\nhelp route add\n"
	    "traceroute 10.0.0.2 icmp queries 1\nneigh announce 1.2.3.4\n");
	text("grammar", "switches", "wport set tapa rp_filter strict\n"
	    "lb set sloppy_tcp on\nrarp add 02:00:00:00:00:01 ip 10.0.0.9\n"
	    "inetd add echo\ndrops show all\ncomplete ro a\n");
}

static void
ctl_seeds(void)
{
	text("ctl", "show",
	    "{\"id\":1,\"command\":[\"port\",\"show\"]}\n"
	    "{\"id\":2,\"command\":[\"stats\",\"show\"]}\n"
	    "{\"id\":3,\"command\":[\"limits\",\"show\"],\"text\":true}\n"
	    "{\"id\":4,\"command\":[\"config\",\"show\"]}\n"
	    "{\"id\":5,\"command\":[\"route\",\"show\",\"all\"]}\n"
	    "{\"id\":6,\"command\":[\"summary\"]}\n");
	text("ctl", "change",
	    "{\"id\":1,\"command\":[\"port\",\"add\",\"x\"]}\n"
	    "{\"id\":2,\"command\":[\"addr\",\"add\",\"10.5.0.1/24\",\"dev\","
	    "\"x\"]}\n"
	    "{\"id\":3,\"command\":[\"service\",\"add\",\"tcp\","
	    "\"10.5.0.9:80\",\"sched\",\"maglev\"]}\n"
	    "{\"id\":4,\"command\":[\"server\",\"add\",\"tcp\","
	    "\"10.5.0.9:80\",\"10.5.0.2:80\",\"weight\",\"2\"]}\n"
	    "{\"id\":5,\"command\":[\"port\",\"del\",\"x\"]}\n");
	text("ctl", "apply",
	    "{\"id\":1,\"command\":[\"config\",\"apply\",\"f\"],\"input\":"
	    "\"port add tapa\\naddr add 10.0.0.1/24 dev tapa\\n\"}\n"
	    "{\"id\":2,\"command\":[\"config\",\"plan\",\"f\"],\"input\":"
	    "\"port add tapb\\n\"}\n"
	    "{\"id\":3,\"command\":[\"config\",\"check\",\"f\"],\"input\":"
	    "\"port ad\"}\n");
	text("ctl", "apply-text",
	    "{\"id\":1,\"command\":[\"config\",\"apply\",\"f\"],"
	    "\"input_bytes\":65}\n"
	    "port add tapa mtu 1400\n"
	    "ip set accept_source_route on min_pmtu 68\n"
	    "{\"id\":2,\"command\":[\"config\",\"plan\",\"f\"],"
	    "\"input_bytes\":3}\n\xff\n\n"
	    "{\"id\":3,\"command\":[\"config\",\"apply\",\"f\"],"
	    "\"input_bytes\":0}\n"
	    "{\"id\":4,\"command\":[\"config\",\"show\"],"
	    "\"input_bytes\":100}\n#");
	text("ctl", "jobs",
	    "{\"id\":1,\"command\":[\"ping\",\"10.0.0.2\",\"count\",\"2\"]}\n"
	    "{\"id\":2,\"command\":[\"traceroute\",\"10.0.0.2\"]}\n"
	    "{\"id\":3,\"command\":[\"ping\",\"10.0.0.1\"],\"text\":true}\n");
	text("ctl", "wrong", "{}\n[]\n{\"id\":[],\"command\":1}\n"
	    "{\"command\":[\"port\",3]}\n\"\n{\"id\":1,\"command\":[]}\n");
}

static void
http_seeds(void)
{
	text("http", "get", "\x10GET /f HTTP/1.1\r\nHost: h\r\n\r\n"
	    "GET /whoami HTTP/1.1\r\nHost: h\r\nRange: bytes=2-4\r\n\r\n"
	    "HEAD /g HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
	text("http", "bodies", "\x02POST /d HTTP/1.1\r\nHost: h\r\n"
	    "Content-Length: 4\r\n\r\nabcd"
	    "GET /d HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n"
	    "\r\n3;x\r\nabc\r\n0\r\nT: u\r\n\r\nGET /g HTTP/1.0\r\n\r\n");
	text("http", "fields", "\x01GET http://h/./a/../f?q HTTP/1.1\r\n"
	    "Host: h\r\nIf-None-Match: W/\"a\", \"2ebc98a1-a\"\r\n"
	    "If-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
	    "If-Range: \"x\"\r\nRange: bytes=-5\r\nExpect: 100-continue\r\n"
	    "Connection: close, keep-alive\r\n\r\n");
	text("http", "wrong", "\x01\r\n\nGET /%2e%2e/f HTTP/1.1\n\n"
	    "BREW / HTTP/9.9\r\nA : b\r\n c\r\n\r\n");
}

static void
flow_seeds(void)
{
	static const uint8_t none[] = { 0 };
	static const uint8_t head[] = { 1, 0, 0, 8, 2 };
	static const uint8_t flow[] = { 3, 1, 0, 0, 40, 99, 1, 0, 0, 100, 7,
	    1, 0, 0, 120, 0xff };
	static const uint8_t template_[] = { 3, 1, 0, 1, 84, 1, 1, 0, 0, 84,
	    9 };
	static const uint8_t raw[] = { 4, 0x77, 0x6f, 0x6c, 0x66, 0x64, 0x70,
	    0x6f, 0x68, 1, 0, 0, 0, 128, 0, 0, 0 };

	save("flowfile", "whole", none, sizeof(none));
	save("flowfile", "head", head, sizeof(head));
	save("flowfile", "flow", flow, sizeof(flow));
	save("flowfile", "template", template_, sizeof(template_));
	save("flowfile", "raw", raw, sizeof(raw));
}

static void
tap_seeds(void)
{
	static const struct {
		const char *name;
		uint8_t flags, gso;
		uint16_t size, start, offset;
	} head[] = {
		{ "plain", 0, 0, 0, 0, 0 },
		{ "csum", 1, 0, 0, 34, 16 },
		{ "valid", 2, 0, 0, 0, 0 },
		{ "tso", 1, 1, 400, 34, 16 },
		{ "tso-ecn", 1, 0x81, 400, 34, 16 },
		{ "uso", 1, 5, 400, 34, 6 },
		{ "tso6", 1, 4, 400, 54, 16 },
		{ "bad", 1, 7, 400, 34, 16 },
	};
	struct seed s;

	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++) {
		uint16_t hdr_len = 54;

		begin(&s, 1);
		wr_u8(&s.w, head[i].flags);
		wr_u8(&s.w, head[i].gso);
		/* The header is in the machine's byte order. */
		wr_copy(&s.w, &hdr_len, 2);
		wr_copy(&s.w, &head[i].size, 2);
		wr_copy(&s.w, &head[i].start, 2);
		wr_copy(&s.w, &head[i].offset, 2);
		ether(&s, 0, 0x0800);
		ip(&s, head[i].gso == 5 ? IPPROTO_UDP4 : IPPROTO_TCP4,
		    CLIENT, FAR, 0x4000);
		if (head[i].gso == 5)
			udp(&s, 1, 2, 1000);
		else
			tcp(&s, 1, 2, ACK, 1000);
		end(&s, "tap", head[i].name);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make-corpus DIRECTORY\n");
		return 2;
	}
	dir = argv[1];
	frame_seeds();
	pair_seeds();
	grammar_seeds();
	ctl_seeds();
	http_seeds();
	flow_seeds();
	tap_seeds();
	return 0;
}
