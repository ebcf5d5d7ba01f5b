#!/usr/bin/env bash
# run.sh [MODEL]: speed and memory of LoRA training (bench/lora.yaml) in f32 and bf16. MODEL is a checkpoint folder; without
# one, a random model of the demo's configuration is made. STEPS (12) steps are timed after two of warm-up.
set -euo pipefail
source "$(dirname "$0")/common.sh"
make_text
model=${1:-}
if [ -z "$model" ]; then
  model=$WORK/model
  "$EFT" init "$root/examples/demo/model/config.json" "$model" --seed 1
fi
printf '%-12s %10s %12s\n' precision tokens/s 'peak RSS MB'
for bf16 in false true; do
  read -r speed rss < <(run_eft "$model" "$bf16")
  printf '%-12s %10.0f %12d\n' "$([ "$bf16" = true ] && echo bf16 || echo f32)" "$speed" "$rss"
done
