/* Flags and variables, one per line: KEY=VALUE is a flag, DDP_TRAIN_KEY=VALUE a variable, on top of a
 * configuration that is complete. */
#include "app/config/options.h"
#include "fuzz.h"

#define BASE                                                                                                          \
    "data: {train: t.h5}\nmodel:\n  blocks:\n"                                                                        \
    "    fc: [{linear: {out: $n, name: fc}}, {$act: {when: $n > 1}}]\n"                                               \
    "    pair: {args: {n: 3, m: $n * 2}, layers: [{fc: {n: $m, act: relu, name: a}}, {add: {from: [in.0, a.fc]}}]}\n" \
    "  layers: [relu, pair, {linear: 10}]\n"
#define LINES 64

static enum status add_line(struct settings *s, char *line)
{
    char *const environment[] = {line, NULL};
    char *equals = strchr(line, '=');
    if (!equals || strncmp(line, "DDP_TRAIN_", strlen("DDP_TRAIN_")) == 0)
        return settings_add_environment(s, environment);
    *equals = '\0';
    return settings_add_flag(s, line, equals + 1);
}

static enum status add_lines(struct settings *s, char *text)
{
    char *rest = text;
    for (int i = 0; i < LINES && rest; i++) TRY(add_line(s, strsep(&rest, "\n")));
    return STATUS_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *lines = fuzz_text(data, size), *text = NULL, *same_text = NULL;
    struct settings s = {0}, again = {0};
    struct config config = {0}, same = {0};
    FUZZ_CHECK(settings_add_text(&s, BASE, "base.yaml") == STATUS_OK);
    enum status status = add_lines(&s, lines);
    if (status == STATUS_OK) status = options_resolve(&s, &config);
    if (fuzz_answer(status)) {
        FUZZ_CHECK(options_text(&config, false, &text) == STATUS_OK);
        FUZZ_CHECK(settings_add_text(&again, text, "resolved") == STATUS_OK);
        FUZZ_CHECK(options_resolve(&again, &same) == STATUS_OK);
        FUZZ_CHECK(options_text(&same, false, &same_text) == STATUS_OK);
        FUZZ_CHECK(strcmp(text, same_text) == 0);
    }
    options_free(&config);
    options_free(&same);
    settings_free(&s);
    settings_free(&again);
    mem_free(&text);
    mem_free(&same_text);
    free(lines);
    fuzz_end();
    return 0;
}
