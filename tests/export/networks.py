"""Layers of every kind with many arguments, side by side in one network for each number of spatial axes. A branch reads the input; its
output is flattened, and those of all stand one after the other. A branch of several layers has ; between them, and IN stands for its
input."""

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
batchnorm: {track_running_stats: false}; relu
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
avgpool{d}d: {{kernel: 3, stride: 2, padding: 1, ceil_mode: true}}
avgpool{d}d: {{kernel: 4, stride: 3, padding: 2, ceil_mode: true}}
avgpool{d}d: {{kernel: 4, stride: 3, padding: 2, ceil_mode: true, count_include_pad: false}}
adaptive_maxpool{d}d: 1
adaptive_maxpool{d}d: 12
adaptive_avgpool{d}d: 1
dropout{d}d: 0.4
upsample: {{size: 7}}
upsample: {{scale: 2}}
upsample: {{scale: 1.7, mode: {linear}}}
upsample: {{scale: 0.6}}
upsample: {{size: 25}}
upsample: {{scale: 2, mode: {linear}}}
upsample: {{size: 13, mode: {linear}}}
upsample: {{size: 1, mode: {linear}}}
upsample: {{size: 9, mode: {linear}, align_corners: true}}
upsample: {{size: 3, mode: {linear}, align_corners: true}}
pad: {{padding: [[1, 2]], value: 0.5}}
pad: {{padding: [[2, 1]], mode: reflect}}
pad: {{padding: [[3, -1]], mode: replicate}}
pad: {{padding: [[-1, 2]], mode: circular}}
pad: {{padding: [[-2, -1]]}}
crop: {{amount: [[1, 2]]}}
conv{d}d: {{out: 4, kernel: 3, padding: 1, name: IN_a}}; relu; conv{d}d: {{out: 4, kernel: 3, padding: 1, share: IN_a}}
conv{d}d: {{out: 4, kernel: 2, name: IN_a}}; upsample: {{from: [IN_a, input], mode: {linear}}}
conv{d}d: {{out: 3, kernel: 2, name: IN_a}}; crop: {{from: [input, IN_a], offset: 1, name: IN_b}}; concat: {{from: [IN_b, IN_a]}}
conv{d}d: {{out: 4, kernel: 1, name: IN_a}}; mul: {{from: [IN_a, IN, IN_a], name: IN_b}}; add: {{from: [IN, IN_a, IN_b]}}; relu
"""

# Of inputs with one axis, two, and three.
LINE = """
conv1d: {out: 6, kernel: 3, stride: 2, padding: [[2, 1]], groups: 2}
conv1d: {out: 3, kernel: 5, padding: [[2, 4]], padding_mode: circular}
conv1d: {out: 3, kernel: 5, padding: 3, padding_mode: replicate, stride: 3}
conv_transpose1d: {out: 3, kernel: 4, stride: 3, padding: [[1, 2]], output_padding: 2, dilation: 2}
conv_transpose1d: {out: 3, kernel: 3, stride: 2, padding: [[0, 1]], output_padding: 6, dilation: 7}
maxpool1d: {kernel: 3, dilation: 2, padding: 2, ceil_mode: true}
"""
PLANE = """
conv2d: {out: 8, kernel: 3, padding: 1, groups: 4, bias: false}
maxpool2d: {kernel: 2, dilation: [5, 1], padding: [1, 0], stride: 1}
layernorm: {axes: 2}
upsample: {scale: [1.6, 2.3], mode: bilinear}
pad: {padding: [[0, 0], [2, -3]]}
conv2d: {out: 4, kernel: [3, 2], stride: [1, 2], padding: [[1, 2], [0, 1]], dilation: [2, 1]}
conv2d: {out: 4, kernel: 3, padding: 1, padding_mode: [zeros, replicate]}
conv2d: {out: 4, kernel: 3, padding: [2, 0], padding_mode: [circular, reflect]}
conv_transpose2d: {out: 2, kernel: [3, 2], stride: [2, 1], padding: [[0, 1], [1, 0]], output_padding: [1, 0]}
conv_transpose2d: {out: 4, kernel: 3, dilation: 2, output_padding: 1}
conv_transpose2d: {out: 4, kernel: 3, dilation: [3, 1], output_padding: [2, 0], padding: 1, bias: false}
maxpool2d: {kernel: [2, 3], stride: [0, 1]}
maxpool2d: {kernel: 3, dilation: 2, padding: 2}
maxpool2d: {kernel: 2, dilation: [5, 1], padding: [3, 0], stride: 2, ceil_mode: true}
avgpool2d: {kernel: [3, 1], stride: [2, 0], padding: [1, 0]}
adaptive_avgpool2d: {size: [0, 2]}
upsample: {size: [0, 5], scale: [2, 0]}
upsample: {size: [9, 0], scale: [0, 1.5], mode: bilinear}
pad: {padding: [[1, 2], [0, 1]], mode: [reflect, constant], value: 2}
pad: {padding: [[1, 0], [2, 1]], mode: [circular, replicate]}
crop: {amount: [[1, 0], [2, 1]]}
"""
SPACE = """
conv3d: {out: 3, kernel: [2, 3, 1], stride: [1, 2, 1], padding: [[1, 0], [1, 2], 0]}
conv_transpose3d: {out: 2, kernel: 2, stride: [1, 2, 3], output_padding: [0, 1, 2]}
maxpool3d: {kernel: 2, dilation: 3, padding: [2, 1, 2], stride: 1}
layernorm: {axes: 3}
avgpool3d: {kernel: [2, 3, 2], padding: [1, 1, 0], ceil_mode: true}
adaptive_avgpool3d: {size: [2, 4, 1]}
upsample: {scale: [1, 2, 3]}
upsample: {scale: [1.5, 1, 2], mode: trilinear}
pad: {padding: [[1, 0], [0, 2], [1, 1]], mode: replicate}
crop: {amount: [[0, 1], [1, 0], [0, 0]]}
"""


def branches(axes):
    """The text of every branch of a network for samples with that number of axes."""
    texts = ANY
    for d in (1, 2, 3):
        texts += WINDOW.format(d=d) if d >= axes else ""
    if axes:
        texts += FULL_WINDOW.format(d=axes, linear=("linear", "bilinear", "trilinear")[axes - 1])
    texts += ["", LINE, PLANE, SPACE][axes]
    return [line for line in texts.split("\n") if line]


def network(axes):
    """The text of model.layers: all branches, and their outputs one after the other."""
    lines, ends = [], []
    for i, text in enumerate(branches(axes)):
        layers = [f"- {layer}" for layer in text.replace("IN", f"in{i}").split("; ")]
        lines += [f"- identity: {{from: input, name: in{i}}}", *layers, f"- flatten: {{name: out{i}}}"]
        ends.append(f"out{i}")
    while len(ends) > 1:  # a layer reads at most 64 values
        some, ends = ends[:64], ends[64:]
        ends.insert(0, f"all{len(lines)}")
        lines.append(f"- concat: {{from: [{', '.join(some)}], name: {ends[0]}}}")
    return "".join(f"    {line}\n" for line in lines)
