/* settings.h - assignments of the user, each with the place where it was made.
 *
 * Of several assignments of a key the highest level wins (file < environment < flag), and within a level the
 * last one. The meaning of keys is not known here (options.h). Local functions; errors are STATUS_CONFIG. */
#ifndef APP_CONFIG_SETTINGS_H
#define APP_CONFIG_SETTINGS_H

#include "app/config/yaml.h"

enum setting_level { SETTING_FILE, SETTING_ENVIRONMENT, SETTING_FLAG }; /* ascending precedence */

struct setting {
    enum setting_level level;
    char *key;                     /* "optim.lr"; a top-level key that holds no map has no dot */
    char *source;                  /* file name, name of the environment variable, or "flag" */
    int line, column;              /* of the key, for files */
    const struct yaml_node *value; /* owned by the settings, or by those it was added from */
};

struct settings {
    struct setting *list;
    int count, capacity;
    struct yaml_node *trees;
};

enum status settings_add_file(struct settings *s, const char *path);
enum status settings_add_text(struct settings *s, const char *text, const char *name);

/* Variables DDP_TRAIN_<SECTION>_<KEY> of a list like environ. */
enum status settings_add_environment(struct settings *s, char *const *environment);

/* A value that begins with '[' or '{' is read as a YAML list or map, any other is taken literally. */
enum status settings_add_flag(struct settings *s, const char *key, const char *value);

/* All assignments of another list, which must outlive this one. */
enum status settings_add_all(struct settings *s, const struct settings *other);

/* The assignment of `key` that wins, or NULL. */
const struct setting *settings_find(const struct settings *s, const char *key);

/* "optim.lr (fashion.yaml:12:5)": the place of `at` inside the assignment's value, or of its key if NULL. */
#define SETTINGS_WHERE_SIZE 512
void settings_where(const struct setting *setting, const struct yaml_node *at,
                    char text[SETTINGS_WHERE_SIZE]);

/* Puts the place of `at`, as settings_where writes it, before the message of a failure. Returns `status`. */
enum status settings_at(enum status status, const struct setting *setting, const struct yaml_node *at);

void settings_free(struct settings *s);

#endif
