/*
 * render.h - replies as text for people, or as JSON for programs.
 */
#ifndef HOPD_HOPCTL_RENDER_H
#define HOPD_HOPCTL_RENDER_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "ctl/grammar.h"

/* Prints the rows of a table (an array of objects) in columns. */
void render_table(FILE *out, enum object object, const json_t *rows);
/* One top-level array, an element a line. */
void render_json(FILE *out, const json_t *rows);

/* One object a line, at once: of commands that answer over time. */
void render_stream(FILE *out, const json_t *row);

#endif
