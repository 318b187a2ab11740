/*
 * cmd.h - commands against a stack: one cmd_*.c per object.
 *
 * *_change() carries out a command that changes the configuration; *_query()
 * answers one that does not; *_walk() hands out what is configured, each
 * object as the command that would make it, which show, config show and the
 * comparison with a file all read.
 */
#ifndef HOPD_CTL_CMD_H
#define HOPD_CTL_CMD_H

#include <jansson.h>

#include "ctl/ctl.h"
#include "ctl/grammar.h"
#include "stack/stack.h"

struct ctl {
	struct stack *stk;
	struct ctl_host host;
	struct ctl_session *sessions;
};

/* One request, for as long as it takes to answer. */
struct request {
	struct ctl *ctl;
	struct ctl_session *session;
	json_t *id;		/* as it came; echoed */
	bool text;		/* objects as lines of words, not as JSON */
	const char *input;	/* text that came with it: a file; or NULL */
	const struct command *cmd;
	struct err err;
	int code;		/* -Exxx of a refusal */
	bool lost;		/* no memory for a part of the answer */
	json_t *errors;		/* more than one: all of them; or NULL */
	char *lines;		/* text not yet sent */
	size_t lines_len, lines_size;
};

/* An object as the command that makes it; obj is the thing itself.  Not 0
 * stops the walk and is its result. */
typedef int command_fn(void *arg, const struct command *cmd, const void *obj);

/* reply.c */
/* Takes data over; NULL: there was no memory to make it. */
void reply_data(struct request *rq, json_t *data);
void reply_line(struct request *rq, const char *line);
/* A configured object: its words, or its JSON; state (taken over, may be
 * NULL) is what is not configured, as a comment or under "state". */
void reply_object(struct request *rq, const struct command *cmd,
    json_t *state);
/* Always as a line of words, two blanks in. */
void reply_indented(struct request *rq, const struct command *cmd,
    json_t *state);
/* Sends lines that wait, then the status: the end of the request. */
void reply_status(struct request *rq, int status, int word);
json_t *command_json(const struct command *cmd);

/* Sends lines that wait. */
void reply_flush(struct request *rq);

/* job.c: a request that is answered over time.  It belongs to its session and
 * ends with it. */
enum job_kind { JOB_PING, JOB_TRACE, JOB_CAPTURE, JOB_CONNECT, JOB_CONN };

struct job {
	struct job *next;	/* of its session */
	enum job_kind kind;
	struct request rq;	/* as it came, but cmd is gone */
	void *engine;		/* struct ping, trace, capture, connect, or of
				 * cmd_conn.c */
	struct addr dst;
	uint32_t size;		/* bytes of data */
	uint8_t ttl, queries;	/* traceroute: line under way */
	struct addr from;	/* traceroute: last one named in it */
	char line[256];
};

/* NULL: no memory. */
struct job *job_new(struct request *rq, enum job_kind kind);
/* One of the session's, or NULL. */
struct job *job_of_kind(const struct ctl_session *s, enum job_kind kind);
/* Frees it, without an answer. */
void job_free(struct job *job);
/* The last answer, and the end. */
void job_done(struct job *job, int status);

/* More of what the client sends for it, by the request's id. */
void job_input(struct ctl_session *s, const json_t *obj);

/* cmd_conn.c: a piece more of a long listing, and the end with the last. */
void conn_turn(struct job *job);

/* cmd_connect.c */
struct connect;
void connect_input(struct job *job, const json_t *obj);
void connect_stop(struct stack *stk, struct connect *k);

/* exec.c */
int ctl_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int ctl_query(struct request *rq);
/* Everything configured, in the order of a file. */
int ctl_walk(struct ctl *ctl, command_fn *fn, void *arg);
/* By name; NULL: a refusal in err, -ENOENT. */
struct iface *ctl_iface(struct ctl *ctl, const char *name, struct err *err);

/* stand.c: may this single command be carried out, as to what stands on
 * addresses of ours?  0, or -EBUSY and err. */
int ctl_stands(struct ctl *ctl, const struct command *cmd, struct err *err);

/* settings.c: what can only be set is described by the command that makes it
 * so: nothing to walk if that says only defaults.  more: see reply_object(). */
typedef void describe_fn(struct stack *stk, struct command *cmd);
int settings_walk(struct ctl *ctl, describe_fn *describe, command_fn *fn,
    void *arg);
int settings_query(struct request *rq, describe_fn *describe, json_t *more);
/* What is not given leaves *out as it is, whatever its default.  The grammar
 * has bounds for what must fit. */
void take_switch(const struct command *cmd, enum arg_id id, bool *out);
void take_u8(const struct command *cmd, enum arg_id id, uint8_t *out);
void take_u32(const struct command *cmd, enum arg_id id, uint32_t *out);
void take_seconds(const struct command *cmd, enum arg_id id, uint32_t *out);

/* cmd_OBJECT.c.  _change: 0, or -Exxx and err; _query: 0, -Exxx and rq->err, or
 * -EINPROGRESS: a job answers later; _walk: as of command_fn. */
int port_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int port_query(struct request *rq);
int port_walk(struct ctl *ctl, command_fn *fn, void *arg);

int tunnel_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int tunnel_query(struct request *rq);
int tunnel_walk(struct ctl *ctl, command_fn *fn, void *arg);

int addr_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int addr_query(struct request *rq);
int addr_walk(struct ctl *ctl, command_fn *fn, void *arg);

int route_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int route_query(struct request *rq);
int route_walk_static(struct ctl *ctl, command_fn *fn, void *arg);

int neigh_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int neigh_query(struct request *rq);
int neigh_walk(struct ctl *ctl, command_fn *fn, void *arg);

int rarp_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int rarp_query(struct request *rq);
int rarp_walk(struct ctl *ctl, command_fn *fn, void *arg);

int ip_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int ip_query(struct request *rq);
int ip_walk(struct ctl *ctl, command_fn *fn, void *arg);

int inetd_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int inetd_query(struct request *rq);
int inetd_walk(struct ctl *ctl, command_fn *fn, void *arg);

int fault_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int fault_query(struct request *rq);
int fault_walk(struct ctl *ctl, command_fn *fn, void *arg);

int http_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int http_query(struct request *rq);
int http_walk(struct ctl *ctl, command_fn *fn, void *arg);

int lb_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int lb_query(struct request *rq);
int lb_walk(struct ctl *ctl, command_fn *fn, void *arg);

int mark_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int mark_query(struct request *rq);
int mark_walk(struct ctl *ctl, command_fn *fn, void *arg);

int service_change(struct ctl *ctl, const struct command *cmd,
    struct err *err);
int service_query(struct request *rq);
/* Services, each followed by its local addresses and its servers. */
int service_walk(struct ctl *ctl, command_fn *fn, void *arg);

int local_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int local_query(struct request *rq);

int server_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int server_query(struct request *rq);

int conn_query(struct request *rq);	/* -EINPROGRESS if it is long */
int udp_query(struct request *rq);
int tcp_change(struct ctl *ctl, const struct command *cmd, struct err *err);
int tcp_query(struct request *rq);
int tcp_conf_query(struct request *rq);
int tcp_conf_walk(struct ctl *ctl, command_fn *fn, void *arg);
int connect_query(struct request *rq);	/* -EINPROGRESS */
int capture_query(struct request *rq);	/* -EINPROGRESS */
int ping_query(struct request *rq);	/* -EINPROGRESS: answers later */
int trace_query(struct request *rq);	/* the same */
int drops_query(struct request *rq);
int limits_query(struct request *rq);
int stats_query(struct request *rq);
int summary_query(struct request *rq);
int config_query(struct request *rq);

#endif
