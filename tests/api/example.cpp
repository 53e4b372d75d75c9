// example.cpp - the same as example.c in C++, all rows in one call: example CHECKPOINT ROWS.
#include <ddp_train.h>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <vector>

struct Close {
    void operator()(ddp_model *model) const { ddp_close(&model); }
};
using Model = std::unique_ptr<ddp_model, Close>;

static void check(ddp_status status)
{
    if (status != DDP_OK) throw std::runtime_error(ddp_error_text());
}

static Model open(const char *path)
{
    ddp_model *model = nullptr;
    check(ddp_open(&model, path));
    return Model(model);
}

static void classify(const Model &model, const std::vector<uint8_t> &rows)
{
    int64_t features = ddp_get_feature_count(model.get()), outputs = ddp_get_output_count(model.get());
    int64_t n = static_cast<int64_t>(rows.size()) / features;
    std::vector<int64_t> classes(n);
    std::vector<float> probabilities(n * outputs);
    ddp_results results{};
    results.classes = classes.data();
    results.probabilities = probabilities.data();
    check(ddp_run_uint8(model.get(), n, features, rows.data(), &results));
    for (int64_t i = 0; i < n; i++) {
        const char *name = ddp_get_name(model.get(), classes[i]);
        std::printf("%lld %s %.9g\n", static_cast<long long>(classes[i]), name ? name : "?",
                    static_cast<double>(probabilities[i * outputs + classes[i]]));
    }
}

int main(int argc, char **argv)
try {
    if (argc != 3) throw std::runtime_error("usage: example CHECKPOINT ROWS");
    std::ifstream file(argv[2], std::ios::binary);
    classify(open(argv[1]), {std::istreambuf_iterator<char>(file), {}});
} catch (const std::exception &error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return 1;
}
