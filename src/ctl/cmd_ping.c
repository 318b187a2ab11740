/*
 * cmd_ping.c - ping: echo requests from the stack itself, told as ping(8)
 * tells them.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "icmp/ping.h"

static const char *
error_text(const struct ping_result *r, char *buf, size_t size)
{
	static const char *const unreachable[] = {
		"Destination Net Unreachable", "Destination Host Unreachable",
		"Destination Protocol Unreachable",
		"Destination Port Unreachable", NULL, "Source Route Failed",
	};

	if (r->type == ICMP_TIME_EXCEEDED)
		return r->code == 0 ? "Time to live exceeded" :
		    "Frag reassembly time exceeded";
	if (r->type == ICMP_UNREACH && r->code == ICMP_UNREACH_FRAG) {
		snprintf(buf, size, "Frag needed and DF set (mtu = %u)",
		    r->info);
		return buf;
	}
	if (r->type == ICMP_UNREACH && r->code < 6)
		return unreachable[r->code];
	if (r->type == ICMP_UNREACH && r->code == ICMP_UNREACH_ADMIN)
		return "Packet filtered";
	snprintf(buf, size, "ICMP type %u code %u", r->type, r->code);
	return buf;
}

/* "time=0.123 ms", with ping(8)'s number of digits. */
static void
rtt_text(int64_t us, char *buf, size_t size)
{
	if (us >= 100000)
		snprintf(buf, size, "%lld", (long long)(us + 500) / 1000);
	else if (us >= 10000)
		snprintf(buf, size, "%.1f", (double)us / 1000);
	else if (us >= 1000)
		snprintf(buf, size, "%.2f", (double)us / 1000);
	else
		snprintf(buf, size, "%.3f", (double)us / 1000);
}

static void
tell_text(struct job *job, const struct ping_result *r)
{
	char line[256], from[ADDR_STRLEN], text[64];

	addr_format(&r->from, from);
	switch (r->what) {
	case PING_REPLY:
	case PING_DUPLICATE:
		rtt_text(r->rtt_us, text, sizeof(text));
		snprintf(line, sizeof(line),
		    "%u bytes from %s: icmp_seq=%u ttl=%u time=%s ms%s",
		    r->bytes, from, r->seq, r->ttl, text,
		    r->what == PING_DUPLICATE ? " (DUP!)" : "");
		break;
	case PING_ERROR:
		snprintf(line, sizeof(line), "From %s icmp_seq=%u %s", from,
		    r->seq, error_text(r, text, sizeof(text)));
		break;
	case PING_UNSENT:
		snprintf(line, sizeof(line), "icmp_seq=%u not sent: %s",
		    r->seq, strerror(-r->error));
		break;
	default:
		/* Lost ones are seen in the sum, as with ping(8). */
		return;
	}
	reply_line(&job->rq, line);
	reply_flush(&job->rq);
}

static void
tell_json(struct job *job, const struct ping_result *r)
{
	static const char *const names[] = {
		[PING_REPLY] = "reply", [PING_DUPLICATE] = "duplicate",
		[PING_ERROR] = "error", [PING_LOST] = "lost",
		[PING_UNSENT] = "unsent",
	};
	char from[ADDR_STRLEN], text[64];
	json_t *obj = json_pack("{s:s,s:i}", "event", names[r->what], "seq",
	    (int)r->seq);

	if (r->what <= PING_ERROR)
		json_object_set_new(obj, "from",
		    json_string(addr_format(&r->from, from)));
	if (r->what <= PING_DUPLICATE)
		json_object_update_new(obj, json_pack("{s:i,s:i,s:f}",
		    "bytes", (int)r->bytes, "ttl", (int)r->ttl, "rtt_ms",
		    (double)r->rtt_us / 1000));
	if (r->what == PING_ERROR)
		json_object_update_new(obj, json_pack("{s:i,s:i,s:s}", "type",
		    (int)r->type, "code", (int)r->code, "error",
		    error_text(r, text, sizeof(text))));
	if (r->what == PING_UNSENT)
		json_object_set_new(obj, "error",
		    json_string(strerror(-r->error)));
	reply_data(&job->rq, obj);
}

static void
tell_sum(struct job *job, const struct ping_stats *s)
{
	char line[256], dst[ADDR_STRLEN];
	uint32_t loss = s->sent == 0 ? 0 :
	    (uint32_t)((uint64_t)(s->sent - s->received) * 100 / s->sent);

	addr_format(&job->dst, dst);
	if (!job->rq.text) {
		reply_data(&job->rq, json_pack(
		    "{s:s,s:i,s:i,s:i,s:i,s:f,s:f,s:f,s:f}", "event", "sum",
		    "sent", (int)s->sent, "received", (int)s->received,
		    "duplicates", (int)s->duplicates, "errors",
		    (int)s->errors, "min_ms", (double)s->min_us / 1000,
		    "avg_ms", (double)s->avg_us / 1000, "max_ms",
		    (double)s->max_us / 1000, "mdev_ms",
		    (double)s->mdev_us / 1000));
		return;
	}
	reply_line(&job->rq, "");
	snprintf(line, sizeof(line), "--- %s ping statistics ---", dst);
	reply_line(&job->rq, line);
	snprintf(line, sizeof(line), "%u packets transmitted, %u received, ",
	    s->sent, s->received);
	if (s->errors > 0)
		snprintf(line + strlen(line), sizeof(line) - strlen(line),
		    "+%u errors, ", s->errors);
	snprintf(line + strlen(line), sizeof(line) - strlen(line),
	    "%u%% packet loss, time %lldms", loss,
	    (long long)s->elapsed_us / 1000);
	reply_line(&job->rq, line);
	if (s->received == 0)
		return;
	snprintf(line, sizeof(line),
	    "rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms",
	    (double)s->min_us / 1000, (double)s->avg_us / 1000,
	    (double)s->max_us / 1000, (double)s->mdev_us / 1000);
	reply_line(&job->rq, line);
}

static void
tell(struct stack *stk, struct ping *p, const struct ping_result *r,
    void *owner)
{
	struct job *job = owner;
	struct ping_stats stats;
	char text[ADDR_STRLEN];

	if (r->what != PING_DONE && job->rq.text) {
		tell_text(job, r);
		return;
	}
	if (r->what != PING_DONE) {
		tell_json(job, r);
		return;
	}
	ping_stats(stk, p, &stats);
	tell_sum(job, &stats);
	if (stats.received == 0)
		err_set(&job->rq.err, 0, "\"%s\": no reply",
		    addr_format(&job->dst, text));
	/* ping(8): status 1 if nobody answered. */
	job_done(job, stats.received > 0 ? 0 : 1);
}

static void
conf_from(const struct command *cmd, struct ping_conf *c)
{
	const union value *src = command_get(cmd, A_SRC);
	const char *dev = command_str(cmd, A_DEV);

	c->dst = addr_from_ip4(command_get(cmd, A_DST)->ip);
	if (src != NULL)
		c->echo.src = addr_from_ip4(src->ip);
	if (dev != NULL)
		snprintf(c->echo.ifname, sizeof(c->echo.ifname), "%s", dev);
	c->echo.ttl = (uint8_t)command_num(cmd, A_TTL, 0);
	c->echo.tos = (uint8_t)command_num(cmd, A_TOS, 0);
	c->echo.df = command_given(cmd, A_DF);
	c->count = (uint32_t)command_num(cmd, A_COUNT, 0);
	c->size = (uint32_t)command_num(cmd, A_SIZE, PING_SIZE);
	c->interval_us = command_num(cmd, A_INTERVAL, PING_INTERVAL_US);
	c->timeout_us = command_num(cmd, A_TIMEOUT, PING_TIMEOUT_US);
}

int
ping_query(struct request *rq)
{
	struct ping_conf conf = PING_CONF_DEFAULT;
	struct job *job = job_new(rq, JOB_PING);
	char line[192], dst[ADDR_STRLEN];
	struct ping *ping;
	int r;

	if (job == NULL)
		return -ENOMEM;
	conf_from(rq->cmd, &conf);
	job->dst = conf.dst;
	r = ping_start(rq->ctl->stk, &conf, tell, job, &ping, &rq->err);
	if (r != 0) {
		job_free(job);
		return r;
	}
	job->engine = ping;
	addr_format(&conf.dst, dst);
	snprintf(line, sizeof(line), "PING %s (%s) %u(%u) bytes of data.", dst,
	    dst, conf.size, conf.size + ICMP_HLEN + IP4_HLEN);
	if (rq->text)
		reply_line(&job->rq, line);
	reply_flush(&job->rq);
	return -EINPROGRESS;
}
