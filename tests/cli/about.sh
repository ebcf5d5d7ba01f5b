#!/usr/bin/env bash
# about.sh CASE: what the program says about itself, and what an installation holds.
source "$(dirname "$0")/common.sh"

commands() { "$EFT" --help | sed -n '/^Subcommands:/,/^$/s/^  \([a-z-]*\) .*/\1/p'; }
options_of() { "$EFT" "$1" --help | sed -n 's/^  \(-h,\)\{0,1\}\(--[a-z-]*\).*/\2/p'; }

case_version() {
  "$EFT" --version >version.txt
  has version.txt '^eft [0-9]+\.[0-9]+\.[0-9]+$'
  has version.txt '^commit    .'
  has version.txt '^compiler  .+, .'
  has version.txt '^CPU       [A-Z0-9_]+ kernels here; oneDNN [0-9.]+; .'
  has version.txt '^CUDA      (not built|[0-9.]+, architectures .+)$'
  has version.txt '^Arrow     (not built|found)$'
}

# Every command ends its help with lines to type, whose options it has.
case_examples_in_every_help() {
  local command line option examples key keys
  keys=$("$EFT" config-schema)  # each is a flag of the commands that take a run
  [ "$(commands | wc -l)" -gt 10 ] || fail 'the commands are not listed'
  for command in $(commands); do
    examples=$("$EFT" "$command" --help | sed -n '/^Examples:/,$p' | tail -n +2)
    [ -n "$examples" ] || fail "$command --help has no example"
    while read -r line; do
      [[ "$line " == "eft $command "* ]] || fail "$command --help: an example of another command: $line"
      for option in $(grep -oE -- ' --[a-z-]+' <<<"$line"); do
        key=${option#--}
        options_of "$command" | grep -qxe "$option" || grep -qF "\"${key//-/_}\":" <<<"$keys" ||
          fail "$command has no $option: $line"
      done
    done <<<"$examples"
  done
}

# complete WORD…: what bash offers for the last word.
complete_words() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _eft 2>/dev/null
  echo "${COMPREPLY[*]}"
}

# offers EXPECTED WORD…
offers() {
  local expected=$1 got
  shift
  got=$(complete_words "$@")
  [ "$got" = "$expected" ] || fail "bash offers '$got' after '$*', expected '$expected'"
}

case_bash_completion() {
  "$EFT" completion bash >eft.bash
  source ./eft.bash
  offers 'train' eft tr
  offers 'config-schema config-reference' eft config-
  offers '--dry-run' eft train run.yaml --dr
  offers 'cpu cuda' eft plan run.yaml --device ''
  offers 'bf16' eft init config.json out --dtype b
  offers 'lora_rank_pattern=' eft train run.yaml --set lora_ra
  offers 'zsh' eft completion z
  offers '' eft train ru
}

# Commands, options and keys stand in every page, from one source.
case_pages_name_everything() {
  local command option key keys page shell
  for shell in bash zsh fish; do "$EFT" completion "$shell" >"page.$shell"; done
  "$EFT" man | sed 's/\\-/-/g; s/\\f[BIR]//g' >page.man
  keys=$("$EFT" config-reference | sed -n '/^## Keys that eft acts on/,/^###/s/^| `\([a-z_]*\)` .*/\1/p')
  [ "$(wc -w <<<"$keys")" -gt 50 ] || fail 'the keys are not listed'
  for page in page.*; do
    for command in $(commands); do
      grep -qw -- "$command" "$page" || fail "$page does not name $command"
      for option in $(options_of "$command"); do
        grep -qE -- "(--| -l )${option#--}\b" "$page" || fail "$page does not name $option of $command"
      done
    done
    for key in $keys; do grep -qw -- "$key" "$page" || fail "$page does not name $key"; done
  done
  bash -n page.bash
  # Where the other two shells are installed, they read theirs.
  for shell in zsh fish; do
    ! command -v "$shell" >/dev/null || "$shell" -n "page.$shell" || fail "$shell does not read its page"
  done
  fails_with 2 'tcsh not in' "$EFT" completion tcsh
}

case_installed() {
  cmake --install "$(dirname "$EFT")" --prefix "$PWD/prefix" >/dev/null
  for file in bin/eft share/man/man1/eft.1 share/doc/eft/LICENSE share/doc/eft/examples/gemma-3-270m-lora.yaml \
    share/bash-completion/completions/eft share/zsh/site-functions/_eft share/fish/vendor_completions.d/eft.fish; do
    [ -s "prefix/$file" ] || fail "$file is not installed"
  done
  prefix/bin/eft --version >installed.txt
  "$EFT" --version >built.txt
  same installed.txt built.txt
  "$EFT" completion zsh >_eft
  same _eft prefix/share/zsh/site-functions/_eft
}

run_case "$1"
