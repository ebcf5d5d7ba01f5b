#!/usr/bin/env bash
# prepare.sh CASE: rows are prepared once and used again; texts are streamed.
source "$(dirname "$0")/common.sh"

kept=$XDG_CACHE_HOME/eft/prepared
prepared() { find "$kept" -type f | wc -l; }

case_used_again() {
  tiny_setup
  "$EFT" preprocess run.yaml >first.txt
  has first.txt "^cache miss, $kept/"
  has first.txt '^  rows read +10$'
  has first.txt '^  label tokens +[0-9]+ \('
  train >train.txt
  has train.txt "cache hit, $kept/"
  mv out once
  rm -r "$kept"
  train >train.txt
  has train.txt "cache miss, $kept/"
  same once/adapter_model.safetensors out/adapter_model.safetensors
  [ "$(prepared)" -eq 1 ] || fail 'more than one file of prepared rows'
  # The same rows in another order need no other file, other rows do.
  "$EFT" preprocess run.yaml --set seed=7 --set val_set_size=2 | grep -q 'cache hit' || fail 'made anew'
  tail -n 1 rows.jsonl >>rows.jsonl
  "$EFT" preprocess run.yaml | grep -q 'cache miss' || fail 'rows of another file'
  [ "$(prepared)" -eq 2 ] || fail 'expected two files'
}

case_not_trusted_when_broken() {
  tiny_setup
  "$EFT" preprocess run.yaml --dump first.jsonl >/dev/null
  file=$(find "$kept" -type f)
  cp "$file" whole
  printf 'x' | dd of="$file" bs=1 seek=100 conv=notrunc 2>/dev/null
  "$EFT" preprocess run.yaml --dump again.jsonl >again.txt
  has again.txt 'in the place of a broken file'
  same first.jsonl again.jsonl
  same whole "$file"
  fails_with 4 'prepared-elsewhere/x: cannot make the folder' \
    bash -c 'touch prepared-elsewhere; "$EFT" preprocess run.yaml --set dataset_prepared_path=prepared-elsewhere/x'
}

# Nothing is put into the current folder; a place that was chosen is taken, and that there is none is said.
case_kept_where() {
  tiny_setup
  local before
  before=$(ls -A)
  "$EFT" preprocess run.yaml >/dev/null
  [ "$(ls -A | grep -vx cache)" = "$before" ] || { ls -A >&2; fail 'files in the current folder'; }
  for value in kept-here kept/deep; do
    "$EFT" preprocess run.yaml --set dataset_prepared_path=$value | grep -q "^cache miss, $value/" || fail "not in $value"
    [ "$(find $value -type f | wc -l)" -eq 1 ] || fail "$value holds no rows"
  done
  "$EFT" preprocess run.yaml --set dataset_prepared_path= >page.txt
  has page.txt '^cache hit, '
  env -u XDG_CACHE_HOME -u HOME "$EFT" preprocess run.yaml >page.txt
  has page.txt '^cache off, since neither XDG_CACHE_HOME nor HOME is set$'
  HOME=$PWD/home env -u XDG_CACHE_HOME "$EFT" preprocess run.yaml >page.txt
  has page.txt "^cache miss, $PWD/home/.cache/eft/prepared/"
}

case_dump_of_packed_rows() {
  tiny_setup
  "$EFT" preprocess run.yaml --set sample_packing=true --dump packed.jsonl >page.txt
  has page.txt 'packing fills [0-9.]+ %'
  has packed.jsonl '"position_ids":\[0,1,.*"segments":\[1,1,.*,2,.*"source":\["rows.jsonl",.*"row":\[[0-9]+,'
  "$EFT" preprocess run.yaml --dump apart.jsonl >/dev/null
  has apart.jsonl '^\{"input_ids":.*"source":"rows.jsonl","row":[0-9]+\}$'
}

# Texts are tokenised while training, for ever; an interrupted run goes on as if nothing had happened.
case_streamed_texts() {
  tiny_setup
  for i in $(seq 40); do echo "{\"text\": \"Story $i begins, goes on and ends.\"}"; done >texts.jsonl
  sed -i '/^datasets/,/^    type/d; /^max_steps/d' run.yaml
  printf 'pretraining_dataset:\n  - path: texts.jsonl\nsample_packing: true\nmax_steps: 30\n' >>run.yaml
  train --set output_dir=whole >page.txt
  has page.txt 'tokenised while training'
  train --set save_steps=12 --set save_strategy=steps --set output_dir=part >/dev/null
  train --set output_dir=rest --set resume_from_checkpoint=part/checkpoint-12 >/dev/null
  same whole/adapter_model.safetensors rest/adapter_model.safetensors
  fails_with 2 'pretraining_dataset: has no end; set max_steps' "$EFT" train run.yaml --set max_steps=
  sed -i '7s/.*/{"text": 5}/' texts.jsonl
  fails_with 3 "texts.jsonl:7: field 'text' is number" "$EFT" train run.yaml --set output_dir=bad
}

run_case "$1"
