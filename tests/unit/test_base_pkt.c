/*
 * test_base_pkt.c - the packet pool and its bounds, copies that keep every
 * offset, checksums over borrowed payload, queues.
 */
#include "unit/unit.h"

#include <string.h>

#include "base/csum.h"
#include "base/cursor.h"
#include "base/rng.h"

static struct mem mem;
static struct pkt_pool pool;

static void
setup(void)
{
	mem = (struct mem){ 0 };
	pkt_pool_init(&pool, &mem, 4, 2);
}

static void
teardown(void)
{
	pkt_pool_fini(&pool);
	ck_assert_uint_eq(mem.live, 0);
	ck_assert_uint_eq(mem.live_bytes, 0);
}

START_TEST(pool_is_lazy_and_bounded)
{
	struct pkt *p[5];

	ck_assert_uint_eq(mem.live, 0);
	for (int i = 0; i < 4; i++) {
		p[i] = pkt_alloc(&pool, 100);
		ck_assert_ptr_nonnull(p[i]);
		ck_assert_uint_eq(mem.live, (uint64_t)i + 1);
	}
	ck_assert_ptr_null(pkt_alloc(&pool, 100));
	ck_assert_uint_eq(pool.exhausted, 1);
	p[4] = pkt_alloc(&pool, 2000);		/* large ones are apart */
	ck_assert_ptr_nonnull(p[4]);
	ck_assert_uint_eq(pool.live, 5);
	for (int i = 0; i < 5; i++)
		pkt_free(p[i]);
	ck_assert_uint_eq(pool.live, 0);
	ck_assert_uint_eq(mem.live, 5);		/* kept for the next */
}
END_TEST

START_TEST(last_freed_is_first_used)
{
	struct pkt *a = pkt_alloc(&pool, 0), *b = pkt_alloc(&pool, 0);

	pkt_free(a);
	pkt_free(b);
	ck_assert_ptr_eq(pkt_alloc(&pool, 0), b);
	ck_assert_ptr_eq(pkt_alloc(&pool, 0), a);
	pkt_free(a);
	pkt_free(b);
}
END_TEST

START_TEST(room_decides_the_size)
{
	struct pkt *p = pkt_alloc(&pool, PKT_SMALL - PKT_HEADROOM);

	ck_assert_uint_eq(p->size, PKT_SMALL);
	ck_assert_uint_eq(pkt_headroom(p), PKT_HEADROOM);
	ck_assert_uint_eq(pkt_tailroom(p), PKT_SMALL - PKT_HEADROOM);
	pkt_free(p);
	p = pkt_alloc(&pool, PKT_SMALL - PKT_HEADROOM + 1);
	ck_assert_uint_eq(p->size, PKT_LARGE);
	ck_assert_uint_ge(pkt_tailroom(p), PKT_LARGE_ROOM);
	pkt_free(p);
	ck_assert_ptr_null(pkt_alloc(&pool, PKT_LARGE_ROOM + 1));
}
END_TEST

START_TEST(reuse_forgets_everything)
{
	struct pkt *p = pkt_alloc(&pool, 0);

	pkt_append(p, 50);
	pkt_pull(p, 10);
	p->l3 = p->l4 = 5;
	p->csum_needed = p->forwarded = p->l2_group = true;
	p->gso_type = PKT_GSO_UDP;
	p->mark = p->info = 7;
	p->ref_len = 1;
	pkt_free(p);
	p = pkt_alloc(&pool, 0);
	ck_assert_uint_eq(pkt_len(p), 0);
	ck_assert_uint_eq(p->off, PKT_HEADROOM);
	ck_assert_uint_eq(p->l3, PKT_NO_OFF);
	ck_assert_uint_eq(p->l4, PKT_NO_OFF);
	ck_assert(!p->csum_needed && !p->forwarded && !p->l2_group);
	ck_assert_uint_eq(p->gso_type + p->mark + p->info, 0);
	pkt_free(p);
}
END_TEST

START_TEST(allocation_failure)
{
	struct pkt *p;

	mem.fail_at = 1;
	ck_assert_ptr_null(pkt_alloc(&pool, 0));
	ck_assert_uint_eq(pool.live, 0);
	ck_assert_uint_eq(pool.small_made, 0);
	p = pkt_alloc(&pool, 0);
	ck_assert_ptr_nonnull(p);
	pkt_free(p);
}
END_TEST

/* A large packet with a pulled header and borrowed payload, as TCP makes. */
static struct pkt *
borrowing(const struct iovec *iov, uint32_t n)
{
	struct pkt *p = pkt_alloc(&pool, 3000);

	ck_assert_ptr_nonnull(p);
	memcpy(pkt_append(p, 30), "IIIIIIIIIITTTTTTTTTTTTTTTTTTTT", 30);
	p->l3 = p->off;
	pkt_pull(p, 10);
	p->l4 = p->csum_start = p->off;
	p->csum_offset = 16;
	p->csum_needed = true;
	p->gso_type = PKT_GSO_TCP4;
	p->gso_size = 100;
	p->mark = 77;
	p->ref = iov;
	p->nref = n;
	for (uint32_t i = 0; i < n; i++)
		p->ref_len += (uint32_t)iov[i].iov_len;
	return p;
}

START_TEST(copy_keeps_offsets)
{
	char abc[] = "abc", de[] = "de";
	struct iovec iov[2] = { { abc, 3 }, { de, 2 } };
	struct pkt *p = borrowing(iov, 2), *c = pkt_copy(p);

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(c->size, PKT_SMALL);
	ck_assert_uint_eq(c->nref, 0);
	ck_assert_uint_eq(pkt_len(c), pkt_len(p));
	ck_assert_uint_eq(c->len, 25);
	ck_assert_mem_eq(pkt_data(c), "TTTTTTTTTTTTTTTTTTTTabcde", 25);
	ck_assert_mem_eq(c->buf + c->l3, "IIIIIIIIIIT", 11);
	ck_assert_uint_eq(c->l4, c->off);
	ck_assert_uint_eq(c->csum_start, c->off);
	ck_assert_uint_eq(c->csum_offset, 16);
	ck_assert(c->csum_needed);
	ck_assert_uint_eq(c->gso_type, PKT_GSO_TCP4);
	ck_assert_uint_eq(c->gso_size, 100);
	ck_assert_uint_eq(c->mark, 77);
	pkt_free(p);
	pkt_free(c);
}
END_TEST

START_TEST(keep_moves_to_a_small_one)
{
	char abc[] = "abc";
	struct iovec iov[1] = { { abc, 3 } };
	struct pkt *p = pkt_alloc(&pool, 0);

	ck_assert_ptr_eq(pkt_keep(p), p);	/* is small already */
	pkt_free(p);
	p = pkt_keep(borrowing(iov, 1));
	ck_assert_uint_eq(p->size, PKT_SMALL);
	ck_assert_uint_eq(pool.live, 1);
	ck_assert_mem_eq(pkt_data(p) + 20, "abc", 3);
	pkt_free(p);
	p = pkt_alloc(&pool, PKT_LARGE_ROOM);
	pkt_append(p, 5000);			/* fits no small one */
	ck_assert_ptr_eq(pkt_keep(p), p);
	pkt_free(p);
}
END_TEST

START_TEST(keep_without_memory_frees)
{
	struct pkt *p[4], *large = pkt_alloc(&pool, PKT_LARGE_ROOM);

	for (int i = 0; i < 4; i++)
		p[i] = pkt_alloc(&pool, 0);
	ck_assert_ptr_null(pkt_keep(large));
	ck_assert_uint_eq(pool.live, 4);
	for (int i = 0; i < 4; i++)
		pkt_free(p[i]);
}
END_TEST

/* Borrowed pieces of odd and even lengths, against one flat sum. */
START_TEST(csum_over_borrowed_payload)
{
	uint8_t seed[RNG_SEED_LEN] = { 8 }, flat[400], data[300];
	struct rng r;

	rng_init(&r, seed);
	for (int round = 0; round < 500; round++) {
		struct iovec iov[3];
		struct pkt *p = pkt_alloc(&pool, 0);
		uint32_t at = 0, head = 18 + rng_below(&r, 20);
		uint8_t *h = pkt_append(p, head);

		rng_bytes(&r, h, head);
		rng_bytes(&r, data, sizeof(data));
		for (int i = 0; i < 3; i++) {
			iov[i].iov_base = data + at;
			iov[i].iov_len = rng_below(&r, 100);
			at += (uint32_t)iov[i].iov_len;
		}
		memcpy(flat, h, head);
		memcpy(flat + head, data, at);
		p->ref = iov;
		p->nref = 3;
		p->ref_len = at;
		p->csum_needed = true;
		p->csum_start = p->off;
		p->csum_offset = 16;
		pkt_csum_complete(p);
		ck_assert(!p->csum_needed);
		ck_assert_uint_eq(be16_get(h + 16),
		    csum_finish(csum_add(0, flat, head + at)));
		pkt_free(p);
	}
}
END_TEST

/* RFC 768: a computed zero is sent as all ones. */
START_TEST(udp_csum_is_never_zero)
{
	struct pkt *p = pkt_alloc(&pool, 0);
	uint8_t *h = pkt_append(p, 8);

	memset(h, 0, 8);
	be16_put(h, 0xfff0);
	be16_put(h + 6, 0x000f);
	p->csum_needed = true;
	p->csum_start = p->off;
	p->csum_offset = 6;
	pkt_csum_complete(p);
	ck_assert_uint_eq(be16_get(h + 6), 0xffff);
	pkt_free(p);
}
END_TEST

START_TEST(queue_is_first_in_first_out)
{
	struct pkt *a = pkt_alloc(&pool, 0), *b = pkt_alloc(&pool, 0);
	struct pkt_queue q;

	pkt_queue_init(&q);
	ck_assert_ptr_null(pkt_queue_get(&q));
	pkt_queue_put(&q, a);
	pkt_queue_put(&q, b);
	ck_assert_uint_eq(q.count, 2);
	ck_assert_ptr_eq(pkt_queue_get(&q), a);
	pkt_queue_put(&q, a);
	ck_assert_ptr_eq(pkt_queue_get(&q), b);
	ck_assert_ptr_eq(pkt_queue_get(&q), a);
	ck_assert_ptr_null(pkt_queue_get(&q));
	pkt_queue_put(&q, a);
	pkt_queue_put(&q, b);
	pkt_queue_flush(&q);
	ck_assert_uint_eq(q.count, 0);
	ck_assert_uint_eq(pool.live, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base_pkt");
	TCase *tc = tcase_create("pkt");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, pool_is_lazy_and_bounded);
	tcase_add_test(tc, last_freed_is_first_used);
	tcase_add_test(tc, room_decides_the_size);
	tcase_add_test(tc, reuse_forgets_everything);
	tcase_add_test(tc, allocation_failure);
	tcase_add_test(tc, copy_keeps_offsets);
	tcase_add_test(tc, keep_moves_to_a_small_one);
	tcase_add_test(tc, keep_without_memory_frees);
	tcase_add_test(tc, csum_over_borrowed_payload);
	tcase_add_test(tc, udp_csum_is_never_zero);
	tcase_add_test(tc, queue_is_first_in_first_out);
	suite_add_tcase(s, tc);
	return unit_main(s);
}
