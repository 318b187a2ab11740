/*
 * pcap.c - base64 to bytes to a file.
 */
#include "hopctl/pcap.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int
pcap_open(struct pcap_out *p, const char *path, uint64_t max,
    struct err *err)
{
	*p = (struct pcap_out){ .out = stdout, .max = max };
	if (path == NULL && isatty(STDOUT_FILENO) != 0)
		return err_set(err, -EINVAL, "a pcap file is not for the "
		    "screen: \"write FILE\", or \"| tcpdump -r -\"");
	if (path != NULL && strcmp(path, "-") != 0)
		p->out = fopen(path, "we");
	if (p->out == NULL)
		return err_set(err, -errno, "\"%s\": %s", path,
		    strerror(errno));
	return 0;
}

static int
digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool
pcap_write(struct pcap_out *p, const char *base64)
{
	uint32_t bits = 0;
	unsigned have = 0;

	for (const char *s = base64; digit(*s) >= 0; s++) {
		bits = bits << 6 | (uint32_t)digit(*s);
		have += 6;
		if (have >= 8) {
			have -= 8;
			putc((int)(bits >> have & 0xff), p->out);
		}
	}
	p->pieces++;
	/* Who reads the pipe sees each record as it comes. */
	return fflush(p->out) == 0 && (p->max == 0 || p->pieces <= p->max);
}

void
pcap_close(struct pcap_out *p)
{
	if (p->out != stdout && p->out != NULL)
		fclose(p->out);
}
