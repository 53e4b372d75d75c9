/* channels.c - some of the channels. */
#include <math.h>
#include <string.h>

#include "data/transform/transform.h"
#include "nn/export/torch.h"

enum { ARG_KEEP };

static const struct arg args[] = {
    {.name = "keep",
     .kind = ARG_LIST,
     .default_value = ARG_REQUIRED,
     .max = 1 << 30,
     .help =
         "their numbers, from 0, in the order that the model gets; of samples without axes, the features"},
    ARG_END};

static enum status channels_reshape(const struct data_step *s, struct shape in, struct shape *out)
{
    int64_t count = (int64_t)s->args.of[ARG_KEEP];
    if (count == 0) return status_fail(STATUS_CONFIG, "keep: is empty; name the channels");
    for (int64_t i = 0; i < count; i++) {
        double number = s->args.list[ARG_KEEP][i];
        if (number != floor(number) || number >= (double)in.c)
            return status_fail(STATUS_CONFIG, "keep: there is no channel %g; the samples have 0 to %lld",
                               number, (long long)(in.c - 1));
    }
    *out = in;
    out->c = count;
    return STATUS_OK;
}

static void channels_move(const struct data_step *s, const struct transform_move *m)
{
    int64_t run = shape_positions(m->in) * m->lanes;
    for (int64_t c = 0; c < m->out.c; c++)
        memcpy(m->to + c * run, m->from + (int64_t)s->args.list[ARG_KEEP][c] * run,
               (size_t)run * sizeof *m->to);
}

static void channels_write_torch(const struct data_step *s, struct shape in, struct shape out, FILE *code)
{
    (void)in;
    for (int64_t i = 0; i < out.c; i++)
        fprintf(code, "%s%lld", i ? ", " : "x[:, [", (long long)s->args.list[ARG_KEEP][i]);
    fputs("]]", code);
}

static int channels_onnx(const struct data_step *s, struct onnx *g, int x, struct shape in, struct shape out)
{
    (void)in;
    int64_t *keep;
    int indices = onnx_new_ints(g, 1, &out.c, &keep);
    for (int64_t c = 0; keep && c < out.c; c++) keep[c] = (int64_t)s->args.list[ARG_KEEP][c];
    return onnx_gather(g, x, 1, indices);
}

extern const struct transform_ops transform_channels;
const struct transform_ops transform_channels = {
    .kind = {"channels", "keeps some channels, in any order", args},
    .reshape = channels_reshape,
    .move = channels_move,
    .torch = channels_write_torch,
    .onnx = channels_onnx,
};
