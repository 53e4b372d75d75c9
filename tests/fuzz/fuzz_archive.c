/* Weights of other programs, but for HDF5: safetensors and zip files of PyTorch and NumPy. Everything that is listed and can be
 * read is read, up to a limit. An input that begins with "pickle:" is a pickle alone, which a zip file hides from the fuzzer.
 *
 * The checksums of zip files are not made right again: values behind wrong ones have been read before they are refused. */
#include "fuzz_entries.h"
#include "io/archive/pickle.h"

#define MARK "pickle:"

static enum status check_tensor(void *self, const char *name, const struct pickle_tensor *t)
{
    (void)self;
    FUZZ_CHECK(strlen(name) < ARCHIVE_NAME && t->rank >= 0 && t->rank <= ARCHIVE_RANK && t->offset >= 0);
    return STATUS_OK;
}

static void check_pickle(const uint8_t *data, size_t size)
{
    struct pickle *p = NULL;
    if (fuzz_answer(pickle_read(&p, data, size)))
        (void)fuzz_answer(pickle_each_tensor(p, check_tensor, NULL));
    pickle_destroy(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t mark = strlen(MARK);
    if (size >= mark && memcmp(data, MARK, mark) == 0)
        check_pickle(data + mark, size - mark);
    else if (size < 8 || memcmp(data, "\x89HDF\r\n\x1a\n", 8) != 0) /* fuzz_keras.c */
        fuzz_check_archive(data, size);
    fuzz_end();
    return 0;
}
