/*
 * log.h - lines to whoever created the stack.  No clock, no file, no printf.
 *
 * A line is greppable and starts with its room: "tcp: 10.0.0.1:80 SYN-SENT ->
 * ESTABLISHED".  Errors always pass; every other line takes one of `budget`,
 * which stack_poll() refills once a second, so packets cannot flood the log.
 */
#ifndef HOPD_BASE_LOG_H
#define HOPD_BASE_LOG_H

#include <stdint.h>

enum log_level { LOG_LVL_ERR, LOG_LVL_WARN, LOG_LVL_INFO, LOG_LVL_DEBUG };

struct log {
	void (*sink)(void *arg, enum log_level level, const char *line);
	void *arg;
	enum log_level level;	/* lines above it are not formatted */
	uint32_t budget;	/* lines left in this second */
	uint64_t dropped;	/* lines that found no budget */
};

/* Formats a line, without a newline, for the sink, which keeps nothing of it;
 * without a sink, above l->level or over the budget it is not made. */
void log_line(struct log *l, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
