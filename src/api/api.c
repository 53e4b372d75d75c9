/* api.c - the functions of include/ddp_train.h: arguments are checked, and every call gets a workspace of its
 * own. */
#include "ddp_train.h"

#include <math.h>
#include <pthread.h>

#include "api/trained.h"
#include "core/mem.h"
#include "train/evaluation/predictions.h"

struct ddp_model {
    struct trained *trained;
    pthread_mutex_t mutex;  /* of the list */
    struct workspace *idle; /* a list */
};

const char *ddp_error_text(void)
{
    return status_text();
}

const char *ddp_version(void)
{
    return DDP_VERSION;
}

/* A failure of a file or of a model's memory, as its reader reports it. */
static enum ddp_status api_convert_status(enum status status)
{
    if (status == STATUS_OK) return DDP_OK;
    return status == STATUS_OTHER ? DDP_ERROR_SYSTEM : DDP_ERROR_FILE;
}

#define REFUSE(...) ((void)status_fail(STATUS_OTHER, __VA_ARGS__), DDP_ERROR_ARGUMENT)

static enum ddp_status api_open(struct ddp_model **model, const char *path, bool plain, const char *function)
{
    struct ddp_model *m = NULL;
    if (!model) return REFUSE("%s: model is NULL", function);
    *model = NULL;
    if (!path) return REFUSE("%s: path is NULL", function);
    if (mem_alloc(&m, 1, sizeof *m, "model") != STATUS_OK) return DDP_ERROR_SYSTEM;
    enum status status = trained_create(&m->trained, &m->idle, path, plain);
    if (status == STATUS_OK && pthread_mutex_init(&m->mutex, NULL) != 0)
        status = status_fail(STATUS_OTHER, "%s: no mutex can be made", path);
    if (status == STATUS_OK) {
        *model = m;
        return DDP_OK;
    }
    workspace_destroy(&m->idle);
    trained_destroy(&m->trained);
    mem_free(&m);
    return api_convert_status(status);
}

enum ddp_status ddp_open(struct ddp_model **model, const char *path)
{
    return api_open(model, path, false, "ddp_open");
}

enum ddp_status ddp_open_plain(struct ddp_model **model, const char *path)
{
    return api_open(model, path, true, "ddp_open_plain");
}

void ddp_close(struct ddp_model **model)
{
    if (!model || !*model) return;
    struct ddp_model *m = *model;
    for (struct workspace *w; (w = m->idle);) {
        m->idle = w->next;
        workspace_destroy(&w);
    }
    trained_destroy(&m->trained);
    pthread_mutex_destroy(&m->mutex);
    mem_free(model);
}

/* ---- queries ---- */

enum ddp_feature_type ddp_get_feature_type(const struct ddp_model *model)
{
    if (!model) return (enum ddp_feature_type)0;
    return model->trained->normal.type == FEATURE_U8 ? DDP_UINT8 : DDP_FLOAT32;
}

int64_t ddp_get_feature_count(const struct ddp_model *model)
{
    return model ? model->trained->features : 0;
}

int ddp_get_shape(const struct ddp_model *model, int64_t shape[DDP_MAX_RANK])
{
    if (!model || !shape) return 0;
    return shape_dims(model->trained->input, shape);
}

int64_t ddp_get_channel_count(const struct ddp_model *model)
{
    return model ? model->trained->normal.channels : 0;
}

const float *ddp_get_mean(const struct ddp_model *model)
{
    return model ? model->trained->normal.mean : NULL;
}

const float *ddp_get_std(const struct ddp_model *model)
{
    return model ? model->trained->normal.std : NULL;
}

int64_t ddp_get_block_rows(const struct ddp_model *model)
{
    return model ? model->trained->lanes : 0;
}

enum ddp_task ddp_get_task(const struct ddp_model *model)
{
    static const enum ddp_task tasks[] = {
        [TASK_CLASSES] = DDP_CLASSES, [TASK_LABELS] = DDP_LABELS, [TASK_VALUES] = DDP_VALUES};
    return model ? tasks[loss_task(&model->trained->loss)] : (enum ddp_task)0;
}

int64_t ddp_get_output_count(const struct ddp_model *model)
{
    return model ? model->trained->outputs : 0;
}

int64_t ddp_get_position_count(const struct ddp_model *model)
{
    return model ? model->trained->positions : 0;
}

int ddp_get_output_shape(const struct ddp_model *model, int64_t shape[DDP_MAX_RANK])
{
    if (!model || !shape) return 0;
    const struct trained *t = model->trained;
    return shape_dims(t->positions > 1 ? t->output : shape_flat(t->outputs), shape);
}

int ddp_has_probabilities(const struct ddp_model *model)
{
    return model && predictions_have_probabilities(&model->trained->loss);
}

double ddp_get_threshold(const struct ddp_model *model)
{
    return model ? model->trained->config.metrics_threshold : 0;
}

int64_t ddp_get_parameter_count(const struct ddp_model *model)
{
    return model ? model->trained->parameters : 0;
}

int64_t ddp_get_name_count(const struct ddp_model *model)
{
    return model ? model->trained->name_count : 0;
}

const char *ddp_get_name(const struct ddp_model *model, int64_t index)
{
    return index >= 0 && index < ddp_get_name_count(model) ? model->trained->names[index] : NULL;
}

/* ---- runs ---- */

/* Takes an idle workspace, or makes one. */
static enum status api_take_workspace(struct ddp_model *m, struct workspace **w)
{
    pthread_mutex_lock(&m->mutex);
    *w = m->idle;
    if (*w) m->idle = (*w)->next;
    pthread_mutex_unlock(&m->mutex);
    return *w ? STATUS_OK : workspace_create(w, m->trained);
}

static void api_return_workspace(struct ddp_model *m, struct workspace *w)
{
    pthread_mutex_lock(&m->mutex);
    w->next = m->idle;
    m->idle = w;
    pthread_mutex_unlock(&m->mutex);
}

static enum ddp_status api_check_results(const struct ddp_model *m, const struct ddp_results *r)
{
    enum ddp_task task = ddp_get_task(m);
    if (!r) return REFUSE("ddp_run: results is NULL");
    if (r->probabilities && !ddp_has_probabilities(m))
        return REFUSE("ddp_run: the loss %s gives no probabilities", m->trained->loss.ops->name);
    if ((r->classes && task != DDP_CLASSES) || (r->labels && task != DDP_LABELS) ||
        (r->values && task != DDP_VALUES))
        return REFUSE("ddp_run: this model predicts %s, ask for no other predictions",
                      task == DDP_CLASSES  ? "classes"
                      : task == DDP_LABELS ? "labels"
                                           : "values");
    return DDP_OK;
}

static enum ddp_status api_check_rows(const struct ddp_model *m, enum ddp_feature_type type, int64_t n,
                                      int64_t features, const void *rows)
{
    const struct trained *t = m->trained;
    if (ddp_get_feature_type(m) != type)
        return REFUSE("ddp_run: the features of this model are %s, call ddp_run_%s",
                      feature_type_name(t->normal.type), feature_type_name(t->normal.type));
    if (features != t->features)
        return REFUSE("ddp_run: rows have %lld features but the model takes %lld", (long long)features,
                      (long long)t->features);
    if (n < 0) return REFUSE("ddp_run: n is %lld", (long long)n);
    if (n > 0 && !rows) return REFUSE("ddp_run: rows is NULL");
    int64_t bytes;
    if (__builtin_mul_overflow(n, features * (int64_t)sizeof(float), &bytes))
        return REFUSE("ddp_run: %lld rows are more than any memory holds", (long long)n);
    return DDP_OK;
}

/* As a data file is checked; with `may_miss` NaN is a missing value. One pass over the exponents, which the compiler
 * vectorizes, before the place is sought. */
static enum ddp_status api_check_finite(int64_t n, int64_t features, const float *x, bool may_miss)
{
    int bad = 0;
    for (int64_t i = 0; i < n * features; i++) bad |= !isfinite(x[i]);
    if (!bad) return DDP_OK;
    int64_t i = 0;
    while (i < n * features && (isfinite(x[i]) || (may_miss && isnan(x[i])))) i++;
    if (i == n * features) return DDP_OK;
    (void)status_fail(STATUS_DATA, "ddp_run: row %lld holds %s (feature %lld)", (long long)(i / features),
                      isnan(x[i]) ? "NaN" : "Inf", (long long)(i % features));
    return DDP_ERROR_DATA;
}

/* What is derived from the outputs of `count` rows; those of the call's results begin at row `first`. */
static void api_derive(const struct trained *t, const struct ddp_results *r, int64_t first, int64_t count,
                       const float *outputs)
{
    const struct loss *l = &t->loss;
    int64_t at = first * t->outputs * t->positions;
    if (r->probabilities) predictions_find_probabilities(l, outputs, count, r->probabilities + at);
    if (r->classes) predictions_find_classes(l, outputs, count, r->classes + first * t->positions);
    if (r->labels) predictions_find_labels(l, outputs, count, r->labels + at);
    if (r->values) predictions_find_values(l, &t->targets, outputs, count, r->values + at);
}

static void api_run_rows(struct workspace *w, const struct trained *t, int64_t n, const char *rows,
                         const struct ddp_results *r)
{
    int64_t bytes = t->features * feature_bytes(t->normal.type);
    for (int64_t first = 0, count; first < n; first += count) {
        count = n - first < w->max_rows ? n - first : w->max_rows;
        float *outputs = r->outputs ? r->outputs + first * t->outputs * t->positions : w->outputs;
        workspace_run(w, t, count, rows + first * bytes, outputs);
        api_derive(t, r, first, count, outputs);
    }
}

static enum ddp_status api_run(struct ddp_model *m, enum ddp_feature_type type, int64_t n, int64_t features,
                               const void *rows, const struct ddp_results *r)
{
    struct workspace *w;
    if (!m) return REFUSE("ddp_run: model is NULL");
    enum ddp_status checked = api_check_results(m, r);
    if (checked == DDP_OK) checked = api_check_rows(m, type, n, features, rows);
    if (checked != DDP_OK) return checked;
    if (type == DDP_FLOAT32) checked = api_check_finite(n, features, rows, m->trained->normal.missing);
    if (checked != DDP_OK) return checked;
    if (api_take_workspace(m, &w) != STATUS_OK) return DDP_ERROR_SYSTEM;
    api_run_rows(w, m->trained, n, rows, r);
    api_return_workspace(m, w);
    return DDP_OK;
}

enum ddp_status ddp_run_uint8(struct ddp_model *model, int64_t n, int64_t features, const uint8_t *rows,
                              const struct ddp_results *results)
{
    return api_run(model, DDP_UINT8, n, features, rows, results);
}

enum ddp_status ddp_run_float32(struct ddp_model *model, int64_t n, int64_t features, const float *rows,
                                const struct ddp_results *results)
{
    return api_run(model, DDP_FLOAT32, n, features, rows, results);
}
