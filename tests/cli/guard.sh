#!/usr/bin/env bash
# guard.sh CASE: what eft did not write it neither replaces nor removes, and two runs do not meet in one folder.
source "$(dirname "$0")/common.sh"

config=2 file=4

# contents FOLDER: every file in it, those of this script apart, with its checksum.
contents() { (cd "$1" && find . -type f ! -name '*.txt' -exec cksum {} + | sort); }

# untouched CODE PATTERN FOLDER COMMAND...: the command is refused and FOLDER is as before.
untouched() {
  local code=$1 pattern=$2 folder=$3
  shift 3
  contents "$folder" >before.txt
  fails_with "$code" "$pattern" "$@"
  contents "$folder" >after.txt
  cmp before.txt after.txt || fail "$folder was changed"
}

case_output_is_an_input() {
  tiny_setup
  cp -r model other
  ln -s model link
  train --set output_dir=adapter >/dev/null
  local spelling
  for spelling in model ./other/../model/ link "$PWD/model"; do
    untouched $config 'output_dir: .*base_model \(model\) lies there' model "$EFT" train run.yaml --set output_dir="$spelling"
  done
  untouched $config 'tokenizer_config \(other\) lies there' other train --set tokenizer_config=other --set output_dir=other
  untouched $config 'lora_model_dir \(adapter\) lies there' adapter train --set lora_model_dir=adapter --set output_dir=adapter
  untouched $config 'base_model \(other/inner\) lies there' other \
    bash -c 'mkdir -p other/inner; exec "$EFT" train run.yaml --set base_model=other/inner --set output_dir=other --dry-run'
}

case_output_holds_what_others_wrote() {
  tiny_setup
  cp -r model finished
  mkdir notes hidden checkpoints
  echo 'Do not lose me' >notes/notes.md
  echo secret >hidden/.env
  mkdir checkpoints/checkpoint-3
  echo '{"global_step": 3, "log_history": []}' >checkpoints/checkpoint-3/trainer_state.json
  untouched $config 'output_dir: finished: holds a model \(model.safetensors, config.json and [0-9]+ more\)' finished train --set output_dir=finished
  untouched $config 'holds a model' finished train --set output_dir=finished --dry-run
  untouched $config 'holds files \(notes.md\)' notes train --set output_dir=notes
  untouched $config 'holds files \(.env\)' hidden train --set output_dir=hidden
  untouched $config 'holds files \(checkpoint-3\)' checkpoints train --set output_dir=checkpoints --set resume_from_checkpoint=true
  mkdir new
  train --set output_dir=new >/dev/null
}

# Between two runs a user puts things of his own into the folder.
case_files_added_to_a_run_stay() {
  tiny_setup
  local keep=(--set save_strategy=steps --set save_steps=1 --set save_total_limit=1)
  train "${keep[@]}" --set max_steps=1 >/dev/null
  echo mine | tee out/notes.md >out/checkpoint-1/mine.txt
  train "${keep[@]}" --set resume_from_checkpoint=true >log.txt
  has log.txt 'checkpoint-1 stays: it holds mine.txt, which eft did not write'
  [ "$(cat out/notes.md out/checkpoint-1/mine.txt)" = $'mine\nmine' ] || fail 'lost'
  [ ! -e out/checkpoint-2 ] && [ -e out/checkpoint-3 ] || fail 'its own checkpoints are not as asked'
  cp model/model.safetensors out
  untouched $config 'output_dir: out: holds a model \(model.safetensors\)' out train
}

# Runs of an eft that kept no list of its files go on.
case_earlier_runs_go_on() {
  tiny_setup
  local steps=(--set save_strategy=steps --set save_steps=1 --set lr_scheduler=constant --set warmup_steps=0)
  train "${steps[@]}" --set output_dir=whole >/dev/null
  train "${steps[@]}" --set max_steps=2 >/dev/null
  rm out/.eft-files
  sed -i -zE 's/\{\s*"bytes": ([0-9]+),\s*"checksum": "[0-9a-f]+"\s*\}/\1/g; s/,\s*"checksum": "[0-9a-f]+"//; s/"run": \{[^{}]*(\{[^{}]*\})?[^{}]*\},//' \
    out/checkpoint-*/trainer_state.json
  train "${steps[@]}" --set resume_from_checkpoint=true >log.txt
  has log.txt 'checkpoint-2 was written by an earlier eft'
  same whole/adapter_model.safetensors out/adapter_model.safetensors
}

case_commands_fill_new_folders_only() {
  tiny_setup
  train >/dev/null
  mkdir notes
  echo mine >notes/notes.md
  local folder
  for folder in out notes model; do
    untouched $config 'already holds .*; give another folder' $folder "$EFT" merge-lora model $folder --adapter out
    untouched $config 'already holds .*; give another folder' $folder "$EFT" init model/config.json $folder
    untouched $config 'already holds .*; give another folder' $folder "$EFT" slice model $folder --config E2B
  done
  untouched $config 'out: already holds an adapter \(adapter_config.json, adapter_model.safetensors' out \
    "$EFT" merge-lora model out --adapter out
  touch plain
  fails_with $file 'plain: is a file' "$EFT" merge-lora model plain --adapter out
}

case_dump_replaces_nothing() {
  tiny_setup
  echo mine >notes.md
  ln -s rows.jsonl link.jsonl
  ln rows.jsonl hard.jsonl
  mkdir folder
  local force path
  for force in '' --force; do
    for path in rows.jsonl ./rows.jsonl link.jsonl hard.jsonl run.yaml model/tokenizer.json; do
      untouched $config 'is read by this run' . "$EFT" preprocess run.yaml $force --dump "$path"
    done
    untouched $config 'no regular file' . "$EFT" preprocess run.yaml $force --dump folder
  done
  sed 's/is/was/' rows.jsonl >test.jsonl
  untouched $config 'test.jsonl: is read by this run' . "$EFT" preprocess run.yaml --force --dump test.jsonl \
    --set 'test_datasets=[{path: test.jsonl, type: chat_template}]'
  untouched $config 'notes.md: is there already; give another file, or --force' . "$EFT" preprocess run.yaml --dump notes.md
  "$EFT" preprocess run.yaml --dump notes.md --force >/dev/null
  has notes.md input_ids
}

# The second run in a folder is refused at once; a process that was killed leaves no lock.
case_two_runs_in_one_folder() {
  tiny_setup
  "$EFT" train run.yaml --set max_steps=20000 >log.txt 2>err.txt &
  local process=$!
  trap "kill -KILL $process 2>/dev/null || true; rm -rf '$scratch'" EXIT
  until [ -s out/metrics.jsonl ]; do
    kill -0 "$process" || { cat log.txt err.txt >&2; fail 'it ended early'; }
    sleep 0.05
  done
  fails_with $file "out: process $process on .* is writing there" train
  fails_with $file "process $process on " train --set output_dir="$PWD/out" --set auto_resume_from_checkpoints=true --set seed=9
  kill -KILL "$process"
  wait "$process" 2>/dev/null || true
  [ -e out/.eft-lock ] || fail 'expected the lock file of a killed process'
  train >/dev/null
  [ ! -e out/.eft-lock ] || fail 'the lock file stays'
}

case_output_that_cannot_be_written() {
  tiny_setup
  touch plain
  fails_with $file 'plain' train --set output_dir=plain
  fails_with $file 'plain/deeper' train --set output_dir=plain/deeper
  fails_with $file '/proc/' train --set output_dir=/proc/nowhere
  fails_with $config 'learning_rate' train --set output_dir=new/deep --set learning_rate=
  fails_with $file 'nowhere' train --set output_dir=new/deep --set base_model=nowhere
  [ ! -e new ] || fail 'folders of a run that never began'
}

run_case "$1"
