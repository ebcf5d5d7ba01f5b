#!/usr/bin/env python3
"""Writes the cases of tests/golden/data/masks: mask_cases.py OUT_DIR DEMO_MODEL.

OUT_DIR/rows holds awkward rows of our own, OUT_DIR/{gemma4,gemma3,gemma3n}/*.yaml runs over them in Axolotl's
spelling. OUT_DIR/models gets the two models that the runs name (not committed): DEMO_MODEL, which is examples/demo/model,
and one with its tokenizer in which the tokens around a turn have Gemma 3's names. What Axolotl makes of each run goes
beside it:

    mask_cases.py tests/golden/data/masks examples/demo/model
    for m in gemma3 gemma3n gemma4; do axolotl_labels.py tests/golden/data/masks/$m tests/golden/data/masks/$m/*.yaml; done
"""
import json
import pathlib
import sys

import yaml

U, A, S = "user", "assistant", "system"


def chat(*turns, **columns):
    return {"messages": [{"role": r, "content": c} for r, c in turns], **columns}


LONG_WORD = "Donaudampfschifffahrts" * 12
CHAT = [
    chat((U, "Hi"), (A, "Hello! How are you?")),
    chat((U, "What is 2 + 2?"), (A, "4"), (U, "And times 3?"), (A, "12")),
    chat((U, "日本語で挨拶して"), (A, "こんにちは！元気ですか。")),
    chat((U, "emoji? 👩🏽‍💻"), (A, "👨‍👩‍👧‍👦 🇩🇪 ❤️ done 🎉")),
    chat((U, "line\r\nbreaks\r\n\r\nhere"), (A, "one\r\ntwo\r\n")),
    chat((U, "  spaces around  "), (A, "\n\n  trimmed?  \n\n")),
    chat((U, "an empty answer"), (A, ""), (U, "and again"), (A, "not empty")),
    chat((U, ""), (A, "an answer to nothing")),
    chat((S, "You are terse."), (U, "Why?"), (A, "Because.")),
    chat((S, "  "), (U, "Blank system"), (A, "ok")),
    chat((U, "repeat"), (A, "repeat"), (U, "repeat"), (A, "repeat")),
    chat((U, "[[brackets]]"), (A, "[1, 2]]"), (U, "z"), (A, "zz top zz")),
    chat((U, LONG_WORD), (A, LONG_WORD + " " + LONG_WORD)),
    chat((U, "nested " + json.dumps({"a": [1, {"b": "c\"d"}]})), (A, json.dumps({"x": "y\n"}))),
    chat((U, "a <b> tag & 'quotes' \"double\""), (A, "<i>&amp;</i> {curly} {{double}} {% raw %}")),
    chat((U, "word"), (A, "word\tword\t\tword   word")),
    chat((U, "é vs é"), (A, "naïve café, straße, İstanbul, 中\u00a0文")),
    chat((U, "one"), (A, "1"), (U, "two"), (A, "2"), (U, "three"), (A, "3"), (U, "four"), (A, "4")),
    chat((U, "x"), (A, "<eos>")),
    chat((U, "write the token"), (A, "it is <bos> and <eos> and done")),
]
# A template may refuse or fold these.
SYSTEM_ONLY_USER = [chat((U, "no answer yet")), chat((U, "q"), (A, "a"), (U, "left open"))]
SHAREGPT = [
    {"conversations": [{"from": "human", "value": "Ping"}, {"from": "gpt", "value": "Pong"}], "source": "a", "score": 1.5},
    {"conversations": [{"from": "system", "value": "Be kind."}, {"from": "human", "value": "ça va ?"},
                       {"from": "gpt", "value": "Très bien 👍"}], "source": "b", "score": 2.5},
]
STRINGED = [{"messages": json.dumps([{"role": U, "content": "as a string"}, {"role": A, "content": "parsed \u00fc"}])}]
SYSTEM_COLUMN = [chat((U, "who are you"), (A, "a pirate"), system="You are a pirate."),
                 chat((S, "own"), (U, "again"), (A, "me"), system="You are a pirate.")]
PARTS = [
    {"messages": [{"role": U, "content": [{"type": "text", "text": "first "}, {"type": "text", "text": "second"}]},
                  {"role": A, "content": [{"type": "text", "text": "part one,"}, {"type": "text", "text": " part two"}]}]},
]
CALL = {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": json.dumps({"city": "Zürich", "days": 2})}}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "Name of the city"},
                                     "days": {"type": "integer", "description": "How many"}}, "required": ["city"]}}}
TOOLS = [
    {"tools": json.dumps([TOOL]), "messages": [
        {"role": U, "content": "Weather in Zürich?"}, {"role": A, "content": "I look it up.", "tool_calls": [CALL]},
        {"role": "tool", "content": "sunny, 21°", "tool_call_id": "c1"}, {"role": A, "content": "Sunny and 21 degrees."}]},
    {"tools": json.dumps([TOOL]), "messages": [
        {"role": U, "content": "Thanks!"}, {"role": A, "content": "You are welcome."}]},
]
NAMED = [
    {"messages": [{"role": "narrator", "content": "Be short."}, {"role": "person", "content": "Hé?"},
                  {"role": "machine", "content": "Ja."}]},
    {"messages": [{"role": "person", "content": "And?"}, {"role": "bot", "content": "Non."}]},
]
FLAGGED = [
    {"messages": [{"role": U, "content": "a", "train": True}, {"role": A, "content": "not this", "train": False},
                  {"role": U, "content": "b", "train": False}, {"role": A, "content": "but this", "train": True},
                  {"role": U, "content": "c"}, {"role": A, "content": "default"}]},
]


def detail(text, *flags):
    """Parts of `text` by their ends."""
    begin, parts = 0, []
    for end, train in flags:
        parts.append({"begin_offset": begin, "end_offset": end, "train": train})
        begin = end + 1
    return {"role": A, "content": text, "train_detail": parts}


DETAILED = [
    {"messages": [{"role": U, "content": "q"}, detail("The first part. The second part.", (14, True), (31, False))]},
    {"messages": [{"role": U, "content": "q"}, detail("The first part. The second part.", (15, False), (31, True))]},
    {"messages": [{"role": U, "content": "q"}, detail("Über 👍🏽 straße, ja und nein", (7, False), (12, True), (25, False))]},
    {"messages": [{"role": U, "content": "q"}, detail("inside of words counts", (2, True), (9, False), (12, True), (21, False))]},
    {"messages": [{"role": U, "content": "q"}, detail("nothing at all of this", (21, False)), {"role": U, "content": "r"},
                  {"role": A, "content": "all of that"}]},
    {"messages": [{"role": U, "content": "q"}, detail("a gap in it", (1, True)), {"role": U, "content": "r"},
                  detail("one two three", (3, False), (4, True), (5, False), (6, True), (12, False))]},
]


def part(text, **flags):
    return {"type": "text", "text": text, **flags}


WEIGHTED = [
    {"messages": [{"role": U, "content": "q"},
                  {"role": A, "content": [part("Let me think.", train=False), part(" The answer is 4.", train=True)]}]},
    {"messages": [{"role": U, "content": "q"},
                  {"role": A, "content": [part("wrong side ", weight=0), part("of the space", weight=1), part("!")]}]},
    {"messages": [{"role": U, "content": [part("user too", train=True)]}, {"role": A, "content": [part("é", train=False), part("è")]}]},
]
THINKING = [
    chat((U, "2+2"), (A, "<think>\n  two and two \n</think>\n\nfour")),
    chat((U, "no thought"), (A, "plain")),
    chat((U, "other tags"), (A, "before <reasoning>why</reasoning> after")),
    chat((U, "solution"), (A, "<|begin_of_thought|>hm<|end_of_thought|> <|begin_of_solution|> it <|end_of_solution|>")),
]
# What a part or a turn weighs: any number but 0 trains.
FRACTIONS = [
    {"messages": [{"role": U, "content": "q"},
                  {"role": A, "content": [part("Half of this", weight=0.5), part(" and a quarter", weight=0.25), part(" all.", weight=1.0)]}]},
    {"messages": [{"role": U, "content": "q"}, {"role": A, "content": [part("only é", weight=0.125), part(" not", weight=0.0)]}]},
]
TURN_WEIGHTS = [
    {"messages": [{"role": U, "content": "a", "weight": 0.0}, {"role": A, "content": "half", "weight": 0.5},
                  {"role": U, "content": "b"}, {"role": A, "content": "none", "weight": 0.0},
                  {"role": U, "content": "c", "weight": 0.25}, {"role": A, "content": "default 👍"}]},
]
REASONED = [
    {"messages": [{"role": U, "content": "2+2"}, {"role": A, "content": "four", "reasoning_content": "two and two"}]},
    {"messages": [{"role": U, "content": "again"}, {"role": A, "content": "4", "reasoning_content": "  spaces\r\naround  "},
                  {"role": U, "content": "and?"}, {"role": A, "content": "no thought"}]},
]
NAMED_THOUGHTS = [
    {"messages": [{"role": U, "content": "2+2"}, {"role": A, "content": "four", "thoughts": "zwei und zwei"}]},
    {"messages": [{"role": U, "content": "plain"}, {"role": A, "content": "none"}]},
]
REASONING_PARTS = [
    {"messages": [{"role": U, "content": "q"}, {"role": A, "content": "the answer", "reasoning_content": [
        part("first wrong,", train=False), part(" then right", train=True)]}]},
    {"messages": [{"role": U, "content": "q"}, {"role": A, "content": "all", "reasoning_content": [part("nothing", weight=0), part(" of it")]}]},
]
BOTH_PARTS = [
    {"messages": [{"role": U, "content": "q"}, {"role": A, "content": [part("keep", train=True), part(" drop 👎", train=False)],
                                                "reasoning_content": [part("no", train=False), part(" yes ✓", train=True)]}]},
    {"messages": [{"role": U, "content": "q"}, {"role": A, "content": [part("a"), part(" b", train=False)],
                                                "reasoning_content": [part("plain"), part(" parts")]}]},
]
CALLS = [
    {"tools": json.dumps([TOOL]), "messages": [
        {"role": U, "content": "Weather?"}, {"role": A, "content": "", "tool_calls": [
            {"id": "c1", "type": "function", "function": {"name": "weather", "arguments": {"city": "Zürich", "days": 2}}}]}]},
    {"tools": json.dumps([TOOL]), "messages": [
        {"role": U, "content": "And now?"}, {"role": A, "content": "Looking \"it\" up.", "tool_calls": [
            {"id": "c2", "type": "function", "function": {"name": "weather", "arguments": {"city": "B\r\nern", "days": -1}}}]}]},
]
TOKENISED = [
    {"input_ids": [2, 9, 10, 11, 1], "attention_mask": [1, 1, 1, 1, 1], "labels": [-100, -100, 10, 11, 1]},
    {"input_ids": [2, 30, 31], "attention_mask": [1, 1, 1], "labels": [-100, 30, 31]},
]
SYSTEMS = [  # for formats with columns of their own
    {"ask": "Wie geht's?", "with": "kontext {x}", "reply": "Gut 👍\r\n", "rule": "Sei kurz."},
    {"ask": "no context", "with": "", "reply": "done<eos>", "rule": ""},
    {"ask": "", "with": "only context", "reply": LONG_WORD, "rule": "  "},
]
ALPACA = [
    {"instruction": "Name a colour.", "input": "", "output": "Blue."},
    {"instruction": "Translate.", "input": "Guten Tag 👋", "output": "Good day 👋"},
    {"instruction": "Curly {braces} here", "input": "and {there}", "output": "{kept}"},
    {"instruction": "CRLF\r\nline", "input": "", "output": "a\r\nb\r\n"},
    {"instruction": "long", "input": "", "output": " ".join(["word"] * 60)},
    {"instruction": "ends itself", "input": "", "output": "done<eos>"},
    {"instruction": "", "input": "", "output": "no instruction"},
]
INSTRUCTED = [  # one row for every type of instruction dataset
    {"instruction": "Name a colour.", "input": "of the sky", "output": "Blue.", "system": "You know colours.", "question": "Why?",
     "answer": "Because.", "response": "Sure ✓", "message_1": "Hi", "message_2": "Ho", "system_prompt": "Obey.",
     "INSTRUCTION": "Ask", "RESPONSE": "Answer", "article": "Long text.", "summary": "Text."},
    {"instruction": "No input", "input": "", "output": "ok", "system": "", "question": "Wer?", "answer": "Ich.", "response": "é",
     "message_1": "a", "message_2": "b", "system_prompt": "", "INSTRUCTION": "c", "RESPONSE": "d", "article": "e", "summary": "f"},
]
SEGMENTS = [
    {"segments": [{"label": False, "text": "<bos>Question: 你好\n"}, {"label": True, "text": "Answer: hello<eos>"}]},
    {"segments": [{"label": True, "text": "a"}, {"label": False, "text": "b c"}, {"label": True, "text": " d"}]},
]
INSTRUCTION_TYPES = ["alpaca_instruct", "alpaca_instruct.load_no_prompt", "alpaca_chat", "alpaca:chat", "alpaca_chat.load_concise",
                     "alpaca_chat.load_qa", "alpaca_chat.load_camel_ai", "alpaca_chat.load_no_prompt", "alpaca_w_system",
                     "alpaca_w_system.load_chat", "alpaca_w_system.load_instruct", "alpaca_w_system.load_open_orca",
                     "alpaca_w_system.load_open_orca_chatml", "gpteacher", "oasst", "summarizetldr"]
TEXT = [
    {"text": "A short story."}, {"text": "Zwei Zeilen\nund eine dritte\r\n"}, {"text": "名前 😀"},
    {"text": " ".join(f"number {i}" for i in range(90))}, {"text": " leading space"}, {"text": "ends with <eos>"},
]
MANY = [chat((U, f"question {i}"), (A, f"answer {i} " + "more " * (i % 7))) for i in range(40)]

ROWS = {"instructed": INSTRUCTED, "segments": SEGMENTS, "named": NAMED, "flagged": FLAGGED, "detailed": DETAILED, "weighted": WEIGHTED, "fractions": FRACTIONS, "turn_weights": TURN_WEIGHTS,
        "reasoned": REASONED, "named_thoughts": NAMED_THOUGHTS, "reasoning_parts": REASONING_PARTS, "both_parts": BOTH_PARTS, "calls": CALLS,
        "tokenised": TOKENISED, "systems": SYSTEMS, "thinking": THINKING, "chat": CHAT, "open": SYSTEM_ONLY_USER, "sharegpt": SHAREGPT, "stringed": STRINGED, "system_column": SYSTEM_COLUMN,
        "parts": PARTS, "tools": TOOLS, "alpaca": ALPACA, "text": TEXT, "many": MANY}

CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + "
          "'\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")
EOS_TEMPLATE = ("{{ bos_token }}{% for m in messages %}{{ m['role'] }}: {{ m['content'] | trim }}{{ eos_token }}{{ '\\n' }}"
                "{% endfor %}")
KWARGS_TEMPLATE = ("{{ bos_token }}{% if mood is defined %}<{{ mood }}{{ levels | join('/') }}>{% endif %}{% for m in messages %}"
                   "{{ m['role'] }}: {{ m['content'] }}<turn|>\n{% endfor %}")
# Axolotl hands a template the properties that it sees it use, and it sees them in a loop like this.
REASON_TEMPLATE = ("{% for message in messages %}<|turn>{{ message.role }}\n{% if message.reasoning_content %}<|channel>thought\n"
                   "{{ message.reasoning_content }}<channel|>{% endif %}{{ message.content }}<turn|>\n{% endfor %}")
THINK_TEMPLATE = ("{% for m in messages %}<|turn>{{ m['role'] }}\n{% if m['reasoning_content'] %}<|channel>"
                  "{{ m['reasoning_content'] }}<channel|>{% endif %}{{ m['content'] }}<turn|>\n{% endfor %}")


def run(dataset, **keys):
    kind = dataset.pop("type", "chat_template")
    path = dataset.pop("path", "../rows/chat.jsonl")
    return {"datasets": [{"path": path, "type": kind, **dataset}], **keys}


def cases(eot, template):
    """Runs for a tokenizer whose template `template` ends turns with the token `eot`."""
    t = {"chat_template": template, "eot_tokens": [eot]}
    yield "plain", run({}, **t)
    for mode in ("all", "turn", "last", "none"):
        yield f"eos_{mode}", run({"train_on_eos": mode}, **t)
        yield f"eot_{mode}", run({"train_on_eot": mode}, **t)
    yield "eos_none_eot_all", run({"train_on_eos": "none", "train_on_eot": "all"}, **t)
    yield "inputs", run({}, train_on_inputs=True, **t)
    yield "inputs_last", run({"train_on_eos": "last"}, train_on_inputs=True, **t)
    yield "roles_user", run({"roles_to_train": ["user"]}, **t)
    yield "roles_human_gpt", run({"roles_to_train": ["human", "gpt"]}, **t)
    yield "roles_system", run({"roles_to_train": ["system"]}, **t)
    yield "roles_all_eos_all", run({"roles_to_train": ["system", "user", "assistant"], "train_on_eos": "all"}, **t)
    yield "open_turn", run({"path": "../rows/open.jsonl"}, **t)
    yield "sharegpt", run({"path": "../rows/sharegpt.jsonl", "field_messages": "conversations",
                           "message_property_mappings": {"role": "from", "content": "value"}}, **t)
    yield "stringed", run({"path": "../rows/stringed.jsonl"}, **t)
    yield "system_column", run({"path": "../rows/system_column.jsonl"}, **t)
    yield "parts", run({"path": "../rows/parts.jsonl"}, **t)
    yield "roles", run({"path": "../rows/named.jsonl", "roles": {"assistant": ["machine", "bot"], "user": ["person"],
                                                                 "system": ["narrator"]}}, **t)
    yield "roles_trained", run({"path": "../rows/named.jsonl", "roles_to_train": ["person", "machine"],
                                "roles": {"assistant": ["machine", "bot"], "user": ["person"], "system": ["narrator"]}}, **t)
    yield "drop_system", run({"drop_system_message": True}, **t)
    yield "drop_system_column", run({"path": "../rows/system_column.jsonl", "drop_system_message": True}, **t)
    yield "flagged", run({"path": "../rows/flagged.jsonl", "message_field_training": "train"}, **t)
    yield "flagged_last", run({"path": "../rows/flagged.jsonl", "message_field_training": "train", "train_on_eos": "last"}, **t)
    yield "flagged_inputs", run({"path": "../rows/flagged.jsonl", "message_field_training": "train"}, train_on_inputs=True, **t)
    yield "detailed", run({"path": "../rows/detailed.jsonl", "message_field_training_detail": "train_detail"}, **t)
    yield "detailed_flagged", run({"path": "../rows/detailed.jsonl", "message_field_training_detail": "train_detail",
                                   "message_field_training": "train"}, **t)
    yield "weighted", run({"path": "../rows/weighted.jsonl"}, **t)
    yield "fractions", run({"path": "../rows/fractions.jsonl"}, **t)
    yield "turn_weights", run({"path": "../rows/turn_weights.jsonl", "message_field_training": "weight"}, **t)
    yield "truncate", run({}, excess_length_strategy="truncate", sequence_len=24, **t)
    yield "drop", run({}, sequence_len=32, min_sample_len=20, **t)
    yield "raise", run({}, excess_length_strategy="raise", sequence_len=32, **t)
    yield "packed", run({}, sample_packing=True, **t)
    yield "array", run({"path": "../rows/chat.json"}, **t)
    yield "slice", run({"split": "train[3:9]"}, **t)
    yield "percent", run({"split": "train[:13%]"}, **t)
    yield "negative", run({"split": "train[-4:]"}, **t)
    yield "folder", run({"path": "../rows", "data_files": ["../rows/sharegpt.jsonl"], "field_messages": "conversations",
                         "message_property_mappings": {"role": "from", "content": "value"}}, **t)
    two = run({}, **t)
    two["datasets"].append({"path": "../rows/alpaca.jsonl", "type": "alpaca"})
    yield "two", two
    yield "held_out", run({"path": "../rows/many.jsonl"}, val_set_size=0.13, **t)
    yield "held_out_rows", run({"path": "../rows/many.jsonl"}, val_set_size=7, **t)
    yield "default_template", run({}, chat_template="tokenizer_default", eot_tokens=[eot])
    yield "fallback_template", run({}, chat_template="tokenizer_default_fallback_gemma4", eot_tokens=[eot])
    yield "chatml_inline", run({}, chat_template="jinja", chat_template_jinja=CHATML)
    yield "eos_template", run({}, chat_template="jinja", chat_template_jinja=EOS_TEMPLATE)
    yield "eos_template_last", run({"train_on_eos": "last"}, chat_template="jinja", chat_template_jinja=EOS_TEMPLATE)
    yield "eos_template_all", run({"train_on_eos": "all"}, chat_template="jinja", chat_template_jinja=EOS_TEMPLATE)
    yield "eos_conflict", run({"train_on_eos": "all", "train_on_eot": "none"}, chat_template="jinja",
                              chat_template_jinja=EOS_TEMPLATE, eot_tokens=["<eos>", eot])
    yield "own_template", run({"chat_template": "jinja", "chat_template_jinja": "../rows/template.jinja"}, **t)
    yield "bad_eot", run({}, chat_template=template, eot_tokens=["not one token"])
    if template.startswith("gemma4"):
        yield "tools", run({"path": "../rows/tools.jsonl"}, **t)
        yield "tools_inputs", run({"path": "../rows/tools.jsonl"}, train_on_inputs=True, **t)
        yield "split_thinking", run({"path": "../rows/thinking.jsonl", "split_thinking": True}, chat_template="jinja",
                                    chat_template_jinja=THINK_TEMPLATE, eot_tokens=[eot])
        yield "split_thinking_dropped", run({"path": "../rows/thinking.jsonl", "split_thinking": True}, **t)
        thinks = {"chat_template": "jinja", "chat_template_jinja": REASON_TEMPLATE, "eot_tokens": [eot]}
        yield "reasoned", run({"path": "../rows/reasoned.jsonl"}, **thinks)
        yield "reasoned_dropped", run({"path": "../rows/reasoned.jsonl"}, **t)
        yield "named_thoughts", run({"path": "../rows/named_thoughts.jsonl", "field_thinking": "thoughts"}, **thinks)
        yield "renamed_thoughts", run({"path": "../rows/named_thoughts.jsonl", "field_thinking": "thoughts",
                                       "template_thinking_key": "thinking"}, **{
                                           **thinks, "chat_template_jinja": REASON_TEMPLATE.replace("reasoning_content", "thinking")})
        yield "mapped_thoughts", run({"path": "../rows/reasoned.jsonl", "message_property_mappings": {"role": "role", "content": "content"}}, **thinks)
        yield "reasoning_parts", run({"path": "../rows/reasoning_parts.jsonl"}, **thinks)
        yield "both_parts", run({"path": "../rows/both_parts.jsonl"}, **thinks)
        yield "calls", run({"path": "../rows/calls.jsonl"}, **t)
        yield "calls_thinking", run({"path": "../rows/calls.jsonl"}, chat_template_kwargs={"enable_thinking": True}, **t)
        yield "kwargs", run({}, chat_template="jinja", chat_template_jinja=KWARGS_TEMPLATE, eot_tokens=[eot],
                            chat_template_kwargs={"mood": "fröhlich", "levels": [1, 2.5, True]})
        yield "enable_thinking", run({}, chat_template_kwargs={"enable_thinking": True}, **t)
    own = {"field_instruction": "ask", "field_input": "with", "field_output": "reply", "field_system": "rule"}
    formats = {"format": "Q: {instruction}\nC: {input}\nA:", "no_input_format": "Q: {instruction}\nA:", "system_format": "<<{system}>>\n"}
    yield "user_defaults", run({"path": "../rows/instructed.jsonl", "type": {"system_prompt": "Be nice."}})
    yield "user_columns", run({"path": "../rows/systems.jsonl", "type": own})
    yield "user_formats", run({"path": "../rows/systems.jsonl", "type": {**own, **formats}})
    yield "user_inputs", run({"path": "../rows/systems.jsonl", "type": {**own, **formats}}, train_on_inputs=True)
    yield "user_system", run({"path": "../rows/alpaca.jsonl", "type": {**formats, "system_prompt": "Ever ✓ {so}"}})
    yield "user_braces", run({"path": "../rows/alpaca.jsonl", "type": {"format": "{{{input}}} {{x}} {instruction}{instruction}",
                                                                       "no_input_format": "{{}}"}})
    yield "user_unknown", run({"path": "../rows/alpaca.jsonl", "type": {"format": "{instruction} {output}"}})
    yield "user_no_column", run({"path": "../rows/alpaca.jsonl", "type": {"field_instruction": "missing"}})
    yield "tokenised", run({"path": "../rows/tokenised.jsonl", "type": "completion"})
    yield "alpaca", run({"path": "../rows/alpaca.jsonl", "type": "alpaca"})
    yield "alpaca_inputs", run({"path": "../rows/alpaca.jsonl", "type": "alpaca"}, train_on_inputs=True)
    yield "alpaca_truncate", run({"path": "../rows/alpaca.jsonl", "type": "alpaca"}, sequence_len=80,
                                 excess_length_strategy="truncate")
    for kind in INSTRUCTION_TYPES:
        yield kind.replace(".", "_").replace(":", "_"), run({"path": "../rows/instructed.jsonl", "type": kind})
    yield "alpaca_w_system_inputs", run({"path": "../rows/instructed.jsonl", "type": "alpaca_w_system"}, train_on_inputs=True)
    yield "segments", run({"path": "../rows/segments.jsonl", "type": "input_output"})
    yield "segments_inputs", run({"path": "../rows/segments.jsonl", "type": "input_output"}, train_on_inputs=True)
    deduplicated = run({"path": "../rows/alpaca.jsonl", "type": "alpaca"}, dataset_exact_deduplication=True)
    deduplicated["datasets"] += [{"path": "../rows/alpaca.jsonl", "type": "alpaca", "split": "train[2:5]"}]
    yield "deduplicated", deduplicated
    yield "completion", run({"path": "../rows/text.jsonl", "type": "completion"})
    yield "completion_field", run({"path": "../rows/alpaca.jsonl", "type": "completion", "field": "output"})
    yield "completion_chunks", run({"path": "../rows/text.jsonl", "type": "completion"}, sequence_len=16)
    yield "completion_packed", run({"path": "../rows/text.jsonl", "type": "completion"}, sequence_len=64, sample_packing=True)


# What a Gemma 3 template does differently; the rest would only repeat the runs for Gemma 4.
GEMMA3 = ("plain", "eos_all", "eos_last", "eos_none_eot_all", "inputs", "inputs_last", "roles_user", "roles_system",
          "roles_all_eos_all", "open_turn", "sharegpt", "system_column", "parts", "detailed", "weighted", "flagged", "drop_system", "truncate", "packed", "two")


def write_models(demo, out):
    for name, rename in (("gemma4", {}), ("gemma3", {"<|turn>": "<start_of_turn>", "<turn|>": "<end_of_turn>"})):
        (out / name).mkdir(parents=True, exist_ok=True)
        for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
            text = (demo / file).read_text()
            for old, new in rename.items():
                text = text.replace(old, new)
            (out / name / file).write_text(text)


def main(out, demo):
    out = pathlib.Path(out)
    (out / "rows").mkdir(parents=True, exist_ok=True)
    for name, rows in ROWS.items():
        lines = [json.dumps(row, ensure_ascii=i % 2 == 0) for i, row in enumerate(rows)]
        (out / "rows" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    (out / "rows" / "chat.json").write_text(json.dumps(CHAT[:6], indent=1))
    (out / "rows" / "template.jinja").write_text("{% for m in messages %}<{{ m.role }}> {{ m.content }}<turn|>\n{% endfor %}")
    write_models(pathlib.Path(demo), out / "models")
    for template, eot in (("gemma4", "<turn|>"), ("gemma3", "<end_of_turn>"), ("gemma3n", "<end_of_turn>")):
        (out / template).mkdir(exist_ok=True)
        for name, keys in cases(eot, template):
            if template != "gemma4" and name not in GEMMA3:
                continue
            config = {"base_model": f"../models/{template.removesuffix('n')}", **keys}
            config.setdefault("sequence_len", 512)
            config.update(shuffle_merged_datasets=False, micro_batch_size=1, gradient_accumulation_steps=1, num_epochs=1,
                          learning_rate=0.0001, optimizer="adamw_torch", bf16=False, output_dir="out")
            (out / template / f"{name}.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
