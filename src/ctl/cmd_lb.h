/*
 * cmd_lb.h - what the commands of the load balancer share.
 */
#ifndef HOPD_CTL_CMD_LB_H
#define HOPD_CTL_CMD_LB_H

#include "ctl/cmd.h"
#include "lb/sched.h"

/* From the words of a command to the balancer's key, and back. */
struct lb_service_key lb_key(const struct service_key *key);
struct service_key word_key(const struct lb_service_key *key);
/* The service that the command names, or NULL and err. */
struct lb_service *lb_find(struct ctl *ctl, const struct command *cmd,
    struct err *err);
/* What one service has; results as of command_fn. */
int local_walk(const struct lb_service *svc, command_fn *fn, void *arg);
int server_walk(const struct lb_service *svc, command_fn *fn, void *arg);
/* A command_fn that answers a request (arg) with a service or server. */
int lb_show_one(void *arg, const struct command *cmd, const void *obj);
/* Counts and rates a second; the caller's.  NULL: no memory. */
json_t *lb_counters(const struct lb_stats *s, const struct lb_estimator *est);

#endif
