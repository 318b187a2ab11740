/*
 * parse.h - single words: checks and values that addr.h does not have, and
 * near misses.  The parser itself is declared in grammar.h.
 */
#ifndef HOPD_CTL_PARSE_H
#define HOPD_CTL_PARSE_H

#include "ctl/grammar.h"

/* Decimal, the whole word, within bounds: 0 or -EINVAL. */
int text_number(const char *s, int64_t min, int64_t max, int64_t *out);
/* "90", "90s", "5m", "2h", "500ms" in microseconds. */
int text_duration(const char *s, int64_t *us);
/* "1%", "0.05%": parts of a million. */
int text_share(const char *s, int64_t *ppm);
/* "255.255.255.0" or "24". */
int text_netmask(const char *s, struct ip4 *out);
/* "80" or "8000-8080": low << 16 | high. */
int text_ports(const char *s, int64_t *out);
/* "default" or a prefix whose host bits are clear. */
int text_dest(const char *s, struct ip4_prefix *out);
/* Would it be one word of a file? */
bool text_is_word(const char *s);
/* Could it name an interface? */
bool text_is_name(const char *s);

/* The line, from 1, of the first NUL among len bytes; 0: there is none. */
unsigned text_nul_line(const char *s, size_t len);
/* UTF-8 without a NUL, as JSON takes it (RFC 3629 4)? */
bool text_is_utf8(const char *s, size_t len);

/* The candidate that is most like a word: at most two letters wrong. */
struct near {
	const char *word;
	char best[32];
	unsigned distance;
};
void near_start(struct near *n, const char *word);
void near_try(struct near *n, const char *candidate, size_t len);
/* "; did you mean \"x\"?", or "" if nothing is near. */
void near_hint(const struct near *n, char *buf, size_t size);

#endif
