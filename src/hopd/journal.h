/*
 * journal.h - the running configuration in a memory file that outlives the
 * worker.
 *
 *     lines of a whole configuration, as `config show` prints it
 *     #then
 *     commands that were accepted since, one a line, in their order
 *
 * A command is one write(), so a worker that dies leaves whole lines and at
 * most one cut one, which does not count.  A whole configuration never
 * overwrites the old: it is a new file, and the keeper changes them over.
 */
#ifndef HOPD_HOPD_JOURNAL_H
#define HOPD_HOPD_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

struct journal {
	int fd;
	size_t base;		/* bytes of the configuration and the mark */
	size_t size;		/* bytes in all */
};

/* Takes fd over and reads it: malloc'd text of the configuration, and the
 * first of the commands after it inside the same memory (each line ended by
 * a newline).  NULL: no memory or unreadable. */
char *journal_read(struct journal *j, int fd, char **commands);

/* 0 or -Exxx. */
int journal_append(struct journal *j, const char *line);
/* Have the commands outgrown the configuration? */
bool journal_is_long(const struct journal *j);

/* A new memory file that holds text, then tail: its descriptor or -Exxx. */
int memory_file(const char *name, const char *text, const char *tail);

/* A new journal file with this configuration and no commands: its descriptor
 * or -Exxx.  journal_switch() makes it ours, once the keeper has it. */
int journal_make(const char *text);
void journal_switch(struct journal *j, int fd, const char *text);
/* One without a configuration: its lines are commands, like those after it, and
 * do not stand or fall together. */
int journal_make_loose(const char *text, const char *commands);

#endif
