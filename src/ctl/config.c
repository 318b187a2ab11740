/*
 * config.c - sets of objects: arena and hash table.
 */
#include "ctl/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES	65536
#define OBJECTS_MIN	256

struct conf_block {
	struct conf_block *next;
	size_t size, used;	/* of data */
	_Alignas(max_align_t) char data[];
};

void
conf_init(struct conf *c, struct mem *mem)
{
	*c = (struct conf){ .mem = mem };
}

void
conf_free(struct conf *c)
{
	struct conf_block *b;

	while ((b = c->blocks) != NULL) {
		c->blocks = b->next;
		mem_free(c->mem, b, sizeof(*b) + b->size);
	}
	mem_free(c->mem, c->obj, c->size * sizeof(*c->obj));
	mem_free(c->mem, c->slot, c->slots * sizeof(*c->slot));
	conf_init(c, c->mem);
}

static void *
arena(struct conf *c, size_t len, size_t align)
{
	struct conf_block *b = c->blocks;
	size_t at = b == NULL ? 0 : (b->used + align - 1) / align * align;

	if (b == NULL || at + len > b->size) {
		size_t size = len > BLOCK_BYTES ? len : BLOCK_BYTES;

		b = mem_alloc(c->mem, sizeof(*b) + size);
		if (b == NULL)
			return NULL;
		b->size = size;
		b->next = c->blocks;
		c->blocks = b;
		at = 0;
	}
	b->used = at + len;
	return b->data + at;
}

char *
conf_strdup(struct conf *c, const char *s)
{
	size_t len = strlen(s) + 1;
	char *copy = arena(c, len, 1);

	if (copy != NULL)
		memcpy(copy, s, len);
	return copy;
}

struct conf_obj *
conf_match(const struct conf *c, const struct conf_obj *o)
{
	size_t i = o->hash & (c->slots - 1);

	if (c->slots == 0)
		return NULL;
	for (; c->slot[i].number != 0; i = (i + 1) & (c->slots - 1)) {
		struct conf_obj *p = c->obj[c->slot[i].number - 1];

		if (c->slot[i].hash == o->hash && conf_same_key(p, o))
			return p;
	}
	return NULL;
}

/* The command that makes what cmd, which may be a del, speaks of. */
static const struct command_row *
making_row(enum object o)
{
	const struct command_row *row = grammar_row(o, VERB_ADD);

	return row != NULL ? row : grammar_row(o, VERB_SET);
}

struct conf_obj *
conf_find(const struct conf *c, const struct command *cmd)
{
	const struct command_row *row = making_row(cmd->row->object);
	union value val[ARGS_MAX];
	struct command making;
	struct conf_obj o;

	if (cmd->row != row) {
		command_turn(&making, cmd, row);
		cmd = &making;
	}
	conf_pack(&o, cmd, val);
	return conf_match(c, &o);
}

/* Object number n, from 1, into the hash table. */
static void
enter(struct conf *c, uint32_t n)
{
	uint32_t hash = c->obj[n - 1]->hash;
	size_t i = hash & (c->slots - 1);

	while (c->slot[i].number != 0)
		i = (i + 1) & (c->slots - 1);
	c->slot[i] = (struct conf_slot){ hash, n };
}

/* Room for size objects in all: 0 or -ENOMEM. */
static int
resize(struct conf *c, size_t size)
{
	struct conf_obj **obj = mem_resize(c->mem, c->obj,
	    c->size * sizeof(*obj), size * sizeof(*obj));
	struct conf_slot *slot;

	if (obj == NULL)
		return -ENOMEM;
	c->obj = obj;
	c->size = size;
	/* Half of it free, so that most look-ups, which find nothing, end
	 * where they begin. */
	slot = mem_array(c->mem, size * 2, sizeof(*slot));
	if (slot == NULL)
		return -ENOMEM;
	mem_free(c->mem, c->slot, c->slots * sizeof(*slot));
	c->slot = slot;
	c->slots = size * 2;
	for (size_t i = 0; i < c->count; i++)
		enter(c, (uint32_t)i + 1);
	return 0;
}

int
conf_reserve(struct conf *c, size_t more)
{
	size_t size = c->size == 0 ? OBJECTS_MIN : c->size;

	if (more > UINT32_MAX / 4 - c->count)
		return -ENOMEM;
	while (size < c->count + more)
		size *= 2;
	return size == c->size ? 0 : resize(c, size);
}

/* A copy of a name.  Thousands of routes name one interface. */
static const char *
keep_name(struct conf *c, const char *s)
{
	if (c->name == NULL || strcmp(c->name, s) != 0)
		c->name = conf_strdup(c, s);
	return c->name;
}

/* Copies the names that o points at: 0 or -ENOMEM. */
static int
keep_names(struct conf *c, struct conf_obj *o)
{
	union value *v = o->val;

	for (uint32_t left = o->said; left != 0; left &= left - 1, v++) {
		if (!arg_is_text(&o->row->args[__builtin_ctz(left)]))
			continue;
		v->str = keep_name(c, v->str);
		if (v->str == NULL)
			return -ENOMEM;
	}
	for (unsigned i = 0; i < o->hops; i++) {
		if (o->hop[i].dev == NULL)
			continue;
		o->hop[i].dev = keep_name(c, o->hop[i].dev);
		if (o->hop[i].dev == NULL)
			return -ENOMEM;
	}
	return 0;
}

/* A packed command moves into the arena: 0 or -ENOMEM.  There is room for one
 * value more, which conf_check() gives to many a route. */
static int
keep(struct conf *c, struct conf_obj *o)
{
	unsigned n = (unsigned)__builtin_popcount(o->said);
	union value *val = arena(c, (n + 1) * sizeof(*val),
	    _Alignof(union value));
	struct cmd_hop *hop = o->hop;

	if (val == NULL)
		return -ENOMEM;
	memcpy(val, o->val, n * sizeof(*val));
	o->val = val;
	o->room = (uint8_t)(n + 1);
	if (o->hops > 0) {
		o->hop = arena(c, o->hops * sizeof(*hop),
		    _Alignof(struct cmd_hop));
		if (o->hop == NULL)
			return -ENOMEM;
		memcpy(o->hop, hop, o->hops * sizeof(*hop));
	}
	return keep_names(c, o);
}

struct conf_obj *
conf_add(struct conf *c, const struct command *cmd, uint32_t line)
{
	struct conf_span *span = &c->span[cmd->row->object];
	struct conf_obj *o;
	union value val[ARGS_MAX];

	assert(cmd->row == making_row(cmd->row->object));
	if (conf_reserve(c, 1) != 0)
		return NULL;
	o = arena(c, sizeof(*o), _Alignof(struct conf_obj));
	if (o == NULL)
		return NULL;
	conf_pack(o, cmd, val);
	if (keep(c, o) != 0)
		return NULL;
	o->line = line;
	if (span->end == 0)
		span->first = c->count;
	c->obj[c->count++] = o;
	span->end = c->count;
	enter(c, (uint32_t)c->count);
	return o;
}

int
conf_change(struct conf *c, struct conf_obj *o, const struct command *cmd)
{
	union value val[ARGS_MAX];
	struct conf_obj now;
	unsigned n;

	conf_pack(&now, cmd, val);
	assert(now.hash == o->hash);
	n = (unsigned)__builtin_popcount(now.said);
	if (now.hops > 0 || n > o->room) {
		if (keep(c, &now) != 0)
			return -ENOMEM;
	} else {
		if (keep_names(c, &now) != 0)
			return -ENOMEM;
		memcpy(o->val, now.val, n * sizeof(*now.val));
		now.val = o->val;
		now.room = o->room;
	}
	o->val = now.val;
	o->room = now.room;
	o->hop = now.hop;
	o->hops = now.hops;
	o->said = now.said;
	return 0;
}

void
lines_put(struct lines *l, const char *line, size_t len)
{
	l->count++;
	if (l->len + len + 2 > l->size) {
		size_t size = (l->len + len + 2) * 2;
		char *text = realloc(l->text, size);

		if (text == NULL)
			return;
		l->text = text;
		l->size = size;
	}
	memcpy(l->text + l->len, line, len);
	l->len += len;
	l->text[l->len++] = '\n';
	l->text[l->len] = '\0';
}

void
lines_add(struct lines *l, const char *fmt, ...)
{
	char line[COMMAND_TEXT_MAX + 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	lines_put(l, line, strlen(line));
}
