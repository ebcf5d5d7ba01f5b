#include "models/config_json.h"

#include <algorithm>

#include "base/json.h"

namespace eft {

using Json = nlohmann::ordered_json;

namespace {
constexpr double kLargest = 9e18;  // of an integer
}

ConfigJson::ConfigJson(const std::filesystem::path& path) : where_(path.string() + ": ") {
  root_ = std::make_shared<const Json>(read_json_object<ConfigError>(path));
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
    throw ConfigError("{}: {}, expected {}", where(key), brief(*json), expected);
  }
}

std::int64_t ConfigJson::integer(const std::string& key, std::int64_t fallback) const {
  const Json* json = value(key);
  if (json != nullptr && (!json->is_number_integer() || json->get<double>() > kLargest)) {
    throw ConfigError("{}: {}, expected an integer", where(key), brief(*json));
  }
  return read(key, fallback, "an integer");
}

double ConfigJson::number(const std::string& key, double fallback) const {
  const Json* json = value(key);
  if (json != nullptr && !json->is_number()) throw ConfigError("{}: {}, expected a number", where(key), brief(*json));
  return read(key, fallback, "a number");
}

bool ConfigJson::boolean(const std::string& key, bool fallback) const { return read(key, fallback, "true or false"); }

std::string ConfigJson::string(const std::string& key, const std::string& fallback) const {
  return read(key, fallback, "a string");
}

std::vector<std::string> ConfigJson::strings(const std::string& key) const {
  return read(key, std::vector<std::string>(), "a list of strings");
}

std::vector<std::int64_t> ConfigJson::integers(const std::string& key) const {
  const Json* json = value(key);
  if (json == nullptr) return {};
  const auto is_integer = [](const Json& item) { return item.is_number_integer() && item.get<double>() <= kLargest; };
  if (is_integer(*json)) return {json->get<std::int64_t>()};
  if (!json->is_array() || !std::ranges::all_of(*json, is_integer)) {
    throw ConfigError("{}: {}, expected an integer or a list of integers", where(key), brief(*json));
  }
  return json->get<std::vector<std::int64_t>>();
}

std::vector<double> ConfigJson::numbers(const std::string& key) const {
  const Json* json = value(key);
  if (json != nullptr && json->is_number()) return {json->get<double>()};
  return read(key, std::vector<double>(), "a number or a list of numbers");
}

std::optional<ConfigJson> ConfigJson::object(const std::string& key) const {
  const Json* json = value(key);
  if (json == nullptr) return std::nullopt;
  if (!json->is_object()) throw ConfigError("{}: {}, expected an object", where(key), brief(*json));
  return ConfigJson(root_, json, where_ + key + ".");
}

}  // namespace eft
