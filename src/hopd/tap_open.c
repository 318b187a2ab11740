/*
 * tap_open.c - makes a TAP or TUN device, in a network namespace if named.
 *
 * A descriptor of /dev/net/tun belongs to the namespace in which it was
 * opened, so the keeper steps into that namespace only for the open() and the
 * device's set-up, and back out before it returns.  The keeper has one thread;
 * nothing else runs in between.
 *
 * What it does not do: set the device up or give it an address.  The device's
 * far end belongs to the namespace, that is, to whoever lives there.
 *
 * Reading: Linux Documentation/networking/tuntap.rst, drivers/net/tun.c.
 */
#include "hopd/tap_open.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>

#include "port/tap.h"

/* Linux 6.2 brought them; older headers do not have the names. */
#ifndef TUN_F_USO4
#define TUN_F_USO4	0x20
#define TUN_F_USO6	0x40
#endif

/* What to ask for, best first. */
static const struct {
	unsigned tun;		/* TUN_F_* */
	uint32_t port;		/* PORT_* */
} offloads[] = {
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_USO4 | TUN_F_USO6,
	    PORT_CSUM | PORT_TSO4 | PORT_TSO6 | PORT_USO },
	{ TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6,
	    PORT_CSUM | PORT_TSO4 | PORT_TSO6 },
	{ TUN_F_CSUM, PORT_CSUM },
	{ 0, 0 },
};

static int
offload_set(int fd, uint32_t *offload)
{
	size_t n = sizeof(offloads) / sizeof(offloads[0]);

	for (size_t i = 0; i < n; i++) {
		if (ioctl(fd, TUNSETOFFLOAD, (unsigned long)offloads[i].tun)
		    == 0) {
			*offload = offloads[i].port;
			return 0;
		}
	}
	return -errno;
}

/* A name that the kernel would take, or expand ("%d"), is not enough. */
static int
spec_check(const struct port_spec *spec, struct err *err)
{
	const char *bad = "/:%* \t\n";

	if (spec->name[0] == '\0' || strpbrk(spec->name, bad) != NULL ||
	    strcmp(spec->name, ".") == 0 || strcmp(spec->name, "..") == 0)
		return err_set(err, -EINVAL, "'%s': no name for a device",
		    spec->name);
	if (strchr(spec->netns, '/') != NULL ||
	    strcmp(spec->netns, ".") == 0 || strcmp(spec->netns, "..") == 0)
		return err_set(err, -EINVAL,
		    "'%s': expected a name in " NETNS_DIR, spec->netns);
	return 0;
}

/* A locally administered unicast address. */
static int
mac_choose(struct mac *mac)
{
	if (getrandom(mac->b, sizeof(mac->b), 0) != sizeof(mac->b))
		return -EIO;
	mac->b[0] = (uint8_t)((mac->b[0] & ~0x01) | 0x02);
	return 0;
}

/* In the device's namespace. */
static int
device_mtu(int sock, const struct port_spec *spec, uint32_t mtu,
    struct err *err)
{
	struct ifreq ifr;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, spec->name, sizeof(ifr.ifr_name));
	ifr.ifr_mtu = (int)mtu;
	if (ioctl(sock, SIOCSIFMTU, &ifr) == -1)
		return err_set(err, -errno, "'%s': cannot set mtu '%u': %s",
		    spec->name, mtu, strerror(errno));
	return 0;
}

/*
 * The kernel ends the ring of a worker that was killed in the background, some
 * 25 ms after the worker, and until then its devices are there: who starts hopd
 * again at once must not be told that they exist already.
 */
static bool
device_stays(int sock, struct ifreq *ifr)
{
	const struct timespec step = { .tv_nsec = 5000000 };

	for (int i = 0; i < 20; i++) {
		if (ioctl(sock, SIOCGIFINDEX, ifr) == -1)
			return false;
		nanosleep(&step, NULL);
	}
	return true;
}

/* In the device's namespace: the descriptor is open, attach the device. */
static int
device_attach(int fd, int sock, const struct port_spec *spec,
    uint32_t *offload, struct err *err)
{
	struct ifreq ifr;
	int hlen = TAP_VNET_HLEN;
	int r;

	memset(&ifr, 0, sizeof(ifr));
	memcpy(ifr.ifr_name, spec->name, sizeof(ifr.ifr_name));
	/* TUNSETIFF would quietly join a persistent device. */
	if (device_stays(sock, &ifr))
		return err_set(err, -EEXIST, "'%s': device exists already%s%s",
		    spec->name, spec->netns[0] != '\0' ? " in netns " : "",
		    spec->netns);
	ifr.ifr_flags = (short)((spec->l2 ? IFF_TAP : IFF_TUN) | IFF_NO_PI |
	    IFF_VNET_HDR);
	if (ioctl(fd, TUNSETIFF, &ifr) == -1)
		return err_set(err, -errno, "'%s': cannot make the device: %s",
		    spec->name, strerror(errno));
	if (ioctl(fd, TUNSETVNETHDRSZ, &hlen) == -1)
		return err_set(err, -errno, "'%s': TUNSETVNETHDRSZ: %s",
		    spec->name, strerror(errno));
	if ((r = offload_set(fd, offload)) != 0)
		return err_set(err, r, "'%s': TUNSETOFFLOAD: %s", spec->name,
		    strerror(-r));
	return device_mtu(sock, spec, spec->mtu, err);
}

/* In the device's namespace. */
static int
device_make(const struct port_spec *spec, uint32_t *offload, struct err *err)
{
	int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int fd, r;

	if (sock == -1)
		return err_set(err, -errno, "'%s': socket: %s", spec->name,
		    strerror(errno));
	fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd == -1) {
		r = err_set(err, -errno, "'%s': cannot open /dev/net/tun: %s",
		    spec->name, strerror(errno));
	} else if ((r = device_attach(fd, sock, spec, offload, err)) != 0) {
		close(fd);
	}
	close(sock);
	return r != 0 ? r : fd;
}

/* Steps into the namespace; *home is the way back. */
static int
netns_enter(const char *name, int *home, struct err *err)
{
	char path[sizeof(NETNS_DIR) + 64];
	int fd, r = 0;

	*home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*home == -1)
		return err_set(err, -errno, "/proc/self/ns/net: %s",
		    strerror(errno));
	snprintf(path, sizeof(path), "%s/%s", NETNS_DIR, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		r = err_set(err, -ENOENT, "'%s': no such network namespace",
		    name);
	else if (fd == -1 || setns(fd, CLONE_NEWNET) == -1)
		r = err_set(err, -errno, "'%s': cannot enter the network "
		    "namespace: %s", name, strerror(errno));
	if (fd != -1)
		close(fd);
	if (r != 0)
		close(*home);
	return r;
}

/* A keeper lost in another namespace would make devices in it. */
static void
netns_leave(int home)
{
	if (setns(home, CLONE_NEWNET) == -1)
		abort();
	close(home);
}

int
tap_open(struct port_spec *spec, uint32_t *offload, struct err *err)
{
	int home, fd, r;

	if ((r = spec_check(spec, err)) != 0)
		return r;
	if (spec->mtu == 0)
		spec->mtu = TAP_MTU_DEFAULT;
	if (!spec->has_mac && (r = mac_choose(&spec->mac)) != 0)
		return err_set(err, r, "getrandom: %s", strerror(-r));
	spec->has_mac = true;
	if (spec->netns[0] == '\0')
		return device_make(spec, offload, err);
	if ((r = netns_enter(spec->netns, &home, err)) != 0)
		return r;
	fd = device_make(spec, offload, err);
	netns_leave(home);
	return fd;
}

int
tap_set_mtu(const struct port_spec *spec, uint32_t mtu, struct err *err)
{
	bool away = spec->netns[0] != '\0';
	int home = -1, sock, r;

	if (away && (r = netns_enter(spec->netns, &home, err)) != 0)
		return r;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock == -1) {
		r = err_set(err, -errno, "'%s': socket: %s", spec->name,
		    strerror(errno));
	} else {
		r = device_mtu(sock, spec, mtu, err);
		close(sock);
	}
	if (away)
		netns_leave(home);
	return r;
}
