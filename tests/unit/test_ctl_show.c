/*
 * test_ctl_show.c - what can be set is what is shown, one setting at a time;
 * and what is shown of a stack with traffic in it.
 */
#include <stdlib.h>
#include <string.h>

#include "port/fault.h"
#include "unit/fault_bed.h"

/* ---- settings ------------------------------------------------------------ */

/* What a command sets is the only line of the configuration behind base. */
static void
sets(const char *base, const char *line)
{
	struct ctl_unit *u = ctl_unit_new();
	char want[2048];

	if (base[0] != '\0')
		ck_assert_int_eq(ctl_unit_file(u, "config apply f", base), 0);
	snprintf(want, sizeof(want), "%s", ctl_unit_config(u));
	ctl_unit_must(u, line);
	ck_assert_msg(strstr(ctl_unit_config(u), line) != NULL, "%s: %s",
	    line, ctl_unit_config(u));
	ck_assert_uint_le(strlen(ctl_unit_config(u)),
	    strlen(want) + strlen(line) + 1);
	ctl_unit_free(u);
}

START_TEST(each_setting_alone)
{
	static const char *const line[] = {
		"lb set tcp_timeout 7", "lb set fin_timeout 8",
		"lb set udp_timeout 9", "lb set drain 10",
		"lb set sloppy_tcp on", "lb set expire_nodest on",
		"lb set expire_quiescent on", "lb set conn_reuse 0",
		"lb set rst_on_expire on", "lb set mss_clamp on",
		"lb set toa off", "lb set max_flows 9",
		"ip set accept_source_route on", "ip set min_pmtu 600",
		"tcp set cc newreno", "tcp set ecn request",
		"tcp set ecn accurate", "tcp set ecn_option always",
		"tcp set syn_cookies always", "tcp set fastopen server",
		"tcp set mtu_probing black_hole", "tcp set sack off",
		"tcp set timestamps off", "tcp set pacing on",
		"tcp set missing_timestamps on",
		"tcp set timewait 7", "tcp set rfc1337 on",
		"tcp set finwait 8", "tcp set keep_idle 9",
		"tcp set keep_interval 10", "tcp set keep_count 11",
		"tcp set user_timeout 12",
		"tunnel add t", "tunnel add t local 10.0.0.1",
		"tunnel add t remote 10.0.0.2",
		"service add tcp 1.2.3.4:80 sched wlc",
		"service add tcp 1.2.3.4:80 sched rr tcp_timeout 7",
		"service add tcp 1.2.3.4:80 sched rr fin_timeout 8",
		"service add udp 1.2.3.4:80 sched rr udp_timeout 9",
		"service add tcp 1.2.3.4:80 sched rr persistent 10",
		"service add tcp 1.2.3.4:80 sched rr rst on",
		"service add udp 1.2.3.4:80 sched rr ops on",
		"service add tcp 1.2.3.4:80 sched sh flags fallback",
		"service add tcp 1.2.3.4:80 sched mh flags port",
	};

	sets("", line[_i]);
}
END_TEST

/* The same of a port. */
static const char *const knobs[] = {
	"arp_ignore 1", "arp_ignore 2", "arp_announce 1", "arp_announce 2",
	"rp_filter 1", "rp_filter 2", "arp_accept on", "proxy_arp on",
	"acd 0", "acd 1", "forwarding off", "redirects on",
	"accept_source_route off", "gro on", "mtu 1400",
};

START_TEST(each_setting_of_a_port)
{
	struct ctl_unit *u = ctl_unit_new();
	char line[128], copy[4096];

	ctl_unit_must(u, "port add p mac 02:00:00:00:00:01");
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		ck_assert_ptr_null(strstr(ctl_unit_config(u), knobs[i]));
	snprintf(line, sizeof(line), "port set p %s", knobs[_i]);
	ctl_unit_must(u, line);
	snprintf(copy, sizeof(copy), "%s", ctl_unit_config(u));
	for (size_t i = 0; i < sizeof(knobs) / sizeof(knobs[0]); i++)
		ck_assert_msg((strstr(copy, knobs[i]) != NULL) ==
		    (i == (size_t)_i), "%s: %s", line, copy);
	/* It is read as it was written. */
	ck_assert_int_eq(ctl_unit_file(u, "config apply f", copy), 0);
	ck_assert_str_eq(ctl_unit_config(u), copy);
	ctl_unit_free(u);
}
END_TEST

/* A setting by set, beside others that stay. */
START_TEST(each_setting_of_a_service_changes)
{
	static const char base[] = "service add tcp 1.2.3.4:80 sched sh flags "
	    "port persistent 10 rst on tcp_timeout 7 fin_timeout 8 "
	    "udp_timeout 9\n";
	static const char *const word[][2] = {
		{ "sched mh", "sched sh" }, { "flags fallback", "flags port" },
		{ "persistent 11", "persistent 10" }, { "rst off", "rst on " },
		{ "tcp_timeout 17", "tcp_timeout 7" },
		{ "fin_timeout 18", "fin_timeout 8" },
		{ "udp_timeout 19", "udp_timeout 9" },
	};
	struct ctl_unit *u = ctl_unit_new();
	char line[256];

	ck_assert_int_eq(ctl_unit_file(u, "config apply f", base), 0);
	snprintf(line, sizeof(line), "service set tcp 1.2.3.4:80 %s",
	    word[_i][0]);
	ctl_unit_must(u, line);
	for (int i = 0; i < 7; i++) {
		const char *want = word[i][i != _i];
		bool there = strstr(ctl_unit_config(u), want) != NULL;

		/* off is the default, which is not shown */
		ck_assert_msg(there == (i != 3 || _i != 3), "%s: %s", line,
		    ctl_unit_config(u));
	}
	ctl_unit_free(u);
}
END_TEST

START_TEST(faults_come_and_go)
{
	static const char shown[] = "dev p dir out loss 1% duplicate 2% "
	    "corrupt 3% reorder 4% hold 9ms delay 6ms jitter 7ms seed 8";
	struct ctl_unit *u = ctl_unit_new();
	const struct fault_conf *c;
	char line[256];
	json_t *o;

	ck_assert_int_eq(ctl_unit_do(u, "fault add dev p loss 1%"), 1);
	ck_assert_ptr_nonnull(strstr(u->error, "\"p\": no such port"));
	ctl_unit_must(u, "port add p");
	ck_assert_int_eq(ctl_unit_do(u, "fault del dev p"), 1);
	ck_assert_ptr_nonnull(strstr(u->error, "has no faults"));
	snprintf(line, sizeof(line), "fault add %s", shown);
	ctl_unit_must(u, line);
	c = &port_lookup(u->stk, "p")->fault->conf;
	ck_assert_uint_eq(c->loss_ppm, 10000);
	ck_assert_uint_eq(c->duplicate_ppm, 20000);
	ck_assert_uint_eq(c->corrupt_ppm, 30000);
	ck_assert_uint_eq(c->reorder_ppm, 40000);
	ck_assert_int_eq(c->hold_us, 9000);
	ck_assert_int_eq(c->delay_us, 6000);
	ck_assert_int_eq(c->jitter_us, 7000);
	ck_assert_uint_eq(c->dirs, 1u << FAULT_OUT);
	ck_assert_uint_eq(c->seed, 8);
	ck_assert_int_eq(ctl_unit_do(u, line), 1);
	ck_assert_ptr_nonnull(strstr(u->error, "has faults already"));
	ctl_unit_must(u, "fault show");
	ck_assert_msg(strncmp(u->text, shown, strlen(shown)) == 0, "%s",
	    u->text);
	ck_assert_ptr_nonnull(strstr(ctl_unit_config(u), line));
	for (int i = 0; i < 6; i++)
		(&port_lookup(u->stk, "p")->fault->counts[0].frames)[i] =
		    (uint64_t)i + 1;
	ck_assert_int_eq(ctl_unit_json(u, "fault show"), 0);
	o = json_object_get(json_array_get(u->data, 0), "state");
	for (int i = 0; i < 6; i++) {
		static const char *const name[] = { "frames", "lost",
		    "duplicated", "corrupted", "reordered", "overrun" };

		ck_assert_int_eq(reply_number(o, name[i]), i + 1);
	}
	ctl_unit_must(u, "fault set dev p dir in seed 2");
	ck_assert_uint_eq(port_lookup(u->stk, "p")->fault->conf.dirs,
	    1u << FAULT_IN);
	ctl_unit_must(u, "fault del dev p");
	ck_assert_ptr_null(port_lookup(u->stk, "p")->fault);
	ctl_unit_free(u);
}
END_TEST

/* ---- a stack with traffic ------------------------------------------------ */

static void
end_is(const json_t *o, const char *name, const char *addr, int port)
{
	const json_t *e = json_object_get(o, name);

	ck_assert_str_eq(reply_string(e, "address"), addr);
	ck_assert_int_eq(reply_number(e, "port"), port);
}

START_TEST(conn_show_tells_both_sides)
{
	struct fault_bed *b = fault_bed_up();
	const json_t *o;
	size_t n = 0;

	ctl_unit_must(b->u, "service add fwmark 9 sched rr persistent 50");
	ctl_unit_must(b->u, "server add fwmark 9 10.0.0.12:0 mode nat");
	ctl_unit_must(b->u, "mark add 9 proto tcp dst 192.168.1.100/32 "
	    "port 80");
	fault_traffic(b, 2000);
	ck_assert_int_eq(ctl_unit_json(b->u,
	    "conn show service tcp 192.168.1.100:83"), 0);
	ck_assert_uint_eq(json_array_size(b->u->data), 1);
	o = json_array_get(b->u->data, 0);
	ck_assert_str_eq(reply_string(o, "protocol"), "tcp");
	ck_assert_str_eq(reply_string(o, "mode"), "fullnat");
	ck_assert_str_eq(reply_string(o, "state"), "SYN_RECV");
	ck_assert_int_gt(reply_number(o, "expires_s"), 0);
	end_is(o, "client", "192.168.1.10", 2000);
	end_is(o, "virtual", "192.168.1.100", 83);
	end_is(o, "server", "10.0.0.11", 8083);
	ck_assert_str_eq(reply_string(json_object_get(o, "local"), "address"),
	    "10.0.0.1");
	ck_assert_int_gt(reply_number(json_object_get(o, "local"), "port"),
	    1023);
	ck_assert_ptr_null(json_object_get(o, "fwmark"));
	ck_assert_ptr_null(json_object_get(o, "template"));

	ck_assert_int_eq(ctl_unit_json(b->u, "conn show server 10.0.0.12"), 0);
	ck_assert_uint_eq(json_array_size(b->u->data), 2);
	for (size_t i = 0; i < 2; i++) {
		o = json_array_get(b->u->data, i);
		ck_assert_ptr_null(json_object_get(o, "local"));
		ck_assert_int_eq(reply_number(o, "fwmark"), 9);
		if (json_object_get(o, "template") == NULL)
			continue;
		n++;
		/* a template by a mark holds for any port */
		end_is(o, "server", "10.0.0.12", 0);
	}
	ck_assert_uint_eq(n, 1);
	fault_bed_down(b);
}
END_TEST

START_TEST(conn_filters)
{
	static const struct {
		const char *line;
		size_t count;
	} row[] = {
		{ "conn show", 6 },	/* and a template */
		{ "conn show client 192.168.1.10", 6 },
		{ "conn show client 192.168.1.11", 0 },
		{ "conn show server 10.0.0.11", 6 },
		{ "conn show server 10.0.0.12", 0 },
		{ "conn show state syn_recv", 5 },
		{ "conn show state ESTABLISHED", 0 },
		{ "conn show service tcp 192.168.1.100:84", 2 },
		{ "conn show service udp 192.168.1.100:84", 0 },
	};
	struct fault_bed *b = fault_bed_up();

	fault_traffic(b, 2000);
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		ck_assert_int_eq(ctl_unit_json(b->u, row[i].line), 0);
		ck_assert_msg(json_array_size(b->u->data) == row[i].count,
		    "%s: %zu", row[i].line, json_array_size(b->u->data));
	}
	/* the last one: a flow and its template, for that port alone */
	ck_assert_int_eq(ctl_unit_json(b->u,
	    "conn show service tcp 192.168.1.100:84"), 0);
	for (size_t i = 0; i < 2; i++)
		end_is(json_array_get(b->u->data, i), "server", "10.0.0.11",
		    8084);
	ck_assert_int_eq(ctl_unit_json(b->u, "conn show state nowhere"), 1);
	ck_assert_ptr_nonnull(strstr(b->u->error, "\"nowhere\": no such"));
	ck_assert_int_eq(ctl_unit_json(b->u,
	    "conn flush service tcp 192.168.1.100:84"), 0);
	ck_assert_int_eq(reply_number(json_array_get(b->u->data, 0), "flushed"),
	    2);
	ck_assert_int_eq(ctl_unit_json(b->u, "conn flush"), 0);
	ck_assert_int_eq(reply_number(json_array_get(b->u->data, 0), "flushed"),
	    4);
	ck_assert_uint_eq(b->stk->lb.flows.count, 0);
	fault_bed_down(b);
}
END_TEST

/* So many copies of one flow of the traffic, by other clients. */
static void
many_flows(struct fault_bed *b, unsigned n)
{
	uint32_t pos = 0;
	struct lb_flow f = *lb_flow_next(b->stk, &pos, NULL);

	f.flags = 0;
	for (f.cport = 10000; f.cport < 10000 + n; f.cport++)
		ck_assert_ptr_nonnull(lb_flow_add(b->stk, &f, 100));
}

/* A long list comes in pieces, and flows may go away in between. */
START_TEST(conn_show_in_pieces)
{
	struct fault_bed *b = fault_bed_up();
	struct lb_flow_filter first = { .cport = 10000 };
	struct lb_flow_filter last = { .cport = 10999 };
	bool told[1000] = { false };
	unsigned turns = 0;

	fault_traffic(b, 2000);
	many_flows(b, 1000);
	ctl_unit_start(b->u, "conn show client 192.168.1.10", false);
	ck_assert_int_eq(b->u->status, -1);
	ck_assert_uint_lt(json_array_size(b->u->data), 500);
	ck_assert_uint_eq(lb_flow_flush(b->stk, &first), 1);
	ck_assert_uint_eq(lb_flow_flush(b->stk, &last), 1);
	ck_assert(ctl_is_busy(b->u->session));
	while (ctl_turn(b->u->session))
		ck_assert_uint_lt(++turns, 10);
	ck_assert_uint_ge(turns, 2);
	ck_assert(!ctl_is_busy(b->u->session));
	ck_assert_int_eq(b->u->status, 0);
	for (size_t i = 0; i < json_array_size(b->u->data); i++) {
		long long port = reply_number(json_object_get(json_array_get(
		    b->u->data, i), "client"), "port");

		if (port < 10000)
			continue;
		ck_assert(!told[port - 10000]);
		told[port - 10000] = true;
	}
	for (size_t i = 0; i < 999; i++)
		ck_assert(told[i]);
	ck_assert(!told[999]);
	fault_bed_down(b);
}
END_TEST

/* What a filter keeps back is looked at in pieces, too; a client that goes
 * away ends it. */
START_TEST(conn_show_looks_in_pieces)
{
	struct fault_bed *b = fault_bed_up();
	struct lb_flow_filter w = { .cport = 10001 };
	uint32_t pos = 0, steps = 5;

	fault_traffic(b, 2000);
	many_flows(b, 300);
	ck_assert_ptr_null(lb_flow_scan(b->stk, &pos, &steps, &w));
	ck_assert_uint_eq(steps, 0);
	ck_assert_uint_eq(pos, 5);
	steps = 1000;
	ck_assert_ptr_nonnull(lb_flow_scan(b->stk, &pos, &steps, &w));
	ck_assert_ptr_null(lb_flow_scan(b->stk, &pos, &steps, &w));
	ck_assert_uint_gt(steps, 0);
	ctl_unit_start(b->u, "conn show service tcp 192.168.1.100:80", false);
	fault_bed_down(b);
}
END_TEST

START_TEST(local_show_counts)
{
	struct fault_bed *b = fault_bed_up();
	const json_t *o;

	fault_traffic(b, 2000);
	ck_assert_int_eq(ctl_unit_json(b->u, "local show"), 0);
	ck_assert_uint_eq(json_array_size(b->u->data), 1);
	o = json_object_get(json_array_get(b->u->data, 0), "state");
	ck_assert_int_eq(reply_number(o, "flows"), 1);
	ck_assert_int_eq(reply_number(o, "misses"), 0);
	ctl_unit_must(b->u, "local show tcp 192.168.1.100:83");
	ck_assert_ptr_nonnull(strstr(b->u->text,
	    "tcp 192.168.1.100:83 10.0.0.1"));
	ctl_unit_must(b->u, "local show tcp 192.168.1.100:80");
	ck_assert_str_eq(b->u->text, "");
	ck_assert_int_eq(ctl_unit_do(b->u, "local show tcp 1.1.1.1:80"), 1);
	ck_assert_int_eq(ctl_unit_do(b->u, "local add tcp 1.1.1.1:80 "
	    "10.0.0.1"), 1);
	ctl_unit_must(b->u, "local del tcp 192.168.1.100:83 10.0.0.1");
	ctl_unit_must(b->u, "local show");
	ck_assert_str_eq(b->u->text, "");
	fault_bed_down(b);
}
END_TEST

START_TEST(tcp_show_is_ss)
{
	struct fault_bed *b = fault_bed_up();
	char *text = b->u->text;

	fault_traffic(b, 2000);
	ctl_unit_must(b->u, "tcp show port 4000");
	ck_assert_ptr_nonnull(strstr(text, "192.168.1.1:4000"));
	ck_assert_ptr_nonnull(strstr(text, "192.168.1.10:2000"));
	ck_assert_ptr_nonnull(strstr(text, "bytes_sent:100"));
	ck_assert_ptr_nonnull(strstr(text, "bytes_received:100"));
	ck_assert_ptr_nonnull(strstr(text, " unacked:1"));
	ck_assert_ptr_nonnull(strstr(text, " cubic"));
	/* a SYN without options agreed on nothing */
	ck_assert_ptr_null(strstr(text, " ts"));
	ck_assert_ptr_null(strstr(text, " sack"));
	ck_assert_ptr_null(strstr(text, " ecn"));
	ck_assert_ptr_null(strstr(text, " wscale"));
	ck_assert_ptr_null(strstr(text, " retrans:"));
	unit_run_until(b->stk, b->stk->now.us + 5 * USEC_PER_SEC);
	ctl_unit_must(b->u, "tcp show port 4000");
	ck_assert_ptr_nonnull(strstr(text, " retrans:"));
	ck_assert_ptr_nonnull(strstr(text, " backoff:"));
	ck_assert_ptr_nonnull(strstr(text, " ssthresh:"));
	ctl_unit_must(b->u, "tcp show port 4001");
	ck_assert_ptr_null(strstr(text, "4000"));
	fault_bed_down(b);
}
END_TEST

START_TEST(udp_show_tells_ends)
{
	struct fault_bed *b = fault_bed_up();
	struct addr peer = addr_from_ip4(IP4(10, 0, 0, 11));
	struct udp_sock *s = udp_open(b->stk, NULL, NULL);
	const json_t *o;

	ck_assert_int_eq(udp_bind_iface(b->stk, s, "sv"), 0);
	ck_assert_int_eq(udp_connect(b->stk, s, &peer, 53), 0);
	ck_assert_int_eq(udp_send(b->stk, s, NULL, 0, "x", 1, 0), 0);
	s->received = 5;
	s->dropped = 6;
	ck_assert_int_eq(ctl_unit_json(b->u, "udp show"), 0);
	o = json_array_get(b->u->data, 0);
	end_is(o, "remote", "10.0.0.11", 53);
	end_is(o, "local", "10.0.0.1", s->lport);
	ck_assert_str_eq(reply_string(o, "dev"), "sv");
	ck_assert_int_eq(reply_number(o, "sent"), 1);
	ck_assert_int_eq(reply_number(o, "received"), 5);
	ck_assert_int_eq(reply_number(o, "dropped"), 6);
	ck_assert_int_eq(reply_number(o, "queued_bytes"), 0);
	udp_close(b->stk, s);
	fault_bed_down(b);
}
END_TEST

START_TEST(http_and_tunnel_show_count)
{
	struct fault_bed *b = fault_bed_up();
	const json_t *o;

	fault_traffic(b, 2000);
	ck_assert_int_eq(ctl_unit_json(b->u, "http show"), 0);
	o = json_object_get(json_array_get(b->u->data, 0), "state");
	ck_assert_int_eq(reply_number(o, "open"), 1);
	ck_assert_int_eq(reply_number(o, "accepted"), 1);
	ck_assert_int_eq(reply_number(o, "requests"), 1);
	ck_assert_int_eq(reply_number(o, "2xx"), 1);
	ck_assert_int_eq(reply_number(o, "3xx") + reply_number(o, "4xx") +
	    reply_number(o, "5xx") + reply_number(o, "refused") +
	    reply_number(o, "timeouts"), 0);
	ck_assert_int_gt(reply_number(o, "body_bytes"), 10);
	ck_assert_int_eq(ctl_unit_json(b->u, "tunnel show"), 0);
	o = json_object_get(json_array_get(b->u->data, 0), "state");
	ck_assert_int_eq(reply_number(o, "mtu"), 1480);
	ck_assert_int_eq(reply_number(o, "sent"), 1);
	ck_assert_int_eq(reply_number(o, "received"), 0);
	ck_assert_int_eq(reply_number(o, "errors"), 0);
	fault_bed_down(b);
}
END_TEST

static long long
stat_of(struct ctl_unit *u, const char *room, const char *counter)
{
	size_t i;
	json_t *o;

	json_array_foreach(u->data, i, o) {
		if (strcmp(reply_string(o, "room"), room) == 0 &&
		    strcmp(reply_string(o, "counter"), counter) == 0)
			return reply_number(o, "value");
	}
	ck_abort_msg("no counter %s %s", room, counter);
}

START_TEST(stats_show_the_counters)
{
	struct fault_bed *b = fault_bed_up();
	struct stack *stk = b->stk;
	const struct {
		const char *room, *counter;
		uint64_t *at;
	} row[] = {
		{ "arp", "received", &stk->arp.stats.received },
		{ "arp", "sent", &stk->arp.stats.sent },
		{ "arp", "evicted", &stk->arp.stats.evicted },
		{ "arp", "conflicts", &stk->arp.stats.conflicts },
		{ "ip", "received", &stk->ip.stats.received },
		{ "ip", "delivered", &stk->ip.stats.delivered },
		{ "ip", "forwarded", &stk->ip.stats.forwarded },
		{ "ip", "sent", &stk->ip.stats.sent },
		{ "ip", "fragmented", &stk->ip.stats.fragmented },
		{ "ip", "reassembled", &stk->ip.stats.reassembled },
		{ "ip", "merged", &stk->ip.stats.merged },
		{ "igmp", "queries", &stk->ip.igmp.queries },
		{ "igmp", "reports_sent", &stk->ip.igmp.reports_sent },
		{ "igmp", "leaves_sent", &stk->ip.igmp.leaves_sent },
		{ "icmp", "received", &stk->icmp.received },
		{ "icmp", "sent_errors", &stk->icmp.sent_errors },
		{ "icmp", "sent_replies", &stk->icmp.sent_replies },
		{ "udp", "received", &stk->udp.received },
		{ "udp", "sent", &stk->udp.sent },
		{ "lb", "flows_expired", &stk->lb.flows.expired },
		{ "lb", "flows_evicted", &stk->lb.flows.evicted },
		{ "lb", "flows_refused", &stk->lb.flows.refused },
		{ "lb", "flows_taken_over", &stk->lb.flows.taken_over },
	};
	const size_t rows = sizeof(row) / sizeof(row[0]);
	uint64_t was[sizeof(row) / sizeof(row[0])];
	long long fates = 0;

	fault_traffic(b, 2000);
	for (size_t i = 0; i < rows; i++) {
		was[i] = *row[i].at;
		*row[i].at = 1000 + i;
	}
	ck_assert_int_eq(ctl_unit_json(b->u, "stats show"), 0);
	for (size_t i = 0; i < rows; i++) {
		ck_assert_int_eq(stat_of(b->u, row[i].room, row[i].counter),
		    1000 + (int)i);
		*row[i].at = was[i];
	}
	/* a packet of which nothing is decided waits: here, none */
	for (size_t i = 0; i < 4; i++) {
		static const char *const fate[] = { "forwarded", "delivered",
		    "merged", "dropped" };

		ck_assert_int_gt(stat_of(b->u, "fate", fate[i]), 0);
		fates += stat_of(b->u, "fate", fate[i]);
	}
	ck_assert_int_eq(stat_of(b->u, "fate", "received"),
	    fates + stat_of(b->u, "fate", "waiting"));
	ck_assert_int_eq(stat_of(b->u, "fate", "waiting"), 0);
	fault_bed_down(b);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_show");
	TCase *tc = tcase_create("settings");

	tcase_add_loop_test(tc, each_setting_alone, 0, 41);
	tcase_add_loop_test(tc, each_setting_of_a_port, 0,
	    sizeof(knobs) / sizeof(knobs[0]));
	tcase_add_loop_test(tc, each_setting_of_a_service_changes, 0, 7);
	tcase_add_test(tc, faults_come_and_go);
	suite_add_tcase(s, tc);
	tc = tcase_create("traffic");
	tcase_add_test(tc, conn_show_tells_both_sides);
	tcase_add_test(tc, conn_filters);
	tcase_add_test(tc, conn_show_in_pieces);
	tcase_add_test(tc, conn_show_looks_in_pieces);
	tcase_add_test(tc, local_show_counts);
	tcase_add_test(tc, tcp_show_is_ss);
	tcase_add_test(tc, udp_show_tells_ends);
	tcase_add_test(tc, http_and_tunnel_show_count);
	tcase_add_test(tc, stats_show_the_counters);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
