"""The house rules of the code, checked on its text: who may include whom, which file may know which foreign library, sizes, guards.

And one check on a scratch copy: a new kind of layer is one file and one line.
"""
# processors: 2
# label: house
import os
import re
import shutil
import subprocess
import tempfile
import unittest

import sources
from sources import SOURCE, files, includes, text

# What a layer may include beside itself. A layer that is not named does not exist.
MAY_SEE = {
    "core": set(),
    "math": {"core"},
    "nn": {"core", "math"},
    "optim": {"core", "math"},
    "io": {"core"},
    "comm": {"core", "math"},
    "data": {"core", "math", "nn", "comm", "io"},
    "train": {"core", "math", "nn", "optim", "io", "data", "comm"},
    "bench": {"core", "math", "nn", "optim", "io", "data", "comm", "train"},
    "export": {"core", "math", "nn", "optim", "io", "data", "comm", "train"},
    "app": {"core", "math", "nn", "optim", "io", "data", "comm", "train", "bench", "export"},
    "api": {"core", "math", "nn", "optim", "io", "data", "comm", "train", "app"},  # of app only the folder config
}

# Foreign headers and the only files that may include them, as patterns below src/.
DOORS = {
    r"cblas\.h|openblas.*": r"math/blas\.c",
    r"hdf5\.h|H5.*\.h": r"io/h5/[a-z0-9_]*\.[ch]",
    r"mpi\.h": r"comm/([a-z]+/)?[a-z_]+\.[ch]",
    r"yaml\.h": r"app/config/yaml\.c",
    r"zip\.h": r"io/archive/unzip\.c",
    r"Random123/.*": r"core/philox\.h",
    r"jansson\.h": r"io/json_object\.c",
    r"zlib\.h|xxhash\.h": r"io/([a-z0-9]+/)?[a-z0-9_]+\.[ch]",
}

LINES_MAX = 400
FOLDER_MAX = 20  # files in a folder of src, its README included; aim at 15
README_MAX = 150
COLUMNS_MAX = 120  # of every line of a README, tables included

# Words with a plain one in their place, in two parts each, so that this list is not found itself.
BANNED = re.compile("|".join(a + b for a, b in (
    ("reck", "on"), (r"\bane", r"w\b"), ("nobo", "dy"), ("whoe", "ver"), (r"\bso[ _]", r"many\b"), (r"\btold", r" of\b"),
    (r"\bc[oa]mes?", r" along\b"), (r"\bas", r" ever\b"))), re.I)

def folders():
    """Folders below src."""
    return sorted({os.path.dirname(name) for name in files("src/**/*.[ch]")} - {"src"})


def layer_of(name):
    """The layer of a file below src/."""
    return name.split("/")[1]


def layer_of_include(name):
    """The layer that an included header belongs to; None for foreign headers."""
    folder = name.split("/")[0]
    return folder if folder in MAY_SEE and "/" in name else None


class House(unittest.TestCase):
    def test_every_file_has_a_layer(self):
        for name in files("src/**/*.[ch]"):
            self.assertIn(layer_of(name), MAY_SEE, f"{name} belongs to no layer")

    def test_includes_point_downward(self):
        for name in files("src/**/*.[ch]"):
            layer = layer_of(name)
            for included in includes(name):
                seen = layer_of_include(included)
                if seen and seen != layer:
                    self.assertIn(seen, MAY_SEE[layer], f"{name} ({layer}) includes {included} ({seen})")

    def test_the_library_sees_only_the_configuration_of_app(self):
        for name in files("src/api/*.[ch]"):
            for included in includes(name):
                self.assertTrue(layer_of_include(included) != "app" or included.startswith("app/config/"), f"{name}: {included}")

    def test_libraries_link_downward(self):
        linked = {m[0]: set(re.findall(r"\bddp_(\w+)", m[1]))
                  for m in re.findall(r"^ddp_layer\((\w+)((?:\s+[\w:]+)*)\)", text("CMakeLists.txt"), re.M)}
        self.assertEqual(set(linked), set(MAY_SEE))
        for layer, names in linked.items():
            self.assertLessEqual(names, MAY_SEE[layer], f"ddp_{layer} links upward")

    def test_one_door_per_library(self):
        used = set()
        for name in files("src/**/*.[ch]"):
            for included in includes(name):
                for foreign, door in DOORS.items():
                    if re.fullmatch(foreign, included):
                        used.add(foreign)
                        self.assertTrue(re.fullmatch("src/" + door, name), f"{name} includes {included}; only {door} may")
        self.assertEqual(used, set(DOORS), "a door that no file uses: the patterns are out of date")

    def test_the_watchdog_knows_of_every_wait(self):
        """MPI calls in which a rank may wait for others go through src/comm/mpi.c."""
        harmless = "Abort Comm_[a-z]+ Comm_split_type Exscan Finalize Get_library_version Init_thread Iprobe Irecv Isend Recv_init " \
                   "Send_init Request_[a-z_]+ Start Startall Testall Win_shared_query".split()  # at the start and the end, and what does not wait
        known = set(re.findall(r"^int MPI_(\w+)\(", text("src/comm/mpi.c"), re.M))
        for name in files("src/comm/**/*.c"):
            for call in set(re.findall(r"\bMPI_([A-Z][a-z]\w+)\(", text(name))) - known:
                self.assertTrue(re.fullmatch("|".join(harmless), call), f"{name}: MPI_{call}")

    def test_guards(self):
        for name in files("src/**/*.h"):
            if re.search(r"(^|_)list\.h$", name.rsplit("/", 1)[1]) and "No include guard" in text(name):
                continue  # such a list is meant to be read more than once
            guard = re.sub(r"[^A-Z0-9]", "_", name[len("src/"):].upper())
            self.assertIn(f"#ifndef {guard}\n#define {guard}\n", text(name), f"{name}: its guard is not {guard}")

    def test_files_are_short(self):
        for name in files("src/**/*.[ch]", "tests/**/*.[ch]"):
            self.assertLessEqual(text(name).count("\n"), LINES_MAX, f"{name} is longer than {LINES_MAX} lines")

    def test_registries_name_every_file(self):
        """LAYER(x) in a list.h stands for `const struct layer_ops layer_x`, alone in a file x.c below the list's folder."""
        for list_file in files("src/**/list.h"):
            lines = re.findall(r"^([A-Z]+)\((\w+)\)$", text(list_file), re.M)
            if not lines:
                continue
            kind, present = lines[0][0].lower(), {}
            for name in files(os.path.dirname(list_file) + "/**/*.c"):
                for defined in re.findall(rf"^const struct \w+ {kind}_(\w+) = ", text(name), re.M):
                    present[defined] = os.path.basename(name)[:-2]
            self.assertEqual({x for _, x in lines}, set(present), f"{list_file} against what is defined below its folder")
            self.assertEqual(set(present), set(present.values()), f"{list_file}: a file is called otherwise than its kind")

    def test_no_circles_between_files(self):
        for a, b in sources.circles():
            self.fail(f"{a} and {b} need each other's functions: move what both need to a third file, or hand a pointer in")

    def test_no_function_name_twice(self):
        for function, where in sources.same_names().items():
            self.assertLess(len(where), 2, f"{function}() is defined in {', '.join(where)}: begin its name with the module's")

    def test_plain_words(self):
        for name in sources.tracked():
            try:
                joined = re.sub(r"\s*\n[\s*/#|>]*", " ", text(name))  # a phrase may go over a line's end
            except UnicodeDecodeError:
                continue
            found = BANNED.search(joined)
            if found:
                self.fail(f"{name}: '...{joined[max(0, found.start() - 40):found.end() + 40]}...': choose a plain word")

    def test_every_folder_has_a_way_in(self):
        for folder in folders():
            page = os.path.join(folder, "README.md")
            self.assertTrue(os.path.exists(os.path.join(SOURCE, page)), f"{page}: what lives here, where to begin, what it may use")
            lines = text(page).count("\n")
            self.assertTrue(5 <= lines <= 20, f"{page} has {lines} lines; 5 to 20 are asked for")

    def test_folders_are_small(self):
        for folder in folders():
            count = sum(os.path.isfile(os.path.join(SOURCE, folder, name)) for name in os.listdir(os.path.join(SOURCE, folder)))
            self.assertLessEqual(count, FOLDER_MAX, f"{folder} holds {count} files")

    def test_first_line_says_the_purpose(self):
        for name in files("src/**/*.c"):
            start = f"/* {os.path.basename(name)} - "
            self.assertTrue(text(name).startswith(start), f"{name} does not begin with '{start}purpose.'")

    def test_pages_are_narrow(self):
        self.assertLessEqual(text("README.md").count("\n"), README_MAX, "README.md")
        for name in sources.tracked():
            if name.endswith(".md"):
                for i, line in enumerate(text(name).split("\n"), 1):
                    self.assertLessEqual(len(line), COLUMNS_MAX, f"{name}:{i} has {len(line)} columns")

    def test_pages_name_what_exists(self):
        """Links of every page; in the pages of src also `file.c` and `folder/file.c` of src, include or tests."""
        present = ["/" + name for name in files("src/**/*.[ch]", "include/*.h", "tests/**/*.[ch]")]
        for name in sources.tracked():
            if not name.endswith(".md"):
                continue
            for path in re.findall(r"\]\(([^)#:]+)[)#]", text(name)):
                self.assertTrue(os.path.exists(os.path.join(SOURCE, os.path.dirname(name), path)), f"{name} links to {path}")
            for path in re.findall(r"`([a-z0-9_/]+\.[ch])`", text(name)) if name.startswith("src/") else []:
                known = any(p.endswith("/" + path) for p in present) or any(re.fullmatch(foreign, path) for foreign in DOORS)
                self.assertTrue(known, f"{name} names {path}, which does not exist")

    def test_include_holds_the_public_interface_only(self):
        for name in sources.tracked():
            if not name.startswith("include/"):
                continue
            self.assertRegex(name, r"^include/ddp_[a-z_]+\.h$")
            self.assertIn('extern "C"', text(name), name)
            for included in includes(name):
                self.assertRegex(included, r"^(ddp_[a-z_]+|std[a-z]+)\.h$", f"{name} includes {included}")

    def test_includes_are_drawn(self):
        drawing = sources.drawing(sorted(MAY_SEE, key=lambda layer: -len(MAY_SEE[layer])))
        self.assertIn(drawing, text("src/README.md"), f"the drawing of the includes should be\n{drawing}")

    def test_c_tests_have_named_cases(self):
        for name in files("tests/*/test_*.c"):
            if "int main(" in text(name):
                self.assertRegex(text(name), r"check_begin\(argc, argv\);", f"{name}: see tests/check.h")
                self.assertRegex(text(name), r"CHECK_CASE(_OF)?\(", f"{name}: see tests/check.h")

    def test_nothing_left_lying_about(self):
        for name in files("src/**/*.[ch]", "tests/**/*.[ch]", "launch/*.*", "launch/packaging/*", "datasets/*.sh"):
            self.assertNotRegex(text(name), r"\b(TODO|FIXME|XXX)\b", name)

    def test_scripts_are_clean(self):
        if not shutil.which("shellcheck"):
            self.skipTest("shellcheck is not installed")
        scripts = files("launch/*.sh", "launch/*.sbatch", "datasets/*.sh", "tests/**/*.sh", ".ci/run")
        checked = subprocess.run(["shellcheck", "-x", *scripts], cwd=SOURCE, stdout=subprocess.PIPE, text=True)
        self.assertEqual(checked.returncode, 0, checked.stdout)


NEW_LAYER = """\
/* threefold.c - three times its input. */
#include "nn/layers/layer.h"

static void threefold_forward(const struct layer *l, const struct pass *p, const float *const *x, float *y)
{
    int64_t count = shape_features(l->out) * p->lanes;
    for (int64_t i = 0; i < count; i++) y[i] = 3 * x[0][i];
}

static void threefold_backward(const struct layer *l, const struct pass *p, const float *const *x, const float *y,
                               float *dy, float *const *dx)
{
    (void)x, (void)y;
    int64_t count = shape_features(l->out) * p->lanes;
    for (int64_t i = 0; dx[0] && i < count; i++) dx[0][i] = 3 * dy[i];
}

extern const struct layer_ops layer_threefold;
const struct layer_ops layer_threefold = {
    .name = "threefold",
    .help = "three times its input",
    .plan = layer_plan_same,
    .forward = threefold_forward,
    .backward = threefold_backward,
    .in_place = true,
};
"""


class NewLayer(unittest.TestCase):
    def setUp(self):
        self.copy = tempfile.mkdtemp(prefix="ddp_train_house_")
        self.addCleanup(shutil.rmtree, self.copy, ignore_errors=True)
        for name in ("src", "tests"):
            shutil.copytree(os.path.join(SOURCE, name), os.path.join(self.copy, name))
        shutil.copy(os.path.join(SOURCE, "CMakeLists.txt"), self.copy)

    def call(self, *arguments, **options):
        done = subprocess.run(arguments, env=sources.harness.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=500, **options)
        self.assertEqual(done.returncode, 0, f"{' '.join(arguments)}\n{done.stdout}")
        return done.stdout

    def test_one_file_and_one_line(self):
        with open(os.path.join(self.copy, "src/nn/layers/threefold.c"), "w") as f:
            f.write(NEW_LAYER)
        with open(os.path.join(self.copy, "src/nn/layers/list.h"), "a") as f:
            f.write("LAYER(threefold)\n")

        build = os.path.join(self.copy, "build")
        self.call("cmake", "-S", self.copy, "-B", build, "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O0", "-DDDP_LEVELS=v3")
        self.call("cmake", "--build", build, "--parallel", "2", "--target", "ddp_train_bin", "nn_test_gradients")
        self.assertRegex(self.call(os.path.join(build, "ddp_train"), "help", "keys"), r"(?m)^\s*threefold\b")
        self.assertIn("threefold", self.call(os.path.join(build, "tests", "nn_test_gradients"), "threefold"))


if __name__ == "__main__":
    unittest.main()
