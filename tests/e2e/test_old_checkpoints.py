"""Checkpoints of version 2, written by the program of that time, resume at any number of ranks to the same bits.

version2/cnn.h5 is step 6 of 16 of two convolutions with dropout, limited outputs and momentum, version2/mlp.h5 step 6 of 12 of a
perceptron with AdamW and a clipped gradient; both were saved in the middle of an epoch, on one rank. The perceptron ends in the bits
of that program. The slices of the CNN have 6 samples, which stood in 16 lanes then: the gradients of its weights are now added in
another order.
"""
import os
import unittest

import h5py
import harness

OLD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "version2")
ENDS = {"cnn": "66053233d48528fe", "mlp": "b1f6f703f979f137"}


class OldCheckpoints(harness.Case):
    def test_they_resume_to_the_same_bits(self):
        for name, weights in ENDS.items():
            for ranks in (1, 2, 4) if name == "cnn" else (1, 2):
                with self.subTest(checkpoint=name, ranks=ranks):
                    folder = self.path(f"{name}{ranks}")
                    done = harness.run(["train", "--resume", f"{OLD}/{name}.h5", "-o", folder], ranks)
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    self.assertIn(f"weights hash {weights}", done.stdout + done.stderr)
                    with h5py.File(os.path.join(folder, "checkpoints", "final.h5")) as f:
                        self.assertEqual(f.attrs["version"], 3)

    def test_they_predict(self):
        done = harness.run(["predict", f"{OLD}/cnn.h5", "--data", "synthetic:2x9x8:4:30", "--out", self.path("p.h5")])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with h5py.File(self.path("p.h5")) as f:
            self.assertEqual(f["logits"].shape, (30, 4))
            self.assertLessEqual(abs(f["logits"][:]).max(), 2)  # train.clip_logits

    def test_another_model_is_refused(self):
        config = self.write("other.yaml", "data: {train: \"synthetic:2x9x8:4:90\", val: \"synthetic:2x9x8:4:30\"}\n"
                            "model: {layers: [{linear: 4}]}\ntrain: {batch: 24, virtual_ranks: 4}\n")
        done = harness.run(["train", config, "--resume", f"{OLD}/cnn.h5", "-o", self.path("other")])
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
