#!/usr/bin/env bash
# Files of rows in their formats: the same tokens and labels from each.   sources.sh CASE
source "$(dirname "$0")/common.sh"

# A folder with what `eft preprocess` needs of a model.
mkdir model
cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} model
cp "$root/tests/cli/tiny/config.json" model

# run_of FILE PATH TYPE [LINE OF THE DATASET]...: a YAML file with one dataset.
run_of() {
  local file=$1 path=$2 type=$3 line
  shift 3
  {
    printf '%s\n' 'base_model: model' 'output_dir: out' 'chat_template: gemma4' 'sequence_len: 256' 'adapter: lora' \
      'lora_r: 4' 'lora_alpha: 8' 'lora_target_linear: true' 'learning_rate: 0.001' 'max_steps: 1' \
      'shuffle_merged_datasets: false'
    printf 'datasets:\n  - path: %s\n    type: %s\n' "$path" "$type"
    for line in "$@"; do printf '    %s\n' "$line"; done
  } >"$file"
}

# dump NAME PATH TYPE [LINE]...: NAME.dump holds the examples without the place they come from.
dump() {
  local name=$1
  shift
  run_of "$name.yaml" "$@"
  "$EFT" preprocess "$name.yaml" --dump "$name.full" >"$name.txt"
  sed -E 's/"(source|row)": ?("[^"]*"|[0-9]+),? ?//g' "$name.full" >"$name.dump"
}

case_instructions() {
  printf '%s\n' '{"instruction": "Say \"é😀\", twice", "input": "", "output": "é\né"}' \
    '{"instruction": "Add", "input": "1, 2", "output": "3"}' >rows.jsonl
  printf 'instruction,input,output\r\n"Say ""é😀"", twice",,"é\né"\r\nAdd,"1, 2",3\r\n' >rows.csv
  printf '[{"output": "é\\né", "instruction": "Say \\"\\u00e9\\ud83d\\ude00\\", twice", "input": null},\n {"instruction":
    "Add", "input": "1, 2", "output": "3"}]' >rows.json
  gzip -c rows.jsonl >packed.jsonl.gz
  gzip -c rows.csv >packed
  dump jsonl rows.jsonl alpaca
  dump csv rows.csv alpaca
  dump json rows.json alpaca
  dump gz packed.jsonl.gz alpaca
  dump typed packed alpaca 'ds_type: csv'
  dump named . alpaca 'data_files: [rows.c*]'
  [ "$(wc -l <jsonl.dump)" -eq 2 ] || fail "expected two examples"
  for name in csv json gz typed named; do same jsonl.dump $name.dump; done
}

case_texts() {
  printf '{"text": "One line."}\n{"text": "Ünd äñother 😀."}\n' >rows.jsonl
  printf '["One line.", "Ünd äñother 😀."]' >rows.json
  printf 'One line.\r\nÜnd äñother 😀.' >rows.txt
  dump jsonl rows.jsonl completion
  dump json rows.json completion
  dump txt rows.txt completion
  [ "$(wc -l <jsonl.dump)" -eq 2 ] || fail "expected two examples"
  for name in json txt; do same jsonl.dump $name.dump; done
}

case_folder_of_splits() {
  mkdir -p rows/data
  for n in 1 2; do echo '{"text": "train '$n'"}' >rows/data/train-0000$n-of-00002.jsonl; done
  echo '{"text": "test"}' >rows/data/test-00001-of-00001.jsonl
  dump train rows completion
  dump test rows completion 'split: test'
  dump part rows completion 'split: train[50%:]+test'
  [ "$(wc -l <train.dump) $(wc -l <test.dump) $(wc -l <part.dump)" = '2 1 2' ] || fail "wrong rows of splits"
  tail -n 1 train.dump >expected
  cat test.dump >>expected
  same expected part.dump
}

case_bad_rows_are_named() {
  printf 'instruction,input,output\nAdd,1,2\nAdd,1\nAdd,3,4\n' >rows.csv
  run_of run.yaml rows.csv alpaca
  fails_with 3 'rows.csv:3: 2 cells, expected 3' "$EFT" preprocess run.yaml
  "$EFT" preprocess run.yaml --set on_bad_row=drop --dump dump >/dev/null
  [ "$(wc -l <dump)" -eq 2 ] || fail "expected two examples"
  printf 'instruction,input,output\n"Add,1,2\n' >open.csv
  run_of run.yaml open.csv alpaca
  fails_with 3 'open.csv:2: a cell begins with a quote that has no end' "$EFT" preprocess run.yaml
  printf '\x1f\x8b\x08\x00' >cut.jsonl.gz
  run_of run.yaml cut.jsonl.gz alpaca
  fails_with 4 'cut.jsonl.gz: the gzip data ends in the middle' "$EFT" preprocess run.yaml
}

"case_$1"
