"""launch/slurm.sbatch on a real Slurm: whatever happens to the job, it comes back, and ends in the weights of an undisturbed local run.

Slurm lets a requeued job wait for some seconds, so the scenarios run side by side: each is a method of Scenarios, all are started
before the first test, and each test waits for its own.
"""
# label: slurm
# alone
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402
import slurm as real  # noqa: E402
from processes import until  # noqa: E402

AT_ONCE = 6
# Nodes that die are apart from those where other scenarios run. GraceTime is what a preempted job has left.
PARTITIONS = """\
PartitionName=low Nodes=n[1-8] Default=YES State=UP PriorityTier=1 GraceTime=5
PartitionName=high Nodes=n[1-8] State=UP PriorityTier=10 PreemptMode=OFF
PartitionName=node-loss Nodes=n[9-11] State=UP
PartitionName=spare Nodes=n[12-14] State=UP"""

# Few parameters and much to compute: steps take about as long between hosts as on one.
STEPS = 80
CONFIG = """
run: {{name: work, seed: 1}}
data: {{train: "{data}", normalize: none}}
model:
  input: [1, 28, 28]
  layers: [conv2d: {{out: 16, kernel: 3}}, relu, conv2d: {{out: 32, kernel: 3}}, relu, maxpool2d: 4, linear: 10]
loss: {{name: cross_entropy}}
train: {{epochs: 8, batch: 128}}
optim: {{name: sgd, lr: 0.05, momentum: 0.9}}
checkpoint: {{every_steps: 10}}
"""
SYNTHETIC = "synthetic:1x28x28:10:1280"


def wait_until(condition, what, timeout=60):
    if not until(condition, timeout, 0.03):
        raise AssertionError(f"in {timeout} s it did not happen that {what}")


class Job:
    """A job of launch/slurm.sbatch, submitted as a user does, in a folder that looks like the repository's root."""

    def __init__(self, cluster, root, launcher="srun", config=None, program=harness.PROGRAM, options=(), flags=(), **variables):
        self.cluster = cluster
        self.folder = tempfile.mkdtemp(prefix="job_", dir=root)
        os.mkdir(self.path("build"))
        os.symlink(os.path.abspath(program), self.path("build/ddp_train"))
        os.symlink(os.path.join(harness.SOURCE, "launch"), self.path("launch"))
        with open(self.path("work.yaml"), "w") as f:
            f.write(config or CONFIG.format(data=SYNTHETIC))
        self.options = ["--nodes=2", "--ntasks-per-node=2", "--exclusive", *options]
        self.flags = flags
        self.run = None
        self.submit(LAUNCHER=launcher, **variables)

    def path(self, name):
        return os.path.join(self.folder, name)

    def submit(self, **variables):
        self.id = self.cluster.submit("launch/slurm.sbatch", "work.yaml", *self.flags, options=self.options, cwd=self.folder,
                                      variables=variables)
        self.run = self.run or self.path(f"runs/work-j{self.id}")

    def wait(self, *states, timeout=90):
        try:
            return self.cluster.wait(self.id, *states, timeout=timeout)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.output()}") from None

    def output(self):
        with open(self.path(f"ddp_train-{self.id}.out"), errors="replace") as f:
            return f.read()

    def checkpoints(self):
        return sorted(glob.glob(os.path.join(self.run, "checkpoints", "step-*.h5")))

    def comes_back(self):
        """Waits until it runs for a second time: when it had to wait for a lost node to be given up, it is pending for a moment only."""
        wait_until(lambda: self.cluster.job(self.id)["Restarts"] == "1", f"job {self.id} is requeued")
        self.wait("RUNNING", "COMPLETED")
        return self

    def under_way(self):
        """Waits until there is something to lose, and to continue from."""
        self.wait("RUNNING")
        wait_until(self.checkpoints, f"job {self.id} writes a checkpoint")
        return self

    def requeued(self):
        self.wait("PENDING")
        return self

    def ended(self):
        """Waits until Slurm is done with it."""
        self.wait("COMPLETED", "FAILED")
        return self

    def nodes(self):
        return self.cluster.say("scontrol", "show", "hostnames", self.cluster.job(self.id)["NodeList"]).split()

    def ranks(self, nodes=None):
        return [pid for node in nodes or self.nodes() for pid in self.cluster.ranks(node, harness.PROGRAM)]

    def weights(self):
        with open(os.path.join(self.run, "metrics.jsonl")) as f:
            return [json.loads(line) for line in f][-1]["weights_hash"]

    def steps(self, pattern):
        """The steps that the lines of the output that match have in their group."""
        return [int(step) for step in re.findall(pattern, self.output())]

    def saved(self):
        return self.steps(r"(?m)^saved .* at step (\d+)")

    def resumed(self):
        return self.steps(r"(?m)^resumed from .* step (\d+)")


class Scenarios:
    """What happens to jobs. Each method returns the job when Slurm is done with it; `seen` is what there is to tell."""

    def __init__(self, cluster, root):
        self.cluster, self.root = cluster, root

    def job(self, *arguments, **options):
        return Job(self.cluster, self.root, *arguments, **options)

    def undisturbed(self, launcher):
        return self.job(launcher).ended()

    def time_limit(self):
        """Slurm looks at time limits every 30 s, and sends the signal when less than 120 + 30 s are left: so to a job of two minutes,
        when it looks first. Until then the ranks stand still: they need not compute that long."""
        job = self.job(options=["--time=2"]).under_way()
        ranks = job.ranks()
        for pid in ranks:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: all(map(warned, ranks)), "Slurm warns before the time limit")
        for pid in ranks:
            os.kill(pid, signal.SIGCONT)
        return job.requeued().ended()

    def warned(self, launcher):
        """The signal of --signal=B:USR1, without waiting for the time limit."""
        job = self.job(launcher).under_way()
        self.cluster.say("scancel", "--batch", "--signal=USR1", job.id)
        return job.requeued().ended()

    def preempted(self, launcher):
        job = self.job(launcher).under_way()
        nodes = self.cluster.job(job.id)["NodeList"]
        self.cluster.say("sbatch", "--partition=high", f"--nodelist={nodes}", "--exclusive", "--output=/dev/null", "--wrap=sleep 1")
        return job.requeued().ended()

    def rank_killed(self, launcher):
        job = self.job(launcher).under_way()
        os.kill(job.ranks()[-1], signal.SIGKILL)
        return job.requeued().ended()

    def node_killed(self):
        job = self.job(options=["--partition=node-loss"]).under_way()
        self.cluster.kill_node(job.nodes()[-1])
        return job.comes_back().ended()

    def spare_node(self):
        """With data on each node's own disk, as in staged()."""
        job = self.job("elastic", options=["--partition=spare", "--nodes=3", "--no-kill"], config=CONFIG.format(data=self.data), RANKS="4",
                       STAGE_TRAIN=self.data, STAGE_FOLDER="/dev/shm").under_way()
        wait_until(lambda: len(job.ranks()) >= 4, "four ranks run")  # each may have a child that reads the file
        lost = next(node for node in job.nodes()[1:] if job.ranks([node]))
        job.others = [node for node in job.nodes() if node != lost]
        job.copies = self.copies(job, job.others)
        self.cluster.kill_node(lost)
        job.ended()
        job.left = self.copies(job, job.others)
        return job

    def cancelled(self):
        """A job that its user cancels stays away; another one continues the run."""
        job = self.job().under_way()
        self.cluster.say("scancel", job.id)
        job.wait("CANCELLED")
        wait_until(lambda: "ended with code" in job.output(), "the script sees the end")
        job.first, job.first_output, job.first_saved = self.cluster.job(job.id), job.output(), job.saved()
        job.submit(RUN=job.run)
        return job.ended()

    def staged(self):
        """Data on each node's own disk, here /dev/shm, of which each of the hosts has its own."""
        job = self.job(config=CONFIG.format(data=self.data), STAGE_TRAIN=self.data, STAGE_FOLDER="/dev/shm").under_way()
        job.copies = self.copies(job, job.nodes())
        self.cluster.say("scancel", "--batch", "--signal=USR1", job.id)
        job.requeued().ended()
        job.left = [name for node in job.nodes() for name in self.cluster.hosts.shared_memory(node)]
        return job

    def copies(self, job, nodes):
        return [f"ddp_train-j{job.id}" in self.cluster.hosts.shared_memory(node) for node in nodes]

    def permanent(self, launcher):
        return self.job(launcher, flags=["--train.epochz=3"]).ended()

    def hopeless(self):
        """A program that dies at every start."""
        job = self.job(program=shutil.which("false"))
        job.wait("FAILED")
        return job

    def without_mpi(self):
        """Each rank believes it is alone, and would write over the others' files."""
        folder = tempfile.mkdtemp(dir=self.root)
        with open(os.path.join(folder, "work.yaml"), "w") as f:
            f.write(CONFIG.format(data=SYNTHETIC))
        # This Open MPI tells by SLURM_NODELIST that srun started it, and then refuses by itself; others do not know Slurm.
        done = self.cluster.call("srun", "--mpi=none", "--nodes=2", "--ntasks-per-node=2", "env", "--unset=SLURM_NODELIST",
                                 harness.PROGRAM, "train", "work.yaml", "-o", "run", cwd=folder)
        return done, os.path.exists(os.path.join(folder, "run"))


def warned(pid):
    """Whether SIGUSR1 waits for a process that stands still."""
    with open(f"/proc/{pid}/status") as f:
        pending = [int(line.split()[1], 16) for line in f if line.startswith(("SigPnd", "ShdPnd"))]
    return any(mask >> (signal.SIGUSR1 - 1) & 1 for mask in pending)


class WrongFolder(unittest.TestCase):
    def test_nothing_is_started_outside_the_repository(self):
        """Without Slurm: the script ends before it asks for anything of it."""
        for launcher in ("srun", "mpirun", "elastic"):
            with self.subTest(launcher), tempfile.TemporaryDirectory() as folder:
                done = subprocess.run(["bash", os.path.join(harness.SOURCE, "launch", "slurm.sbatch"), "work.yaml"], cwd=folder, text=True,
                                      env={**os.environ, "SLURM_JOB_ID": "7", "SLURM_JOB_NODELIST": "a", "LAUNCHER": launcher}, capture_output=True, timeout=30)
                self.assertEqual((done.returncode, done.stderr), (2, ""))
                self.assertIn(f"build/ddp_train is missing in {folder}: build it", done.stdout)
                self.assertEqual(os.listdir(folder), [])


@unittest.skipIf(real.unavailable(), real.unavailable())
class SlurmJobs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.root = tempfile.mkdtemp(prefix="ddp_train_slurm_")
        cls.addClassCleanup(shutil.rmtree, cls.root, ignore_errors=True)
        cls.cluster = real.Slurm(14, PARTITIONS)
        cls.addClassCleanup(cls.cluster.close)
        scenarios = Scenarios(cls.cluster, cls.root)
        harness.run(["demo-data", os.path.join(cls.root, "demo.h5")])
        scenarios.data = os.path.join(cls.root, "demo.h5:train[0:1280]")
        pool = concurrent.futures.ThreadPoolExecutor(AT_ONCE)
        cls.addClassCleanup(pool.shutdown, cancel_futures=True)
        cls.expected = pool.submit(cls.local, "expected", SYNTHETIC)
        cls.expected_of_file = pool.submit(cls.local, "expected-of-file", scenarios.data)
        each = [("time_limit",), ("hopeless",), ("node_killed",), ("spare_node",), ("cancelled",), ("staged",), ("without_mpi",)]
        both = [(name, launcher) for name in ("warned", "preempted", "rank_killed", "permanent", "undisturbed")
                for launcher in ("srun", "mpirun")]
        cls.results = {key: pool.submit(getattr(scenarios, key[0]), *key[1:]) for key in each + both}

    @classmethod
    def local(cls, name, data):
        config = os.path.join(cls.root, f"{name}.yaml")
        with open(config, "w") as f:
            f.write(CONFIG.format(data=data))
        return harness.Run(config, os.path.join(cls.root, name)).done["weights_hash"]

    def after(self, *key):
        """The job of a scenario, when Slurm is done with it."""
        return self.results[key].result()

    def assertDone(self, job, restarts, expected=None):
        """The job ended well after this many requeues, in the weights of the local run."""
        now = self.cluster.job(job.id)
        self.assertEqual((now["JobState"], now["ExitCode"], now["Restarts"]), ("COMPLETED", "0:0", str(restarts)), job.output())
        self.assertEqual(job.weights(), (expected or self.expected).result(), job.output())

    def assertNothingLost(self, job):
        """What was saved when the job was asked to end is where the next start went on."""
        self.assertEqual(len(job.saved()), 1, job.output())
        self.assertEqual(job.resumed(), job.saved(), job.output())
        self.assertLess(job.saved()[0], STEPS, job.output())

    def test_undisturbed(self):
        for launcher in ("srun", "mpirun"):
            with self.subTest(launcher):
                job = self.after("undisturbed", launcher)
                self.assertDone(job, 0)
                self.assertIn("4 ranks on 2 nodes", job.output())

    def test_time_limit(self):
        job = self.after("time_limit")
        self.assertDone(job, 1)
        self.assertNothingLost(job)

    def test_warned(self):
        for launcher in ("srun", "mpirun"):
            with self.subTest(launcher):
                job = self.after("warned", launcher)
                self.assertDone(job, 1)
                self.assertNothingLost(job)

    def test_preempted(self):
        """Slurm's SIGTERM reaches the ranks. With mpirun its helpers die first; the newest checkpoint remains."""
        job = self.after("preempted", "srun")
        self.assertDone(job, 1)
        self.assertNothingLost(job)
        job = self.after("preempted", "mpirun")
        self.assertDone(job, 1)
        self.assertEqual(len(job.resumed()), 1, job.output())

    def test_rank_killed(self):
        for launcher in ("srun", "mpirun"):
            with self.subTest(launcher):
                job = self.after("rank_killed", launcher)
                self.assertDone(job, 1)
                self.assertEqual(len(job.resumed()), 1, job.output())

    def test_node_killed(self):
        job = self.after("node_killed")
        self.assertDone(job, 1)
        self.assertEqual(len(job.resumed()), 1, job.output())

    def test_spare_node(self):
        """The same allocation goes on with the node that was spare: Slurm is not asked."""
        job = self.after("spare_node")
        self.assertDone(job, 0, self.expected_of_file)
        self.assertEqual(len(job.resumed()), 1, job.output())
        self.assertEqual((job.copies, job.left), ([True, True], [False, False]), job.output())

    def test_cancelled(self):
        job = self.after("cancelled")
        self.assertEqual((job.first["JobState"], job.first["Restarts"]), ("CANCELLED", "0"), job.first_output)
        self.assertIn("Slurm ends this start", job.first_output)
        self.assertDone(job, 0)
        self.assertEqual(job.resumed(), job.first_saved, job.first_output + job.output())

    def test_staged(self):
        job = self.after("staged")
        self.assertEqual(job.copies, [True, True], job.output())
        self.assertDone(job, 1, self.expected_of_file)
        self.assertNothingLost(job)
        self.assertEqual(job.left, [], job.output())

    def test_permanent_errors_end_the_job(self):
        for launcher in ("srun", "mpirun"):
            with self.subTest(launcher):
                job = self.after("permanent", launcher)
                now = self.cluster.job(job.id)
                self.assertEqual((now["JobState"], now["ExitCode"], now["Restarts"]), ("FAILED", "2:0", "0"), job.output())
                self.assertIn("epochz", job.output())

    def test_gives_up(self):
        job = self.after("hopeless")
        now = self.cluster.job(job.id)
        self.assertEqual((now["JobState"], now["Restarts"]), ("FAILED", "2"), job.output())
        self.assertIn("giving up: 3 starts brought no new checkpoint", job.output())

    def test_ranks_that_do_not_know_each_other_are_refused(self):
        done, left = self.after("without_mpi")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertRegex(done.stderr, r"ddp_train: error: SLURM_NTASKS says 4 tasks, but MPI sees only this one; .*srun --mpi=pmix")
        self.assertFalse(left, "a run was started")


if __name__ == "__main__":
    unittest.main()
