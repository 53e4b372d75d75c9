/* pickle_text.h - a pickle as torch.save writes it. */
#ifndef TESTS_PICKLE_TEXT_H
#define TESTS_PICKLE_TEXT_H

/* {"w": a tensor of 2 x 3 of a storage of `stored` numbers, with these strides}. */
#define PICKLE_OF(stored, strides)                                                                                        \
    "\x80\x02}q\x00X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n" \
    "X\x01\x00\x00\x00"                                                                                                   \
    "0X\x03\x00\x00\x00"                                                                                                  \
    "cpuK" stored "tQK\x00K\x02K\x03\x86" strides "\x89}tRs."

#endif
