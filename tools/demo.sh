#!/usr/bin/env bash
# make demo: from nothing to a small Gemma 4 that writes stories and then answers questions, in a few minutes on a CPU.
# Every step is a command you can type yourself; the script only prints it and runs it.
# DEMO_OUT is the folder for the models (outputs/demo), EFT the binary (build/eft).
set -euo pipefail
cd "$(dirname "$0")/.."

eft=${EFT:-build/eft}
out=${DEMO_OUT:-outputs/demo}
sampling=(--temperature 0.7 --top-p 0.9 --seed 1)

title() { printf '\n\033[1m== %s ==\033[0m\n' "$*"; }

# Prints the command as one would type it, then runs it.
run() {
  local word line='$'
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./=:,+-]+$ ]] || word="'${word//\'/\'\\\'\'}'"
    line+=" $word"
  done
  printf '\n\033[36m%s\033[0m\n' "$line"
  "$@"
}

# One row of metrics.jsonl's evaluations: "step 240: eval_loss 0.81".
show_eval_loss() {
  sed -nE 's/.*"eval_loss": *([0-9.eE+-]+).*/\1/p' "$1/metrics.jsonl" | tail -n 1 |
    sed "s/^/Loss on the held-out rows ($2): /"
}

story() { run "$eft" inference "$out/pretrained" --prompt "$1" "${sampling[@]}" --max-new-tokens 160; }

chat() {  # chat PROMPT [--adapter DIR]
  local prompt=$1
  shift
  run "$eft" inference "$out/pretrained" "$@" --chat --prompt "$prompt" --temperature 0 --max-new-tokens 110
}

prompts=(
  "Tell me a story about a fox who lost a key."
  "What is a good title for a story about a bear and a red kite?"
  "Mira the otter lived by the sea. One day Mira lost her silver bell, and she was very sad. Then Hugo the mole came by\
 and helped her to look for it. They found the silver bell in the sand. Who helped Mira?"
)

rm -rf "$out/base" "$out/pretrained" "$out/lora"
mkdir -p "$out"
started=$SECONDS

title "1. A small Gemma 4 with random weights"
run "$eft" init examples/demo/model/config.json "$out/base" --seed 1

title "2. It reads 1.4 MB of short stories"
run "$eft" train examples/demo/pretrain.yaml --set base_model="$out/base" --set output_dir="$out/pretrained"
show_eval_loss "$out/pretrained" "stories with new pairs of hero and plot"

title "3. It goes on with a story"
story "Once upon a time, a little fox named Mira lived"
story "It was winter. Snow lay on the roofs and the fences."
story '"Where is my silver key?" cried Otto the badger.'

title "4. It does not know how to answer a user"
for prompt in "${prompts[@]}"; do chat "$prompt"; done

title "5. A LoRA learns it from 1,600 short conversations"
run "$eft" train examples/demo/lora.yaml --set base_model="$out/pretrained" --set output_dir="$out/lora"
show_eval_loss "$out/lora" "conversations about new heroes"

title "6. The same questions, with the adapter"
for prompt in "${prompts[@]}"; do chat "$prompt" --adapter "$out/lora"; done

title "Done in $((SECONDS - started)) seconds"
echo "The models are in $out. Try: $eft inference $out/pretrained --adapter $out/lora --chat --prompt 'Hello!'"
