/*
 * table.h - a table of results, compared with the one that is committed.
 *
 * Virtual time and integer arithmetic make it exact, so the tolerance is zero.
 * Who changes the stack and finds the new figures right writes them with
 * HOPSIM_WRITE=1 set, and the difference is part of the commit.
 */
#ifndef HOPD_TESTS_SIM_TABLE_H
#define HOPD_TESTS_SIM_TABLE_H

struct table {
	char text[16384];
	unsigned len;
};

void table_add(struct table *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Fails the test at the first line that differs from tests/sim/NAME. */
void table_compare(const struct table *t, const char *name);

#endif
