#!/usr/bin/env bash
# preferences.sh CASE: learning from preferences, from a YAML to the metrics, on a tiny model.
source "$(dirname "$0")/common.sh"

# setup RL [LINE]...: ten rows, of pairs or of good and bad answers, and a run of eight steps over them.
setup() {
  local rl=$1 i
  shift
  tiny_model model
  tiny_run run.yaml
  for i in 0 1 2 3 4 5 6 7 8 9; do
    if [ "$rl" = kto ]; then
      echo '{"prompt": "'$i' and one?", "completion": "It is '$((i + i % 2))'.", "label": '"$([ $((i % 2)) -eq 1 ] && echo true || echo false)"'}'
    else
      echo '{"prompt": "'$i' and one?", "chosen": "It is '$((i + 1))'.", "rejected": "Who knows, who cares, '$i'?"}'
    fi
  done >rows.jsonl
  local type=passthrough
  if [ "$rl" = orpo ]; then
    type=chat_template.argilla
    sed -i -E 's/.*"prompt": "([^"]*)", "chosen": "([^"]*)", "rejected": "([^"]*)".*/{"chosen": [{"role": "user", "content": "\1"}, {"role": "assistant", "content": "\2"}], "rejected": [{"role": "user", "content": "\1"}, {"role": "assistant", "content": "\3"}]}/' rows.jsonl
  fi
  sed -i "s/type: chat_template/type: $type/" run.yaml
  printf '%s\n' "rl: $rl" 'val_set_size: 2' 'eval_steps: 4' 'max_steps: 8' "$@" >>run.yaml
  sed -i '0,/^max_steps: 3/{/^max_steps: 3/d}' run.yaml
}

# values NAME: those of a metric in the steps of the run.
values() { grep '"grad_norm"' out/metrics.jsonl | sed -E "s|.*\"$1\":([^,}]+).*|\1|"; }

# grows NAME: the metric ends above where it began.
grows() {
  awk 'NR == 1 {first = $1} {last = $1} END {exit !(last > first)}' <(values "$1") || fail "$1: $(values "$1" | tr '\n' ' ')"
}

# learns RL [LINE]...: the margin of the rewards grows, and an evaluation tells it too.
learns() {
  setup "$@"
  train >log.txt
  grows rewards/margins
  has log.txt 'margin [-0-9.e]+ '
  has out/metrics.jsonl '"eval_rewards/margins":'
  "$EFT" evaluate run.yaml --adapter out >evaluation.txt
  has evaluation.txt '^eval_loss [0-9.]+ .*  rewards/margins [-0-9.]+'
  "$EFT" evaluate run.yaml --adapter out --json >evaluation.json
  has evaluation.json '"eval_rewards/margins":'
}

case_dpo() {
  learns dpo 'rl_beta: 0.5'
  has log.txt 'the reference is the model without its adapters'
  [ "$(values loss | head -n 1 | cut -c 1-8)" = 0.693147 ] || fail "a fresh adapter begins at ln 2, not $(values loss | head -n 1)"
  "$EFT" plan run.yaml >plan.txt
  has plan.txt 'in all'
}

case_dpo_mixture() { learns dpo 'dpo_loss_type: [sigmoid, bco_pair, sft]' 'dpo_loss_weights: [0.8, 0.2, 1.0]'; }
case_ipo() { learns ipo; }
case_orpo() { learns orpo 'orpo_alpha: 0.5'; }
case_simpo() { learns simpo 'rl_beta: 2' 'cpo_alpha: 0'; }
case_cpo() { learns cpo 'cpo_alpha: 0.1'; }

case_kto() {
  learns kto 'rl_beta: 0.5'
  has out/metrics.jsonl '"kl":'
}

# All weights are trained beside the starting ones, or beside numbers that these gave.
case_full_training() {
  setup dpo 'rl_beta: 0.5'
  sed -i '/^adapter\|^lora/d' run.yaml
  train --set output_dir=beside >log.txt
  has log.txt 'the starting weights, in a second model'
  train --set precompute_ref_log_probs=true >log.txt
  has log.txt 'computed before the first step'
  same <(grep -oE '"loss":[0-9.]{8}' beside/metrics.jsonl) <(grep -oE '"loss":[0-9.]{8}' out/metrics.jsonl)
  grows rewards/margins
}

case_resumed() {
  setup dpo 'sample_packing: true' 'save_steps: 4'
  sed -i '/^save_strategy/d' run.yaml
  train --set output_dir=whole >/dev/null
  train --set output_dir=half --set resume_from_checkpoint=whole/checkpoint-4 >/dev/null
  same whole/adapter_model.safetensors half/adapter_model.safetensors
}

case_keys() {
  setup dpo
  fails_with 2 'rl_beta: set without rl' "$EFT" train run.yaml --set rl= --set rl_beta=0.1 --set datasets.0.type=completion
  fails_with 2 'dpo_loss_type.*: got "sigmod", expected sigmoid, .*sigmoid_norm' "$EFT" train run.yaml --set 'dpo_loss_type=[sigmod]'
  fails_with 2 'kto_desirable_weight: set without rl: kto' "$EFT" train run.yaml --set kto_desirable_weight=2
}

run_case "$1"
