"""Times LoRA steps of Transformers + PEFT in bf16 on a GPU: the peer that bench/gpu/run.sh runs beside eft."""

import argparse
import json
import statistics
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
WARM_UP = 2


def batches(options: argparse.Namespace) -> torch.Tensor:
    """[steps, rows, length] token ids out of the text."""
    with open(options.text, encoding="utf-8") as file:
        text = "".join(json.loads(line)["text"] for line in file)
    ids = AutoTokenizer.from_pretrained(options.model)(text, return_tensors="pt").input_ids[0]
    count = options.steps + WARM_UP
    return ids[: count * options.rows * options.length].view(count, options.rows, options.length).cuda()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("text")
    parser.add_argument("--length", type=int, required=True)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()

    torch.manual_seed(0)
    base = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.bfloat16).cuda()
    base.config.use_cache = False
    model = get_peft_model(
        base, LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=LINEARS, task_type="CAUSAL_LM")
    )
    model.train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0, fused=True)
    run = torch.compile(model) if options.compile else model
    rates = []
    for ids in batches(options):
        torch.cuda.synchronize()
        begin = time.perf_counter()
        run(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        torch.cuda.synchronize()
        rates.append(ids.numel() / (time.perf_counter() - begin))
    peak = torch.cuda.max_memory_allocated() / 1e9
    name = "transformers" + (" compiled" if options.compile else "")
    print(f"{name:<24} {statistics.median(rates[WARM_UP:]):10.0f} tokens/s, peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
