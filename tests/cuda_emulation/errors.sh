#!/usr/bin/env bash
# errors.sh CASE: what a user reads when a CUDA device cannot be used, and a training run on one that can.
source "$(dirname "$0")/../cli/common.sh"

on_cuda() { train --set device=cuda "$@"; }

case_no_device() {
  tiny_setup
  CUDA_VISIBLE_DEVICES='' fails_with 5 'device: cuda: no CUDA device is visible.*CUDA_VISIBLE_DEVICES' on_cuda
  EFT_CUDA_DRIVER=0 EFT_CUDA_DEVICES=0 fails_with 5 'device: cuda: no CUDA device is visible' on_cuda
}

case_old_driver() {
  tiny_setup
  EFT_CUDA_DRIVER=12040 fails_with 5 'the driver knows CUDA 12\.4, this build needs 13\.0; update' on_cuda
}

case_old_device() {
  tiny_setup
  EFT_CUDA_CAPABILITY=75 fails_with 5 'device: cuda:0: .* has compute capability 7\.5, expected at least 8\.0' on_cuda
}

case_other_device() {
  tiny_setup
  fails_with 5 'device: cuda:1: there are 1 visible CUDA devices' train --set device=cuda:1
  EFT_CUDA_DEVICES=2 train --set device=cuda:1 --set max_steps=1 >log.txt
}

# A little less than what the run needs beside the 64 MiB for products, and enough with gradient_checkpointing.
case_out_of_memory() {
  tiny_setup
  local got=0
  EFT_CUDA_MEMORY=66180 on_cuda --set gradient_checkpointing=false >stdout.txt 2>stderr.txt || got=$?
  [ "$got" -eq 5 ] || { cat stdout.txt stderr.txt >&2; fail "exit code $got, expected 5"; }
  has stderr.txt '^eft: cuda: out of memory: .* more for .* in use; what was planned:$'
  has stderr.txt '^memory of a step on cuda whose micro batches have [0-9]+ tokens'
  for category in weights adapters gradients optimizer saved logits workspace 'peak of these' available; do
    has stderr.txt "^  $category +[0-9]"
  done
  has stderr.txt '^does not fit in .*; it does with'
  has stderr.txt '^  gradient_checkpointing: true'
}

# `device: auto` goes on without, and says why.
case_auto() {
  tiny_setup
  EFT_CUDA_DRIVER=12040 train --dry-run >log.txt 2>&1
  has log.txt 'device: auto takes the cpu; device: cuda: the driver knows CUDA 12'
  [ "$(grep -c 'device: auto' log.txt)" -eq 1 ] || { cat log.txt; fail 'expected one note'; }
  train --dry-run >log.txt
  has log.txt 'emulated CUDA device'
}

# Three steps on the device and three on the host end alike.
case_trains() {
  tiny_setup
  train --set device=cpu >/dev/null
  mv out host
  on_cuda >log.txt
  has log.txt 'emulated CUDA device'
  paste <(sed -nE 's/.*"loss":([^,}]+),"grad_norm".*/\1/p' host/metrics.jsonl) \
    <(sed -nE 's/.*"loss":([^,}]+),"grad_norm".*/\1/p' out/metrics.jsonl) |
    awk '{ d = $1 - $2; if (d < 0) d = -d; if (d > 1e-3 * $1) bad = 1; n++ } END { exit bad || n != 3 }' ||
    { cat host/metrics.jsonl out/metrics.jsonl >&2; fail 'losses differ'; }
}

# loss and norm of each step of the run in a folder
steps_of() { sed -nE 's/.*("loss":[^,}]+,"grad_norm":[^,}]+).*/\1/p' "$1/metrics.jsonl"; }

# The per-layer embeddings on the host: the same steps, less memory of the device, and refused where it makes no sense.
case_offload() {
  tiny_setup
  rm -r model
  tiny_model model 's/\("vocab_size.*": \)251/\12048/' tests/golden/data/gemma4_e/config.json
  on_cuda >log.txt
  steps_of out >plain
  on_cuda --set ple_cpu_offload=true >log.txt
  steps_of out >offloaded
  [ "$(wc -l <plain)" -eq 3 ] || fail 'expected three steps'
  same plain offloaded
  has log.txt '^memory .* [0-9.]+ .B of weights pinned on the host'
  "$EFT" plan run.yaml --set device=cuda --json >plain.json
  "$EFT" plan run.yaml --set device=cuda --set ple_cpu_offload=true --json >offloaded.json
  has offloaded.json '"pinned":1032192,' # 2048 x 9 x 14 values
  local weights='s/.*"weights":([0-9]+).*/\1/p'
  [ $(($(sed -nE "$weights" plain.json) - $(sed -nE "$weights" offloaded.json))) -eq 1032192 ] ||
    { cat plain.json offloaded.json >&2; fail 'the table still counts as weights of the device'; }
  EFT_CUDA_PINNABLE=64 fails_with 5 'ple_cpu_offload: the host has no 1\.0 MB that can be pinned' \
    on_cuda --set ple_cpu_offload=true
  train --set device=cpu --set ple_cpu_offload=true >log.txt # where the table is in the checkpoint's file anyway
  rm -r model
  tiny_setup
  fails_with 2 'ple_cpu_offload: model has no per-layer embeddings' \
    on_cuda --set ple_cpu_offload=true
}

# same_with_graphs NAME: the run of run.yaml ends with the same bits whether its work is recorded in graphs or not.
# NAME.trace tells what happened to the graphs.
same_with_graphs() {
  on_cuda --set max_steps=4 --set gradient_accumulation_steps=2 --set micro_batch_size=1 >log.txt
  rm -rf eager
  mv out eager
  EFT_CUDA_TRACE=$PWD/$1.trace on_cuda --set max_steps=4 --set gradient_accumulation_steps=2 \
    --set micro_batch_size=1 --set cuda_graphs=true >log.txt
  [ "$(steps_of eager | wc -l)" -eq 4 ] || fail "$1: expected four steps"
  same <(steps_of eager) <(steps_of out)
  local file
  for file in adapter_model model; do
    [ ! -e "eager/$file.safetensors" ] || same "eager/$file.safetensors" "out/$file.safetensors"
  done
  [ "$(grep -c '^launch' "$1.trace")" -eq 7 ] ||
    { cat "$1.trace" >&2; fail "$1: expected all but the first micro batch"; }
}

# Rows of several lengths, so that graphs change from one micro batch to the next.
case_graphs() {
  tiny_setup
  sed 's/What is 0 and one/And then, after all of that, what comes/;q' rows.jsonl >longer
  cat longer >>rows.jsonl
  same_with_graphs lora
  has lora.trace '^update'
  has lora.trace '^instantiate'
  echo 'gradient_checkpointing: true' >>run.yaml
  same_with_graphs recomputed
  sed -i '/^adapter\|^lora/d' run.yaml
  same_with_graphs whole
}

# Experts in bfloat16 find their groups on the device; in float32 they wait for it, which no graph can.
case_graphs_experts() {
  tiny_setup
  rm -r model
  local sizes='s/"vocab_size": 251/"vocab_size": 2048/; s/"hidden_size": 26/"hidden_size": 40/'
  sizes+='; s/"moe_intermediate_size": 15/"moe_intermediate_size": 24/'
  tiny_model model "$sizes" tests/golden/data/gemma4_moe/config.json
  fails_with 5 'cuda_graphs: a step of this model waits for the device' on_cuda --set cuda_graphs=true
  sed -i 's/^bf16: false/bf16: true/' run.yaml
  same_with_graphs experts
  fails_with 2 'cuda_graphs: does not go with device: cpu' train --set device=cpu --set cuda_graphs=true
}

run_case "$1"
