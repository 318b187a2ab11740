/*
 * client.c - the control socket from hopctl's side.
 */
#include "hopctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int
client_connect(const char *path, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd, e;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, -ENAMETOOLONG,
		    "\"%s\": too long for a socket's path", path);
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&sun,
	    sizeof(sun)) == 0)
		return fd;
	e = errno;
	if (fd >= 0)
		close(fd);
	return err_set(err, -e, "\"%s\": %s%s", path, strerror(e),
	    e == ENOENT || e == ECONNREFUSED ? "; is hopd running?" : "");
}

int
client_send(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int
send_request(int fd, json_t *request, const char *text)
{
	size_t len = text != NULL ? strlen(text) : 0;
	char *line;
	int r;

	if (text != NULL)
		json_object_set_new(request, "input_bytes",
		    json_integer((json_int_t)len));
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (line == NULL)
		return -ENOMEM;
	r = client_send(fd, line, strlen(line));
	free(line);
	if (r == 0)
		r = client_send(fd, "\n", 1);
	return r != 0 ? r : client_send(fd, text, len);
}

/* Hands one reply on; its status, or -1 if it is not the last. */
static int
handle(const char *line, size_t len, bool (*fn)(void *arg, json_t *reply),
    void *arg)
{
	json_error_t error;
	json_t *reply = json_loadb(line, len, 0, &error);
	int status = -1;

	if (reply == NULL)
		return -1;
	if (json_is_integer(json_object_get(reply, "status")))
		status = (int)json_integer_value(json_object_get(reply,
		    "status"));
	if (!fn(arg, reply))
		status = EXIT_DONE;
	json_decref(reply);
	return status;
}

int
client_ask(int fd, json_t *request, const char *text,
    bool (*fn)(void *arg, json_t *reply), void *arg, struct err *err)
{
	FILE *in;
	char *line = NULL;
	size_t size = 0;
	int status = -1, r = send_request(fd, request, text);

	if (r != 0) {
		err_set(err, r, "hopd does not listen: %s", strerror(-r));
		return EXIT_NO_DAEMON;
	}
	in = fdopen(dup(fd), "r");
	while (status < 0 && in != NULL) {
		ssize_t len = getline(&line, &size, in);

		if (len <= 0)
			break;
		status = handle(line, (size_t)len, fn, arg);
	}
	free(line);
	if (in != NULL)
		fclose(in);
	if (status >= 0)
		return status;
	err_set(err, -EPIPE, "hopd closed the connection before it answered");
	return EXIT_NO_DAEMON;
}
