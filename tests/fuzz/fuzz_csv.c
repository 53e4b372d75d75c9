/* Tables of comma-separated values, for a conversion and as labels of files. */
#include "data/source/csv_labels.h"
#include "fuzz_table.h"

static void take_labels(const uint8_t *data, size_t size)
{
    struct fuzz_file file = fuzz_file(data, size);
    struct csv_labels *table = NULL;
    int32_t label;
    float target;
    if (fuzz_answer(csv_labels_open(&table, file.path, NULL))) {
        FUZZ_CHECK(csv_labels_get_facts(table).width == 1);
        (void)fuzz_answer(csv_labels_take(table, "/data/a.h5", 3, &label, &target));
        (void)fuzz_answer(csv_labels_take(table, "b", 4, &label, NULL));
    }
    csv_labels_close(&table);
    fuzz_close(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    take_labels(data, size);
    struct fuzz_table t = fuzz_table_begin(data, size);
    t.options.label_count = 0; /* of ARFF files only */
    fuzz_table_convert(&t, TABLE_CSV);
    fuzz_end();
    return 0;
}
