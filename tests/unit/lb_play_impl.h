/*
 * lb_play_impl.h - between lb_play.c and lb_play_raw.c; for nobody else.
 */
#ifndef HOPD_TESTS_LB_PLAY_IMPL_H
#define HOPD_TESTS_LB_PLAY_IMPL_H

#include <stdio.h>

#include "unit/lb_play.h"
#include "unit/unit.h"

#define WORDS_MAX	64
#define PLAY_LINE	8192

struct play {
	const char *name;
	int line;
	FILE *f;
	struct stack *stk;
	struct port *cl, *sv;
	struct lb_service_key key;
	struct lb_service *svc;
	enum lb_fwd fwd;
	char *w[WORDS_MAX];
	int words;
};

#define HERE(p, ok, ...) do {						\
	char why_[256];							\
	snprintf(why_, sizeof(why_), __VA_ARGS__);			\
	ck_assert_msg(ok, "%s:%d: %s", (p)->name, (p)->line, why_);	\
} while (0)

struct addr play_addr(struct play *p, const char *s);

/* raw, out, walk, mtu: packets byte by byte, SCTP.  False: not such a line. */
bool play_raw_line(struct play *p);
/* Nothing more has come out than the record had. */
void play_raw_done(struct play *p);

#endif
