"""What the tests of the library share: an installed prefix, programs built against it, and models trained with their predictions."""
import os
import subprocess
import sys

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402

BUILD = os.path.dirname(harness.PROGRAM)
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", "-O1", "-g"]

CONFIG = """
run: {{seed: 5}}
data: {{train: "{data}", val: "{data}", normalize: {normalize}, {more}}}
model:
  layers:
{layers}
loss: {{{loss}}}
train: {{epochs: 1, batch: {batch}, virtual_ranks: {ranks}, precision: {precision}}}
optim: {{name: sgd, lr: 0.01}}
metrics: {{threshold: 0.35}}
"""


def check_output(command, **options):
    """The output of a program that must succeed and write nothing to stderr."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    if done.returncode != 0 or done.stderr:
        raise AssertionError(f"exit code {done.returncode} of {' '.join(command)}\n{done.stdout}{done.stderr}")
    return done.stdout


def cache(build, name):
    """A variable of a build folder."""
    with open(os.path.join(build, "CMakeCache.txt")) as f:
        return [line.split("=", 1)[1].strip() for line in f if line.startswith(name + ":")][0]


class Prefix:
    """An installed prefix, and how programs are built against it."""

    def __init__(self, folder, build=BUILD):
        self.folder, self.build = folder, build
        subprocess.run(["cmake", "--install", build, "--prefix", folder], check=True, stdout=subprocess.DEVNULL)
        self.lib = os.path.join(folder, cache(build, "CMAKE_INSTALL_LIBDIR"))
        sanitizers = {"DDP_ASAN": ["-fsanitize=address,undefined"], "DDP_TSAN": ["-fsanitize=thread"]}
        self.flags = [flag for name, flags in sanitizers.items() if cache(build, name) == "ON" for flag in flags]
        self.environment = {**harness.environment(), "LD_LIBRARY_PATH": self.lib}

    def pkg_config(self, *arguments):
        variables = {**os.environ, "PKG_CONFIG_PATH": os.path.join(self.lib, "pkgconfig")}
        return check_output(["pkg-config", *arguments, "ddp_train"], env=variables).split()

    def compile(self, source, static=False, compiler="cc"):
        """The path of the program."""
        program = os.path.join(self.folder, os.path.splitext(source)[0] + ("_static" if static else ""))
        flags = self.pkg_config("--cflags", "--libs", *(["--static"] if static else []))
        if static:  # both libraries are there, and the linker prefers the shared one
            flags = ["-l:libddp_train.a" if flag == "-lddp_train" else flag for flag in flags]
        check_output([compiler, *WARNINGS, *self.flags, "-o", program, os.path.join(HERE, source), *flags, "-lpthread"])
        return program

    def compile_with_cmake(self, source):
        folder = os.path.join(self.folder, "cmake-" + source)
        os.mkdir(folder)
        for name, to in (("CMakeLists.example.txt", "CMakeLists.txt"), (source, source)):
            with open(os.path.join(HERE, name)) as f, open(os.path.join(folder, to), "w") as out:
                out.write(f.read())
        flags = " ".join(WARNINGS + self.flags)
        check_output(["cmake", "-S", folder, "-B", folder, f"-DCMAKE_PREFIX_PATH={self.folder}", f"-DCMAKE_CXX_FLAGS={flags}"])
        check_output(["cmake", "--build", folder])
        return os.path.join(folder, "example")

    def run(self, program, *arguments, variables=None, launcher=()):
        return check_output([*launcher, program, *map(str, arguments)], env={**self.environment, **(variables or {})}, timeout=600)


class Model:
    """A trained checkpoint, rows for it, and what `ddp_train predict` writes for them."""

    def __init__(self, case, name, features, labels, layers, loss, names=None, batch=60, ranks=3, normalize="auto", more="x: x",
                 precision="float32"):
        self.data, self.rows = case.path(name + ".h5"), case.path(name + ".rows")
        with h5py.File(self.data, "w") as f:
            f["x"], f["y"] = features, labels
            if names:
                f.attrs["class_names"] = names
        features.tofile(self.rows)
        text = CONFIG.format(data=self.data, normalize=normalize, more=more, loss=loss, batch=batch, ranks=ranks, precision=precision,
                             layers="\n".join("    - " + layer for layer in layers))
        self.checkpoint = case.train(case.write(name + ".yaml", text)).final
        self.file, self.out = case.path(name + ".predictions.h5"), case.path(name + ".out")
        self.predict(harness.PROGRAM)

    def predict(self, program, variables=None):
        """Other flags of the compiler may give other last bits: what is compared comes from one build."""
        subprocess.run([program, "predict", self.checkpoint, "--data", self.data, "--out", self.file, "--force"], check=True,
                       stdout=subprocess.DEVNULL, env={**harness.environment(), **(variables or {})})

    def predictions(self):
        with h5py.File(self.file, "r") as f:
            return {name: f[name][()] for name in ("logits", "probabilities", "predicted") if name in f}

    def expected(self):
        """The bytes that answers_write (rows.h) writes."""
        return b"".join(a.tobytes() for a in self.predictions().values())


def make_models(case):
    """One of every kind of task, feature type and way to multiply."""
    random = np.random.default_rng(3)
    images = random.integers(0, 256, (149, 2, 9, 8), dtype=np.uint8)
    table = (3 * random.standard_normal((173, 11)) + 1).astype(np.float32)
    signs = (table[:, :3] > 1).astype(np.uint8)
    values = np.stack([table.sum(1) * 100, table[:, 0] - 7], 1).astype(np.float32)
    conv = ["conv2d: {out: 5, kernel: 3, padding: 1, name: stem}", "relu", "conv2d: {out: 5, kernel: 3, padding: 1}",
            "batchnorm: {name: branch}", "add: {from: [stem, branch]}", "relu", "maxpool2d: 2", "dropout: 0.5", "linear: 4"]
    return [
        Model(case, "images", images, random.integers(0, 4, 149), conv, "name: cross_entropy", ["ant", "bee", "cat", "dœg"]),
        Model(case, "labels", table, signs, ["linear: 17", "tanh", "linear: 3"], "name: bce_with_logits", ["one", "two", "three"]),
        Model(case, "values", table, values, ["linear: 8", "relu", "linear: 2"], "name: mse", ["sum", "first"],
              normalize="standard", more="x: x, target_normalize: standard"),
        Model(case, "counts", table, random.poisson(3, (173, 1)).astype(np.float32), ["linear: 1"], "name: poisson_nll", batch=10, ranks=1),
        Model(case, "pixels", images, images[:, 0] // 64, ["conv2d: {out: 6, kernel: 3, padding: 1}", "relu", "conv2d: {out: 4, kernel: 1}"],
              "name: cross_entropy"),
        Model(case, "maps", images, images[:, :1] / 255, ["conv2d: {out: 1, kernel: 3, padding: 1}"], "name: mse",
              more="x: x, target_normalize: standard"),
        Model(case, "scores", table, random.integers(0, 3, 173), ["linear: 40", "relu", "linear: 3"], "name: multi_margin", batch=150, ranks=1),
        Model(case, "steps", images, random.integers(0, 4, 149), ["linear: 8", "relu", "linear: 4"], "name: cross_entropy",
              more="x: x, transforms: [log1p, standard, {clip: {max: 1.5}}, {scale: {offset: 0.5}}]"),
        Model(case, "gaps", np.where(random.random(table.shape) < 0.1, np.float32(np.nan), table), random.integers(0, 3, 173),
              ["linear: 8", "relu", "linear: 3"], "name: cross_entropy", more="x: x, missing: mean"),
        Model(case, "parts", images, random.integers(0, 4, 149), ["linear: 4"], "name: cross_entropy",
              more="x: x, augment: [{window: [7, 6]}], transforms: [{channels: [1, 0]}, {resize: 5}, standard]"),
        Model(case, "middle", images, images[:, 0] // 64, ["conv2d: {out: 4, kernel: 1}"], "name: cross_entropy",
              more="x: x, transforms: [{scale: {factor: 0.01}}, {crop_center: 5}]"),
        Model(case, "rounded", images, random.integers(0, 4, 149), ["conv2d: {out: 6, kernel: 3, stride: 2}", "relu", "linear: 17", "relu", "linear: 4"],
              "name: cross_entropy", precision="bf16"),
    ]


def make_wide_model(case):
    """One whose products go through OpenBLAS: more than 256 samples in a virtual rank's slice."""
    random = np.random.default_rng(4)
    table = random.standard_normal((1500, 33)).astype(np.float32)
    return Model(case, "wide", table, random.integers(0, 5, 1500), ["linear: 30", "relu", "linear: 5"], "name: cross_entropy",
                 batch=1024, ranks=2)
