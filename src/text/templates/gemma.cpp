#include "text/templates/templates.h"

// Gemma 1 to 3n: turns between <start_of_turn> and <end_of_turn>, strictly alternating. The generations differ in what
// a system message does and in which parts of a content list they print.
namespace eft {
namespace {

constexpr std::string_view kTurns = R"jinja(
{#- `turns` are the messages without a leading system message; `preamble` stands before the text of the first. -#}
{%- for message in turns -%}
  {%- set from_user = message['role'] == 'user' -%}
  {%- if from_user == (loop.index is divisibleby(2)) -%}
    {{- raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') -}}
  {%- endif -%}
  {{- '<start_of_turn>' + ('model' if message['role'] == 'assistant' else message['role']) + '\n' -}}
  {%- if loop.first %}{{ preamble }}{% endif -%}
  {{- said(message['content']) -}}
  {{- '<end_of_turn>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif -%}
)jinja";

constexpr std::string_view kNoSystem = R"jinja(
{%- macro said(content) -%}
  {%- if content is string -%}
    {{- content | trim -}}
  {%- else -%}
    {%- for part in content if 'text' in part %}{{ part['text'] | trim }}{% endfor -%}
  {%- endif -%}
{%- endmacro -%}

{{- bos_token -}}
{%- if messages[0]['role'] == 'system' %}{{ raise_exception('System role not supported') }}{% endif -%}
{%- set preamble = '' -%}
{%- set turns = messages -%}
)jinja";

constexpr std::string_view kSystemOpensFirstTurn = R"jinja(
{#- The texts of a system message, end to end and untrimmed, as Gemma 3 and 3n read them. -#}
{%- macro instructions(content) -%}
  {%- if content is string -%}
    {{- content -}}
  {%- else -%}
    {%- for part in content if 'text' in part %}{{ '' + part['text'] }}{% endfor -%}
  {%- endif -%}
{%- endmacro -%}

{%- macro said(content) -%}
  {%- if content is string -%}
    {{- content | trim -}}
  {%- elif content is not iterable -%}
    {{- raise_exception('Invalid content type') -}}
  {%- else -%}
    {%- for part in content -%}
      {%- if part['type'] == 'text' -%}
        {{- part['text'] | trim -}}
      {%- else -%}
        {%- for kind, mark in marks if part['type'] == kind %}{{ mark }}{% endfor -%}
      {%- endif -%}
    {%- endfor -%}
  {%- endif -%}
{%- endmacro -%}

{{- bos_token -}}
{%- if messages[0]['role'] == 'system' -%}
  {%- set preamble = instructions(messages[0]['content']) + '\n\n' -%}
  {%- set turns = messages[1:] -%}
{%- else -%}
  {%- set preamble = '' -%}
  {%- set turns = messages -%}
{%- endif -%}
)jinja";

constexpr std::string_view kGemma3Marks = "{%- set marks = [('image', '<start_of_image>')] -%}";
constexpr std::string_view kGemma3nMarks =
    "{%- set marks = [('audio', '<audio_soft_token>'), ('image', '<image_soft_token>')] -%}";

std::string joined(std::string_view a, std::string_view b, std::string_view c = {}) {
  return std::string(a).append(b).append(c);
}

}  // namespace

std::string gemma_template() { return joined(kNoSystem, kTurns); }
std::string gemma3_template() { return joined(kGemma3Marks, kSystemOpensFirstTurn, kTurns); }
std::string gemma3n_template() { return joined(kGemma3nMarks, kSystemOpensFirstTurn, kTurns); }

}  // namespace eft
