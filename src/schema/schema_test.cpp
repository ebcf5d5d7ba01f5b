#include <gtest/gtest.h>

#include <array>

#include "base/error.h"
#include "schema/nearest.h"
#include "schema/number.h"
#include "schema/override.h"
#include "schema/read.h"
#include "schema/type_info.h"
#include "schema/write.h"

namespace eft {
namespace {

enum class Colour { red, green };

constexpr auto enum_names(Colour) {
  return std::array{EnumName{Colour::red, "red"}, EnumName{Colour::green, "green"}, EnumName{Colour::green, "verde"}};
}

struct Part {
  std::string name;
  std::optional<Colour> colour;
};

template <class Visitor>
void describe(Visitor&& field, Part& o) {
  field({"name", "Name of the part.", true}, o.name);
  field({"colour", "Its colour."}, o.colour);
}

struct Whole {
  bool flag = false;
  AutoBool perhaps = AutoBool::automatic;
  std::int64_t count = 3;
  double rate = 0.5;
  std::filesystem::path folder;
  StringOrList names;
  StringMap map;
  JsonText json;
  std::vector<Part> parts;
};

template <class Visitor>
void describe(Visitor&& field, Whole& o) {
  field({"flag", "A flag."}, o.flag);
  field({"perhaps", "A flag that may choose."}, o.perhaps);
  field({"count", "A count."}, o.count, Bounds{1, 9});
  field({"rate", "A rate."}, o.rate, Bounds{.min = 0, .max = 1, .above_min = true, .below_max = true});
  field({"folder", "A folder."}, o.folder);
  field({"names", "Names."}, o.names);
  field({"map", "A map."}, o.map);
  field({"json", "Anything."}, o.json);
  field({"parts", "Parts."}, o.parts);
}

Whole read(const std::string& text) {
  YamlNode root = parse_yaml(text, "a.yaml");
  Whole whole;
  read_value(root, "", whole, {});
  return whole;
}

std::string error_of(const std::string& text) {
  try {
    read(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Schema, ReadsEveryKindOfMember) {
  const Whole whole = read(
      "flag: yes\nperhaps: false\ncount: 4.0\nrate: 2e-4\nfolder: ./x\nnames: [a, b]\nmap: {role: from}\n"
      "json: {a: 1, b: [true, null, '1', 0.5]}\nparts:\n  - name: 7\n    colour: verde\n  - name: b\n");
  EXPECT_TRUE(whole.flag);
  EXPECT_EQ(whole.perhaps, AutoBool::off);
  EXPECT_EQ(whole.count, 4);
  EXPECT_EQ(whole.rate, 2e-4);
  EXPECT_EQ(whole.folder, "./x");
  EXPECT_EQ(whole.names, (StringOrList{{"a", "b"}, false}));
  EXPECT_EQ(whole.map.value_or("role", "role"), "from");
  EXPECT_EQ(whole.map.value_or("content", "content"), "content");
  EXPECT_EQ(whole.json.text, R"({"a":1,"b":[true,null,"1",0.5]})");
  ASSERT_EQ(whole.parts.size(), 2U);
  EXPECT_EQ(whole.parts[0].name, "7");
  EXPECT_EQ(whole.parts[0].colour, Colour::green);
  EXPECT_FALSE(whole.parts[1].colour);
}

TEST(Schema, NullMeansLeftOut) {
  const Whole whole = read("flag:\ncount: ~\nrate: null\nparts:\nnames: ''\n");
  EXPECT_EQ(whole.count, 3);
  EXPECT_EQ(whole.rate, 0.5);
  EXPECT_EQ(whole.names, (StringOrList{{""}, true}));
}

TEST(Schema, ErrorsNameLineKeyAndReason) {
  EXPECT_EQ(error_of("flag: true\ncount: 0\n"), "a.yaml:2 count: 0 is below 1");
  EXPECT_EQ(error_of("count: 10"), "a.yaml:1 count: 10 is above 9");
  EXPECT_EQ(error_of("rate: 0"), "a.yaml:1 rate: 0 is not above 0");
  EXPECT_EQ(error_of("rate: 1.0"), "a.yaml:1 rate: 1.0 is not below 1");
  EXPECT_EQ(error_of("count: many"), "a.yaml:1 count: got \"many\", expected a whole number");
  EXPECT_EQ(error_of("count: 1.5"), "a.yaml:1 count: got 1.5, expected a whole number");
  EXPECT_EQ(error_of("count: [1]"), "a.yaml:1 count: got a list, expected a whole number");
  EXPECT_EQ(error_of("rate: .nan"), "a.yaml:1 rate: got \".nan\", expected a number");
  EXPECT_EQ(error_of("flag: 1"), "a.yaml:1 flag: got 1, expected true or false");
  EXPECT_EQ(error_of("perhaps: often"), "a.yaml:1 perhaps: got \"often\", expected true, false or auto");
  EXPECT_EQ(error_of("names: {a: b}"), "a.yaml:1 names: got a mapping, expected text or a list of texts");
  EXPECT_EQ(error_of("json: text"), "a.yaml:1 json: got \"text\", expected a mapping");
  EXPECT_EQ(error_of("parts: {name: x}"), "a.yaml:1 parts: got a mapping, expected a list");
  EXPECT_EQ(error_of("parts:\n  - name: x\n    colour: blue"),
            "a.yaml:3 parts[0].colour: got \"blue\", expected red, green, verde");
  EXPECT_EQ(error_of("parts:\n  - name: x\n  - colour: red"), "a.yaml:3 parts[1].name: not set; it has no default");
  EXPECT_EQ(error_of("parts:\n  - ~\n"), "a.yaml:2 parts[0]: empty, expected a value");
  EXPECT_EQ(error_of("parts:\n  - name: x\n    color: red"),
            "a.yaml:3 parts[0].color: unknown key; did you mean colour?");
  EXPECT_EQ(error_of("something_else: 1"), "a.yaml:1 something_else: unknown key");
}

TEST(Schema, RefusesWhatYamlCppLetsThrough) {
  EXPECT_EQ(error_of("flag: true\ncount: 1\nflag: false\n"),
            "a.yaml:3 flag: given twice, first at a.yaml:1; remove one");
  EXPECT_EQ(error_of("parts:\n\t- name: x\n"), "a.yaml:2: a tab in the indentation; YAML is indented with spaces");
  EXPECT_EQ(error_of("flag: true\n\tcount: 1\n"), "a.yaml:2: a tab in the indentation; YAML is indented with spaces");
  EXPECT_EQ(error_of("? [1]\n: 2\n"), "a.yaml:1: a key that is not plain text");
  EXPECT_EQ(error_of("flag: true\n---\nflag: false\n"),
            "a.yaml:2: something after the end of the document; expected one YAML document");
  EXPECT_EQ(error_of(", flag: true\n"),
            "a.yaml:1: something after the end of the document; expected one YAML document");
  EXPECT_EQ(error_of("flag: [1\n").substr(0, 17), "a.yaml:2: not YAM");
  std::string bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = fmt::format("*a{}", i - 1);
    bomb += fmt::format("a{0}: &a{0} [{1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}, {1}]\n", i, last);
  }
  EXPECT_EQ(error_of(bomb), "a.yaml: more than 100000 values");
}

TEST(Schema, ATabInsideABlockScalarIsText) {
  EXPECT_EQ(read("names: |\n  x\n  \ty\n").names, (StringOrList{{"x\n\ty\n"}, true}));
}

TEST(Schema, OverridesReachIntoListsAndMappings) {
  YamlNode root = parse_yaml("count: 1\nparts:\n  - name: x\n", "a.yaml");
  for (const char* set : {"count=5", "parts[0].name=y", "parts.1.name=z", "parts[1].colour=red", "map.role=from",
                          "names=[a, b]", "flag="}) {
    apply_override(root, set);
  }
  Whole whole;
  read_value(root, "", whole, {});
  EXPECT_EQ(whole.count, 5);
  ASSERT_EQ(whole.parts.size(), 2U);
  EXPECT_EQ(whole.parts[0].name, "y");
  EXPECT_EQ(whole.parts[1].name, "z");
  EXPECT_EQ(whole.map.value_or("role", ""), "from");
  EXPECT_EQ(whole.names.items.size(), 2U);
}

std::string override_error(const std::string& assignment) {
  YamlNode root = parse_yaml("count: 1\nparts:\n  - name: x\n", "a.yaml");
  try {
    apply_override(root, assignment);
    Whole whole;
    read_value(root, "", whole, {});
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Schema, WrongOverridesAreNamed) {
  EXPECT_EQ(override_error("count"), "--set count: expected key=value");
  EXPECT_EQ(override_error("count=0"), "--set count: 0 is below 1");
  EXPECT_EQ(override_error("cuont=2"), "--set cuont: unknown key; did you mean count?");
  EXPECT_EQ(override_error("parts[2].name=x"), "--set parts[2].name: index 2 of a list of 1; the next free index is 1");
  EXPECT_EQ(override_error("parts.name=x"), "--set parts.name: \"name\" is not an index of a list");
  EXPECT_EQ(override_error("count.x=1"), "--set count.x: 1 has no parts");
  EXPECT_EQ(override_error("parts..x=1"), "--set parts..x: an empty part in the key");
}

TEST(Schema, WritesWhatItReads) {
  const std::string text =
      "flag: true\nperhaps: auto\ncount: 4\nrate: 1e-08\nfolder: ./x y\nnames: '.*_proj'\nmap: {role: from, 'on': "
      "'2'}\n"
      "json: {a: [1, 'true', \"q\\\"\\n\"]}\nparts: [{name: 'null', colour: green}, {name: \"1\"}]\n";
  const std::string once = to_yaml(node_of(read(text)));
  EXPECT_EQ(once, to_yaml(node_of(read(once))));
  const Whole again = read(once);
  EXPECT_EQ(again.rate, 1e-08);
  EXPECT_EQ(again.parts[0].name, "null");
  EXPECT_EQ(again.json.text, R"({"a":[1,"true","q\"\n"]})");
  EXPECT_EQ(again.names, (StringOrList{{".*_proj"}, true}));
  EXPECT_EQ(to_json(node_of(Part{"x", Colour::green})), R"({"name":"x","colour":"green"})");
}

TEST(Schema, DescribesItselfAsJsonSchemaAndAsATable) {
  const TypeInfo type = type_of(static_cast<const Whole*>(nullptr));
  const std::string schema = json_schema_of(type, "whole", {{"extra", "Taken."}});
  for (const char* part : {R"("exclusiveMinimum": 0.0)", R"("default": 3)", R"("required": [)", R"("extra": {)",
                           R"("additionalProperties": false)", R"("verde")"}) {
    EXPECT_NE(schema.find(part), std::string::npos) << part;
  }
  const std::string table = options_table(type);
  EXPECT_NE(table.find("| `count` | whole number, from 1 to 9 | `3` | A count. |"), std::string::npos) << table;
  EXPECT_NE(table.find("| `name` | text | required | Name of the part. |"), std::string::npos);
}

TEST(Schema, NumbersAreDecimalAndFinite) {
  EXPECT_EQ(parse_integer("-3"), -3);
  EXPECT_FALSE(parse_integer("9223372036854775808"));
  EXPECT_FALSE(parse_integer("0x10"));
  EXPECT_EQ(parse_number(".5"), 0.5);
  EXPECT_EQ(parse_number("+1e-4"), 1e-4);
  EXPECT_FALSE(parse_number("inf"));
  EXPECT_FALSE(parse_number("1e999"));
  EXPECT_FALSE(parse_number("--1"));
  EXPECT_EQ(number_text(100000), "100000");
  EXPECT_EQ(number_text(0.1), "0.1");
}

TEST(Schema, NearestKeyCountsSwapsOnce) {
  EXPECT_EQ(edit_distance("abcd", "abdc"), 1U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  const std::vector<std::string> known = {"lora_r", "lora_alpha", "learning_rate"};
  EXPECT_EQ(nearest("lora_rr", known), "lora_r");
  EXPECT_EQ(nearest("lerning_rate", known), "learning_rate");
  EXPECT_EQ(nearest("optimizer", known), "");
}

}  // namespace
}  // namespace eft
