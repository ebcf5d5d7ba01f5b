#include "text/templates/templates.h"

// Gemma 4: turns between <|turn> and <turn|>, tools declared in the system turn, calls and their answers inside the
// model's turn. Lists of a declaration are built as text that ends in a comma, because `type` always closes them.
namespace eft {
namespace {

constexpr std::string_view kLiterals = R"jinja(
{%- macro quoted(text) %}<|"|>{{ text }}<|"|>{% endmacro -%}

{%- macro quoted_list(texts) -%}
  [{% for text in texts %}{{ ',' if not loop.first }}{{ quoted(text) }}{% endfor %}]
{%- endmacro -%}

{#- key:value pairs in the order of the keys. -#}
{%- macro pairs(object, quote_keys) -%}
  {%- for key, value in object | dictsort -%}
    {{- ',' if not loop.first }}{{ quoted(key) if quote_keys else key }}:{{ literal(value, quote_keys) -}}
  {%- endfor -%}
{%- endmacro -%}

{%- macro literal(value, quote_keys=true) -%}
  {%- if value is string -%}
    {{- quoted(value) -}}
  {%- elif value is boolean -%}
    {{- value | lower -}}
  {%- elif value is mapping -%}
    {{- '{' ~ pairs(value, quote_keys) ~ '}' -}}
  {%- elif value is sequence -%}
    [{% for item in value %}{{ ',' if not loop.first }}{{ literal(item, quote_keys) }}{% endfor %}]
  {%- else -%}
    {{- value -}}
  {%- endif -%}
{%- endmacro -%}
)jinja";

constexpr std::string_view kDeclarations = R"jinja(
{#- What the elements of an array are. -#}
{%- macro elements(items) -%}
  {%- for key, value in items | dictsort if value is not none -%}
    {{- ',' if not loop.first }}{{ key -}}:
    {%- if key == 'properties' -%}
      {{- '{' ~ (properties(value) if value is mapping) ~ '}' -}}
    {%- elif key == 'required' -%}
      {{- quoted_list(value) -}}
    {%- elif key != 'type' -%}
      {{- literal(value) -}}
    {%- elif value is string -%}
      {{- literal(value | upper) -}}
    {%- else -%}
      {{- literal(value | map('upper') | list) -}}
    {%- endif -%}
  {%- endfor -%}
{%- endmacro -%}

{#- The fields of an object. One without `properties` is taken to list them itself, among the words of JSON Schema. -#}
{%- macro properties(fields, except=[]) -%}
  {%- for name, schema in fields | dictsort if name not in except -%}
    {%- set type = schema['type'] | upper -%}
    {{- ',' if not loop.first }}{{ name }}:{ {%- if schema['description'] -%}
      description:{{ quoted(schema['description']) }},
    {%- endif -%}
    {%- if type == 'STRING' and schema['enum'] -%}
      enum:{{ literal(schema['enum']) }},
    {%- elif type == 'ARRAY' and schema['items'] is mapping and schema['items'] -%}
      items:{ {{- elements(schema['items']) }}},
    {%- endif -%}
    {%- if schema['nullable'] %}nullable:true,{% endif -%}
    {%- if type == 'OBJECT' -%}
      properties:{ {%- if schema['properties'] is mapping -%}
        {{- properties(schema['properties']) -}}
      {%- else -%}
        {{- properties(schema, ['description', 'type', 'properties', 'required', 'nullable']) -}}
      {%- endif %}},
      {%- if schema['required'] %}required:{{ quoted_list(schema['required']) }},{% endif -%}
    {%- endif -%}
    type:{{ quoted(type) }}}
  {%- endfor -%}
{%- endmacro -%}

{#- One tool. `parameters` and `response` close their brace only together with their type, as the model has learned. -#}
{%- macro declaration(tool) -%}
  {%- set function = tool['function'] -%}
  declaration:{{ function['name'] }}{description:{{ quoted(function['description']) }}
  {%- set wanted = function['parameters'] -%}
  {%- if wanted -%}
    ,parameters:{ {%- if wanted['properties'] %}properties:{ {{- properties(wanted['properties']) }}},{% endif -%}
    {%- if wanted['required'] %}required:{{ quoted_list(wanted['required']) }},{% endif -%}
    {%- if wanted['type'] %}type:{{ quoted(wanted['type'] | upper) }}}{% endif -%}
  {%- endif -%}
  {%- if 'response' in function -%}
    {%- set given = function['response'] -%}
    ,response:{ {%- if given['description'] %}description:{{ quoted(given['description']) }},{% endif -%}
    {%- if given['type'] | upper == 'OBJECT' %}type:{{ quoted('OBJECT') }}}{% endif -%}
  {%- endif -%}
  }
{%- endmacro -%}
)jinja";

constexpr std::string_view kPieces = R"jinja(
{#- A model's text without the thoughts in it. -#}
{%- macro spoken(text) -%}
  {%- set kept %}{% for piece in text.split('<channel|>') %}{{ piece.split('<|channel>')[0] }}{% endfor %}{% endset -%}
  {{- kept | trim -}}
{%- endmacro -%}

{%- macro called(call) -%}
  {%- set function = call['function'] -%}
  {{- '<|tool_call>call:' + function['name'] + '{' -}}
  {%- if function['arguments'] is mapping -%}
    {{- pairs(function['arguments'], false) -}}
  {%- elif function['arguments'] is string -%}
    {{- function['arguments'] -}}
  {%- endif -%}
  {{- '}<tool_call|>' -}}
{%- endmacro -%}

{%- macro answered(name, answer) -%}
  {{- '<|tool_response>response:' + name + '{' -}}
  {%- if answer is mapping -%}
    {{- pairs(answer, false) -}}
  {%- else -%}
    value:{{ literal(answer, false) }}
  {%- endif -%}
  {{- '}<tool_response|>' -}}
{%- endmacro -%}

{#- The message of a tool, named after the last call that has its id. -#}
{%- macro tool_message(message, calls) -%}
  {%- set known = namespace(name=message.get('name') | default('unknown')) -%}
  {%- for call in calls if call.get('id') == message.get('tool_call_id') -%}
    {%- set known.name = call['function']['name'] -%}
  {%- endfor -%}
  {%- set content = message.get('content') -%}
  {%- if content is string or content is not sequence -%}
    {{- answered(known.name, content) -}}
  {%- else -%}
    {%- set text -%}
      {%- for part in content if part.get('type') == 'text' %}{{ '' + (part.get('text') | default('')) }}{% endfor -%}
    {%- endset -%}
    {{- answered(known.name, text) -}}
    {%- for part in content %}{{ media(part.get('type')) }}{% endfor -%}
  {%- endif -%}
{%- endmacro -%}

{%- macro media(type) -%}
  {%- if type == 'image' or type == 'audio' or type == 'video' %}{{ '<|' ~ type ~ '|>' }}{% endif -%}
{%- endmacro -%}
)jinja";

constexpr std::string_view kConversation = R"jinja(
{{- bos_token -}}
{%- set thinks = enable_thinking is defined and enable_thinking -%}
{%- set instructed = messages[0]['role'] == 'system' or messages[0]['role'] == 'developer' -%}
{%- set turns = messages[1:] if instructed else messages -%}
{%- if thinks or tools or instructed -%}
  {{- '<|turn>system\n' -}}
  {{- '<|think|>\n' if thinks -}}
  {%- if instructed -%}
    {%- set content = messages[0]['content'] -%}
    {%- if content is string -%}
      {{- content | trim -}}
    {%- elif content is sequence -%}
      {%- for part in content %}{{ part['text'] | trim ~ ' ' }}{% endfor -%}
    {%- endif -%}
  {%- endif -%}
  {%- if tools -%}
    {%- for tool in tools %}{{ '<|tool>' ~ declaration(tool) ~ '<tool|>' }}{% endfor -%}
  {%- endif -%}
  {{- '<turn|>\n' -}}
{%- endif -%}

{#- `last_user` is where the last user speaks; `speaker` is whoever spoke last, tools apart; `open` is what the turn at
    hand waits for: 'answer' to a call, or 'model' to go on after answers. -#}
{%- set state = namespace(last_user=-1, speaker=none, open=none) -%}
{%- for message in turns -%}
  {%- if message['role'] == 'user' %}{% set state.last_user = loop.index0 %}{% endif -%}
{%- endfor -%}

{%- for message in turns -%}
  {%- if message['role'] == 'tool' %}{% continue %}{% endif -%}
  {%- set role = 'model' if message['role'] == 'assistant' else message['role'] -%}
  {%- set state.open = none -%}
  {%- if role != 'model' or state.speaker != 'assistant' %}{{ '<|turn>' + role + '\n' }}{% endif -%}
  {%- set state.speaker = message['role'] -%}

  {%- set thought = message.get('reasoning') or message.get('reasoning_content') -%}
  {%- if thought and loop.index0 > state.last_user and message.get('tool_calls') -%}
    {{- '<|channel>thought\n' + thought + '\n<channel|>' -}}
  {%- endif -%}

  {%- if message['tool_calls'] -%}
    {%- for call in message['tool_calls'] %}{{ called(call) }}{% endfor -%}
    {%- set state.open = 'answer' -%}
  {%- endif -%}
  {%- set answers -%}
    {%- if message.get('tool_responses') -%}
      {%- for answer in message['tool_responses'] -%}
        {{- answered(answer['name'] | default('unknown'), answer['response']) -}}
      {%- endfor -%}
    {%- elif message.get('tool_calls') -%}
      {%- for reply in turns[loop.index:] -%}
        {%- if reply['role'] != 'tool' %}{% break %}{% endif -%}
        {{- tool_message(reply, message['tool_calls']) -}}
      {%- endfor -%}
    {%- endif -%}
  {%- endset -%}
  {{- answers -}}
  {%- if answers %}{% set state.open = 'model' %}{% endif -%}

  {%- set content -%}
    {%- if message['content'] is string -%}
      {{- spoken(message['content']) if role == 'model' else message['content'] | trim -}}
    {%- elif message['content'] is sequence -%}
      {%- for part in message['content'] -%}
        {%- if part['type'] == 'text' -%}
          {{- spoken(part['text']) if role == 'model' else part['text'] | trim -}}
        {%- else -%}
          {%- set mark = media(part['type']) -%}
          {%- if mark %}{% set state.open = none %}{% endif -%}
          {{- mark -}}
        {%- endif -%}
      {%- endfor -%}
    {%- endif -%}
  {%- endset -%}
  {{- content -}}

  {%- if state.open == 'answer' and not answers -%}
    {{- '<|tool_response>' -}}
  {%- elif content | trim or not answers -%}
    {{- '<turn|>\n' -}}
  {%- endif -%}
{%- endfor -%}

{%- if add_generation_prompt and not state.open -%}
  {{- '<|turn>model\n' -}}
  {{- '<|channel>thought\n<channel|>' if not thinks -}}
{%- endif -%}
)jinja";

}  // namespace

std::string gemma4_template() {
  return std::string(kLiterals).append(kDeclarations).append(kPieces).append(kConversation);
}

}  // namespace eft
