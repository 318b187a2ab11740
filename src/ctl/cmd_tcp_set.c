/*
 * cmd_tcp_set.c - tcp set, tcp show settings: TCP on hopd itself as a whole.
 *
 * What is set holds for hopd's servers, those that listen already among them,
 * and for what it opens.  Read: tcp_conf in tcp/tcp.h for what each one does.
 */
#include "ctl/cmd.h"

#include <errno.h>

/* A time in units of unit_us, if the command has it. */
static int
take_time(const struct command *cmd, enum arg_id id, int64_t min_s,
    int64_t max_s, int64_t unit_us, uint32_t *out, struct err *err)
{
	int64_t us = command_num(cmd, id, 0);

	if (!command_given(cmd, id))
		return 0;
	if (us < min_s * USEC_PER_SEC || us > max_s * USEC_PER_SEC)
		return err_set(err, -EINVAL, "%s: expected %d to %d seconds",
		    grammar_arg(cmd->row, id)->word, (int)min_s, (int)max_s);
	*out = (uint32_t)(us / unit_us);
	return 0;
}

static int
take_times(const struct command *cmd, struct tcp_conf *c, struct err *err)
{
	int r = take_time(cmd, A_TIMEWAIT, 0, 3600, 1, &c->timewait_us, err);

	if (r == 0)
		r = take_time(cmd, A_FINWAIT, 0, 3600, 1, &c->finwait2_us, err);
	if (r == 0)
		r = take_time(cmd, A_KEEP_IDLE, 1, 32767, USEC_PER_MSEC,
		    &c->keep_idle_ms, err);
	if (r == 0)
		r = take_time(cmd, A_KEEP_INTERVAL, 1, 32767, USEC_PER_MSEC,
		    &c->keep_intvl_ms, err);
	if (r == 0)
		r = take_time(cmd, A_USER_TIMEOUT, 0, 86400, USEC_PER_MSEC,
		    &c->user_timeout_ms, err);
	return r;
}

int
tcp_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	struct tcp_conf c = *tcp_conf_stack(ctl->stk);
	int r = take_times(cmd, &c, err);

	if (r != 0)
		return r;
	take_u8(cmd, A_CC, &c.cc);
	take_u8(cmd, A_ECN, &c.ecn);
	take_u8(cmd, A_ECN_OPTION, &c.ecn_option);
	take_u8(cmd, A_SYN_COOKIES, &c.syn_cookies);
	take_u8(cmd, A_FASTOPEN, &c.fastopen);
	take_u8(cmd, A_MTU_PROBING, &c.mtu_probing);
	take_u8(cmd, A_KEEP_COUNT, &c.keep_count);
	take_switch(cmd, A_SACK, &c.sack);
	take_switch(cmd, A_TIMESTAMPS, &c.timestamps);
	take_switch(cmd, A_MISSING_TIMESTAMPS, &c.ts_lax);
	take_switch(cmd, A_PACING, &c.pacing);
	take_switch(cmd, A_RFC1337, &c.rfc1337);
	tcp_conf_change(ctl->stk, &c);
	return 0;
}

static void
describe(struct stack *stk, struct command *cmd)
{
	const struct tcp_conf *c = tcp_conf_stack(stk);

	command_init(cmd, grammar_row(OBJ_TCP, VERB_SET));
	command_set(cmd, A_CC)->num = c->cc;
	command_set(cmd, A_ECN)->num = c->ecn;
	command_set(cmd, A_ECN_OPTION)->num = c->ecn_option;
	command_set(cmd, A_SYN_COOKIES)->num = c->syn_cookies;
	command_set(cmd, A_FASTOPEN)->num = c->fastopen;
	command_set(cmd, A_MTU_PROBING)->num = c->mtu_probing;
	command_set(cmd, A_SACK)->num = c->sack;
	command_set(cmd, A_TIMESTAMPS)->num = c->timestamps;
	command_set(cmd, A_MISSING_TIMESTAMPS)->num = c->ts_lax;
	command_set(cmd, A_PACING)->num = c->pacing;
	command_set(cmd, A_TIMEWAIT)->num = c->timewait_us;
	command_set(cmd, A_RFC1337)->num = c->rfc1337;
	command_set(cmd, A_FINWAIT)->num = c->finwait2_us;
	command_set(cmd, A_KEEP_IDLE)->num = c->keep_idle_ms * USEC_PER_MSEC;
	command_set(cmd, A_KEEP_INTERVAL)->num =
	    c->keep_intvl_ms * USEC_PER_MSEC;
	command_set(cmd, A_KEEP_COUNT)->num = c->keep_count;
	command_set(cmd, A_USER_TIMEOUT)->num =
	    c->user_timeout_ms * USEC_PER_MSEC;
}

int
tcp_conf_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	return settings_walk(ctl, describe, fn, arg);
}

int
tcp_conf_query(struct request *rq)
{
	return settings_query(rq, describe, NULL);
}
