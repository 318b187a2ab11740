/*
 * run_conf.c - settings at the top of a script: --sack=0 and so on.
 */
#include "pkt/run_impl.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define FIELD(key, field, unit) \
	{ key, offsetof(struct tcp_conf, field), \
	    sizeof(((struct tcp_conf *)0)->field), unit }

static const struct {
	const char *key;
	size_t offset, size;
	uint32_t unit;		/* the field is the value times this */
} fields[] = {
	FIELD("ack_segments", ack_segments, 1),
	FIELD("base_mss", base_mss, 1),
	FIELD("burst_segments", burst_segments, 1),
	FIELD("cc", cc, 1),
	FIELD("challenge_ms", challenge_us, 1000),
	FIELD("defer_tries", defer_tries, 1),
	FIELD("delack_ms", delack_us, 1000),
	FIELD("ecn", ecn, 1),
	FIELD("ecn_option", ecn_option, 1),
	FIELD("ecn_tries", ecn_tries, 1),
	FIELD("ecn_validate", ecn_validate, 1),
	FIELD("fastopen", fastopen, 1),
	FIELD("finwait2_ms", finwait2_us, 1000),
	FIELD("habits", habits, 1),
	FIELD("hystart", hystart, 1),
	FIELD("icmp", icmp, 1),
	FIELD("initial_cwnd", initial_cwnd, 1),
	FIELD("mss_option", mss_option, 1),
	FIELD("mtu_probing", mtu_probing, 1),
	FIELD("open_timeout_ms", open_timeout_ms, 1),
	FIELD("pacing", pacing, 1),
	FIELD("plain_after", plain_after, 1),
	FIELD("pmtud", pmtud, 1),
	FIELD("quickack", quickack, 1),
	FIELD("rack", rack, 1),
	FIELD("retries", retries, 1),
	FIELD("rfc1337", rfc1337, 1),
	FIELD("rto_initial_ms", rto_initial_us, 1000),
	FIELD("rto_min_ms", rto_min_us, 1000),
	FIELD("sack", sack, 1),
	FIELD("sndbuf", sndbuf, 1),
	FIELD("sndbuf_max", sndbuf_max, 1),
	FIELD("slow_start_idle", slow_start_idle, 1),
	FIELD("syn_cookies", syn_cookies, 1),
	FIELD("syn_retries", syn_retries, 1),
	FIELD("synack_retries", synack_retries, 1),
	FIELD("timewait_ms", timewait_us, 1000),
	FIELD("ts", timestamps, 1),
	FIELD("ts_lax", ts_lax, 1),
	FIELD("user_timeout_ms", user_timeout_ms, 1),
	FIELD("window_scaling", window_scaling, 1),
	FIELD("window_clamp", window_clamp, 1),
	FIELD("wscale", wscale, 1),
};

static bool
is_runner_key(const char *key)
{
	return strcmp(key, "mtu") == 0 || strcmp(key, "syn_queue") == 0 ||
	    strcmp(key, "tolerance_usecs") == 0;
}

uint32_t
run_setting_u32(const struct script *s, const char *key, uint32_t otherwise)
{
	for (const struct script_setting *k = s->settings; k != NULL;
	    k = k->next) {
		if (strcmp(k->key, key) == 0)
			return (uint32_t)strtoul(k->value, NULL, 0);
	}
	return otherwise;
}

int
run_setting(struct run *r, const struct script_setting *s)
{
	struct tcp_conf *conf = tcp_conf_stack(r->stk);
	uint32_t v = (uint32_t)strtol(s->value, NULL, 0);

	r->line = s->line;
	if (is_runner_key(s->key))
		return 0;
	if (strcmp(s->key, "rcvbuf") == 0) {
		conf->rcvbuf = conf->rcvbuf_max = v;
		return 0;
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint8_t *at = (uint8_t *)conf + fields[i].offset;
		uint32_t x = v * fields[i].unit;
		uint16_t x16 = (uint16_t)x;

		if (strcmp(fields[i].key, s->key) != 0)
			continue;
		if (fields[i].size == 1)
			*at = (uint8_t)x;
		else if (fields[i].size == 2)
			memcpy(at, &x16, 2);
		else
			memcpy(at, &x, 4);
		return 0;
	}
	return run_fail(r, "setting \"%s\" unknown", s->key);
}
