/*
 * render.c - tables by libsmartcols, and JSON.
 */
#include "hopctl/render.h"

#include <assert.h>
#include <libsmartcols.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 8u		/* of the widest table */

/* How a value is told. */
enum style {
	PLAIN,			/* as it is */
	NUMBER,			/* right-aligned */
	CLOCK,			/* seconds as MM:SS, as ipvsadm */
	ENDPOINT,		/* {"address":, "port":} as ADDR:PORT */
};

struct column {
	const char *title, *key;
	enum style style;
};

static const struct column neigh_columns[] = {
	{ "IP", "ip", PLAIN }, { "DEV", "dev", PLAIN }, { "MAC", "mac", PLAIN },
	{ "STATE", "state", PLAIN }, { "USED", "used_s", NUMBER },
	{ "HELD", "held", NUMBER }, { NULL, NULL, PLAIN },
};

static const struct column conn_columns[] = {
	{ "PROTO", "protocol", PLAIN }, { "EXPIRE", "expires_s", CLOCK },
	{ "STATE", "state", PLAIN }, { "CLIENT", "client", ENDPOINT },
	{ "VIRTUAL", "virtual", ENDPOINT }, { "SERVER", "server", ENDPOINT },
	{ "MODE", "mode", PLAIN }, { "LOCAL", "local", ENDPOINT },
	{ NULL, NULL, PLAIN },
};

static const struct column drops_columns[] = {
	{ "COUNT", "count", NUMBER }, { "REASON", "reason", PLAIN },
	{ "MEANING", "help", PLAIN }, { NULL, NULL, PLAIN },
};

static const struct column limits_columns[] = {
	{ "LIMIT", "limit", PLAIN }, { "VALUE", "value", NUMBER },
	{ "USED", "used", NUMBER }, { "MEANING", "help", PLAIN },
	{ NULL, NULL, PLAIN },
};

static const struct column udp_columns[] = {
	{ "LOCAL", "local", ENDPOINT }, { "REMOTE", "remote", ENDPOINT },
	{ "DEV", "dev", PLAIN }, { "QUEUED", "queued_bytes", NUMBER },
	{ "RECEIVED", "received", NUMBER }, { "SENT", "sent", NUMBER },
	{ "DROPPED", "dropped", NUMBER }, { NULL, NULL, PLAIN },
};

static const struct column stats_columns[] = {
	{ "ROOM", "room", PLAIN }, { "COUNTER", "counter", PLAIN },
	{ "VALUE", "value", NUMBER }, { NULL, NULL, PLAIN },
};

static const struct column *
columns_of(enum object object)
{
	switch (object) {
	case OBJ_NEIGH:
		return neigh_columns;
	case OBJ_CONN:
		return conn_columns;
	case OBJ_DROPS:
		return drops_columns;
	case OBJ_LIMITS:
		return limits_columns;
	case OBJ_UDP:
		return udp_columns;
	case OBJ_STATS:
		return stats_columns;
	default:
		return NULL;
	}
}

static void
cell(const struct column *c, const json_t *row, char *buf, size_t size)
{
	const json_t *v = json_object_get(row, c->key);
	long long n = (long long)json_integer_value(v);

	if (v == NULL)
		buf[0] = '\0';
	else if (c->style == CLOCK)
		snprintf(buf, size, "%02lld:%02lld", n / 60, n % 60);
	else if (c->style == ENDPOINT)
		snprintf(buf, size, "%s:%lld",
		    json_string_value(json_object_get(v, "address")),
		    (long long)json_integer_value(json_object_get(v, "port")));
	else if (json_is_string(v))
		snprintf(buf, size, "%s", json_string_value(v));
	else
		snprintf(buf, size, "%lld", n);
}

/* No columns are known: "key value" lines. */
static void
pairs(FILE *out, const json_t *rows)
{
	const char *key;
	json_t *v;
	size_t i;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		json_object_foreach((json_t *)(uintptr_t)row, key, v) {
			if (json_is_string(v))
				fprintf(out, "%-12s %s\n", key,
				    json_string_value(v));
			else
				fprintf(out, "%-12s %" JSON_INTEGER_FORMAT
				    "\n", key, json_integer_value(v));
		}
	}
}

/* Does any row have the key?  An empty column is left out. */
static bool
is_used(const struct column *c, const json_t *rows)
{
	size_t i;
	const json_t *row;

	json_array_foreach(rows, i, row) {
		if (json_object_get(row, c->key) != NULL)
			return true;
	}
	return false;
}

/* Once for each column, not for each cell: a table may be long. */
static size_t
choose(const struct column *columns, const json_t *rows,
    const struct column *used[COLUMNS_MAX])
{
	size_t n = 0;

	for (const struct column *c = columns; c->title != NULL; c++) {
		if (!is_used(c, rows))
			continue;
		assert(n < COLUMNS_MAX);
		used[n++] = c;
	}
	return n;
}

static int
fill(struct libscols_table *t, const struct column *columns,
    const json_t *rows)
{
	const struct column *used[COLUMNS_MAX];
	size_t i, count = choose(columns, rows, used);
	const json_t *row;
	char text[256];

	for (size_t n = 0; n < count; n++) {
		int flags = used[n]->style == NUMBER ? SCOLS_FL_RIGHT : 0;

		if (scols_table_new_column(t, used[n]->title, 0, flags) == NULL)
			return -1;
	}
	json_array_foreach(rows, i, row) {
		struct libscols_line *line = scols_table_new_line(t, NULL);

		if (line == NULL)
			return -1;
		for (size_t n = 0; n < count; n++) {
			cell(used[n], row, text, sizeof(text));
			if (scols_line_set_data(line, n, text) != 0)
				return -1;
		}
	}
	return 0;
}

void
render_table(FILE *out, enum object object, const json_t *rows)
{
	const struct column *columns = columns_of(object);
	struct libscols_table *t;

	if (columns == NULL) {
		pairs(out, rows);
		return;
	}
	if (json_array_size(rows) == 0)
		return;
	t = scols_new_table();
	if (t != NULL && fill(t, columns, rows) == 0) {
		scols_table_set_stream(t, out);
		scols_table_set_column_separator(t, "  ");
		/* A line is a line, also where the screen is narrow. */
		scols_table_set_termforce(t, SCOLS_TERMFORCE_NEVER);
		scols_print_table(t);
	}
	scols_unref_table(t);
}

void
render_json(FILE *out, const json_t *rows)
{
	size_t i;
	const json_t *row;

	fputc('[', out);
	json_array_foreach(rows, i, row) {
		fputs(i == 0 ? "\n" : ",\n", out);
		json_dumpf(row, out, JSON_COMPACT | JSON_ENCODE_ANY);
	}
	fputs(json_array_size(rows) == 0 ? "]\n" : "\n]\n", out);
}

void
render_stream(FILE *out, const json_t *row)
{
	json_dumpf(row, out, JSON_COMPACT);
	fputc('\n', out);
	fflush(out);
}
