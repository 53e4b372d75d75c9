"""Every ready configuration after a step, and the demo after an epoch: the exported Model gives what `ddp_train predict` writes."""
import unittest

import h5py

import configurations
import exported
from packages import harness


@unittest.skipIf(exported.MISSING, exported.MISSING)
class Configurations(configurations.Samples, exported.Case):
    def check_all(self, specs):
        for name, spec in specs.items():
            with self.subTest(name):
                x = self.write_samples(name, *spec)
                self.compare_model(self.train_ready(name), x[:5], self.path("five.h5"))

    def test_tables(self):
        self.check_all(configurations.TABLES)

    def test_images(self):
        self.check_all(configurations.IMAGES)

    def test_networks(self):
        self.check_all(configurations.NETWORKS)

    def test_no_configuration_is_left_out(self):
        self.assertEqual(configurations.names_of_files(), {*configurations.TABLES, *configurations.IMAGES, *configurations.NETWORKS})

    def test_trained_demo(self):
        self.assertEqual(harness.run(["demo-data", self.path("demo.h5")]).returncode, 0)
        with h5py.File(self.path("demo.h5")) as f:
            x = f["test/images"][:100]
        config = self.write("demo.yaml", harness.run(["train", "--print-config"]).stdout)
        self.compare_model(self.trained(config, ["--train.epochs=1"]), x, f"{self.path('demo.h5')}:test[0:100]")


if __name__ == "__main__":
    unittest.main()
