/*
 * frame_words.h - the commands that an input of `frame` can name.
 */
#ifndef HOPD_TESTS_FUZZ_FRAME_WORDS_H
#define HOPD_TESTS_FUZZ_FRAME_WORDS_H

#include <stdint.h>

/* A line of the command language; any n has one. */
const char *frame_words(uint8_t n);
/* Its number, or -1. */
int frame_words_find(const char *line);

#endif
