/* Tables of Weka and Mulan; the third part of the input is Mulan's list of labels. */
#include "fuzz_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_table t = fuzz_table_begin(data, size);
    struct fuzz_file list;
    t.options.header = TABLE_HEADER_AUTO, t.options.delimiter = 0; /* of CSV files only */
    if (t.part[2]) {
        list = fuzz_file(t.part[2], t.bytes[2]);
        t.options.labels_xml = list.path;
    }
    fuzz_table_convert(&t, TABLE_ARFF);
    if (t.part[2]) fuzz_close(&list);
    fuzz_end();
    return 0;
}
