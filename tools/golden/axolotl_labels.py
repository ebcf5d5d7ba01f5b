#!/usr/bin/env python3
"""What Axolotl makes of the data of a run: axolotl_labels.py OUT_DIR RUN.yaml...

For every RUN.yaml it writes OUT_DIR/RUN.jsonl, one line an example with "input_ids" and "labels" in Axolotl's order (with
`rl`, the texts "prompt", "chosen", "rejected" or "completion", "label", and the ids that TRL's trainers make of them), or
OUT_DIR/RUN.error with the exception when Axolotl refuses. Paths in a run are relative to its folder; base_model needs
config.json and the tokenizer only. In a throw-away virtual environment with axolotl==0.19.0 and what it needs.
"""
import json
import os
import pathlib
import sys
import tempfile
import traceback

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", AXOLOTL_DO_NOT_TRACK="1", AXOLOTL_IS_PREPROCESS="1",
                  CUDA_VISIBLE_DEVICES="")

import datasets  # noqa: E402  (the environment has to be set first)
from axolotl.cli.config import load_cfg  # noqa: E402
from axolotl.common.datasets import load_datasets, load_preference_datasets  # noqa: E402
from axolotl.loaders import load_tokenizer  # noqa: E402
from axolotl.utils.data import rl, sft  # noqa: E402
from axolotl.utils.data.utils import remove_double_bos_token  # noqa: E402


def in_this_process(method):
    return lambda self, *args, num_proc=None, **keys: method(self, *args, **keys)


def ids(tokenizer, text):
    """As AxolotlDPOTrainer._tokenize."""
    return remove_double_bos_token(dict(tokenizer(text=text)), tokenizer.bos_token_id)["input_ids"]


def preference(row, tokenizer):
    """The texts that Axolotl hands to TRL, and what tokenize_fn of TRL's DPOTrainer and KTOTrainer does with them."""
    made = {k: row[k] for k in ("prompt", "chosen", "rejected", "completion", "label") if k in row}
    prompt = made["prompt_ids"] = ids(tokenizer, row["prompt"])
    for key in ("completion",) if "completion" in row else ("chosen", "rejected"):
        answer = row[key] if row[key].endswith(tokenizer.eos_token) else row[key] + tokenizer.eos_token
        both = ids(tokenizer, row["prompt"] + answer)
        made[key + "_ids"] = both[len(prompt):]
        if both[:len(prompt)] != prompt:
            made["mismatch"] = True
    return made


def labels(run):
    with tempfile.TemporaryDirectory() as prepared:
        cfg = load_cfg(run, is_preprocess=True, dataset_prepared_path=prepared, output_dir=prepared)
        cfg.is_preprocess = True
        if cfg.rl:
            tokenizer = load_tokenizer(cfg)
            return [preference(row, tokenizer) for row in load_preference_datasets(cfg=cfg).train_dataset]
        return [{k: row[k] for k in ("input_ids", "labels")} for row in load_datasets(cfg=cfg).train_dataset]


def main(out_dir, runs):
    out_dir = pathlib.Path(out_dir).resolve()
    out_dir.mkdir(parents=True, exist_ok=True)
    datasets.Dataset.map = in_this_process(datasets.Dataset.map)
    datasets.Dataset.filter = in_this_process(datasets.Dataset.filter)
    sft.save_preprocessed_dataset = rl.save_preprocessed_dataset = lambda *args, **keys: None
    home = pathlib.Path.cwd()
    for run in map(pathlib.Path, runs):
        target = out_dir / run.stem
        for ending in (".jsonl", ".error"):
            target.with_suffix(ending).unlink(missing_ok=True)
        os.chdir(run.parent)
        try:
            rows = labels(run.name)
            target.with_suffix(".jsonl").write_text("".join(json.dumps(r, separators=(",", ":")) + "\n" for r in rows))
            print(f"{run}: {len(rows)} examples", flush=True)
        except (Exception, SystemExit) as error:  # the refusal itself is the result
            target.with_suffix(".error").write_text("".join(traceback.format_exception_only(error)))
            print(f"{run}: refused: {error}", flush=True)
        finally:
            os.chdir(home)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
