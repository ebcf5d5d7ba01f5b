#!/usr/bin/env python3
"""A PEFT training run to compare eft with: lora_run.py MODEL ADAPTER DATA.jsonl OUT [--dtype float32] [--steps 20] ...

Rows of alpaca form (instruction, input, output) become prompts as Axolotl's `type: alpaca` makes them, in file order
(`curriculum_sampling: true`); the prompt bears no loss, the answer and its end token do. Writes
OUT/lora_run[_DTYPE].json with the loss, gradient norm (before clipping) and learning rate of each step,
OUT/lora_rows.jsonl with the exact token ids and labels, and OUT/lora_adapter[_DTYPE], the trained adapter.

The loss of a step divides by the label tokens of the whole accumulated batch. Schedule: Transformers' cosine with warm-up.
"""
import argparse
import json
import pathlib
import time

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast, get_scheduler

HEAD = "Below is an instruction that describes a task"
TAIL = "Write a response that appropriately completes the request.\n\n"
WITH_INPUT = HEAD + ", paired with an input that provides further context. " + TAIL + \
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:\n"
NO_INPUT = HEAD + ". " + TAIL + "### Instruction:\n{instruction}\n\n### Response:\n"


def make_row(row, tokenizer, bos, eos):
    """bos + prompt (masked) + answer + eos, prompt and answer encoded apart as Axolotl encodes them."""
    template = WITH_INPUT if row.get("input") else NO_INPUT
    prompt = [bos] + tokenizer.encode(template.format(**row), add_special_tokens=False)
    answer = tokenizer.encode(row["output"], add_special_tokens=False) + [eos]
    return {"input_ids": prompt + answer, "labels": [-100] * len(prompt) + answer}


def collate(rows, pad):
    """Right padding, as the trainer's collator does it."""
    width = max(len(r["input_ids"]) for r in rows)
    fill = {"input_ids": pad, "labels": -100, "attention_mask": 0}
    rows = [r | {"attention_mask": [1] * len(r["input_ids"])} for r in rows]
    return {k: torch.tensor([r[k] + [v] * (width - len(r[k])) for r in rows]) for k, v in fill.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("model", "adapter", "data", "out"):
        parser.add_argument(name, type=pathlib.Path)
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--micro-batch-size", type=int, default=2)
    parser.add_argument("--accumulation", type=int, default=2)
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--warmup", type=int, default=4)
    parser.add_argument("--max-grad-norm", type=float, default=1.0)
    o = parser.parse_args()
    o.out.mkdir(parents=True, exist_ok=True)

    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(o.model / "tokenizer.json"))
    special = json.loads((o.model / "tokenizer_config.json").read_text())
    bos, eos, pad = (tokenizer.convert_tokens_to_ids(special[f"{kind}_token"]) for kind in ("bos", "eos", "pad"))
    count = o.steps * o.micro_batch_size * o.accumulation
    with open(o.data, encoding="utf-8") as lines:
        rows = [make_row(json.loads(next(lines)), tokenizer, bos, eos) for _ in range(count)]
    (o.out / "lora_rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    dtype = getattr(torch, o.dtype)
    model = AutoModelForCausalLM.from_pretrained(o.model, dtype=dtype, attn_implementation="eager")
    model = PeftModel.from_pretrained(model, o.adapter, is_trainable=True)  # adapter weights stay in float32
    model.config.use_cache = False
    model.train()
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=o.lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    schedule = get_scheduler("cosine", optimizer, num_warmup_steps=o.warmup, num_training_steps=o.steps)
    steps = []
    for step in range(o.steps):
        start = time.time()
        size, first = o.micro_batch_size, step * o.micro_batch_size * o.accumulation
        micros = [rows[first + i * size: first + (i + 1) * size] for i in range(o.accumulation)]
        label_tokens = sum(label != -100 for micro in micros for r in micro for label in r["labels"][1:])
        total = 0.0
        for micro in micros:
            loss = model(**collate(micro, pad), num_items_in_batch=label_tokens).loss
            loss.backward()
            total += loss.item()
        norm = torch.nn.utils.clip_grad_norm_(trained, o.max_grad_norm).item()
        rate = schedule.get_last_lr()[0]
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        steps.append({"step": step + 1, "loss": total, "grad_norm": norm, "learning_rate": rate,
                      "tokens": sum(len(r["input_ids"]) for m in micros for r in m), "label_tokens": label_tokens,
                      "seconds": round(time.time() - start, 3)})
        print(json.dumps(steps[-1]), flush=True)

    suffix = "" if o.dtype == "float32" else f"_{o.dtype}"
    settings = {k: str(v) if isinstance(v, pathlib.Path) else v for k, v in vars(o).items()}
    (o.out / f"lora_run{suffix}.json").write_text(json.dumps({"settings": settings, "steps": steps}, indent=1) + "\n")
    model.save_pretrained(o.out / f"lora_adapter{suffix}")


if __name__ == "__main__":
    main()
