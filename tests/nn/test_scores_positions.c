/* test_scores_positions.c - labels for each position: counted in one run where no dead lanes lie between them, or
 * position by position. */
#include "nn/score_sets.h"

/* Scores of one block of `live` samples in rows of `row`, where each position has its label. */
static struct scores *evaluate_positions(struct set *set, int64_t live, int64_t row)
{
    int64_t k_count = set->loss.outputs, positions = set->samples / live, stride = positions * row;
    float *out = memory(k_count * stride, sizeof *out), *targets = memory(k_count * stride, sizeof *targets);
    int32_t *labels = memory(stride, sizeof *labels), *predicted = memory(stride, sizeof *predicted);
    for (int64_t i = 0; i < set->samples; i++) {
        int64_t at = i / live * row + i % live;
        labels[at] = set->labels[i];
        for (int64_t k = 0; k < k_count; k++) {
            out[k * stride + at] = set->outputs[i * k_count + k];
            targets[k * stride + at] = set->targets[i * k_count + k];
            if (out[k * stride + at] > out[predicted[at] * stride + at]) predicted[at] = (int32_t)k;
        }
    }
    struct loss_batch b = {.logits = out,
                           .classes = k_count,
                           .lanes = row,
                           .live = live,
                           .stride = stride,
                           .positions = positions,
                           .row = row,
                           .labels = labels,
                           .targets = targets,
                           .predicted = predicted};
    struct scores *s;
    struct scores_spec spec = {.samples = live, .blocks = 1, .lanes = live, .top_k = 2};
    double *totals;
    int64_t size;
    set->loss.positions = positions;
    spec.loss = &set->loss;
    CHECK_STATUS(scores_create(&s, &spec), STATUS_OK);
    scores_add(s, 0, &b, &(struct loss_sums){.weight = 1});
    totals = scores_totals(s, &size);
    scores_fold(s, totals);
    scores_finish(s);
    if (scores_ranked(s)) rank_all(&s, 1);
    mem_free(&out), mem_free(&targets), mem_free(&labels), mem_free(&predicted);
    return s;
}

/* Positions that lie side by side without dead lanes between them are counted in one run; the digits of classes and
 * labels are the same. */
static void check_positions(enum loss_output output, int64_t outputs)
{
    static const int64_t live[] = {1, 2, 7, 16};
    struct set set = make_set(output, 7 * 16 * 13, outputs);
    struct metric list[METRIC_MAX];
    bool values = output == OUTPUT_VALUES;
    set.loss.ignored = LOSS_IGNORES_NONE;
    for (int64_t i = 0; i < set.samples * outputs; i++) {
        set.outputs[i] = (float)rint(9 * draw());
        set.targets[i] = values ? (float)draw() : draw() > 0;
        set.labels[i / outputs] = (int32_t)(i % 11 % outputs);
    }
    for (int i = 0; i < 4; i++) {
        struct scores *run = evaluate_positions(&set, live[i], live[i]),
                      *rows = evaluate_positions(&set, live[i], live[i] + 3);
        CHECK(scores_samples(run) == set.samples);
        if (!values) check_same(run, rows, false);
        for (int m = metric_list(run, list) - 1; m >= 0 && values; m--) {
            double want = list[m].ops->value(rows, list[m].average);
            CHECK_NEAR(list[m].ops->value(run, list[m].average), want, BOUND * fmax(1, fabs(want)));
        }
        scores_destroy(&run), scores_destroy(&rows);
    }
    free_set(&set);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_positions(OUTPUT_LOGITS, 3));
    CHECK_CASE(check_positions(OUTPUT_LOGITS, 2));
    CHECK_CASE(check_positions(OUTPUT_LABEL_LOGITS, 3));
    CHECK_CASE(check_positions(OUTPUT_LABEL_PROBS, 1));
    CHECK_CASE(check_positions(OUTPUT_VALUES, 2));
    CHECK(mem_alive() == 0);
    return check_result();
}
