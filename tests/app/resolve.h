/* resolve.h - a configuration from texts, for the tests of the options. */
#ifndef TESTS_APP_RESOLVE_H
#define TESTS_APP_RESOLVE_H

#include <string.h>

#include "check.h"
#include "app/config/options.h"

#define MODEL "model: {layers: [relu, {linear: 10}]}\n"
#define DATA  "data: {train: t.h5}\n"

/* Resolves file text, one environment variable and one flag "KEY=VALUE"; each may be NULL. */
static inline enum status resolve(const char *text, char *variable, const char *flag, struct config *config)
{
    struct settings s = {0};
    char *const environment[] = {variable, NULL};
    enum status status = settings_add_text(&s, text, "f.yaml");
    if (status == STATUS_OK) status = settings_add_environment(&s, environment);
    if (status == STATUS_OK && flag) {
        char key[64] = "";
        memcpy(key, flag, (size_t)(strchr(flag, '=') - flag));
        status = settings_add_flag(&s, key, strchr(flag, '=') + 1);
    }
    *config = (struct config){0};
    if (status == STATUS_OK) status = options_resolve(&s, config);
    settings_free(&s);
    return status;
}

#endif
