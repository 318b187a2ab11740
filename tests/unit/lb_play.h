/*
 * lb_play.h - plays a record of what the kernel's IPVS did to hopd.
 * tests/data/lb/README says what a record looks like.
 */
#ifndef HOPD_TESTS_LB_PLAY_H
#define HOPD_TESTS_LB_PLAY_H

/* Plays tests/data/lb/NAME; the first answer that differs fails the test. */
void lb_play(const char *name);

#endif
