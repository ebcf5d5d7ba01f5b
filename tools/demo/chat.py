#!/usr/bin/env python3
"""Writes the demo's chat set: OUT/chat.jsonl and OUT/chat_heldout.jsonl, one {"messages": [...]} a line.

Requests for a story, for a title, and questions about a few sentences that stand in the question. The assistant speaks
to the user and ends with a fixed turn of phrase, which no story of the corpus does: so one sees what the fine-tuning
changed. Held-out rows are about heroes (name and kind) that the training rows never mention. Usage: chat.py OUT
"""
import json
import pathlib
import sys
import zlib

from grammar import DISHES, PLACES, THINGS, Rng, a, being, other

TRAIN_ROWS = 1600
HELDOUT_ROWS = 100


def held_out(hero):
    return zlib.crc32(f"chat/{hero.name}/{hero.kind}".encode()) % 12 == 0


class Scene:
    """A very short story about a lost thing, with everything a question may ask for."""

    def __init__(self, rng):
        self.rng = rng
        self.hero = being(rng)
        self.friend = being(rng, other(self.hero), avoid=[self.hero])
        self.place = rng.pick(PLACES)
        self.thing = rng.pick(THINGS)
        self.it = f"{rng.pick(self.thing.looks)} {self.thing.name}"
        self.spot = rng.pick(self.place.spots)

    def passage(self):
        p, h, g = self.rng.pick, self.hero, self.friend
        return " ".join([
            p(f"{h} the {h.kind} lived {self.place.at}.", f"{self.place.at.capitalize()} lived {a(h.kind)} named {h}."),
            p(f"One day {h} lost {h.his} {self.it}, and {h.he} was very sad.",
              f"One morning {h.his} {self.it} was gone, and {h} felt like crying."),
            p(f"Then {g} the {g.kind} came by and helped {h.him} to look for it.",
              f"{g} the {g.kind} saw it and helped {h.him} to search."),
            f"They found the {self.it} {self.spot}."])

    def tale(self):
        p, h, g = self.rng.pick, self.hero, self.friend
        return " ".join([
            p(f"Once upon a time, {a(h.kind)} named {h} lived {self.place.at}.",
              f"{h} was {a(h.kind)} who lived {self.place.at}."),
            p(f"One day {h.he} lost {h.his} {self.it}.", f"One morning {h.his} {self.it} was gone."),
            p(f"{h} looked everywhere, but {h.he} could not find it.", f"{h.He} was very sad."),
            p(f"Then {a(g.kind)} named {g} came by and helped {h.him}.", f"Then {g} the {g.kind} came and helped "
              f"{h.him} to search."),
            p(f"They found it {self.spot}, and {h} jumped for joy.", f"Together they found it {self.spot}."),
            p(f"From that day on, {h} and {g} were best friends.",
              f"That evening they shared {p(DISHES)}.")])


def tell(s):
    p, h = s.rng.pick, s.hero
    subject = p(f"{a(h.kind)} who lost {a(s.thing.name)}", f"{a(h.kind)} and {a(s.thing.name)}",
                f"{a(h.kind)} named {h}", f"{h} the {h.kind} and the {s.it}")
    ask = p(f"Tell me a story about {subject}.", f"Please tell me a story about {subject}.",
            f"Can you tell me a story about {subject}?", f"I would like to hear a story about {subject}.")
    return ask, f"With pleasure! Here is a story about {subject}. {s.tale()} The end. Did you like it?"


def about(question, answer):
    """A kind of row: a passage with `question`, and the answer with the passage's evidence."""
    def row(s):
        return f"{s.passage()} {question(s)}", answer(s)
    return row


def title(s):
    p, h = s.rng.pick, s.hero
    ask = p(f"What is a good title for a story about {a(h.kind)} and {a(s.it)}?",
            f"Give me a title for a story about {a(h.kind)} who lost {a(s.it)}.")
    kind, it = h.kind.capitalize(), s.it.title()
    return ask, f'How about this title: "The {kind} and the {it}". I hope you like it!'


def greeting(s):
    ask = s.rng.pick("Hello!", "Hi, who are you?", "Good morning!", "What can you do?", "Hello, can you help me?")
    return ask, "Hello! I can tell you a story, or answer a question about one. What would you like?"


GOOD = "That is a good question!"
KINDS = [
    (40, tell), (15, title), (3, greeting),
    (12, about(lambda s: f"Who helped {s.hero}?", lambda s: f"{GOOD} {s.friend} the {s.friend.kind} helped {s.hero}.")),
    (12, about(lambda s: f"What did {s.hero} lose?",
               lambda s: f"{GOOD} {s.hero} lost {s.hero.his} {s.it}.")),
    (8, about(lambda s: f"Where did they find the {s.thing.name}?",
              lambda s: f"{GOOD} They found the {s.it} {s.spot}.")),
    (6, about(lambda s: f"Why was {s.hero} sad?",
              lambda s: f"{GOOD} {s.hero} was sad because {s.hero.he} had lost {s.hero.his} {s.it}.")),
    (4, about(lambda s: f"Where did {s.hero} live?", lambda s: f"{GOOD} {s.hero} lived {s.place.at}.")),
]


def row(rng):
    """One conversation and whether it belongs to the held-out part."""
    wheel = [kind for share, kind in KINDS for _ in range(share)]
    scene = Scene(rng)
    ask, answer = rng.pick(wheel)(scene)
    messages = [{"role": "user", "content": ask}, {"role": "assistant", "content": answer}]
    return json.dumps({"messages": messages}, ensure_ascii=False) + "\n", held_out(scene.hero)


def write(path, rng, count, want_held_out):
    rows = []
    while len(rows) < count:
        line, is_held_out = row(rng)
        if is_held_out == want_held_out:
            rows.append(line)
    path.write_text("".join(rows), encoding="utf-8")
    print(f"{path}: {len(rows)} conversations, {path.stat().st_size} bytes")


def main(out):
    out = pathlib.Path(out)
    out.mkdir(parents=True, exist_ok=True)
    rng = Rng(7)
    write(out / "chat.jsonl", rng, TRAIN_ROWS, False)
    write(out / "chat_heldout.jsonl", rng, HELDOUT_ROWS, True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
