/*
 * ctl.c - lines of a control connection against a running stack.
 *
 * The input: lines, each a request, perhaps with its text behind it.  Every
 * request that ends has exactly one status, replies are JSON without newlines,
 * and afterwards the running configuration is one that applies to an empty
 * stack and comes out the same.  A line that starts with '+' moves time; '!'
 * makes the host refuse to open ports, or no longer.
 */
#include "fuzz/fuzz.h"

#include <jansson.h>
#include <string.h>

#define LINES_MAX 64

static void
emit(void *arg, const char *line, size_t len)
{
	json_error_t error;
	json_t *reply = json_loadb(line, len, 0, &error);

	(void)arg;
	FUZZ_CHECK(reply != NULL && json_is_object(reply));
	FUZZ_CHECK(memchr(line, '\n', len) == NULL);
	json_decref(reply);
}

static void
drain_ports(struct stack *stk)
{
	for (struct port *p = stk->ports; p != NULL; p = p->next) {
		struct mem_frame *f;

		while ((f = mem_port_take(p)) != NULL) {
			fuzz_frame_check(p, f);
			mem_port_free(p, f);
		}
	}
}

/* The configuration that runs makes the same one again, elsewhere. */
static void
check_round_trip(struct fuzz_bed *b)
{
	struct fuzz_bed other;
	struct env env = fuzz_env();
	char *first = ctl_config_show(b->ctl), *second, *errors = NULL;

	FUZZ_CHECK(first != NULL);
	fuzz_bed_up(&other, &env);
	if (ctl_config_apply(other.ctl, "shown", first, &errors) != 0) {
		fprintf(stderr, "%s\n%s\n", first, errors);
		abort();
	}
	second = ctl_config_show(other.ctl);
	if (second == NULL || strcmp(first, second) != 0) {
		fprintf(stderr, "%s\n---\n%s\n", first, second);
		abort();
	}
	fuzz_bed_down(&other);
	free(first);
	free(second);
}

/* True: the line waits for a text that did not come. */
static bool
input_line(struct fuzz_bed *b, struct ctl_session *s, const char *line,
    char **rest)
{
	size_t want;
	char next;

	if (line[0] == '+') {
		fuzz_advance(b->stk, fuzz_wait_us((uint8_t)line[1]), 64);
		return false;
	}
	if (line[0] == '!') {
		b->refuse_ports = !b->refuse_ports;
		return false;
	}
	want = ctl_input(s, line, strlen(line));
	if (want > 0) {
		if (*rest == NULL || strlen(*rest) < want)
			return true;
		next = (*rest)[want];
		(*rest)[want] = '\0';
		ctl_input_text(s, *rest, want);
		(*rest)[want] = next;
		*rest += want;
	}
	stack_poll(b->stk, b->stk->now);
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bed b;
	struct env env = fuzz_env();
	struct ctl_session *s;
	char *text, *at, *line;

	if (size > 16384)
		return 0;
	fuzz_bed_up(&b, &env);
	fuzz_bed_config(&b, "port add tapa mac 02:00:00:00:00:01\n"
	    "addr add 10.0.0.1/24 dev tapa\n"
	    "service add tcp 10.0.0.100:80 sched rr\n"
	    "server add tcp 10.0.0.100:80 10.0.0.12:80 weight 2\n");
	s = ctl_open(b.ctl, emit, NULL);
	FUZZ_CHECK(s != NULL);
	at = text = fuzz_string(data, size);
	for (int i = 0; i < LINES_MAX && (line = strsep(&at, "\n")) != NULL;
	    i++) {
		if (input_line(&b, s, line, &at))
			break;
		drain_ports(b.stk);
	}
	free(text);
	fuzz_stack_check(b.stk);
	check_round_trip(&b);
	ctl_close(s);
	fuzz_bed_down(&b);
	return 0;
}
