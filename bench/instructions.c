/*
 * instructions.c - packets through the stack, for callgrind to count.
 *
 *	instructions CASE
 *
 * Turns of a full batch of frames, between two ports that cost what a TAP
 * costs without its system calls.  Whatever makes the frames and looks at the
 * result is outside of measured(), the one function that is counted
 * (bench/instructions.sh).  Prints how many frames that were.
 *
 * Seed, times and frames are fixed, so the count is the same in each run.
 *
 *   client 192.168.1.10 -- cl .1 [hopd] .1 sv -- server 10.0.0.11
 *          VIP 192.168.1.100:80
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "bed.h"
#include "lb/sched.h"
#include "port/tap.h"
#include "stack/stack.h"
#include "tcp/tcp_options.h"
#include "tcp/tcp_wire.h"

#define CLIENT	IP4(192, 168, 1, 10)
#define ROUTER	IP4(192, 168, 1, 1)
#define VIP	IP4(192, 168, 1, 100)
#define SERVER	IP4(10, 0, 0, 11)
#define LOCAL	IP4(10, 0, 0, 1)

#define WARM	4		/* turns that are not counted */
#define ROUNDS	32		/* turns that are */
#define MSS	1448u
#define OPENING	64	/* segments until the window is wide enough */
#define ROOM	1600u
#define ACKS	32u		/* of a turn: what the window holds */

struct frame {
	uint8_t vnet[TAP_VNET_HLEN];
	uint32_t len;
	uint8_t data[ROOM];
};

/* A port that is given its frames ahead and remembers the last one sent. */
struct wire {
	struct port port;	/* first: the two are one object */
	uint8_t last;		/* byte of the MAC of the host there */
	uint32_t given, taken, sent;
	struct frame in[PORT_BATCH];
	struct frame out;
};

struct bed {
	struct stack *stk;
	struct wire cl, sv;
	struct wire *from;	/* the counted frames come in here ... */
	struct wire *to;	/* ... and leave here; NULL: they end here */
	struct frame f;		/* the counted one */
	uint32_t batch;
	uint32_t stride;	/* by which seq grows from frame to frame */
	uint32_t ack_stride;
	struct tcp_conn *conn;
};

/* ---- ports ------------------------------------------------------------ */

static enum port_read
wire_read(struct port *port, struct pkt *pkt, int *why)
{
	struct wire *w = (struct wire *)port;
	const struct frame *f = &w->in[w->taken];

	if (w->taken == w->given)
		return PORT_READ_EMPTY;
	w->taken++;
	memcpy(pkt_append(pkt, f->len), f->data, f->len);
	if (tap_vnet_parse(f->vnet, pkt, true) != 0) {
		*why = DROP_PORT_BAD_VNET;
		return PORT_READ_ERROR;
	}
	return PORT_READ_FRAME;
}

static int
wire_send(struct port *port, const struct pkt *pkt)
{
	struct wire *w = (struct wire *)port;

	w->sent++;
	tap_vnet_build(pkt, w->out.vnet);
	w->out.len = pkt->len < ROOM ? pkt->len : ROOM;
	memcpy(w->out.data, pkt_data(pkt), w->out.len < 96 ? w->out.len : 96);
	return 0;
}

static const struct port_ops wire_ops = {
	.kind = "wire",
	.read = wire_read,
	.send = wire_send,
	.close = bed_port_close,
};

static void
wire_up(struct stack *stk, struct wire *w, const char *name, uint8_t last,
    struct ip4 ip, struct ip4 neighbour)
{
	struct ip4_prefix p = { ip, 24 };

	w->last = last;
	bed_port(stk, &w->port, &wire_ops, name, last, p, neighbour,
	    PORT_CSUM | PORT_TSO4 | PORT_TSO6 | PORT_USO);
}

/* ---- frames ----------------------------------------------------------- */

/* A frame from the host at w: 60 bytes, or l4 and its payload if longer.  With
 * DF, as hosts that discover path MTUs send (RFC 1191 2). */
static struct frame
frame_make(const struct wire *w, struct ip4 src, struct ip4 dst, uint8_t proto,
    const uint8_t *l4, uint32_t len)
{
	struct frame f = { .len = ETH_HLEN + IP4_HLEN + len };
	struct eth_hdr eth = { bed_mac(w->last), bed_far_mac(w->last),
	    ETHERTYPE_IP4 };
	struct ip4_hdr h = { .ttl = 64, .frag = IP_DF, .proto = proto,
	    .src = src, .dst = dst, .total_len = (uint16_t)(IP4_HLEN + len) };
	uint8_t *p = f.data + ETH_HLEN + IP4_HLEN;
	uint32_t at = proto == IPPROTO_TCP4 ? TCP_OFF_CSUM : 6;

	eth_build(f.data, &eth);
	ip4_build_hdr(f.data + ETH_HLEN, &h);
	memcpy(p, l4, len);
	be16_put(p + at, csum_finish(csum_add(csum_pseudo4(src, dst, proto,
	    len), p, len)));
	if (f.len < ETH_MIN)
		f.len = ETH_MIN;
	return f;
}

static struct frame
udp_frame(const struct wire *w, struct ip4 src, struct ip4 dst)
{
	uint8_t l4[18] = { 0 };
	struct udp_hdr h = { .sport = 1024, .dport = 9,
	    .len = sizeof(l4) };

	udp_build(l4, &h);
	return frame_make(w, src, dst, IPPROTO_UDP4, l4, sizeof(l4));
}

static struct frame
tcp_frame(const struct wire *w, struct ip4 src, struct ip4 dst,
    struct tcp_hdr *h, const struct tcp_opts *o, uint32_t payload)
{
	uint8_t l4[ROOM] = { 0 };

	h->hlen = TCP_HLEN;
	if (o != NULL)
		h->hlen = (uint8_t)(h->hlen +
		    tcp_build_options(l4 + TCP_HLEN, o));
	h->window = 65535;
	tcp_build_hdr(l4, h);
	return frame_make(w, src, dst, IPPROTO_TCP4, l4, h->hlen + payload);
}

/* A sender on this machine leaves the checksum to whoever needs it. */
static void
csum_partial(struct frame *f)
{
	uint8_t *ip = f->data + ETH_HLEN;
	uint16_t start = ETH_HLEN + IP4_HLEN, offset = TCP_OFF_CSUM;
	struct ip4_hdr h = { 0 };

	need(ip4_parse_hdr(ip, f->len - ETH_HLEN, &h) == 0, "a header");
	be16_put(ip + IP4_HLEN + TCP_OFF_CSUM, csum_fold(csum_pseudo4(h.src,
	    h.dst, h.proto, (uint32_t)h.total_len - IP4_HLEN)));
	f->vnet[0] = 1;		/* VIRTIO_NET_HDR_F_NEEDS_CSUM */
	memcpy(f->vnet + 6, &start, 2);
	memcpy(f->vnet + 8, &offset, 2);
}

/* ---- turns ------------------------------------------------------------- */

static __attribute__((noinline)) void
measured(struct stack *stk, struct instant now)
{
	stack_poll(stk, now);
}

/* Puts the counted frame on its wire, batch times, numbers growing. */
static void
fill(struct bed *b)
{
	uint8_t *l4;

	b->from->given = b->from->taken = 0;
	for (uint32_t i = 0; i < b->batch; i++) {
		b->from->in[b->from->given++] = b->f;
		l4 = b->f.data + ETH_HLEN + IP4_HLEN;
		if (b->stride != 0)
			be32_put(l4 + TCP_OFF_SEQ,
			    be32_get(l4 + TCP_OFF_SEQ) + b->stride);
		if (b->ack_stride != 0)
			be32_put(l4 + TCP_OFF_ACK,
			    be32_get(l4 + TCP_OFF_ACK) + b->ack_stride);
	}
	b->from->port.readable = true;
}

/* One frame that is not counted. */
static void
feed(struct bed *b, struct wire *w, const struct frame *f)
{
	w->in[0] = *f;
	w->taken = 0;
	w->given = 1;
	w->port.readable = true;
	stack_poll(b->stk, instant_add(b->stk->now, 10));
}

/* As many bytes as a turn's ACKs will acknowledge. */
static void
send_more(struct bed *b)
{
	static const uint8_t data[ACKS * MSS];

	need(tcp_write(b->stk, b->conn, data, sizeof(data)) ==
	    (int32_t)sizeof(data), "the send buffer");
	stack_poll(b->stk, b->stk->now);
	need(tcp_unsent(b->conn) == 0, "the window");
}

static void
run(struct bed *b)
{
	struct instant now;
	uint32_t sent = 0;

	for (int i = 0; i < WARM + ROUNDS; i++) {
		if (b->ack_stride != 0)
			send_more(b);
		now = instant_add(b->stk->now, 100);
		fill(b);
		if (b->to != NULL)
			sent = b->to->sent;
		if (i < WARM)
			stack_poll(b->stk, now);
		else
			measured(b->stk, now);
		/* the batch is read; the next turn finds nothing more */
		need(b->from->taken == b->batch, "not all were read");
		if (b->to != NULL)
			need(b->to->sent == sent + b->batch, "not all left");
		b->from->port.readable = false;
	}
	printf("%u\n", ROUNDS * b->batch);
}

/* ---- cases ------------------------------------------------------------- */

static void
bed_up(struct bed *b)
{
	struct env env = { .seed = { 1 }, .limits = LIMITS_DEFAULT };

	env.limits.lb_flows = 4096;
	b->stk = stack_new(&env, instant_from_us(0));
	need(b->stk != NULL, "no memory");
	wire_up(b->stk, &b->cl, "cl", 1, ROUTER, CLIENT);
	wire_up(b->stk, &b->sv, "sv", 2, LOCAL, SERVER);
	b->from = &b->cl;
	b->to = &b->sv;
	b->batch = PORT_BATCH;
}

static void
forward(struct bed *b)
{
	b->f = udp_frame(&b->cl, CLIENT, SERVER);
}

/* One connection through the service, by hand, up to its third segment. */
static void
service(struct bed *b, enum lb_fwd fwd, bool reply)
{
	struct lb_service_key key = { .proto = IPPROTO_TCP4, .port = 80,
	    .addr = addr_from_ip4(VIP) };
	struct lb_service_conf conf = { .sched = lb_sched_find("rr") };
	struct lb_server_conf srv = { .fwd = fwd, .weight = 1 };
	struct addr server = addr_from_ip4(SERVER);
	struct addr local = addr_from_ip4(LOCAL);
	struct tcp_hdr h = { .sport = 40000, .dport = 80, .seq = 1000,
	    .flags = TCP_SYN };
	struct tcp_hdr back = { .sport = 80, .dport = 40000, .seq = 5000,
	    .ack = 1001, .flags = TCP_SYN | TCP_ACK };
	struct lb_service *svc;
	struct ip4 to = CLIENT;
	struct frame f;

	need(lb_service_add(b->stk, &key, &conf, NULL) == 0, "service");
	svc = lb_service_lookup(b->stk, &key);
	need(lb_local_add(b->stk, svc, &local, NULL) == 0, "local address");
	need(lb_server_add(b->stk, svc, &server, 80, &srv, NULL) == 0,
	    "server");
	f = tcp_frame(&b->cl, CLIENT, VIP, &h, NULL, 0);
	feed(b, &b->cl, &f);
	if (fwd == LB_FWD_FULLNAT) {
		const uint8_t *ip = b->sv.out.data + ETH_HLEN;

		to = LOCAL;
		back.dport = be16_get(ip + IP4_HLEN + TCP_OFF_SPORT);
		back.ack = be32_get(ip + IP4_HLEN + TCP_OFF_SEQ) + 1;
	}
	if (fwd == LB_FWD_NAT || fwd == LB_FWD_FULLNAT) {
		f = tcp_frame(&b->sv, SERVER, to, &back, NULL, 0);
		feed(b, &b->sv, &f);
	}
	h.seq = 1001;
	h.ack = 5001;
	h.flags = back.flags = TCP_ACK;
	f = tcp_frame(&b->cl, CLIENT, VIP, &h, NULL, 0);
	feed(b, &b->cl, &f);
	/* the first answer is acknowledged: TOA has done its work */
	h.ack += 100;
	b->f = tcp_frame(&b->cl, CLIENT, VIP, &h, NULL, 0);
	if (!reply)
		return;
	back.seq++;
	b->f = tcp_frame(&b->sv, SERVER, to, &back, NULL, 0);
	b->from = &b->sv;
	b->to = &b->cl;
}

static void
reader(struct stack *stk, struct tcp_conn *c, void *owner)
{
	(void)owner;
	tcp_consume(stk, c, tcp_readable(c));
}

static void
accepted(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct bed *b = owner;

	b->conn = tcp_accept(stk, l);
	tcp_set_owner(stk, b->conn, reader, b);
}

/* A connection with the options that everybody uses; its next segment has so
 * many bytes. */
static void
connection(struct bed *b, uint32_t payload)
{
	struct addr any = { { 0 } };
	struct tcp_hdr h = { .sport = 40000, .dport = 80, .seq = 1000,
	    .flags = TCP_SYN };
	struct tcp_opts syn = { .mss_on = true, .mss = 1460, .wscale_on = true,
	    .wscale = 7, .sack_ok = true, .ts_on = true, .tsval = 1 };
	struct tcp_opts o = { .ts_on = true, .tsval = 2 }, seen;
	const uint8_t *l4 = b->cl.out.data + ETH_HLEN + IP4_HLEN;
	struct tcp_conf conf = *tcp_conf_stack(b->stk);
	struct tcp_listener *l;
	struct frame f;

	conf.rcvbuf = conf.rcvbuf_max;	/* a turn's frames fit */
	need(tcp_listen(b->stk, &any, 80, 10, &conf, accepted, b, &l) == 0,
	    "listen");
	f = tcp_frame(&b->cl, CLIENT, ROUTER, &h, &syn, 0);
	feed(b, &b->cl, &f);
	tcp_parse_options(l4 + TCP_HLEN, (size_t)(l4[TCP_OFF_DOFF] >> 4) * 4 -
	    TCP_HLEN, true, &seen);
	o.tsecr = seen.tsval;
	h.seq = 1001;
	h.ack = be32_get(l4 + TCP_OFF_SEQ) + 1;
	h.flags = TCP_ACK;
	f = tcp_frame(&b->cl, CLIENT, ROUTER, &h, &o, 0);
	feed(b, &b->cl, &f);
	need(b->conn != NULL, "no connection");
	b->f = tcp_frame(&b->cl, CLIENT, ROUTER, &h, &o, payload);
	csum_partial(&b->f);
	b->to = NULL;
}

static void
tcp_data_in(struct bed *b)
{
	uint8_t *l4;

	connection(b, MSS);
	b->stride = MSS;
	l4 = b->f.data + ETH_HLEN + IP4_HLEN;
	/* The window opens as data come, until a turn's frames fit. */
	for (int i = 0; i < OPENING; i++) {
		feed(b, &b->cl, &b->f);
		be32_put(l4 + TCP_OFF_SEQ, be32_get(l4 + TCP_OFF_SEQ) + MSS);
	}
}

/* All that came was taken, and in order. */
static void
check_connection(struct bed *b)
{
	struct tcp_status s;

	tcp_status(b->stk, b->conn, &s);
	need(s.rcv_ooo == 0 && s.recv_q == 0, "bytes in order");
	need(b->stride == 0 || s.bytes_received ==
	    (OPENING + (WARM + ROUNDS) * b->batch) * (uint64_t)b->stride,
	    "bytes received");
}

/* A sender whose every segment is acknowledged by itself.  The window opens
 * until a whole turn's bytes are under way. */
static void
tcp_ack_in(struct bed *b)
{
	static const uint8_t data[ACKS * MSS];
	uint8_t *l4 = b->f.data + ETH_HLEN + IP4_HLEN;
	uint32_t acked = 0;

	connection(b, 0);
	b->batch = ACKS;
	b->ack_stride = MSS;
	for (int i = 0; i < 2; i++) {
		need(tcp_write(b->stk, b->conn, data, sizeof(data)) ==
		    (int32_t)sizeof(data), "the send buffer");
		stack_poll(b->stk, b->stk->now);
		for (acked = 0; acked < sizeof(data); acked += MSS) {
			be32_put(l4 + TCP_OFF_ACK,
			    be32_get(l4 + TCP_OFF_ACK) + MSS);
			feed(b, &b->cl, &b->f);
		}
	}
	be32_put(l4 + TCP_OFF_ACK, be32_get(l4 + TCP_OFF_ACK) + MSS);
}

static void
prepare(struct bed *b, const char *name)
{
	bool reply = strstr(name, "-out") != NULL;

	if (strcmp(name, "forward") == 0)
		forward(b);
	else if (strncmp(name, "nat-", 4) == 0)
		service(b, LB_FWD_NAT, reply);
	else if (strcmp(name, "dr-in") == 0)
		service(b, LB_FWD_DR, false);
	else if (strcmp(name, "tun-in") == 0)
		service(b, LB_FWD_TUN, false);
	else if (strncmp(name, "fullnat-", 8) == 0)
		service(b, LB_FWD_FULLNAT, reply);
	else if (strcmp(name, "tcp-data-in") == 0)
		tcp_data_in(b);
	else if (strcmp(name, "tcp-ack-in") == 0)
		tcp_ack_in(b);
	else
		need(false, "no such case");
}

int
main(int argc, char **argv)
{
	struct bed *b = calloc(1, sizeof(*b));

	if (argc != 2 || b == NULL)
		need(false, "usage: instructions CASE");
	bed_up(b);
	prepare(b, argv[1]);
	run(b);
	if (b->conn != NULL) {
		check_connection(b);
		tcp_abort(b->stk, b->conn);
	}
	stack_free(b->stk);
	free(b);
	return 0;
}
