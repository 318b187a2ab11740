/*
 * test_ctl_stand.c - addresses come and go under what stands on them: what runs
 * can always be said in a file.
 */
#include "unit/ctl_unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char bed[] =
    "port add p mac 02:00:00:00:00:01\n"
    "port add q mac 02:00:00:00:00:02\n"
    "addr add 10.0.0.1/24 dev p\n"
    "addr add 10.0.1.1/24 dev q\n"
    "addr add 10.0.0.200/32 dev lo\n"
    "addr add 10.0.2.1/24 dev q\n"
    "tunnel add t local 10.0.0.1\n"
    "addr add 10.4.0.1/24 dev t\n"
    "route add 10.1.0.0/16 via 10.0.0.9\n"
    "route add 10.2.0.0/16 nexthop via 10.0.0.9 nexthop via 10.0.1.9\n"
    "route add 10.3.0.0/16 dev p src 10.0.0.200\n"
    "route add 10.5.0.0/16 via 10.4.0.9 dev t\n"
    "service add tcp 10.0.0.100:80 sched rr\n"
    "server add tcp 10.0.0.100:80 10.0.0.7:80\n"
    "server add tcp 10.0.0.100:80 10.0.0.200:80 mode local\n"
    "local add tcp 10.0.0.100:80 10.0.2.1\n";

static struct ctl_unit *
stand_on(const char *text)
{
	struct ctl_unit *u = ctl_unit_new();

	ck_assert_msg(ctl_unit_file(u, "config apply f", text) == 0, "%s",
	    u->error);
	return u;
}

/* What runs, on a hopd that has nothing. */
static void
check_round_trip(struct ctl_unit *u)
{
	char *text = strdup(ctl_unit_config(u)), *errors = NULL;

	ck_assert_msg(ctl_config_check("f", text, &errors) == 0, "%s", errors);
	free(text);
}

#define OTHERS "has that for another's address"
#define FIRST ": change or delete that first"

/* One command, and why it is refused. */
static const struct {
	const char *line, *error;
} steps[] = {
	{ "addr del 10.0.0.1/24 dev p", "\"10.0.0.1/24\": "
	    "\"route 10.1.0.0/16\" stands on it" FIRST },
	{ "addr del 10.0.1.1/24 dev q", "\"10.0.1.1/24\": "
	    "\"route 10.2.0.0/16\" stands on it" FIRST },
	{ "addr del 10.0.0.200/32 dev lo", "\"10.0.0.200/32\": "
	    "\"route 10.3.0.0/16\" stands on it" FIRST },
	{ "addr del 10.0.2.1/24 dev q", "\"10.0.2.1/24\": \"local tcp "
	    "10.0.0.100:80 10.0.2.1\" stands on it" FIRST },
	{ "port del q", "\"10.0.2.1/24\": \"local tcp "
	    "10.0.0.100:80 10.0.2.1\" stands on it" FIRST },
	{ "addr add 10.0.0.9/32 dev q", "\"10.0.0.9/32\": \"route "
	    "10.1.0.0/16\" " OTHERS FIRST },
	{ "addr add 10.0.0.8/29 dev lo", "\"10.0.0.8/29\": \"route "
	    "10.1.0.0/16\" " OTHERS FIRST },
	{ "addr add 10.0.0.6/30 dev lo", "\"10.0.0.6/30\": \"server tcp "
	    "10.0.0.100:80 10.0.0.7:80\" " OTHERS FIRST },
	{ "addr add 10.0.0.7/24 dev p", "\"10.0.0.7/24\": \"server tcp "
	    "10.0.0.100:80 10.0.0.7:80\" " OTHERS FIRST },
	{ "addr add 10.0.1.10/30 dev q", NULL },
	{ "addr del 10.0.0.1/25 dev p",
	    "\"10.0.0.1/25\": not an address of p" },
	{ "addr del 10.0.0.1/24 dev q",
	    "\"10.0.0.1/24\": not an address of q" },
	{ "addr del 10.0.0.1/24 dev x", "\"x\": no such interface" },
	{ "port del x", "\"x\": no such port" },
	/* Nothing stands on these. */
	{ "addr del 10.4.0.1/24 dev t", NULL },
	{ "tunnel del t", NULL },
	{ "port del p", NULL },
	/* Servers at addresses of ours. */
	{ "server add tcp 10.0.0.100:80 10.0.0.1:80", "\"10.0.0.1\": an "
	    "address of hopd's own, which mode nat cannot reach: expected "
	    "mode local" },
	{ "server add tcp 10.0.0.100:80 127.0.0.9:80 mode dr", "\"127.0.0.9\": "
	    "an address of hopd's own, which mode dr cannot reach: expected "
	    "mode local" },
	{ "server set tcp 10.0.0.100:80 10.0.0.200:80 mode tun",
	    "\"10.0.0.200\": an address of hopd's own, which mode tun cannot "
	    "reach: expected mode local" },
	{ "server set tcp 10.0.0.100:80 10.0.0.1:80 mode local", NULL },
	/* Next routers that are none. */
	{ "route add 10.9.0.0/16 via 10.0.0.255",
	    "\"10.0.0.255\": is the broadcast address of p" },
	{ "route add 10.9.0.0/16 via 10.0.1.255 dev q",
	    "\"10.0.1.255\": is the broadcast address of q" },
	{ "route add 10.9.0.0/16 via 255.255.255.255 dev t",
	    "\"255.255.255.255\": is the broadcast address of t" },
	{ "route add 10.9.0.0/16 via 224.0.0.5 dev t",
	    "\"224.0.0.5\": is a group, no router" },
};

START_TEST(a_command_leaves_what_a_file_can_say)
{
	struct ctl_unit *u = stand_on(bed);
	char *before = strdup(ctl_unit_config(u));
	int status = ctl_unit_do(u, steps[_i].line);

	if (steps[_i].error == NULL) {
		ck_assert_msg(status == 0, "%s", u->error);
	} else {
		ck_assert_int_eq(status, 1);
		ck_assert_str_eq(u->error, steps[_i].error);
		ck_assert_str_eq(ctl_unit_config(u), before);
	}
	check_round_trip(u);
	free(before);
	ctl_unit_free(u);
}
END_TEST

/* Another address of the same network carries the routes on. */
START_TEST(an_address_can_be_replaced)
{
	struct ctl_unit *u = stand_on(bed);

	ctl_unit_must(u, "addr add 10.0.0.2/24 dev p");
	ctl_unit_must(u, "addr del 10.0.0.1/24 dev p");
	check_round_trip(u);
	ctl_unit_must(u, "route get 10.1.0.1");
	ck_assert_ptr_nonnull(strstr(u->text, "via 10.0.0.9 dev p"));
	ctl_unit_free(u);
}
END_TEST

/* A route becomes one through a broadcast address, or through ourselves. */
START_TEST(a_smaller_network_has_another_broadcast)
{
	struct ctl_unit *u = stand_on("port add p\n"
	    "addr add 10.0.0.1/24 dev p\nroute add default via 10.0.0.127\n");

	ck_assert_int_eq(ctl_unit_do(u, "addr add 10.0.0.2/25 dev p"), 1);
	ck_assert_str_eq(u->error, "\"10.0.0.2/25\": \"route default\" has "
	    "that for another's address" FIRST);
	ctl_unit_free(u);
}
END_TEST

/* A file that keeps a line and takes away what it stands on. */
static const struct {
	const char *run, *file, *error;
} files[] = {
	{ "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "route add default via 10.0.0.9\n",
	    "port add p\nroute add default via 10.0.0.9 dev p\n",
	    "f:2: \"10.0.0.9\": not in a network of p" },
	{ "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "route add default nexthop via 10.0.0.9\n",
	    "port add p\nport add q\naddr add 10.0.0.1/24 dev q\n"
	    "route add default nexthop via 10.0.0.9 dev p\n",
	    "f:4: \"10.0.0.9\": not in a network of p" },
	{ "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "route add default via 10.0.0.127\n",
	    "port add p\naddr add 10.0.0.1/25 dev p\n"
	    "route add default via 10.0.0.127 dev p\n",
	    "f:3: \"10.0.0.127\": is the broadcast address of p" },
	{ "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "route add default via 10.0.0.9\n",
	    "port add p\naddr add 10.0.0.9/24 dev p\n"
	    "route add default via 10.0.0.9 dev p\n",
	    "f:3: \"10.0.0.9\": is an address of ours" },
	{ "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "service add udp 10.0.0.1:53\nlocal add udp 10.0.0.1:53 10.0.0.1\n",
	    "port add p\nservice add udp 10.0.0.1:53\n"
	    "local add udp 10.0.0.1:53 10.0.0.1\n",
	    "f:3: \"10.0.0.1\": not an address of ours, so nobody would answer "
	    "ARP for it" },
	{ "service add udp 10.0.0.1:53\n"
	    "server add udp 10.0.0.1:53 10.0.0.7:53\n",
	    "port add p\naddr add 10.0.0.7/24 dev p\n"
	    "service add udp 10.0.0.1:53\n"
	    "server add udp 10.0.0.1:53 10.0.0.7:53\n",
	    "f:4: \"10.0.0.7\": an address of hopd's own: "
	    "expected mode local" },
	{ "service add udp 10.0.0.1:53\n"
	    "server add udp 10.0.0.1:53 10.0.0.7:53\n",
	    "addr add 10.0.0.1/24 dev lo\n"
	    "service add udp 10.0.0.1:53\n"
	    "server add udp 10.0.0.1:53 10.0.0.7:53\n",
	    "f:3: \"10.0.0.7\": an address of hopd's own: "
	    "expected mode local" },
};

START_TEST(a_file_is_checked_as_a_whole)
{
	struct ctl_unit *u = stand_on(files[_i].run);
	char *before = strdup(ctl_unit_config(u));

	ck_assert_int_eq(ctl_unit_file(u, "config apply f", files[_i].file),
	    1);
	ck_assert_str_eq(u->error, files[_i].error);
	ck_assert_str_eq(ctl_unit_config(u), before);
	free(before);
	ctl_unit_free(u);
}
END_TEST

/* Two interfaces in one network: each may lead to its routers. */
START_TEST(two_interfaces_of_one_network)
{
	struct ctl_unit *u = stand_on("port add p\nport add q\n"
	    "addr add 10.0.0.1/24 dev p\naddr add 10.0.0.2/24 dev q\n"
	    "route add 10.1.0.0/16 via 10.0.0.9 dev p\n"
	    "route add 10.2.0.0/16 via 10.0.0.9 dev q\n");

	check_round_trip(u);
	ctl_unit_must(u, "addr add 10.0.0.3/32 dev p");
	ctl_unit_must(u, "addr del 10.0.0.3/32 dev p");
	ck_assert_int_eq(ctl_unit_do(u, "addr del 10.0.0.1/24 dev p"), 1);
	ck_assert_int_eq(ctl_unit_do(u, "addr del 10.0.0.2/24 dev q"), 1);
	ck_assert_str_eq(u->error, "\"10.0.0.2/24\": \"route 10.2.0.0/16\" "
	    "stands on it" FIRST);
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_stand");
	TCase *t = tcase_create("stand");

	tcase_add_loop_test(t, a_command_leaves_what_a_file_can_say, 0,
	    (int)(sizeof(steps) / sizeof(steps[0])));
	tcase_add_test(t, an_address_can_be_replaced);
	tcase_add_test(t, a_smaller_network_has_another_broadcast);
	tcase_add_loop_test(t, a_file_is_checked_as_a_whole, 0,
	    (int)(sizeof(files) / sizeof(files[0])));
	tcase_add_test(t, two_interfaces_of_one_network);
	suite_add_tcase(s, t);
	return unit_main(s);
}
