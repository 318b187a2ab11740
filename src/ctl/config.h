/*
 * config.h - a configuration as a set of objects: that of a file, or what
 * runs.
 *
 * An object is one line of the language in its canonical form; its key, the
 * words that name it, is its identity.  Two configurations are equal if their
 * objects have the same keys and texts.  Built for a full Internet routing
 * table: hash and arena, nothing grows faster than the number of lines.
 */
#ifndef HOPD_CTL_CONFIG_H
#define HOPD_CTL_CONFIG_H

#include "base/mem.h"
#include "ctl/cmd.h"

/* What becomes of an object when one configuration follows another. */
enum fate { FATE_NEW, FATE_SAME, FATE_CHANGE, FATE_GONE };

struct conf_obj {
	struct conf_obj *hash_next;
	struct conf_obj *twin;	/* the same object in the other config */
	const char *key;	/* "addr 10.0.0.1/24 dev tapa" */
	const char *text;	/* arguments of its `add`, canonical */
	uint32_t line;		/* in the file; 0: running */
	uint32_t hash;
	uint8_t object;		/* enum object */
	uint8_t fate;		/* enum fate */
	bool replace;		/* gone here and new there: made anew */
};

struct conf_block;

struct conf {
	struct mem *mem;
	struct conf_block *blocks;	/* arena: keys, texts, objects */
	struct conf_obj **obj;		/* in the order of the file */
	size_t count, size;
	struct conf_obj **bucket;
	size_t buckets;			/* a power of two */
};

void conf_init(struct conf *c, struct mem *mem);
void conf_free(struct conf *c);
/* NULL: no memory. */
char *conf_strdup(struct conf *c, const char *s);
struct conf_obj *conf_find(const struct conf *c, const char *key);
/* The key of a command's object into buf. */
void conf_key(const struct command *cmd, char *buf, size_t size);
/* Adds what the command makes, under its key; the caller knows that it is not
 * there yet.  NULL: no memory. */
struct conf_obj *conf_add(struct conf *c, const struct command *cmd,
    const char *key, uint32_t line);
/* The verb that makes such an object: add, or set if it is always there. */
enum verb conf_verb(enum object o);
/* Its command again; words must stay while cmd is used, as long as room. */
struct conf_words {
	char text[COMMAND_TEXT_MAX];
	const char *word[CTL_WORDS_MAX];
};
void conf_command(const struct conf_obj *o, struct command *cmd,
    struct conf_words *room);

/* Lines of text for the operator: errors, a plan.  Grows by malloc. */
struct lines {
	char *text;		/* NULL: none yet */
	size_t len, size;
	unsigned count;
};
void lines_add(struct lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* config_parse.c: a file as a configuration; every error as a line.
 * 0, -EINVAL, or -ENOMEM. */
int conf_parse(struct conf *c, const char *name, const char *text,
    struct lines *errors);
/* config_check.c: references between objects; routes learn their interface. */
int conf_check(struct conf *c, const char *name, struct lines *errors);

/* config_diff.c: what runs. 0 or -ENOMEM. */
int conf_running(struct conf *c, struct ctl *ctl);
/* Sets the fates on both sides. 0 or -ENOMEM. */
int conf_diff(struct conf *running, struct conf *target);
/* "+ route add ...", "- ...", "~ ...", one a line. */
void conf_plan(const struct conf *running, const struct conf *target,
    struct lines *out);

/* config_apply.c: carries the difference out, all or nothing.  0 or -Exxx
 * and err; then everything is as it was. */
int conf_apply(struct ctl *ctl, const char *name, struct conf *running,
    struct conf *target, struct err *err);

#endif
