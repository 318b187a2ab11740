/*
 * test_ipvsadm.c - hop-ipvsadm's listings, byte for byte against what ipvsadm
 * 1.31 prints for the same table; and sessions of commands with their output,
 * messages and exit statuses.
 */
#include "unit/ctl_unit.h"

#include <stdlib.h>
#include <string.h>

#include "hopctl/ipvsadm.h"
#include "lb/sched.h"

#define ADDR(a, b, c, d) ((struct ip4){ (uint32_t)(a) << 24 | (b) << 16 | \
	(c) << 8 | (d) })
#define MANY UINT32_MAX

/* ---- a table of every feature ------------------------------------------- */

static struct ipvs_server s1[] = {
	{ ADDR(192, 168, 100, 200), 65535, IPVS_ROUTE, 100, 1000, 750, MANY,
	    123456789, 17, { 4000000000, 99999999, 100000000, 999999999,
	    1000000000 }, { 1, 123456789, 3, 99999999, 100000000 } },
};

#define S2_STATS { 4, 113, 113, 13333, 1666666 }, { 0, 1, 1, 100, 2000 }

static struct ipvs_server s2[] = {
	{ ADDR(10, 1, 0, 3), 80, IPVS_TUNNEL, 0, 0, 0, 0, 0, 0, S2_STATS },
	{ ADDR(10, 1, 0, 1), 8080, IPVS_MASQ, 1, 0, 0, 2, 7, 0, S2_STATS },
	{ ADDR(10, 1, 0, 2), 80, IPVS_ROUTE, 65535, 10, 5, 1, 3, 0, S2_STATS },
};

static struct ipvs_server s3[] = {
	{ ADDR(10, 1, 0, 9), 53, IPVS_MASQ, 1, 0, 0, 0, 0, 0, { 0 }, { 0 } },
};

static struct ipvs_server s4[] = {
	{ ADDR(127, 0, 0, 1), 0, IPVS_LOCAL, 1, 0, 0, 0, 0, 0, { 0 }, { 0 } },
};

static const struct ipvs_service golden[] = {
	{ 6, 65535, ADDR(203, 0, 113, 200), 0, "wlc", 0, false, 300,
	    { 0xffffff00 }, { 4000000000, 99999999, 100000000, 123456789012,
	    123456789012345 }, { 1, 2, 3, 4000000000, 5 }, s1, 1, NULL, 0 },
	{ 6, 80, ADDR(10, 0, 0, 1), 0, "rr", 0, false, 0, { MANY },
	    { 12, 340, 339, 40000, 5000000 }, { 1, 2, 3, 4, 5 }, s2, 3,
	    NULL, 0 },
	{ 17, 53, ADDR(10, 0, 0, 1), 0, "sh", IPVS_FLAG_1 | IPVS_FLAG_2, true,
	    0, { MANY }, { 0 }, { 0 }, s3, 1, NULL, 0 },
	{ 0, 0, { 0 }, 42, "mh", IPVS_FLAG_2, false, 60, { MANY }, { 0 },
	    { 0 }, s4, 1, NULL, 0 },
	{ 132, 9899, ADDR(10, 0, 0, 1), 0, "wrr", IPVS_FLAG_1 | IPVS_FLAG_3,
	    false, 0, { MANY }, { 0 }, { 0 }, NULL, 0, NULL, 0 },
	{ 6, 0, ADDR(10, 0, 0, 2), 0, "wlc", 0, false, 360, { MANY }, { 0 },
	    { 0 }, NULL, 0, NULL, 0 },
	{ 6, 443, ADDR(10, 0, 0, 1), 0, "lblcr", 0, false, 0, { MANY }, { 0 },
	    { 0 }, NULL, 0, NULL, 0 },
};

#define CLIENT ADDR(192, 168, 1, 100)

static const struct ipvs_conn conns[] = {
	{ 6, "ESTABLISHED", 14 * 60 + 59, CLIENT, ADDR(10, 0, 0, 1),
	    ADDR(10, 1, 0, 1), 54321, 80, 8080 },
	{ 6, "SYN_RECV", 59, ADDR(203, 0, 113, 200), ADDR(203, 0, 113, 200),
	    ADDR(192, 168, 100, 200), 65535, 65535, 65535 },
	{ 17, "UDP", 4 * 60 + 59, CLIENT, ADDR(10, 0, 0, 1),
	    ADDR(10, 1, 0, 9), 53, 53, 53 },
	{ 6, "NONE", 119 * 60 + 59, ADDR(192, 168, 1, 0), ADDR(10, 0, 0, 1),
	    ADDR(10, 1, 0, 1), 0, 443, 443 },
	{ 0, "NONE", 45, ADDR(192, 168, 1, 0), ADDR(0, 0, 0, 42),
	    ADDR(127, 0, 0, 1), 0, 0, 0 },
	{ 6, "CLOSE_WAIT", 5, { MANY }, { MANY }, { MANY }, 54321, 80, 8080 },
};

static char *
golden_text(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[512], *text = calloc(1, 65536);
	FILE *in;

	snprintf(path, sizeof(path), "%s/tests/golden/ipvsadm/%s",
	    top != NULL ? top : ".", name);
	in = fopen(path, "r");
	ck_assert_msg(in != NULL, "%s", path);
	ck_assert_uint_lt(fread(text, 1, 65536, in), 65536);
	fclose(in);
	return text;
}

static const struct {
	const char *file;
	struct ipvs_format format;
} listings[] = {
	{ "Ln.txt", { .heading = true } },
	{ "Ln-nosort.txt", { .heading = true, .nosort = true } },
	{ "Ln-stats.txt", { .heading = true, .view = IPVS_STATS } },
	{ "Ln-stats-exact.txt", { .heading = true, .view = IPVS_STATS,
	    .exact = true } },
	{ "Ln-rate.txt", { .heading = true, .view = IPVS_RATE } },
	{ "Ln-thresholds.txt", { .heading = true, .view = IPVS_THRESHOLDS } },
	{ "Ln-persistent-conn.txt", { .heading = true,
	    .view = IPVS_PERSIST } },
	{ "Ln-tun-info.txt", { .heading = true, .view = IPVS_TUN } },
	{ "Ln-t-10.0.0.1-80.txt", { .heading = false } },
	{ "Sn.txt", { .heading = false } },
	{ "Lnc.txt", { .heading = true } },
	{ "Lnc-persistent-conn.txt", { .pe = true } },
	{ "v.txt", { .heading = true } },
};

static void
print(FILE *out, const char *file, struct ipvs_format f)
{
	struct ipvs_service copy[sizeof(golden) / sizeof(golden[0])];
	struct ipvs_table t = { copy, sizeof(golden) / sizeof(golden[0]),
	    4096 };
	struct ipvs_server servers[3];

	/* Sorting must not touch the original's order. */
	memcpy(copy, golden, sizeof(golden));
	memcpy(servers, s2, sizeof(s2));
	copy[1].server = servers;
	f.numeric = true;
	if (strcmp(file, "v.txt") == 0) {
		ipvs_print_version(out);
	} else if (strncmp(file, "Lnc", 3) == 0) {
		ipvs_print_conns(out, conns, sizeof(conns) / sizeof(conns[0]),
		    &f);
	} else if (strcmp(file, "Sn.txt") == 0) {
		ipvs_print_save(out, &t, true);
	} else {
		if (!f.heading) {
			t.service = &copy[1];
			t.services = 1;
		}
		ipvs_print_table(out, &t, &f);
	}
}

START_TEST(listing_byte_for_byte)
{
	char *want = golden_text(listings[_i].file), *got;
	size_t size;
	FILE *out = open_memstream(&got, &size);

	print(out, listings[_i].file, listings[_i].format);
	fclose(out);
	ck_assert_str_eq(got, want);
	free(got);
	free(want);
}
END_TEST

/* ---- sessions ----------------------------------------------------------- */

static int
ask(void *arg, json_t *request, json_t *rows, char code[16], struct err *err)
{
	struct ctl_unit *u = arg;
	char *line = json_dumps(request, JSON_COMPACT);
	const char *s;
	int status = ctl_unit_raw(u, line);

	(void)err;
	free(line);
	json_decref(request);
	json_array_extend(rows, u->data);
	s = json_string_value(json_object_get(u->last, "code"));
	if (s != NULL)
		snprintf(code, 16, "%s", s);
	return status;
}

/* Runs the words of a line; printf '%s\n' ... | ipvsadm gives the input.
 * Text goes to out with "1|" and "2|" before each line. */
struct session {
	struct ctl_unit *u;
	char words[2048], input[2048];
	char *argv[64];
	int argc;
};

/* Words as a shell would have them, quotes without anything special. */
static char *
next_word(char **at)
{
	char *s = *at + strspn(*at, " "), *start = s;
	char quote = *s == '\'' || *s == '"' ? *s : '\0';

	if (*s == '\0')
		return NULL;
	if (quote != '\0') {
		start = ++s;
		s += strcspn(s, quote == '"' ? "\"" : "'");
	} else {
		s += strcspn(s, " ");
	}
	if (*s != '\0')
		*s++ = '\0';
	*at = s;
	return start;
}

static void
split(struct session *s, const char *line)
{
	char *at = s->words, *w;
	bool piped = strncmp(line, "printf ", 7) == 0;
	bool newline = true;
	int skip = 0;

	snprintf(s->words, sizeof(s->words), "%s", line);
	s->input[0] = '\0';
	s->argc = 0;
	while ((w = next_word(&at)) != NULL) {
		if (piped && skip++ < 2) {
			if (skip == 2)
				newline = strchr(w, 'n') != NULL;
			continue;
		}
		if (piped && strcmp(w, "|") == 0) {
			piped = false;
			continue;
		}
		if (piped) {
			strcat(s->input, w);
			strcat(s->input, newline ? "\n" : "");
			continue;
		}
		s->argv[s->argc++] = w;
	}
	s->argv[s->argc] = NULL;
}

static void
append_lines(char *to, const char *text, const char *mark)
{
	while (*text != '\0') {
		size_t len = strcspn(text, "\n");

		sprintf(to + strlen(to), "%s%.*s\n", mark, (int)len, text);
		text += len + (text[len] == '\n');
	}
}

/* The kernel's table has 4096 buckets, the fixture's another size. */
static void
one_size(char *text)
{
	char *at = strstr(text, "(size="), *end;

	if (at == NULL)
		return;
	end = strchr(at, ')');
	ck_assert_ptr_nonnull(end);
	memmove(at + strlen("(size=4096"), end, strlen(end) + 1);
	memcpy(at, "(size=4096", strlen("(size=4096"));
}

/* Runs s->argv with s->input: what it prints, and "= STATUS". */
static void
run_words(struct session *s, char *to)
{
	char *out, *err;
	size_t out_size, err_size;
	struct ipvsadm ia = { .name = "ipvsadm", .ask = ask, .arg = s->u };
	int status;

	ia.in = s->input[0] != '\0' ? fmemopen(s->input, strlen(s->input),
	    "r") : fopen("/dev/null", "r");
	ia.out = open_memstream(&out, &out_size);
	ia.err = open_memstream(&err, &err_size);
	status = ipvsadm_run(&ia, s->argc, s->argv);
	fclose(ia.in);
	fclose(ia.out);
	fclose(ia.err);
	to[0] = '\0';
	append_lines(to, out, "1|");
	append_lines(to, err, "2|");
	sprintf(to + strlen(to), "= %d\n", status);
	one_size(to);
	free(out);
	free(err);
}

static void
run_line(struct session *s, const char *line, char *to)
{
	split(s, line);
	run_words(s, to + sprintf(to, "$ %s\n", line));
}

static const char *const sessions[] = {
	"session-commands.txt", "session-options.txt", "session-values.txt",
	"session-ipv6.txt",
};

/* Every command of a session gives what ipvsadm gave. */
START_TEST(session_as_ipvsadm)
{
	char *text = golden_text(sessions[_i]), *at = text;
	struct session *s = calloc(1, sizeof(*s));
	char *got = malloc(65536);

	s->u = ctl_unit_new();
	while (*at != '\0') {
		char *end = strstr(at, "\n$ "), line[2048];

		if (*at != '$') {	/* a comment before the first */
			at += strcspn(at, "\n") + 1;
			continue;
		}
		if (end != NULL)
			*++end = '\0';
		snprintf(line, sizeof(line), "%.*s",
		    (int)strcspn(at + 2, "\n"), at + 2);
		run_line(s, line, got);
		ck_assert_str_eq(got, at);
		if (end == NULL)
			break;
		*end = '$';
		at = end;
	}
	ctl_unit_free(s->u);
	free(got);
	free(s);
	free(text);
}
END_TEST

/* What is saved is restored: the same again. */
START_TEST(save_and_restore)
{
	static const char *const lines[] = {
		"ipvsadm -A -t 10.0.0.1:80 -s wrr -p 300 -M 255.255.255.0",
		"ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.1:8080 -m -w 3",
		"ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.2:80 -g -w 2",
		("ipvsadm --add-local-address -t 10.0.0.1:80 "
		    "--local-address 10.1.0.250"),
		"ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.3:8080 --fullnat",
		"ipvsadm -A -f 42 -s rr",
		"ipvsadm -a -f 42 -r 10.1.0.9 -i",
	};
	struct session *s = calloc(1, sizeof(*s));
	char *first = malloc(65536), *again = malloc(65536), *at;
	char *command = malloc(65536);

	s->u = ctl_unit_new();
	ctl_unit_must(s->u, "addr add 10.1.0.250/32 dev lo");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run_line(s, lines[i], first);
		ck_assert_ptr_nonnull(strstr(first, "= 0\n"));
	}
	run_line(s, "ipvsadm -Sn", first);
	run_line(s, "ipvsadm -C", again);
	strcpy(command, "printf '%s\\n'");
	for (at = first; (at = strstr(at, "\n1|")) != NULL; at += 3)
		sprintf(command + strlen(command), " '%.*s'",
		    (int)strcspn(at + 3, "\n"), at + 3);
	strcat(command, " | ipvsadm -R");
	run_line(s, command, again);
	ck_assert_ptr_nonnull(strstr(again, "\n= 0\n"));
	run_line(s, "ipvsadm -Sn", again);
	ck_assert_str_eq(again, first);
	ck_assert_ptr_nonnull(strstr(first, "1|-a -t 10.0.0.1:80 -r "
	    "10.1.0.3:8080 --fullnat -w 1\n"));
	ck_assert_ptr_nonnull(strstr(first, "1|--add-local-address -t "
	    "10.0.0.1:80 --local-address 10.1.0.250\n"));
	ctl_unit_free(s->u);
	free(s);
	free(first);
	free(again);
	free(command);
}
END_TEST

/* ---- without a record ---------------------------------------------------- */

/* A server at an address of ours is local. */
START_TEST(own_address_is_local)
{
	struct session *s = calloc(1, sizeof(*s));
	char *got = malloc(65536);

	s->u = ctl_unit_new();
	ctl_unit_must(s->u, "addr add 10.1.0.250/32 dev lo");
	run_line(s, "ipvsadm -A -t 10.0.0.1:80 -s rr", got);
	run_line(s, "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.250:8080 -m", got);
	ck_assert_ptr_nonnull(strstr(got,
	    "\n2|Destination is local: its port cannot be mapped\n= 255\n"));
	run_line(s, "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.250 -m -w 3", got);
	ck_assert_ptr_nonnull(strstr(got, "= 0\n"));
	run_line(s, "ipvsadm -a -t 10.0.0.1:80 -r 10.1.0.250 -g", got);
	ck_assert_ptr_nonnull(strstr(got, "\n2|Destination already exists\n"));
	run_line(s, "ipvsadm -e -t 10.0.0.1:80 -r 10.1.0.250 -i -w 2", got);
	ck_assert_ptr_nonnull(strstr(got, "= 0\n"));
	run_line(s, "ipvsadm -Ln", got);
	ck_assert_ptr_nonnull(strstr(got,
	    "  -> 10.1.0.250:80                Local   2      0          0"));
	ctl_unit_free(s->u);
	free(got);
	free(s);
}
END_TEST

/* A file of rules: what is wrong in itself ends it, a line with an option that
 * is none or that hopd refuses does not; and the last line need not end. */
static const struct {
	const char *file, *said, *rules;
} files[] = {
	{ "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0.2:80 -s rr", "= 0\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n1|-A -t 10.0.0.2:80 -s rr\n" },
	{ "\n \t\nipvsadm -A -t 10.0.0.1:80 -s rr\r\nipvsadm\n", "= 0\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n" },
	{ "hop-ipvsadm -A -t 10.0.0.1:80 -s rr\nhop-ipvsadm\n", "= 0\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n" },
	/* The last line is cut: before a value, in one, before an option. */
	{ "-A -t 10.0.0.1:80 -s rr\n-A -t", "2|-t: missing argument\n= 0\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n" },
	{ "-A -t 10.0.0.1:80 -s rr\n-A -t 10.0.0",
	    "2|Zero port specified for non-persistent service\n= 2\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n" },
	{ "-A -t 10.0.0.1:80 -s rr\n-A", "2|You need to supply the "
	    "'service-address' option for the 'add-service' command\n= 2\n",
	    "1|-A -t 10.0.0.1:80 -s rr\n" },
	/* Elsewhere: these two lines stop what comes behind, or do not. */
	{ "-A -s rr\n-A -t 10.0.0.1:80\n", "2|You need to supply the "
	    "'service-address' option for the 'add-service' command\n= 2\n",
	    "" },
	{ "-D -t 10.0.0.1:80\n-A -Y\n-A -t 10.0.0.2:80 -s rr\n",
	    "2|No such service\n2|-Y: unknown option\n= 0\n",
	    "1|-A -t 10.0.0.2:80 -s rr\n" },
	{ "-A -t 10.0.0.2:80 -s rr\n-D -t 10.0.0.1:80",
	    "2|No such service\n= 255\n", "1|-A -t 10.0.0.2:80 -s rr\n" },
	/* No file in a file. */
	{ "-R\n-A -t 10.0.0.2:80 -s rr\n", "2|Try `ipvsadm -h' or "
	    "'ipvsadm --help' for more information.\n= 255\n", "" },
};

START_TEST(rules_from_a_file)
{
	struct session *s = calloc(1, sizeof(*s));
	char *got = malloc(65536), want[512];

	s->u = ctl_unit_new();
	split(s, "ipvsadm -R");
	snprintf(s->input, sizeof(s->input), "%s", files[_i].file);
	run_words(s, got);
	ck_assert_str_eq(got, files[_i].said);
	split(s, "ipvsadm -Sn");
	run_words(s, got);
	snprintf(want, sizeof(want), "%s= 0\n", files[_i].rules);
	ck_assert_str_eq(got, want);
	ctl_unit_free(s->u);
	free(got);
	free(s);
}
END_TEST

/* Every option in a line of the help is one. */
static unsigned
try_options(struct session *s, const char *line)
{
	static const char letters[] = "-abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char command[64], got[8192];
	unsigned n = 0;

	while ((line = strstr(line, " -")) != NULL) {
		size_t len = strspn(++line, letters);

		snprintf(command, sizeof(command), "ipvsadm -L %.*s", (int)len,
		    line);
		run_line(s, command, got);
		ck_assert_msg(strstr(got, "unknown option") == NULL, "%s",
		    got);
		n++;
	}
	return n;
}

START_TEST(help_says_what_is_there)
{
	struct session *s = calloc(1, sizeof(*s));
	char *got = malloc(65536), *version = golden_text("v.txt"), *line;
	char *text = malloc(65536), *rest;
	unsigned options = 0;

	s->u = ctl_unit_new();
	split(s, "ipvsadm --help");
	run_words(s, got);
	ck_assert_ptr_nonnull(strstr(got, "\n= 0\n"));
	ck_assert_ptr_null(strstr(got, "2|"));
	ck_assert_int_eq(strncmp(got + 2, version, strlen(version)), 0);
	ck_assert_ptr_nonnull(strstr(got, "\n1|Usage: ipvsadm COMMAND "));
	for (unsigned i = 0; lb_sched_at(i) != NULL; i++)
		ck_assert_ptr_nonnull(strstr(got, lb_sched_at(i)->name));
	strcpy(text, got);
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		options += try_options(s, line);
	ck_assert_uint_gt(options, 60);
	/* With a letter the same. */
	split(s, "ipvsadm -h");
	run_words(s, text);
	ck_assert_str_eq(text, got);
	ctl_unit_free(s->u);
	free(version);
	free(text);
	free(got);
	free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ipvsadm");
	TCase *t = tcase_create("ipvsadm");

	tcase_add_loop_test(t, listing_byte_for_byte, 0,
	    (int)(sizeof(listings) / sizeof(listings[0])));
	tcase_add_loop_test(t, session_as_ipvsadm, 0,
	    (int)(sizeof(sessions) / sizeof(sessions[0])));
	tcase_add_test(t, save_and_restore);
	tcase_add_test(t, own_address_is_local);
	tcase_add_loop_test(t, rules_from_a_file, 0,
	    (int)(sizeof(files) / sizeof(files[0])));
	tcase_add_test(t, help_says_what_is_there);
	suite_add_tcase(s, t);
	return unit_main(s);
}
