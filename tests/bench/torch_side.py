#!/usr/bin/env python3
"""PyTorch's half of the benchmarks: `Team` starts one or more processes of this file, which wait for orders between measurements.

A way of training is a text of words joined by '+':
    contiguous | channels_last   memory layout of weights and images
    fused                        the optimizer with fused=True, where the version has it
    compile                      torch.compile, where the version has it; it needs a C++ compiler
A team of several processes trains with DistributedDataParallel over gloo, a team of one without.

A team trains one network with one batch size. An order is one line of JSON {way, seconds}; process 0 answers with a line
{"rate": samples/s of all processes, "peak_mbytes": of process 0 since its start} or {"error": text}. What an order has made stays, so that a compilation is paid once.
"""
import inspect
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import workloads
from networks import has_convolutions, torch_network, NETWORKS

SAMPLES = 8192  # held in memory by all processes together, at least two batches each
WINDOWS = 4  # a measurement is the median of this number of equal parts, or of its steps if they are fewer

INSTALL = """\
The benchmarks need python3 with PyTorch (torch), on any CPU build:
  Debian's package:   apt-get install python3-torch
  a newer one:        python3 -m pip install torch --index-url https://download.pytorch.org/whl/cpu
                      (or plainly: python3 -m pip install torch)"""


def import_torch():
    try:
        import torch
    except ImportError:
        raise SystemExit(INSTALL) from None
    return torch


def ways(network, processes, compiled=True):
    """All ways worth trying with this version of PyTorch; `compiled`: torch.compile as well."""
    torch = import_torch()
    if network in NETWORKS:
        lasts, can_fuse = has_convolutions(network), "fused" in inspect.signature(torch.optim.SGD).parameters
    else:  # images and volumes have a layout with channels last
        lasts, can_fuse = len(workloads.locator(network)[0]) > 2, workloads.has_fused(torch, network)
    layouts = ["contiguous"] + (["channels_last"] if lasts else [])
    fused = ["+fused"] if can_fuse else []
    found = [layout + option for layout in layouts for option in ["", *fused]]
    if compiled and processes == 1 and hasattr(torch, "compile"):
        found += [f"{layout}{fused[0] if fused else ''}+compile" for layout in layouts]
    return found


class Team:
    """`processes` processes of `threads` threads each, training together; `batch` is that of one process."""

    def __init__(self, processes, threads, network, batch):
        self.processes, self.threads = processes, threads
        self.name = f"DDP x{processes}" if processes > 1 else f"{threads} thread{'s' * (threads > 1)}"
        self.folder = tempfile.TemporaryDirectory()
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        arguments = [sys.executable, __file__, network, str(batch), str(threads), str(processes), self.folder.name + "/store"]
        self.ranks = [subprocess.Popen([*arguments, str(rank)], env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       text=True) for rank in range(processes)]

    def measure(self, way, seconds):
        """{"rate": samples/s} or {"error": text}."""
        for process in self.ranks:
            process.stdin.write(json.dumps(dict(way=way, seconds=seconds)) + "\n")
            process.stdin.flush()
        answer = self.ranks[0].stdout.readline()
        if not answer:
            raise SystemExit(f"PyTorch ended while it trained as {self.name}, {way}; its message is above")
        return json.loads(answer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.ranks:
            process.stdin.close()
        for process in self.ranks:
            process.wait()
        self.folder.cleanup()


class Training:
    """One network, made in one way."""

    def __init__(self, network, batch, way, processes):
        torch = import_torch()
        words = way.split("+")
        known = network in NETWORKS
        shape = NETWORKS[network][0] if known else workloads.locator(network)[0]
        last = torch.channels_last_3d if len(shape) == 4 else torch.channels_last
        form = last if "channels_last" in words else torch.contiguous_format
        most = SAMPLES // processes
        count = max(most, 2 * batch) // batch * batch if known else workloads.samples(network, batch, most)
        self.x = torch.rand(count, *shape).contiguous(memory_format=form)
        if known:
            self.y, loss_of = torch.randint(0, 10, (count,)), torch.nn.functional.cross_entropy
        else:
            self.y, loss_of = workloads.torch_labels(torch, network, count, self.x)
        self.batch, self.processes, self.rate, self.at = batch, processes, None, 0
        net = (torch_network if known else workloads.torch_network)(network).to(memory_format=form).train()
        if known:
            self.optimizer = torch.optim.SGD(net.parameters(), 0.01, 0.9, **({"fused": True} if "fused" in words else {}))
        else:
            self.optimizer = workloads.torch_optimizer(torch, network, net.parameters(), "fused" in words)
        self.after_step = None if known else workloads.limit_norms(torch, network, net.parameters())
        if processes > 1:
            net = torch.nn.parallel.DistributedDataParallel(net, gradient_as_bucket_view=True)

        def loss(x, y):
            return loss_of(net(x), y)

        self.loss = torch.compile(loss) if "compile" in words else loss
        self.torch = torch

    def together(self):
        if self.processes > 1:
            self.torch.distributed.barrier()

    def steps(self, count):
        """Returns the seconds that `count` steps take."""
        self.together()
        start = time.perf_counter()
        for _ in range(count):
            part = slice(self.at, self.at + self.batch)
            self.at = (self.at + self.batch) % len(self.x)
            self.optimizer.zero_grad()
            self.loss(self.x[part], self.y[part]).backward()
            self.optimizer.step()
            if self.after_step:
                self.after_step()
        self.together()
        return time.perf_counter() - start

    def measure(self, seconds):
        """Median samples/s of the windows, which take about `seconds` in all."""
        if self.rate is None:  # the first step is slow: memory, oneDNN's kernels, compilation
            self.steps(1)
            self.rate = 1 / self.steps(1)
        count = self.torch.tensor([max(1.0, self.rate * seconds)])
        if self.processes > 1:
            self.torch.distributed.broadcast(count, 0)  # every process must take the same number of steps
        windows = min(WINDOWS, int(count))
        rates = [int(count) // windows / self.steps(int(count) // windows) for _ in range(windows)]
        self.rate = statistics.median(rates)
        return self.rate * self.batch * self.processes


def obey(order, trainings, make):
    way = order["way"]
    try:
        if way not in trainings:
            trainings[way] = make(way)
        rate = trainings[way].measure(order["seconds"])
        return dict(rate=rate, peak_mbytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)
    except Exception as e:  # a way that this machine cannot go is left out; the others are measured
        return dict(error=f"{type(e).__name__}: " + " ".join(str(e).split())[:120])


def main():
    network, batch, threads, processes, store, rank = sys.argv[1], *(int(a) for a in sys.argv[2:5]), sys.argv[5], int(sys.argv[6])
    torch = import_torch()
    torch.set_num_threads(threads)
    torch.manual_seed(rank)
    if processes > 1:
        torch.distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=processes)
    answers, trainings = os.fdopen(os.dup(1), "w"), {}
    os.dup2(2, 1)  # whatever libraries print does not mix with the answers
    for line in sys.stdin:
        answer = obey(json.loads(line), trainings, lambda way: Training(network, batch, way, processes))
        if rank == 0:
            print(json.dumps(answer), file=answers, flush=True)
    if processes > 1:
        torch.distributed.barrier()
    os._exit(0)  # gloo's threads now and then abort a process that ends in the usual way


if __name__ == "__main__":
    main()
