/*
 * lb_play_raw.c - records of whole packets, and of the states of SCTP.
 *
 * Of what came out all bytes are compared but the identification of the outer
 * header and with it its checksum, which is checked to be right instead.
 */
#include "unit/lb_play_impl.h"

#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"

#define PACKET_MAX	4096

static struct port *
port_of(struct play *p, const char *name)
{
	HERE(p, strcmp(name, "c0") == 0 || strcmp(name, "s0") == 0, "port %s",
	    name);
	return name[0] == 'c' ? p->cl : p->sv;
}

static uint32_t
hex_read(struct play *p, const char *s, uint8_t *out)
{
	uint32_t n = 0;
	unsigned byte;

	for (; sscanf(s, "%2x", &byte) == 1; s += 2) {
		HERE(p, n < PACKET_MAX, "a packet too long");
		out[n++] = (uint8_t)byte;
	}
	return n;
}

static void
feed(struct play *p, struct port *port, uint8_t mac, const uint8_t *ip,
    uint32_t len)
{
	uint8_t frame[ETH_HLEN + PACKET_MAX] = { 2, 0, 0, 0, 0, 0,
	    2, 0, 0, 0, 0, mac, 8, 0 };

	frame[5] = port == p->cl ? 1 : 2;
	memcpy(frame + ETH_HLEN, ip, len);
	unit_feed_bytes(p->stk, port, frame, ETH_HLEN + len);
}

/* The next IPv4 packet that came out of port, or NULL. */
static struct mem_frame *
packet_take(struct port *port)
{
	struct mem_frame *f;

	while ((f = mem_port_take(port)) != NULL && (f->len < ETH_HLEN +
	    IP4_HLEN || be16_get(f->data + 12) != ETHERTYPE_IP4))
		mem_port_free(port, f);
	return f;
}

void
play_raw_done(struct play *p)
{
	struct mem_frame *f;

	if ((f = packet_take(p->cl)) == NULL)
		f = packet_take(p->sv);
	HERE(p, f == NULL, "something came out that the kernel did not send");
}

/* raw PORT MAC HEX: comes in at PORT from the station MAC. */
static void
do_raw(struct play *p)
{
	uint8_t ip[PACKET_MAX];
	uint32_t len = hex_read(p, p->w[3], ip);

	play_raw_done(p);
	feed(p, port_of(p, p->w[1]), (uint8_t)atoi(p->w[2]), ip, len);
}

/* What may differ: the identification. */
static void
blank(uint8_t *ip)
{
	be16_put(ip + 4, 0);
	be16_put(ip + IP4_OFF_CSUM, 0);
}

static void
hex_text(char *to, const uint8_t *p, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++)
		sprintf(to + 2 * i, "%02x", p[i]);
}

/* out PORT MAC HEX: went out at PORT to the station MAC.  out none */
static void
do_out(struct play *p)
{
	static char got[2 * PACKET_MAX + 1], want[2 * PACKET_MAX + 1];
	uint8_t ip[PACKET_MAX];
	struct mem_frame *f;
	uint32_t len;
	struct port *port;

	if (strcmp(p->w[1], "none") == 0) {
		play_raw_done(p);
		return;
	}
	port = port_of(p, p->w[1]);
	len = hex_read(p, p->w[3], ip);
	f = packet_take(port);
	HERE(p, f != NULL, "nothing came out of %s", p->w[1]);
	HERE(p, f->data[5] == atoi(p->w[2]), "to station %u, the kernel: %s",
	    f->data[5], p->w[2]);
	ck_assert_uint_eq(csum_finish(csum_add(0, f->data + ETH_HLEN,
	    IP4_HLEN)), 0);
	blank(f->data + ETH_HLEN);
	blank(ip);
	hex_text(got, f->data + ETH_HLEN, f->len - ETH_HLEN);
	hex_text(want, ip, len);
	HERE(p, strcmp(got, want) == 0, "other bytes came out of %s",
	    p->w[1]);
	mem_port_free(port, f);
}

/* mtu PORT N */
static void
do_mtu(struct play *p)
{
	port_of(p, p->w[1])->ifp->mtu = (uint16_t)atoi(p->w[2]);
}

/* An SCTP packet with one chunk of 16 bytes. */
static void
sctp_feed(struct play *p, bool output, unsigned port, unsigned type)
{
	struct unit_frame f = { .src = { { 2, 0, 0, 0, 0, 10 } },
	    .dst = { { 2, 0, 0, 0, 0, 1 } }, .sip = IP4(192, 168, 1, 10),
	    .dip = addr_to_ip4(&p->key.addr), .proto = IPPROTO_SCTP4,
	    .raw = true };
	uint8_t body[28] = { 0 };

	be16_put(body, (uint16_t)port);
	be16_put(body + 2, p->key.port);
	body[12] = (uint8_t)type;
	be16_put(body + 14, 16);
	if (output) {
		f.sip = IP4(10, 0, 0, 11);
		f.dip = IP4(192, 168, 1, 10);
		f.src.b[5] = 11;
		f.dst.b[5] = 2;
		be16_put(body, p->key.port);
		be16_put(body + 2, (uint16_t)port);
	}
	f.payload = body;
	f.payload_len = sizeof(body);
	unit_feed(p->stk, output ? p->sv : p->cl, &f);
}

/* walk PORT STEP... = STATE SECONDS: an association of the client's PORT; a
 * step is i (from the client) or o (from the server) with a chunk's type. */
static void
do_walk(struct play *p)
{
	struct lb_flow_filter w = { .cport = (uint16_t)atoi(p->w[1]) };
	struct mem_frame *frame;
	struct lb_flow *f;
	const char *state;
	uint32_t pos = 0;
	int i, left;

	for (i = 2; strcmp(p->w[i], "=") != 0; i++)
		sctp_feed(p, p->w[i][0] == 'o', w.cport,
		    (unsigned)atoi(p->w[i] + 1));
	f = lb_flow_next(p->stk, &pos, &w);
	state = f == NULL ? "none" : lb_flow_state_name(f);
	left = f == NULL ? 0 : (int)lb_flow_expires_s(p->stk, f);
	HERE(p, strcmp(state, p->w[i + 1]) == 0, "%s, the kernel: %s", state,
	    p->w[i + 1]);
	/* Some time goes by until the kernel is asked. */
	HERE(p, abs(left - atoi(p->w[i + 2])) <= 1,
	    "%d s left, the kernel: %s", left, p->w[i + 2]);
	while ((frame = packet_take(p->cl)) != NULL)
		mem_port_free(p->cl, frame);
	while ((frame = packet_take(p->sv)) != NULL)
		mem_port_free(p->sv, frame);
}

bool
play_raw_line(struct play *p)
{
	static const struct {
		const char *word;
		void (*run)(struct play *p);
	} lines[] = {
		{ "raw", do_raw }, { "out", do_out }, { "mtu", do_mtu },
		{ "walk", do_walk },
	};

	for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (strcmp(p->w[0], lines[i].word) == 0) {
			lines[i].run(p);
			return true;
		}
	}
	return false;
}
