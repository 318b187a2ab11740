/*
 * service_text.c - what daytime and chargen say; pure functions, for UDP and
 * TCP alike.
 *
 * Read RFC 864, RFC 867.
 */
#include <stdio.h>

#include "base/instant.h"
#include "service/calendar.h"
#include "service/service.h"

uint32_t
daytime_format(int64_t unix_us, char buf[SERVICE_TEXT_MAX])
{
	int64_t s = unix_us / USEC_PER_SEC - (unix_us % USEC_PER_SEC < 0);
	struct calendar c = calendar_from_unix(s);

	return (uint32_t)snprintf(buf, SERVICE_TEXT_MAX,
	    "%s, %s %u, %lld %02u:%02u:%02u-UTC\r\n",
	    calendar_weekday(c.weekday), calendar_month(c.month), c.day,
	    (long long)c.year, c.hour, c.minute, c.second);
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
