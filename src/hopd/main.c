/*
 * main.c - the command line of hopd(8).
 *
 * Started by a person or a service manager it becomes the keeper; started by
 * the keeper, the worker.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/parse.h"
#include "hopd/hopd.h"
#include "hopd/report.h"

static const struct option long_options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static int
usage(FILE *to)
{
	fprintf(to,
	    "usage: hopd [-dhntV] [-f file] [-r directory] [-S socket] "
	    "[-u user]\n");
	return HOPD_EXIT_USAGE;
}

static int
help(void)
{
	usage(stdout);
	puts("  -d            detach\n"
	    "  -f file       the configuration: hopd.conf(5)\n"
	    "  -n            no io_uring\n"
	    "  -r directory  where the files lie that http serves\n"
	    "  -S socket     the control socket\n"
	    "  -t            only look whether the file is good\n"
	    "  -u user       who the worker shall be\n"
	    "  -V, --version\n"
	    "  -h, --help\n"
	    "See hopd(8).");
	return 0;
}

/* The whole file in memory the caller frees, or NULL after a report. */
static char *
file_slurp(const char *path)
{
	FILE *f = fopen(path, "re");
	char *text = NULL;
	size_t size;
	ssize_t len = -1;

	if (f == NULL) {
		report(LOG_LVL_ERR, "%s: %s", path, strerror(errno));
		return NULL;
	}
	/* No NUL is in a good file: it would be the last byte of these. */
	len = getdelim(&text, &size, '\0', f);
	if (len > 0 && text[len - 1] == '\0') {
		report(LOG_LVL_ERR, "%s:%u: a NUL: this is no text", path,
		    text_nul_line(text, (size_t)len));
		free(text);
		text = NULL;
	} else if (len == -1) {
		free(text);
		text = NULL;
		if (ferror(f) || (text = calloc(1, 1)) == NULL)
			report(LOG_LVL_ERR, "%s: %s", path, strerror(errno));
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
	if (text == NULL)
		return HOPD_EXIT_FAILED;
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
	while ((c = getopt_long(argc, argv, "df:hnr:S:tu:V", long_options,
	    NULL)) != -1) {
		switch (c) {
		case 'd':
			opt.detach = true;
			break;
		case 'f':
			opt.conf = optarg;
			break;
		case 'h':
			return help();
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
		case 'V':
			puts("hopd " PACKAGE_VERSION);
			return 0;
		default:
			return usage(stderr);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "hopd: '%s': no argument expected\n",
		    argv[optind]);
		return usage(stderr);
	}
	if (opt.check)
		return conf_check(opt.conf);
	if (opt.socket == NULL || opt.socket[0] == '\0')
		opt.socket = CTL_SOCKET_DEFAULT;
	return keeper_main(&opt);
}
