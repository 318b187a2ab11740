/*
 * session.h - one client of the control language.
 */
#ifndef HOPD_CTL_SESSION_H
#define HOPD_CTL_SESSION_H

#include "ctl/cmd.h"

struct ctl_session {
	struct ctl *ctl;
	struct ctl_session *next;
	void (*emit)(void *arg, const char *line, size_t len);
	void *arg;
	struct job *jobs;
	json_t *waiting;	/* request whose text is to come, or NULL */
};

#endif
