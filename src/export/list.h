/* list.h - every format: FORMAT(x) stands for `format_x` in a file x.c below src/export. A new format is its file and
 * its line here. No include guard: format.c reads the list twice. */
/* clang-format off */
FORMAT(safetensors)
FORMAT(pytorch)
FORMAT(onnx)
