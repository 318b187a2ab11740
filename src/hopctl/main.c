/*
 * main.c - hopctl: words from the command line to hopd, its answer to the
 * screen.
 *
 * The words are parsed here, by the same table as in hopd, so that help,
 * completion and usage errors need no hopd, and so that what may be cut short
 * when typing goes out in full.
 */
#include <config.h>

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/grammar.h"
#include "ctl/parse.h"
#include "hopctl/client.h"
#include "hopctl/connect.h"
#include "hopctl/file.h"
#include "hopctl/pcap.h"
#include "hopctl/render.h"

struct session {
	bool json;
	const struct command *cmd;
	json_t *rows;		/* data that came */
	struct pcap_out *pcap;	/* where capture goes; NULL: JSON */
	FILE *to;		/* where lines of text go; NULL: screen */
};

static void
print_line(void *arg, const char *line)
{
	(void)arg;
	puts(line);
}

static int
fail(int status, const char *text)
{
	fflush(stdout);
	fprintf(stderr, "hopctl: %s\n", text);
	return status;
}

static int
usage(void)
{
	return fail(EXIT_USAGE,
	    "usage: hopctl [-jV] [-S SOCKET] OBJECT VERB [ARGUMENT ...]; "
	    "see \"hopctl help\"");
}

/* Lines of text become elements of the array that -j prints. */
static void
take_text(struct session *s, const char *text)
{
	if (!s->json) {
		fprintf(s->to != NULL ? s->to : stdout, "%s\n", text);
		if ((s->cmd->row->flags & ROW_STREAM) != 0)
			fflush(stdout);
		return;
	}
	while (text != NULL) {
		size_t len = strcspn(text, "\n");

		json_array_append_new(s->rows, json_stringn(text, len));
		text = text[len] == '\n' ? text + len + 1 : NULL;
	}
}

static void
take_errors(const json_t *reply)
{
	const json_t *list = json_object_get(reply, "errors");
	const json_t *one;
	size_t i;

	fflush(stdout);
	json_array_foreach(list, i, one)
		fprintf(stderr, "%s\n", json_string_value(one));
	if (list == NULL && json_object_get(reply, "error") != NULL)
		fail(0, json_string_value(json_object_get(reply, "error")));
}

static bool
take(void *arg, json_t *reply)
{
	struct session *s = arg;
	json_t *data = json_object_get(reply, "data");
	const char *text = json_string_value(json_object_get(reply, "text"));
	const char *piece = json_string_value(json_object_get(data, "pcap"));

	if (piece != NULL && s->pcap != NULL)
		return pcap_write(s->pcap, piece);
	if (data != NULL && (s->cmd->row->flags & ROW_STREAM) != 0)
		render_stream(stdout, data);
	else if (data != NULL)
		json_array_append(s->rows, data);
	if (text != NULL)
		take_text(s, text);
	take_errors(reply);
	return true;
}

/* What came as data, when the last of it is there. */
static void
show(const struct session *s)
{
	if ((s->cmd->row->flags & ROW_STREAM) != 0)
		return;
	if (s->json)
		render_json(stdout, s->rows);
	else if (json_array_size(s->rows) > 0)
		render_table(stdout, s->cmd->row->object, s->rows);
}

static void
add_words(json_t *words, const char *text)
{
	while (*(text += strspn(text, " ")) != '\0') {
		size_t len = strcspn(text, " ");

		json_array_append_new(words, json_stringn(text, len));
		text += len;
	}
}

/* The command with its words in full, as hopd takes it. */
static json_t *
request_json(const struct command *cmd, bool json)
{
	const struct arg *args = cmd->row->args;
	json_t *words = json_array();
	char text[COMMAND_TEXT_MAX];

	add_words(words, object_name(cmd->row->object));
	add_words(words, verb_name(cmd->row->verb));
	for (unsigned i = 0; args[i].kind != ARG_END; i++) {
		if ((cmd->given & 1u << i) == 0)
			continue;
		if ((args[i].flags & ARG_POS) == 0)
			add_words(words, args[i].word);
		if (args[i].kind == ARG_FILE) {
			json_array_append_new(words,
			    json_string(cmd->val[i].str));
			continue;
		}
		value_format(cmd, i, text, sizeof(text));
		add_words(words, text);
	}
	return json_pack("{s:i,s:o,s:b}", "id", 1, "command", words, "text",
	    !json);
}

/* config check|plan|apply: the file is read here, with its user's rights.
 * *text: malloc'd, or NULL for the other commands. */
static int
read_input(const struct command *cmd, char **text, struct err *err)
{
	const char *file = command_str(cmd, A_FILE);

	*text = NULL;
	if (cmd->row->object != OBJ_CONFIG || cmd->row->verb == VERB_SAVE ||
	    file == NULL)
		return 0;
	*text = file_read(file, err);
	if (*text == NULL)
		return -EACCES;
	if (text_is_utf8(*text, strlen(*text)))
		return 0;
	free(*text);
	return err_set(err, -EINVAL, "\"%s\": is not UTF-8 text", file);
}

static int
ask(const char *path, struct session *s, json_t *request, const char *text)
{
	struct err err = { "" };
	int fd, status;

	fd = client_connect(path, &err);
	if (fd < 0) {
		json_decref(request);
		return fail(EXIT_NO_DAEMON, err.text);
	}
	s->rows = json_array();
	status = client_ask(fd, request, text, take, s, &err);
	close(fd);
	if (status == EXIT_NO_DAEMON)
		fail(status, err.text);
	return status;
}

/* config save FILE: what runs, written here, all of it or nothing. */
static int
save(const char *path, struct session *s)
{
	struct command show_cmd;
	struct file_writer w;
	struct err err = { "" };
	int status;

	if (file_begin(&w, command_str(s->cmd, A_FILE), &err) != 0)
		return fail(EXIT_REFUSED, err.text);
	command_init(&show_cmd, grammar_row(OBJ_CONFIG, VERB_SHOW));
	s->to = w.out;
	s->json = false;
	status = ask(path, s, request_json(&show_cmd, false), NULL);
	if (file_end(&w, status == EXIT_DONE, &err) != 0)
		status = fail(EXIT_REFUSED, err.text);
	return status;
}

/* capture: to a file or a pipe, until interrupted or enough. */
static int
capture(const char *path, struct session *s)
{
	struct pcap_out pcap;
	struct err err = { "" };
	int status;

	if (pcap_open(&pcap, command_str(s->cmd, A_FILE),
	    (uint64_t)command_num(s->cmd, A_COUNT, 0), &err) != 0)
		return fail(EXIT_REFUSED, err.text);
	s->pcap = &pcap;
	status = ask(path, s, request_json(s->cmd, false), NULL);
	pcap_close(&pcap);
	return status;
}

/* tcp connect: a stream both ways. */
static int
connect_stream(const char *path, const struct command *cmd)
{
	struct err err = { "" };
	int fd = client_connect(path, &err), status;

	if (fd < 0)
		return fail(EXIT_NO_DAEMON, err.text);
	status = connect_run(fd, request_json(cmd, false));
	close(fd);
	return status;
}

static int
run_remote(const char *path, const struct command *cmd, bool json)
{
	struct session s = { .json = json, .cmd = cmd };
	struct err err = { "" };
	char *text = NULL;
	int status;

	if (cmd->row->object == OBJ_CONFIG && cmd->row->verb == VERB_SAVE &&
	    command_str(cmd, A_FILE) != NULL) {
		status = save(path, &s);
	} else if (cmd->row->object == OBJ_CAPTURE && !json) {
		status = capture(path, &s);
	} else if (cmd->row->verb == VERB_CONNECT) {
		status = connect_stream(path, cmd);
	} else {
		if (read_input(cmd, &text, &err) != 0)
			return fail(EXIT_REFUSED, err.text);
		status = ask(path, &s, request_json(cmd, json), text);
		free(text);
		if (status == EXIT_DONE)
			show(&s);
	}
	json_decref(s.rows);
	return status;
}

/* With -j: the array with one element that every command has. */
static int
version(bool json)
{
	puts(json ? "[{\"name\": \"hopctl\", \"version\": \""
	    PACKAGE_VERSION "\"}]" : "hopctl " PACKAGE_VERSION);
	return EXIT_DONE;
}

static int
run_local(const struct command *cmd, bool json)
{
	const union value *words = command_get(cmd, A_WORDS);
	int count = words != NULL ? words->rest.count : 0;
	const char *const *word = words != NULL ? words->rest.words : NULL;
	struct err err;

	switch (cmd->row->object) {
	case OBJ_VERSION:
		return version(json);
	case OBJ_COMPLETE:
		if (count > 0 && strcmp(word[0], "--") == 0) {
			word++;
			count--;
		}
		grammar_complete(count, word, print_line, NULL);
		return EXIT_DONE;
	default:
		if (grammar_help(count, word, print_line, NULL, &err) != 0)
			return fail(EXIT_USAGE, err.text);
		return EXIT_DONE;
	}
}

static int
run(int argc, char **argv)
{
	static const char *const summary[] = { "summary" };
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, 'S' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	const char *path = getenv("HOPD_SOCKET");
	const char *const *words;
	struct command cmd;
	struct err err = { "" };
	bool json = false;
	int c, count, word;

	while ((c = getopt_long(argc, argv, "+jS:hV", options, NULL)) != -1) {
		switch (c) {
		case 'j':
			json = true;
			break;
		case 'S':
			path = optarg;
			break;
		case 'h':
			grammar_help(0, NULL, print_line, NULL, &err);
			return EXIT_DONE;
		case 'V':
			return version(json);
		default:
			return usage();
		}
	}
	if (path == NULL || path[0] == '\0')
		path = CTL_SOCKET_DEFAULT;
	count = argc - optind;
	words = (const char *const *)argv + optind;
	if (count == 0) {
		count = 1;
		words = summary;
	}
	if (command_parse(&cmd, count, words, PARSE_ABBREV, &word, &err) != 0)
		return fail(EXIT_USAGE, err.text);
	if ((cmd.row->flags & ROW_LOCAL) != 0)
		return run_local(&cmd, json);
	return run_remote(path, &cmd, json);
}

int
main(int argc, char **argv)
{
	return stdout_end("hopctl", run(argc, argv));
}
