/*
 * config.c - sets of objects: arena, hash table, keys.
 */
#include "ctl/config.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES	65536
#define BUCKETS_MIN	256

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
	mem_free(c->mem, c->bucket, c->buckets * sizeof(*c->bucket));
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

/* FNV-1a: the keys are the operator's own. */
static uint32_t
hash(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s != '\0'; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return h;
}

struct conf_obj *
conf_find(const struct conf *c, const char *key)
{
	uint32_t h = hash(key);
	struct conf_obj *o = c->buckets == 0 ? NULL :
	    c->bucket[h & (c->buckets - 1)];

	while (o != NULL && (o->hash != h || strcmp(o->key, key) != 0))
		o = o->hash_next;
	return o;
}

void
conf_key(const struct command *cmd, char *buf, size_t size)
{
	const char *name = object_name(cmd->row->object);
	size_t n = strlen(name);

	assert(n + 1 < size);
	memcpy(buf, name, n);
	buf[n++] = ' ';
	command_format(cmd, FORMAT_KEY, buf + n, size - n);
}

/* Room for one more object: 0 or -ENOMEM. */
static int
grow(struct conf *c)
{
	size_t size = c->size == 0 ? BUCKETS_MIN : c->size * 2;
	struct conf_obj **obj, **bucket;

	if (c->count < c->size)
		return 0;
	obj = mem_resize(c->mem, c->obj, c->size * sizeof(*obj),
	    size * sizeof(*obj));
	if (obj == NULL)
		return -ENOMEM;
	c->obj = obj;
	c->size = size;
	/* Most look-ups find nothing, and an empty bucket tells it without a
	 * visit to an object that no cache holds: so twice as many. */
	bucket = mem_array(c->mem, size * 2, sizeof(*bucket));
	if (bucket == NULL)
		return -ENOMEM;
	mem_free(c->mem, c->bucket, c->buckets * sizeof(*bucket));
	c->bucket = bucket;
	c->buckets = size * 2;
	for (size_t i = 0; i < c->count; i++) {
		struct conf_obj *o = c->obj[i];

		o->hash_next = bucket[o->hash & (c->buckets - 1)];
		bucket[o->hash & (c->buckets - 1)] = o;
	}
	return 0;
}

struct conf_obj *
conf_add(struct conf *c, const struct command *cmd, const char *key,
    uint32_t line)
{
	char text[COMMAND_TEXT_MAX];
	struct conf_obj *o, **at;

	if (grow(c) != 0)
		return NULL;
	command_format(cmd, FORMAT_ARGS, text, sizeof(text));
	o = arena(c, sizeof(*o), _Alignof(struct conf_obj));
	if (o == NULL)
		return NULL;
	o->key = conf_strdup(c, key);
	o->text = conf_strdup(c, text);
	if (o->key == NULL || o->text == NULL)
		return NULL;
	o->twin = NULL;
	o->line = line;
	o->object = (uint8_t)cmd->row->object;
	o->fate = FATE_NEW;
	o->replace = false;
	o->hash = hash(o->key);
	at = &c->bucket[o->hash & (c->buckets - 1)];
	o->hash_next = *at;
	*at = o;
	c->obj[c->count++] = o;
	return o;
}

enum verb
conf_verb(enum object o)
{
	return grammar_row(o, VERB_ADD) != NULL ? VERB_ADD : VERB_SET;
}

void
conf_command(const struct conf_obj *o, struct command *cmd,
    struct conf_words *room)
{
	struct err err;
	const char *part[] = { object_name((enum object)o->object),
	    verb_name(conf_verb((enum object)o->object)), o->text };
	size_t at = 0;
	int n, word, r;

	for (unsigned i = 0; i < 3; i++) {
		size_t len = strlen(part[i]);

		assert(at + len + 1 < sizeof(room->text));
		memcpy(room->text + at, part[i], len);
		at += len;
		room->text[at++] = ' ';
	}
	room->text[at - 1] = '\0';
	n = line_split(room->text, room->word, CTL_WORDS_MAX);
	assert(n > 0);
	r = command_parse(cmd, n, room->word, 0, &word, &err);
	/* Canonical text is what the parser takes. */
	assert(r == 0);
}

void
lines_add(struct lines *l, const char *fmt, ...)
{
	char line[COMMAND_TEXT_MAX + 64];
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	len = strlen(line);
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
