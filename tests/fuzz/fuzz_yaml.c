/* A whole configuration: YAML text to the resolved one, whose text form must read back to itself, as must the
 * form without blocks. */
#include "app/config/options.h"
#include "fuzz.h"

/* The layers that blocks stand for are a configuration of as many layers. */
static void check_expanded(const struct config *config)
{
    struct settings s = {0};
    struct config flat = {0};
    char *text = NULL;
    FUZZ_CHECK(options_text(config, true, &text) == STATUS_OK);
    FUZZ_CHECK(settings_add_text(&s, text, "expanded") == STATUS_OK);
    FUZZ_CHECK(options_resolve(&s, &flat) == STATUS_OK);
    FUZZ_CHECK(flat.model.layer_count == config->model.layer_count && !flat.layers_text);
    options_free(&flat);
    settings_free(&s);
    mem_free(&text);
}

static enum status resolve(struct settings *s, char **resolved)
{
    struct config config = {0};
    enum status status = options_resolve(s, &config);
    if (status == STATUS_OK) status = options_text(&config, false, resolved);
    if (status == STATUS_OK && config.layers_text) check_expanded(&config);
    options_free(&config);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_file file = fuzz_file(data, size);
    struct settings read = {0}, again = {0};
    char *first = NULL, *second = NULL;
    enum status status = settings_add_file(&read, file.path);
    if (status == STATUS_OK) status = resolve(&read, &first);
    if (fuzz_answer(status)) {
        FUZZ_CHECK(settings_add_text(&again, first, "resolved") == STATUS_OK);
        FUZZ_CHECK(resolve(&again, &second) == STATUS_OK);
        FUZZ_CHECK(strcmp(first, second) == 0);
    }
    mem_free(&first);
    mem_free(&second);
    settings_free(&read);
    settings_free(&again);
    fuzz_close(&file);
    fuzz_end();
    return 0;
}
