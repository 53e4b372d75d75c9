/* Scores and metrics: against scikit-learn (tests/reference/metrics.txt), and the same digits however the
 * blocks are distributed. */
#include <string.h>

#include "check.h"
#include "nn/score_sets.h"
#include "reference.h"

#define MAX_RANKS 5

/* One block as a pass would hand it over, [K][stride] with dead lanes of noise. */
static void add_block(struct scores *s, const struct set *set, int64_t block, int64_t first, int64_t lanes)
{
    int64_t k_count = set->loss.outputs, live = set->samples - first < lanes ? set->samples - first : lanes,
            stride = lanes + 3;
    float *out = memory(k_count * stride, sizeof *out), *targets = memory(k_count * stride, sizeof *targets);
    int32_t *predicted = memory(lanes, sizeof *predicted);
    for (int64_t i = 0; i < k_count * stride; i++) out[i] = targets[i] = 1e9f;
    for (int64_t n = 0; n < live; n++)
        for (int64_t k = 0; k < k_count; k++) {
            const float *row = set->outputs + (first + n) * k_count;
            out[k * stride + n] = row[k];
            if (row[k] > row[predicted[n]]) predicted[n] = (int32_t)k;
            if (set->targets) targets[k * stride + n] = set->targets[(first + n) * k_count + k];
        }
    struct loss_batch b = {.logits = out,
                           .classes = k_count,
                           .lanes = lanes,
                           .live = live,
                           .stride = stride,
                           .labels = set->labels + first,
                           .targets = targets,
                           .predicted = predicted};
    struct loss_sums sums = {.loss = (double)first / 3, .weight = 1, .valid = live, .count = live};
    scores_add(s, block, &b, &sums);
    mem_free(&out), mem_free(&targets), mem_free(&predicted);
}

/* Evaluates the set as `ranks` ranks do; scores_destroy releases the result. */
static struct scores *evaluate(const struct set *set, int64_t lanes, int ranks)
{
    struct scores *of[MAX_RANKS] = {NULL};
    int64_t blocks = (set->samples + lanes - 1) / lanes, size;
    for (int r = 0; r < ranks; r++) {
        struct scores_spec spec = set->spec;
        spec.loss = &set->loss;
        int64_t first = blocks * r / ranks, end = blocks * (r + 1) / ranks;
        spec.blocks = end - first;
        spec.lanes = lanes;
        CHECK_STATUS(scores_create(&of[r], &spec), STATUS_OK);
        for (int round = 0; round < 2; round++) { /* nothing may be left of the evaluation before */
            scores_reset(of[r]);
            for (int64_t i = first; i < end; i++) add_block(of[r], set, i - first, i * lanes, lanes);
        }
    }
    int64_t *counts = scores_counts(of[0], &size);
    for (int r = 1; r < ranks; r++)
        for (int64_t i = 0; i < size; i++) counts[i] += scores_counts(of[r], &size)[i];
    double *totals = scores_totals(of[0], &size);
    for (int r = 0; r < ranks; r++) scores_fold(of[r], totals);
    scores_finish(of[0]);
    rank_all(of, ranks);
    for (int r = 1; r < ranks; r++) scores_destroy(&of[r]);
    return of[0];
}

/* Every metric of the kind has its reference, and every reference its metric. */
static void check_values(const struct reference_case *c, const struct scores *s)
{
    struct metric list[METRIC_MAX], found;
    int count = metric_list(s, list), compared = 0;
    for (int i = 0; i < count; i++) {
        const struct reference_array *want = reference_find(c, list[i].name);
        CHECK(metric_find(list[i].name, &found) && found.ops == list[i].ops &&
              found.average == list[i].average);
        double value = list[i].ops->value(s, list[i].average);
        CHECK(want != NULL);
        if (!want) continue;
        compared++;
        if (isnan(want->values[0])) {
            CHECK(isnan(value));
            continue;
        }
        CHECK_NEAR(value, want->values[0], BOUND * fmax(1, fabs(want->values[0])));
        if (!(fabs(value - want->values[0]) <= BOUND * fmax(1, fabs(want->values[0]))))
            fprintf(stderr, "  %s of a case of %s\n", list[i].name, c->name);
    }
    for (int i = 0; i < c->array_count; i++) compared -= metric_find(c->arrays[i].name, &found);
    CHECK(compared == 0);
}

static float *floats_of(const struct reference_array *a)
{
    if (!a) return NULL;
    float *out = memory(a->count, sizeof *out);
    for (int64_t i = 0; i < a->count; i++) out[i] = (float)a->values[i];
    return out;
}

static struct set set_of(const struct reference_case *c)
{
    const struct reference_array *outputs = reference_find(c, "outputs"),
                                 *labels = reference_find(c, "labels");
    struct set set = {.samples = outputs->dims[0],
                      .outputs = floats_of(outputs),
                      .targets = floats_of(reference_find(c, "targets"))};
    set.loss.outputs = outputs->dims[1];
    set.loss.output = (enum loss_output)reference_number(c, "output");
    set.spec.target_std = floats_of(reference_find(c, "std"));
    if (reference_find(c, "threshold")) set.loss.threshold = (float)reference_number(c, "threshold");
    if (reference_find(c, "top_k")) set.spec.top_k = (int64_t)reference_number(c, "top_k");
    if (reference_find(c, "ignore")) set.loss.ignored = (int64_t)reference_number(c, "ignore");
    set.labels = memory(set.samples, sizeof *set.labels);
    for (int64_t n = 0; labels && n < set.samples; n++) set.labels[n] = (int32_t)labels->values[n];
    return set;
}

static void check_set(const struct reference_case *c)
{
    static const int64_t sizes[] = {1, 7, 16, 64};
    struct set set = set_of(c);
    struct scores *whole = evaluate(&set, 16, 1);
    for (int i = 0; i < 4; i++) {
        struct scores *one = evaluate(&set, sizes[i], 1);
        check_values(c, one);
        check_same(whole, one, true);
        for (int ranks = 2; ranks <= MAX_RANKS; ranks++) {
            struct scores *many = evaluate(&set, sizes[i], ranks);
            check_same(one, many, false);
            scores_destroy(&many);
        }
        scores_destroy(&one);
    }
    scores_destroy(&whole);
    free_set(&set);
}

/* A confusion matrix times a factor has the same metrics; squares of its counts must not overflow. */
static void check_confusion_times(const struct reference_case *c, int64_t factor)
{
    const struct reference_array *confusion = reference_find(c, "confusion");
    int64_t k_count = confusion->dims[0], size;
    struct loss loss = {.output = OUTPUT_SCORES, .outputs = k_count};
    struct scores *s;
    CHECK_STATUS(scores_create(&s, &(struct scores_spec){.loss = &loss, .top_k = k_count}), STATUS_OK);
    int64_t *counts = scores_counts(s, &size);
    CHECK(size == COUNT_TASK + confusion->count);
    for (int64_t i = 0; i < confusion->count; i++) {
        int64_t count = (int64_t)confusion->values[i] * factor;
        counts[COUNT_TASK + i] = count;
        counts[COUNT_SAMPLES] += count;
        if (i % (k_count + 1) == 0) counts[COUNT_CORRECT] += count;
    }
    scores_finish(s);
    for (int i = 0; i < c->array_count; i++) {
        struct metric m;
        const struct reference_array *want = &c->arrays[i];
        if (want == confusion) continue;
        CHECK(metric_find(want->name, &m));
        if (isnan(want->values[0]))
            CHECK(isnan(m.ops->value(s, m.average)));
        else
            CHECK_NEAR(m.ops->value(s, m.average), want->values[0], BOUND);
    }
    scores_destroy(&s);
}

static void check_confusion(const struct reference_case *c)
{
    check_confusion_times(c, 1);
    check_confusion_times(c, (int64_t)1 << 40);
}

static void check_references(void)
{
    struct reference_case c;
    int confusions = 0, sets = 0;
    FILE *f = reference_open("metrics.txt");
    CHECK(f != NULL);
    if (!f) return;
    while (reference_next(f, &c)) {
        CHECK(c.array_count < REFERENCE_ARRAYS);
        bool confusion = strcmp(c.name, "confusion") == 0;
        (confusion ? check_confusion : check_set)(&c);
        confusion ? confusions++ : sets++;
        reference_free(&c);
    }
    fclose(f);
    CHECK(confusions >= 13 && sets >= 68);
}

/* The area by its definition: all pairs of samples that have the label and have not. */
static double count_pairs(const struct set *set)
{
    double pairs = 0, all = 0;
    for (int64_t i = 0; i < set->samples; i++)
        for (int64_t j = 0; j < set->samples; j++) {
            if (set->targets[i] == 0 || set->targets[j] == 1) continue;
            all++;
            pairs += set->outputs[i] > set->outputs[j] ? 1 : set->outputs[i] == set->outputs[j] ? 0.5 : 0;
        }
    return pairs / all;
}

/* Scores of every size, both zeros, infinities, and many equal ones. */
static void check_ranking(void)
{
    for (int round = 0; round < 20; round++) {
        struct set set = make_set(OUTPUT_LABEL_LOGITS, 400, 1);
        for (int64_t n = 0; n < set.samples; n++) {
            double size = round % 2 ? pow(10, 37 * draw()) : 1;
            set.outputs[n] = (float)(round < 10 ? draw() * size : rint(3 * draw()) * size);
            set.targets[n] = draw() > 0.2 * round / 10 ? 0.0f : 1.0f;
        }
        set.outputs[0] = -0.0f, set.outputs[1] = 0.0f, set.outputs[2] = INFINITY, set.outputs[3] = -INFINITY;
        struct scores *s = evaluate(&set, 64, 3);
        double area = scores_ranking(s, 0).roc_auc;
        CHECK_NEAR(area, count_pairs(&set), 1e-14);
        scores_destroy(&s);
        free_set(&set);
    }
}

/* Numbers that are far from 0 for their spread, and blocks that drift: the moments are those of two passes
 * over all. */
static void check_moments(void)
{
    struct set set = make_set(OUTPUT_VALUES, 20011, 1);
    double mean = 0, error_mean = 0, moment = 0, error_moment = 0, n = (double)set.samples;
    for (int64_t i = 0; i < set.samples; i++) {
        set.targets[i] = (float)(1e6 + draw() + (double)i / n);
        set.outputs[i] = (float)(set.targets[i] + 3e5 + draw());
        mean += ((double)set.targets[i] - 1e6) / n;
        error_mean += ((double)set.outputs[i] - (double)set.targets[i] - 3e5) / n;
    }
    for (int64_t i = 0; i < set.samples; i++) {
        double target = (double)set.targets[i] - 1e6 - mean;
        double error = (double)set.outputs[i] - (double)set.targets[i] - 3e5 - error_mean;
        moment += target * target;
        error_moment += error * error;
    }
    for (int64_t lanes = 1; lanes < 300; lanes = 3 * lanes + 2) {
        struct scores *s = evaluate(&set, lanes, 3);
        const struct scores_value *v = scores_values(s);
        CHECK_NEAR(v->target_moment, moment, 1e-11 * moment); /* 20 000 additions of rounding 1e-16 */
        CHECK_NEAR(v->error_moment, error_moment, 1e-11 * error_moment);
        CHECK_NEAR(v->error_mean, 3e5 + error_mean, 1e-11 * 3e5);
        scores_destroy(&s);
    }
    free_set(&set);
}

static void check_limits(void)
{
    struct scores *s;
    struct loss loss = {.output = OUTPUT_LOGITS, .outputs = SCORES_MAX_CLASSES + 1};
    struct scores_spec spec = {.loss = &loss};
    CHECK_STATUS(scores_create(&s, &spec), STATUS_CONFIG);
    CHECK(s == NULL);
    loss.output = OUTPUT_LABEL_LOGITS; /* labels and values have no confusion matrix */
    CHECK_STATUS(scores_create(&s, &spec), STATUS_OK);
    scores_destroy(&s);
    struct metric m;
    CHECK(!metric_find("accuracy_micro", &m) && !metric_find("", &m) && !metric_find("f1_", &m));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(check_references());
    CHECK_CASE(check_ranking());
    CHECK_CASE(check_moments());
    CHECK_CASE(check_limits());
    CHECK(mem_alive() == 0);
    return check_result();
}
