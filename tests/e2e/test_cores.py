"""Two jobs on one machine that a launcher binds to the same core: the log says so, and what to do."""
import os
import signal
import subprocess
import unittest

import harness
from processes import children, content, runs, until

CONFIG = """
data: {train: "synthetic:1x32x32:4:2000", normalize: none}
model: {layers: [conv2d: {out: 64, kernel: 3}, relu, linear: 4]}
train: {epochs: 100000, batch: 64}
"""


class Cores(harness.Case):
    def start(self, config, number, binding):
        session = self.path(f"session{number}")
        os.mkdir(session)
        environment = {**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session}
        environment.pop("OMPI_MCA_hwloc_base_binding_policy")
        arguments = ["train", config, "-o", self.path(f"run{number}")]
        with open(self.path(f"stderr{number}"), "w", encoding="utf-8") as errors:
            process = subprocess.Popen(["mpirun", "-np", "1", "--bind-to", binding, harness.PROGRAM, *arguments], env=environment,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors)
        self.addCleanup(self.end, process)
        return process

    @staticmethod
    def end(process):
        ranks = [pid for pid in children(process.pid) if runs(pid, harness.PROGRAM)]
        for pid in [*ranks, process.pid]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        process.wait()

    @unittest.skipUnless(os.cpu_count() > 1, "needs two cores")
    def test_two_jobs_on_one_core(self):
        config = self.write("config.yaml", CONFIG)
        jobs = [self.start(config, number, "core") for number in range(2)]
        said = until(lambda: all("of a core while it computes" in content(self.path(f"stderr{number}")) for number in range(2)) or
                     any(job.poll() is not None for job in jobs), 60)
        text = content(self.path("stderr0"))
        self.assertTrue(said, text)
        self.assertRegex(text, r"warning: rank 0 on host \S+ gets only \d+ % of a core while it computes: it is bound to 1 of \d+ cores, .*--bind-to none")
        self.assertEqual(text.count("of a core while it computes"), 1)


if __name__ == "__main__":
    unittest.main()
