#!/usr/bin/env bash
# door.sh CASE: what a person meets first: names of the hub, faults of a file, what is shown, doctor and compare.
source "$(dirname "$0")/common.sh"

# hub_cache NAME FOLDER: lays FOLDER as `hf download NAME` does, below ./home.
hub_cache() {
  local repository="home/hub/models--${1/\//--}"
  mkdir -p "$repository/refs" "$repository/snapshots"
  printf abc >"$repository/refs/main"
  cp -r "$2" "$repository/snapshots/abc"
}

case_hub_names() {
  tiny_setup
  hub_cache google/tiny-it model
  mv model elsewhere
  export HF_HOME=home
  train --set base_model=google/tiny-it --set max_steps=1 >log.txt
  has log.txt '^model +google/tiny-it: '
  has out/adapter_config.json '"base_model_name_or_path": "google/tiny-it"'
  hub_cache someone/adapter out
  "$EFT" plan run.yaml --set base_model=google/tiny-it --set lora_model_dir=someone/adapter >plan.txt
  "$EFT" inference google/tiny-it --adapter someone/adapter --prompt a --max-new-tokens 2 >answer.txt 2>said.txt
  "$EFT" merge-lora google/tiny-it merged --adapter someone/adapter >said.txt
  "$EFT" inspect google/tiny-it >said.txt
  fails_with 4 "run 'hf download google/other' once" "$EFT" plan run.yaml --set base_model=google/other
  fails_with 4 "hf download google/tiny-it --revision v2" "$EFT" plan run.yaml --set base_model=google/tiny-it --set revision_of_model=v2
  fails_with 4 "hf download google/other" "$EFT" inference google/other --prompt a
  fails_with 4 "hf download someone/else" "$EFT" inference google/tiny-it --adapter someone/else --prompt a
}

case_all_linear() {
  tiny_setup
  sed -i '/^lora_target/d' run.yaml
  train --dry-run --json --set lora_target_linear=true >linear.json
  train --dry-run --json --set lora_target_modules=all-linear >word.json
  [ "$(grep -o '"trainable_parameters":[0-9]*' linear.json)" = "$(grep -o '"trainable_parameters":[0-9]*' word.json)" ] ||
    fail 'all-linear is not lora_target_linear'
}

case_faults_together() {
  tiny_setup
  sed -i 's/^sequence_len: .*/sequence_len: long/' run.yaml
  printf 'lerning_rate: 1\nfp16: true\ndebug:\n' >>run.yaml
  "$EFT" plan run.yaml >stdout.txt 2>stderr.txt && fail 'it plans'
  [ "$(wc -l <stderr.txt)" -eq 4 ] || { cat stderr.txt >&2; fail 'expected three faults in four lines'; }
  has stderr.txt '^  run\.yaml:[0-9]+ lerning_rate: unknown key; did you mean learning_rate\?$'
}

case_special_tokens() {
  tiny_setup
  train --dry-run --set 'special_tokens={pad_token: <whatever>}' >log.txt
  has log.txt 'special_tokens'
  fails_with 2 'special_tokens.eos_token: <none>, the tokenizer' "$EFT" plan run.yaml --set 'special_tokens={eos_token: <none>}'
  fails_with 2 'tokens: <new> is no special token' "$EFT" preprocess run.yaml --set 'tokens=[<new>]'
}

# A pipe gets lines without escapes; a terminal a page, a bar and colours, unless NO_COLOR is set.
case_screens() {
  tiny_setup
  train --set max_steps=4 >log.txt
  ! grep -q $'\x1b' log.txt || fail 'escapes in a pipe'
  has log.txt '^steps +4 of '
  has log.txt '^output +out'
  has log.txt '^step 4/4  loss '
  has log.txt '^loss +of a step [0-9.]+ → [0-9.]+'
  has log.txt '^next +eft inference model --adapter out --chat$'
  has log.txt '^ +eft merge-lora model out-merged --adapter out$'
  [ "$(grep -n '^step 1/4' log.txt | cut -d: -f1)" -le 14 ] || { cat log.txt >&2; fail 'a long page'; }
  TERM=xterm script -qec "'$EFT' train run.yaml --set output_dir=again --set max_steps=4" /dev/null </dev/null >screen.txt
  grep -q $'\x1b\[32m' screen.txt || fail 'no colours'
  grep -q '100 %' screen.txt || fail 'no bar'
  TERM=xterm NO_COLOR=1 script -qec "'$EFT' train run.yaml --set output_dir=third --set max_steps=4" /dev/null </dev/null >screen.txt
  ! grep -q $'\x1b\[3' screen.txt || fail 'colours despite NO_COLOR'
}

case_show() {
  tiny_setup
  "$EFT" preprocess run.yaml --row 3 >page.txt
  has page.txt '^--- rows.jsonl:3: [0-9]+ tokens, [0-9]+ bear loss$'
  has page.txt 'What is 2 and one'
  has page.txt '«[0-9]+:'
  [ "$(grep -c '^---' page.txt)" -eq 1 ] || fail 'other rows too'
  fails_with 3 'row 99' "$EFT" preprocess run.yaml --row 99
}

case_doctor() {
  tiny_setup
  "$EFT" doctor run.yaml >verdicts.txt 2>notes.txt || { cat verdicts.txt >&2; fail 'a verdict fails'; }
  for name in data template memory loads trains disk loss packing cache head; do
    has verdicts.txt "^(ok|note) +$name "
  done
  has verdicts.txt '^ready to train$'
  "$EFT" doctor run.yaml --json | grep -q '"pass":true' || fail 'no JSON'
  echo 'not a row' >rows.jsonl
  "$EFT" doctor run.yaml >verdicts.txt 2>notes.txt && fail 'rows that cannot be read pass'
  has verdicts.txt '^FAIL +data '
  tiny_rows rows.jsonl
  truncate -s 1000 model/model.safetensors
  "$EFT" doctor run.yaml >verdicts.txt 2>notes.txt && fail 'a model that is cut off passes'
  has verdicts.txt '^FAIL '
}

case_compare() {
  tiny_setup
  train --set max_steps=4 --set save_strategy=steps --set save_steps=2 >log.txt
  train --set max_steps=4 --set save_strategy=steps --set save_steps=2 --set output_dir=other --set learning_rate=0.5 >log.txt
  "$EFT" compare out other >table.txt
  has table.txt '^ +out +other$'
  has table.txt '^learning_rate '
  has table.txt '^loss, best '
  has table.txt '^other .* loss [0-9.]+ → [0-9.]+$'
  "$EFT" compare out other --json | grep -q '"different":\["learning_rate"\]' || fail 'other keys differ'
  fails_with 4 'metrics.jsonl' "$EFT" compare out nowhere
}

run_case "$1"
