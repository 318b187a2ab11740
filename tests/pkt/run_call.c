/*
 * run_call.c - socket calls of a script, in terms of tcp.h, and asserts.
 */
#include "pkt/run_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	int value;
} errnos[] = {
	{ "EAGAIN", EAGAIN }, { "EINPROGRESS", EINPROGRESS },
	{ "EALREADY", EALREADY }, { "ECONNREFUSED", ECONNREFUSED },
	{ "ECONNRESET", ECONNRESET }, { "ETIMEDOUT", ETIMEDOUT },
	{ "EPIPE", EPIPE }, { "EHOSTUNREACH", EHOSTUNREACH },
	{ "ENETUNREACH", ENETUNREACH }, { "ENOTCONN", ENOTCONN },
	{ "ECONNABORTED", ECONNABORTED }, { "EINVAL", EINVAL },
	{ "ENOPROTOOPT", ENOPROTOOPT }, { "EISCONN", EISCONN },
	{ "EADDRINUSE", EADDRINUSE },
};

static const char *
errno_name(int value)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++) {
		if (errnos[i].value == value)
			return errnos[i].name;
	}
	return "another error";
}

/* What a call gave against what the script says. */
static int
check_result(struct run *r, const struct script_call *c, int64_t got)
{
	if (got < 0) {
		if (c->result < 0 &&
		    strcmp(c->error, errno_name((int)-got)) == 0)
			return 0;
		return run_fail(r, "%s() failed with %s", c->name,
		    errno_name((int)-got));
	}
	if (got != c->result)
		return run_fail(r, "%s() gave %lld, not %lld", c->name,
		    (long long)got, (long long)c->result);
	return 0;
}

static struct sock *
sock_of(struct run *r, const struct script_call *c)
{
	int n = c->args > 0 ? atoi(c->arg[0]) : -1;

	if (n < 0 || n >= FDS_MAX || !r->fd[n].open)
		return NULL;
	r->last_fd = n;
	return &r->fd[n];
}

static int
call_socket(struct run *r, const struct script_call *c)
{
	if (c->result < 0 || c->result >= FDS_MAX)
		return run_fail(r, "descriptor out of range");
	r->fd[c->result] = (struct sock){ .open = true,
	    .conf = *tcp_conf_stack(r->stk) };
	return 0;
}

static int
call_listen(struct run *r, struct sock *s, const struct script_call *c)
{
	struct addr any = { { 0 } };
	int n = tcp_listen(r->stk, &any, LOCAL_PORT,
	    (uint32_t)atoi(c->arg[1]), &s->conf, NULL, NULL, &s->l);

	return check_result(r, c, n);
}

static int
call_accept(struct run *r, struct sock *s, const struct script_call *c)
{
	struct tcp_conn *k = s->l == NULL ? NULL : tcp_accept(r->stk, s->l);

	if (k == NULL)
		return check_result(r, c, -EAGAIN);
	if (c->result < 0 || c->result >= FDS_MAX)
		return run_fail(r, "accept() gave a connection");
	r->fd[c->result] = (struct sock){ .open = true, .c = k };
	r->last_fd = (int)c->result;
	tcp_set_owner(r->stk, k, NULL, NULL);
	return 0;
}

static int
connect_start(struct run *r, struct sock *s)
{
	struct tcp_open o = { .remote = addr_from_ip4(IP4(192, 0, 2, 1)),
	    .rport = 8080, .conf = &s->conf };

	r->rport = 8080;
	return tcp_connect(r->stk, &o, &s->c);
}

/* What a connect() of a socket that began earlier says. */
static int64_t
connect_state(const struct sock *s)
{
	if (tcp_error(s->c) != 0)
		return tcp_error(s->c);
	return (tcp_events(s->c) & TCP_EV_CONNECTED) != 0 ? 0 : -EALREADY;
}

static int
call_connect(struct run *r, struct sock *s, const struct script_call *c)
{
	int n;

	if (s->c != NULL)
		return check_result(r, c, connect_state(s));
	n = connect_start(r, s);
	return check_result(r, c, n == 0 ? -EINPROGRESS : n);
}

int
run_call_begin(struct run *r, const struct script_call *c)
{
	struct sock *s = sock_of(r, c);

	if (s != NULL && strcmp(c->name, "connect") == 0 &&
	    connect_start(r, s) != 0)
		return run_fail(r, "connect() failed at once");
	return 0;
}

static int
call_write(struct run *r, struct sock *s, const struct script_call *c)
{
	uint32_t len = (uint32_t)atoi(c->arg[2]);
	const char *flag = c->args > 3 ? c->arg[3] : "0";
	char *buf = calloc(1, len + 1);
	int n;

	if (strcmp(flag, "MSG_EOR") == 0)
		n = tcp_write_record(r->stk, s->c, buf, len);
	else if (strcmp(flag, "MSG_OOB") == 0)
		n = tcp_write_urgent(r->stk, s->c, buf, len);
	else
		n = tcp_write(r->stk, s->c, buf, len);
	free(buf);
	return check_result(r, c, n);
}

static int
call_read(struct run *r, struct sock *s, const struct script_call *c)
{
	uint32_t len = (uint32_t)atoi(c->arg[2]);
	char *buf = malloc(len + 1);
	int n = tcp_read(r->stk, s->c, buf, len);

	free(buf);
	return check_result(r, c, n);
}

static int
call_shutdown(struct run *r, struct sock *s, const struct script_call *c)
{
	if (strcmp(c->arg[1], "SHUT_RD") != 0)
		tcp_shutdown(r->stk, s->c);
	return check_result(r, c, 0);
}

static int
call_close(struct run *r, struct sock *s, const struct script_call *c)
{
	if (s->l != NULL)
		tcp_listen_close(r->stk, s->l);
	else if (s->c != NULL)
		tcp_close(r->stk, s->c);
	*s = (struct sock){ .open = false };
	return check_result(r, c, 0);
}

/* ---- options ------------------------------------------------------------- */

static const struct {
	const char *name;
	enum tcp_opt opt;
	uint32_t unit;
} options[] = {
	{ "TCP_NODELAY", TCPO_NODELAY, 1 }, { "TCP_CORK", TCPO_CORK, 1 },
	{ "SO_KEEPALIVE", TCPO_KEEPALIVE, 1 },
	{ "TCP_KEEPIDLE", TCPO_KEEP_IDLE_MS, 1000 },
	{ "TCP_KEEPINTVL", TCPO_KEEP_INTVL_MS, 1000 },
	{ "TCP_KEEPCNT", TCPO_KEEP_COUNT, 1 },
	{ "TCP_USER_TIMEOUT", TCPO_USER_TIMEOUT_MS, 1 },
	{ "SO_RCVBUF", TCPO_RCVBUF, 1 }, { "SO_SNDBUF", TCPO_SNDBUF, 1 },
	{ "TCP_WINDOW_CLAMP", TCPO_WINDOW_CLAMP, 1 },
	{ "TCP_MAXSEG", TCPO_MSS, 1 },
	{ "TCP_LINGER2", TCPO_FINWAIT2_MS, 1000 },
	{ "TCP_QUICKACK", TCPO_QUICKACK, 1 },
};

/* Before there is a connection: into the settings it will have. */
static void
set_conf(struct tcp_conf *f, enum tcp_opt opt, uint32_t v)
{
	if (opt == TCPO_NODELAY)
		f->nodelay = v != 0;
	else if (opt == TCPO_CORK)
		f->cork = v != 0;
	else if (opt == TCPO_KEEPALIVE)
		f->keepalive = v != 0;
	else if (opt == TCPO_KEEP_IDLE_MS)
		f->keep_idle_ms = v;
	else if (opt == TCPO_KEEP_INTVL_MS)
		f->keep_intvl_ms = v;
	else if (opt == TCPO_KEEP_COUNT)
		f->keep_count = (uint8_t)v;
	else if (opt == TCPO_USER_TIMEOUT_MS)
		f->user_timeout_ms = v;
	else if (opt == TCPO_RCVBUF)
		f->rcvbuf = f->rcvbuf_max = v;
	else if (opt == TCPO_SNDBUF)
		f->sndbuf = f->sndbuf_max = v;
	else if (opt == TCPO_MSS)
		f->mss = (uint16_t)v;
	else if (opt == TCPO_FINWAIT2_MS)
		f->finwait2_us = v * 1000;
}

static int
set_linger(struct run *r, struct sock *s, const struct script_call *c)
{
	int on = 0, sec = 0;

	sscanf(c->arg[3], "{onoff=%d,linger=%d}", &on, &sec);
	s->conf.linger = on != 0;
	s->conf.linger_ms = (uint32_t)sec * 1000;
	if (s->c != NULL) {
		tcp_set(r->stk, s->c, TCPO_LINGER, (uint32_t)on);
		tcp_set(r->stk, s->c, TCPO_LINGER_MS, (uint32_t)sec * 1000);
	}
	return check_result(r, c, 0);
}

static int
call_setsockopt(struct run *r, struct sock *s, const struct script_call *c)
{
	uint32_t v = c->arg[3][0] == '[' ? (uint32_t)atoi(c->arg[3] + 1) : 0;

	if (strcmp(c->arg[2], "SO_REUSEADDR") == 0)
		return check_result(r, c, 0);
	if (strcmp(c->arg[2], "SO_LINGER") == 0)
		return set_linger(r, s, c);
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		if (strcmp(options[i].name, c->arg[2]) != 0)
			continue;
		set_conf(&s->conf, options[i].opt, v * options[i].unit);
		if (s->c == NULL)
			return check_result(r, c, 0);
		return check_result(r, c, tcp_set(r->stk, s->c,
		    options[i].opt, v * options[i].unit));
	}
	return run_fail(r, "option \"%s\" unknown", c->arg[2]);
}

static int
call_getsockopt(struct run *r, struct sock *s, const struct script_call *c)
{
	int v = atoi(c->arg[3] + 1);

	if (strcmp(c->arg[2], "SO_ERROR") != 0)
		return run_fail(r, "option \"%s\" unknown", c->arg[2]);
	if (c->arg[3][1] == 'E') {
		char name[SCRIPT_WORD_MAX];

		sscanf(c->arg[3], "[%63[A-Z]]", name);
		if (strcmp(name, errno_name(-tcp_error(s->c))) != 0)
			return run_fail(r, "SO_ERROR is %s",
			    errno_name(-tcp_error(s->c)));
		return 0;
	}
	if (v != -tcp_error(s->c))
		return run_fail(r, "SO_ERROR is %d", -tcp_error(s->c));
	return 0;
}

int
run_call(struct run *r, const struct script_call *c)
{
	struct sock *s;

	if (strcmp(c->name, "socket") == 0)
		return call_socket(r, c);
	s = sock_of(r, c);
	if (s == NULL)
		return run_fail(r, "%s() of no open socket", c->name);
	if (strcmp(c->name, "bind") == 0 || strcmp(c->name, "fcntl") == 0)
		return 0;
	if (strcmp(c->name, "listen") == 0)
		return call_listen(r, s, c);
	if (strcmp(c->name, "accept") == 0)
		return call_accept(r, s, c);
	if (strcmp(c->name, "connect") == 0)
		return call_connect(r, s, c);
	if (strcmp(c->name, "setsockopt") == 0)
		return call_setsockopt(r, s, c);
	if (strcmp(c->name, "close") == 0)
		return call_close(r, s, c);
	if (s->c == NULL)
		return run_fail(r, "%s() of no connection", c->name);
	if (strcmp(c->name, "write") == 0 || strcmp(c->name, "send") == 0)
		return call_write(r, s, c);
	if (strcmp(c->name, "read") == 0 || strcmp(c->name, "recv") == 0)
		return call_read(r, s, c);
	if (strcmp(c->name, "shutdown") == 0)
		return call_shutdown(r, s, c);
	if (strcmp(c->name, "getsockopt") == 0)
		return call_getsockopt(r, s, c);
	return run_fail(r, "call \"%s\" unknown", c->name);
}

/* ---- asserts ------------------------------------------------------------- */

static bool
field_value(const struct run *r, const struct tcp_status *t,
    const char *name, int64_t *out)
{
	const struct {
		const char *name;
		int64_t value;
	} f[] = {
		{ "state", t->state }, { "tcpi_ca_state", t->ca_state },
		{ "tcpi_snd_cwnd", t->cwnd_segs }, { "cwnd", t->cwnd },
		{ "tcpi_snd_ssthresh", t->ssthresh_segs },
		{ "tcpi_unacked", t->unacked_segs },
		{ "tcpi_sacked", t->sacked_segs },
		{ "tcpi_lost", t->lost_segs },
		{ "tcpi_retrans", t->retrans_segs },
		{ "tcpi_total_retrans", t->total_retrans },
		{ "tcpi_rto", t->rto_us }, { "tcpi_rtt", t->rtt_us },
		{ "tcpi_backoff", t->backoff }, { "tcpi_probes", t->probes },
		{ "tcpi_snd_mss", t->snd_mss }, { "tcpi_pmtu", t->pmtu },
		{ "tcpi_dsack_dups", t->dsack_dups },
		{ "tcpi_delivered_ce", t->delivered_ce },
		{ "tcpi_received_ce", t->received_ce },
		{ "tcpi_total_rto", t->timeouts },
		{ "tcpi_total_rto_recoveries", t->loss_spells },
		{ "tcpi_total_rto_time", t->loss_ms },
		{ "tcpi_accecn_opt_seen", t->acc_seen },
		{ "tcpi_accecn_fail_mode", t->acc_fail },
		{ "accurate", t->accurate }, { "ecn", t->ecn },
		{ "readable", t->recv_q }, { "unacked_bytes", t->send_q },
		{ "ooo", t->rcv_ooo },
		{ "tlp_probes", (int64_t)r->stk->tcp.stats.tlp_probes },
		{ "undone", (int64_t)r->stk->tcp.stats.undone },
		{ "timeouts", (int64_t)r->stk->tcp.stats.timeouts },
		{ "dsacks", (int64_t)r->stk->tcp.stats.dsacks_seen },
		{ "cookies_good", (int64_t)r->stk->tcp.stats.cookies_good },
		{ "table", r->stk->tcp.table_count },
		{ "time_wait", r->stk->tcp.tw_count },
	};

	for (size_t i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		if (strcmp(f[i].name, name) == 0) {
			*out = f[i].value;
			return true;
		}
	}
	return false;
}

static bool
holds(int64_t a, const char *op, int64_t b)
{
	if (strcmp(op, "==") == 0)
		return a == b;
	if (strcmp(op, "!=") == 0)
		return a != b;
	if (strcmp(op, "<=") == 0)
		return a <= b;
	if (strcmp(op, ">=") == 0)
		return a >= b;
	return op[0] == '<' ? a < b : a > b;
}

int
run_assert(struct run *r, const struct script_assert *a)
{
	struct tcp_status t = { 0 };
	int64_t v;

	if (r->last_fd >= 0 && r->fd[r->last_fd].c != NULL)
		tcp_status(r->stk, r->fd[r->last_fd].c, &t);
	if (!field_value(r, &t, a->field, &v))
		return run_fail(r, "field \"%s\" unknown", a->field);
	if (!holds(v, a->op, a->value))
		return run_fail(r, "%s is %lld", a->field, (long long)v);
	return 0;
}
