/* list.h - every kind of source: SOURCE(x) stands for `source_x` in a file x.c below src/data/source. A new
 * kind is its file and its line here. h5 comes last: it takes what no other kind takes.
 * No include guard: registry.c reads the list twice. */
/* clang-format off */
SOURCE(demo)
SOURCE(synthetic)
SOURCE(waves)
SOURCE(fields)
SOURCE(shapes)
SOURCE(picks)
SOURCE(storms)
SOURCE(many)
SOURCE(objects)
SOURCE(h5)
