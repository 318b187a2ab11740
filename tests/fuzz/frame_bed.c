/*
 * frame_bed.c - a router and director with open sockets, and frames from the
 * bytes of an input.
 */
#include "fuzz/frame_bed.h"

#include <string.h>

#include "base/csum.h"
#include "fuzz/frame_fix.h"
#include "fuzz/frame_words.h"
#include "service/service.h"

#define PORTS	3
#define CONNS	8
#define STEPS	200

struct bed {
	struct fuzz_bed fuzz;
	struct stack *stk;
	struct ctl_session *session;
	struct port *port[PORTS];	/* NULL: deleted */
	struct tcp_listener *listener;
	struct tcp_conn *conn[CONNS];
	struct udp_sock *udp;
	struct frame_seen seen;
	uint64_t digest;
	uint8_t stale;
	bool server_off;
};

static const char config[] =
    "port add cl mac 02:00:00:00:00:01\n"
    "port add sv mac 02:00:00:00:00:02\n"
    "port add tn type tun mtu 1400\n"
    "addr add 192.168.1.1/24 dev cl\n"
    "addr add 192.168.1.100/32 dev cl\n"
    "addr add 10.0.0.1/24 dev sv\n"
    "addr add 172.16.0.1/24 dev tn\n"
    "tunnel add ipip0 local 10.0.0.1 remote 10.0.0.12\n"
    "neigh add 192.168.1.10 mac 02:00:00:00:00:0a dev cl\n"
    "neigh add 10.0.0.11 mac 02:00:00:00:00:0b dev sv\n"
    "neigh add 10.0.0.12 mac 02:00:00:00:00:0c dev sv\n"
    "neigh add 10.0.0.254 mac 02:00:00:00:00:fe dev sv\n"
    "route add 100.0.0.0/16 via 10.0.0.254\n"
    "route add 10.9.0.0/16 via 10.0.0.13\n"
    "route add blackhole 10.66.0.0/16\n"
    "route add 10.77.0.0/16 via 10.0.0.12 mtu 600\n"
    "rarp add 02:00:00:00:00:77 ip 192.168.1.77\n"
    "inetd add echo\n"
    "inetd add discard\n"
    "inetd add daytime\n"
    "inetd add chargen\n"
    "mark add 7 proto tcp dst 192.168.1.0/24 port 1000-1099\n"
    "service add tcp 192.168.1.100:81 sched wlc\n"
    "server add tcp 192.168.1.100:81 10.0.0.11:81 mode dr\n"
    "service add tcp 192.168.1.100:82 sched rr\n"
    "server add tcp 192.168.1.100:82 10.0.0.11:82 mode tun\n"
    "service add tcp 192.168.1.100:83 sched rr\n"
    "server add tcp 192.168.1.100:83 10.0.0.11:8083 mode fullnat\n"
    "server add tcp 192.168.1.100:83 10.0.0.12:8083 mode fullnat\n"
    "service add tcp 192.168.1.100:84 sched rr\n"
    "server add tcp 192.168.1.100:84 192.168.1.100:84 mode local\n"
    "service add tcp 192.168.1.100:85 sched rr rst on\n"
    "service add tcp 192.168.1.101:0 sched rr persistent 60\n"
    "server add tcp 192.168.1.101:0 10.0.0.11:0 mode nat\n"
    "service add udp 192.168.1.100:53 sched rr ops on\n"
    "server add udp 192.168.1.100:53 10.0.0.11:53 mode nat\n"
    "service add udp 192.168.1.100:54 sched sh flags port\n"
    "server add udp 192.168.1.100:54 10.0.0.11:54 mode fullnat\n"
    "service add udp 192.168.1.100:55 sched rr\n"
    "server add udp 192.168.1.100:55 10.0.0.12:55 mode tun\n"
    "service add sctp 192.168.1.100:80 sched rr\n"
    "server add sctp 192.168.1.100:80 10.0.0.11:80 mode nat\n"
    "service add fwmark 7 sched wrr\n"
    "server add fwmark 7 10.0.0.11:0 mode nat\n";

/* The service whose scheduler and settings the first byte picks. */
static void
config_variant(struct fuzz_bed *b, uint8_t variant)
{
	static const char *const sched[] = { "rr", "wrr", "lc", "wlc", "lblc",
	    "lblcr", "dh", "sh", "sed", "nq", "fo", "ovf", "mh", "twos",
	    "maglev", "swrr" };
	const char *on = (variant & 16) ? "on" : "off";
	char text[sizeof(config) + 1024];

	snprintf(text, sizeof(text), "%s"
	    "port set cl rp_filter %d proxy_arp %s\n"
	    "lb set sloppy_tcp %s expire_nodest %s rst_on_expire %s"
	    " mss_clamp %s\n"
	    "service add tcp 192.168.1.100:80 sched %s%s\n"
	    "server add tcp 192.168.1.100:80 10.0.0.11:8080 weight 2 upper 3\n"
	    "server add tcp 192.168.1.100:80 10.0.0.12:8080 weight 1\n",
	    config, variant >> 6 & 1, (variant & 128) ? "on" : "off", on, on,
	    on, on, sched[variant & 15],
	    (variant & 32) ? " persistent 30" : "");
	fuzz_bed_config(b, text);
}

static void
conn_ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct bed *b = owner;
	char buf[2048];
	int32_t n;

	while (tcp_write_room(stk, c) >= sizeof(buf) &&
	    (n = tcp_read(stk, c, buf, sizeof(buf))) > 0)
		tcp_write(stk, c, buf, (uint32_t)n);
	if ((tcp_events(c) & (TCP_EV_EOF | TCP_EV_ERROR)) == 0)
		return;
	for (int i = 0; i < CONNS; i++) {
		if (b->conn[i] == c)
			b->conn[i] = NULL;
	}
	tcp_close(stk, c);
}

/* A place for another connection, or NULL. */
static struct tcp_conn **
conn_slot(struct bed *b)
{
	for (int i = 0; i < CONNS; i++) {
		if (b->conn[i] == NULL)
			return &b->conn[i];
	}
	return NULL;
}

static void
accept_ready(struct stack *stk, struct tcp_listener *l, void *owner)
{
	struct bed *b = owner;
	struct tcp_conn **slot;

	while ((slot = conn_slot(b)) != NULL) {
		*slot = tcp_accept(stk, l);
		if (*slot == NULL)
			return;
		tcp_set_owner(stk, *slot, conn_ready, b);
	}
}

static void
udp_ready(struct stack *stk, struct udp_sock *s, unsigned events)
{
	uint8_t buf[512];
	struct udp_from from;
	struct udp_report report;
	ssize_t n;

	(void)events;
	while ((n = udp_recv(stk, s, buf, sizeof(buf), &from)) >= 0)
		udp_reply(stk, s, &from, buf, (uint32_t)n);
	udp_error(s);
	while (udp_report(s, &report))
		continue;
}

/* The host's habits, of which the second byte tells. */
static void
conf_habits(struct tcp_conf *conf, uint8_t habits)
{
	conf->rcvbuf = conf->rcvbuf_max = 16384;
	conf->sndbuf = conf->sndbuf_max = 16384;
	conf->syn_cookies = (habits & FRAME_COOKIES) ? TCP_COOKIES_ALWAYS :
	    TCP_COOKIES_OVERFLOW;
	conf->fastopen = TCP_FASTOPEN_SERVER | TCP_FASTOPEN_CLIENT;
	if (habits & FRAME_BARE)
		conf->fastopen |= TCP_FASTOPEN_SERVER_BARE |
		    TCP_FASTOPEN_CLIENT_BARE;
	conf->cc = (habits & FRAME_NEWRENO) ? TCP_CC_NEWRENO : TCP_CC_CUBIC;
	conf->pacing = (habits & FRAME_PACING) != 0;
	conf->ecn = (habits & FRAME_ECN) ? TCP_ECN_REQUEST : TCP_ECN_ACCEPT;
	conf->rfc1337 = (habits & FRAME_IMPATIENT) != 0;
	if (habits & FRAME_IMPATIENT) {
		conf->keepalive = true;
		conf->keep_idle_ms = conf->keep_intvl_ms = 100;
		conf->user_timeout_ms = 5000;
	}
	if (habits & FRAME_OLD)
		conf->habits = 0xff;
	if (habits & FRAME_PLAIN)
		conf->sack = conf->rack = conf->timestamps =
		    conf->window_scaling = false;
}

static void
open_sockets(struct bed *b, uint8_t habits)
{
	struct addr any = { { 0 } };
	struct addr group = addr_from_ip4(IP4(239, 1, 2, 3));

	conf_habits(tcp_conf_stack(b->stk), habits);
	FUZZ_CHECK(tcp_listen(b->stk, &any, 84, 4, NULL, accept_ready, b,
	    &b->listener) == 0);
	b->udp = udp_open(b->stk, udp_ready, b);
	FUZZ_CHECK(b->udp != NULL);
	udp_set(b->stk, b->udp, UDP_REPORTS, 1);
	FUZZ_CHECK(udp_bind(b->stk, b->udp, &any, 5000) == 0);
	FUZZ_CHECK(udp_join(b->stk, b->udp, &group, "cl") == 0);
}

/* A line of a reply, which may come much later. */
static void
emit(void *arg, const char *line, size_t len)
{
	(void)arg;
	FUZZ_CHECK(memchr(line, '\n', len) == NULL);
}

static void
ports_find(struct bed *b)
{
	static const char *const name[PORTS] = { "cl", "sv", "tn" };

	for (int i = 0; i < PORTS; i++)
		b->port[i] = port_lookup(b->stk, name[i]);
}

static void
bed_up(struct bed *b, uint8_t variant, uint8_t habits)
{
	struct env env = fuzz_env();
	struct lb_service_key key = { .proto = IPPROTO_TCP4,
	    .addr = addr_from_ip4(IP4(192, 168, 1, 100)), .port = 83 };
	struct addr local = addr_from_ip4(IP4(10, 0, 0, 1));

	fuzz_bed_up(&b->fuzz, &env);
	b->stk = b->fuzz.stk;
	config_variant(&b->fuzz, variant);
	b->session = ctl_open(b->fuzz.ctl, emit, NULL);
	FUZZ_CHECK(b->session != NULL);
	ports_find(b);
	b->port[0]->offload = PORT_CSUM | PORT_TSO4 | PORT_USO;
	b->port[2]->offload = PORT_CSUM;
	FUZZ_CHECK(lb_local_add(b->stk, lb_service_lookup(b->stk, &key),
	    &local, NULL) == 0);
	key.proto = IPPROTO_UDP4;
	key.port = 54;
	FUZZ_CHECK(lb_local_add(b->stk, lb_service_lookup(b->stk, &key),
	    &local, NULL) == 0);
	open_sockets(b, habits);
	b->port[0]->ifp->conf.gro = true;
	if (variant & 128)
		b->port[1]->ifp->conf.redirects = true;
}

static void
act_server(struct bed *b)
{
	struct lb_service_key key = { .proto = IPPROTO_TCP4,
	    .addr = addr_from_ip4(IP4(192, 168, 1, 100)), .port = 80 };
	struct lb_service *svc = lb_service_lookup(b->stk, &key);
	struct addr a = addr_from_ip4(IP4(10, 0, 0, 11));
	struct lb_server_conf conf = { .fwd = LB_FWD_NAT, .weight = 1 };

	if (svc == NULL)
		return;
	if (b->server_off)
		lb_server_add(b->stk, svc, &a, 8080, &conf, NULL);
	else
		lb_server_del(b->stk, svc, &a, 8080, NULL);
	b->server_off = !b->server_off;
}

/* What a step without a port holds: a command by its number, or what to do
 * with a socket, and a value for it. */
static void
act_more(struct bed *b, const struct mem_frame *f)
{
	struct addr peer = addr_from_ip4(IP4(10, 0, 0, 11));
	struct addr group = addr_from_ip4(IP4(239, 1, 2, 4));
	uint16_t value;
	uint8_t what;

	if (f->len == 1) {
		fuzz_bed_say(b->session, frame_words(f->data[0]));
		ports_find(b);
	}
	if (f->len < 3)
		return;
	what = f->data[0];
	value = be16_get(f->data + 1);
	for (int i = 0; i < CONNS; i++) {
		if (b->conn[i] == NULL)
			continue;
		if (what < TCPO_COUNT) {
			(void)tcp_set(b->stk, b->conn[i], (enum tcp_opt)what,
			    value);
			(void)tcp_get(b->conn[i], (enum tcp_opt)what);
		} else if (what == FRAME_ABORT) {
			tcp_abort(b->stk, b->conn[i]);
			b->conn[i] = NULL;
		}
	}
	if (what == FRAME_UDP_CONNECT)
		(void)udp_connect(b->stk, b->udp, &peer, value);
	else if (what == FRAME_UDP_FREE)
		udp_disconnect(b->udp);
	else if (what == FRAME_UDP_SET)
		(void)udp_set(b->stk, b->udp, (enum udp_option)(value >> 8 &
		    15), value & 255);
	else if (what == FRAME_JOIN)
		(void)udp_join(b->stk, b->udp, &group, "cl");
	else if (what == FRAME_LEAVE)
		(void)udp_leave(b->stk, b->udp, &group, "cl");
}

/* What the applications do in a step. */
static void
act(struct bed *b, enum frame_act a)
{
	struct addr server = addr_from_ip4(IP4(10, 0, 0, 11));
	static const char text[3000] = "text";
	struct tcp_open o = { .remote = server, .rport = 80, .lport = 4000,
	    .ready = conn_ready, .owner = b, .data = text, .data_len = 50 };
	struct tcp_conn **slot = conn_slot(b);

	if (a == FRAME_ACT_CONNECT && slot != NULL) {
		if (tcp_connect(b->stk, &o, slot) != 0)
			*slot = NULL;
	} else if (a == FRAME_ACT_UDP) {
		udp_send(b->stk, b->udp, &server, 7, text, sizeof(text), 0);
	} else if (a == FRAME_ACT_PORT_DOWN && b->port[1] != NULL) {
		b->port[1]->ifp->up = !b->port[1]->ifp->up;
	} else if (a == FRAME_ACT_SERVER) {
		act_server(b);
	}
	for (int i = 0; i < CONNS; i++) {
		if (b->conn[i] == NULL)
			continue;
		if (a == FRAME_ACT_SEND)
			tcp_write(b->stk, b->conn[i], text, sizeof(text));
		if (a == FRAME_ACT_SHUTDOWN)
			tcp_shutdown(b->stk, b->conn[i]);
		if (a == FRAME_ACT_CLOSE) {
			tcp_close(b->stk, b->conn[i]);
			b->conn[i] = NULL;
		}
	}
}

/* Fills the buffers that the next frames come into. */
static void
make_stale(struct bed *b)
{
	struct pkt *large = pkt_alloc(&b->stk->pool, PKT_LARGE_ROOM);
	struct pkt *small = pkt_alloc(&b->stk->pool, 0);

	if (large != NULL) {
		memset(large->buf, b->stale, 8192);
		pkt_free(large);
	}
	if (small != NULL) {
		memset(small->buf, b->stale, small->size);
		pkt_free(small);
	}
}

static void
collect(struct bed *b)
{
	static const struct hash_key key = { 1, 2 };

	for (int i = 0; i < PORTS; i++) {
		struct mem_frame *f;

		while (b->port[i] != NULL &&
		    (f = mem_port_take(b->port[i])) != NULL) {
			fuzz_frame_check(b->port[i], f);
			frame_seen(&b->seen, f->data, f->len,
			    b->port[i]->l2);
			b->digest = b->digest * 31 + i +
			    siphash13(&key, f->data, f->len);
			mem_port_free(b->port[i], f);
		}
	}
}

/* Reads one step and takes it; false: the input is at its end. */
static bool
step(struct bed *b, struct rd *r)
{
	uint8_t head = rd_u8(r), wait = rd_u8(r);
	uint16_t len = rd_u16(r);
	struct frame_fix fix = { .sums = (head & FRAME_SUMS) != 0,
	    .relative = (head & FRAME_RELATIVE) != 0 };
	struct mem_frame *f;
	unsigned port = head & 3;

	if (r->bad)
		return false;
	f = calloc(1, sizeof(*f) + 65536);
	FUZZ_CHECK(f != NULL);
	if (head & FRAME_OFFLOAD) {
		f->csum_needed = rd_u8(r) & 1;
		f->gso_type = rd_u8(r) & 3;
		f->gso_size = rd_u16(r);
		f->csum_start = rd_u16(r);
		f->csum_offset = rd_u16(r);
		if (f->gso_type != PKT_GSO_NONE)
			f->csum_needed = true;
	}
	f->len = r->left < len ? (uint32_t)r->left : len;
	rd_copy(r, f->data, f->len);
	fuzz_advance(b->stk, fuzz_wait_us(wait), 64);
	collect(b);
	act(b, (enum frame_act)(head >> 5));
	if (port >= PORTS) {
		act_more(b, f);
	} else if (b->port[port] != NULL) {
		frame_fix(f->data, f->len, b->port[port]->l2, &fix, &b->seen);
		make_stale(b);
		FUZZ_CHECK(mem_port_give_frame(b->port[port], f) == 0);
	}
	free(f);
	stack_poll(b->stk, b->stk->now);
	collect(b);
	return true;
}

uint64_t
frame_run(const uint8_t *data, size_t size, uint8_t stale,
    struct frame_watch *watch)
{
	struct rd r = rd_init(data, size);
	struct bed *b = calloc(1, sizeof(*b));
	uint8_t variant = rd_u8(&r), habits = rd_u8(&r);
	uint64_t digest;

	FUZZ_CHECK(b != NULL);
	b->stale = stale;
	bed_up(b, variant, habits);
	for (int i = 0; i < PORTS && watch != NULL; i++) {
		watch->stk = b->stk;
		b->port[i]->tap = watch->frame;
		b->port[i]->tap_arg = watch;
	}
	for (int i = 0; i < STEPS && step(b, &r); i++)
		continue;
	fuzz_stack_check(b->stk);
	fuzz_advance(b->stk, fuzz_wait_us(0xbf), 256);
	collect(b);
	fuzz_stack_check(b->stk);
	digest = b->digest;
	ctl_close(b->session);
	fuzz_bed_down(&b->fuzz);
	free(b);
	return digest;
}
