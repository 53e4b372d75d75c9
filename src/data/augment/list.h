/* list.h - every kind of augmentation: AUGMENT(x) stands for `augment_x` in a file x.c of this folder or of mix/. A new
 * one is its file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
AUGMENT(flip)
AUGMENT(crop)
AUGMENT(window)
AUGMENT(rotate90)
AUGMENT(shift)
AUGMENT(noise)
AUGMENT(scale)
AUGMENT(brightness)
AUGMENT(contrast)
AUGMENT(channel_dropout)
AUGMENT(cutout)
AUGMENT(mixup)
AUGMENT(cutmix)
