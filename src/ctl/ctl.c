/*
 * ctl.c - sessions: a request line in, its replies out.
 *
 * Whatever comes in is survived: what is no JSON, no object or has no command
 * gets a reply with status 2.
 */
#include "ctl/parse.h"
#include "ctl/session.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_DONE	0
#define STATUS_REFUSED	1
#define STATUS_USAGE	2

struct ctl *
ctl_new(struct stack *stk, const struct ctl_host *host)
{
	struct ctl *ctl = calloc(1, sizeof(*ctl));

	if (ctl == NULL)
		return NULL;
	ctl->stk = stk;
	ctl->host = *host;
	return ctl;
}

void
ctl_free(struct ctl *ctl)
{
	if (ctl == NULL)
		return;
	while (ctl->sessions != NULL)
		ctl_close(ctl->sessions);
	free(ctl);
}

struct ctl_session *
ctl_open(struct ctl *ctl, void (*emit)(void *arg, const char *line,
    size_t len), void *arg)
{
	struct ctl_session *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->ctl = ctl;
	s->emit = emit;
	s->arg = arg;
	s->next = ctl->sessions;
	ctl->sessions = s;
	return s;
}

void
ctl_close(struct ctl_session *s)
{
	struct ctl_session **at = &s->ctl->sessions;

	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	while (s->jobs != NULL)
		job_free(s->jobs);
	json_decref(s->waiting);
	free(s);
}

/* Tells the host what it may journal. */
static void
accepted(struct ctl *ctl, const struct command *cmd)
{
	char line[COMMAND_TEXT_MAX];

	if (ctl->host.accepted == NULL)
		return;
	command_format(cmd, FORMAT_GIVEN, line, sizeof(line));
	ctl->host.accepted(ctl->host.arg, line);
}

static int
run(struct request *rq)
{
	int r;

	if ((rq->cmd->row->flags & ROW_CHANGE) == 0)
		return ctl_query(rq);
	r = ctl_stands(rq->ctl, rq->cmd, &rq->err);
	if (r == 0)
		r = ctl_change(rq->ctl, rq->cmd, &rq->err);
	if (r == 0)
		accepted(rq->ctl, rq->cmd);
	return r;
}

static void
refuse(struct request *rq, const char *text)
{
	err_set(&rq->err, 0, "%s", text);
	reply_status(rq, STATUS_USAGE, -1);
}

static void
run_words(struct request *rq, const json_t *list)
{
	const char *words[CTL_WORDS_MAX];
	size_t count = json_array_size(list);
	struct command cmd;
	int word = -1, r;

	if (count > CTL_WORDS_MAX) {
		refuse(rq, "too many words");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		words[i] = json_string_value(json_array_get(list, i));
		if (words[i] == NULL) {
			refuse(rq, "\"command\": expected strings");
			return;
		}
	}
	rq->cmd = &cmd;
	r = command_parse(&cmd, (int)count, words, 0, &word, &rq->err);
	if (r != 0) {
		reply_status(rq, STATUS_USAGE, word);
		return;
	}
	r = run(rq);
	if (r == -EINPROGRESS)
		return;
	if (r != 0 && rq->err.text[0] == '\0')
		err_set(&rq->err, r, "%s", strerror(-r));
	rq->code = r;
	reply_status(rq, r == 0 ? STATUS_DONE : STATUS_REFUSED, -1);
}

/* Answers a request.  input: the text that came with it, or NULL. */
static void
run_request(struct ctl_session *s, const json_t *obj, const char *input)
{
	struct request rq = { .ctl = s->ctl, .session = s, .input = input };
	const json_t *command = json_object_get(obj, "command");

	rq.id = json_object_get(obj, "id");
	rq.text = json_is_true(json_object_get(obj, "text"));
	if (json_is_array(command))
		run_words(&rq, command);
	else
		refuse(&rq, "\"command\": expected an array of words");
}

/* The bytes of text that follow, or what came in the request. */
static size_t
take_request(struct ctl_session *s, json_t *obj)
{
	static const char *const of_job[] = { "stream", "end", "taken" };
	struct request rq = { .ctl = s->ctl, .session = s };
	const json_t *bytes = json_object_get(obj, "input_bytes");
	const char *input = json_string_value(json_object_get(obj, "input"));

	for (size_t i = 0; i < sizeof(of_job) / sizeof(of_job[0]); i++) {
		if (json_object_get(obj, of_job[i]) != NULL) {
			job_input(s, obj);
			return 0;
		}
	}
	/* Taken for an empty file it would do away with everything. */
	if (bytes != NULL && (!json_is_integer(bytes) ||
	    json_integer_value(bytes) < 0)) {
		rq.id = json_object_get(obj, "id");
		refuse(&rq, "\"input_bytes\": expected a number of bytes");
		return 0;
	}
	if (json_integer_value(bytes) > 0) {
		s->waiting = json_incref(obj);
		return (size_t)json_integer_value(bytes);
	}
	run_request(s, obj, bytes != NULL ? "" : input);
	return 0;
}

size_t
ctl_input(struct ctl_session *s, const char *line, size_t len)
{
	struct request rq = { .ctl = s->ctl, .session = s };
	json_error_t error;
	json_t *obj = json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
	size_t more = 0;

	assert(s->waiting == NULL);
	if (obj != NULL) {
		more = take_request(s, obj);
	} else {
		err_set(&rq.err, 0, "request is no JSON: %s", error.text);
		reply_status(&rq, STATUS_USAGE, -1);
	}
	json_decref(obj);
	return more;
}

void
ctl_input_text(struct ctl_session *s, const char *text, size_t len)
{
	struct request rq = { .ctl = s->ctl, .session = s };
	json_t *obj = s->waiting;

	assert(obj != NULL && text[len] == '\0');
	s->waiting = NULL;
	rq.id = json_object_get(obj, "id");
	/* What is quoted in an answer must fit into JSON. */
	if (text_is_utf8(text, len))
		run_request(s, obj, text);
	else
		refuse(&rq, "the file is not UTF-8 text");
	json_decref(obj);
}

bool
ctl_turn(struct ctl_session *s)
{
	struct job *job = job_of_kind(s, JOB_CONN);

	if (job != NULL)
		conn_turn(job);
	return job_of_kind(s, JOB_CONN) != NULL;
}

bool
ctl_is_busy(const struct ctl_session *s)
{
	return s->jobs != NULL;
}
