/*
 * report.h - lines for the operator: to stderr, or to syslog once detached.
 *
 * Descriptor 2 says which: after -d it is a datagram socket to /dev/log, and
 * a line sent there carries its priority.  So keeper and worker need no state
 * and no second way.
 */
#ifndef HOPD_HOPD_REPORT_H
#define HOPD_HOPD_REPORT_H

#include "base/log.h"

#define REPORT_LINE_MAX	1024

void report(enum log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* For struct log: a line that is already made. */
void report_sink(void *arg, enum log_level level, const char *line);

/* Several lines in one text, one report each. */
void report_lines(enum log_level level, const char *text);

/* A descriptor to put in the place of stderr when detached: syslog, or
 * /dev/null where there is none.  -1: neither could be had. */
int report_detached_fd(void);

#endif
