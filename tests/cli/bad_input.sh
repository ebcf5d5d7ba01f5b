#!/usr/bin/env bash
# bad_input.sh CASE: what is wrong is said in one line, with the right exit code, and nothing half-written stays behind.
source "$(dirname "$0")/common.sh"

config=2 data=3 file=4 device=5

# refuses CODE PATTERN [--set key=value]...: the tiny run is refused before it writes anything.
refuses() {
  local code=$1 pattern=$2
  shift 2
  fails_with "$code" "$pattern" train "$@"
  empty out
}

# --- files ---
case_missing_yaml() { fails_with $file 'nowhere\.yaml: ' "$EFT" train nowhere.yaml; }
case_name_too_long() { fails_with $file 'aaa: .*' "$EFT" inspect "$(printf 'a%.0s' {1..300})"; }
case_missing_model() { tiny_setup; refuses $file 'nowhere' --set base_model=nowhere; }
case_missing_dataset() { tiny_setup; refuses $file 'nowhere\.jsonl' --set 'datasets[0].path=nowhere.jsonl'; }
case_missing_adapter() { tiny_setup; refuses $file 'nowhere' --set lora_model_dir=nowhere; }
case_missing_reference() { tiny_model model; fails_with $file 'nowhere' "$EFT" check model --reference nowhere; }
case_missing_tokenizer() { tiny_setup; rm model/tokenizer.json; refuses $file 'tokenizer\.json'; }
case_missing_weights() { tiny_setup; rm model/model.safetensors; refuses $file 'model.*safetensors'; }

case_truncated_weights() {
  tiny_setup
  truncate -s -100 model/model.safetensors
  refuses $file 'model\.safetensors: '
}
case_truncated_header() {
  tiny_setup
  truncate -s 50 model/model.safetensors
  refuses $file 'model\.safetensors: '
}
case_weights_are_text() {
  tiny_setup
  echo 'version https://example.org/spec/v1' >model/model.safetensors
  refuses $file 'model\.safetensors: '
}
case_missing_shard() {
  tiny_setup
  cp -r "$root/tests/golden/data/gemma4_dense" dense
  rm dense/model-00002-of-00003.safetensors
  refuses $file 'model-00002-of-00003\.safetensors' --set base_model=dense --set tokenizer_config=model
}

# The save fails at the adapter's weights, as on a full disk: no file may grow beyond 8 KB.
case_full_disk_on_save() {
  tiny_setup
  fails_with $file 'adapter_model\.safetensors.*: ' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$EFT" train run.yaml'
  [ "$(ls -A out | tr "\n" " ")" = ".eft-files metrics.jsonl " ] || { ls -lA out >&2; fail 'files are left in out'; }
}
case_full_disk_on_checkpoint() {
  tiny_setup
  fails_with $file 'safetensors.*: ' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$EFT" train run.yaml --set save_strategy=steps --set save_steps=1'
  [ "$(ls -A out | tr "\n" " ")" = ".eft-files metrics.jsonl " ] || { ls -lA out >&2; fail 'files are left in out'; }
}
# The result of an earlier run survives.
case_full_disk_keeps_the_earlier_result() {
  tiny_setup
  train >/dev/null
  cp out/adapter_model.safetensors before
  fails_with $file 'adapter_model\.safetensors.*: ' bash -c 'trap "" XFSZ; ulimit -f 8; exec "$EFT" train run.yaml --set seed=7'
  same before out/adapter_model.safetensors
}
case_full_disk_on_init() {
  tiny_model model
  fails_with $file ': ' bash -c 'trap "" XFSZ; ulimit -f 80; exec "$EFT" init model/config.json out'
  empty out
}
# What is printed and cannot be written, or is read by nobody, is an error of every command.
case_output_cannot_be_written() {
  tiny_setup
  local command
  for command in 'config-schema' 'config-reference' 'inspect model --json' 'plan run.yaml' '--help' \
    'preprocess run.yaml --show 3' 'train run.yaml --dry-run'; do
    fails_with $file 'standard output: cannot be written' bash -c "exec \"\$EFT\" $command >/dev/full"
    fails_with $file 'standard output: cannot be written' bash -c "exec \"\$EFT\" $command >&-"
  done
  "$EFT" inference model --prompt 'What is' --max-new-tokens 3 2>err.txt >/dev/full && fail 'no error' || [ $? -eq $file ]
}
case_output_is_a_file() { tiny_setup; echo >out; fails_with $file 'out' train; }

# --- model ---
case_wrong_shape() {
  tiny_setup
  sed -i 's/"intermediate_size": 50/"intermediate_size": 42/' model/config.json
  refuses $config 'mlp\.(gate|up|down)_proj\.weight.*50.*42'
}
case_missing_tensors() {
  tiny_setup
  sed -i 's/"num_hidden_layers": 2/"num_hidden_layers": 3/; s/\["sliding_attention", /["sliding_attention", "sliding_attention", /' model/config.json
  refuses $config 'model\.layers\.2\.'
}
case_unused_tensors() {
  tiny_setup
  sed -i 's/"num_hidden_layers": 2/"num_hidden_layers": 1/; s/, "full_attention"\]/]/' model/config.json
  refuses $config 'model\.layers\.1\.'
}
case_unknown_family() {
  tiny_setup
  sed -i 's/gemma3_text/gemma9_text/' model/config.json
  refuses $config 'gemma9_text'
}
case_config_json_is_not_json() { tiny_setup; echo '{' >model/config.json; refuses $config 'config\.json'; }
case_config_json_lacks_layers() {
  tiny_setup
  sed -i 's/"full_attention"\]/"lazy_attention"]/' model/config.json
  refuses $config 'lazy_attention'
}
case_adapter_for_another_model() {
  tiny_setup
  tiny_model other 's/"num_hidden_layers": 2/"num_hidden_layers": 1/; s/, "full_attention"\]/]/'
  train >/dev/null
  mv out adapter
  fails_with $config 'adapter.*: .*another model' train --set base_model=other --set lora_model_dir=adapter
  empty out
}
case_adapter_of_another_size() {
  tiny_setup
  tiny_model other 's/"intermediate_size": 50/"intermediate_size": 42/'
  train >/dev/null
  mv out adapter
  fails_with $config 'adapter.*: .*another model' train --set base_model=other --set lora_model_dir=adapter
  empty out
}
case_adapter_with_unsupported_option() {
  tiny_setup
  train >/dev/null
  sed -i 's/"use_dora": false/"use_dora": true/' out/adapter_config.json
  mv out adapter
  refuses $config 'adapter_config\.json: use_dora' --set lora_model_dir=adapter
}

# --- tokenizer ---
case_truncated_tokenizer() {
  tiny_setup
  truncate -s 5000 model/tokenizer.json
  refuses $data 'tokenizer\.json: '
}
case_tokenizer_of_another_kind() {
  tiny_setup
  sed -i 's/"type": *"BPE"/"type": "WordPiece"/' model/tokenizer.json
  refuses $data 'tokenizer\.json: .*WordPiece'
}
case_tokenizer_of_a_larger_model() {
  tiny_setup
  tiny_model other 's/"vocab_size": 2048/"vocab_size": 100/'
  refuses $data 'rows\.jsonl:1: token [0-9]+ \(.*\) is outside the model.s vocabulary of 100' --set base_model=other --set tokenizer_config=model
}

# --- options ---
case_yaml_with_a_tab() { tiny_setup; printf 'a:\n\tb: 1\n' >>run.yaml; refuses $config 'run\.yaml:18'; }
case_yaml_with_a_duplicate_key() { tiny_setup; echo 'lora_r: 4' >>run.yaml; refuses $config 'run\.yaml:17.* lora_r'; }
case_unknown_key() { tiny_setup; echo 'learning_rat: 1' >>run.yaml; refuses $config 'run\.yaml:17.*learning_rat.*learning_rate'; }
case_unknown_key_in_a_dataset() { tiny_setup; sed -i 's/    type: /    tipe: /' run.yaml; refuses $config 'run\.yaml:5.*tipe.*type'; }
case_wrong_type() { tiny_setup; refuses $config 'lora_r.*many' --set lora_r=many; }
case_out_of_bounds() { tiny_setup; sed -i 's/lora_r: 3/lora_r: 0/' run.yaml; refuses $config 'run\.yaml:8 lora_r: 0'; }
case_unsupported_key() { tiny_setup; refuses $config 'gptq' --set gptq=true; }
case_missing_required_key() { tiny_setup; sed -i '/^base_model/d' run.yaml; refuses $config 'base_model'; }
case_unknown_override() { tiny_setup; refuses $config 'lora_rank' --set lora_rank=3; }
case_no_such_module() {
  tiny_setup
  refuses $config 'z_proj' --set lora_target_linear=false --set 'lora_target_modules=[z_proj]'
}
case_unknown_command() { fails_with $config 'tarin' "$EFT" tarin run.yaml; }
case_no_command() { fails_with $config '.' "$EFT"; }
case_unknown_flag() { tiny_setup; refuses $config 'loud' --loud; }

# --- data ---
case_broken_line() {
  tiny_setup
  sed -i '4s/.*/{"messages": [/' rows.jsonl
  refuses $data 'rows\.jsonl:4'
}
case_line_is_no_object() { tiny_setup; sed -i '3s/.*/[1, 2]/' rows.jsonl; refuses $data 'rows\.jsonl:3'; }
case_missing_column() { tiny_setup; sed -i '2s/messages/massages/' rows.jsonl; refuses $data 'rows\.jsonl:2.*messages'; }
case_not_utf8() { tiny_setup; printf '{"messages": "\xff\xfe"}\n' >>rows.jsonl; refuses $data 'rows\.jsonl:11'; }
case_empty_dataset() { tiny_setup; : >rows.jsonl; refuses $data 'rows\.jsonl'; }
case_all_rows_too_long() { tiny_setup; refuses $data '.' --set sequence_len=4; }
case_raising_template() {
  tiny_setup
  echo "{{ raise_exception('no thank you') }}" >template.jinja
  refuses $data 'rows\.jsonl:1.*no thank you' --set chat_template=jinja --set chat_template_jinja=template.jinja
}
case_template_with_a_syntax_error() {
  tiny_setup
  printf 'text\n{%% for %%}\n' >template.jinja
  refuses $data 'template\.jinja:2' --set chat_template=jinja --set chat_template_jinja=template.jinja
}
case_roles_do_not_alternate() {
  tiny_setup
  echo '{"messages": [{"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}]}' >>rows.jsonl
  refuses $data 'rows\.jsonl:11' --set chat_template=gemma3
}
case_no_template_in_the_model() {
  tiny_setup
  sed -i '/"chat_template"/d' model/tokenizer_config.json
  refuses $data 'chat_template' --set chat_template=tokenizer_default
}

# --- device ---
case_no_such_device() { tiny_setup; refuses $device 'cuda' --set device=cuda; }

export EFT
run_case "$1"
