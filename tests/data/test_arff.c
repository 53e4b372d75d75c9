/* test_arff.c - ARFF files as users write them: what is read, and every way a file can be wrong. */
#include "data/convert/arff/arff_xml.h"
#include "tables.h"

#define HEADER "@relation r\n@attribute a numeric\n@attribute k {p,'q r'}\n@attribute y real\n@data\n"

static const struct table_options y = {.target = "y"};

static void test_read(void)
{
    const float x[] = {1, 1, 0, 3, 0, 1}, targets[] = {2.5f, 4};
    static const char *const same[] = {
        HEADER "1,p,2.5\n3,'q r',4\n",
        HEADER "\n% comment\n 1 , p , 2.5 \r\n\t3,\"q r\",4",
        HEADER "1 p 2.5\n3\t'q r'\t4\n",
        HEADER "{0 1, 2 2.5}\n{0 3,1 'q r',2 4}\n",
        HEADER "{ 0 1 , 2 2.5 }\n  {0\t3, 1 \"q r\", 2\t4}\r\n",
        "\xef\xbb\xbf% top\n\n@RELATION 'x y'\r\n@Attribute 'a' INTEGER\n@attribute k{p , \"q r\"} % it\n"
        "@attribute y numeric\n@DATA \n1,p,2.5\n3,'q\\ r',4\n",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) gives(TABLE_ARFF, same[i], &y, 2, 3, x, targets);
    const struct table_options said = {.target = "y", .categorical = "k"}; /* what the file says already */
    gives(TABLE_ARFF, same[0], &said, 2, 3, x, targets);
}

static void test_refuses(void)
{
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "is empty"},
        {"a,y\n1,2\n", "line 1: expected @relation, @attribute or @data, not 'a,y'; is this an ARFF file?"},
        {"@relation r\n", "has no @data"},
        {"@relation r\n@data\n1\n", "declares no attribute"},
        {"@attribute\n", "line 1: expected @attribute NAME TYPE"},
        {"@attribute a\n", "line 1: '' is no type"},
        {"@attribute a nummeric\n", "line 1: 'nummeric' is no type; there are numeric"},
        {"@attribute 'a numeric\n", "line 1: a quote is opened and never closed"},
        {"@attribute a {}\n", "line 1: a declared value is empty"},
        {"@attribute a {x,,y}\n", "line 1: a declared value is empty"},
        {"@attribute a {x,y\n", "line 1: expected values between braces"},
        {"@attribute a {x,y} z\n", "line 1: expected values between braces"},
        {"@attribute a {x{y}\n", "line 1: expected values between braces"},
        {"@attribute a {x,y,x}\n", "line 1: the value 'x' is declared twice"},
        {"@attribute a\xe9 numeric\n", "line 1: the attribute name 'a?' is not UTF-8"},
        {"@attribute a {caf\xe9}\n", "line 1: the value 'caf?' is not UTF-8"},
        {HEADER, "holds no row of data"},
        {HEADER "1,p\n", "line 6: has 2 cells where there are 3 attributes"},
        {HEADER "1,p,2,3\n", "line 6: has 4 cells where there are 3 attributes"},
        {HEADER "1,p,2,\n", "line 6: cell 4 is empty"},
        {HEADER "1,,2\n", "line 6: cell 2 is empty; a missing value is written ?"},
        {HEADER "1,p,2, {5}\n", "line 6: cell 4 is empty"},
        {HEADER "1,p,2 {5}\n", "line 6: a brace within a row (weights"},
        {HEADER "1,z,2\n", "line 6, column 'k': 'z' is not among the values declared"},
        {HEADER "1x,p,2\n", "line 6, column 'a': '1x' is not a number"},
        {HEADER "1,p,z\n", "line 6, column 'y': 'z' is not a number"},
        {HEADER "?,p,2\n", "line 6, column 'a': a value is missing"},
        {HEADER "1,?,2\n", "line 6, column 'k': a category is missing"},
        {HEADER "1,p,?\n", "line 6, column 'y': a target is missing"},
        {HEADER "1,'?',2\n", "'?' is not among the values"},
        {HEADER "1,'p,2\n", "line 6: a quote is opened and never closed"},
        {HEADER "1,'p\\", "line 6: a quote is opened and never closed"},
        {HEADER "{0 1\n", "line 6: a sparse row is {NUMBER VALUE"},
        {HEADER "{0 1} x\n", "line 6: a sparse row is {NUMBER VALUE"},
        {HEADER "{0 1},{5}\n", "line 6: a sparse row is {NUMBER VALUE"},
        {HEADER "{0}\n", "line 6: expected NUMBER VALUE in a sparse row"},
        {HEADER "{0 }\n", "line 6: expected NUMBER VALUE in a sparse row"},
        {HEADER "{0,1}\n", "line 6: expected NUMBER VALUE in a sparse row"},
        {HEADER "{0 1,}\n", "line 6: '' is no number of an attribute"},
        {HEADER "{3 1}\n", "line 6: '3' is no number of an attribute (0 to 2)"},
        {HEADER "{-1 1}\n", "line 6: '-1' is no number of an attribute"},
        {HEADER "{99999999999999999999 1}\n", "is no number of an attribute"},
        {HEADER "{1 p, 0 1}\n", "line 6: the numbers of the attributes do not ascend (0 after 1)"},
        {HEADER "{0 1, 0 1}\n", "do not ascend (0 after 0)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuses(TABLE_ARFF, cases[i].text, strlen(cases[i].text), &y, STATUS_DATA, cases[i].part);
    const char *text =
        "@attribute s string\n@attribute d date 'yyyy'\n@attribute y real\n@attribute a real\n@data\n"
        "'x','2',3.5,1\n";
    refuses(TABLE_ARFF, text, strlen(text), &y, STATUS_CONFIG,
            "attribute 's' is neither a number nor nominal");
    gives(TABLE_ARFF, text, &(struct table_options){.target = "y", .drop = "s,1"}, 1, 1, (float[]){1},
          (float[]){3.5f});
    text = HEADER "1,p,2\n";
    refuses(TABLE_ARFF, text, strlen(text),
            &(struct table_options){.target = "k", .labels = TABLE_LABELS_TARGET}, STATUS_DATA,
            "attribute 'k' is nominal");
    refuses(TABLE_ARFF, text, strlen(text), &(struct table_options){.target = "k,y"}, STATUS_DATA,
            "'k' is one of 2 targets and holds classes");
}

/* The test file is read with the values that the training file declares, in its order. */
static void test_two_files(void)
{
    const char *header = "@attribute k {'q r',p}\n@attribute a real\n@attribute y real\n@data\n";
    struct table_options o = {.target = "y", .split = TABLE_SPLIT_FILE, .test_file = test_in};
    float x[6];
    char text[256];
    save(test_in, HEADER "{0 7}\n1,'q r',2\n", strlen(HEADER "{0 7}\n1,'q r',2\n"), "wbT");
    save(in, HEADER "1,p,2.5\n", strlen(HEADER "1,p,2.5\n"), "wbT");
    CHECK_STATUS(table_convert(TABLE_ARFF, in, out, &o, &result), STATUS_OK);
    CHECK(result.rows[0] == 1 && result.rows[1] == 2 && result.features == 3);
    struct h5 *f = NULL;
    CHECK_STATUS(h5_open(&f, out, false), STATUS_OK);
    CHECK_STATUS(h5_read(f, "test/x", H5_TYPE_F32, 6, x), STATUS_OK);
    CHECK(x[0] == 7 && x[1] == 1 && x[2] == 0 && x[3] == 1 && x[4] == 0 && x[5] == 1);
    h5_close(&f);
    unlink(out);
    snprintf(text, sizeof text, "%s'q r',1,2\n", header);
    save(test_in, text, strlen(text), "wbT");
    CHECK_STATUS(table_convert(TABLE_ARFF, in, out, &o, &result), STATUS_DATA);
    CHECK(strstr(status_text(), "column 0 is 'k' where") != NULL);
    o.test_file = "/nowhere/test";
    CHECK_STATUS(table_convert(TABLE_ARFF, in, out, &o, &result), STATUS_DATA);
    unlink(test_in);
}

static void test_changed(void)
{
    survives(TABLE_ARFF, HEADER "1,p,2.5\n% x\n3,'q\\ r',4\n{0 3, 1 \"q r\",2 5}\n", &y,
             "'\",\n {}%\\@?1.\xff\xc3x", 1000);
}

static int64_t names_in(const char *path, char ***names)
{
    int64_t count = 0;
    enum status status = arff_xml_labels(path, names, &count);
    bool fine =
        status == STATUS_OK ? count > 0 : status == STATUS_DATA && strstr(status_text(), path) && !*names;
    if (!fine) fprintf(stderr, "%d labels, %d, %s\n", (int)count, status, status_text());
    CHECK(fine);
    return count;
}

/* Lists of labels: every character that XML can write, and lists with a few bytes changed. */
static void test_xml(void)
{
    const char *text = "<?xml version=\"1.0\"?><!-- <label name='no'/> --><labels a='>'>\n<label "
                       "name=\"a&lt;&#x20AC;&quot;\">"
                       "<label\n name = 'b&#233;&#128512;' other='1'/></label ><labels/></labels>";
    char **names = NULL;
    save(in, text, strlen(text), "wbT");
    CHECK(names_in(in, &names) == 2);
    CHECK(names && !strcmp(names[0], "a<\xe2\x82\xac\"") && !strcmp(names[1], "b\xc3\xa9\xf0\x9f\x98\x80"));
    mem_free(&names);
    char bytes[512];
    int64_t good = 0;
    for (uint64_t i = 0; i < 3000; i++) {
        strcpy(bytes, text);
        for (uint64_t k = 0; k <= i % 5; k++) {
            struct rng_words w = rng_words(8, RNG_SYNTHETIC, i, k);
            bytes[w.v[0] % strlen(text)] = "<>'\"&;#x= /!-l9"[w.v[1] % 15];
        }
        if (i % 7 == 0) bytes[i % strlen(text)] = '\0';
        save(in, bytes, strlen(bytes), "wbT");
        good += names_in(in, &names) > 0;
        mem_free(&names);
    }
    CHECK(good > 100 && good < 2900 && mem_alive() == 0);
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    tables_begin();
    CHECK_CASE(test_read());
    CHECK_CASE(test_refuses());
    CHECK_CASE(test_two_files());
    CHECK_CASE(test_changed());
    CHECK_CASE(test_xml());
    return tables_end();
}
