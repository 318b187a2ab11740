/*
 * worker_host.c - what the control language asks of the process: devices and
 * files (by way of the keeper) and the journal.
 */
#include "hopd/worker.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/parse.h"
#include "hopd/loop.h"
#include "hopd/report.h"
#include "hopd/tap_ring.h"
#include "stack/stack.h"

#define CONF_MAX	(256u << 20)	/* two million routes and then some */

/* ---- ports --------------------------------------------------------------- */

static struct worker_port **
port_find(struct worker *w, const char *name)
{
	struct worker_port **pp = &w->ports;

	while (*pp != NULL && strcmp((*pp)->spec.name, name) != 0)
		pp = &(*pp)->next;
	return pp;
}

/* Notes a device that came with an answer of the keeper.  Takes fd. */
static struct worker_port *
port_note(struct worker *w, const struct keeper_msg *m, int fd)
{
	struct worker_port **end = &w->ports;
	struct worker_port *wp = calloc(1, sizeof(*wp));

	if (wp == NULL) {
		close(fd);
		return NULL;
	}
	wp->spec = m->spec;
	wp->offload = m->offload;
	wp->fd = fd;
	while (*end != NULL)
		end = &(*end)->next;
	*end = wp;
	return wp;
}

static void
port_forget(struct worker *w, struct worker_port *wp)
{
	struct worker_port **pp = port_find(w, wp->spec.name);

	*pp = wp->next;
	if (wp->watch != NULL)
		loop_port_free(wp->watch);
	if (wp->fd != -1)
		close(wp->fd);
	free(wp);
}

static int
keeper_port_close(const char *name, struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_CLOSE };

	snprintf(m.spec.name, sizeof(m.spec.name), "%s", name);
	return keeper_call(KEEPER_CHAN_FD, &m, -1, NULL, err);
}

/* Forgotten here, closed there: the device vanishes. */
static int
port_give_back(struct worker *w, struct worker_port *wp, struct err *err)
{
	char name[sizeof(wp->spec.name)];

	memcpy(name, wp->spec.name, sizeof(name));
	port_forget(w, wp);
	return keeper_port_close(name, err);
}

/* Is this device what spec asks for, or its MTU apart, which can be made so? */
static bool
spec_fits(const struct port_spec *have, const struct port_spec *spec)
{
	return strcmp(have->netns, spec->netns) == 0 && have->l2 == spec->l2 &&
	    (!spec->has_mac || mac_eq(have->mac, spec->mac));
}

static int
device_mtu(struct worker_port *wp, uint32_t mtu, struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_MTU };
	int r;

	if (mtu == wp->spec.mtu)
		return 0;
	memcpy(m.spec.name, wp->spec.name, sizeof(m.spec.name));
	m.spec.mtu = mtu;
	r = keeper_call(KEEPER_CHAN_FD, &m, -1, NULL, err);
	if (r == 0)
		wp->spec.mtu = mtu;
	return r;
}

/* The device for spec: the last worker's, or a new one.  NULL and *r. */
static struct worker_port *
port_obtain(struct worker *w, const struct port_spec *spec, int *r,
    struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_PORT_OPEN, .spec = *spec };
	struct worker_port *wp = *port_find(w, spec->name);
	int fd;

	if (wp != NULL && wp->fd == -1) {
		*r = err_set(err, -EEXIST, "'%s': port exists already",
		    spec->name);
		return NULL;
	}
	if (wp != NULL && spec_fits(&wp->spec, spec)) {
		*r = device_mtu(wp, spec->mtu != 0 ? spec->mtu :
		    wp->spec.mtu, err);
		return *r == 0 ? wp : NULL;
	}
	if (wp != NULL && (*r = port_give_back(w, wp, err)) != 0)
		return NULL;
	*r = keeper_call(KEEPER_CHAN_FD, &m, -1, &fd, err);
	if (*r != 0)
		return NULL;
	if (fd == -1 || (wp = port_note(w, &m, fd)) == NULL) {
		keeper_port_close(spec->name, NULL);
		*r = err_set(err, -ENOMEM, "'%s': no memory", spec->name);
		return NULL;
	}
	return wp;
}

static int
host_port_open(void *arg, const struct port_spec *spec, struct err *err)
{
	struct worker *w = arg;
	struct worker_port *wp;
	struct port *port;
	int r;

	wp = port_obtain(w, spec, &r, err);
	if (wp == NULL)
		return r;
	port = tap_ring_port_new(w->ring, w->stk, wp->spec.name, wp->fd,
	    wp->spec.l2, wp->spec.mac,
	    spec->mtu != 0 ? spec->mtu : wp->spec.mtu, wp->offload);
	if (port == NULL) {
		port_give_back(w, wp, NULL);
		return err_set(err, -ENOMEM, "'%s': no memory", spec->name);
	}
	if ((r = port_add(w->stk, port)) != 0) {
		port->ops->close(port, &w->stk->mem);
		wp->fd = -1;
		port_give_back(w, wp, NULL);
		return err_set(err, r, "'%s': %s", spec->name, r == -EEXIST ?
		    "an interface has this name" : strerror(-r));
	}
	wp->watch = loop_port_new(w->loop, wp->fd, port);
	wp->fd = -1;
	if (wp->watch == NULL) {
		port_del(w->stk, port);
		port_give_back(w, wp, NULL);
		return err_set(err, -ENOMEM, "'%s': no memory", spec->name);
	}
	return 0;
}

static int
host_port_close(void *arg, const char *name, struct err *err)
{
	struct worker *w = arg;
	struct worker_port *wp = *port_find(w, name);
	struct port *port = port_lookup(w->stk, name);

	if (wp == NULL || wp->fd != -1 || port == NULL)
		return err_set(err, -ENOENT, "'%s': no such port", name);
	/* The watch first: it looks at the port and its descriptor. */
	loop_port_free(wp->watch);
	wp->watch = NULL;
	port_del(w->stk, port);
	if (!w->handing_on)
		return port_give_back(w, wp, err);
	port_forget(w, wp);
	return 0;
}

static int
host_port_mtu(void *arg, const char *name, uint32_t mtu, struct err *err)
{
	struct worker_port *wp = *port_find(arg, name);

	if (wp == NULL)
		return err_set(err, -ENOENT, "'%s': no such port", name);
	return device_mtu(wp, mtu, err);
}

static const char *
host_port_netns(void *arg, const char *name)
{
	const struct worker_port *wp = *port_find(arg, name);

	return wp != NULL ? wp->spec.netns : "";
}

int
worker_ports_take(struct worker *w, struct err *err)
{
	for (uint32_t i = 0;; i++) {
		struct keeper_msg m = { .ask = KEEPER_PORT_TAKE, .index = i };
		int fd;
		int r = keeper_call(KEEPER_CHAN_FD, &m, -1, &fd, err);

		if (r == -ENOENT) {
			*err = (struct err){ "" };
			return 0;
		}
		if (r != 0)
			return r;
		if (port_note(w, &m, fd) == NULL)
			return err_set(err, -ENOMEM, "no memory");
	}
}

void
worker_ports_lose(struct worker *w)
{
	for (struct port *p = w->stk->ports; p != NULL; p = p->next) {
		if (p->down)
			iface_lose(w->stk, p->ifp);
	}
}

void
worker_ports_settle(struct worker *w)
{
	struct worker_port *wp = w->ports;

	while (wp != NULL) {
		struct worker_port *next = wp->next;

		if (wp->fd != -1)
			port_give_back(w, wp, NULL);
		wp = next;
	}
}

void
worker_ports_free(struct worker *w)
{
	while (w->ports != NULL)
		port_forget(w, w->ports);
}

/* ---- files --------------------------------------------------------------- */

/* All that fd holds, and a NUL. */
static char *
fd_slurp(int fd, const char *name, struct err *err)
{
	struct stat st;
	char *text;
	size_t len = 0;
	ssize_t n;

	if (fstat(fd, &st) == -1 || st.st_size > (off_t)CONF_MAX) {
		err_set(err, -EFBIG, "configuration is longer than %u bytes",
		    CONF_MAX);
		return NULL;
	}
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL) {
		err_set(err, -ENOMEM, "no memory");
		return NULL;
	}
	while (len < (size_t)st.st_size) {
		n = read(fd, text + len, (size_t)st.st_size - len);
		if (n <= 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	if (strlen(text) == len)
		return text;
	err_set(err, -EINVAL, "%s:%u: a NUL: this is no text", name,
	    text_nul_line(text, len));
	free(text);
	return NULL;
}

char *
worker_conf_read(struct worker *w, struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_FILE_READ };
	char *text;
	int fd;

	if (keeper_call(KEEPER_CHAN_FD, &m, -1, &fd, err) != 0)
		return NULL;
	text = fd_slurp(fd, w->conf, err);
	close(fd);
	return text;
}

/* The worker cannot open files, and the keeper opens one only. */
static int
file_is_conf(const struct worker *w, const char *path, struct err *err)
{
	if (path == NULL || path[0] == '\0' || strcmp(path, w->conf) == 0)
		return 0;
	return err_set(err, -EACCES,
	    "'%s': hopd itself opens only its configuration file%s%s", path,
	    w->conf[0] != '\0' ? ", " : "", w->conf);
}

static char *
host_read_file(void *arg, const char *path, struct err *err)
{
	if (file_is_conf(arg, path, err) != 0)
		return NULL;
	return worker_conf_read(arg, err);
}

static int
host_write_file(void *arg, const char *path, const char *text, struct err *err)
{
	struct keeper_msg m = { .ask = KEEPER_FILE_WRITE };
	int fd, r;

	if ((r = file_is_conf(arg, path, err)) != 0)
		return r;
	if ((fd = memory_file("hopd-conf", text, "")) < 0)
		return err_set(err, fd, "memory file: %s", strerror(-fd));
	r = keeper_call(KEEPER_CHAN_FD, &m, fd, NULL, err);
	close(fd);
	return r;
}

/* ---- journal ------------------------------------------------------------- */

/* The keeper has fd, or it is closed; fd may be -Exxx. */
static bool
journal_hand_over(int fd)
{
	struct keeper_msg m = { .ask = KEEPER_JOURNAL };
	struct err err = { "" };

	if (fd < 0) {
		report(LOG_LVL_ERR, "journal: %s", strerror(-fd));
		return false;
	}
	if (keeper_call(KEEPER_CHAN_FD, &m, fd, NULL, &err) != 0) {
		report(LOG_LVL_ERR, "journal: %s", err.text);
		close(fd);
		return false;
	}
	return true;
}

static void
journal_replace(struct worker *w, const char *text)
{
	int fd = journal_make(text);

	if (journal_hand_over(fd))
		journal_switch(&w->journal, fd, text);
}

void
worker_journal_loosen(const char *text, const char *commands)
{
	int fd = journal_make_loose(text, commands);

	if (journal_hand_over(fd))
		close(fd);
}

void
worker_journal_rewrite(struct worker *w)
{
	char *text = ctl_config_show(w->ctl);

	if (text != NULL)
		journal_replace(w, text);
	free(text);
}

static void
host_accepted(void *arg, const char *line)
{
	struct worker *w = arg;
	int r;

	if (w->restoring)
		return;
	/* Done once more it would take away the device that a later command
	 * made under the same name, and that lives. */
	if (strncmp(line, "port del ", 9) == 0) {
		worker_journal_rewrite(w);
		return;
	}
	r = journal_append(&w->journal, line);
	if (r != 0)
		report(LOG_LVL_ERR, "journal: %s", strerror(-r));
	if (r != 0 || journal_is_long(&w->journal))
		worker_journal_rewrite(w);
}

static void
host_snapshot(void *arg)
{
	struct worker *w = arg;

	if (!w->restoring)
		worker_journal_rewrite(w);
}

struct ctl_host
worker_host(struct worker *w)
{
	return (struct ctl_host){
		.arg = w,
		.port_open = host_port_open,
		.port_close = host_port_close,
		.port_netns = host_port_netns,
		.accepted = host_accepted,
		.snapshot = host_snapshot,
		.read_file = host_read_file,
		.write_file = host_write_file,
		.port_mtu = host_port_mtu,
	};
}
