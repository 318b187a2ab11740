/*
 * cmd_http.c - http add|del|show: the HTTP server on hopd itself.
 */
#include "ctl/cmd.h"

#include "service/http.h"

int
http_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	const struct service_key *at = &command_get(cmd, A_SERVER)->service;
	struct http_conf conf = { .local = at->addr, .port = at->port,
	    .name = command_str(cmd, A_NAME),
	    .root = command_str(cmd, A_ROOT) };

	/* 0.0.0.0 is every address. */
	if (addr_is_any(&conf.local))
		conf.local = (struct addr){ { 0 } };
	if (cmd->row->verb == VERB_DEL)
		return http_del(ctl->stk, &conf.local, conf.port, err);
	return http_add(ctl->stk, &conf, err);
}

int
http_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	const struct http_server *s = NULL;
	struct command cmd;
	int r = 0;

	while (r == 0 && (s = http_next(ctl->stk, s)) != NULL) {
		struct service_key at = { .addr = s->local, .port = s->port };

		if (addr_is_any(&at.addr))
			at.addr = addr_from_ip4(IP4(0, 0, 0, 0));
		command_init(&cmd, grammar_row(OBJ_HTTP, VERB_ADD));
		command_set(&cmd, A_SERVER)->service = at;
		if (s->name[0] != '\0')
			command_set(&cmd, A_NAME)->str = s->name;
		if (s->root[0] != '\0')
			command_set(&cmd, A_ROOT)->str = s->root;
		r = fn(arg, &cmd, s);
	}
	return r;
}

static int
show_one(void *arg, const struct command *cmd, const void *obj)
{
	const struct http_server *s = obj;
	const struct http_stats *t = &s->stats;

	reply_object(arg, cmd, json_pack(
	    "{s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "open",
	    (int)t->open, "accepted", (json_int_t)t->accepted, "refused",
	    (json_int_t)t->refused, "requests", (json_int_t)t->requests, "2xx",
	    (json_int_t)t->answers[2], "3xx", (json_int_t)t->answers[3],
	    "4xx", (json_int_t)t->answers[4], "5xx",
	    (json_int_t)t->answers[5], "body_bytes",
	    (json_int_t)t->body_bytes, "timeouts", (json_int_t)t->timeouts));
	return 0;
}

int
http_query(struct request *rq)
{
	return http_walk(rq->ctl, show_one, rq);
}
