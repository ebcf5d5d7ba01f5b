#!/usr/bin/env python3
"""Writes the cases of tests/golden/data/preferences: preference_cases.py OUT_DIR DEMO_MODEL.

OUT_DIR/rows holds awkward pairs of answers of our own, OUT_DIR/runs/*.yaml runs over them in Axolotl's spelling, and
OUT_DIR/models/gemma4 the model that they name (not committed). What Axolotl and TRL make of each run goes beside it:

    preference_cases.py tests/golden/data/preferences examples/demo/model
    axolotl_labels.py tests/golden/data/preferences/runs tests/golden/data/preferences/runs/*.yaml
"""
import json
import pathlib
import shutil
import sys

import yaml

U, A, S = "user", "assistant", "system"


def turns(*pairs):
    return [{"role": r, "content": c} for r, c in pairs]


LONG = "very " * 30 + "long"
TEXTS = [  # question, better answer, worse answer
    ("What is 2 + 2?", "It is 4.", "It is 5."),
    ("日本語で 👩🏽‍💻", "こんにちは！", "Hello 🎉"),
    ("line\r\nbreaks", "one\r\ntwo", "nested " + json.dumps({"a": [1, "c\"d"]})),
    ("<eos> in it", "ends itself<eos>", "<bos>odd"),
    ("a long one", LONG + " answer", "short answer"),
    (LONG + " question", "ja", "nein"),
    ("curly {braces}", "{kept}", "{{both}}"),
]
SYSTEM = ["", "Be brief.", "", "Sei nett ✓", "", "", "x"]
MESSAGES = [
    {"messages": turns((U, q)), "chosen": {"role": A, "content": c}, "rejected": {"role": A, "content": r}} for q, c, r in TEXTS
] + [
    {"messages": turns((S, "Rule."), (U, "q1"), (A, "a1"), (U, "q2")), "chosen": {"role": A, "content": "better"},
     "rejected": {"role": A, "content": "worse"}},
]
STRINGS = [{"ask": q, "good": c, "bad": r} for q, c, r in TEXTS]
NAMED = [{"chat": [{"from": "human", "value": q}], "good": {"from": "gpt", "value": c}, "bad": {"from": "gpt", "value": r}} for q, c, r in TEXTS]
LISTS = [{"chosen": turns((U, q), (A, c)), "rejected": turns((U, q), (A, r))} for q, c, r in TEXTS]
LONGER = LISTS[:2] + [{"chosen": turns((U, "q1"), (A, "a1"), (U, "q2"), (A, "good end")),
                       "rejected": turns((U, "q1"), (A, "a1"), (U, "q2"), (A, "bad end"))}]
WITH_SYSTEM = [{"system": s, **row} for s, row in zip(SYSTEM, LISTS)]
FLAT = [{"system": s, "question": q, "input": q + " (input)", "chosen": c, "rejected": r} for s, (q, c, r) in zip(SYSTEM, TEXTS)]
PROMPTS = [{"system": s, "prompt": q, "chosen": c, "rejected": r} for s, (q, c, r) in zip(SYSTEM, TEXTS)]
RESPONSES = [{"instruction": q, "chosen_response": c, "rejected_response": r} for q, c, r in TEXTS]
ULTRA = [{"prompt": q, "chosen": turns((U, q), (A, c)), "rejected": turns((U, q), (A, r))} for q, c, r in TEXTS]
KTO = [{"system": s, "instruction": q, "question": q, "prompt": q, "completion": c if i % 2 else r, "label": bool(i % 2)}
       for i, (s, (q, c, r)) in enumerate(zip(SYSTEM, TEXTS))]
KTO_CHAT = [{"completion": turns((U, q), (A, c)), "label": i % 2 == 0} for i, (q, c, r) in enumerate(TEXTS)] + [
    {"completion": turns((S, "Rule."), (U, "q1"), (A, "a1"), (U, "q2"), (A, "end")), "label": True}]
KTO_OWN = [{"rule": s, "ask": q, "reply": c, "good": i % 2 == 0} for i, (s, (q, c, r)) in enumerate(zip(SYSTEM, TEXTS))]
ROWS = {"messages": MESSAGES, "strings": STRINGS, "named": NAMED, "lists": LISTS, "longer": LONGER, "with_system": WITH_SYSTEM, "flat": FLAT,
        "prompts": PROMPTS, "responses": RESPONSES, "ultra": ULTRA, "kto": KTO, "kto_chat": KTO_CHAT, "kto_own": KTO_OWN}


def run(rl, rows, kind, **keys):
    dataset = keys.pop("dataset", {})
    return {"rl": rl, "datasets": [{"path": f"../rows/{rows}.jsonl", "type": kind, **dataset}], **keys}


def cases():
    t = {"chat_template": "gemma4"}
    yield "dpo_messages", run("dpo", "messages", "chat_template.default", **t)
    yield "ipo_messages", run("ipo", "messages", "chat_template.default", **t)
    yield "simpo_messages", run("simpo", "messages", "chat_template.default", **t)
    yield "dpo_default", run("dpo", "messages", "chat_template", **t)
    yield "dpo_strings", run("dpo", "strings", "chat_template.default", **t, dataset={
        "field_messages": "ask", "field_chosen": "good", "field_rejected": "bad"})
    yield "dpo_named", run("dpo", "named", "chat_template.default", **t, dataset={
        "field_messages": "chat", "field_chosen": "good", "field_rejected": "bad", "message_property_mappings": {"role": "from", "content": "value"},
        "roles": {"user": ["human"], "assistant": ["gpt"]}})
    yield "dpo_unknown_role", run("dpo", "named", "chat_template.default", **t, dataset={
        "field_messages": "chat", "field_chosen": "good", "field_rejected": "bad", "message_property_mappings": {"role": "from", "content": "value"}})
    yield "dpo_own_template", run("dpo", "messages", "chat_template.default", dataset={
        "chat_template": "jinja", "chat_template_jinja": "{% for m in messages %}<{{ m.role }}> {{ m.content }}<turn|>\n{% endfor %}"
                                                         "{% if add_generation_prompt %}<assistant> {% endif %}"}, **t)
    yield "dpo_argilla_chat", run("dpo", "lists", "chat_template.argilla_chat", **t)
    yield "dpo_argilla_longer", run("dpo", "longer", "chat_template.argilla_chat", **t)
    yield "dpo_chatml", run("dpo", "prompts", "chatml")
    yield "dpo_chatml_responses", run("dpo", "responses", "chatml.default")
    yield "dpo_chatml_input", run("dpo", "flat", "chatml")
    for kind, rows in (("argilla_chat", "lists"), ("icr", "flat"), ("intel", "flat"), ("prompt_pairs", "prompts"), ("ultra", "ultra")):
        yield f"dpo_chatml_{kind}", run("dpo", rows, f"chatml.{kind}")
    yield "dpo_missing_column", run("dpo", "prompts", "chatml.intel")
    yield "dpo_passthrough", run("dpo", "prompts", "passthrough")
    yield "dpo_user", run("dpo", "flat", {"field_prompt": "question", "prompt_format": "[{system}] {prompt} =>", "chosen_format": "+{chosen}",
                                          "rejected_format": "{{-}}{rejected}"})
    yield "dpo_user_defaults", run("dpo", "prompts", {"field_prompt": "prompt"})
    for strategy in ("drop", "truncate", "raise"):
        yield f"dpo_{strategy}", run("dpo", "messages", "chat_template.default", sequence_len=36, excess_length_strategy=strategy, **t)
        yield f"kto_{strategy}", run("kto", "kto", "chatml.intel", sequence_len=64, excess_length_strategy=strategy)
    yield "orpo_gemma4", run("orpo", "lists", "chat_template.argilla", **t)
    for name, rows in (("argilla", "lists"), ("longer", "longer"), ("system", "with_system"), ("prompt", "ultra")):
        yield f"orpo_{name}", run("orpo", rows, "chat_template.argilla", chat_template="chatml")
    yield "dpo_thinking", run("dpo", "messages", "chat_template.default", chat_template_kwargs={"enable_thinking": True}, **t)
    for kind in ("argilla", "intel", "prompt_pairs", "ultra"):
        yield f"kto_chatml_{kind}", run("kto", "kto", f"chatml.{kind}")
    yield "kto_chatml_argilla_chat", run("kto", "kto_chat", "chatml.argilla_chat")
    yield "kto_user", run("kto", "kto_own", {"field_prompt": "ask", "field_system": "rule", "field_completion": "reply", "field_label": "good",
                                             "prompt_format": "{prompt}\n", "completion_format": "> {completion}"})
    two = run("dpo", "messages", "chat_template.default", **t)
    two["datasets"].append({"path": "../rows/flat.jsonl", "type": "chatml.intel", "split": "train[1:3]"})
    yield "dpo_two", two


def main(out, demo):
    out = pathlib.Path(out)
    for folder in ("rows", "runs", "models/gemma4"):
        (out / folder).mkdir(parents=True, exist_ok=True)
    for file in ("config.json", "tokenizer.json", "tokenizer_config.json"):
        shutil.copy(pathlib.Path(demo) / file, out / "models/gemma4" / file)
    for name, rows in ROWS.items():
        lines = [json.dumps(row, ensure_ascii=i % 2 == 0) for i, row in enumerate(rows)]
        (out / "rows" / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
    for name, keys in cases():
        config = {"base_model": "../models/gemma4", **keys}
        config.setdefault("sequence_len", 512)
        if config["rl"] == "kto":
            config["remove_unused_columns"] = False
        config.update(shuffle_merged_datasets=False, micro_batch_size=1, gradient_accumulation_steps=1, num_epochs=1,
                      learning_rate=0.0001, optimizer="adamw_torch", bf16=False, output_dir="out")
        (out / "runs" / f"{name}.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
