#!/usr/bin/env python3
"""Loads an adapter with PEFT and prints its loss on a reference's batch.

check_adapter.py MODEL ADAPTER REFERENCE [DTYPE]

Exit code 1 if PEFT reports names it could not place.
"""
import sys
import warnings

import torch
from peft import PeftModel
from safetensors import safe_open
from transformers import AutoModelForCausalLM


def batch_of(reference):
    with safe_open(reference, framework="pt") as file:
        return {k: file.get_tensor(k) for k in ("input_ids", "labels", "attention_mask") if k in file.keys()}


def main(model_folder, adapter, reference, dtype="float32"):
    warnings.simplefilter("error", UserWarning)  # PEFT only warns about names it does not find
    model = AutoModelForCausalLM.from_pretrained(model_folder, dtype=getattr(torch, dtype), attn_implementation="eager")
    batch = batch_of(reference)
    with torch.no_grad():
        plain = model(**batch, use_cache=False).loss.item()
        try:
            adapted = PeftModel.from_pretrained(model, adapter).eval()
        except UserWarning as warning:
            sys.exit(f"PEFT: {warning}")
        print(f"loss {adapted(**batch, use_cache=False).loss.item():.8f}   without the adapter {plain:.8f}")


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
