/*
 * job.c - requests that are answered over time: ping, traceroute,
 * capture, tcp connect, and conn show where it is long.
 */
#include "ctl/session.h"

#include <stdlib.h>

#include "icmp/ping.h"
#include "port/capture.h"
#include "service/trace.h"

struct job *
job_new(struct request *rq, enum job_kind kind)
{
	struct job *job = calloc(1, sizeof(*job));

	if (job == NULL)
		return NULL;
	job->kind = kind;
	job->rq = *rq;
	job->rq.id = json_incref(rq->id);
	job->rq.cmd = NULL;
	job->rq.input = NULL;
	job->rq.lines = NULL;
	job->rq.lines_len = job->rq.lines_size = 0;
	job->next = rq->session->jobs;
	rq->session->jobs = job;
	return job;
}

struct job *
job_of_kind(const struct ctl_session *s, enum job_kind kind)
{
	struct job *job = s->jobs;

	while (job != NULL && job->kind != kind)
		job = job->next;
	return job;
}

void
job_free(struct job *job)
{
	struct job **at = &job->rq.session->jobs;
	struct stack *stk = job->rq.ctl->stk;

	while (*at != job)
		at = &(*at)->next;
	*at = job->next;
	if (job->engine != NULL && job->kind == JOB_PING)
		ping_stop(stk, job->engine);
	if (job->engine != NULL && job->kind == JOB_TRACE)
		trace_stop(stk, job->engine);
	if (job->engine != NULL && job->kind == JOB_CAPTURE) {
		capture_stop(job->engine);
		free(job->engine);
	}
	if (job->engine != NULL && job->kind == JOB_CONNECT)
		connect_stop(stk, job->engine);
	if (job->kind == JOB_CONN)
		free(job->engine);
	json_decref(job->rq.id);
	free(job->rq.lines);
	free(job);
}

void
job_done(struct job *job, int status)
{
	reply_status(&job->rq, status, -1);
	job_free(job);
}

void
job_input(struct ctl_session *s, const json_t *obj)
{
	const json_t *id = json_object_get(obj, "id");

	for (struct job *job = s->jobs; job != NULL; job = job->next) {
		/* One that has ended meanwhile is not missed. */
		if (job->kind == JOB_CONNECT && json_equal(job->rq.id, id)) {
			connect_input(job, obj);
			return;
		}
	}
}
