/*
 * record.h - what all ports of a world see, in one pcap file, by the stack's
 * own capture (port/capture.h).  A frame stands where it left and where it
 * arrived.
 */
#ifndef HOPD_SIM_RECORD_H
#define HOPD_SIM_RECORD_H

struct recorder;
struct wire_end;
struct world;

/* From now on, into the file at path; NULL: it cannot be written. */
struct recorder *record_start(struct world *w, const char *path);
/* Ends it; after world_free(). */
void record_free(struct recorder *r);
/* A port came up meanwhile. */
void record_end(struct recorder *r, struct wire_end *end);

#endif
