/* rank.c - areas under curves over the order of all scores, exact: pairs are counted, without bins.
 *
 * Sorting takes time in proportion to the number of samples, and nothing depends on the order in which the
 * scores come. */
#include <string.h>

#include "nn/scores/private.h"

#define DIGIT_BITS 11
#define DIGITS     (1 << DIGIT_BITS)

/* An unsigned integer that orders as the float does, with -0 equal to 0. */
static uint32_t rank_key(float score)
{
    uint32_t bits;
    score += 0.0f;
    memcpy(&bits, &score, sizeof bits);
    return bits >> 31 ? ~bits : bits | 0x80000000u;
}

void scores_keep(struct scores *s, int64_t label, float score, bool on)
{
    int64_t used = s->key_count[2 * label + on]++;
    s->keys[label * s->capacity + (on ? used : s->capacity - 1 - used)] = rank_key(score);
}

int64_t scores_ranked(const struct scores *s)
{
    return s->ranked;
}

const uint32_t *scores_keys(const struct scores *s, int64_t label, bool on, int64_t *count)
{
    *count = s->key_count[2 * label + on];
    const uint32_t *keys = s->keys + label * s->capacity;
    return on ? keys : keys + s->capacity - *count;
}

double *scores_rankings(struct scores *s, int64_t *count)
{
    *count = 2 * s->ranked;
    return s->rankings;
}

static void rank_sort_digit(const uint32_t *from, uint32_t *to, int64_t count, int shift)
{
    int64_t start[DIGITS + 1] = {0};
    for (int64_t i = 0; i < count; i++) start[(from[i] >> shift) % DIGITS + 1]++;
    for (int d = 1; d < DIGITS; d++) start[d] += start[d - 1];
    for (int64_t i = 0; i < count; i++) to[start[(from[i] >> shift) % DIGITS]++] = from[i];
}

/* Ascending, from the lowest digit to the highest; the result is in `scratch`. */
static const uint32_t *rank_sort(uint32_t *keys, uint32_t *scratch, int64_t count)
{
    rank_sort_digit(keys, scratch, count, 0);
    rank_sort_digit(scratch, keys, count, DIGIT_BITS);
    rank_sort_digit(keys, scratch, count, 2 * DIGIT_BITS);
    return scratch;
}

/* Returns how many keys at the end are equal to `key`. */
static int64_t rank_count_equal(const uint32_t *keys, int64_t count, uint32_t key)
{
    int64_t equal = 0;
    while (equal < count && keys[count - 1 - equal] == key) equal++;
    return equal;
}

/* From the largest score down. A pair of samples that are on and off counts 2 if the one that is on has
 * the larger score, and 1 if the scores are equal. Precision and recall have a point at every score that
 * occurs. */
static struct scores_ranking rank_areas(const uint32_t *on, int64_t on_count, const uint32_t *off,
                                        int64_t off_count)
{
    uint64_t pairs = 0;
    int64_t on_left = on_count, off_left = off_count;
    double area = 0;
    while (on_left > 0) {
        uint32_t key = on[on_left - 1];
        while (off_left > 0 && off[off_left - 1] > key) off_left--;
        int64_t equal_on = rank_count_equal(on, on_left, key),
                equal_off = rank_count_equal(off, off_left, key);
        on_left -= equal_on;
        off_left -= equal_off;
        pairs += (uint64_t)equal_on * (uint64_t)(2 * off_left + equal_off);
        double correct = (double)(on_count - on_left), all = correct + (double)(off_count - off_left);
        area += (double)equal_on * (correct / all);
    }
    double pairs_max = 2 * (double)on_count * (double)off_count;
    return (struct scores_ranking){.roc_auc = pairs_max > 0 ? (double)pairs / pairs_max : NAN,
                                   .average_precision = on_count ? area / (double)on_count : 0};
}

static int64_t rank_count_on(const struct scores *s, int64_t label)
{
    const struct scores_label *l = &s->labels[s->kind == SCORES_TWO_CLASSES ? 1 : label];
    return l->true_positive + l->false_negative;
}

void scores_rank(struct scores *s, int64_t label, uint32_t *keys, uint32_t *scratch)
{
    int64_t on = rank_count_on(s, label), off = s->counts[COUNT_SAMPLES] - on;
    const uint32_t *sorted_on = rank_sort(keys, scratch, on),
                   *sorted_off = rank_sort(keys + on, scratch + on, off);
    struct scores_ranking r = rank_areas(sorted_on, on, sorted_off, off);
    s->rankings[2 * label] = r.roc_auc;
    s->rankings[2 * label + 1] = r.average_precision;
}

struct scores_ranking scores_ranking(const struct scores *s, int64_t label)
{
    return (struct scores_ranking){s->rankings[2 * label], s->rankings[2 * label + 1]};
}
