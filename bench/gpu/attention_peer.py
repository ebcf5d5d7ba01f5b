"""Times PyTorch's scaled_dot_product_attention in bf16: the peer that bench/gpu/attention.sh runs beside bench_attention.

Prints "FORWARD_MS FORWARD_TFLOPS BACKWARD_MS BACKWARD_TFLOPS", medians, counted as bench_attention does.
"""

import argparse
import statistics

import torch
from torch.nn.functional import scaled_dot_product_attention

ROUNDS, WARM_UP = 20, 3


def mask_of(options: argparse.Namespace) -> torch.Tensor | None:
    """What a query may see, or None where is_causal says it."""
    if options.window == 0 and options.segments == 1:
        return None
    at = torch.arange(options.tokens, device="cuda")
    segment = at // (options.tokens // options.segments)
    seen = (at[None, :] <= at[:, None]) & (segment[None, :] == segment[:, None])
    if options.window > 0:
        seen &= at[None, :] > at[:, None] - options.window
    return seen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("tokens", "heads", "kv_heads", "head_dim", "window", "segments"):
        parser.add_argument(name, type=int)
    options = parser.parse_args()
    torch.manual_seed(0)

    def random(heads: int) -> torch.Tensor:
        shape = (1, heads, options.tokens, options.head_dim)
        return torch.randn(shape, device="cuda", dtype=torch.bfloat16, requires_grad=True)

    q, k, v = random(options.heads), random(options.kv_heads), random(options.kv_heads)
    dout = torch.randn_like(q)
    mask = mask_of(options)
    group = options.heads // options.kv_heads
    times: list[tuple[float, float]] = []
    for _ in range(WARM_UP + ROUNDS):
        events = [torch.cuda.Event(enable_timing=True) for _ in range(3)]
        events[0].record()
        keys, values = (x.repeat_interleave(group, 1) for x in (k, v))  # beyond head_dim 256 groups fall back to plain products
        out = scaled_dot_product_attention(q, keys, values, attn_mask=mask, is_causal=mask is None)
        events[1].record()
        out.backward(dout)
        events[2].record()
        torch.cuda.synchronize()
        times.append((events[0].elapsed_time(events[1]), events[1].elapsed_time(events[2])))
        q.grad = k.grad = v.grad = None
    length = options.tokens // options.segments
    reach = min(options.window, length) if options.window else length
    pairs = options.segments * (reach * (reach + 1) / 2 + (length - reach) * reach)
    product = 2e-9 * pairs * options.heads * options.head_dim
    forward, backward = (statistics.median(column) for column in zip(*times[WARM_UP:]))
    print(f"{forward:.3f} {2 * product / forward:.1f} {backward:.3f} {5 * product / backward:.1f}")


if __name__ == "__main__":
    main()
