/* A whole configuration: YAML text to the resolved one, whose text form must read back to itself. */
#include "app/config/options.h"
#include "fuzz.h"

static enum status resolve(struct settings *s, char **resolved)
{
    struct config config = {0};
    enum status status = options_resolve(s, &config);
    if (status == STATUS_OK) status = options_text(&config, false, resolved);
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
