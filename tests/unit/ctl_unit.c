/*
 * ctl_unit.c - the fixture of the control language's tests.
 */
#include "unit/ctl_unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
port_open(void *arg, const struct port_spec *spec, struct err *err)
{
	struct ctl_unit *u = arg;
	struct mac mac = { { 2, 0, 0, 0, 1, u->next_mac } };
	struct port *port;
	int i = 0;

	if (u->bad_port != NULL && strcmp(u->bad_port, spec->name) == 0)
		return err_set(err, -EBUSY, "\"%s\": device busy", spec->name);
	port = mem_port_new(&u->stk->mem, spec->name, spec->l2, spec->has_mac ?
	    spec->mac : spec->l2 ? mac : MAC_ZERO, spec->mtu, 0);
	if (port == NULL)
		return err_set(err, -ENOMEM, "\"%s\": no memory", spec->name);
	if (port_add(u->stk, port) != 0) {
		port->ops->close(port, &u->stk->mem);
		return err_set(err, -ENOMEM, "\"%s\": no memory", spec->name);
	}
	u->next_mac += !spec->has_mac;
	while (i < 7 && u->port[i][0] != '\0')
		i++;
	memcpy(u->port[i], spec->name, sizeof(spec->name));
	memcpy(u->netns[i], spec->netns, sizeof(spec->netns));
	return 0;
}

static int
port_close(void *arg, const char *name, struct err *err)
{
	struct ctl_unit *u = arg;
	struct port *port = port_lookup(u->stk, name);

	if (port == NULL)
		return err_set(err, -ENOENT, "\"%s\": no such port", name);
	if (u->kept_port != NULL && strcmp(u->kept_port, name) == 0)
		return err_set(err, -EBUSY, "\"%s\": device kept", name);
	for (int i = 0; i < 8; i++) {
		if (strcmp(u->port[i], name) == 0)
			u->port[i][0] = '\0';
	}
	port_del(u->stk, port);
	return 0;
}

static int
port_mtu(void *arg, const char *name, uint32_t mtu, struct err *err)
{
	struct ctl_unit *u = arg;

	if (u->mtu_max != 0 && mtu > u->mtu_max)
		return err_set(err, -EINVAL, "\"%s\": no mtu %u", name, mtu);
	u->mtu = mtu;
	return 0;
}

static const char *
port_netns(void *arg, const char *name)
{
	struct ctl_unit *u = arg;

	for (int i = 0; i < 8; i++) {
		if (strcmp(u->port[i], name) == 0)
			return u->netns[i];
	}
	return "";
}

static void
accepted(void *arg, const char *line)
{
	struct ctl_unit *u = arg;

	strncat(u->accepted, line, sizeof(u->accepted) -
	    strlen(u->accepted) - 2);
	strcat(u->accepted, "\n");
}

static void
snapshot(void *arg)
{
	struct ctl_unit *u = arg;
	char *text = ctl_config_show(u->ctl);

	snprintf(u->snapshot, sizeof(u->snapshot), "%s", text);
	free(text);
	u->snapshots++;
}

static int
write_file(void *arg, const char *path, const char *text, struct err *err)
{
	struct ctl_unit *u = arg;

	if (path != NULL)
		return err_set(err, -EACCES, "\"%s\": not here", path);
	snprintf(u->written, sizeof(u->written), "%s", text);
	return 0;
}

static void
emit(void *arg, const char *line, size_t len)
{
	struct ctl_unit *u = arg;
	json_error_t error;
	json_t *reply = json_loadb(line, len, 0, &error);
	const char *text, *why;

	ck_assert_int_eq(line[len], '\0');
	ck_assert_msg(reply != NULL, "%.*s", (int)len, line);
	ck_assert_ptr_null(memchr(line, '\n', len));
	text = json_string_value(json_object_get(reply, "text"));
	why = json_string_value(json_object_get(reply, "error"));
	if (text != NULL) {
		strncat(u->text, text, sizeof(u->text) - strlen(u->text) - 2);
		strcat(u->text, "\n");
	}
	if (json_object_get(reply, "data") != NULL)
		json_array_append(u->data, json_object_get(reply, "data"));
	if (json_object_get(reply, "status") != NULL) {
		ck_assert_int_eq(u->status, -1);
		u->status = (int)json_integer_value(
		    json_object_get(reply, "status"));
		snprintf(u->error, sizeof(u->error), "%s",
		    why != NULL ? why : "");
		json_decref(u->last);
		u->last = json_incref(reply);
	}
	json_decref(reply);
}

struct ctl_unit *
ctl_unit_new(void)
{
	struct ctl_unit *u = calloc(1, sizeof(*u));
	struct ctl_host host = { u, port_open, port_close, port_netns,
	    accepted, snapshot, NULL, write_file,
	    port_mtu };

	ck_assert_ptr_nonnull(u);
	u->stk = unit_stack();
	u->ctl = ctl_new(u->stk, &host);
	u->session = ctl_open(u->ctl, emit, u);
	u->data = json_array();
	ck_assert_ptr_nonnull(u->session);
	return u;
}

void
ctl_unit_free(struct ctl_unit *u)
{
	ctl_close(u->session);
	ctl_free(u->ctl);
	unit_stack_free(u->stk);
	json_decref(u->data);
	json_decref(u->last);
	free(u);
}

/* A line, and what is behind it unless that is NULL. */
static int
send_raw(struct ctl_unit *u, const char *line, const char *text, size_t len)
{
	u->status = -1;
	u->text[0] = '\0';
	json_array_clear(u->data);
	ck_assert_uint_eq(ctl_input(u->session, line, strlen(line)), len);
	if (len > 0) {
		ck_assert_int_eq(u->status, -1);
		ctl_input_text(u->session, text, len);
	}
	return u->status;
}

void
ctl_unit_send(struct ctl_unit *u, const char *line)
{
	ck_assert_uint_eq(ctl_input(u->session, line, strlen(line)), 0);
}

int
ctl_unit_raw(struct ctl_unit *u, const char *line)
{
	ck_assert_int_ne(send_raw(u, line, NULL, 0), -1);
	return u->status;
}

/* The request's object. */
static json_t *
request_json(const char *line, bool text)
{
	char copy[2048];
	const char *word[CTL_WORDS_MAX];
	json_t *words = json_array();
	int n;

	snprintf(copy, sizeof(copy), "%s", line);
	n = line_split(copy, word, CTL_WORDS_MAX);
	for (int i = 0; i < n; i++)
		json_array_append_new(words, json_string(word[i]));
	return json_pack("{s:i,s:o,s:b}", "id", 7, "command", words, "text",
	    text);
}

static int
send_words(struct ctl_unit *u, const char *line, bool text, const char *input)
{
	json_t *obj = request_json(line, text);
	char *raw;
	int status;

	if (input != NULL)
		json_object_set_new(obj, "input", json_string(input));
	raw = json_dumps(obj, JSON_COMPACT);
	json_decref(obj);
	status = send_raw(u, raw, NULL, 0);
	free(raw);
	return status;
}

static int
request(struct ctl_unit *u, const char *line, bool text, const char *input)
{
	int status = send_words(u, line, text, input);

	ck_assert_int_ne(status, -1);
	ck_assert_int_eq(json_integer_value(json_object_get(u->last, "id")),
	    7);
	return status;
}

void
ctl_unit_start(struct ctl_unit *u, const char *line, bool text)
{
	ck_assert_int_eq(send_words(u, line, text, NULL), -1);
}

int
ctl_unit_do(struct ctl_unit *u, const char *line)
{
	return request(u, line, true, NULL);
}

int
ctl_unit_json(struct ctl_unit *u, const char *line)
{
	return request(u, line, false, NULL);
}

int
ctl_unit_file(struct ctl_unit *u, const char *line, const char *input)
{
	return request(u, line, true, input);
}

int
ctl_unit_text(struct ctl_unit *u, const char *line, const char *text,
    size_t len)
{
	json_t *obj = request_json(line, true);
	char *raw;

	json_object_set_new(obj, "input_bytes", json_integer((json_int_t)len));
	raw = json_dumps(obj, JSON_COMPACT);
	json_decref(obj);
	ck_assert_int_ne(send_raw(u, raw, text, len), -1);
	free(raw);
	return u->status;
}

void
ctl_unit_must(struct ctl_unit *u, const char *line)
{
	ck_assert_msg(ctl_unit_do(u, line) == 0, "%s: %s", line, u->error);
}

const char *
ctl_unit_config(struct ctl_unit *u)
{
	char *text = ctl_config_show(u->ctl);

	ck_assert_ptr_nonnull(text);
	snprintf(u->text, sizeof(u->text), "%s", text);
	free(text);
	return u->text;
}

const char *
reply_string(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	ck_assert_msg(json_is_string(v), "%s", key);
	return json_string_value(v);
}

long long
reply_number(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	ck_assert_msg(json_is_integer(v), "%s", key);
	return json_integer_value(v);
}
