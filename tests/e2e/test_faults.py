"""What goes wrong ends well: one clear line and the right exit code, at one rank and at two."""
# alone
import os
import unittest

import numpy as np

import harness

CONFIGURATION, DATA = 2, 3

# After a rank's exit code other than 0 mpirun waits two seconds for no rank; this spares it some sixty times.
NO_PATIENCE = {"OMPI_MCA_odls_base_sigkill_timeout": "0"}

CONFIG = """
data: {{train: "{train}"}}
model:
  layers:
    - linear: {classes}
train: {{epochs: 1, batch: 16, virtual_ranks: 2}}
"""


class BadInput(harness.Case):
    def fails(self, arguments, code, *words):
        """Runs at one and at two ranks; the one error line must hold all words."""
        for ranks in (1, 2):
            with self.subTest(ranks=ranks, arguments=arguments):
                process = harness.run(arguments, ranks, cwd=self.folder, timeout=60, variables=NO_PATIENCE)
                lines = harness.error_lines(process.stderr)
                self.assertEqual(process.returncode, code, process.stderr)
                self.assertEqual(len(lines), 1, process.stderr)
                self.assertTrue(lines[0].startswith("ddp_train: error: "), lines[0])
                for word in words:
                    self.assertIn(word, lines[0])
                self.assertFalse(os.path.exists(self.path("run")), "a refused run leaves no run directory")

    def bad_data(self, train, *words, classes=3):
        self.fails(["train", self.write("config.yaml", CONFIG.format(train=train, classes=classes)), "-o", "run"], DATA, *words)

    def data(self, **objects):
        """A small valid file with some objects replaced or, if None, left out."""
        import h5py
        random = np.random.RandomState(1)
        content = dict(images=random.rand(64, 1, 4, 4).astype(np.float32), labels=random.randint(0, 3, 64), **{})
        content.update(objects)
        with h5py.File(self.path("data.h5"), "w") as f:
            for name, value in content.items():
                if value is not None:
                    f[name] = value
        return self.path("data.h5")

    def test_the_small_file_is_fine_as_it_is(self):
        self.train(self.write("config.yaml", CONFIG.format(train=self.data(), classes=3)), 2)

    def test_missing_file(self):
        self.bad_data(self.path("nowhere.h5"), "nowhere.h5")

    def test_not_hdf5(self):
        self.bad_data(self.write("text.h5", "this is no HDF5 file\n" * 99), "text.h5")

    def test_empty_file(self):
        self.bad_data(self.write("empty.h5", ""), "empty.h5")

    def test_truncated(self):
        path = self.data()
        os.truncate(path, os.path.getsize(path) // 2)
        self.bad_data(path, "data.h5")

    def test_no_known_data_set(self):
        self.bad_data(self.data(images=None, labels=None, pixels=np.zeros((64, 2)), kinds=np.zeros(64, int)), "pixels", "kinds")

    def test_no_labels(self):
        self.bad_data(self.data(labels=None), "labels", "images")

    def test_label_too_large(self):
        labels = np.zeros(64, int)
        labels[50] = 3
        self.bad_data(self.data(labels=labels), "sample 50", "label 3", "3 outputs")

    def test_label_negative(self):
        labels = np.zeros(64, int)
        labels[33] = -2
        self.bad_data(self.data(labels=labels), "33", "-2")

    def test_labels_that_are_no_integers(self):
        self.bad_data(self.data(labels=np.full(64, 0.5)), "labels")

    def test_nan_and_inf(self):
        for value in (np.nan, np.inf, -np.inf):
            images = np.ones((64, 1, 4, 4), np.float32)
            images[60, 0, 2, 2] = value
            self.bad_data(self.data(images=images), "60")

    def test_lengths_that_differ(self):
        self.bad_data(self.data(labels=np.zeros(63, int)), "63", "64")

    def test_no_samples(self):
        self.bad_data(self.data(images=np.zeros((0, 1, 4, 4), np.float32), labels=np.zeros(0, int)), "data.h5")

    def test_fewer_samples_than_a_batch(self):
        self.bad_data(self.data(images=np.ones((15, 1, 4, 4), np.float32), labels=np.zeros(15, int)), "15", "16")

    def test_filter_that_is_not_there(self):
        import h5py
        images = np.ones((64, 1, 4, 4), np.float32)
        with h5py.File(self.path("data.h5"), "w") as f:
            f["labels"] = np.zeros(64, int)
            creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            creation.set_chunk(images.shape)
            creation.set_filter(32015, h5py.h5z.FLAG_OPTIONAL, (3,))  # zstd, a plugin that Debian does not have
            space = h5py.h5s.create_simple(images.shape)
            made = h5py.h5d.create(f.id, b"images", h5py.h5t.IEEE_F32LE, space, creation)
            made.write_direct_chunk((0, 0, 0, 0), images.tobytes())  # says that the filter was applied
        self.bad_data(self.path("data.h5"), "32015")

    def test_wrong_configuration(self):
        good = CONFIG.format(train=self.data(), classes=3)
        for change, words in [(("batch", "bach"), ["bach", "batch"]), (("16", "0"), ["batch", "0"]), (("16", "many"), ["many"]),
                              (("epochs: 1", "epochs: -1"), ["epochs"]), (("linear", "linnear"), ["linnear", "linear"]),
                              (("linear: 3", "conv2d: {out: 3, kernel: 9}"), ["conv2d"]), (("train: {", "train: {{"), []),
                              (("epochs: 1", "epochs: 1, epochs: 2"), ["epochs"])]:
            text = good.replace(*change)
            self.assertNotEqual(text, good)
            self.fails(["train", self.write("config.yaml", text), "-o", "run"], CONFIGURATION, *words)

    def test_wrong_command_line(self):
        config = self.write("config.yaml", CONFIG.format(train=self.data(), classes=3))
        for arguments in (["trian"], ["train", "nowhere.yaml"], ["train", config, "--optim.rl=1"], ["train", config, "--nonsense"],
                          ["train", config, "--set", "optim.lr"], ["train", config, "--train.epochs=two"]):
            self.fails(arguments, CONFIGURATION)

    def test_occupied_run_directory(self):
        config = self.write("config.yaml", CONFIG.format(train=self.data(), classes=3))
        os.mkdir(self.path("taken"))
        self.write("taken/file", "")
        self.fails(["train", config, "-o", "taken"], CONFIGURATION, "taken")


if __name__ == "__main__":
    unittest.main()
