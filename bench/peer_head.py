"""Times head, softcap and cross-entropy of 512 tokens in PyTorch, forward and backward. Prints "MILLISECONDS PEAK_RSS_MB"."""

import argparse
import resource
import statistics
import time

import torch

TOKENS, VOCABULARY = 512, 262144


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("width", type=int)
    parser.add_argument("softcap", type=float)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    dtype = getattr(torch, options.dtype)
    head = torch.rand(VOCABULARY, options.width, dtype=dtype) - 0.5
    hidden = (torch.rand(TOKENS, options.width, dtype=dtype) - 0.5).requires_grad_()
    targets = torch.arange(TOKENS) * 511 % VOCABULARY
    times = []
    for _ in range(options.rounds + 1):
        begin = time.perf_counter()
        logits = hidden @ head.T
        if options.softcap > 0:
            logits = torch.tanh(logits / options.softcap) * options.softcap
        torch.nn.functional.cross_entropy(logits.float(), targets).backward()
        hidden.grad = None
        del logits
        times.append(time.perf_counter() - begin)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{1e3 * statistics.median(times[1:]):.0f} {peak}")


if __name__ == "__main__":
    main()
