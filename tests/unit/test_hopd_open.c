/*
 * test_hopd_open.c - sockets and devices that the kernel refuses: no
 * descriptors left, something else in the place, no rights; and word to the
 * service manager, whoever hears it.
 *
 * Needs no root; what /dev/net/tun says is asked only where it can be opened.
 */
#include "unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hopd/listen.h"
#include "hopd/notify.h"
#include "hopd/tap_open.h"

#define FDS	64		/* more than the test has open */

/* ---- descriptors ---- */

static int held[FDS], holding;
static struct rlimit limit;

static void
hold_all(void)
{
	while ((held[holding] = dup(STDERR_FILENO)) >= 0)
		holding++;
	ck_assert_int_eq(errno, EMFILE);
}

/* From now on so many can be opened. */
static void
spare_fds(int spare)
{
	struct rlimit few;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	few = limit;
	few.rlim_cur = FDS;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &few), 0);
	hold_all();
	ck_assert_int_ge(holding, spare);
	while (spare-- > 0)
		close(held[--holding]);
}

/* As many as before; returns how many could still be opened. */
static int
release_fds(void)
{
	int before = holding, spare;

	hold_all();
	spare = holding - before;
	while (holding > 0)
		close(held[--holding]);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	return spare;
}

/* ---- listen ---- */

static char dir[32], path[64];

static void
setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/hopd-open-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

static struct sockaddr_un
place(void)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	memcpy(sun.sun_path, path, strlen(path) + 1);
	return sun;
}

/* A socket of this type in the place. */
static int
taken_by(int type)
{
	struct sockaddr_un sun = place();
	int fd = socket(AF_UNIX, type, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static void
refused(int r, const char *text)
{
	struct err err = { "" };
	struct listen_at at;

	ck_assert_int_eq(listen_open(path, &at, &err), r);
	ck_assert_msg(strstr(err.text, text) != NULL, "%s", err.text);
}

/* With fewer than three descriptors it says so, leaves nothing behind and
 * keeps none.  Bit 0: a stale socket is in the place. */
START_TEST(listen_without_descriptors)
{
	struct listen_at at;
	int fd = -1, spare;

	if (_i == 1)
		close(taken_by(SOCK_STREAM));
	for (spare = 0; fd < 0; spare++) {
		struct err err = { "" };

		spare_fds(spare);
		fd = listen_open(path, &at, &err);
		ck_assert_int_eq(release_fds(), fd < 0 ? spare : 1);
		if (fd >= 0)
			break;
		ck_assert_int_eq(fd, -EMFILE);
		ck_assert_ptr_nonnull(strstr(err.text,
		    "Too many open files"));
		ck_assert_int_eq(access(path, F_OK), _i == 1 ? 0 : -1);
	}
	ck_assert_int_eq(spare, 3);
	close(fd);
	listen_remove(&at);
	ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* It lives, though it takes nobody in just now. */
START_TEST(listen_beside_a_busy_one)
{
	struct sockaddr_un sun = place();
	int fd = taken_by(SOCK_STREAM), waiting[8], n = 0;

	ck_assert_int_eq(listen(fd, 1), 0);
	do {
		ck_assert_int_lt(n, 8);
		waiting[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	} while (connect(waiting[n++], (struct sockaddr *)&sun,
	    sizeof(sun)) == 0);
	ck_assert_int_eq(errno, EAGAIN);
	refused(-EADDRINUSE, "a hopd answers there already");
	ck_assert_int_eq(access(path, F_OK), 0);
	while (n > 0)
		close(waiting[--n]);
	close(fd);
}
END_TEST

/* What is no stream is not ours to remove. */
START_TEST(listen_beside_another_kind)
{
	int fd = taken_by(SOCK_DGRAM);

	refused(-EPROTOTYPE, "wrong type for socket");
	ck_assert_int_eq(access(path, F_OK), 0);
	close(fd);
	unlink(path);
	ck_assert_int_eq(symlink("/nonexistent", path), 0);
	refused(-EADDRINUSE, "exists and is not a socket");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused(-EADDRINUSE, "exists and is not a socket");
	rmdir(path);
}
END_TEST

START_TEST(listen_under_a_file)
{
	struct err err = { "" };
	struct listen_at at;
	char under[96];

	close(open(path, O_CREAT | O_WRONLY, 0600));
	snprintf(under, sizeof(under), "%s/t", path);
	ck_assert_int_eq(listen_open(under, &at, &err), -ENOTDIR);
	snprintf(under, sizeof(under), "%s: Not a directory", path);
	ck_assert_str_eq(err.text, under);
}
END_TEST

/* ---- notify ---- */

static void
heard(int fd, const char *want)
{
	char text[64];
	ssize_t n = recv(fd, text, sizeof(text), MSG_DONTWAIT);

	if (want == NULL) {
		ck_assert_int_eq(n, -1);
		return;
	}
	ck_assert_int_eq(n, (ssize_t)strlen(want));
	ck_assert_mem_eq(text, want, (size_t)n);
}

START_TEST(notify_reaches_a_path)
{
	char longer[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
	int fd = taken_by(SOCK_DGRAM);

	ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
	notify("READY=1");
	heard(fd, "READY=1");
	/* Without a descriptor, or another name: silence, and no harm. */
	spare_fds(0);
	notify("LOST=1");
	ck_assert_int_eq(release_fds(), 0);
	spare_fds(1);
	notify("STOPPING=1");
	ck_assert_int_eq(release_fds(), 1);
	heard(fd, "STOPPING=1");
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	setenv("NOTIFY_SOCKET", longer, 1);
	notify("LOST=1");
	setenv("NOTIFY_SOCKET", "", 1);
	notify("LOST=1");
	setenv("NOTIFY_SOCKET", "/nonexistent/x", 1);
	notify("LOST=1");
	unsetenv("NOTIFY_SOCKET");
	notify("LOST=1");
	heard(fd, NULL);
	close(fd);
}
END_TEST

/* "@NAME": no file, but a name that begins with a NUL. */
START_TEST(notify_reaches_an_abstract_name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char name[40];

	snprintf(name, sizeof(name), "@%s", dir);
	memcpy(sun.sun_path + 1, dir, strlen(dir));
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, (socklen_t)
	    (sizeof(sun.sun_family) + strlen(name))), 0);
	setenv("NOTIFY_SOCKET", name, 1);
	notify("READY=1");
	heard(fd, "READY=1");
	unsetenv("NOTIFY_SOCKET");
	close(fd);
}
END_TEST

/* ---- devices ---- */

static struct port_spec
device(const char *name, const char *netns)
{
	struct port_spec spec = { .l2 = true };

	snprintf(spec.name, sizeof(spec.name), "%s", name);
	snprintf(spec.netns, sizeof(spec.netns), "%s", netns);
	return spec;
}

static void
no_device(const char *name, const char *netns, int r, const char *text)
{
	struct port_spec spec = device(name, netns);
	struct err err = { "" };
	uint32_t offload;

	ck_assert_int_eq(tap_open(&spec, &offload, &err), r);
	ck_assert_str_eq(err.text, text);
}

START_TEST(names_of_no_device)
{
	static const char *const names[] = { "", ".", "..", "a/b", "tap%d",
	    "a b", "a:b", "a*" };
	char text[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "'%s': no name for a device",
		    names[i]);
		no_device(names[i], "", -EINVAL, text);
	}
	no_device("a\n", "", -EINVAL, "'a\\x0a': no name for a device");
	no_device("tapx", "a/b", -EINVAL,
	    "'a/b': expected a name in " NETNS_DIR);
	no_device("tapx", "..", -EINVAL,
	    "'..': expected a name in " NETNS_DIR);
	no_device("tapx", "hopd-no-such-one", -ENOENT,
	    "'hopd-no-such-one': no such network namespace");
}
END_TEST

START_TEST(devices_without_descriptors)
{
	spare_fds(0);
	no_device("tapx", "", -EMFILE, "'tapx': socket: Too many open files");
	no_device("tapx", "n", -EMFILE,
	    "/proc/self/ns/net: Too many open files");
	ck_assert_int_eq(release_fds(), 0);
	spare_fds(1);
	no_device("tapx", "", -EMFILE, "'tapx': cannot open /dev/net/tun: "
	    "Too many open files");
	no_device("tapx", "n", -EMFILE, "'n': cannot enter the network "
	    "namespace: Too many open files");
	ck_assert_int_eq(release_fds(), 1);
}
END_TEST

START_TEST(an_mtu_without_a_device)
{
	struct port_spec spec = device("hopd-none", "");
	struct err err = { "" };
	int r = tap_set_mtu(&spec, 1400, &err);

	/* Without rights the kernel does not even look. */
	ck_assert(r == -ENODEV || r == -EPERM);
	ck_assert_ptr_nonnull(strstr(err.text,
	    "'hopd-none': cannot set mtu '1400': "));
	spare_fds(0);
	ck_assert_int_eq(tap_set_mtu(&spec, 1400, &err), -EMFILE);
	ck_assert_str_eq(err.text,
	    "'hopd-none': socket: Too many open files");
	snprintf(spec.netns, sizeof(spec.netns), "n");
	ck_assert_int_eq(tap_set_mtu(&spec, 1400, &err), -EMFILE);
	ck_assert_int_eq(release_fds(), 0);
}
END_TEST

/* As nobody in particular: a device that is there, one that may not be. */
START_TEST(devices_without_rights)
{
	uid_t was = geteuid();
	int fd;

	if (was == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		no_device("lo", "", -EEXIST, "'lo': device exists already");
		spare_fds(2);
		no_device("hopd-none", "", -EPERM, "'hopd-none': cannot make "
		    "the device: Operation not permitted");
		ck_assert_int_eq(release_fds(), 2);
	}
	if (was == 0)
		ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("hopd_open");
	TCase *tc = tcase_create("sockets");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, listen_without_descriptors, 0, 2);
	tcase_add_test(tc, listen_beside_a_busy_one);
	tcase_add_test(tc, listen_beside_another_kind);
	tcase_add_test(tc, listen_under_a_file);
	tcase_add_test(tc, notify_reaches_a_path);
	tcase_add_test(tc, notify_reaches_an_abstract_name);
	suite_add_tcase(s, tc);
	tc = tcase_create("devices");
	tcase_add_test(tc, names_of_no_device);
	tcase_add_test(tc, an_mtu_without_a_device);
	tcase_add_test(tc, devices_without_rights);
	suite_add_tcase(s, tc);
	/* Valgrind keeps the limit itself: the kernel looks for the file
	 * first. */
	tc = tcase_create("limits");
	tcase_set_tags(tc, "limits");
	tcase_add_test(tc, devices_without_descriptors);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
