/*
 * keeper.c - the parent: small, privileged, parses no packet.
 *
 * It owns what must outlive a worker: the control socket, the descriptors of
 * the devices, the memory of the flow table, and the journal of the running
 * configuration.  It starts the worker and starts it again when it dies, with
 * the same of all these, so a crash costs milliseconds: the devices keep
 * their carrier, and frames wait in their queues meanwhile.
 *
 * The worker is a fresh exec of the program: another memory layout than the
 * crashed one's, and a new build after an upgrade.
 *
 * Signals: TERM and INT stop both, HUP goes to the worker, which reads the
 * configuration file again.  When the keeper dies the worker is killed with
 * it (worker.c), and with the last descriptor the devices vanish.
 */
#include "hopd/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.h"
#include "hopd/keeper_msg.h"
#include "hopd/loop.h"
#include "hopd/notify.h"
#include "hopd/report.h"
#include "lb/flow.h"

/* ---- start of the worker ------------------------------------------------- */

/* In the child.  Signals stay blocked until the worker can handle them. */
static void
worker_exec(const struct keeper *k, int chan)
{
	char name[] = "hopd: worker";
	char word[] = HOPD_WORKER_WORD;
	char *const argv[] = { name, word, NULL };

	if (chan == KEEPER_CHAN_FD)
		fcntl(chan, F_SETFD, 0);
	else
		dup2(chan, KEEPER_CHAN_FD);
	execv(k->exe, argv);
	report(LOG_LVL_ERR, "%s: %s", k->exe, strerror(errno));
	_exit(HOPD_EXIT_FAILED);
}

static int
worker_start(struct keeper *k)
{
	int sv[2];

	k->due = INSTANT_NEVER;
	k->started = loop_clock();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) == -1)
		return -errno;
	k->worker = fork();
	if (k->worker == 0)
		worker_exec(k, sv[1]);
	close(sv[1]);
	if (k->worker == -1) {
		int r = -errno;

		k->worker = 0;
		close(sv[0]);
		return r;
	}
	k->chan = sv[0];
	return 0;
}

/* A worker that dies at once would otherwise be started thousands of times a
 * second; the first short life is forgiven. */
static int64_t
delay_us(unsigned failures)
{
	int64_t delay = KEEPER_DELAY_MIN_US;

	if (failures < 2)
		return 0;
	for (unsigned i = 2; i < failures && delay < KEEPER_DELAY_MAX_US; i++)
		delay *= 2;
	return delay < KEEPER_DELAY_MAX_US ? delay : KEEPER_DELAY_MAX_US;
}

static void
worker_again(struct keeper *k)
{
	struct instant now = loop_clock();
	bool steady = instant_diff(now, k->started) >= KEEPER_STEADY_US;

	k->failures = steady ? 0 : k->failures + 1;
	k->due = instant_add(now, delay_us(k->failures));
}

static void
worker_died(struct keeper *k, int status)
{
	char why[64];

	if (k->chan != -1)
		close(k->chan);
	k->chan = -1;
	k->worker = 0;
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "killed by signal %d",
		    WTERMSIG(status));
	else
		snprintf(why, sizeof(why), "exit status %d",
		    WEXITSTATUS(status));
	if (k->stopping)
		return;
	if (k->fresh) {
		/* One that exits by itself has said why. */
		if (WIFSIGNALED(status))
			report(LOG_LVL_ERR, "worker: %s before it was ready",
			    why);
		k->stopping = true;
		k->status = HOPD_EXIT_FAILED;
		return;
	}
	report(LOG_LVL_WARN, "worker: %s: starting it again", why);
	notify("STATUS=worker died, starting it again");
	worker_again(k);
}

/* ---- signals and time ---------------------------------------------------- */

static void
stop(struct keeper *k)
{
	bool twice = k->stopping;

	k->stopping = true;
	k->due = instant_add(loop_clock(), KEEPER_STOP_US);
	if (k->worker != 0)
		kill(k->worker, twice ? SIGKILL : SIGTERM);
	notify("STOPPING=1");
}

static void
reload(struct keeper *k)
{
	if (k->worker != 0 && !k->fresh)
		kill(k->worker, SIGHUP);
	else
		k->reload = true;
}

static void
signals_read(struct keeper *k)
{
	struct signalfd_siginfo si;
	int status;

	while (read(k->signal_fd, &si, sizeof(si)) == sizeof(si)) {
		switch (si.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			stop(k);
			break;
		case SIGHUP:
			reload(k);
			break;
		}
	}
	/* Last: a worker that stopped with us is no accident. */
	if (k->worker != 0 &&
	    waitpid(k->worker, &status, WNOHANG) == k->worker)
		worker_died(k, status);
}

static void
due_now(struct keeper *k)
{
	k->due = INSTANT_NEVER;
	if (k->stopping) {
		if (k->worker != 0)
			kill(k->worker, SIGKILL);
		return;
	}
	if (worker_start(k) != 0)
		worker_again(k);
}

static int
poll_timeout_ms(const struct keeper *k)
{
	int64_t us;

	if (instant_is_never(k->due))
		return -1;
	us = instant_diff(k->due, loop_clock());
	return us <= 0 ? 0 : (int)((us + USEC_PER_MSEC - 1) / USEC_PER_MSEC);
}

static void
keeper_run(struct keeper *k)
{
	while (!k->stopping || k->worker != 0) {
		struct pollfd fds[2] = {
			{ .fd = k->signal_fd, .events = POLLIN },
			{ .fd = k->chan, .events = POLLIN },
		};

		if (poll(fds, 2, poll_timeout_ms(k)) == -1 && errno != EINTR)
			break;
		if (fds[0].revents != 0)
			signals_read(k);
		if (fds[1].revents != 0 && k->chan == fds[1].fd)
			keeper_answer(k);
		if (instant_reached(loop_clock(), k->due))
			due_now(k);
	}
}

/* ---- start and end ------------------------------------------------------- */

/* Tells whoever started us with -d, and lets go of the terminal. */
static void
waiter_tell(struct keeper *k)
{
	const char good = 0;

	if (k->waiter_fd == -1)
		return;
	if (write(k->waiter_fd, &good, 1) == 1)
		close(k->waiter_fd);
	k->waiter_fd = -1;
	dup2(k->null_fd, STDIN_FILENO);
	dup2(k->null_fd, STDOUT_FILENO);
	dup2(k->detached_fd, STDERR_FILENO);
}

void
keeper_ready(struct keeper *k)
{
	bool first = k->fresh;

	k->fresh = false;
	if (first)
		waiter_tell(k);
	notify("READY=1\nSTATUS=running");
	if (k->reload) {
		k->reload = false;
		reload(k);
	}
}

/* -d: the child goes on; the parent waits for the first worker's success. */
static void
detach(struct keeper *k)
{
	char status = HOPD_EXIT_FAILED;
	int p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) == -1 || (pid = fork()) == -1) {
		report(LOG_LVL_ERR, "cannot detach: %s", strerror(errno));
		exit(HOPD_EXIT_FAILED);
	}
	if (pid > 0) {
		close(p[1]);
		/* End of file: it gave up, and has said why. */
		if (read(p[0], &status, 1) != 1)
			status = HOPD_EXIT_FAILED;
		exit(status);
	}
	close(p[0]);
	setsid();
	k->waiter_fd = p[1];
	k->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	k->detached_fd = report_detached_fd();
}

static int
path_absolute(char dst[PATH_MAX], const char *path)
{
	char cwd[PATH_MAX];
	int n;

	if (path[0] == '/')
		n = snprintf(dst, PATH_MAX, "%s", path);
	else if (getcwd(cwd, sizeof(cwd)) != NULL)
		n = snprintf(dst, PATH_MAX, "%s/%s", cwd, path);
	else
		return -errno;
	return n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int
paths_init(struct keeper *k, struct err *err)
{
	const struct options *opt = k->opt;
	ssize_t n = readlink("/proc/self/exe", k->exe, sizeof(k->exe) - 1);
	int r;

	if (n == -1)
		return err_set(err, -errno, "/proc/self/exe: %s",
		    strerror(errno));
	if ((r = path_absolute(k->socket, opt->socket)) != 0)
		return err_set(err, r, "%s: %s", opt->socket, strerror(-r));
	if (opt->conf == NULL)
		return 0;
	if ((r = path_absolute(k->conf, opt->conf)) != 0)
		return err_set(err, r, "%s: %s", opt->conf, strerror(-r));
	if (access(k->conf, R_OK) == -1)
		return err_set(err, -errno, "%s: %s", opt->conf,
		    strerror(errno));
	return 0;
}

/* Does this id exist in our user namespace?  user_namespaces(7): lines of
 * first id inside, first outside, count. */
static bool
id_is_mapped(const char *map, uint32_t id)
{
	FILE *f = fopen(map, "re");
	unsigned first, count;
	bool found = f == NULL;

	while (!found && fscanf(f, "%u %*u %u", &first, &count) == 2)
		found = id >= first && id - first < count;
	if (f != NULL)
		fclose(f);
	return found;
}

/* Whom the worker becomes: never root, unless there is nobody else, which is
 * so in a user namespace of one user. */
static int
user_init(struct keeper *k, struct err *err)
{
	const char *name = k->opt->user;
	const struct passwd *pw;

	k->uid = k->gid = KEEPER_ID_NONE;
	if (geteuid() != 0) {
		if (name != NULL)
			return err_set(err, -EPERM,
			    "'%s': only root can use -u", name);
		return 0;
	}
	if (name != NULL)
		pw = getpwnam(name);
	else if ((pw = getpwnam("hopd")) == NULL)
		pw = getpwnam("nobody");
	if (pw == NULL)
		return err_set(err, -ENOENT, "'%s': no such user",
		    name != NULL ? name : "nobody");
	if (pw->pw_uid == 0 || pw->pw_gid == 0)
		return err_set(err, -EINVAL,
		    "'%s': the worker does not run as root", pw->pw_name);
	if (name == NULL && (!id_is_mapped("/proc/self/uid_map", pw->pw_uid) ||
	    !id_is_mapped("/proc/self/gid_map", pw->pw_gid))) {
		report(LOG_LVL_WARN, "no user %s in this user namespace: the "
		    "worker keeps its own, without capabilities", pw->pw_name);
		return 0;
	}
	k->uid = pw->pw_uid;
	k->gid = pw->pw_gid;
	return 0;
}

static int
signals_init(struct keeper *k)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == -1)
		return -errno;
	k->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return k->signal_fd == -1 ? -errno : 0;
}

/* The worker maps the flow table's memory: sealed, so that it can never be
 * cut off under the next worker's feet. */
static int
memory_init(struct keeper *k, struct err *err)
{
	const struct limits limits = LIMITS_DEFAULT;

	k->journal_fd = memfd_create("hopd-journal", MFD_CLOEXEC);
	k->flow_fd = memfd_create("hopd-flows",
	    MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (k->journal_fd == -1 || k->flow_fd == -1 ||
	    ftruncate(k->flow_fd,
	    (off_t)lb_flows_bytes(limits.lb_flows + 1)) == -1 ||
	    fcntl(k->flow_fd, F_ADD_SEALS,
	    F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == -1)
		return err_set(err, -errno, "memory file: %s",
		    strerror(errno));
	return 0;
}

/* What the HTTP server may show.  Nobody reads it here. */
static int
root_init(struct keeper *k, struct err *err)
{
	const char *root = k->opt->root;

	if (root == NULL)
		return 0;
	k->root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (k->root_fd == -1)
		return err_set(err, -errno, "%s: %s", root, strerror(errno));
	return 0;
}

static int
keeper_init(struct keeper *k, struct err *err)
{
	int r;

	if ((r = paths_init(k, err)) != 0 ||
	    (r = root_init(k, err)) != 0 ||
	    (r = user_init(k, err)) != 0 ||
	    (r = memory_init(k, err)) != 0)
		return r;
	if ((r = signals_init(k)) != 0)
		return err_set(err, r, "signals: %s", strerror(-r));
	k->listen_fd = listen_open(k->socket, &k->at, err);
	if (k->listen_fd < 0)
		return k->listen_fd;
	if ((r = worker_start(k)) != 0) {
		listen_remove(&k->at);
		return err_set(err, r, "worker: %s", strerror(-r));
	}
	return 0;
}

int
keeper_main(const struct options *opt)
{
	struct keeper *k = calloc(1, sizeof(*k));
	struct err err = { "" };
	int status;

	if (k == NULL)
		return HOPD_EXIT_FAILED;
	k->opt = opt;
	k->chan = k->waiter_fd = k->null_fd = k->detached_fd = -1;
	k->root_fd = -1;
	k->due = INSTANT_NEVER;
	k->fresh = true;
	if (opt->detach)
		detach(k);
	if (keeper_init(k, &err) != 0) {
		report(LOG_LVL_ERR, "%s", err.text);
		free(k);
		return HOPD_EXIT_FAILED;
	}
	keeper_run(k);
	listen_remove(&k->at);
	keeper_ports_close(k);
	status = k->status;
	free(k);
	return status;
}
