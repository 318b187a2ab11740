/*
 * config_obj.c - one object of a configuration: its command, packed to what
 * its canonical line says.
 *
 * A command is most of a kilobyte; a packed one has only the values that are
 * said, so that a million of them are kept, found and compared without being
 * printed and parsed again.
 */
#include "ctl/config.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* ---- single values ------------------------------------------------------- */

/* Two halves of a key, well mixed.  The keys are the operator's own, so nobody
 * makes them collide. */
static uint64_t
mix(uint64_t a, uint64_t b)
{
	uint64_t h = (a ^ b) * UINT64_C(0x9e3779b97f4a7c15);

	return (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
}

static uint64_t
mix_text(const char *s)
{
	uint64_t h = 0;

	for (; *s != '\0'; s++)
		h = mix(h, (uint8_t)*s);
	return h;
}

static uint64_t
mix_addr(const struct addr *a, uint64_t more)
{
	uint64_t half[2];

	memcpy(half, a, sizeof(half));
	return mix(mix(half[0], half[1]), more);
}

static uint64_t
value_hash(const struct arg *a, const union value *v)
{
	static_assert(sizeof(struct addr) == 16, "two halves");
	uint64_t mac = 0;

	switch (a->kind) {
	case ARG_NAME:
	case ARG_WORD:
	case ARG_FILE:
		return mix_text(v->str);
	case ARG_IP:
	case ARG_NETMASK:
		return v->ip.v;
	case ARG_PREFIX:
	case ARG_DEST:
		return (uint64_t)v->prefix.ip.v << 8 | v->prefix.len;
	case ARG_MAC:
		memcpy(&mac, v->mac.b, sizeof(v->mac.b));
		return mac;
	case ARG_SERVICE:
		if (v->service.proto == 0)
			return v->service.fwmark;
		return mix_addr(&v->service.addr,
		    (uint64_t)v->service.proto << 16 | v->service.port);
	case ARG_ADDR_PORT:
		return mix_addr(&v->service.addr, v->service.port);
	default:
		return (uint64_t)v->num;
	}
}

static bool
value_equal(const struct arg *a, const union value *x, const union value *y)
{
	switch (a->kind) {
	case ARG_NAME:
	case ARG_WORD:
	case ARG_FILE:
		return strcmp(x->str, y->str) == 0;
	case ARG_IP:
	case ARG_NETMASK:
		return ip4_eq(x->ip, y->ip);
	case ARG_PREFIX:
	case ARG_DEST:
		return ip4_eq(x->prefix.ip, y->prefix.ip) &&
		    x->prefix.len == y->prefix.len;
	case ARG_MAC:
		return mac_eq(x->mac, y->mac);
	case ARG_SERVICE:
		if (x->service.proto != y->service.proto)
			return false;
		if (x->service.proto == 0)
			return x->service.fwmark == y->service.fwmark;
		/* FALLTHROUGH */
	case ARG_ADDR_PORT:
		return addr_eq(&x->service.addr, &y->service.addr) &&
		    x->service.port == y->service.port;
	case ARG_NEXTHOP:	/* its hops are compared */
	case ARG_FLAG:		/* said or not */
		return true;
	default:
		return x->num == y->num;
	}
}

static bool
hop_equal(const struct cmd_hop *a, const struct cmd_hop *b)
{
	return ip4_eq(a->via, b->via) && a->weight == b->weight &&
	    (a->dev == NULL) == (b->dev == NULL) &&
	    (a->dev == NULL || strcmp(a->dev, b->dev) == 0);
}

/* ---- objects ------------------------------------------------------------- */

void
conf_pack(struct conf_obj *o, const struct command *cmd, union value *val)
{
	const struct arg *args = cmd->row->args;
	uint64_t key = mix(0, (uint64_t)cmd->row->object);
	unsigned n = 0;

	*o = (struct conf_obj){ .row = cmd->row, .val = val,
	    .hop = (struct cmd_hop *)(uintptr_t)cmd->hop,
	    .hops = cmd->hops, .room = ARGS_MAX };
	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if (!command_says(cmd, i))
			continue;
		o->said |= 1u << i;
		val[n++] = cmd->val[i];
		if ((args[i].flags & ARG_KEY) != 0)
			key = mix(key ^ i, value_hash(&args[i], &cmd->val[i]));
	}
	o->hash = (uint32_t)(key >> 32);
}

void
conf_command(const struct conf_obj *o, struct command *cmd)
{
	const union value *v = o->val;

	command_init(cmd, o->row);
	for (uint32_t left = o->said; left != 0; left &= left - 1)
		cmd->val[__builtin_ctz(left)] = *v++;
	cmd->given = o->said;
	cmd->hops = o->hops;
	if (o->hops > 0)
		memcpy(cmd->hop, o->hop, o->hops * sizeof(*o->hop));
	command_defaults(cmd);
}

/* The arguments with all of these flags: do both say the same of them? */
static bool
agree(const struct conf_obj *a, const struct conf_obj *b, unsigned flags)
{
	const struct arg *args = a->row->args;
	const union value *x = a->val, *y = b->val;

	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		bool in_a = (a->said >> i & 1) != 0;
		bool in_b = (b->said >> i & 1) != 0;

		if ((args[i].flags & flags) == flags &&
		    (in_a != in_b || (in_a && !value_equal(&args[i], x, y))))
			return false;
		x += in_a;
		y += in_b;
	}
	return true;
}

bool
conf_same_key(const struct conf_obj *a, const struct conf_obj *b)
{
	return a->row == b->row && agree(a, b, ARG_KEY);
}

bool
conf_equal(const struct conf_obj *a, const struct conf_obj *b)
{
	assert(a->row == b->row);
	if (a->said != b->said || a->hops != b->hops || !agree(a, b, 0))
		return false;
	for (unsigned i = 0; i < a->hops; i++) {
		if (!hop_equal(&a->hop[i], &b->hop[i]))
			return false;
	}
	return true;
}

void
conf_key(const struct conf_obj *o, char *buf, size_t size)
{
	struct command cmd;
	size_t n = (size_t)snprintf(buf, size, "%s ",
	    object_name(o->row->object));

	assert(n < size);
	conf_command(o, &cmd);
	command_format(&cmd, FORMAT_KEY, buf + n, size - n);
}
