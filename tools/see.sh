#!/usr/bin/env bash
# make see: a small Gemma 3 with a vision tower, from random weights, learns to name the colour of drawn objects,
# and is asked about pictures it has not seen. Then the same with the answers shuffled among the pictures, which teaches
# nothing. SEE_OUT is the folder for all of it (outputs/see), EFT the binary (build/eft), DRAW the one that draws.
set -euo pipefail
cd "$(dirname "$0")/.."

eft=$(realpath "${EFT:-build/eft}")
draw=$(realpath "${DRAW:-build/draw_pictures}")
root=$PWD
out=${SEE_OUT:-outputs/see}
pictures=${SEE_PICTURES:-800}
asked=100

title() { printf '\n\033[1m== %s ==\033[0m\n' "$*"; }

# Prints the command as one would type it, then runs it.
run() {
  printf '\n\033[36m$ %s\033[0m\n' "$*"
  "$@"
}

# ask: the model in ./seeing about all pictures of ./unseen; prints how many answers are exactly right.
ask() {
  for ((i = 0; i < asked; ++i)); do printf '/reset\n/image unseen/pictures/%d.png\nWhat colour is it?\n' "$i"; done |
    "$eft" inference seeing --chat --temperature 0 --dtype float32 --max-new-tokens 12 2>/dev/null >answers.txt
  grep -v '^$' answers.txt |
    paste -d'\n' - /dev/null | grep -v '^$' |
    paste - <(sed -E 's/.*"assistant", "content": "([^"]*)".*/\1/' unseen/rows.jsonl) |
    awk -F'\t' '{ right += $1 == $2 } END { printf "%d of %d unseen pictures are named right\n", right, NR }'
}

rm -rf "$out"
mkdir -p "$out"
cd "$out"
started=$SECONDS

title "1. A small Gemma 3 with a vision tower, random weights"
mkdir source
cp "$root"/examples/see/model/* "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} source
run "$eft" init source/config.json model --seed 1 --dtype f32

title "2. It looks at $pictures drawn pictures"
run "$draw" pictures "$pictures" 1
run "$draw" unseen "$asked" 2
run "$eft" preprocess "$root/examples/see/train.yaml" --show 1
run "$eft" train "$root/examples/see/train.yaml"

title "3. It names $asked that it has not seen"
ask | tee right.txt

title "4. The same with the answers shuffled"
"$draw" pictures "$pictures" 1 --shuffled
run "$eft" train "$root/examples/see/train.yaml" >shuffled.txt
ask | tee wrong.txt
printf '\nDone in %d s.\n' $((SECONDS - started))
