"""Resuming where something is unusual: another batch in the middle of an epoch, no val set, no epochs, folders of others, words that contradict."""
# processors: 2
import json
import os
import shutil
import unittest

import harness

from resumed import CONFIG, CONFIGURATION, Case, events, figures, setUpModule, weights  # noqa: F401


def cut_last_line(run):
    """As if the run had been killed before its end was told. Returns that line."""
    with open(os.path.join(run, "metrics.jsonl"), "r+") as f:
        lines = f.readlines()
        f.truncate(sum(map(len, lines[:-1])))
    return json.loads(lines[-1])


class Edges(Case):
    def told_again(self, config, *flags):
        """The end of a run that was killed before it told it."""
        with open(self.path("c.yaml"), "w") as f:
            f.write(config)
        self.done("c.yaml", "-o", "run", *flags)
        run = self.path("run")
        before, end = figures(run), cut_last_line(run)
        self.done("c.yaml", "-o", "run", "--resume", "auto", *flags, ranks=2)
        again = events(run)[-1]
        self.assertEqual(again["kind"], "done")
        self.assertEqual({k: v for k, v in again.items() if k not in harness.TIMES},
                         {k: v for k, v in end.items() if k not in harness.TIMES})
        return before, figures(run)

    def test_end_without_a_val_set(self):
        self.assertEqual(*self.told_again(CONFIG.replace(', val: "synthetic:1x8x8:4:100"', "")))

    def test_end_of_no_epochs(self):
        before, after = self.told_again(CONFIG, "--train.epochs=0")
        self.assertEqual(after, before)

    def test_another_batch_within_an_epoch(self):
        """The steps are those of the rest: no more than the schedule has, and the run can be taken up again."""
        run = self.copy(self.three)
        self.done("c.yaml", "-o", run, "--overwrite", "--checkpoint.keep=100", "--schedule.name=linear")
        for step in (3, 6, 9, 12, 15):
            with self.subTest(step=step):
                other = self.path(f"other{step}")
                flags = ("c.yaml", "--train.batch=128", "--schedule.name=linear", "--resume-override")
                self.done(*flags, "-o", other, "--resume", self.checkpoint(run, f"step-{step:09d}.h5"))
                steps = [e["step"] for e in events(other) if e["kind"] == "step"]
                self.assertEqual(steps[-1], 12)  # three epochs of four
                self.assertEqual(steps, list(range(steps[0], 13)))
                self.assertIn("already complete", self.done(*flags[:3], "-o", other, "--resume", "auto").stdout)

    def test_fewer_epochs_than_have_begun(self):
        run = self.copy(self.three)
        self.done("c.yaml", "-o", run, "--overwrite", "--checkpoint.keep=100")
        self.only(run, "step-000000012.h5")
        self.fails(CONFIGURATION, ("step-000000012.h5", "in the middle of epoch 2", "train.epochs"), "c.yaml", "-o", run, "--resume",
                   "auto", "--train.epochs=1")

    def test_layers_that_are_gone(self):
        run = self.copy(self.two)
        with open(self.path("c.yaml"), "w") as f:
            f.write(CONFIG.replace("    - relu\n    - linear: 4\n", ""))
        self.fails(CONFIGURATION, ("final.h5", "do not fit this model", "--init-from"), "c.yaml", "-o", run, "--resume", "auto",
                   "--resume-override", "--train.epochs=3")

    def test_a_val_set_that_is_new(self):
        with open(self.path("c.yaml"), "w") as f:
            f.write(CONFIG.replace(', val: "synthetic:1x8x8:4:100"', ""))
        self.done("c.yaml", "-o", "run", "--train.epochs=2")
        self.write("c.yaml", CONFIG)
        self.fails(CONFIGURATION, ("started without a validation set",), "c.yaml", "-o", "run", "--resume", "auto")
        self.done("c.yaml", "-o", "run", "--resume", "auto", "--resume-override")

    def test_the_best_of_a_new_folder(self):
        """The best so far stays behind, and so does its value: nothing in the new folder could be called best.h5."""
        self.done("c.yaml", "--resume", self.two, "-o", "new", "--optim.lr=1e-30", "--resume-override")
        self.assertTrue(os.path.exists(self.checkpoint(self.path("new"), "best.h5")))

    def test_folders_of_others(self):
        """Asking whether there is a run does not make one of them."""
        os.mkdir(self.path("mine"))
        self.write("mine/config.yaml", CONFIG)
        self.fails(3, ("has no checkpoint",), "--resume", "mine")
        self.fails(CONFIGURATION, ("is not a run directory", "config.yaml"), "mine/config.yaml", "-o", "mine", "--resume", "auto")
        with open(self.path("mine/config.yaml")) as f:
            self.assertEqual(f.read(), CONFIG)

    def test_overwrite_of_what_goes_on(self):
        run = self.copy(self.two)
        for path in (run, self.checkpoint(run, "final.h5")):
            self.fails(CONFIGURATION, ("--overwrite",), "c.yaml", "--resume", path, "--overwrite")
        self.done("c.yaml", "--resume", run, "-o", "new")
        self.done("c.yaml", "--resume", run, "-o", "new", "--overwrite")
        self.assertEqual(weights(self.path("new")), weights(self.three))

    def test_files_that_only_look_alike(self):
        run = self.copy(self.two)
        for name in ("mine.h5.tmp.1", "last.h5.tmp.1"):
            shutil.copy(self.checkpoint(run, "last.h5"), self.checkpoint(run, name))
        self.done("c.yaml", "-o", run, "--resume", "auto")
        self.assertTrue(os.path.exists(self.checkpoint(run, "mine.h5.tmp.1")))
        self.assertFalse(os.path.exists(self.checkpoint(run, "last.h5.tmp.1")))


if __name__ == "__main__":
    unittest.main()
