/*
 * file.c - files of the one who calls hopctl.
 */
#include "hopctl/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/parse.h"

static char *
read_all(FILE *in, size_t *len)
{
	size_t size = 65536;
	char *text = malloc(size);

	*len = 0;
	while (text != NULL) {
		char *more;

		*len += fread(text + *len, 1, size - *len - 1, in);
		if (*len + 1 < size)
			break;
		more = realloc(text, size * 2);
		if (more == NULL) {
			free(text);
			return NULL;
		}
		text = more;
		size *= 2;
	}
	if (text != NULL)
		text[*len] = '\0';
	return text;
}

char *
file_read(const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *in = standard ? stdin : fopen(path, "re");
	char *text;
	size_t len;

	if (in == NULL) {
		err_set(err, -errno, "\"%s\": %s", path, strerror(errno));
		return NULL;
	}
	text = read_all(in, &len);
	if (text == NULL) {
		err_set(err, -ENOMEM, "\"%s\": out of memory", path);
	} else if (ferror(in) != 0) {
		err_set(err, -EIO, "\"%s\": %s", path, strerror(errno));
		free(text);
		text = NULL;
	} else if (strlen(text) != len) {
		err_set(err, -EINVAL, "%s:%u: a NUL: this is no text", path,
		    text_nul_line(text, len));
		free(text);
		text = NULL;
	}
	if (!standard)
		fclose(in);
	return text;
}

int
file_begin(struct file_writer *w, const char *path, struct err *err)
{
	w->path = path;
	w->out = NULL;
	if ((size_t)snprintf(w->tmp, sizeof(w->tmp), "%s.tmp", path) >=
	    sizeof(w->tmp))
		return err_set(err, -ENAMETOOLONG, "path too long");
	w->out = fopen(w->tmp, "we");
	if (w->out == NULL)
		return err_set(err, -errno, "\"%s\": %s", w->tmp,
		    strerror(errno));
	return 0;
}

int
file_end(struct file_writer *w, bool keep, struct err *err)
{
	bool good = fflush(w->out) == 0 && fsync(fileno(w->out)) == 0;
	int e = errno;

	good &= fclose(w->out) == 0;
	if (keep && good && rename(w->tmp, w->path) == 0)
		return 0;
	if (good)
		e = errno;
	unlink(w->tmp);
	if (!keep)
		return 0;
	return err_set(err, -e, "\"%s\": %s", w->path, strerror(e));
}

int
stdout_end(const char *tool, int status)
{
	int flushed = fflush(stdout), e = errno;

	if (flushed == 0 && ferror(stdout) == 0)
		return status;
	fprintf(stderr, "%s: standard output: %s\n", tool, flushed != 0 ?
	    strerror(e) : "not all of it could be written");
	return 1;
}
