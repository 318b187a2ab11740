/*
 * table.c - building and comparing tables.
 */
#include "sim/table.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
table_add(struct table *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->text + t->len, sizeof(t->text) - t->len, fmt, ap);
	va_end(ap);
	ck_assert_int_ge(n, 0);
	t->len += (unsigned)n;
	ck_assert_uint_lt(t->len, sizeof(t->text));
}

static FILE *
open_table(const char *name, const char *mode)
{
	const char *top = getenv("top_srcdir");
	char path[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/tests/sim/%s",
	    top != NULL ? top : "..", name);
	f = fopen(path, mode);
	ck_assert_msg(f != NULL, "%s cannot be opened", path);
	return f;
}

void
table_compare(const struct table *t, const char *name)
{
	const char *at = t->text;
	char line[1024];
	FILE *f;
	int n = 0;

	if (getenv("HOPSIM_WRITE") != NULL) {
		f = open_table(name, "w");
		fputs(t->text, f);
		fclose(f);
		return;
	}
	f = open_table(name, "r");
	while (fgets(line, sizeof(line), f) != NULL) {
		size_t len = strlen(line);

		n++;
		ck_assert_msg(strncmp(at, line, len) == 0,
		    "%s line %d: was %.*s, is %.*s", name, n, (int)len - 1,
		    line, (int)strcspn(at, "\n"), at);
		at += len;
	}
	ck_assert_msg(*at == '\0', "%s ends at line %d", name, n);
	fclose(f);
}
