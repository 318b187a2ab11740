/*
 * cmd_capture.c - capture: frames of a port, or dead packets, as a pcap
 * stream that the client writes where it likes.
 *
 * Each piece of the stream is one reply, in base64 (RFC 4648 4): the file's
 * header first, then a record a reply.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/base64.h"
#include "port/capture.h"

static void
write_piece(void *arg, const struct iovec *iov, int n)
{
	struct job *job = arg;
	char *text = base64_encode(iov, n);

	if (text != NULL)
		reply_data(&job->rq, json_pack("{s:s}", "pcap", text));
	free(text);
}

static int
find_reason(struct request *rq, enum drop *only)
{
	const char *name = command_str(rq->cmd, A_REASON);

	*only = CAPTURE_ANY;
	if (name == NULL)
		return 0;
	for (int i = 0; i < DROP_COUNT; i++) {
		if (strcmp(drop_rows[i].name, name) == 0) {
			*only = (enum drop)i;
			return 0;
		}
	}
	return err_set(&rq->err, -ENOENT,
	    "\"%s\": no such reason; \"drops show all\" lists them", name);
}

int
capture_query(struct request *rq)
{
	const char *name = command_str(rq->cmd, A_NAME);
	struct stack *stk = rq->ctl->stk;
	struct port *port = port_lookup(stk, name);
	struct capture_conf conf = { .write = write_piece,
	    .snaplen = (uint32_t)command_num(rq->cmd, A_SNAPLEN, 0) };
	bool drops = strcmp(name, "drops") == 0;
	struct capture *c;
	struct job *job;
	enum drop only;
	int r = find_reason(rq, &only);

	if (r != 0)
		return r;
	if (port == NULL && !drops)
		return err_set(&rq->err, -ENOENT, "\"%s\": no such port",
		    name);
	job = job_new(rq, JOB_CAPTURE);
	c = calloc(1, sizeof(*c));
	if (job == NULL || c == NULL) {
		if (job != NULL)
			job_free(job);
		free(c);
		return -ENOMEM;
	}
	conf.arg = job;
	r = drops ? capture_drops(c, stk, only, &conf) :
	    capture_port(c, stk, port, &conf);
	if (r == 0) {
		job->engine = c;
		return -EINPROGRESS;
	}
	free(c);
	job_free(job);
	return err_set(&rq->err, r, "\"%s\": somebody captures already", name);
}
