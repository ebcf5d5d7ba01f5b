#!/usr/bin/env bash
# examples.sh CASE: the YAML files in examples/ run, for two steps, and end with something that eft reads.
source "$(dirname "$0")/common.sh"
cd "$root"

demo_model() { "$EFT" init examples/demo/model/config.json "$scratch/base" --seed 1 >/dev/null; }

# Fewer rows, so that two steps and their evaluations take seconds.
short=(--set max_steps=2 --set sequence_len=256 --set 'test_datasets[0].split=train[:4]' --set 'datasets[0].split=train[:40]')

case_demo_pretrain() {
  demo_model
  "$EFT" train examples/demo/pretrain.yaml "${short[@]}" --set 'datasets[1].split=train[:40]' \
    --set base_model="$scratch/base" --set output_dir="$scratch/out" >"$scratch/log.txt"
  "$EFT" inference "$scratch/out" --prompt 'Once upon a time' --temperature 0 --max-new-tokens 4 >"$scratch/text.txt"
  [ -s "$scratch/text.txt" ] || fail 'no text'
}

case_demo_lora() {
  demo_model
  "$EFT" train examples/demo/lora.yaml "${short[@]}" \
    --set base_model="$scratch/base" --set output_dir="$scratch/out" >"$scratch/log.txt"
  "$EFT" inference "$scratch/base" --adapter "$scratch/out" --chat --prompt 'Hello!' --temperature 0 --max-new-tokens 4 \
    >"$scratch/text.txt"
  [ -s "$scratch/text.txt" ] || fail 'no text'
}

# The README's run as it stands, on the demo's model: found by its name in a cache of the hub.
case_gemma_3_270m_lora() {
  demo_model
  local repository="$scratch/home/hub/models--google--gemma-3-270m-it"
  mkdir -p "$repository/refs" "$repository/snapshots"
  printf abc >"$repository/refs/main"
  mv "$scratch/base" "$repository/snapshots/abc"
  export HF_HOME="$scratch/home"
  "$EFT" train examples/gemma-3-270m-lora.yaml --set output_dir="$scratch/out" --set dataset_prepared_path= >"$scratch/log.txt"
  [ -f "$scratch/out/adapter_model.safetensors" ] || fail 'no adapter'
  echo 'Who are you?' | "$EFT" inference google/gemma-3-270m-it --adapter "$scratch/out" --chat --max-new-tokens 4 >"$scratch/text.txt"
  [ -s "$scratch/text.txt" ] || fail 'no answer'
}

# Published Axolotl files: every key is known, and what eft does not do yet is refused with its line.
case_compat() {
  local path code
  for path in examples/compat/*.y*ml; do
    code=0
    "$EFT" train "$path" --dry-run >"$scratch/out.txt" 2>"$scratch/err.txt" || code=$?
    [ "$code" -eq 2 ] || [ "$code" -eq 4 ] || { cat "$scratch/err.txt" >&2; fail "$path: exit code $code"; }
    ! grep -q 'unknown' "$scratch/err.txt" || { cat "$scratch/err.txt" >&2; fail "$path: a key is unknown"; }
  done
}

run_case "$1"
