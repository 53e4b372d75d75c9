/* test_pickle.c - the machine of pickles: programs that no pickler writes, and damaged ones. */
#include "check.h"
#include "core/mem.h"
#include "io/archive/pickle.h"
#include "pickle_text.h"

static enum status ignore_tensor(void *self, const char *name, const struct pickle_tensor *t)
{
    CHECK(strlen(name) < ARCHIVE_NAME && t->rank >= 0);
    ++*(int *)self;
    return STATUS_OK;
}

/* The machine by itself, with programs that no pickler writes. */
static enum status run_pickle(const void *program, size_t size)
{
    struct pickle *p = NULL;
    int tensors = 0;
    uint8_t *copy = malloc(size + 1); /* so that reading beyond its end is noticed */
    memcpy(copy, program, size);
    enum status status = pickle_read(&p, copy, size);
    if (status == STATUS_OK) status = pickle_each_tensor(p, ignore_tensor, &tensors);
    pickle_destroy(&p);
    free(copy);
    CHECK(mem_alive() == 0);
    CHECK(status == STATUS_OK || status == STATUS_DATA);
    return status;
}

#define RUN(program) run_pickle(program, sizeof(program) - 1)

static void test_pickle(void)
{
    CHECK_STATUS(RUN("\x80\x02}."), STATUS_OK);
    CHECK_STATUS(RUN("}q\x00X\x01\x00\x00\x00kh\x00s."), STATUS_DATA); /* a dictionary in itself */
    CHECK(says("nested too deeply"));
    CHECK_STATUS(RUN("cos\nsystem\n(X\x02\x00\x00\x00lstR."), STATUS_DATA);
    CHECK(says("needs the Python class os.system"));
    CHECK_STATUS(RUN("X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93."), STATUS_DATA);
    CHECK(says("needs the Python class os.system"));
    CHECK_STATUS(RUN("ccollections\nOrderedDict\n)\x81."), STATUS_DATA);
    CHECK(says("0x81"));
    CHECK_STATUS(RUN("]."), STATUS_DATA);
    CHECK(says("holds no state_dict"));
    static const char *const bad[] = {
        "",
        ".",
        "}",
        "(.",
        "t.",
        "}(u",
        "(u.",
        "K",
        "q",
        "h\1.",
        "r\1\1\1\1",
        "}r\1\1\1\1.",
        "Q.",
        "}Q.",
        "R.",
        "}}R.",
        "ctorch\nFloatStorage\n)R.",
        "ccollections\nOrderedDict\n(K\1tR.",
        "b.",
        "K\1}b.",
        "X\377\377\377\377k.",
        "\x8a\x09"
        "123456789.",
        "G1234567.",
        "a.",
        "]a.",
        "}a.",
        "}K\1s.",
        "]K\1K\1s.",
        "(K\1e.",
        "(\x85.",
        "((\x86.",
        "}(K\1u.",
        "c.",
        "cos",
        "c\n\n.",
        "\x93.",
        "K\1K\1\x93.",
        "\x95"
        "123",
        "\x80\x63}.",
        "ctorch._utils\n_rebuild_tensor_v2\n(K\1K\1K\1K\1tR.",
        "ctorch._utils\n_rebuild_parameter\n(K\1tR.",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_STATUS(run_pickle(bad[i], strlen(bad[i])), STATUS_DATA);
}

/* Every prefix, and every other byte anywhere, of a good program. */
static void test_pickle_damage(void)
{
    static const char good[] = PICKLE_OF("\x06", "K\x03K\x01\x86");
    char bad[sizeof good];
    CHECK_STATUS(run_pickle(good, sizeof good - 1), STATUS_OK);
    for (size_t i = 0; i < sizeof good - 1; i++) CHECK_STATUS(run_pickle(good, i), STATUS_DATA);
    for (size_t i = 0; i < sizeof good - 1; i++)
        for (int byte = 0; byte < 256; byte += i % 3 ? 17 : 1) {
            memcpy(bad, good, sizeof good);
            bad[i] = (char)byte;
            (void)run_pickle(bad, sizeof bad - 1);
        }
}

static void test_size(void)
{
    CHECK_STATUS(pickle_check_size((int64_t)4 << 20), STATUS_OK);
    CHECK_STATUS(pickle_check_size(((int64_t)4 << 20) + 1), STATUS_DATA);
    CHECK(says("more than 4 MB"));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_pickle());
    CHECK_CASE(test_pickle_damage());
    CHECK_CASE(test_size());
    return check_result();
}
