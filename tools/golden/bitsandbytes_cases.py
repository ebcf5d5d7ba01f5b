"""Writes tests/golden/data/quant/bitsandbytes.safetensors: weights as bitsandbytes packs them, and what they stand for.

    python3 tools/golden/bitsandbytes_cases.py

Needs torch, safetensors and bitsandbytes. Values are computed from the library's codes by its rule in float32, since its
own kernel for AVX-512 is wrong where rows are no multiple of 64; where it is right, both must agree.
"""

import json
from pathlib import Path

import bitsandbytes.functional as F
import torch
from safetensors.torch import save_file

OUT = Path(__file__).parents[2] / "tests/golden/data/quant/bitsandbytes.safetensors"


def weights(shape, dtype):
    x = torch.randn(shape, dtype=torch.float32) * 0.05
    x[0, :3] = torch.tensor([0.5, -0.5, 0.0])
    flat = x.view(-1)
    flat[64:128] = 0  # a block of zeros
    return x.to(dtype)


def four_bit(name, kind, shape, dtype, nested, tensors):
    x = weights(shape, dtype)
    codes, state = F.quantize_4bit(x, blocksize=64, quant_type=kind, compress_statistics=nested)
    absmax = state.absmax
    tensors[f"{name}.scales"] = absmax.clone()
    if nested:
        tensors[f"{name}.outer"] = state.state2.absmax.clone()
        tensors[f"{name}.book"] = state.state2.code.clone()
        tensors[f"{name}.offset"] = state.offset.reshape(1).float()
        outer = state.state2.absmax.repeat_interleave(256)[: absmax.numel()]
        absmax = state.state2.code[absmax.long()] * outer + state.offset
    bytes_ = codes.view(-1).to(torch.int64)
    index = torch.stack([bytes_ >> 4, bytes_ & 15], 1).view(-1)[: x.numel()]
    values = state.code[index] * absmax.repeat_interleave(64)[: x.numel()]
    if shape[1] % 64 == 0:
        assert torch.equal(F.dequantize_4bit(codes, state), values.to(dtype).view(shape)), name
    tensors[f"{name}.weight"] = x
    tensors[f"{name}.codes"] = codes.view(-1).clone()
    tensors[f"{name}.values"] = values.view(shape).to(dtype)
    tensors[f"{name}.code_book"] = state.code.clone()


def eight_bit(name, shape, dtype, tensors):
    x = weights(shape, dtype)
    codes, scales, _ = F.int8_vectorwise_quant(x.half())
    values = F.int8_vectorwise_dequant(codes, scales)
    tensors[f"{name}.weight"] = x
    tensors[f"{name}.codes"] = codes.clone()
    tensors[f"{name}.scales"] = scales.clone()
    tensors[f"{name}.values"] = values.to(dtype)


def main():
    torch.manual_seed(7)
    tensors = {}
    for kind in ("nf4", "fp4"):
        four_bit(f"{kind}.plain", kind, (6, 128), torch.bfloat16, False, tensors)
        four_bit(f"{kind}.odd", kind, (5, 37), torch.float32, False, tensors)
        four_bit(f"{kind}.nested", kind, (90, 192), torch.bfloat16, True, tensors)
    eight_bit("int8.rows", (7, 40), torch.bfloat16, tensors)
    eight_bit("int8.odd", (3, 37), torch.float32, tensors)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    save_file({k: v.contiguous() for k, v in tensors.items()}, OUT)
    print(json.dumps({k: list(v.shape) for k, v in tensors.items()}, indent=1))


main()
