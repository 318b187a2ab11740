/*
 * reply.c - what goes back to a client: JSON lines (ctl.h).
 *
 * Lines of text are gathered so that a long listing does not cost one JSON
 * object each.  What no memory was left to say makes the status a refusal; the
 * status itself comes in any case.
 */
#include "ctl/session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINES_MAX 32768		/* sent when so much waits */

struct dump {
	char *text;
	size_t len, size;
	bool failed;		/* jansson does not hand every failure on */
};

static int
dump_put(const char *p, size_t len, void *arg)
{
	struct dump *d = arg;

	if (d->len + len + 1 > d->size) {
		size_t size = 2 * d->size + len + 256;
		char *text = realloc(d->text, size);

		if (text == NULL) {
			d->failed = true;
			return -1;
		}
		d->text = text;
		d->size = size;
	}
	memcpy(d->text + d->len, p, len);
	d->len += len;
	d->text[d->len] = '\0';
	return 0;
}

/* Takes obj over; false: no memory. */
static bool
emit_json(struct request *rq, json_t *obj)
{
	struct ctl_session *s = rq->session;
	struct dump d = { .failed = obj == NULL || (rq->id != NULL &&
	    json_object_set(obj, "id", rq->id) != 0) };

	if (!d.failed && json_dump_callback(obj, dump_put, &d,
	    JSON_COMPACT) != 0)
		d.failed = true;
	json_decref(obj);
	if (!d.failed)
		s->emit(s->arg, d.text, d.len);
	free(d.text);
	return !d.failed;
}

void
reply_flush(struct request *rq)
{
	if (rq->lines_len > 0 && !emit_json(rq, json_pack("{s:s#}", "text",
	    rq->lines, rq->lines_len - 1)))
		rq->lost = true;
	rq->lines_len = 0;
}

void
reply_data(struct request *rq, json_t *data)
{
	reply_flush(rq);
	if (data == NULL || !emit_json(rq, json_pack("{s:o}", "data", data)))
		rq->lost = true;
}

void
reply_line(struct request *rq, const char *line)
{
	size_t len = strlen(line);

	if (rq->lines_len + len + 1 > rq->lines_size) {
		size_t size = rq->lines_len + len + 1 + LINES_MAX;
		char *p = realloc(rq->lines, size);

		if (p == NULL) {
			rq->lost = true;
			return;
		}
		rq->lines = p;
		rq->lines_size = size;
	}
	memcpy(rq->lines + rq->lines_len, line, len);
	rq->lines_len += len;
	rq->lines[rq->lines_len++] = '\n';
	if (rq->lines_len >= LINES_MAX)
		reply_flush(rq);
}

/* Why, for programs. */
static const char *
code_name(int code)
{
	switch (-code) {
	case EEXIST:
		return "EEXIST";
	case ENOENT:
		return "ENOENT";
	case ESRCH:
		return "ESRCH";
	case ENOMEM:
		return "ENOMEM";
	case ENOSPC:
		return "ENOSPC";
	case ERANGE:
		return "ERANGE";
	case EACCES:
		return "EACCES";
	case EADDRINUSE:
		return "EADDRINUSE";
	case EBUSY:
		return "EBUSY";
	default:
		return "EINVAL";
	}
}

/* NULL: no memory. */
static json_t *
status_json(struct request *rq, int status, int word)
{
	json_t *obj = json_pack("{s:i}", "status", status);
	int r = 0;

	if (status != 0)
		r |= json_object_set_new(obj, "error",
		    json_string(rq->err.text));
	if (status == 1)
		r |= json_object_set_new(obj, "code",
		    json_string(code_name(rq->code)));
	if (rq->errors != NULL)
		r |= json_object_set(obj, "errors", rq->errors);
	if (word >= 0)
		r |= json_object_set_new(obj, "word", json_integer(word));
	if (r == 0)
		return obj;
	json_decref(obj);
	return NULL;
}

/* Without memory the client must not wait for ever. */
static void
emit_bare_status(struct request *rq, int status)
{
	char line[128];
	size_t n;

	n = (size_t)snprintf(line, sizeof(line), "{\"status\":%d", status);
	if (status != 0)
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    ",\"error\":\"no memory\",\"code\":\"ENOMEM\"");
	if (json_is_integer(rq->id))
		n += (size_t)snprintf(line + n, sizeof(line) - n,
		    ",\"id\":%" JSON_INTEGER_FORMAT,
		    json_integer_value(rq->id));
	line[n++] = '}';
	rq->session->emit(rq->session->arg, line, n);
}

void
reply_status(struct request *rq, int status, int word)
{
	reply_flush(rq);
	free(rq->lines);
	rq->lines = NULL;
	rq->lines_size = 0;
	if (rq->lost && status == 0) {
		status = 1;
		rq->code = err_set(&rq->err, -ENOMEM,
		    "no memory for all of the answer");
	}
	if (!emit_json(rq, status_json(rq, status, word)))
		emit_bare_status(rq, status);
	json_decref(rq->errors);
	rq->errors = NULL;
}

static json_t *
list_json(const char *choices, int64_t bits)
{
	json_t *list = json_array();
	char name[32];

	for (unsigned i = 0; choice_at(choices, i, name, sizeof(name)); i++) {
		if ((bits >> i & 1) != 0)
			json_array_append_new(list, json_string(name));
	}
	return list;
}

static json_t *
hops_json(const struct command *cmd)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < cmd->hops; i++) {
		const struct cmd_hop *hop = &cmd->hop[i];
		json_t *one = json_object();
		char text[IP4_STRLEN];

		if (!ip4_is_any(hop->via))
			json_object_set_new(one, "via",
			    json_string(ip4_format(hop->via, text)));
		if (hop->dev != NULL)
			json_object_set_new(one, "dev",
			    json_string(hop->dev));
		json_object_set_new(one, "weight", json_integer(hop->weight));
		json_array_append_new(list, one);
	}
	return list;
}

static void
set_service(json_t *obj, const struct service_key *key)
{
	char text[ADDR_STRLEN];

	if (key->proto == 0) {
		json_object_set_new(obj, "fwmark", json_integer(key->fwmark));
		return;
	}
	json_object_set_new(obj, "protocol", json_string(key->proto == 6 ?
	    "tcp" : key->proto == 17 ? "udp" : "sctp"));
	json_object_set_new(obj, "address",
	    json_string(addr_format(&key->addr, text)));
	json_object_set_new(obj, "port", json_integer(key->port));
}

static void
set_addr_port(json_t *obj, const char *word, const struct service_key *key)
{
	char text[ADDR_STRLEN], name[32];

	json_object_set_new(obj, word,
	    json_string(addr_format(&key->addr, text)));
	snprintf(name, sizeof(name), "%s_port", word);
	json_object_set_new(obj, name, json_integer(key->port));
}

static void
set_value(json_t *obj, const struct command *cmd, unsigned i)
{
	const struct arg *a = &cmd->row->args[i];
	const union value *v = &cmd->val[i];
	char text[256];

	switch (a->kind) {
	case ARG_NUMBER:
		json_object_set_new(obj, a->word, json_integer(v->num));
		break;
	case ARG_SWITCH:
	case ARG_FLAG:
		json_object_set_new(obj, a->word, json_boolean(v->num != 0));
		break;
	case ARG_SHARE:		/* in per cent, as it is written */
		json_object_set_new(obj, a->word,
		    json_real((double)v->num / 10000));
		break;
	case ARG_DURATION:
		if (v->num % 1000000 == 0)
			json_object_set_new(obj, a->word,
			    json_integer(v->num / 1000000));
		else
			json_object_set_new(obj, a->word,
			    json_real((double)v->num / 1000000));
		break;
	case ARG_LIST:
		json_object_set_new(obj, a->word, list_json(a->meta, v->num));
		break;
	case ARG_NEXTHOP:
		json_object_set_new(obj, a->word, hops_json(cmd));
		break;
	case ARG_SERVICE:
		set_service(obj, &v->service);
		break;
	case ARG_ADDR_PORT:
		set_addr_port(obj, a->word, &v->service);
		break;
	default:
		value_format(cmd, i, text, sizeof(text));
		json_object_set_new(obj, a->word, json_string(text));
		break;
	}
}

json_t *
command_json(const struct command *cmd)
{
	json_t *obj = json_object();

	for (unsigned i = 0; cmd->row->args[i].kind != ARG_END; i++) {
		if ((cmd->valid & 1u << i) != 0)
			set_value(obj, cmd, i);
	}
	return obj;
}

/* "  # up, rx_packets 12": what follows is no part of the command. */
static void
append_state(char *line, size_t size, json_t *state)
{
	const char *sep = "  # ", *key;
	json_t *v;

	json_object_foreach(state, key, v) {
		size_t n = strlen(line);

		if (json_is_false(v) || json_is_array(v))
			continue;
		if (json_is_true(v))
			snprintf(line + n, size - n, "%s%s", sep, key);
		else if (json_is_string(v))
			snprintf(line + n, size - n, "%s%s %s", sep, key,
			    json_string_value(v));
		else
			snprintf(line + n, size - n,
			    "%s%s %" JSON_INTEGER_FORMAT, sep, key,
			    json_integer_value(v));
		sep = ", ";
	}
}

static void
object_line(struct request *rq, const struct command *cmd, json_t *state,
    const char *indent)
{
	char line[COMMAND_TEXT_MAX + 512];
	size_t n = strlen(indent);

	memcpy(line, indent, n);
	command_format(cmd, FORMAT_ARGS, line + n, sizeof(line) - n);
	append_state(line, sizeof(line), state);
	json_decref(state);
	reply_line(rq, line);
}

void
reply_indented(struct request *rq, const struct command *cmd, json_t *state)
{
	object_line(rq, cmd, state, "  ");
}

void
reply_object(struct request *rq, const struct command *cmd, json_t *state)
{
	json_t *obj;

	if (rq->text) {
		object_line(rq, cmd, state, "");
		return;
	}
	obj = command_json(cmd);
	if (state != NULL)
		json_object_set_new(obj, "state", state);
	reply_data(rq, obj);
}
