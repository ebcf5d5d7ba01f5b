"""Times LoRA steps of Transformers + PEFT on the CPU. Prints "TOKENS_PER_SECOND PEAK_RSS_MB SLOWEST FASTEST": the median over the
steps, and the two steps.

With --conversations the text holds conversations, of which all are trained once, one a step, the answers bearing loss.
"""

import argparse
import json
import resource
import statistics
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from tokenizers import Tokenizer
from transformers import AutoModelForCausalLM

LINEARS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
EXPERTS = ["experts.gate_up_proj", "experts.down_proj"]


def read_rows(model: Path, text: Path, length: int, count: int) -> list[torch.Tensor]:
    """The first `count` rows of `length` tokens of the text."""
    words = json.loads(text.read_text().splitlines()[0])["text"]
    ids = Tokenizer.from_file(str(model / "tokenizer.json")).encode(words).ids
    rows = [torch.tensor([ids[i : i + length]]) for i in range(0, len(ids) - length + 1, length)]
    return [rows[i % len(rows)] for i in range(count)]


def read_conversations(model: Path, text: Path) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Tokens and labels of each conversation in Gemma 3's turns."""
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    rows = []
    for line in text.read_text().splitlines():
        ids, labels = tokenizer.encode("<bos>", add_special_tokens=False).ids, [-100]
        for message in json.loads(line)["messages"]:
            mine = message["role"] == "assistant"
            head = f"<start_of_turn>{'model' if mine else message['role']}\n"
            for part, counts in ((head, False), (f"{message['content'].strip()}<end_of_turn>\n", mine)):
                new = tokenizer.encode(part, add_special_tokens=False).ids
                ids += new
                labels += new if counts else [-100] * len(new)
        rows.append((torch.tensor([ids]), torch.tensor([labels])))
    return rows


def prepare(options: argparse.Namespace) -> torch.nn.Module:
    base = AutoModelForCausalLM.from_pretrained(options.model, dtype=getattr(torch, options.dtype))
    base.config.use_cache = False
    if options.gradient_checkpointing:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        base.enable_input_require_grads()
    settings = LoraConfig(r=16, lora_alpha=32, lora_dropout=0.0, target_modules=LINEARS, task_type="CAUSAL_LM",
                          target_parameters=EXPERTS if options.experts else None)
    model = get_peft_model(base, settings)
    model.train()
    return torch.compile(model) if options.compile else model


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("text", type=Path)
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--experts", action="store_true", help="adapters on the experts too")
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--length", type=int, default=512, help="tokens of a row")
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--warm-up", type=int, default=2)
    parser.add_argument("--conversations", action="store_true")
    parser.add_argument("--output", type=Path, help="where the adapter is written")
    options = parser.parse_args()

    torch.manual_seed(0)
    if options.conversations:
        rows = read_conversations(options.model, options.text)
    else:
        count = options.steps + options.warm_up
        rows = [(ids, ids) for ids in read_rows(options.model, options.text, options.length, count)]
    model = prepare(options)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0.0)
    rates = []
    for ids, labels in rows:
        begin = time.perf_counter()
        model(input_ids=ids, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        rates.append(ids.shape[1] / (time.perf_counter() - begin))
    if options.output:
        getattr(model, "_orig_mod", model).save_pretrained(options.output)
    counted = rates[options.warm_up :]
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(statistics.median(counted), rss, min(counted), max(counted))


if __name__ == "__main__":
    main()
