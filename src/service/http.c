/*
 * http.c - the servers: which address, port, name and tree.
 */
#include "service/http.h"

#include <errno.h>
#include <string.h>

#include "service/http_conn.h"
#include "stack/stack.h"

#define BACKLOG		1024
#define SNDBUF_MIN	(4 * HTTP_REPLY_MAX)

static struct http_server **
find(struct stack *stk, const struct addr *local, uint16_t port)
{
	struct http_server **sp = &stk->service.http.servers;

	while (*sp != NULL && ((*sp)->port != port ||
	    !addr_eq(&(*sp)->local, local)))
		sp = &(*sp)->next;
	return sp;
}

/* A tree is named by plain segments. */
static bool
root_is_good(const char *root)
{
	const char *s = root;

	while (*s != '\0') {
		size_t n = strcspn(s, "/");

		if ((n == 1 && s[0] == '.') ||
		    (n == 2 && s[0] == '.' && s[1] == '.'))
			return false;
		s += n + (s[n] == '/');
	}
	return strlen(root) < HTTP_ROOT_MAX;
}

static int
check(struct stack *stk, const struct http_conf *conf, struct err *err)
{
	if (conf->port == 0)
		return err_set(err, -EINVAL, "port 0: nobody can ask there");
	if (*find(stk, &conf->local, conf->port) != NULL)
		return err_set(err, -EEXIST, "port %u: serves HTTP already",
		    conf->port);
	if (conf->name != NULL && strlen(conf->name) >= HTTP_NAME_MAX)
		return err_set(err, -EINVAL, "\"%s\": a name has at most %d "
		    "letters", conf->name, HTTP_NAME_MAX - 1);
	if (conf->root == NULL || conf->root[0] == '\0')
		return 0;
	if (!root_is_good(conf->root))
		return err_set(err, -EINVAL, "\"%s\": expected a path without "
		    "\".\" and \"..\", at most %d letters", conf->root,
		    HTTP_ROOT_MAX - 1);
	if (stk->service.http.files.open == NULL)
		return err_set(err, -EOPNOTSUPP, "\"%s\": hopd was started "
		    "without a tree of files (-r)", conf->root);
	return 0;
}

static int
listen_on(struct stack *stk, struct http_server *s)
{
	struct tcp_conf conf = *tcp_conf_stack(stk);

	/* Answers are written whole; Nagle would only hold their ends back. */
	conf.nodelay = true;
	if (conf.sndbuf < SNDBUF_MIN)
		conf.sndbuf = SNDBUF_MIN;
	if (conf.sndbuf_max < conf.sndbuf)
		conf.sndbuf_max = conf.sndbuf;
	if (conf.rcvbuf < 2 * HTTP_HEAD_MAX)
		conf.rcvbuf = 2 * HTTP_HEAD_MAX;
	if (conf.rcvbuf_max < conf.rcvbuf)
		conf.rcvbuf_max = conf.rcvbuf;
	return tcp_listen(stk, &s->local, s->port, BACKLOG, &conf,
	    http_acceptable, s, &s->listener);
}

static void
server_free(struct stack *stk, struct http_server *s)
{
	http_conns_drop(stk, s);
	if (s->listener != NULL)
		tcp_listen_close(stk, s->listener);
	mem_free(&stk->mem, s, sizeof(*s));
}

int
http_add(struct stack *stk, const struct http_conf *conf, struct err *err)
{
	struct http_state *h = &stk->service.http;
	struct http_server *s, **end = &h->servers;
	int r = check(stk, conf, err);

	if (r != 0)
		return r;
	if (h->buf == NULL)
		h->buf = mem_alloc(&stk->mem, HTTP_PIECE);
	s = mem_alloc(&stk->mem, sizeof(*s));
	if (h->buf == NULL || s == NULL) {
		mem_free(&stk->mem, s, sizeof(*s));
		return err_set(err, -ENOMEM, "no memory for a server");
	}
	s->local = conf->local;
	s->port = conf->port;
	if (conf->name != NULL)
		memcpy(s->name, conf->name, strlen(conf->name));
	if (conf->root != NULL)
		memcpy(s->root, conf->root, strlen(conf->root));
	r = listen_on(stk, s);
	if (r != 0) {
		server_free(stk, s);
		return err_set(err, r, r == -EADDRINUSE ?
		    "TCP port %u is taken" : "port %u: no memory to listen",
		    conf->port);
	}
	while (*end != NULL)
		end = &(*end)->next;
	*end = s;
	return 0;
}

int
http_del(struct stack *stk, const struct addr *local, uint16_t port,
    struct err *err)
{
	struct http_server **sp = find(stk, local, port), *s = *sp;

	if (s == NULL)
		return err_set(err, -ENOENT, "port %u: no HTTP server there",
		    port);
	*sp = s->next;
	server_free(stk, s);
	return 0;
}

const struct http_server *
http_next(const struct stack *stk, const struct http_server *last)
{
	return last == NULL ? stk->service.http.servers : last->next;
}

void
http_fini(struct stack *stk)
{
	struct http_state *h = &stk->service.http;

	while (h->servers != NULL) {
		struct http_server *s = h->servers;

		h->servers = s->next;
		server_free(stk, s);
	}
	http_cache_clear(stk);
	mem_free(&stk->mem, h->buf, HTTP_PIECE);
	h->buf = NULL;
}
