/*
 * test_ctl_tcp.c - tcp set, tcp show settings: what an administrator says of
 * hopd's own TCP.
 */
#include "unit/ctl_unit.h"

#include "tcp/tcp_conn.h"

#include <string.h>

START_TEST(tcp_as_a_whole)
{
	struct ctl_unit *u = ctl_unit_new();

	ctl_unit_must(u, "tcp show settings");
	ck_assert_str_eq(u->text, "cc cubic ecn accurate_accept "
	    "ecn_option changed syn_cookies overflow fastopen off "
	    "mtu_probing off sack on timestamps on "
	    "missing_timestamps off pacing off timewait 60 rfc1337 off "
	    "finwait 60 keep_idle 7200 keep_interval 75 keep_count 9 "
	    "user_timeout 0\n");
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_must(u, "tcp set cc newreno fastopen both timewait 1500ms");
	ctl_unit_must(u, "tcp set keep_idle 30 sack off");
	ck_assert_uint_eq(u->stk->tcp.conf.cc, TCP_CC_NEWRENO);
	ck_assert_uint_eq(u->stk->tcp.conf.fastopen,
	    TCP_FASTOPEN_CLIENT | TCP_FASTOPEN_SERVER);
	ck_assert_uint_eq(u->stk->tcp.conf.timewait_us, 1500000);
	ck_assert_uint_eq(u->stk->tcp.conf.keep_idle_ms, 30000);
	ck_assert(!u->stk->tcp.conf.sack);
	ck_assert_str_eq(ctl_unit_config(u), "tcp set cc newreno fastopen both "
	    "sack off timewait 1500ms keep_idle 30\n");
	ck_assert_int_eq(ctl_unit_json(u, "tcp show settings"), 0);
	ck_assert_str_eq(reply_string(json_array_get(u->data, 0), "fastopen"),
	    "both");
	ck_assert_int_eq(ctl_unit_file(u, "config apply f", ""), 0);
	ck_assert_str_eq(ctl_unit_config(u), "");
	ck_assert_uint_eq(u->stk->tcp.conf.cc, TCP_CC_CUBIC);
	ck_assert(u->stk->tcp.conf.sack);
	ctl_unit_free(u);
}
END_TEST

START_TEST(tcp_refuses_times_by_name)
{
	struct ctl_unit *u = ctl_unit_new();
	static const struct {
		const char *command, *error;
	} bad[] = {
		{ "tcp set cc newreno keep_idle 0",
		    "keep_idle: expected 1 to 32767 seconds" },
		{ "tcp set timewait 3601",
		    "timewait: expected 0 to 3600 seconds" },
		{ "tcp set user_timeout 86401",
		    "user_timeout: expected 0 to 86400 seconds" },
	};

	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_int_ne(ctl_unit_do(u, bad[i].command), 0);
		ck_assert_msg(strstr(u->error, bad[i].error) != NULL, "%s",
		    u->error);
	}
	ck_assert_int_eq(ctl_unit_do(u, "tcp set keep_count 128"), 2);
	ck_assert_int_eq(ctl_unit_do(u, "tcp set cc bbr"), 2);
	/* Nothing of a refused command is taken. */
	ck_assert_str_eq(ctl_unit_config(u), "");
	ctl_unit_free(u);
}
END_TEST

/* A server that listens already follows, and keeps what is its own. */
START_TEST(tcp_settings_reach_servers)
{
	struct ctl_unit *u = ctl_unit_new();
	const struct tcp_conf *conf = NULL;

	ctl_unit_must(u, "inetd add echo");
	for (unsigned i = 0; i < TCP_LISTENER_BUCKETS; i++) {
		if (u->stk->tcp.listeners[i] != NULL)
			conf = u->stk->tcp.listeners[i]->conf;
	}
	ck_assert_ptr_nonnull(conf);
	ck_assert_ptr_ne(conf, &u->stk->tcp.conf);
	ctl_unit_must(u, "tcp set ecn off mtu_probing always pacing on "
	    "rfc1337 on syn_cookies never missing_timestamps on");
	ck_assert_uint_eq(conf->ecn, TCP_ECN_OFF);
	ck_assert_uint_eq(conf->mtu_probing, TCP_PROBING_ALWAYS);
	ck_assert_uint_eq(conf->syn_cookies, TCP_COOKIES_NEVER);
	ck_assert(conf->pacing && conf->rfc1337 && conf->ts_lax);
	ck_assert(conf->keepalive && conf->nodelay);
	ctl_unit_free(u);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ctl_tcp");
	TCase *tc = tcase_create("settings");

	tcase_add_test(tc, tcp_as_a_whole);
	tcase_add_test(tc, tcp_refuses_times_by_name);
	tcase_add_test(tc, tcp_settings_reach_servers);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
