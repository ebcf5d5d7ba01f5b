#!/usr/bin/env python3
"""Loads a checkpoint with Transformers and prints its loss on a reference's batch.

check_model.py MODEL REFERENCE [DTYPE]

Exit code 1 if names are missing, unexpected or of a wrong shape.
"""
import sys

import torch
import transformers

from check_adapter import batch_of


def main(folder, reference, dtype="float32"):
    config = transformers.AutoConfig.from_pretrained(folder)
    model, info = getattr(transformers, config.architectures[0]).from_pretrained(
        folder, dtype=getattr(torch, dtype), attn_implementation="eager", output_loading_info=True)
    wrong = {what: sorted(map(str, names)) for what, names in info.items() if names}
    for what, names in wrong.items():
        print(f"{what}: {', '.join(names)}")
    with torch.no_grad():
        print(f"loss {model.eval()(**batch_of(reference), use_cache=False).loss.item():.8f}")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
