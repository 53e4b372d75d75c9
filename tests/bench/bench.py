#!/usr/bin/env python3
"""ddp_train against PyTorch, side by side on one machine.

    python3 tests/bench/bench.py                 two ranks on two cores against the fastest of PyTorch's ways on the same cores
    python3 tests/bench/bench.py --single        one rank against one PyTorch process of one thread
    python3 tests/bench/bench.py --scaling       ddp_train alone: two ranks against one, the global batch doubled
    python3 tests/bench/bench.py --price         ddp_train alone: 8 virtual ranks against one virtual rank per rank
    python3 tests/bench/bench.py --against run.products=blas     ddp_train alone: with this setting against without
    python3 tests/bench/bench.py --sync          ddp_train alone: batch norm over the global batch against that of each virtual rank
    python3 tests/bench/bench.py --memory        MB of a rank at most, of ddp_train and of PyTorch's DistributedDataParallel

Beside five simple networks there are those of tests/networks with the batches of workloads.py; `--networks models` means all of them.
--networks, --per-rank, --rounds and --seconds narrow it; --json FILE writes all figures. Needs python3 with torch (where it
runs), and the built program (DDP_TRAIN_BIN, else build/ddp_train). The method is described in tests/bench/README.md.
"""
import argparse
import json
import os
import statistics
from contextlib import ExitStack

import ddp_train_side
import torch_side
import workloads
from networks import NETWORKS, flops_per_sample

MODELS = [name for name in workloads.WORKLOADS if workloads.exists(name)]

RANKS = 2
KEPT = 2  # of PyTorch's ways, for the rounds that count
CHOOSE_SECONDS = 0.5  # of each way in the round that chooses


class Ways:
    """PyTorch's ways for one network and batch: all are tried, the fastest few are measured."""

    def __init__(self, teams, network, compiled=True):
        self.tried, self.failed = {}, {}
        candidates = [(team, way) for team in teams for way in torch_side.ways(network, team.processes, compiled)]
        for _ in range(2):  # twice, the better one counts: a short disturbance must not exclude a way
            for team, way in candidates:
                self.try_once(team, way)
        if not self.tried:
            raise SystemExit(f"PyTorch cannot train {network}: {self.failed}")
        kept = sorted(self.tried, key=self.tried.get, reverse=True)[:KEPT]
        self.rates = {key: [] for key in kept}

    def try_once(self, team, way):
        name = f"{team.name} {way}"
        if name in self.failed:
            return
        answer = team.measure(way, CHOOSE_SECONDS)
        if "rate" in answer:
            self.tried[team, way] = max(answer["rate"], self.tried.get((team, way), 0))
        else:
            self.failed[name] = answer["error"]

    def best_of_round(self, seconds):
        for (team, way), rates in self.rates.items():
            rates.append(team.measure(way, seconds)["rate"])
        return max(rates[-1] for rates in self.rates.values())

    def winner(self):
        team, way = max(self.rates, key=lambda key: statistics.median(self.rates[key]))
        return f"{team.name} {way}"

    def report(self):
        """For the JSON file."""
        return dict(tried={f"{team.name} {way}": rate for (team, way), rate in self.tried.items()}, failed=self.failed,
                    measured={f"{team.name} {way}": rates for (team, way), rates in self.rates.items()}, way=self.winner())


def ratios(ours, theirs):
    return [a / b for a, b in zip(ours, theirs)]


def virtual_ranks(options, network, ranks, per_rank):
    """Slices of about 64 samples unless asked otherwise: larger ones leave the caches (the default of 8 does the same at 256). One per
    rank for networks whose batch norm would else have other statistics than PyTorch's."""
    if options.virtual_ranks or network in NETWORKS:
        return options.virtual_ranks or ranks * max(1, per_rank // 64)
    return ranks if "batchnorm" in workloads.text(network) else ranks * max(1, per_rank // 64)


def operations(network):
    """Useful floating-point operations of a sample."""
    return flops_per_sample(network) if network in NETWORKS else 1e6 * workloads.WORKLOADS[network][1]


def against_torch(network, per_rank, options):
    """A row: PyTorch, ddp_train, and the peak, in turns."""
    ranks = 1 if options.single else RANKS
    theirs, ours, shares = [], [], []
    with ExitStack() as stack:
        teams = [stack.enter_context(torch_side.Team(*shape, network, per_rank * ranks // shape[0]))
                 for shape in ([(1, 1)] if options.single else [(RANKS, 1), (1, RANKS)])]
        ways = Ways(teams, network)
        guess = 2 * max(ways.tried.values())
        for _ in range(options.rounds):
            theirs.append(ways.best_of_round(options.seconds))
            ours.append(ddp_train_side.rate(network, per_rank, ranks, virtual_ranks(options, network, ranks, per_rank), options.seconds, guess))
            guess = ours[-1]
            shares.append(ours[-1] * operations(network) / 1e9 / ddp_train_side.peak(ranks))
    row = dict(network=network, per_rank=per_rank, torch=theirs, ddp_train=ours, ratios=ratios(ours, theirs), peak_shares=shares,
               ratio=statistics.median(ratios(ours, theirs)), peak_share=statistics.median(shares), ways=ways.report())
    print(f"{network:10s}{per_rank:8d}{max(theirs):14.0f}{statistics.median(theirs):10.0f}{max(ours):16.0f}{statistics.median(ours):10.0f}"
          f"{row['ratio']:8.2f}{100 * row['peak_share']:7.0f} %   {ways.winner()}", flush=True)
    for way, error in ways.failed.items():
        print(f"{'':18s}left out: {way}: {error}", flush=True)
    return row


def against_itself(network, per_rank, options):
    """A row of --scaling, --price, --against or --sync: two settings of ddp_train, in turns. The ratio is B / A."""
    virtual = options.virtual_ranks or (RANKS if network in NETWORKS else virtual_ranks(options, network, RANKS, per_rank))
    a, b = ((1, virtual // RANKS), (RANKS, virtual)) if options.scaling else ((RANKS, 8), (RANKS, RANKS))
    more = [{}, {}]
    if options.against or options.sync:
        a = b = (RANKS, virtual)
        more[1] = dict(flags=[f"--{options.against}"] if options.against else [], sync=options.sync)
    rates, guess = ([], []), [2000 if network in NETWORKS else 1e5 / workloads.WORKLOADS[network][1]] * 2
    for _ in range(1 + options.rounds):
        for i, (ranks, slices) in enumerate((a, b)):
            rates[i].append(ddp_train_side.rate(network, per_rank, ranks, slices, options.seconds, guess[i], **more[i]))
            guess[i] = rates[i][-1]
    first, second = rates[0][1:], rates[1][1:]  # the first round only learned how long a step takes
    ratio = statistics.median(ratios(second, first))
    print(f"{network:10s}{per_rank:8d}{max(first):14.0f}{statistics.median(first):10.0f}{max(second):16.0f}"
          f"{statistics.median(second):10.0f}{ratio:8.3f}", flush=True)
    return dict(network=network, per_rank=per_rank, a=first, b=second, ratios=ratios(second, first), ratio=ratio)


def memory(network, per_rank, options):
    """A row of --memory. Both hold the same samples; PyTorch's processes a copy each, the ranks of a node one."""
    with torch_side.Team(RANKS, 1, network, per_rank) as team:
        answer = team.measure("contiguous", options.seconds)
    if "error" in answer:
        raise SystemExit(f"PyTorch cannot train {network}: {answer['error']}")
    ours = ddp_train_side.peak_mbytes(network, per_rank, RANKS, virtual_ranks(options, network, RANKS, per_rank), options.seconds, answer["rate"])
    print(f"{network:10s}{per_rank:8d}{answer['peak_mbytes']:14.0f}{ours:16.0f}{ours / answer['peak_mbytes']:8.2f}", flush=True)
    return dict(network=network, per_rank=per_rank, torch=answer["peak_mbytes"], ddp_train=ours)


def title(options, alone, torch):
    if options.memory:
        return f"MB per rank at most, PyTorch {torch}, DDP x{RANKS}, contiguous; ratio = ddp_train / PyTorch"
    sides = "" if alone else f"PyTorch {torch}, "
    return (f"samples/s, {os.cpu_count()} cores, {sides}{options.rounds} rounds; per rank = samples per rank and step; "
            "ratio = median of the rounds' ratios")


def heading(options):
    if options.memory:
        return f"{'network':10s}{'per rank':>8s}{'PyTorch':>14s}{'ddp_train':>16s}{'ratio':>8s}"
    left, right, tail = "PyTorch best", "ddp_train best", f"{'peak':>9s}   PyTorch's fastest way"
    if options.scaling:
        left, right, tail = "1 rank best", f"{RANKS} ranks best", ""
    elif options.price:
        left, right, tail = "V = 8 best", f"V = {RANKS} best", ""
    elif options.against or options.sync:
        left, right, tail = "without best", "with best", ""
    return f"{'network':10s}{'per rank':>8s}{left:>14s}{'median':>10s}{right:>16s}{'median':>10s}{'ratio':>8s}{tail}"


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--single", action="store_true")
    mode.add_argument("--scaling", action="store_true")
    mode.add_argument("--price", action="store_true")
    mode.add_argument("--against", metavar="KEY=VALUE", help="a setting of ddp_train, such as run.products=blas")
    mode.add_argument("--sync", action="store_true")
    mode.add_argument("--memory", action="store_true")
    parser.add_argument("--networks", nargs="+", choices=[*NETWORKS, *MODELS, "models"], default=list(NETWORKS))
    parser.add_argument("--per-rank", nargs="+", type=int, help="samples per rank and step; 32 64 256, 64 with --scaling, 64 256 with --price; "
                        "networks of tests/networks have one of their own")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each measurement")
    parser.add_argument("--virtual-ranks", type=int, help="train.virtual_ranks; by default slices of about 64 samples, at least one per rank; --price sets its own")
    parser.add_argument("--json", help="also writes all figures there")
    options = parser.parse_args()
    options.networks = [n for name in options.networks for n in (MODELS if name == "models" else [name])]
    options.own_batches = not options.per_rank
    if not options.per_rank:
        options.per_rank = [64] if options.scaling else [64, 256] if options.price else [32, 64, 256]
    return options


def main():
    options = parse()
    alone = options.scaling or options.price or options.against or options.sync
    ddp_train_side.check_program()
    torch = None if alone else torch_side.import_torch().__version__
    print(f"{title(options, alone, torch)}\n\n{heading(options)}", flush=True)
    measure = memory if options.memory else against_itself if alone else against_torch
    rows = []
    for network in options.networks:
        own = options.own_batches and network not in NETWORKS
        for per_rank in [workloads.WORKLOADS[network][0]] if own else options.per_rank:
            rows.append(measure(network, per_rank, options))
            if options.json:  # after every row: a long run that is interrupted leaves what it has
                with open(options.json, "w") as f:
                    json.dump(dict(torch=torch, cores=os.cpu_count(), options=vars(options), rows=rows), f, indent=1)
                    f.write("\n")


if __name__ == "__main__":
    main()
