/* onnx_spatial.h - operators of ONNX that work on the spatial axes of an activation. Functions are as those of
 * onnx.h. */
#ifndef NN_EXPORT_ONNX_SPATIAL_H
#define NN_EXPORT_ONNX_SPATIAL_H

#include "math/pad.h"
#include "math/upsample.h"
#include "math/window.h"
#include "nn/export/onnx.h"

/* Sets the attributes that say how a window slides, for the node that was added last. */
void onnx_set_window(struct onnx *g, const struct window *w);

/* Pad and cut; the pad is placed. Nothing is added where nothing changes. */
int onnx_pad(struct onnx *g, int x, const struct pad *p);

int onnx_upsample(struct onnx *g, int x, const struct upsample *u);

#endif
