/*
 * report.c - one line, one write: whole lines even when keeper and worker
 * speak at once.
 */
#include "hopd/report.h"

#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

static int
syslog_priority(enum log_level level)
{
	switch (level) {
	case LOG_LVL_ERR:
		return LOG_ERR;
	case LOG_LVL_WARN:
		return LOG_WARNING;
	case LOG_LVL_INFO:
		return LOG_INFO;
	case LOG_LVL_DEBUG:
		break;
	}
	return LOG_DEBUG;
}

void
report_sink(void *arg, enum log_level level, const char *line)
{
	char buf[REPORT_LINE_MAX + 32];
	int type;
	socklen_t len = sizeof(type);
	struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
	int n;

	(void)arg;
	if (getsockopt(STDERR_FILENO, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	    type == SOCK_DGRAM)
		n = snprintf(buf, sizeof(buf), "<%d>hopd[%d]: %.*s",
		    LOG_DAEMON | syslog_priority(level), (int)getpid(),
		    REPORT_LINE_MAX - 32, line);
	else
		n = snprintf(buf, sizeof(buf), "hopd: %.*s\n",
		    REPORT_LINE_MAX - 32, line);
	/* A reader that sleeps, or is gone, must not stop the packets: then the
	 * line is lost.  What is at most PIPE_BUF long goes in one piece. */
	if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0 &&
	    write(STDERR_FILENO, buf, (size_t)n) == -1)
		return;
}

void
report(enum log_level level, const char *fmt, ...)
{
	char line[REPORT_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	report_sink(NULL, level, line);
}

void
report_lines(enum log_level level, const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		if (n > 0)
			report(level, "%.*s", (int)n, text);
		text += n;
		if (*text == '\n')
			text++;
	}
}

int
report_detached_fd(void)
{
	static const struct sockaddr_un sun = { .sun_family = AF_UNIX,
	    .sun_path = "/dev/log" };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd != -1 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) == 0)
		return fd;
	if (fd != -1)
		close(fd);
	return open("/dev/null", O_WRONLY | O_CLOEXEC);
}
