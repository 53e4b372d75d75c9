"""The Debian package that cpack makes of this build: what is in it, what lintian says, and that its program trains."""
# label: night
import glob
import gzip
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

PROGRAM, SOURCE = os.environ["DDP_TRAIN_BIN"], os.environ["DDP_SOURCE_DIR"]
BUILD = os.path.dirname(PROGRAM)
PACKAGING = os.path.join(SOURCE, "launch", "packaging")


def call(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    if done.returncode:
        raise AssertionError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout}")
    return done.stdout


@unittest.skipUnless(shutil.which("cpack") and shutil.which("dpkg-shlibdeps"), "no cpack or no dpkg-dev here")
class Debian(harness.Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="ddp_train_test_")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        call("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", cls.folder)
        (cls.package,) = glob.glob(os.path.join(cls.folder, "*.deb"))
        cls.root = os.path.join(cls.folder, "root")
        call("dpkg-deb", "--extract", cls.package, cls.root)
        cls.version = call(PROGRAM, "version").split()[1]

    def path(self, name):
        return os.path.join(self.root, "usr", name)

    def test_description(self):
        self.assertRegex(os.path.basename(self.package), rf"^ddp-train_{re.escape(self.version)}_\w+\.deb$")
        fields = dict(line.split(": ", 1) for line in call("dpkg-deb", "--field", self.package).splitlines() if line and line[0] != " ")
        depends = re.findall(r"[a-z][a-z0-9.+-]+", re.sub(r"\([^)]*\)", "", fields["Depends"]))
        for name in ("openmpi-bin", "libc6", "libopenblas0", "libyaml-0-2", "libjansson4", "libzip4", "libxxhash0", "zlib1g"):
            self.assertIn(name, depends)
        self.assertTrue(any(name.startswith("libhdf5-") for name in depends), depends)
        self.assertTrue(any(name.startswith("libopenmpi") for name in depends), depends)
        self.assertEqual(fields["Section"], "science")

    def test_pages_and_papers(self):
        pages = glob.glob(self.path("share/man/man[15]/*"))
        self.assertEqual({os.path.basename(page)[:-len(".gz")] for page in pages},
                         {os.path.basename(page) for page in glob.glob(os.path.join(BUILD, "share/man/man[15]/*"))})
        for page in pages:
            with gzip.open(page, "rt") as f:
                self.assertIn(".TH", f.read(), page)
        with gzip.open(self.path("share/doc/ddp-train/changelog.gz"), "rt") as f:
            self.assertTrue(f.read().startswith(f"ddp-train ({self.version}) "))
        with open(self.path("share/doc/ddp-train/copyright")) as copyright, open(os.path.join(SOURCE, "LICENSE")) as licence:
            words = " ".join(copyright.read().replace("\n .\n", "\n").split())
            self.assertIn(" ".join(licence.read().split("\n\n", 2)[2].split()), words)
        for name in ("bash-completion/completions/ddp_train", "zsh/vendor-completions/_ddp_train",
                     "fish/vendor_completions.d/ddp_train.fish"):
            self.assertTrue(os.path.isfile(self.path("share/" + name)), name)

    def test_no_file_names_this_machine(self):
        for folder, _, names in os.walk(self.root):
            for name in names:
                with open(os.path.join(folder, name), "rb") as f:
                    content = f.read()
                for place in {SOURCE, BUILD, self.folder}:
                    self.assertNotIn(place.encode(), content, name)
        self.assertNotRegex(call("readelf", "--wide", "--sections", self.path("bin/ddp_train")), r"\.symtab|\.debug_")

    @unittest.skipUnless(shutil.which("lintian"), "no lintian here")
    def test_lintian_finds_no_error(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error", self.package], stdout=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_its_program_trains(self):
        out = os.path.join(self.folder, "run")
        command = ["mpirun", "-np", "2", self.path("bin/ddp_train"), "train", "-o", out, "--train.epochs=1"]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              cwd=self.folder, env=harness.environment(), timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(os.path.isfile(os.path.join(out, "checkpoints", "final.h5")))


class Recipes(unittest.TestCase):
    def test_python(self):
        for name in os.listdir(PACKAGING):
            if name.endswith((".py", ".eb")):
                with open(os.path.join(PACKAGING, name)) as f:
                    compile(f.read(), name, "exec")

    def test_version_is_that_of_the_program(self):
        version = call(PROGRAM, "version").split()[1]
        for name in ("package.py", "ddp_train.def", "changelog"):
            with open(os.path.join(PACKAGING, name)) as f:
                self.assertIn(version, f.read(), name)
        self.assertTrue(glob.glob(os.path.join(PACKAGING, f"ddp_train-{version}-*.eb")))


if __name__ == "__main__":
    unittest.main()
