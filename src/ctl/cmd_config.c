/*
 * cmd_config.c - config show|check|plan|apply|save, and the same for the
 * process at its start (ctl.h).
 */
#include "ctl/config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *
no_memory(const char *name)
{
	struct lines l = { NULL, 0, 0, 0 };

	lines_add(&l, "%s: out of memory", name);
	return l.text;
}

int
ctl_config_check(const char *name, const char *text, char **errors)
{
	struct mem mem = { 0 };
	struct lines l = { NULL, 0, 0, 0 };
	struct conf c;
	int r;

	conf_init(&c, &mem);
	r = conf_parse(&c, name, text, &l);
	if (r == 0)
		r = conf_try(name, &c, &l);
	conf_free(&c);
	if (r == -ENOMEM) {
		free(l.text);
		l.text = no_memory(name);
	}
	*errors = l.text;
	return r;
}

/* Parses, reads what runs, and compares: 0 or -Exxx and *errors. */
static int
prepare(struct ctl *ctl, const char *name, const char *text,
    struct conf *running, struct conf *target, char **errors)
{
	struct lines l = { NULL, 0, 0, 0 };
	int r = conf_parse(target, name, text, &l);

	if (r == 0)
		r = conf_running(running, ctl);
	if (r == 0)
		r = conf_diff(running, target);
	if (r == -ENOMEM) {
		free(l.text);
		l.text = no_memory(name);
	}
	*errors = l.text;
	return r;
}

int
ctl_config_apply(struct ctl *ctl, const char *name, const char *text,
    char **errors)
{
	struct conf running, target;
	struct err err = { "" };
	int r;

	*errors = NULL;
	conf_init(&running, &ctl->stk->mem);
	conf_init(&target, &ctl->stk->mem);
	r = prepare(ctl, name, text, &running, &target, errors);
	if (r == 0) {
		struct lines l = { NULL, 0, 0, 0 };

		r = conf_apply(ctl, name, &running, &target, &err);
		if (r != 0)
			lines_add(&l, "%s", err.text);
		*errors = l.text;
	}
	conf_free(&running);
	conf_free(&target);
	if (r == 0 && ctl->host.snapshot != NULL)
		ctl->host.snapshot(ctl->host.arg);
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	char line[COMMAND_TEXT_MAX];

	(void)obj;
	command_format(cmd, FORMAT_LINE, line, sizeof(line));
	lines_put(arg, line, strlen(line));
	return 0;
}

char *
ctl_config_show(struct ctl *ctl)
{
	struct lines l = { NULL, 0, 0, 0 };

	ctl_walk(ctl, show_one, &l);
	if (l.text == NULL)
		l.text = calloc(1, 1);
	return l.text;
}

static int
reply_one(void *arg, const struct command *cmd, const void *obj)
{
	char line[COMMAND_TEXT_MAX];

	(void)obj;
	command_format(cmd, FORMAT_LINE, line, sizeof(line));
	reply_line(arg, line);
	return 0;
}

/* Each line of text (whose newlines become NULs) as a line of the reply. */
static void
reply_lines(struct request *rq, char *text)
{
	while (text != NULL && *text != '\0') {
		char *end = strchr(text, '\n');

		if (end != NULL)
			*end++ = '\0';
		reply_line(rq, text);
		text = end;
	}
}

/* The errors of a file: the first is the error, "errors" has all. */
static int
refuse(struct request *rq, int r, const char *errors)
{
	size_t len;

	if (errors == NULL)
		return r;
	len = strcspn(errors, "\n");
	err_set(&rq->err, r, "%.*s", (int)len, errors);
	rq->errors = json_array();
	for (; *errors != '\0'; errors += len + (errors[len] != '\0')) {
		len = strcspn(errors, "\n");
		json_array_append_new(rq->errors, json_stringn(errors, len));
	}
	return r;
}

static int
plan(struct request *rq, const char *name, const char *text)
{
	struct conf running, target;
	struct lines l = { NULL, 0, 0, 0 };
	char *errors;
	int r;

	conf_init(&running, &rq->ctl->stk->mem);
	conf_init(&target, &rq->ctl->stk->mem);
	r = prepare(rq->ctl, name, text, &running, &target, &errors);
	if (r == 0)
		conf_plan(&running, &target, &l);
	conf_free(&running);
	conf_free(&target);
	if (r != 0)
		refuse(rq, r, errors);
	else
		reply_lines(rq, l.text);
	free(errors);
	free(l.text);
	return r;
}

static int
use_text(struct request *rq, const char *name, const char *text)
{
	char *errors = NULL;
	int r;

	if (rq->cmd->row->verb == VERB_PLAN)
		return plan(rq, name, text);
	if (rq->cmd->row->verb == VERB_CHECK)
		r = ctl_config_check(name, text, &errors);
	else
		r = ctl_config_apply(rq->ctl, name, text, &errors);
	if (r != 0)
		refuse(rq, r, errors);
	free(errors);
	return r;
}

static int
save(struct request *rq)
{
	const struct ctl_host *host = &rq->ctl->host;
	const char *name = command_str(rq->cmd, A_FILE);
	char *text;
	int r;

	if (host->write_file == NULL)
		return err_set(&rq->err, -EACCES,
		    "this hopd writes no files; \"config show\" prints the "
		    "same");
	text = ctl_config_show(rq->ctl);
	if (text == NULL)
		return -ENOMEM;
	r = host->write_file(host->arg, name, text, &rq->err);
	free(text);
	return r;
}

int
config_query(struct request *rq)
{
	const struct ctl_host *host = &rq->ctl->host;
	const char *name = command_str(rq->cmd, A_FILE);
	char *text;
	int r;

	if (rq->cmd->row->verb == VERB_SHOW)
		return ctl_walk(rq->ctl, reply_one, rq);
	if (rq->cmd->row->verb == VERB_SAVE)
		return save(rq);
	if (rq->input != NULL)
		return use_text(rq, name, rq->input);
	if (host->read_file == NULL)
		return err_set(&rq->err, -EACCES,
		    "\"%s\": this hopd reads no files", name);
	text = host->read_file(host->arg, name, &rq->err);
	if (text == NULL)
		return -EACCES;
	r = use_text(rq, name, text);
	free(text);
	return r;
}
