/* errors.c - what is refused, and that nothing of the process changes: errors CHECKPOINT FLOATS DAMAGED
 * OTHER, of which CHECKPOINT takes uint8 rows and predicts classes, FLOATS takes float32 rows and predicts
 * values. */
#include <locale.h>
#include <math.h>
#include <signal.h>

#include "rows.h"

static void check_refused(enum ddp_status status, enum ddp_status expected, const char *part)
{
    const char *text = ddp_error_text();
    CHECK(status == expected);
    CHECK(strstr(text, part) && !strchr(text, '\n'));
}

static void check_file(const char *path, const char *part)
{
    struct ddp_model *m = (struct ddp_model *)"not NULL";
    check_refused(ddp_open(&m, path), DDP_ERROR_FILE, part);
    CHECK(!m && strstr(ddp_error_text(), path));
}

static void check_null(void)
{
    struct ddp_model *m = NULL;
    int64_t shape[DDP_MAX_RANK];
    check_refused(ddp_open(NULL, "file"), DDP_ERROR_ARGUMENT, "model is NULL");
    check_refused(ddp_open(&m, NULL), DDP_ERROR_ARGUMENT, "path is NULL");
    ddp_close(NULL);
    ddp_close(&m);
    CHECK(!ddp_get_feature_type(m) && !ddp_get_feature_count(m) && !ddp_get_shape(m, shape) &&
          !ddp_get_channel_count(m));
    CHECK(!ddp_get_mean(m) && !ddp_get_std(m) && !ddp_get_block_rows(m) && !ddp_get_task(m) &&
          !ddp_get_output_count(m) && !ddp_get_position_count(m) && !ddp_get_output_shape(m, shape));
    CHECK(!ddp_has_probabilities(m) && !ddp_get_parameter_count(m) && !ddp_get_name_count(m) &&
          !ddp_get_name(m, 0));
    CHECK(ddp_get_threshold(m) == 0);
}

static void check_classes(struct ddp_model *m)
{
    struct ddp_results none = {0}, labels = {.labels = (uint8_t[99]){0}}, values = {.values = (float[99]){0}};
    int64_t f = ddp_get_feature_count(m), class = 0;
    struct ddp_results classes = {.classes = &class};
    uint8_t *row = rows_allocate((size_t)f);
    float *floats = rows_allocate((size_t)f * sizeof(float));
    check_refused(ddp_run_uint8(NULL, 1, f, row, &classes), DDP_ERROR_ARGUMENT, "model is NULL");
    check_refused(ddp_run_uint8(m, 1, f, NULL, &classes), DDP_ERROR_ARGUMENT, "rows is NULL");
    check_refused(ddp_run_uint8(m, 1, f, row, NULL), DDP_ERROR_ARGUMENT, "results is NULL");
    check_refused(ddp_run_uint8(m, 1, f + 1, row, &classes), DDP_ERROR_ARGUMENT, "but the model takes");
    check_refused(ddp_run_uint8(m, -1, f, row, &classes), DDP_ERROR_ARGUMENT, "n is -1");
    check_refused(ddp_run_uint8(m, INT64_MAX, f, row, &classes), DDP_ERROR_ARGUMENT, "more than any memory");
    check_refused(ddp_run_float32(m, 1, f, floats, &classes), DDP_ERROR_ARGUMENT, "uint8");
    check_refused(ddp_run_uint8(m, 1, f, row, &labels), DDP_ERROR_ARGUMENT, "predicts classes");
    check_refused(ddp_run_uint8(m, 1, f, row, &values), DDP_ERROR_ARGUMENT, "predicts classes");
    CHECK(ddp_run_uint8(m, 0, f, NULL, &classes) == DDP_OK && ddp_run_uint8(m, 1, f, row, &none) == DDP_OK);
    CHECK(!ddp_get_name(m, -1) && !ddp_get_name(m, ddp_get_name_count(m)));
    free(row);
    free(floats);
}

static void check_floats(struct ddp_model *m)
{
    int64_t f = ddp_get_feature_count(m);
    float *rows = rows_allocate((size_t)(2 * f) * sizeof(float));
    struct ddp_results probabilities = {.probabilities = rows}, none = {0};
    check_refused(ddp_run_float32(m, 1, f, rows, &probabilities), DDP_ERROR_ARGUMENT, "no probabilities");
    check_refused(ddp_run_uint8(m, 1, f, (uint8_t *)rows, &none), DDP_ERROR_ARGUMENT, "float32");
    rows[f + 1] = NAN;
    check_refused(ddp_run_float32(m, 2, f, rows, &none), DDP_ERROR_DATA, "row 1 holds NaN (feature 1)");
    rows[f + 1] = -INFINITY;
    check_refused(ddp_run_float32(m, 2, f, rows, &none), DDP_ERROR_DATA, "row 1 holds Inf");
    free(rows);
}

int main(int argc, char **argv)
{
    struct ddp_model *m = NULL, *floats = NULL;
    struct sigaction before, after;
    CHECK(argc == 5 && ddp_error_text()[0] == '\0');
    setlocale(LC_ALL, ""); /* the test sets one with a decimal comma, where there is one */
    CHECK(!getenv("LOCPATH") || localeconv()->decimal_point[0] == ',');
    signal(SIGCHLD, SIG_IGN);
    sigaction(SIGCHLD, NULL, &before);
    check_null();
    check_file("/nowhere/missing.h5", "No such file");
    check_file("/", "is no regular file");
    check_file(argv[3], "is damaged");
    check_file(argv[4], "does not begin as a checkpoint");
    CHECK(ddp_open(&m, argv[1]) == DDP_OK && ddp_open(&floats, argv[2]) == DDP_OK);
    check_classes(m);
    check_floats(floats);
    ddp_close(&m);
    ddp_close(&floats);
    sigaction(SIGCHLD, NULL, &after);
    CHECK(!m && before.sa_handler == after.sa_handler && before.sa_flags == after.sa_flags);
    return 0;
}
