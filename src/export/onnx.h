/* onnx.h - what the files of the format onnx share. Local functions. */
#ifndef EXPORT_ONNX_H
#define EXPORT_ONNX_H

#include "export/export.h"
#include "nn/export/onnx.h"

/* Adds the input of the model and all that samples go through on their way to the first layer; returns what that
 * reads. */
int onnx_add_input(struct onnx *g, const struct export_source *s);

/* Adds what is made of the outputs of the last layer: `logits`, as all losses call them, the probabilities if wanted, and
 * of real values those in their own units. */
void onnx_add_outputs(struct onnx *g, const struct export_source *s, bool probabilities, int x);

/* Writes the graph to PATH, and if the message would have more than `limit` bytes, large tensors to PATH.data. Errors:
 * STATUS_OTHER. */
enum status onnx_write_file(const struct onnx *g, const struct export_source *s, const char *path,
                            int64_t limit);

#endif
