#!/usr/bin/env python3
"""Writes src/text/jinja/unicode/unicode_tables.cpp from Python's own character tables: `tools/unicode_tables.py > FILE`."""

import sys

CODES = [c for c in range(sys.maxunicode + 1) if not 0xD800 <= c <= 0xDFFF]


def ranges(member):
    found = []
    for code in range(sys.maxunicode + 1):
        if not member(chr(code)):
            continue
        if found and found[-1][1] == code - 1:
            found[-1][1] = code
        else:
            found.append([code, code])
    return found


def case_ranges(mapping):
    found = []
    for code in CODES:
        target = mapping(chr(code))
        if len(target) != 1 or ord(target) == code:
            continue
        delta = ord(target) - code
        if found and found[-1][2] == delta:
            first, last, _, stride = found[-1]
            step = code - last
            if step == stride or (first == last and step in (1, 2)):
                found[-1] = (first, code, delta, step)
                continue
        found.append((code, code, delta, 1))
    return found


def special(mapping, plain):
    rows = []
    for code in CODES:
        target = mapping(chr(code))
        if target != plain(chr(code)) or (len(target) > 1 and mapping is plain):
            rows.append((code, [ord(c) for c in target] + [0] * (3 - len(target))))
    return rows


def emit(kind, name, cells):
    print(f"constexpr {kind} k{name}Data[] = {{")
    line = "   "
    for cell in cells:
        if len(line) + len(cell) + 2 > 118:
            print(line)
            line = "   "
        line += f" {cell},"
    print(line + "\n};")


def main():
    tables = [
        ("Range", "NotPrintable", [f"{{{a:#x}, {b:#x}}}" for a, b in ranges(lambda c: not c.isprintable())]),
        ("Range", "Alpha", [f"{{{a:#x}, {b:#x}}}" for a, b in ranges(str.isalpha)]),
        ("Range", "Digit", [f"{{{a:#x}, {b:#x}}}" for a, b in ranges(str.isdigit)]),
        ("CaseRange", "Upper", [f"{{{a:#x}, {b:#x}, {d}, {s}}}" for a, b, d, s in case_ranges(str.upper)]),
        ("CaseRange", "Lower", [f"{{{a:#x}, {b:#x}, {d}, {s}}}" for a, b, d, s in case_ranges(lower)]),
        ("CaseSpecial", "UpperSpecial", cells(special(str.upper, str.upper))),
        ("CaseSpecial", "TitleSpecial", cells(special(str.title, str.upper))),
    ]
    print('// Written by tools/unicode_tables.py; do not edit.\n#include "text/jinja/unicode/unicode_tables.h"\n')
    print("// clang-format off\nnamespace eft::jinja::unicode {\nnamespace {\n")
    for kind, name, rows in tables:
        emit(kind, name, rows)
    print("\n}  // namespace\n")
    for kind, name, _ in tables:
        print(f"const std::span<const {kind}> k{name} = k{name}Data;")
    print("\n}  // namespace eft::jinja::unicode")


def lower(character):
    return character.lower()[:1]  # only the dotted capital I has more, a combining dot, written in unicode.cpp


def cells(rows):
    return [f"{{{code:#x}, {{{', '.join(f'{c:#x}' for c in to)}}}}}" for code, to in rows]


if __name__ == "__main__":
    main()
