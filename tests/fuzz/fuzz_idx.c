/* Images and labels of MNIST's format. The input is the images, a line "--labels--", the labels, and perhaps
 * another such line and the names of the classes. */
#include "data/convert/idx.h"
#include "fuzz.h"

#define MARK "\n--labels--\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *part;
    size_t bytes = fuzz_cut(&data, &size, MARK, &part);
    struct fuzz_file images = fuzz_file(part, bytes);
    bytes = fuzz_cut(&data, &size, MARK, &part);
    struct fuzz_file labels = fuzz_file(part, bytes);
    char *names = fuzz_text(data, size);
    bool good = fuzz_answer(idx_convert(images.path, labels.path, fuzz_out(), names, false));
    fuzz_check_out(good);
    free(names);
    fuzz_close(&images);
    fuzz_close(&labels);
    fuzz_end();
    return 0;
}
