#!/usr/bin/env bash
# vision.sh CASE: images, from the row to the gradient and to an answer.
source "$(dirname "$0")/common.sh"

pictures=$root/tests/golden/data/pictures

# vision_setup: a random model with a vision tower, rows with images of all spellings, and run.yaml.
vision_setup() {
  mkdir -p source pictures
  cp "$root"/examples/demo/model/{tokenizer.json,tokenizer_config.json} source
  cp "$root/tests/cli/tiny/vision.jinja" source/chat_template.jinja
  cp "$root/tests/cli/tiny/vision.json" source/config.json
  "$EFT" init source/config.json model --seed 3 --dtype f32 >/dev/null
  cp "$pictures"/{plain.png,turned_6.jpg,cmyk.jpg,lossy.webp} pictures
  {
    row '[{"type": "image", "path": "pictures/plain.png"}, {"type": "text", "text": "What is this?"}]' 'A disc.'
    row '[{"type": "text", "text": "Which is gray, "}, {"type": "image", "url": "pictures/turned_6.jpg"}, " or ", {"type": "image", "image": "pictures/cmyk.jpg"}, "?"]' 'The second.'
    row '"Look."' 'I do.' ', "images": ["pictures/lossy.webp"]'
    row '"What is 1 and 1?"' '2'
    row "[{\"type\": \"image_url\", \"image_url\": {\"url\": \"data:image/png;base64,$(base64 -w0 pictures/plain.png)\"}}]" 'A disc again.'
  } >rows.jsonl
  cat >run.yaml <<'END'
base_model: model
output_dir: out
processor_type: AutoProcessor
datasets:
  - path: rows.jsonl
    type: chat_template
adapter: lora
lora_r: 3
lora_alpha: 6
lora_target_linear: true
sequence_len: 96
micro_batch_size: 2
max_steps: 4
learning_rate: 0.01
bf16: false
save_strategy: "no"
shuffle_merged_datasets: false
curriculum_sampling: true
END
}

# row CONTENT ANSWER [FURTHER COLUMNS]
row() { echo '{"messages": [{"role": "user", "content": '"$1"'}, {"role": "assistant", "content": "'"$2"'"}]'"${3:-}"'}'; }

# bad ROW PATTERN: a run whose second row is ROW ends with one line that matches; with on_bad_row: drop it counts the row.
bad() {
  sed -n 1p rows.jsonl >good.jsonl
  { cat good.jsonl; echo "$1"; } >rows.jsonl
  fails_with 3 "$2" "$EFT" preprocess run.yaml
  "$EFT" preprocess run.yaml --set on_bad_row=drop >counted.txt
  has counted.txt '^  examples +1$'
  has counted.txt '^  dropped '
  cp good.jsonl rows.jsonl
}

case_shows_blocks_as_words() {
  vision_setup
  "$EFT" preprocess run.yaml --show 5 --dump dump.jsonl >shown.txt
  has shown.txt '^  images +5, 30 tokens'
  has shown.txt '⟨image pictures/plain.png 48×29 → 4 tokens⟩'
  has shown.txt '⟨image pictures/turned_6.jpg 29×48 → 4 tokens⟩'
  has shown.txt '⟨image [0-9]+ bytes of base64 48×29 → 4 tokens⟩'
  [ "$(grep -c '"types"' dump.jsonl)" -eq 5 ] || fail 'rows without types'
  has dump.jsonl '"part":"messages\[0\].content\[1\].url","tokens":\[[0-9]+,[0-9]+\],"soft":4,"width":29,"height":48'
  has dump.jsonl '"part":"images\[0\]"'
  # No token of an image bears loss, also where all others do.
  "$EFT" preprocess run.yaml --set train_on_inputs=true --dump all.jsonl >/dev/null
  head -1 all.jsonl | grep -qE '"labels":\[2,15,[0-9,]+,26(,-100){6},[0-9,]+\]' || fail 'wrong labels'
}

case_trains_and_answers() {
  vision_setup
  train >train.txt
  has train.txt '5 images'
  has train.txt 'training forward and cached forward agree'
  # Images are seen: another picture gives another loss.
  cp "$pictures/gray.png" pictures/plain.png
  mv out first
  train >/dev/null
  cmp -s first/adapter_model.safetensors out/adapter_model.safetensors && fail 'the picture makes no difference'
  "$EFT" inference model --adapter out --chat --prompt 'What is this?' --image pictures/cmyk.jpg --dtype float32 \
    --max-new-tokens 4 --json >answer.json
  has answer.json '"prompt_tokens":\[2,15,[0-9,]+,17,19,19,19,19,18,'
  printf '/image pictures/cmyk.jpg\nWhat is this?\n/save saved.jsonl\n' |
    "$EFT" inference model --adapter out --chat --dtype float32 --max-new-tokens 4 >/dev/null
  has saved.jsonl '"type":"image","path":"pictures/cmyk.jpg"'
  "$EFT" merge-lora model merged --adapter out >/dev/null
  for where in model merged; do
    "$EFT" inference $where $([ $where = model ] && echo --adapter out) --prompt 'It is' --image pictures/cmyk.jpg \
      --dtype float32 --max-new-tokens 6 >$where.txt
  done
  same model.txt merged.txt
}

case_packed_as_alone() {
  vision_setup
  train --set sample_packing=true --set micro_batch_size=1 --set max_steps=2 --set sequence_len=160 >packed.txt
  has packed.txt '5 images'
  train --set micro_batch_size=5 --set max_steps=2 --set output_dir=alone >alone.txt
  # One packed row holds all rows, as the batch of five does.
  same <(grep -o '"loss":[0-9.]*' out/metrics.jsonl | cut -c1-12) <(grep -o '"loss":[0-9.]*' alone/metrics.jsonl | cut -c1-12)
}

case_goes_on_as_if_nothing_had_happened() {
  vision_setup
  whole=(--set adapter=none --set lora_r=null --set lora_alpha=null --set lora_target_linear=false --set save_steps=2 --set lr_scheduler=constant)
  train "${whole[@]}" --set save_strategy=steps --set output_dir=straight >/dev/null
  train "${whole[@]}" --set save_strategy=steps --set max_steps=2 >/dev/null
  train "${whole[@]}" --set save_strategy=steps --set resume_from_checkpoint=true >/dev/null
  same straight/model.safetensors out/model.safetensors
  "$EFT" inference out --prompt 'It is' --image pictures/cmyk.jpg --max-new-tokens 2 >/dev/null
}

case_freezes_the_tower() {
  vision_setup
  train --set adapter=none --set lora_r=null --set lora_alpha=null --set lora_target_linear=false \
    --set freeze_mm_modules=true >/dev/null
  mkdir tower_before tower_after
  "$EFT" inspect model >before.txt
  "$EFT" inspect out >after.txt
  python=$(command -v python3 || true)
  [ -z "$python" ] || "$python" - <<'END'
import json, struct
def tensors(path):
    data = open(path, "rb").read()
    size = struct.unpack("<Q", data[:8])[0]
    return {k: data[8 + size + v["data_offsets"][0]: 8 + size + v["data_offsets"][1]]
            for k, v in json.loads(data[8:8 + size]).items() if k != "__metadata__"}
before, after = tensors("model/model.safetensors"), tensors("out/model.safetensors")
assert before.keys() == after.keys()
for name in before:
    media = name.startswith(("vision_tower", "multi_modal_projector"))
    assert (before[name] == after[name]) == media, name
END
}

case_bad_images() {
  vision_setup
  bad "$(row '[{"type": "image", "path": "cat.jpg"}]' 'x')" \
    "rows.jsonl:2: messages\[0\].content\[0\].path: no file 'cat.jpg' \(looked in \.\), expected an image file"
  cp "$pictures"/{cut.jpg,text.png,deep.png} pictures
  bad "$(row '[{"type": "image", "path": "pictures/cut.jpg"}]' 'x')" "rows.jsonl:2: .*'pictures/cut.jpg': cut off: "
  bad "$(row '[{"type": "image", "path": "pictures/text.png"}]' 'x')" 'no image that eft reads \(begins with'
  bad "$(row '[{"type": "image", "path": "pictures/deep.png"}]' 'x')" '16 bits a channel'
  bad "$(row '[{"type": "image", "path": "pictures"}]' 'x')" 'is no regular file'
  bad "$(row '[{"type": "image", "url": "https://example.org/cat.jpg"}]' 'x')" 'is a URL, expected a local file'
  bad "$(row '[{"type": "picture", "path": "cat.jpg"}]' 'x')" "type 'picture', expected text or image; did you mean"
  bad "$(row '[{"type": "audio", "path": "cat.wav"}]' 'x')" "a part of type 'audio', but gemma3 has no audio"
  bad "$(row '[{"type": "image"}]' 'x')" 'an image without path, url, base64 or image, and no column images'
  bad "$(row '[{"type": "image", "path": "a", "url": "b"}]' 'x')" "both 'url' and 'path', expected one of them"
  bad "$(row '"a <|image|> b"' 'x')" "a text has the mark '<\|image\|>', which stands for an image"
  bad "$(row '[{"type": "image"}]' 'x' ', "images": ["pictures/plain.png", "pictures/cmyk.jpg"]')" \
    'images: 2 images, expected 1'
  bad "$(row '[{"type": "image", "base64": "no picture!"}]' 'x')" 'is no base64'
  fails_with 3 '48 x 29 pixels, expected at most media_max_pixels: 99' "$EFT" preprocess run.yaml --set media_max_pixels=99
}

case_lengths_count_images() {
  vision_setup
  fails_with 3 'tokens, 12 of them for images|nothing is left' "$EFT" preprocess run.yaml --set sequence_len=8
  # A cut goes in front of an image that it would halve.
  row '[{"type": "text", "text": "a"}, {"type": "image", "path": "pictures/plain.png"}]' 'x' >rows.jsonl
  "$EFT" preprocess run.yaml --set sequence_len=9 --set excess_length_strategy=truncate --set train_on_inputs=true \
    --dump cut.jsonl >/dev/null
  has cut.jsonl '"media":\[\]'
}

case_broken_when_read() {
  vision_setup
  head -c 400 pictures/turned_6.jpg >pictures/plain.png
  printf '\xff\xd9' >>pictures/plain.png
  sed -n 1,2p rows.jsonl >two && cp two rows.jsonl
  fails_with 3 "rows.jsonl:1: messages\[0\].content\[0\].path: 'pictures/plain.png'" "$EFT" train run.yaml
}

case_other_models_are_told() {
  vision_setup
  tiny_model text
  fails_with 2 'has no vision tower that eft knows' "$EFT" inference text --prompt a --image pictures/plain.png
  fails_with 2 'processor_type: another value than AutoProcessor' "$EFT" preprocess run.yaml --set processor_type=Mine
}

run_case "$@"
