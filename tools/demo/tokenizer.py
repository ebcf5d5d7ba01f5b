#!/usr/bin/env python3
"""Trains the demo's tokenizer and writes it in Gemma 4's form: MODEL/tokenizer.json and the two small files beside it.

Byte pair encoding as Gemma has it: spaces become U+2581, a piece may start with a space but holds none inside, unknown
characters fall back to bytes, runs of newlines, tabs and spaces are tokens of their own. Gemma's tokenizer does not
split text into words before it merges, so no merge may join what `WORD` keeps apart; that is how it is trained here.
Usage: tokenizer.py DATA MODEL    (DATA holds stories-*.jsonl and chat.jsonl)
"""
import collections
import json
import pathlib
import re
import sys

VOCAB_SIZE = 2048
SPACE = "\u2581"
WORD = re.compile(rf"{SPACE}?[^\W\d_]+|{SPACE}?\d|{SPACE}?[^\w\s{SPACE}]+")
SPECIAL = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|tool>", "<tool|>", "<|tool_call>", "<tool_call|>",
           "<|tool_response>", "<tool_response|>", '<|"|>', "<|think|>", "<|channel>", "<channel|>", "<|turn>",
           "<turn|>", "<|image>", "<image|>", "<|image|>", "<|audio>", "<audio|>", "<|audio|>", "<|video|>"]
RUNS = [char * count for char, first in (("\n", 1), ("\t", 1), (SPACE, 2)) for count in range(first, 5)]
CHAT_TEMPLATE = """{{ bos_token }}
{%- for message in messages %}
    {{- '<|turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\\n' }}
    {{- message['content'] | trim + '<turn|>\\n' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|turn>model\\n' }}
{%- endif %}"""


def texts(data):
    for path in sorted(data.glob("stories-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]
    for line in (data / "chat.jsonl").read_text(encoding="utf-8").splitlines():
        for message in json.loads(line)["messages"]:
            yield message["content"]


def count_words(data):
    """How often each word (with the space before it) occurs; runs of whitespace are left to their own tokens."""
    counts = collections.Counter()
    for text in texts(data):
        counts.update(WORD.findall(text.replace(" ", SPACE)))
    return counts


def joined(word, pair):
    """`word`, a tuple of pieces, with every occurrence of `pair` merged."""
    out, i = [], 0
    while i < len(word):
        width = 2 if word[i:i + 2] == pair else 1
        out.append("".join(word[i:i + width]))
        i += width
    return tuple(out)


def train(counts, count):
    """Up to `count` merges, the most frequent pair first; equal pairs in the order of their text."""
    words = {tuple(word): n for word, n in counts.items()}
    merges = []
    while len(merges) < count:
        pairs = collections.Counter()
        for word, n in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += n
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = {joined(word, best): n for word, n in words.items()}
    return merges


def run_merges():
    """Merges that build the runs of whitespace, longest first as in Gemma's file."""
    out = []
    for char in "\n", "\t", SPACE:
        out += [[char * left, char * (count - left)] for count in (4, 3, 2) for left in range(count - 1, 0, -1)]
    return out


def added(token_id, content):
    return {"id": token_id, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": content in SPECIAL and content != "<mask>"}


def bos_template():
    def piece(kind, name, type_id):
        return {kind: {"id": name, "type_id": type_id}}
    first = [piece("SpecialToken", "<bos>", 0), piece("Sequence", "A", 0)]
    second = [piece("SpecialToken", "<bos>", 1), piece("Sequence", "B", 1)]
    return {"type": "TemplateProcessing", "single": first, "pair": first + second,
            "special_tokens": {"<bos>": {"id": "<bos>", "ids": [SPECIAL.index("<bos>")], "tokens": ["<bos>"]}}}


def tokenizer_json(counts):
    fixed = SPECIAL + RUNS + [f"<0x{byte:02X}>" for byte in range(256)]
    characters = sorted({chr(c) for c in range(0x21, 0x7F)} | {c for word in counts for c in word} | {SPACE})
    merges = train(counts, VOCAB_SIZE - len(fixed) - len(characters))
    pieces = fixed + characters + ["".join(pair) for pair in merges]
    if len(set(pieces)) != len(pieces):
        raise SystemExit("two merges give the same piece")
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [added(i, content) for i, content in enumerate(SPECIAL + RUNS)],
        "normalizer": {"type": "Replace", "pattern": {"String": " "}, "content": SPACE},
        "pre_tokenizer": {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious",
                          "invert": False},
        "post_processor": bos_template(),
        "decoder": {"type": "Sequence", "decoders": [
            {"type": "Replace", "pattern": {"String": SPACE}, "content": " "}, {"type": "ByteFallback"},
            {"type": "Fuse"}]},
        "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>", "continuing_subword_prefix": None,
                  "end_of_word_suffix": None, "fuse_unk": True, "byte_fallback": True, "ignore_merges": False,
                  "vocab": {piece: i for i, piece in enumerate(pieces)},
                  "merges": run_merges() + [list(pair) for pair in merges]}}


def tokenizer_config():
    return {"add_bos_token": False, "add_eos_token": False, "bos_token": "<bos>", "chat_template": CHAT_TEMPLATE,
            "clean_up_tokenization_spaces": False, "eos_token": "<eos>", "mask_token": "<mask>",
            "model_max_length": 2048, "pad_token": "<pad>", "padding_side": "left",
            "spaces_between_special_tokens": False, "tokenizer_class": "GemmaTokenizer", "unk_token": "<unk>"}


def generation_config():
    return {"bos_token_id": SPECIAL.index("<bos>"), "do_sample": True,
            "eos_token_id": [SPECIAL.index("<eos>"), SPECIAL.index("<turn|>")],
            "pad_token_id": SPECIAL.index("<pad>"), "temperature": 0.7, "top_k": 64, "top_p": 0.95}


def write(path, value, indent=2):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=indent) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


def main(data, model):
    model = pathlib.Path(model)
    model.mkdir(parents=True, exist_ok=True)
    tokenizer = tokenizer_json(count_words(pathlib.Path(data)))
    print(len(tokenizer["model"]["vocab"]), "pieces,", len(tokenizer["model"]["merges"]), "merges")
    write(model / "tokenizer.json", tokenizer, indent=None)
    write(model / "tokenizer_config.json", tokenizer_config())
    write(model / "generation_config.json", generation_config())


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
