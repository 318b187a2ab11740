/*
 * pd_info.c - TCP_INFO and SO_MEMINFO as Linux lays them out, from
 * tcp_status().
 *
 * What the stack does not count is 0.
 */
#include "packetdrill/pd.h"

#include <string.h>

/* Linux's ABI.  <linux/tcp.h> and tcp.h share names, so it is spelt here. */
struct linux_tcp_info {
	uint8_t tcpi_state, tcpi_ca_state, tcpi_retransmits, tcpi_probes;
	uint8_t tcpi_backoff, tcpi_options;
	uint8_t tcpi_snd_wscale : 4, tcpi_rcv_wscale : 4;
	uint8_t tcpi_app_limited : 1, tcpi_client_fail : 2;
	uint32_t tcpi_rto, tcpi_ato, tcpi_snd_mss, tcpi_rcv_mss;
	uint32_t tcpi_unacked, tcpi_sacked, tcpi_lost, tcpi_retrans;
	uint32_t tcpi_fackets;
	uint32_t tcpi_last_data_sent, tcpi_last_ack_sent;
	uint32_t tcpi_last_data_recv, tcpi_last_ack_recv;
	uint32_t tcpi_pmtu, tcpi_rcv_ssthresh, tcpi_rtt, tcpi_rttvar;
	uint32_t tcpi_snd_ssthresh, tcpi_snd_cwnd, tcpi_advmss;
	uint32_t tcpi_reordering, tcpi_rcv_rtt, tcpi_rcv_space;
	uint32_t tcpi_total_retrans;
	uint64_t tcpi_pacing_rate, tcpi_max_pacing_rate;
	uint64_t tcpi_bytes_acked, tcpi_bytes_received;
	uint32_t tcpi_segs_out, tcpi_segs_in, tcpi_notsent_bytes;
	uint32_t tcpi_min_rtt, tcpi_data_segs_in, tcpi_data_segs_out;
	uint64_t tcpi_delivery_rate;
	uint64_t tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited;
	uint32_t tcpi_delivered, tcpi_delivered_ce;
	uint64_t tcpi_bytes_sent, tcpi_bytes_retrans;
	uint32_t tcpi_dsack_dups, tcpi_reord_seen, tcpi_rcv_ooopack;
	uint32_t tcpi_snd_wnd, tcpi_rcv_wnd, tcpi_rehash;
	uint16_t tcpi_total_rto, tcpi_total_rto_recoveries;
	uint32_t tcpi_total_rto_time;
	uint32_t tcpi_received_ce;
	uint32_t tcpi_delivered_bytes[3], tcpi_received_bytes[3];
	uint32_t tcpi_ecn_mode : 2, tcpi_accecn_opt_seen : 2;
	uint32_t tcpi_accecn_fail_mode : 4, tcpi_options2 : 24;
};

enum { OPT_TIMESTAMPS = 1, OPT_SACK = 2, OPT_WSCALE = 4, OPT_ECN = 8,
    OPT_SYN_DATA = 32 };

/* Linux numbers the states in its own order.  There the owner of a connection
 * in TIME-WAIT has a closed one. */
static const uint8_t states[TCPS_COUNT] = {
	[TCPS_ESTABLISHED] = 1, [TCPS_SYN_SENT] = 2, [TCPS_SYN_RECEIVED] = 3,
	[TCPS_FIN_WAIT_1] = 4, [TCPS_FIN_WAIT_2] = 5, [TCPS_TIME_WAIT] = 6,
	[TCPS_CLOSED] = 7, [TCPS_CLOSE_WAIT] = 8, [TCPS_LAST_ACK] = 9,
	[TCPS_LISTEN] = 10, [TCPS_CLOSING] = 11,
};

static uint8_t
options_of(const struct tcp_status *st)
{
	return (uint8_t)((st->timestamps ? OPT_TIMESTAMPS : 0) |
	    (st->sack ? OPT_SACK : 0) |
	    (st->wscale ? OPT_WSCALE : 0) |
	    (st->ecn ? OPT_ECN : 0) |
	    (st->fastopen ? OPT_SYN_DATA : 0));
}

static uint32_t
ms(int64_t us)
{
	return us < 0 ? 0 : (uint32_t)(us / USEC_PER_MSEC);
}

static void
fill_numbers(struct linux_tcp_info *i, const struct tcp_status *st)
{
	i->tcpi_snd_mss = st->snd_mss;
	i->tcpi_rcv_mss = st->rcv_mss;
	i->tcpi_unacked = st->unacked_segs;
	i->tcpi_sacked = st->sacked_segs;
	i->tcpi_lost = st->lost_segs;
	i->tcpi_retrans = st->retrans_segs;
	i->tcpi_pmtu = st->pmtu;
	i->tcpi_rcv_ssthresh = st->rcv_wnd;
	i->tcpi_snd_ssthresh = st->ssthresh_segs;
	i->tcpi_snd_cwnd = st->cwnd_segs;
	i->tcpi_advmss = st->advmss;
	i->tcpi_reordering = st->reordering;
	i->tcpi_rcv_space = st->rcv_space;
	i->tcpi_total_retrans = st->total_retrans;
	i->tcpi_pacing_rate = st->pacing_rate;
	i->tcpi_max_pacing_rate = UINT64_MAX;
	i->tcpi_bytes_acked = st->bytes_acked;
	i->tcpi_bytes_received = st->bytes_received;
	i->tcpi_segs_out = st->segs_out;
	i->tcpi_segs_in = st->segs_in;
	i->tcpi_data_segs_out = st->data_segs_out;
	i->tcpi_data_segs_in = st->data_segs_in;
	i->tcpi_delivery_rate = st->delivery_rate;
	i->tcpi_app_limited = st->app_limited;
	i->tcpi_reord_seen = st->reordered;
	i->tcpi_rcv_ooopack = st->ooo_segs;
	i->tcpi_total_rto = (uint16_t)st->timeouts;
	i->tcpi_total_rto_recoveries = (uint16_t)st->loss_spells;
	i->tcpi_total_rto_time = st->loss_ms;
	i->tcpi_notsent_bytes = st->unsent;
	i->tcpi_bytes_sent = st->bytes_sent;
	i->tcpi_bytes_retrans = st->bytes_retrans;
	i->tcpi_dsack_dups = st->dsack_dups;
	i->tcpi_snd_wnd = st->snd_wnd;
	i->tcpi_rcv_wnd = st->rcv_wnd;
	i->tcpi_delivered = st->delivered;
	i->tcpi_delivered_ce = st->delivered_ce;
	i->tcpi_received_ce = st->received_ce;
	i->tcpi_accecn_opt_seen = st->acc_seen & 3;
	i->tcpi_accecn_fail_mode = st->acc_fail & 15;
	memcpy(i->tcpi_delivered_bytes, st->delivered_ecn,
	    sizeof(i->tcpi_delivered_bytes));
	memcpy(i->tcpi_received_bytes, st->received_ecn,
	    sizeof(i->tcpi_received_bytes));
}

static void
fill_times(struct linux_tcp_info *i, const struct tcp_status *st)
{
	i->tcpi_rto = st->rto_us;
	i->tcpi_ato = st->ato_us;
	i->tcpi_rtt = st->rtt_us;
	i->tcpi_rttvar = st->rttvar_us;
	i->tcpi_min_rtt = st->min_rtt_us;
	i->tcpi_rcv_rtt = st->rcv_rtt_us;
	i->tcpi_last_data_sent = ms(st->last_data_sent_us);
	i->tcpi_last_data_recv = ms(st->last_data_recv_us);
	i->tcpi_last_ack_recv = ms(st->last_ack_recv_us);
}

int
pd_info_get(struct pd *pd, struct pd_sock *s, void *val, socklen_t *len)
{
	struct linux_tcp_info i = { .tcpi_state = states[TCPS_CLOSED] };
	struct tcp_status st;

	if (s->deferred) {
		i.tcpi_state = states[TCPS_SYN_SENT];
	} else if (s->listener != NULL) {
		i.tcpi_state = states[TCPS_LISTEN];
	} else if (s->conn != NULL) {
		tcp_status(pd->stk, s->conn, &st);
		i.tcpi_state = pd->layout == PD_LINUX &&
		    st.state == TCPS_TIME_WAIT ? states[TCPS_CLOSED] :
		    states[st.state];
		i.tcpi_ca_state = (uint8_t)st.ca_state;
		i.tcpi_retransmits = st.backoff;
		i.tcpi_probes = st.probes;
		i.tcpi_backoff = st.backoff;
		i.tcpi_options = options_of(&st);
		i.tcpi_snd_wscale = st.snd_wscale & 15;
		i.tcpi_rcv_wscale = st.rcv_wscale & 15;
		fill_numbers(&i, &st);
		i.tcpi_ecn_mode = st.accurate ? 2 : st.ecn ? 1 : 0;
		if (pd->layout == PD_LINUX && st.timestamps)
			i.tcpi_advmss -= 12;	/* what a segment holds */
		if (pd->layout == PD_FREEBSD) {	/* which counts bytes */
			i.tcpi_snd_cwnd = st.cwnd;
			i.tcpi_snd_ssthresh = st.ssthresh;
		}
		i.tcpi_busy_time = s->busy_us;
		i.tcpi_rwnd_limited = s->rwnd_us;
		i.tcpi_sndbuf_limited = s->sndbuf_us;
		fill_times(&i, &st);
	}
	/* Room beyond what this header knows reads as zero. */
	memset(val, 0, *len);
	if (*len > sizeof(i))
		*len = sizeof(i);
	memcpy(val, &i, *len);
	return 0;
}

int
pd_meminfo_get(struct pd *pd, struct pd_sock *s, void *val, socklen_t *len)
{
	/* rmem_alloc, rcvbuf, wmem_alloc, sndbuf, fwd_alloc, wmem_queued,
	 * optmem, backlog, drops */
	uint32_t m[9] = { 0 };
	struct tcp_status st;

	m[1] = s->conf.rcvbuf;
	m[3] = s->conf.sndbuf;
	if (s->conn != NULL) {
		tcp_status(pd->stk, s->conn, &st);
		m[0] = st.recv_q + st.rcv_ooo;
		m[2] = m[5] = st.send_q;
	}
	if (*len > sizeof(m))
		*len = sizeof(m);
	memcpy(val, m, *len);
	return 0;
}
