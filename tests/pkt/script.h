/*
 * script.h - a subset of packetdrill's notation: what a script says, one
 * event after the other.
 *
 *	--KEY=VALUE		a setting (run_conf.c), before the events
 *	TIME EVENT			TIME is SECONDS, +SECONDS or *
 *	TIME...TIME EVENT		a call that blocks until the second time
 *
 *	EVENT:	name(arguments) = result [ERRNO]
 *		< or > [ECN] FLAGS SEQ:END(LEN) [ack N] [win N] [<OPTIONS>]
 *		< [SEQ:END(LEN)] icmp unreachable WHAT [mtu N]
 *		%{ assert FIELD OP NUMBER }%
 *
 * FLAGS are the letters FSRP.UEWA, A for RFC 9768's AE; a digit at their end is
 * its ACE field.  Sequence numbers count from the initial ones of either side.
 * <...> and a missing win say "do not look"; "FO *" is any Fast Open cookie
 * that we sent, and, coming in, the last of those.  Comments are those of C and
 * of the shell.
 */
#ifndef HOPD_TESTS_PKT_SCRIPT_H
#define HOPD_TESTS_PKT_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#include "tcp/tcp_options.h"

#define SCRIPT_ARGS_MAX 8
#define SCRIPT_WORD_MAX 64

enum event_kind { EV_CALL, EV_IN, EV_OUT, EV_ICMP, EV_ASSERT };

struct script_call {
	char name[SCRIPT_WORD_MAX];
	char arg[SCRIPT_ARGS_MAX][SCRIPT_WORD_MAX];
	int args;
	int64_t result;
	char error[SCRIPT_WORD_MAX];	/* "" or an errno's name */
};

struct script_packet {
	uint16_t flags;
	uint32_t seq, len, ack;
	bool ack_on, win_on, options_any, urg_on;
	bool cookie_any;		/* FO *: in: the last that we gave */
	uint32_t win;
	uint16_t urg;
	int ecn;			/* codepoint, or -1 */
	struct tcp_opts o;
	char order[SCRIPT_WORD_MAX];	/* options as letters: mNwsTkfa, E
					 * end */
};

struct script_icmp {
	uint32_t seq, len;	/* of the segment that it quotes */
	uint8_t type, code;
	uint32_t mtu;
};

struct script_assert {
	char field[SCRIPT_WORD_MAX], op[3];
	int64_t value;
};

struct script_event {
	struct script_event *next;
	int line;
	enum event_kind kind;
	bool any_time, blocks;
	int64_t at_us, until_us;	/* absolute; any_time: not read */
	bool relative;			/* to the event before */
	union {
		struct script_call call;
		struct script_packet packet;
		struct script_icmp icmp;
		struct script_assert check;
	};
};

struct script_setting {
	struct script_setting *next;
	char key[SCRIPT_WORD_MAX], value[SCRIPT_WORD_MAX];
	int line;
};

struct script {
	struct script_setting *settings;
	struct script_event *events;
};

/* 0, or -1 and a message "line N: ..." in err. */
int script_parse(const char *text, struct script *out, char *err,
    unsigned err_len);
void script_free(struct script *s);

#endif
