/*
 * test_grammar.c - the command language: parser, canonical text, near misses,
 * help, completion; and the table itself.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "ctl/parse.h"

/* Parses a line; what it says stays until the next call. */
struct parsed {
	char line[2048];
	const char *word[CTL_WORDS_MAX];
	struct command cmd;
	int count, bad;
	struct err err;
};

static int
parse(struct parsed *p, const char *line, unsigned flags)
{
	snprintf(p->line, sizeof(p->line), "%s", line);
	p->count = line_split(p->line, p->word, CTL_WORDS_MAX);
	ck_assert_int_ge(p->count, 0);
	p->bad = -1;
	p->err.text[0] = '\0';
	return command_parse(&p->cmd, p->count, p->word, flags, &p->bad,
	    &p->err);
}

/* What is typed, and its canonical form (NULL: the same). */
static const struct {
	const char *in, *out;
} good[] = {
	{ "port add tapc type tap netns client mtu 1500", NULL },
	{ "port add tapc", "port add tapc type tap mtu 1500" },
	{ "port add t mtu 9000 mac 02:00:00:00:00:01 type tap",
	    "port add t type tap mac 02:00:00:00:00:01 mtu 9000" },
	{ "port add t type tun rp_filter 1 forwarding 0 proxy_arp on",
	    "port add t type tun mtu 1500 rp_filter 1 proxy_arp on "
	    "forwarding off" },
	{ "port set t arp_ignore 2 mtu 1400",
	    "port set t mtu 1400 arp_ignore 2" },
	{ "addr add 10.0.0.1/24 dev tapc", NULL },
	{ "addr add 10.0.0.1 dev lo scope host",
	    "addr add 10.0.0.1/32 dev lo scope host" },
	{ "route add default via 10.0.0.254", NULL },
	{ "route add 0.0.0.0/0 via 10.0.0.254 metric 0",
	    "route add default via 10.0.0.254" },
	{ "route add blackhole 10.9.0.0/16 metric 7", NULL },
	{ "route add 10.2.0.0/16 src 10.0.0.1 metric 5 dev a via 10.0.0.2",
	    "route add 10.2.0.0/16 via 10.0.0.2 dev a metric 5 "
	    "src 10.0.0.1" },
	{ "route add 10.2.0.0/16 nexthop via 10.0.0.2 weight 3 nexthop dev b",
	    "route add 10.2.0.0/16 nexthop via 10.0.0.2 weight 3 "
	    "nexthop dev b weight 1" },
	{ "route show all", NULL },
	{ "route show 10.0.0.0/8 dev x", NULL },
	{ "neigh add 10.0.0.9 mac 02:00:00:00:00:09 dev tapc", NULL },
	{ "rarp add 02:00:00:00:00:09 ip 10.0.0.9", NULL },
	{ "service add tcp 10.0.0.100:80 sched rr", NULL },
	{ "service add tcp 10.0.0.100:80",
	    "service add tcp 10.0.0.100:80 sched wlc" },
	{ "service add fwmark 7 persistent 5m netmask 24",
	    "service add fwmark 7 sched wlc persistent 300 "
	    "netmask 255.255.255.0" },
	{ "service add udp 10.0.0.1:53 sched sh flags port,fallback ops on",
	    "service add udp 10.0.0.1:53 sched sh flags fallback,port "
	    "ops on" },
	{ "server add tcp 10.0.0.100:80 10.0.1.11:8080",
	    "server add tcp 10.0.0.100:80 10.0.1.11:8080 mode nat weight 1" },
	{ "server add fwmark 7 10.0.1.11:0 mode dr weight 0 upper 10", NULL },
	{ "conn show service tcp 10.0.0.100:80 state ESTABLISHED", NULL },
	{ "drops", "drops show" },
	{ "service show tcp 10.0.0.100:80", NULL },
	{ "service", "service show" },
};

START_TEST(canonical_text)
{
	static struct parsed p;
	char text[COMMAND_TEXT_MAX];
	const char *want = good[_i].out != NULL ? good[_i].out : good[_i].in;

	ck_assert_msg(parse(&p, good[_i].in, 0) == 0, "%s: %s", good[_i].in,
	    p.err.text);
	command_format(&p.cmd, FORMAT_LINE, text, sizeof(text));
	ck_assert_str_eq(text, want);
	/* Canonical is a fixed point. */
	ck_assert_int_eq(parse(&p, want, 0), 0);
	command_format(&p.cmd, FORMAT_LINE, text, sizeof(text));
	ck_assert_str_eq(text, want);
}
END_TEST

/* A wrong line, the index of the offending word, and the message. */
static const struct {
	const char *line;
	int word;
	const char *text;
} bad[] = {
	{ "", 0, "expected a command" },
	{ "prt add x", 0,
	    "\"prt\": expected an object: see \"help\"; did you mean "
	    "\"port\"?" },
	{ "port ad x", 1,
	    "\"ad\": expected add, set, del, show; did you mean \"add\"?" },
	{ "lb set conn_reuse 9", 3, "\"9\": expected a number from 0 to 3 (1: "
	    "a SYN on a closed connection is scheduled anew; 3: after a FIN, "
	    "too, where replies are not seen)" },
	{ "port add", 2, "after \"add\" something is missing: expected "
	    "NAME" },
	{ "port add a/b", 2, "\"a/b\": expected a name of 1 to 15 letters, "
	    "digits, \"_\", \".\" or \"-\"" },
	{ "port add abcdefghijklmnop", 2, NULL },
	{ "port add ..", 2, NULL },
	{ "port add x type tab", 4,
	    "\"tab\": expected tap or tun; did you mean \"tap\"?" },
	{ "port add x mtu 67", 4, "\"67\": expected a number from 68 to 65535 "
	    "(largest IP packet, of the device, too)" },
	{ "port add x mtu 1500x", 4, NULL },
	{ "port add x mtu", 4,
	    "after \"mtu\" something is missing: expected N" },
	{ "port add x mac 02:00:00:00:00", 4,
	    "\"02:00:00:00:00\": expected a MAC such as "
	    "02:00:00:00:00:01" },
	{ "port add x mtu 1500 mtu 1500", 5, "\"mtu\": given twice" },
	{ "port set x forwarding yes", 4, "\"yes\": expected on or off" },
	{ "addr add 10.0.0.256/24 dev x", 2,
	    "\"10.0.0.256/24\": expected ADDR/LEN, such as 10.0.0.1/24" },
	{ "addr add 2001:db8::1/64 dev p", 2,
	    "\"2001:db8::1/64\": expected ADDR/LEN, such as 10.0.0.1/24; there "
	    "is no IPv6" },
	{ "service add tcp [1:2:3:4:5:6:7:8]:80", 3,
	    "\"[1:2:3:4:5:6:7:8]:80\": "
	    "expected ADDR:PORT, such as 10.0.0.1:80; there is no IPv6" },
	{ "addr add 02:00:00:00:00:01 dev p", 2,
	    "\"02:00:00:00:00:01\": expected ADDR/LEN, such as 10.0.0.1/24" },
	{ "addr add 10.0.0.1/33 dev x", 2, NULL },
	{ "addr add 10.0.0.1/24", 3,
	    "after \"10.0.0.1/24\" something is missing: expected dev "
	    "IFACE" },
	{ "addr add 10.0.0.1/24 dve x", 3, "\"dve\": expected dev, scope; "
	    "did you mean \"dev\"?" },
	{ "route add 10.0.0.1/24 via 1.2.3.4", 2,
	    "\"10.0.0.1/24\": expected \"default\" or ADDR/LEN without host "
	    "bits" },
	{ "route add blackhol 10.0.0.0/8", 2, NULL },
	{ "route add default via 1.2.3", 4,
	    "\"1.2.3\": expected an IPv4 address" },
	{ "route add default nexthop weight 2", 6, NULL },
	{ "route add default nexthop via 1.1.1.1 weight 0", 7,
	    "\"0\": expected a weight from 1 to 256" },
	{ "route add default metric -1", 4, NULL },
	{ "service add tpc 10.0.0.1:80", 2, "\"tpc\": expected tcp, udp, sctp "
	    "or fwmark; did you mean \"tcp\"?" },
	{ "service add tcp 10.0.0.1", 3,
	    "\"10.0.0.1\": expected ADDR:PORT, such as 10.0.0.1:80" },
	{ "service add tcp", 3, "after \"tcp\" something is missing: expected "
	    "ADDR:PORT" },
	{ "service add fwmark 0", 3,
	    "\"0\": expected a mark from 1 to 4294967295" },
	{ "service add tcp 1.1.1.1:80 sched rrr", 5, NULL },
	{ "service add tcp 1.1.1.1:80 flags fallback,foo", 5, NULL },
	{ "service add tcp 1.1.1.1:80 persistent 5d", 5,
	    "\"5d\": expected a time such as 30, 30s, 5m or 2h" },
	{ "service add tcp 1.1.1.1:80 netmask 255.0.256.0", 5, NULL },
	{ "server add tcp 1.1.1.1:80 2.2.2.2:80 mode masq", 6, NULL },
	{ "server add tcp 1.1.1.1:80", 4, NULL },
	{ "drops zero x", 2, "\"x\": expected nothing more" },
	/* No short words in files. */
	{ "po add x", 0, NULL },
	{ "port add x ty tap", 3, NULL },
};

START_TEST(error_quotes_the_word)
{
	static struct parsed p;

	ck_assert_int_eq(parse(&p, bad[_i].line, 0), -EINVAL);
	ck_assert_msg(p.bad == bad[_i].word, "%s: word %d: %s", bad[_i].line,
	    p.bad, p.err.text);
	if (bad[_i].text != NULL)
		ck_assert_str_eq(p.err.text, bad[_i].text);
	ck_assert(p.err.text[0] != '\0');
	if (p.bad < p.count) {
		char quoted[64];

		snprintf(quoted, sizeof(quoted), "\"%s\"", p.word[p.bad]);
		ck_assert_ptr_nonnull(strstr(p.err.text, quoted));
	}
}
END_TEST

START_TEST(unique_prefixes_when_typing)
{
	static struct parsed p;
	char text[COMMAND_TEXT_MAX];

	ck_assert_int_eq(parse(&p, "ro a bl 10.0.0.0/8 met 3", PARSE_ABBREV),
	    0);
	command_format(&p.cmd, FORMAT_LINE, text, sizeof(text));
	ck_assert_str_eq(text, "route add blackhole 10.0.0.0/8 metric 3");
	ck_assert_int_eq(parse(&p, "serv a t 1.1.1.1:80", PARSE_ABBREV),
	    -EINVAL);
	ck_assert_str_eq(p.err.text, "\"serv\": could be service or server");
	ck_assert_int_eq(parse(&p, "a s", PARSE_ABBREV), 0);
	ck_assert_int_eq(p.cmd.row->object, OBJ_ADDR);
	ck_assert_int_eq(p.cmd.row->verb, VERB_SHOW);
	/* Whole words win over longer ones that start with them. */
	ck_assert_int_eq(parse(&p, "service add tcp 1.1.1.1:80 sched sh",
	    PARSE_ABBREV), 0);
	/* Nobody falls upon a hidden object by its prefix. */
	ck_assert_int_eq(parse(&p, "compl", PARSE_ABBREV), -EINVAL);
	ck_assert_int_eq(parse(&p, "complete x", PARSE_ABBREV), 0);
}
END_TEST

START_TEST(given_words_only)
{
	static struct parsed p;
	char text[COMMAND_TEXT_MAX];

	ck_assert_int_eq(parse(&p, "server set tcp 1.1.1.1:80 2.2.2.2:80 "
	    "upper 0", 0), 0);
	command_format(&p.cmd, FORMAT_GIVEN, text, sizeof(text));
	ck_assert_str_eq(text, "server set tcp 1.1.1.1:80 2.2.2.2:80 upper 0");
	command_format(&p.cmd, FORMAT_KEY, text, sizeof(text));
	ck_assert_str_eq(text, "tcp 1.1.1.1:80 2.2.2.2:80");
}
END_TEST

START_TEST(key_of_a_route_has_its_metric)
{
	static struct parsed p;
	char text[COMMAND_TEXT_MAX];

	ck_assert_int_eq(parse(&p, "route add default via 1.1.1.1 metric 9",
	    0), 0);
	command_format(&p.cmd, FORMAT_KEY, text, sizeof(text));
	ck_assert_str_eq(text, "default metric 9");
}
END_TEST

START_TEST(format_reports_its_length)
{
	static struct parsed p;
	char text[COMMAND_TEXT_MAX], cut[12];
	size_t n;

	ck_assert_int_eq(parse(&p, "port add tapc netns client", 0), 0);
	n = command_format(&p.cmd, FORMAT_LINE, text, sizeof(text));
	ck_assert_uint_eq(n, strlen(text));
	ck_assert_uint_eq(command_format(&p.cmd, FORMAT_LINE, cut,
	    sizeof(cut)), n);
	ck_assert_str_eq(cut, "port add ta");
}
END_TEST

START_TEST(too_many_hops_or_words)
{
	static struct parsed p;
	char line[2048] = "route add default";

	for (int i = 0; i < HOPS_MAX; i++)
		strcat(line, " nexthop via 1.1.1.1");
	ck_assert_int_eq(parse(&p, line, 0), 0);
	ck_assert_uint_eq(p.cmd.hops, HOPS_MAX);
	strcat(line, " nexthop via 1.1.1.1");
	ck_assert_int_eq(parse(&p, line, 0), -EINVAL);

	line[0] = '\0';
	for (int i = 0; i < CTL_WORDS_MAX + 1; i++)
		strcat(line, "x ");
	ck_assert_int_eq(line_split(line, p.word, CTL_WORDS_MAX), -E2BIG);
}
END_TEST

START_TEST(lines_and_comments)
{
	char line[] = "  port\tadd  x # mtu 1 \r", comment[] = " # port";
	const char *word[8];

	ck_assert_int_eq(line_split(line, word, 8), 3);
	ck_assert_str_eq(word[2], "x");
	ck_assert_int_eq(line_split(comment, word, 8), 0);
}
END_TEST

START_TEST(single_words)
{
	int64_t n;
	struct ip4 mask;

	ck_assert_int_eq(text_number("0", 0, 9, &n), 0);
	ck_assert_int_eq(text_number("10", 0, 9, &n), -EINVAL);
	ck_assert_int_eq(text_number("", 0, 9, &n), -EINVAL);
	ck_assert_int_eq(text_number("99999999999999999999", 0, INT64_MAX,
	    &n), -EINVAL);
	ck_assert_int_eq(text_duration("500ms", &n), 0);
	ck_assert_int_eq(n, 500000);
	ck_assert_int_eq(text_duration("2h", &n), 0);
	ck_assert_int_eq(n, INT64_C(7200000000));
	ck_assert_int_eq(text_duration("9000h", &n), -EINVAL);
	ck_assert_int_eq(text_duration("s", &n), -EINVAL);
	ck_assert_int_eq(text_netmask("0.0.0.0", &mask), 0);
	ck_assert_int_eq(text_netmask("255.255.255.255", &mask), 0);
	ck_assert_uint_eq(mask.v, UINT32_MAX);
	ck_assert_int_eq(text_netmask("255.255.254.0", &mask), 0);
	ck_assert_int_eq(text_netmask("33", &mask), -EINVAL);
}
END_TEST

/* Invariants of the table that every part of hopd relies on. */
START_TEST(table_is_sound)
{
	const struct command_row *row;

	for (unsigned i = 0; (row = grammar_row_at(i)) != NULL; i++) {
		bool keyword = false, optional = false;
		unsigned n = 0;
		char text[1024];

		ck_assert_ptr_eq(grammar_row(row->object, row->verb), row);
		ck_assert_uint_lt(row_synopsis(row, text, sizeof(text)),
		    sizeof(text));
		for (const struct arg *a = row->args; a->kind != ARG_END;
		    a++, n++) {
			ck_assert_ptr_nonnull(a->word);
			ck_assert_ptr_nonnull(a->help);
			/* Positional first, required ones before optional
			 * ones that cannot be told apart. */
			ck_assert(!keyword || (a->flags & ARG_POS) == 0);
			keyword |= (a->flags & ARG_POS) == 0;
			if ((a->flags & ARG_POS) != 0 &&
			    (a->flags & ARG_REQ) == 0 &&
			    a->kind != ARG_CHOICE)
				optional = true;
			ck_assert(!optional || (a->flags & ARG_POS) == 0 ||
			    (a->flags & ARG_REQ) == 0);
			for (const struct arg *b = row->args; b < a; b++) {
				ck_assert_int_ne(b->id, a->id);
				ck_assert_str_ne(b->word, a->word);
			}
		}
		ck_assert_uint_le(n, ARGS_MAX);
	}
}
END_TEST

/* What is made can be taken away by its key, and changed in place unless
 * only its key counts. */
/* What an error may list fits into one: all keywords of a command, or what an
 * argument is for, with its choices. */
START_TEST(errors_hold_every_list)
{
	const size_t rest = 300;	/* the word, and words around it */

	for (int o = 0; o < OBJ_COUNT; o++) {
		unsigned count;
		const struct command_row *rows = grammar_rows((enum object)o,
		    &count);

		for (unsigned i = 0; i < count; i++) {
			const struct arg *a = rows[i].args;
			size_t keywords = 0;

			for (; a->kind != ARG_END; a++) {
				keywords += strlen(a->word) + 2;
				ck_assert_uint_lt(strlen(a->help) +
				    rest + (a->meta == NULL ? 0 :
				    2 * strlen(a->meta)), ERR_TEXT_MAX);
			}
			ck_assert_uint_lt(keywords + rest, ERR_TEXT_MAX);
		}
	}
}
END_TEST

START_TEST(table_has_del_for_add)
{
	const struct command_row *row;

	for (unsigned i = 0; (row = grammar_row_at(i)) != NULL; i++) {
		const struct command_row *del;

		if (row->verb != VERB_ADD)
			continue;
		del = grammar_row(row->object, VERB_DEL);
		ck_assert_ptr_nonnull(del);
		for (const struct arg *a = row->args; a->kind != ARG_END; a++)
			ck_assert_int_eq((a->flags & ARG_KEY) != 0,
			    grammar_arg(del, a->id) != NULL);
	}
}
END_TEST

struct collected {
	char text[65536];
	int lines;
};

static void
collect(void *arg, const char *line)
{
	struct collected *c = arg;

	c->lines++;
	strncat(c->text, line, sizeof(c->text) - strlen(c->text) - 2);
	strcat(c->text, "\n");
}

START_TEST(help_explains_every_command)
{
	const struct command_row *row;
	struct err err;

	for (unsigned i = 0; (row = grammar_row_at(i)) != NULL; i++) {
		struct collected *c = calloc(1, sizeof(*c));
		const char *word[] = { object_name(row->object),
		    verb_name(row->verb) };
		char synopsis[1024];

		if (object_hidden(row->object)) {
			free(c);
			continue;
		}
		ck_assert_int_eq(grammar_help(2, word, collect, c, &err), 0);
		row_synopsis(row, synopsis, sizeof(synopsis));
		ck_assert_ptr_nonnull(strstr(c->text, synopsis));
		ck_assert_ptr_nonnull(strstr(c->text, row->help));
		free(c);
	}
	ck_assert_int_eq(grammar_help(1, (const char *[]){ "nothing" },
	    collect, NULL, &err), -ENOENT);
	ck_assert_str_eq(err.text, "\"nothing\": no such command; \"help\" "
	    "lists them");
}
END_TEST

START_TEST(help_in_full)
{
	static const char neigh[] =
	    "neigh add IP mac MAC dev IFACE\n"
	    "\tadd a permanent neighbour\n"
	    "  IP                 the neighbour\n"
	    "  mac MAC            its address\n"
	    "  dev IFACE          its interface\n";
	struct collected c = { .text = "" };
	struct err err;

	ck_assert_int_eq(grammar_help(2, (const char *[]){ "neigh", "add" },
	    collect, &c, &err), 0);
	ck_assert_str_eq(c.text, neigh);
	/* an object alone: its commands, without their arguments */
	c.text[0] = '\0';
	ck_assert_int_eq(grammar_help(1, (const char *[]){ "mark" }, collect,
	    &c, &err), 0);
	ck_assert_ptr_nonnull(strstr(c.text, "mark add "));
	ck_assert_ptr_nonnull(strstr(c.text, " [port N|N-M]"));
	ck_assert_ptr_nonnull(strstr(c.text, "mark del "));
	ck_assert_ptr_null(strstr(c.text, "firewall mark"));
}
END_TEST

static const struct {
	const char *words;	/* "_" is the empty last word */
	const char *offers;
} completions[] = {
	{ "rou", "route\n" },
	{ "service _", "add\nset\ndel\nshow\nzero\n" },
	{ "route ge", "get\n" },
	{ "port add _", "" },
	{ "port add x ne", "netns\n" },
	{ "port add x type _", "tap\ntun\n" },
	{ "port add x type tap ty", "" },
	{ "service add _", "tcp\nudp\nsctp\nfwmark\n" },
	{ "service add tcp _", "" },
	{ "service add tcp 1.1.1.1:80 sched sw", "swrr\n" },
	{ "server add tcp 1.1.1.1:80 2.2.2.2:80 mode t", "tun\n" },
	{ "port set x forwarding o", "on\noff\n" },
	{ "addr add 10.0.0.1/8 dev x scope g", "global\n" },
	{ "nothing x", "" },
};

START_TEST(completion)
{
	struct collected *c = calloc(1, sizeof(*c));
	char line[256];
	const char *word[32];
	int n;

	snprintf(line, sizeof(line), "%s", completions[_i].words);
	n = line_split(line, word, 32);
	if (strcmp(word[n - 1], "_") == 0)
		word[n - 1] = "";
	grammar_complete(n, word, collect, c);
	ck_assert_str_eq(c->text, completions[_i].offers);
	free(c);
}
END_TEST

/* ---- near misses against the definition ------------------------------- */

/* Levenshtein's distance as it is defined. */
static unsigned
slow_distance(const char *a, const char *b)
{
	unsigned left, up, both;

	if (*a == '\0' || *b == '\0')
		return (unsigned)(strlen(a) + strlen(b));
	if (*a == *b)
		return slow_distance(a + 1, b + 1);
	left = slow_distance(a + 1, b);
	up = slow_distance(a, b + 1);
	both = slow_distance(a + 1, b + 1);
	left = left < up ? left : up;
	return 1 + (left < both ? left : both);
}

static void
random_word(struct rng *rng, char word[8])
{
	uint32_t n = 1 + rng_below(rng, 6);

	for (uint32_t i = 0; i < n; i++)
		word[i] = (char)('a' + rng_below(rng, 3));
	word[n] = '\0';
}

START_TEST(nearest_word)
{
	uint8_t seed[RNG_SEED_LEN] = { 3 };
	struct rng rng;

	rng_init(&rng, seed);
	for (int round = 0; round < 2000; round++) {
		char word[8], other[8], want[8] = "", hint[64], text[64] = "";
		unsigned best = 3;
		struct near n;

		random_word(&rng, word);
		near_start(&n, word);
		for (int i = 0; i < 4; i++) {
			unsigned d;

			random_word(&rng, other);
			near_try(&n, other, strlen(other));
			d = slow_distance(word, other);
			/* the first of the nearest; never all letters */
			if (d < best && d < strlen(word)) {
				best = d;
				strcpy(want, other);
			}
		}
		near_hint(&n, hint, sizeof(hint));
		if (want[0] != '\0')
			snprintf(text, sizeof(text), "; did you mean \"%s\"?",
			    want);
		ck_assert_str_eq(hint, text);
	}
}
END_TEST

/* Too long to be compared, on either side. */
START_TEST(nearest_of_long_words)
{
	static const char long_[] = "abcdefghijklmnopqrstuvwxyz012345";
	char hint[64];
	struct near n;

	ck_assert_uint_eq(strlen(long_), 32);
	for (int i = 0; i < 3; i++) {
		near_start(&n, i == 0 ? long_ : long_ + 1);
		near_try(&n, i == 1 ? long_ : long_ + 1, 31 + (i == 1));
		near_hint(&n, hint, sizeof(hint));
		ck_assert_int_eq(hint[0] != '\0', i == 2);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("grammar");
	TCase *t = tcase_create("grammar");

#define COUNT(a) ((int)(sizeof(a) / sizeof((a)[0])))
	tcase_add_loop_test(t, canonical_text, 0, COUNT(good));
	tcase_add_loop_test(t, error_quotes_the_word, 0, COUNT(bad));
	tcase_add_loop_test(t, completion, 0, COUNT(completions));
	tcase_add_test(t, unique_prefixes_when_typing);
	tcase_add_test(t, given_words_only);
	tcase_add_test(t, key_of_a_route_has_its_metric);
	tcase_add_test(t, format_reports_its_length);
	tcase_add_test(t, too_many_hops_or_words);
	tcase_add_test(t, lines_and_comments);
	tcase_add_test(t, single_words);
	tcase_add_test(t, nearest_word);
	tcase_add_test(t, nearest_of_long_words);
	tcase_add_test(t, table_is_sound);
	tcase_add_test(t, errors_hold_every_list);
	tcase_add_test(t, table_has_del_for_add);
	tcase_add_test(t, help_explains_every_command);
	tcase_add_test(t, help_in_full);
	suite_add_tcase(s, t);
	return unit_main(s);
}
