#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

namespace eft {

/// A config.json, or one object inside it, with errors that name file and key. Keys that are absent or null take the
/// fallback, which is the default of Transformers' configuration class.
class ConfigJson {
 public:
  /// Throws FileError when missing, ConfigError when it is not a JSON object.
  explicit ConfigJson(const std::filesystem::path& path);

  bool has(const std::string& key) const;
  std::int64_t integer(const std::string& key, std::int64_t fallback) const;
  double number(const std::string& key, double fallback) const;
  bool boolean(const std::string& key, bool fallback) const;
  std::string string(const std::string& key, const std::string& fallback) const;
  std::vector<std::string> strings(const std::string& key) const;
  /// One number or a list of them.
  std::vector<std::int64_t> integers(const std::string& key) const;
  std::vector<double> numbers(const std::string& key) const;
  /// The object at `key`; none when absent or null.
  std::optional<ConfigJson> object(const std::string& key) const;
  /// "config.json: text_config.head_dim", for errors.
  std::string where(const std::string& key) const;

 private:
  ConfigJson(std::shared_ptr<const nlohmann::ordered_json> root, const nlohmann::ordered_json* node, std::string where);
  const nlohmann::ordered_json* value(const std::string& key) const;
  template <class T>
  T read(const std::string& key, T fallback, const char* expected) const;

  std::shared_ptr<const nlohmann::ordered_json> root_;
  const nlohmann::ordered_json* node_;
  std::string where_;
};

}  // namespace eft
