/*
 * run.h - plays a script against a stack in virtual time.
 */
#ifndef HOPD_TESTS_PKT_RUN_H
#define HOPD_TESTS_PKT_RUN_H

#include "pkt/script.h"

/* 0, or -1 and "line N: ..." in err.  Every packet must come exactly when the
 * script says, and none that it does not name. */
int run_script(const struct script *s, char *err, unsigned err_len);

#endif
