#include "train/checkpoint_private.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "ddp/h5.h"
#include "ddp/hash.h"
#include "ddp/mem.h"

#define FORMAT    "ddp_train checkpoint"
#define VERSION   1
#define PATH_SIZE 128

/* "model/03.conv2d/weight" */
static void tensor_path(char path[PATH_SIZE], const char *group, const struct layer *l,
                        const struct tensor *t)
{
    snprintf(path, PATH_SIZE, "%.40s/%02d.%.40s/%.20s", group, l->index, l->ops->name, t->name);
}

/* The tensor of a layer whose name comes at that place in the alphabet. */
static const struct tensor *tensor_in_order(const struct layer *l, int place)
{
    for (int t = 0;; t++) {
        int before = 0;
        for (int other = 0; other < l->tensor_count; other++)
            before += strcmp(l->tensors[other].name, l->tensors[t].name) < 0;
        if (before == place) return &l->tensors[t];
    }
}

/* Calls `each` for all tensors in the order of their paths. */
static enum status each_tensor(const struct model *m,
                               enum status (*each)(void *self, const struct layer *l, const struct tensor *t),
                               void *self)
{
    for (int i = 0; i < model_layer_count(m); i++) {
        const struct layer *l = model_layer(m, i);
        for (int place = 0; place < l->tensor_count; place++) TRY(each(self, l, tensor_in_order(l, place)));
    }
    return STATUS_OK;
}

struct hashing {
    struct hash hash;
    const float *params;
};

static enum status hash_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    (void)l;
    struct hashing *h = self;
    hash_add(&h->hash, h->params + t->offset, (size_t)tensor_count(t) * sizeof(float));
    return STATUS_OK;
}

uint64_t checkpoint_weights_hash(const struct model *model, const float *params)
{
    struct hashing h = {.params = params};
    hash_begin(&h.hash);
    (void)each_tensor(model, hash_tensor, &h);
    return hash_end(&h.hash);
}

/* All slots, one after another, each in the order of its paths. */
static uint64_t optim_hash(const struct checkpoint_state *s)
{
    struct hashing h;
    hash_begin(&h.hash);
    for (int i = 0; i < s->optim->slots; i++) {
        h.params = s->slots[i];
        (void)each_tensor(s->model, hash_tensor, &h);
    }
    return hash_end(&h.hash);
}

/* Kind, arguments and shapes of every layer. */
static uint64_t model_hash(const struct model *m)
{
    struct hash h;
    hash_begin(&h);
    for (int i = 0; i < model_layer_count(m); i++) {
        const struct layer *l = model_layer(m, i);
        hash_add(&h, l->ops->name, strlen(l->ops->name) + 1);
        hash_add(&h, l->args, sizeof l->args);
        hash_add(&h, &l->in, sizeof l->in);
        hash_add(&h, &l->out, sizeof l->out);
    }
    return hash_end(&h);
}

struct saving {
    struct h5_writer *file;
    const char *group;
    const float *vector;
};

static enum status save_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct saving *s = self;
    char path[PATH_SIZE];
    tensor_path(path, s->group, l, t);
    return h5_write(s->file, path, H5_TYPE_F32, t->rank, t->dims, s->vector + t->offset);
}

static enum status save_attributes(struct h5_writer *w, const struct checkpoint_state *s)
{
    struct shape input = model_layer(s->model, 0)->in;
    const struct {
        const char *name;
        int64_t value;
    } integers[] = {{"version", VERSION},
                    {"step", s->step},
                    {"epoch", s->epoch},
                    {"position", s->position},
                    {"virtual_ranks", s->virtual_ranks},
                    {"seed", s->seed},
                    {"input_channels", input.c},
                    {"input_height", input.h},
                    {"input_width", input.w}};
    TRY(h5_write_attr_text(w, "/", "format", FORMAT));
    for (size_t i = 0; i < sizeof integers / sizeof integers[0]; i++)
        TRY(h5_write_attr_int64(w, "/", integers[i].name, integers[i].value));
    TRY(h5_write_attr_text(w, "/", "features", feature_type_name(s->normal->type)));
    TRY(h5_write_attr_text(w, "/", "labels", target_name(s->kind)));
    TRY(h5_write_attr_uint64(w, "/", "model_hash", model_hash(s->model)));
    TRY(h5_write_attr_uint64(w, "/", "data_hash", s->data_hash));
    TRY(h5_write_attr_uint64(w, "/", "optim_hash", optim_hash(s)));
    return h5_write_attr_uint64(w, "/", "weights_hash", checkpoint_weights_hash(s->model, s->params));
}

static enum status save_normal(struct h5_writer *w, const char *group, const struct normal *n)
{
    char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/mean", group);
    TRY(h5_write(w, path, H5_TYPE_F32, 1, &n->channels, n->mean));
    snprintf(path, sizeof path, "%s/std", group);
    return h5_write(w, path, H5_TYPE_F32, 1, &n->channels, n->std);
}

static enum status save_all(struct h5_writer *w, const struct checkpoint_state *s)
{
    TRY(save_attributes(w, s));
    TRY(h5_write_text(w, "config", s->config_text));
    TRY(each_tensor(s->model, save_tensor, &(struct saving){w, "model", s->params}));
    for (int i = 0; i < s->optim->slots; i++) {
        char group[PATH_SIZE];
        snprintf(group, sizeof group, "optim/%s", s->optim->slot_names[i]);
        TRY(each_tensor(s->model, save_tensor, &(struct saving){w, group, s->slots[i]}));
    }
    TRY(save_normal(w, "normalize", s->normal));
    return s->targets->channels ? save_normal(w, "targets", s->targets) : STATUS_OK;
}

enum status checkpoint_save(const char *path, const struct checkpoint_state *state)
{
    struct h5_writer *w = NULL;
    TRY(h5_create(&w, path, true));
    enum status status = save_all(w, state);
    if (status == STATUS_OK) status = h5_commit(&w);
    h5_discard(&w);
    return status;
}

/* Opens a file and makes sure it is a checkpoint this version understands. */
static enum status open_checkpoint(struct h5 **f, const char *path)
{
    char *format = NULL;
    int64_t version = 0;
    TRY(h5_open(f, path));
    bool ours = h5_has_attr(*f, "/", "format") && h5_attr_text(*f, "/", "format", &format) == STATUS_OK &&
                strcmp(format, FORMAT) == 0;
    mem_free(&format);
    enum status status = STATUS_OK;
    if (!ours)
        status = status_fail(STATUS_DATA, "%s: is not a checkpoint of ddp_train", path);
    else
        status = h5_attr_int64(*f, "/", "version", &version);
    if (status == STATUS_OK && version != VERSION)
        status = status_fail(STATUS_DATA, "%s: checkpoint version %lld, this program reads version %d", path,
                             (long long)version, VERSION);
    if (status != STATUS_OK) h5_close(f);
    return status;
}

int checkpoint_is(const char *path)
{
    struct h5 *f = NULL;
    bool ours = open_checkpoint(&f, path) == STATUS_OK;
    h5_close(&f);
    return ours;
}

enum status checkpoint_read_config(const char *path, char **text)
{
    struct h5 *f = NULL;
    TRY(open_checkpoint(&f, path));
    enum status status = h5_read_text(f, "config", text);
    h5_close(&f);
    return status;
}

/* Files from before there were other kinds say nothing: class indices. */
static enum status read_kind(struct h5 *f, enum target_kind *kind)
{
    char *name = NULL;
    *kind = TARGET_INDEX;
    if (!h5_has_attr(f, "/", "labels")) return STATUS_OK;
    TRY(h5_attr_text(f, "/", "labels", &name));
    int k = 0;
    while (k < TARGET_KINDS && strcmp(name, target_name((enum target_kind)k)) != 0) k++;
    mem_free(&name);
    if (k == TARGET_KINDS)
        return status_fail(STATUS_DATA, "its attribute labels makes no sense; it was changed or damaged");
    *kind = (enum target_kind)k;
    return STATUS_OK;
}

static enum status read_facts(struct h5 *f, struct checkpoint_facts *facts)
{
    TRY(read_kind(f, &facts->kind));
    char *features = NULL;
    TRY(h5_attr_int64(f, "/", "virtual_ranks", &facts->virtual_ranks));
    TRY(h5_attr_int64(f, "/", "input_channels", &facts->input.c));
    TRY(h5_attr_int64(f, "/", "input_height", &facts->input.h));
    TRY(h5_attr_int64(f, "/", "input_width", &facts->input.w));
    TRY(h5_attr_text(f, "/", "features", &features));
    facts->type = strcmp(features, feature_type_name(FEATURE_U8)) == 0 ? FEATURE_U8 : FEATURE_F32;
    mem_free(&features);
    struct shape s = facts->input;
    if (facts->virtual_ranks < 1 || s.c < 1 || s.h < 1 || s.w < 1 ||
        (double)s.c * (double)s.h * (double)s.w > 1e12)
        return status_fail(STATUS_DATA, "its attributes make no sense; it was changed or damaged");
    return STATUS_OK;
}

enum status checkpoint_read_facts(const char *path, struct checkpoint_facts *facts)
{
    struct h5 *f = NULL;
    TRY(open_checkpoint(&f, path));
    enum status status = read_facts(f, facts);
    h5_close(&f);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}

struct loading {
    struct h5 *file;
    float *params;
};

static enum status load_tensor(void *self, const struct layer *l, const struct tensor *t)
{
    struct loading *s = self;
    char path[PATH_SIZE];
    tensor_path(path, "model", l, t);
    struct h5_data *data = NULL;
    TRY(h5_data_open(&data, s->file, path));
    const struct h5_info *info = h5_data_info(data);
    bool fits = info->rank == t->rank;
    for (int i = 0; fits && i < t->rank; i++) fits = info->dims[i] == t->dims[i];
    enum status status =
        fits ? h5_data_read(data, 0, t->dims[0], H5_TYPE_F32, s->params + t->offset)
             : status_fail(STATUS_DATA, "%s: has another shape than the model in the configuration", path);
    h5_data_close(&data);
    return status;
}

/* The number of channels is that of the stored vector. */
static enum status load_normal(struct h5 *f, const char *group, enum feature_type type, struct normal *n)
{
    char mean[PATH_SIZE], std[PATH_SIZE];
    struct h5_data *data = NULL;
    snprintf(mean, sizeof mean, "%s/mean", group);
    snprintf(std, sizeof std, "%s/std", group);
    TRY(h5_data_open(&data, f, mean));
    const struct h5_info *info = h5_data_info(data);
    int64_t channels = info->rank == 1 ? info->dims[0] : 0;
    h5_data_close(&data);
    if (channels < 1) return status_fail(STATUS_DATA, "%s: is not a vector", mean);
    TRY(normal_allocate(n, channels, type));
    TRY(h5_read(f, mean, H5_TYPE_F32, channels, n->mean));
    TRY(h5_read(f, std, H5_TYPE_F32, channels, n->std));
    for (int64_t c = 0; c < channels; c++)
        if (!isfinite(n->mean[c]) || !isfinite(n->std[c]) || n->std[c] <= 0)
            return status_fail(STATUS_DATA,
                               "%s: channel %" PRId64 " has mean %f and std %f; it was changed or damaged",
                               group, c, (double)n->mean[c], (double)n->std[c]);
    normal_finish(n);
    return STATUS_OK;
}

/* One mean for each output. */
static enum status load_targets(struct h5 *f, const struct model *model, struct normal *n)
{
    if (h5_what(f, "targets") == H5_OBJECT_NONE) return STATUS_OK;
    TRY(load_normal(f, "targets", FEATURE_F32, n));
    if (n->channels == shape_features(model_output_shape(model))) return STATUS_OK;
    return status_fail(STATUS_DATA, "targets: %" PRId64 " means do not go with the model's outputs",
                       n->channels);
}

static enum status load_all(struct h5 *f, const struct model *model, float *params, struct normal *n,
                            struct normal *targets)
{
    uint64_t hash;
    memset(params, 0, (size_t)model_param_floats(model) * sizeof *params);
    TRY(each_tensor(model, load_tensor, &(struct loading){f, params}));
    TRY(h5_attr_uint64(f, "/", "weights_hash", &hash));
    if (hash != checkpoint_weights_hash(model, params))
        return status_fail(STATUS_DATA,
                           "the weights do not have the hash the file says; it was changed or damaged");
    struct checkpoint_facts facts;
    TRY(read_facts(f, &facts));
    TRY(load_normal(f, "normalize", facts.type, n));
    return load_targets(f, model, targets);
}

enum status checkpoint_load(const char *path, const struct model *model, float *params, struct normal *n,
                            struct normal *targets)
{
    struct h5 *f = NULL;
    TRY(open_checkpoint(&f, path));
    enum status status = load_all(f, model, params, n, targets);
    h5_close(&f);
    return status == STATUS_OK ? status : status_at(status, "%s", path);
}
