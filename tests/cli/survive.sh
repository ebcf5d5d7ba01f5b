#!/usr/bin/env bash
# survive.sh CASE: runs that are interrupted, killed or short of disk go on as if nothing had happened.
source "$(dirname "$0")/common.sh"

# Twelve steps with dropout, accumulation, evaluations and a checkpoint every second step.
interval=2
survivor() {
  tiny_setup
  cat >>run.yaml <<END
max_steps: 12
save_steps: $interval
save_total_limit: 2
gradient_accumulation_steps: 2
lora_dropout: 0.1
val_set_size: 2
eval_steps: 3
auto_resume_from_checkpoints: true
END
  sed -i '/^save_strategy/d; 0,/^max_steps/{/^max_steps/d}' run.yaml
}

# what_happened FOLDER: metrics.jsonl without times and memory, which depends on the blocks that the pool has.
what_happened() { sed -E 's/"(seconds|memory)":[^,}]+//g' "$1/metrics.jsonl"; }

last_step() { { echo 0; sed -nE 's/^\{"step":([0-9]+),.*\}$/\1/p' "$1/metrics.jsonl" 2>/dev/null || true; } | tail -n 1; }

# The step of the newest folder that has a checkpoint's name.
last_checkpoint() {
  { echo 0; find "$1" -maxdepth 1 -name 'checkpoint-*' 2>/dev/null || true; } | sed 's/.*-//' | sort -n | tail -n 1
}

# The run in ./out ended as the uninterrupted one in ./whole did.
is_whole() {
  same whole/adapter_model.safetensors out/adapter_model.safetensors
  cmp <(what_happened whole) <(what_happened out) || fail 'other steps or evaluations'
  [ -z "$(find out -name '*.tmp')" ] || { find out >&2; fail 'half-written files'; }
}

# Killed 50 times, at any of the moments between two steps or two operations on files (CONTRIBUTING.md), or at any time
# at all: every start goes on from the last complete checkpoint, which is at most one interval old.
case_killed_at_50_moments() {
  survivor
  train --set output_dir=whole >/dev/null
  local kills=0 code moment process lost
  RANDOM=7
  while [ "$kills" -lt 50 ]; do
    code=0
    if [ $((kills % 10)) -eq 9 ]; then
      "$EFT" train run.yaml >log.txt 2>err.txt &
      process=$!
      sleep "0.$((RANDOM % 5 + 1))"
      kill -KILL "$process" 2>/dev/null || true
      wait "$process" 2>/dev/null || code=$?
    else
      moment=$((RANDOM % 150 + 1))
      { EFT_KILL_AT=$moment train >log.txt 2>err.txt; } 2>/dev/null || code=$?
    fi
    if [ "$code" -eq 0 ]; then
      is_whole
      rm -r out
      continue
    fi
    [ "$code" -eq 137 ] || { cat log.txt err.txt >&2; fail "exit code $code at moment $moment"; }
    kills=$((kills + 1))
    lost=$(($(last_step out) - $(last_checkpoint out)))
    [ "$lost" -le "$interval" ] || { ls -A out >&2; fail "$lost steps are lost at moment $moment"; }
  done
  train >log.txt
  is_whole
}

# Wherever saving is interrupted, one after the other.
case_killed_at_every_moment_of_a_save() {
  survivor
  train --set output_dir=whole >/dev/null
  local moment code
  for moment in 3 6 9 12 15 18 21 24 27 30; do
    rm -rf out
    code=0
    { EFT_KILL_AT=$moment train --set save_total_limit=1 >/dev/null; } 2>/dev/null || code=$?
    [ "$code" -eq 137 ] || fail "exit code $code at moment $moment"
    train --set save_total_limit=1 >/dev/null
    is_whole
  done
}

# wait_for_steps N PROCESS: until N lines are in out/metrics.jsonl.
wait_for_steps() {
  until [ -f out/metrics.jsonl ] && [ "$(wc -l <out/metrics.jsonl)" -ge "$1" ]; do
    kill -0 "$2" || { cat log.txt err.txt >&2; fail 'it ended early'; }
    sleep 0.05
  done
}

# start_long_run: a run too long to end, as $process, which the test's end ends.
start_long_run() {
  "$EFT" train run.yaml --set max_steps=20000 "$@" >log.txt 2>err.txt &
  process=$!
  trap "kill -KILL $process 2>/dev/null || true; rm -rf '$scratch'" EXIT
}

# After a signal the run goes on where it was, and evaluates nothing twice.
case_goes_on_after_a_signal() {
  survivor
  train --set output_dir=whole >/dev/null
  local code=0
  "$EFT" train run.yaml >log.txt 2>err.txt &
  process=$!
  trap "kill -KILL $process 2>/dev/null || true; rm -rf '$scratch'" EXIT
  wait_for_steps 4 "$process"
  kill -TERM "$process" 2>/dev/null || true
  wait "$process" || code=$?
  [ "$code" -eq 6 ] || [ "$code" -eq 0 ] || { cat err.txt >&2; fail "exit code $code"; }
  train --set auto_resume_from_checkpoints=false --set resume_from_checkpoint=true >/dev/null
  is_whole
}

# A second signal does not wait for the end of the step: both come while the process sleeps.
case_second_signal_ends_at_once() {
  survivor
  start_long_run
  wait_for_steps 3 "$process"
  kill -STOP "$process"
  kill -INT "$process"
  kill -TERM "$process"
  kill -CONT "$process"
  local code=0
  wait "$process" || code=$?
  [ "$code" -eq 130 ] || [ "$code" -eq 143 ] || fail "exit code $code"
}

# ended_by SIGNAL: a long run that gets it ends after the step with a checkpoint, a line that names it and exit code 6.
ended_by() {
  rm -rf out
  start_long_run
  wait_for_steps 2 "$process"
  kill -"$1" "$process"
  local code=0
  wait "$process" || code=$?
  [ "$code" -eq 6 ] || { cat log.txt err.txt >&2; fail "exit code $code"; }
  has err.txt "^stopped by SIG$1 "
  has log.txt '^wrote out/checkpoint-'
  [ "$(last_step out)" -eq "$(last_checkpoint out)" ] || fail 'a step is lost'
}
case_ends_after_the_step_by_any_signal() {
  survivor
  local signal
  for signal in HUP PIPE XFSZ; do ended_by "$signal"; done
}
case_stays_when_the_terminal_goes() {
  survivor
  sed -i 's/^max_steps.*/max_steps: 400/' run.yaml
  (trap '' HUP; exec "$EFT" train run.yaml >log.txt 2>err.txt) &
  process=$!
  wait_for_steps 2 "$process"
  kill -HUP "$process"
  wait "$process" || fail "exit code $?"
}

# Whoever reads the output goes away: that costs the output. A checkpoint is written at once, the result at the end.
case_goes_on_without_a_reader() {
  survivor
  local lines
  for lines in 1 14; do
    rm -rf out
    train --set save_steps=1000 2>err.txt | head -n "$lines" >/dev/null || [ "${PIPESTATUS[0]}" -eq 4 ] || fail 'exit code'
    has err.txt '^warning: standard output cannot be written.*; the run goes on'
    has err.txt '^eft: standard output: cannot be written'
    [ -e out/adapter_model.safetensors ] && [ "$(last_step out)" -eq 12 ] || fail 'no result'
  done
}

# A limit on the size of files is as a full disk.
case_goes_on_with_a_limit_on_file_sizes() {
  survivor
  fails_with 4 'adapter_model.safetensors: cannot write: File too large' bash -c 'ulimit -f 8; exec "$EFT" train run.yaml'
  has stdout.txt '^warning: no checkpoint of step 2: .*File too large; the run goes on'
  [ "$(last_step out)" -eq 12 ] || fail 'it ended early'
}

# The base's file loses its end while it is read: the message names it, the checkpoints stand.
case_names_a_base_that_is_cut_short() {
  survivor
  start_long_run
  wait_for_steps 5 "$process"
  truncate -s 4096 model/model.safetensors
  local code=0
  wait "$process" || code=$?
  [ "$code" -eq 4 ] || { cat log.txt err.txt >&2; fail "exit code $code"; }
  has err.txt '^eft: model/model.safetensors: cannot be read any more'
  "$EFT" inspect "out/checkpoint-$(last_checkpoint out)" >/dev/null
}

# A file or SIGUSR1 asks for a checkpoint without an end.
case_saves_when_asked() {
  survivor
  start_long_run --set save_steps=1000000
  wait_for_steps 3 "$process"
  touch out/checkpoint_now
  while [ -e out/checkpoint_now ]; do sleep 0.05; done
  until grep -q '^wrote out/checkpoint-' log.txt; do sleep 0.05; done
  kill -USR1 "$process"
  until [ "$(grep -c '^wrote out/checkpoint-' log.txt)" -ge 2 ]; do
    kill -0 "$process" || { cat log.txt err.txt >&2; fail 'it ended'; }
    sleep 0.05
  done
}

# The disk is full for a while: the run says so, goes on, and ends as if it had not been.
case_goes_on_with_a_full_disk() {
  survivor
  train --set output_dir=whole >/dev/null
  train >/dev/null
  rm -r out/checkpoint-12 out/adapter_model.safetensors
  local before
  before=$(last_checkpoint out)
  # No file may grow beyond 8 KB; the final result cannot be written either, hence the error.
  fails_with 4 'safetensors.*: ' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$EFT" train run.yaml'
  has stdout.txt '^warning: no checkpoint of step 12: .*safetensors.*; the run goes on'
  [ "$(last_checkpoint out)" -eq "$before" ] || fail 'the earlier checkpoint is gone'
  train >/dev/null
  is_whole
}
case_stops_with_a_full_disk() {
  survivor
  fails_with 4 'safetensors.*: ' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$EFT" train run.yaml --set on_save_error=stop'
  [ "$(last_step out)" -eq 2 ] || fail 'it went on'
}

# The evaluations stop gaining: the run ends, and its result is the best model.
case_stops_early_with_the_best_model() {
  survivor
  train --set max_steps=200 --set learning_rate=0.3 --set lr_scheduler=constant --set eval_steps=2 \
    --set early_stopping_patience=2 --set save_strategy=no --set save_steps= >log.txt
  has log.txt '^2 evaluations in a row without a smaller eval_loss: the run ends after step [0-9]+$'
  local best
  best=$(sed -nE 's/^the result is the model of step ([0-9]+), .*/\1/p' log.txt)
  same "out/checkpoint-$best/adapter_model.safetensors" out/adapter_model.safetensors
}

export EFT
run_case "$1"
