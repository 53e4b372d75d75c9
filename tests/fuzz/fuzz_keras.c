/* HDF5 with weights, as Keras lays them out. */
#include "fuzz_entries.h"
#include "fuzz_h5.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_h5_begin();
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 8 || memcmp(data, "\x89HDF\r\n\x1a\n", 8) != 0) return 0; /* fuzz_archive.c */
    fuzz_check_archive(data, size);
    fuzz_h5_end();
    return 0;
}
