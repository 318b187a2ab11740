/*
 * tcp_judge.h - of each host's TCP, seen from its wires: it acknowledges what
 * arrived and nothing else.
 *
 * A stack's own tests share its arithmetic; the judge keeps books of its own
 * on the bytes that came in, per connection: up to where they are whole, and
 * the islands behind.  An ACK must not pass the first, a SACK block must lie
 * in one of the two (RFC 9293 3.4, RFC 2018 3; RFC 2883 4 for the block that
 * tells of a duplicate).  Nor may an ACK go back behind an earlier one, or take
 * back a window; and what came whole is ACKed within half a second, unless what
 * the stack sends does not get out (RFC 1122 4.2.3.2, RFC 9293 3.8.6).
 *
 * It sees connections from their SYN on, those that began while nodes were
 * settled (world_settled()): a SYN of another number is then that of the next
 * connection.  Not judged: what a node sends for others (routers, directors),
 * segments that were damaged or came in fragments, RSTs, whose ACK need not be
 * of a connection.
 */
#ifndef HOPD_SIM_TCP_JUDGE_H
#define HOPD_SIM_TCP_JUDGE_H

struct frame_view;
struct node;
struct tcp_judge;

/* The stack of n read that frame; it sends that frame. */
void tcp_judge_arrival(struct node *n, const struct frame_view *v);
void tcp_judge_sent(struct node *n, const struct frame_view *v);
/* Once in a while: has all been ACKed? */
void tcp_judge_audit(struct node *n);
/* Another life: nothing is known. */
void tcp_judge_forget(struct node *n);

#endif
