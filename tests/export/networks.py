"""Layers of every kind with many arguments, side by side in one network for each number of spatial axes. A branch reads the input; its
output is flattened, and those of all stand one after the other."""

ANY = """
relu
relu6
leaky_relu
leaky_relu: 0.3
prelu
prelu: {num_parameters: 4, init: 0.1}
elu
elu: 0.7
selu
celu
celu: 1.5
gelu
gelu: tanh
silu
mish
hardswish
softplus
softplus: {beta: 2, threshold: 3}
sigmoid
logsigmoid
hardsigmoid
softsign
tanh
hardtanh
hardtanh: {min_val: -0.5, max_val: 2}
threshold: {threshold: 0.1, value: -3}
glu
softmax
log_softmax
batchnorm
batchnorm: {momentum: null, affine: false, eps: 0.001}
batchnorm: {sync: true}
layernorm
layernorm: {axes: 1, bias: false}
layernorm: {axes: channels, eps: 0.01}
layernorm: {affine: false}
groupnorm: 2
groupnorm: {groups: 4, affine: false}
rmsnorm
rmsnorm: {axes: channels}
rmsnorm: {axes: 1, affine: false}
instancenorm
instancenorm: {affine: true}
instancenorm: {affine: true, track_running_stats: true}
dropout: 0.3
drop_path: 0.2
add: {from: [IN, input, IN]}
mul: {from: [IN, input]}
concat: {from: [input, IN]}
scale: -1.7
affine
affine: {bias: false}
flatten
identity
linear: 3
linear: {out: 5, bias: false}
linear: {out: 3, positions: true}
global_maxpool
global_avgpool
"""

# Of layers with 1, 2 or 3 axes in their names, for inputs with as many or fewer.
WINDOW = """
conv{d}d: {{out: 6, kernel: 1}}
maxpool{d}d: 1
adaptive_avgpool{d}d: 2
"""

# Of inputs with exactly as many.
FULL_WINDOW = """
conv{d}d: {{out: 6, kernel: 3, padding: 1, stride: 2, groups: 2}}
conv{d}d: {{out: 4, kernel: 2, padding: same, dilation: 3, bias: false}}
conv{d}d: {{out: 4, kernel: 3, padding: 1, padding_mode: reflect}}
conv{d}d: {{out: 4, kernel: 2, padding: same, padding_mode: circular}}
conv_transpose{d}d: {{out: 6, kernel: 3, stride: 2, padding: 1, output_padding: 1, groups: 2}}
conv_transpose{d}d: {{out: 3, kernel: 2, dilation: 2, bias: false}}
maxpool{d}d: {{kernel: 3, stride: 2, padding: 1, ceil_mode: true}}
maxpool{d}d: {{kernel: 2, dilation: 2, stride: 1}}
avgpool{d}d: {{kernel: 3, stride: 2, padding: 1, count_include_pad: false}}
avgpool{d}d: {{kernel: 2, divisor_override: 3, ceil_mode: true}}
adaptive_maxpool{d}d: 3
adaptive_avgpool{d}d: 4
dropout{d}d: 0.4
upsample: {{size: 7}}
upsample: {{scale: 2}}
upsample: {{scale: 1.7, mode: {linear}}}
upsample: {{size: 9, mode: {linear}, align_corners: true}}
pad: {{padding: [[1, 2]], value: 0.5}}
pad: {{padding: [[2, 1]], mode: reflect}}
pad: {{padding: [[3, -1]], mode: replicate}}
pad: {{padding: [[-1, 2]], mode: circular}}
crop: {{amount: [[1, 2]]}}
"""

# Of inputs with two axes.
PLANE = """
conv2d: {out: 4, kernel: [3, 2], stride: [1, 2], padding: [[1, 2], [0, 1]], dilation: [2, 1]}
conv2d: {out: 4, kernel: 3, padding: 1, padding_mode: [zeros, replicate]}
conv2d: {out: 4, kernel: 3, padding: [2, 0], padding_mode: [circular, reflect]}
conv_transpose2d: {out: 2, kernel: [3, 2], stride: [2, 1], padding: [[0, 1], [1, 0]], output_padding: [1, 0]}
maxpool2d: {kernel: [2, 3], stride: [0, 1]}
avgpool2d: {kernel: [3, 1], stride: [2, 0], padding: [1, 0]}
adaptive_avgpool2d: {size: [0, 2]}
upsample: {size: [0, 5], scale: [2, 0]}
upsample: {size: [9, 0], scale: [0, 1.5], mode: bilinear}
pad: {padding: [[1, 2], [0, 1]], mode: [reflect, constant], value: 2}
pad: {padding: [[1, 0], [2, 1]], mode: [circular, replicate]}
crop: {amount: [[1, 0], [2, 1]]}
"""


def branches(axes):
    """The text of every branch of a network for samples with that number of axes."""
    texts = ANY
    for d in (1, 2, 3):
        texts += WINDOW.format(d=d) if d >= axes else ""
    if axes:
        texts += FULL_WINDOW.format(d=axes, linear=("linear", "bilinear", "trilinear")[axes - 1])
    texts += PLANE if axes == 2 else ""
    return [line for line in texts.split("\n") if line]


def network(axes):
    """The text of model.layers: all branches, and their outputs one after the other."""
    lines, ends = [], []
    for i, text in enumerate(branches(axes)):
        lines += [f"- identity: {{from: input, name: in{i}}}", "- " + text.replace("IN", f"in{i}"), f"- flatten: {{name: out{i}}}"]
        ends.append(f"out{i}")
    while len(ends) > 1:  # a layer reads at most 64 values
        some, ends = ends[:64], ends[64:]
        ends.insert(0, f"all{len(lines)}")
        lines.append(f"- concat: {{from: [{', '.join(some)}], name: {ends[0]}}}")
    return "".join(f"    {line}\n" for line in lines)
