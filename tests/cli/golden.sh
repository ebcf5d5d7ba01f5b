#!/usr/bin/env bash
# golden.sh MODEL REFERENCE DTYPE [CONFIG]: eft computes what Transformers computes on a model of tests/golden/data.
# CONFIG is a file with another spelling of the same configuration. The variable DEVICE names another device than cpu.
source "$(dirname "$0")/common.sh"

data=$root/tests/golden/data/$1
model=$data
if [ $# -gt 3 ]; then
  model=$scratch/model
  mkdir "$model"
  ln -s "$data"/model*.safetensors* "$model"
  cp "$data/$4" "$model/config.json"
fi
arguments=(--reference "$data/$2.safetensors" --dtype "$3" --device "${DEVICE:-cpu}")
case $2 in
  reference_lora) arguments+=(--adapter "$data/adapter") ;;
  reference_saved) arguments+=(--adapter "$data/adapter_saved") ;;
  reference_patterns) arguments+=(--adapter "$data/adapter_patterns") ;;
esac
"$EFT" check "$model" "${arguments[@]}"
