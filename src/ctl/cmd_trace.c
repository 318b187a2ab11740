/*
 * cmd_trace.c - traceroute: who stands on the way, told as traceroute(8)
 * tells it: a line for each TTL.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "service/trace.h"

static void
append(struct job *job, const char *text)
{
	size_t n = strlen(job->line);

	snprintf(job->line + n, sizeof(job->line) - n, "%s", text);
}

/* "!H" and the like, after the time of an answer that is an error. */
static void
append_mark(struct job *job, const struct trace_result *r)
{
	char text[24];

	if (r->type != ICMP_UNREACH || r->code == ICMP_UNREACH_PORT)
		return;
	if (r->code == ICMP_UNREACH_FRAG)
		snprintf(text, sizeof(text), " !F-%u", r->info);
	else if (r->code == ICMP_UNREACH_ADMIN)
		snprintf(text, sizeof(text), " !X");
	else if (r->code <= ICMP_UNREACH_PROTO)
		snprintf(text, sizeof(text), " !%c", "NHP"[r->code]);
	else
		snprintf(text, sizeof(text), " !<%u>", r->code);
	append(job, text);
}

static void
tell_text(struct job *job, const struct trace_result *r)
{
	char text[96], from[ADDR_STRLEN];

	if (r->query == 1) {
		snprintf(job->line, sizeof(job->line), "%2u ", r->ttl);
		job->from = (struct addr){ { 0 } };
	}
	if (r->what == TRACE_SILENT) {
		append(job, " *");
	} else if (r->what == TRACE_UNSENT) {
		snprintf(text, sizeof(text), " (%s)", strerror(-r->error));
		append(job, text);
	} else {
		addr_format(&r->from, from);
		if (!addr_eq(&r->from, &job->from)) {
			snprintf(text, sizeof(text), " %s", from);
			append(job, text);
		}
		job->from = r->from;
		snprintf(text, sizeof(text), "  %.3f ms",
		    (double)r->rtt_us / 1000);
		append(job, text);
		append_mark(job, r);
	}
	if (r->query == job->queries) {
		reply_line(&job->rq, job->line);
		reply_flush(&job->rq);
	}
}

static void
tell_json(struct job *job, const struct trace_result *r)
{
	json_t *obj = json_pack("{s:i,s:i}", "ttl", (int)r->ttl, "query",
	    (int)r->query);
	char from[ADDR_STRLEN];

	if (r->what == TRACE_ANSWER)
		json_object_update_new(obj, json_pack(
		    "{s:s,s:f,s:i,s:i,s:b}", "from",
		    addr_format(&r->from, from), "rtt_ms",
		    (double)r->rtt_us / 1000, "type", (int)r->type, "code",
		    (int)r->code, "reached", r->reached));
	else if (r->what == TRACE_UNSENT)
		json_object_set_new(obj, "error",
		    json_string(strerror(-r->error)));
	reply_data(&job->rq, obj);
}

static void
tell(struct stack *stk, struct trace *t, const struct trace_result *r,
    void *owner)
{
	struct job *job = owner;
	char text[ADDR_STRLEN];

	(void)stk;
	(void)t;
	if (r->what != TRACE_DONE && job->rq.text) {
		tell_text(job, r);
	} else if (r->what != TRACE_DONE) {
		tell_json(job, r);
	} else {
		if (!r->reached)
			err_set(&job->rq.err, 0, "\"%s\": not reached",
			    addr_format(&job->dst, text));
		job_done(job, r->reached ? 0 : 1);
	}
}

static void
conf_from(const struct command *cmd, struct trace_conf *c)
{
	const union value *src = command_get(cmd, A_SRC);
	const char *dev = command_str(cmd, A_DEV);

	c->dst = addr_from_ip4(command_get(cmd, A_DST)->ip);
	if (src != NULL)
		c->src = addr_from_ip4(src->ip);
	if (dev != NULL)
		snprintf(c->ifname, sizeof(c->ifname), "%s", dev);
	c->mode = command_given(cmd, A_ICMP) ? TRACE_ICMP : TRACE_UDP;
	c->first_ttl = (uint8_t)command_num(cmd, A_FIRST_TTL, 1);
	c->max_ttl = (uint8_t)command_num(cmd, A_TTL, 30);
	c->queries = (uint8_t)command_num(cmd, A_QUERIES, 3);
	c->tos = (uint8_t)command_num(cmd, A_TOS, 0);
	c->df = command_given(cmd, A_DF);
	c->port = (uint16_t)command_num(cmd, A_PORT, TRACE_PORT);
	c->size = (uint32_t)command_num(cmd, A_SIZE, 32);
	c->timeout_us = command_num(cmd, A_TIMEOUT, 5 * USEC_PER_SEC);
}

int
trace_query(struct request *rq)
{
	struct trace_conf conf = TRACE_CONF_DEFAULT;
	struct job *job = job_new(rq, JOB_TRACE);
	char line[192], dst[ADDR_STRLEN];
	struct trace *trace;
	int r;

	if (job == NULL)
		return -ENOMEM;
	conf_from(rq->cmd, &conf);
	job->dst = conf.dst;
	job->queries = conf.queries;
	r = trace_start(rq->ctl->stk, &conf, tell, job, &trace, &rq->err);
	if (r != 0) {
		job_free(job);
		return r;
	}
	job->engine = trace;
	addr_format(&conf.dst, dst);
	snprintf(line, sizeof(line), "traceroute to %s (%s), %u hops max, "
	    "%u byte packets", dst, dst, conf.max_ttl, conf.size + 28);
	if (rq->text)
		reply_line(&job->rq, line);
	reply_flush(&job->rq);
	return -EINPROGRESS;
}
