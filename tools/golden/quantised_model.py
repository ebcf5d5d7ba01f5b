#!/usr/bin/env python3
"""Writes a checkpoint as Transformers saves it with bitsandbytes, and the dense one that it stands for.

  quantised_model.py MODEL OUT [--type nf4|fp4|int8] [--plain] [--storage uint8] [--dtype float32]

OUT/packed is what `save_pretrained` wrote; OUT/dense holds its values in float32, computed from the stored codes by the rule of
the format (bitsandbytes' own kernel for AVX-512 is wrong for rows that are no multiple of 64). reference.py makes the truth
from the dense one, and `eft check OUT/packed --reference …` must reach it. Needs bitsandbytes.
"""
import argparse
import json
import pathlib
import shutil

import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file

END = ".quant_state.bitsandbytes__"
# Gemma 3n's AltUp clamps its weights in place, which codes do not survive.
SKIPPED = ["lm_head", "altup.prediction_coefs", "altup.correction_coefs", "altup.modality_router"]


def save_packed(model, out, kind, plain, storage, dtype):
    four = kind != "int8"
    config = transformers.BitsAndBytesConfig(
        load_in_4bit=four, load_in_8bit=not four, bnb_4bit_quant_type=kind if four else "nf4",
        bnb_4bit_use_double_quant=not plain, bnb_4bit_quant_storage=storage, bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=SKIPPED)
    loaded = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=getattr(torch, dtype),
                                                               quantization_config=config)
    loaded.save_pretrained(out)


def four_bit_values(read, name, kind):
    state = json.loads(bytes(read(f"{name}{END}{kind}").tolist()))
    absmax = read(name + ".absmax")
    if "nested_blocksize" in state:
        outer = read(name + ".nested_absmax").repeat_interleave(state["nested_blocksize"])[: absmax.numel()]
        absmax = read(name + ".nested_quant_map")[absmax.long()] * outer + torch.tensor(state["nested_offset"])
    data = read(name).contiguous().view(torch.uint8).view(-1).long()
    codes = torch.stack([data >> 4, data & 15], 1).view(-1)
    count = torch.tensor(state["shape"]).prod().item()
    scale = absmax.repeat_interleave(state["blocksize"])[:count]
    values = read(name + ".quant_map")[codes[:count]] * scale
    return values.view(state["shape"]).to(getattr(torch, state["dtype"])).float()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--type", default="nf4", choices=["nf4", "fp4", "int8"])
    parser.add_argument("--plain", action="store_true", help="without double quantisation")
    parser.add_argument("--storage", default="uint8")
    parser.add_argument("--dtype", default="float32")
    args = parser.parse_args()
    packed, dense = args.out / "packed", args.out / "dense"
    dense.mkdir(parents=True)
    save_packed(args.model, packed, args.type, args.plain, args.storage, args.dtype)
    for file in args.model.iterdir():
        if file.name.startswith("tokenizer") or file.name in ("config.json", "generation_config.json"):
            shutil.copy(file, dense)
        if file.name.startswith("tokenizer"):
            shutil.copy(file, packed)
    tensors = {}
    for path in sorted(packed.glob("*.safetensors")):
        with safe_open(path, "pt") as file:
            names = set(file.keys())
            for name in names:
                states = [kind for kind in ("nf4", "fp4") if f"{name}{END}{kind}" in names]
                if states:
                    tensors[name] = four_bit_values(file.get_tensor, name, states[0])
                elif name.removesuffix("weight") + "SCB" in names and name.endswith(".weight"):
                    scales = file.get_tensor(name.removesuffix("weight") + "SCB")
                    tensors[name] = file.get_tensor(name).float() * scales[:, None] * torch.tensor(1 / 127.0)
                elif name.endswith((".SCB", ".weight_format")) or any(f".weight.{part}" in name for part in (
                        "absmax", "quant_map", "nested_", "quant_state")):
                    continue
                else:
                    tensors[name] = file.get_tensor(name).float()
    save_file(tensors, dense / "model.safetensors", {"format": "pt"})
    print(f"{len(tensors)} tensors")


if __name__ == "__main__":
    main()
