"""run-elastic.sh: what it does after which end of a job, with a stub in place of the program; and a real training that is killed again and again."""
# label: hosts
import glob
import json
import os
import re
import signal
import subprocess
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
import harness  # noqa: E402
from processes import alive, children, content, until  # noqa: E402

SCRIPT = os.path.join(harness.SOURCE, "launch", "run-elastic.sh")
WHAT_IS_LEFT = ["/tmp/ddp-elastic.*", "/dev/shm/ddp-elastic.*"]

# Does at each start what a word of the file "plan" says: CODE ends with that exit code, kill by a signal, hang not at all; CODE+
# with a new checkpoint before. "started" gets a line per start: the time and the arguments.
STUB = """#!/bin/bash
cd "{folder}" || exit 9
echo "$(date +%s.%N) $*" >> started
number=$(wc -l < started)
checkpoint() {{ mkdir -p run/checkpoints && touch "run/checkpoints/step-$(printf %09d $((10 * number))).h5"; }}
read -ra plan < plan
what=${{plan[number - 1]}}
trap '{on_usr1}' USR1
[ "$what" = "${{what%+}}" ] || checkpoint
case ${{what%+}} in
kill) kill -KILL $$ ;;
hang) touch hanging; while :; do sleep 0.1; done ;;
stray) touch "$OMPI_MCA_osc_sm_backing_directory/segment"; setsid bash -c 'trap "" TERM HUP; echo $$ > stray; exec sleep 60' & sleep 0.3; exit 1 ;;
*) exit "${{what%+}}" ;;
esac
"""


class Case(harness.Case):
    def setUp(self):
        super().setUp()
        self.before = self.left()

    def left(self):
        return sorted(name for pattern in WHAT_IS_LEFT for name in glob.glob(pattern))

    def start(self, program, options, arguments=("train", "my.yaml", "-o", "run"), **variables):
        line = [SCRIPT, "--program", program, *options, "--", *arguments]
        clean = {k: v for k, v in harness.environment().items() if not k.startswith(("SLURM_", "TMPDIR"))}
        return subprocess.Popen(line, cwd=self.folder, env={**clean, **variables}, stdin=subprocess.DEVNULL, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self, script, timeout=30):
        """What it said, and the rows of its summary as lists of words: start, ranks, code, from, to, seconds, s, how..."""
        try:
            said, _ = script.communicate(timeout=timeout)
        finally:
            if script.poll() is None:
                family = children(script.pid)
                script.kill()
                for pid in filter(alive, family):
                    os.kill(pid, signal.SIGKILL)
                script.communicate()
        self.rows = [row.split() for row in re.findall(r"^run-elastic: +(\d+ +\d+  .*)$", said, re.M)]
        self.assertEqual(self.left(), self.before, "files are left")
        return said


class Policy(Case):
    def run_plan(self, plan, *options, on_usr1="checkpoint; exit 75", **variables):
        self.write("plan", plan)
        for name in ("started", "hanging"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        stub = self.write("stub", STUB.format(folder=self.folder, on_usr1=on_usr1))
        os.chmod(stub, 0o755)
        return self.start(stub, ["--ranks", "1", *options], OMPI_MCA_odls_base_sigkill_timeout="0", **variables)

    def starts(self):
        return [line.split(maxsplit=1) for line in content(self.path("started")).splitlines()]

    def expect(self, plan, code, starts, *words, options=()):
        script = self.run_plan(plan, "--backoff", "0", *options)
        said = self.end(script)
        self.assertEqual(script.returncode, code, said)
        self.assertEqual(len(self.starts()), starts, said)
        for word in words:
            self.assertIn(word, said)
        return said

    def test_failures_are_followed_by_starts(self):
        script = self.run_plan("1+ kill+ 86+ 0", "--backoff", "1")
        said = self.end(script)
        self.assertEqual(script.returncode, 0, said)
        starts = self.starts()
        self.assertEqual([arguments for _, arguments in starts], 4 * ["train my.yaml -o run --resume auto"])
        times = [float(when) for when, _ in starts]
        first, second, third = (b - a for a, b in zip(times, times[1:]))
        print(f"seconds between starts: {first:.2f}, {second:.2f}, {third:.2f}")
        self.assertLess(first, second)
        self.assertGreaterEqual(second, 1)
        self.assertGreaterEqual(third, 2)
        self.assertEqual([row[2:5] for row in self.rows], [["1", "0", "10"], ["137", "10", "20"], ["86", "20", "30"], ["0", "30", "30"]])
        for words in ("killed by SIGKILL", "ended by its watchdog", "starts: 4, of them restarts after failures: 3; steps gained: 30",
                      "newest checkpoint: step 30", "of work after the last checkpoints"):
            self.assertIn(words, said)

    def test_what_would_come_again(self):
        for code in (2, 3, 4, 5):
            with self.subTest(code=code):
                self.expect(f"{code}+ 0", code, 1, f"no restart: code {code}")
        self.expect("130 0", 130, 1, "no restart: interrupted")

    def test_saved_is_no_failure(self):
        self.expect("75+ 75+ 0", 0, 3, "restarts after failures: 0", options=["--max-restarts", "0"])

    def test_three_starts_without_progress(self):
        self.expect("1 1 1+ 1 75 1 0", 1, 6, "giving up: three starts in a row brought no new checkpoint", "newest checkpoint: step 30")

    def test_limit_of_restarts(self):
        self.expect("1+ 1+ 1+ 0", 1, 3, "giving up: 2 restarts are used up", options=["--max-restarts", "2"])

    def hanging(self, *options, **more):
        script = self.run_plan("hang 0", *options, **more)
        self.assertTrue(until(lambda: os.path.exists(self.path("hanging")), 20))
        return script

    def test_signals(self):
        for name in ("TERM", "HUP", "USR1", "USR2", "INT"):
            with self.subTest(name):
                script = self.hanging()
                script.send_signal(getattr(signal, f"SIG{name}"))
                said = self.end(script)
                self.assertEqual(script.returncode, 130 if name == "INT" else 75, said)
                self.assertEqual([row[2:5] for row in self.rows], [["75", self.rows[0][3], "10"]])
                self.assertIn(f"stopped by SIG{name}; start again", said)
                self.assertEqual(len(self.starts()), 1)

    def test_signal_that_does_not_help(self):
        script = self.hanging(on_usr1="exit 1")
        script.send_signal(signal.SIGTERM)
        self.assertIn("stopped by SIGTERM, before the job could save", self.end(script))
        self.assertEqual(script.returncode, 75)

    def test_second_interrupt(self):
        script = self.hanging(on_usr1="")
        script.send_signal(signal.SIGINT)
        time.sleep(1.5)
        self.assertIsNone(script.poll(), "it did not wait for the job to save")
        family = children(script.pid)
        script.send_signal(signal.SIGINT)
        self.assertIn("interrupted twice", self.end(script, 10))
        self.assertEqual(script.returncode, 130)
        self.assertTrue(until(lambda: not any(map(alive, family)), 2), "a process is left")

    def test_signal_between_starts(self):
        script = self.run_plan("1+ 1+ 0", "--backoff", "60")
        while (line := script.stdout.readline()) and "next start in 60 s" not in line:
            pass
        script.send_signal(signal.SIGTERM)
        self.assertIn("between two starts", self.end(script, 5))
        self.assertEqual(script.returncode, 75)

    def test_nothing_seen(self):
        script = self.hanging("--stall", "2", on_usr1="")
        said = self.end(script)
        self.assertEqual(script.returncode, 0, said)
        self.assertIn("the job wrote nothing for 2 s", said)
        self.assertEqual([row[2] for row in self.rows], ["137", "0"])

    # Without a rank that could be seen. The one of the run directory "lives" writes now and then.
    MPIRUN = """#!/bin/bash
cd "{folder}" || exit 9
case $* in
*"-o lives"*) mkdir lives; sleep 2; echo line > lives/log.txt; sleep 13; exit 0 ;;
esac
[ ! -e waited ] || exit 0
touch waited
exec sleep 100
"""

    def test_launcher_without_ranks(self):
        """As mpirun is after some deaths of ranks while they start; of one that lives, the ranks may be in a container."""
        os.chmod(self.write("mpirun", self.MPIRUN.format(folder=self.folder)), 0o755)
        own = {"PATH": self.folder + ":" + os.environ["PATH"]}
        lives = self.start("/bin/true", ["--ranks", "1"], ("train", "my.yaml", "-o", "lives"), **own)
        said = self.end(self.start("/bin/true", ["--ranks", "1"], **own), 60)
        self.assertIn("mpirun hangs: none of the hosts that answer has a rank left", said)
        self.assertEqual([row[2] for row in self.rows], ["137", "0"])
        said = self.end(lives)
        self.assertEqual([row[2] for row in self.rows], ["0"], said)

    def test_strays(self):
        """A process that its job has left behind, and its shared memory, are gone before the next start."""
        self.expect("stray 0", 0, 2)
        self.assertFalse(alive(int(content(self.path("stray")))))


class Hosts(Case):
    AGENT = '#!/bin/bash\necho "$1" >> "{folder}/asked"\ncase $1 in slow*) sleep 30 ;; esac\nexit 255\n'

    def on(self, *options):
        stub = self.write("stub", f'#!/bin/bash\necho "$OMPI_COMM_WORLD_RANK of $OMPI_COMM_WORLD_SIZE" >> "{self.folder}/ranks"\n')
        agent = self.write("agent", self.AGENT.format(folder=self.folder))
        for name in (stub, agent):
            os.chmod(name, 0o755)
        script = self.start(stub, ["--probe-timeout", "1", "--backoff", "0", *options], OMPI_MCA_plm_rsh_agent=agent)
        return script, self.end(script)

    def test_some_do_not_answer(self):
        script, said = self.on("--hosts", "dead:4,localhost:3,slow:2")
        self.assertEqual(script.returncode, 0, said)
        self.assertIn("host dead does not answer", said)
        self.assertIn("host slow does not answer", said)
        self.assertEqual(self.rows[0][:2], ["1", "3"])
        self.assertEqual(sorted(content(self.path("ranks")).split("\n")), ["", "0 of 3", "1 of 3", "2 of 3"])

    def test_none_answers(self):
        self.write("hostfile", "# two of them\ndead1 slots=4\n\ndead2:8 # the larger one\n")
        script, said = self.on("--hostfile", "hostfile", "--max-restarts", "3")
        self.assertEqual(script.returncode, 1)
        self.assertEqual(len(re.findall("no host answers", said)), 8, said)
        self.assertIn("giving up: 3 restarts are used up", said)  # not for want of progress: no rank was there to make any
        self.assertEqual(sorted(set(content(self.path("asked")).split())), ["dead1", "dead2"])

    def test_ranks_of_a_run_that_has_begun(self):
        """Never more than its virtual ranks: the program would have to change their number, and with it the result."""
        os.mkdir(self.path("run"))
        self.write("run/metrics.jsonl", '{"kind": "start", "ranks": 1, "virtual_ranks": 2, "batch": 4}\n')
        _, said = self.on("--hosts", "localhost:3")
        self.assertEqual(self.rows[0][:2], ["1", "2"], said)


class InsideSlurm(Case):
    """With stand-ins for its programs. Node b is down until there is a file "up"."""
    SRUN = """cd "{folder}" || exit 9
echo "$*" >> sruns
case $* in
*nodelist=b*--quiet*) [ -e up ] && exec sh -s; exit 1 ;;
*--quiet*) exec sh -s ;;
esac
"""

    def on(self, *options, tasks="4(x2),2(x2)", nodes='printf "%s\\n" a b c d', job="exit 0"):
        os.mkdir(self.path("bin"))
        for name, text in (("scontrol", nodes), ("srun", self.SRUN.format(folder=self.folder) + job)):
            os.chmod(self.write(f"bin/{name}", f"#!/bin/bash\n{text}\n"), 0o755)
        script = self.start("/bin/true", options, SLURM_JOB_ID="7", SLURM_JOB_NODELIST="[a-d]", SLURM_TASKS_PER_NODE=tasks,
                            PATH=self.path("bin") + ":" + os.environ["PATH"])
        said = self.end(script)
        jobs = [line for line in content(self.path("sruns")).splitlines() if "--mpi=pmix" in line]
        return script.returncode, said, jobs

    def test_spare_node(self):
        """A node that is down is left out, a limit leaves a node spare."""
        code, said, jobs = self.on("--ranks", "5")
        self.assertEqual(code, 0, said)
        self.assertIn("host b does not answer", said)
        self.assertEqual(len(jobs), 1)
        for words in ("--cpu-bind=cores", "--nodes=2", "--ntasks=5", "--nodelist=a,c", "/bin/true train my.yaml -o run --resume auto"):
            self.assertIn(words, jobs[0])

    def test_node_that_comes_back(self):
        """It takes part from the next start on."""
        code, said, jobs = self.on(job="[ -e up ] && exit 0; touch up; exit 1")
        self.assertEqual(code, 0, said)
        self.assertEqual(said.count("host b does not answer"), 1)
        self.assertEqual([re.findall("--ntasks=[0-9]+|--nodelist=[a-d,]+", line) for line in jobs],
                         [["--ntasks=8", "--nodelist=a,c,d"], ["--ntasks=12", "--nodelist=a,b,c,d"]])

    def test_nodes_that_are_not_known(self):
        """Then nothing is started, least of all on this machine alone."""
        for words, answers in (("SLURM_TASKS_PER_NODE=4-2 is not understood", {"tasks": "4-2"}), ("scontrol does not list", {"nodes": "exit 1"})):
            with self.subTest(words):
                self.setUp()
                code, said, jobs = self.on(**answers)
                self.assertEqual((code, said.count("\n"), jobs), (2, 1, []), said)
                self.assertIn(words, said)


class CommandLine(Case):
    def test_help(self):
        said = subprocess.run([SCRIPT, "-h"], capture_output=True, text=True, check=True).stdout
        options = re.findall(r"--[a-z-]+", re.search(r"^ +--hosts \|.*$", content(SCRIPT), re.M).group())
        self.assertGreaterEqual(len(options), 9)
        for option in options:
            self.assertRegex(said, rf"(?m)^  {option} ")

    def test_run_directory_in_one_word_and_an_older_bash(self):
        os.makedirs(self.path("run/checkpoints"))
        self.write("run/checkpoints/step-000000040.h5", "")
        older = self.write("older", "unset EPOCHREALTIME\n")  # which bash has from 5.0 on
        script = self.start("/bin/true", ["--ranks", "1"], ("train", "my.yaml", "-o=run"), BASH_ENV=older)
        said = self.end(script)
        self.assertEqual(script.returncode, 0, said)
        self.assertIn("newest checkpoint: step 40 in run/checkpoints", said)

    def test_mistakes(self):
        good = ["--", "train", "my.yaml", "-o", "run"]
        for line, words in (
                (["--nonsense", *good], "unknown option '--nonsense'"), (["--ranks"], "--ranks expects a value"),
                (["--ranks", "0", *good], "integer of at least 1"), (["--backoff", "1.5", *good], "integer of at least 0"),
                (["--link-timeout", "3", *good], "integer of at least 4"),
                (["--hosts", "a:0", *good], "ranks on a"), (["--hosts", "a:2,a:3", *good], "listed twice"),
                (["--hosts", "a;b", *good], "not a valid host name"), (["--hostfile", "nowhere", *good], "cannot be read"),
                (["--", "eval", "x.h5"], "train FILE.yaml"), (["--", "train", "my.yaml"], "-o DIR"), ([], "train FILE.yaml"),
                ([*good, "--resume", "never"], "remove --resume"), ([*good, "--overwrite"], "remove --overwrite"),
                (["--program", "nowhere", *good], "nowhere is not an executable file")):
            with self.subTest(" ".join(line)):
                refused = subprocess.run([SCRIPT, "--program", "/bin/true", *line], cwd=self.folder, capture_output=True, text=True)
                self.assertEqual(refused.returncode, 2, refused.stderr)
                self.assertIn(words, refused.stderr)
                self.assertEqual(refused.stderr.count("\n"), 1)


CONFIG = """
run: {name: elastic, seed: 5}
data: {train: "synthetic:1x28x28:10:3200", normalize: none}
model:
  input: [1, 28, 28]
  layers: [conv2d: {out: 6, kernel: 5}, relu, maxpool2d: 2, dropout: 0.25, conv2d: {out: 12, kernel: 5}, relu, maxpool2d: 2,
           linear: 120, relu, linear: 60, relu, linear: 10]
train: {epochs: 4, batch: 64, virtual_ranks: 8}
optim: {name: adam, lr: 0.001}
checkpoint: {every_steps: 10}
log: {every_steps: 1}
"""


class Training(Case):
    def steps(self):
        """The steps that metrics.jsonl tells of; a line that is being written does not count."""
        return [json.loads(line)["step"] for line in content(self.path("run/metrics.jsonl")).splitlines()
                if line.startswith('{"kind": "step"') and line.endswith("}")]

    def processes(self, script, name):
        """Descendants of the script that run a program of this name, in the order of their start."""
        return sorted(p for p in children(script.pid) if content(f"/proc/{p}/comm").strip() == name)

    def strike(self, script, victim, step):
        """Kills when this step is done. Returns the time."""
        self.assertTrue(until(lambda: self.steps()[-1:] > [step], 40), f"step {step} was never reached")
        os.kill(self.processes(script, victim)[-1], signal.SIGKILL)
        return time.monotonic()

    def test_killed_again_and_again(self):
        config = self.write("config.yaml", CONFIG)
        undisturbed = self.train(config, 2)
        script = self.start(harness.PROGRAM, ["--hosts", "localhost:3", "--backoff", "0"], ["train", config, "-o", "run"])
        output = os.fdopen(os.dup(script.stdout.fileno()))
        for starts, (victim, step) in enumerate([("ddp_train", 25), ("mpirun", 75), ("ddp_train", 125)], 2):
            killed = self.strike(script, victim, step)
            while (line := output.readline()) and not re.match(rf"run-elastic: start {starts - 1} ended", line):
                pass
            noticed = time.monotonic()
            before = self.steps()[-1]
            while (line := output.readline()) and not line.startswith("resumed from"):
                pass
            resumed = time.monotonic()
            self.assertTrue(until(lambda: self.steps()[-1] > before, 20))
            print(f"{victim} killed at step {before}: noticed after {noticed - killed:.2f} s, resumed after {resumed - noticed:.2f} s more, "
                  f"beyond the old step after {time.monotonic() - noticed:.2f} s")
            self.assertLess(noticed - killed, 5)
        output.close()
        said = self.end(script, 60)
        self.assertEqual(script.returncode, 0, said)
        self.assertEqual([row[2] for row in self.rows], ["137", "137", "137", "0"])
        again = [json.loads(line) for line in content(self.path("run/metrics.jsonl")).splitlines()]
        self.assertEqual([line["weights_hash"] for line in again if line["kind"] == "done"], [undisturbed.done["weights_hash"]])
        self.assertEqual(self.steps(), list(range(1, 201)))


if __name__ == "__main__":
    unittest.main()
