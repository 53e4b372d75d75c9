/* score_sets.h - what the tests of scores share: samples with outputs and targets, ranking, and how scores are
 * compared. */
#ifndef TESTS_NN_SCORE_SETS_H
#define TESTS_NN_SCORE_SETS_H

#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "nn/metrics/metric.h"
#include "nn/scores/private.h"

/* Metrics are quotients of integers, or sums of some hundred doubles whose rounding errors the reference
 * has too. */
#define BOUND 1e-12

/* Samples with their outputs, as one process would hold them. */
struct set {
    struct scores_spec spec;
    struct loss loss;
    int64_t samples;
    float *outputs, *targets; /* [N][K] */
    int32_t *labels;          /* [N] */
};

static inline void *memory(int64_t count, size_t size)
{
    void *v;
    CHECK_STATUS(mem_alloc(&v, (size_t)count + 1, size, "test"), STATUS_OK);
    return v;
}

static inline void rank_all(struct scores *const *of, int ranks)
{
    int64_t samples = scores_samples(of[0]);
    uint32_t *keys = memory(samples, sizeof *keys), *scratch = memory(samples, sizeof *scratch);
    for (int64_t k = 0; k < scores_ranked(of[0]); k++) {
        int64_t count, at = 0;
        for (int on = 1; on >= 0; on--)
            for (int r = 0; r < ranks; r++, at += count) {
                const uint32_t *part = scores_keys(of[r], k, on, &count);
                if (count) memcpy(keys + at, part, (size_t)count * sizeof *keys);
            }
        CHECK(at == samples);
        scores_rank(of[0], k, keys, scratch);
    }
    mem_free(&keys), mem_free(&scratch);
}

static inline bool is_same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Decided by integers, hence independent of the size of blocks. */
static inline bool is_exact(const struct metric *m)
{
    return m->ops->kinds != METRIC_OF(SCORES_VALUES) && m->average != AVERAGE_SAMPLES &&
           strcmp(m->name, "log_loss") != 0;
}

static inline void check_same(const struct scores *a, const struct scores *b, bool exact_only)
{
    struct metric list[METRIC_MAX];
    int count = metric_list(a, list);
    CHECK(count > 0);
    for (int i = 0; i < count; i++)
        if (is_exact(&list[i]) || !exact_only)
            CHECK(is_same(list[i].ops->value(a, list[i].average), list[i].ops->value(b, list[i].average)));
    if (!exact_only) CHECK(is_same(scores_loss_sums(a).loss, scores_loss_sums(b).loss));
}

static inline void free_set(struct set *set)
{
    float *std = (float *)set->spec.target_std;
    mem_free(&set->outputs), mem_free(&set->targets), mem_free(&set->labels), mem_free(&std);
}

/* A small generator of numbers in -1 .. 1. */
static inline double draw(void)
{
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(int64_t)(state >> 11) / 4503599627370496.0 - 1;
}

static inline struct set make_set(enum loss_output output, int64_t samples, int64_t outputs)
{
    struct set set = {.loss = {.output = output, .outputs = outputs, .threshold = 0.5f}, .samples = samples};
    set.outputs = memory(samples * outputs, sizeof *set.outputs);
    set.targets = memory(samples * outputs, sizeof *set.targets);
    set.labels = memory(samples, sizeof *set.labels);
    return set;
}

#endif
