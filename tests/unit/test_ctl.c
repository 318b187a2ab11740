/*
 * test_ctl.c - requests and replies: every object's commands against a stack.
 */
#include "unit/ctl_unit.h"

#include "lb/sched.h"

#include <stdlib.h>
#include <string.h>

static struct ctl_unit *
demo(void)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "port add tapc netns client mac 02:00:00:00:00:0c");
	ctl_unit_must(u, "port add tapa mtu 1400 rp_filter 1");
	ctl_unit_must(u, "addr add 10.0.0.1/24 dev tapc");
	ctl_unit_must(u, "addr add 10.0.1.1/24 dev tapa");
	ctl_unit_must(u, "route add 10.2.0.0/16 via 10.0.1.2");
	ctl_unit_must(u, "route add unreachable 10.3.0.0/16 metric 5");
	ctl_unit_must(u, "neigh add 10.0.1.2 mac 02:00:00:00:00:aa dev tapa");
	ctl_unit_must(u, "service add tcp 10.0.0.100:80 sched rr");
	ctl_unit_must(u, "server add tcp 10.0.0.100:80 10.0.1.11:8080");
	ctl_unit_must(u, "server add tcp 10.0.0.100:80 10.0.1.12:80 "
	    "weight 3 upper 10 lower 5");
	return u;
}

static const char demo_config[] =
    "port add tapc type tap netns client mac 02:00:00:00:00:0c mtu 1500\n"
    "port add tapa type tap mac 02:00:00:00:01:00 mtu 1400 rp_filter 1\n"
    "addr add 10.0.0.1/24 dev tapc\n"
    "addr add 10.0.1.1/24 dev tapa\n"
    "route add 10.2.0.0/16 via 10.0.1.2 dev tapa\n"
    "route add unreachable 10.3.0.0/16 metric 5\n"
    "neigh add 10.0.1.2 mac 02:00:00:00:00:aa dev tapa\n"
    "service add tcp 10.0.0.100:80 sched rr\n"
    "server add tcp 10.0.0.100:80 10.0.1.11:8080 mode nat weight 1\n"
    "server add tcp 10.0.0.100:80 10.0.1.12:80 mode nat weight 3 upper 10 "
    "lower 5\n";

START_TEST(config_show_tells_all)
{
	struct ctl_unit *u = demo();

	ck_assert_str_eq(ctl_unit_config(u), demo_config);
	ctl_unit_free(u);
}
END_TEST

START_TEST(accepted_lines_are_what_was_said)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "port add tapc netns client");
	ctl_unit_must(u, "port set tapc mtu 1500");
	ck_assert_int_eq(ctl_unit_do(u, "port add tapc"), 1);
	ctl_unit_must(u, "port show");
	ck_assert_str_eq(u->accepted, "port add tapc netns client\n"
	    "port set tapc mtu 1500\n");
	ctl_unit_free(u);
}
END_TEST

/* What show prints after "add" makes the same object again. */
START_TEST(show_prints_what_add_takes)
{
	static const char *const pairs[][2] = {
		{ "route show 10.2.0.0/16", "10.2.0.0/16 via 10.0.1.2 dev "
		    "tapa\n" },
		{ "route show dev tapc", "10.0.0.0/24 dev tapc src 10.0.0.1"
		    "  # connected\n" },
		{ "addr show dev tapc", "10.0.0.1/24 dev tapc\n" },
		{ "addr show dev lo", "127.0.0.1/8 dev lo scope host\n" },
		{ "server show tcp 10.0.0.100:80",
		    "tcp 10.0.0.100:80 10.0.1.11:8080 mode nat weight 1"
		    "  # active 0, inactive 0, persistent 0, conns 0\n"
		    "tcp 10.0.0.100:80 10.0.1.12:80 mode nat weight 3 "
		    "upper 10 lower 5"
		    "  # active 0, inactive 0, persistent 0, conns 0\n" },
		{ "service show", "tcp 10.0.0.100:80 sched rr  # conns 0\n"
		    "  10.0.1.11:8080 mode nat weight 1"
		    "  # active 0, inactive 0, persistent 0, conns 0\n"
		    "  10.0.1.12:80 mode nat weight 3 upper 10 lower 5"
		    "  # active 0, inactive 0, persistent 0, conns 0\n" },
	};
	struct ctl_unit *u = demo();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ctl_unit_must(u, pairs[i][0]);
		ck_assert_str_eq(u->text, pairs[i][1]);
	}
	/* How many frames there were is not this test's business. */
	ctl_unit_must(u, "port show tapa");
	ck_assert_ptr_nonnull(strstr(u->text, "tapa type tap mac "
	    "02:00:00:00:01:00 mtu 1400 rp_filter 1  # up, rx_packets 0, "));
	ctl_unit_free(u);
}
END_TEST

/* Refused: status 1 and the word in quotes; nothing changed. */
static const struct {
	const char *line, *error;
} refused[] = {
	{ "port add tapc", "\"tapc\": there is such an interface already" },
	{ "port add lo", "\"lo\": there is such an interface already" },
	{ "port add bad", "\"bad\": device busy" },
	{ "port add t type tun mac 02:00:00:00:00:01",
	    "\"mac\": a port of type tun has none" },
	{ "port add t mac 01:00:00:00:00:01",
	    "\"mac\": a group address or zero cannot be a port's" },
	{ "port del lo", "\"lo\": no such port" },
	{ "port set nope mtu 1500", "\"nope\": no such port" },
	{ "port show nope", "\"nope\": no such port" },
	{ "addr add 10.5.0.1/24 dev nope", "\"nope\": no such interface" },
	{ "addr add 10.0.0.1/24 dev tapa", NULL },
	{ "addr del 10.0.0.9/24 dev tapc", NULL },
	{ "addr show dev nope", "\"nope\": no such interface" },
	{ "route add 10.2.0.0/16 via 10.0.1.2", NULL },
	{ "route add 10.9.0.0/16 via 172.16.0.1",
	    "via \"172.16.0.1\": on no interface's network" },
	{ "route add 10.9.0.0/16",
	    "a route needs via IP, dev IFACE or nexthop" },
	{ "route add blackhole 10.9.0.0/16 dev tapc",
	    "\"blackhole\": such a route has no next hop" },
	{ "route add 10.9.0.0/16 dev tapc nexthop dev tapa",
	    "\"nexthop\": not together with via or dev" },
	{ "route add 10.9.0.0/16 dev nope", "\"nope\": no such interface" },
	{ "route del 10.9.0.0/16", NULL },
	{ "route get 172.16.0.1", "\"172.16.0.1\": no route" },
	{ "neigh add 10.0.0.9 mac 01:00:00:00:00:09 dev tapc", NULL },
	{ "neigh del 10.0.0.9 dev tapc", NULL },
	{ "neigh announce 10.0.0.9 dev tapc",
	    "\"10.0.0.9\": not an address of ours" },
	{ "neigh announce 10.0.0.1 dev lo", "\"lo\": has no ARP" },
	{ "service add tcp 10.0.0.100:80", NULL },
	{ "service add tcp 10.0.0.101:80 ops on", NULL },
	{ "service del tcp 10.0.0.101:80",
	    "\"10.0.0.101:80\": no such tcp service" },
	{ "service del fwmark 9", "\"fwmark 9\": no such service" },
	{ "service zero udp 10.0.0.100:80",
	    "\"10.0.0.100:80\": no such udp service" },
	{ "server add tcp 10.0.0.101:80 10.0.1.13:80",
	    "\"10.0.0.101:80\": no such tcp service" },
	{ "server add tcp 10.0.0.100:80 10.0.1.11:8080", NULL },
	{ "server del tcp 10.0.0.100:80 10.0.1.19:80",
	    "\"10.0.1.19:80\": no such server of the service" },
	{ "server drain tcp 10.0.0.100:80 10.0.1.19:80",
	    "\"10.0.1.19:80\": no such server of the service" },
	{ "server set tcp 10.0.0.100:80 10.0.1.12:80 drain 5",
	    "drain 5: only a server of weight 0 drains, not 3" },
	{ "conn show state BLUE", NULL },
	{ "config check nowhere", "\"nowhere\": this hopd reads no files" },
	{ "config save nowhere", "\"nowhere\": not here" },
	{ "help", "\"help\": not a question to hopd" },
};

START_TEST(refusal_changes_nothing)
{
	struct ctl_unit *u = demo();

	u->bad_port = "bad";
	u->accepted[0] = '\0';
	ck_assert_msg(ctl_unit_do(u, refused[_i].line) == 1, "%s: %d %s",
	    refused[_i].line, u->status, u->error);
	if (refused[_i].error != NULL)
		ck_assert_str_eq(u->error, refused[_i].error);
	ck_assert_msg(u->error[0] != '\0', "%s", refused[_i].line);
	ck_assert_str_eq(u->accepted, "");
	ck_assert_str_eq(ctl_unit_config(u), demo_config);
	ctl_unit_free(u);
}
END_TEST

START_TEST(usage_errors_name_the_word)
{
	struct ctl_unit *u = ctl_unit_new();

	ck_assert_int_eq(ctl_unit_do(u, "route add defaul dev x"), 2);
	ck_assert_int_eq(reply_number(u->last, "word"), 2);
	/* Over the socket words are whole. */
	ck_assert_int_eq(ctl_unit_do(u, "ro show"), 2);
	ctl_unit_free(u);
}
END_TEST

START_TEST(garbage_is_survived)
{
	static const char *const lines[] = {
		"", "x", "{", "[]", "7", "null", "{}", "{\"command\":1}",
		"{\"command\":[1]}", "{\"command\":[]}",
		"{\"command\":[null]}", "{\"id\":{},\"command\":[\"\"]}",
		"{\"command\":[\"port\"],\"command\":[\"port\"]}",
		"{\"command\":[\"config\",\"apply\",\"x\"],\"input\":7}",
		"\xff\xfe",
	};
	struct ctl_unit *u = ctl_unit_new();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(ctl_unit_raw(u, lines[i]) != 0, "%s", lines[i]);
	ctl_unit_free(u);
}
END_TEST

/* What comes over the socket may not break the lines of a file. */
START_TEST(words_that_are_none)
{
	static const char *const lines[] = {
		"{\"command\":[\"port\",\"add\",\"x\",\"netns\","
		    "\"a b\"]}",
		"{\"command\":[\"port\",\"add\",\"x\",\"netns\","
		    "\"#a\"]}",
		"{\"command\":[\"port\",\"add\",\"x\",\"netns\","
		    "\"a\\nport add y\"]}",
		"{\"command\":[\"port\",\"add\",\"x y\"]}",
		"{\"command\":[\"port add x\"]}",
	};
	struct ctl_unit *u = ctl_unit_new();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(ctl_unit_raw(u, lines[i]) == 2, "%s", lines[i]);
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_free(u);
}
END_TEST

/* The grammar knows every scheduler there is, and no other. */
START_TEST(every_scheduler_has_its_word)
{
	const struct arg *a = grammar_arg(grammar_row(OBJ_SERVICE, VERB_ADD),
	    A_SCHED);
	char name[32];
	unsigned words = 0, scheds = 0;

	for (; choice_at(a->meta, words, name, sizeof(name)); words++)
		ck_assert_msg(lb_sched_find(name) != NULL, "%s", name);
	while (lb_sched_at(scheds) != NULL)
		scheds++;
	ck_assert_uint_eq(words, scheds);
}
END_TEST

START_TEST(set_changes_what_it_names)
{
	struct ctl_unit *u = demo();
	const char *text;

	ctl_unit_must(u, "server set tcp 10.0.0.100:80 10.0.1.12:80 weight 9");
	ctl_unit_must(u, "service set tcp 10.0.0.100:80 persistent 50");
	ctl_unit_must(u, "port set tapa proxy_arp on");
	ctl_unit_must(u, "neigh set 10.0.1.2 mac 02:00:00:00:00:bb dev tapa");
	ctl_unit_must(u, "route set 10.2.0.0/16 via 10.0.1.3");
	ctl_unit_must(u, "server drain tcp 10.0.0.100:80 10.0.1.11:8080");
	text = ctl_unit_config(u);
	ck_assert_ptr_nonnull(strstr(text, "10.0.1.12:80 mode nat weight 9 "
	    "upper 10 lower 5\n"));
	ck_assert_ptr_nonnull(strstr(text, "sched rr persistent 50\n"));
	ck_assert_ptr_nonnull(strstr(text, "mtu 1400 rp_filter 1 "
	    "proxy_arp on\n"));
	ck_assert_ptr_nonnull(strstr(text, "mac 02:00:00:00:00:bb dev tapa"));
	ck_assert_ptr_nonnull(strstr(text, "via 10.0.1.3 dev tapa\n"));
	ck_assert_ptr_nonnull(strstr(text, "10.0.1.11:8080 mode nat "
	    "weight 0\n"));
	ctl_unit_must(u, "service set tcp 10.0.0.100:80 persistent 0");
	ck_assert_ptr_nonnull(strstr(ctl_unit_config(u), "sched rr\n"));
	ctl_unit_free(u);
}
END_TEST

/* A drain comes out as words that make it again, and ends with a weight. */
START_TEST(drain_is_configuration)
{
	struct ctl_unit *u = demo();
	char *text;

	ctl_unit_must(u, "server drain tcp 10.0.0.100:80 10.0.1.11:8080 "
	    "timeout 1m");
	text = strdup(ctl_unit_config(u));
	ck_assert_ptr_nonnull(strstr(text, "10.0.1.11:8080 mode nat weight 0 "
	    "drain 60\n"));
	ck_assert_int_eq(ctl_unit_file(u, "config plan f", text), 0);
	ck_assert_str_eq(u->text, "");
	ctl_unit_must(u, "server show");
	ck_assert_ptr_nonnull(strstr(u->text, "weight 0 drain 60  # active 0, "
	    "inactive 0, persistent 0, drained_in 60, conns 0\n"));
	ctl_unit_must(u, "server set tcp 10.0.0.100:80 10.0.1.11:8080 "
	    "weight 0");
	ck_assert_str_eq(ctl_unit_config(u), text);
	ctl_unit_must(u, "server set tcp 10.0.0.100:80 10.0.1.11:8080 "
	    "weight 1");
	ck_assert_str_eq(ctl_unit_config(u), demo_config);
	free(text);
	ctl_unit_free(u);
}
END_TEST

/* What is kept in seconds cannot be less than one. */
START_TEST(whole_seconds)
{
	static const char *const lines[] = {
		"server drain tcp 10.0.0.100:80 10.0.1.11:8080 timeout 500ms",
		"service set tcp 10.0.0.100:80 persistent 500ms",
		"lb set udp_timeout 500ms",
	};
	struct ctl_unit *u = demo();

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		ck_assert_int_eq(ctl_unit_do(u, lines[i]), 2);
		ck_assert_str_eq(u->error, "\"500ms\": expected whole "
		    "seconds, such as 30, 5m or 2h");
	}
	ctl_unit_must(u, "lb set udp_timeout 2000ms");
	ctl_unit_free(u);
}
END_TEST

/* A route by a port that is down is passed over; a file keeps the state. */
START_TEST(port_down_and_up)
{
	struct ctl_unit *u = demo();
	char *before = strdup(ctl_unit_config(u));
	struct route_result r;

	r = route_lookup(u->stk, IP4(10, 0, 1, 77), 0);
	ck_assert_str_eq(r.ifp->name, "tapa");
	ctl_unit_must(u, "port set tapa down");
	ck_assert_ptr_nonnull(strstr(ctl_unit_config(u),
	    "port add tapa down type tap"));
	r = route_lookup(u->stk, IP4(10, 0, 1, 77), 0);
	ck_assert(r.ifp == NULL || strcmp(r.ifp->name, "tapa") != 0);
	/* What is not said stays; the address is ours all the same. */
	ctl_unit_must(u, "port set tapa mtu 1300");
	ck_assert(!iface_lookup(u->stk, "tapa")->up);
	r = route_lookup(u->stk, IP4(10, 0, 1, 1), 0);
	ck_assert_int_eq(r.route->type, ROUTE_LOCAL);
	ctl_unit_must(u, "port set tapa up mtu 1400");
	ck_assert_str_eq(ctl_unit_config(u), before);
	/* A device that was taken away: nothing is wanted otherwise. */
	iface_lose(u->stk, iface_lookup(u->stk, "tapa"));
	r = route_lookup(u->stk, IP4(10, 0, 1, 77), 0);
	ck_assert(r.ifp == NULL || strcmp(r.ifp->name, "tapa") != 0);
	ctl_unit_must(u, "port set tapa up");
	ck_assert(!iface_lookup(u->stk, "tapa")->up);
	ck_assert_str_eq(ctl_unit_config(u), before);
	ck_assert_int_eq(ctl_unit_do(u, "port set tapa sideways"), 2);
	free(before);
	ctl_unit_free(u);
}
END_TEST

START_TEST(set_adds_what_is_not_there)
{
	struct ctl_unit *u = demo();

	ctl_unit_must(u, "service set udp 10.0.0.100:53");
	ctl_unit_must(u, "server set udp 10.0.0.100:53 10.0.1.11:53");
	ctl_unit_must(u, "route set blackhole 10.4.0.0/16");
	ctl_unit_must(u, "neigh set 10.0.1.9 mac 02:00:00:00:00:99 dev tapa");
	ck_assert_ptr_nonnull(strstr(ctl_unit_config(u),
	    "server add udp 10.0.0.100:53 10.0.1.11:53 mode nat weight 1\n"));
	ctl_unit_free(u);
}
END_TEST

START_TEST(del_takes_what_stands_on_it)
{
	struct ctl_unit *u = demo();

	ctl_unit_must(u, "port del tapa");
	ctl_unit_must(u, "service del tcp 10.0.0.100:80");
	ck_assert_str_eq(ctl_unit_config(u),
	    "port add tapc type tap netns client mac 02:00:00:00:00:0c "
	    "mtu 1500\n"
	    "addr add 10.0.0.1/24 dev tapc\n"
	    "route add unreachable 10.3.0.0/16 metric 5\n");
	ctl_unit_must(u, "addr del 10.0.0.1/24 dev tapc");
	ctl_unit_must(u, "route del 10.3.0.0/16 metric 5");
	ctl_unit_must(u, "port del tapc");
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_free(u);
}
END_TEST

START_TEST(json_has_stable_keys_and_numbers)
{
	struct ctl_unit *u = demo();
	json_t *o, *list;

	ck_assert_int_eq(ctl_unit_json(u, "service show"), 0);
	ck_assert_uint_eq(json_array_size(u->data), 1);
	o = json_array_get(u->data, 0);
	ck_assert_str_eq(reply_string(o, "protocol"), "tcp");
	ck_assert_str_eq(reply_string(o, "address"), "10.0.0.100");
	ck_assert_int_eq(reply_number(o, "port"), 80);
	ck_assert_str_eq(reply_string(o, "sched"), "rr");
	ck_assert(json_is_false(json_object_get(o, "ops")));
	list = json_object_get(o, "servers");
	ck_assert_uint_eq(json_array_size(list), 2);
	o = json_array_get(list, 1);
	ck_assert_str_eq(reply_string(o, "server"), "10.0.1.12");
	ck_assert_int_eq(reply_number(o, "server_port"), 80);
	ck_assert_int_eq(reply_number(o, "weight"), 3);
	o = json_object_get(o, "state");
	ck_assert(json_is_integer(json_object_get(o, "active")));
	ck_assert(json_is_integer(json_object_get(o, "in_bytes_per_s")));

	ck_assert_int_eq(ctl_unit_json(u, "port show tapa"), 0);
	o = json_array_get(u->data, 0);
	ck_assert_int_eq(reply_number(o, "mtu"), 1400);
	ck_assert(json_is_true(json_object_get(o, "forwarding")));
	ck_assert(json_is_true(json_object_get(json_object_get(o, "state"),
	    "up")));
	ctl_unit_free(u);
}
END_TEST

START_TEST(route_get_explains)
{
	static const char *const pairs[][2] = {
		{ "route get 10.2.3.4", "10.2.3.4 via 10.0.1.2 dev tapa src "
		    "10.0.1.1 mtu 1400  # by 10.2.0.0/16\n" },
		{ "route get 10.0.0.7", "10.0.0.7 dev tapc src 10.0.0.1 mtu "
		    "1500  # by 10.0.0.0/24\n" },
		{ "route get 10.3.3.3", "unreachable 10.3.3.3"
		    "  # by 10.3.0.0/16\n" },
		{ "route get 10.2.3.4 from 10.0.0.1", "10.2.3.4 via 10.0.1.2 "
		    "dev tapa src 10.0.0.1 mtu 1400  # by 10.2.0.0/16\n" },
	};
	struct ctl_unit *u = demo();

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		ctl_unit_must(u, pairs[i][0]);
		ck_assert_str_eq(u->text, pairs[i][1]);
	}
	ck_assert_int_eq(ctl_unit_json(u, "route get 10.2.3.4"), 0);
	ck_assert_str_eq(reply_string(json_array_get(u->data, 0), "via"),
	    "10.0.1.2");
	ctl_unit_free(u);
}
END_TEST

/* What a look-up alone would not tell. */
START_TEST(route_get_remarks)
{
	struct ctl_unit *u = demo();
	struct stack *stk = u->stk;

	ctl_unit_must(u, "route add 10.7.0.0/16 nexthop via 10.0.1.7 nexthop "
	    "via 10.0.0.7");
	ctl_unit_must(u, "route get 10.7.0.1");
	ck_assert_ptr_nonnull(strstr(u->text, "# by 10.7.0.0/16, next hop "));
	ip_pmtu_update(stk, IP4(10, 0, 0, 7), 900, 1500);
	ctl_unit_must(u, "route get 10.0.0.7");
	ck_assert_ptr_nonnull(strstr(u->text, ", path MTU 900\n"));
	ctl_unit_must(u, "route add 10.2.3.0/24 via 10.0.0.7");
	iface_lookup(stk, "tapc")->up = false;
	ctl_unit_must(u, "route get 10.2.3.4");
	ck_assert_ptr_nonnull(strstr(u->text,
	    "# by 10.2.0.0/16, 10.2.3.0/24 is down\n"));
	ctl_unit_free(u);
}
END_TEST

START_TEST(ecmp_route_round_trips)
{
	struct ctl_unit *u = demo();

	ctl_unit_must(u, "route add 10.7.0.0/16 nexthop via 10.0.1.7 weight 2 "
	    "nexthop via 10.0.0.7");
	ctl_unit_must(u, "route show 10.7.0.0/16");
	ck_assert_str_eq(u->text, "10.7.0.0/16 nexthop via 10.0.1.7 dev tapa "
	    "weight 2 nexthop via 10.0.0.7 dev tapc weight 1\n");
	ctl_unit_free(u);
}
END_TEST

START_TEST(neighbours_and_drops_as_rows)
{
	struct ctl_unit *u = demo();
	json_t *o;

	ctl_unit_must(u, "neigh show dev tapa");
	ck_assert_uint_eq(json_array_size(u->data), 1);
	o = json_array_get(u->data, 0);
	ck_assert_str_eq(reply_string(o, "mac"), "02:00:00:00:00:aa");
	ctl_unit_must(u, "neigh flush");
	ctl_unit_must(u, "neigh show");
	ck_assert_uint_eq(json_array_size(u->data), 1);

	ctl_unit_must(u, "drops show");
	ck_assert_uint_eq(json_array_size(u->data), 0);
	drop_count(u->stk, DROP_IP_TTL);
	ctl_unit_must(u, "drops show");
	o = json_array_get(u->data, 0);
	ck_assert_str_eq(reply_string(o, "reason"), "ip-ttl");
	ck_assert_int_eq(reply_number(o, "count"), 1);
	ctl_unit_must(u, "drops show all");
	ck_assert_uint_eq(json_array_size(u->data), DROP_COUNT);
	ctl_unit_must(u, "drops zero");
	ctl_unit_must(u, "drops show");
	ck_assert_uint_eq(json_array_size(u->data), 0);
	ctl_unit_free(u);
}
END_TEST

START_TEST(limits_stats_summary)
{
	struct ctl_unit *u = demo();
	json_t *o;

	ctl_unit_must(u, "limits show");
	ck_assert_uint_gt(json_array_size(u->data), 20);
	ctl_unit_must(u, "stats show");
	ck_assert_uint_gt(json_array_size(u->data), 10);
	ctl_unit_must(u, "summary");
	o = json_array_get(u->data, 0);
	ck_assert_int_eq(reply_number(o, "ports"), 2);
	ck_assert_int_eq(reply_number(o, "servers"), 2);
	ctl_unit_free(u);
}
END_TEST

START_TEST(rarp_stations)
{
	struct ctl_unit *u = demo();

	ctl_unit_must(u, "rarp add 02:00:00:00:00:aa ip 10.0.1.50");
	ctl_unit_must(u, "rarp set 02:00:00:00:00:bb ip 10.0.1.51");
	ctl_unit_must(u, "rarp set 02:00:00:00:00:aa ip 10.0.1.52");
	ctl_unit_must(u, "rarp show");
	ck_assert_str_eq(u->text, "02:00:00:00:00:bb ip 10.0.1.51\n"
	    "02:00:00:00:00:aa ip 10.0.1.52\n");
	ck_assert_ptr_nonnull(strstr(ctl_unit_config(u),
	    "rarp add 02:00:00:00:00:aa ip 10.0.1.52\n"));
	ctl_unit_must(u, "rarp del 02:00:00:00:00:bb");
	ctl_unit_must(u, "rarp show");
	ck_assert_str_eq(u->text, "02:00:00:00:00:aa ip 10.0.1.52\n");
	ctl_unit_free(u);
}
END_TEST

/* The device has the port's MTU, or the port keeps its own. */
START_TEST(mtu_of_the_device)
{
	struct ctl_unit *u = ctl_unit_new();
	struct port *port;

	ctl_unit_must(u, "port add tapa");
	port = port_lookup(u->stk, "tapa");
	ctl_unit_must(u, "port set tapa mtu 1400");
	ck_assert_uint_eq(u->mtu, 1400);
	ck_assert_uint_eq(port->mtu, 1400);
	u->mtu_max = 9000;
	ck_assert_int_eq(ctl_unit_do(u, "port set tapa mtu 9001 rp_filter 1"),
	    1);
	ck_assert_str_eq(u->error, "\"tapa\": no mtu 9001");
	ck_assert_uint_eq(port->mtu, 1400);
	ck_assert_uint_eq(port->ifp->mtu, 1400);
	ck_assert_uint_eq(port->ifp->conf.rp_filter, 0);
	/* nothing is said to a device that has it */
	u->mtu = 0;
	ctl_unit_must(u, "port set tapa mtu 1400");
	ck_assert_uint_eq(u->mtu, 0);
	/* by a file, and back when another line of it fails */
	u->bad_port = "tapb";
	ck_assert_int_eq(ctl_unit_file(u, "config apply f",
	    "port add tapa mtu 1300\nroute add default via 10.0.0.9 dev tapa\n"
	    "addr add 10.0.0.1/24 dev tapa\n"), 0);
	ck_assert_uint_eq(u->mtu, 1300);
	ck_assert_int_eq(ctl_unit_file(u, "config apply f",
	    "port add tapa mtu 1200\naddr add 10.0.0.1/24 dev tapa\n"
	    "route add default via 10.0.0.1\n"), 1);
	ck_assert_uint_eq(u->mtu, 1300);
	ck_assert_uint_eq(port->mtu, 1300);
	ctl_unit_free(u);
}
END_TEST

START_TEST(ip_as_a_whole)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "ip show");
	ck_assert_str_eq(u->text, "accept_source_route off min_pmtu 552\n");
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_must(u, "ip set min_pmtu 1000");
	ctl_unit_must(u, "ip set accept_source_route on");
	ck_assert_uint_eq(u->stk->ip.pmtu.floor, 1000);
	ck_assert(u->stk->ip.accept_source_route);
	ck_assert_str_eq(ctl_unit_config(u),
	    "ip set accept_source_route on min_pmtu 1000\n");
	ck_assert_int_eq(ctl_unit_json(u, "ip show"), 0);
	ck_assert_int_eq(reply_number(json_array_get(u->data, 0), "min_pmtu"),
	    1000);
	ck_assert_int_eq(ctl_unit_do(u, "ip set min_pmtu 67"), 2);
	ctl_unit_free(u);
}
END_TEST

START_TEST(announce_sends_arp)
{
	struct ctl_unit *u = demo();
	struct port *port = port_lookup(u->stk, "tapc");
	uint32_t before = mem_port_sent(port);

	ctl_unit_must(u, "neigh announce 10.0.0.1 dev tapc");
	unit_poll(u->stk);
	ck_assert_uint_gt(mem_port_sent(port), before);
	ctl_unit_free(u);
}
END_TEST

START_TEST(sessions_close_with_ctl)
{
	struct ctl_unit *u = ctl_unit_new();
	struct ctl_session *a = u->session;

	u->session = ctl_open(u->ctl, NULL, NULL);
	ctl_close(a);
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl");
	TCase *t = tcase_create("ctl");

	tcase_add_test(t, config_show_tells_all);
	tcase_add_test(t, accepted_lines_are_what_was_said);
	tcase_add_test(t, show_prints_what_add_takes);
	tcase_add_loop_test(t, refusal_changes_nothing, 0,
	    (int)(sizeof(refused) / sizeof(refused[0])));
	tcase_add_test(t, usage_errors_name_the_word);
	tcase_add_test(t, garbage_is_survived);
	tcase_add_test(t, words_that_are_none);
	tcase_add_test(t, every_scheduler_has_its_word);
	tcase_add_test(t, set_changes_what_it_names);
	tcase_add_test(t, drain_is_configuration);
	tcase_add_test(t, whole_seconds);
	tcase_add_test(t, port_down_and_up);
	tcase_add_test(t, set_adds_what_is_not_there);
	tcase_add_test(t, del_takes_what_stands_on_it);
	tcase_add_test(t, json_has_stable_keys_and_numbers);
	tcase_add_test(t, route_get_explains);
	tcase_add_test(t, route_get_remarks);
	tcase_add_test(t, ecmp_route_round_trips);
	tcase_add_test(t, neighbours_and_drops_as_rows);
	tcase_add_test(t, limits_stats_summary);
	tcase_add_test(t, rarp_stations);
	tcase_add_test(t, mtu_of_the_device);
	tcase_add_test(t, ip_as_a_whole);
	tcase_add_test(t, announce_sends_arp);
	tcase_add_test(t, sessions_close_with_ctl);
	suite_add_tcase(s, t);
	return unit_main(s);
}
