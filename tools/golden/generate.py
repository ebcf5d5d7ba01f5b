#!/usr/bin/env python3
"""Greedy continuations of five prompts, for comparing token by token: generate.py MODEL OUT.json [--tokens 32]

Two prompts are raw text behind bos, three are chats in the checkpoint's own template. Stop tokens are ignored, so that
every continuation has the same length. `margins` holds how far the best logit was ahead of the second at every step.
"""
import argparse
import json

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

RAW = ["The capital of France is", "Once upon a time, in a village by the sea, there lived an old fisherman who"]
CHATS = [
    [{"role": "user", "content": "What is the boiling point of water at sea level, in Celsius?"}],
    [{"role": "system", "content": "You answer in one short sentence."},
     {"role": "user", "content": "Why do leaves turn red in autumn?"}],
    [{"role": "user", "content": "Give me a word that rhymes with cat."}, {"role": "assistant", "content": "Hat."},
     {"role": "user", "content": "Now use both words in a sentence."}],
]


@torch.no_grad()
def continue_greedily(model, ids, count):
    ids, out, margins, cache = list(ids), [], [], None
    inputs = torch.tensor([ids])
    for _ in range(count):
        result = model(input_ids=inputs, past_key_values=cache, use_cache=True)
        cache = result.past_key_values
        best = result.logits[0, -1].float().topk(2)
        out.append(best.indices[0].item())
        margins.append(round((best.values[0] - best.values[1]).item(), 5))
        inputs = best.indices[:1].reshape(1, 1)
    return out, margins


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("out")
    parser.add_argument("--tokens", type=int, default=32)
    parser.add_argument("--dtype", default="float32")
    o = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(o.model)
    dtype = getattr(torch, o.dtype)
    model = AutoModelForCausalLM.from_pretrained(o.model, dtype=dtype, attn_implementation="eager").eval()
    entries = [{"prompt": p, "prompt_ids": tokenizer(p)["input_ids"]} for p in RAW]
    for messages in CHATS:
        text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        entries.append({"messages": messages, "prompt": text,
                        "prompt_ids": tokenizer(text, add_special_tokens=False)["input_ids"]})
    for entry in entries:
        entry["ids"], entry["margins"] = continue_greedily(model, entry["prompt_ids"], o.tokens)
        entry["text"] = tokenizer.decode(entry["ids"], skip_special_tokens=True)
        print(repr(entry["prompt"][-40:]), "->", repr(entry["text"]), "least margin", min(entry["margins"]), flush=True)
    with open(o.out, "w", encoding="utf-8") as file:
        json.dump(entries, file, ensure_ascii=False, indent=1)


if __name__ == "__main__":
    main()
