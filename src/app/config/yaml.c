/* yaml.c - reads YAML with libyaml. */
#include "app/config/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yaml.h>

#include "core/mem.h"

#define MAX_DEPTH 8
#define MAX_BYTES (1 << 20)
#define MAX_KEYS  1000 /* of a map: each is compared with all before it */

struct reader {
    yaml_parser_t parser;
    const char *name;
};

static enum status yaml_fail_at(const struct reader *r, yaml_mark_t mark, const char *problem)
{
    return status_fail(STATUS_CONFIG, "%s:%zu:%zu: %s", r->name, mark.line + 1, mark.column + 1, problem);
}

static enum status yaml_next_event(struct reader *r, yaml_event_t *event)
{
    if (yaml_parser_parse(&r->parser, event)) return STATUS_OK;
    const char *problem = r->parser.problem ? r->parser.problem : "is not valid YAML";
    if (strcmp(problem, "found character that cannot start any token") == 0)
        problem = "unexpected character (if it is a tab: indent with spaces)";
    return yaml_fail_at(r, r->parser.problem_mark, problem);
}

static enum status yaml_check_plain(const struct reader *r, const yaml_event_t *event,
                                    const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) return yaml_fail_at(r, event->start_mark, "anchors (&name) are not supported");
    if (tag) return yaml_fail_at(r, event->start_mark, "tags (!name) are not supported");
    return STATUS_OK;
}

static enum status yaml_copy_scalar(const struct reader *r, const yaml_event_t *event, char **text)
{
    const char *value = (const char *)event->data.scalar.value;
    if (strlen(value) != event->data.scalar.length)
        return yaml_fail_at(r, event->start_mark, "NUL characters are not supported");
    return mem_copy_text(text, value);
}

static enum status yaml_check_event(const struct reader *r, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return yaml_check_plain(r, event, event->data.scalar.anchor, event->data.scalar.tag);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_check_plain(r, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return yaml_check_plain(r, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
    case YAML_ALIAS_EVENT:
        return yaml_fail_at(r, event->start_mark, "aliases (*name) are not supported");
    default:
        return STATUS_OK;
    }
}

static enum status yaml_read_members(struct reader *r, struct yaml_node *parent, int depth);

/* Fills `node` from its first event, and reads up to its end. */
static enum status yaml_read_node(struct reader *r, const yaml_event_t *event, struct yaml_node *node,
                                  int depth)
{
    TRY(yaml_check_event(r, event));
    node->line = (int)event->start_mark.line + 1;
    node->column = (int)event->start_mark.column + 1;
    if (event->type == YAML_SCALAR_EVENT) {
        node->kind = YAML_SCALAR;
        node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
        return yaml_copy_scalar(r, event, &node->text);
    }
    node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST;
    if (depth == MAX_DEPTH) return yaml_fail_at(r, event->start_mark, "is nested too deeply");
    return yaml_read_members(r, node, depth + 1);
}

static enum status yaml_check_key(const struct reader *r, const yaml_event_t *event,
                                  const struct yaml_node *parent)
{
    TRY(yaml_check_event(r, event));
    if (event->type != YAML_SCALAR_EVENT)
        return yaml_fail_at(r, event->start_mark, "a key must be a single word");
    const char *key = (const char *)event->data.scalar.value;
    int keys = 0;
    for (const struct yaml_node *n = parent->child; n; n = n->next, keys++)
        if (strcmp(n->key, key) == 0)
            return status_fail(STATUS_CONFIG, "%s:%zu:%zu: '%s' is given twice; the first is in line %d",
                               r->name, event->start_mark.line + 1, event->start_mark.column + 1, key,
                               n->key_line);
    return keys < MAX_KEYS ? STATUS_OK : yaml_fail_at(r, event->start_mark, "too many keys in one map");
}

/* Reads one member of `parent` to its `end`; `event` is the key in a map, the member itself in a list. A node
 * joins the tree before it is filled, so that freeing the root frees everything, also after an error. */
static enum status yaml_read_member(struct reader *r, const yaml_event_t *event, struct yaml_node *parent,
                                    struct yaml_node **end, int depth)
{
    if (parent->kind == YAML_MAP) TRY(yaml_check_key(r, event, parent));
    struct yaml_node *node;
    TRY(mem_alloc(&node, 1, sizeof *node, "configuration"));
    if (parent->kind == YAML_LIST) {
        *end = node;
        return yaml_read_node(r, event, node, depth);
    }
    node->key_line = (int)event->start_mark.line + 1;
    node->key_column = (int)event->start_mark.column + 1;
    enum status status = yaml_copy_scalar(r, event, &node->key);
    if (status != STATUS_OK) {
        mem_free(&node);
        return status;
    }
    *end = node;

    yaml_event_t value;
    TRY(yaml_next_event(r, &value));
    status = yaml_read_node(r, &value, node, depth);
    yaml_event_delete(&value);
    return status;
}

static enum status yaml_read_members(struct reader *r, struct yaml_node *parent, int depth)
{
    yaml_event_type_t end = parent->kind == YAML_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    struct yaml_node **last = &parent->child;
    for (bool done = false; !done;) {
        yaml_event_t event;
        TRY(yaml_next_event(r, &event));
        done = event.type == end;
        enum status status = done ? STATUS_OK : yaml_read_member(r, &event, parent, last, depth);
        yaml_event_delete(&event);
        TRY(status);
        if (!done) last = &(*last)->next;
    }
    return STATUS_OK;
}

/* Reads the stream: one document, or none. */
static enum status yaml_read_stream(struct reader *r, struct yaml_node *root)
{
    int documents = 0;
    for (bool done = false; !done;) {
        yaml_event_t event;
        enum status status = yaml_next_event(r, &event);
        if (status != STATUS_OK) return status;
        switch (event.type) {
        case YAML_STREAM_END_EVENT:
            done = true;
            break;
        case YAML_STREAM_START_EVENT:
        case YAML_DOCUMENT_END_EVENT:
            break;
        case YAML_DOCUMENT_START_EVENT:
            if (documents++)
                status = yaml_fail_at(r, event.start_mark, "more than one document is not supported");
            break;
        default:
            status = yaml_read_node(r, &event, root, 0);
        }
        yaml_event_delete(&event);
        TRY(status);
    }
    return STATUS_OK;
}

enum status yaml_parse(struct yaml_node **out, const char *text, const char *name)
{
    struct yaml_node *root;
    *out = NULL;
    TRY(mem_alloc(&root, 1, sizeof *root, "configuration"));
    root->kind = YAML_MAP;
    struct reader r = {.name = name};
    if (!yaml_parser_initialize(&r.parser)) {
        mem_free(&root);
        return status_fail(STATUS_OTHER, "%s: out of memory", name);
    }
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)text, strlen(text));
    enum status status = yaml_read_stream(&r, root);
    yaml_parser_delete(&r.parser);
    if (status != STATUS_OK) yaml_destroy(&root);
    *out = root;
    return status;
}

/* Opens a regular file only: reading a pipe could wait forever, and a device may have no end. */
static enum status yaml_open_file(const char *path, FILE **file)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return status_fail(STATUS_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return status_fail(STATUS_CONFIG, "%s: is not a configuration file but a %s", path,
                           S_ISDIR(facts.st_mode) ? "folder" : "device or pipe");
    *file = fopen(path, "r");
    return *file ? STATUS_OK : status_fail(STATUS_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
}

enum status yaml_load(struct yaml_node **out, const char *path)
{
    FILE *file;
    *out = NULL;
    TRY(yaml_open_file(path, &file));
    char *text;
    enum status status = mem_alloc(&text, MAX_BYTES + 1, 1, "configuration file");
    if (status == STATUS_OK) {
        size_t bytes = fread(text, 1, MAX_BYTES, file);
        if (ferror(file))
            status = status_fail(STATUS_CONFIG, "%s: cannot be read: %s", path, strerror(errno));
        else if (bytes == MAX_BYTES)
            status =
                status_fail(STATUS_CONFIG, "%s: is not a configuration file: it is larger than 1 MB", path);
        else if (strlen(text) != bytes)
            status =
                status_fail(STATUS_CONFIG, "%s: is not a configuration file: it contains a NUL byte", path);
    }
    fclose(file);
    if (status == STATUS_OK) status = yaml_parse(out, text, path);
    mem_free(&text);
    return status;
}

enum status yaml_scalar(struct yaml_node **out, const char *text)
{
    TRY(mem_alloc(out, 1, sizeof **out, "configuration"));
    (*out)->kind = YAML_SCALAR;
    (*out)->plain = true;
    enum status status = mem_copy_text(&(*out)->text, text);
    if (status != STATUS_OK) mem_free(out);
    return status;
}

void yaml_destroy(struct yaml_node **node)
{
    while (*node) {
        struct yaml_node *next = (*node)->next;
        yaml_destroy(&(*node)->child);
        mem_free(&(*node)->text);
        mem_free(&(*node)->key);
        mem_free(node);
        *node = next;
    }
}

bool yaml_is_null(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

bool yaml_is_empty(const struct yaml_node *node)
{
    return yaml_is_null(node) || (node->kind == YAML_SCALAR && !*node->text);
}

const char *yaml_version(void)
{
    return yaml_get_version_string();
}
