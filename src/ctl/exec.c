/*
 * exec.c - from a parsed command to the object that it speaks of.
 */
#include "ctl/cmd.h"

#include <errno.h>

int
ctl_change(struct ctl *ctl, const struct command *cmd, struct err *err)
{
	switch (cmd->row->object) {
	case OBJ_PORT:
		return port_change(ctl, cmd, err);
	case OBJ_TUNNEL:
		return tunnel_change(ctl, cmd, err);
	case OBJ_LOCAL:
		return local_change(ctl, cmd, err);
	case OBJ_ADDR:
		return addr_change(ctl, cmd, err);
	case OBJ_ROUTE:
		return route_change(ctl, cmd, err);
	case OBJ_NEIGH:
		return neigh_change(ctl, cmd, err);
	case OBJ_RARP:
		return rarp_change(ctl, cmd, err);
	case OBJ_IP:
		return ip_change(ctl, cmd, err);
	case OBJ_TCP:
		return tcp_change(ctl, cmd, err);
	case OBJ_INETD:
		return inetd_change(ctl, cmd, err);
	case OBJ_FAULT:
		return fault_change(ctl, cmd, err);
	case OBJ_HTTP:
		return http_change(ctl, cmd, err);
	case OBJ_LB:
		return lb_change(ctl, cmd, err);
	case OBJ_MARK:
		return mark_change(ctl, cmd, err);
	case OBJ_SERVICE:
		return service_change(ctl, cmd, err);
	case OBJ_SERVER:
		return server_change(ctl, cmd, err);
	default:
		return err_set(err, -EINVAL, "\"%s\": changes nothing",
		    object_name(cmd->row->object));
	}
}

int
ctl_query(struct request *rq)
{
	switch (rq->cmd->row->object) {
	case OBJ_PORT:
		return port_query(rq);
	case OBJ_TUNNEL:
		return tunnel_query(rq);
	case OBJ_LOCAL:
		return local_query(rq);
	case OBJ_ADDR:
		return addr_query(rq);
	case OBJ_ROUTE:
		return route_query(rq);
	case OBJ_NEIGH:
		return neigh_query(rq);
	case OBJ_RARP:
		return rarp_query(rq);
	case OBJ_IP:
		return ip_query(rq);
	case OBJ_INETD:
		return inetd_query(rq);
	case OBJ_FAULT:
		return fault_query(rq);
	case OBJ_HTTP:
		return http_query(rq);
	case OBJ_UDP:
		return udp_query(rq);
	case OBJ_TCP:
		return rq->cmd->row->verb == VERB_CONNECT ?
		    connect_query(rq) : tcp_query(rq);
	case OBJ_CAPTURE:
		return capture_query(rq);
	case OBJ_PING:
		return ping_query(rq);
	case OBJ_TRACEROUTE:
		return trace_query(rq);
	case OBJ_LB:
		return lb_query(rq);
	case OBJ_MARK:
		return mark_query(rq);
	case OBJ_SERVICE:
		return service_query(rq);
	case OBJ_SERVER:
		return server_query(rq);
	case OBJ_CONN:
		return conn_query(rq);
	case OBJ_DROPS:
		return drops_query(rq);
	case OBJ_LIMITS:
		return limits_query(rq);
	case OBJ_STATS:
		return stats_query(rq);
	case OBJ_SUMMARY:
		return summary_query(rq);
	case OBJ_CONFIG:
		return config_query(rq);
	default:
		/* help, version, complete: hopctl's own. */
		return err_set(&rq->err, -EINVAL,
		    "\"%s\": not a question to hopd",
		    object_name(rq->cmd->row->object));
	}
}

int
ctl_walk(struct ctl *ctl, command_fn *fn, void *arg)
{
	int r = port_walk(ctl, fn, arg);

	if (r == 0)
		r = tunnel_walk(ctl, fn, arg);
	if (r == 0)
		r = fault_walk(ctl, fn, arg);
	if (r == 0)
		r = addr_walk(ctl, fn, arg);
	if (r == 0)
		r = route_walk_static(ctl, fn, arg);
	if (r == 0)
		r = neigh_walk(ctl, fn, arg);
	if (r == 0)
		r = rarp_walk(ctl, fn, arg);
	if (r == 0)
		r = ip_walk(ctl, fn, arg);
	if (r == 0)
		r = tcp_conf_walk(ctl, fn, arg);
	if (r == 0)
		r = inetd_walk(ctl, fn, arg);
	if (r == 0)
		r = http_walk(ctl, fn, arg);
	if (r == 0)
		r = lb_walk(ctl, fn, arg);
	if (r == 0)
		r = mark_walk(ctl, fn, arg);
	if (r == 0)
		r = service_walk(ctl, fn, arg);
	return r;
}

struct iface *
ctl_iface(struct ctl *ctl, const char *name, struct err *err)
{
	struct iface *ifp = iface_lookup(ctl->stk, name);

	if (ifp == NULL)
		err_set(err, -ENOENT, "\"%s\": no such interface", name);
	return ifp;
}
