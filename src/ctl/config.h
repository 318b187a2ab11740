/*
 * config.h - a configuration as a set of objects: that of a file, or what
 * runs.
 *
 * An object is the command that makes it, parsed once and kept as what its
 * canonical line says, defaults left out; its key, the arguments that name it,
 * is its identity.  Two configurations are equal if their objects say the same.
 * Built for a full Internet routing table: hash and arena, nothing grows faster
 * than the number of lines, and text is made only for who reads it.
 */
#ifndef HOPD_CTL_CONFIG_H
#define HOPD_CTL_CONFIG_H

#include "base/mem.h"
#include "ctl/cmd.h"

/* What becomes of an object when one configuration follows another. */
enum fate { FATE_NEW, FATE_SAME, FATE_CHANGE, FATE_GONE };

struct conf_obj {
	struct conf_obj *twin;	/* the same object in the other config */
	const struct command_row *row;	/* what makes it: add, or set */
	union value *val;	/* of the bits of said, in their order */
	struct cmd_hop *hop;
	uint32_t said;		/* bit i: row->args[i] is in its line */
	uint32_t line;		/* in the file; 0: running */
	uint32_t hash;		/* of the key */
	uint8_t hops;
	uint8_t room;		/* values that fit at val */
	uint8_t fate;		/* enum fate */
	bool replace;		/* gone here and new there: made anew */
};

struct conf_block;

/* Of the hash table: open, with linear probing. */
struct conf_slot {
	uint32_t hash;
	uint32_t number;	/* of the object, from 1; 0: free */
};

/* Where in a configuration objects of a kind lie. */
struct conf_span {
	size_t first, end;
};

struct conf {
	struct mem *mem;
	struct conf_block *blocks;	/* arena: objects, values, names */
	const char *name;		/* last one copied: often the next */
	struct conf_obj **obj;		/* in the order of the file */
	size_t count, size;
	struct conf_span span[OBJ_COUNT];
	struct conf_slot *slot;
	size_t slots;			/* a power of two */
};

/* Empty, and empty again. */
void conf_init(struct conf *c, struct mem *mem);
void conf_free(struct conf *c);
/* Room for so many objects more, at once: 0 or -ENOMEM. */
int conf_reserve(struct conf *c, size_t more);
/* NULL: no memory. */
char *conf_strdup(struct conf *c, const char *s);
/* Adds what the command, an add (or set), makes; the caller knows that it is
 * not there yet.  What the command points at is copied.  NULL: no memory. */
struct conf_obj *conf_add(struct conf *c, const struct command *cmd,
    uint32_t line);
/* Another command for the same object: 0, or -ENOMEM and it is as it was. */
int conf_change(struct conf *c, struct conf_obj *o, const struct command *cmd);
/* The object of this command, of whatever verb, or NULL. */
struct conf_obj *conf_find(const struct conf *c, const struct command *cmd);
/* The object of o's key, o being from another configuration, or NULL. */
struct conf_obj *conf_match(const struct conf *c, const struct conf_obj *o);

/* config_obj.c: an object and its command. */
/* o becomes what cmd says, key hashed, with its values in val (room for
 * ARGS_MAX); it points at cmd's hops and names. */
void conf_pack(struct conf_obj *o, const struct command *cmd,
    union value *val);
/* Its command again, which points at the names of o. */
void conf_command(const struct conf_obj *o, struct command *cmd);
/* Of one kind: have they the same key?  Do they say the same? */
bool conf_same_key(const struct conf_obj *a, const struct conf_obj *b);
bool conf_equal(const struct conf_obj *a, const struct conf_obj *b);
/* "addr 10.0.0.1/24", as errors name it. */
void conf_key(const struct conf_obj *o, char *buf, size_t size);

/* Lines of text for the operator: errors, a plan.  Grows by malloc. */
struct lines {
	char *text;		/* NULL: none yet */
	size_t len, size;
	unsigned count;
};
void lines_add(struct lines *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A line that is there already, of len bytes. */
void lines_put(struct lines *l, const char *line, size_t len);

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
/* The same on a stack that is thrown away afterwards: goes on after what is
 * refused, as long as nothing stands on that, with a line for each.
 * 0, -EINVAL, or -ENOMEM. */
int conf_rehearse(struct ctl *ctl, const char *name, struct conf *running,
    struct conf *target, struct lines *errors);

/* config_try.c: that with a stack of its own, which has what every stack has.
 * The fates of target are set. */
int conf_try(const char *name, struct conf *target, struct lines *errors);

#define ERRORS_MAX 50		/* that are told; then only their number */

#endif
