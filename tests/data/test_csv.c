/* test_csv.c - CSV files as users write them: what is read, what is refused; failures leave nothing. */
#include "tables.h"

static const struct table_options y = {.target = "y"};

static void test_read(void)
{
    static const struct {
        const char *text;
        int rows, features;
        float x[8], y[4];
    } cases[] = {
        {"a,y\n1,2.5\n", 1, 1, {1}, {2.5f}},
        {"\xef\xbb\xbf"
         "a,y\r\n1,2.5\r\n3,4",
         2,
         1,
         {1, 3},
         {2.5f, 4}},
        {"\xef\xbb\xbf\"a\",\"y\"\n1,2.5\n", 1, 1, {1}, {2.5f}},
        {"a,y\r1,2\r3,4.5\r", 2, 1, {1, 3}, {2, 4.5f}},
        {"\n\n  \na,y\n\n1,2.5\n \t \n\r\n3,4\n\n", 2, 1, {1, 3}, {2.5f, 4}},
        {" a , \"y\" \n \"1\" ,\t2.5\t\n", 1, 1, {1}, {2.5f}},
        {"a,\"b\nc\",y\n1,2,3.5\n\"4\",\"5\",\"6\"\n", 2, 2, {1, 2, 4, 5}, {3.5f, 6}},
        {"a,\"say \"\"b\"\"\",y\n1,2,3.5", 1, 2, {1, 2}, {3.5f}},
        {"a\"b,y\n1,2.5\n", 1, 1, {1}, {2.5f}},
        {"y,a\n2.5,1\n", 1, 1, {1}, {2.5f}},
        {",y,\n1,2.5,3\n", 1, 2, {1, 3}, {2.5f}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        gives(TABLE_CSV, cases[i].text, &y, cases[i].rows, cases[i].features, cases[i].x, cases[i].y);
}

static void test_header(void)
{
    const float x[] = {1, 2, 4, 5}, targets[] = {3.5f, 6};
    const char *plain = "1,2,3.5\n4,5,6\n", *named = "a,b,c\n1,2,3.5\n4,5,6\n",
               *mixed = "a,7,c\n1,2,3.5\n4,5,6\n";
    struct table_options o = {.target = "2"};
    gives(TABLE_CSV, plain, &o, 2, 2, x, targets);
    gives(TABLE_CSV, named, &o, 2, 2, x, targets);
    refuses(TABLE_CSV, mixed, strlen(mixed), &o, STATUS_CONFIG, "mixes texts and numbers");
    o.target = "c";
    gives(TABLE_CSV, mixed, &o, 2, 2, x, targets);
    refuses(TABLE_CSV, plain, strlen(plain), &o, STATUS_CONFIG, "no column 'c'; there are 3: 1, 2, 3.5");
    o = (struct table_options){.target = "2", .header = TABLE_HEADER_YES};
    gives(TABLE_CSV, mixed, &o, 2, 2, x, targets);
    gives(TABLE_CSV, plain, &o, 1, 2, (float[]){4, 6}, (float[]){5}); /* the names are 1, 2 and 3.5 */
    o.header = TABLE_HEADER_NO;
    gives(TABLE_CSV, plain, &o, 2, 2, x, targets);
    refuses(TABLE_CSV, named, strlen(named), &o, STATUS_DATA, "line 1, column '0': 'a' is not a number");

    /* A column that is called by a number is found by that name. */
    o = (struct table_options){.target = "2", .header = TABLE_HEADER_YES};
    gives(TABLE_CSV, "2,b,c\n3.5,1,2\n6,4,5\n", &o, 2, 2, x, targets);
    o = (struct table_options){.target = "0", .categorical = "1"};
    refuses(TABLE_CSV, "a,b\nc,d\n", 8, &o, STATUS_CONFIG, "no column of numbers shows it");
    o.header = TABLE_HEADER_NO;
    gives(TABLE_CSV, "a,b\nc,d\na,b\n", &o, 3, 2, (float[]){1, 0, 0, 1, 1, 0}, (float[]){0, 1, 0});
}

static void test_refuses(void)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "is empty"},
        {"\xef\xbb\xbf", "is empty"},
        {"\n\n \n", "is empty"},
        {"a,y\n", "holds no row of data"},
        {"a,y\n1,2.5\n12abc,3\n",
         "line 3, column 'a': '12abc' is not a number; for text use --categorical 'a' or"},
        {"a,y\n1,2.5\n3,12abc\n", "line 3, column 'y': '12abc' is not a number, but line 2"},
        {"a,y\n1,yes\n3,7\n", "line 3, column 'y': '7' is a number, but line 2"},
        {"a,y\n1,2.5\n\n\n1\n", "line 5: has 1 cells where the first row has 2"},
        {"a,y\n1,2.5\n1,2,3\n", "line 3: has 3 cells where the first row has 2"},
        {"a,y\n1,2.5,\n", "line 2: has 3 cells"},
        {"a,y\n\"x\n\n\",2.5\n", "line 2, column 'a': 'x?"
                                 "?' is not a number"},
        {"a,y\n\"1\n\n\",2.5\nx,1\n", "line 2, column 'a': '1?"
                                      "?' is not a number"},
        {"a,y\n1,\"2.5\n3,4\n", "line 2, cell 2: a quote is opened and never closed"},
        {"a,y\n\"1\"x,2.5\n", "line 2, cell 1: text stands behind a closing quote"},
        {"a,y\n1,2.5\n,3\n", "line 3, column 'a': a value is missing; use --missing mean"},
        {"a,y\n1,2.5\n1,?\n", "line 3, column 'y': a target is missing; --missing drop"},
        {"a,y\n1e999,2.5\n", "'1e999' is beyond float32"},
        {"a,y\n1e39,2.5\n", "'1e39' is beyond float32"},
        {"a,y\ninf,2.5\n", "'inf' is not a number"},
        {"a,y\n0x10,2.5\n", "'0x10' is not a number"},
        {"a,y\n1.000.000,2.5\n", "'1.000.000' is not a number"},
        {"a,y\n\x1b[31m,2.5\n", "'?[31m' is not a number"},
        {"a\xe9,y\n1,2.5\n", "line 1: the column name 'a?' is not UTF-8"},
        {"a,y\n1,caf\xe9\n", "line 2, column 'y': the class 'caf?' is not UTF-8"},
        {"\xff\xfe"
         "a",
         "is UTF-16"},
        {"\xfe\xff"
         "a",
         "is UTF-16"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(TABLE_CSV, cases[i].text, strlen(cases[i].text), &y, STATUS_DATA, cases[i].part);
    refuses(TABLE_CSV,
            "a,y\n1,\0"
            "2\n",
            10, &y, STATUS_DATA, "byte 6 is NUL");
    refuses(TABLE_CSV, "a\n1\n", 4, &y, STATUS_CONFIG, "has only one column");
    refuses(TABLE_CSV, "y,y\n1,2\n", 8, &y, STATUS_CONFIG, "2 columns are called 'y'; give its number");
    refuses(TABLE_CSV, "y,b\n1,2\n", 8, &(struct table_options){.target = "y", .drop = "b"}, STATUS_CONFIG,
            "no column is left for the features");
}

/* A row beyond all measure is refused before memory is short, and so are too many columns and categories. */
static void test_limits(void)
{
    size_t bytes = (size_t)80 << 20;
    char *text = malloc(bytes);
    memset(text, 'x', bytes);
    memcpy(text, "a,y\n1,\"", 7);
    refuses(TABLE_CSV, text, bytes, &y, STATUS_DATA, "line 2: is longer than 64 MB; is a quote opened");
    memset(text, ',', 150000);
    refuses(TABLE_CSV, text, 150000, &y, STATUS_DATA, "has 150001 columns; at most 100000");
    size_t used = (size_t)sprintf(text, "k,y\n");
    for (int i = 0; i <= 10000; i++) used += (size_t)sprintf(text + used, "v%d,%d.5\n", i, i);
    refuses(TABLE_CSV, text, used, &(struct table_options){.target = "y", .categorical = "k"}, STATUS_DATA,
            "line 10002, column 'k': has more than 10000 different categories");
    used = (size_t)sprintf(text, "%.2000s,y\n", memset(text + 3000, 'n', 2000) ? text + 3000 : "");
    used += (size_t)sprintf(text + used, "1,2\n");
    refuses(TABLE_CSV, text, used, &y, STATUS_DATA, "is longer than 1000 bytes");
    free(text);
}

/* A compressed file that is cut short or damaged is no shorter table. */
static void test_compressed(void)
{
    char text[20000], packed[20000];
    size_t used = (size_t)sprintf(text, "a,y\n");
    for (int i = 0; i < 1000; i++) used += (size_t)sprintf(text + used, "%d,%d.5\n", i, i * 7919 % 1000);
    save(in, text, used, "wb");
    CHECK_STATUS(table_convert(TABLE_CSV, in, out, &y, &result), STATUS_OK);
    CHECK(result.rows[0] == 1000);
    unlink(out);
    FILE *file = fopen(in, "rb");
    size_t bytes = fread(packed, 1, sizeof packed, file);
    fclose(file);
    refuses(TABLE_CSV, packed, bytes / 2, &y, STATUS_DATA, "is truncated");
    refuses(TABLE_CSV, packed, bytes - 4, &y, STATUS_DATA, "is truncated");
    packed[bytes - 8] = (char)(packed[bytes - 8] ^ 1);
    refuses(TABLE_CSV, packed, bytes, &y, STATUS_DATA, "is damaged");
}

static void test_places(void)
{
    save(in, "a,y\n1,2.5\n", 10, "wbT");
    CHECK_STATUS(table_convert(TABLE_CSV, "/nowhere/in.csv", out, &y, &result), STATUS_DATA);
    CHECK(strstr(status_text(), "no such file") != NULL);
    CHECK_STATUS(table_convert(TABLE_CSV, folder, out, &y, &result), STATUS_DATA);
    CHECK(strstr(status_text(), "not a regular file") != NULL);
    CHECK_STATUS(table_convert(TABLE_CSV, "/dev/zero", out, &y, &result), STATUS_DATA);
    CHECK_STATUS(table_convert(TABLE_CSV, in, "/nowhere/out.h5", &y, &result), STATUS_OTHER);
    CHECK_STATUS(table_convert(TABLE_CSV, in, out, &y, &result), STATUS_OK);
    CHECK_STATUS(table_convert(TABLE_CSV, in, out, &y, &result), STATUS_CONFIG);
    struct table_options o = {.target = "y", .overwrite = true};
    CHECK_STATUS(table_convert(TABLE_CSV, in, out, &o, &result), STATUS_OK);
    CHECK_STATUS(table_convert(TABLE_CSV, in, in, &o, &result), STATUS_CONFIG);
    unlink(out);
}

static void test_missing(void)
{
    const char *text = "a,k,y\n1,p,1.5\n,q,2\n3,,3\n5,p,\n7,p,5\n";
    struct table_options o = {.target = "y", .categorical = "k", .missing = TABLE_MISSING_DROP};
    gives(TABLE_CSV, text, &o, 2, 2, (float[]){1, 1, 7, 1}, (float[]){1.5f, 5});
    CHECK(result.dropped == 3 && result.filled == 0);
    o.missing = TABLE_MISSING_MEAN;
    refuses(TABLE_CSV, text, strlen(text), &o, STATUS_DATA, "line 4, column 'k': a category is missing");
    text = "a,y\n,1.5\n,2\n";
    refuses(TABLE_CSV, text, strlen(text),
            &(struct table_options){.target = "y", .missing = TABLE_MISSING_MEAN}, STATUS_DATA,
            "column 'a' has no value in the training set");
    refuses(TABLE_CSV, text, strlen(text),
            &(struct table_options){.target = "y", .missing = TABLE_MISSING_DROP}, STATUS_DATA,
            "every one of the 2 rows misses a value");
    /* Only the test rows have a value: their mean must not leak. */
    o = (struct table_options){
        .target = "y", .missing = TABLE_MISSING_MEAN, .split = TABLE_SPLIT_AT, .split_rows = 2};
    text = "a,y\n,1.5\n,2\n5,3\n";
    refuses(TABLE_CSV, text, strlen(text), &o, STATUS_DATA, "no value in the training set");
}

static void test_changed(void)
{
    const struct table_options o = {.target = "y", .categorical = "k", .missing = TABLE_MISSING_MEAN};
    survives(TABLE_CSV,
             "a,\"b \"\"c\"\"\",k,y\r\n1,2.5,\"p,q\",yes\r\n\r\n-3e2,,r,no\n4,\"5\",\"two\nlines\",yes\n", &o,
             "\",\n\r \t1.-e\xff\xc3x?", 1000);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    tables_begin();
    CHECK_CASE(test_read());
    CHECK_CASE(test_header());
    CHECK_CASE(test_refuses());
    CHECK_CASE(test_limits());
    CHECK_CASE(test_compressed());
    CHECK_CASE(test_places());
    CHECK_CASE(test_missing());
    CHECK_CASE(test_changed());
    return tables_end();
}
