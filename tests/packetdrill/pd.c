/*
 * pd.c - one instance: its stack, its clock, its wire, and how calls block.
 *
 * Does not know sockets (pd_sock.c and others).  Addresses that packetdrill
 * uses as the stack's own are added when they first show.
 */
#include "packetdrill/pd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ip/ip_wire.h"

#define EPOCH_US	(INT64_C(1600000000) * USEC_PER_SEC)
#define TURNS_MAX	10000	/* turns at one time: a live-lock */
/* The longest that packetdrill waits for a packet, in virtual time. */
#define RECEIVE_MAX_US	(INT64_C(8) * 3600 * USEC_PER_SEC)
#define HANDOVER_MS	200	/* real time for a sleeper to return */
#define STILL_MS	40	/* real time until a clock stands still */

/* The instance whose descriptors the wrapped getsockopt() knows. */
static struct pd *the_pd;

/* ---- the clock ----------------------------------------------------------- */

static void
collect(struct pd *pd)
{
	struct mem_frame *f;

	while ((f = mem_port_take(pd->port)) != NULL) {
		struct pd_frame *n = calloc(1, sizeof(*n));

		if (n == NULL)
			abort();
		if (pd->layout == PD_FREEBSD)
			pd_layout_freebsd(f->data, f->len);
		n->f = f;
		n->sent = pd->stk->now;
		*pd->out_tail = n;
		pd->out_tail = &n->next;
	}
}

int64_t
pd_epoch_us(struct instant t)
{
	return t.us + EPOCH_US;
}

/* The clock moves: sockets note how long they waited for what. */
static void
set_now(struct pd *pd, struct instant now)
{
	int64_t us = instant_diff(now, pd->now);

	for (int fd = 0; fd < PD_FDS && us > 0; fd++) {
		if (pd->sock[fd] != NULL)
			pd_sndbuf_account(pd, pd->sock[fd], us);
	}
	pd->now = now;
}

/* After a turn: completed writes, and room where there was none. */
static void
look_at_sockets(struct pd *pd)
{
	for (int fd = 0; fd < PD_FDS; fd++) {
		struct pd_sock *s = pd->sock[fd];

		if (s == NULL || s->conn == NULL)
			continue;
		pd_errq_scan(pd, s);
		if (s->nospace && pd_sndbuf_fixed(pd, s) &&
		    pd_sndbuf_writable(pd, s)) {
			s->nospace = false;
			s->out_edges++;
			pd->event = true;
		}
	}
}

/* Who moves the clock lets every sleeper look at what happened. */
static void
let_look(struct pd *pd)
{
	if (!pd->event || pd->sleepers == 0 || pd->to_look > 0)
		return;
	pd->event = false;
	pd->to_look = pd->sleepers;
	pd->round++;
	pd->sleep_due = INSTANT_NEVER;
	pthread_cond_broadcast(&pd->wake);
	while (pd->to_look > 0)
		pthread_cond_wait(&pd->looked, &pd->lock);
}

void
pd_settle(struct pd *pd)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		stack_poll(pd->stk, pd->now);
		collect(pd);
		look_at_sockets(pd);
		let_look(pd);
		if (!instant_reached(pd->now,
		    stack_next_deadline(pd->stk))) {
			pd_status_write(pd);
			return;
		}
	}
	abort();
}

/* The next time at which something happens by itself. */
static struct instant
next_event(const struct pd *pd)
{
	return instant_min(stack_next_deadline(pd->stk), pd->sleep_due);
}

/* Goes to the next event if that is not after end; false: it is. */
static bool
step(struct pd *pd, struct instant end)
{
	struct instant due = next_event(pd);

	if (instant_before(end, due) || instant_is_never(due))
		return false;
	if (instant_before(pd->now, due))
		set_now(pd, due);
	if (instant_reached(pd->now, pd->sleep_due))
		pd->event = true;
	pd_settle(pd);
	return true;
}

void
pd_run_until(struct pd *pd, struct instant end)
{
	while (step(pd, end))
		;
	if (instant_before(pd->now, end))
		set_now(pd, end);
	pd_settle(pd);
}

struct instant
pd_after_ms(const struct pd *pd, int timeout_ms)
{
	if (timeout_ms < 0)
		return INSTANT_NEVER;
	return instant_add(pd->now, (int64_t)timeout_ms * USEC_PER_MSEC);
}

struct instant
pd_patience(const struct pd *pd, int64_t timeo_us)
{
	return timeo_us == 0 ? INSTANT_NEVER :
	    instant_add(pd->now, timeo_us);
}

/* The real time so many milliseconds from now. */
static struct timespec
real_time_in(long ms)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_nsec += ms * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000L;
	}
	return t;
}

/* Does the owner wait for another thread? */
static bool
owner_waits(const struct pd *pd)
{
	char path[64];
	long call = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
	    (int)pd->owner_tid);
	f = fopen(path, "re");
	if (f == NULL)
		return false;
	if (fscanf(f, "%ld", &call) != 1)
		call = -1;
	fclose(f);
	return call == SYS_futex;
}

/* Sleeps until told to look; false: the clock stands still, since whoever moves
 * it waits for the end of this call. */
static bool
told_to_look(struct pd *pd, struct instant due)
{
	uint32_t round = pd->round;
	struct instant before;
	struct timespec end;

	if (pd->driving && !instant_is_never(due) && owner_waits(pd))
		return false;
	pd->driving = false;
	while (pd->round == round) {
		before = pd->now;
		end = real_time_in(STILL_MS);
		if (pthread_cond_timedwait(&pd->wake, &pd->lock, &end) ==
		    ETIMEDOUT && pd->round == round &&
		    !instant_is_never(due) && before.us == pd->now.us &&
		    owner_waits(pd))
			return false;
	}
	return true;
}

/* To the next event, or to due if that is before. */
static void
drive(struct pd *pd, struct instant due)
{
	pd->driving = true;
	if (!step(pd, due))
		pd_run_until(pd, due);
	if (pd->sleepers == 0)
		pd->sleep_due = INSTANT_NEVER;
}

/* A call of packetdrill's second thread: waits to be told to look. */
static bool
sleep_for_event(struct pd *pd, struct instant due)
{
	bool told;

	if (instant_reached(pd->now, due))
		return false;
	pd->sleepers++;
	pd->sleep_due = instant_min(pd->sleep_due, due);
	if (pd->to_look > 0 && --pd->to_look == 0)
		pthread_cond_signal(&pd->looked);
	told = told_to_look(pd, due);
	pd->sleepers--;
	if (!told)
		drive(pd, due);
	return !instant_reached(pd->now, due);
}

bool
pd_block(struct pd *pd, struct instant due)
{
	if (!pthread_equal(pthread_self(), pd->owner))
		return sleep_for_event(pd, due);
	pd_settle(pd);
	if (pd->event) {
		pd->event = false;
		return true;
	}
	if (step(pd, due)) {
		pd->event = false;
		return true;
	}
	if (!instant_is_never(due) && instant_before(pd->now, due))
		pd_run_until(pd, due);
	return false;
}

/* A sleeper has what it waited for: packetdrill asks for the time next. */
static void
note_return(struct pd *pd)
{
	if (pthread_equal(pthread_self(), pd->owner))
		return;
	pd->returning = true;
	pd->driving = false;
	pd->returner = pthread_self();
	pd->returner_tid = gettid();
	pd->returned = pd->now;
	if (pd->to_look > 0 && --pd->to_look == 0)
		pthread_cond_signal(&pd->looked);
}

static int
pd_gettimeofday(void *ud, struct timeval *tv, struct timezone *tz)
{
	struct pd *pd = ud;
	struct instant now;

	(void)tz;
	pthread_mutex_lock(&pd->lock);
	if (pd->returning && pthread_equal(pthread_self(), pd->returner)) {
		pd->returning = false;
		pthread_cond_signal(&pd->looked);
		now = pd->returned;
	} else {
		pd_run_until(pd, instant_add(pd->now, 1));
		now = pd->now;
	}
	pthread_mutex_unlock(&pd->lock);
	tv->tv_sec = (time_t)(pd_epoch_us(now) / USEC_PER_SEC);
	tv->tv_usec = (suseconds_t)(pd_epoch_us(now) % USEC_PER_SEC);
	return 0;
}

/* Is the thread asleep?  It is, too, if nobody can tell. */
static bool
asleep(pid_t tid)
{
	char path[64], stat[256] = "";
	const char *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", (int)tid);
	f = fopen(path, "re");
	if (f == NULL)
		return true;
	if (fgets(stat, sizeof(stat), f) == NULL)
		stat[0] = '\0';
	fclose(f);
	p = strrchr(stat, ')');
	return p == NULL || p[1] == '\0' || p[2] == 'S';
}

/* What packetdrill's second thread does with the result of its call must be
 * done before the script goes on: then it sleeps. */
static void
await_rest(struct pd *pd)
{
	pid_t tid = pd->returner_tid;

	pd->returner_tid = 0;
	pthread_mutex_unlock(&pd->lock);
	for (int i = 0; i < HANDOVER_MS * 5; i++) {
		usleep(200);
		if (asleep(tid))
			break;
	}
	pthread_mutex_lock(&pd->lock);
}

/* Waits, in real time, until a sleeper's call has ended. */
static void
await_return(struct pd *pd)
{
	struct timespec end = real_time_in(HANDOVER_MS);

	if (pd->returner_tid == 0)
		return;
	while (pd->returning) {
		if (pthread_cond_timedwait(&pd->looked, &pd->lock, &end) != 0)
			break;
	}
	await_rest(pd);
}

static int
pd_usleep(void *ud, useconds_t us)
{
	struct pd *pd = ud;
	struct instant end;

	pthread_mutex_lock(&pd->lock);
	end = instant_add(pd->now, us);
	await_return(pd);
	while (step(pd, end))
		await_return(pd);
	pd_run_until(pd, end);
	pthread_mutex_unlock(&pd->lock);
	return 0;
}

/* ---- the wire ------------------------------------------------------------ */

/* An address that is used as ours, is ours. */
static void
learn_address(struct pd *pd, struct ip4 ip)
{
	struct ip4_prefix p = { ip, 32 };

	if (ip.v == 0 || ip4_is_multicast(ip) || ip4_is_loopback(ip) ||
	    iface_addr_local(pd->stk, ip) != NULL ||
	    !ip4_in_prefix(ip, pd->local))
		return;
	iface_addr_add(pd->stk, pd->port->ifp, p, SCOPE_GLOBAL, NULL);
}

static int
pd_netdev_send(void *ud, const void *buf, size_t len)
{
	struct pd *pd = ud;
	const uint8_t *p = buf;
	int r;

	pthread_mutex_lock(&pd->lock);
	pd_sysctl_poll(pd);
	if (len >= 20 && p[0] >> 4 == 4)
		learn_address(pd, IP4(p[16], p[17], p[18], p[19]));
	r = mem_port_give(pd->port, buf, (uint32_t)len);
	pd_settle(pd);
	pthread_mutex_unlock(&pd->lock);
	return r == 0 ? 0 : -1;
}

static int
pd_netdev_receive(void *ud, void *buf, size_t *len, long long *time_us)
{
	struct pd *pd = ud;
	struct instant end;
	struct pd_frame *n;

	pthread_mutex_lock(&pd->lock);
	end = instant_add(pd->now, RECEIVE_MAX_US);
	while (pd->out == NULL && step(pd, end))
		;
	n = pd->out;
	if (n == NULL) {
		*len = 0;
		*time_us = pd_epoch_us(pd->now);
	} else {
		pd->out = n->next;
		if (pd->out == NULL)
			pd->out_tail = &pd->out;
		if (n->f->len < *len)
			*len = n->f->len;
		memcpy(buf, n->f->data, *len);
		*time_us = pd_epoch_us(n->sent);
		mem_port_free(pd->port, n->f);
		free(n);
	}
	pthread_mutex_unlock(&pd->lock);
	return 0;
}

/* ---- calls --------------------------------------------------------------- */

struct pd_sock *
pd_enter(struct pd *pd, int fd)
{
	pthread_mutex_lock(&pd->lock);
	pd_sysctl_poll(pd);
	if (fd >= 0 && fd < PD_FDS && pd->sock[fd] != NULL)
		return pd->sock[fd];
	pthread_mutex_unlock(&pd->lock);
	errno = EBADF;
	return NULL;
}

ssize_t
pd_leave(struct pd *pd, ssize_t r)
{
	note_return(pd);
	pd_settle(pd);
	pthread_mutex_unlock(&pd->lock);
	if (r >= 0)
		return r;
	errno = (int)-r;
	return -1;
}

/* ---- life ---------------------------------------------------------------- */

static void
pd_free(void *ud)
{
	struct pd *pd = ud;
	struct pd_frame *n;

	the_pd = NULL;
	for (int fd = 0; fd < PD_FDS; fd++) {
		/* packetdrill has closed the descriptors it still had. */
		if (pd->sock[fd] != NULL) {
			pd->sock[fd]->fd = -1;
			pd_sock_free(pd, pd->sock[fd]);
			pd->sock[fd] = NULL;
		}
	}
	while ((n = pd->out) != NULL) {
		pd->out = n->next;
		mem_port_free(pd->port, n->f);
		free(n);
	}
	stack_free(pd->stk);
	pthread_cond_destroy(&pd->wake);
	pthread_cond_destroy(&pd->looked);
	pthread_mutex_destroy(&pd->lock);
	free(pd->sysctl_path);
	free(pd->status_path);
	free(pd);
}

static void
make_stack(struct pd *pd)
{
	struct env env = { .seed = { 'p', 'd' }, .limits = LIMITS_DEFAULT };
	struct route *def = calloc(1, sizeof(*def) + sizeof(def->hop[0]));

	env.limits.lb_flows = 4096;
	env.limits.tcp_rcvbuf = 64 << 20;
	env.limits.tcp_sndbuf = 64 << 20;
	pd->stk = stack_new(&env, pd->now);
	if (pd->stk == NULL || def == NULL)
		abort();
	pd->port = mem_port_new(&pd->stk->mem, "tun0", false, MAC_ZERO,
	    pd->mtu, 0);
	if (pd->port == NULL || port_add(pd->stk, pd->port) != 0 ||
	    iface_addr_add(pd->stk, pd->port->ifp, pd->local, SCOPE_GLOBAL,
	    NULL) != 0)
		abort();
	def->type = ROUTE_UNICAST;
	def->hops = 1;
	def->hop[0].ifp = pd->port->ifp;
	if (route_add(pd->stk, def, NULL) != 0)
		abort();
	free(def);
	*tcp_conf_stack(pd->stk) = pd->conf;
}

void
packetdrill_interface_init(const char *flags,
    struct packetdrill_interface *ifc)
{
	struct pd *pd = calloc(1, sizeof(*pd));

	if (pd == NULL)
		abort();
	pthread_mutex_init(&pd->lock, NULL);
	pthread_cond_init(&pd->wake, NULL);
	pthread_cond_init(&pd->looked, NULL);
	pd->owner = pthread_self();
	pd->owner_tid = gettid();
	pd->out_tail = &pd->out;
	pd->sleep_due = INSTANT_NEVER;
	pd->now = instant_from_us(3600 * USEC_PER_SEC);
	pd_flags_parse(pd, flags);
	make_stack(pd);
	*ifc = (struct packetdrill_interface){
		.userdata = pd,
		.free = pd_free,
		.netdev_send = pd_netdev_send,
		.netdev_receive = pd_netdev_receive,
		.usleep = pd_usleep,
		.gettimeofday = pd_gettimeofday,
	};
	pd_sock_members(ifc);
	pd_io_members(ifc);
	pd_opt_members(ifc);
	pd_ctl_members(ifc);
	pd_poll_members(ifc);
	the_pd = pd;
}

/*
 * packetdrill asks libc, and not the interface, for TCP_INFO in its %{ }%
 * blocks, and for sendfile().  With this object in LD_PRELOAD too, both come
 * here.
 */
__attribute__((visibility("default")))
ssize_t sendfile(int out, int in, off_t *at, size_t len);

ssize_t
sendfile(int out, int in, off_t *at, size_t len)
{
	ssize_t (*next)(int, int, off_t *, size_t);
	struct pd *pd = the_pd;
	void *sym;

	if (pd != NULL && out >= 0 && out < PD_FDS && pd->sock[out] != NULL)
		return pd_send_file(pd, out, in, at, len);
	sym = dlsym(RTLD_NEXT, "sendfile");
	if (sym == NULL) {
		errno = ENOSYS;
		return -1;
	}
	memcpy(&next, &sym, sizeof(next));
	return next(out, in, at, len);
}

__attribute__((visibility("default")))
int getsockopt(int fd, int level, int name, void *restrict val,
    socklen_t *restrict len);

int
getsockopt(int fd, int level, int name, void *restrict val,
    socklen_t *restrict len)
{
	int (*next)(int, int, int, void *, socklen_t *);
	struct pd *pd = the_pd;
	struct pd_sock *s;
	void *sym;

	if (pd != NULL && (s = pd_enter(pd, fd)) != NULL)
		return (int)pd_leave(pd, pd_getsockopt(pd, s, level, name,
		    val, len));
	sym = dlsym(RTLD_NEXT, "getsockopt");
	if (sym == NULL) {
		errno = ENOSYS;
		return -1;
	}
	memcpy(&next, &sym, sizeof(next));
	return next(fd, level, name, val, len);
}
