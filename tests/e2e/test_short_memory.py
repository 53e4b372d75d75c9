"""Memory that runs out on one rank, at any of its allocations: one error line, exit code 1, no rank left waiting.

A sample of the allocations is tried; SHORT_MEMORY_STEP=1 in the environment tries all.
"""
import os
import shutil
import subprocess
import unittest

import harness

CONFIG = """
data: {train: "synthetic:1x12x12:5:96", val: "synthetic:1x12x12:5:20"}
model:
  layers: [{conv2d: {out: 4, kernel: 3}}, relu, {maxpool2d: 2}, {dropout: 0.2}, {linear: 5}]
train: {epochs: 1, batch: 48, virtual_ranks: 8}
"""
FAILED = 1


@unittest.skipUnless(shutil.which("cc"), "no C compiler")
class ShortMemory(harness.Case):
    def attempt(self, config, at, flags):
        variables = {"LD_PRELOAD": self.library, "SHORT_RANK": "1", "SHORT_AT": str(at), "OMPI_MCA_odls_base_sigkill_timeout": "0"}
        return harness.run(["train", config, "-o", self.path("run"), "--overwrite", *flags], 2, timeout=20, variables=variables)

    def sweep(self, flags, start):
        """Fails every n-th allocation, from `start` on, until the program makes no further one."""
        config, at, failures = self.write("config.yaml", CONFIG), start, 0
        while True:
            with self.subTest(flags=flags, allocation=at):
                process = self.attempt(config, at, flags)
                if process.returncode == 0:
                    break
                failures += 1
                self.assertEqual(process.returncode, FAILED, process.stdout + process.stderr)
                self.assertEqual(len(harness.error_lines(process.stderr)), 1, process.stderr)
                self.assertIn("out of memory", process.stderr)
            at += int(os.environ.get("SHORT_MEMORY_STEP", "19"))
        self.assertGreater(failures, 5)

    def test_every_nth_allocation(self):
        self.library = self.path("short_memory.so")
        source = os.path.join(harness.SOURCE, "tests", "e2e", "short_memory.c")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", self.library, source, "-ldl"], check=True)
        self.sweep([], 1)
        self.sweep(["--sync.ranks_per_node=1"], 10)


if __name__ == "__main__":
    unittest.main()
