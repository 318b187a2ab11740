/*
 * fuzz.h - what the fuzz targets stand on.
 *
 * A target is one file with LLVMFuzzerTestOneInput().  Under --enable-fuzz
 * libFuzzer calls it; else tests/fuzz/main.c does, with the files that the
 * command line names.  A target keeps nothing from one input to the next.
 */
#ifndef HOPD_TESTS_FUZZ_H
#define HOPD_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cursor.h"
#include "ctl/ctl.h"
#include "port/mem_port.h"
#include "stack/stack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Something that must hold whatever the input says.  Says which and stops. */
#define FUZZ_CHECK(cond) do {						\
	if (!(cond)) {							\
		fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond); \
		abort();						\
	}								\
} while (0)

/* A stack with small limits, its control language, and a host around it whose
 * devices are memory ports. */
struct fuzz_bed {
	struct stack *stk;
	struct ctl *ctl;
	uint8_t next_mac;	/* of ports without one */
	bool refuse_ports;	/* the host cannot open any more */
};

/* Small limits and a fixed seed: every run of an input is the same. */
struct env fuzz_env(void);
void fuzz_bed_up(struct fuzz_bed *b, const struct env *env);
/* Frees all; stack_free() asserts that nothing leaked. */
void fuzz_bed_down(struct fuzz_bed *b);
/* Carries out the commands of a configuration, which must be right. */
void fuzz_bed_config(struct fuzz_bed *b, const char *text);
/* A request whose words the line holds. */
void fuzz_bed_say(struct ctl_session *s, const char *line);
/* Moves time on by wait_us, running at most so many turns on the way. */
void fuzz_advance(struct stack *stk, int64_t wait_us, int turns);

/* What must hold of a stack between two turns: counters add up, packets that
 * came in went somewhere, servers count the flows that refer to them. */
void fuzz_stack_check(struct stack *stk);
/* What must hold of a frame that the stack sent. */
void fuzz_frame_check(const struct port *port, const struct mem_frame *f);

/* Bytes as a string: a malloc'd copy with a NUL behind. */
char *fuzz_string(const uint8_t *data, size_t size);

/* A duration from one byte: 0 to 15 times a power of four; hours at most. */
int64_t fuzz_wait_us(uint8_t code);

#endif
