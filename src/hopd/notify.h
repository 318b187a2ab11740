/*
 * notify.h - tells a service manager how we are (sd_notify's protocol: a
 * datagram to the socket named by NOTIFY_SOCKET).
 */
#ifndef HOPD_HOPD_NOTIFY_H
#define HOPD_HOPD_NOTIFY_H

/* "READY=1", "STOPPING=1", "STATUS=..."; nothing happens without a manager. */
void notify(const char *state);

#endif
