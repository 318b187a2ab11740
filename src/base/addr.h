/*
 * addr.h - addresses as types: struct mac, struct ip4, struct addr.
 *
 * Byte order cannot be mixed up: an ip4 holds its value in host order, a mac
 * and an addr hold the bytes as they stand on the wire.  Only src/eth, src/arp
 * and src/ip know struct ip4; transports, NAT and the load balancer know
 * struct addr, in which IPv4 is mapped (::ffff:a.b.c.d, RFC 4291 2.5.5.2).
 * Ports are uint16_t in host order everywhere.
 */
#ifndef HOPD_BASE_ADDR_H
#define HOPD_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cursor.h"

struct mac {
	uint8_t b[6];
};

struct ip4 {
	uint32_t v;		/* host order: 10.0.0.1 is 0x0a000001 */
};

struct addr {
	uint8_t b[16];		/* network order; IPv4 mapped */
};

/* An IPv4 network: host bits of `ip` may be set where that has a meaning
 * (an interface's address), `len` is 0 to 32. */
struct ip4_prefix {
	struct ip4 ip;
	uint8_t len;
};

#define MAC_STRLEN	18	/* "02:00:00:00:00:01" and its NUL */
#define IP4_STRLEN	16
#define PREFIX_STRLEN	19
#define ADDR_STRLEN	46	/* the longest IPv6 text and its NUL */

#define MAC_BROADCAST	((struct mac){ { 255, 255, 255, 255, 255, 255 } })
#define MAC_ZERO	((struct mac){ { 0, 0, 0, 0, 0, 0 } })
#define IP4_ANY		((struct ip4){ 0 })
#define IP4_BROADCAST	((struct ip4){ 0xffffffff })
#define IP4(a, b, c, d) \
	((struct ip4){ (uint32_t)(a) << 24 | (uint32_t)(b) << 16 | \
	    (uint32_t)(c) << 8 | (uint32_t)(d) })

static inline struct mac
mac_get(const uint8_t *p)
{
	struct mac m;

	memcpy(m.b, p, sizeof(m.b));
	return m;
}

static inline bool
mac_eq(struct mac a, struct mac b)
{
	uint32_t a4, b4;
	uint16_t a2, b2;

	memcpy(&a4, a.b, 4);
	memcpy(&b4, b.b, 4);
	memcpy(&a2, a.b + 4, 2);
	memcpy(&b2, b.b + 4, 2);
	return a4 == b4 && a2 == b2;
}

/* The group bit: multicast and broadcast. */
static inline bool
mac_is_group(struct mac m)
{
	return (m.b[0] & 1) != 0;
}

static inline bool
ip4_eq(struct ip4 a, struct ip4 b)
{
	return a.v == b.v;
}

static inline bool
ip4_is_any(struct ip4 a)
{
	return a.v == 0;
}

static inline bool
ip4_is_multicast(struct ip4 a)
{
	return (a.v >> 28) == 0xe;
}

static inline bool
ip4_is_loopback(struct ip4 a)
{
	return (a.v >> 24) == 127;
}

/* len 0..32 -> mask in host order. */
static inline uint32_t
ip4_mask(unsigned len)
{
	return len == 0 ? 0 : UINT32_MAX << (32 - len);
}

static inline bool
ip4_in_prefix(struct ip4 a, struct ip4_prefix p)
{
	return ((a.v ^ p.ip.v) & ip4_mask(p.len)) == 0;
}

/* RFC 3021 2.2: a /31 has none. */
static inline bool
ip4_prefix_has_broadcast(struct ip4_prefix p)
{
	return p.len < 31;
}

static inline struct ip4
ip4_prefix_broadcast(struct ip4_prefix p)
{
	return (struct ip4){ p.ip.v | ~ip4_mask(p.len) };
}

static inline struct addr
addr_from_ip4(struct ip4 ip)
{
	struct addr a = { { [10] = 0xff, [11] = 0xff } };

	be32_put(a.b + 12, ip.v);
	return a;
}

static inline bool
addr_is_ip4(const struct addr *a)
{
	static const uint8_t map[12] = { [10] = 0xff, [11] = 0xff };

	return memcmp(a->b, map, 12) == 0;
}

/* The IPv4 address inside a mapped one; the caller knows that it is one. */
static inline struct ip4
addr_to_ip4(const struct addr *a)
{
	return (struct ip4){ be32_get(a->b + 12) };
}

static inline bool
addr_eq(const struct addr *a, const struct addr *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* All zero (unset) or mapped 0.0.0.0. */
bool addr_is_any(const struct addr *a);

/*
 * Text to value.  The whole string must be the address: 0, or -EINVAL and
 * *out untouched.  IPv4 is four decimal numbers without leading zeros; a
 * prefix without "/len" is a /32.  addr_parse takes IPv4 (mapped) and, when
 * IPv6 comes, IPv6.
 */
int mac_parse(const char *s, struct mac *out);
int ip4_parse(const char *s, struct ip4 *out);
int ip4_prefix_parse(const char *s, struct ip4_prefix *out);
int addr_parse(const char *s, struct addr *out);
/* "ADDR:PORT", port 0 to 65535. */
int addr_port_parse(const char *s, struct addr *addr, uint16_t *port);

/* Value to text, into a buffer of the size named above; return buf. */
char *mac_format(struct mac m, char buf[MAC_STRLEN]);
char *ip4_format(struct ip4 ip, char buf[IP4_STRLEN]);
char *ip4_prefix_format(struct ip4_prefix p, char buf[PREFIX_STRLEN]);
char *addr_format(const struct addr *a, char buf[ADDR_STRLEN]);

#endif
