/* list.h - every kind of transform: TRANSFORM(x) stands for `transform_x` in a file x.c of this folder. A new one is
 * its file and its line here. No include guard: registry.c reads the list twice. */
/* clang-format off */
TRANSFORM(standard)
TRANSFORM(minmax)
TRANSFORM(maxabs)
TRANSFORM(log1p)
TRANSFORM(clip)
TRANSFORM(scale)
TRANSFORM(channels)
TRANSFORM(resize)
TRANSFORM(crop_center)
