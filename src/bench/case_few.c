/* case_few.c - large convolutions with few samples (volumes, large images, long signals), and such as have more weights
 * than columns. */
#include <stdio.h>

#include "bench/case.h"

/* 1x1 and small ones, whose time goes to the weights. */
static void case_add_weights(struct case_list *l)
{
    static const struct {
        struct case_conv conv;
        int64_t samples;
    } table[] = {
        {{"conv 1x1 728 to 728, 6x9", 728, 728, 1, {1, 6, 9}, {1, 1, 1}, 1, 1, 0}, 2},
        {{"conv 1x1 1536 to 2048, 6x9", 1536, 2048, 1, {1, 6, 9}, {1, 1, 1}, 1, 1, 0}, 2},
        {{"conv 3x3 2048 to 256, dilation 12", 2048, 256, 1, {1, 6, 9}, {1, 3, 3}, 1, 12, 12}, 2},
        {{"conv 3x3 2048 to 256, dilation 6", 2048, 256, 1, {1, 6, 9}, {1, 3, 3}, 1, 6, 6}, 2},
        {{"conv 3x3 256 to 256, 48x72, stride 2", 256, 256, 1, {1, 48, 72}, {1, 3, 3}, 2, 1, 1}, 2},
        {{"depthwise 3x3 728, 6x9", 728, 728, 728, {1, 6, 9}, {1, 3, 3}, 1, 1, 1}, 2},
        {{"conv3d 3x3x3 256 to 256, 4x4x4", 256, 256, 1, {4, 4, 4}, {3, 3, 3}, 1, 1, 1}, 1},
        {{"conv 3x3 256 to 256, 8x8", 256, 256, 1, {1, 8, 8}, {1, 3, 3}, 1, 1, 1}, 1},
        {{"conv 1x1 24 to 144, 32x32", 24, 144, 1, {1, 32, 32}, {1, 1, 1}, 1, 1, 0}, BENCH_LANES},
        {{"conv 1x1 144 to 24, 32x32", 144, 24, 1, {1, 32, 32}, {1, 1, 1}, 1, 1, 0}, BENCH_LANES},
        {{"conv 1x1 160 to 960, 4x4", 160, 960, 1, {1, 4, 4}, {1, 1, 1}, 1, 1, 0}, BENCH_LANES},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        struct window w = case_window(&table[i].conv);
        w.lanes = table[i].samples;
        char name[64];
        snprintf(name, sizeof name, "%s, N %d", table[i].conv.name, (int)w.lanes);
        case_add_conv(l, name, &w, table[i].conv.out, false);
    }
}

void case_add_few(struct case_list *l)
{
    static const struct case_conv table[] = {
        {"conv3d 3x3x3 4 to 32, 64x64x64", 4, 32, 1, {64, 64, 64}, {3, 3, 3}, 1, 1, 1},
        {"conv3d 3x3x3 32 to 64, 32x32x32", 32, 64, 1, {32, 32, 32}, {3, 3, 3}, 1, 1, 1},
        {"conv3d 3x3x3 64 to 128, 16x16x16", 64, 128, 1, {16, 16, 16}, {3, 3, 3}, 1, 1, 1},
        {"conv3d 3x3x3 128 to 256, 8x8x8", 128, 256, 1, {8, 8, 8}, {3, 3, 3}, 1, 1, 1},
        {"conv3d 1x1x1 32 to 3, 64x64x64", 32, 3, 1, {64, 64, 64}, {1, 1, 1}, 1, 1, 0},
        {"conv 3x3 16 to 32, 192x288", 16, 32, 1, {1, 192, 288}, {1, 3, 3}, 1, 1, 1},
        {"conv 3x3 64 to 64, 96x96", 64, 64, 1, {1, 96, 96}, {1, 3, 3}, 1, 1, 1},
        {"conv 3x3 512 to 512, 4x4", 512, 512, 1, {1, 4, 4}, {1, 3, 3}, 1, 1, 1},
        {"conv 1x1 64 to 64, 96x96", 64, 64, 1, {1, 96, 96}, {1, 1, 1}, 1, 1, 0},
        {"depthwise 3x3 128, 56x56", 128, 128, 128, {1, 56, 56}, {1, 3, 3}, 1, 1, 1},
        {"conv1d 20 1 to 128, 4096", 1, 128, 1, {1, 1, 4096}, {1, 1, 20}, 1, 1, 0},
        {"conv1d 10 128 to 128, 2048", 128, 128, 1, {1, 1, 2048}, {1, 1, 10}, 1, 1, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        for (int64_t samples = 1; samples <= 4; samples *= 2) {
            struct window w = case_window(&table[i]);
            w.lanes = samples;
            char name[64];
            snprintf(name, sizeof name, "%s, N %d", table[i].name, (int)samples);
            case_add_conv(l, name, &w, table[i].out, table[i].in == 1);
        }
    case_add_weights(l);
}
