/*
 * test_hopctl.c - what hopctl prints: tables and JSON, byte for byte; files
 * that are there whole or not at all.
 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hopctl/file.h"
#include "hopctl/pcap.h"
#include "hopctl/render.h"

static char *
table(enum object object, const char *json)
{
	json_error_t error;
	json_t *rows = json_loads(json, 0, &error);
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	ck_assert_msg(rows != NULL, "%s", error.text);
	render_table(out, object, rows);
	fclose(out);
	json_decref(rows);
	return text;
}

static const struct {
	enum object object;
	const char *json, *text;
} tables[] = {
	{ OBJ_NEIGH,
	    "[{\"ip\":\"10.0.0.9\",\"dev\":\"tapc\",\"state\":\"REACHABLE\","
	    "\"mac\":\"02:00:00:00:00:09\",\"used_s\":3,\"held\":0},"
	    "{\"ip\":\"10.0.0.10\",\"dev\":\"tapc\",\"state\":\"FAILED\","
	    "\"used_s\":120,\"held\":16}]",
	    "IP         DEV   MAC                STATE      USED  HELD\n"
	    "10.0.0.9   tapc  02:00:00:00:00:09  REACHABLE     3     0\n"
	    "10.0.0.10  tapc                     FAILED      120    16\n" },
	{ OBJ_CONN,
	    "[{\"protocol\":\"tcp\",\"expires_s\":7199,"
	    "\"state\":\"ESTABLISHED\",\"mode\":\"nat\","
	    "\"client\":{\"address\":\"10.0.0.2\",\"port\":40000},"
	    "\"virtual\":{\"address\":\"10.0.0.100\",\"port\":80},"
	    "\"server\":{\"address\":\"10.0.1.11\",\"port\":8080}}]",
	    "PROTO  EXPIRE  STATE        CLIENT          VIRTUAL        "
	    "SERVER          MODE\n"
	    "tcp    119:59  ESTABLISHED  10.0.0.2:40000  10.0.0.100:80  "
	    "10.0.1.11:8080  nat\n" },
	{ OBJ_DROPS,
	    "[{\"reason\":\"ip-ttl\",\"count\":12,\"help\":\"TTL ran out\"}]",
	    "COUNT  REASON  MEANING\n"
	    "   12  ip-ttl  TTL ran out\n" },
	{ OBJ_LIMITS,
	    "[{\"limit\":\"routes\",\"value\":2000000,\"used\":3,"
	    "\"help\":\"many\"},"
	    "{\"limit\":\"x\",\"value\":1,\"help\":\"one\"}]",
	    "LIMIT     VALUE  USED  MEANING\n"
	    "routes  2000000     3  many\n"
	    "x             1        one\n" },
	{ OBJ_STATS,
	    "[{\"room\":\"ip\",\"counter\":\"sent\",\"value\":5}]",
	    "ROOM  COUNTER  VALUE\n"
	    "ip    sent         5\n" },
	{ OBJ_SUMMARY, "[{\"ports\":2,\"note\":\"x\"}]",
	    "ports        2\n"
	    "note         x\n" },
	{ OBJ_CONN, "[]", "" },
};

START_TEST(tables_in_columns)
{
	char *text = table(tables[_i].object, tables[_i].json);

	ck_assert_str_eq(text, tables[_i].text);
	free(text);
}
END_TEST

/* A busy director has a hundred thousand of them: that is a second or two, not
 * a quarter of an hour. */
START_TEST(a_long_table_is_quick)
{
	json_t *rows = json_array(), *one = json_pack("{s:s,s:s}", "protocol",
	    "tcp", "state", "ESTABLISHED");
	char *text;
	size_t size, lines = 0;
	FILE *out = open_memstream(&text, &size);

	for (int i = 0; i < 100000; i++)
		json_array_append(rows, one);
	render_table(out, OBJ_CONN, rows);
	fclose(out);
	for (const char *p = text; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	ck_assert_uint_eq(lines, 100001);
	free(text);
	json_decref(one);
	json_decref(rows);
}
END_TEST

START_TEST(json_is_one_array)
{
	static const char *const pairs[][2] = {
		{ "[]", "[]\n" },
		{ "[{\"b\":1,\"a\":\"x\"}, \"line\"]",
		    "[\n{\"b\":1,\"a\":\"x\"},\n\"line\"\n]\n" },
	};

	for (size_t i = 0; i < 2; i++) {
		json_t *rows = json_loads(pairs[i][0], 0, NULL);
		char *text;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		render_json(out, rows);
		fclose(out);
		ck_assert_str_eq(text, pairs[i][1]);
		free(text);
		json_decref(rows);
	}
}
END_TEST

START_TEST(files_whole_or_not_at_all)
{
	char dir[] = "/tmp/hopctl-test-XXXXXX", path[64], tmp[72];
	struct file_writer w;
	struct err err = { "" };
	struct stat st;
	char *text;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/f", dir);
	snprintf(tmp, sizeof(tmp), "%s.tmp", path);
	ck_assert_ptr_null(file_read(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));

	ck_assert_int_eq(file_begin(&w, path, &err), 0);
	fprintf(w.out, "a\n");
	ck_assert_int_eq(stat(path, &st), -1);
	ck_assert_int_eq(file_end(&w, true, &err), 0);
	text = file_read(path, &err);
	ck_assert_str_eq(text, "a\n");
	free(text);

	/* Given up: the old one stays, nothing is left behind. */
	ck_assert_int_eq(file_begin(&w, path, &err), 0);
	fprintf(w.out, "b\n");
	ck_assert_int_eq(file_end(&w, false, &err), 0);
	ck_assert_int_eq(stat(tmp, &st), -1);
	text = file_read(path, &err);
	ck_assert_str_eq(text, "a\n");
	free(text);

	ck_assert_int_eq(file_begin(&w, path, &err), 0);
	fwrite("a\0b", 1, 3, w.out);
	ck_assert_int_eq(file_end(&w, true, &err), 0);
	ck_assert_ptr_null(file_read(path, &err));
	ck_assert_ptr_nonnull(strstr(err.text, ":1: a NUL"));
	unlink(path);
	rmdir(dir);
	ck_assert_int_ne(file_begin(&w, path, &err), 0);
}
END_TEST

START_TEST(pcap_pieces_to_bytes)
{
	char path[] = "/tmp/hopctl-pcap-XXXXXX";
	uint8_t got[16];
	struct pcap_out p;
	struct err err;
	FILE *in;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	ck_assert_int_eq(pcap_open(&p, path, 2, &err), 0);
	ck_assert(pcap_write(&p, "AAECAw=="));
	ck_assert(pcap_write(&p, "/+8="));
	/* The header and two records: that was it. */
	ck_assert(!pcap_write(&p, "YWJjZA=="));
	pcap_close(&p);
	in = fopen(path, "r");
	ck_assert_uint_eq(fread(got, 1, sizeof(got), in), 10);
	ck_assert_mem_eq(got, "\0\1\2\3\377\357abcd", 10);
	fclose(in);
	unlink(path);
	ck_assert_int_lt(pcap_open(&p, "/nonexistent/x", 0, &err), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hopctl");
	TCase *t = tcase_create("hopctl");

	tcase_add_loop_test(t, tables_in_columns, 0,
	    (int)(sizeof(tables) / sizeof(tables[0])));
	tcase_add_test(t, a_long_table_is_quick);
	tcase_add_test(t, json_is_one_array);
	tcase_add_test(t, pcap_pieces_to_bytes);
	tcase_add_test(t, files_whole_or_not_at_all);
	suite_add_tcase(s, t);
	return unit_main(s);
}
