/*
 * ifc.h - packetdrill's in-process interface, as hopd declares it: a shared
 * object named by --so_filename exports packetdrill_interface_init(), which
 * fills this struct; packetdrill calls its members instead of the kernel's
 * system calls.
 *
 * Every member takes userdata first and answers like the libc call of its
 * name: -1 and errno on failure.  The order of the members is the contract.
 */
#ifndef HOPD_TESTS_PACKETDRILL_IFC_H
#define HOPD_TESTS_PACKETDRILL_IFC_H

#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>

struct packetdrill_interface {
	void *userdata;
	void (*free)(void *ud);		/* once, at the end */
	int (*socket)(void *ud, int domain, int type, int proto);
	int (*bind)(void *ud, int fd, const struct sockaddr *sa, socklen_t n);
	int (*listen)(void *ud, int fd, int backlog);
	int (*accept)(void *ud, int fd, struct sockaddr *sa, socklen_t *n);
	int (*connect)(void *ud, int fd, const struct sockaddr *sa,
	    socklen_t n);
	ssize_t (*read)(void *ud, int fd, void *buf, size_t len);
	ssize_t (*readv)(void *ud, int fd, const struct iovec *iov, int n);
	ssize_t (*recv)(void *ud, int fd, void *buf, size_t len, int flags);
	ssize_t (*recvfrom)(void *ud, int fd, void *buf, size_t len,
	    int flags, struct sockaddr *sa, socklen_t *n);
	ssize_t (*recvmsg)(void *ud, int fd, struct msghdr *msg, int flags);
	ssize_t (*write)(void *ud, int fd, const void *buf, size_t len);
	ssize_t (*writev)(void *ud, int fd, const struct iovec *iov, int n);
	ssize_t (*send)(void *ud, int fd, const void *buf, size_t len,
	    int flags);
	ssize_t (*sendto)(void *ud, int fd, const void *buf, size_t len,
	    int flags, const struct sockaddr *sa, socklen_t n);
	ssize_t (*sendmsg)(void *ud, int fd, const struct msghdr *msg,
	    int flags);
	int (*fcntl)(void *ud, int fd, int cmd, ...);
	int (*ioctl)(void *ud, int fd, unsigned long request, ...);
	int (*close)(void *ud, int fd);
	int (*shutdown)(void *ud, int fd, int how);
	int (*getsockopt)(void *ud, int fd, int level, int name, void *val,
	    socklen_t *len);
	int (*setsockopt)(void *ud, int fd, int level, int name,
	    const void *val, socklen_t len);
	int (*poll)(void *ud, struct pollfd *fds, nfds_t n, int timeout_ms);
	/* A packet into the stack, IP header first: 0 or -1. */
	int (*netdev_send)(void *ud, const void *buf, size_t len);
	/* The next packet out of the stack.  *len: room, then its bytes (0:
	 * none will come); *time_us: when it left, on gettimeofday's clock. */
	int (*netdev_receive)(void *ud, void *buf, size_t *len,
	    long long *time_us);
	int (*usleep)(void *ud, useconds_t us);
	int (*gettimeofday)(void *ud, struct timeval *tv, struct timezone *tz);
	int (*epoll_create)(void *ud, int size);
	int (*epoll_ctl)(void *ud, int ep, int op, int fd,
	    struct epoll_event *ev);
	int (*epoll_wait)(void *ud, int ep, struct epoll_event *ev, int max,
	    int timeout_ms);
	int (*pipe)(void *ud, int fds[2]);
	ssize_t (*splice)(void *ud, int in, loff_t *in_off, int out,
	    loff_t *out_off, size_t len, unsigned flags);
};

/* flags: the text of --so_flags, or NULL. */
__attribute__((visibility("default")))
void packetdrill_interface_init(const char *flags,
    struct packetdrill_interface *ifc);

#endif
