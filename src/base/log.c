/*
 * log.c - formats a line and hands it to the sink, within the budget.
 *
 * Errors always pass: they are rare and about ourselves.  Everything else
 * takes one line of the budget, so that packets cannot flood the log.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define LOG_LINE_MAX 512	/* longer lines are cut */

void
log_line(struct log *l, enum log_level level, const char *fmt, ...)
{
	char line[LOG_LINE_MAX];
	va_list ap;

	if (l->sink == NULL || level > l->level)
		return;
	if (level != LOG_LVL_ERR) {
		if (l->budget == 0) {
			l->dropped++;
			return;
		}
		l->budget--;
	}
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	l->sink(l->arg, level, line);
}
