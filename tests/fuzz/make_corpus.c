/*
 * make_corpus.c - writes the seed corpora: one small file for each thing worth
 * starting from.
 *
 *   tests/fuzz/make-corpus DIRECTORY
 *
 * The directory has one folder a target.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuzz/make_seed.h"

/* Steps of `tcp_pair`: what to do, a number. */
static void
pair_seeds(void)
{
	static const uint8_t plain[] = { 0, 0, 0, 0x10, 0x40, 0x11, 0x20, 0x20,
	    0x81, 0x10, 0xff, 0x20, 0x91, 0x30, 0, 0x31, 0, 0x20, 0xb4 };
	static const uint8_t lossy[] = { 3, 7, 0x20, 0x10, 0xff, 0x40, 1, 0x11,
	    0xff, 0x42, 2, 0x20, 0x81, 0x43, 3, 0x44, 5, 0x10, 0xff, 0x20,
	    0xa1, 0x45, 9, 0x20, 0xb4 };
	static const uint8_t forged[] = { 1, 0, 0, 0x10, 0x40, 0x20, 0x71,
	    0x50, 2, 13, 4, 0x51, 1, 6, 9, 0x20, 0x81, 0x60, 4, 0, 0, 0, 0,
	    0x10, 0x20, 0x20, 0x91 };
	static const uint8_t close_[] = { 2, 1, 0, 0x11, 0x40, 0x20, 0x81,
	    0x30, 0, 0x20, 0x81, 0x33, 0, 0x20, 0xb1, 0x32, 0, 0x20, 0xb8 };
	/* one segment of many is lost, then the tail, then all for a while */
	static const uint8_t sack[] = { 0, 30, 0x40, 0x10, 0xff, 0x20, 0x71,
	    0x10, 0xff, 0x20, 0x71, 0x10, 0xff, 0x40, 0, 0x20, 0x96, 0x10,
	    0xff, 0x40, 2, 0x20, 0xa5, 0x10, 0xff, 0x40, 9, 0x20, 0xb4 };
	/* all that is sent is late by more than the RTO */
	static const uint8_t late[] = { 0x20, 30, 0xc0, 0x10, 0xff, 0x20,
	    0x91, 0x10, 0x20, 0x43, 0xa1, 0x20, 0xa2, 0x10, 0x40, 0x43, 0xa2,
	    0x10, 0xff, 0x20, 0xb4 };
	/* nobody reads: a window of zero, probed; then somebody does */
	static const uint8_t window[] = { 1, 100, 2, 0x20, 0x81, 0x35, 0, 0x10,
	    0xff, 0x10, 0xff, 0x20, 0x91, 0x10, 0xff, 0x20, 0xb3, 0x40, 1,
	    0x20, 0xb3, 0x77, 40, 0x35, 0, 0x20, 0xb1, 0x30, 0, 0x20, 0xb1 };
	static const uint8_t fast[] = { 0x10, 60, 0x19, 0x10, 0x80, 0x20, 0x81,
	    0x74, 0, 0x11, 0xff, 0x20, 0x91, 0x75, 0, 0x31, 0, 0x30, 0 };
	static const uint8_t urgent[] = { 0, 100, 0, 0x20, 0x71, 0x50, 2, 9,
	    0x20, 15, 3, 0x10, 1, 0x20, 0x81, 0x51, 2, 10, 0xff, 11, 0xff,
	    0x11, 4, 0x20, 0x91 };
	static const uint8_t records[] = { 0, 30, 0, 0x12, 9, 0x10, 3, 0x12,
	    40, 0x14, 2, 0x20, 0x71, 0x13, 1, 0x15, 1, 0x15, 90, 0x40, 0, 0x20,
	    0x81, 0x74, 0, 0x75, 0, 0x12, 255, 0x44, 2, 0x14, 255, 0x20, 0xb1 };
	static const uint8_t mtu[] = { 0x80, 120, 0, 0x10, 0xff, 0x20, 0x71,
	    0x70, 20, 0x10, 0xff, 0x20, 0x81, 0x61, 4, 0x60, 50, 0x10, 0xff,
	    0x20, 0x91, 0x70, 200, 0x10, 0xff, 0x20, 0xa1 };
	static const uint8_t settings[] = { 0, 40, 4, 0x72, 0x20, 0x72, 0x21,
	    0x10, 3, 0x20, 0x71, 0x72, 0x01, 0x73, 0x22, 0x72, 0x30, 0x10, 90,
	    0x20, 0xb5, 0x72, 0x2c, 0x32, 0, 0x20, 0xb1 };
	/* marks both ways, some of them lost, and one changed on the way */
	static const uint8_t accurate[] = { 0x10, 30, 0x10, 0x10, 0xff, 0x20,
	    0x71, 0x72, 0x55, 0x46, 9, 0x10, 0xff, 0x11, 0xff, 0x20, 0x81,
	    0x40, 2, 0x10, 0xff, 0x46, 0xff, 0x11, 0x40, 0x20, 0x91, 0x50, 2,
	    13, 0x80, 0x10, 0xff, 0x74, 0, 0x20, 0xb4 };
	static const struct {
		const char *name;
		const uint8_t *p;
		size_t len;
	} seed[] = {
#define SEED(a) { #a, a, sizeof(a) }
		SEED(plain), SEED(lossy), SEED(forged), SEED(sack),
		SEED(late), SEED(window), SEED(fast), SEED(urgent),
		SEED(records), SEED(mtu), SEED(settings),
		SEED(accurate),
#undef SEED
		{ "close", close_, sizeof(close_) },
	};

	for (size_t i = 0; i < sizeof(seed) / sizeof(seed[0]); i++)
		seed_save("tcp_pair", seed[i].name, seed[i].p, seed[i].len);
}

static void
text(const char *target, const char *name, const char *s)
{
	seed_save(target, name, s, strlen(s));
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

	seed_save("flowfile", "whole", none, sizeof(none));
	seed_save("flowfile", "head", head, sizeof(head));
	seed_save("flowfile", "flow", flow, sizeof(flow));
	seed_save("flowfile", "template", template_, sizeof(template_));
	seed_save("flowfile", "raw", raw, sizeof(raw));
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

		seed_begin(&s, 1);
		wr_u8(&s.w, head[i].flags);
		wr_u8(&s.w, head[i].gso);
		/* The header is in the machine's byte order. */
		wr_copy(&s.w, &hdr_len, 2);
		wr_copy(&s.w, &head[i].size, 2);
		wr_copy(&s.w, &head[i].start, 2);
		wr_copy(&s.w, &head[i].offset, 2);
		seed_ether(&s, 0, 0x0800);
		seed_ip(&s, head[i].gso == 5 ? IPPROTO_UDP4 : IPPROTO_TCP4,
		    CLIENT, FAR, 0x4000);
		if (head[i].gso == 5)
			seed_udp(&s, 1, 2, 1000);
		else
			seed_tcp(&s, 1, 2, ACK, 1000);
		seed_end(&s, "tap", head[i].name);
	}
}

int
main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: make-corpus DIRECTORY\n");
		return 2;
	}
	if (chdir(argv[1]) != 0) {
		perror(argv[1]);
		return 1;
	}
	seeds_frame();
	seeds_frame_host();
	pair_seeds();
	grammar_seeds();
	ctl_seeds();
	http_seeds();
	flow_seeds();
	tap_seeds();
	return 0;
}
