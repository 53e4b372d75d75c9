/* test_pad.c - padding and cropping against lists of positions that are extended one by one, for all modes
 * along every axis, on all levels. Numbers are small integers, so that sums are exact in any order. */
#include "exact.h"
#include "kernels.h"

#define LONGEST 32

/* The input positions of an axis's outputs, -1 for the constant: what is cut is taken away, then one position
 * after another is put in front and behind. */
struct positions {
    int64_t count, of[LONGEST];
};

/* The position `distance` outside of a list of `count`, on its left (or right) side. */
static int64_t outside(enum pad_mode mode, const struct positions *kept, int64_t length, int64_t distance,
                       bool left)
{
    switch (mode) {
    case PAD_CONSTANT:
        break;
    case PAD_REFLECT:
        return left ? distance : length - 1 - distance;
    case PAD_REPLICATE:
        return left ? 0 : length - 1;
    case PAD_CIRCULAR:
        return kept->of[left ? kept->count - distance : distance - 1];
    }
    return -1;
}

static struct positions positions_of(int64_t length, int64_t before, int64_t after, enum pad_mode mode)
{
    struct positions kept = {0}, all = {0};
    for (int64_t i = 0; i < length; i++)
        if (i >= -before && i < length + (after < 0 ? after : 0)) kept.of[kept.count++] = i;
    for (int64_t i = before; i > 0; i--) all.of[all.count++] = outside(mode, &kept, length, i, true);
    for (int64_t i = 0; i < kept.count; i++) all.of[all.count++] = kept.of[i];
    for (int64_t i = 1; i <= after; i++) all.of[all.count++] = outside(mode, &kept, length, i, false);
    return all;
}

static float *integers(int64_t count, uint64_t stream)
{
    float *v = exact_vector(count, stream);
    for (int64_t i = 0; i < count; i++) v[i] = floorf(v[i] * 64);
    return v;
}

static void check_pad(const struct pad *p)
{
    struct positions axis[SHAPE_AXES];
    for (int i = 0; i < SHAPE_AXES; i++) {
        axis[i] = positions_of(p->in.d[i], p->before[i], p->after[i], p->mode[i]);
        CHECK(axis[i].count == p->out.d[i]);
    }
    int64_t in = shape_features(p->in) * p->lanes, out = shape_features(p->out) * p->lanes;
    float *x = integers(in, 1), *dy = integers(out, 2), *y = exact_vector(out, 3), *dx = exact_vector(in, 4);
    float *want = exact_vector(in, 0);
    kernels->pad_forward(p, x, y);
    kernels->pad_backward(p, dy, dx);
    int64_t wrong = 0;
    for (int64_t i = 0; i < out; i++) {
        int64_t at = i / p->lanes, w = at % p->out.d[AXIS_W], h = at / p->out.d[AXIS_W] % p->out.d[AXIS_H];
        int64_t d = at / (p->out.d[AXIS_W] * p->out.d[AXIS_H]) % p->out.d[AXIS_D];
        int64_t from[] = {axis[AXIS_D].of[d], axis[AXIS_H].of[h], axis[AXIS_W].of[w]};
        bool constant = from[0] < 0 || from[1] < 0 || from[2] < 0;
        int64_t c = at / shape_positions(p->out);
        int64_t source =
            ((c * p->in.d[AXIS_D] + from[0]) * p->in.d[AXIS_H] + from[1]) * p->in.d[AXIS_W] + from[2];
        source = source * p->lanes + i % p->lanes;
        wrong += y[i] != (constant ? p->value : x[source]);
        if (!constant) want[source] += dy[i];
    }
    for (int64_t i = 0; i < in; i++) wrong += dx[i] != want[i];
    CHECK(wrong == 0);
    free(x), free(dy), free(y), free(dx), free(want);
}

static const int64_t amounts[][2] = {{0, 0}, {1, 2}, {3, 0}, {-1, 0}, {-2, 1}, {4, -1}, {-1, -3}};
#define AMOUNTS (int)(sizeof amounts / sizeof amounts[0])
#define MODES   (PAD_CIRCULAR + 1)

/* Whatever of it fits: a mirror image of 4 needs 5. Returns whether it does. */
static bool try_pad(struct pad p)
{
    p.value = -1.5f;
    if (!pad_place(&p)) return false;
    check_pad(&p);
    return true;
}

static void test_every_axis(void)
{
    int checked = 0;
    for (int mode = 0; mode < MODES * MODES; mode++)
        for (int i = 0; i < AMOUNTS * AMOUNTS; i++)
            for (int size = 1; size <= 7; size += 2) {
                int other = i % 3;
                struct pad p = {.in = {2, 3, {other + 2, size, 6}},
                                .lanes = sample_counts[(i + mode + size) % SAMPLE_COUNTS],
                                .mode = {mode % 3, mode % MODES, mode / MODES}};
                p.before[AXIS_D] = other, p.after[AXIS_D] = other - 1;
                p.before[AXIS_H] = amounts[i % AMOUNTS][0], p.after[AXIS_H] = amounts[i % AMOUNTS][1];
                p.before[AXIS_W] = amounts[i / AMOUNTS][0], p.after[AXIS_W] = amounts[i / AMOUNTS][1];
                checked += try_pad(p);
            }
    CHECK(checked > 1500);
}

static void test_what_does_not_fit(void)
{
    struct pad p = {.in = {1, 1, {1, 1, 3}}, .mode = {PAD_CONSTANT, PAD_CONSTANT, PAD_REFLECT}};
    p.before[AXIS_W] = 2;
    CHECK(pad_place(&p) && p.out.d[AXIS_W] == 5);
    p.before[AXIS_W] = 3;
    CHECK(!pad_place(&p));
    p.mode[AXIS_W] = PAD_CIRCULAR;
    CHECK(pad_place(&p) && p.out.d[AXIS_W] == 6);
    p.before[AXIS_W] = 4;
    CHECK(!pad_place(&p));
    p.mode[AXIS_W] = PAD_CONSTANT;
    p.before[AXIS_W] = 0, p.after[AXIS_W] = -3;
    CHECK(!pad_place(&p));
}

int main(int argc, char **argv)
{
    check_begin(argc, argv);
    CHECK_CASE(test_what_does_not_fit());
    for (int i = 0; i < LEVEL_NAMES; i++)
        if (select_kernels(level_names[i]) == STATUS_OK) CHECK_CASE(test_every_axis());
    CHECK(mem_alive() == 0);
    return check_result();
}
