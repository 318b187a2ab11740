/*
 * base64.c - bytes inside of JSON, both ways (RFC 4648 4).
 */
#include "ctl/base64.h"

#include <stdint.h>
#include <stdlib.h>

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void
put_group(char *out, uint32_t bits, size_t bytes)
{
	for (size_t i = 0; i < 4; i++)
		out[i] = i > bytes ? '=' : digits[bits >> (18 - 6 * i) & 63];
}

char *
base64_encode(const struct iovec *iov, int n)
{
	size_t len = 0, have = 0;
	uint32_t bits = 0;
	char *text, *at;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	text = at = malloc((len + 2) / 3 * 4 + 1);
	if (text == NULL)
		return NULL;
	for (int i = 0; i < n; i++) {
		const uint8_t *p = iov[i].iov_base;

		for (size_t j = 0; j < iov[i].iov_len; j++) {
			bits |= (uint32_t)p[j] << (16 - 8 * have);
			if (++have < 3)
				continue;
			put_group(at, bits, 3);
			at += 4;
			bits = 0;
			have = 0;
		}
	}
	if (have > 0) {
		put_group(at, bits, have);
		at += 4;
	}
	*at = '\0';
	return text;
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t
base64_decode(const char *text, void *out, size_t size)
{
	uint8_t *to = out;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (const char *s = text; digit(*s) >= 0; s++) {
		bits = bits << 6 | (uint32_t)digit(*s);
		have += 6;
		if (have < 8)
			continue;
		have -= 8;
		if (n == size)
			break;
		to[n++] = (uint8_t)(bits >> have);
	}
	return n;
}
