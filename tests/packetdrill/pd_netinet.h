/*
 * pd_netinet.h - <netinet/tcp.h> beside tcp/tcp.h: the two share two names,
 * which the system's header must lend out.
 */
#ifndef HOPD_TESTS_PACKETDRILL_PD_NETINET_H
#define HOPD_TESTS_PACKETDRILL_PD_NETINET_H

#include <netinet/in.h>

#define tcp_ca_state	system_tcp_ca_state
#define TCP_CA_CWR	SYSTEM_TCP_CA_CWR
#include <netinet/tcp.h>
#undef tcp_ca_state
#undef TCP_CA_CWR

/* FreeBSD's options that Linux has not, by numbers that nobody uses. */
#define PD_TCP_NOOPT	0x4608
#define PD_TCP_KEEPINIT	0x4680

#endif
