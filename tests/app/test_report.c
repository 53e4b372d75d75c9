/* The printed report of an evaluation is scikit-learn's, to the character (tests/reference/cases_report.py).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/report/report.h"
#include "check.h"
#include "core/log.h"
#include "core/mem.h"
#include "reference.h"

#define MOST_ROWS 32
#define MOST      4096 /* numbers of a case, and bytes of a line or name */

struct example {
    char kind[16];
    int digits, rows, samples;
    char names[MOST_ROWS][MOST];
    const char *pointers[MOST_ROWS];
    const char *const *row_names; /* or NULL */
    int32_t true_values[MOST], predicted[MOST];
};

static bool read_example(FILE *f, struct example *x)
{
    char line[MOST];
    int next;
    memset(x, 0, sizeof *x);
    if (fscanf(f, " case %15s %d %d %d ", x->kind, &x->digits, &x->rows, &x->samples) != 4) return false;
    int count = x->samples * (strcmp(x->kind, "labels") == 0 ? x->rows : 1);
    CHECK(x->rows <= MOST_ROWS && count <= MOST);
    for (int i = 0; (next = fgetc(f)) == '='; i++) {
        CHECK(fgetc(f) == ' ' && fgets(x->names[i], MOST, f));
        x->names[i][strcspn(x->names[i], "\n")] = '\0';
        x->pointers[i] = x->names[i];
        x->row_names = x->pointers;
    }
    ungetc(next, f);
    for (int i = 0; i < count; i++) CHECK(fscanf(f, "%d", &x->true_values[i]) == 1);
    for (int i = 0; i < count; i++) CHECK(fscanf(f, "%d", &x->predicted[i]) == 1);
    CHECK(fgets(line, sizeof line, f));
    return true;
}

/* One block of outputs that mean what was predicted. */
static struct scores *score(const struct example *x, struct loss *loss)
{
    static float outputs[MOST_ROWS * MOST], targets[MOST_ROWS * MOST];
    struct scores *s;
    int64_t totals;
    bool is_classes = strcmp(x->kind, "classes") == 0;
    int k_count = strcmp(x->kind, "binary") == 0 ? 1 : x->rows, n_count = x->samples;
    *loss = (struct loss){.output = is_classes ? OUTPUT_LOGITS : OUTPUT_LABEL_LOGITS,
                          .outputs = k_count,
                          .ignored = LOSS_IGNORES_NONE,
                          .threshold = 0.5f};
    for (int k = 0; k < k_count; k++)
        for (int n = 0; n < n_count; n++) {
            bool on = is_classes ? x->predicted[n] == k : x->predicted[n * k_count + k];
            outputs[k * n_count + n] = on ? 1 : -1;
            targets[k * n_count + n] = is_classes ? 0 : (float)x->true_values[n * k_count + k];
        }
    struct scores_spec spec = {.loss = loss, .blocks = 1, .lanes = n_count, .top_k = 1};
    struct loss_batch b = {.logits = outputs,
                           .classes = k_count,
                           .lanes = n_count,
                           .live = n_count,
                           .stride = n_count,
                           .labels = x->true_values,
                           .targets = targets,
                           .predicted = (int32_t *)(uintptr_t)x->predicted};
    CHECK_STATUS(scores_create(&s, &spec), STATUS_OK);
    scores_reset(s);
    scores_add(s, 0, &b, &(struct loss_sums){.weight = 1, .valid = n_count, .count = n_count});
    scores_fold(s, scores_totals(s, &totals));
    scores_finish(s);
    return s;
}

static void print(const struct example *x, const char *path)
{
    struct loss loss;
    struct scores *s = score(x, &loss);
    struct eval_event e = {
        .outputs = scores_outputs(s), .count = scores_samples(s), .correct = scores_correct(s), .scores = s};
    if (strcmp(x->kind, "binary") == 0)
        e.class_names = x->row_names;
    else
        e.output_names = x->row_names;
    CHECK_STATUS(log_open(path), STATUS_OK);
    report_eval(&e, x->digits);
    log_close();
    scores_destroy(&s);
}

/* The report stands between two lines of the program and nothing, as there are no metrics in the event. */
static void compare(FILE *f, FILE *printed, int number)
{
    char want[MOST], got[MOST];
    CHECK(fgets(got, sizeof got, printed) && strncmp(got, "accuracy", 8) == 0);
    CHECK(fgets(got, sizeof got, printed) && strcmp(got, "\n") == 0);
    while (fgets(want, sizeof want, f) && strcmp(want, "end\n") != 0) {
        bool same = fgets(got, sizeof got, printed) && strcmp(want + 1, got) == 0;
        if (!same) fprintf(stderr, "report %d: expected\n%sbut got\n%s", number, want + 1, got);
        CHECK(same);
    }
    CHECK(!fgets(got, sizeof got, printed));
}

static void test_reports(void)
{
    static struct example x;
    char path[] = "/tmp/ddp_train_report_XXXXXX";
    int descriptor = mkstemp(path), cases = 0;
    CHECK(descriptor >= 0);
    close(descriptor);
    FILE *f = reference_open("reports.txt");
    CHECK(f);
    log_enable(true);
    for (; f && read_example(f, &x); cases++) {
        CHECK(truncate(path, 0) == 0);
        print(&x, path);
        FILE *printed = fopen(path, "r");
        CHECK(printed);
        compare(f, printed, cases);
        fclose(printed);
    }
    CHECK(cases == 15);
    if (f) fclose(f);
    unlink(path);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_reports());
    return check_result();
}
