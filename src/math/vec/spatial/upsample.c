/* upsample.c - mixtures of up to eight neighbouring inputs, and their adjoint.
 *
 * With whole vectors of lanes every output goes by itself. Vectors of a few
 * lanes run along a row of outputs, where these are not fewer than the inputs:
 * those of a vector then mix inputs of one vector, which a permutation finds.
 */
#include "math/upsample.h"
#include "math/vec/spatial/spread.h"

#define CORNERS 8

/* Mixtures of all outputs along each axis. */
struct upsample_axes {
    const struct upsample_mix *of[SHAPE_AXES];
};

static struct upsample_axes upsample_find_mixes(const struct upsample *u, struct upsample_mix *scratch)
{
    struct upsample_axes axes;
    for (int axis = 0; axis < SHAPE_AXES; axis++) {
        axes.of[axis] = scratch;
        for (int64_t to = 0; to < u->out.d[axis]; to++) *scratch++ = upsample_mix_of(u, axis, to);
    }
    return axes;
}

/* The inputs that an output mixes, in floats from the start of a channel, and
 * their shares. */
struct upsample_corners {
    int count;
    int64_t at[CORNERS];
    float share[CORNERS];
};

/* Replaces every corner by those of the next axis, in order. */
VEC_INLINE void upsample_split(struct upsample_corners *c, struct upsample_mix m, int64_t step)
{
    int count = c->count;
    for (int i = 0; i < count; i++) {
        int64_t at = c->at[i];
        c->at[i] = at + m.first * step;
        if (m.weight == 0) continue;
        c->at[c->count] = at + m.second * step;
        c->share[c->count++] = c->share[i] * m.weight;
        c->share[i] *= 1.0f - m.weight;
    }
}

/* One way to add products, for all vectors of outputs: then the compiler fuses
 * the same ones everywhere. */
VEC_INLINE vec upsample_sum(const int count, const vec *values, const vec *shares)
{
    vec sum = values[0] * shares[0];
    VEC_UNROLL
    for (int i = 1; i < count; i++) sum += values[i] * shares[i];
    return sum;
}

VEC_INLINE void upsample_mix_vector(const int count, const struct upsample_corners *c, const bool cut,
                                    int64_t left, const float *x, float *y)
{
    vec values[CORNERS], shares[CORNERS];
    VEC_EACH (i, count) {
        values[i] = spread_load(SPREAD_NEAR, NULL, cut, left, x + c->at[i]);
        shares[i] = vec_all(c->share[i]);
    }
    spread_store(SPREAD_NEAR, NULL, cut, left, y, upsample_sum(count, values, shares));
}

VEC_INLINE void upsample_mix_lanes(const int count, const struct upsample_corners *c, int64_t lanes,
                                   const float *x, float *y)
{
    int64_t n = 0;
    for (; n + VW <= lanes; n += VW) upsample_mix_vector(count, c, false, VW, x + n, y + n);
    if (n < lanes) upsample_mix_vector(count, c, true, lanes - n, x + n, y + n);
}

VEC_INLINE void upsample_output(const struct upsample_corners *c, int64_t lanes, const float *x, float *y)
{
    if (c->count == 1)
        upsample_mix_lanes(1, c, lanes, x, y);
    else if (c->count == 2)
        upsample_mix_lanes(2, c, lanes, x, y);
    else if (c->count == 4)
        upsample_mix_lanes(4, c, lanes, x, y);
    else
        upsample_mix_lanes(8, c, lanes, x, y);
}

/* The corners of a row of outputs, before its own axis is looked at. */
static struct upsample_corners upsample_row(const struct upsample *u, const struct upsample_axes *axes,
                                            int64_t d, int64_t h)
{
    int64_t row = u->in.d[AXIS_W] * u->lanes;
    struct upsample_corners c = {.count = 1, .share = {1}};
    upsample_split(&c, axes->of[AXIS_D][d], u->in.d[AXIS_H] * row);
    upsample_split(&c, axes->of[AXIS_H][h], row);
    return c;
}

/* A vector of outputs of a row: where the vectors with their inputs begin in
 * the row, in floats, and where each output's are in them. */
struct upsample_vector {
    int64_t first, second; /* or of the second: */
#define SECONDS_NONE  (-1) /* no output has a second input: their weights are 0 */
#define SECONDS_MIXED (-2) /* some have */
    int32_t first_at[VW], second_at[VW];
    float weight[VW];
};

/* Returns where a vector of the inputs from position `from` on begins, which
 * does not leave its row. */
static int64_t upsample_vector_start(const struct upsample *u, int64_t from)
{
    int64_t last = u->in.d[AXIS_W] - VW / u->lanes;
    return from < last ? from : last > 0 ? last : 0;
}

/* Describes the vector that begins with output `to` of a row; elements beyond
 * the row repeat its last output. */
static struct upsample_vector upsample_vector_of(const struct upsample *u, const struct upsample_mix *mixes,
                                                 int64_t to)
{
    int64_t last = u->out.d[AXIS_W] - 1, first = upsample_vector_start(u, mixes[to].first),
            second = upsample_vector_start(u, mixes[to].second);
    struct upsample_vector v = {.first = first * u->lanes, .second = second * u->lanes};
    int seconds = 0;
    for (int64_t i = 0; i < VW; i++) {
        int64_t at = to + i / u->lanes;
        const struct upsample_mix *m = &mixes[at < last ? at : last];
        v.first_at[i] = (int32_t)((m->first - first) * u->lanes + i % u->lanes);
        v.second_at[i] = (int32_t)((m->second - second) * u->lanes + i % u->lanes);
        v.weight[i] = m->weight;
        seconds += m->weight != 0;
    }
    if (seconds != VW) v.second = seconds == 0 ? SECONDS_NONE : SECONDS_MIXED;
    return v;
}

/* Sets the values and the shares of the corners that are `at` in a vector of
 * each row. */
VEC_INLINE void upsample_find_corners(const int count, const struct upsample_corners *rows, vec factors,
                                      const float *x, int64_t in, const int32_t *at, vec *values, vec *shares)
{
    veci from = (veci)vec_load_any((const float *)at);
    VEC_EACH (i, count) {
        const float *row = x + rows->at[i];
        values[i] = vec_permute(in < VW ? vec_load_part(row, in) : vec_load_any(row), from);
        shares[i] = rows->share[i] * factors;
    }
}

/* The outputs of a vector, which all have second inputs, or none; of a row that
 * mixes `count` rows. */
VEC_INLINE vec upsample_mix_row(const int count, const bool both, const struct upsample *u,
                                const struct upsample_corners *rows, const struct upsample_vector *v,
                                const float *x)
{
    vec values[CORNERS], shares[CORNERS], weight = vec_load_any(v->weight);
    int64_t in = u->in.d[AXIS_W] * u->lanes;
    upsample_find_corners(count, rows, 1.0f - weight, x + v->first, in, v->first_at, values, shares);
    if (!both) return upsample_sum(count, values, shares);
    upsample_find_corners(count, rows, weight, x + v->second, in, v->second_at, values + count,
                          shares + count);
    return upsample_sum(2 * count, values, shares);
}

VEC_INLINE vec upsample_mix_rows(const bool both, const struct upsample *u,
                                 const struct upsample_corners *rows, const struct upsample_vector *v,
                                 const float *x)
{
    if (rows->count == 1) return upsample_mix_row(1, both, u, rows, v, x);
    if (rows->count == 2) return upsample_mix_row(2, both, u, rows, v, x);
    return upsample_mix_row(4, both, u, rows, v, x);
}

/* Outputs [first, end) of a row, each by itself. */
static void upsample_outputs(const struct upsample *u, const struct upsample_corners *rows,
                             const struct upsample_mix *mixes, int64_t first, int64_t end, const float *x,
                             float *y)
{
    for (int64_t w = first; w < end; w++) {
        struct upsample_corners all = *rows;
        upsample_split(&all, mixes[w], u->lanes);
        upsample_output(&all, u->lanes, x, y + w * u->lanes);
    }
}

/* A row of outputs. Vectors of which only some outputs have second inputs are
 * rare, most often the first. */
static void upsample_vectors(const struct upsample *u, const struct upsample_corners *rows,
                             const struct upsample_mix *mixes, const struct upsample_vector *v,
                             const float *x, float *y)
{
    int64_t width = u->out.d[AXIS_W], positions = VW / u->lanes;
    for (int64_t w = 0; w < width; w += positions, v++) {
        int64_t left = (width - w) * u->lanes;
        if (v->second == SECONDS_MIXED) {
            upsample_outputs(u, rows, mixes, w, w + positions < width ? w + positions : width, x, y);
            continue;
        }
        bool both = v->second != SECONDS_NONE;
        vec mixed = both ? upsample_mix_rows(true, u, rows, v, x) : upsample_mix_rows(false, u, rows, v, x);
        spread_store(SPREAD_NEAR, NULL, left < VW, left, y + w * u->lanes, mixed);
    }
}

/* Whether vectors run along the rows. */
static bool upsample_runs(const struct upsample *u)
{
    if (!spread_fits(u->lanes)) return false;
    double scale = u->scale[AXIS_W];
    return u->out.d[AXIS_W] >= u->in.d[AXIS_W] && (scale == 0 || scale >= 1);
}

/* The vectors of a row, behind the mixtures in scratch memory; NULL where
 * outputs go by themselves. */
static const struct upsample_vector *upsample_find_vectors(const struct upsample *u,
                                                           struct upsample_axes axes)
{
    if (!upsample_runs(u)) return NULL;
    struct upsample_vector *all = (struct upsample_vector *)(axes.of[AXIS_W] + u->out.d[AXIS_W]);
    int64_t positions = VW / u->lanes;
    for (int64_t to = 0; to < u->out.d[AXIS_W]; to += positions)
        all[to / positions] = upsample_vector_of(u, axes.of[AXIS_W], to);
    return all;
}

void LEVEL(upsample_forward)(const struct upsample *u, const float *x, float *y, void *scratch)
{
    struct upsample_axes axes = upsample_find_mixes(u, scratch);
    const struct upsample_vector *vectors = upsample_find_vectors(u, axes);
    for (int64_t c = 0; c < u->in.c; c++, x += shape_positions(u->in) * u->lanes)
        for (int64_t d = 0; d < u->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < u->out.d[AXIS_H]; h++) {
                struct upsample_corners row = upsample_row(u, &axes, d, h);
                if (vectors)
                    upsample_vectors(u, &row, axes.of[AXIS_W], vectors, x, y);
                else
                    upsample_outputs(u, &row, axes.of[AXIS_W], 0, u->out.d[AXIS_W], x, y);
                y += u->out.d[AXIS_W] * u->lanes;
            }
}

/* Outputs add their gradient to the inputs that they mix, in order. */
VEC_INLINE void upsample_spread(const struct upsample_corners *c, int64_t lanes, const float *dy, float *dx)
{
    for (int i = 0; i < c->count; i++) {
        float *to = dx + c->at[i];
        int64_t n = 0, left;
        for (; n + VW <= lanes; n += VW)
            vec_store_any(to + n, vec_load_any(dy + n) * c->share[i] + vec_load_any(to + n));
        left = lanes - n;
        if (left > 0)
            vec_store_part(to + n, left,
                           vec_load_part(dy + n, left) * c->share[i] + vec_load_part(to + n, left));
    }
}

#define TERMS                                                                                                \
    6 /* outputs that mix an input of a row, at most; with more each goes by     \
       itself */

/* Of each of a vector of inputs of a row, one of the outputs that mix it, in
 * order: where two vectors of the row that hold them begin, in floats, where in
 * them it is, and what the input counts; -1: it has none. */
struct upsample_term {
    int64_t start;
    int32_t at[VW];
    float share[VW];
};

/* Sets the terms of the inputs at position `to`, the first of which are of
 * output `*output`, as outputs of the row. Returns how many there are, or TERMS
 * + 1. */
static int upsample_find_position(const struct upsample *u, const struct upsample_mix *mixes, int64_t to,
                                  int64_t *output, int64_t outputs[TERMS], float shares[TERMS])
{
    int64_t width = u->out.d[AXIS_W], w = *output;
    int count = 0;
    while (w < width && mixes[w].first < to && (mixes[w].weight == 0 || mixes[w].second < to)) w++;
    *output = w;
    for (; w < width && mixes[w].first <= to; w++) {
        const struct upsample_mix *m = &mixes[w];
        bool is_first = m->first == to, is_second = m->weight != 0 && m->second == to;
        if (count + is_first + is_second > TERMS) return TERMS + 1;
        if (is_first) outputs[count] = w, shares[count++] = 1.0f - m->weight;
        if (is_second) outputs[count] = w, shares[count++] = m->weight;
    }
    return count;
}

/* Fits the outputs of a term, as positions of the row, into two vectors.
 * Returns whether they do. */
static bool upsample_fit_term(const struct upsample *u, struct upsample_term *t)
{
    int64_t first = u->out.d[AXIS_W];
    for (int i = 0; i < VW; i++)
        if (t->share[i] >= 0 && t->at[i] < first) first = t->at[i];
    t->start = first * u->lanes;
    for (int i = 0; i < VW; i++) {
        t->at[i] = t->share[i] < 0 ? 0 : (int32_t)((t->at[i] - first) * u->lanes + i % u->lanes);
        if (t->at[i] >= 2 * VW) return false;
    }
    return true;
}

/* All terms of a row [vectors][TERMS], behind the mixtures in scratch memory.
 * Returns how many an input has at most, or 0 where outputs go by themselves.
 */
static int upsample_find_terms(const struct upsample *u, const struct upsample_mix *mixes,
                               struct upsample_term *terms)
{
    int64_t output = 0, positions = VW / u->lanes;
    int most = 0;
    if (!upsample_runs(u)) return 0;
    for (int64_t first = 0; first < u->in.d[AXIS_W]; first += positions, terms += TERMS) {
        for (int k = 0; k < TERMS; k++) terms[k] = (struct upsample_term){.start = 0};
        for (int i = 0; i < VW; i += (int)u->lanes) {
            int64_t outputs[TERMS];
            float shares[TERMS];
            int count = upsample_find_position(u, mixes, first + i / u->lanes, &output, outputs, shares);
            if (count > TERMS) return 0;
            if (count > most) most = count;
            for (int k = 0; k < TERMS; k++)
                for (int n = i; n < i + u->lanes; n++) {
                    terms[k].at[n] = k < count ? (int32_t)outputs[k] : 0;
                    terms[k].share[n] = k < count ? shares[k] : -1;
                }
        }
        for (int k = 0; k < TERMS; k++)
            if (!upsample_fit_term(u, &terms[k])) return 0;
    }
    return most;
}

/* As many of the floats that are left as a vector holds. */
VEC_INLINE vec upsample_load(const float *from, int64_t left)
{
    if (left >= VW) return vec_load_any(from);
    return left > 0 ? vec_load_part(from, left) : (vec){0};
}

/* Adds a row of gradients to a row of inputs that counts `share`. */
static void upsample_add_terms(const struct upsample *u, int count, const struct upsample_term *terms,
                               float share, const float *dy, float *dx)
{
    int64_t in = u->in.d[AXIS_W] * u->lanes, out = u->out.d[AXIS_W] * u->lanes;
    for (int64_t n = 0; n < in; n += VW, terms += TERMS) {
        vec sum = upsample_load(dx + n, in - n);
        for (const struct upsample_term *t = terms; t < terms + count; t++) {
            const float *from = dy + t->start;
            vec low = upsample_load(from, out - t->start),
                high = upsample_load(from + VW, out - t->start - VW);
            vec gradient = vec_pick(low, high, (veci)vec_load_any((const float *)t->at));
            vec own = vec_load_any(t->share), factor = share * own;
            sum = vec_select(own >= 0, gradient * factor + sum, sum);
        }
        spread_store(SPREAD_NEAR, NULL, in - n < VW, in - n, dx + n, sum);
    }
}

/* Whether no two corners of a row are the same row, so that each may take all
 * of its gradients at once. */
static bool upsample_rows_differ(const struct upsample_corners *rows)
{
    for (int i = 0; i < rows->count; i++)
        for (int j = 0; j < i; j++)
            if (rows->at[i] == rows->at[j]) return false;
    return true;
}

void LEVEL(upsample_backward)(const struct upsample *u, const float *dy, float *dx, void *scratch)
{
    struct upsample_axes axes = upsample_find_mixes(u, scratch);
    struct upsample_term *terms = (struct upsample_term *)(axes.of[AXIS_W] + u->out.d[AXIS_W]);
    int count = upsample_find_terms(u, axes.of[AXIS_W], terms);
    memset(dx, 0, (size_t)(shape_features(u->in) * u->lanes) * sizeof *dx);
    for (int64_t c = 0; c < u->in.c; c++, dx += shape_positions(u->in) * u->lanes)
        for (int64_t d = 0; d < u->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < u->out.d[AXIS_H]; h++, dy += u->out.d[AXIS_W] * u->lanes) {
                struct upsample_corners row = upsample_row(u, &axes, d, h);
                if (count > 0 && upsample_rows_differ(&row)) {
                    for (int i = 0; i < row.count; i++)
                        upsample_add_terms(u, count, terms, row.share[i], dy, dx + row.at[i]);
                    continue;
                }
                for (int64_t w = 0; w < u->out.d[AXIS_W]; w++) {
                    struct upsample_corners all = row;
                    upsample_split(&all, axes.of[AXIS_W][w], u->lanes);
                    upsample_spread(&all, u->lanes, dy + w * u->lanes, dx);
                }
            }
}
