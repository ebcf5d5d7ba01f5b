#!/usr/bin/env python3
"""Writes the demo's corpus of short stories: OUT/stories-1.jsonl, stories-2.jsonl and stories_heldout.jsonl.

One {"text": ...} a line. The held-out stories combine a hero's name and kind with a plot as no training story does, so
their loss tells how well the grammar was learned and not how well the stories were remembered.
Usage: corpus.py OUT
"""
import json
import pathlib
import sys
import zlib

from grammar import Rng
from plots import PLOTS, new_cast

TRAIN_BYTES = 690_000  # of each of the two files
HELDOUT_BYTES = 60_000


def held_out(hero, plot):
    """Whether this hero is kept away from this plot in training: one combination in sixteen."""
    return zlib.crc32(f"{hero.name}/{hero.kind}/{plot}".encode()) % 16 == 0


def story(rng):
    """The text of one story, and whether it belongs to the held-out part."""
    cast = new_cast(rng)
    plot = rng.pick(list(PLOTS))
    paragraphs = PLOTS[plot](cast)
    return "\n\n".join(" ".join(lines) for lines in paragraphs if lines), held_out(cast.hero, plot)


def write(path, rng, size, want_held_out, seen):
    rows, total = [], 0
    while total < size:
        text, is_held_out = story(rng)
        if is_held_out != want_held_out or text in seen:
            continue
        seen.add(text)
        rows.append(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        total += len(rows[-1].encode())
    path.write_text("".join(rows), encoding="utf-8")
    print(f"{path}: {len(rows)} stories, {total} bytes")


def main(out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng, seen = Rng(2026), set()
    write(out / "stories-1.jsonl", rng, TRAIN_BYTES, False, seen)
    write(out / "stories-2.jsonl", rng, TRAIN_BYTES, False, seen)
    write(out / "stories_heldout.jsonl", rng, HELDOUT_BYTES, True, seen)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
