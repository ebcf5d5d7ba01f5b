#!/usr/bin/env bash
# preprocess.sh MODEL ROWS.jsonl: how long eft takes to tokenise, and to prepare 100,000 (COUNT) conversations.
# MODEL has config.json and a tokenizer with a chat template. ROWS.jsonl has lines {"instruction": …, "input": "", "output": …},
# GSM8K's for instance; they are repeated, each time a little different. TOKENIZE is the built bench_tokenize.
# With PYTHON (tokenizers) the peer encodes the same texts in turns with eft; with AXOLOTL (a python with Axolotl) it prepares the
# rows as they are, once, and what it would take for COUNT of them is reckoned from that and its time for one row.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,6s/^# //p' "$0"; exit 2; }
source "$(dirname "$0")/common.sh"
model=$(realpath "$1")
rows=$(realpath "$2")
TOKENIZE=${TOKENIZE:-$root/build/bench_tokenize}
COUNT=${COUNT:-100000}
ROUNDS=${ROUNDS:-3}
cd "$WORK"
export XDG_CACHE_HOME=$PWD/cache  # where prepared rows are kept

# conversations COUNT: that many rows, each repetition with its number in the question and the answer.
conversations() {
  awk -v count="$1" '
    { line[NR] = $0 }
    END {
      for (i = 0; i < count; ++i) {
        text = line[i % NR + 1]
        round = int(i / NR)
        mark = round == 0 ? "" : " (case " round * 1000 + i % 977 ")"
        sub(/^\{"instruction": "/, "{\"messages\": [{\"role\": \"user\", \"content\": \"", text)
        sub(/", "input": "", "output": "/, mark "\"}, {\"role\": \"assistant\", \"content\": \"", text)
        sub(/"\}$/, mark "\"}]}", text)
        print text
      }
    }' "$rows"
}

# run_file ROWS: a YAML file that prepares them.
run_file() {
  cat <<YAML
base_model: $model
output_dir: out
datasets:
  - path: $1
    type: chat_template
chat_template: tokenizer_default
eot_tokens: ["<end_of_turn>"]
sequence_len: 2048
sample_packing: true
adapter: lora
lora_r: 8
lora_alpha: 16
lora_target_linear: true
micro_batch_size: 1
gradient_accumulation_steps: 1
num_epochs: 1
learning_rate: 0.0001
optimizer: adamw_torch
lr_scheduler: constant
YAML
}

# seconds COMMAND...: of wall time; what it prints goes to log.
seconds() {
  local start=$EPOCHREALTIME
  "$@" >log 2>&1 || { tail -n 5 log >&2; return 1; }
  awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN {printf "%.2f\n", b - a}'
}

prepare() {
  rm -rf "$XDG_CACHE_HOME"
  seconds "$EFT" preprocess "$1"
}

# memory ROWS.yaml: the largest resident set of preparing them, in MB.
memory() {
  rm -rf "$XDG_CACHE_HOME"
  "$EFT" preprocess "$1" >log &
  peak_rss $!
}

grep -m1 '^model name' /proc/cpuinfo | sed 's/.*: //'
conversations "$(wc -l <"$rows")" >plain.jsonl
sed -E 's/^\{"messages": \[\{"role": "user", "content": /{/; s/"\}, \{"role": "assistant", "content": "/<end_of_turn>\\n<start_of_turn>model\\n/; s/^\{"/"<start_of_turn>user\\n/; s/"\}\]\}$/<end_of_turn>\\n"/' \
  plain.jsonl >texts.jsonl
conversations "$COUNT" >many.jsonl
conversations $((COUNT / 10)) >few.jsonl
for name in plain many few; do run_file $name.jsonl >$name.yaml; done

cat >peer.py <<'PYTHON'
import json, os, sys, time
os.environ["TOKENIZERS_PARALLELISM"] = "true"
os.environ["RAYON_NUM_THREADS"] = sys.argv[3]
from tokenizers import Tokenizer
start = time.time()
tokenizer = Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
load = time.time() - start
texts = [json.loads(line) for line in open(sys.argv[2])]
size = sum(len(text.encode()) for text in texts)
seconds = []
for _ in range(5):
    start = time.time()
    out = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    seconds.append(time.time() - start)
print(f"{load:.3f} {size / sorted(seconds)[2] / 1e6:.2f} {sum(len(one.ids) for one in out)}")
PYTHON

printf '%-34s %8s %10s %10s\n' 'tokenising' 'load s' 'MB/s' 'tokens'
for threads in $(printf '1\n%s\n' "$(nproc)" | sort -un); do
  for _ in $(seq "$ROUNDS"); do
    "$TOKENIZE" "$model" texts.jsonl "$threads" >>"eft-$threads"
    if [ -n "${PYTHON:-}" ]; then "$PYTHON" peer.py "$model" texts.jsonl "$threads" >>"peer-$threads"; fi
  done
  for who in eft peer; do
    [ -e "$who-$threads" ] || continue
    printf '%-34s %8.3f %10.2f %10d\n' "$who, threads: $threads" "$(awk '{print $1}' "$who-$threads" | median)" \
      "$(awk '{print $2}' "$who-$threads" | median)" "$(awk 'NR == 1 {print $3}' "$who-$threads")"
  done
done

for _ in $(seq "$ROUNDS"); do prepare many.yaml >>seconds; done
ours=$(median <seconds)
printf '%-34s %8.2f s, again from the file %.2f s; peak memory %d MB, of a tenth of the rows %d MB\n' \
  "eft preprocess, $COUNT rows" "$ours" "$(seconds "$EFT" preprocess many.yaml)" "$(memory many.yaml)" "$(memory few.yaml)"
if [ -n "${AXOLOTL:-}" ]; then
  head -n 100 plain.jsonl >start.jsonl
  run_file start.jsonl >start.yaml
  export HF_HUB_OFFLINE=1 AXOLOTL_DO_NOT_TRACK=1 CUDA_VISIBLE_DEVICES=""
  start=$(seconds "$AXOLOTL" -m axolotl.cli.preprocess start.yaml --dataset_prepared_path=start)
  whole=$(seconds "$AXOLOTL" -m axolotl.cli.preprocess plain.yaml --dataset_prepared_path=whole)
  awk -v s="$start" -v w="$whole" -v n="$(wc -l <plain.jsonl)" -v count="$COUNT" -v ours="$ours" 'BEGIN {
    theirs = s + (w - s) / (n - 100) * (count - 100)
    printf "Axolotl: %.1f s for 100 rows, %.1f s for %d; so %.0f s for %d, %.0f times as long\n", s, w, n, theirs, count, theirs / ours }'
fi
