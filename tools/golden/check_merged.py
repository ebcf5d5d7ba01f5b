#!/usr/bin/env python3
"""Whether Transformers loads a merged (or sliced, or fully trained) checkpoint cleanly and computes what a reference says.

  check_merged.py MODEL [REFERENCE]

REFERENCE is a file of reference.py, of the adapter that was merged. Prints the loading report and max|Δ|/max|ref| of the logits in
float32; exits with 1 when a key is missing or left over, or when the logits are more than 1e-5 apart.
"""
import os
import sys

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch  # noqa: E402
import transformers  # noqa: E402
from safetensors import safe_open  # noqa: E402


def main():
    folder = sys.argv[1]
    config = transformers.AutoConfig.from_pretrained(folder)
    cls = getattr(transformers, config.architectures[0])
    model, info = cls.from_pretrained(folder, dtype=torch.float32, output_loading_info=True, attn_implementation="eager",
                                      experts_implementation="eager")
    faults = {k: sorted(v) for k, v in info.items() if v and k != "error_msgs"}
    print(f"{folder}: {cls.__name__}, {sum(p.numel() for p in model.parameters())} parameters, {faults or 'loads cleanly'}")
    worst = 0.0
    if len(sys.argv) > 2:
        with safe_open(sys.argv[2], "pt") as file:
            ids, want = file.get_tensor("input_ids"), file.get_tensor("logits").double()
            mask = file.get_tensor("attention_mask") if "attention_mask" in file.keys() else None
        with torch.no_grad():
            got = model.eval()(input_ids=ids, attention_mask=mask).logits.double()
        keep = torch.ones_like(ids, dtype=torch.bool) if mask is None else mask.bool()
        worst = ((got - want)[keep].abs().max() / want[keep].abs().max()).item()
        print(f"  logits {worst:.1e}")
    sys.exit(1 if faults or worst > 1e-5 else 0)


main()
