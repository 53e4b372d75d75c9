"""Optimizers and schedules as PyTorch has them: optimizers.txt, schedules.txt (told in make_cases.py).

LARS and LAMB are not in PyTorch: they stand here as their papers have them, in float64.
"""
import numpy as np
import torch
from torch.optim import lr_scheduler as S

from cases import Cases, draw, generator


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


def rates_and_momenta(make, total, lr, adam=False):
    """With cycle_momentum: of SGD its momentum, of Adam beta1."""
    weight = [torch.zeros(1, requires_grad=True)]
    optimizer = torch.optim.Adam(weight, lr) if adam else torch.optim.SGD(weight, lr, momentum=0.5)
    schedule, out = make(optimizer), []
    for i in range(total):
        group = optimizer.param_groups[0]
        out.append((group["lr"], group["betas"][0] if adam else group["momentum"]))
        optimizer.step()
        if i + 1 < total:
            schedule.step()
    return dict(zip(("rates", "momenta"), np.array(out).T))


def warmed(optimizer, steps, after):
    """`steps` steps of linear warm-up, lr/steps .. lr, then the schedule made by `after`."""
    if steps == 0:
        return after(optimizer)
    warmup = S.LinearLR(optimizer, 1 / steps, 1.0, total_iters=steps - 1)
    return S.SequentialLR(optimizer, [warmup, after(optimizer)], [steps])


class PerEpoch:
    """A schedule of epochs, asked once per step."""

    def __init__(self, schedule, steps_per_epoch):
        self.schedule, self.steps_per_epoch, self.steps = schedule, steps_per_epoch, 0

    def step(self):
        self.steps += 1
        if self.steps % self.steps_per_epoch == 0:
            self.schedule.step()


def warmed_epochs(optimizer, steps_per_epoch, epochs, after):
    """As `warmed`, for a schedule of epochs: the warm-up in steps, then PyTorch's own epochs."""
    lr = optimizer.param_groups[0]["lr"]
    schedule, steps = PerEpoch(after(optimizer), steps_per_epoch), epochs * steps_per_epoch

    class Both:
        def __init__(self):
            self.done = 0
            self.set()

        def set(self):
            if self.done < steps:
                optimizer.param_groups[0]["lr"] = lr * (self.done + 1) / steps
            elif self.done == steps:
                optimizer.param_groups[0]["lr"] = lr

        def step(self):
            if self.done >= steps:
                schedule.step()
            self.done += 1
            self.set()

    return Both()


def plateau_rates(metrics, steps_per_epoch, warmup_epochs, lr, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr)
    schedule = S.ReduceLROnPlateau(optimizer, **options)
    out, warmup = [], int(warmup_epochs * steps_per_epoch)
    for epoch, metric in enumerate(metrics, 1):
        for step in range((epoch - 1) * steps_per_epoch, epoch * steps_per_epoch):
            out.append(lr * (step + 1) / warmup if step < warmup else optimizer.param_groups[0]["lr"])
        if epoch > warmup_epochs:
            schedule.step(metric)
    return np.array(out)


def plateaus(file):
    random = generator(5)
    falling = np.exp(-np.arange(30) / 4) + 0.3 + 0.01 * random.standard_normal(30)
    stuck, worse, rising = np.full(30, 0.5), np.arange(30) / 10, 1 - falling
    small_gains, negative = 1 - 5e-5 * np.arange(30), falling - 2
    broken = falling.copy()
    broken[[0, 5, 6, 7, 12]] = [np.inf, np.nan, np.inf, -5, np.nan]
    for metrics, higher, warm, spe, options in [
            (falling, 0, 0, 3, {}), (falling, 0, 0, 2, dict(patience=2)), (rising, 1, 2, 3, dict(patience=1, factor=0.5)),
            (stuck, 0, 0, 2, dict(patience=0, factor=0.5)), (stuck, 1, 1, 2, dict(patience=3, factor=0.3, cooldown=2)),
            (worse, 0, 0, 2, dict(patience=1, cooldown=4, factor=0.2, min_lr=0.003)), (worse, 1, 3, 2, dict(patience=0)),
            (small_gains, 0, 0, 2, dict(patience=2, factor=0.7)),
            (small_gains, 0, 0, 2, dict(patience=2, factor=0.7, threshold=1e-5)),
            (small_gains, 0, 0, 2, dict(patience=3, threshold=1e-4, threshold_mode="abs", eps=0.004, factor=0.5)),
            (small_gains, 0, 0, 2, dict(patience=1, threshold=1e-4, threshold_mode="abs", factor=0.5)),
            (-small_gains, 1, 0, 2, dict(patience=2, threshold=2e-5, threshold_mode="abs", factor=0.6)),
            (negative, 0, 0, 2, dict(patience=1, factor=0.5)), (negative, 0, 1, 2, dict(patience=1, threshold=0.1, factor=0.5)),
            (negative, 1, 0, 2, dict(patience=2, threshold=0.01, threshold_mode="abs", cooldown=1)),
            (broken, 0, 0, 2, dict(patience=1, factor=0.5)), (broken, 1, 0, 2, dict(patience=1, factor=0.5, cooldown=1)),
            (broken, 0, 1, 2, dict(patience=0, factor=0.5)), (falling, 0, 1.5, 4, dict(patience=0, factor=0.5)), (stuck, 0, 0, 2, dict(patience=0, min_lr=1.0)),
            (stuck, 0, 0, 2, dict(patience=0, factor=0.0))]:
        mode = options.get("threshold_mode", "rel")
        written = {**options, "threshold_mode": ["rel", "abs"].index(mode)}
        file.case("reduce_on_plateau", lr=0.1, steps_per_epoch=spe, epochs=len(metrics), warmup_epochs=warm, higher=higher,
                  **written, metrics=metrics,
                  rates=plateau_rates(metrics, spe, warm, 0.1, mode="max" if higher else "min", **options))


def cycles(file):
    """CyclicLR, CosineAnnealingWarmRestarts, and OneCycleLR with all its options. Of CyclicLR the rate of `lr` does not count."""
    modes = ["triangular", "triangular2", "exp_range"]
    for mode, up, down, gamma in [(0, 10, 0, 1.0), (1, 7, 0, 1.0), (2, 9, 0, 0.97), (0, 3, 11, 1.0), (1, 13, 4, 1.0), (2, 1, 1, 0.9)]:
        options = dict(step_size_up=up, step_size_down=down or None, mode=modes[mode], gamma=gamma)
        written = dict(step_size_up=up, step_size_down=down, mode=mode, gamma=gamma)
        for more in {}, dict(base_momentum=0.7, max_momentum=0.99):
            file.case("cyclic", lr=0.5, steps_per_epoch=10, epochs=6, base_lr=0.01, max_lr=0.2, **written, **more,
                      **rates_and_momenta(lambda o: S.CyclicLR(o, 0.01, 0.2, **options, **more), 60, 0.5))
        file.case("cyclic", lr=0.5, steps_per_epoch=10, epochs=6, base_lr=0.01, max_lr=0.2, cycle_momentum=0, **written,
                  rates=rates(lambda o: S.CyclicLR(o, 0.01, 0.2, cycle_momentum=False, **options), 60, 0.5))
    for first, factor, low in [(4, 1, 0.0), (1, 1, 0.01), (1, 2, 0.0), (2, 3, 0.02), (100, 2, 0.0)]:
        def make(o):
            return S.CosineAnnealingWarmRestarts(o, first, factor, low)

        arguments = dict(t_0=first, t_mult=factor, min_lr=low, lr=0.3, steps_per_epoch=7, epochs=9)
        file.case("cosine_restarts", **arguments, unit=1, rates=rates(make, 63, 0.3))
        optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 0.3)
        schedule, out = make(optimizer), []
        for i in range(63):
            schedule.step(i / 7)
            out.append(optimizer.param_groups[0]["lr"])
        file.case("cosine_restarts", **arguments, rates=np.array(out))
    for strategy, div, final, low, high in [("cos", 25, 1e4, 0.85, 0.95), ("linear", 10, 100, 0.7, 0.9), ("linear", 2, 2, 0.0, 0.5)]:
        options = dict(div_factor=div, final_div_factor=final, base_momentum=low, max_momentum=high)
        for total, warm in (63, 0), (60, 2):
            share = warm * 10 / total if warm else 0.3
            file.case("onecycle", lr=0.1, steps_per_epoch=7 if warm == 0 else 10, epochs=9 if warm == 0 else 6, warmup_epochs=warm,
                      cycle_momentum=1, anneal_strategy=["cos", "linear"].index(strategy), **options,
                      **rates_and_momenta(lambda o: S.OneCycleLR(o, 0.1, total, pct_start=share, anneal_strategy=strategy, **options),
                                          total, 0.1, adam=strategy == "cos"))


def schedules():
    file = Cases("schedules.txt")
    for lr, spe, epochs, warm in [(0.1, 7, 9, 0), (0.3, 5, 11, 2), (0.05, 13, 4, 1)]:
        total, w = spe * epochs, warm * spe
        base = dict(lr=lr, steps_per_epoch=spe, epochs=epochs, warmup_epochs=warm)

        def case(name, make, **arguments):
            file.case(name, **base, **arguments, rates=rates(lambda o: warmed(o, w, make), total, lr))

        def epoch_case(name, make, **arguments):
            file.case(name, **base, **arguments, rates=rates(lambda o: warmed_epochs(o, spe, warm, make), total, lr))

        file.case("onecycle", **base,
                  rates=rates(lambda o: S.OneCycleLR(o, lr, total_steps=total, pct_start=w / total if warm else 0.3), total, lr))
        case("constant", lambda o: S.ConstantLR(o, 1.0))
        for least in (0.0, 0.01):
            case("cosine", lambda o: S.CosineAnnealingLR(o, total - w, least), min_lr=least)
        for power in (1.0, 2.0, 0.5):
            case("polynomial", lambda o: S.PolynomialLR(o, total - w, power), power=power)
        # Down to a rate other than 0: the same curve between two rates, the difference of which PolynomialLR takes down.
        curve = rates(lambda o: warmed(o, w, lambda o: S.PolynomialLR(o, total - w, 2.0)), total, lr)
        file.case("polynomial", **base, power=2.0, min_lr=lr / 10,
                  rates=np.where(np.arange(total) < w, curve, lr / 10 + 0.9 * curve))
        case("linear", lambda o: S.LinearLR(o, 1.0, 0.0, total - w))
        for gamma in (0.9, 0.5):
            case("exponential", lambda o: S.ExponentialLR(o, gamma), gamma=gamma, unit=1)
            epoch_case("exponential", lambda o: S.ExponentialLR(o, gamma), gamma=gamma)
        for milestones, gamma in [([1, 2], 0.1), ([2, 5, 6, 8], 0.5), ([6, 1, 6], 0.7), ([], 0.1), ([100], 0.1)]:
            case("multi_step", lambda o: S.MultiStepLR(o, milestones, gamma), milestones=np.array(milestones), gamma=gamma, unit=1)
            epoch_case("multi_step", lambda o: S.MultiStepLR(o, milestones, gamma), milestones=np.array(milestones), gamma=gamma)
        for every, gamma in [(1, 0.5), (2, 0.1), (100, 0.1)]:
            case("step", lambda o: S.StepLR(o, every, gamma), step_epochs=every, gamma=gamma, unit=1)
            epoch_case("step", lambda o: S.StepLR(o, every, gamma), step_epochs=every, gamma=gamma)
    for start, end in [(0.5, 1.0), (1 / 3, 0.1), (1.0, 0.25)]:
        file.case("linear", lr=0.2, steps_per_epoch=5, epochs=12, warmup_epochs=0, start_factor=start, end_factor=end,
                  rates=rates(lambda o: S.LinearLR(o, start, end, 60), 60, 0.2))
    # phases that end between two steps, the first within 1.5 steps
    file.case("onecycle", lr=0.1, steps_per_epoch=5, epochs=1, warmup_epochs=0,
              rates=rates(lambda o: S.OneCycleLR(o, 0.1, total_steps=5), 5, 0.1))
    cycles(file)
    plateaus(file)
    file.write()


class Lars(torch.optim.Optimizer):
    """You, Gitman and Ginsburg, "Large batch training of convolutional networks", 2017, algorithm 1."""

    def __init__(self, params, lr, momentum, weight_decay, trust, eps):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay, trust=trust, eps=eps))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                g, decay = w.grad, group["weight_decay"]
                ratio = 1.0
                if w.norm() > 0 and g.norm() > 0:
                    ratio = group["trust"] * w.norm() / (g.norm() + decay * w.norm() + group["eps"])
                v = self.state[w].get("momentum_buffer", torch.zeros_like(w))
                v = group["momentum"] * v + group["lr"] * ratio * (g + decay * w)
                self.state[w]["momentum_buffer"] = v
                w -= v


class Lamb(torch.optim.Optimizer):
    """You et al., "Large batch optimization for deep learning", 2020, algorithm 2, phi(z) = z."""

    def __init__(self, params, lr, betas, eps, weight_decay):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            beta1, beta2 = group["betas"]
            for w in group["params"]:
                state, g = self.state[w], w.grad
                t = state["step"] = state.get("step", 0) + 1
                m = state["exp_avg"] = beta1 * state.get("exp_avg", torch.zeros_like(w)) + (1 - beta1) * g
                v = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", torch.zeros_like(w)) + (1 - beta2) * g * g
                r = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + group["eps"])
                d = r + group["weight_decay"] * w
                ratio = w.norm() / d.norm() if w.norm() > 0 and d.norm() > 0 else 1.0
                w -= group["lr"] * ratio * d


class MendedNAdam(torch.optim.Optimizer):
    """torch.optim.NAdam of 2.0 and later: before, a factor stood twice in the product of the momenta to come."""

    def __init__(self, params, lr, betas, eps, weight_decay=0, momentum_decay=4e-3):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay, momentum_decay=momentum_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, (beta1, beta2) = group["lr"], group["betas"]
            for w in group["params"]:
                state, g = self.state[w], w.grad + group["weight_decay"] * w
                t = state["step"] = state.get("step", 0) + 1
                now, soon = (beta1 * (1 - 0.5 * 0.96**(i * group["momentum_decay"])) for i in (t, t + 1))
                product = state["product"] = state.get("product", 1) * now
                m = state["exp_avg"] = beta1 * state.get("exp_avg", torch.zeros_like(w)) + (1 - beta1) * g
                v = state["exp_avg_sq"] = beta2 * state.get("exp_avg_sq", torch.zeros_like(w)) + (1 - beta2) * g * g
                root = (v / (1 - beta2**t)).sqrt() + group["eps"]
                w -= lr * ((1 - now) / (1 - product) * g + soon / (1 - product * soon) * m) / root


NAdam = torch.optim.NAdam if int(torch.__version__.split(".")[0]) > 1 else MendedNAdam


class Decoupled:
    """An optimizer with the decay of torch.optim.AdamW: w *= 1 - lr * weight_decay before the step."""

    def __init__(self, params, lr, weight_decay, kind=torch.optim.SGD, **options):
        self.params, self.keep, self.optimizer = params, 1 - lr * weight_decay, kind(params, lr, **options)
        self.state = self.optimizer.state

    def step(self):
        with torch.no_grad():
            for p in self.params:
                p *= self.keep
        self.optimizer.step()


class OptimizerCases:
    """Cases that share inputs: parameters, and a gradient for every step."""

    def __init__(self, file, params, grads):
        self.file, self.params, self.grads = file, params, grads
        file.case("inputs", params=params, grads=grads)

    def case(self, name, make, **arguments):
        """The arguments as ours, the parameters after a step for each gradient, and PyTorch's state as it calls it."""
        p = torch.from_numpy(self.params).double().requires_grad_()
        optimizer = make([p])
        for g in self.grads:
            p.grad = torch.from_numpy(g).double()
            optimizer.step()
        state = {k: v for k, v in optimizer.state[p].items() if torch.is_tensor(v) and v.shape == p.shape}
        self.file.case(name, **arguments, result=p, **state)


def sgd_cases(cases):
    for lr, momentum, dampening, nesterov, decay in [
            (0.1, 0.0, 0.0, 0, 0.0), (0.1, 0.9, 0.0, 0, 0.0), (0.05, 0.9, 0.0, 1, 0.0), (0.1, 0.0, 0.0, 0, 0.01),
            (0.05, 0.9, 0.0, 0, 5e-4), (0.05, 0.8, 0.0, 1, 0.1), (0.1, 0.9, 0.5, 0, 0.0), (0.1, 0.5, 1.0, 0, 0.01),
            (0.1, 0.0, 0.7, 0, 0.1)]:
        options = dict(momentum=momentum, dampening=dampening, nesterov=bool(nesterov))
        arguments = dict(lr=lr, momentum=momentum, dampening=dampening, nesterov=nesterov, weight_decay=decay)
        cases.case("sgd", lambda p: torch.optim.SGD(p, lr, weight_decay=decay, **options), **arguments)
        if decay:
            cases.case("sgd", lambda p: Decoupled(p, lr, decay, **options), decoupled=1, **arguments)


def adam_cases(cases):
    for lr, beta1, beta2, eps, decay in [(0.01, 0.9, 0.999, 1e-8, 0.0), (0.02, 0.5, 0.9, 1e-6, 0.1), (0.01, 0.0, 0.99, 1e-3, 0.01)]:
        arguments = dict(lr=lr, beta1=beta1, beta2=beta2, eps=eps, weight_decay=decay)
        for name, kind in ("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW):
            cases.case(name, lambda p: kind(p, lr, (beta1, beta2), eps, decay), **arguments)
            cases.case("amsgrad", lambda p: kind(p, lr, (beta1, beta2), eps, decay, amsgrad=True), decoupled=int(name == "adamw"),
                       **arguments)
        for name, kind, more in ("radam", torch.optim.RAdam, {}), ("nadam", NAdam, {}), (
                "nadam", NAdam, dict(momentum_decay=0.5)):
            options = dict(betas=(beta1, beta2), eps=eps, **more)
            cases.case(name, lambda p: kind(p, lr, weight_decay=decay, **options), **arguments, **more)
            if decay:
                cases.case(name, lambda p: Decoupled(p, lr, decay, kind, **options), decoupled_weight_decay=1, **arguments, **more)
        cases.case("lamb", lambda p: Lamb(p, lr, (beta1, beta2), eps, decay), **arguments)


def other_cases(cases):
    for lr, alpha, eps, decay, momentum, centered in [
            (0.01, 0.99, 1e-8, 0.0, 0.0, 0), (0.02, 0.9, 1e-3, 0.1, 0.0, 0), (0.01, 0.9, 1e-6, 0.0, 0.9, 0),
            (0.01, 0.99, 1e-8, 0.0, 0.0, 1), (0.005, 0.95, 1e-4, 0.01, 0.5, 1), (0.01, 0.99, 0.1, 0.0, 0.9, 1)]:
        cases.case("rmsprop", lambda p: torch.optim.RMSprop(p, lr, alpha, eps, decay, momentum, bool(centered)),
                   lr=lr, alpha=alpha, eps=eps, weight_decay=decay, momentum=momentum, centered=centered)
    for lr, lr_decay, decay, initial, eps in [(0.1, 0.0, 0.0, 0.0, 1e-10), (0.2, 0.1, 0.0, 0.0, 1e-3), (0.1, 0.0, 0.1, 0.0, 1e-10),
                                              (0.1, 0.01, 0.01, 0.5, 1e-6)]:
        cases.case("adagrad", lambda p: torch.optim.Adagrad(p, lr, lr_decay, decay, initial, eps),
                   lr=lr, lr_decay=lr_decay, weight_decay=decay, initial_accumulator_value=initial, eps=eps)
    for lr, rho, eps, decay in [(1.0, 0.9, 1e-6, 0.0), (0.5, 0.95, 1e-3, 0.1), (1.5, 0.8, 1e-4, 0.01)]:
        cases.case("adadelta", lambda p: torch.optim.Adadelta(p, lr, rho, eps, decay), lr=lr, rho=rho, eps=eps, weight_decay=decay)
    for lr, momentum, decay, trust, eps in [(1.0, 0.9, 0.0, 0.001, 1e-8), (2.0, 0.9, 5e-4, 0.01, 0.0), (1.0, 0.0, 0.1, 0.02, 0.5),
                                            (0.1, 0.5, 0.3, 0.001, 1e-3)]:
        cases.case("lars", lambda p: Lars(p, lr, momentum, decay, trust, eps),
                   lr=lr, momentum=momentum, weight_decay=decay, trust_coefficient=trust, eps=eps)


def optimizers():
    """Plain gradients; gradients of very different sizes; weights that start at 0, and gradients that begin with 0."""
    file, random = Cases("optimizers.txt"), generator(3)
    sizes = np.geomspace(1e-6, 10, 37).astype(np.float32)
    late = draw(random, 50, 37)
    late[:3] = 0
    for params, grads in [(draw(random, 37), draw(random, 50, 37)), (draw(random, 37), draw(random, 50, 37) * sizes),
                          (np.zeros(37, np.float32), late)]:
        cases = OptimizerCases(file, params, grads)
        sgd_cases(cases)
        adam_cases(cases)
        other_cases(cases)
    file.write()
