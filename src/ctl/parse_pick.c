/*
 * parse_pick.c - a word among candidates: exact, or a unique prefix of one;
 * and what to say when it is neither.
 */
#include "ctl/parse_impl.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *
parse_peek(const struct parser *p)
{
	return p->at < p->count ? p->words[p->at] : NULL;
}

/* Is this an IPv6 address, perhaps with a length or a port? */
static bool
is_ip6(const char *s)
{
	unsigned colons = 0;

	for (const char *p = s; *p != '\0'; p++)
		colons += *p == ':';
	return s[strspn(s, "0123456789abcdefABCDEF:.[]/")] == '\0' &&
	    (strstr(s, "::") != NULL || s[0] == '[' || colons == 7);
}

int
parse_fail(struct parser *p, int word, const char *expected)
{
	*p->word = word;
	if (word >= p->count)
		return err_set(p->err, -EINVAL,
		    "after \"%s\" something is missing: expected %s",
		    p->words[p->count - 1], expected);
	return err_set(p->err, -EINVAL, "\"%s\": expected %s%s",
	    p->words[word], expected,
	    is_ip6(p->words[word]) ? "; there is no IPv6" : "");
}

void
pick_start(struct pick *k, const char *word, unsigned flags)
{
	k->word = word;
	k->abbrev = (flags & PARSE_ABBREV) != 0 && word[0] != '\0';
	k->exact = k->prefix = -1;
	k->hits = k->count = 0;
}

/* Is the word the start of the name?  *whole: all of it. */
static bool
starts(const char *name, const char *word, bool *whole)
{
	for (; *word != '\0'; word++, name++) {
		/* A "|" ends the name, whatever the word has there. */
		if (*word != *name || *name == '|')
			return false;
	}
	*whole = *name == '\0' || *name == '|';
	return true;
}

void
pick_try(struct pick *k, const char *name, int number)
{
	bool whole;

	assert(k->count < PICK_MAX);
	k->tried[k->count++] = name;
	if (!starts(name, k->word, &whole))
		return;
	if (whole) {
		k->exact = number;
	} else if (k->abbrev) {
		k->prefix = number;
		k->hits++;
	}
}

int
pick_end(const struct pick *k)
{
	if (k->exact >= 0)
		return k->exact;
	return k->hits == 1 ? k->prefix : -1;
}

/* "service or server": what an ambiguous word could mean. */
static const char *
hits_text(const struct pick *k, char *buf, size_t size)
{
	size_t n = 0;
	int left = k->hits;

	for (int i = 0; i < k->count && n < size; i++) {
		bool whole;

		if (!starts(k->tried[i], k->word, &whole))
			continue;
		n += (size_t)snprintf(buf + n, size - n, "%.*s%s",
		    (int)strcspn(k->tried[i], "|"), k->tried[i],
		    left > 2 ? ", " : left == 2 ? " or " : "");
		left--;
	}
	return buf;
}

int
pick_fail(struct parser *p, const struct pick *k, int word, const char *what)
{
	char hint[64], text[ERR_TEXT_MAX];
	struct near near;

	*p->word = word;
	if (k->hits > 1)
		return err_set(p->err, -EINVAL, "\"%s\": could be %s",
		    k->word, hits_text(k, text, sizeof(text)));
	near_start(&near, k->word);
	for (int i = 0; i < k->count; i++)
		near_try(&near, k->tried[i], strcspn(k->tried[i], "|"));
	near_hint(&near, hint, sizeof(hint));
	return err_set(p->err, -EINVAL, "\"%s\": expected %s%s", k->word,
	    what, hint);
}

int
pick_choice(const struct parser *p, const char *choices, struct pick *k)
{
	const char *s = choices;

	pick_start(k, p->words[p->at], p->flags);
	for (int i = 0; s != NULL && k->exact < 0; i++) {
		pick_try(k, s, i);
		s = strchr(s, '|');
		if (s != NULL)
			s++;
	}
	return pick_end(k);
}
