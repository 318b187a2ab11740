/*
 * format.c - command to text, canonical: what `show` and `config show` print
 * is what the parser takes.
 */
#include "ctl/grammar.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A text that grows in a buffer and knows how long it would be. */
struct out {
	char *buf;
	size_t size, len;
};

static void
out_str(struct out *o, const char *s)
{
	size_t n = strlen(s);

	if (o->len + n < o->size)
		memcpy(o->buf + o->len, s, n + 1);
	else if (o->len < o->size)
		snprintf(o->buf + o->len, o->size - o->len, "%s", s);
	o->len += n;
}

static void
out_word(struct out *o, const char *s)
{
	if (o->len > 0)
		out_str(o, " ");
	out_str(o, s);
}

static void
out_num(struct out *o, int64_t num, const char *unit)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64 "%s", num, unit);
	out_str(o, text);
}

/* Parts of a million as per cent, without idle zeros. */
static void
out_share(struct out *o, int64_t ppm)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d.%04d", (int)(ppm / 10000),
	    (int)(ppm % 10000));

	while (text[n - 1] == '0')
		text[--n] = '\0';
	if (text[n - 1] == '.')
		text[n - 1] = '\0';
	out_str(o, text);
	out_str(o, "%");
}

static void
out_addr_port(struct out *o, const struct service_key *key)
{
	char text[ADDR_STRLEN];

	out_str(o, addr_format(&key->addr, text));
	out_str(o, ":");
	out_num(o, key->port, "");
}

static void
out_service(struct out *o, const struct service_key *key)
{
	if (key->proto == 0) {
		out_str(o, "fwmark ");
		out_num(o, key->fwmark, "");
		return;
	}
	out_str(o, key->proto == 6 ? "tcp " : key->proto == 17 ? "udp " :
	    "sctp ");
	out_addr_port(o, key);
}

static void
out_list(struct out *o, const char *choices, int64_t bits)
{
	const char *sep = "";
	char name[32];

	if (bits == 0)
		out_str(o, "none");
	for (unsigned i = 0; choice_at(choices, i, name, sizeof(name)); i++) {
		if ((bits >> i & 1) == 0)
			continue;
		out_str(o, sep);
		out_str(o, name);
		sep = ",";
	}
}

static void
out_hops(struct out *o, const struct command *cmd)
{
	char text[IP4_STRLEN];

	for (unsigned i = 0; i < cmd->hops; i++) {
		const struct cmd_hop *hop = &cmd->hop[i];

		if (i > 0)
			out_str(o, " nexthop");
		if (!ip4_is_any(hop->via)) {
			out_str(o, i > 0 ? " via " : "via ");
			out_str(o, ip4_format(hop->via, text));
		}
		if (hop->dev != NULL) {
			out_word(o, "dev ");
			out_str(o, hop->dev);
		}
		out_str(o, " weight ");
		out_num(o, hop->weight, "");
	}
}

static void
out_value(struct out *o, const struct command *cmd, unsigned i)
{
	const struct arg *a = &cmd->row->args[i];
	const union value *v = &cmd->val[i];
	char text[ADDR_STRLEN];

	switch (a->kind) {
	case ARG_NAME:
	case ARG_WORD:
	case ARG_FILE:
		out_str(o, v->str);
		break;
	case ARG_NUMBER:
		out_num(o, v->num, "");
		break;
	case ARG_SWITCH:
		out_str(o, v->num != 0 ? "on" : "off");
		break;
	case ARG_CHOICE:
		if (choice_at(a->meta, (unsigned)v->num, text, sizeof(text)))
			out_str(o, text);
		break;
	case ARG_LIST:
		out_list(o, a->meta, v->num);
		break;
	case ARG_DURATION:
		if (v->num % 1000000 == 0)
			out_num(o, v->num / 1000000, "");
		else
			out_num(o, v->num / 1000, "ms");
		break;
	case ARG_SHARE:
		out_share(o, v->num);
		break;
	case ARG_NETMASK:
	case ARG_IP:
		out_str(o, ip4_format(v->ip, text));
		break;
	case ARG_MAC:
		out_str(o, mac_format(v->mac, text));
		break;
	case ARG_DEST:
	case ARG_PREFIX:
		if (a->kind == ARG_DEST && v->prefix.len == 0)
			out_str(o, "default");
		else
			out_str(o, ip4_prefix_format(v->prefix, text));
		break;
	case ARG_ADDR_PORT:
		out_addr_port(o, &v->service);
		break;
	case ARG_PORTS:
		out_num(o, v->num >> 16, "");
		if (v->num >> 16 != (v->num & 0xffff))
			out_num(o, -(v->num & 0xffff), "");
		break;
	case ARG_SERVICE:
		out_service(o, &v->service);
		break;
	case ARG_NEXTHOP:
		out_hops(o, cmd);
		break;
	case ARG_REST:
		for (int w = 0; w < v->rest.count; w++)
			out_word(o, v->rest.words[w]);
		break;
	case ARG_FLAG:
	case ARG_END:
		break;
	}
}

bool
command_says(const struct command *cmd, unsigned i)
{
	const struct arg *a = &cmd->row->args[i];

	if ((cmd->valid & 1u << i) == 0)
		return false;
	if (a->kind == ARG_FLAG)
		return cmd->val[i].num != 0;
	if ((a->flags & ARG_DEF) == 0 || (a->flags & ARG_SHOWN) != 0)
		return true;
	if (a->kind == ARG_NETMASK)
		return cmd->val[i].ip.v != (uint32_t)a->def;
	return cmd->val[i].num != a->def;
}

size_t
command_format(const struct command *cmd, enum format what, char *buf,
    size_t size)
{
	const struct arg *args = cmd->row->args;
	struct out o = { buf, size, 0 };

	if (size > 0)
		buf[0] = '\0';
	if (what == FORMAT_LINE || what == FORMAT_GIVEN) {
		out_str(&o, object_name(cmd->row->object));
		if (cmd->row->verb != VERB_NONE)
			out_word(&o, verb_name(cmd->row->verb));
	}
	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if (what == FORMAT_GIVEN ? (cmd->given & 1u << i) == 0 :
		    !command_says(cmd, i))
			continue;
		if (what == FORMAT_KEY && (args[i].flags & ARG_KEY) == 0)
			continue;
		if ((args[i].flags & ARG_POS) == 0)
			out_word(&o, args[i].word);
		if (args[i].kind == ARG_FLAG)
			continue;
		if (o.len > 0)
			out_str(&o, " ");
		out_value(&o, cmd, i);
	}
	return o.len;
}

size_t
value_format(const struct command *cmd, unsigned i, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	if (size > 0)
		buf[0] = '\0';
	out_value(&o, cmd, i);
	return o.len;
}

size_t
row_synopsis(const struct command_row *row, char *buf, size_t size)
{
	struct out o = { buf, size, 0 };

	if (size > 0)
		buf[0] = '\0';
	out_str(&o, object_name(row->object));
	if (row->verb != VERB_NONE)
		out_word(&o, verb_name(row->verb));
	for (const struct arg *a = row->args; a->kind != ARG_END; a++) {
		bool optional = (a->flags & ARG_REQ) == 0;

		out_str(&o, optional ? " [" : " ");
		if ((a->flags & ARG_POS) == 0)
			out_str(&o, a->word);
		if ((a->flags & ARG_POS) == 0 && a->meta != NULL)
			out_str(&o, " ");
		if (a->meta != NULL)
			out_str(&o, a->meta);
		if (optional)
			out_str(&o, a->kind == ARG_NEXTHOP ? "]..." : "]");
	}
	return o.len;
}
