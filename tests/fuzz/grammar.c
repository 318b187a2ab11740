/*
 * grammar.c - text of a configuration file ('n' in front), or lines that a
 * person types ('w').
 *
 * What is accepted has one canonical form, and that form is accepted and says
 * the same; help and completion live with any words.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "ctl/grammar.h"

static void
no_line(void *arg, const char *line)
{
	(void)arg;
	FUZZ_CHECK(line != NULL);
}

/* Canonical text parses to itself. */
static void
check_canonical(const struct command *cmd)
{
	char text[COMMAND_TEXT_MAX], again[COMMAND_TEXT_MAX];
	char copy[sizeof(text)];
	const char *word[CTL_WORDS_MAX];
	struct err err = { "" };
	struct command second;
	int bad, n;

	if (command_format(cmd, FORMAT_LINE, text, sizeof(text)) >=
	    sizeof(text))
		return;
	memcpy(copy, text, sizeof(copy));
	n = line_split(copy, word, CTL_WORDS_MAX);
	if (command_parse(&second, n, word, 0, &bad, &err) != 0) {
		fprintf(stderr, "%s: %s\n", text, err.text);
		abort();
	}
	command_format(&second, FORMAT_LINE, again, sizeof(again));
	FUZZ_CHECK(strcmp(text, again) == 0);
}

static void
words(char *text)
{
	char *line, *at = text;

	while ((line = strsep(&at, "\n")) != NULL) {
		const char *word[CTL_WORDS_MAX];
		struct err err = { "" };
		struct command cmd;
		int bad = -1, n = line_split(line, word, CTL_WORDS_MAX);

		if (n <= 0)
			continue;
		grammar_complete(n, word, no_line, NULL);
		grammar_help(n, word, no_line, NULL, &err);
		if (command_parse(&cmd, n, word, PARSE_ABBREV, &bad,
		    &err) == 0) {
			check_canonical(&cmd);
			continue;
		}
		FUZZ_CHECK(bad >= 0 && bad <= n);
		FUZZ_CHECK(err.text[0] != '\0');
		FUZZ_CHECK(strchr(err.text, '\n') == NULL);
	}
}

/* A file is right, or every error has its line. */
static void
file(const char *text)
{
	char *errors = NULL;
	int r = ctl_config_check("f", text, &errors);

	FUZZ_CHECK((r != 0) == (errors != NULL));
	if (errors != NULL)
		FUZZ_CHECK(strncmp(errors, "f:", 2) == 0);
	free(errors);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;

	if (size < 1 || size > 16384)
		return 0;
	text = fuzz_string(data + 1, size - 1);
	if (data[0] == 'n')
		file(text);
	else
		words(text);
	free(text);
	return 0;
}
