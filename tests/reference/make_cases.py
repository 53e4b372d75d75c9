"""Small reference cases for the C tests, one text file per subject: layers, activations, loss, schedules, optimizers, metrics.

The format is read with fscanf("%s") and fscanf("%lf") alone:

    case NAME                  a case, up to the line "end"
    WORD RANK DIM... VALUE...  an array: RANK sizes, then their product of values, row-major; a number has RANK 0
    end

Arrays have PyTorch's order (N first). Inputs are float32 numbers, written so that they read back exactly; results were
computed in float64 from them.

layers.txt      conv2d, maxpool2d, avgpool2d (PyTorch's defaults: padding counts in the average): `kernel stride padding`,
                `x [N,C,H,W]`, `weight`, `bias` (conv2d), `y`, and for the upstream gradient `dy`: `dx`, `dweight`, `dbias`
activations.txt every activation: its arguments where they are not the default, `x y dy dx [N,C,H,W]`, the last two sizes 1 where
                PyTorch got (N,C); softmax over dim=1
convolutions.txt convolutions and their transposes, told in cases_convolutions.py
norms.txt       layers that normalise, told in cases_norms.py
spatial.txt     poolings, upsample, pad and crop, and layers with parameters of channels: arguments by name (a choice by its
                position), of a number, of axes or of axes x sides; `like`, a second input of which the shape counts; `x [N,C,...]`,
                parameters by name, `y dy dx`, and gradients of parameters, `dweight`
losses.txt      every loss, told in cases_loss.py
positions.txt   losses of labels with positions, told in cases_positions.py
loss.txt        cross entropy: `logits [N,K]`, `labels [N]`, `loss [N]` of each sample, `gradient [N,K]` of their SUM, `predicted [N]`
schedules.txt   `lr steps_per_epoch epochs`, the arguments (`warmup_epochs`, ...), `rates [total steps]`, `momenta` where they cycle. Warm-up: lr (s+1)/w in step s of
                the w warm-up steps, then the schedule from its start; onecycle is OneCycleLR throughout. reduce_on_plateau also:
                `metrics [epochs]`, `higher` (is better); it starts with the first epoch that does not end in the warm-up
reports.txt     has a format of its own, told in cases_report.py
optimizers.txt  a case `inputs`: `params [37]`, `grads [S,37]`, for the cases behind it: the arguments, `result [37]` after the S steps,
                and the state that PyTorch then has, by PyTorch's names
metrics.txt     by name, what sklearn_metrics.py finds of `confusion [K,K]` (true, predicted); or of `outputs [N,K]`, whose meaning
                `output` is a number of enum loss_output: of classes with `labels [N] top_k ignore`, of labels with `targets [N,K]
                threshold`, of values with `targets [N,K]` and `mean [K]`, `std [K]` from stored to original units
"""
import sys
import warnings

import numpy as np
import torch
from torch.nn import functional as F

import cases
import cases_activations
import cases_convolutions
import cases_loss
import cases_metrics
import cases_norms
import cases_optim
import cases_positions
import cases_report
import cases_spatial
from cases import Cases, draw, generator, gradients


def layers():
    file, random = Cases("layers.txt"), generator(1)
    for n, cin, cout, h, w, k, s, p in [(3, 1, 1, 5, 5, 1, 1, 0), (2, 1, 6, 9, 7, 5, 1, 0), (3, 2, 3, 7, 9, 3, 2, 1),
                                        (1, 3, 17, 6, 5, 2, 1, 1), (2, 4, 5, 8, 7, 4, 3, 2), (2, 5, 2, 5, 5, 5, 2, 2),
                                        (2, 16, 6, 4, 5, 3, 1, 1), (17, 2, 2, 3, 3, 3, 1, 0), (1, 7, 1, 1, 1, 1, 1, 0)]:
        x, weight, bias = draw(random, n, cin, h, w), draw(random, cout, cin, k, k), draw(random, cout)
        y, dy, (dx, dweight, dbias) = gradients(lambda x, w, b: F.conv2d(x, w, b, stride=s, padding=p), [x, weight, bias],
                                                random=random)
        file.case("conv2d", kernel=k, stride=s, padding=p, x=x, weight=weight, bias=bias, y=y, dy=dy, dx=dx,
                  dweight=dweight, dbias=dbias)
    for n, c, h, w, k, s, p in [(2, 1, 4, 4, 2, 2, 0), (3, 2, 5, 7, 2, 2, 0), (2, 3, 7, 5, 3, 2, 1), (2, 1, 6, 6, 3, 1, 1),
                                (1, 2, 9, 8, 4, 3, 2), (17, 1, 3, 3, 3, 3, 0), (2, 2, 5, 5, 1, 1, 0), (2, 1, 8, 8, 5, 3, 0)]:
        ties = random.integers(-1, 2, (n, c, h, w)).astype(np.float32)  # three values only: ties in every window
        pool = dict(kernel=k, stride=s, padding=p)
        y, dy, (dx,) = gradients(lambda x: F.max_pool2d(x, k, s, p), [ties], random=random)
        file.case("maxpool2d", **pool, x=ties, y=y, dy=dy, dx=dx)
        x = draw(random, n, c, h, w)
        y, dy, (dx,) = gradients(lambda x: F.avg_pool2d(x, k, s, p), [x], random=random)
        file.case("avgpool2d", **pool, x=x, y=y, dy=dy, dx=dx)
    file.write()


def loss():
    file, random = Cases("loss.txt"), generator(2)
    sets = [("small", draw(random, 5, 3)), ("two_classes", draw(random, 4, 2)), ("one_class", draw(random, 3, 1)),
            ("equal", np.zeros((3, 10), np.float32)), ("far_apart", 100 * draw(random, 6, 4)),
            ("huge", 1e30 * draw(random, 4, 5)), ("offset", draw(random, 4, 6) + np.float32(1e4)),
            ("tiny_tail", np.array([[0, -80, -90, -104], [88, 0, -88, 1], [-1e4, -1e4, -1e4, 0]], np.float32)),
            ("many", draw(random, 17, 37))]
    for name, logits in sets:
        labels = random.integers(0, logits.shape[1], len(logits))
        values, _, (gradient,) = gradients(lambda z: F.cross_entropy(z, torch.from_numpy(labels), reduction="none"), [logits],
                                           dy=np.ones(len(logits), np.float32))
        file.case(name, logits=logits, labels=labels, loss=values, gradient=gradient,
                  predicted=torch.from_numpy(logits).argmax(1))
    file.write()


def main(folder=None, seed=0):
    """Into this folder, or into another one from other random numbers, for a live comparison (parity/test_live_references.py)."""
    cases.FOLDER, cases.SEED = folder or cases.FOLDER, seed
    warnings.filterwarnings("ignore")
    layers()
    cases_activations.activations()
    cases_convolutions.convolutions()
    cases_spatial.spatial()
    cases_norms.norms()
    loss()
    cases_loss.losses()
    cases_positions.positions()
    cases_optim.schedules()
    cases_optim.optimizers()
    cases_metrics.metrics()
    cases_report.write()


if __name__ == "__main__":
    main(*sys.argv[1:2], *map(int, sys.argv[2:3]))
