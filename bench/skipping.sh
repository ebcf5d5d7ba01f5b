#!/usr/bin/env bash
# skipping.sh: a table of what it saves that tokens which bear no loss are skipped, where nothing reads them: LoRA steps on random
# models of SHAPES with no token, half of the tokens and four fifths masked. Without a mask every layer works on every token.
# LARGE_STEPS (2) and LARGE_WARM_UP (1) stand for STEPS and WARM_UP.
set -euo pipefail
STEPS=${LARGE_STEPS:-2}
WARM_UP=${LARGE_WARM_UP:-1}
source "$(dirname "$0")/common.sh"
SHAPES=${SHAPES:-gemma4_e2b_10 gemma4_e2b gemma4_e4b}

# masked SHARE: rows of 512 tokens in runs of some twenty words, SHARE (of 10) of the runs without loss.
masked() {
  sed -E 's/^\{"text": "//; s/"\}$//' "$WORK/text.jsonl" | tr ' ' '\n' | awk -v share="$1" '
    {run = run " " $0}
    NR % 20 == 0 {
      n++
      row = row (row == "" ? "" : ", ") "{\"label\": " ((n * 7) % 10 < share ? "false" : "true") ", \"text\": \"" run "\"}"
      run = ""
    }
    NR % 1000 == 0 {print "{\"segments\": [" row "]}"; row = ""; n = 0}'
}

make_text
echo "$ROUNDS rounds of $STEPS steps, after $WARM_UP of warm-up."
echo
echo '| model | masked | tokens that bear loss | tokens/s | faster than unmasked by |'
echo '| --- | --- | --- | --- | --- |'
for shape in $SHAPES; do
  make_model "$shape"
  rm -f "$WORK"/masked-*
  for _ in $(seq "$ROUNDS"); do
    for share in 0 5 8; do
      masked "$share" >"$WORK/masked.jsonl"
      run_eft "$WORK/$shape" true --set 'datasets[0].path'="$WORK/masked.jsonl" --set 'datasets[0].type'=input_output \
        --set excess_length_strategy=truncate >>"$WORK/masked-$share"
      sed -nE 's/^ .* tokens, of which .* \((.*)\) bear loss$/\1/p' "$WORK/eft.log" >"$WORK/masked-$share-bear"
    done
  done
  for share in 0 5 8; do
    ours=$(cut -d' ' -f1 "$WORK/masked-$share" | median)
    echo "| $shape | $((share * 10)) % | $(cat "$WORK/masked-$share-bear") | $(printf '%.0f' "$ours") |" \
      "$(awk -v a="$ours" -v b="$(cut -d' ' -f1 "$WORK/masked-0" | median)" 'BEGIN {printf "%.2f", a / b}') |"
  done
  rm -rf "${WORK:?}/$shape"
done
