#!/usr/bin/env python3
"""References on a real checkpoint: real_model.py MODEL DATA.jsonl OUT

From the first row of alpaca-form DATA it takes 64 tokens as the batch, makes a start adapter (OUT/adapter0: rank 8,
alpha 16, all seven linears, B small but not zero) and writes OUT/reference.safetensors and
OUT/reference_lora.safetensors: float64 truth stored in float32, all gradients, no optimizer steps. About 10 GB of
memory for a 270M model.
"""
import json
import pathlib
import sys

from reference import make_reference

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
LENGTH = 64


def make_adapter(model_folder, out):
    torch.manual_seed(5)
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=torch.float32)
    model = get_peft_model(model, LoraConfig(r=8, lora_alpha=16, lora_dropout=0.0, target_modules=LINEARS,
                                             task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0.0, 0.01)
    for config in model.peft_config.values():
        config.base_model_name_or_path = None
    model.save_pretrained(out)
    (out / "README.md").unlink(missing_ok=True)


def make_batch(model_folder, data):
    with open(data, encoding="utf-8") as lines:
        row = json.loads(next(lines))
    tokenizer = AutoTokenizer.from_pretrained(model_folder)
    ids = tokenizer(row["instruction"] + "\n" + row["output"])["input_ids"][:LENGTH]
    labels = [-100] * 8 + ids[8:]
    return {"input_ids": torch.tensor([ids]), "labels": torch.tensor([labels])}


def main(model, data, out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    batch = make_batch(model, data)
    (out / "batch.json").write_text(json.dumps({k: v.tolist() for k, v in batch.items()}) + "\n")
    make_adapter(model, out / "adapter0")
    for file, adapter in (("reference_lora.safetensors", out / "adapter0"), ("reference.safetensors", None)):
        metadata = make_reference(model, out / file, adapter=adapter, batch=batch, steps=0, store="float32")
        print(json.dumps({"file": file} | metadata, indent=1), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
