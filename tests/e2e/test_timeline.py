"""The timeline of a run: valid, one track per rank, complete, and properly nested."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

CONFIG = """\
data: {train: "synthetic:1x12x12:10:640", val: "synthetic:1x12x12:10:64"}
model:
  layers:
    - conv2d: {out: 8, kernel: 3}
    - relu
    - maxpool2d: 2
    - linear: 10
train: {epochs: 2, batch: 32, virtual_ranks: 4}
"""
PHASES = ["data", "params", "forward", "loss", "backward", "sum", "collect", "update"]
LAYERS = ["conv2d 0", "relu 1", "maxpool2d 2", "linear 3"]


class Timeline(harness.Case):
    def record(self, ranks, *flags):
        """The events of a run, by rank."""
        path = self.path("timeline.json")
        harness.Run(self.write("c.yaml", CONFIG), self.path("run"), ranks, ["--timeline", path, *flags])
        with open(path) as f:
            events = json.load(f)["traceEvents"]
        self.assertFalse([name for name in os.listdir(self.folder) if ".tmp" in name])
        self.assertEqual([e["args"]["lost"] for e in events if e["name"] == "trace"], [0])
        self.heads = [e for e in events if e["ph"] == "M"]
        tracks = {}
        for event in events:
            if event["ph"] == "X":
                tracks.setdefault((event["pid"], event["tid"]), []).append(event)
        return tracks

    def check_nesting(self, events):
        """Of any two events one lies in the other, or they are apart; to the nanosecond that is written."""
        stack = []
        for event in sorted(events, key=lambda e: (e["ts"], -e["dur"])):
            start, end = event["ts"], event["ts"] + event["dur"]
            while stack and stack[-1] <= start + 0.002:
                stack.pop()
            if stack:
                self.assertLessEqual(end, stack[-1] + 0.002, event)
            stack.append(end)

    def check_phases(self, events):
        """Every phase is there, and together they are the step: nothing of it goes unnamed. Between two phases a busy machine
        may take the core away, so the step that lost least has to show it."""
        for phase in PHASES:
            self.assertIn(phase, [e["name"] for e in events if e["cat"] == "phase"])
        shares = []
        for step in (e for e in events if e["cat"] == "step"):
            end = step["ts"] + step["dur"]
            inside = [e for e in events if e["cat"] == "phase" and e["name"] in PHASES and step["ts"] <= e["ts"] < end]
            shares.append(sum(e["dur"] for e in inside) / step["dur"])
        self.assertLessEqual(max(shares), 1.001)  # times are written in nanoseconds
        self.assertGreater(max(shares), 0.7)

    def test_window_of_steps(self):
        tracks = self.record(2, "--timeline-steps=15:10")
        self.assertEqual(set(tracks), {(0, 0), (0, 1)})
        self.assertEqual(sum(e["name"] == "thread_name" for e in self.heads), 2)
        for events in tracks.values():
            names = [e["name"] for e in events]
            self.assertEqual([n for n in names if n.startswith("step")], [f"step {s}" for s in range(15, 25)])
            for layer in LAYERS:
                self.assertEqual(names.count(f"{layer} forward"), names.count("forward"))
                self.assertEqual(names.count(f"{layer} backward"), names.count("backward"))
            self.assertEqual(names.count("evaluation"), 1)  # between epochs, that is steps 19 and 20
            self.assertGreaterEqual(names.count("forward"), 10)
            self.check_nesting(events)
            self.check_phases(events)

    def test_ranks_start_together(self):
        tracks = self.record(2)
        starts = [[e["ts"] for e in events if e["cat"] == "step"] for events in tracks.values()]
        ends = [[e["ts"] + e["dur"] for e in events if e["cat"] == "step"] for events in tracks.values()]
        for step in range(len(starts[0])):  # no rank is a whole step ahead of another
            if step:
                self.assertGreater(min(s[step] for s in starts), max(s[step - 1] for s in starts))
                self.assertGreater(min(e[step] for e in ends), max(s[step] for s in starts))

    def test_several_nodes(self):
        tracks = self.record(3, "--sync.ranks_per_node=2", "--train.virtual_ranks=4")
        self.assertEqual(set(tracks), {(0, 0), (0, 1), (1, 2)})

    def test_virtual_ranks_without_samples(self):
        """They cost no pass: of four two have a sample."""
        tracks = self.record(None, "--train.virtual_ranks=4", "--train.batch=2", "--timeline-steps=15:3")
        names = [e["name"] for e in tracks[0, 0]]
        self.assertEqual((names.count("forward"), names.count("backward")), (6, 6))

    def test_short_run(self):
        tracks = self.record(None, "--timeline-steps", "38:100")
        self.assertEqual([e["name"] for e in tracks[0, 0] if e["cat"] == "step"], ["step 38", "step 39"])

    def test_wrong_flags(self):
        config = self.write("c.yaml", CONFIG)
        for flags in (["--timeline-steps", "5"], ["--timeline-steps", "5:0"], ["--timeline-steps=-1:5"]):
            done = harness.run(["train", config, "-o", self.path("no"), "--timeline", self.path("t.json"), *flags])
            self.assertEqual(done.returncode, 2)
        done = harness.run(["train", config, "-o", self.path("no"), "--timeline-steps", "10:20"])
        self.assertEqual(done.returncode, 2)
        done = harness.run(["train", config, "-o", self.path("no"), "--timeline", self.path("no/such/folder.json")], 2)
        self.assertEqual(done.returncode, 1)
        self.assertFalse(os.path.exists(self.path("no")))


if __name__ == "__main__":
    unittest.main()
