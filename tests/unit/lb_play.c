/*
 * lb_play.c - the player of IPVS records: each line is a control call or a
 * frame, and the record's answer is compared with what hopd does.
 *
 *   192.168.1.10, 172.16.0.0/12 -- c0 [hopd] s0 -- 10.0.0.11 ...
 */
#include "unit/lb_play_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lb/sched.h"
#include "tcp/tcp_wire.h"
#include "unit/unit.h"

struct addr
play_addr(struct play *p, const char *s)
{
	struct addr a;

	HERE(p, addr_parse(s, &a) == 0, "address %s", s);
	return a;
}

static struct ip4
ip_of(struct play *p, const char *s)
{
	struct addr a = play_addr(p, s);

	return addr_to_ip4(&a);
}

static void
network_make(struct play *p)
{
	struct route *r = calloc(1, sizeof(*r) + sizeof(r->hop[0]));
	struct lb_conf conf;
	char text[IP4_STRLEN];

	p->stk = unit_stack();
	p->cl = unit_port(p->stk, "c0", 1, "192.168.1.1/24");
	p->sv = unit_port(p->stk, "s0", 2, "10.0.0.1/24");
	unit_neighbour(p->stk, "c0", "192.168.1.10", 10);
	for (unsigned i = 11; i < 60; i++) {
		ip4_format(IP4(10, 0, 0, i), text);
		unit_neighbour(p->stk, "s0", text, (uint8_t)i);
	}
	ck_assert_int_eq(ip4_prefix_parse("172.16.0.0/12", &r->dst), 0);
	r->type = ROUTE_UNICAST;
	r->origin = ROUTE_STATIC;
	r->hops = 1;
	r->hop[0] = (struct next_hop){ p->cl->ifp, IP4(192, 168, 1, 10), 1 };
	ck_assert_int_eq(route_add(p->stk, r, NULL), 0);
	free(r);
	/* The kernel drops the flows of a removed server at once. */
	lb_conf_get(p->stk, &conf);
	conf.drain_s = 0;
	ck_assert_int_eq(lb_conf_set(p->stk, &conf, NULL), 0);
}

/* "-b sh-port,sh-fallback", "-p 50", "-M 255.255.255.0", "-o" after the
 * scheduler's name. */
static struct lb_service_conf
conf_of(struct play *p, int from)
{
	struct lb_service_conf c = { .sched = lb_sched_find(p->w[from]) };

	HERE(p, c.sched != NULL, "scheduler %s", p->w[from]);
	for (int i = from + 1; i < p->words; i += 2) {
		const char *v = i + 1 < p->words ? p->w[i + 1] : "";

		if (strcmp(p->w[i], "-o") == 0)
			c.flags |= LB_SVC_OPS;
		else if (strcmp(p->w[i], "-b") == 0) {
			if (strstr(v, "fallback") != NULL)
				c.flags |= LB_SVC_FLAG1;
			if (strstr(v, "port") != NULL)
				c.flags |= LB_SVC_FLAG2;
		} else if (strcmp(p->w[i], "-p") == 0) {
			c.flags |= LB_SVC_PERSIST;
			c.persist_s = (uint32_t)atoi(v);
		} else if (strcmp(p->w[i], "-M") == 0) {
			c.netmask = play_addr(p, v);
		} else {
			HERE(p, false, "word %s", p->w[i]);
		}
	}
	return c;
}

/* service tcp|udp ADDR:PORT SCHED ..., service fwm MARK SCHED ... */
static void
do_service(struct play *p)
{
	struct lb_service_conf conf = conf_of(p, 3);
	struct lb_mark_rule rule = { .dport_high = 65535 };
	struct err err = { "" };

	p->key = (struct lb_service_key){ 0 };
	if (strcmp(p->w[1], "fwm") == 0) {
		p->key.fwmark = rule.mark = (uint32_t)atoi(p->w[2]);
		rule.dst = (struct ip4_prefix){ IP4(192, 168,
		    100 + rule.mark, 0), 24 };
		ck_assert_int_eq(lb_mark_add(p->stk, &rule, NULL), 0);
	} else {
		p->key.proto = strcmp(p->w[1], "udp") == 0 ? IPPROTO_UDP4 :
		    strcmp(p->w[1], "sctp") == 0 ? IPPROTO_SCTP4 :
		    IPPROTO_TCP4;
		HERE(p, addr_port_parse(p->w[2], &p->key.addr, &p->key.port)
		    == 0, "service %s", p->w[2]);
	}
	HERE(p, lb_service_add(p->stk, &p->key, &conf, &err) == 0, "%s",
	    err.text);
	p->svc = lb_service_lookup(p->stk, &p->key);
}

/* add|set ADDR WEIGHT [UPPER LOWER] */
static void
do_server(struct play *p, bool add)
{
	struct addr a = play_addr(p, p->w[1]);
	struct lb_server_conf c = { .fwd = p->fwd,
	    .weight = atoi(p->w[2]) };
	struct err err = { "" };
	int r;

	if (p->words > 4) {
		c.upper = (uint32_t)atoi(p->w[3]);
		c.lower = (uint32_t)atoi(p->w[4]);
	}
	r = add ? lb_server_add(p->stk, p->svc, &a, p->key.port, &c, &err) :
	    lb_server_set(p->stk, p->svc, &a, p->key.port, &c, &err);
	HERE(p, r == 0, "%s", err.text);
}

static void
do_del(struct play *p)
{
	struct addr a = play_addr(p, p->w[1]);
	struct err err = { "" };

	HERE(p, lb_server_del(p->stk, p->svc, &a, p->key.port, &err) == 0,
	    "%s", err.text);
}

/* What became of a packet: the server's address, or "none".  The server is
 * known by its MAC, in every mode. */
static const char *
answer(struct play *p, char text[IP4_STRLEN])
{
	struct unit_seen s;

	text[0] = '\0';
	while (mem_port_sent(p->sv) > 0) {
		s = unit_expect(p->sv);
		if (s.eth.type == ETHERTYPE_IP4 && text[0] == '\0')
			ip4_format(IP4(10, 0, 0, s.eth.dst.b[5]), text);
		unit_seen_free(&s);
	}
	while (mem_port_sent(p->cl) > 0) {
		s = unit_expect(p->cl);
		unit_seen_free(&s);
	}
	return text[0] != '\0' ? text : "none";
}

static struct unit_frame
client_frame(struct ip4 src, uint16_t sport, struct ip4 dst, uint8_t flags)
{
	return (struct unit_frame){
		.dst = { { 2, 0, 0, 0, 0, 1 } },
		.src = { { 2, 0, 0, 0, 0, 10 } },
		.sip = src, .dip = dst, .sport = sport, .dport = 80,
		.proto = IPPROTO_TCP4, .flags = flags, .seq = 1000, .ack = 1,
	};
}

/* syn|ack|fin|rst SRC PORT DST = SERVER|none */
static void
do_packet(struct play *p, uint8_t flags)
{
	struct unit_frame f = client_frame(ip_of(p, p->w[1]),
	    (uint16_t)atoi(p->w[2]), ip_of(p, p->w[3]), flags);
	char text[IP4_STRLEN];
	const char *got;

	if (flags == 0) {
		f.proto = IPPROTO_UDP4;
		f.payload = "ping";
		f.payload_len = 4;
	}
	unit_feed(p->stk, p->cl, &f);
	got = answer(p, text);
	HERE(p, strcmp(got, p->w[5]) == 0, "%s %s %s: %s, the kernel: %s",
	    p->w[0], p->w[1], p->w[2], got, p->w[5]);
}

/* The flow of the client whose address and port are words 1 and 2. */
static struct lb_flow *
client_flow(struct play *p)
{
	struct lb_flow_filter w = { .has_client = true,
	    .client = play_addr(p, p->w[1]), .no_templates = true,
	    .cport = (uint16_t)atoi(p->w[2]) };
	uint32_t pos = 0;

	return lb_flow_next(p->stk, &pos, &w);
}

/* rsyn|rsynack|... SRC PORT: the client's server sends. */
static void
do_reply(struct play *p)
{
	static const struct { const char *word; uint8_t flags; } kinds[] = {
		{ "rsyn", TCP_SYN }, { "rsynack", TCP_SYN | TCP_ACK },
		{ "rack", TCP_ACK }, { "rfin", TCP_FIN | TCP_ACK },
		{ "rrst", TCP_RST },
	};
	struct lb_flow *f = client_flow(p);
	struct unit_frame frame;
	char text[IP4_STRLEN];

	HERE(p, f != NULL, "no flow");
	frame = client_frame(addr_to_ip4(&f->server), 80,
	    ip_of(p, p->w[1]), 0);
	frame.dst.b[5] = 2;
	frame.src.b[5] = f->server.b[15];
	frame.dport = (uint16_t)atoi(p->w[2]);
	for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(p->w[0], kinds[i].word) == 0)
			frame.flags = kinds[i].flags;
	}
	HERE(p, frame.flags != 0, "word %s", p->w[0]);
	unit_feed(p->stk, p->sv, &frame);
	answer(p, text);
}

/* state SRC PORT = STATE SECONDS|none */
static void
do_state(struct play *p)
{
	struct lb_flow *f = client_flow(p);
	const char *got = f != NULL ? lb_flow_state_name(f) : "none";
	int left = f != NULL ? (int)lb_flow_expires_s(p->stk, f) : 0;

	HERE(p, strcmp(got, p->w[4]) == 0, "%s, the kernel: %s", got,
	    p->w[4]);
	/* Some time goes by until the kernel is asked. */
	if (f != NULL)
		HERE(p, abs(left - atoi(p->w[5])) <= 1,
		    "%d s left, the kernel: %s", left, p->w[5]);
}

/* stats ADDR|service CONNS INPKTS OUTPKTS INBYTES OUTBYTES */
static void
do_stats(struct play *p)
{
	const struct lb_stats *s = &p->svc->tally->stats;
	struct lb_server *srv;
	struct addr a;

	if (strcmp(p->w[1], "service") != 0) {
		a = play_addr(p, p->w[1]);
		srv = lb_server_lookup(p->stk, p->svc, &a, p->key.port);
		HERE(p, srv != NULL, "no server %s", p->w[1]);
		s = &srv->tally->stats;
	}
	HERE(p, s->conns == (uint64_t)atoll(p->w[2]) &&
	    s->in_pkts == (uint64_t)atoll(p->w[3]) &&
	    s->out_pkts == (uint64_t)atoll(p->w[4]) &&
	    s->in_bytes == (uint64_t)atoll(p->w[5]) &&
	    s->out_bytes == (uint64_t)atoll(p->w[6]),
	    "%s: %llu %llu %llu %llu %llu", p->w[1],
	    (unsigned long long)s->conns, (unsigned long long)s->in_pkts,
	    (unsigned long long)s->out_pkts, (unsigned long long)s->in_bytes,
	    (unsigned long long)s->out_bytes);
}

static void
do_mode(struct play *p)
{
	static const char *const names[] = { "nat", "dr", "tun" };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(p->w[1], names[i]) == 0) {
			p->fwd = (enum lb_fwd)i;
			return;
		}
	}
	HERE(p, false, "mode %s", p->w[1]);
}

/* load ADDR WEIGHT ACTIVE INACTIVE */
static void
do_load(struct play *p)
{
	struct addr a = play_addr(p, p->w[1]);
	struct lb_server *srv = lb_server_lookup(p->stk, p->svc, &a,
	    p->key.port);

	HERE(p, srv != NULL, "no server %s", p->w[1]);
	HERE(p, srv->conf.weight == atoi(p->w[2]) &&
	    srv->active == (uint32_t)atoi(p->w[3]) &&
	    srv->inactive == (uint32_t)atoi(p->w[4]),
	    "%s: weight %d active %u inactive %u, the kernel: %s %s %s",
	    p->w[1], (int)srv->conf.weight, srv->active, srv->inactive,
	    p->w[2], p->w[3], p->w[4]);
}

/* clients N DST PORT, then N letters: the server of each of N clients. */
static void
do_clients(struct play *p)
{
	unsigned n = (unsigned)atoi(p->w[1]), port = (unsigned)atoi(p->w[3]);
	struct ip4 dst = ip_of(p, p->w[2]);
	char line[128], text[IP4_STRLEN];
	unsigned i = 0;

	while (i < n && fgets(line, sizeof(line), p->f) != NULL) {
		p->line++;
		for (const char *c = line + 2; *c > ' '; c++, i++) {
			struct unit_frame f = client_frame(IP4(172, 16 + i *
			    7 % 16, i * 131 % 256, (i * 37 + i / 256) % 256),
			    (uint16_t)(port + i), dst, TCP_SYN);
			char want[IP4_STRLEN] = "none";
			const char *got;

			if (*c != '-')
				ip4_format(IP4(10, 0, 0, 11 + *c - 'a'),
				    want);
			unit_feed(p->stk, p->cl, &f);
			got = answer(p, text);
			HERE(p, strcmp(got, want) == 0,
			    "client %u: %s, the kernel: %s", i, got, want);
		}
	}
	HERE(p, i == n, "%u clients of %u", i, n);
}

/* own ADDR: the director has the address itself. */
static void
do_own(struct play *p)
{
	struct ip4_prefix a = { ip_of(p, p->w[1]), 32 };

	HERE(p, iface_addr_add(p->stk, p->cl->ifp, a, SCOPE_GLOBAL, NULL) ==
	    0, "address %s", p->w[1]);
}

/* knob sloppy_tcp 0|1 */
static void
do_knob(struct play *p)
{
	struct lb_conf conf;

	HERE(p, strcmp(p->w[1], "sloppy_tcp") == 0, "knob %s", p->w[1]);
	lb_conf_get(p->stk, &conf);
	conf.sloppy_tcp = atoi(p->w[2]) != 0;
	ck_assert_int_eq(lb_conf_set(p->stk, &conf, NULL), 0);
}

/* addport ADDR PORT WEIGHT */
static void
do_addport(struct play *p)
{
	struct addr a = play_addr(p, p->w[1]);
	struct lb_server_conf c = { .fwd = p->fwd,
	    .weight = atoi(p->w[3]) };
	struct err err = { "" };

	HERE(p, lb_server_add(p->stk, p->svc, &a, (uint16_t)atoi(p->w[2]), &c,
	    &err) == 0, "%s", err.text);
}

/* "SA": SYN and ACK; "U": a UDP datagram. */
static void
flags_set(struct unit_frame *f, const char *letters)
{
	static const char known[] = "FSRPA";

	f->flags = 0;
	if (strcmp(letters, "U") == 0) {
		f->proto = IPPROTO_UDP4;
		f->payload = "ping";
		f->payload_len = 4;
		return;
	}
	for (; *letters != '\0'; letters++)
		f->flags |= (uint8_t)(1 << (strchr(known, *letters) - known));
}

/* The first IP packet that came out of port, in words: where a server gets it
 * and on which port, "rst", or whom a client sees; "none". */
static void
port_answer(struct port *port, bool server, char *text, size_t size)
{
	char ip[IP4_STRLEN];
	struct unit_seen s;

	snprintf(text, size, "none");
	while (mem_port_sent(port) > 0) {
		s = unit_expect(port);
		if (s.eth.type == ETHERTYPE_IP4 && strcmp(text, "none") == 0) {
			ip4_format(server ? IP4(10, 0, 0, s.eth.dst.b[5]) :
			    s.ip.src, ip);
			snprintf(text, size, "%s %u", ip,
			    server ? s.dport : s.sport);
			if (!server && s.flags & TCP_RST)
				snprintf(text, size, "rst");
		}
		unit_seen_free(&s);
	}
}

/* The words after "=" in one. */
static void
expect_words(struct play *p, int from, const char *got)
{
	char want[64];

	snprintf(want, sizeof(want), "%s%s%s", p->w[from],
	    p->words > from + 1 ? " " : "",
	    p->words > from + 1 ? p->w[from + 1] : "");
	HERE(p, strcmp(got, want) == 0, "%s, the kernel: %s", got, want);
}

/* seg FLAGS SRC PORT DST PORT = SERVER PORT|rst|none: from the client */
static void
do_seg(struct play *p)
{
	struct unit_frame f = client_frame(ip_of(p, p->w[2]),
	    (uint16_t)atoi(p->w[3]), ip_of(p, p->w[4]), 0);
	char got[64], reset[64];

	flags_set(&f, p->w[1]);
	f.dport = (uint16_t)atoi(p->w[5]);
	unit_feed(p->stk, p->cl, &f);
	port_answer(p->sv, true, got, sizeof(got));
	port_answer(p->cl, false, reset, sizeof(reset));
	expect_words(p, 7, strcmp(reset, "rst") == 0 ? reset : got);
}

/* back FLAGS SERVER SRC PORT DST PORT = SRC PORT|none: what the server sends,
 * and what its client sees */
static void
do_back(struct play *p)
{
	struct unit_frame f = client_frame(ip_of(p, p->w[3]),
	    (uint16_t)atoi(p->w[4]), ip_of(p, p->w[5]), 0);
	char got[64];

	flags_set(&f, p->w[1]);
	f.dst.b[5] = 2;
	f.src.b[5] = play_addr(p, p->w[2]).b[15];
	f.dport = (uint16_t)atoi(p->w[6]);
	unit_feed(p->stk, p->sv, &f);
	port_answer(p->cl, false, got, sizeof(got));
	expect_words(p, 8, got);
}

/* entry PRO STATE CLIENT:PORT VIP:PORT SERVER:PORT: a line of ipvsadm -Lnc.
 * Templates by mark have protocol IP. */
static void
do_entry(struct play *p)
{
	struct lb_flow_filter w = { .proto = strcmp(p->w[1], "UDP") == 0 ?
	    IPPROTO_UDP4 : strcmp(p->w[1], "TCP") == 0 ? IPPROTO_TCP4 : 0,
	    .has_client = true, .has_vip = true, .has_server = true };
	const struct lb_flow *f;
	uint32_t pos = 0;
	uint16_t sport;

	HERE(p, addr_port_parse(p->w[3], &w.client, &w.cport) == 0 &&
	    addr_port_parse(p->w[4], &w.vip, &w.vport) == 0 &&
	    addr_port_parse(p->w[5], &w.server, &sport) == 0, "addresses");
	w.sport = sport;
	while ((f = lb_flow_next(p->stk, &pos, &w)) != NULL) {
		if (f->cport == w.cport && f->vport == w.vport &&
		    strcmp(lb_flow_state_name(f), p->w[2]) == 0)
			return;
	}
	HERE(p, false, "no such flow");
}

static void
do_line(struct play *p)
{
	static const struct { const char *word; uint8_t flags; } packets[] = {
		{ "syn", TCP_SYN }, { "ack", TCP_ACK },
		{ "fin", TCP_FIN | TCP_ACK }, { "rst", TCP_RST },
		{ "udp", 0 },
	};
	const char *w = p->w[0];

	for (unsigned i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		if (strcmp(w, packets[i].word) == 0) {
			do_packet(p, packets[i].flags);
			return;
		}
	}
	if (strcmp(w, "service") == 0)
		do_service(p);
	else if (strcmp(w, "add") == 0 || strcmp(w, "set") == 0)
		do_server(p, w[0] == 'a');
	else if (strcmp(w, "at") == 0)
		unit_run_until(p->stk, atoll(p->w[1]) * 1000);
	else if (strcmp(w, "del") == 0)
		do_del(p);
	else if (strcmp(w, "load") == 0)
		do_load(p);
	else if (strcmp(w, "sleep") == 0)
		unit_run_until(p->stk, p->stk->now.us + 1);
	else if (strcmp(w, "state") == 0)
		do_state(p);
	else if (strcmp(w, "stats") == 0)
		do_stats(p);
	else if (strcmp(w, "mode") == 0)
		do_mode(p);
	else if (strcmp(w, "own") == 0)
		do_own(p);
	else if (strcmp(w, "knob") == 0)
		do_knob(p);
	else if (strcmp(w, "addport") == 0)
		do_addport(p);
	else if (strcmp(w, "seg") == 0)
		do_seg(p);
	else if (strcmp(w, "back") == 0)
		do_back(p);
	else if (strcmp(w, "entry") == 0)
		do_entry(p);
	else if (play_raw_line(p))
		return;
	else if (w[0] == 'r')
		do_reply(p);
	else if (strcmp(w, "clients") == 0)
		do_clients(p);
	else
		HERE(p, false, "word %s", w);
}

void
lb_play(const char *name)
{
	struct play p = { .name = name, .fwd = LB_FWD_NAT };
	const char *top = getenv("top_srcdir");
	char path[512], line[PLAY_LINE], *save;

	snprintf(path, sizeof(path), "%s/tests/data/lb/%s",
	    top != NULL ? top : "..", name);
	p.f = fopen(path, "r");
	ck_assert_msg(p.f != NULL, "cannot open %s", path);
	network_make(&p);
	while (fgets(line, sizeof(line), p.f) != NULL) {
		p.line++;
		p.words = 0;
		for (char *w = strtok_r(line, " \n", &save); w != NULL &&
		    p.words < WORDS_MAX; w = strtok_r(NULL, " \n", &save))
			p.w[p.words++] = w;
		if (p.words > 0 && p.w[0][0] != '#')
			do_line(&p);
	}
	play_raw_done(&p);
	fclose(p.f);
	unit_stack_free(p.stk);
}
