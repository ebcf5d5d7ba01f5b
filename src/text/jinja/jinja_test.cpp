#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "text/jinja/values/json.h"
#include "text/jinja/template.h"

namespace eft::jinja {
namespace {

using Json = nlohmann::ordered_json;

std::string render(const std::string& source, const Json& variables = Json::object()) {
  Template::Variables given;
  for (const auto& [name, value] : variables.items()) given.emplace_back(name, from_json(value));
  return Template("t", source).render(given);
}

std::string error_of(const std::string& source) {
  try {
    return "no error, but: " + render(source);
  } catch (const DataError& error) {
    return error.what();
  }
}

TEST(Jinja, renders_the_language_as_jinja2) {
  const Json variables = Json::parse(R"({"messages": [{"role": "user", "content": "Hi"},
      {"role": "assistant", "content": "Hello é"}, {"role": "user", "content": "Bye"}],
      "tools": null, "documents": null, "add_generation_prompt": false, "bos_token": "<bos>", "eos_token": "<eos>"})");
  for (const auto& entry : Json::parse(read_text("tests/golden/data/jinja/language.json"))) {
    const std::string source = entry["source"];
    SCOPED_TRACE(source);
    if (entry.contains("error")) {
      EXPECT_THROW(render(source, variables), DataError);
    } else {
      EXPECT_EQ(render(source, variables), entry["output"].get<std::string>());
    }
  }
}

TEST(Jinja, an_error_has_name_line_and_cause) {
  EXPECT_EQ(error_of("a\n{{ raise_exception('no such role') }}"), "t:2: no such role");
  EXPECT_EQ(error_of("{{ raise_exception('two\nlines') }}"), "t:1: two lines");
  EXPECT_EQ(error_of("{% macro m(x) %}\n{{ x + 1 }}\n{% endmacro %}\n{{ m('a') }}"),
            "t:2: can only concatenate str (not \"int\") to str");
  EXPECT_EQ(error_of("\n\n{{ gone.attribute }}"), "t:3: 'gone' is undefined");
  EXPECT_EQ(error_of("{{ {'a': 1}.b.c }}"), "t:1: 'dict object' has no attribute 'b'");
  EXPECT_EQ(error_of("{{ 1 | nosuch }}"), "t:1: No filter named 'nosuch'.");
}

TEST(Jinja, source_that_is_no_template_says_where) {
  EXPECT_EQ(error_of("\n{% if x %}\n"), "t:2: unexpected end of the template, expected '{% endif %}'");
  EXPECT_EQ(error_of("{{ [1, 2 }}"), "t:1: unexpected '}', expected ']'");
  EXPECT_EQ(error_of("{{ 'abc"), "t:1: string without a closing quote");
  EXPECT_EQ(error_of("{# open"), "t:1: end of template inside a comment, expected '#}'");
  EXPECT_EQ(error_of("{% include 'x' %}"), "t:1: tag 'include' is not available in chat templates");
  EXPECT_EQ(error_of("{% endfor %}"), "t:1: unknown tag 'endfor'");
}

TEST(Jinja, nothing_in_a_template_runs_away) {
  EXPECT_EQ(error_of("{% macro m(n) %}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}"),
            "t:1: maximum recursion depth exceeded: macros call each other 150 deep");
  EXPECT_EQ(error_of("{{ 'x' * 10000000000 }}"), "t:1: string of more than 268435456 bytes");
  EXPECT_EQ(error_of("{{ [1] * 10000000000 }}"), "t:1: sequence of more than 4000000 items");
  EXPECT_EQ(error_of("{{ range(10000000) }}"),
            "t:1: Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).");
  EXPECT_EQ(error_of("{% set n = namespace(x=[]) %}{% for i in range(300) %}{% set n.x = [n.x] %}{% endfor %}"),
            "t:1: value is nested deeper than 200 levels");
  const std::string deep = "{{ " + std::string(5000, '[') + std::string(5000, ']') + " }}";
  EXPECT_EQ(error_of(deep), "t:1: nested deeper than 60 levels");
  const std::string much = "t:1: template makes more than 512 MB of text and lists";
  EXPECT_EQ(error_of("{% set n = namespace(l=[]) %}{% for i in range(1000) %}{% set n.l = n.l + ['x' * 100000000] %}{% endfor %}"), much);
  EXPECT_EQ(error_of("{{ range(1000) | map('center', 90000000) | list | length }}"), much);
  EXPECT_EQ(error_of("{% for i in range(1000) %}{% set l = [i] * 3000000 %}{% endfor %}"), much);
  EXPECT_EQ(error_of("{{ '%999999999d' % 1 }}"), "t:1: width or precision above 100000 in a format");
}

TEST(Jinja, a_template_reaches_nothing_but_its_data) {
  EXPECT_EQ(error_of("{{ ''.__class__.__mro__ }}"), "t:1: access to attribute '__class__' of 'str' object is unsafe.");
  EXPECT_EQ(error_of("{{ [1].append(2) }}"), "t:1: access to attribute 'append' of 'list' object is unsafe.");
  EXPECT_EQ(error_of("{% set n = namespace() %}{% set n._x = 1 %}"),
            "t:1: namespace attribute '_x' begins with an underscore");
}

TEST(Jinja, strftime_now_formats_the_date) {
  const std::string date = render("{{ strftime_now('%Y-%m-%d') }}");
  EXPECT_EQ(date.size(), 10U);
  EXPECT_EQ(date[4], '-');
}

}  // namespace
}  // namespace eft::jinja
