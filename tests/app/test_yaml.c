#include <string.h>

#include "check.h"
#include "core/mem.h"
#include "app/config/yaml.h"

static void refuse(const char *text, const char *message)
{
    struct yaml_node *root;
    CHECK_STATUS(yaml_parse(&root, text, "f.yaml"), STATUS_CONFIG);
    CHECK(root == NULL);
    CHECK(strncmp(status_text(), message, strlen(message)) == 0);
    if (strncmp(status_text(), message, strlen(message)) != 0)
        fprintf(stderr, "  got: %s\n  not: %s\n", status_text(), message);
}

static void test_tree(void)
{
    struct yaml_node *root;
    CHECK_STATUS(yaml_parse(&root, "a: {b: 1e-3, c: \"x\\ty\"}\nd:\n  - e\n  - f: [1, 2]\ng:\n", "f.yaml"),
                 STATUS_OK);
    const struct yaml_node *a = root->child, *d = a->next, *g = d->next;
    CHECK(root->kind == YAML_MAP && a->kind == YAML_MAP && d->kind == YAML_LIST && !g->next);
    CHECK(strcmp(a->key, "a") == 0 && strcmp(a->child->key, "b") == 0);
    CHECK(strcmp(a->child->text, "1e-3") == 0 && a->child->plain);
    CHECK(a->child->line == 1 && a->child->column == 8 && a->child->key_column == 5);
    CHECK(strcmp(a->child->next->text, "x\ty") == 0 && !a->child->next->plain);
    CHECK(d->child->key == NULL && strcmp(d->child->text, "e") == 0 && d->child->line == 3);
    CHECK(strcmp(d->child->next->child->key, "f") == 0 && d->child->next->child->kind == YAML_LIST);
    CHECK(yaml_is_null(g) && !yaml_is_null(d->child));
    yaml_destroy(&root);
    CHECK(root == NULL);
}

static void test_empty(void)
{
    static const char *const texts[] = {"", "# nothing\n", "\n\n"};
    for (int i = 0; i < 3; i++) {
        struct yaml_node *root;
        CHECK_STATUS(yaml_parse(&root, texts[i], "f.yaml"), STATUS_OK);
        CHECK(root->kind == YAML_MAP && !root->child);
        yaml_destroy(&root);
    }
}

static void test_strict(void)
{
    refuse("a: 1\nb: 2\na: 3\n", "f.yaml:3:1: 'a' is given twice; the first is in line 1");
    refuse("s:\n  a: 1\n  a: 2\n", "f.yaml:3:3: 'a' is given twice; the first is in line 2");
    refuse("a: &x 1\n", "f.yaml:1:4: anchors");
    refuse("a: {b: &x {}}\n", "f.yaml:1:8: anchors");
    refuse("a: *x\n", "f.yaml:1:4: aliases");
    refuse("a: !!int 1\n", "f.yaml:1:4: tags");
    refuse("a: !mine [1]\n", "f.yaml:1:4: tags");
    refuse("&x a: 1\n", "f.yaml:1:1: anchors");
    refuse("a: 1\n---\nb: 2\n", "f.yaml:2:1: more than one document");
    refuse("[a]: 1\n", "f.yaml:1:1: a key must be");
    refuse("a: [1, 2\n", "f.yaml:2:1: ");
    refuse("a: b: c\n", "f.yaml:1:5: ");
    refuse("a:\n\t- b\n", "f.yaml:2:1: unexpected character (if it is a tab");
    refuse("a: \"x\\0y\"\n", "f.yaml:1:4: NUL characters");
    refuse("a: [[[[[[[[[[1]]]]]]]]]]\n", "f.yaml:1:11: is nested too deeply");
    refuse("a: \"x\n", "f.yaml:");
}

static void test_missing_file(void)
{
    struct yaml_node *root;
    CHECK_STATUS(yaml_load(&root, "no-such-file.yaml"), STATUS_CONFIG);
    CHECK(strstr(status_text(), "no-such-file.yaml: cannot be read") != NULL);
    CHECK_STATUS(yaml_load(&root, "."), STATUS_CONFIG);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_tree());
    CHECK_CASE(test_empty());
    CHECK_CASE(test_strict());
    CHECK_CASE(test_missing_file());
    CHECK(mem_alive() == 0);
    return check_result();
}
