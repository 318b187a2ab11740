/*
 * ctl_unit.h - the control language against a stack with memory ports, for
 * tests: requests in, replies collected.
 */
#ifndef HOPD_TESTS_CTL_UNIT_H
#define HOPD_TESTS_CTL_UNIT_H

#include <jansson.h>

#include "ctl/cmd.h"
#include "unit/unit.h"

struct ctl_unit {
	struct stack *stk;
	struct ctl *ctl;
	struct ctl_session *session;
	uint8_t next_mac;	/* of ports without one */
	char netns[8][64];	/* of the ports, by the order of opening */
	char port[8][16];
	const char *bad_port;	/* this one cannot be opened */
	const char *kept_port;	/* this one cannot be closed */
	uint32_t mtu_max;	/* of devices; 0: any */
	uint32_t mtu;		/* that the last device was given */
	char accepted[4096];	/* lines, each with a newline */
	char snapshot[65536];
	int snapshots;
	char written[65536];	/* by config save */

	/* Of the last request. */
	char text[65536];	/* lines, each with a newline */
	json_t *data;		/* array */
	int status;		/* -1: none came */
	char error[ERR_TEXT_MAX];
	json_t *last;		/* the reply with the status */
};

struct ctl_unit *ctl_unit_new(void);
void ctl_unit_free(struct ctl_unit *u);

/* A request for text; returns its status. */
int ctl_unit_do(struct ctl_unit *u, const char *line);
/* A request for JSON. */
int ctl_unit_json(struct ctl_unit *u, const char *line);
/* A request with the text of a file. */
int ctl_unit_file(struct ctl_unit *u, const char *line, const char *input);
/* The same, the text behind the request's line. */
int ctl_unit_text(struct ctl_unit *u, const char *line, const char *text,
    size_t len);
/* A request whose status comes later. */
void ctl_unit_start(struct ctl_unit *u, const char *line, bool text);
/* A line for a request that waits: no answer of its own, and what came of
 * the request so far stays. */
void ctl_unit_send(struct ctl_unit *u, const char *line);
/* A raw line. */
int ctl_unit_raw(struct ctl_unit *u, const char *line);
/* Does it, and fails the test unless the status is 0. */
void ctl_unit_must(struct ctl_unit *u, const char *line);

/* A member of a JSON object; one that is missing, or of another kind, fails the
 * test.  The string is the object's. */
const char *reply_string(const json_t *o, const char *key);
long long reply_number(const json_t *o, const char *key);

/* ctl_config_show(), kept until the next call. */
const char *ctl_unit_config(struct ctl_unit *u);

#endif
