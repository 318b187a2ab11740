/*
 * service_text.c - what daytime and chargen say; pure functions, for UDP and
 * TCP alike.
 *
 * Read RFC 864, RFC 867.
 */
#include <stdio.h>

#include "base/instant.h"
#include "service/service.h"

/* Year, month (1 to 12) and day of the proleptic Gregorian calendar, from days
 * since 1970-01-01.  Years begin in March here, so that the leap day is last;
 * an era is 400 years. */
static void
civil_from_days(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	int64_t z = days + 719468;		/* since 0000-03-01 */
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned m = (5 * doy + 2) / 153;	/* 0 is March */

	*day = doy - (153 * m + 2) / 5 + 1;
	*month = m < 10 ? m + 3 : m - 9;
	*year = yoe + era * 400 + (*month <= 2);
}

uint32_t
daytime_format(int64_t unix_us, char buf[SERVICE_TEXT_MAX])
{
	static const char *const weekday[7] = { "Thursday", "Friday",
	    "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday" };
	static const char *const name[12] = { "January", "February", "March",
	    "April", "May", "June", "July", "August", "September", "October",
	    "November", "December" };
	int64_t s = unix_us / USEC_PER_SEC - (unix_us % USEC_PER_SEC < 0);
	int64_t days = s / 86400 - (s % 86400 < 0);
	unsigned left = (unsigned)(s - days * 86400), month, day;
	int64_t year;

	civil_from_days(days, &year, &month, &day);
	return (uint32_t)snprintf(buf, SERVICE_TEXT_MAX,
	    "%s, %s %u, %lld %02u:%02u:%02u-UTC\r\n",
	    weekday[(days % 7 + 7) % 7], name[month - 1], day,
	    (long long)year, left / 3600, left / 60 % 60, left % 60);
}

/* RFC 864: lines of 72 of the 95 printable characters, each line beginning one
 * further on than the line before. */
void
chargen_fill(char *buf, uint32_t len)
{
	for (uint32_t i = 0; i < len; i++) {
		uint32_t line = i / 74, col = i % 74;

		if (col == 72)
			buf[i] = '\r';
		else if (col == 73)
			buf[i] = '\n';
		else
			buf[i] = (char)(' ' + (line + col) % 95);
	}
}
