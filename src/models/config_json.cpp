#include "models/config_json.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace eft {

using Json = nlohmann::ordered_json;

ConfigJson::ConfigJson(const std::filesystem::path& path) : where_(path.string() + ": ") {
  const std::string text = read_text(path);
  try {
    root_ = std::make_shared<const Json>(Json::parse(text));
  } catch (const nlohmann::json::exception& error) {
    throw ConfigError("{}: not JSON: {}", path.string(), error.what());
  }
  if (!root_->is_object()) throw ConfigError("{}: expected a JSON object", path.string());
  node_ = root_.get();
}

ConfigJson::ConfigJson(std::shared_ptr<const Json> root, const Json* node, std::string where)
    : root_(std::move(root)), node_(node), where_(std::move(where)) {}

const Json* ConfigJson::value(const std::string& key) const {
  const auto found = node_->find(key);
  return found == node_->end() || found->is_null() ? nullptr : &*found;
}

bool ConfigJson::has(const std::string& key) const { return value(key) != nullptr; }

std::string ConfigJson::where(const std::string& key) const { return where_ + key; }

template <class T>
T ConfigJson::read(const std::string& key, T fallback, const char* expected) const {
  const Json* json = value(key);
  if (json == nullptr) return fallback;
  try {
    return json->get<T>();
  } catch (const nlohmann::json::exception&) {
    throw ConfigError("{}: {}, expected {}", where(key), json->dump(), expected);
  }
}

std::int64_t ConfigJson::integer(const std::string& key, std::int64_t fallback) const {
  const Json* json = value(key);
  if (json != nullptr && !json->is_number_integer()) {
    throw ConfigError("{}: {}, expected an integer", where(key), json->dump());
  }
  return read(key, fallback, "an integer");
}

double ConfigJson::number(const std::string& key, double fallback) const { return read(key, fallback, "a number"); }
bool ConfigJson::boolean(const std::string& key, bool fallback) const { return read(key, fallback, "true or false"); }

std::string ConfigJson::string(const std::string& key, const std::string& fallback) const {
  return read(key, fallback, "a string");
}

std::vector<std::string> ConfigJson::strings(const std::string& key) const {
  return read(key, std::vector<std::string>(), "a list of strings");
}

std::vector<std::int64_t> ConfigJson::integers(const std::string& key) const {
  const Json* json = value(key);
  if (json != nullptr && json->is_number_integer()) return {json->get<std::int64_t>()};
  return read(key, std::vector<std::int64_t>(), "an integer or a list of integers");
}

std::vector<double> ConfigJson::numbers(const std::string& key) const {
  const Json* json = value(key);
  if (json != nullptr && json->is_number()) return {json->get<double>()};
  return read(key, std::vector<double>(), "a number or a list of numbers");
}

std::optional<ConfigJson> ConfigJson::object(const std::string& key) const {
  const Json* json = value(key);
  if (json == nullptr) return std::nullopt;
  if (!json->is_object()) throw ConfigError("{}: {}, expected an object", where(key), json->dump());
  return ConfigJson(root_, json, where_ + key + ".");
}

}  // namespace eft
