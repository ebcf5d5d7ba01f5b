#!/usr/bin/env python3
"""Writes src/text/word_characters.cpp: which characters the `tokenizers` library takes as part of a word.

It asks the library itself, by whether a token that must be a single word is found behind the character.
Usage: word_characters.py > src/text/word_characters.cpp
"""

import sys

from tokenizers import AddedToken, Tokenizer, models

HEAD = """// Written by tools/golden/word_characters.py.
#include "text/word_characters.h"

#include <algorithm>
#include <iterator>

namespace eft {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr Range kRanges[] = {"""

TAIL = """};

}  // namespace

bool is_word_character(char32_t code) {
  const auto* found = std::lower_bound(std::begin(kRanges), std::end(kRanges), code,
                                       [](const Range& range, char32_t value) { return range.last < value; });
  return found != std::end(kRanges) && found->first <= code;
}

}  // namespace eft"""


def ranges():
    tokenizer = Tokenizer(models.BPE(vocab={"?": 0}, merges=[], unk_token="?"))
    tokenizer.add_tokens([AddedToken("\0\0", single_word=True, normalized=False)])
    codes = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF and c != 0]
    found = []
    for code in codes:
        if 1 in tokenizer.encode(chr(code) + "\0\0").ids:
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def main():
    print(HEAD)
    line = "   "
    for first, last in ranges():
        cell = f" {{{first:#x}, {last:#x}}},"
        if len(line) + len(cell) > 120:
            print(line)
            line = "   "
        line += cell
    print(line)
    print(TAIL)


if __name__ == "__main__":
    main()
