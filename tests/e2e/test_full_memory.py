"""No room in /dev/shm: one line says what is missing, nothing of an earlier run is lost, and it goes on when there is room."""
import os
import shutil
import subprocess
import unittest

import harness

CONFIG = """
data: {train: "synthetic:1x28x28:10:4000", store: node}
model:
  layers: [{linear: 10}]
train: {epochs: 4, batch: 400}
"""
FAILED = 1


def may_mount():
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


@unittest.skipUnless(may_mount(), "needs the right to mount")
class FullMemory(harness.Case):
    def in_room(self, size, arguments, ranks, **variables):
        """Runs with a /dev/shm of that size, in a mount namespace of its own."""
        line = harness.command(arguments, ranks)
        shell = f'mount -t tmpfs -o size={size} tmpfs /dev/shm && exec "$@"'
        session = self.path("session")
        os.makedirs(session, exist_ok=True)
        return subprocess.run(["unshare", "--mount", "bash", "-c", shell, "bash", *line], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                              env={**harness.environment(), "OMPI_MCA_orte_tmpdir_base": session,
                                   "OMPI_MCA_odls_base_sigkill_timeout": "0", **variables})

    def refused(self, process, words):
        self.assertEqual(process.returncode, FAILED, process.stdout + process.stderr)
        lines = harness.error_lines(process.stderr)
        self.assertEqual(len(lines), 1, process.stderr)
        for word in words:
            self.assertIn(word, lines[0])

    def test_too_little_room(self):
        config = self.write("config.yaml", CONFIG)
        whole = self.train(config, 2)
        part = self.train(config, 2, ["--train.epochs=2"])
        arguments = ["train", config, "-o", part.folder, "--resume", "auto"]
        before = sorted(os.listdir(os.path.join(part.folder, "checkpoints")))
        for ranks in (2, 3):  # Open MPI's own segments take 4 MB a rank
            with self.subTest(ranks=ranks):
                process = self.in_room("9m", arguments, ranks)
                self.refused(process, ["of shared memory", "/dev/shm", "OMPI_MCA_osc_sm_backing_directory"])
        self.assertEqual(sorted(os.listdir(os.path.join(part.folder, "checkpoints"))), before)
        done = self.in_room("9m", arguments, 2, OMPI_MCA_osc_sm_backing_directory=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(whole.done["weights_hash"], done.stdout)

    def test_a_rank_alone_shares_nothing(self):
        process = self.in_room("64k", ["train", self.write("config.yaml", CONFIG), "-o", self.path("run")], 1)
        self.assertEqual(process.returncode, 0, process.stderr)

    @unittest.skipUnless(shutil.which("cc"), "no C compiler")
    def test_room_that_vanishes(self):
        config = self.write("config.yaml", CONFIG)
        library = self.path("roomy.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, os.path.join(harness.SOURCE, "tests", "e2e", "roomy.c")], check=True)
        for ranks, flags in ((2, []), (3, []), (3, ["--sync.ranks_per_node=2"])):
            with self.subTest(ranks=ranks, flags=flags):
                process = self.in_room("9m", ["train", config, "-o", self.path("run"), *flags], ranks, LD_PRELOAD=library)
                self.refused(process, ["/dev/shm is full"])


if __name__ == "__main__":
    unittest.main()
