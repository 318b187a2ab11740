/*
 * cmd_tcp.c - tcp show: connections as ss(8) -tin shows them.
 */
#include "ctl/cmd.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static void
append(char *buf, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
append(char *buf, size_t size, const char *fmt, ...)
{
	size_t n = strlen(buf);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(buf + n, size - n, fmt, ap);
	va_end(ap);
}

static const char *
end_text(const struct addr *a, uint16_t port, char buf[64])
{
	char addr[ADDR_STRLEN];

	snprintf(buf, 64, "%s:%u", addr_is_any(a) ? "*" :
	    addr_format(a, addr), port);
	return buf;
}

static double
ms(uint32_t us)
{
	return (double)us / 1000;
}

/* ss -i prints what it knows, and leaves out what is 0. */
static void
append_if(char *line, size_t size, const char *word, uint64_t value)
{
	if (value != 0)
		append(line, size, " %s:%" PRIu64, word, value);
}

/* What was agreed on, and how the path looks. */
static void
path_text(const struct tcp_status *s, char *line, size_t size)
{
	if (s->timestamps)
		append(line, size, " ts");
	if (s->sack)
		append(line, size, " sack");
	if (s->ecn)
		append(line, size, s->accurate ? " accecn" : " ecn");
	if (s->fastopen)
		append(line, size, " fastopen");
	append(line, size, " %s", s->cc);
	if (s->wscale)
		append(line, size, " wscale:%u,%u", s->snd_wscale,
		    s->rcv_wscale);
	append(line, size, " rto:%.0f", ms(s->rto_us));
	if (s->backoff != 0)
		append(line, size, " backoff:%u", s->backoff);
	if (s->rtt_us != 0)
		append(line, size, " rtt:%.3f/%.3f", ms(s->rtt_us),
		    ms(s->rttvar_us));
	append(line, size, " ato:%.0f mss:%u pmtu:%u rcvmss:%u advmss:%u "
	    "cwnd:%u", ms(s->ato_us), s->snd_mss, s->pmtu, s->rcv_mss,
	    s->advmss, s->cwnd_segs);
	if (s->ssthresh != UINT32_MAX)
		append(line, size, " ssthresh:%u", s->ssthresh_segs);
}

/* The words of ss(8), in its order, as far as they mean something here. */
static void
inner_text(const struct tcp_status *s, char *line, size_t size)
{
	snprintf(line, size, "\t");
	path_text(s, line, size);
	append(line, size, " bytes_sent:%" PRIu64, s->bytes_sent);
	append_if(line, size, "bytes_retrans", s->bytes_retrans);
	append(line, size, " bytes_acked:%" PRIu64 " bytes_received:%" PRIu64
	    " segs_out:%u segs_in:%u data_segs_out:%u data_segs_in:%u",
	    s->bytes_acked, s->bytes_received, s->segs_out, s->segs_in,
	    s->data_segs_out, s->data_segs_in);
	append(line, size, " lastsnd:%lld lastrcv:%lld lastack:%lld",
	    (long long)s->last_data_sent_us / 1000,
	    (long long)s->last_data_recv_us / 1000,
	    (long long)s->last_ack_recv_us / 1000);
	if (s->pacing_rate != 0)
		append(line, size, " pacing_rate %" PRIu64 "bps",
		    8 * s->pacing_rate);
	if (s->delivery_rate != 0)
		append(line, size, " delivery_rate %" PRIu64 "bps%s",
		    8 * (uint64_t)s->delivery_rate,
		    s->app_limited ? " app_limited" : "");
	append_if(line, size, "unacked", s->unacked_segs);
	if (s->total_retrans != 0)
		append(line, size, " retrans:%u/%u", s->retrans_segs,
		    s->total_retrans);
	append_if(line, size, "lost", s->lost_segs);
	append_if(line, size, "sacked", s->sacked_segs);
	if (s->timeouts != 0)
		append(line, size, " total_rto:%u/%u/%u", s->timeouts,
		    s->loss_spells, s->loss_ms);
	append_if(line, size, "dsack_dups", s->dsack_dups);
	append_if(line, size, "delivered_ce", s->delivered_ce);
	append_if(line, size, "received_ce", s->received_ce);
	append_if(line, size, "accecn_fail_mode", s->acc_fail);
	if (s->reordering != 3)		/* as ss: not what it begins with */
		append_if(line, size, "reordering", s->reordering);
	append_if(line, size, "reord_seen", s->reordered);
	if (s->rcv_rtt_us != 0)
		append(line, size, " rcv_rtt:%.3f", ms(s->rcv_rtt_us));
	append(line, size, " rcv_space:%u rcv_wnd:%u", s->rcv_space,
	    s->rcv_wnd);
	append_if(line, size, "rcv_ooo", s->rcv_ooo);
	append_if(line, size, "rcv_ooopack", s->ooo_segs);
	append_if(line, size, "notsent", s->unsent);
	if (s->min_rtt_us != 0 && s->min_rtt_us != UINT32_MAX)
		append(line, size, " minrtt:%.3f", ms(s->min_rtt_us));
	append(line, size, " snd_wnd:%u", s->snd_wnd);
	append(line, size, " mem:%u", s->mem_bytes);
	if (strcmp(s->timer, "off") != 0)
		append(line, size, " timer:(%s,%.3fs)", s->timer,
		    (double)s->timer_us / 1000000);
}

static void
conn_text(struct request *rq, const struct tcp_status *s)
{
	char line[1024], local[64], remote[64];

	snprintf(line, sizeof(line), "%-12s %6u %6u %21s %21s",
	    tcp_state_name(s->state), s->recv_q, s->send_q,
	    end_text(&s->local, s->lport, local),
	    end_text(&s->remote, s->rport, remote));
	reply_line(rq, line);
	/* What waits out 2 MSL has no more to tell. */
	if (s->state == TCPS_TIME_WAIT)
		return;
	inner_text(s, line, sizeof(line));
	reply_line(rq, line);
}

static json_t *
end_json(const struct addr *a, uint16_t port)
{
	char text[ADDR_STRLEN];

	return json_pack("{s:s,s:i}", "address", addr_is_any(a) ? "*" :
	    addr_format(a, text), "port", (int)port);
}

static void
set(json_t *o, const char *key, uint64_t value)
{
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

static void
conn_json(struct request *rq, const struct tcp_status *s)
{
	json_t *o = json_pack("{s:s,s:o,s:o,s:s,s:b,s:b,s:b,s:b,s:b,s:s}",
	    "state", tcp_state_name(s->state), "local", end_json(&s->local,
	    s->lport), "remote", end_json(&s->remote, s->rport), "cc", s->cc,
	    "sack", s->sack, "timestamps", s->timestamps, "wscale", s->wscale,
	    "ecn", s->ecn, "accurate_ecn", s->accurate, "timer", s->timer);

	set(o, "recv_q", s->recv_q);
	set(o, "send_q", s->send_q);
	set(o, "rto_us", s->rto_us);
	set(o, "rtt_us", s->rtt_us);
	set(o, "rttvar_us", s->rttvar_us);
	set(o, "snd_mss", s->snd_mss);
	set(o, "rcv_mss", s->rcv_mss);
	set(o, "pmtu", s->pmtu);
	set(o, "cwnd", s->cwnd);
	if (s->ssthresh != UINT32_MAX)
		set(o, "ssthresh", s->ssthresh);
	set(o, "snd_wnd", s->snd_wnd);
	set(o, "rcv_wnd", s->rcv_wnd);
	set(o, "bytes_sent", s->bytes_sent);
	set(o, "bytes_retrans", s->bytes_retrans);
	set(o, "bytes_acked", s->bytes_acked);
	set(o, "bytes_received", s->bytes_received);
	set(o, "segs_in", s->segs_in);
	set(o, "segs_out", s->segs_out);
	set(o, "data_segs_in", s->data_segs_in);
	set(o, "data_segs_out", s->data_segs_out);
	set(o, "total_retrans", s->total_retrans);
	set(o, "mem_bytes", s->mem_bytes);
	set(o, "dsack_dups", s->dsack_dups);
	if (s->accurate) {
		set(o, "delivered_ce", s->delivered_ce);
		set(o, "received_ce", s->received_ce);
		set(o, "accecn_opt_seen", s->acc_seen);
		set(o, "accecn_fail_mode", s->acc_fail);
	}
	set(o, "unsent", s->unsent);
	set(o, "rcv_ooo", s->rcv_ooo);
	set(o, "last_data_sent_us", (uint64_t)s->last_data_sent_us);
	set(o, "last_data_recv_us", (uint64_t)s->last_data_recv_us);
	set(o, "last_ack_recv_us", (uint64_t)s->last_ack_recv_us);
	set(o, "pacing_rate", s->pacing_rate);
	set(o, "delivery_rate", s->delivery_rate);
	set(o, "rcv_rtt_us", s->rcv_rtt_us);
	set(o, "reord_seen", s->reordered);
	set(o, "rcv_ooopack", s->ooo_segs);
	set(o, "total_rto", s->timeouts);
	set(o, "total_rto_recoveries", s->loss_spells);
	set(o, "total_rto_time_ms", s->loss_ms);
	reply_data(rq, o);
}

static void
listeners(struct request *rq)
{
	struct tcp_listener_status s;
	char line[256], local[64];

	if (rq->text)
		reply_line(rq, "Waiting Backlog Half-open Local");
	for (uint32_t i = 0; tcp_listener_at(rq->ctl->stk, i, &s); i++) {
		if (!rq->text) {
			json_t *o = json_pack("{s:o}", "local",
			    end_json(&s.local, s.port));

			set(o, "waiting", s.waiting);
			set(o, "backlog", s.backlog);
			set(o, "half_open", s.half_open);
			reply_data(rq, o);
			continue;
		}
		snprintf(line, sizeof(line), "%7u %7u %9u %s", s.waiting,
		    s.backlog, s.half_open, end_text(&s.local, s.port,
		    local));
		reply_line(rq, line);
	}
}

int
tcp_query(struct request *rq)
{
	const char *state = command_str(rq->cmd, A_STATE);
	int64_t port = command_num(rq->cmd, A_PORT, 0);
	struct tcp_status s;
	uint64_t pos = 0;

	if (command_given(rq->cmd, A_SETTINGS))
		return tcp_conf_query(rq);
	if (command_given(rq->cmd, A_LISTENING)) {
		listeners(rq);
		return 0;
	}
	if (rq->text)
		reply_line(rq, "State        Recv-Q Send-Q         "
		    "Local:Port            Peer:Port");
	while (tcp_walk(rq->ctl->stk, &pos, &s)) {
		if (state != NULL && strcasecmp(state,
		    tcp_state_name(s.state)) != 0)
			continue;
		if (port != 0 && port != s.lport && port != s.rport)
			continue;
		if (rq->text)
			conn_text(rq, &s);
		else
			conn_json(rq, &s);
	}
	return 0;
}
