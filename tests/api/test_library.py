"""Other programs run trained models through the installed library, and get what `ddp_train predict` writes, to the last bit."""
import os
import subprocess
import unittest

import h5py

import library
from library import harness


class Library(harness.Case):
    def setUp(self):
        super().setUp()
        self.prefix = library.Prefix(self.path("prefix"))

    def check_out(self, model):
        with open(model.out, "rb") as f:
            self.assertEqual(f.read(), model.expected(), model.out)

    def arguments(self, models):
        return [word for m in models for word in (m.checkpoint, m.rows, m.out)]

    def test_rows_are_those_of_predict(self):
        """All kinds of models at once, by one thread and by eight, in calls of any size, from both libraries."""
        models = library.make_models(self)
        for static, threads, chunk in ((False, 8, 7), (True, 1, 1)):
            self.prefix.run(self.prefix.compile("threads.c", static), threads, chunk, *self.arguments(models))
            for model in models:
                self.check_out(model)
                os.remove(model.out)

    def test_wide_blocks(self):
        """Where OpenBLAS multiplies, whole blocks give the bits of predict."""
        model = library.make_wide_model(self)
        self.prefix.run(self.prefix.compile("threads.c"), 8, 512, *self.arguments([model]))
        self.check_out(model)

    def test_a_host_with_mpi(self):
        model = library.make_models(self)[1]
        program = self.prefix.compile("host_mpi.c", compiler="mpicc")
        self.prefix.run(program, model.checkpoint, model.rows, model.out, launcher=["mpirun", "-np", "2"])
        self.check_out(model)

    def test_examples(self):
        """The programs of the documentation, in C and in C++."""
        model = library.make_models(self)[0]
        found, names = model.predictions(), ["ant", "bee", "cat", "dœg"]
        expected = "".join(f"{c} {names[c]} {p[c]:.9g}\n" for c, p in zip(found["predicted"], found["probabilities"]))
        for program in (self.prefix.compile("example.c"), self.prefix.compile_with_cmake("example.cpp")):
            self.assertEqual(self.prefix.run(program, model.checkpoint, model.rows), expected)

    def test_refusals(self):
        """Errors are codes and lines; nothing is printed, no signal changes, and a decimal comma of the host does no harm."""
        images, _, values, *_ = library.make_models(self)
        damaged, comma = self.path("damaged.h5"), self.path("locales")
        with open(images.checkpoint, "rb") as f, open(damaged, "wb") as out:
            content = bytearray(f.read())
            content[len(content) // 2] ^= 1
            out.write(content)
        os.mkdir(comma)
        made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(comma, "de_DE.UTF-8")], capture_output=True)
        variables = {"LOCPATH": comma, "LC_ALL": "de_DE.UTF-8"} if made.returncode == 0 else {}
        program = self.prefix.compile("errors.c")
        out = self.prefix.run(program, images.checkpoint, values.checkpoint, damaged, images.data, variables=variables)
        self.assertEqual(out, "")

    def test_a_checkpoint_without_names(self):
        """As those of earlier versions: the rest is as it was."""
        model = library.make_models(self)[3]
        with h5py.File(model.checkpoint, "r") as f:
            self.assertNotIn("class_names", f)
        self.prefix.run(self.prefix.compile("threads.c"), 1, 3, *self.arguments([model]))
        self.check_out(model)


class Files(harness.Case):
    """What is installed."""

    def setUp(self):
        super().setUp()
        self.prefix = library.Prefix(self.path("prefix"))

    def symbols(self, flags, name):
        lines = library.check_output(["nm", *flags, os.path.join(self.prefix.lib, name)]).splitlines()
        return [words[-1].split("@")[0] for words in map(str.split, lines) if len(words) >= 2]

    def test_only_the_interface_is_exported(self):
        with open(os.path.join(self.prefix.folder, "include", "ddp_train.h")) as f:
            declared = sorted(word.split("(")[0].lstrip("*") for line in f if line.startswith("DDP_API") for word in line.split() if "(" in word)
        self.assertGreater(len(declared), 15)
        for flags, name in ((["-D", "--defined-only"], "libddp_train.so"), (["-g", "--defined-only"], "libddp_train.a")):
            self.assertEqual(sorted(self.symbols(flags, name)), declared, name)

    def test_no_mpi(self):
        for flags, name in ((["-D", "-u"], "libddp_train.so"), (["-u"], "libddp_train.a")):
            self.assertEqual([s for s in self.symbols(flags, name) if s.lower().startswith(("mpi", "ompi", "pmpi"))], [], name)
        needed = library.check_output(["readelf", "-d", os.path.join(self.prefix.lib, "libddp_train.so")])
        self.assertIn("Library soname: [libddp_train.so.", needed)
        self.assertNotIn("mpi", needed)

    def test_never_exits(self):
        """The child that reads a file ends by _exit; a broken assertion aborts."""
        for name in ("exit", "quick_exit", "_Exit", "setenv", "putenv", "setlocale", "srand"):
            self.assertNotIn(name, self.symbols(["-D", "-u"], "libddp_train.so"))

    def test_the_program_is_there(self):
        done = subprocess.run([os.path.join(self.prefix.folder, "bin", "ddp_train"), "version"], env=harness.environment(),
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn(self.prefix.pkg_config("--modversion")[0], done.stdout)


class Flags(harness.Case):
    def configure(self, *flags, variables=None):
        """The compilation commands of a configured folder."""
        folder = self.path(f"build{len(os.listdir(self.folder))}")
        subprocess.run(["cmake", "-S", harness.SOURCE, "-B", folder, *flags], check=True, stdout=subprocess.DEVNULL,
                       env={**os.environ, **(variables or {})})
        with open(os.path.join(folder, "compile_commands.json")) as f:
            return f.read()

    def test_flags_of_the_user(self):
        commands = self.configure("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O2 -DNDEBUG", "-DBUILD_TESTING=OFF",
                                  variables={"CFLAGS": "-fno-common"})
        self.assertIn("-O2", commands)
        self.assertNotIn("-O3", commands)
        self.assertIn("-fno-common", commands)
        self.assertIn("-UNDEBUG", commands)
        self.assertNotIn("tests/core", commands)

    def test_defaults(self):
        commands = self.configure()
        self.assertIn("-O3", commands)
        self.assertIn("-UNDEBUG", commands)
        self.assertIn("tests/core", commands)
        self.assertNotIn("-UNDEBUG", self.configure("-DDDP_ASSERTS=OFF"))


if __name__ == "__main__":
    unittest.main()
