/*
 * test_config.c - configuration files: errors, plan, apply, round trip,
 * rollback at every failing allocation.
 */
#include "unit/ctl_unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char base[] =
    "# a router and a VIP\n"
    "port add tapc netns client mac 02:00:00:00:00:0c\n"
    "port add tapa mac 02:00:00:00:00:0a   # towards the servers\n"
    "\n"
    "addr add 10.0.0.1/24 dev tapc\n"
    "addr add 10.0.1.1/24 dev tapa\n"
    "addr add 10.0.0.100/32 dev lo\n"
    "tunnel add ipip0 local 10.0.0.1 remote 10.0.0.2\n"
    "addr add 10.6.0.1/24 dev ipip0\n"
    "route add 10.2.0.0/16 via 10.0.1.2\n"
    "route add default nexthop via 10.0.0.2 nexthop via 10.0.1.3 weight 2\n"
    "route add prohibit 10.3.0.0/16\n"
    "neigh add 10.0.1.2 mac 02:00:00:00:00:aa dev tapa\n"
    "ip set accept_source_route on min_pmtu 1280\n"
    "inetd add echo\n"
    "lb set udp_timeout 60 rst_on_expire on\n"
    "mark add 7 proto tcp dst 10.0.0.0/24 port 8000-8080\n"
    "mark add 8 src 10.0.1.0/24\n"
    "service add tcp 10.0.0.100:80 sched rr\n"
    "server add tcp 10.0.0.100:80 10.0.1.11:80\n"
    "local add tcp 10.0.0.100:80 10.0.0.1\n"
    "server add tcp 10.0.0.100:80 10.0.1.12:80 weight 2\n";

/* The other end: everything of base is gone, changed or made anew. */
static const char other[] =
    "port add tapb mac 02:00:00:00:00:0b\n"
    "port add tapa type tun\n"
    "port set tapa mtu 1400\n"
    "addr add 10.0.1.1/24 dev tapa\n"
    "addr add 10.0.0.1/24 dev tapb\n"
    "addr add 10.0.0.100/32 dev tapb\n"
    "tunnel add ipip0 local 10.0.0.1\n"
    "addr add 10.6.0.1/24 dev ipip0\n"
    "route add 10.2.0.0/16 via 10.0.1.9 mtu 1300\n"
    "route add default via 10.0.0.2 src 10.0.0.1\n"
    "route add blackhole 10.3.0.0/16\n"
    "inetd add daytime\n"
    "http add 0.0.0.0:8080 name n1\n"
    "lb set drain 10\n"
    "mark add 7 proto udp dst 10.0.0.0/24 port 53\n"
    "service add tcp 10.0.0.100:80 sched wlc persistent 300\n"
    "server add tcp 10.0.0.100:80 10.0.1.12:80 weight 3\n"
    "server add tcp 10.0.0.100:80 10.0.1.13:80\n"
    "server add tcp 10.0.0.100:80 10.0.1.14:80 weight 0 drain 20\n"
    "service add fwmark 7 sched rr\n";

static struct ctl_unit *
applied(const char *text)
{
	struct ctl_unit *u = ctl_unit_new();

	ck_assert_msg(ctl_unit_file(u, "config apply f", text) == 0, "%s",
	    u->error);
	return u;
}

static char *
config_copy(struct ctl_unit *u)
{
	return strdup(ctl_unit_config(u));
}

static int
compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Servers and addresses that came back stand behind those that stayed: the
 * same lines are the same configuration. */
static void
assert_same_lines(const char *a, const char *b, const char *why)
{
	const char *text[2] = { a, b };
	char *copy[2], *line[2][64];
	size_t n[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		copy[i] = strdup(text[i]);
		for (char *s = strtok(copy[i], "\n"); s != NULL;
		    s = strtok(NULL, "\n"))
			line[i][n[i]++] = s;
		qsort(line[i], n[i], sizeof(char *), compare_lines);
	}
	ck_assert_msg(n[0] == n[1], "%s: %s instead of %s", why, a, b);
	for (size_t i = 0; i < n[0]; i++)
		ck_assert_msg(strcmp(line[0][i], line[1][i]) == 0,
		    "%s: %s instead of %s", why, line[0][i], line[1][i]);
	free(copy[0]);
	free(copy[1]);
}

START_TEST(show_applies_to_nothing)
{
	struct ctl_unit *u = applied(_i == 0 ? base : other);
	char *text = config_copy(u);

	ctl_unit_must(u, "config show");
	ck_assert_str_eq(u->text, text);
	ck_assert_int_eq(ctl_unit_file(u, "config plan f", text), 0);
	ck_assert_str_eq(u->text, "");
	/* The file itself is done, too, whatever it left open. */
	ck_assert_int_eq(ctl_unit_file(u, "config plan f",
	    _i == 0 ? base : other), 0);
	ck_assert_str_eq(u->text, "");
	free(text);
	ctl_unit_free(u);
}
END_TEST

START_TEST(show_makes_the_same_again)
{
	struct ctl_unit *u = applied(base);
	char *text = config_copy(u);
	struct ctl_unit *v = applied(text);

	ck_assert_str_eq(ctl_unit_config(v), text);
	ctl_unit_must(v, "config save");
	ck_assert_str_eq(v->written, text);
	ck_assert_str_eq(v->snapshot, text);
	ck_assert_int_eq(v->snapshots, 1);
	ck_assert_str_eq(v->accepted, "");
	free(text);
	ctl_unit_free(u);
	ctl_unit_free(v);
}
END_TEST

/* The text of a file behind the request instead of inside it. */
START_TEST(text_behind_the_request)
{
	struct ctl_unit *u = ctl_unit_new(), *v = applied(base);
	static const char bad[] = "port add tapc\nprt add tapd\n";

	ck_assert_int_eq(ctl_unit_text(u, "config apply f", base,
	    strlen(base)), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(u->last, "id")),
	    7);
	ck_assert_str_eq(ctl_unit_config(u), ctl_unit_config(v));
	ck_assert_int_eq(ctl_unit_text(u, "config check f", bad,
	    strlen(bad)), 1);
	ck_assert_str_eq(u->error, "f:2: \"prt\": expected an object: see "
	    "\"help\"; did you mean \"port\"?");
	/* An empty file is one, and not the absence of any. */
	ck_assert_int_eq(ctl_unit_text(u, "config apply f", "", 0), 0);
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_free(u);
	ctl_unit_free(v);
}
END_TEST

/* Not taken for an empty file, which would do away with everything. */
START_TEST(text_of_no_length)
{
	static const char *const bytes[] = { "-1", "\"5\"", "null", "1.5",
	    "[]" };
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u), line[128];

	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		snprintf(line, sizeof(line), "{\"id\":7,\"command\":"
		    "[\"config\",\"apply\",\"f\"],\"input_bytes\":%s}",
		    bytes[i]);
		ck_assert_int_eq(ctl_unit_raw(u, line), 2);
		ck_assert_str_eq(u->error,
		    "\"input_bytes\": expected a number of bytes");
		ck_assert_str_eq(ctl_unit_config(u), before);
	}
	free(before);
	ctl_unit_free(u);
}
END_TEST

START_TEST(text_behind_that_is_none)
{
	static const char *const text[] = {
		"# \xff\n", "# \xc0\x80\n", "# \xed\xa0\x80\n",
		"# \xf4\x90\x80\x80\n", "# \xe2\x82",
	};
	static const char good[] = "# \xe2\x82\xac \xf0\x9f\x98\x80 \xc3\xa9\n";
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u);

	for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++) {
		ck_assert_int_eq(ctl_unit_text(u, "config apply f", text[i],
		    strlen(text[i])), 2);
		ck_assert_str_eq(u->error, "the file is not UTF-8 text");
	}
	ck_assert_int_eq(ctl_unit_text(u, "config apply f", "#\0\n", 3), 2);
	ck_assert_int_eq(ctl_unit_text(u, "config check f", good,
	    strlen(good)), 0);
	ck_assert_str_eq(ctl_unit_config(u), before);
	free(before);
	ctl_unit_free(u);
}
END_TEST

START_TEST(order_of_lines_means_nothing)
{
	struct ctl_unit *u = applied(
	    "server add tcp 10.0.0.100:80 10.0.1.11:80\n"
	    "service add tcp 10.0.0.100:80\n"
	    "route add default via 10.0.0.2\n"
	    "addr add 10.0.0.1/24 dev tapc\n"
	    "port add tapc\n");

	ck_assert_str_eq(ctl_unit_config(u),
	    "port add tapc type tap mac 02:00:00:00:01:00 mtu 1500\n"
	    "addr add 10.0.0.1/24 dev tapc\n"
	    "route add default via 10.0.0.2 dev tapc\n"
	    "service add tcp 10.0.0.100:80 sched wlc\n"
	    "server add tcp 10.0.0.100:80 10.0.1.11:80 mode nat weight 1\n");
	ctl_unit_free(u);
}
END_TEST

START_TEST(plan_tells_and_changes_nothing)
{
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u);

	ck_assert_int_eq(ctl_unit_file(u, "config plan f",
	    "port add tapc netns client mtu 9000\n"
	    "port add tapa\n"
	    "addr add 10.0.0.1/24 dev tapc\n"
	    "addr add 10.0.1.1/24 dev tapa\n"
	    "addr add 10.0.0.100/32 dev lo scope host\n"
	    "route add 10.2.0.0/16 via 10.0.1.2\n"
	    "route add 10.5.0.0/16 dev tapc\n"
	    "service add tcp 10.0.0.100:80 sched wlc\n"
	    "server add tcp 10.0.0.100:80 10.0.1.12:80 weight 5\n"), 0);
	ck_assert_str_eq(u->text,
	    "- server add tcp 10.0.0.100:80 10.0.1.11:80 mode nat weight 1\n"
	    "- local add tcp 10.0.0.100:80 10.0.0.1\n"
	    "- mark add 8 src 10.0.1.0/24\n"
	    "- mark add 7 proto tcp dst 10.0.0.0/24 port 8000-8080\n"
	    "- lb set udp_timeout 60 rst_on_expire on\n"
	    "- inetd add echo\n"
	    "- ip set accept_source_route on min_pmtu 1280\n"
	    "- neigh add 10.0.1.2 mac 02:00:00:00:00:aa dev tapa\n"
	    "- route add prohibit 10.3.0.0/16\n"
	    "- route add default nexthop via 10.0.0.2 dev tapc weight 1 "
	    "nexthop via 10.0.1.3 dev tapa weight 2\n"
	    "- addr add 10.6.0.1/24 dev ipip0\n"
	    "- addr add 10.0.0.100/32 dev lo\n"
	    "- tunnel add ipip0 local 10.0.0.1 remote 10.0.0.2\n"
	    "~ port add tapc type tap netns client mac 02:00:00:00:00:0c "
	    "mtu 9000\n"
	    "+ addr add 10.0.0.100/32 dev lo scope host\n"
	    "+ route add 10.5.0.0/16 dev tapc\n"
	    "~ service add tcp 10.0.0.100:80 sched wlc\n"
	    "~ server add tcp 10.0.0.100:80 10.0.1.12:80 mode nat weight 5\n");
	ck_assert_str_eq(ctl_unit_config(u), before);
	free(before);
	ctl_unit_free(u);
}
END_TEST

START_TEST(apply_reaches_the_target)
{
	struct ctl_unit *u = applied(base);
	struct ctl_unit *fresh = applied(other);
	char *want = config_copy(fresh);

	ck_assert_msg(ctl_unit_file(u, "config apply f", other) == 0, "%s",
	    u->error);
	assert_same_lines(ctl_unit_config(u), want, "apply");
	ck_assert_int_eq(ctl_unit_file(u, "config apply f", ""), 0);
	ck_assert_str_eq(ctl_unit_config(u), "");
	free(want);
	ctl_unit_free(u);
	ctl_unit_free(fresh);
}
END_TEST

/* What stays equal is not touched: same objects, same counters. */
START_TEST(equal_objects_stay)
{
	struct ctl_unit *u = applied(base);
	struct port *port = port_lookup(u->stk, "tapa");
	struct lb_service *svc = lb_service_next(u->stk, NULL);
	struct lb_server *srv = lb_server_next(svc, NULL);

	svc->tally->stats.conns = 5;
	srv->tally->stats.conns = 4;
	ck_assert_int_eq(ctl_unit_file(u, "config apply f",
	    "port add tapa rp_filter 2\n"
	    "addr add 10.0.1.1/24 dev tapa\n"
	    "service add tcp 10.0.0.100:80 sched rr persistent 60\n"
	    "server add tcp 10.0.0.100:80 10.0.1.11:80 weight 7\n"), 0);
	ck_assert_ptr_eq(port_lookup(u->stk, "tapa"), port);
	ck_assert_ptr_eq(lb_service_next(u->stk, NULL), svc);
	ck_assert_ptr_eq(lb_server_next(svc, NULL), srv);
	ck_assert_uint_eq(svc->tally->stats.conns, 5);
	ck_assert_uint_eq(srv->tally->stats.conns, 4);
	ck_assert_int_eq(srv->conf.weight, 7);
	ck_assert_int_eq(port->ifp->conf.rp_filter, 2);
	/* And what is no longer said is the default again. */
	ck_assert_int_eq(ctl_unit_file(u, "config apply f",
	    "port add tapa\n"
	    "service add tcp 10.0.0.100:80\n"
	    "server add tcp 10.0.0.100:80 10.0.1.11:80\n"), 0);
	ck_assert_int_eq(srv->conf.weight, 1);
	ck_assert_int_eq(port->ifp->conf.rp_filter, 0);
	ck_assert_uint_eq(svc->conf.flags & LB_SVC_PERSIST, 0);
	ctl_unit_free(u);
}
END_TEST

/* Every error of a file, with its line. */
START_TEST(all_errors_are_told)
{
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u);
	json_t *list;
	static const char *const want[] = {
		"f:1: \"prt\": expected an object: see \"help\"; did you mean "
		"\"port\"?",
		"f:2: \"10.0.0.300/24\": expected ADDR/LEN, such as "
		"10.0.0.1/24",
		"f:4: \"port x\": already in line 3",
		"f:5: \"route del\": no command for a file, which says what "
		"shall be",
		"f:6: \"nope\": no such port above",
		"f:7: \"dve\": expected dev, scope; did you mean \"dev\"?",
	};

	ck_assert_int_eq(ctl_unit_file(u, "config apply f",
	    "prt add x\n"
	    "addr add 10.0.0.300/24 dev tapc\n"
	    "port add x\n"
	    "port add x mtu 1400\n"
	    "route del default\n"
	    "port set nope mtu 1500\n"
	    "addr add 10.0.0.1/24 dve tap\n"), 1);
	list = json_object_get(u->last, "errors");
	ck_assert_uint_eq(json_array_size(list), sizeof(want) /
	    sizeof(want[0]));
	for (size_t i = 0; i < json_array_size(list); i++)
		ck_assert_str_eq(json_string_value(json_array_get(list, i)),
		    want[i]);
	ck_assert_str_eq(u->error, want[0]);
	ck_assert_str_eq(ctl_unit_config(u), before);
	free(before);
	ctl_unit_free(u);
}
END_TEST

/* References between lines; each after a good start. */
static const struct {
	const char *lines, *error;
} references[] = {
	{ "addr add 10.5.0.1/24 dev nope",
	    "f:3: \"nope\": no such interface in the file" },
	{ "addr add 10.0.0.1/16 dev lo",
	    "f:3: \"10.0.0.1\": already an address, in line 2" },
	{ "addr add 127.0.0.1/8 dev lo",
	    "f:3: \"127.0.0.1\": lo has it from the start" },
	{ "port add lo", "f:3: \"lo\": is there without a port" },
	{ "port add t type tun mac 02:00:00:00:00:01",
	    "f:3: \"mac\": a port of type tun has none" },
	{ "route add 10.5.0.0/16 via 10.9.9.9",
	    "f:3: \"10.9.9.9\": on no interface's network" },
	{ "route add 10.5.0.0/16 nexthop via 10.0.0.2 nexthop via 10.9.9.9",
	    "f:3: \"10.9.9.9\": on no interface's network" },
	{ "route add 10.5.0.0/16 dev nope",
	    "f:3: \"nope\": no such interface in the file" },
	{ "route add 10.5.0.0/16 nexthop dev nope",
	    "f:3: \"nope\": no such interface in the file" },
	{ "route add 10.5.0.0/16", "f:3: \"route 10.5.0.0/16\": needs via IP, "
	    "dev IFACE or nexthop" },
	{ "route add prohibit 10.5.0.0/16 dev p",
	    "f:3: \"route 10.5.0.0/16\": such a route has no next hop" },
	{ "route add 10.5.0.0/16 dev p nexthop dev p",
	    "f:3: \"nexthop\": not together with via or dev" },
	{ "route add 10.5.0.0/16 dev p src 10.0.0.9",
	    "f:3: \"10.0.0.9\": not an address of ours" },
	{ "neigh add 10.0.0.2 mac 02:00:00:00:00:01 dev nope",
	    "f:3: \"nope\": no such interface in the file" },
	{ "tunnel add p", "f:3: \"p\": there is such an interface already" },
	{ "local add tcp 10.0.0.1:80 10.0.0.1",
	    "f:3: \"service tcp 10.0.0.1:80\": no such service in the file" },
	{ "server add tcp 10.0.0.1:80 10.0.0.2:80",
	    "f:3: \"service tcp 10.0.0.1:80\": no such service in the file" },
	{ "route add default via 10.0.0.2\n"
	    "route add 0.0.0.0/0 via 10.0.0.3",
	    "f:4: \"route default\": already in line 3" },
	{ "service add tcp 10.0.0.1:80\nservice add tcp 10.0.0.1:80 sched rr",
	    "f:4: \"service tcp 10.0.0.1:80\": already in line 3" },
};

/* Some editors write one; elsewhere it is a word like others. */
START_TEST(byte_order_mark_in_front)
{
	char *errors;

	ck_assert_int_eq(ctl_config_check("f",
	    "\xef\xbb\xbfport add p\n", &errors), 0);
	ck_assert_int_eq(ctl_config_check("f",
	    "port add p\n\xef\xbb\xbf" "addr add 10.0.0.1/24 dev p\n",
	    &errors), -EINVAL);
	ck_assert_ptr_nonnull(strstr(errors, "f:2: "));
	free(errors);
}
END_TEST

START_TEST(references_are_checked)
{
	char text[1024], *errors;

	snprintf(text, sizeof(text), "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "%s\n", references[_i].lines);
	ck_assert_int_eq(ctl_config_check("f", text, &errors), -EINVAL);
	errors[strcspn(errors, "\n")] = '\0';
	ck_assert_str_eq(errors, references[_i].error);
	free(errors);
}
END_TEST

/* What the grammar and the file do not show is tried: a file that is good can
 * be applied. */
static const struct {
	const char *lines, *errors;
} tried[] = {
	{ "neigh add 10.0.0.9 mac 01:00:00:00:00:01 dev p", "f:4: " },
	{ "server add tcp 10.0.0.1:81 10.0.0.2:81 drain 9",
	    "f:4: drain 9: only a server of weight 0 drains, not 1\n" },
	{ "server add tcp 10.0.0.1:81 10.0.0.2:82 mode dr\n"
	    "server add tcp 10.0.0.1:81 10.0.0.3:81 upper 3 lower 5",
	    "f:4: port 82: mode dr cannot map ports, the service has 81\n"
	    "f:5: lower threshold 5 is over the upper one 3\n" },
	{ "service add tcp 10.0.0.1:0\nserver add tcp 10.0.0.1:0 10.0.0.9:0\n"
	    "service add tcp 10.0.0.1:83 ops on",
	    "f:4: port 0: a service on all ports must be persistent\n"
	    "f:6: one-packet scheduling is for udp services\n" },
	{ "local add tcp 10.0.0.1:81 10.0.0.77", "f:4: \"10.0.0.77\": not an "
	    "address of ours, so nobody would answer ARP for it\n" },
	{ "rarp add 03:00:00:00:00:05 ip 1.2.3.4", "f:4: " },
	{ "addr add 224.0.0.1/24 dev p\nrarp add 03:00:00:00:00:05 ip 1.2.3.4",
	    "f:4: " },
	{ "port add q mac 01:00:00:00:00:05\naddr add 10.1.0.1/24 dev q",
	    "f:4: \"mac\": a group address or zero cannot be a port's\n" },
	{ "http add 10.0.0.1:0", "f:4: port 0: nobody can ask there\n" },
	{ "lb set max_flows 8000000\nhttp add 10.0.0.1:80 root /x", NULL },
};

START_TEST(what_is_good_can_be_applied)
{
	char text[1024], *errors;
	int r;

	snprintf(text, sizeof(text), "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "service add tcp 10.0.0.1:81\n%s\n", tried[_i].lines);
	r = ctl_config_check("f", text, &errors);
	if (tried[_i].errors == NULL) {
		ck_assert_msg(r == 0, "%s", errors);
		return;
	}
	ck_assert_int_eq(r, -EINVAL);
	ck_assert_msg(strncmp(errors, tried[_i].errors,
	    strlen(tried[_i].errors)) == 0, "%s", errors);
	/* Nothing follows but what the row has, or the rest of one line. */
	ck_assert_msg(strlen(tried[_i].errors) == 5 ?
	    strchr(errors, '\n')[1] == '\0' :
	    strcmp(errors, tried[_i].errors) == 0, "%s", errors);
	free(errors);
}
END_TEST

START_TEST(long_files_of_errors_are_cut)
{
	char *text = calloc(1, 4096), *errors;
	unsigned lines = 0;

	for (int i = 0; i < 200; i++)
		strcat(text, "x\n");
	ck_assert_int_eq(ctl_config_check("f", text, &errors), -EINVAL);
	for (const char *s = errors; *s != '\0'; s++)
		lines += *s == '\n';
	ck_assert_uint_eq(lines, 51);
	ck_assert_ptr_nonnull(strstr(errors, "f: and 150 errors more\n"));
	free(errors);
	free(text);
}
END_TEST

START_TEST(long_lines_are_refused)
{
	char *text = malloc(8192), *errors;

	memset(text, 'x', 8191);
	text[8191] = '\0';
	ck_assert_int_eq(ctl_config_check("f", text, &errors), -EINVAL);
	ck_assert_str_eq(errors, "f:1: line too long\n");
	free(errors);
	text[0] = '#';
	ck_assert_int_eq(ctl_config_check("f", text, &errors), 0);
	ck_assert_ptr_null(errors);
	free(text);
}
END_TEST

/* A step that fails in the middle: everything is as before. */
START_TEST(refused_step_rolls_back)
{
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u);

	u->bad_port = _i == 0 ? "tapb" : "tapa";
	ck_assert_int_eq(ctl_unit_file(u, "config apply f", other), 1);
	if (_i == 0) {
		ck_assert_str_eq(u->error, "f:1: \"tapb\": device busy");
		assert_same_lines(ctl_unit_config(u), before, u->error);
	} else {
		/* It cannot be opened again either, and that is said. */
		ck_assert_ptr_nonnull(strstr(u->error,
		    "f:2: \"tapa\": device busy; and not all could be "
		    "undone"));
	}
	free(before);
	ctl_unit_free(u);
}
END_TEST

/* What the file has no line for cannot be taken away: the object is named. */
START_TEST(refused_taking_away_is_told)
{
	struct ctl_unit *u = applied(base);
	char *before = config_copy(u);

	u->kept_port = "tapc";
	ck_assert_int_eq(ctl_unit_file(u, "config apply f", "port add tapa "
	    "mac 02:00:00:00:00:0a\n"), 1);
	ck_assert_str_eq(u->error, "f: port tapc: \"tapc\": device kept");
	assert_same_lines(ctl_unit_config(u), before, u->error);
	free(before);
	ctl_unit_free(u);
}
END_TEST

/* The n-th allocation fails, for every n: done or as before. */
START_TEST(failing_allocation_rolls_back)
{
	struct ctl_unit *fresh = applied(other);
	char *want = config_copy(fresh);
	uint64_t n = 1;
	bool done = false;

	for (; !done; n++) {
		struct ctl_unit *u = applied(base);
		char *before = config_copy(u);

		u->stk->mem.fail_at = n;
		u->next_mac = 0;
		done = ctl_unit_file(u, "config apply f", other) == 0;
		u->stk->mem.fail_at = 0;
		assert_same_lines(ctl_unit_config(u), done ? want : before,
		    u->error);
		free(before);
		ctl_unit_free(u);
	}
	/* Fewer would mean that the loop saw nothing. */
	ck_assert_uint_gt(n, 30);
	free(want);
	ctl_unit_free(fresh);
}
END_TEST

/* Growth of the table and the arena; a route of every line is there. */
START_TEST(many_routes)
{
	struct ctl_unit *u = ctl_unit_new();
	size_t size = 64 * 5000;
	char *text = malloc(size), *errors;
	size_t len = (size_t)snprintf(text, size,
	    "port add p\naddr add 10.0.0.1/24 dev p\n");

	for (unsigned i = 0; i < 5000; i++)
		len += (size_t)snprintf(text + len, size - len,
		    "route add 20.%u.%u.0/24 via 10.0.0.%u\n", i / 256,
		    i % 256, 2 + i % 200);
	ck_assert_int_eq(ctl_config_apply(u->ctl, "f", text, &errors), 0);
	ck_assert_int_eq(ctl_config_apply(u->ctl, "f", text, &errors), 0);
	ctl_unit_must(u, "route get 20.19.135.1");
	ck_assert_str_eq(u->text, "20.19.135.1 via 10.0.0.201 dev p src "
	    "10.0.0.1 mtu 1500  # by 20.19.135.0/24\n");
	free(text);
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("config");
	TCase *t = tcase_create("config");

	tcase_add_loop_test(t, show_applies_to_nothing, 0, 2);
	tcase_add_test(t, show_makes_the_same_again);
	tcase_add_test(t, text_behind_the_request);
	tcase_add_test(t, text_of_no_length);
	tcase_add_test(t, text_behind_that_is_none);
	tcase_add_test(t, order_of_lines_means_nothing);
	tcase_add_test(t, plan_tells_and_changes_nothing);
	tcase_add_test(t, apply_reaches_the_target);
	tcase_add_test(t, equal_objects_stay);
	tcase_add_test(t, all_errors_are_told);
	tcase_add_test(t, byte_order_mark_in_front);
	tcase_add_loop_test(t, references_are_checked, 0,
	    (int)(sizeof(references) / sizeof(references[0])));
	tcase_add_loop_test(t, what_is_good_can_be_applied, 0,
	    (int)(sizeof(tried) / sizeof(tried[0])));
	tcase_add_test(t, long_files_of_errors_are_cut);
	tcase_add_test(t, long_lines_are_refused);
	tcase_add_loop_test(t, refused_step_rolls_back, 0, 2);
	tcase_add_test(t, refused_taking_away_is_told);
	tcase_add_test(t, failing_allocation_rolls_back);
	tcase_add_test(t, many_routes);
	tcase_set_timeout(t, 20);
	suite_add_tcase(s, t);
	return unit_main(s);
}
