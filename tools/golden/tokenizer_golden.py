#!/usr/bin/env python3
"""What the `tokenizers` library makes of awkward strings: tokenizer_golden.py OUT.json NAME=tokenizer.json...

{NAME: {"encode": [{"text", "ids", "offsets", "decoded", "decoded_skipping_special"}…], "decode": [{"ids",
"decoded", "decoded_skipping_special"}…]}}. Special tokens are not added; offsets count characters. A text with lone
surrogates does not exist here: every text is valid UTF-8.
"""
import json
import random
import sys
import unicodedata

from tokenizers import Tokenizer

FIXED = [
    "", " ", "  ", "   ", "\n", "\n\n", "\n\n\n\n", "\t", "\t\t", "\r", "\r\n", "\r\n\r\n", "\n\r", " \n ", "\n \n", "\t \t",
    "hello", " hello", "hello ", "  hello  ", "Hello, world!", "Hello  World", "a  b   c    d     e", "line\nbreak",
    "line\r\nbreak\r\n", "tab\tseparated\tvalues", "trailing newline\n", "\nleading newline", "a\n\n\nb", "\u00a0nbsp\u00a0here",
    "em\u2003space", "zero\u200bwidth", "\ufeffbom at start", "soft\u00adhyphen", "line\u2028sep\u2029par", "\u3000ideographic",
    "▁", "▁▁", "a▁b", "▁hello", "hello▁", " ▁ ", "▁ ▁", "a ▁b", "\u2581\u2581\u2581x", "_ __ ___",
    "\x00", "a\x00b", "\x01\x02\x03", "\x1b[31mred\x1b[0m", "\x7f", "\x80\x9f", "\x0b\x0c", "bell\x07",
    "e\u0301", "\u00e9", "a\u030a\u0301", "n\u0303o\u0308", "\u0301alone", "Z\u0351\u036b\u0343a\u0363\u0348l\u034dg\u035eo",
    "ﬁ ligature", "½ ¼ ²³", "№ ™ ©", "\u212b \u00c5 A\u030a", "\u1e9b\u0323", "ｆｕｌｌｗｉｄｔｈ", "Ⅷ ⅷ",
    "😀", "😀😀😀", "👨‍👩‍👧‍👦", "👩🏽‍💻", "🏳️‍🌈", "🇩🇪🇫🇷", "❤️", "☺", "1️⃣2️⃣", "🧑🏿‍🚀 to the 🌕!", "🫠🫡🫥", "text😀text",
    "你好，世界", "こんにちは世界", "안녕하세요 세계", "漢字とカナとｶﾅ", "𠮷野家", "㍿", "한\u1112\u1161\u11ab", "我喜欢吃苹果。你呢？",
    "مرحبا بالعالم", "שלום עולם", "\u202eright to left\u202c", "שָׁלוֹם", "السَّلَامُ عَلَيْكُم", "abc אבג 123",
    "नमस्ते दुनिया", "ক্ষ", "ที่นี่", "မြန်မာ", "ខ្មែរ", "ꦗꦮ", "Ελληνικά", "Привет, мир", "Հայերեն", "ქართული", "አማርኛ",
    "𐍈𐌰𐌹", "𓀀𓁐", "𒀀𒁀", "\U0001f9ff\U0001fae8", "ᚠᚢᚦ", "ߊߋߌ", "ⴰⴱⴳ", "\ue000\ue001", "\U000f0000", "\U0010fffd", "\ufffd", "\uffff",
    "\U0001d400\U0001d4d0", "\u0378", "\U000e0001", "\U00013000", "ꙮ", "﷽",
    "<bos>", "<eos>", "<pad>", "<unk>", "<bos><eos>", "<bos> <eos>", "a<bos>b", "<bos", "bos>", "< bos >", "<BOS>", "<<bos>>",
    "<start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\n", "<start_of_turn>", "<start_of_turn", "start_of_turn>",
    " <start_of_turn> ", "<end_of_turn>\n", "<start_of_image>", "<end_of_image>", "<image_soft_token>", "<unused0>", "<unused98>",
    "<unused6241>", "<mask>", "[multimodal]", "<2mass>", "[@BOS@]", "<table>", "</table>", "<h1>title</h1>", "<b>bold</b>",
    "<ul><li>one</li></ul>", "<br>", "<blockquote>", "<code>x</code>", "<strong>", "<|turn>user\nHi<turn|>\n<|turn>model\n",
    "<|channel>thought\n<channel|>", "<|tool_call>call:f{a:<|\"|>b<|\"|>}<tool_call|>", "<|think|>", "<|\"|>", "<|image|>",
    "<|audio|><|video|>", "<|turn", "turn|>", "<|turn><|turn>", "<turn|><turn|>\n", "<0x41>", "<0x00>", "<0xFF>", "<0x0A>", "<0xE2><0x96><0x81>",
    "for (int i = 0; i < n; ++i) {\n    sum += a[i];\n}", "def f(x):\n\treturn x**2\n", "SELECT * FROM t WHERE a='b';", "{\"a\": [1, 2.5e-3, null]}",
    "https://example.com/path?q=1&r=%20#frag", "user@example.com", "C:\\Windows\\System32", "$\\frac{1}{2}$", "!!!???...", "----====",
    "3.14159", "1,000,000", "0123456789", "12345678901234567890", "1 2 3", "-5", "1e10", "０１２", "٣٤٥",
    "It's don't won't", "\u201cquotes\u201d \u2018single\u2019", "naïve café résumé", "straße", "İstanbul ıi", "ǅ", "camelCaseWords snake_case_words",
    "ALLCAPS", "MiXeD", "supercalifragilisticexpialidocious", "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "a" * 300, "ab" * 200, " " * 40, "\n" * 40, "\t" * 20, "x" + " " * 33 + "y", "=" * 100, "é" * 50, "漢" * 60, "😀" * 20, "aaaa bbbb " * 20,
    "\x00" * 5, "<bos>" * 5, "▁" * 40, "\r\n" * 10, " \n" * 10,
]
ALPHABET = list("abcdefghij XYZ  \n\t.,!?<>|_▁0123456789éßñ漢字かな한글אבעربπжअ") + \
    ["😀", "👩🏽‍💻", "e\u0301", "\r\n", "<bos>", "<start_of_turn>", "<|turn>", "<end_of_turn>", "\x00", "\U000f1234", "\u0378", "  ", "   ", "\n\n", "the "]


def texts():
    rng = random.Random(20)
    out = list(dict.fromkeys(FIXED))
    for length in [3, 8, 20, 60]:
        out += ["".join(rng.choice(ALPHABET) for _ in range(length)) for _ in range(12)]
    for _ in range(24):  # any assigned characters at all
        points = [rng.randrange(0x10FFFF) for _ in range(60)]
        out.append("".join(c for c in map(chr, points) if unicodedata.category(c) not in ("Cs", "Cn"))[:12])
    return out


def golden(path):
    tokenizer = Tokenizer.from_file(path)
    rng = random.Random(30)

    def decoded(ids):
        return {"decoded": tokenizer.decode(ids, skip_special_tokens=False),
                "decoded_skipping_special": tokenizer.decode(ids, skip_special_tokens=True)}

    encode = []
    for text in texts():
        e = tokenizer.encode(text, add_special_tokens=False)
        encode.append({"text": text, "ids": e.ids, "offsets": e.offsets} | decoded(e.ids))
    size = tokenizer.get_vocab_size()
    sequences = [[rng.randrange(size) for _ in range(rng.randrange(1, 12))] for _ in range(60)]
    byte_ids = [tokenizer.token_to_id(f"<0x{b:02X}>") for b in range(256)]
    for _ in range(60):  # bytes: whole characters, broken ones, ends in the middle
        raw = "".join(rng.choice(ALPHABET) for _ in range(4)).encode()[rng.randrange(3):]
        raw = raw[: rng.randrange(1, len(raw) + 1)] if len(raw) > 1 else b"\xff"
        ids = [byte_ids[b] for b in raw]
        sequences += [ids, ids + [rng.randrange(1000, size)], [rng.randrange(1000, size)] + ids]
    sequences += [[i] for i in range(0, 260)] + [[2, 105, 2364, 107, 9259, 106, 107], [0, 0, 0], []]
    return {"encode": encode, "decode": [{"ids": ids} | decoded(ids) for ids in sequences]}


def main(out, named):
    result = {name: golden(path) for name, path in (argument.split("=", 1) for argument in named)}
    with open(out, "w", encoding="utf-8") as file:
        json.dump(result, file, ensure_ascii=False, separators=(",", ":"))
    print({name: {kind: len(entries) for kind, entries in g.items()} for name, g in result.items()})


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2:])
