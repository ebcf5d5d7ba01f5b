#include "schema/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "schema/number.h"

namespace eft {
namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 100'000;  // aliases can multiply a small file without bound
constexpr std::size_t kMaxKeys = 2'000;     // of one mapping, which is searched from its begin
constexpr std::size_t kMaxBytes = 4 << 20;

/// Copies yaml-cpp's graph into a tree.
class Importer {
 public:
  Importer(std::string name, bool with_lines) : name_(std::move(name)), with_lines_(with_lines) {}

  YamlNode import(const YAML::Node& source, int depth = 0) {
    YamlNode node;
    node.origin = origin(source.Mark());
    if (depth > kMaxDepth) throw ConfigError("{}: nested deeper than {} levels", node.origin, kMaxDepth);
    if (++count_ > kMaxNodes) throw ConfigError("{}: more than {} values", name_, kMaxNodes);
    if (source.IsScalar()) {
      node.kind = YamlNode::Kind::scalar;
      node.text = source.Scalar();
      node.quoted = source.Tag() == "!";
    } else if (source.IsSequence()) {
      node.kind = YamlNode::Kind::sequence;
      for (const YAML::Node& item : source) node.children.push_back(import(item, depth + 1));
    } else if (source.IsMap()) {
      node.kind = YamlNode::Kind::mapping;
      for (const auto& entry : source) add_entry(node, entry.first, entry.second, depth);
    }
    return node;
  }

 private:
  std::string origin(const YAML::Mark& mark) const {
    return with_lines_ && !mark.is_null() ? fmt::format("{}:{}", name_, mark.line + 1) : name_;
  }

  void add_entry(YamlNode& mapping, const YAML::Node& key, const YAML::Node& value, int depth) {
    const std::string place = origin(key.Mark());
    if (!key.IsScalar()) throw ConfigError("{}: a key that is not plain text", place);
    if (const YamlNode* first = mapping.find(key.Scalar())) {
      throw ConfigError("{} {}: given twice, first at {}; remove one", place, key.Scalar(), first->origin);
    }
    if (mapping.children.size() == kMaxKeys) throw ConfigError("{}: a mapping of more than {} keys", place, kMaxKeys);
    YamlNode child = import(value, depth + 1);
    child.key = key.Scalar();
    child.origin = place;
    mapping.children.push_back(std::move(child));
  }

  std::string name_;
  bool with_lines_;
  std::size_t count_ = 0;
};

/// The number of the first line, up to `last`, that is indented with a tab.
std::optional<int> tab_line(const std::string& text, int last) {
  std::istringstream lines(text);
  std::string line;
  for (int number = 1; number <= last && std::getline(lines, line); ++number) {
    const std::size_t indentation = std::min(line.find_first_not_of(" \t"), line.size());
    if (line.find('\t') < indentation) return number;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(const YAML::Exception& error, const std::string& text, const std::string& name) {
  const int line = error.mark.is_null() ? 1 : error.mark.line + 1;
  // yaml-cpp often reports the line before or after the tab.
  if (const auto tab = tab_line(text, line + 1)) {
    throw ConfigError("{}:{}: a tab in the indentation; YAML is indented with spaces", name, *tab);
  }
  throw ConfigError("{}:{}: not YAML, {}", name, line, error.msg);
}

/// Listens for the line on which a document starts.
class DocumentLine : public YAML::EventHandler {
 public:
  int line = 0;

  void OnDocumentStart(const YAML::Mark& mark) override { line = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

/// Throws when there is more than one document. YAML::Load would not notice, and YAML::LoadAll never ends on text that
/// starts with a comma: the parser reports empty documents without moving on.
void check_one_document(const std::string& text, const std::string& name) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentLine document;
  if (!parser.HandleNextDocument(document) || !parser.HandleNextDocument(document)) return;
  throw ConfigError("{}:{}: something after the end of the document; expected one YAML document", name, document.line);
}

bool is_word(std::string_view text, std::initializer_list<std::string_view> words) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(words.begin(), words.end(), lower) != words.end();
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view name) const {
  if (kind != Kind::mapping) return nullptr;
  for (const YamlNode& child : children) {
    if (child.key == name) return &child;
  }
  return nullptr;
}

YamlNode* YamlNode::find(std::string_view name) {
  return const_cast<YamlNode*>(static_cast<const YamlNode*>(this)->find(name));
}

YamlNode YamlNode::scalar(std::string text, bool quoted) {
  YamlNode node;
  node.kind = Kind::scalar;
  node.text = std::move(text);
  node.quoted = quoted;
  return node;
}

YamlNode YamlNode::sequence() {
  YamlNode node;
  node.kind = Kind::sequence;
  return node;
}

YamlNode YamlNode::mapping() {
  YamlNode node;
  node.kind = Kind::mapping;
  return node;
}

YamlNode parse_yaml(const std::string& text, const std::string& name) {
  if (text.size() > kMaxBytes)
    throw ConfigError("{}: {} bytes, expected at most {} of a YAML file", name, text.size(), kMaxBytes);
  try {
    check_one_document(text, name);
    return Importer(name, true).import(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    refuse(error, text, name);
  }
}

YamlNode parse_yaml_value(const std::string& text, const std::string& origin) {
  try {
    return Importer(origin, false).import(YAML::Load(text));
  } catch (const YAML::Exception& error) {
    throw ConfigError("{}: {} is not a YAML value, {}; put it in quotes", origin, text, error.msg);
  }
}

ScalarType scalar_type(const YamlNode& node) {
  if (node.quoted) return ScalarType::string;
  if (is_word(node.text, {"true", "false", "yes", "no", "on", "off"})) return ScalarType::boolean;
  if (parse_integer(node.text)) return ScalarType::integer;
  if (parse_number(node.text)) return ScalarType::number;
  return ScalarType::string;
}

bool is_true(std::string_view text) { return is_word(text, {"true", "yes", "on"}); }

bool is_falsy(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::scalar) return node.children.empty();
  if (node.text.empty()) return true;
  const ScalarType type = scalar_type(node);
  if (type == ScalarType::boolean) return !is_true(node.text);
  return type != ScalarType::string && parse_number(node.text) == 0.0;
}

std::string brief(const YamlNode& node) {
  constexpr std::size_t kLongest = 60;
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::sequence:
      return "a list";
    case YamlNode::Kind::mapping:
      return "a mapping";
    case YamlNode::Kind::scalar:
      break;
  }
  if (scalar_type(node) != ScalarType::string) return node.text;
  return '"' + (node.text.size() > kLongest ? node.text.substr(0, kLongest) + "…" : node.text) + '"';
}

}  // namespace eft
