/*
 * err.c - the line of text that goes with an error code.
 */
#include "base/err.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

/* Bytes of s that a terminal would obey: C0, DEL, and C1 in UTF-8. */
static size_t
control_bytes(const char *s)
{
	const uint8_t *p = (const uint8_t *)s;

	if (p[0] < ' ' || p[0] == 127)
		return 1;
	return p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0 ? 2 : 0;
}

/* Words of who knows where are quoted: \x1b instead of ESC. */
static void
escape(const char *from, char *to, size_t size)
{
	size_t n = 0, count;

	while (*from != '\0') {
		count = control_bytes(from);
		if (n + (count == 0 ? 1 : 4 * count) >= size)
			break;
		if (count == 0)
			to[n++] = *from++;
		for (; count > 0; count--)
			n += (size_t)snprintf(to + n, size - n, "\\x%02x",
			    (uint8_t)*from++);
	}
	/* No part of a character at the end: that is no UTF-8. */
	if (*from != '\0' && ((uint8_t)*from & 0xc0) == 0x80) {
		while (n > 0 && ((uint8_t)to[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 0;
	}
	to[n] = '\0';
}

int
err_set(struct err *e, int code, const char *fmt, ...)
{
	char text[ERR_TEXT_MAX + 1];	/* one more shows what is cut */
	va_list ap;

	if (e != NULL) {
		va_start(ap, fmt);
		vsnprintf(text, sizeof(text), fmt, ap);
		va_end(ap);
		escape(text, e->text, sizeof(e->text));
	}
	return code;
}
