"""Memory: nothing is leaked or touched that should not be, by valgrind and by AddressSanitizer and UndefinedBehaviorSanitizer.

Allocations within a step, and the balance at exit of everything the program allocates itself, are checked in tests/train/test_step.c.
"""
# processors: 2
# long
import glob
import os
import shutil
import subprocess
import unittest

import harness

CONFIG = """
data: {train: "synthetic:1x28x28:10:200", val: "synthetic:1x28x28:10:77"}
model:
  layers:
    - conv2d: {out: 6, kernel: 5}
    - relu
    - maxpool2d: 2
    - dropout: 0.2
    - conv2d: {out: 12, kernel: 3, stride: 2, padding: 1}
    - relu
    - avgpool2d: 2
    - linear: 20
    - relu
    - linear: 10
train: {epochs: 2, batch: 64}
optim: {name: sgd, lr: 0.01, momentum: 0.9}
"""


class Valgrind(harness.Case):
    @unittest.skipUnless(shutil.which("valgrind"), "valgrind is not installed")
    def test_a_short_run_at_two_ranks_is_clean(self):
        config = self.write("config.yaml", CONFIG)
        valgrind = ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", "--show-leak-kinds=definite", "--num-callers=60",
                    "--errors-for-leak-kinds=definite",
                    f"--suppressions={os.path.join(harness.SOURCE, 'tests', 'valgrind.supp')}"]
        scratch = ["--data.store=scratch", f"--data.scratch_dir={self.folder}"]
        for flags in (["--data.store=window", "--data.block=10", "--data.window=40"], ["--sync.ranks_per_node=1", "--data.store=cluster"],
                      ["--sync.method=allreduce", *scratch]):
            with self.subTest(flags=flags):
                command = ["mpirun", "-np", "2", *valgrind, harness.PROGRAM, "train", config, "-o", self.path("run"), "--overwrite"]
                # valgrind knows no AVX-512, so OpenBLAS and the kernels must not use it
                environment = {**harness.environment(), "OPENBLAS_CORETYPE": "Haswell", "DDP_TRAIN_RUN_ISA": "v3"}
                process = subprocess.run(command + flags, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.STDOUT, text=True, timeout=300)
                self.assertEqual(process.returncode, 0, process.stdout[-6000:])
                self.assertIn("weights hash", process.stdout)


class Sanitizers(harness.Case):
    """The C tests and short runs of the whole program in a build with the sanitizers, kept in build-asan."""

    def check(self, command, **variables):
        # Open MPI keeps memory until the process ends, some of it in plug-ins that are unloaded by then, so leaks are valgrind's part
        environment = {**harness.environment(), "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1", "DDP_SOURCE_DIR": harness.SOURCE, **variables}
        process = subprocess.run(command, cwd=harness.SOURCE, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
        self.assertEqual(process.returncode, 0, process.stdout[-6000:])
        return process.stdout

    def test_c_tests_and_short_runs_are_clean(self):
        self.check(["cmake", "--preset", "asan"])
        self.check(["cmake", "--build", "--preset", "asan", "--parallel", str(os.cpu_count())])
        # the Python tests would only start the same program over and over, and more ranks of a C test only run the same code
        scripts = [path.split(os.sep)[-2:] for path in glob.glob(os.path.join(harness.SOURCE, "tests", "*", "test_*.py"))]
        python = {f"{folder}.{name[len('test_'):-len('.py')]}" for folder, name in scripts} - {"api.library"}
        left_out = rf"^({'|'.join(sorted(python))}|fuzz\..*)$|\.np[2458]$"
        self.check(["ctest", "--preset", "asan", "--parallel", str(os.cpu_count()), "-E", left_out])
        program = os.path.join(harness.SOURCE, "build-asan", "ddp_train")
        config = self.write("config.yaml", CONFIG)
        for ranks, flags in ((2, []), (3, ["--sync.ranks_per_node=2"]), (2, ["--sync.method=allreduce"])):
            out = self.check(["mpirun", "-np", str(ranks), program, "train", config, "-o", self.path("run"), "--overwrite", *flags])
            self.assertIn("weights hash", out)
        checkpoint = os.path.join(self.path("run"), "checkpoints", "final.h5")
        self.check(["mpirun", "-np", "2", program, "eval", checkpoint, "--data", "synthetic:1x28x28:10:77"])
        self.check(["mpirun", "-np", "3", program, "predict", checkpoint, "--data", "synthetic:1x28x28:10:777", "--out", self.path("p.h5")])
        self.check([program, "inspect", checkpoint])


if __name__ == "__main__":
    unittest.main()
