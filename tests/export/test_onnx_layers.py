"""Every kind of layer with awkward arguments gives in onnxruntime what `ddp_train predict` writes.

All cases of samples with the same shape are branches of one model, whose outputs stand side by side.
"""
import re
import unittest

import h5py
import numpy

import onnx_case
from packages import harness

# Layers of a branch, one after another; a kind, or its arguments.
FLAT = """
linear: {out: 3} | linear: {out: 4, bias: false} | relu | relu6 | leaky_relu: 0.2 | prelu | prelu: {num_parameters: 10, init: -0.5}
elu: 0.7 | selu | celu: 0.6 | gelu | gelu: tanh | silu | mish | hardswish | softplus | softplus: {beta: 3, threshold: 0.5} | sigmoid
logsigmoid | hardsigmoid | softsign | tanh | hardtanh: {min_val: -0.3, max_val: 0.4} | threshold: {threshold: 0.1, value: 7} | glu
softmax | log_softmax | batchnorm | batchnorm: {affine: false, eps: 0.01} | layernorm | layernorm: {affine: false} | layernorm: {bias: false}
groupnorm: 5 | instancenorm: {affine: true} | rmsnorm | rmsnorm: {affine: false} | dropout: 0.4 | drop_path: 0.3 | scale: -1.5 | affine
affine: {bias: false} | identity | flatten | conv1d: {out: 3, kernel: 1} | global_avgpool | global_maxpool
linear: {out: 6, positions: true} | instancenorm: {track_running_stats: true, affine: true}
"""
SIGNAL = """
conv1d: {out: 6, kernel: 3, stride: 2, padding: [[2, 1]], groups: 2} | conv1d: {out: 3, kernel: 4, padding: same, dilation: 2, bias: false}
conv1d: {out: 3, kernel: 5, padding: 3, padding_mode: reflect} | conv1d: {out: 3, kernel: 5, padding: [[2, 4]], padding_mode: circular}
conv1d: {out: 3, kernel: 5, padding: 3, padding_mode: replicate, stride: 3} | conv2d: {out: 3, kernel: [1, 3]}
conv_transpose1d: {out: 3, kernel: 4, stride: 3, padding: [[1, 2]], output_padding: 2, dilation: 2} | conv_transpose1d: {out: 4, kernel: 3, groups: 2}
linear: {out: 3, positions: true} | linear: 5 | prelu: {num_parameters: 4} | glu | softmax | log_softmax | batchnorm
batchnorm: {affine: false, track_running_stats: false} | layernorm | layernorm: {axes: 1} | layernorm: {axes: channels}
rmsnorm: {axes: channels} | rmsnorm: {axes: 1, affine: false} | groupnorm: 2 | instancenorm | instancenorm: {affine: true, track_running_stats: true}
maxpool1d: {kernel: 3, stride: 2, padding: 1, ceil_mode: true} | maxpool1d: {kernel: 2, dilation: 4, padding: 2, stride: 1}
avgpool1d: {kernel: 3, stride: 2, padding: 1} | avgpool1d: {kernel: 4, stride: 3, padding: 2, ceil_mode: true, count_include_pad: false}
avgpool1d: {kernel: 4, stride: 3, padding: 2, ceil_mode: true} | avgpool1d: {kernel: 3, divisor_override: 2} | avgpool2d: {kernel: [1, 2]}
adaptive_avgpool1d: 4 | adaptive_maxpool1d: 4 | adaptive_avgpool1d: 1 | adaptive_maxpool1d: 15 | global_avgpool | global_maxpool
upsample: {size: 25} | upsample: {scale: 2} | upsample: {size: 25, mode: linear} | upsample: {scale: 1.7, mode: linear}
upsample: {size: 5, mode: linear, align_corners: true} | upsample: {scale: 0.6} | pad: {padding: [[2, 3]], value: 0.5}
pad: {padding: [[3, 2]], mode: reflect} | pad: {padding: [[-1, 3]], mode: circular} | pad: {padding: [[-2, -1]]} | crop: {amount: [[1, 3]]}
dropout1d: 0.2 | affine | flatten
"""
IMAGE = """
conv2d: {out: 4, kernel: 3, padding: 1} | conv2d: {out: 6, kernel: [3, 2], stride: [2, 1], padding: [[0, 1], [2, 1]], dilation: [1, 2], groups: 3}
conv2d: {out: 6, kernel: 3, padding: 1, groups: 6, bias: false} | conv2d: {out: 2, kernel: 3, padding: [1, 2], padding_mode: [circular, reflect]}
conv2d: {out: 2, kernel: 3, padding: [1, 2], padding_mode: [zeros, replicate]} | conv2d: {out: 2, kernel: [4, 3], padding: same}
conv_transpose2d: {out: 3, kernel: [3, 2], stride: 2, padding: [1, 0], output_padding: 1} | conv_transpose2d: {out: 4, kernel: 2, dilation: 3, groups: 2}
conv3d: {out: 2, kernel: [1, 2, 3]} | linear: {out: 3, positions: true} | linear: 4 | prelu: {num_parameters: 6} | gelu | glu | softmax
batchnorm: {affine: false} | batchnorm, relu | batchnorm: {track_running_stats: false} | layernorm | layernorm: {axes: 2} | layernorm: {axes: channels, bias: false}
groupnorm: 3 | groupnorm: {groups: 2, affine: false} | instancenorm: {affine: true} | rmsnorm: {axes: 1} | rmsnorm
maxpool2d: {kernel: 3, stride: 2, padding: 1} | maxpool2d: {kernel: [2, 3], stride: [3, 2], padding: [1, 0], ceil_mode: true}
maxpool2d: {kernel: 2, dilation: [5, 1], padding: [3, 0], stride: 1} | avgpool2d: {kernel: 3, stride: 2, padding: 1, ceil_mode: true}
avgpool2d: {kernel: [2, 3], stride: [3, 2], ceil_mode: true, count_include_pad: false} | avgpool2d: {kernel: 2, divisor_override: 3, ceil_mode: true}
adaptive_avgpool2d: [3, 4] | adaptive_maxpool2d: [3, 5] | adaptive_avgpool2d: [1, 2] | adaptive_maxpool2d: [7, 2] | global_avgpool | global_maxpool
upsample: {scale: 2} | upsample: {size: [10, 5]} | upsample: {scale: 2, mode: bilinear} | upsample: {size: [13, 9], mode: bilinear}
upsample: {size: [13, 5], mode: bilinear, align_corners: true} | upsample: {scale: [1.6, 2.3], mode: bilinear} | upsample: {size: [1, 3], mode: bilinear}
pad: {padding: [[1, 2], [3, 0]], mode: [reflect, constant], value: -2} | pad: {padding: [[2, 1], [-1, 2]], mode: [circular, replicate]}
pad: {padding: [[0, 0], [2, -3]]} | crop: {amount: [[1, 0], [2, 3]]} | dropout2d: 0.3 | drop_path: 0.3 | affine | flatten
conv2d: {out: 6, kernel: 3, padding: 1, name: once}, relu, conv2d: {out: 6, kernel: 3, padding: 1, share: once}
conv2d: {out: 4, kernel: 2, name: small}, upsample: {from: [small, input], mode: bilinear}
conv2d: {out: 4, kernel: 2, name: less}, crop: {from: [input, less], offset: 1, name: cut}, concat: {from: [cut, less]} | conv2d: {out: 6, kernel: 1, name: m}, mul: {from: [m, input, m]}
conv2d: {out: 6, kernel: 1, name: a}, add: {from: [a, input, input]}, relu | conv2d: {out: 2, kernel: 1, name: c}, concat: {from: [c, input]}
"""
VOLUME = """
conv3d: {out: 3, kernel: [2, 3, 1], stride: [1, 2, 1], padding: [[1, 0], [1, 2], 0]} | conv3d: {out: 2, kernel: 3, padding: 1, padding_mode: circular}
conv_transpose3d: {out: 2, kernel: 2, stride: [1, 2, 3], output_padding: [0, 1, 2]} | linear: {out: 2, positions: true} | batchnorm | layernorm
layernorm: {axes: 3} | groupnorm: 2 | instancenorm | rmsnorm: {axes: channels} | maxpool3d: {kernel: 2, ceil_mode: true} | prelu: {num_parameters: 2}
avgpool3d: {kernel: [2, 3, 2], padding: [1, 1, 0], ceil_mode: true} | adaptive_avgpool3d: [2, 3, 1] | adaptive_maxpool3d: [3, 2, 3] | global_avgpool
upsample: {scale: [1, 2, 3]} | upsample: {size: [7, 3, 8], mode: trilinear} | upsample: {scale: [1.5, 1, 2], mode: trilinear}
pad: {padding: [[1, 0], [0, 2], [1, 1]], mode: replicate} | crop: {amount: [[0, 1], [1, 0], [0, 0]]} | dropout3d: 0.2 | affine | softmax
"""
SHAPES = {"flat": ((10,), FLAT), "signal": ((4, 11), SIGNAL), "image": ((6, 7, 8), IMAGE), "volume": ((2, 4, 5, 6), VOLUME)}
LAYOUTS = {"signal": "NCL"}  # others are found
OF_BATCH = "track_running_stats: false"  # its outputs depend on who is beside a sample


def branches(text):
    return [branch.strip() for branch in re.split(r"[|\n]", text) if branch.strip()]


def layers_of(branch):
    """The layers of a branch, split at the commas outside of brackets."""
    depth, parts = 0, [""]
    for letter in branch:
        depth += (letter in "[{") - (letter in "]}")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return [part.strip() for part in parts]


def model_text(cases):
    """The branches, flattened and one behind the other; a concat takes up to 64 of them."""
    lines = []
    for i, case in enumerate(cases):
        for k, layer in enumerate(layers_of(case)):
            kind, _, value = layer.partition(":")
            if k == 0:  # reads the input of the model
                value = value.strip()
                inner = value[1:-1] + ", " if value.startswith("{") else f"{FIRST[kind]}: {value}, " if value else ""
                layer = f"{kind}: {{{inner}from: input}}"
            lines.append(f"    - {layer}")
        lines.append(f"    - flatten: {{name: out{i}}}")
    groups = [range(first, min(first + 60, len(cases))) for first in range(0, len(cases), 60)]
    for g, group in enumerate(groups):
        lines.append(f"    - concat: {{from: [{', '.join(f'out{i}' for i in group)}], name: all{g}}}")
    if len(groups) > 1:
        lines.append(f"    - concat: {{from: [{', '.join(f'all{g}' for g in range(len(groups)))}]}}")
    return "\n".join(lines)


FIRST = {"leaky_relu": "negative_slope", "elu": "alpha", "celu": "alpha", "gelu": "approximate", "groupnorm": "groups", "dropout": "p",
         "dropout1d": "p", "dropout2d": "p", "dropout3d": "p", "drop_path": "p", "scale": "value", "linear": "out",
         **{f"adaptive_{kind}pool{n}d": "size" for kind in ("avg", "max") for n in (1, 2, 3)}}


class Layers(onnx_case.OnnxCase):
    def check(self, name):
        shape, text = SHAPES[name]
        cases = branches(text)
        random = numpy.random.default_rng(5)
        x = random.normal(size=(16, *shape)).astype(numpy.float32)
        config = self.write(f"{name}.yaml", f"data: {{train: {self.path('x.h5')}, normalize: none, layout: {LAYOUTS.get(name, 'auto')}}}\nmodel:\n  layers:\n"
                            f"{model_text(cases)}\nloss: {{name: mse}}\noptim: {{name: adam, lr: 0.1}}\n"
                            "train: {epochs: 2, batch: 16, virtual_ranks: 1}\n")
        with h5py.File(self.path("x.h5"), "w") as f:
            f["x"], f["y"] = x, numpy.zeros((16, 1), numpy.float32)
        width = self.find_width(config)
        with h5py.File(self.path("x.h5"), "w") as f:
            f["x"], f["y"] = x, random.normal(size=(16, width)).astype(numpy.float32)
        with h5py.File(self.path("five.h5"), "w") as f:
            f["x"] = x[:5]
        checkpoint = self.train(config).final
        path = self.export(checkpoint)
        self.compare(path, x[:5], self.predict(checkpoint, self.path("five.h5"))["logits"], cases, self.widths(path))
        return onnx_case.onnx.load(path)

    def find_width(self, config):
        """Of the outputs: the program says it where the labels do not fit."""
        done = harness.run(["check", config])
        found = re.search(r"(\d+) outputs|gives (\d+)|has (\d+)", done.stderr)
        self.assertTrue(found, done.stderr)
        return int(next(n for n in found.groups() if n))

    def widths(self, path):
        model = onnx_case.onnx.shape_inference.infer_shapes(onnx_case.onnx.load(path))
        shapes = {v.name: v.type.tensor_type.shape for v in model.graph.value_info}
        ends = [name for node in model.graph.node if re.match(r"all\d", node.name) or node.name == "logits" for name in node.input]
        return [shapes[name].dim[1].dim_value for name in ends if name.startswith("out")]

    def compare(self, path, x, expected, cases, widths):
        together = self.outputs(path, x)["logits"]
        alone = numpy.concatenate([self.outputs(path, x[i:i + 1])["logits"] for i in range(len(x))])
        model, first = onnx_case.onnx.load(path), 0
        self.assertEqual(together.shape, expected.shape)
        for case, width in zip(cases, widths):
            part = slice(first, first + width)
            bound = 8 * onnx_case.UNIT * numpy.sqrt(x[0].size) * max(1, numpy.abs(expected[:, part]).max())
            for got in (together,) if OF_BATCH in case else (together, alone):
                self.assertLessEqual(numpy.abs(got[:, part] - expected[:, part]).max(), bound, case)
            first += width
        self.assertEqual(first, expected.shape[1])

    def test_flat(self):
        self.check("flat")

    def test_signal(self):
        self.check("signal")

    def test_image(self):
        model = self.check("image")
        shared = [t.name for t in model.graph.initializer if t.name.startswith("once.")]
        self.assertEqual(sorted(shared), ["once.bias", "once.weight"])

    def test_volume(self):
        self.check("volume")

    def test_no_kind_is_left_out(self):
        with open(f"{harness.SOURCE}/src/nn/layers/list.h") as f:
            kinds = set(re.findall(r"^LAYER\((\w+)\)", f.read(), re.M))
        used = {layer.partition(":")[0] for _, text in SHAPES.values() for branch in branches(text) for layer in layers_of(branch)}
        self.assertEqual(kinds - used, set())


if __name__ == "__main__":
    unittest.main()
