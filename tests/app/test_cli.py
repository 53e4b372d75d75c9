"""The program as a user meets it: help, exit codes, precedence, run directory, refusals."""

import contextlib
import csv
import fcntl
import json
import os
import pathlib
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
import zlib

import h5py

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

PROGRAM = os.environ["DDP_TRAIN_BIN"]
CONFIG = """run: {name: tiny}
data: {train: "synthetic:1x8x8:4:512", val: "synthetic:1x8x8:4:100", normalize: unit}
model:
  layers:
    - linear: 8
    - relu
    - linear: 4
train: {epochs: 2, batch: 64}
optim: {name: sgd, lr: 1e-2}
log: {every_steps: 4}
"""


class CommandLine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def run_program(self, *arguments, ranks=None, **variables):
        command = [PROGRAM, *arguments]
        if ranks:
            command = ["mpirun", "-np", str(ranks), *command]
        return subprocess.run(command, cwd=self.folder, env={**os.environ, **variables}, capture_output=True,
                              text=True, errors="surrogateescape", stdin=subprocess.DEVNULL, timeout=120)

    def write_config(self, text=CONFIG, name="ddp_train.yaml"):
        (self.folder / name).write_text(text)

    def assert_fails(self, result, code, *parts):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        errors = [line for line in result.stderr.splitlines() if line.startswith("ddp_train: error: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        for part in parts:
            self.assertIn(part, errors[0])

    def assert_done(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)


class Help(CommandLine):
    def test_overview_and_every_command(self):
        overview = self.run_program("--help")
        self.assert_done(overview)
        commands = overview.stdout.split("commands:\n")[1].split("\n\n")[0].splitlines()
        names = [line.split()[0] for line in commands]
        self.assertIn("train", names)
        for name in names:
            for arguments in (["help", name], [name, "--help"]):
                result = self.run_program(*arguments)
                self.assert_done(result)
                self.assertIn("usage: ddp_train " + name, result.stdout)

    def test_keys_come_from_the_registries(self):
        result = self.run_program("help", "keys")
        self.assert_done(result)
        for word in ("train.batch", "conv2d", "momentum", "onecycle", "cross_entropy", "accuracy"):
            self.assertIn(word, result.stdout)
        topics = {"layers": "conv2d", "losses": "cross_entropy", "optimizers": "dampening", "schedules": "onecycle",
                  "metrics": "accuracy"}
        for topic, word in topics.items():
            text = self.run_program("help", topic).stdout
            self.assertIn(text, result.stdout)
            self.assertEqual([w for w in topics.values() if w in text], [word])
        self.assert_fails(self.run_program("help", "layer"), 2, "did you mean 'layers'?")

    def test_version(self):
        for argument in ("version", "--version"):
            self.assertIn("ddp_train ", self.run_program(argument).stdout)

    def test_version_as_json(self):
        text = self.run_program("version").stdout
        printed = self.run_program("version", "--json", "-")
        self.assert_done(printed)
        version = json.loads(printed.stdout)
        self.assertEqual(printed.stdout.count("\n"), 1)
        self.assertEqual(self.run_program("version", "--json", "version.json").stdout, text)
        with open(os.path.join(self.folder, "version.json")) as f:
            self.assertEqual(json.load(f), version)
        self.assertRegex(version["version"], r"^\d+\.\d+\.\d+$")
        for key, value in (("ddp_train", version["version"]), ("compiler", version["compiler"]),
                           ("kernels", version["kernels"]["level"]), ("HDF5", version["libraries"]["hdf5"])):
            self.assertRegex(text, rf"(?m)^{key} +{re.escape(value)}$")
        self.assertIn(version["kernels"]["level"], version["kernels"]["built"])
        self.assertEqual(version["libraries"]["zlib"], zlib.ZLIB_RUNTIME_VERSION)
        for name in ("jansson", "libzip", "libyaml", "xxhash", "libc"):
            self.assertRegex(version["libraries"][name], r"^\d+\.\d+", name)
        self.assertEqual(version["cpu"]["processors"], os.cpu_count())
        self.assert_fails(self.run_program("init", "--json", "-"), 2, "--json")

    def test_output_that_cannot_be_written(self):
        self.write_config()
        for arguments in (["help"], ["help", "keys"], ["train", "--help"], ["version"], ["check", "--print-config"]):
            with open("/dev/full", "w") as full:
                result = subprocess.run([PROGRAM, *arguments], cwd=self.folder, stdout=full, stderr=subprocess.PIPE)
            self.assertEqual(result.returncode, 1, arguments)
            self.assertIn(b"error: standard output: cannot be written", result.stderr)

    def test_printed_once_by_several_ranks(self):
        result = self.run_program("--help", ranks=2)
        self.assert_done(result)
        self.assertEqual(result.stdout.count("commands:"), 1)


class Refusals(CommandLine):
    def test_command_line(self):
        self.assert_fails(self.run_program("trian"), 2, "unknown command 'trian'; did you mean 'train'?")
        self.assert_fails(self.run_program("--ouput", "x"), 2, "unknown flag '--ouput'; did you mean '--output'?")
        self.assert_fails(self.run_program("--epochs=3"), 2, "did you mean '--train.epochs'?")
        self.assert_fails(self.run_program("--lr", "3"), 2, "did you mean '--optim.lr'?")
        self.assert_fails(self.run_program("--loss=mse"), 2, "loss is a section; set a key of it, --loss.KEY=VALUE")
        self.assert_fails(self.run_program("eval", "a.h5", "--data.x=b"), 2, "'eval' does not take --set, nor --KEY=VALUE")
        self.assert_fails(self.run_program("-o"), 2, "needs a value")
        self.assert_fails(self.run_program("-xo"), 2, "unknown flag '-xo'")
        self.assert_fails(self.run_program("inspect"), 2, "usage: ddp_train inspect FILE")
        self.assert_fails(self.run_program("inspect", "a", "b"), 2, "inspect: unexpected argument 'b'")
        self.assert_fails(self.run_program("inspect", "a", "--overwrite"), 2, "does not take")
        self.assert_fails(self.run_program("train", "a.h5"), 2, "is not a configuration file")
        self.assert_fails(self.run_program("init", "a.txt"), 2, "is not a configuration file")
        self.assert_fails(self.run_program("train", "no.yaml"), 2, "no.yaml: cannot be read")
        self.assert_fails(self.run_program("eval", "a.h5"), 2, "--data")
        self.assert_fails(self.run_program("eval", "a.h5", "--data", ""), 2, "--data")
        self.assert_fails(self.run_program("--set", "optim.lr"), 2, "KEY=VALUE")

    def test_unknown_keys_say_where_and_what_was_meant(self):
        self.write_config(CONFIG.replace("lr: 1e-2", "lrr: 1e-2"))
        self.assert_fails(self.run_program(), 2, "ddp_train.yaml:9:20", "did you mean 'optim.lr'?")
        self.write_config()
        self.assert_fails(self.run_program("--optim.lrr=1"), 2, "optim.lrr (flag)", "did you mean 'optim.lr'?")
        self.assert_fails(self.run_program("--optim.rl=1"), 2, "did you mean 'optim.lr'?")
        self.assert_fails(self.run_program("--Train.BATCH=1"), 2, "did you mean 'train.batch'?")
        self.assert_fails(self.run_program(DDP_TRAIN_OPTIM_LRR="1"), 2, "environment DDP_TRAIN_OPTIM_LRR")
        self.assert_fails(self.run_program(DDP_TRAIN_LR="1"), 2, "unknown key")

    def test_error_of_several_ranks_comes_once(self):
        self.write_config()
        self.assert_fails(self.run_program("--train.batch=0", ranks=2), 2, "train.batch (flag)")
        self.assert_fails(self.run_program("--data.train=none.h5", ranks=2), 3, "none.h5")
        self.assertFalse((self.folder / "runs").exists(), "a run that never began leaves nothing behind")

    def test_values_that_are_no_text(self):
        self.write_config()
        for key in ("run.name", "data.train"):
            self.assert_fails(self.run_program(f"--{key}=caf\udce9"), 2, f"{key} (flag): is not UTF-8 text")
        self.assert_fails(self.run_program("--run.name=" + 201 * "n"), 2, "run.name (flag): is longer than 200 bytes")

    def test_launcher_that_mpi_does_not_know(self):
        self.write_config()
        for variable in ("SLURM_NTASKS", "PMI_SIZE"):
            self.assert_fails(self.run_program(**{variable: "4"}), 2, variable + " says 4 tasks")
        self.assert_done(self.run_program("help", SLURM_NTASKS="4"))
        self.assert_done(self.run_program("check", ranks=1, SLURM_NTASKS="4"))


class Resolution(CommandLine):
    def resolved(self, *arguments, **variables):
        result = self.run_program("--print-config", *arguments, **variables)
        self.assert_done(result)
        return result.stdout

    def test_print_config_reads_back(self):
        self.write_config()
        text = self.resolved()
        self.write_config(text, "resolved.yaml")
        self.assertEqual(self.resolved("resolved.yaml"), text)
        self.assertEqual(self.resolved("-c", "resolved.yaml"), text)
        self.assertEqual(self.resolved("check", "--config=resolved.yaml"), text)

    def test_precedence(self):
        self.write_config()
        self.assertIn("  lr: 0.01\n", self.resolved())
        self.assertIn("  lr: 0.02\n", self.resolved(DDP_TRAIN_OPTIM_LR="2e-2"))
        for flag in (["--optim.lr=3e-2"], ["--optim.lr", "3e-2"], ["--set", "optim.lr=3e-2"]):
            self.assertIn("  lr: 0.03\n", self.resolved(*flag, DDP_TRAIN_OPTIM_LR="2e-2"))
        self.assertIn("    - linear: {out: 5, bias: true", self.resolved("--set", "model.layers=[{linear: 5}]"))

    def test_demo_without_configuration(self):
        text = self.resolved()
        self.assertIn("train: demo:train", text)
        result = self.run_program("--train.batch=0")
        self.assertIn("no ddp_train.yaml in this folder: running the built-in demo ('ddp_train init'", result.stdout)

    def test_init_writes_the_demo(self):
        demo = self.resolved()
        self.assert_done(self.run_program("init"))
        self.assertEqual(self.resolved(), demo)
        self.assert_fails(self.run_program("init"), 2, "ddp_train.yaml: already exists")
        self.assert_done(self.run_program("init", "other.yaml", ranks=2))
        self.assertEqual((self.folder / "other.yaml").read_text(), (self.folder / "ddp_train.yaml").read_text())


class RunDirectory(CommandLine):
    def setUp(self):
        super().setUp()
        self.write_config()

    def events(self, name="out"):
        lines = (self.folder / name / "metrics.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def test_files_and_events(self):
        result = self.run_program("-o", "out", ranks=2)
        self.assert_done(result)
        out = self.folder / "out"
        self.assertEqual(out.joinpath("config.yaml").read_text(), self.run_program("--print-config").stdout)
        self.assertEqual(json.loads(out.joinpath("env.json").read_text())["ranks"], 2)
        log = out.joinpath("log.txt").read_text()
        self.assertIn("epoch 2/2", log)
        said = [line for line in log.splitlines() if "warning:" not in line]  # of a busy machine, on stderr
        self.assertIn("\n".join(said), result.stdout)
        self.assertNotIn("\033", result.stdout + result.stderr)

        events = self.events()
        kinds = [event["kind"] for event in events]
        self.assertEqual(kinds[0], "start")
        self.assertEqual(kinds[-1], "done")
        self.assertEqual([e["step"] for e in events if e["kind"] == "step"], [4, 8, 12, 16])
        self.assertEqual(kinds.count("epoch"), 2)
        last = [e for e in events if e["kind"] == "eval"][-1]
        self.assertEqual((last["split"], last["count"]), ("val", 100))
        self.assertEqual(last["accuracy"], last["correct"] / 100)
        self.assertEqual(events[-1]["accuracy"], last["accuracy"])
        self.assertRegex(events[-1]["weights_hash"], "^[0-9a-f]{16}$")

        with out.joinpath("confusion.csv").open() as file:
            rows = list(csv.reader(file))
        self.assertEqual(len(rows), 5)
        counts = [[int(cell) for cell in row[1:]] for row in rows[1:]]
        self.assertEqual(sum(map(sum, counts)), 100)
        self.assertEqual(sum(counts[k][k] for k in range(4)), last["correct"])

        final = str(out / "checkpoints" / "final.h5")
        evaluated = self.run_program("eval", final, "--data", "synthetic:1x8x8:4:100")
        self.assert_done(evaluated)
        self.assertIn("(%d of 100)" % last["correct"], evaluated.stdout)
        self.assertIn(events[-1]["weights_hash"], self.run_program("inspect", final).stdout)

    def test_checkpoint_with_a_foreign_configuration(self):
        self.assert_done(self.run_program("-o", "out", "--train.epochs=0"))
        final = str(self.folder / "out" / "checkpoints" / "final.h5")
        with h5py.File(final, "a") as file:
            del file["config"]
            file["config"] = "train: {epocs: 3}"
        harness.reseal(final)
        self.assert_fails(self.run_program("eval", final, "--data", "synthetic:1x8x8:4:100"), 2, final, "train.epocs")

    def test_same_configuration_again_gives_the_same_weights(self):
        self.assert_done(self.run_program("-o", "one"))
        self.assert_done(self.run_program("one/config.yaml", "-o", "two", ranks=3))
        self.assertEqual(self.events("one")[-1]["weights_hash"], self.events("two")[-1]["weights_hash"])

    def test_full_folder_is_refused_and_overwriting_spares_other_files(self):
        self.assert_done(self.run_program("-o", "out"))
        notes = self.folder / "out" / "notes.txt"
        notes.write_text("mine")
        self.assert_fails(self.run_program("-o", "out"), 2, "out: is not empty", "--overwrite")
        self.assert_done(self.run_program("-o", "out", "--overwrite", "--train.epochs=1", "--log.every_steps=0"))
        self.assertEqual(notes.read_text(), "mine")
        self.assertEqual([e["kind"] for e in self.events()], ["start", "epoch", "eval", "done"])
        self.assertNotIn("epoch 2/2", (self.folder / "out" / "log.txt").read_text())

    def test_default_name(self):
        self.assert_done(self.run_program("--train.epochs=0", ranks=1, SLURM_JOB_ID="77"))
        names = os.listdir(self.folder / "runs")
        self.assertEqual(len(names), 1)
        self.assertRegex(names[0], r"^tiny-\d{8}-\d{6}-j77$")

    def test_check_does_not_train(self):
        result = self.run_program("check", ranks=2)
        self.assert_done(result)
        self.assertIn("64 global = 8 virtual ranks x 8 samples; 32 per MPI rank", result.stdout)
        self.assertEqual(os.listdir(self.folder), ["ddp_train.yaml"])

    def test_names_of_folders(self):
        for arguments in (["-o", ""], ["-o="], ["--output="]):
            self.assert_fails(self.run_program(*arguments), 2, "is empty")
        name = os.fsencode(self.folder / "caf\udce9")  # Latin-1, as old disks hold it
        self.assert_done(self.run_program(b"-o" + name, "--train.epochs=0"))
        self.assertIn("caf\ufffd", json.loads(pathlib.Path(os.fsdecode(name), "env.json").read_text())["command"][1])

    def test_what_a_killed_run_left_is_removed(self):
        checkpoints = self.folder / "out" / "checkpoints"
        checkpoints.mkdir(parents=True)
        for name in ("best.h5", "final.h5.tmp.123", "my.h5.txt"):
            (checkpoints / name).write_text("")
        self.assert_done(self.run_program("-o", "out", "--overwrite", "--train.epochs=0", "--data.val="))
        self.assertEqual(sorted(os.listdir(checkpoints)), ["final.h5", "last.h5", "my.h5.txt"])

    def test_unwritable_folder(self):
        (self.folder / "file").write_text("")
        self.assert_fails(self.run_program("-o", "file/out", ranks=2), 2, "file/out")


class Terminal(CommandLine):
    def frames(self, columns):
        """What is drawn over and over on a terminal of this width."""
        self.write_config(CONFIG.replace("1x8x8:4:512", "1x28x28:4:20000").replace("1x8x8", "1x28x28").replace("linear: 8", "linear: 128"))
        process, terminal = pty.fork()
        if process == 0:
            os.chdir(self.folder)
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 25, columns, 0, 0))
            os.execve(PROGRAM, [PROGRAM, "-o", "out", "--overwrite"], {**os.environ, "TERM": "xterm"})
        output = b""
        with contextlib.suppress(OSError):  # the terminal of a finished program gives EIO
            while data := os.read(terminal, 4096):
                output += data
        os.close(terminal)
        self.assertEqual(os.waitpid(process, 0)[1], 0, output)
        return re.findall(r"\r(epoch [^\r\n]*?)\x1b\[K", output.decode())

    def test_bar_is_cut_between_items(self):
        for columns in (40, 60, 80, 200):
            frames = self.frames(columns)
            self.assertTrue(frames)
            for frame in frames:
                self.assertLess(len(frame), columns)
                self.assertRegex(frame, r"^epoch \d/2 \[=*>? *\] +\d+ %(  ETA [\d:]+(  loss [\d.]+(  acc [\d.]+ %"
                                        r"(  lr \S+(  \d+ samples/s(  data \d+ %(  compute \d+ %(  sync \d+ %"
                                        r")?)?)?)?)?)?)?)?$")
        self.assertIn("samples/s", frames[-1])


if __name__ == "__main__":
    unittest.main()
