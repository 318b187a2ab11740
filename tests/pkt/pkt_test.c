/*
 * pkt_test.c - plays scripts and speaks TAP: those named on the command line,
 * or every .pkt file beside the sources.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pkt/run.h"

static char *
read_file(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text;
	size_t n;

	if (f == NULL)
		return NULL;
	text = calloc(1, 1 << 18);
	n = fread(text, 1, (1 << 18) - 1, f);
	text[n] = '\0';
	fclose(f);
	return text;
}

static int
play(const char *path, unsigned number)
{
	const char *name = strrchr(path, '/');
	char err[256] = "cannot be read", *text = read_file(path);
	struct script s;
	int ret = -1;

	name = name == NULL ? path : name + 1;
	if (text != NULL && script_parse(text, &s, err, sizeof(err)) == 0) {
		ret = run_script(&s, err, sizeof(err));
		script_free(&s);
	}
	free(text);
	if (ret == 0)
		printf("ok %u - %s\n", number, name);
	else
		printf("not ok %u - %s: %s\n", number, name, err);
	return ret;
}

int
main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	char pattern[4096];
	glob_t g = { 0 };
	unsigned n = 0;
	int bad = 0;

	for (int i = 1; i < argc; i++)
		bad |= play(argv[i], ++n);
	if (argc == 1) {
		snprintf(pattern, sizeof(pattern), "%s/tests/pkt/*/*.pkt",
		    top != NULL ? top : ".");
		glob(pattern, 0, NULL, &g);
		for (size_t i = 0; i < g.gl_pathc; i++)
			bad |= play(g.gl_pathv[i], ++n);
		globfree(&g);
	}
	printf("1..%u\n", n);
	return bad != 0 || n == 0;
}
