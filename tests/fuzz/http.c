/*
 * http.c - what a client says to the HTTP server, in pieces: byte 0 is the
 * size of a piece (times 16, plus one), the rest is the stream.
 *
 * The server runs whole, on a connection of the stack to itself.  There are as
 * many answers as requests, each is one that can be read, no path leaves the
 * tree, and nothing is left when the client goes.
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <string.h>

#include "service/http_request.h"

struct client {
	struct tcp_conn *c;
	char in[1 << 16];	/* the beginning of what came */
	uint32_t in_len;
};

/* ---- a tree of one file ------------------------------------------------- */

static int
tree_open(void *arg, const char *path, struct file_info *info)
{
	(void)arg;
	FUZZ_CHECK(path[0] != '/' && strstr(path, "//") == NULL);
	for (const char *s = path; *s != '\0';) {
		size_t n = strcspn(s, "/");

		FUZZ_CHECK(n != 1 || s[0] != '.');
		FUZZ_CHECK(n != 2 || s[0] != '.' || s[1] != '.');
		s += n + (s[n] == '/');
	}
	if (strcmp(path, "d") == 0)
		return -EISDIR;
	if (strcmp(path, "f") != 0 && strcmp(path, "g") != 0)
		return -ENOENT;
	info->size = path[0] == 'f' ? 10 : 100000;
	info->mtime = 784111777;
	return 1;
}

static int32_t
tree_read(void *arg, int file, uint64_t off, void *buf, uint32_t len)
{
	(void)arg, (void)file;
	FUZZ_CHECK(off + len <= 100000);
	memset(buf, 'x', len);
	return (int32_t)len;
}

static void
tree_close(void *arg, int file)
{
	(void)arg, (void)file;
}

/* ---- the client --------------------------------------------------------- */

static void
ready(struct stack *stk, struct tcp_conn *c, void *owner)
{
	struct client *k = owner;
	char buf[4096];
	int32_t n;

	while ((n = tcp_read(stk, c, buf, sizeof(buf))) > 0) {
		uint32_t keep = (uint32_t)sizeof(k->in) - 1 - k->in_len;

		keep = keep < (uint32_t)n ? keep : (uint32_t)n;
		memcpy(k->in + k->in_len, buf, keep);
		k->in_len += keep;
	}
}

static void
talk(struct stack *stk, struct client *k, const uint8_t *data, size_t size)
{
	size_t piece = (size_t)data[0] * 16 + 1, at = 1;

	for (int stuck = 0; at < size && stuck < 50; stuck++) {
		size_t n = size - at < piece ? size - at : piece;
		int32_t r = tcp_write(stk, k->c, data + at, (uint32_t)n);

		if (r > 0) {
			at += (size_t)r;
			stuck = 0;
		} else if (r != -EAGAIN) {
			break;
		}
		fuzz_advance(stk, 2000, 20);
	}
	tcp_shutdown(stk, k->c);
	fuzz_advance(stk, 1000000, 200);
}

/* Nothing but text of ours in front of any byte of a file. */
static void
check_answers(const struct stack *stk, const struct client *k)
{
	const struct http_stats *s = &http_next(stk, NULL)->stats;
	uint64_t answers = 0;

	for (int i = 0; i < 6; i++)
		answers += s->answers[i];
	/* One that never ended is refused without having been one. */
	FUZZ_CHECK(answers == s->requests || answers == s->requests + 1);
	FUZZ_CHECK(k->in_len == 0 || strncmp(k->in, "HTTP/1.1 ", 9) == 0);
}

/* The pure part once more, by itself: any text as a target and a range. */
static void
check_texts(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	struct http_text t = { text, (uint32_t)size };
	char path[HTTP_PATH_MAX];
	uint64_t from, end;
	struct http_chunks c = { 0 };
	bool dir;

	if (http_path(t, path, &dir) == 0)
		FUZZ_CHECK(strlen(path) < HTTP_PATH_MAX && path[0] != '/');
	if (http_range_parse(t, 1000, &from, &end) == HTTP_RANGE_GOOD)
		FUZZ_CHECK(from < end && end <= 1000);
	FUZZ_CHECK(http_chunks_skip(&c, text, (uint32_t)size) <= size);
	(void)http_tag_listed(t, "\"a\"", size % 2 == 0);
	FUZZ_CHECK(http_head_len(text, (uint32_t)size, 0) <= size);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct env env = fuzz_env();
	struct tcp_open o = { .rport = 80, .ready = ready };
	struct client *k;
	struct fuzz_bed b;

	if (size < 2)
		return 0;
	check_texts(data, size);
	k = calloc(1, sizeof(*k));
	env.files = (struct files){ .open = tree_open, .read = tree_read,
	    .close = tree_close };
	fuzz_bed_up(&b, &env);
	fuzz_bed_config(&b, "port add p\naddr add 10.0.0.1/24 dev p\n"
	    "http add 10.0.0.1:80 name n root /\n");
	o.remote = addr_from_ip4(IP4(10, 0, 0, 1));
	o.owner = k;
	FUZZ_CHECK(k != NULL && tcp_connect(b.stk, &o, &k->c) == 0);
	fuzz_advance(b.stk, 10000, 50);
	talk(b.stk, k, data, size);
	check_answers(b.stk, k);
	tcp_abort(b.stk, k->c);
	fuzz_advance(b.stk, 400000000, 2000);
	FUZZ_CHECK(http_next(b.stk, NULL)->stats.open == 0);
	fuzz_stack_check(b.stk);
	fuzz_bed_down(&b);
	free(k);
	return 0;
}
