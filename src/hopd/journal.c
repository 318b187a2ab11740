/*
 * journal.c - reading and writing the journal; see journal.h for its form.
 */
#include "hopd/journal.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MARK		"#then\n"
#define LONG_MIN	65536	/* below this nothing is worth a rewrite */

/* All of the file and a NUL, whatever the file's position. */
static char *
read_whole(int fd, size_t *len)
{
	struct stat st;
	char *text;
	size_t at = 0;

	if (fstat(fd, &st) == -1)
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (text == NULL)
		return NULL;
	while (at < (size_t)st.st_size) {
		ssize_t n = pread(fd, text + at, (size_t)st.st_size - at,
		    (off_t)at);

		if (n <= 0) {
			free(text);
			return NULL;
		}
		at += (size_t)n;
	}
	text[at] = '\0';
	*len = at;
	return text;
}

/* The mark at the start of a line, or NULL. */
static char *
mark_find(char *text)
{
	char *p = text;

	while ((p = strstr(p, MARK)) != NULL) {
		if (p == text || p[-1] == '\n')
			return p;
		p++;
	}
	return NULL;
}

char *
journal_read(struct journal *j, int fd, char **commands)
{
	char *text, *mark, *end;
	size_t len;

	*j = (struct journal){ .fd = fd };
	text = read_whole(fd, &len);
	if (text == NULL)
		return NULL;
	mark = mark_find(text);
	if (mark == NULL) {		/* the first worker's: empty */
		text[0] = '\0';
		*commands = text;
		return text;
	}
	*commands = mark + strlen(MARK);
	*mark = '\0';
	end = strrchr(*commands, '\n');	/* a cut line does not count */
	end = end != NULL ? end + 1 : *commands;
	*end = '\0';
	j->base = (size_t)(*commands - text);
	j->size = (size_t)(end - text);
	return text;
}

int
journal_append(struct journal *j, const char *line)
{
	size_t len = strlen(line);
	struct iovec iov[2] = { { (void *)(uintptr_t)line, len },
	    { (void *)(uintptr_t)"\n", 1 } };
	ssize_t n;

	if (lseek(j->fd, (off_t)j->size, SEEK_SET) == -1)
		return -errno;
	n = writev(j->fd, iov, 2);
	if (n != (ssize_t)len + 1)
		return n == -1 ? -errno : -ENOSPC;
	j->size += len + 1;
	return 0;
}

bool
journal_is_long(const struct journal *j)
{
	size_t commands = j->size - j->base;

	return commands > LONG_MIN && commands > j->base;
}

static int
write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 ? -errno : -ENOSPC;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int
memory_file(const char *name, const char *text, const char *tail)
{
	int fd = memfd_create(name, MFD_CLOEXEC);
	int r;

	if (fd == -1)
		return -errno;
	if ((r = write_all(fd, text, strlen(text))) != 0 ||
	    (r = write_all(fd, tail, strlen(tail))) != 0) {
		close(fd);
		return r;
	}
	return fd;
}

int
journal_make(const char *text)
{
	return memory_file("hopd-journal", text, MARK);
}

int
journal_make_loose(const char *text, const char *commands)
{
	char *head = malloc(strlen(MARK) + strlen(text) + 1);
	int fd;

	if (head == NULL)
		return -ENOMEM;
	strcpy(head, MARK);
	strcpy(head + strlen(MARK), text);
	fd = memory_file("hopd-journal", head, commands);
	free(head);
	return fd;
}

void
journal_switch(struct journal *j, int fd, const char *text)
{
	close(j->fd);
	j->fd = fd;
	j->base = j->size = strlen(text) + strlen(MARK);
}
