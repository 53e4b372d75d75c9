/* torch.h - how a layer is written as PyTorch code.
 *
 * A layer of a model becomes two Python expressions: its module, which holds its tensors under the names of the
 * state_dict, and its output. Each kind says in its own file how (layer_ops.torch). Inputs and outputs have the shapes
 * of the model, (N, C, spatial...). Local functions. */
#ifndef NN_EXPORT_TORCH_H
#define NN_EXPORT_TORCH_H

#include <stdio.h>

#include "math/pad.h"
#include "nn/layers/layer.h"

/* A layer at its place in a forward pass. */
struct torch_call {
    FILE *out;
    const char *module;        /* its module: self.layer("stem") */
    const char *const *inputs; /* [input_count]: names of variables */
};

struct layer_torch {
    /* The class of torch.nn, or of `definition`. The arguments of the layer that are not as by default follow, under the
     * same names or, where they have one, their alias; so must be those of the class. NULL: there is no module. */
    const char *kind;
    const char *arguments; /* before them, as Python text: "dim=1"; NULL = none */

    /* Or: writes the module, where its arguments are others. */
    void (*module)(const struct layer *l, FILE *out);

    /* Python text of a class that torch does not have, or not in all versions since 1.13; NULL: all are torch's. */
    const char *definition;

    /* Writes the expression of the output; NULL: the module applied to the input. */
    void (*call)(const struct layer *l, const struct torch_call *c);

    /* Spatial axes that the module takes: an input with fewer gets more of length 1. 0: as many as the input has. */
    int axes;
};

/* Write both expressions of a layer; torch_write_module returns false if it has no module. */
bool torch_write_module(const struct layer *l, FILE *out);
void torch_write_call(const struct layer *l, const struct torch_call *c);

/* Parts of expressions, for the files of layers. */

/* The number of spatial axes that the module of the layer takes. */
int torch_axes(const struct layer *l);

/* Input 0 with that many axes. */
void torch_write_input(const struct layer *l, const struct torch_call *c);

/* ", kernel_size=3": the arguments first .. end - 1 of the table that are not as by default, each with a comma before it. */
void torch_write_arguments(const struct layer *l, int first, int end, FILE *out);
void torch_write_number(FILE *out, double value);

/* "(3, 5)": the last `axes` of SHAPE_AXES numbers; "3" where all are the same. */
void torch_write_axes(FILE *out, int axes, const int64_t values[SHAPE_AXES]);
void torch_write_shape(FILE *out, struct shape shape); /* "3, 32, 32" */

/* "[:, :, 4:36, 4:36]": the part of this shape that begins at these positions. */
void torch_write_part(FILE *out, struct shape part, const int64_t first[SHAPE_AXES]);

/* Before and behind an expression of an input with `axes` spatial axes: "F.pad(" and ", (1, 1), mode="reflect")", as
 * often as it takes to pad it so. */
void torch_open_pad(FILE *out, const struct pad *p);
void torch_close_pad(FILE *out, const struct pad *p, int axes);

#endif
