/*
 * main.c - the command line of hopd(8).
 *
 * Started by a person or a service manager it becomes the keeper; started by
 * the keeper, the worker.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "hopd/hopd.h"
#include "hopd/report.h"

static int
usage(void)
{
	fprintf(stderr,
	    "usage: hopd [-dnt] [-f file] [-r directory] [-S socket] "
	    "[-u user]\n");
	return HOPD_EXIT_USAGE;
}

/* The whole file in memory the caller frees, or NULL and errno. */
static char *
file_slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t len;

	if (f == NULL)
		return NULL;
	/* No NUL is in a good file, so the first one ends it. */
	if (getdelim(&text, &len, '\0', f) == -1) {
		int e = ferror(f) ? errno : 0;

		free(text);
		text = e == 0 ? calloc(1, 1) : NULL;
		errno = e;
	}
	fclose(f);
	return text;
}

/* hopd -t: is the file good? */
static int
conf_check(const char *path)
{
	char *text, *errors = NULL;
	int r;

	if (path == NULL) {
		fprintf(stderr, "hopd: -t needs a file (-f)\n");
		return HOPD_EXIT_USAGE;
	}
	text = file_slurp(path);
	if (text == NULL) {
		report(LOG_LVL_ERR, "%s: %s", path, strerror(errno));
		return HOPD_EXIT_FAILED;
	}
	r = ctl_config_check(path, text, &errors);
	if (r != 0)
		report_lines(LOG_LVL_ERR, errors != NULL ? errors :
		    strerror(-r));
	else
		printf("%s: configuration is good\n", path);
	free(errors);
	free(text);
	return r != 0 ? HOPD_EXIT_FAILED : 0;
}

/* Descriptors 0 to 2 exist, so that no socket of ours ever becomes one. */
static int
stdio_ensure(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd == -1)
		return -1;
	close(fd);
	return 0;
}

int
main(int argc, char **argv)
{
	struct options opt = { .socket = getenv("HOPD_SOCKET") };
	int c;

	if (stdio_ensure() == -1)
		return HOPD_EXIT_FAILED;
	if (argc == 2 && strcmp(argv[1], HOPD_WORKER_WORD) == 0)
		return worker_main();
	while ((c = getopt(argc, argv, "df:nr:S:tu:")) != -1) {
		switch (c) {
		case 'd':
			opt.detach = true;
			break;
		case 'f':
			opt.conf = optarg;
			break;
		case 'n':
			opt.no_ring = true;
			break;
		case 'r':
			opt.root = optarg;
			break;
		case 'S':
			opt.socket = optarg;
			break;
		case 't':
			opt.check = true;
			break;
		case 'u':
			opt.user = optarg;
			break;
		default:
			return usage();
		}
	}
	if (optind != argc) {
		fprintf(stderr, "hopd: '%s': no argument expected\n",
		    argv[optind]);
		return usage();
	}
	if (opt.check)
		return conf_check(opt.conf);
	if (opt.socket == NULL || opt.socket[0] == '\0')
		opt.socket = CTL_SOCKET_DEFAULT;
	return keeper_main(&opt);
}
