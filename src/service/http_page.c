/*
 * http_page.c - /whoami: who answered, and whom.  One line a fact, so that a
 * script can take what it wants.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "service/http_conn.h"
#include "stack/stack.h"

uint32_t
http_whoami(struct stack *stk, const struct http_conn *hc,
    const struct http_request *rq, char *buf, uint32_t size)
{
	char local[ADDR_STRLEN], remote[ADDR_STRLEN], toa[ADDR_STRLEN + 16] =
	    "";
	const char *name = hc->server->name;
	struct tcp_ends e;
	int n;

	(void)stk;
	tcp_ends(hc->tcp, &e);
	if (e.toa_port != 0 || !addr_is_any(&e.toa))
		snprintf(toa, sizeof(toa), "toa: %s:%u\n",
		    addr_format(&e.toa, remote), e.toa_port);
	n = snprintf(buf, size, "node: %s\nserver: %s:%u\nclient: %s:%u\n%s"
	    "request: %.*s\nnumber: %" PRIu64 "\n",
	    name[0] != '\0' ? name : "hopd", addr_format(&e.local, local),
	    e.lport, addr_format(&e.remote, remote), e.rport, toa,
	    (int)rq->line.len, rq->line.p, hc->requests);
	return n < 0 ? 0 : (uint32_t)n < size ? (uint32_t)n : size - 1;
}
