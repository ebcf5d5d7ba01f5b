#!/usr/bin/env python3
"""Writes tests/golden/data/quant/number_formats.safetensors: small weights in the formats of 8, 4 and 2 bits that Transformers and
torch define, with the values that their own code gives.

    python3 tools/golden/number_formats.py

Needs torch, safetensors and Transformers.
"""
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers.integrations.gemma_quant import QuantizedEmbedding, QuantizedLinear
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

OUT = Path(__file__).parents[2] / "tests/golden/data/quant/number_formats.safetensors"
E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6])


def e4m3(tensors):
    codes = torch.arange(256, dtype=torch.uint8)
    tensors["e4m3.values"] = codes.view(torch.float8_e4m3fn).float()
    wide = torch.cat([torch.randn(200) * 10.0 ** torch.randint(-4, 3, (200,)), tensors["e4m3.values"].nan_to_num(0.0)])
    middles = (tensors["e4m3.values"][:126] + tensors["e4m3.values"][1:127]) / 2
    wide = torch.cat([wide, middles, -middles]).clamp(-448, 448)
    tensors["e4m3.wide"] = wide
    tensors["e4m3.codes"] = wide.to(torch.float8_e4m3fn).view(torch.uint8)


def fp8(tensors):
    weight = (torch.randn(128, 128) * 0.03).bfloat16()
    scale = 1.0 / weight.float().abs().max() * 448.0  # of a block, as integrations/finegrained_fp8.py
    codes = (weight.float() * scale).clamp(-448, 448).to(torch.float8_e4m3fn)
    tensors["fp8.weight"], tensors["fp8.codes"] = weight, codes.view(torch.uint8)
    tensors["fp8.scales"] = (1.0 / scale).view(1, 1)
    tensors["fp8.values"] = codes.float() * (1.0 / scale)


def mxfp4(tensors):
    blocks = torch.randint(0, 256, (2, 3, 2, 16), dtype=torch.uint8)
    scales = torch.randint(110, 135, (2, 3, 2), dtype=torch.uint8)
    tensors["mxfp4.codes"], tensors["mxfp4.scales"] = blocks, scales
    values = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
    tensors["mxfp4.values"] = values.transpose(1, 2).contiguous()


def nvfp4(tensors):
    codes = torch.randint(0, 256, (4, 16), dtype=torch.uint8)
    scales = (torch.rand(4, 2) * 400 + 1).to(torch.float8_e4m3fn)
    outer = torch.tensor([3.1e-5, 2.7e-5])  # of the first and the second half of the rows
    values = torch.stack([E2M1[(codes & 15).long()], E2M1[(codes >> 4).long()]], -1).view(4, 32)
    whole = scales.float() * outer.repeat_interleave(2)[:, None]
    tensors["nvfp4.codes"], tensors["nvfp4.scales"] = codes, scales.view(torch.uint8)
    tensors["nvfp4.outer"] = outer
    tensors["nvfp4.values"] = values * whole.repeat_interleave(16, 1)
    divided = scales.float() / (1 / outer).repeat_interleave(2)[:, None]
    tensors["nvfp4.divided"] = values * divided.repeat_interleave(16, 1)


def integers(tensors):
    for bits in (8, 4, 2):
        layer = QuantizedLinear(20, 3, num_bits=bits)
        low, high = (-128, 128) if bits == 8 else (0, 256)
        layer.weight.data = torch.randint(low, high, layer.weight.shape).to(layer.weight.dtype)
        layer.weight_scale.data = torch.rand(3, 1) * 0.01
        tensors[f"int{bits}.codes"] = layer.weight.data.view(torch.uint8)
        tensors[f"int{bits}.scales"] = layer.weight_scale.data
        tensors[f"int{bits}.values"] = layer._dequantize_weights()
    table = QuantizedEmbedding(4, 16, torch.float32, num_bits=4)
    table.embedding_quantized.data = torch.randint(0, 256, table.embedding_quantized.shape).to(torch.uint8)
    table.embedding_scale.data = torch.rand(4, 2) * 0.01
    tensors["table.codes"] = table.embedding_quantized.data
    tensors["table.scales"] = table.embedding_scale.data
    tensors["table.values"] = table.weight


def main():
    torch.manual_seed(11)
    tensors = {}
    for make in (e4m3, fp8, mxfp4, nvfp4, integers):
        make(tensors)
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, OUT)
    print(OUT.stat().st_size)


main()
