/*
 * worker.c - the child: runs the stack, with no privilege at all.
 *
 * Order of life: take the descriptors from the keeper; give up every
 * privilege; make the stack on the flow table's memory; build the
 * configuration, from the file if this is the first worker, from the journal
 * of the last one otherwise; say that it stands; turn.
 *
 * The worker may die at any instruction.  What must survive is written
 * elsewhere by then: flows in their memory, accepted commands in the journal.
 */
#include "hopd/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>

#include "hopd/control.h"
#include "hopd/hopd.h"
#include "hopd/jail.h"
#include "hopd/loop.h"
#include "hopd/report.h"
#include "hopd/tap_ring.h"
#include "hopd/tree.h"
#include "stack/stack.h"

/* ---- beginning ----------------------------------------------------------- */

static int
hello(struct worker *w, struct keeper_msg *m, struct err *err)
{
	int fds[KEEPER_MSG_FDS];
	int r;

	*m = (struct keeper_msg){ .ask = KEEPER_HELLO };
	if ((r = keeper_msg_send(KEEPER_CHAN_FD, m, NULL, 0)) != 0 ||
	    (r = keeper_msg_recv(KEEPER_CHAN_FD, m, fds)) != 0)
		return err_set(err, r, "keeper: %s", strerror(-r));
	if (m->ask != KEEPER_HELLO || fds[KEEPER_MSG_FDS - 1] == -1)
		return err_set(err, -EPROTO, "keeper: unexpected answer");
	w->listen_fd = fds[0];
	w->flow_fd = fds[1];
	w->journal_fd = fds[2];
	w->fresh = m->fresh != 0;
	memcpy(w->conf, m->text, sizeof(w->conf));
	return 0;
}

/* An older keeper, from before an upgrade, knows of no directory. */
static int
root_take(struct worker *w, struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_ROOT };
	int r = keeper_call(KEEPER_CHAN_FD, &m, -1, &w->root_fd, err);

	if (r != -EPROTO)
		return r;
	*err = (struct err){ "" };
	return 0;
}

static int
stack_make(struct worker *w, struct err *err)
{
	struct env env = {
		.log = { .sink = report_sink, .level = LOG_LVL_INFO },
		.limits = LIMITS_DEFAULT,
		.wall_offset_us = loop_wall_offset_us(),
		.files = tree_files(&w->root_fd),
	};
	struct stat st;

	if (getrandom(env.seed, sizeof(env.seed), 0) != sizeof(env.seed))
		return err_set(err, -EIO, "getrandom failed");
	if (fstat(w->flow_fd, &st) == -1)
		return err_set(err, -errno, "flow table: %s",
		    strerror(errno));
	env.flow_mem_len = (size_t)st.st_size;
	env.flow_mem = mmap(NULL, env.flow_mem_len, PROT_READ | PROT_WRITE,
	    MAP_SHARED, w->flow_fd, 0);
	if (env.flow_mem == MAP_FAILED)
		return err_set(err, -errno, "flow table: %s",
		    strerror(errno));
	w->stk = stack_new(&env, loop_clock());
	if (w->stk == NULL)
		return err_set(err, -ENOMEM, "no memory for the stack");
	return 0;
}

/* Whoever forbids it, or a kernel without it, costs some speed. */
static void
ring_make(struct worker *w)
{
	int r;

	w->ring = tap_ring_new(&r);
	if (w->ring == NULL)
		report(LOG_LVL_INFO, "io_uring: %s: frames go one by one",
		    strerror(-r));
}

static int
worker_init(struct worker *w, struct err *err)
{
	struct keeper_msg m;
	struct ctl_host host;
	int r;

	if ((r = hello(w, &m, err)) != 0 || (r = root_take(w, err)) != 0)
		return r;
	if (w->root_fd != -1 && (r = jail_root(w->root_fd, err)) != 0)
		return r;
	if (m.index == 0)
		ring_make(w);
	if ((r = jail_drop(m.uid, m.gid, (pid_t)m.pid, err)) != 0)
		return r;
	w->loop = loop_new();
	if (w->loop == NULL)
		return err_set(err, -ENOMEM, "no memory for the loop");
	if ((r = jail_seal(w->root_fd != -1, w->ring != NULL, err)) != 0 ||
	    (r = worker_ports_take(w, err)) != 0 ||
	    (r = stack_make(w, err)) != 0)
		return r;
	host = worker_host(w);
	w->ctl = ctl_new(w->stk, &host);
	if (w->ctl != NULL)
		w->control = control_new(w->loop, w->ctl, w->listen_fd);
	if (w->control == NULL)
		return err_set(err, -ENOMEM, "no memory for control");
	return 0;
}

/* ---- configuration ------------------------------------------------------- */

/* A command of the journal that is carried out once more. */
struct replay {
	const char *command;
	bool no_memory;
};

/* A reply to it: only a refusal is of interest. */
static void
replay_emit(void *arg, const char *line, size_t len)
{
	struct replay *r = arg;
	json_t *reply = json_loadb(line, len, 0, NULL);
	const char *error = json_string_value(json_object_get(reply,
	    "error"));
	const char *code = json_string_value(json_object_get(reply, "code"));

	if (error != NULL)
		report(LOG_LVL_ERR, "journal: %s: %s", r->command, error);
	if (code != NULL && strcmp(code, "ENOMEM") == 0)
		r->no_memory = true;
	json_decref(reply);
}

/* One accepted command once more; canonical, so blanks part its words.  False:
 * no memory. */
static bool
replay(struct worker *w, const char *command)
{
	struct replay r = { .command = command };
	struct ctl_session *s = ctl_open(w->ctl, replay_emit, &r);
	json_t *words = json_array();
	json_t *request = json_pack("{s:o}", "command", words);
	const char *p = command;
	char *line;

	while (*p != '\0') {
		size_t n = strcspn(p, " ");

		if (n > 0)
			json_array_append_new(words, json_stringn(p, n));
		p += n + (p[n] == ' ');
	}
	line = json_dumps(request, JSON_COMPACT);
	if (s != NULL && line != NULL)
		ctl_input(s, line, strlen(line));
	if (s != NULL)
		ctl_close(s);
	r.no_memory |= s == NULL || line == NULL;
	free(line);
	json_decref(request);
	return !r.no_memory;
}

/* The configuration as the target state, all or nothing.  False: why has been
 * reported. */
static bool
text_apply(struct worker *w, const char *name, const char *text)
{
	char *errors = NULL;
	int r = ctl_config_apply(w->ctl, name, text, &errors);

	if (r != 0)
		report_lines(LOG_LVL_ERR, errors != NULL ? errors :
		    strerror(-r));
	free(errors);
	return r == 0;
}

static bool
conf_apply(struct worker *w)
{
	struct err err = { "" };
	char *text = worker_conf_read(w, &err);
	bool good;

	if (text == NULL) {
		report(LOG_LVL_ERR, "%s", err.text);
		return false;
	}
	good = text_apply(w, w->conf, text);
	free(text);
	return good;
}

/* What the last worker had.  It ran before, so if it does not now (no memory)
 * the keeper shall try again; running without it would be worse.  But commands
 * can leave what no file may say, such as a route whose gateway's network is
 * gone: then the next worker takes it line by line, with the same devices. */
static bool
journal_restore(struct worker *w)
{
	char *commands;
	char *text = journal_read(&w->journal, w->journal_fd, &commands);
	bool anew;	/* the file lacks its mark, or has commands to merge */

	if (text == NULL) {
		report(LOG_LVL_ERR, "journal: cannot be read");
		return false;
	}
	w->restoring = w->handing_on = true;
	if (!text_apply(w, "journal", text)) {
		worker_journal_loosen(text, commands);
		free(text);
		return false;
	}
	w->handing_on = false;
	anew = w->journal.base == 0 || *commands != '\0';
	while (*commands != '\0') {
		size_t n = strcspn(commands, "\n");

		commands[n] = '\0';
		if (!replay(w, commands)) {
			free(text);
			return false;
		}
		commands += n + 1;
	}
	w->restoring = false;
	free(text);
	if (anew)
		worker_journal_rewrite(w);
	return true;
}

/* The configuration stands.  When detached, the keeper sends what stderr is
 * from now on. */
static int
say_ready(struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_READY };
	int fd;
	int r = keeper_call(KEEPER_CHAN_FD, &m, -1, &fd, err);

	if (r == 0 && fd != -1) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		close(fd);
	}
	return r;
}

/* ---- turns and end ------------------------------------------------------- */

static bool
worker_turn(void *arg)
{
	struct worker *w = arg;
	bool more;

	if (loop_hup_taken(w->loop) && conf_apply(w))
		report(LOG_LVL_INFO, "%s: applied", w->conf);
	if (loop_loss_taken(w->loop))
		worker_ports_lose(w);
	more = control_turn(w->control);
	if (w->ring != NULL)
		tap_ring_flush(w->ring);
	return more;
}

static void
worker_fini(struct worker *w)
{
	if (w->control != NULL)
		control_free(w->control);
	if (w->ctl != NULL)
		ctl_free(w->ctl);
	worker_ports_free(w);
	if (w->stk != NULL)
		stack_free(w->stk);
	if (w->ring != NULL)
		tap_ring_free(w->ring);
	if (w->loop != NULL)
		loop_free(w->loop);
}

int
worker_main(void)
{
	struct worker w = { .listen_fd = -1, .flow_fd = -1,
	    .journal_fd = -1, .root_fd = -1 };
	struct err err = { "" };
	bool good = false;

	if (worker_init(&w, &err) == 0) {
		good = journal_restore(&w);
		if (good && w.fresh && w.conf[0] != '\0')
			good = conf_apply(&w);
		if (good) {
			worker_ports_settle(&w);
			good = say_ready(&err) == 0;
		}
	}
	if (err.text[0] != '\0')
		report(LOG_LVL_ERR, "%s", err.text);
	if (good)
		loop_run(w.loop, w.stk, worker_turn, &w);
	worker_fini(&w);
	return good ? 0 : HOPD_EXIT_FAILED;
}
