/*
 * words.c - single words: numbers, times, masks, names, near misses.
 */
#include "ctl/parse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int
text_number(const char *s, int64_t min, int64_t max, int64_t *out)
{
	int64_t v = 0;

	if (s[0] == '\0' || strlen(s) > 18)
		return -EINVAL;
	for (; *s != '\0'; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		v = v * 10 + (*s - '0');
	}
	if (v < min || v > max)
		return -EINVAL;
	*out = v;
	return 0;
}

int
text_duration(const char *s, int64_t *us)
{
	static const struct {
		const char *unit;
		int64_t us;
	} units[] = {
		{ "", 1000000 }, { "s", 1000000 }, { "ms", 1000 },
		{ "m", 60000000 }, { "h", INT64_C(3600000000) },
	};
	size_t digits = strspn(s, "0123456789");
	int64_t v;
	char num[16];

	if (digits == 0 || digits > 9)
		return -EINVAL;
	memcpy(num, s, digits);
	num[digits] = '\0';
	if (text_number(num, 0, INT32_MAX, &v) != 0)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		/* A year at most, so that sums of times cannot overflow. */
		if (strcmp(s + digits, units[i].unit) == 0 &&
		    v <= INT64_C(31536000000000) / units[i].us) {
			*us = v * units[i].us;
			return 0;
		}
	}
	return -EINVAL;
}

int
text_share(const char *s, int64_t *ppm)
{
	int64_t v = 0, unit = 10000;
	size_t whole = strspn(s, "0123456789");

	if (whole == 0 || whole > 3)
		return -EINVAL;
	for (size_t i = 0; i < whole; i++)
		v = v * 10 + (s[i] - '0');
	v *= unit;
	s += whole;
	if (*s == '.') {
		for (s++; *s >= '0' && *s <= '9' && unit > 1; s++) {
			unit /= 10;
			v += (*s - '0') * unit;
		}
		if (unit == 10000)
			return -EINVAL;
	}
	if (strcmp(s, "%") != 0 || v > 1000000)
		return -EINVAL;
	*ppm = v;
	return 0;
}

int
text_netmask(const char *s, struct ip4 *out)
{
	int64_t len;
	struct ip4 ip;

	if (text_number(s, 0, 32, &len) == 0) {
		out->v = ip4_mask((unsigned)len);
		return 0;
	}
	/* Any bits: IPVS takes masks with holes, too. */
	if (ip4_parse(s, &ip) != 0)
		return -EINVAL;
	*out = ip;
	return 0;
}

int
text_ports(const char *s, int64_t *out)
{
	size_t digits = strcspn(s, "-");
	int64_t low, high;
	char first[8];

	if (digits >= sizeof(first))
		return -EINVAL;
	memcpy(first, s, digits);
	first[digits] = '\0';
	if (text_number(first, 0, 65535, &low) != 0 ||
	    text_number(s[digits] == '-' ? s + digits + 1 : first, low, 65535,
	    &high) != 0)
		return -EINVAL;
	*out = low << 16 | high;
	return 0;
}

int
text_dest(const char *s, struct ip4_prefix *out)
{
	struct ip4_prefix p;

	if (strcmp(s, "default") == 0) {
		*out = (struct ip4_prefix){ IP4_ANY, 0 };
		return 0;
	}
	if (ip4_prefix_parse(s, &p) != 0 || (p.ip.v & ~ip4_mask(p.len)) != 0)
		return -EINVAL;
	*out = p;
	return 0;
}

bool
text_is_word(const char *s)
{
	size_t len = 0;

	for (; s[len] != '\0'; len++) {
		if ((uint8_t)s[len] <= ' ' || s[len] == '#' || s[len] == 127)
			return false;
	}
	return len > 0 && len < 256;
}

bool
text_is_name(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-");

	/* "." and ".." are no device names (netdevice(7)). */
	return n >= 1 && n <= 15 && s[n] == '\0' && strcmp(s, ".") != 0 &&
	    strcmp(s, "..") != 0;
}

unsigned
text_nul_line(const char *s, size_t len)
{
	const char *nul = memchr(s, '\0', len);
	unsigned line = 1;

	if (nul == NULL)
		return 0;
	for (; s < nul; s++)
		line += *s == '\n';
	return line;
}

/* Bytes of the character at s, of which left are there; 0: none. */
static size_t
utf8_char(const uint8_t *s, size_t left)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc0 ? 2 : 1;
	uint32_t c = s[0] & (0xffu >> (n + 1));

	if (n == 1)
		return s[0] > 0 && s[0] < 0x80;
	if (n > left || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	/* RFC 3629 3: no longer than need be, no surrogates, an end. */
	if (c < (n == 2 ? 0x80u : n == 3 ? 0x800u : 0x10000u) ||
	    (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
		return 0;
	return n;
}

bool
text_is_utf8(const char *s, size_t len)
{
	const uint8_t *p = (const uint8_t *)s, *end = p + len;

	while (p < end) {
		size_t n = utf8_char(p, (size_t)(end - p));

		if (n == 0)
			return false;
		p += n;
	}
	return true;
}

/* Levenshtein's distance, for short words; 99 if either is long. */
static unsigned
distance(const char *a, size_t la, const char *b, size_t lb)
{
	unsigned row[32];

	if (la >= 32 || lb >= 32)
		return 99;
	for (size_t j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned change = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j - 1] + 1 < change)
				change = row[j - 1] + 1;
			if (row[j] + 1 < change)
				change = row[j] + 1;
			row[j] = change;
		}
	}
	return row[lb];
}

void
near_start(struct near *n, const char *word)
{
	*n = (struct near){ .word = word, .distance = 3 };
}

void
near_try(struct near *n, const char *candidate, size_t len)
{
	size_t own = strlen(n->word);
	unsigned d = distance(n->word, own, candidate, len);

	/* Two wrong letters of two are another word. */
	if (d < n->distance && d < own) {
		n->distance = d;
		snprintf(n->best, sizeof(n->best), "%.*s", (int)len,
		    candidate);
	}
}

void
near_hint(const struct near *n, char *buf, size_t size)
{
	buf[0] = '\0';
	if (n->best[0] != '\0')
		snprintf(buf, size, "; did you mean \"%s\"?", n->best);
}
