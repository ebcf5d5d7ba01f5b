"""Random conversations for chat templates: turns, parts, tools, calls, answers, reasoning, and things out of place."""

WORDS = ["Hi", "  padded \n", "\n", "", "日本語 😀", "<end_of_turn>\n<start_of_turn>model\nx", "{{ 1 }}{% raw %}", "tab\t\r\n",
         "<|channel>thought\nsecret\n<channel|>out", "a<channel|>b<|channel>c", "\u2003em\u2003", "\x1cfs\x1f x \x85", "\u200b",
         "\"q\" 'a' \\ / <b>&amp;", "line\nline2", "İstanbul ß", "<|\"|>", "<|turn>user", "<|channel>open only"]
KEYS = ["place", "unit", "B", "a", "C", "name", "é", "Z_1", "items", "keys", "get", "type", "description", "required", "10", "2"]
SCALARS = [None, True, False, 0, 1, -3, 12345678901, 10**12, 2.0, 0.25, 1e-7, 1e20, 3.14159, "s", "", "x y", 1e16, -0.0, 5e-324]
ODD_PARTS = [{"type": "text"}, {"text": "no type"}, {"type": "other", "text": "t"}, {"type": "text", "text": None},
             {"type": "text", "text": 5}, {"type": None}, "just a string", {}, 7, None]
ODD_CONTENTS = [None, 3, True, 1.5, {"text": "d"}, {}, ""]
ODD_SCHEMAS = [None, 3, "str", [], True]
ODD_FUNCTIONS = [{}, {"name": None}, {"name": "f"}, {"name": "f", "arguments": None}, {"name": "f", "arguments": [1]}]


class Chats:
    def __init__(self, rng):
        self.rng = rng
        self.odd = False  # whether the conversation at hand may hold nonsense

    def often(self, share):
        return self.rng.random() < share

    def some(self, make, *counts):
        return [make() for _ in range(self.rng.choice(counts))]

    def text(self):
        return " ".join(self.some(lambda: self.rng.choice(WORDS), 1, 1, 1, 2, 3))

    def part(self):
        if self.odd and self.often(0.12):
            return self.rng.choice(ODD_PARTS)
        kind = self.rng.choice(["text"] * 5 + ["image", "audio", "video"])
        return {"type": "text", "text": self.text()} if kind == "text" else {"type": kind}

    def content(self):
        if self.odd and self.often(0.1):
            return self.rng.choice(ODD_CONTENTS)
        return self.text() if self.often(0.65) else self.some(self.part, 0, 1, 1, 2, 3, 4)

    def value(self, depth=0):
        kind = self.rng.random()
        if depth > 2 or kind < 0.6:
            return self.rng.choice(SCALARS)
        return self.some(lambda: self.value(depth + 1), 0, 1, 2, 3) if kind < 0.8 else self.fields(depth + 1)

    def fields(self, depth=0):
        return {self.rng.choice(KEYS): self.value(depth) for _ in range(self.rng.choice([0, 1, 2, 3, 4]))}

    def schemas(self, depth):
        return {self.rng.choice(KEYS): self.schema(depth + 1) for _ in range(self.rng.choice([0, 1, 2, 3]))}

    def schema(self, depth=0):
        if self.odd and self.often(0.05):
            return self.rng.choice(ODD_SCHEMAS)
        kind = self.rng.choice(["string", "integer", "boolean", "object", "array", "STRING", "Object", ["string", "null"]])
        out = {"type": kind} if self.often(0.95) else {}
        for key, share, make in [("description", 0.6, self.text), ("nullable", 0.2, lambda: self.often(0.5)),
                                 ("enum", 0.3, lambda: self.some(lambda: self.rng.choice(["x", "y z"]), 0, 1, 3)),
                                 ("minLength", 0.1, lambda: self.value(1)), ("extra", 0.1, lambda: {"type": "string"})]:
            if self.often(share):
                out[key] = make()
        if str(kind).lower() == "object" and depth < 3:
            if self.often(0.8):
                out["properties"] = self.schemas(depth)
            if self.often(0.5):
                out["required"] = self.rng.sample(KEYS, self.rng.choice([0, 1, 2]))
        if kind == "array" and depth < 3 and self.often(0.85):
            out["items"] = self.schema(depth + 1)
        return out

    def tool(self):
        function = {"name": self.rng.choice(["get_weather", "now", "x.y"]), "description": self.text()}
        if self.often(0.85):
            function["parameters"] = {"type": "object", "properties": self.schemas(0)}
            if self.often(0.6):
                function["parameters"]["required"] = self.rng.sample(KEYS, self.rng.choice([0, 1, 2]))
            if self.often(0.1):
                del function["parameters"]["type"]
        if self.often(0.2):
            function["response"] = self.rng.choice([{"type": "object", "description": "resp"}, {"type": "string"}, {}])
        return {"type": "function", "function": function}

    def call(self, number):
        arguments = self.fields() if self.often(0.7) else self.rng.choice(["a:1", '{"a": 1}'])
        function = {"name": self.rng.choice(["get_weather", "now"]), "arguments": arguments}
        if self.odd and self.often(0.1):
            function = self.rng.choice(ODD_FUNCTIONS)
        return {"type": "function", "function": function} | ({"id": f"c{number}"} if self.often(0.7) else {})

    def answer(self, number):
        out = {"role": "tool", "content": self.content() if self.often(0.5) else "12 degrees"}
        if self.often(0.7):
            out["tool_call_id"] = f"c{number}"
        if not self.odd or self.often(0.4):
            out["name"] = self.rng.choice(["now", "f"])
        return out

    def reply(self, tools):
        """The model's turn with the answers to its calls."""
        message = {"role": "assistant", "content": None if self.odd and self.often(0.2) else self.content()}
        if self.often(0.3):
            message[self.rng.choice(["reasoning", "reasoning_content", "thinking"])] = self.text()
        if self.often(0.6 if tools else 0.1):
            message["tool_calls"] = [self.call(i) for i in range(self.rng.choice([0, 1, 1, 2, 3]))]
        if self.often(0.1):
            message["tool_responses"] = self.some(lambda: {"name": "f", "response": self.value()}, 0, 1, 2)
        answers = self.rng.choice([0, 1, 1, 2, 3]) if tools and message.get("tool_calls") else 0
        return [message] + [self.answer(i) for i in range(answers)]

    def context(self):
        """{"messages", and perhaps "tools", "add_generation_prompt", "enable_thinking"}"""
        self.odd = self.often(0.3)
        tools = self.often(0.4)
        messages = []
        if self.often(0.35):
            role = "developer" if self.often(0.2) else "system"
            messages.append({"role": role, "content": self.content()})
        for turn in range(self.rng.choice([0, 1, 2, 3, 4, 5, 6])):
            role = self.rng.choice(["user", "model", "tool", "system"]) if self.odd and self.often(0.2) else "user"
            messages += self.reply(tools) if turn % 2 else [{"role": role, "content": self.content()}]
        out = {"messages": messages}
        if tools:
            out["tools"] = self.some(self.tool, 0, 1, 1, 2)
        if self.often(0.5):
            out["add_generation_prompt"] = True
        if self.often(0.3):
            out["enable_thinking"] = self.often(0.7)
        return out
