"""report.html in headless Chromium: no script fails, nothing overflows, and what it shows is what the run's files say."""
# processors: 2
import html
import json
import os
import re
import shutil
import subprocess
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CONFIG = """
run: {{name: page}}
data: {{train: "{data}", val: "{data}", {more}}}
model:
  layers:
    {layers}
loss: {{name: {loss}}}
train: {{epochs: {epochs}, batch: 100}}
optim: {{name: adam, lr: 0.01}}
log: {{every_steps: 1}}
"""
# Says what went wrong, and how wide the page is, in attributes that --dump-dom shows.
PROBE = """<script>
addEventListener("error", e => { document.documentElement.dataset.failed = e.message; });
addEventListener("load", () => setTimeout(() => {
    document.documentElement.dataset.width = document.documentElement.scrollWidth;
    document.documentElement.dataset.room = document.documentElement.clientWidth;
    document.documentElement.dataset.evil = document.querySelectorAll("#evil").length;
}, 200));
</script>"""
EVIL = "</script><b id=evil>"


@harness.unittest.skipUnless(BROWSER, "no Chromium here")
class Report(harness.Case):
    def make(self, name, features, labels, layers, loss, names=None, epochs=2, more="normalize: none"):
        data = self.path(name + ".h5")
        with h5py.File(data, "w") as f:
            f["x"], f["y"] = features, labels
            if names:
                f.attrs["class_names"] = names
        config = self.write(name + ".yaml", CONFIG.format(data=data, layers="\n    ".join("- " + layer for layer in layers), loss=loss, epochs=epochs, more=more))
        return self.train(config, 2)

    def look(self, page, width=1024, dark=False):
        """The document after its scripts have run in a window of this width."""
        with open(page, encoding="utf-8") as f:
            text = f.read()
        self.assertIsNone(re.search(r"(src|href)=\"?https?:|@import|fetch\(", text), "the page needs a network")
        probed = self.write("probed.html", text.replace("<head>", "<head>" + PROBE, 1))
        command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={self.path('profile')}",
                   f"--window-size={width},900", "--virtual-time-budget=4000", *(["--blink-settings=preferredColorScheme=0"] if dark else []),
                   "--dump-dom", "file://" + probed]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "HOME": self.folder})
        self.assertNotIn("data-failed", done.stdout[:2000])
        seen = {name: int(re.search(rf'data-{name}="(\d+)"', done.stdout).group(1)) for name in ("width", "room", "evil")}
        self.assertEqual(seen["evil"], 0, "text of the run became a part of the page")
        self.assertLessEqual(seen["width"], seen["room"], f"the page overflows at {width} pixels")
        return html.unescape(done.stdout)

    def titles(self, dom):
        return re.findall(r"<h2>(.*?)</h2>", dom)

    def test_classes(self):
        """100 classes over 100 epochs stay below a megabyte; names of classes are text, never a part of the page."""
        random = np.random.default_rng(1)
        names = [EVIL] + [f"class number {i}" for i in range(1, 100)]
        run = self.make("classes", random.standard_normal((400, 6)).astype(np.float32), np.arange(400) % 100, ["linear: 100"], "cross_entropy", names, epochs=100)
        page = os.path.join(run.folder, "report.html")
        self.assertLess(os.path.getsize(page), 1e6)
        for width in (360, 1920):
            dom = self.look(page, width)
            self.assertEqual(self.titles(dom), ["Curves", "Results", "Time", "About this run"])
        self.assertEqual(len(re.findall(r"<td style=\"background", dom)), 100 * 100)
        self.assertTrue(run.done["weights_hash"] in dom)
        self.assertTrue('class="state complete">complete<' in dom)

    def test_other_tasks(self):
        """Labels, real values, labels per position; dark as well."""
        random = np.random.default_rng(2)
        x = random.standard_normal((200, 5)).astype(np.float32)
        images = random.standard_normal((120, 1, 8, 8)).astype(np.float32)
        for name, features, labels, layers, loss, word in (
                ("labels", x, (x[:, :3] > 0).astype(np.uint8), ["linear: 3"], "bce_with_logits", "labels"),
                ("values", x, np.stack([x.sum(1), x[:, 0]], 1), ["linear: 2"], "mse", "targets"),
                ("maps", images, (images[:, 0] > 0).astype(np.int64), ["conv2d: {out: 2, kernel: 3, padding: 1}"], "cross_entropy", "classes")):
            with self.subTest(task=name):
                run = self.make(name, features, labels, layers, loss)
                dom = self.look(os.path.join(run.folder, "report.html"), 1024, dark=True)
                self.assertEqual(self.titles(dom), ["Curves", "Results", "Time", "About this run"])
                self.assertTrue(f"<h3>{word}</h3>" in dom)
                with open(os.path.join(run.folder, "report.json")) as f:
                    metrics = json.load(f)["metrics"]
                for metric in metrics:
                    self.assertTrue(f"<td>{metric}</td>" in dom, metric)

    def test_runs_compared(self):
        random = np.random.default_rng(3)
        run = self.make("one", random.standard_normal((200, 5)).astype(np.float32), np.arange(200) % 3, ["linear: 3"], "cross_entropy")
        other = self.train(self.path("one.yaml"), 1, ["--optim.lr=0.02", "--log.report_every=1"])
        out = self.path("compared.html")
        for code, flags in ((0, []), (2, []), (0, ["--force"])):
            process = harness.run(["report", run.folder, other.folder, "--out", out, *flags])
            self.assertEqual(process.returncode, code, process.stderr)
        dom = self.look(out, 360)
        self.assertEqual(self.titles(dom), ["Runs", "Curves", "Results of run1", "Results of run2", "Time of run1", "Time of run2", "About run1", "About run2"])
        self.assertTrue("optim.lr</button>" in dom)
        self.assertTrue('<td class="best">' in dom)

    def test_a_run_that_ended_early(self):
        """A page of what there is: of a run that was stopped, without any evaluation, and where a file is damaged."""
        random = np.random.default_rng(4)
        run = self.make("early", random.standard_normal((200, 5)).astype(np.float32), np.arange(200) % 3, ["linear: 3"], "cross_entropy")
        folder = self.path("stopped")
        process = harness.run(["train", self.path("early.yaml"), "-o", folder, "--train.epochs=1000000", "--train.max_time=1s", "--data.val="], 2)
        self.assertEqual(process.returncode, 75, process.stderr)
        dom = self.look(os.path.join(folder, "report.html"))
        self.assertTrue('class="state saved">saved<' in dom)
        self.assertEqual(self.titles(dom)[0], "Curves")
        with open(os.path.join(run.folder, "report.json"), "w") as f:
            f.write("{")
        self.assertEqual(harness.run(["report", run.folder]).returncode, 0)
        self.assertEqual(self.titles(self.look(os.path.join(run.folder, "report.html"))), ["Curves", "Time", "About this run"])

    def test_a_long_run(self):
        """Of many epochs and steps some are shown; the best one is that of all."""
        random = np.random.default_rng(5)
        run = self.make("long", random.standard_normal((100, 3)).astype(np.float32), np.arange(100) % 2, ["linear: 2"], "cross_entropy", epochs=1500)
        page = os.path.join(run.folder, "report.html")
        self.assertLess(os.path.getsize(page), 2e6)
        dom = self.look(page)
        top = max(run.of_kind("eval"), key=lambda e: (e["accuracy"], -e["epoch"]))
        self.assertTrue(f"best val accuracy, epoch {top['epoch']}<" in dom)
        self.assertTrue("1500 of 1500" in dom)

    def test_refusals(self):
        process = harness.run(["report", self.folder])
        self.assertEqual((process.returncode, len(harness.error_lines(process.stderr))), (2, 1), process.stderr)
        self.assertIn("holds no run", process.stderr)


if __name__ == "__main__":
    harness.unittest.main()
