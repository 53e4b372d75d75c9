"""Optimizers and schedules as PyTorch has them: optimizers.txt, schedules.txt (told in make_cases.py)."""
import numpy as np
import torch
from torch.optim import lr_scheduler as S

from cases import Cases, draw


def rates(make, total, lr):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr)
    schedule = make(optimizer)
    out = []
    for i in range(total):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if i + 1 < total:
            schedule.step()
    return np.array(out)


def warmed(optimizer, steps, after):
    """`steps` steps of linear warm-up, lr/steps .. lr, then the schedule made by `after`."""
    if steps == 0:
        return after(optimizer)
    warmup = S.LinearLR(optimizer, 1 / steps, 1.0, total_iters=steps - 1)
    return S.SequentialLR(optimizer, [warmup, after(optimizer)], [steps])


def schedules():
    file = Cases("schedules.txt")
    for lr, spe, epochs, warm in [(0.1, 7, 6, 0), (0.3, 5, 4, 2), (0.05, 13, 3, 1)]:
        total, w = spe * epochs, warm * spe
        base = dict(lr=lr, steps_per_epoch=spe, epochs=epochs)
        part = w / total if warm else 0.3
        file.case("onecycle", **base, warmup_epochs=warm,
                  rates=rates(lambda o: S.OneCycleLR(o, lr, total_steps=total, pct_start=w / total if warm else 0.3), total, lr))
        for least in (0.0, 0.01):
            file.case("cosine", **base, warmup_epochs=warm, min_lr=least,
                      rates=rates(lambda o: warmed(o, w, lambda o: S.CosineAnnealingLR(o, total - w, least)), total, lr))
        file.case("constant", **base, warmup_epochs=warm,
                  rates=rates(lambda o: warmed(o, w, lambda o: S.ConstantLR(o, 1.0)), total, lr))
    # phases that end between two steps, the first within 1.5 steps
    file.case("onecycle", lr=0.1, steps_per_epoch=5, epochs=1, warmup_epochs=0,
              rates=rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=5), 5, 0.1))
    for every, gamma, warm in [(1, 0.5, 0), (2, 0.1, 0), (2, 0.1, 1), (10, 0.1, 0)]:
        file.case("step", lr=0.2, steps_per_epoch=4, epochs=6, warmup_epochs=warm, step_epochs=every, gamma=gamma,
                  rates=rates(lambda o: warmed(o, 4 * warm, lambda o: S.StepLR(o, 4 * every, gamma)), 24, 0.2))
    file.write()


def steps(params, grads, make):
    """The parameters after one step of the optimizer for each of the gradients."""
    p = torch.from_numpy(params).double().requires_grad_()
    optimizer = make([p])
    for g in grads:
        p.grad = torch.from_numpy(g).double()
        optimizer.step()
    return p


def optimizers():
    file, random = Cases("optimizers.txt"), np.random.default_rng(3)
    params, grads = draw(random, 37), draw(random, 10, 37)
    for lr, momentum, nesterov, decay in [(0.1, 0.0, 0, 0.0), (0.1, 0.9, 0, 0.0), (0.05, 0.9, 1, 0.0), (0.1, 0.0, 0, 0.01),
                                          (0.05, 0.9, 0, 5e-4), (0.05, 0.8, 1, 0.1)]:
        result = steps(params, grads, lambda p: torch.optim.SGD(p, lr, momentum, nesterov=bool(nesterov), weight_decay=decay))
        file.case("sgd", lr=lr, momentum=momentum, nesterov=nesterov, weight_decay=decay, params=params, grads=grads, result=result)

    params, grads = draw(random, 37), draw(random, 50, 37) * np.geomspace(1e-6, 10, 37).astype(np.float32)
    for name, kind in ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW):
        for lr, beta1, beta2, eps, decay in [(0.01, 0.9, 0.999, 1e-8, 0.0), (0.02, 0.5, 0.9, 1e-6, 0.1), (0.01, 0.0, 0.99, 1e-3, 0.01)]:
            result = steps(params, grads, lambda p: kind(p, lr, (beta1, beta2), eps, decay))
            file.case(name, lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=decay, params=params, grads=grads, result=result)
    file.write()
