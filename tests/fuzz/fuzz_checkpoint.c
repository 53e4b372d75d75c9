/* Checkpoints, as `inspect` prints them, as eval and predict load them, and as a run that goes on reads them.
 *
 * The seal is made right again after every mutation, or nothing behind it would be reached; an odd last byte
 * of the first block leaves it as it is. */
#include <inttypes.h>

#include "math/blas.h"
#include "io/hash.h"
#include "math/kernels.h"
#include "app/config/options.h"
#include "fuzz_h5.h"
#include "train/build.h"
#include "train/checkpoint/private.h"

#define FEATURES_MAX 4096 /* of an input or a layer: larger models take a fuzzer's time, and no other code */

static FILE *nowhere;
static const struct kernels *kernels;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    nowhere = fopen("/dev/null", "w");
    FUZZ_CHECK(nowhere);
    blas_start();
    FUZZ_CHECK(kernels_select(&kernels, "auto") == STATUS_OK);
    fuzz_h5_begin();
    return 0;
}

/* Length and hash of what stands there, behind the label that stands there. */
static void seal(uint8_t *data, size_t size)
{
    char label[H5_SEAL_LABEL], block[H5_SEAL_BYTES] = {0};
    struct hash h;
    if (size < H5_SEAL_BYTES || data[H5_SEAL_BYTES - 1] % 2) return;
    hash_begin(&h);
    hash_add(&h, data + H5_SEAL_BYTES, size - H5_SEAL_BYTES);
    snprintf(label, sizeof label, "%.*s", (int)sizeof label - 1, (const char *)data);
    label[strcspn(label, "\n")] = '\0';
    snprintf(block, sizeof block, "%s\nbytes %zu\nxxh64 %016" PRIx64 "\n", label, size, hash_end(&h));
    memcpy(data, block, sizeof block);
}

static bool is_small(const struct config *config, struct shape input)
{
    bool small = shape_features(input) <= FEATURES_MAX;
    for (int i = 0; i < config->model.layer_count; i++)
        for (int a = 0; a < ARG_MAX; a++)
            small = small && config->model.layers[i].args[a] <= FEATURES_MAX / 8;
    return small;
}

/* All that a run goes on with, without keeping it. */
static void check(const char *path, const struct config *config, const struct model *model,
                  const struct checkpoint_facts *facts)
{
    struct h5 *f = NULL;
    struct progress progress = {0};
    if (fuzz_answer(checkpoint_open(&f, path)))
        (void)fuzz_answer(checkpoint_check(f, config, model, facts, &progress));
    h5_close(&f);
}

/* Into a model, as eval does. */
static void load(const char *path, const struct config *config, const struct model *model)
{
    struct normal normal = {0}, targets = {0};
    float *params = NULL;
    FUZZ_CHECK(mem_alloc(&params, (size_t)model_param_floats(model), sizeof *params, "parameters") ==
               STATUS_OK);
    (void)fuzz_answer(checkpoint_load(path, config, model, false, params, &normal, &targets));
    normal_free(&normal);
    normal_free(&targets);
    mem_free(&params);
}

static void load_by(const char *path, const char *text)
{
    struct settings s = {0};
    struct config config = {0};
    struct checkpoint_facts facts;
    struct model *model = NULL;
    enum status status = settings_add_text(&s, text, "configuration");
    if (status == STATUS_OK) status = options_resolve(&s, &config);
    if (fuzz_answer(status) && fuzz_answer(checkpoint_read_facts(path, &facts))) {
        const struct model_options options = {
            .kernels = kernels, .lanes = 16, .max_leaves = 1, .training = true};
        struct shape input = config.model.input.c ? config.model.input : facts.input;
        if (is_small(&config, input) && fuzz_answer(build_model(&model, &config, facts.input, &options))) {
            load(path, &config, model);
            check(path, &config, model, &facts);
        }
    }
    model_destroy(&model);
    options_free(&config);
    settings_free(&s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *sealed = malloc(size + 1);
    FUZZ_CHECK(sealed);
    memcpy(sealed, data, size);
    seal(sealed, size);
    struct fuzz_file file = fuzz_file(sealed, size);
    int64_t step;
    char *text = NULL;
    bool good = fuzz_answer(checkpoint_step(file.path, &step));
    FUZZ_CHECK(!good || checkpoint_is(file.path));
    if (good) (void)fuzz_answer(checkpoint_inspect(file.path, nowhere));
    if (good && fuzz_answer(checkpoint_read_config(file.path, &text))) load_by(file.path, text);
    mem_free(&text);
    free(sealed);
    fuzz_close(&file);
    fuzz_h5_end();
    return 0;
}
