#include "text/templates/templates.h"

// Formats of no family in particular that datasets and configurations name.
namespace eft {

std::string chatml_template() {
  return R"jinja({%- for message in messages -%}
  {{- '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' -}}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif -%}
)jinja";
}

std::string alpaca_template() {
  return R"jinja({{- bos_token -}}
{%- for message in messages -%}
  {%- if message['role'] == 'user' -%}
    {{- '### Instruction:\n' + message['content'] -}}
  {%- elif message['role'] == 'assistant' -%}
    {{- '### Response:\n' + message['content'] + eos_token -}}
  {%- elif message['role'] == 'system' and loop.first -%}
    {{- message['content'] -}}
  {%- endif -%}
  {{- '\n\n' if not loop.last -}}
{%- endfor -%}
{%- if add_generation_prompt %}{{ '\n\n### Response:\n' }}{% endif -%}
)jinja";
}

}  // namespace eft
