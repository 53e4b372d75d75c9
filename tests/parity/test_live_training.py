"""Twenty steps with frozen and grouped parameters, limited rows, cycled momentum and averaged weights, against the PyTorch that is
installed: networks, data and bound are those of test_live_steps.py.
"""
import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..", "reference")]
import counter_random  # noqa: E402
import harness  # noqa: E402
import test_live_steps as steps  # noqa: E402
from test_live_steps import BATCH, CLASSES, FACTOR, FELT, MISSING, SEED, SIDE, STEPS, ULP  # noqa: E402

CONFIG = """
run: {{name: training, seed: {seed}}}
data: {{train: "synthetic:1x{side}x{side}:{classes}:{samples}", normalize: none}}
model:
  freeze: {freeze}
  layers:
{layers}
train: {{epochs: {epochs}, batch: {batch}, shuffle: false{train}}}
optim: {{{optim}}}
schedule: {{{schedule}}}
"""

if not MISSING:
    import torch
    from torch import nn
    from torch.optim import lr_scheduler as S
    from torch.optim.swa_utils import SWALR, AveragedModel

    from cases_optim import Lamb

    def limit_rows(c, which=lambda name: True):
        def after(net):
            for name, w in net.named_parameters():
                if w.dim() > 1 and which(name):
                    w.copy_(torch.renorm(w, 2, 0, c))
        return after

    def every(p, **options):
        return torch.optim.SGD(p.parameters(), 0.1, momentum=0.9, weight_decay=0.1, **options)

    def grouped(net):
        first, *others = net.parameters()
        biases = [p for p in others if p.dim() == 1]
        weights = [p for p in others if p.dim() > 1]
        return torch.optim.SGD([{"params": [first], "lr": 0.02, "weight_decay": 0.1}, {"params": biases, "weight_decay": 0},
                                {"params": weights, "weight_decay": 0.1}], 0.1, momentum=0.9)

    def frozen(net):
        for p in list(net.parameters())[:2]:
            p.requires_grad_(False)
        return torch.optim.SGD([p for p in net.parameters() if p.requires_grad], 0.1, momentum=0.9, weight_decay=0.1)

    def moving(decay, warm=False):
        """The average of torch.optim.swa_utils.get_ema_avg_fn, with TensorFlow's warm-up."""
        def average(mean, w, count):
            keep = min(decay, (1 + count.item()) / (10 + count.item())) if warm else decay
            return keep * mean + (1 - keep) * w
        return average

    SGD = "name: sgd, lr: 0.1, momentum: 0.9, weight_decay: 0.1"
    # `make` an optimizer of a network; `schedule`, stepped after each step; `after` a step, on the network; what it is compared
    # with, to see that the case is felt, is `plain`.
    CASES = {
        "rows": dict(optim=SGD + ", max_norm: 0.4", make=every, after=limit_rows(0.4)),
        "some rows": dict(optim=SGD + ", max_norm: 0.3, max_norm_match: \"00*\"", make=every,
                          after=limit_rows(0.3, lambda name: name.startswith(("0.", "1.weight")))),
        "groups": dict(optim=SGD + ", groups: [{match: \"*bias\", weight_decay: 0}, {match: \"00*weight\", lr: 0.2}]", make=grouped),
        # LAMB as apex has it limits the norm of all gradients to 1 first
        "lamb, limited": dict(optim="name: lamb, lr: 0.0055, weight_decay: 0.01", train=", clip_norm: 0.5", norm=0.5,
                              make=lambda net: Lamb(net.parameters(), 0.0055, (0.9, 0.999), 1e-6, 0.01)),
        "frozen": dict(optim=SGD, freeze="\"00*\"", make=frozen, train=", clip_norm: 0.3", norm=0.3),
        "one cycle": dict(optim="name: sgd, lr: 0.3, momentum: 0.5", schedule="name: onecycle, cycle_momentum: true, div_factor: 5",
                          make=lambda net: torch.optim.SGD(net.parameters(), 0.3, momentum=0.5),
                          scheduled=lambda o: S.OneCycleLR(o, 0.3, STEPS, div_factor=5)),
        "one cycle, adam": dict(optim="name: adam, lr: 0.01, eps: 1.0e-3", schedule="name: onecycle, cycle_momentum: true",
                                make=lambda net: torch.optim.Adam(net.parameters(), 0.01, eps=1e-3),
                                scheduled=lambda o: S.OneCycleLR(o, 0.01, STEPS)),
        "cyclic": dict(optim="name: sgd, lr: 0.1, momentum: 0.5",
                       schedule="name: cyclic, base_lr: 0.02, max_lr: 0.3, step_size_up: 4, step_size_down: 3, mode: triangular2",
                       make=lambda net: torch.optim.SGD(net.parameters(), 0.1, momentum=0.5),
                       scheduled=lambda o: S.CyclicLR(o, 0.02, 0.3, 4, 3, "triangular2")),
        "restarts": dict(optim="name: sgd, lr: 0.3, momentum: 0.5", schedule="name: cosine_restarts, t_0: 3, t_mult: 2, unit: step",
                         make=lambda net: torch.optim.SGD(net.parameters(), 0.3, momentum=0.5),
                         scheduled=lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2)),
        "decay by step": dict(optim="name: sgd, lr: 0.3, momentum: 0.5", schedule="name: step, step_size: 5, gamma: 0.3, unit: step",
                              make=lambda net: torch.optim.SGD(net.parameters(), 0.3, momentum=0.5),
                              scheduled=lambda o: S.StepLR(o, 5, 0.3)),
        # averages: `averaged` after how many steps, from which epoch on and how; `swa` the rate after that
        "ema": dict(optim=SGD, train=", ema: 0.9", make=every, average=(1, 1, moving(0.9))),
        "ema, warmed": dict(optim=SGD, train=", ema: 0.99, ema_warmup: true, ema_every: 3", make=every,
                            average=(3, 1, moving(0.99, True))),
        "swa": dict(optim=SGD, epochs=5, train=", swa: 3", make=every, average=(STEPS, 3, None)),
        "swa, rate": dict(optim=SGD, epochs=6, train=", swa: 2, swa_lr: 0.2, swa_anneal_epochs: 3", make=every,
                          schedule="name: exponential, gamma: 0.5", average=(STEPS, 2, None),
                          annealed=lambda o: (S.ExponentialLR(o, 0.5), SWALR(o, 0.2, 3))),
        "swa, linear": dict(optim=SGD, epochs=4, train=", swa: 2, swa_lr: 0.2, swa_anneal: linear, swa_anneal_epochs: 2",
                            make=every, average=(STEPS, 2, None), annealed=lambda o: (S.ExponentialLR(o, 1), SWALR(o, 0.2, 2, "linear"))),
    }


def train(layers, case, dtype, mkldnn=True, felt=True):
    """The final parameters, float64 numpy; without what the case is about if it shall not be felt."""
    x, y = counter_random.synthetic(BATCH * STEPS, (1, SIDE, SIDE), CLASSES)
    x, y = torch.from_numpy(x).to(dtype), torch.from_numpy(y)
    net = steps.build(layers, dtype)
    plain = "scheduled" not in case and not felt
    every_steps, first_epoch, average = case.get("average", (0, 0, None))
    averaged = AveragedModel(net, avg_fn=average) if every_steps and felt else None
    optimizer = every(net) if plain else case["make"](net)
    schedule = case["scheduled"](optimizer) if felt and "scheduled" in case else None
    plan, anneal = case["annealed"](optimizer) if felt and "annealed" in case else (None, None)
    with torch.backends.mkldnn.flags(enabled=mkldnn):
        for step in range(STEPS * case.get("epochs", 1)):
            i, epoch = step % STEPS, step // STEPS + 1
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[i * BATCH:][:BATCH]), y[i * BATCH:][:BATCH]).backward()
            if "norm" in case:
                nn.utils.clip_grad_norm_([p for p in net.parameters() if p.requires_grad], case["norm"])
            optimizer.step()
            with torch.no_grad():
                if felt and "after" in case:
                    case["after"](net)
            if averaged and epoch >= first_epoch and (step + 1) % every_steps == 0:
                averaged.update_parameters(net)
            if schedule and i + 1 < STEPS:
                schedule.step()
            if plan and i + 1 == STEPS:
                (anneal if epoch >= first_epoch else plan).step()
    return [p.detach().double().contiguous().numpy() for p in (averaged.module if averaged else net).parameters()]


@unittest.skipIf(MISSING, MISSING)
class LiveTraining(harness.Case):
    def run_program(self, network, case, ranks, more):
        layers = "\n".join(f"    - {layer}" for layer in steps.NETWORKS[network][0])
        config = self.write("config.yaml", CONFIG.format(
            seed=SEED, side=SIDE, classes=CLASSES, samples=BATCH * STEPS, layers=layers, batch=BATCH, freeze=case.get("freeze", "[]"),
            train=more + case.get("train", ""), optim=case["optim"], epochs=case.get("epochs", 1), schedule=case.get("schedule", "name: constant")))
        found = harness.tensors(self.train(config, ranks).final, "average" if "average" in case else "model")
        return [found[name] for name in sorted(found, key=lambda n: (n.split("/")[0], n.endswith("bias")))]

    def compare(self, network, name):
        layers, case = steps.NETWORKS[network][1], CASES[name]
        truth = train(layers, case, torch.float64)
        felt = steps.distance(train(layers, case, torch.float64, felt=False), truth)
        float32 = [train(layers, case, torch.float32, mkldnn) for mkldnn in (True, False)]
        bound = FACTOR * max(steps.distance(run, truth) for run in float32) + ULP * steps.distance(truth, [0] * len(truth))
        self.assertGreater(felt, FELT * bound, "the case is not felt")
        for ranks, more in ((1, ", virtual_ranks: 2"), (3, ", virtual_ranks: 4, accumulate: 2")):
            weights = self.run_program(network, case, ranks, more)
            self.assertEqual([w.shape for w in weights], [t.shape for t in truth])
            mine = steps.distance(weights, truth)
            print(f"{network} {name} np {ranks}: apart {mine:.1e}, allowed {bound:.1e}, the case moves {felt:.1e}")
            self.assertLessEqual(mine, bound)

    def test_every_case(self):
        for case in CASES:
            for network in steps.NETWORKS:
                with self.subTest(network=network, case=case):
                    self.compare(network, case)


@unittest.skipIf(MISSING, MISSING)
class LiveStatistics(harness.Case):
    """train.swa with batch norm: the averaged weights and their statistics, which torch.optim.swa_utils.update_bn measures. One virtual
    rank, as PyTorch normalises with the whole batch."""

    LAYERS = ["conv2d: {out: 4, kernel: 3}", "batchnorm", "relu", "linear: 24", "batchnorm", "relu", "linear: 10"]

    def reference(self, weights, dtype, mkldnn, renew=True):
        """By name of the program, float64 numpy."""
        x, y = counter_random.synthetic(BATCH * STEPS, (1, SIDE, SIDE), CLASSES)
        batches = list(zip(torch.from_numpy(x).to(dtype).split(BATCH), torch.from_numpy(y).split(BATCH)))
        net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Sequential(nn.Flatten(), nn.Linear(400, 24)),
                            nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 10)).to(dtype)
        places = {0: net[0], 1: net[1], 3: net[3][1], 4: net[4], 6: net[6]}
        for name, value in weights.items():
            layer, tensor = name.split("/")
            getattr(places[int(layer[:2])], tensor).data.copy_(torch.from_numpy(value))
        optimizer, averaged = torch.optim.SGD(net.parameters(), 0.05, momentum=0.9), AveragedModel(net)
        with torch.backends.mkldnn.flags(enabled=mkldnn):
            for epoch in range(1, 4):
                for inputs, labels in batches:
                    optimizer.zero_grad()
                    nn.functional.cross_entropy(net(inputs), labels).backward()
                    optimizer.step()
                if epoch >= 2:
                    averaged.update_parameters(net)
            if renew:
                torch.optim.swa_utils.update_bn(batches, averaged)
            else:
                for mine, its in zip(averaged.module.buffers(), net.buffers()):
                    mine.copy_(its)
        found = averaged.module
        places = {0: found[0], 1: found[1], 3: found[3][1], 4: found[4], 6: found[6]}
        return [getattr(places[int(name[:2])], name.split("/")[1]).detach().double().numpy() for name in sorted(weights)]

    def test_update_bn(self):
        layers = "\n".join(f"    - {layer}" for layer in self.LAYERS)
        config = self.write("config.yaml", CONFIG.format(
            seed=SEED, side=SIDE, classes=CLASSES, samples=BATCH * STEPS, layers=layers, batch=BATCH, freeze="[]", epochs=3,
            train=", virtual_ranks: 1, swa: 2", optim="name: sgd, lr: 0.05, momentum: 0.9", schedule="name: constant"))
        weights = harness.tensors(self.train(config, 1, ["--train.epochs=0"]).final)
        truth = self.reference(weights, torch.float64, True)
        felt = steps.distance(self.reference(weights, torch.float64, True, renew=False), truth)
        float32 = [self.reference(weights, torch.float32, mkldnn) for mkldnn in (True, False)]
        bound = FACTOR * max(steps.distance(run, truth) for run in float32) + ULP * steps.distance(truth, [0] * len(truth))
        self.assertGreater(felt, FELT * bound)
        found = harness.tensors(self.train(config, 1).final, "average")
        self.assertEqual(sorted(found), sorted(weights))
        mine = steps.distance([found[name] for name in sorted(found)], truth)
        print(f"update_bn: apart {mine:.1e}, allowed {bound:.1e}, the statistics of training are {felt:.1e} away")
        self.assertLessEqual(mine, bound)


if __name__ == "__main__":
    unittest.main()
