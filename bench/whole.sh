#!/usr/bin/env bash
# whole.sh MODEL: a table of a whole run on the first ROWS (60) of CONVERSATIONS (the demo's; JSON lines with `messages`), packed
# into rows of 2,048 tokens, one epoch, from the start of the process to the adapter on disk. The peer, under PYTHON, gets one
# conversation a step as it does by default, in WHOLE_MODES (MODES).
set -euo pipefail
[ $# -eq 1 ] || { sed -n '2,4s/^# //p' "$0"; exit 2; }
source "$(dirname "$0")/common.sh"
model=$1
ROWS=${ROWS:-60}
WHOLE_MODES=${WHOLE_MODES-$MODES}
[ -n "$MODES" ] || WHOLE_MODES=
CONVERSATIONS=${CONVERSATIONS:-$root/examples/demo/chat.jsonl}
head -n "$ROWS" "$CONVERSATIONS" >"$WORK/chat.jsonl"
[ -e "$model/chat_template.jinja" ] || template=(--set chat_template=gemma3)

seconds_of() {
  local begin
  begin=$(date +%s.%N)
  "$@" >"$WORK/whole.log" 2>&1 || { tail -n 5 "$WORK/whole.log" >&2; return 1; }
  awk -v a="$begin" -v b="$(date +%s.%N)" 'BEGIN {printf "%.1f\n", b - a}'
}

ours() {
  rm -rf "$WORK/out" "$WORK/prepared"
  "$EFT" train "$root/bench/lora.yaml" --set base_model="$model" --set 'datasets[0].path'="$WORK/chat.jsonl" \
    --set 'datasets[0].type'=chat_template "${template[@]}" --set output_dir="$WORK/out" --set min_sample_len=2 --set curriculum_sampling=false \
    --set dataset_prepared_path="$WORK/prepared" --set bf16=true --set sequence_len=2048 --set sample_packing=true --set num_epochs=1
}
theirs() {
  local compile=()
  case $1 in *-compile) compile=(--compile) ;; esac
  "$PYTHON" "$root/bench/peer.py" "$model" "$WORK/chat.jsonl" --conversations --output "$WORK/out-peer" --dtype "${1%-compile}" "${compile[@]}"
}

echo "$(wc -l <"$WORK/chat.jsonl") conversations of $(basename "$CONVERSATIONS"), one run each."
echo
seconds_of ours >"$WORK/seconds-eft"
echo '| engine | seconds | eft is faster by |'
echo '| --- | --- | --- |'
echo "| eft bfloat16 | $(cat "$WORK/seconds-eft") | |"
for mode in $WHOLE_MODES; do
  seconds=$(seconds_of theirs "$mode")
  echo "| peer $mode | $seconds | $(awk -v a="$seconds" -v b="$(cat "$WORK/seconds-eft")" 'BEGIN {printf "%.2f", a / b}') |"
done
