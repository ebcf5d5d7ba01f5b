#!/usr/bin/env bash
# The rules of the house that no compiler checks: who may include whom, what the models must not know, how long a file may be.
# Prints one line a violation and fails if there is any.   layering_test.sh [REPOSITORY]
set -euo pipefail
cd "${1:-$(dirname "$0")/../..}"

# LAYER: what its files may include beside their own layer. A layer's right to include what the named layers include
# follows; a name with a slash or a dot is a pattern of files and gives no further right.
arrows='
base:
schema:     base
tensor:     base
quant:      tensor      schema/field.h
backend:    tensor
autograd:   tensor
ops:        autograd quant
nn:         ops         schema/field.h
models:     nn media
text:       base
media:      base
data:       text media  schema/field.h
dist:       tensor
report:     base
generate:   models text media schema/field.h
train:      models data dist report schema/field.h
check:      train
serve:      generate
config:     schema      */*_options.h
cli:        *
'
# FILES: what these files may include beyond the arrows of their layer.
file_arrows='
ops/*/*_cpu.cpp:  backend/cpu/*
ops/*/*-inl.h:    backend/cpu/*
ops/support/profiler.cpp: backend/cpu/peak.h
ops/*/*_cuda.cu:  backend/cuda/*
ops/*/*.cuh:      backend/cuda/*
quant/*_cuda.cu:  backend/cuda/*
autograd/*_test.cpp: ops/*/*
train/optimizers/*_test.cpp: schema/*
data/*_test.cpp:  schema/*
data/*/*_test.cpp: schema/*
data/golden_files.h: schema/*
'
# Words that no model may know: a linear decides for itself how it is stored and adapted, a batch how it is laid out. Tests
# of models may.
model_words='lora|nf4|cuda|packing'
# What only the command line does. Streams are handed down to whoever draws on a terminal.
printing='std::cout|std::cerr|[^a-z_:]printf\(|std::(exit|abort|quick_exit)\(|[^a-z_.>:](exit|abort)\('
max_lines=500

failures=$(mktemp)
trap 'rm -f "$failures"' EXIT

sources() { find src -type f \( -name '*.h' -o -name '*.cpp' -o -name '*.cu' -o -name '*.cuh' \) | sort; }
texts() {
  { sources; find tests tools bench cmake docs .ci CMakeLists.txt CMakePresets.json Makefile README.md CONTRIBUTING.md \
      -type f \( -name '*.sh' -o -name '*.py' -o -name '*.cmake' -o -name '*.txt' -o -name '*.md' -o -name 'Makefile' \
      -o -name 'run' -o -name 'CMakePresets.json' \) -not -path 'tests/golden/data/*' 2>/dev/null; } | sort
}

# stdin: includes as FILE:LINE:#include "NAME"
forbidden_includes() {
  awk -v arrows="$arrows" -v file_arrows="$file_arrows" '
    # A shell pattern as a regular expression: * stays inside a folder.
    function pattern(text) {
      gsub(/[.+]/, "[&]", text)
      gsub(/\*/, "[^/]*", text)
      return "^" text "$"
    }
    function is_pattern(text) { return text ~ /[\/.]/ }
    # Fills may[layer, x] with all that `from` brings along.
    function reach(layer, from,   names, count, i) {
      count = split(direct[from], names, " ")
      for (i = 1; i <= count; i++) {
        if ((layer, names[i]) in may) continue
        if (is_pattern(names[i])) {
          if (layer == from) patterns[layer] = patterns[layer] " " names[i]
          continue
        }
        may[layer, names[i]] = 1
        reach(layer, names[i])
      }
    }
    function matches(list, name,   names, count, i) {
      count = split(list, names, " ")
      for (i = 1; i <= count; i++) if (name ~ pattern(names[i])) return 1
      return 0
    }
    function allowed(file, layer, target, name,   i) {
      if (layer == target || (layer, target) in may || (layer, "*") in may) return 1
      if (matches(patterns[layer], name)) return 1
      for (i = 1; i <= file_rules; i++) {
        if (substr(file, 5) ~ pattern(rule_files[i]) && matches(rule_allows[i], name)) return 1
      }
      return 0
    }
    BEGIN {
      count = split(arrows, lines, "\n")
      for (i = 1; i <= count; i++) if (split(lines[i], parts, ":") == 2) direct[parts[1]] = parts[2]
      for (layer in direct) reach(layer, layer)
      count = split(file_arrows, lines, "\n")
      for (i = 1; i <= count; i++) {
        if (split(lines[i], parts, ":") != 2) continue
        rule_files[++file_rules] = parts[1]
        rule_allows[file_rules] = parts[2]
      }
    }
    {
      split($0, parts, ":")
      file = parts[1]
      split(file, folders, "/")
      layer = folders[2]
      split($0, quoted, "\"")
      name = quoted[2]
      split(name, folders, "/")
      target = folders[1]
      where = file ":" parts[2] ": "
      if (!(layer in direct)) print where "src/" layer " is no layer of the house"
      else if (!(target in direct)) print where "\"" name "\" is not named from src/"
      else if (!allowed(file, layer, target, name)) print where layer " may not include \"" name "\""
    }'
}

# report REASON: turns "FILE:LINE:TEXT" into violations.
report() { sed -E "s|^([^:]+:[0-9]+):.*|\1: $1|"; }

# A word is put together here so that this file does not break its own rule.
unfinished='TO''DO|FIX''ME|XX''X'
machine_paths='(^|[^A-Za-z0-9_.$}/])/(work|tmp|root|home)/'
outside='[.][.]/shared'

{
  sources | xargs grep -nE '^ *# *include *"' /dev/null | forbidden_includes
  [ -d src/models ] && grep -rniE --exclude='*_test.cpp' "$model_words" src/models | report 'a word that no model may know'
  sources | grep -vE '^src/cli/|_test\.cpp$' | xargs grep -nE "$printing" /dev/null | report 'only the command line prints or exits'
  find src/ops -type f -not -name '*-inl.h' | xargs grep -nE '^ *# *if(n?def\b| *defined)' /dev/null | report 'no #ifdef in an op'
  texts | xargs grep -nE "$unfinished" /dev/null | report 'unfinished'
  texts | xargs grep -nE "$machine_paths|$outside" /dev/null | report 'a path of one machine'
  texts | grep -v '\.md$' | xargs wc -l | awk -v max=$max_lines '$2 != "total" && $1 > max {print $2 ":1: " $1 " lines, expected at most " max}'
} > "$failures" || true

if [ -s "$failures" ]; then
  cat "$failures"
  echo "$(wc -l < "$failures") violations"
  exit 1
fi
echo "$(sources | wc -l) source files keep the rules"
