"""Every ready configuration after a step, and the demo after an epoch: the exported Model and the ONNX file give what `ddp_train predict`
writes."""
import unittest

import h5py

import configurations
import exported
import onnx_case
from packages import harness


class Configurations(configurations.Samples):
    def check_all(self, specs):
        for name, spec in specs.items():
            with self.subTest(name):
                self.check(spec, *self.trained_for_a_step(name, spec))

    def test_tables(self):
        self.check_all(configurations.TABLES)

    def test_images(self):
        self.check_all(configurations.IMAGES)

    def test_networks(self):
        self.check_all(configurations.NETWORKS)


@unittest.skipIf(exported.MISSING, exported.MISSING)
class Pytorch(Configurations, exported.Case):
    def check(self, spec, x, checkpoint, five):
        self.compare_model(checkpoint, x[:5], five)

    def test_trained_demo(self):
        self.assertEqual(harness.run(["demo-data", self.path("demo.h5")]).returncode, 0)
        with h5py.File(self.path("demo.h5")) as f:
            x = f["test/images"][:100]
        config = self.write("demo.yaml", harness.run(["train", "--print-config"]).stdout)
        self.compare_model(self.trained(config, ["--train.epochs=1"]), x, f"{self.path('demo.h5')}:test[0:100]")


class Onnx(Configurations, onnx_case.OnnxCase):
    def check(self, spec, x, checkpoint, five):
        expected = self.predict(checkpoint, five)
        path = self.export(checkpoint, flags=["--probabilities"] if "probabilities" in expected else [])
        shape = onnx_case.onnx.load(path).graph.input[0].type.tensor_type.shape
        x = x.reshape(len(x), *[d.dim_value for d in shape.dim[1:]])  # images without an axis of channels have one
        found = self.check_outputs(path, x, expected)
        self.assertIn("predicted" if spec[2] in ("values", None) else "probabilities", found)


class All(unittest.TestCase):
    def test_no_configuration_is_left_out(self):
        self.assertEqual(configurations.names_of_files(), {*configurations.TABLES, *configurations.IMAGES, *configurations.NETWORKS})


if __name__ == "__main__":
    unittest.main()
