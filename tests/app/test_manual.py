"""Manual pages and completion, which the build writes: the programs that read them (man, bash, zsh, fish) take them and find what there is."""
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time
import unittest

PROGRAM = os.environ["DDP_TRAIN_BIN"]
SHARE = os.path.join(os.path.dirname(PROGRAM), "share")


def output(*command, **variables):
    return subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **variables}).stdout


def page(name):
    return os.path.join(SHARE, "man", "man" + name[-1], name)


def commands():
    return re.findall(r"^  (\S+) ", output(PROGRAM, "help").split("commands:")[1].split("\n\n")[0], re.M)


def keys():
    return re.findall(r"^  ([a-z]+\.[a-z_]+) ", output(PROGRAM, "help", "keys"), re.M)


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program} here")


class Pages(unittest.TestCase):
    @needs("man")
    def test_man_reads_them(self):
        """Without a warning; every page says what it is, for whatis(1) as well."""
        for folder in ("man1", "man5"):
            for name in os.listdir(os.path.join(SHARE, "man", folder)):
                with self.subTest(page=name):
                    command = ["man", "--warnings", "-l", page(name)]
                    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env={**os.environ, "MANWIDTH": "120", "LC_ALL": "C.UTF-8"})
                    self.assertEqual((done.returncode, done.stderr), (0, ""))
                    self.assertIn(name.rsplit(".", 1)[0] + " - ", done.stdout)
                    if shutil.which("lexgrog"):
                        output("lexgrog", page(name))

    @needs("man")
    def test_nothing_is_missing(self):
        """Every command has a page with all of its flags, and the page of the configuration every key and every layer."""
        for command in commands():
            text = output("man", "-l", page(f"ddp_train-{command}.1"), MANWIDTH="200")
            for flag in re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", output(PROGRAM, "help", command), re.M):
                self.assertRegex(text, rf"(?m)^ *(-\w, )?{flag}\b", command)
        text = output("man", "-l", page("ddp_train.yaml.5"), MANWIDTH="200")
        kinds = re.findall(r"^    (\w+)(?: \(or [^)]*\))?: ", output(PROGRAM, "help", "layers"), re.M)
        self.assertGreater(len(kinds), 50)
        for name in keys() + kinds:
            self.assertRegex(text, rf"(?m)^ *{re.escape(name)}\b")


class Terminal:
    """A shell that a user types into."""

    def __init__(self, folder, *command):
        self.process, self.end = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, {**os.environ, "PS1": "> ", "TERM": "dumb", "INPUTRC": "/dev/null"})
        fcntl.ioctl(self.end, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))

    def type(self, text):
        os.write(self.end, text.encode())

    def read_until(self, pattern, seconds=20):
        text, until = "", time.monotonic() + seconds
        while not re.search(pattern, text) and time.monotonic() < until:
            if select.select([self.end], [], [], 0.1)[0]:
                text += os.read(self.end, 65536).decode()
        return text

    def close(self):
        os.close(self.end)
        os.waitpid(self.process, 0)


class Completion(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        open(os.path.join(self.folder, "apples.yaml"), "w").close()

    def complete(self, shell, typed, end):
        """What becomes of a line when the tabulator is pressed; it ends so."""
        with self.subTest(typed=typed):
            shell.type(typed + "\t")
            self.assertIn(end, shell.read_until(re.escape(end)))
            shell.type("\x15echo ne''xt\n")
            shell.read_until("\nnext")

    def test_bash(self):
        shell = Terminal(self.folder, "bash", "--norc", "--noprofile", "-i")
        self.addCleanup(shell.close)
        shell.type(f"source {SHARE}/bash-completion/completions/ddp_train; echo rea''dy\n")
        shell.read_until("\nready")
        for typed, end in (("ddp_train eva", "eval "), ("ddp_train train app", "apples.yaml "), ("ddp_train train --over", "--overwrite "),
                           ("ddp_train --resume au", "auto "), ("ddp_train --optim.weight_d", "--optim.weight_decay="),
                           ("ddp_train train --train.precision=b", "--train.precision=bf16 "), ("ddp_train train -c app", "apples.yaml "),
                           ("ddp_train --optim.name=nad", "--optim.name=nadam "), ("ddp_train bench ker", "kernels "),
                           ("ddp_train help optimi", "optimizers "), ("ddp_train eval --digi", "--digits ")):
            self.complete(shell, typed, end)

    @needs("fish")
    def test_fish(self):
        script = os.path.join(SHARE, "fish", "vendor_completions.d", "ddp_train.fish")
        for typed, words in (("ddp_train ev", {"eval"}), ("ddp_train --optim.weight_d", {"--optim.weight_decay"}),
                             ("ddp_train train --train.precision=", {"--train.precision=bf16", "--train.precision=float32"}),
                             ("ddp_train bench k", {"kernels"}), ("ddp_train eval --digi", {"--digits"}), ("ddp_train eval --overw", set())):
            with self.subTest(typed=typed):
                found = output("fish", "--no-config", "-c", f"cd {self.folder}; source {script}; complete -C '{typed}'", HOME=self.folder)
                self.assertEqual({line.split("\t")[0] for line in found.splitlines()}, words)

    @needs("zsh")
    def test_zsh(self):
        folder = os.path.join(SHARE, "zsh", "site-functions")
        shell = Terminal(self.folder, "zsh", "-f", "-i")
        self.addCleanup(shell.close)
        shell.type(f"fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; echo rea''dy\n")
        shell.read_until("\nready")
        for typed, end in (("ddp_train eva", "l "), ("ddp_train train --over", "--overwrite "), ("ddp_train --optim.weight_d", "--optim.weight_decay="),
                           ("ddp_train train --train.precision=b", "bf16 "), ("ddp_train bench ker", "kernels "), ("ddp_train eval --digi", "--digits=")):
            self.complete(shell, typed, end)


if __name__ == "__main__":
    unittest.main()
