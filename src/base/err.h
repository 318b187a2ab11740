/*
 * err.h - one line of text for the operator, where a person typed something.
 *
 * Control-path functions return 0 or -Exxx and, if err is not NULL, say why in
 * words: the offending token in quotes, then what was expected.
 */
#ifndef HOPD_BASE_ERR_H
#define HOPD_BASE_ERR_H

#define ERR_TEXT_MAX 1024	/* a list of all an object's settings fits */

struct err {
	char text[ERR_TEXT_MAX];	/* "" until set; no control bytes */
};

/* Formats into e (which may be NULL) and returns code. */
int err_set(struct err *e, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
