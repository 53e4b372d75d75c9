/* axes.h - which axes layernorm and rmsnorm normalise over. */
#ifndef NN_LAYERS_NORM_AXES_H
#define NN_LAYERS_NORM_AXES_H

#include "nn/layers/norm/norm.h"

/* The first entry of the table of arguments: the number of last axes, or a word. */
enum { AXES_ALL = -1, AXES_CHANNELS = -2 };
extern const char *const axes_words[];
#define AXES_ARG                                                                                             \
    {                                                                                                        \
        .name = "axes", .kind = ARG_INT, .default_value = AXES_ALL, .min = 1, .max = 1 + SHAPE_AXES,         \
        .words = axes_words,                                                                                 \
        .help = "last axes that are normalised together (as torch's normalized_shape has them); all; or "    \
                "channels: those of each position"                                                           \
    }

/* Adds a weight, and a bias if asked for, of the shape of the axes. Errors: STATUS_CONFIG when the input has
 * fewer axes. */
enum status axes_plan(struct layer *l, double axes, bool weight, bool bias);

/* Writes "nn.LayerNorm((16, 8, 8)" for the class "nn.LayerNorm", and the arguments behind the axes, up to a number of
 * arguments; and the call of such a module, whose axes are the last ones. */
void axes_write_torch(const struct layer *l, const char *name, double axes, int arguments, FILE *out);
void axes_write_torch_call(const struct layer *l, double axes, const struct torch_call *c);

/* Of a pass of `lanes` lanes. */
struct norm_groups axes_groups(const struct layer *l, double axes, int64_t lanes);

/* Adds the layer to a graph of ONNX. */
int axes_onnx(const struct layer *l, struct onnx *g, int x, double axes, double eps, bool centred);

#endif
