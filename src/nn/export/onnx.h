/* onnx.h - a network as a graph of ONNX operators, to which layers add themselves (layer_ops.onnx).
 *
 * A value of the graph is a number: of an input, of a tensor that stands in the file, or of the only output of a node.
 * The value of an activation is [N][C][spatial axes that its shape has], N being any number. Functions that add
 * something return its value. Where memory is short they return ONNX_NONE, the graph keeps the status, and all later
 * calls are harmless: layers do not look. Nodes are added in the order of computation. Local functions. */
#ifndef NN_EXPORT_ONNX_H
#define NN_EXPORT_ONNX_H

#include "nn/layers/layer.h"

#define ONNX_OPSET      18   /* of operators: the first whose Resize takes the sizes of some axes alone */
#define ONNX_IR         8    /* version of the file format */
#define ONNX_NONE       (-1) /* no value: an optional input that is left out */
#define ONNX_NAME       128
#define ONNX_AXES       (2 + SHAPE_AXES) /* of an activation */
#define ONNX_ATTRIBUTES 8
#define ONNX_BATCH      "batch" /* the name of N */

enum onnx_type { ONNX_F32 = 1, ONNX_U8 = 2, ONNX_I64 = 7 }; /* TensorProto.DataType */

enum onnx_attribute_kind {
    ONNX_REAL = 1,
    ONNX_INT = 2,
    ONNX_TEXT = 3,
    ONNX_INTS = 7
}; /* AttributeProto.Type */

struct onnx_attribute {
    const char *name; /* borrowed, as all texts */
    enum onnx_attribute_kind kind;
    float real;
    const char *text;
    int count;
    int64_t ints[2 * SHAPE_AXES]; /* [count]; the first one of ONNX_INT */
};

enum onnx_kind { ONNX_INPUT, ONNX_TENSOR, ONNX_NODE };

struct onnx_value {
    char name[ONNX_NAME];
    enum onnx_kind kind;

    /* Of an input, whose first axis is N, and of a tensor. */
    enum onnx_type type;
    int rank;
    int64_t dims[ONNX_AXES];
    const void *data; /* of a tensor, in rows */
    void *owned;      /* the same, if the graph releases it */

    /* Of a node. An output of the model has `dims` as well, behind N. */
    bool is_output;
    const char *op;
    int input_count;
    int inputs[LAYER_MAX_INPUTS];
    int attribute_count;
    struct onnx_attribute attributes[ONNX_ATTRIBUTES];
};

struct onnx {
    const float *params;        /* flat vector of the model; must outlive the graph */
    char prefix[ONNX_NAME / 2]; /* of the names of what is added: the layer */
    int prefix_first;           /* the number of values when it was set */
    struct onnx_value **values; /* [count] */
    int count;
    int64_t room;
    enum status status;
};

void onnx_init(struct onnx *g, const float *params);
void onnx_free(struct onnx *g);

/* Sets what the names of the values that follow begin with: "stem/Conv", "stem/Relu_1". */
void onnx_begin(struct onnx *g, const char *prefix);

/* Adds the input of a model. */
int onnx_input(struct onnx *g, const char *name, enum onnx_type type, struct shape shape);

/* Makes a value an output of the model, of this shape. */
void onnx_output(struct onnx *g, const char *name, int x, struct shape shape);

/* Adds a node. Its attributes follow: they belong to the node that was added last. */
int onnx_node(struct onnx *g, const char *op, int count, const int *inputs);
#define ONNX_NODE(g, op, ...)                                                                                \
    onnx_node(g, op, (int)(sizeof((int[]){__VA_ARGS__}) / sizeof(int)), (const int[]){__VA_ARGS__})
void onnx_set_int(struct onnx *g, const char *name, int64_t value);
void onnx_set_real(struct onnx *g, const char *name, double value);
void onnx_set_text(struct onnx *g, const char *name, const char *value);
void onnx_set_ints(struct onnx *g, const char *name, int count, const int64_t *values);

/* Adds a tensor of a layer as it is, or with other axes, once: layers that share it get the same value. */
int onnx_parameter(struct onnx *g, const struct layer *l, int tensor);
int onnx_parameter_as(struct onnx *g, const struct layer *l, int tensor, int rank, const int64_t *dims);

/* Adds a constant: one float32; a list of integers, which is copied; a tensor of zeros, whose elements the caller fills
 * in: *values is NULL where memory is short. */
int onnx_scalar(struct onnx *g, double value);
int onnx_ints(struct onnx *g, int64_t count, const int64_t *values);
int onnx_new_floats(struct onnx *g, int rank, const int64_t *dims, float **values);
int onnx_new_ints(struct onnx *g, int rank, const int64_t *dims, int64_t **values);

/* The axis of a value of this shape that an axis of enum shape_axis is; -1 if the shape does not have it. */
int onnx_axis(struct shape shape, int axis);

/* Gives an activation another shape with the same features. Adds nothing where it has it already. */
int onnx_reshape(struct onnx *g, int x, struct shape from, struct shape to);

/* The same with groups of channels as an axis of their own, [N][groups][all else]. */
int onnx_group(struct onnx *g, int x, int64_t groups);

/* The elements first .. end - 1 of an axis; elements by their numbers, a list or a table of rows. */
int onnx_slice(struct onnx *g, int x, int axis, int64_t first, int64_t end);
int onnx_gather(struct onnx *g, int x, int axis, int indices);

/* Adds a tensor of a layer with an element for each channel, as it must be to meet an activation of this shape:
 * [C][1][1]. */
int onnx_channels(struct onnx *g, const struct layer *l, int tensor, struct shape shape);

/* Of layers that leave their only input as it is outside of training. */
int onnx_same(const struct layer *l, struct onnx *g, const int *x);

#endif
