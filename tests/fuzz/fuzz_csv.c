/* Tables of comma-separated values. */
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_table t = fuzz_table_begin(data, size);
    t.options.label_count = 0; /* of ARFF files only */
    fuzz_table_convert(&t, TABLE_CSV);
    fuzz_end();
    return 0;
}
