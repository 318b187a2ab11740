/*
 * run_impl.h - what run.c (time and events), run_call.c (socket calls) and
 * run_packet.c (packets) share.
 */
#ifndef HOPD_TESTS_PKT_RUN_IMPL_H
#define HOPD_TESTS_PKT_RUN_IMPL_H

#include "pkt/run.h"
#include "port/mem_port.h"
#include "stack/stack.h"

#define FDS_MAX 16
#define LOCAL_PORT 8080
#define REMOTE_PORT 40000

struct sock {
	bool open;
	struct tcp_conf conf;		/* until it is used */
	struct tcp_listener *l;
	struct tcp_conn *c;
};

struct seen {
	struct seen *next;
	int64_t us;
	struct mem_frame *f;
};

struct run {
	struct stack *stk;
	struct port *port;
	struct sock fd[FDS_MAX];
	int last_fd;			/* asserts look at this one */
	int64_t base_us, prev_us;	/* script's 0; time of the last event */
	int line;
	struct seen *out, **out_tail;	/* sent, not yet expected */
	bool iss_on, irs_on, ts_on, retired;
	uint32_t iss, irs, ts_offset;	/* live minus script */
	uint16_t lport, rport;
	uint8_t cookie[16], cookie_len;	/* the last that was seen */
	uint32_t tolerance_us;
	char *err;
	unsigned err_len;
};

/* Writes "line N: ..." and returns -1. */
int run_fail(struct run *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void run_poll(struct run *r);		/* one turn now; collects packets */

/* run_call.c */
int run_call(struct run *r, const struct script_call *c);
int run_assert(struct run *r, const struct script_assert *a);
/* A blocking call: its first half, and whether it is done. */
int run_call_begin(struct run *r, const struct script_call *c);

/* run_packet.c */
int run_inject(struct run *r, const struct script_packet *k);
int run_icmp(struct run *r, const struct script_icmp *k);
int run_compare(struct run *r, const struct script_packet *k,
    const struct mem_frame *f);

/* run_conf.c */
int run_setting(struct run *r, const struct script_setting *s);
uint32_t run_setting_u32(const struct script *s, const char *key,
    uint32_t otherwise);

#endif
