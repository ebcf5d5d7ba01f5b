#!/usr/bin/env bash
# train.sh CASE: runs of the command line from end to end on a tiny model.
source "$(dirname "$0")/common.sh"

# losses FOLDER: the loss of each step, as written in metrics.jsonl.
losses() { sed -nE 's/.*"loss":([^,}]+),"grad_norm".*/\1/p' "$1/metrics.jsonl"; }

# loss_of FILE: the loss in what `evaluate --json` printed.
loss_of() { sed -E 's/.*"eval_loss":([^,]+),.*/\1/' "$1"; }

# A step's and an evaluation's object have exactly the keys that readers of the file rely on.
case_metrics() {
  tiny_setup
  train --set val_set_size=2 --set eval_steps=2 >log.txt
  local number='-?[0-9.]+(e[+-]?[0-9]+)?'
  [ "$(grep -cE "^\{\"step\":[123],\"loss\":$number,\"grad_norm\":$number,\"learning_rate\":$number,\"tokens\":[0-9]+,\"label_tokens\":[0-9]+,\"seconds\":$number,\"memory\":[0-9]+\}$" out/metrics.jsonl)" -eq 3 ] ||
    { cat out/metrics.jsonl >&2; fail 'expected three steps'; }
  has out/metrics.jsonl "^\{\"step\":2,\"eval_loss\":$number,\"tokens\":[0-9]+,\"label_tokens\":[0-9]+,\"seconds\":$number\}$"
  [ "$(wc -l <out/metrics.jsonl)" -eq "$(grep -c '"step"' out/metrics.jsonl)" ] || fail 'lines that are no step'
}

# Before the first step: what trains, what is frozen, which tokens bear loss, which kernels run, what memory is planned.
case_facts() {
  tiny_setup
  train --dry-run --verbose >log.txt
  empty out
  has log.txt '^trains .* parameters in 28 tensors'
  has log.txt 'layers\.1\.mlp\.down_proj\.lora_B\.weight'
  has log.txt '^frozen '
  has log.txt 'bear loss'
  has log.txt '^kernels .*attention.*rms_norm'
  has log.txt '^memory .*planned peak'
  train --dry-run --json >facts.json
  [ "$(wc -l <facts.json)" -eq 1 ] || fail 'expected one JSON object'
  has facts.json '^\{.*\}$'
}

# Axolotl's way to override a key: a flag for each.
case_key_flags() {
  tiny_setup
  train --dry-run --json --learning-rate 3e-3 --max_steps=7 --no-sample-packing --optimizer adamw_bnb_8bit >facts.json
  has facts.json '"steps":7,'
  train --max-steps 1 --learning-rate 3e-3 --warmup-steps 0 >log.txt
  has out/metrics.jsonl '"step":1,.*"learning_rate":0.003,'
  fails_with 2 '--lerning-rate: neither an option of eft train nor a key of a run; did you mean --learning-rate?' \
    "$EFT" train run.yaml --lerning-rate 1
}

# A sweep makes every combination, goes on after a failure, and leaves alone what is finished.
case_sweep() {
  tiny_setup
  printf 'learning_rate: [1e-3, 2e-3]\nlora_r: [2, 4]\n_:\n  - {seed: 1}\n  - {seed: 2, weight_decay: 0.1}\n' >sweep.yaml
  train --sweep sweep.yaml --set max_steps=2 >log.txt
  [ "$(ls -d out/sweep000? | wc -l)" -eq 8 ] || fail 'expected eight runs'
  has log.txt '^sweep0002 of 8: learning_rate=0?.?001.* lora_r=2 seed=2 weight_decay=0.1$'
  has out/sweep0007/adapter_config.json '"r": ?4'
  rm -r out/sweep0005
  train --sweep sweep.yaml --set max_steps=2 >again.txt
  [ "$(grep -c 'finished before$' again.txt)" -eq 7 ] || { cat again.txt >&2; fail 'finished runs were made again'; }
  [ -f out/sweep0005/adapter_model.safetensors ] || fail 'the missing run was not made'
  echo 'seed: [3]' >sweep.yaml
  fails_with 2 'sweep.yaml: is of another sweep than sweep.yaml; choose another output_dir' \
    "$EFT" train run.yaml --sweep sweep.yaml
}

# A loss that stays too high ends the run, and its result is written all the same.
case_watchdog() {
  tiny_setup
  train --set max_steps=9 --set loss_watchdog_threshold=0.001 --set loss_watchdog_patience=2 >log.txt
  has log.txt '2 steps in a row with a loss above loss_watchdog_threshold: the run ends after step 2'
  has out/adapter_config.json '"r"'
}

# Checkpoints of weights alone are a quarter the size, and no run goes on from them.
case_save_only_model() {
  tiny_setup
  train --set max_steps=4 --set save_strategy=steps --set save_steps=3 --set save_first_step=true --set save_only_model=true >log.txt
  [ -e out/checkpoint-1/adapter_model.safetensors ] || fail 'no checkpoint of the first step'
  [ ! -e out/checkpoint-3/optimizer.safetensors ] || fail 'the state of the optimizer was written'
  fails_with 2 'checkpoint-3: holds the weights only, since it was written with save_only_model: true; no run can go on from it' \
    "$EFT" train run.yaml --set resume_from_checkpoint=out/checkpoint-3
}

case_learns() {
  tiny_setup
  sed -i '/^adapter\|^lora/d' run.yaml
  train --set max_steps=30 --set learning_rate=0.02 --set lr_scheduler=constant >log.txt
  awk 'NR == 1 {first = $1} {last = $1} END {exit !(last < 0.8 * first)}' <(losses out) || fail "losses: $(losses out | tr '\n' ' ')"
}

# One seed gives one adapter, to the byte; another seed another one.
case_reproducible() {
  tiny_setup
  train --set lora_dropout=0.1 --set output_dir=first >/dev/null
  train --set lora_dropout=0.1 --set output_dir=second >/dev/null
  train --set lora_dropout=0.1 --set output_dir=third --set seed=43 >/dev/null
  same first/adapter_model.safetensors second/adapter_model.safetensors
  ! cmp -s first/adapter_model.safetensors third/adapter_model.safetensors || fail 'the seed changes nothing'
}

# A run that goes on from a checkpoint ends where the uninterrupted one does.
case_resumed() {
  tiny_setup
  local run=(--set max_steps=6 --set save_strategy=steps --set save_steps=2 --set lora_dropout=0.1)
  train "${run[@]}" --set output_dir=whole >/dev/null
  [ -f whole/checkpoint-4/trainer_state.json ] || { ls whole >&2; fail 'no checkpoint'; }
  train "${run[@]}" --set output_dir=rest --set resume_from_checkpoint=whole/checkpoint-4 >/dev/null
  same whole/adapter_model.safetensors rest/adapter_model.safetensors
}

# Recomputing changes the memory, not a bit of the result.
case_checkpointed_equals_plain() {
  tiny_setup
  train --set output_dir=plain >/dev/null
  train --set output_dir=recomputed --set gradient_checkpointing=true >/dev/null
  same plain/adapter_model.safetensors recomputed/adapter_model.safetensors
}

# The step's loss is the mean over the tokens of the whole accumulated batch.
case_accumulation() {
  tiny_setup
  local run=(--set max_steps=1 --set curriculum_sampling=true)
  train "${run[@]}" --set micro_batch_size=4 --set output_dir=one >/dev/null
  train "${run[@]}" --set micro_batch_size=1 --set gradient_accumulation_steps=4 --set output_dir=four >/dev/null
  paste <(losses one) <(losses four) | awk '{d = ($1 - $2) / $1; exit !(d * d < 1e-10)}' || fail "$(losses one) and $(losses four)"
}

# Packed rows compute what separate rows compute.
case_packed_equals_separate() {
  tiny_setup
  local run=(--set max_steps=1 --set curriculum_sampling=true --set lr_scheduler=constant --set sequence_len=512)
  train "${run[@]}" --set micro_batch_size=10 --set output_dir=separate >/dev/null
  train "${run[@]}" --set micro_batch_size=1 --set sample_packing=true --set output_dir=packed >/dev/null
  paste <(losses separate) <(losses packed) | awk '{d = ($1 - $2) / $1; exit !(d * d < 1e-10)}' ||
    fail "$(losses separate) and $(losses packed)"
}

# A fully trained model is a checkpoint folder that the next run reads.
case_full_training() {
  tiny_setup
  sed -i '/^adapter\|^lora/d' run.yaml
  train >log.txt
  has log.txt '^trains .*100 % of all'
  [ -f out/config.json ] && [ -f out/model.safetensors ] && [ -f out/tokenizer.json ] || { ls out >&2; fail 'files are missing'; }
  train --set base_model=out --set output_dir=again >log.txt
  awk -v a="$(losses out | head -n 1)" -v b="$(losses again | head -n 1)" 'BEGIN {exit !(b < a)}' || fail 'it did not go on'
}

# A float32 run on a bfloat16 checkpoint says so in config.json; Transformers would round the weights to what stands there.
case_full_training_states_its_dtype() {
  tiny_setup
  sed -i '/^adapter\|^lora/d' run.yaml
  sed 's/"model_type"/"torch_dtype": "bfloat16", &/' model/config.json >config.json
  grep -q '"torch_dtype": "bfloat16"' config.json || fail 'nothing to change'
  mv config.json model/config.json
  train --set max_steps=1 >/dev/null
  has out/config.json '"torch_dtype": "float32"'
  ! grep bfloat16 out/config.json || fail 'another dtype is left'
  train --set max_steps=1 --set bf16=true >/dev/null
  has out/config.json '"torch_dtype": "bfloat16"'
  "$EFT" init out/config.json fresh --dtype f32 >/dev/null
  has fresh/config.json '"torch_dtype": "float32"'
}

case_bfloat16() {
  tiny_setup
  train --set bf16=true --set max_steps=8 --set lr_scheduler=constant >log.txt
  has log.txt '^model .*; bf16 on cpu'
  awk 'NR == 1 {first = $1} {last = $1} END {exit !(last < first)}' <(losses out) || fail "losses: $(losses out | tr '\n' ' ')"
}

# The adapter is one that eft reads again, for training and for evaluation.
case_adapter_goes_on() {
  tiny_setup
  train --set max_steps=8 >/dev/null
  has out/adapter_config.json '"peft_type": "LORA"'
  train --set lora_model_dir=out --set output_dir=again >/dev/null
  "$EFT" evaluate run.yaml --json >before.json
  "$EFT" evaluate run.yaml --adapter out --json >after.json
  awk -v a="$(loss_of before.json)" -v b="$(loss_of after.json)" 'BEGIN {exit !(b < a)}' ||
    { cat before.json after.json >&2; fail 'the adapter does not help'; }
}

# Each dataset has a loss of its own; the whole is their mean over label tokens.
case_evaluates_each_dataset() {
  tiny_setup
  head -n 3 rows.jsonl >few.jsonl
  cat >>run.yaml <<END
test_datasets:
  - {path: rows.jsonl, type: chat_template}
  - {path: few.jsonl, type: chat_template}
END
  "$EFT" evaluate run.yaml >log.txt
  [ "$(wc -l <log.txt)" -eq 3 ] || { cat log.txt >&2; fail 'expected three lines'; }
  has log.txt '^eval_loss [0-9.]+  perplexity [0-9.]+  \([0-9]+ label tokens\)  few\.jsonl$'
  awk '{gsub(/\(/, "")} NR < 3 {sum += $2 * $5; n += $5} END {d = sum / n - $2; exit !(n == $5 && d * d < 1e-7)}' log.txt ||
    { cat log.txt >&2; fail 'not the mean'; }
  "$EFT" evaluate run.yaml --json >report.json
  has report.json '^\{.*"datasets":\[\{"path":"rows\.jsonl",.*"path":"few\.jsonl".*\]\}$'
}

# A fresh adapter changes nothing: B is zero.
case_fresh_adapter_equals_base() {
  tiny_setup
  "$EFT" evaluate run.yaml --json >adapted.json
  sed -i '/^adapter\|^lora/d' run.yaml
  "$EFT" evaluate run.yaml --json >base.json
  same adapted.json base.json
  has base.json '"rows":"training"'
  "$EFT" evaluate run.yaml >log.txt
  has log.txt '^on the training rows: neither test_datasets nor val_set_size is set$'
}

# Merged into the weights, the adapter gives the same loss.
case_merged_equals_adapted() {
  tiny_setup
  train --set max_steps=8 >/dev/null
  "$EFT" merge-lora model merged --adapter out >log.txt
  # The template of the run goes with its adapter, into the merged model and into a chat.
  has log.txt '^chat template: the adapter.s, which is not the model.s$'
  same out/chat_template.jinja merged/chat_template.jinja
  "$EFT" inference model --adapter out --chat --prompt hi --max-new-tokens 1 --json >chat.json 2>/dev/null
  "$EFT" inference merged --chat --prompt hi --max-new-tokens 1 --json >merged_chat.json 2>/dev/null
  same <(grep -o '"prompt_tokens":[^]]*' chat.json) <(grep -o '"prompt_tokens":[^]]*' merged_chat.json)
  "$EFT" evaluate run.yaml --adapter out --json >adapted.json
  sed -i '/^adapter\|^lora/d' run.yaml
  "$EFT" evaluate run.yaml --set base_model=merged --json >merged.json
  paste <(loss_of adapted.json) <(loss_of merged.json) | awk '{d = ($1 - $2) / $1; exit !(d * d < 1e-10)}' ||
    { cat adapted.json merged.json >&2; fail 'the losses differ'; }
}

# Every kernel of the steps is timed, and the calls of a few steps are kept for a viewer.
case_profile() {
  tiny_setup
  train --profile >log.txt
  has log.txt '^profile of 2 steps, '
  has log.txt '^linear\.forward +[0-9]+ '
  has log.txt '^attention\.backward +[0-9]+ '
  has log.txt '^outside of kernels '
  has out/trace.json '"name":"linear.forward","ph":"X"'
  train --set output_dir=again >log.txt
  [ ! -e again/trace.json ] || fail 'a trace that nobody asked for'
}

# What to lower until a budget is kept, or that nothing helps.
case_budget() {
  tiny_setup
  "$EFT" plan run.yaml --budget 100GB >plan.txt
  has plan.txt '^fits in 100\.00 GB$'
  local code=0
  "$EFT" plan run.yaml --budget 1MB >plan.txt || code=$?
  [ "$code" -eq 7 ] || fail "exit code $code, expected 7"
  has plan.txt '^does not fit in 1\.0 MB; the lowest settings do not either:$'
  has plan.txt '^ +gradient_checkpointing: true '
  fails_with 2 '^eft: --budget: much: no size' "$EFT" plan run.yaml --budget much
  "$EFT" plan run.yaml --device cuda --json >plan.json
  has plan.json '"device":"cuda"'
}

case_plan() {
  tiny_setup
  "$EFT" plan run.yaml >plan.txt
  has plan.txt '^ +peak of these +[0-9.]+ .?B$'
  has plan.txt '^ +in all +[0-9.]+ .?B$'
  "$EFT" plan run.yaml --json >plan.json
  has plan.json '^\{.*\}$'
  empty out
}

# The first signal ends the run after the step; exit code 6, and nothing half-written.
case_stopped_by_a_signal() {
  tiny_setup
  "$EFT" train run.yaml --set max_steps=20000 >log.txt 2>err.txt &
  local process=$! code=0
  trap "kill -KILL $process 2>/dev/null || true; rm -rf '$scratch'" EXIT
  until [ -f out/metrics.jsonl ] && [ "$(wc -l <out/metrics.jsonl)" -gt 2 ]; do
    kill -0 "$process" || { cat log.txt err.txt >&2; fail 'it ended early'; }
    sleep 0.1
  done
  kill -INT "$process"
  wait "$process" || code=$?
  [ "$code" -eq 6 ] || { cat log.txt err.txt >&2; fail "exit code $code"; }
  [ -z "$(find out -name '*.tmp*')" ] || fail 'half-written files'
}

# The reference page in docs/ is the one that the binary prints.
case_options_page() {
  "$EFT" config-reference >options.md
  same options.md "$root/docs/options.md"
}

run_case "$1"
