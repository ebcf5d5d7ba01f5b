#!/usr/bin/env bash
# inference.sh CASE: generation from the command line. Text goes to standard output, all else to standard error.
source "$(dirname "$0")/common.sh"

tokens_of() { sed -nE 's/.*"tokens":(\[[^]]*\]).*/\1/p' "$1"; }
generate() { "$EFT" inference model --dtype float32 --max-new-tokens 12 --json "$@" 2>/dev/null; }

case_greedy_repeats_itself() {
  tiny_model model
  generate --prompt 'Once upon a time' --temperature 0 >first.json
  generate --prompt 'Once upon a time' --temperature 0 --seed 9 >second.json
  [ -n "$(tokens_of first.json)" ] || { cat first.json >&2; fail 'no tokens'; }
  [ "$(tokens_of first.json)" = "$(tokens_of second.json)" ] || fail 'two greedy answers differ'
}

case_seed() {
  tiny_model model
  generate --prompt 'Once upon a time' --temperature 1 --seed 1 >first.json
  generate --prompt 'Once upon a time' --temperature 1 --seed 1 >again.json
  generate --prompt 'Once upon a time' --temperature 1 --seed 2 >other.json
  [ "$(tokens_of first.json)" = "$(tokens_of again.json)" ] || fail 'one seed, two answers'
  [ "$(tokens_of first.json)" != "$(tokens_of other.json)" ] || fail 'the seed changes nothing'
}

# What training taught is what generation says, up to the token that ends a turn: with the whole model and with an adapter.
case_says_what_it_learned() {
  tiny_setup
  sed -i '/^adapter\|^lora/d' run.yaml
  train --set max_steps=120 --set learning_rate=0.02 >log.txt
  "$EFT" inference out --chat --prompt 'What is 3 and one?' --temperature 0 --max-new-tokens 20 >answer.txt 2>facts.txt
  has answer.txt '^It is [0-9]+\.$'
  has facts.txt 'ended with <turn\|>'
}

case_adapter() {
  tiny_setup
  train --set max_steps=30 --set learning_rate=0.05 >log.txt
  generate --prompt 'What is 3 and one?' --chat --temperature 0 >base.json
  generate --prompt 'What is 3 and one?' --chat --temperature 0 --adapter out >adapted.json
  [ "$(tokens_of base.json)" != "$(tokens_of adapted.json)" ] || fail 'the adapter changes nothing'
}

case_chat_reads_turns() {
  tiny_model model
  printf 'Hello!\nHow are you?\n/quit\nNever read.\n' | generate --chat >answers.json
  [ "$(wc -l <answers.json)" -eq 2 ] || { cat answers.json >&2; fail 'expected two answers'; }
}

# Turns of several lines, commands, and a conversation that is kept as a row to train on.
case_chat_commands() {
  tiny_model model
  { printf 'Hello\\\nthere\n/save rows.jsonl\n/system Be brief.\n"""\none\n\ntwo\n"""\n/save rows.jsonl\n/reset\n'
    printf '//slash\n/save rows.jsonl\n/nonsense\n/help\n/quit\n'; } >typed.txt
  "$EFT" inference model --dtype float32 --max-new-tokens 4 --json --chat <typed.txt >answers.json 2>said.txt
  [ "$(wc -l <answers.json)" -eq 3 ] || { cat answers.json >&2; fail 'expected three answers'; }
  [ "$(wc -l <rows.jsonl)" -eq 3 ] || { cat rows.jsonl >&2; fail 'expected three rows'; }
  has rows.jsonl '^\{"messages":\[\{"role":"user","content":"Hello\\nthere"\},\{"role":"assistant","content":"[^"]*.*\}\]\}$'
  has rows.jsonl '^\{"messages":\[\{"role":"system","content":"Be brief."\},\{"role":"user","content":"one\\n\\ntwo"\}'
  has rows.jsonl '^\{"messages":\[\{"role":"system","content":"Be brief."\},\{"role":"user","content":"/slash"\}'
  has said.txt '^/nonsense: no such command'
  has said.txt '^/save FILE'
  printf 'base_model: model\ndatasets: [{path: rows.jsonl, type: chat_template}]\nchat_template: gemma4\nlearning_rate: 1\n' >run.yaml
  "$EFT" preprocess run.yaml --set dataset_prepared_path= >page.txt || fail 'rows that cannot be read'
  has page.txt '^  rows read +3$'
}

case_nothing_to_do() { tiny_model model; fails_with 2 '--prompt' "$EFT" inference model; }
case_missing_model() { fails_with 4 'nowhere' "$EFT" inference nowhere --prompt a; }
case_missing_adapter() { tiny_model model; fails_with 4 'nowhere' "$EFT" inference model --adapter nowhere --prompt a; }
case_bad_temperature() { tiny_model model; fails_with 2 'temperature' "$EFT" inference model --prompt a --temperature -1; }
case_bad_top_p() { tiny_model model; fails_with 2 'top.p' "$EFT" inference model --prompt a --top-p 2; }
case_bad_stop() { tiny_model model; fails_with 2 'no such piece' "$EFT" inference model --prompt a --stop 'no such piece'; }
case_raising_template() {
  tiny_model model
  echo "{{ raise_exception('no thank you') }}" >template.jinja
  fails_with 3 'no thank you' "$EFT" inference model --chat --prompt a --chat-template template.jinja
}
case_adapter_for_another_model() {
  tiny_setup
  tiny_model other 's/"num_hidden_layers": 2/"num_hidden_layers": 1/; s/, "full_attention"\]/]/'
  train >/dev/null
  fails_with 2 'another model' "$EFT" inference other --adapter out --prompt a
}

run_case "$1"
