#!/usr/bin/env bash
# Formats of rows on the command line: preferences, weights, rows that cannot be used.   formats.sh CASE
source "$(dirname "$0")/common.sh"

mkdir model
cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} model
cp "$root/tests/cli/tiny/config.json" model

# run_of FILE TYPE [LINE]...: a YAML file with one dataset, rows.jsonl.
run_of() {
  local file=$1 type=$2
  shift 2
  printf '%s\n' 'base_model: model' 'output_dir: out' 'chat_template: gemma4' 'sequence_len: 256' 'adapter: lora' 'lora_r: 4' \
    'lora_alpha: 8' 'lora_target_linear: true' 'learning_rate: 0.001' 'max_steps: 1' 'shuffle_merged_datasets: false' \
    "datasets: [{path: rows.jsonl, type: $type}]" "$@" >"$file"
}

case_preferences() {
  printf '%s\n' '{"question": "2 + 2?", "chosen": "4", "rejected": "5"}' '{"question": "no answer"}' >rows.jsonl
  run_of run.yaml chatml.intel 'rl: dpo' 'on_bad_row: drop'
  "$EFT" preprocess run.yaml --show 1 --dump rows.dump >out.txt
  has out.txt "dropped *1 no field 'chosen'"
  has out.txt '\[chosen\] «4<|im_end|>»'
  has rows.dump '"prompt":"<|im_start|>user\\n2 + 2?<|im_end|>\\n<|im_start|>assistant\\n","chosen":"4<|im_end|>","rejected":"5<|im_end|>"'
  has rows.dump '"prompt_ids":\[2,'
}

case_weights() {
  printf '%s\n' '{"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": [{"text": "a", "weight": 0.5}]}]}' >rows.jsonl
  run_of run.yaml chat_template
  "$EFT" preprocess run.yaml --dump rows.dump >out.txt
  has rows.dump '"weights":\[0'
}

case_bad_rows() {
  printf '%s\n' '{"instruction": "a", "output": "b"}' '{"instruction": "a"}' '{"instruction": 5}' >rows.jsonl
  run_of run.yaml '{no_input_format: "{instruction}: "}' 'on_bad_row: drop'
  "$EFT" preprocess run.yaml >out.txt
  has out.txt "1 no field 'output': rows.jsonl:2: no field 'output'"
  has out.txt "1 field 'instruction' is number: rows.jsonl:3: "
  fails_with 3 "rows\.jsonl:2: no field 'output', expected a string; the row has instruction" "$EFT" preprocess run.yaml --set on_bad_row=raise
}

run_case "$1"
