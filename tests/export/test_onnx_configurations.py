"""Every ready configuration, with fresh weights: onnxruntime gives what `ddp_train predict` writes."""
import unittest

import configurations
import onnx_case


class Configurations(configurations.Samples, onnx_case.OnnxCase):
    def check(self, name, spec):
        x = self.write_samples(name, *spec)
        checkpoint = self.train_ready(name)
        expected = self.predict(checkpoint, self.path("five.h5"))
        path = self.export(checkpoint, flags=["--probabilities"] if "probabilities" in expected else [])
        shape = onnx_case.onnx.load(path).graph.input[0].type.tensor_type.shape
        x = x.reshape(len(x), *[d.dim_value for d in shape.dim[1:]])  # images without an axis of channels have one
        found = self.check_outputs(path, x, expected)
        self.assertIn("predicted" if spec[2] in ("values", None) else "probabilities", found)

    def check_all(self, specs):
        for name, spec in specs.items():
            with self.subTest(name):
                self.check(name, spec)

    def test_tables(self):
        self.check_all(configurations.TABLES)

    def test_images(self):
        self.check_all(configurations.IMAGES)

    def test_networks(self):
        self.check_all(configurations.NETWORKS)


if __name__ == "__main__":
    unittest.main()
