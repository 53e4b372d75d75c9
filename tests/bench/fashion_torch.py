#!/usr/bin/env python3
"""PyTorch trains on Fashion-MNIST as launch/fashion-mnist*.yaml say: SGD with momentum, OneCycleLR, input of mean 0 and deviation 1, a new
sample order every epoch, an evaluation after every epoch. time_to_accuracy.py starts it: one process, or several with DDP over gloo.

The data are the plain (not compressed) IDX files of the publisher, which need nothing but torch to read.
"""
import argparse
import json
import os
import time

import torch
from torch import distributed, nn

from networks import torch_network


def read_idx(path, header):
    with open(path, "rb") as f:
        return torch.frombuffer(bytearray(f.read()), dtype=torch.uint8, offset=header)


def read_split(folder, split):
    images = read_idx(os.path.join(folder, f"{split}-images"), 16).reshape(-1, 1, 28, 28).float()
    return images, read_idx(os.path.join(folder, f"{split}-labels"), 8).long()


def correct_of(net, x, y, ranks, rank):
    """Correct predictions on the whole set, of which every process takes its part."""
    net.eval()
    with torch.no_grad():
        hits = sum((net(a).argmax(1) == b).sum() for a, b in zip(x[rank::ranks].split(500), y[rank::ranks].split(500)))
    net.train()
    if ranks > 1:
        distributed.all_reduce(hits)
    return int(hits)


def train(options):
    rank, ranks = options.rank, options.ranks
    form = torch.channels_last if "channels_last" in options.way else torch.contiguous_format
    x, y = read_split(options.data, "train")
    test_x, test_y = read_split(options.data, "test")
    deviation, mean = torch.std_mean(x)
    x, test_x = ((each - mean).div_(deviation).contiguous(memory_format=form) for each in (x, test_x))

    torch.manual_seed(options.seed)  # the same weights everywhere
    bare = torch_network(options.network).to(memory_format=form).train()
    net = nn.parallel.DistributedDataParallel(bare, gradient_as_bucket_view=True) if ranks > 1 else bare
    torch.manual_seed(options.seed + rank)  # dropout of its own
    fused = {"fused": True} if "fused" in options.way else {}
    optimizer = torch.optim.SGD(net.parameters(), options.lr, options.momentum, weight_decay=options.weight_decay, **fused)
    steps = -(-len(x) // options.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, options.lr, total_steps=steps * options.epochs,
                                                   pct_start=options.warmup_epochs / options.epochs, cycle_momentum=False)
    start = time.perf_counter()
    for epoch in range(options.epochs):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(options.seed * 1000 + epoch))
        for batch in order.split(options.batch):
            part = batch[rank::ranks]
            optimizer.zero_grad()
            nn.functional.cross_entropy(net(x[part]), y[part]).backward()
            optimizer.step()
            schedule.step()
        accuracy = correct_of(bare, test_x, test_y, ranks, rank) / len(test_y)
    return dict(accuracy=accuracy, training_seconds=time.perf_counter() - start, torch=torch.__version__)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("network", "way", "data", "store"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("rank", "ranks", "threads", "epochs", "batch", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("lr", "momentum", "weight-decay", "warmup-epochs"):
        parser.add_argument(f"--{name}", type=float, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.ranks > 1:
        distributed.init_process_group("gloo", init_method=f"file://{options.store}", rank=options.rank, world_size=options.ranks)
    result = train(options)
    if options.rank == 0:
        print(json.dumps(result), flush=True)
    if options.ranks > 1:
        distributed.barrier()
    os._exit(0)  # gloo's threads now and then abort a process that ends in the usual way


if __name__ == "__main__":
    main()
