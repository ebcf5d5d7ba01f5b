# Sourced by the tests of the command line. EFT is the binary; each test has a folder of its own, which is also the
# working directory and goes away with it.
set -euo pipefail
EFT=${EFT:?the eft binary to test}
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export XDG_CACHE_HOME=$scratch/cache  # where prepared rows are kept

fail() {
  echo "FAIL: $*" >&2
  exit 1
}

# has FILE PATTERN: FILE has a line that matches the extended regular expression.
has() { grep -qE -- "$2" "$1" || { cat "$1" >&2; fail "$1 has no line like: $2"; }; }

# fails_with CODE PATTERN COMMAND...: the command exits with CODE and says one line, which matches PATTERN.
fails_with() {
  local code=$1 pattern=$2 got=0
  shift 2
  "$@" >stdout.txt 2>stderr.txt || got=$?
  [ "$got" -eq "$code" ] || { cat stdout.txt stderr.txt >&2; fail "exit code $got, expected $code: $*"; }
  [ "$(wc -l <stderr.txt)" -eq 1 ] || { cat stderr.txt >&2; fail "expected one line on stderr: $*"; }
  has stderr.txt "$pattern"
}

# empty FOLDER: it does not exist or holds nothing, hidden files included.
empty() { [ ! -e "$1" ] || [ -z "$(ls -A "$1")" ] || { ls -lA "$1" >&2; fail "$1 is not empty"; }; }

# same FILE FILE: equal byte for byte.
same() { cmp "$1" "$2" || fail "$1 and $2 differ"; }

# tiny_model FOLDER [SED SCRIPT [CONFIG]]: a random checkpoint with the demo's tokenizer; the script edits its config.json,
# or that of another model.
tiny_model() {
  mkdir -p "$1.source"
  cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} "$1.source"
  sed "${2:-}" "$root/${3:-tests/cli/tiny/config.json}" >"$1.source/config.json"
  "$EFT" init "$1.source/config.json" "$1" --seed 3 --dtype f32 >/dev/null
  rm -r "$1.source"
}

# tiny_rows FILE: ten short conversations.
tiny_rows() {
  local i
  for i in 0 1 2 3 4 5 6 7 8 9; do
    echo '{"messages": [{"role": "user", "content": "What is '$i' and one?"}, {"role": "assistant", "content": "It is '$((i + 1))'."}]}'
  done >"$1"
}

# tiny_run FILE: a LoRA run of the model in ./model on ./rows.jsonl, into ./out. Use --set to change it.
tiny_run() {
  cat >"$1" <<'END'
base_model: model
output_dir: out
datasets:
  - path: rows.jsonl
    type: chat_template
chat_template: gemma4
adapter: lora
lora_r: 3
lora_alpha: 6
lora_target_linear: true
sequence_len: 64
micro_batch_size: 2
max_steps: 3
learning_rate: 0.01
bf16: false
save_strategy: "no"
END
}

# tiny_setup: model, rows.jsonl and run.yaml.
tiny_setup() {
  tiny_model model
  tiny_rows rows.jsonl
  tiny_run run.yaml
}

train() { "$EFT" train run.yaml "$@"; }

# run_case NAME: the function case_NAME of the script that sourced this file.
run_case() {
  declare -F "case_$1" >/dev/null || fail "no such case: $1"
  "case_$1"
}
