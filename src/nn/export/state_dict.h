/* state_dict.h - what PyTorch calls the tensors of a model: the keys of a state_dict.
 *
 * A key is the name of the layer, a dot, and the name of the tensor: "stem.weight", "stage2.0.conv1.weight". A layer
 * without a name is its number and kind, "03_conv2d": a dot would begin another module. Shapes and order of the values
 * are those of struct tensor, which are PyTorch's: linear [out][in], convolutions [out][in / groups][kernel...],
 * transposed ones [in][out / groups][kernel...], norms over all or the last axes normalized_shape, all others [C] (and
 * prelu [1] or [C]). A layer that shares the tensors of another has keys of its own for the same values, as in a
 * state_dict.
 *
 * PyTorch's norms with running statistics have one tensor more, num_batches_tracked, an int64 without axes that counts
 * training steps: the number of the checkpoint's step says the same. Local functions. */
#ifndef NN_EXPORT_STATE_DICT_H
#define NN_EXPORT_STATE_DICT_H

#include "nn/layers/layer.h"

#define STATE_DICT_NAME    96 /* of a key, its end included */
#define STATE_DICT_BATCHES "num_batches_tracked"

/* Writes the name of a layer, "stem" or "03_conv2d". */
void state_dict_layer_name(const struct layer *l, char name[STATE_DICT_NAME]);

/* Writes the key of a tensor of a layer, by its name: "weight", "running_mean", STATE_DICT_BATCHES. */
void state_dict_name(const struct layer *l, const char *tensor, char name[STATE_DICT_NAME]);

/* Returns whether the state_dict has STATE_DICT_BATCHES for the layer, after all other tensors of it. */
bool state_dict_counts_batches(const struct layer *l);

#endif
