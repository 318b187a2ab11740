/*
 * calendar.h - days and dates (the proleptic Gregorian calendar, UTC), and the
 * dates of HTTP (RFC 9110 5.6.7).  Pure.
 */
#ifndef HOPD_SERVICE_CALENDAR_H
#define HOPD_SERVICE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

struct calendar {
	int64_t year;
	unsigned month, day;		/* 1 to 12, 1 to 31 */
	unsigned hour, minute, second;
	unsigned weekday;		/* 0 is Sunday */
};

/* From seconds since 1970-01-01 00:00:00 UTC, negative ones too. */
struct calendar calendar_from_unix(int64_t seconds);
/* The other way; the weekday is not looked at. */
int64_t calendar_to_unix(const struct calendar *c);

const char *calendar_month(unsigned month);	/* "January" */
const char *calendar_weekday(unsigned weekday);	/* "Sunday" */

#define HTTP_DATE_LEN 29	/* and a NUL */
/* "Sun, 06 Nov 1994 08:49:37 GMT", for the years 0 to 9999. */
void http_date_format(int64_t seconds, char buf[HTTP_DATE_LEN + 1]);
/* The preferred format alone: the two obsolete ones count as no date, which
 * costs a transfer and no more.  False: it is none. */
bool http_date_parse(const char *p, uint32_t len, int64_t *seconds);

#endif
