/*
 * make_frame.c - seeds of `frame`: one packet or conversation of each kind
 * that passes through, or is answered by, a router and director.
 */
#include "fuzz/make_seed.h"

/* A connection through, or to, a port of the VIP. */
static void
talk(const char *name, uint16_t vport, struct ip4 vip, struct ip4 rs,
    uint16_t rport, uint8_t variant)
{
	struct seed s;

	seed_frames(&s, variant, 0);
	seed_seg(&s, 0, CLIENT, vip, PORTS(2000, vport), SYN, 0);
	if (rport != 0)
		seed_seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), SYN | ACK, 0);
	seed_seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK, 0);
	seed_seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK | PSH, 100);
	if (rport != 0)
		seed_seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), ACK | PSH, 200);
	seed_seg(&s, 0, CLIENT, vip, PORTS(2000, vport), ACK | FIN, 0);
	if (rport != 0)
		seed_seg(&s, 1, rs, CLIENT, PORTS(rport, 2000), ACK | FIN, 0);
	seed_seg(&s, 0, CLIENT, vip, PORTS(2000, vport), RST, 0);
	seed_end(&s, "frame", name);
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
	talk("tcp-echo", 7, US, RS1, 0, 0);
	talk("tcp-chargen", 19, US, RS1, 0, 0);
	for (uint8_t i = 2; i < 16; i++) {
		static const char *const name[16] = { "", "", "lb-lc",
		    "lb-wlc", "lb-lblc", "lb-lblcr", "lb-dh", "lb-sh",
		    "lb-sed", "lb-nq", "lb-fo", "lb-ovf", "lb-mh", "lb-twos",
		    "lb-maglev", "lb-swrr" };

		talk(name[i], 80, VIP, RS1, 8080, i);
	}

	seed_frames(&s, 0, 0);
	seed_step(&s, NO_PORT | DO_CONNECT, 0x51);
	seed_step_end(&s);
	seed_seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), SYN | ACK, 0);
	seed_step(&s, NO_PORT | DO_SEND, 0x51);
	seed_step_end(&s);
	seed_seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), ACK | PSH, 300);
	seed_step(&s, NO_PORT | DO_SHUTDOWN, 0xa3);
	seed_step_end(&s);
	seed_seg(&s, 1, RS1, IP4(10, 0, 0, 1), PORTS(80, 4000), ACK | FIN, 0);
	seed_end(&s, "frame", "tcp-client");

	seed_frames(&s, 0, 0);
	seed_step(&s, 0 | SUMS | OFFLOAD, 0x51);
	seed_ether(&s, 0, 0x0800);
	seed_ip(&s, IPPROTO_TCP4, CLIENT, FAR, 0x4000);
	seed_tcp(&s, 2000, 80, ACK, 1800);
	seed_step_end(&s);
	seed_end(&s, "frame", "super-frame");
}

static void
datagram(const char *name, struct ip4 dst, uint16_t port, uint32_t len)
{
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_step(&s, 0 | SUMS, 0x51);
	seed_ether(&s, 0, 0x0800);
	seed_ip(&s, IPPROTO_UDP4, CLIENT, dst, 0);
	seed_udp(&s, 3000, port, len);
	seed_step_end(&s);
	seed_step(&s, 1 | SUMS | DO_UDP, 0x51);
	seed_ether(&s, 1, 0x0800);
	seed_ip(&s, IPPROTO_UDP4, RS1, CLIENT, 0);
	seed_udp(&s, port, 3000, len);
	seed_step_end(&s);
	seed_end(&s, "frame", name);
}

static void
frame_icmp(void)
{
	struct seed s;

	seed_frames(&s, 0, 0);
	seed_step(&s, 0 | SUMS, 0x51);
	seed_ether(&s, 0, 0x0800);
	seed_ip(&s, IPPROTO_ICMP4, CLIENT, US, 0);
	wr_u32(&s.w, 0x08000000);
	wr_u32(&s.w, 0x00010001);
	wr_u32(&s.w, 0x61626364);
	seed_step_end(&s);
	seed_end(&s, "frame", "ping");

	/* A flow, then an error about it from the way to its server. */
	seed_frames(&s, 0, 0);
	seed_seg(&s, 0, CLIENT, VIP, PORTS(2000, 80), SYN, 0);
	seed_step(&s, 1 | SUMS, 0x51);
	seed_ether(&s, 1, 0x0800);
	seed_ip(&s, IPPROTO_ICMP4, IP4(10, 0, 0, 254), CLIENT, 0);
	wr_u32(&s.w, 0x03040000);
	wr_u32(&s.w, 600);
	seed_ip(&s, IPPROTO_TCP4, CLIENT, RS1, 0x4000);
	seed_tcp(&s, 2000, 8080, SYN, 0);
	seed_step_end(&s);
	seed_end(&s, "frame", "too-big");

	seed_frames(&s, 0, 0);
	seed_step(&s, 0 | SUMS, 0x51);
	seed_ether(&s, 0, 0x0800);
	seed_ip(&s, 2, CLIENT, IP4(224, 0, 0, 1), 0);
	wr_u32(&s.w, 0x11640000);
	wr_u32(&s.w, 0);
	seed_step_end(&s);
	seed_end(&s, "frame", "igmp-query");
}

static void
frame_pieces(void)
{
	struct seed s;

	seed_frames(&s, 0, 0);
	for (uint16_t i = 0; i < 3; i++) {
		seed_step(&s, 0 | SUMS, 0x51);
		seed_ether(&s, 0, 0x0800);
		seed_ip(&s, IPPROTO_UDP4, CLIENT, i == 0 ? US : VIP,
		    (uint16_t)(0x2000 | i * 4));
		seed_udp(&s, 3000, 53, 24);
		seed_step_end(&s);
		seed_step(&s, 0 | SUMS, 0x51);
		seed_ether(&s, 0, 0x0800);
		seed_ip(&s, IPPROTO_UDP4, CLIENT, i == 0 ? US : VIP,
		    (uint16_t)(i * 4 + 4));
		seed_udp(&s, 3000, 53, 24);
		seed_step_end(&s);
	}
	seed_end(&s, "frame", "fragments");

	seed_frames(&s, 0, 0);
	seed_step(&s, 1 | SUMS, 0x51);
	seed_ether(&s, 1, 0x0800);
	seed_ip(&s, 4, IP4(10, 0, 0, 12), IP4(10, 0, 0, 1), 0);
	seed_ip(&s, IPPROTO_UDP4, FAR, CLIENT, 0);
	seed_udp(&s, 1, 2, 30);
	seed_step_end(&s);
	seed_end(&s, "frame", "ipip");

	seed_frames(&s, 0, 0);
	seed_step(&s, 2 | SUMS | DO_SERVER, 0xa1);
	seed_ip(&s, IPPROTO_UDP4, IP4(172, 16, 0, 2), FAR, 0);
	seed_udp(&s, 1, 2, 30);
	seed_step_end(&s);
	seed_step(&s, 2 | DO_PORT, 0xa1);
	wr_u32(&s.w, 0x46000018);
	seed_step_end(&s);
	seed_end(&s, "frame", "bare-ip");
}

static void
frame_arp(uint16_t op, const char *name)
{
	static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 0x77 };
	struct seed s;

	seed_frames(&s, 0x80, 0);
	seed_step(&s, 0, 0x51);
	seed_ether(&s, 0, op < 3 ? 0x0806 : 0x8035);
	wr_u32(&s.w, 0x00010800);
	wr_u16(&s.w, 0x0604);
	wr_u16(&s.w, op);
	wr_copy(&s.w, mac, 6);
	wr_u32(&s.w, IP4(192, 168, 1, 77).v);
	wr_copy(&s.w, mac, 6);
	wr_u32(&s.w, US.v);
	seed_step_end(&s);
	seed_end(&s, "frame", name);
}

void
seeds_frame(void)
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
