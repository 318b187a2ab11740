/*
 * test_ctl_reply.c - what goes back to a client: routes with more than one way
 * as JSON, and what is said when there is no memory to say it.
 *
 * Memory fails under jansson, which makes every reply: its n-th allocation, or
 * all from the n-th on.
 */
#include <stdlib.h>
#include <string.h>

#include "unit/ctl_unit.h"

/* ---- next hops ---- */

static void
two_ports(struct ctl_unit *u)
{
	ctl_unit_must(u, "port add tapc");
	ctl_unit_must(u, "port add tapa");
	ctl_unit_must(u, "addr add 10.0.0.1/24 dev tapc");
	ctl_unit_must(u, "addr add 10.0.1.1/24 dev tapa");
	ctl_unit_must(u, "route add 10.7.0.0/16 nexthop via 10.0.1.7 weight 2 "
	    "nexthop dev tapc nexthop via 10.0.0.7");
}

START_TEST(next_hops_are_an_array)
{
	struct ctl_unit *u = ctl_unit_new();
	json_t *hops, *want = json_pack("[{s:s,s:s,s:i},{s:s,s:i},"
	    "{s:s,s:s,s:i}]", "via", "10.0.1.7", "dev", "tapa", "weight", 2,
	    "dev", "tapc", "weight", 1, "via", "10.0.0.7", "dev", "tapc",
	    "weight", 1);

	two_ports(u);
	ck_assert_int_eq(ctl_unit_json(u, "route show 10.7.0.0/16"), 0);
	ck_assert_uint_eq(json_array_size(u->data), 1);
	hops = json_object_get(json_array_get(u->data, 0), "nexthop");
	ck_assert(json_equal(hops, want));
	json_decref(want);
	ctl_unit_free(u);
}
END_TEST

/* ---- no memory ---- */

static uint64_t left;		/* allocations until one fails; 0: none does */
static bool for_good;		/* that one, and all behind it */
static bool failed;

static void *
scarce(size_t size)
{
	if (left != 0 && --left == 0) {
		failed = true;
		left = for_good;
		return NULL;
	}
	return malloc(size);
}

struct heard {
	unsigned rows, replies;
	int status;		/* -1: none came */
	char line[512];		/* with the status */
};

/* Every line is JSON, and nothing comes behind the status. */
static void
hear(void *arg, const char *line, size_t len)
{
	struct heard *h = arg;
	uint64_t was = left;
	json_t *reply, *status, *id;

	left = 0;
	reply = json_loadb(line, len, 0, NULL);
	ck_assert_msg(reply != NULL, "%.*s", (int)len, line);
	ck_assert_int_eq(h->status, -1);
	h->replies++;
	h->rows += json_object_get(reply, "data") != NULL ||
	    json_object_get(reply, "text") != NULL;
	status = json_object_get(reply, "status");
	if (status != NULL) {
		h->status = (int)json_integer_value(status);
		snprintf(h->line, sizeof(h->line), "%.*s", (int)len, line);
		/* Whose request it was is said, if that was understood. */
		id = json_object_get(reply, "id");
		if (h->status != 2)
			ck_assert_int_eq(json_integer_value(id), 12345);
	}
	json_decref(reply);
	left = was;
}

/* Asks with the n-th allocation failing; false: it needs fewer. */
static bool
ask(struct ctl_unit *u, const char *line, uint64_t n, struct heard *h)
{
	struct ctl_session *s = ctl_open(u->ctl, hear, h);

	*h = (struct heard){ .status = -1 };
	failed = false;
	left = n;
	ck_assert_uint_eq(ctl_input(s, line, strlen(line)), 0);
	left = 0;
	ctl_close(s);
	ck_assert_int_ge(h->status, 0);
	return failed;
}

#define ASK(words, text) "{\"id\":12345,\"command\":[" words \
	"],\"text\":" text "}"

static const char *const questions[] = {
	ASK("\"route\",\"show\"", "false"),
	ASK("\"route\",\"show\"", "true"),
	ASK("\"route\",\"get\",\"10.7.0.1\"", "false"),
	ASK("\"service\",\"show\"", "false"),
	ASK("\"port\",\"show\"", "false"),
	ASK("\"config\",\"show\"", "true"),
	ASK("\"config\",\"show\"", "false"),
	ASK("\"summary\"", "false"),
	ASK("\"addr\",\"show\",\"nope\"", "false"),
};

/* A status comes in any case, and "done" only where nothing was left out.  Bit
 * 0: memory stays scarce. */
START_TEST(answers_without_memory)
{
	const char *line = questions[_i / 2];
	struct ctl_unit *u = ctl_unit_new();
	struct heard all, h;

	two_ports(u);
	ctl_unit_must(u, "service add tcp 10.0.0.100:80 sched sh flags port");
	ctl_unit_must(u, "server add tcp 10.0.0.100:80 10.0.1.11:8080");
	json_set_alloc_funcs(scarce, free);
	for_good = (_i & 1) != 0;
	ck_assert(!ask(u, line, 0, &all));
	for (uint64_t n = 1; ask(u, line, n, &h); n++) {
		if (h.status == 0)
			ck_assert_uint_eq(h.rows, all.rows);
		ck_assert_uint_le(h.rows, all.rows);
	}
	ck_assert_str_eq(h.line, all.line);
	ck_assert_uint_eq(h.replies, all.replies);
	json_set_alloc_funcs(malloc, free);
	ctl_unit_free(u);
}
END_TEST

/* The last reply is made of nothing, and says so. */
START_TEST(a_status_needs_no_memory)
{
	struct ctl_unit *u = ctl_unit_new();
	struct heard h;
	uint64_t n = 0, last;

	json_set_alloc_funcs(scarce, free);
	while (ask(u, questions[7], ++n, &h))
		continue;
	last = n - 1;
	ck_assert(ask(u, questions[7], last, &h));
	ck_assert_int_eq(h.rows, 1);
	ck_assert_str_eq(h.line, "{\"status\":0,\"id\":12345}");
	for_good = true;
	n = 1;
	while (ask(u, questions[7], n, &h) && h.status == 2)
		n++;		/* the question was not even read */
	ck_assert_str_eq(h.line, "{\"status\":1,\"error\":\"no memory\","
	    "\"code\":\"ENOMEM\",\"id\":12345}");
	json_set_alloc_funcs(malloc, free);
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_reply");
	TCase *t = tcase_create("ctl_reply");

	tcase_add_test(t, next_hops_are_an_array);
	tcase_add_loop_test(t, answers_without_memory, 0,
	    2 * (int)(sizeof(questions) / sizeof(questions[0])));
	tcase_add_test(t, a_status_needs_no_memory);
	suite_add_tcase(s, t);
	return unit_main(s);
}
