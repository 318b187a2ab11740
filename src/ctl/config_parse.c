/*
 * config_parse.c - a configuration file: one command a line, read as a target
 * state, so the order of lines means nothing (`port set` excepted, which
 * changes a port above it).  Every error is told, not only the first.
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BYTE_ORDER_MARK "\xef\xbb\xbf"
#define LINE_LIKELY 16		/* few lines that make something are shorter */

struct file {
	struct conf *conf;
	const char *name;
	struct lines *errors;
	uint32_t line;
	bool no_memory;
};

static void
fail(struct file *f, const char *text)
{
	if (f->errors->count < ERRORS_MAX)
		lines_add(f->errors, "%s:%u: %s", f->name, f->line, text);
	else
		f->errors->count++;
}

/* `port set NAME ...` is laid over the port of that name. */
static void
merge_set(struct file *f, const struct command *set)
{
	struct conf_obj *o = conf_find(f->conf, set);
	struct command cmd;
	char text[COMMAND_TEXT_MAX];

	if (o == NULL) {
		snprintf(text, sizeof(text), "\"%s\": no such port above",
		    command_str(set, A_NAME));
		fail(f, text);
		return;
	}
	conf_command(o, &cmd);
	for (unsigned i = 0; set->row->args[i].kind != ARG_END; i++) {
		if ((set->given & 1u << i) != 0)
			*command_set(&cmd, set->row->args[i].id) =
			    set->val[i];
	}
	f->no_memory |= conf_change(f->conf, o, &cmd) != 0;
}

static void
take(struct file *f, const struct command *cmd)
{
	char key[COMMAND_TEXT_MAX], text[COMMAND_TEXT_MAX + 64];
	const struct conf_obj *old;

	if (cmd->row->verb == VERB_SET && cmd->row->object == OBJ_PORT) {
		merge_set(f, cmd);
		return;
	}
	old = conf_find(f->conf, cmd);
	if (old != NULL) {
		conf_key(old, key, sizeof(key));
		snprintf(text, sizeof(text), "\"%s\": already in line %u",
		    key, old->line);
		fail(f, text);
		return;
	}
	if (conf_add(f->conf, cmd, f->line) == NULL)
		f->no_memory = true;
}

static void
take_line(struct file *f, char *line)
{
	const char *words[CTL_WORDS_MAX];
	char text[ERR_TEXT_MAX];
	struct command cmd;
	struct err err;
	int word, n = line_split(line, words, CTL_WORDS_MAX);

	if (n == 0)
		return;
	if (n < 0) {
		fail(f, "too many words");
	} else if (command_parse(&cmd, n, words, 0, &word, &err) != 0) {
		fail(f, err.text);
	} else if ((cmd.row->flags & ROW_FILE) == 0) {
		snprintf(text, sizeof(text),
		    "\"%s%s%s\": no command for a file, which says what "
		    "shall be", object_name(cmd.row->object),
		    cmd.row->verb == VERB_NONE ? "" : " ",
		    verb_name(cmd.row->verb));
		fail(f, text);
	} else {
		take(f, &cmd);
	}
}

/* How many objects the text may hold: its lines, but blank ones make none. */
static size_t
guess_objects(const char *text)
{
	const char *s = text;
	size_t lines = 1, most;

	while ((s = strchr(s, '\n')) != NULL) {
		s++;
		lines++;
	}
	most = strlen(text) / LINE_LIKELY + 1;
	return lines < most ? lines : most;
}

int
conf_parse(struct conf *c, const char *name, const char *text,
    struct lines *errors)
{
	struct file f = { .conf = c, .name = name, .errors = errors };
	const char *s = text;
	char line[COMMAND_TEXT_MAX];

	f.no_memory = conf_reserve(c, guess_objects(text)) != 0;
	/* What some editors put before the first word is not seen, so an error
	 * that quotes it would tell nothing. */
	if (strncmp(s, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0)
		s += strlen(BYTE_ORDER_MARK);
	while (*s != '\0' && !f.no_memory) {
		size_t len = strcspn(s, "\n");

		f.line++;
		if (len < sizeof(line)) {
			memcpy(line, s, len);
			line[len] = '\0';
			take_line(&f, line);
		} else if (s[strspn(s, " \t")] != '#') {
			fail(&f, "line too long");
		}
		s += len;
		if (*s == '\n')
			s++;
	}
	if (f.no_memory)
		return -ENOMEM;
	if (errors->count == 0)
		return conf_check(c, name, errors);
	if (errors->count > ERRORS_MAX)
		lines_add(errors, "%s: and %u errors more", name,
		    errors->count - ERRORS_MAX);
	return -EINVAL;
}
