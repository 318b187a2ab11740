/*
 * make_frame_host.c - seeds of `frame` for what a host does: TCP in its bad
 * hours, path MTUs, groups, options, neighbours, and commands in between.
 */
#include <string.h>

#include "fuzz/frame_bed.h"
#include "fuzz/frame_words.h"
#include "fuzz/make_seed.h"

/* The client of our server at port 84, and what it says next. */
static void
client(struct seed *s, uint8_t flags, int16_t seq, uint32_t data)
{
	struct seed_seg g = { .src = CLIENT, .dst = US,
	    .ports = PORTS(2000, 84), .flags = flags, .seq = seq,
	    .data = data };

	seed_tcp_step(s, &g);
}

/* The server of our client, with options of its own (padded) or none. */
static void
server(struct seed *s, uint8_t flags, int16_t ack, const char *options,
    uint32_t len)
{
	struct seed_seg g = { .port = 1, .src = RS1, .dst = OUR_SV,
	    .ports = PORTS(80, 4000), .flags = flags, .ack = ack,
	    .options = options, .options_len = len };

	seed_tcp_step(s, &g);
}

static void
tcp_open(struct seed *s, uint8_t habits)
{
	seed_frames(s, 0, habits);
	client(s, SYN, 0, 0);
	client(s, ACK, 0, 0);
}

static void
server_seeds(void)
{
	struct seed s;
	struct seed_seg g = { .src = CLIENT, .dst = US,
	    .ports = PORTS(2000, 84), .flags = ACK | PSH | URG, .urgent = 9,
	    .data = 20 };

	tcp_open(&s, 0);
	client(&s, ACK | PSH, 100, 100);
	client(&s, ACK | PSH, 300, 100);
	client(&s, ACK | PSH, 50, 400);
	client(&s, ACK | PSH, 0, 100);
	client(&s, ACK | PSH, -50, 80);
	client(&s, ACK | FIN, 0, 10);
	seed_end(&s, "frame", "tcp-out-of-order");

	tcp_open(&s, FRAME_COOKIES);
	client(&s, ACK | PSH, 0, 30);
	seed_tcp_step(&s, &g);
	g.flags = ACK;
	g.window = 1;
	seed_tcp_step(&s, &g);
	seed_act(&s, NO_PORT | DO_SEND, 0xa4);
	g.window = 0;
	g.ack = -20;
	seed_tcp_step(&s, &g);
	seed_words(&s, "tcp show");
	seed_end(&s, "frame", "tcp-cookie-urgent-window");

	tcp_open(&s, FRAME_IMPATIENT);
	seed_act(&s, NO_PORT | DO_SHUTDOWN, 0x91);
	client(&s, ACK, 0, 0);
	client(&s, ACK | FIN, 0, 0);
	client(&s, ACK | PSH, 0, 9);
	client(&s, RST, 0, 0);
	client(&s, SYN, 0, 0);
	seed_act(&s, NO_PORT, 0xb4);
	seed_end(&s, "frame", "tcp-time-wait");

	tcp_open(&s, FRAME_OLD | FRAME_PACING);
	seed_more(&s, TCPO_CORK, 1);
	seed_act(&s, NO_PORT | DO_SEND, 0x51);
	seed_more(&s, TCPO_CC, 1);
	seed_more(&s, TCPO_KEEPALIVE, 1);
	client(&s, SYN, 5, 0);
	client(&s, RST, 7, 0);
	seed_more(&s, FRAME_ABORT, 0);
	seed_end(&s, "frame", "tcp-options");
}

/* RFC 9768 3.1.3: a SYN with CWR alone asks for it, too. */
static void
accurate_seeds(void)
{
	static const char acc[] = "\xae\x0b\0\0\1\0\0\0\0\0\1\1";
	struct seed_seg g = { .src = CLIENT, .dst = US, .flags = SYN | CWR,
	    .ports = PORTS(2000, 84) };
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_tcp_step(&s, &g);
	g.flags = ACK | CWR;
	g.options = acc;
	g.options_len = sizeof(acc) - 1;
	seed_tcp_step(&s, &g);
	seed_act(&s, NO_PORT | DO_SEND, 0x51);
	g.flags = ACK | PSH | ECE;
	g.data = 100;
	seed_tcp_step(&s, &g);
	g.seq = -100;
	seed_tcp_step(&s, &g);
	seed_words(&s, "tcp show");
	seed_end(&s, "frame", "tcp-accurate-ecn");
}

static void
fastopen_seeds(void)
{
	static const char ask[] = "\x02\x04\x05\xb4\x22\x02\x01\x01";
	static const char use[] = "\x02\x04\x05\xb4\x22\x0a........\x01\x01";
	static const char exp[] = "\xfe\x04\xf9\x89";
	struct seed_seg g = { .src = CLIENT, .dst = US, .flags = SYN,
	    .ports = PORTS(2000, 84), .options = ask, .options_len = 8 };
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_tcp_step(&s, &g);
	g.ports = PORTS(2001, 84);
	g.options = use;
	g.options_len = 16;
	g.data = 40;
	seed_tcp_step(&s, &g);
	g.ports = PORTS(2002, 84);
	g.options = exp;
	g.options_len = 4;
	seed_tcp_step(&s, &g);
	seed_words(&s, "tcp show");
	seed_end(&s, "frame", "fastopen-server");

	/* A cookie, and the next SYN has it. */
	seed_frames(&s, 0, 0);
	seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
	server(&s, SYN | ACK, 0, use, 16);
	seed_more(&s, FRAME_ABORT, 0);
	seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
	server(&s, SYN | ACK, -50, ask, 8);
	seed_end(&s, "frame", "fastopen-client");

	seed_frames(&s, 0, FRAME_BARE);
	seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
	server(&s, SYN | ACK, 0, use, 16);
	g.ports = PORTS(2003, 84);
	g.options = ask;
	g.options_len = 4;
	seed_tcp_step(&s, &g);
	seed_end(&s, "frame", "fastopen-bare");
}

/* Our client has sent, and its peer says that some of it is missing. */
static void
client_seeds(void)
{
	static const char all[] = "\x02\x04\x01\xf4\x04\x02\x01\x01"
	    "\x01\x01\x08\x0a\0\0\0\x05\0\0\0\0\x03\x03\x07\x01";
	/* behind the second segment; D-SACK first */
	static const char sack[] = "\x01\x01\x05\x12\0\0\xf8\x30\0\0\xfa\x18"
	    "\0\0\xfc\0\0\0\xfd\xe8\x01\x01\x08\x0a\0\0\0\x06\0\0\0\0";
	static const char times[] = "\x01\x01\x08\x0a\0\0\0\x06\0\0\0\0";
	static const char dsack[] = "\x01\x01\x05\x0a\0\0\xf4\x60\0\0\xf6\x48"
	    "\x01\x01\x08\x0a\0\0\0\x06\0\0\0\0";
	struct seed s;

	for (int plain = 0; plain < 2; plain++) {
		seed_frames(&s, 0, plain ? FRAME_PLAIN | FRAME_NEWRENO :
		    FRAME_ECN);
		seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
		server(&s, SYN | ACK, 0, all, plain ? 4 : 24);
		seed_act(&s, NO_PORT | DO_SEND, 0x51);
		for (int i = 0; i < 5; i++)
			server(&s, ACK, -2976, sack, plain ? 0 : 32);
		server(&s, ACK, -1500, dsack, plain ? 0 : 24);
		server(&s, ACK | 0x40, -500, times, plain ? 0 : 12);
		server(&s, ACK, 0, times, plain ? 0 : 12);
		seed_act(&s, NO_PORT | DO_SEND, 0x51);
		seed_act(&s, NO_PORT, 0xa5);
		server(&s, ACK, -2500, times, plain ? 0 : 12);
		server(&s, ACK, 0, times, plain ? 0 : 12);
		seed_act(&s, NO_PORT | DO_CLOSE, 0xb1);
		seed_end(&s, "frame", plain ? "recovery-plain" :
		    "recovery-sack");
	}
	seed_frames(&s, 0, 0);
	seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
	server(&s, RST | ACK, 0, NULL, 0);
	seed_words(&s, "tcp connect 10.0.0.11 80 scan");
	seed_words(&s, "tcp connect 10.0.0.11 80");
	seed_seg(&s, 1, RS1, OUR_SV, PORTS(80, 0), SYN | ACK, 0);
	seed_seg(&s, 1, RS1, OUR_SV, PORTS(80, 0), ACK | PSH, 20);
	seed_seg(&s, 1, RS1, OUR_SV, PORTS(80, 0), ACK | FIN, 0);
	seed_end(&s, "frame", "tcp-connect");
}

/* An ICMP error about what we, or a translation of ours, sent to RS1. */
static void
complaint(struct seed *s, uint8_t proto, struct ip4 src, uint32_t type_code,
    uint32_t info, uint32_t ports)
{
	seed_step(s, 1 | SUMS | RELATIVE, 0x51);
	seed_ether(s, 1, 0x0800);
	seed_ip(s, IPPROTO_ICMP4, IP4(10, 0, 0, 254), src, 0);
	wr_u32(&s->w, type_code << 16);
	wr_u32(&s->w, info);
	seed_ip(s, proto, src, RS1, 0x4000);
	wr_u32(&s->w, ports);
	wr_u32(&s->w, 0xffff);	/* before the end */
	wr_u32(&s->w, 0);
	seed_step_end(s);
}

static void
error_seeds(void)
{
	static const char mss[] = "\x02\x04\x05\xb4";
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_act(&s, NO_PORT | DO_CONNECT, 0x51);
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0304, 1000, PORTS(4000, 80));
	server(&s, SYN | ACK, 0, mss, 4);
	seed_act(&s, NO_PORT | DO_SEND, 0x51);
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0304, 800, PORTS(4000, 80));
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0304, 0, PORTS(4000, 80));
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0301, 0, PORTS(4000, 80));
	seed_words(&s, "ip set min_pmtu 68");
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0304, 200, PORTS(4000, 80));
	seed_act(&s, NO_PORT | DO_CONNECT, 0xa3);
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0303, 0, PORTS(4000, 80));
	seed_end(&s, "frame", "tcp-errors");

	seed_frames(&s, 0, 0);
	seed_more(&s, FRAME_UDP_CONNECT, 7);
	seed_act(&s, NO_PORT | DO_UDP, 0x51);
	complaint(&s, IPPROTO_UDP4, OUR_SV, 0x0303, 0, PORTS(5000, 7));
	seed_more(&s, FRAME_UDP_SET, UDP_DF << 8 | 1);
	complaint(&s, IPPROTO_UDP4, OUR_SV, 0x0304, 700, PORTS(5000, 7));
	seed_act(&s, NO_PORT | DO_UDP, 0x51);
	seed_words(&s, "ping 10.0.0.11 count 3");
	complaint(&s, IPPROTO_ICMP4, OUR_SV, 0x0b00, 0, 0x08000000);
	seed_words(&s, "traceroute 10.0.0.11 icmp queries 2");
	complaint(&s, IPPROTO_ICMP4, OUR_SV, 0x0b00, 0, 0x08000000);
	seed_words(&s, "traceroute 100.0.0.1 queries 1");
	seed_act(&s, NO_PORT, 0xb5);
	seed_end(&s, "frame", "udp-errors");

	/* about translated flows: NAT, FULLNAT */
	seed_frames(&s, 0, 0);
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2000, 80), SYN, 0);
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2001, 80), SYN, 0);
	complaint(&s, IPPROTO_TCP4, CLIENT, 0x0304, 600, PORTS(2000, 8080));
	complaint(&s, IPPROTO_TCP4, CLIENT, 0x0301, 0, PORTS(2001, 8080));
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2000, 83), SYN, 0);
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2001, 83), SYN, 0);
	complaint(&s, IPPROTO_TCP4, OUR_SV, 0x0304, 600, PORTS(0, 8083));
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2000, 82), SYN, 0);
	seed_words(&s, "conn show");
	seed_end(&s, "frame", "lb-errors");
}

static void
fullnat_seeds(void)
{
	struct seed s;

	seed_frames(&s, 0, 0);
	for (uint16_t i = 0; i < 2; i++) {
		struct ip4 rs = i == 0 ? RS1 : IP4(10, 0, 0, 12);
		uint32_t ports = PORTS(2000 + i, 83);

		seed_seg(&s, 0, CLIENT, VIP, ports, SYN, 0);
		seed_seg(&s, 1, RS1, OUR_SV, PORTS(8083, 0), SYN | ACK, 0);
		seed_seg(&s, 1, rs, OUR_SV, PORTS(8083, 0), SYN | ACK, 0);
		seed_seg(&s, 0, CLIENT, VIP, ports, ACK, 0);
		seed_seg(&s, 0, CLIENT, VIP, ports, ACK | PSH, 100);
		seed_seg(&s, 1, rs, OUR_SV, PORTS(8083, 0), ACK | PSH, 200);
		seed_seg(&s, 1, RS1, OUR_SV, PORTS(8083, 0), ACK | FIN, 0);
		seed_seg(&s, 0, CLIENT, VIP, ports, ACK | FIN, 0);
	}
	seed_words(&s, "conn show");
	seed_act(&s, NO_PORT, 0xc2);
	seed_end(&s, "frame", "fullnat-both-ways");
}

static void
igmp(struct seed *s, uint32_t type_code, struct ip4 group, uint32_t more)
{
	static const char alert[] = "\x94\x04\0";

	seed_step(s, 0 | SUMS, 0x51);
	seed_ether(s, 0, 0x0800);
	seed_ip_with(s, 2, CLIENT, group.v == 0 ? IP4(224, 0, 0, 1) : group,
	    1, alert, 4);
	wr_u32(&s->w, type_code << 16);
	wr_u32(&s->w, group.v);
	for (uint32_t i = 0; i < more; i++)
		wr_u32(&s->w, 0);
	seed_step_end(s);
}

static void
group_seeds(void)
{
	static const uint16_t code[] = { 0x1100, 0x1120 };
	struct ip4 any = { 0 }, group = IP4(239, 1, 2, 3);
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_more(&s, FRAME_JOIN, 0);
	igmp(&s, 0x1120, any, 1);
	seed_act(&s, NO_PORT, 0xb2);
	igmp(&s, 0x11ff, group, 1);
	seed_more(&s, FRAME_LEAVE, 0);
	seed_act(&s, NO_PORT, 0xb2);
	seed_words(&s, "port del cl");
	seed_end(&s, "frame", "igmp-v3");
	for (int i = 0; i < 2; i++) {
		seed_frames(&s, 0, 0);
		igmp(&s, code[i], any, 0);
		igmp(&s, 0x1600, group, 0);
		igmp(&s, code[i], any, 0);
		seed_more(&s, FRAME_JOIN, 0);
		seed_act(&s, NO_PORT, 0xb2);
		seed_more(&s, FRAME_LEAVE, 0);
		seed_act(&s, NO_PORT, 0xc2);
		seed_end(&s, "frame", i == 0 ? "igmp-v1" : "igmp-v2");
	}
}

/* A datagram with IP options, through us and to us. */
static void
options(const char *name, const char *text, uint32_t len)
{
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_words(&s, "ip set accept_source_route on");
	for (int i = 0; i < 3; i++) {
		seed_step(&s, 0 | SUMS, 0x51);
		seed_ether(&s, 0, 0x0800);
		seed_ip_with(&s, i == 2 ? IPPROTO_ICMP4 : IPPROTO_UDP4,
		    CLIENT, i == 0 ? FAR : US, 64, text, len);
		if (i == 2) {
			wr_u32(&s.w, 0x08000000);
			wr_u32(&s.w, 0x00010001);
		} else {
			seed_udp(&s, 3000, 7, 10);
		}
		seed_step_end(&s);
	}
	seed_end(&s, "frame", name);
}

static void
option_seeds(void)
{
	static const char lsrr[] = "\x83\x0b\x04\x0a\0\0\x0b\x0a\x09\0\x01";
	static const char ssrr[] = "\x89\x0b\x04\x0a\0\0\x0b\x0a\x09\0\x01";
	static const char rr[] = "\x07\x0b\x04\0\0\0\0\0\0\0\0";
	static const char ts[] = "\x44\x0c\x05\x01\0\0\0\0\0\0\0";
	static const char given[] = "\x44\x0c\x05\x03\xc0\xa8\x01\x01\0\0\0";

	options("option-lsrr", lsrr, 12);
	options("option-ssrr", ssrr, 12);
	options("option-rr", rr, 12);
	options("option-ts", ts, 12);
	options("option-ts-given", given, 12);
}

/* A message of ARP as frames from mac 02:00:00:00:00:<last>. */
static void
arp(struct seed *s, int port, uint16_t op, uint8_t last, struct ip4 from,
    struct ip4 to)
{
	uint8_t mac[6] = { 2, 0, 0, 0, 0, last };

	seed_step(s, (uint8_t)port, 0x51);
	seed_ether(s, port, 0x0806);
	wr_u32(&s->w, 0x00010800);
	wr_u16(&s->w, 0x0604);
	wr_u16(&s->w, op);
	wr_copy(&s->w, mac, 6);
	wr_u32(&s->w, from.v);
	wr_copy(&s->w, mac, 6);
	wr_u32(&s->w, to.v);
	seed_step_end(s);
}

static void
datagram(struct seed *s, struct ip4 dst, uint16_t frag, uint32_t len)
{
	seed_step(s, 0 | SUMS, 0x51);
	seed_ether(s, 0, 0x0800);
	seed_ip(s, IPPROTO_UDP4, CLIENT, dst, frag);
	seed_udp(s, 3000, 9, len);
	seed_step_end(s);
}

static void
neighbour_seeds(void)
{
	struct ip4 unknown = IP4(10, 0, 0, 99);
	struct seed s;

	/* held, asked for, answered; stale, probed, lost; another has it */
	seed_frames(&s, 0x80, 0);
	datagram(&s, unknown, 0, 20);
	datagram(&s, unknown, 0, 30);
	arp(&s, 1, 2, 99, unknown, OUR_SV);
	seed_act(&s, NO_PORT, 0xc2);
	datagram(&s, unknown, 0, 20);
	seed_act(&s, NO_PORT, 0xb4);
	arp(&s, 1, 2, 98, unknown, OUR_SV);
	arp(&s, 1, 1, 97, OUR_SV, OUR_SV);
	arp(&s, 1, 1, 97, OUR_SV, OUR_SV);
	arp(&s, 0, 1, 96, CLIENT, IP4(10, 0, 0, 11));
	datagram(&s, IP4(10, 0, 0, 98), 0, 20);
	seed_act(&s, NO_PORT, 0xb9);
	seed_end(&s, "frame", "neighbours");

	/* a tunnel, two ways, pieces, too big for a piece */
	seed_frames(&s, 0x40, 0);
	seed_words(&s, "route add 10.8.0.0/16 dev ipip0");
	datagram(&s, IP4(10, 8, 0, 1), 0, 40);
	datagram(&s, IP4(10, 8, 0, 1), 0x4000, 1472);
	seed_words(&s, "route add 10.7.0.0/16 nexthop via 10.0.0.11"
	    " nexthop via 10.0.0.99 weight 3");
	datagram(&s, IP4(10, 7, 0, 1), 0, 40);
	datagram(&s, IP4(172, 16, 0, 2), 0, 1472);
	datagram(&s, IP4(172, 16, 0, 2), 0x4000, 1472);
	datagram(&s, IP4(10, 77, 0, 2), 0, 1472);
	datagram(&s, IP4(10, 66, 0, 2), 0, 9);
	datagram(&s, IP4(10, 0, 0, 255), 0, 9);
	datagram(&s, IP4(255, 255, 255, 255), 0, 9);
	seed_words(&s, "route get 10.9.0.1 from 192.168.1.10");
	seed_words(&s, "tunnel del ipip0");
	datagram(&s, IP4(10, 8, 0, 1), 0, 40);
	seed_end(&s, "frame", "ways");

	/* back out by where it came in; to a group */
	seed_frames(&s, 0x80, 0);
	seed_seg(&s, 1, RS1, FAR, PORTS(1, 2), SYN, 0);
	seed_step(&s, 0 | SUMS, 0x51);
	wr_copy(&s.w, "\x01\0\x5e\x01\x02\x03\x02\0\0\0\0\x0a\x08", 14);
	seed_ip(&s, IPPROTO_UDP4, CLIENT, IP4(239, 1, 2, 3), 0);
	seed_udp(&s, 3000, 5000, 9);
	seed_step_end(&s);
	seed_step(&s, 0, 0x51);
	wr_copy(&s.w, "\x02\0\0\0\0\x63\x02\0\0\0\0\x0a\x08", 14);
	seed_step_end(&s);
	seed_end(&s, "frame", "redirect-group");

	seed_frames(&s, 0, 0);
	seed_step(&s, 0 | SUMS, 0x51);
	seed_ether(&s, 0, 0x0800);
	seed_ip(&s, IPPROTO_ICMP4, CLIENT, US, 0);
	wr_u32(&s.w, 0x0d000000);
	wr_u32(&s.w, 0x00010001);
	for (int i = 0; i < 3; i++)
		wr_u32(&s.w, 0);
	seed_step_end(&s);
	seed_end(&s, "frame", "icmp-timestamp");
}

/* Every command, with a little of everything in flight. */
static void
command_seeds(void)
{
	struct seed s;
	uint8_t n = 0;

	for (int part = 0; part < 4; part++) {
		static const char *const name[] = { "commands-1",
		    "commands-2", "commands-3", "commands-4" };

		seed_frames(&s, (uint8_t)(part * 7), 0);
		for (int i = 0; i < 28; i++) {
			if (i % 7 == 0) {
				seed_seg(&s, 0, CLIENT, VIP, PORTS(2000 + i,
				    80), SYN, 0);
				seed_seg(&s, 0, CLIENT, US, PORTS(2000 + i,
				    84), SYN, 0);
				datagram(&s, IP4(10, 0, 0, 99), 0, 20);
			}
			seed_words(&s, frame_words(n++));
		}
		seed_act(&s, NO_PORT, 0xb2);
		seed_end(&s, "frame", name[part]);
	}
}

void
seeds_frame_host(void)
{
	server_seeds();
	accurate_seeds();
	fastopen_seeds();
	client_seeds();
	error_seeds();
	fullnat_seeds();
	group_seeds();
	option_seeds();
	neighbour_seeds();
	command_seeds();
}
