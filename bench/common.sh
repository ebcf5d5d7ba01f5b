# shellcheck shell=bash
# Sourced by the benchmarks. EFT is the binary (build/eft); ROUNDS (3) is how often each contender runs, in turns; STEPS (12) the
# timed steps of one run after two of warm-up; WORK a scratch folder. Where PYTHON has torch, transformers and peft, they run
# beside eft in MODES.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
EFT=${EFT:-$root/build/eft}
PYTHON=${PYTHON:-python3}
ROUNDS=${ROUNDS:-3}
STEPS=${STEPS:-12}
MODES=${MODES-float32 bfloat16 bfloat16-compile}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-$(nproc)}
"$PYTHON" -c 'import torch, transformers, peft, tokenizers' 2>/dev/null || MODES=
WARM_UP=${WARM_UP:-2}  # steps at the start that are not counted
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

# One long text as a row of JSON lines, of which eft makes rows of 512 tokens: the stories of the demo.
make_text() {
  sed -E 's/^\{"text": "//; s/"\}$/ /' "$root"/examples/demo/stories-{1,2}.jsonl | tr -d '\n' |
    sed 's/^/{"text": "/; s/$/"}\n/' >"$WORK/text.jsonl"
}

# make_model SHAPE: a random model of bench/SHAPE.json under WORK.
make_model() {
  mkdir -p "$WORK/source-$1"
  cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} "$WORK/source-$1"
  cp "$root/bench/$1.json" "$WORK/source-$1/config.json"
  "$EFT" init "$WORK/source-$1/config.json" "$WORK/$1" --seed 1 >/dev/null
}

median() { sort -g | awk '{x[NR] = $1} END {print NR % 2 ? x[(NR + 1) / 2] : (x[NR / 2] + x[NR / 2 + 1]) / 2}'; }

# peak_rss PROCESS: follows it until it ends, prints its largest resident set in MB. Mapped files that were touched count.
peak_rss() {
  local peak=0 seen
  while seen=$(awk '/^VmHWM:/ {print $2}' "/proc/$1/status" 2>/dev/null) && [ -n "$seen" ]; do
    peak=$seen
    sleep 0.2
  done
  echo $((peak / 1024))
}

# run_eft MODEL BF16 [--set key=value...]: prints "TOKENS_PER_SECOND PEAK_RSS_MB SLOWEST FASTEST": the median over the
# steps, and the two steps.
run_eft() {
  local model=$1 bf16=$2 process
  shift 2
  rm -rf "$WORK/out"
  "$EFT" train "$root/bench/lora.yaml" --set base_model="$model" --set 'datasets[0].path'="$WORK/text.jsonl" \
    --set output_dir="$WORK/out" --set dataset_prepared_path="$WORK/prepared" --set bf16="$bf16" --set max_steps=$((STEPS + WARM_UP)) "$@" >"$WORK/eft.log" &
  process=$!
  local rss
  rss=$(peak_rss "$process")
  wait "$process" || { cat "$WORK/eft.log" >&2; return 1; }
  rates "$WORK/out/metrics.jsonl" | sort -g >"$WORK/rates"
  echo "$(median <"$WORK/rates") $rss $(head -n 1 "$WORK/rates") $(tail -n 1 "$WORK/rates")"
}

# run_peer MODEL MODE [ARGUMENT...]: the same of Transformers + PEFT under PYTHON, MODE is float32 or bfloat16, with -compile or
# without; ARGUMENTs are those of peer.py.
run_peer() {
  local model=$1 mode=$2
  shift 2
  case $mode in *-compile) set -- --compile "$@" ;; esac
  "$PYTHON" "$root/bench/peer.py" "$model" "$WORK/text.jsonl" --dtype "${mode%-compile}" --steps "$STEPS" --warm-up "$WARM_UP" "$@" 2>"$WORK/peer.log" ||
    { tail -n 5 "$WORK/peer.log" >&2; return 1; }
}

# largest_rss FILE: of the lines of run_eft or run_peer.
largest_rss() { cut -d' ' -f2 "$1" | sort -g | tail -n 1; }

# planned_of: the memory in MiB that the last run of eft planned.
planned_of() {
  sed -nE 's/^done .*; of the process .*, planned ([0-9.]+) ([kMG])B$/\1 \2/p' "$WORK/eft.log" |
    awk '{printf "%.0f\n", $1 * ($2 == "G" ? 1e9 : $2 == "M" ? 1e6 : 1e3) / 1048576}'
}

# ready_of: the seconds from the start of the last run of eft to its first step.
ready_of() { sed -nE 's/^ready .* begins ([0-9.]+) s .*/\1/p' "$WORK/eft.log"; }

# rates METRICS: tokens per second of each counted step.
rates() {
  sed -nE 's/^\{"step":([0-9]+),"loss":.*"tokens":([0-9]+),.*"seconds":([^,]+),.*/\1 \2 \3/p' "$1" |
    awk -v skip="$WARM_UP" '$1 > skip {print $2 / $3}'
}
