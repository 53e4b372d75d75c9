/* test_hash.c - XXH64's published values, however the bytes are cut. */
#include "check.h"

#include "io/hash.h"

static void test_known(void)
{
    struct hash h;
    hash_begin(&h);
    CHECK(hash_end(&h) == 0xEF46DB3751D8E999u); /* of nothing */
    hash_add(&h, "a", 1);
    CHECK(hash_end(&h) == 0xD24EC4F1A98C6E5Bu);
    hash_add(&h, "bc", 2);
    CHECK(hash_end(&h) == 0x44BC2CF5AD770999u);
}

static void test_cuts(void)
{
    struct hash h;
    unsigned char data[1009];
    for (int i = 0; i < 1009; i++) data[i] = (unsigned char)(i * 7);
    hash_begin(&h);
    hash_add(&h, data, sizeof data);
    uint64_t whole = hash_end(&h);
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        hash_begin(&h);
        hash_add(&h, data, cut);
        hash_add(&h, data + cut, sizeof data - cut);
        CHECK(hash_end(&h) == whole);
    }
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_known());
    CHECK_CASE(test_cuts());
    return check_result();
}
