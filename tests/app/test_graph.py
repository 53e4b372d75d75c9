"""`check` shows the model and the memory it needs: names and inputs in the table, planned bytes, drawings as .svg and .dot."""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

SVG = "{http://www.w3.org/2000/svg}"
HEAD = "data: {train: 'synthetic:3x16x16:10:1000'}\ntrain: {batch: 64}\nmodel:\n  layers:\n"
CHAIN = ["conv2d: {out: 4, kernel: 3}", "relu", "linear: 10"]
RESIDUAL = ["conv2d: {out: 8, kernel: 3, padding: 1, name: stem}", "conv2d: {out: 8, kernel: 3, padding: 1}", "relu",
            "conv2d: {out: 8, kernel: 3, padding: 1, name: b}", "add: {from: [b, stem], name: sum}",
            "conv2d: {out: 6, kernel: 3, stride: 2, padding: 1, name: c}", "conv2d: {out: 6, kernel: 1, stride: 2, name: short, from: sum}",
            "add: {from: [c, short]}", "linear: 10"]
U_SHAPED = ["conv2d: {out: 4, kernel: 3, padding: 1, name: e1}", "conv2d: {out: 4, kernel: 3, padding: 1, name: e2}",
            "conv2d: {out: 4, kernel: 3, padding: 1, name: e3}", "relu: {name: bottom}", "concat: {from: [bottom, e3], name: d3}",
            "relu: {name: r3}", "concat: {from: [r3, e2]}", "relu: {name: r2}", "concat: {from: [r2, e1]}", "linear: 10"]


def edges_of(layers):
    """(source, reader) of every edge; 0 is the input, i + 1 the output of layer i."""
    values, edges = {"input": 0}, []
    for i, layer in enumerate(layers):
        name, source = re.search(r"name: ([\w.-]+)", layer), re.search(r"from: (\[[^]]*\]|[\w.-]+)", layer)
        names = re.findall(r"[\w.-]+", source[1]) if source else []
        edges += [(values[n], i + 1) for n in names] or [(i, i + 1)]
        if name:
            values[name[1]] = i + 1
    return edges


def random_layers(count):
    layers = []
    for i in range(count):
        names = [f"n{k}" for k in range(max(0, i - 9), i)] or ["input"]
        before = f"n{i - 1}" if i else "input"  # so that some layer reads every output
        if random.random() < 0.5:
            layers.append(f"add: {{name: n{i}, from: [{before}, {random.choice(names)}]}}")
        else:
            layers.append(f"relu: {{name: n{i}}}")
    return [*layers, "linear: 10"]


class Check(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check(self, layers, *flags, ranks=1):
        (self.folder / "c.yaml").write_text(HEAD + "".join(f"    - {layer}\n" for layer in layers))
        command = ["mpirun", "-np", str(ranks), harness.PROGRAM, "check", "c.yaml", *flags]
        return subprocess.run(command, cwd=self.folder, env=harness.environment(), capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=300)

    def done(self, *arguments, **options):
        process = self.check(*arguments, **options)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        return process.stdout


class Table(Check):
    def test_names_and_inputs(self):
        lines = self.done(RESIDUAL).splitlines()
        self.assertRegex("\n".join(lines), r"(?m)^  stem: conv2d out 8, kernel 3, padding 1 +8 x 16 x 16 +224$")
        self.assertRegex("\n".join(lines), r"(?m)^  sum: add +8 x 16 x 16 +from b, stem$")
        self.assertRegex("\n".join(lines), r"(?m)^  short: conv2d out 6, kernel 1, stride 2 +6 x 8 x 8 +54  from sum$")
        self.assertEqual(sum("from" in line for line in lines), 3)

    def test_a_chain_names_no_inputs(self):
        self.assertNotIn("from", self.done(CHAIN))


class Memory(Check):
    ROWS = ["activations, training", "activations, evaluation", "parameters", "gradients", "optimizer state", "copy for checkpoints",
            "data", "total"]

    def plan(self, *arguments, **options):
        """{row: (bytes per rank, bytes per node)}, and what `check` says is shared."""
        text = self.done(*arguments, **options)
        rows = {}
        for name in self.ROWS:
            found = re.search(rf"(?m)^         {name} +(-|[\d.]+ [MG]B) +(-|[\d.]+ [MG]B)", text)
            self.assertTrue(found, f"{name} in\n{text}")
            rows[name] = [0 if cell == "-" else float(cell.split()[0]) * {"MB": 1e6, "GB": 1e9}[cell.split()[1]] for cell in found.groups()]
        self.assertLess(text.index("memory "), text.index("machine "), "planned before anything is allocated")
        return rows, float(re.search(r"([\d.]+) MB shared per node", text)[1]) * 1e6

    def test_what_is_planned_is_what_is_shared(self):
        for ranks, flags in ((1, []), (2, ["--optim.name=adam"]), (3, ["--train.batch=960", "--train.virtual_ranks=5"])):
            with self.subTest(ranks=ranks, flags=flags):
                rows, shared = self.plan(CHAIN, *flags, ranks=ranks)
                planned = sum(rows[name][1] for name in self.ROWS[2:7])
                self.assertAlmostEqual(planned, shared, delta=0.15e6)
                total = [rows["activations, training"][k] + sum(rows[name][k] for name in self.ROWS[2:7]) for k in (0, 1)]
                for k in (0, 1):
                    self.assertAlmostEqual(total[k], rows["total"][k], delta=0.05e6)
                self.assertAlmostEqual(rows["activations, training"][1], ranks * rows["activations, training"][0], delta=0.02e6)

    def test_parameters(self):
        rows, _ = self.plan(["linear: 4000", "linear: 10"], "--optim.name=adam")
        parameters = 4 * (768 * 4000 + 4000 + 40000 + 10)
        self.assertAlmostEqual(rows["parameters"][1], parameters, delta=1e4)
        self.assertAlmostEqual(rows["optimizer state"][1], 2 * parameters, delta=1e4)
        self.assertEqual(rows["parameters"][0], 0, "the ranks of a node share them")
        private, _ = self.plan(["linear: 4000", "linear: 10"], "--sync.method=allreduce", ranks=2)
        self.assertAlmostEqual(private["parameters"][0], parameters, delta=1e4)
        self.assertAlmostEqual(private["parameters"][1], 2 * parameters, delta=1e4)

    def test_samples_of_another_shape(self):
        """The model is that for samples as data.augment and data.transforms leave them."""
        steps = ["--data.augment=[{crop: {size: 12}}]", "--data.transforms=[{resize: {size: [8, 8]}}]"]
        rows, _ = self.plan(["linear: 4000", "linear: 10"], *steps)
        self.assertAlmostEqual(rows["parameters"][1], 4 * (192 * 4000 + 4000 + 40000 + 10), delta=1e4)

    def test_data(self):
        rows, _ = self.plan(CHAIN, "--data.val=synthetic:3x16x16:10:500")
        self.assertAlmostEqual(rows["data"][1], 1500 * (768 * 4 + 4), delta=1e4)


class Drawing(Check):
    def boxes(self, root):
        return [[float(r.get(k)) for k in ("x", "y", "width", "height")] for r in root.iter(SVG + "rect") if r.get("class")]

    def lines(self, path):
        """Straight pieces of a path as (x0, y0, x1, y1); round corners are left out."""
        x = y = 0.0
        for word, numbers in re.findall(r"([MVHqL])([-\d. ]*)", path):
            values = [float(n) for n in numbers.split()]
            before = x, y
            if word in "ML":
                x, y = values
            elif word == "V":
                y = values[0]
            elif word == "H":
                x = values[0]
            else:
                x, y = x + values[2], y + values[3]
            if word in "VH":
                yield *before, x, y

    def draw(self, layers):
        self.assertIn("wrote m.svg", self.done(layers, "--graph", "m.svg"))
        return ElementTree.parse(self.folder / "m.svg").getroot()

    def check_drawing(self, layers):
        root = self.draw(layers)
        boxes, paths = self.boxes(root), [p.get("d") for p in root.iter(SVG + "path")]
        self.assertEqual(len(boxes), len(layers) + 1)
        self.assertEqual(len(paths), len(edges_of(layers)))
        for i, (x, y, w, h) in enumerate(boxes):
            for a, b, c, d in boxes[:i]:
                self.assertTrue(x >= a + c or a >= x + w or y >= b + d or b >= y + h, "nodes overlap")
        for path in paths:
            for x0, y0, x1, y1 in self.lines(path):
                for x, y, w, h in boxes:
                    inside = max(x0, x1) > x + 1 and min(x0, x1) < x + w - 1 and max(y0, y1) > y + 1 and min(y0, y1) < y + h - 1
                    self.assertFalse(inside, f"an edge crosses a node: {path}")
        width, height = float(root.get("width")), float(root.get("height"))
        self.assertTrue(all(x + w <= width and y + h <= height for x, y, w, h in boxes))
        return root, boxes

    def test_known_networks(self):
        for layers in (CHAIN, RESIDUAL, U_SHAPED):
            self.check_drawing(layers)

    def test_a_chain_is_one_column(self):
        _, boxes = self.check_drawing(CHAIN)
        self.assertEqual(len({x for x, *_ in boxes}), 1)
        _, boxes = self.check_drawing(U_SHAPED)
        self.assertEqual(len({x for x, *_ in boxes}), 1, "skips alone need no second column")

    def test_texts(self):
        root = self.draw(RESIDUAL)
        texts = [t.text for t in root.iter(SVG + "text")]
        for text in ("input", "stem: conv2d out 8, kernel 3, padding 1", "sum: add", "8 x 16 x 16", "584 parameters", "linear out 10"):
            self.assertIn(text, texts)

    def test_random_networks(self):
        random.seed(5)
        for count in (5, 20, 40):
            self.check_drawing(random_layers(count))

    def test_a_long_network(self):
        layers = ["relu"] * 1022 + ["linear: 10"]
        root = self.draw(layers)
        self.assertEqual(len(self.boxes(root)), 1024)

    def test_dot(self):
        self.done(RESIDUAL, "--graph=m.dot", ranks=2)
        text = (self.folder / "m.dot").read_text()
        self.assertIn('n1 [label="stem: conv2d out 8, kernel 3, padding 1\\n8 x 16 x 16\\n224 parameters"];', text)
        found = sorted((int(a), int(b)) for a, b in re.findall(r"n(\d+) -> n(\d+);", text))
        self.assertEqual(found, sorted(edges_of(RESIDUAL)))

    def test_refusals(self):
        for name, code, words in (("m.png", 2, "--graph: 'm.png' must end in .svg"), (".svg", 2, "must end in .svg"),
                                  ("nowhere/m.svg", 1, "nowhere/m.svg: cannot be written: No such file or directory")):
            process = self.check(CHAIN, "--graph", name, ranks=2)
            self.assertEqual(process.returncode, code, process.stdout + process.stderr)
            errors = [line for line in process.stderr.splitlines() if line.startswith("ddp_train: error: ")]
            self.assertEqual(len(errors), 1, process.stderr)
            self.assertIn(words, errors[0])
        self.assertEqual(os.listdir(self.folder), ["c.yaml"])


if __name__ == "__main__":
    unittest.main()
