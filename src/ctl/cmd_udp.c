/*
 * cmd_udp.c - udp show.
 */
#include "ctl/cmd.h"

#include "udp/udp.h"

static json_t *
end_json(const struct addr *a, uint16_t port)
{
	char text[ADDR_STRLEN];

	return json_pack("{s:s,s:i}", "address", addr_is_any(a) ? "*" :
	    addr_format(a, text), "port", (int)port);
}

int
udp_query(struct request *rq)
{
	const struct udp_sock *s = NULL;

	while ((s = udp_next(rq->ctl->stk, s)) != NULL) {
		json_t *obj = json_pack("{s:o,s:I,s:I,s:I,s:i}", "local",
		    end_json(&s->local, s->lport), "received",
		    (json_int_t)s->received, "sent", (json_int_t)s->sent,
		    "dropped", (json_int_t)s->dropped, "queued_bytes",
		    (int)s->rx_bytes);

		if (s->rport != 0)
			json_object_set_new(obj, "remote",
			    end_json(&s->remote, s->rport));
		if (s->ifname[0] != '\0')
			json_object_set_new(obj, "dev",
			    json_string(s->ifname));
		reply_data(rq, obj);
	}
	return 0;
}
