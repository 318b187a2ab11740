/*
 * ipvsadm_main.c - hop-ipvsadm: ipvsadm's options over hopd's control socket.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "hopctl/client.h"
#include "hopctl/file.h"
#include "hopctl/ipvsadm.h"

struct answer {
	json_t *rows;
	char *code;		/* [16] */
};

static bool
take(void *arg, json_t *reply)
{
	struct answer *a = arg;
	json_t *data = json_object_get(reply, "data");
	const char *code = json_string_value(json_object_get(reply, "code"));

	if (data != NULL)
		json_array_append(a->rows, data);
	if (code != NULL)
		snprintf(a->code, 16, "%s", code);
	return true;
}

/* A connection for each question: a restore may take its time. */
static int
ask(void *arg, json_t *request, json_t *rows, char code[16], struct err *err)
{
	struct answer a = { rows, code };
	int fd = client_connect(arg, err), status;

	if (fd < 0) {
		json_decref(request);
		return EXIT_NO_DAEMON;
	}
	status = client_ask(fd, request, NULL, take, &a, err);
	close(fd);
	return status;
}

int
main(int argc, char **argv)
{
	const char *path = getenv("HOPD_SOCKET");
	struct ipvsadm ia = { stdin, stdout, stderr, argv[0], ask, NULL };

	if (path == NULL || path[0] == '\0')
		path = CTL_SOCKET_DEFAULT;
	ia.arg = (void *)(uintptr_t)path;
	return stdout_end("hop-ipvsadm", ipvsadm_run(&ia, argc, argv));
}
