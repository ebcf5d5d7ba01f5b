#!/usr/bin/env bash
# hostile.sh CASE: files that somebody else wrote, broken by accident or on purpose. Each is refused in one line of our own
# words, with little time and memory.
source "$(dirname "$0")/common.sh"

config=2 data=3 file=4

# refused CODE PATTERN COMMAND...: as fails_with, within 20 s of computing and without a library's words.
refused() {
  local code=$1 pattern=$2
  shift 2
  fails_with "$code" "$pattern" bash -c 'ulimit -t 20; exec "$@"' bash "$@"
  if grep -qE 'json\.exception|nlohmann|std::|PCRE' stderr.txt; then cat stderr.txt >&2; fail "a library speaks"; fi
}

repeated() { head -c "$2" /dev/zero | tr '\0' "$1"; }
deep() { repeated '[' 200000; printf 1; repeated ']' 200000; }

# with_key FILE KEY: the JSON object in FILE gets KEY with a deeply nested value.
with_key() { { sed '$ s/}[[:space:]]*$//' "$1"; printf ', "%s": ' "$2"; deep; printf '}\n'; } >"$1.new" && mv "$1.new" "$1"; }

adapter_setup() { tiny_setup; train >/dev/null; mv out adapter; }

case_deep_json() {
  adapter_setup
  cp -r model deep
  with_key deep/config.json hidden_size
  refused $config 'deep/config\.json: nested deeper than 200 levels' "$EFT" train run.yaml --set base_model=deep
  refused $config 'deep/config\.json: nested deeper than 200 levels' "$EFT" init deep/config.json fresh
  cp model/config.json deep/config.json
  with_key deep/tokenizer_config.json bos_token
  refused $data 'tokenizer_config\.json: nested deeper' "$EFT" train run.yaml --set base_model=deep
  cp model/tokenizer_config.json deep/
  { printf '{"normalizer": '; deep; printf '}'; } >deep/tokenizer.json
  refused $data 'deep/tokenizer\.json: .*nested deeper' "$EFT" train run.yaml --set base_model=deep
  for key in r use_dora rank_pattern; do
    cp -r adapter bad
    with_key bad/adapter_config.json $key
    refused $config 'bad/adapter_config\.json: nested deeper' "$EFT" train run.yaml --set lora_model_dir=bad
    rm -r bad
  done
  { printf '{"weight_map": '; deep; printf '}'; } >deep/model.safetensors.index.json
  rm deep/model.safetensors
  cp model/tokenizer.json deep/
  refused $file 'index\.json: nested deeper' "$EFT" train run.yaml --set base_model=deep
}
case_deep_trainer_state() {
  tiny_setup
  train --set save_strategy=steps --set save_steps=2 --set save_total_limit=1 >/dev/null
  with_key out/checkpoint-3/trainer_state.json files
  refused $file 'trainer_state\.json: nested deeper' "$EFT" train run.yaml --set resume_from_checkpoint=out/checkpoint-3
  echo '[]' >out/checkpoint-3/trainer_state.json
  refused $file 'trainer_state\.json' "$EFT" train run.yaml --set resume_from_checkpoint=out/checkpoint-3
  echo '{"files": {}, "global_step": "3", "cursor": {}}' >out/checkpoint-3/trainer_state.json
  refused $file 'trainer_state\.json' "$EFT" train run.yaml --set resume_from_checkpoint=out/checkpoint-3
}
case_adapter_keys_are_named() {
  adapter_setup
  sed -i 's/"r": 3/"r": "3"/' adapter/adapter_config.json
  refused $config 'adapter_config\.json: r: "3", expected a number' "$EFT" train run.yaml --set lora_model_dir=adapter
}
case_regular_expressions() {
  adapter_setup
  local stars
  stars=$(printf '.*%.0s' {1..40})pp  # a letter that modules have, else nothing is searched
  refused $config 'lora_target_modules: .* steps' "$EFT" train run.yaml --set lora_target_linear=false --set "lora_target_modules=$stars"
  printf 'lora_target_modules: "%s%s"\n' "$(repeated '(' 8000)" "$(repeated ')' 8000)" >tail
  grep -v lora_target run.yaml >nested.yaml
  cat tail >>nested.yaml
  refused $config 'lora_target_modules: .*inside each other' "$EFT" train nested.yaml
  cp -r adapter bad
  sed -i "s/\"rank_pattern\": {}/\"rank_pattern\": {\"$stars\": 2}/" bad/adapter_config.json
  refused $config 'adapter_config\.json: rank_pattern: .* steps' "$EFT" train run.yaml --set lora_model_dir=bad
}
case_not_what_they_seem() {
  tiny_setup
  as_model() { refused "$1" "$2" "$EFT" train run.yaml --set base_model=fake; }
  fake() { rm -rf fake; cp -r model fake; rm fake/model.safetensors; }
  fake; printf 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n' >fake/model.safetensors
  as_model $file 'Git LFS pointer.*git lfs pull'
  fake; printf '<!DOCTYPE html><html><body>Sign in</body></html>' >fake/model.safetensors; as_model $file 'a web page'
  fake; printf 'PK' >fake/pytorch_model.bin; as_model $file 'pytorch_model\.bin.*save_pretrained'
  fake; cp model/model.safetensors fake/model-00001-of-00002.safetensors; as_model $file 'index\.json'
  fake; mkfifo fake/model.safetensors; as_model $file 'a pipe or device'
  fake; cp model/model.safetensors fake; sed -i '1 s/{/{"quantization_config": {"quant_method": "gptq"},/' fake/config.json
  as_model $config 'quantization_config: .*gptq.*not supported; expected bitsandbytes, fp8'
  rm -rf fake; mkdir fake; printf 'GGUF' >fake/model-Q4.gguf; as_model $file 'GGUF'
  rm -rf fake; printf 'GGUF' >fake; as_model $file 'fake: a file'
  rm -f fake; train >/dev/null; mv out fake; as_model $config 'fake: an adapter, not a model; name its model, model'
}
case_absurd_sizes() {
  tiny_setup
  refused $config 'num_epochs' "$EFT" train run.yaml --set max_steps= --set num_epochs=1e19
  sed 's/"hidden_size": [0-9]*/"hidden_size": 1000000000000000000/' model/config.json >model/huge.json
  refused $config 'huge\.json: hidden_size: 1000000000000000000, expected 1 to' "$EFT" init model/huge.json fresh
  sed 's/"hidden_size": [0-9]*/"hidden_size": 1048576/; s/"vocab_size": [0-9]*/"vocab_size": 16777216/' model/config.json >model/huge.json
  refused $config 'huge\.json: a model of .* parameters takes' "$EFT" init model/huge.json fresh
  empty fresh
}
case_many_columns_and_keys() {
  tiny_setup
  seq -s, 30000 >wide.csv
  refused $data 'wide\.csv:1: 30000 columns' "$EFT" train run.yaml --set 'datasets[0].path=wide.csv'
  seq -f 'key_%.0f: 1' 5000 >>run.yaml
  refused $config 'a mapping of more than 2000 keys' "$EFT" train run.yaml
}

export EFT
run_case "$1"
