/* A configuration as text reads back to the same one, and what two of them differ in is said key by key. */
#include "app/config/option_table.h"
#include "app/resolve.h"
#include "core/mem.h"

/* The text of a configuration reads back to that text. */
static void check_round_trip(const char *text, const char *flag, const char *part)
{
    struct config c;
    char *one = NULL, *two = NULL;
    CHECK_STATUS(resolve(text, NULL, flag, &c), STATUS_OK);
    CHECK_STATUS(options_text(&c, false, &one), STATUS_OK);
    options_free(&c);
    CHECK(strstr(one, part) != NULL);
    CHECK_STATUS(resolve(one, NULL, NULL, &c), STATUS_OK);
    CHECK_STATUS(options_text(&c, false, &two), STATUS_OK);
    options_free(&c);
    CHECK(strcmp(one, two) == 0);
    mem_free(&one);
    mem_free(&two);
}

static void test_round_trip_kinds(void)
{
    const char *text =
        DATA MODEL "schedule: {name: multi_step, milestones: [0.30000000000000004, 1e-7, 3]}\n";
    check_round_trip(text, NULL, "  milestones: [0.30000000000000004, 1e-07, 3]\n");
    check_round_trip(text, "schedule.milestones=[]", "  milestones: []\n");
    check_round_trip(DATA MODEL "schedule: {name: reduce_on_plateau, threshold_mode: abs}\n", NULL,
                     "  threshold_mode: abs\n");
    check_round_trip(text,
                     "run.name=\xc2\x9e \xe2\x80\xa8\xef\xbb\xbf\xef\xbf\xbf\xc3\xa9", /* YAML takes only the
                                                                                          last one as it is */
                     "\"\\x9e \\u2028\\ufeff\\uffff\xc3\xa9\"");
    char many[16384] = "schedule.milestones=[0"; /* as long as the weights of 1000 classes */
    for (int i = 1; i < 1000; i++) sprintf(many + strlen(many), ", %d.25", i);
    strcat(many, "]");
    check_round_trip(text, many, ", 999.25]\n");
    check_round_trip(text, "model.freeze=[a, \"b: *\", '[c]']", "  freeze: [a, \"b: *\", \"[c]\"]\n");
    check_round_trip(text, "optim.groups=[{match: '*', lr: 0.1}]",
                     "  groups: [{match: \"*\", lr: 0.1, weight_decay: 1}]\n");
}

/* The resolved text reads back to the same configuration, whatever the values. */
static void test_round_trip(void)
{
    const char *text =
        "run: {name: \"a: #b\", seed: 9007199254740992}\n"
        "data: {train: \"t \\\"q\\\" \\\\ \\x07 é.h5:g\", val: demo:test, x: null, normalize: unit}\n"
        "model: {input: [3, 5, 7], layers: [{conv2d: {out: 2, kernel: 3}}, {dropout: 0.1}, {linear: 4}]}\n"
        "train: {epochs: 0, batch: 24, virtual_ranks: 3, shuffle: off}\n"
        "optim: {lr: 0.30000000000000004, momentum: 1e-7, nesterov: true}\n"
        "schedule: {name: cosine, warmup_epochs: 0.1}\nsync: {method: allreduce}\n"
        "checkpoint: {best: ''}\n";
    struct config first, second;
    char *one = NULL, *two = NULL;
    CHECK_STATUS(resolve(text, NULL, NULL, &first), STATUS_OK);
    CHECK_STATUS(options_text(&first, false, &one), STATUS_OK);
    CHECK_STATUS(resolve(one, NULL, NULL, &second), STATUS_OK);
    CHECK_STATUS(options_text(&second, false, &two), STATUS_OK);
    CHECK(strcmp(one, two) == 0);
    CHECK(strcmp(first.data.train, second.data.train) == 0 && strcmp(second.run_name, "a: #b") == 0);
    CHECK(second.seed == 9007199254740992 && !second.shuffle && second.sync_method == SYNC_ALLREDUCE);
    CHECK(memcmp(first.optim_args.of, second.optim_args.of, sizeof first.optim_args.of) == 0);
    CHECK(memcmp(&first.model, &second.model, sizeof first.model) == 0);
    CHECK(strcmp(second.checkpoint_best, "") == 0 && strcmp(second.data.x, "") == 0);
    for (const struct option *o = option_table(); o->key; o++)
        CHECK(o->kind == OPTION_BLOCKS || strstr(one, strchr(o->key, '.') + 1) != NULL);
    mem_free(&one);
    mem_free(&two);
    options_free(&first);
    options_free(&second);
}

struct difference {
    char text[512];
    int count;
    bool may_change;
};

static void keep_difference(void *self, const char *key, const char *was, const char *is, bool may_change)
{
    struct difference *d = self;
    snprintf(d->text, sizeof d->text, "%s: was %s, is %s", key, was, is);
    d->count++;
    d->may_change = may_change;
}

/* The one difference that the flag, or another text, makes. */
static void differ(const char *text, const char *other, const char *flag, const char *want, bool may_change)
{
    struct config was, is;
    struct difference d = {.count = 0};
    CHECK_STATUS(resolve(text, NULL, NULL, &was), STATUS_OK);
    CHECK_STATUS(resolve(other ? other : text, NULL, flag, &is), STATUS_OK);
    CHECK_STATUS(options_compare(&was, &is, keep_difference, &d), STATUS_OK);
    CHECK(d.count == (*want != '\0') && strcmp(d.text, want) == 0 && d.may_change == may_change);
    if (strcmp(d.text, want) != 0) fprintf(stderr, "  got: %s\n  not: %s\n", d.text, want);
    options_free(&was);
    options_free(&is);
}

static void test_compare(void)
{
    differ(DATA MODEL, NULL, NULL, "", false);
    differ(DATA MODEL, "train: {batch: 512}\n" DATA MODEL, NULL, "", false); /* said or not, it is the same */
    differ(DATA MODEL, NULL, "train.epochs=11", "train.epochs: was 10, is 11", true);
    differ(DATA MODEL, NULL, "data.train=u.h5", "data.train: was t.h5, is u.h5", true);
    differ(DATA MODEL, NULL, "run.seed=2", "run.seed: was 1, is 2", false);
    differ(DATA MODEL, NULL, "data.normalize=unit", "data.normalize: was auto, is unit", false);
    differ(DATA MODEL, NULL, "model.input=[1, 2, 3]", "model.input: was auto, is [1, 2, 3]", false);
    differ(DATA MODEL, DATA "model: {layers: [tanh, {linear: 10}]}", NULL,
           "model.layers[0]: was relu, is tanh", false);
    differ(DATA MODEL, DATA "model: {layers: [relu]}", NULL,
           "model.layers[1]: was linear: {out: 10, bias: true, positions: false}, is missing", false);
    differ(DATA MODEL, NULL, "optim.lr=0.5", "optim.lr: was 0.01, is 0.5", false);
    differ(DATA MODEL, NULL, "optim.name=adam", "optim.name: was sgd, is adam", false);
    differ(DATA MODEL "schedule: {name: multi_step, milestones: [1, 2]}", NULL, "schedule.milestones=[1, 3]",
           "schedule.milestones: was [1, 2], is [1, 3]", false);
}

/* What is kept and told never changes a result; what a step computes always does. */
static void test_what_may_change(void)
{
    static const char *const free_sections[] = {"log.", "checkpoint.", "run.name", NULL};
    static const char *const fixed[] = {"model.",        "optim.",      "schedule.",
                                        "run.seed",      "train.batch", "train.accumulate",
                                        "train.shuffle", "metrics.",    NULL};
    for (const struct option *o = option_table(); o->key; o++) {
        for (const char *const *f = free_sections; *f; f++)
            if (strncmp(o->key, *f, strlen(*f)) == 0) CHECK(o->may_change);
        for (const char *const *f = fixed; *f; f++)
            if (strncmp(o->key, *f, strlen(*f)) == 0)
                CHECK(o->may_change == (o->kind == OPTION_INIT)); /* only the start of a run uses it */
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_round_trip_kinds());
    CHECK_CASE(test_round_trip());
    CHECK_CASE(test_compare());
    CHECK_CASE(test_what_may_change());
    CHECK(mem_alive() == 0);
    return check_result();
}
