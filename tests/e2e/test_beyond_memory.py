"""Sets several times larger than the memory of a job: /dev/shm is small, and so is the private memory of each rank (RLIMIT_DATA).
BEYOND_MEMORY=N makes the set N times larger still."""
# processors: 2
import json
import os
import subprocess
import unittest

import harness
from test_full_memory import may_mount

TIMES = int(os.environ.get("BEYOND_MEMORY", "1"))
SAMPLES, SAMPLE_BYTES = 20000 * TIMES, 40000
SET = SAMPLES * SAMPLE_BYTES
SHARED = 40_000_000
PRIVATE = 260_000_000  # address space of data: most of it is never touched
CONFIG = f"""
data: {{train: "synthetic:1x100x100:4:{SAMPLES}", normalize: unit, block: 20, window: 200}}
model: {{layers: [{{linear: 4}}]}}
train: {{epochs: 1, batch: 100}}
"""


@unittest.skipUnless(may_mount(), "needs the right to mount")
class BeyondMemory(harness.Case):
    def train_in_little(self, config, store, ranks=2):
        """The done line of a run in little memory."""
        folder, session = self.path(f"run-{store}-{ranks}"), self.path(f"session-{store}-{ranks}")
        os.mkdir(session)
        line = harness.command(["train", config, "-o", folder, f"--data.store={store}", f"--data.scratch_dir={self.folder}"], ranks)
        shell = f'mount -t tmpfs -o size={SHARED} tmpfs /dev/shm && exec prlimit --data={PRIVATE} "$@"'
        process = subprocess.run(["unshare", "--mount", "bash", "-c", shell, "bash", *line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True, timeout=120 * TIMES, check=False,
                                 env={**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session})
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)
        with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
            done = json.loads(file.readlines()[-1])
        node = ranks * done["peak_bytes"]
        print(f"{store}: a set of {SET / 1e6:.0f} MB, at most {node / 1e6:.0f} MB on the node")
        self.assertGreater(SET, 4 * node)
        return done

    def test_scratch_and_window(self):
        config = self.write("config.yaml", CONFIG)
        two, one = (self.train_in_little(config, "window", ranks)["weights_hash"] for ranks in (2, 1))
        self.assertEqual(two, one)
        scratch = self.train_in_little(config, "scratch")["weights_hash"]
        self.assertEqual(scratch, self.train(config, 2, ["--data.store=node"]).done["weights_hash"])


if __name__ == "__main__":
    unittest.main()
