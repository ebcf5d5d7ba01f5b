#include "schema/read.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/error.h"
#include "schema/nearest.h"
#include "schema/number.h"

namespace eft {
namespace {

[[noreturn]] void expected(const YamlNode& node, const std::string& path, const char* what) {
  refuse(node, path, fmt::format("got {}, expected {}", brief(node), what));
}

void check_scalar(const YamlNode& node, const std::string& path, const char* what) {
  if (node.kind != YamlNode::Kind::scalar) expected(node, path, what);
}

void check_bounds(const YamlNode& node, const std::string& path, double value, const Bounds& bounds) {
  const std::string min = number_text(bounds.min);
  const std::string max = number_text(bounds.max);
  if (value < bounds.min) refuse(node, path, fmt::format("{} is below {}", node.text, min));
  if (value > bounds.max) refuse(node, path, fmt::format("{} is above {}", node.text, max));
  if (bounds.above_min && value == bounds.min) refuse(node, path, fmt::format("{} is not above {}", node.text, min));
  if (bounds.below_max && value == bounds.max) refuse(node, path, fmt::format("{} is not below {}", node.text, max));
}

}  // namespace

void refuse(const YamlNode& node, const std::string& path, const std::string& what) {
  throw Refused({{node.origin, path, what}});
}

void refuse_unknown(const YamlNode& entry, const std::string& path, std::span<const std::string> known) {
  const std::string near = nearest(entry.key, known);
  throw Refused({{entry.origin, path, near.empty() ? "unknown key" : "unknown key; did you mean " + near + "?", near}});
}

std::string join_path(const std::string& path, const std::string& key) { return path.empty() ? key : path + '.' + key; }

void read_value(const YamlNode& node, const std::string& path, bool& out, const Bounds&) {
  // Quotes around true and false leave no doubt; around yes and no they make a word.
  const bool word = node.kind == YamlNode::Kind::scalar && (node.text == "true" || node.text == "false");
  const bool plain = node.kind == YamlNode::Kind::scalar && scalar_type(node) == ScalarType::boolean;
  if (!word && !plain) expected(node, path, "true or false");
  out = is_true(node.text);
}

void read_value(const YamlNode& node, const std::string& path, AutoBool& out, const Bounds& bounds) {
  out = AutoBool::automatic;
  if (node.kind == YamlNode::Kind::scalar && node.text == "auto") return;
  if (node.kind != YamlNode::Kind::scalar || scalar_type(node) != ScalarType::boolean) {
    expected(node, path, "true, false or auto");
  }
  bool on = false;
  read_value(node, path, on, bounds);
  out = on ? AutoBool::on : AutoBool::off;
}

void read_value(const YamlNode& node, const std::string& path, std::int64_t& out, const Bounds& bounds) {
  check_scalar(node, path, "a whole number");
  std::optional<std::int64_t> value = parse_integer(node.text);
  if (!value) {
    // Like pydantic, take 4.0 and 1e3 for whole numbers.
    const std::optional<double> number = parse_number(node.text);
    if (number) value = parse_integer(number_text(*number));
  }
  if (!value) expected(node, path, "a whole number");
  check_bounds(node, path, static_cast<double>(*value), bounds);
  out = *value;
}

void read_value(const YamlNode& node, const std::string& path, double& out, const Bounds& bounds) {
  check_scalar(node, path, "a number");
  const std::optional<double> value = parse_number(node.text);
  if (!value) expected(node, path, "a number");
  check_bounds(node, path, *value, bounds);
  out = *value;
}

void read_value(const YamlNode& node, const std::string& path, std::string& out, const Bounds&) {
  check_scalar(node, path, "text");
  out = node.text;
}

void read_value(const YamlNode& node, const std::string& path, std::filesystem::path& out, const Bounds&) {
  check_scalar(node, path, "a path");
  out = node.text;
}

void read_value(const YamlNode& node, const std::string& path, StringOrList& out, const Bounds& bounds) {
  if (node.kind == YamlNode::Kind::mapping) expected(node, path, "text or a list of texts");
  out.is_string = node.kind == YamlNode::Kind::scalar;
  if (out.is_string) {
    out.items = {node.text};
  } else {
    read_value(node, path, out.items, bounds);
  }
}

void read_value(const YamlNode& node, const std::string& path, StringMap& out, const Bounds& bounds) {
  if (node.kind != YamlNode::Kind::mapping) expected(node, path, "a mapping of names");
  out.entries.clear();
  for (const YamlNode& entry : node.children) {
    StringMap::Entry& made = out.entries.emplace_back();
    made.key = entry.key;
    read_value(entry, join_path(path, entry.key), made.value, bounds);
  }
}

void read_value(const YamlNode& node, const std::string& path, JsonText& out, const Bounds&) {
  if (node.kind != YamlNode::Kind::mapping) expected(node, path, "a mapping");
  out.text = to_json(node);
}

std::size_t read_name(const YamlNode& node, const std::string& path, std::span<const char* const> names) {
  // YAML 1.1 takes a bare no for false; here it can only be the name.
  if (node.kind == YamlNode::Kind::scalar) {
    const bool is_no = !node.quoted && node.text == "false";
    const std::string text = is_no ? "no" : node.text;
    const auto found = std::find(names.begin(), names.end(), text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  }
  refuse(node, path, fmt::format("got {}, expected {}", brief(node), fmt::join(names, ", ")));
}

void check_list(const YamlNode& node, const std::string& path) {
  if (node.kind != YamlNode::Kind::sequence) expected(node, path, "a list");
}

void check_mapping(const YamlNode& node, const std::string& path) {
  if (node.kind != YamlNode::Kind::mapping) expected(node, path, "a mapping");
}

void add_unknown(const YamlNode& mapping, const std::string& path, std::span<const std::string> known, Faults& faults) {
  for (const YamlNode& entry : mapping.children) {
    if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
    faults.collect([&] { refuse_unknown(entry, join_path(path, entry.key), known); });
  }
}

}  // namespace eft
