/* option_label_map.c - which number in a file stands for which class: {3: 0, 8: 1, others: ignore} or [3, 8]. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/config/settings.h"
#include "app/config/value/option_value.h"
#include "core/mem.h"
#include "core/number.h"

static enum status option_map_read_number(const char *text, int64_t min, int32_t *number)
{
    int64_t value;
    TRY(number_parse_int(text, &value));
    if (value < min || value >= INT32_MAX)
        return status_fail(STATUS_CONFIG, "%s is outside %" PRId64 "..%d", text, min, INT32_MAX - 1);
    *number = (int32_t)value;
    return STATUS_OK;
}

/* One entry of a map, "3: 0", "255: ignore" or "others: ignore"; of a list the number of class `at`. */
static enum status option_map_read_entry(const struct yaml_node *node, int32_t at, struct label_map *map)
{
    if (node->kind != YAML_SCALAR) return status_fail(STATUS_CONFIG, "expects a class, or ignore");
    bool ignored = node->key && strcmp(node->text, "ignore") == 0;
    if (node->key && strcmp(node->key, "others") == 0) {
        map->ignores_others = ignored;
        return ignored ? STATUS_OK : status_fail(STATUS_CONFIG, "others: can only be ignore");
    }
    struct label_pair *pair = &map->of[map->count++];
    pair->class = ignored ? LABEL_IGNORED : at;
    if (node->key && !ignored) TRY(option_map_read_number(node->text, 0, &pair->class));
    return option_map_read_number(node->key ? node->key : node->text, INT32_MIN, &pair->number);
}

static int option_map_compare(const void *a, const void *b)
{
    const struct label_pair *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static enum status option_map_check(const struct label_map *map)
{
    for (int64_t i = 1; i < map->count; i++)
        if (map->of[i].number == map->of[i - 1].number)
            return status_fail(STATUS_CONFIG, "%d stands for several classes", map->of[i].number);
    return STATUS_OK;
}

void option_free_label_map(struct label_map *map)
{
    mem_free(&map->of);
    *map = (struct label_map){0};
}

enum status option_read_label_map(const struct setting *setting, const struct yaml_node *node,
                                  struct label_map *map)
{
    size_t entries = 0;
    option_free_label_map(map);
    if (yaml_is_empty(node)) return STATUS_OK;
    if (node->kind == YAML_SCALAR)
        return settings_at(status_fail(STATUS_CONFIG,
                                       "expects {number in the file: class}, such as {3: 0, 8: 1}, or "
                                       "a list of numbers, whose places are the classes"),
                           setting, node);
    for (const struct yaml_node *n = node->child; n; n = n->next) entries++;
    TRY(mem_alloc(&map->of, entries, sizeof *map->of, "label map"));
    for (const struct yaml_node *n = node->child; n; n = n->next)
        TRY(settings_at(option_map_read_entry(n, (int32_t)map->count, map), setting, n));
    if (map->count > 1) qsort(map->of, (size_t)map->count, sizeof *map->of, option_map_compare);
    return settings_at(option_map_check(map), setting, node);
}

void option_write_label_map(FILE *out, const struct label_map *map)
{
    fputc('{', out);
    for (int64_t i = 0; i < map->count; i++) {
        const struct label_pair *pair = &map->of[i];
        fprintf(out, "%s%d: ", i ? ", " : "", pair->number);
        if (pair->class == LABEL_IGNORED)
            fputs("ignore", out);
        else
            fprintf(out, "%d", pair->class);
    }
    if (map->ignores_others) fprintf(out, "%sothers: ignore", map->count ? ", " : "");
    fputc('}', out);
}
