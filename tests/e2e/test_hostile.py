"""Data from strangers: what leads out of a file, claims more than it holds, crashes HDF5 or never ends stops the program in one line.

Every refusal is tried with the program as users start it; tests/io/test_hostile.c has the many files.
"""
import glob
import gzip
import os
import struct
import subprocess
import unittest

import h5py
import numpy as np

import harness

X = np.arange(24, dtype=np.float32).reshape(12, 2)
Y = np.arange(12) % 3
PLUGIN = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void loaded(void)
{
    FILE *f = fopen(getenv("MARKER"), "w");
    if (f) fclose(f);
}
"""

VICTIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#define REPLACE(function) /* what it is called in HDF5 1.10, and later */ \\
    int function(int64_t place, const char *name, void *link, int64_t list) \\
    { \\
        int (*real)(int64_t, const char *, void *, int64_t) = dlsym(RTLD_NEXT, #function); \\
        if (strcmp(name, getenv("VICTIM")) == 0) raise(SIGKILL); \\
        return real(place, name, link, list); \\
    }
REPLACE(H5Lget_info)
REPLACE(H5Lget_info1)
"""


class Hostile(harness.Case):
    def data(self, name="set.h5"):
        return h5py.File(self.path(name), "w")

    def check(self, *flags, ranks=None, locator="set.h5", variables=None):
        config = self.write("run.yaml", f"data: {{train: {self.path(locator)}}}\nmodel:\n  layers: [linear: 3]\ntrain: {{batch: 8}}\n")
        return harness.run(["check", config, *flags], ranks, variables=variables)

    def refused(self, *parts, code=3, process=None, **options):
        """One line with all these parts, and the exit code; returns the line."""
        process = process or self.check(**options)
        self.assertEqual(process.returncode, code, process.stdout + process.stderr)
        lines = harness.error_lines(process.stderr)
        self.assertEqual(len(lines), 1, process.stderr)
        for part in parts:
            self.assertIn(part, lines[0])
        return lines[0]

    def accepted(self, *flags, **options):
        process = self.check(*flags, **options)
        self.assertEqual(process.returncode, 0, process.stdout + process.stderr)

    # ---- what leads out of a file ----

    def test_links(self):
        with self.data("other.h5") as f:
            f["x"], f["y"] = X, Y
        for kind, link in [("a soft link", h5py.SoftLink("/real/x")), ("a link to another file", h5py.ExternalLink("other.h5", "/x"))]:
            with self.subTest(kind):
                with self.data() as f:
                    f["x"], f["y"], f["real/x"] = link, Y, X
                for ranks in (None, 2):
                    self.refused("set.h5: x is " + kind, "data.allow_external", "--allow-external", ranks=ranks)
                self.accepted("--allow-external")
                self.accepted("--data.allow_external=true", ranks=2)
        with self.data() as f:  # on the way
            f["real/x"], f["real/y"], f["way"] = X, Y, h5py.SoftLink("/real")
        self.refused("way is a soft link", locator="set.h5:way")
        self.accepted("--allow-external", locator="set.h5:way")
        self.accepted(locator="set.h5:real")

    def test_external_storage(self):
        secret = self.path("secret")
        with open(secret, "wb") as f:
            f.write(X.tobytes())
        with self.data() as f:
            f.create_dataset("x", X.shape, X.dtype, external=[(secret, 0, X.nbytes)])
            f["y"] = Y
        self.refused("set.h5: x: lies in other files", "--allow-external")
        self.accepted("--allow-external")
        with self.data() as f:
            f.create_dataset("x", (1, 2), np.uint8, external=[("/etc/hostname", 0, 2)])
            f["y"] = Y[:1]
        for ranks in (None, 2):
            self.refused("set.h5: x: lies in other files", ranks=ranks)
        with self.data() as f:  # of class names, which are looked for as well
            f["x"], f["y"] = X, Y
            f.create_dataset("class_names", (1,), "S8", external=[("/etc/hostname", 0, 8)])
        self.refused("class_names: lies in other files")

    def test_virtual(self):
        with self.data("part.h5") as f:
            f["rows"] = X
        layout = h5py.VirtualLayout(X.shape, X.dtype)
        layout[:] = h5py.VirtualSource("part.h5", "rows", X.shape)
        with self.data() as f:
            f.create_virtual_dataset("x", layout)
            f["y"] = Y
        self.refused("set.h5: x: is a virtual dataset", "--allow-external")
        self.accepted("--allow-external")

    def test_plugins(self):
        """A filter that HDF5 does not have makes it load whatever lies in a folder, unless it may not."""
        with self.data() as f:
            f.create_dataset("x", data=X, chunks=(4, 2), compression="gzip")
            f["y"] = Y
        with open(self.path("set.h5"), "rb") as f:
            data = f.read()
        at = data.index(b"deflate\0") - 8
        with open(self.path("set.h5"), "wb") as f:
            f.write(data[:at] + struct.pack("<H", 32015) + data[at + 2:])
        os.mkdir(self.path("plugins"))
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.path("plugins/libplugin.so")], input=PLUGIN, text=True, check=True)
        variables = {"HDF5_PLUGIN_PATH": self.path("plugins"), "MARKER": self.path("marker")}
        self.refused("filter 32015", "--allow-external", variables=variables)
        self.assertFalse(os.path.exists(self.path("marker")))
        self.refused("filter 32015", "not available here", process=self.check("--allow-external", variables=variables))
        self.assertTrue(os.path.exists(self.path("marker")))

    def test_checkpoint_cannot_allow(self):
        """What a checkpoint says in its configuration is not what its user says."""
        with self.data("other.h5") as f:
            f["x"], f["y"] = X, Y
        with self.data() as f:
            f["x"], f["y"] = h5py.ExternalLink("other.h5", "/x"), Y
        config = self.write("run.yaml", f"data: {{train: {self.path('set.h5')}, allow_external: true}}\n"
                                        "model:\n  layers: [linear: 3]\ntrain: {epochs: 1, batch: 8}\n")
        final = self.train(config).final
        for command in (["eval", final, "--data", self.path("set.h5")],
                        ["predict", final, "--data", self.path("set.h5"), "--out", self.path("out.h5")]):
            self.refused("x is a link to another file", process=harness.run(command))
            self.assertEqual(harness.run([*command, "--allow-external"]).returncode, 0)

    # ---- what claims more than it holds ----

    def test_declared_sizes(self):
        tera = 1 << 40
        layouts = {"contiguous": {}, "chunked": {"chunks": (1 << 16, 2)}, "compressed": {"chunks": (1 << 16, 2), "compression": "gzip"}}
        for name, options in layouts.items():
            with self.subTest(name):
                with self.data() as f:
                    f.create_dataset("x", (tera // 2, 2), np.uint8, **options)
                    f.create_dataset("y", (tera // 2,), np.uint8, **options if not options else {"chunks": (1 << 16,)})
                self.assertLess(os.path.getsize(self.path("set.h5")), 10000)
                self.refused("set.h5: x: declares 1099511627776 bytes, but only 0 are stored", ranks=2)
        with self.data() as f:
            f.create_dataset("x", (1 << 28, 8), np.uint8, chunks=(1 << 28, 8), compression="gzip")
            f["y"] = Y
        self.refused("set.h5: x: declares")
        with self.data() as f:
            f.create_dataset("x", (12, 2), np.uint8, maxshape=(None, 2), chunks=(1 << 30, 2))
            f["y"] = Y
        self.refused("set.h5: x: has chunks of more than 1024 MB")
        with self.data() as f:  # not written, but small: zeros, as HDF5 says
            f["x"] = X
            f.create_dataset("y", (12,), np.uint8)
        self.accepted()
        with self.data() as f:  # compresses a thousandfold
            f.create_dataset("x", data=np.zeros((100000, 1000), np.uint8), chunks=(10000, 1000), compression="gzip")
            f.create_dataset("y", (100000,), np.uint8)
        self.assertLess(os.path.getsize(self.path("set.h5")), 250000)
        self.accepted()

    def test_texts(self):
        with self.data() as f:
            f["x"], f["y"] = X, Y
            f.create_dataset("class_names", (1 << 40,), "S16", chunks=(1 << 10,))
        self.refused("class_names: declares")
        with self.data() as f:
            f["x"], f["y"] = X, Y
            f.create_dataset("class_names", data=["a" * (40 << 20), "b" * (40 << 20)])
        self.refused("class_names: holds too much text")

    # ---- what harms HDF5 ----

    def test_crashers(self):
        files = sorted(glob.glob(os.path.join(harness.SOURCE, "tests", "io", "hostile", "*.crash")))
        self.assertGreaterEqual(len(files), 10)
        for i, file in enumerate(files):
            with self.subTest(os.path.basename(file)):
                with open(file, "rb") as f, open(self.path("set.h5"), "wb") as to:
                    to.write(f.read())
                process = self.check(ranks=2 if i % 2 else None)
                if process.returncode:  # else what is damaged was not looked at
                    self.refused("set.h5", process=process)

    def test_killed_reader(self):
        """Ending the process that reads a file, as a machine without memory does, says nothing about the data: exit code 1,
        after which launch scripts start again, and not 3."""
        with self.data() as f:
            f["x"], f["y"] = X, Y
        layers = "model:\n  layers: [linear: 3]\ntrain: {epochs: 1, batch: 8}\n"
        config = self.write("run.yaml", f"data: {{train: {self.path('set.h5')}}}\n{layers}")
        grouped = self.write("grouped.yaml", f"data: {{train: '{self.path('set.h5')}:group'}}\n{layers}")
        final = self.train(config).final
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", self.path("victim.so"), "-ldl"], input=VICTIM, text=True, check=True)
        weights = "model/00.linear/weight"
        cases = {"x": ["check", config], "y": ["check", config], "/class_names": ["check", config], "group": ["check", grouped],
                 "targets": ["eval", final, "--data", self.path("set.h5")],
                 weights: ["train", config, "-o", self.path("new"), "--init-from", final]}
        for victim, command in cases.items():
            with self.subTest(victim):
                process = harness.run(command, variables={"LD_PRELOAD": self.path("victim.so"), "VICTIM": victim})
                line = self.refused("the process that reads it was killed", code=1, process=process)
                file = "final.h5" if command[0] in ("eval", "train") else "set.h5"
                self.assertEqual(line.count(file + ":"), 1, line)

    def test_special_files(self):
        os.mkfifo(self.path("pipe.h5"))
        os.mkfifo(self.path("pipe.yaml"))
        os.symlink("/dev/zero", self.path("zero.h5"))
        os.symlink("/dev/zero", self.path("zero.yaml"))
        for name in ("pipe", "zero"):
            self.refused(f"{name}.h5: is a device or a pipe", locator=f"{name}.h5")
            self.refused(f"{name}.h5", process=harness.run(["inspect", self.path(f"{name}.h5")]))
            self.refused(f"{name}.yaml: is not a configuration file", code=2, process=harness.run(["check", self.path(f"{name}.yaml")], 2))
            for kind in ("csv", "arff"):
                process = harness.run(["convert", kind, self.path(f"{name}.h5"), self.path("out.h5"), "--target", "0"])
                self.refused(f"{name}.h5: is a device or a pipe, not a regular file", process=process)
            process = harness.run(["convert", "idx", self.path(f"{name}.h5"), self.path(f"{name}.h5"), self.path("out.h5")])
            self.refused(f"{name}.h5: is a device or a pipe, not a regular file", process=process)
        self.refused("is a folder", process=self.check(locator="."))

    # ---- texts ----

    def test_yaml(self):
        cases = {"anchors": "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n", "nested too deeply": "a: " + "[" * 100000,
                 "too many keys": "".join(f"k{i}: 1\n" for i in range(5000)), "NUL": "a: \0\n", "too long": "#" * (1 << 20),
                 "UTF-8": "a: \udcff\udcfe\n", "unknown section": "".join("- " * 7 + "1\n" for _ in range(1))}
        for part, text in cases.items():
            with self.subTest(part):
                with open(self.path("bad.yaml"), "w", encoding="utf-8", errors="surrogateescape") as f:
                    f.write(text)
                self.refused("bad.yaml", code=2, process=harness.run(["check", self.path("bad.yaml")], timeout=20))
        with open(self.path("long.yaml"), "w") as f:
            f.write("model:\n  layers:\n" + "    - relu\n" * 90000)
        self.refused("long.yaml", code=2, process=harness.run(["check", self.path("long.yaml")], timeout=20))

    def convert(self, kind, text, *flags):
        with open(self.path("in"), "wb") as f:
            f.write(text)
        return harness.run(["convert", kind, self.path("in"), self.path("out.h5"), *flags], timeout=60)

    def test_idx(self):
        """A few bytes that declare a tebibyte, plain and compressed, and a file that inflates to more than it says."""
        images = struct.pack(">HBB3I", 0, 8, 3, 1 << 20, 1024, 1024)
        labels = struct.pack(">HBBI", 0, 8, 1, 1 << 20)
        for pack in (bytes, gzip.compress):
            for name, content in (("images", images), ("labels", labels)):
                with open(self.path(name), "wb") as f:
                    f.write(pack(content + bytes(100)))
            command = ["convert", "idx", self.path("images"), self.path("labels"), self.path("out.h5")]
            self.refused("images: is truncated, or damaged", process=harness.run(command))
        for name, content in (("images", struct.pack(">HBB3I", 0, 8, 3, 2, 2, 2)), ("labels", struct.pack(">HBBI", 0, 8, 1, 2))):
            with open(self.path(name), "wb") as f:
                f.write(gzip.compress(content + bytes(100 << 20)))
        self.refused("longer than its header says", process=harness.run(command))
        self.assertEqual([n for n in os.listdir(self.folder) if n.startswith("out")], [])

    def test_tables(self):
        many = b"".join(b"@attribute a%d {x,y}\n" % i for i in range(100001))
        words = b"".join(b"@attribute a%d {%s}\n" % (i, b",".join(b"%d" % k for k in range(10000))) for i in range(101))
        names = b"".join(b"@attribute %s%d {%s}\n" % (b"n" * 990, i, b",".join(b"%d" % k for k in range(10000))) for i in range(8))
        arff = {"more than 100000 attributes": many, "declare more than 1000000 values": words,
                "take more than 64 MB": names + b"@attribute t numeric\n@data\n" + b"0," * 8 + b"1\n"}
        for part, text in arff.items():
            with self.subTest(part):
                self.refused(part, process=self.convert("arff", b"@relation r\n" + text, "--target", "t"))
        csv = {"columns; at most": b"1," * 200000 + b"1\n", "is longer than 64 MB": gzip.compress(b"a,t\n" + b"1" * (80 << 20)),
               "is NUL": b"a,t\n\0,1\n", "UTF-16": "a,t\n1,2\n".encode("utf-16"), "never closed": b'a,t\n1,"2\n3,4\n'}
        for part, text in csv.items():
            with self.subTest(part):
                self.refused(part, process=self.convert("csv", text, "--target", "1"))

    def test_zeros_that_fill_a_disk(self):
        """Rows of three bytes become rows of 4 MB."""
        disk = os.statvfs(self.folder)
        rows = disk.f_bavail * disk.f_frsize // 3900000 + 100
        if rows > 10000000:
            self.skipTest("the disk is too large for a short test")
        values = b",".join(b"%d" % k for k in range(9999))
        text = b"@relation r\n@attribute t numeric\n" + b"".join(b"@attribute a%d {%s}\n" % (i, values) for i in range(100)) + b"@data\n"
        self.refused("out.h5: x: cannot be written: needs", "MB left", code=1, process=self.convert("arff", text + b"{}\n" * rows, "--target", "t"))


if __name__ == "__main__":
    unittest.main()
