/*
 * calendar.c - days and dates, without asking anybody what time it is.
 *
 * Read RFC 9110 5.6.7.
 */
#include "service/calendar.h"

#include <stdio.h>
#include <string.h>

static const char *const months[12] = { "January", "February", "March",
    "April", "May", "June", "July", "August", "September", "October",
    "November", "December" };
static const char *const weekdays[7] = { "Sunday", "Monday", "Tuesday",
    "Wednesday", "Thursday", "Friday", "Saturday" };

const char *
calendar_month(unsigned month)
{
	return months[month - 1];
}

const char *
calendar_weekday(unsigned weekday)
{
	return weekdays[weekday];
}

/* Years begin in March here, so that the leap day is last; an era is 400
 * years. */
struct calendar
calendar_from_unix(int64_t seconds)
{
	int64_t days = seconds / 86400 - (seconds % 86400 < 0);
	unsigned left = (unsigned)(seconds - days * 86400);
	int64_t z = days + 719468;		/* since 0000-03-01 */
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	unsigned doe = (unsigned)(z - era * 146097);
	unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	unsigned m = (5 * doy + 2) / 153;	/* 0 is March */
	struct calendar c = { .day = doy - (153 * m + 2) / 5 + 1,
	    .month = m < 10 ? m + 3 : m - 9, .hour = left / 3600,
	    .minute = left / 60 % 60, .second = left % 60 };

	c.year = yoe + era * 400 + (c.month <= 2);
	c.weekday = (unsigned)((days % 7 + 11) % 7);	/* a Thursday was 0 */
	return c;
}

int64_t
calendar_to_unix(const struct calendar *c)
{
	int64_t y = c->year - (c->month <= 2);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned yoe = (unsigned)(y - era * 400);
	unsigned m = c->month > 2 ? c->month - 3 : c->month + 9;
	unsigned doy = (153 * m + 2) / 5 + c->day - 1;
	unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return (era * 146097 + (int64_t)doe - 719468) * 86400 +
	    c->hour * 3600 + c->minute * 60 + c->second;
}

void
http_date_format(int64_t seconds, char buf[HTTP_DATE_LEN + 1])
{
	struct calendar c = calendar_from_unix(seconds);
	char text[80];

	snprintf(text, sizeof(text), "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
	    weekdays[c.weekday], c.day, months[c.month - 1],
	    (unsigned)c.year % 10000, c.hour, c.minute, c.second);
	memcpy(buf, text, HTTP_DATE_LEN);
	buf[HTTP_DATE_LEN] = '\0';
}

/* n digits at p, or a number that is too big for anything. */
static unsigned
digits(const char *p, unsigned n)
{
	unsigned v = 0;

	for (; n > 0; n--, p++) {
		if (*p < '0' || *p > '9')
			return 99999;
		v = v * 10 + (unsigned)(*p - '0');
	}
	return v;
}

bool
http_date_parse(const char *p, uint32_t len, int64_t *seconds)
{
	char again[HTTP_DATE_LEN + 1];
	struct calendar c = { 0 };

	if (len != HTTP_DATE_LEN)
		return false;
	c.day = digits(p + 5, 2);
	c.year = digits(p + 12, 4);
	c.hour = digits(p + 17, 2);
	c.minute = digits(p + 20, 2);
	c.second = digits(p + 23, 2);
	while (c.month < 12 && memcmp(p + 8, months[c.month], 3) != 0)
		c.month++;
	c.month++;
	if (c.month > 12 || c.day > 31 || c.year > 9999 || c.hour > 23 ||
	    c.minute > 59 || c.second > 59)
		return false;
	*seconds = calendar_to_unix(&c);
	/* All that was not looked at, and days that no month has. */
	http_date_format(*seconds, again);
	return memcmp(p, again, HTTP_DATE_LEN) == 0;
}
