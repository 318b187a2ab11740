/*
 * log.h - lines to whoever created the stack.  No clock, no file, no printf.
 *
 * A line is greppable and starts with its room: "tcp: 10.0.0.1:80 SYN-SENT ->
 * ESTABLISHED".  LOG_WARN and below from a packet are rate-limited by the
 * sink's owner through `budget`, refilled by stack_poll() once a second.
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

void log_line(struct log *l, enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
