/*
 * tap.c - virtio headers, and the frames behind them, as a device gives them.
 *
 * The input: one byte (bit 0: Ethernet), the header, the frame.  What the
 * parser takes must satisfy the invariants of base/pkt.h, survive being cut
 * into segments, and come out of the builder as it went in.
 */
#include "fuzz/fuzz.h"

#include <string.h>

#include "port/segment.h"
#include "port/tap.h"

static void
check_words(const struct pkt *pkt)
{
	if (pkt->gso_type != PKT_GSO_NONE) {
		FUZZ_CHECK(pkt->csum_needed);
		FUZZ_CHECK(pkt->gso_size > 0);
	}
	if (!pkt->csum_needed)
		return;
	FUZZ_CHECK(pkt->csum_start >= pkt->off);
	FUZZ_CHECK(pkt->csum_start + pkt->csum_offset + 2u <=
	    pkt->off + pkt->len);
}

/* What was built means the same when it is parsed again. */
static void
check_round_trip(struct pkt_pool *pool, const struct pkt *pkt, bool l2)
{
	uint8_t hdr[TAP_VNET_HLEN];
	struct pkt *copy = pkt_copy(pkt);

	FUZZ_CHECK(copy != NULL);
	tap_vnet_build(pkt, hdr);
	FUZZ_CHECK(tap_vnet_parse(hdr, copy, l2) == 0);
	FUZZ_CHECK(copy->csum_needed == pkt->csum_needed);
	FUZZ_CHECK(copy->gso_type == pkt->gso_type);
	if (pkt->csum_needed) {
		FUZZ_CHECK(copy->csum_start == pkt->csum_start);
		FUZZ_CHECK(copy->csum_offset == pkt->csum_offset);
	}
	if (pkt->gso_type != PKT_GSO_NONE)
		FUZZ_CHECK(copy->gso_size == pkt->gso_size);
	FUZZ_CHECK(memcmp(pkt_data(copy), pkt_data(pkt), pkt->len) == 0);
	pkt_free(copy);
	FUZZ_CHECK(pool->live == 1);
}

/* Segments hold every byte behind the headers, once. */
static void
check_segments(struct pkt *pkt, bool l2)
{
	struct segmenter s;
	uint32_t payload = 0;

	pkt->l3 = pkt->off + (l2 ? 14 : 0);
	if (segment_begin(&s, pkt) != 0)
		return;
	while (segment_more(&s)) {
		struct pkt *seg = segment_next(&s);

		FUZZ_CHECK(seg != NULL);
		FUZZ_CHECK(seg->gso_type == PKT_GSO_NONE);
		FUZZ_CHECK(seg->len > s.hlen || s.payload == 0);
		FUZZ_CHECK(seg->len - s.hlen <= pkt->gso_size);
		payload += seg->len - s.hlen;
		check_words(seg);
		if (seg->csum_needed)
			pkt_csum_complete(seg);
		pkt_free(seg);
	}
	FUZZ_CHECK(payload == s.payload);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mem mem = { 0 };
	struct pkt_pool pool;
	struct pkt *pkt;
	uint8_t hdr[TAP_VNET_HLEN];
	struct rd r = rd_init(data, size);
	bool l2 = rd_u8(&r) & 1;
	uint32_t len;

	rd_copy(&r, hdr, sizeof(hdr));
	if (r.bad || r.left > 65535)
		return 0;
	pkt_pool_init(&pool, &mem, 16, 4);
	pkt = pkt_alloc(&pool, PKT_LARGE_ROOM);
	FUZZ_CHECK(pkt != NULL);
	len = (uint32_t)r.left;
	rd_copy(&r, pkt_append(pkt, len), len);
	if (tap_vnet_parse(hdr, pkt, l2) == 0) {
		check_words(pkt);
		check_round_trip(&pool, pkt, l2);
		if (pkt->gso_type != PKT_GSO_NONE)
			check_segments(pkt, l2);
		else if (pkt->csum_needed)
			pkt_csum_complete(pkt);
	}
	pkt_free(pkt);
	pkt_pool_fini(&pool);
	FUZZ_CHECK(mem.live == 0);
	return 0;
}
