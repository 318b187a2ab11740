/*
 * connect.c - tcp connect from hopctl's side.
 *
 * Reads standard input only as long as hopd has taken what was sent before
 * (CTL_STREAM_WINDOW), and tells hopd what has been written to standard
 * output: a pipe that stands still stops the stream, and nothing piles up.
 */
#include "hopctl/connect.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/base64.h"
#include "ctl/ctl.h"
#include "hopctl/client.h"

#define PIECE	16384u		/* of one line */
#define LINE_MAX_BYTES (1u << 20)

struct carrier {
	int fd;
	bool end;		/* of standard input */
	uint32_t under_way;	/* bytes sent, not yet taken */
	int status;		/* -1: not over */
	size_t len;		/* of in */
	char in[LINE_MAX_BYTES];	/* lines, the last of them in part */
};

static int
complain(int status, const char *text)
{
	fprintf(stderr, "hopctl: %s\n", text);
	return status;
}

static bool
print_all(const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* A line of JSON to hopd; takes obj. */
static bool
say(struct carrier *k, json_t *obj)
{
	char *line = json_dumps(obj, JSON_COMPACT);
	bool good = line != NULL;

	json_decref(obj);
	if (good) {
		size_t len = strlen(line);

		line[len] = '\n';	/* in the NUL's place */
		good = client_send(k->fd, line, len + 1) == 0;
	}
	free(line);
	return good;
}

static bool
take_input(struct carrier *k)
{
	uint8_t buf[PIECE];
	uint32_t room = CTL_STREAM_WINDOW - k->under_way;
	ssize_t n = read(STDIN_FILENO, buf, room < PIECE ? room : PIECE);
	struct iovec iov = { buf, (size_t)n };
	char *text;
	bool good;

	if (n <= 0) {
		k->end = true;
		return say(k, json_pack("{s:i,s:b}", "id", 1, "end", 1));
	}
	k->under_way += (uint32_t)n;
	text = base64_encode(&iov, 1);
	good = text != NULL && say(k, json_pack("{s:i,s:s}", "id", 1,
	    "stream", text));
	free(text);
	return good;
}

/* Bytes of the peer: to standard output. */
static bool
take_stream(struct carrier *k, const char *text)
{
	size_t size = strlen(text);
	uint8_t *buf = malloc(size + 1);
	bool good = false;

	if (buf != NULL) {
		size = base64_decode(text, buf, size);
		good = print_all(buf, size) && say(k,
		    json_pack("{s:i,s:i}", "id", 1, "taken", (int)size));
	}
	free(buf);
	return good;
}

static bool
take_reply(struct carrier *k, const char *line, size_t len)
{
	json_t *reply = json_loadb(line, len, 0, NULL);
	const json_t *data = json_object_get(reply, "data");
	const json_t *status = json_object_get(reply, "status");
	const char *text = json_string_value(json_object_get(data, "stream"));
	const char *error = json_string_value(json_object_get(reply, "error"));
	json_int_t taken = json_integer_value(json_object_get(data, "taken"));
	bool good = true;

	if (taken > 0)
		k->under_way -= (uint32_t)taken < k->under_way ?
		    (uint32_t)taken : k->under_way;
	if (text != NULL)
		good = take_stream(k, text);
	text = json_string_value(json_object_get(reply, "text"));
	if (text != NULL)
		puts(text);
	if (error != NULL)
		complain(0, error);
	if (status != NULL)
		k->status = (int)json_integer_value(status);
	json_decref(reply);
	return good;
}

/* What hopd sent: line by line. */
static bool
take_replies(struct carrier *k)
{
	ssize_t n = recv(k->fd, k->in + k->len, sizeof(k->in) - k->len, 0);
	char *at = k->in, *nl;
	bool good = true;

	if (n <= 0)
		return false;
	k->len += (size_t)n;
	while (good && k->status < 0 && (nl = memchr(at, '\n',
	    k->len - (size_t)(at - k->in))) != NULL) {
		good = take_reply(k, at, (size_t)(nl - at));
		at = nl + 1;
	}
	k->len -= (size_t)(at - k->in);
	memmove(k->in, at, k->len);
	return good;
}

static void
carry(struct carrier *k)
{
	bool good = true;

	while (good && k->status < 0) {
		struct pollfd p[2] = { { .fd = k->fd, .events = POLLIN },
		    { .fd = STDIN_FILENO, .events = POLLIN } };

		if (k->end || k->under_way >= CTL_STREAM_WINDOW)
			p[1].fd = -1;
		if (poll(p, 2, -1) == -1 && errno != EINTR)
			return;
		if (p[0].revents != 0)
			good = take_replies(k);
		if (good && k->status < 0 && p[1].revents != 0)
			good = take_input(k);
	}
}

int
connect_run(int fd, json_t *request)
{
	struct carrier *k = calloc(1, sizeof(*k));
	int status;

	if (k == NULL) {
		json_decref(request);
		return complain(EXIT_REFUSED, "no memory");
	}
	k->fd = fd;
	k->status = -1;
	if (say(k, request))
		carry(k);
	status = k->status;
	free(k);
	return status >= 0 ? status : complain(EXIT_NO_DAEMON,
	    "the stream broke off");
}
