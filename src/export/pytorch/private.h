/* private.h - the parts of an export to PyTorch: a folder with model.py and weights.pt. */
#ifndef EXPORT_PYTORCH_PRIVATE_H
#define EXPORT_PYTORCH_PRIVATE_H

#include <stdio.h>

#include "export/export.h"

#define PYTORCH_BUFFERS (2 * DATA_STEPS_MAX + 8)

/* All that the model holds beside its layers: numbers of the preprocessing and of the outputs' units, as tensors whose
 * names have no dot. */
struct pytorch_buffers {
    struct export_tensor of[PYTORCH_BUFFERS];
    int count;
};

/* input.c: finds them; writes the body of Model.prepare, from features as they are stored to the input of the first
 * layer. */
void pytorch_list_buffers(const struct export_source *s, struct pytorch_buffers *buffers);
void pytorch_write_prepare(const struct export_source *s, FILE *out);

/* layers.c: writes the body of Model.__init__ after its first line, that of Model.forward, and the classes that torch
 * does not have. Errors: STATUS_OTHER, memory. */
enum status pytorch_write_definitions(const struct export_source *s, FILE *out);
enum status pytorch_write_layers(const struct export_source *s, FILE *out);
void pytorch_write_forward(const struct export_source *s, FILE *out);

/* model.c: writes model.py. */
enum status pytorch_write_model(const struct export_source *s, FILE *out);

/* weights.c: writes weights.pt, as torch.save does. Errors: STATUS_OTHER, memory. */
enum status pytorch_write_weights(const struct export_source *s, FILE *out);

#endif
