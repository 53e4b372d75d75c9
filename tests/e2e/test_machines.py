"""Machines that would not produce bit-identical results are refused before the first step, or allowed with a warning."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import harness

CONFIG = """
data: {train: "synthetic:1x8x8:4:320", normalize: none}
model: {layers: [linear: 4]}
train: {epochs: 1, batch: 64, virtual_ranks: 4}
"""


class Machines(harness.Case):
    def setUp(self):
        super().setUp()
        self.arguments = ["train", self.write("config.yaml", CONFIG), "-o", self.path("run")]

    def start(self, other, *flags):
        """Two ranks of the program as it is, and a third with another start of its command line."""
        arguments = [*self.arguments, *flags]
        command = ["mpirun", "-np", "2", harness.PROGRAM, *arguments, ":", "-np", "1", *other, *arguments]
        with tempfile.TemporaryDirectory(prefix="ddp_mpi_", ignore_cleanup_errors=True) as session:
            environment = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session,
                           "OMPI_MCA_odls_base_sigkill_timeout": "0"}
            return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, text=True, timeout=60)

    def machines(self):
        with open(self.path("run/env.json")) as f:
            return json.load(f)["machines"]

    def refused(self, other, *words):
        process = self.start(other)
        lines = harness.error_lines(process.stderr)
        self.assertEqual(process.returncode, 2, process.stderr)
        self.assertEqual(len(lines), 1, process.stderr)
        for word in ("would not produce bit-identical results", "sync.mixed: allow", os.uname().nodename, *words):
            self.assertIn(word, lines[0])
        self.assertFalse(os.path.exists(self.path("run")), "a refused run leaves no run directory")

    def other_core(self):
        """A BLAS core that every x86-64 machine has, and that none chooses by itself."""
        return ["env", "OPENBLAS_CORETYPE=Prescott", harness.PROGRAM]

    def other_program(self):
        path = self.path("other")
        shutil.copy(harness.PROGRAM, path)
        with open(path, "ab") as f:
            f.write(b"\n")
        return [path]

    def test_equal_ranks(self):
        process = self.start([harness.PROGRAM])
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertFalse(self.machines()["mixed"])
        self.assertNotIn("sync.mixed", process.stderr)

    @unittest.skipUnless(os.uname().machine == "x86_64", "the name of the other BLAS core is that of an x86-64 processor")
    def test_another_core(self):
        self.refused(self.other_core(), "OpenBLAS core", "Prescott", "OPENBLAS_CORETYPE")

    def test_another_program(self):
        self.refused(self.other_program(), "program", "the same executable")

    def test_allowed(self):
        process = self.start(self.other_program(), "--sync.mixed=allow")
        self.assertEqual(process.returncode, 0, process.stderr)
        self.assertTrue(self.machines()["mixed"])
        self.assertIn("start the same executable", self.machines()["differences"])
        with open(self.path("run/log.txt")) as f:
            warnings = [line for line in f if line.startswith("warning: sync.mixed: results may differ between machines: program ")]
        self.assertEqual(len(warnings), 1)


if __name__ == "__main__":
    unittest.main()
