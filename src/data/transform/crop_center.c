/* crop_center.c - the middle of samples. */
#include <string.h>

#include "data/cut.h"
#include "data/transform/transform.h"
#include "nn/export/onnx_spatial.h"
#include "nn/export/torch.h"

static const struct arg args[] = {
    DATA_ARG_AXES("size", 1 << 30,
                  "positions of each axis that stay; 0 = all; [32, 48] = of the last two axes"),
    ARG_END};

static enum status crop_center_reshape(const struct data_step *s, struct shape in, struct shape *out)
{
    return cut_find_shape(s->args.of, in, out);
}

static void crop_center_move(const struct data_step *s, const struct transform_move *m)
{
    (void)s;
    int64_t first[SHAPE_AXES], line = m->out.d[AXIS_W] * m->lanes;
    float *to = m->to;
    for (int a = 0; a < SHAPE_AXES; a++) first[a] = cut_find_middle(m->in.d[a], m->out.d[a]);
    for (int64_t c = 0; c < m->out.c; c++)
        for (int64_t d = 0; d < m->out.d[AXIS_D]; d++)
            for (int64_t h = 0; h < m->out.d[AXIS_H]; h++, to += line) {
                int64_t at = (c * m->in.d[AXIS_D] + first[AXIS_D] + d) * m->in.d[AXIS_H] + first[AXIS_H] + h;
                memcpy(to, m->from + (at * m->in.d[AXIS_W] + first[AXIS_W]) * m->lanes,
                       (size_t)line * sizeof *to);
            }
}

static void crop_center_write_torch(const struct data_step *s, struct shape in, struct shape out, FILE *code)
{
    int64_t first[SHAPE_AXES];
    (void)s;
    for (int a = 0; a < SHAPE_AXES; a++) first[a] = cut_find_middle(in.d[a], out.d[a]);
    fputc('x', code);
    torch_write_part(code, out, first);
}

static int crop_center_onnx(const struct data_step *s, struct onnx *g, int x, struct shape in,
                            struct shape out)
{
    (void)s;
    struct pad p = {.in = in, .out = out};
    for (int a = 0; a < SHAPE_AXES; a++) {
        p.before[a] = -cut_find_middle(in.d[a], out.d[a]);
        p.after[a] = out.d[a] - in.d[a] - p.before[a];
    }
    return onnx_pad(g, x, &p);
}

extern const struct transform_ops transform_crop_center;
const struct transform_ops transform_crop_center = {
    .kind = {"crop_center", "keeps the middle, as torchvision's CenterCrop; labels for each position follow",
             args},
    .reshape = crop_center_reshape,
    .move = crop_center_move,
    .torch = crop_center_write_torch,
    .onnx = crop_center_onnx,
    .cuts = true,
};
