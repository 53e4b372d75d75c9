/* trained.c - opens a checkpoint and runs rows: all that the library uses of the layers below. */
#include "api/trained.h"

#include <assert.h>
#include <locale.h>

#include "app/config/options.h"
#include "core/mem.h"
#include "math/blas.h"
#include "math/kernels.h"
#include "train/build.h"

/* ---- workspaces ---- */

/* The model and what belongs to it. */
static enum status workspace_fill(struct workspace *w, const struct trained *t)
{
    const struct model_options options = {
        .kernels = t->kernels, .lanes = t->lanes, .max_leaves = t->facts.virtual_ranks};
    TRY(build_model(&w->model, &t->config, t->facts.input, &options));
    int64_t outputs = shape_features(model_output_shape(w->model));
    w->max_rows = model_leaves(w->model) * t->lanes;
    TRY(mem_alloc(&w->live, (size_t)model_leaves(w->model), sizeof *w->live, "rows"));
    TRY(mem_alloc(&w->rows, (size_t)w->max_rows, sizeof *w->rows, "rows"));
    return mem_alloc(&w->outputs, (size_t)w->max_rows, (size_t)outputs * sizeof(float), "outputs");
}

/* Prepares for rows that change their shape, which is known as soon as all is read. */
static enum status workspace_prepare(struct workspace *w, const struct trained *t)
{
    struct augment_spec spec = {.kernels = t->kernels,
                                .steps = &t->config.data.augment,
                                .type = t->normal.type,
                                .kind = t->facts.kind,
                                .positions = 1,
                                .lanes = t->lanes};
    shapes_fill_spec(&t->shapes, t->output, &spec);
    TRY(shapes_init_still(&w->still, spec));
    return mem_alloc(&w->room, (size_t)transforms_room(&t->normal.transforms, t->lanes), sizeof *w->room,
                     "rows");
}

enum status workspace_create(struct workspace **out, const struct trained *t)
{
    TRY(mem_alloc(out, 1, sizeof **out, "workspace"));
    enum status status = workspace_fill(*out, t);
    if (status == STATUS_OK) status = workspace_prepare(*out, t);
    if (status != STATUS_OK) workspace_destroy(out);
    return status;
}

void workspace_destroy(struct workspace **w)
{
    if (!*w) return;
    model_destroy(&(*w)->model);
    mem_free(&(*w)->live);
    mem_free(&(*w)->rows);
    mem_free(&(*w)->outputs);
    mem_free(&(*w)->room);
    augment_free(&(*w)->still);
    mem_free(w);
}

/* Rows become columns of the model's input [F][lanes], normalised; dead lanes become zeros. All leaves but the last are
 * full. */
static void workspace_load(struct workspace *w, const struct trained *t, int64_t lanes, int64_t count)
{
    static const int64_t keys[AUGMENT_ROWS]; /* of nothing random */
    bool cut = w->still.moved.c > 0;
    int64_t step = cut ? AUGMENT_ROWS : t->lanes;
    for (int64_t first = 0; first < lanes; first += step) {
        int64_t left = count > first ? count - first : 0, live = left < step ? left : step;
        const struct normal_rows rows = {.rows = w->rows + first,
                                         .features = cut ? shape_features(w->still.moved) : t->features,
                                         .lanes = lanes - first < step ? lanes - first : step,
                                         .live = live,
                                         .ahead = cut ? 0 : left - live,
                                         .stride = lanes,
                                         .room = w->room};
        if (cut) augment_move(&w->still, 0, keys, live, &(struct dataset_rows){.features = w->rows + first});
        normal_gather(&t->normal, t->kernels, &rows, model_input(w->model) + first);
    }
}

void workspace_run(struct workspace *w, const struct trained *t, int64_t count, const void *rows,
                   float *outputs)
{
    assert(count <= w->max_rows);
    int64_t bytes = t->features * feature_bytes(t->normal.type), leaves = w->max_rows / t->lanes;
    for (int64_t first = 0, part; first < count; first += part) {
        int64_t blocks = (count - first + t->lanes - 1) / t->lanes;
        while (leaves > blocks) leaves /= 2; /* a power of two, as in training */
        part = leaves * t->lanes < count - first ? leaves * t->lanes : count - first;
        for (int64_t i = 0; i < part; i++) w->rows[i] = (const char *)rows + (first + i) * bytes;
        for (int64_t leaf = 0; leaf < leaves; leaf++) w->live[leaf] = t->lanes;
        w->live[leaves - 1] = part - (leaves - 1) * t->lanes;
        struct pass pass = {.params = t->params,
                            .live = w->live,
                            .lanes = leaves * shape_pass_lanes(t->lanes, w->live[0]),
                            .leaves = leaves};
        workspace_load(w, t, pass.lanes, part);
        const float *columns = model_forward(w->model, &pass); /* [K][lanes]; live lanes lie side by side */
        int64_t width = t->outputs * t->positions;
        for (int64_t i = 0; i < part; i++)
            for (int64_t k = 0; k < width; k++)
                outputs[(first + i) * width + k] = columns[k * pass.lanes + i];
    }
}

/* ---- checkpoints ---- */

static enum status trained_choose_math(struct trained *t)
{
    enum status status = kernels_start(&t->kernels, t->config.isa, config_products(&t->config));
    return status == STATUS_OK ? STATUS_OK : STATUS_OTHER;
}

static enum status trained_read_config(struct trained *t, struct h5 *f)
{
    char *text = NULL;
    struct settings settings = {0};
    TRY(checkpoint_config(f, &text));
    enum status status = settings_add_text(&settings, text, "config");
    if (status == STATUS_OK) status = options_resolve(&settings, &t->config);
    settings_free(&settings);
    mem_free(&text);
    return status;
}

static enum status trained_read_weights(struct trained *t, struct model *model, struct h5 *f)
{
    t->output = model_output_shape(model);
    t->positions = t->facts.positions;
    t->outputs = shape_features(t->output) / t->positions;
    t->parameters = model_param_count(model);
    TRY(mem_alloc(&t->params, (size_t)model_param_floats(model), sizeof(float), "parameters"));
    TRY(checkpoint_load_open(f, &t->config, model, t->plain, t->params, &t->normal, &t->targets));
    t->input = t->shapes.change ? t->shapes.stored : model_input_shape(model);
    t->features = shape_features(t->input);
    TRY(checkpoint_load_names(f, &t->names, &t->name_count));
    if (t->features % t->normal.channels != 0)
        return status_fail(STATUS_DATA, "its %lld features do not divide into %lld channels",
                           (long long)t->features, (long long)t->normal.channels);
    return loss_init(&t->loss, &(struct loss_spec){.ops = t->config.loss,
                                                   .args = &t->config.loss_args,
                                                   .list = &t->config.loss_list,
                                                   .kind = t->facts.kind,
                                                   .outputs = t->outputs,
                                                   .positions = t->positions,
                                                   .threshold = t->config.metrics_threshold});
}

static enum status trained_read(struct trained *t, struct workspace **first, struct h5 *f)
{
    TRY(trained_read_config(t, f));
    TRY(checkpoint_facts_of(f, &t->facts));
    t->lanes = build_lanes(&t->config, t->facts.virtual_ranks);
    TRY(trained_choose_math(t));
    TRY(shapes_find(&t->shapes, &t->config, t->facts.stored));
    TRY(mem_alloc(first, 1, sizeof **first, "workspace"));
    TRY(workspace_fill(*first, t)); /* released by the caller */
    if (model_uses_blas((*first)->model)) blas_start();
    TRY(trained_read_weights(t, (*first)->model, f));
    return workspace_prepare(*first, t);
}

/* Numbers are read with a decimal point, whatever the host's locale is; that of this thread only is changed.
 */
static enum status trained_read_file(struct trained *t, struct workspace **first, const char *path)
{
    struct h5 *f = NULL;
    locale_t plain = newlocale(LC_ALL_MASK, "C", NULL);
    if (!plain) return status_fail(STATUS_OTHER, "%s: out of memory", path);
    locale_t before = uselocale(plain);
    enum status status = checkpoint_open(&f, path);
    if (status == STATUS_OK) status = trained_read(t, first, f);
    h5_close(&f);
    uselocale(before);
    freelocale(plain);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}

enum status trained_create(struct trained **out, struct workspace **first, const char *path, bool plain)
{
    *first = NULL;
    TRY(mem_alloc(out, 1, sizeof **out, "model"));
    (*out)->plain = plain;
    enum status status = trained_read_file(*out, first, path);
    if (status == STATUS_OK) return status;
    workspace_destroy(first);
    trained_destroy(out);
    return status;
}

void trained_destroy(struct trained **t)
{
    if (!*t) return;
    loss_free(&(*t)->loss);
    normal_free(&(*t)->normal);
    normal_free(&(*t)->targets);
    mem_free(&(*t)->params);
    mem_free(&(*t)->names);
    options_free(&(*t)->config);
    mem_free(t);
}
