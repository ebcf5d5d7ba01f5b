"""Writes tests/golden/data/preference_losses.json: what TRL's trainers make of rows of preferences in float64, step by step.

    pip install trl==1.9.0
    python tools/golden/preferences.py tests/golden/data/gemma3 > tests/golden/data/preference_losses.json

Each case is a run of a few steps, of several micro batches each, over rows of token ids: the loss of every step, the
norm of its gradient before clipping, and the metrics under TRL's names. With an adapter the policy starts as MODEL/adapter
and the reference is the model without it; else every weight is trained and the reference is the model at the start.
"""
import contextlib
import copy
import json
import pathlib
import random
import sys
import tempfile

import torch
from datasets import Dataset
from peft import LoraConfig
from peft.utils import set_peft_model_state_dict
from safetensors.torch import load_file
from tokenizers import Tokenizer, models
from transformers import AutoModelForCausalLM, PreTrainedTokenizerFast
from trl import DPOConfig, DPOTrainer, KTOConfig, KTOTrainer
from trl.experimental.cpo import CPOConfig, CPOTrainer
from trl.experimental.orpo import ORPOConfig, ORPOTrainer

from double import patch

STEPS, MICRO_BATCH, ACCUMULATION = 3, 3, 2
RATE = 5e-3
VOCABULARY = 251
METRICS = ("rewards/", "logps/", "kl", "nll_loss", "log_odds", "entropy", "mean_token_accuracy", "logits/")


def make_rows(seed=11):
    """Prompts of several lengths, two of them the same, with answers that are longer, shorter and as long as each other.
    With the window of the tiny model, Transformers makes NaN of rows that are padded by more than four tokens."""
    draw = random.Random(seed)
    ids = lambda n: [draw.randrange(3, VOCABULARY) for _ in range(n)]
    rows = []
    for i in range(STEPS * MICRO_BATCH * ACCUMULATION):
        prompt = rows[1]["prompt"] if i == 2 else ids(5 + i % 3)
        rows.append({"prompt": prompt, "chosen": ids(2 + (3 * i + i // 4) % 3), "rejected": ids(2 + (5 * i + 1) % 3),
                     "label": i % 3 != 1})
    return rows


ROWS = make_rows()


def pair_columns(row):
    return {"prompt_ids": row["prompt"], "chosen_ids": row["chosen"], "rejected_ids": row["rejected"]}


def sequence_columns(row):
    columns = {}
    for kind in ("chosen", "rejected"):
        ids = row["prompt"] + row[kind]
        columns |= {f"{kind}_input_ids": ids, f"{kind}_attention_mask": [1] * len(ids),
                    f"{kind}_labels": [-100] * len(row["prompt"]) + row[kind]}
    return columns


def answer_columns(rows):
    """TRL shifts the answers within chunks of a micro batch."""
    columns = []
    for begin in range(0, len(rows), MICRO_BATCH):
        chunk = rows[begin:begin + MICRO_BATCH]
        answers = [row["chosen"] for row in chunk]
        for row, shifted in zip(chunk, answers[-1:] + answers[:-1]):
            columns.append({"prompt_ids": row["prompt"], "completion_ids": row["chosen"], "KL_completion_ids": shifted,
                            "label": row["label"]})
    return columns


def traced(trainer_class, prepared):
    """The trainer with rows that are tokenised, in their order, and the loss of each step as it is."""

    class Traced(trainer_class):
        losses = []

        def _prepare_dataset(self, dataset, *args, **kwargs):
            return prepared

        def tokenize_row(self, feature, model=None):
            return {}

        def _get_train_sampler(self, *args, **kwargs):
            return torch.utils.data.SequentialSampler(self.train_dataset)

        def training_step(self, *args, **kwargs):
            loss = super().training_step(*args, **kwargs)
            self.losses.append(loss.item())
            return loss

    return Traced


class Raw:
    """What ORPO's and CPO's trainers do to rows of text is left out."""

    def __init__(self, rows):
        self.rows = Dataset.from_list(rows)

    def map(self, *args, **kwargs):
        return self

    def __getattr__(self, name):
        return getattr(self.rows, name)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, index):
        return self.rows[index]


def make_tokenizer():
    words = models.WordLevel({f"t{i}": i for i in range(VOCABULARY)}, unk_token="t3")
    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer(words), bos_token="t2", eos_token="t1", pad_token="t0",
                                   unk_token="t3")


def load(folder):
    """The model and its adapter's tensors, before float32 has another meaning."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").double()
    tensors = load_file(folder / "adapter" / "adapter_model.safetensors")
    return model, {name: tensor.double() for name, tensor in tensors.items()}


def run(folder, loaded, trainer_class, config_class, adapter, options):
    model = copy.deepcopy(loaded[0])
    columns = {DPOTrainer: lambda: [pair_columns(row) for row in ROWS], KTOTrainer: lambda: answer_columns(ROWS)}
    rows = columns.get(trainer_class, lambda: [sequence_columns(row) for row in ROWS])()
    prepared = Dataset.from_list(rows)
    arguments = dict(output_dir=tempfile.mkdtemp(), per_device_train_batch_size=MICRO_BATCH, use_cpu=True, bf16=False,
                     gradient_accumulation_steps=ACCUMULATION, max_steps=STEPS, learning_rate=RATE, logging_steps=1,
                     lr_scheduler_type="constant", report_to=[], save_strategy="no", gradient_checkpointing=False,
                     max_length=64, optim="adamw_torch", remove_unused_columns=False)
    arguments |= options
    kwargs = {}
    if adapter:
        config = LoraConfig.from_pretrained(folder / "adapter")
        config.lora_dropout, config.inference_mode = 0.0, False
        kwargs["peft_config"] = config
    elif trainer_class in (DPOTrainer, KTOTrainer):
        kwargs["ref_model"] = copy.deepcopy(model)
    dataset = prepared if trainer_class in (DPOTrainer, KTOTrainer) else Raw(rows)
    trainer = traced(trainer_class, prepared)(model=model, args=config_class(**arguments), train_dataset=dataset,
                                              processing_class=make_tokenizer(), **kwargs)
    if adapter:
        set_peft_model_state_dict(trainer.model, loaded[1])
    trainer.model.double()
    trainer.losses.clear()
    trainer.train()
    steps = []
    logs = [entry for entry in trainer.state.log_history if "grad_norm" in entry]
    for step, entry in enumerate(logs):
        parts = trainer.losses[step * ACCUMULATION:(step + 1) * ACCUMULATION]
        told = METRICS if trainer_class in (DPOTrainer, KTOTrainer) else METRICS[:-1]  # others take logits of padding too
        metrics = {k: v for k, v in entry.items() if k.startswith(told)}
        steps.append({"loss": sum(parts), "grad_norm": entry["grad_norm"], "metrics": metrics})
    return steps


DPO, KTO, ORPO, CPO = (DPOTrainer, DPOConfig), (KTOTrainer, KTOConfig), (ORPOTrainer, ORPOConfig), (CPOTrainer, CPOConfig)
LOSSES = ("sigmoid hinge ipo exo_pair nca_pair robust bco_pair sppo_hard aot aot_unpaired apo_zero apo_down discopop sft "
          "sigmoid_norm").split()


def cases():
    """Keys of a run of eft, the trainer, its settings, and whether an adapter is trained."""
    for loss in LOSSES:
        yield ({"rl": "dpo", "rl_beta": 0.3, "dpo_loss_type": [loss], "dpo_label_smoothing": 0.1}, DPO,
               {"beta": 0.3, "loss_type": [loss], "label_smoothing": 0.1}, True)
    mixed = {"loss_type": ["sigmoid", "bco_pair", "sft"], "loss_weights": [0.8, 0.2, 1.0]}
    for adapter in (True, False):
        yield ({"rl": "dpo", "dpo_loss_type": mixed["loss_type"], "dpo_loss_weights": mixed["loss_weights"]}, DPO,
               {"beta": 0.1} | mixed, adapter)
        yield ({"rl": "ipo", "rl_beta": 0.2}, DPO, {"beta": 0.2, "loss_type": ["ipo"]}, adapter)
        yield ({"rl": "kto", "rl_beta": 0.5, "kto_desirable_weight": 0.7, "kto_undesirable_weight": 1.2}, KTO,
               {"beta": 0.5, "desirable_weight": 0.7, "undesirable_weight": 1.2}, adapter)
        yield ({"rl": "orpo", "orpo_alpha": 0.4}, ORPO, {"beta": 0.4}, adapter)
        yield ({"rl": "simpo", "rl_beta": 2.0, "simpo_gamma": 0.8, "cpo_alpha": 0.3}, CPO,
               {"beta": 2.0, "simpo_gamma": 0.8, "cpo_alpha": 0.3, "loss_type": "simpo"}, adapter)
    for losses in (["sigmoid"], ["ipo"]):  # with sft it fails
        yield ({"rl": "dpo", "rl_beta": 0.4, "dpo_loss_type": losses, "dpo_use_weighting": True}, DPO,
               {"beta": 0.4, "loss_type": losses, "use_weighting": True}, True)
    yield ({"rl": "simpo", "rl_beta": 1.5}, CPO, {"beta": 1.5, "loss_type": "simpo"}, True)
    for loss in ("sigmoid", "hinge", "ipo"):
        yield ({"rl": "cpo", "rl_beta": 0.2, "cpo_loss_type": loss, "cpo_label_smoothing": 0.15, "cpo_alpha": 0.5}, CPO,
               {"beta": 0.2, "loss_type": loss, "label_smoothing": 0.15, "cpo_alpha": 0.5}, True)


def main():
    folder = pathlib.Path(sys.argv[1])
    results = []
    loaded = load(folder)
    patch()
    for options, (trainer, config), settings, adapter in cases():
        with contextlib.redirect_stdout(sys.stderr):
            steps = run(folder, loaded, trainer, config, adapter, settings)
        print(options, adapter, [step["loss"] for step in steps], file=sys.stderr)
        results.append({"options": options, "adapter": adapter, "steps": steps})
    lines = lambda items: ",\n".join("  " + json.dumps(item) for item in items)
    print(f'{{"learning_rate": {RATE}, "micro_batch_size": {MICRO_BATCH}, "gradient_accumulation_steps": {ACCUMULATION},')
    print(f' "rows": [\n{lines(ROWS)}],\n "cases": [\n{lines(results)}]}}')


main()
