/*
 * addr.c - addresses as text.
 *
 * Parsing takes the whole string or nothing and never writes half a result.
 * Formatting is by hand: it is on the path of `show` over large tables.
 */
#include "base/addr.h"

#include <errno.h>

/*
 * A decimal number without leading zeros, at most max, at *s; steps over it.
 * Returns it, or -1.
 */
static int32_t
parse_number(const char **s, int32_t max)
{
	const char *p = *s;
	int32_t v = 0;

	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		v = v * 10 + (*p - '0');
		if (v > max)
			return -1;
	}
	*s = p;
	return v;
}

/* Four numbers and three dots at *s; steps over them.  0 or -EINVAL. */
static int
parse_quad(const char **s, struct ip4 *out)
{
	const char *p = *s;
	uint32_t v = 0;

	for (int i = 0; i < 4; i++) {
		int32_t n;

		if (i > 0 && *p++ != '.')
			return -EINVAL;
		n = parse_number(&p, 255);
		if (n < 0)
			return -EINVAL;
		v = v << 8 | (uint32_t)n;
	}
	*s = p;
	out->v = v;
	return 0;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
addr_is_any(const struct addr *a)
{
	static const struct addr unset;

	return addr_eq(a, &unset) ||
	    (addr_is_ip4(a) && ip4_is_any(addr_to_ip4(a)));
}

int
mac_parse(const char *s, struct mac *out)
{
	struct mac m;

	for (int i = 0; i < 6; i++) {
		int high, low;

		if (i > 0 && *s++ != ':')
			return -EINVAL;
		high = hex_digit(s[0]);
		low = high < 0 ? -1 : hex_digit(s[1]);
		if (low < 0)
			return -EINVAL;
		m.b[i] = (uint8_t)(high << 4 | low);
		s += 2;
	}
	if (*s != '\0')
		return -EINVAL;
	*out = m;
	return 0;
}

int
ip4_parse(const char *s, struct ip4 *out)
{
	struct ip4 ip;

	if (parse_quad(&s, &ip) != 0 || *s != '\0')
		return -EINVAL;
	*out = ip;
	return 0;
}

int
ip4_prefix_parse(const char *s, struct ip4_prefix *out)
{
	struct ip4_prefix p = { .len = 32 };

	if (parse_quad(&s, &p.ip) != 0)
		return -EINVAL;
	if (*s == '/') {
		int32_t len;

		s++;
		len = parse_number(&s, 32);
		if (len < 0)
			return -EINVAL;
		p.len = (uint8_t)len;
	}
	if (*s != '\0')
		return -EINVAL;
	*out = p;
	return 0;
}

int
addr_parse(const char *s, struct addr *out)
{
	struct ip4 ip;

	if (ip4_parse(s, &ip) != 0)
		return -EINVAL;
	*out = addr_from_ip4(ip);
	return 0;
}

int
addr_port_parse(const char *s, struct addr *addr, uint16_t *port)
{
	struct ip4 ip;
	int32_t n;

	if (parse_quad(&s, &ip) != 0 || *s++ != ':')
		return -EINVAL;
	n = parse_number(&s, 65535);
	if (n < 0 || *s != '\0')
		return -EINVAL;
	*addr = addr_from_ip4(ip);
	*port = (uint16_t)n;
	return 0;
}

/* Writes n in decimal at p; returns the end. */
static char *
put_number(char *p, unsigned n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

static char *
put_quad(char *p, struct ip4 ip)
{
	for (int shift = 24; shift >= 0; shift -= 8) {
		p = put_number(p, ip.v >> shift & 0xff);
		if (shift > 0)
			*p++ = '.';
	}
	return p;
}

char *
mac_format(struct mac m, char buf[MAC_STRLEN])
{
	static const char digit[] = "0123456789abcdef";
	char *p = buf;

	for (int i = 0; i < 6; i++) {
		*p++ = digit[m.b[i] >> 4];
		*p++ = digit[m.b[i] & 15];
		*p++ = i < 5 ? ':' : '\0';
	}
	return buf;
}

char *
ip4_format(struct ip4 ip, char buf[IP4_STRLEN])
{
	*put_quad(buf, ip) = '\0';
	return buf;
}

char *
ip4_prefix_format(struct ip4_prefix prefix, char buf[PREFIX_STRLEN])
{
	char *p = put_quad(buf, prefix.ip);

	*p++ = '/';
	*put_number(p, prefix.len) = '\0';
	return buf;
}

/* Eight groups of hex in full (RFC 4291 2.2 form 1): right for every address,
 * not the shortest. */
static void
put_groups(char *p, const struct addr *a)
{
	static const char digit[] = "0123456789abcdef";

	for (int i = 0; i < 16; i += 2) {
		unsigned v = (unsigned)a->b[i] << 8 | a->b[i + 1];

		for (int shift = 12; shift >= 0; shift -= 4) {
			if (v >> shift != 0 || shift == 0)
				*p++ = digit[v >> shift & 15];
		}
		*p++ = i < 14 ? ':' : '\0';
	}
}

char *
addr_format(const struct addr *a, char buf[ADDR_STRLEN])
{
	if (addr_is_ip4(a))
		*put_quad(buf, addr_to_ip4(a)) = '\0';
	else
		put_groups(buf, a);
	return buf;
}
