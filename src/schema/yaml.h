#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace eft {

/// A YAML document as a plain tree in which every node knows where it came from.
struct YamlNode {
  enum class Kind { null, scalar, sequence, mapping };

  Kind kind = Kind::null;
  std::string key;                 ///< name of this node inside its mapping, else empty
  std::string text;                ///< a scalar's text
  bool quoted = false;             ///< the scalar stood in quotes (or is a block), so it is a string
  std::string origin;              ///< "run.yaml:14", or "--set"
  std::vector<YamlNode> children;  ///< items of a sequence, or entries of a mapping in the order of the file

  /// The entry called `name` of a mapping, or null.
  const YamlNode* find(std::string_view name) const;
  YamlNode* find(std::string_view name);
  bool is_null() const { return kind == Kind::null; }

  static YamlNode scalar(std::string text, bool quoted);
  static YamlNode sequence();
  static YamlNode mapping();
};

/// Parses one YAML document; `name` stands in front of line numbers ("run.yaml"). Duplicate keys, tabs in the
/// indentation and keys that are no plain text are refused. Throws ConfigError.
YamlNode parse_yaml(const std::string& text, const std::string& name);

/// The same for a value given on the command line: every node's origin is `origin`.
YamlNode parse_yaml_value(const std::string& text, const std::string& origin);

/// What a plain scalar means in YAML: yes, no and on, off are booleans too.
enum class ScalarType { boolean, integer, number, string };
ScalarType scalar_type(const YamlNode& node);
/// Whether a boolean scalar says yes.
bool is_true(std::string_view text);
/// Null, false, zero, an empty string, list or mapping: the value asks for nothing.
bool is_falsy(const YamlNode& node);
/// The node in a few characters, for messages: `"abc"`, `3`, `a list`.
std::string brief(const YamlNode& node);

/// Block-style YAML that parses to the same tree, and JSON text of it (`indent` < 0: on one line).
std::string to_yaml(const YamlNode& node);
std::string to_json(const YamlNode& node, int indent = -1);

}  // namespace eft
