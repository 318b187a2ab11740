/*
 * keeper_ask.c - the keeper's answers: what an unprivileged worker may have.
 *
 * Devices by name in named namespaces, one file: the configuration, and one
 * directory: that of -r.  Nothing here looks into a packet or understands the
 * configuration.
 */
#include "hopd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hopd/keeper_msg.h"
#include "hopd/report.h"
#include "hopd/tap_open.h"

/* An answer in the making: the message, and descriptors to go with it. */
struct answer {
	struct keeper_msg *m;
	int fds[KEEPER_MSG_FDS];
	unsigned nfds;
};

static void
answer_fd(struct answer *a, int fd)
{
	a->fds[a->nfds++] = fd;
}

static struct keeper_port **
port_find(struct keeper *k, const char *name)
{
	struct keeper_port **pp = &k->ports;

	while (*pp != NULL && strcmp((*pp)->spec.name, name) != 0)
		pp = &(*pp)->next;
	return pp;
}

static int
ask_hello(struct keeper *k, struct answer *a)
{
	struct keeper_msg *m = a->m;

	m->uid = k->uid;
	m->gid = k->gid;
	m->pid = (uint32_t)getpid();
	m->fresh = k->fresh;
	m->index = k->opt->no_ring;
	snprintf(m->text, sizeof(m->text), "%s",
	    k->opt->conf != NULL ? k->opt->conf : "");
	answer_fd(a, k->listen_fd);
	answer_fd(a, k->flow_fd);
	answer_fd(a, k->journal_fd);
	return 0;
}

static void
answer_port(struct answer *a, const struct keeper_port *p)
{
	a->m->spec = p->spec;
	a->m->offload = p->offload;
	answer_fd(a, p->fd);
}

static int
ask_port_take(struct keeper *k, struct answer *a)
{
	const struct keeper_port *p = k->ports;

	for (uint32_t i = 0; p != NULL && i < a->m->index; i++)
		p = p->next;
	if (p == NULL)
		return -ENOENT;
	answer_port(a, p);
	return 0;
}

static int
ask_port_open(struct keeper *k, struct answer *a, struct err *err)
{
	struct keeper_port **pp = port_find(k, a->m->spec.name);
	struct keeper_port *p;

	if (*pp != NULL)
		return err_set(err, -EEXIST, "'%s': port is open already",
		    a->m->spec.name);
	if (k->port_count >= KEEPER_PORTS_MAX)
		return err_set(err, -ENOSPC, "'%s': %d ports are open",
		    a->m->spec.name, KEEPER_PORTS_MAX);
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return err_set(err, -ENOMEM, "'%s': no memory",
		    a->m->spec.name);
	p->spec = a->m->spec;
	p->fd = tap_open(&p->spec, &p->offload, err);
	if (p->fd < 0) {
		int r = p->fd;

		free(p);
		return r;
	}
	*pp = p;
	k->port_count++;
	answer_port(a, p);
	return 0;
}

static int
ask_port_close(struct keeper *k, const char *name, struct err *err)
{
	struct keeper_port **pp = port_find(k, name);
	struct keeper_port *p = *pp;

	if (p == NULL)
		return err_set(err, -ENOENT, "'%s': no such port", name);
	*pp = p->next;
	k->port_count--;
	close(p->fd);
	free(p);
	return 0;
}

static int
ask_port_mtu(struct keeper *k, const struct port_spec *spec, struct err *err)
{
	struct keeper_port *p = *port_find(k, spec->name);
	int r;

	if (p == NULL)
		return err_set(err, -ENOENT, "'%s': no such port", spec->name);
	r = tap_set_mtu(&p->spec, spec->mtu, err);
	if (r == 0)
		p->spec.mtu = spec->mtu;
	return r;
}

void
keeper_ports_close(struct keeper *k)
{
	while (k->ports != NULL)
		ask_port_close(k, k->ports->spec.name, NULL);
}

/* The descriptor is the worker's to read; ours is closed after sending. */
static int
ask_file_read(struct keeper *k, int *fd, struct err *err)
{
	struct stat st;

	if (k->conf[0] == '\0')
		return err_set(err, -ENOENT,
		    "hopd was started without a configuration file");
	*fd = open(k->conf, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (*fd == -1)
		return err_set(err, -errno, "%s: %s", k->opt->conf,
		    strerror(errno));
	if (fstat(*fd, &st) == -1 || !S_ISREG(st.st_mode)) {
		close(*fd);
		*fd = -1;
		return err_set(err, -EINVAL, "%s: not a regular file",
		    k->opt->conf);
	}
	return 0;
}

static int
copy_all(int from, int to)
{
	off_t at = 0;
	ssize_t n;

	do {
		n = sendfile(to, from, &at, 1 << 20);
	} while (n > 0 || (n == -1 && errno == EINTR));
	if (n == -1 || fsync(to) == -1)
		return -errno;
	return 0;
}

/* Whole or not at all: beside the file, then in its place. */
static int
ask_file_write(struct keeper *k, int from, struct err *err)
{
	char tmp[PATH_MAX + 8];
	struct stat st;
	int to, r;

	if (k->conf[0] == '\0')
		return err_set(err, -ENOENT,
		    "hopd was started without a configuration file");
	if (from == -1)
		return err_set(err, -EPROTO, "no contents");
	snprintf(tmp, sizeof(tmp), "%s.XXXXXX", k->conf);
	to = mkostemp(tmp, O_CLOEXEC);
	if (to == -1)
		return err_set(err, -errno, "%s: %s", k->opt->conf,
		    strerror(errno));
	if (stat(k->conf, &st) == -1)
		st.st_mode = 0644;
	r = copy_all(from, to);
	if (r == 0 && (fchmod(to, st.st_mode & 0777) == -1 ||
	    rename(tmp, k->conf) == -1))
		r = -errno;
	close(to);
	if (r != 0) {
		unlink(tmp);
		return err_set(err, r, "%s: %s", k->opt->conf, strerror(-r));
	}
	return 0;
}

static int
ask_journal(struct keeper *k, int *fd, struct err *err)
{
	if (*fd == -1)
		return err_set(err, -EPROTO, "no journal");
	close(k->journal_fd);
	k->journal_fd = *fd;
	*fd = -1;
	return 0;
}

/* *fd came with the message.  What is left in it afterwards is closed. */
static int
dispatch(struct keeper *k, struct answer *a, int *fd, struct err *err)
{
	int r;

	switch ((enum keeper_ask)a->m->ask) {
	case KEEPER_HELLO:
		return ask_hello(k, a);
	case KEEPER_PORT_TAKE:
		return ask_port_take(k, a);
	case KEEPER_PORT_OPEN:
		return ask_port_open(k, a, err);
	case KEEPER_PORT_CLOSE:
		return ask_port_close(k, a->m->spec.name, err);
	case KEEPER_PORT_MTU:
		return ask_port_mtu(k, &a->m->spec, err);
	case KEEPER_FILE_READ:
		if ((r = ask_file_read(k, fd, err)) == 0)
			answer_fd(a, *fd);
		return r;
	case KEEPER_FILE_WRITE:
		return ask_file_write(k, *fd, err);
	case KEEPER_JOURNAL:
		return ask_journal(k, fd, err);
	case KEEPER_ROOT:
		if (k->root_fd != -1)
			answer_fd(a, k->root_fd);
		return 0;
	case KEEPER_READY:
		if (k->detached_fd != -1)
			answer_fd(a, k->detached_fd);
		return 0;
	}
	return err_set(err, -EPROTO, "'%u': no such request", a->m->ask);
}

void
keeper_answer(struct keeper *k)
{
	struct keeper_msg m;
	struct answer a = { .m = &m };
	struct err err = { "" };
	int fds[KEEPER_MSG_FDS];
	int r = keeper_msg_recv(k->chan, &m, fds);

	if (r == -EPIPE) {	/* its end comes as SIGCHLD */
		close(k->chan);
		k->chan = -1;
		return;
	}
	if (r == 0) {
		m.result = dispatch(k, &a, &fds[0], &err);
		if (m.result != 0)
			snprintf(m.text, sizeof(m.text), "%s", err.text);
		r = keeper_msg_send(k->chan, &m, a.fds, a.nfds);
		for (unsigned i = 0; i < KEEPER_MSG_FDS; i++) {
			if (fds[i] != -1)
				close(fds[i]);
		}
	}
	if (r != 0) {
		report(LOG_LVL_ERR, "keeper: %s from the worker: killing it",
		    strerror(-r));
		kill(k->worker, SIGKILL);
	} else if (m.ask == KEEPER_READY) {
		keeper_ready(k);
	}
}
