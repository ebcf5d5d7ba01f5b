#include "check/reference.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string_view>

#include "base/error.h"

namespace eft {
namespace {

constexpr const char* kFormat = "eft-reference-1";
constexpr const char* kPixels = "pixel_values";
constexpr std::array<std::string_view, 8> kTensors = {"input_ids",      "labels", "attention_mask", kPixels,
                                                      "token_type_ids", "loss",   "logits",         "losses"};

std::optional<double> optional_number(const nlohmann::json& json, const char* key) {
  const auto found = json.find(key);
  return found == json.end() || !found->is_number() ? std::nullopt : std::optional(found->get<double>());
}

double number(const std::string& text, const std::string& where) {
  try {
    return std::stod(text);
  } catch (const std::exception&) {
    throw DataError("{}: optimizer: {}, expected a number", where, text);
  }
}

}  // namespace

Reference::Reference(const std::filesystem::path& path) : file_(path) {
  const auto format = file_.metadata().find("format");
  if (format == file_.metadata().end() || format->second != kFormat) {
    throw DataError("{}: format: {}, expected {}", path.string(),
                    format == file_.metadata().end() ? "none" : format->second, kFormat);
  }
  tokens_ = read_ids("input_ids");
  labels_ = read_ids("labels");
  if (file_.contains("attention_mask")) mask_ = read_ids("attention_mask");
  if (file_.contains("token_type_ids")) types_ = read_ids("token_type_ids");
  check_names();
  read_optimizer();
}

void Reference::check_names() const {
  for (const auto& [name, entry] : file_.entries()) {
    if (name.starts_with("grad.") || std::ranges::find(kTensors, name) != kTensors.end()) continue;
    throw DataError("{}: {}: no tensor of a reference; expected {} or grad.NAME", file_.path().string(), name,
                    fmt::join(kTensors, ", "));
  }
}

bool Reference::has_images() const {
  const auto found = file_.entries().find(kPixels);
  return found != file_.entries().end() && found->second.shape.elements() > 0;
}

std::vector<std::shared_ptr<const MediaItem>> Reference::images() const {
  std::vector<std::shared_ptr<const MediaItem>> images;
  if (!file_.contains(kPixels)) return images;
  const Tensor pixels = file_.tensor(kPixels);
  const Shape& shape = pixels.shape();
  if (shape.rank() != 4 || (pixels.dtype() != DType::f32 && pixels.dtype() != DType::f64)) {
    throw DataError("{}: {}: {} {}, expected f32 or f64 [images, channels, height, width]", file_.path().string(),
                    kPixels, name_of(pixels.dtype()), to_string(shape));
  }
  for (std::int64_t i = 0; i < shape[0]; ++i) {
    auto item = std::make_shared<MediaItem>();
    item->extents = {shape[1], shape[2], shape[3]};
    const std::vector<double> values = to_doubles(pixels.slice(i, i + 1));
    if (pixels.dtype() == DType::f64) {
      item->values = values;
    } else {
      item->values = std::vector<float>(values.begin(), values.end());
    }
    images.push_back(std::move(item));
  }
  return images;
}

void Reference::check_types(std::int32_t image) const {
  for (std::size_t i = 0; i < types_.size(); ++i) {
    const std::int32_t own = tokens_[i] == image ? 1 : 0;
    if (types_[i] == own || (!mask_.empty() && mask_[i] == 0)) continue;
    throw DataError("{}: token_type_ids: {} at row {}, column {}, expected {}: the token there is {}",
                    file_.path().string(), types_[i], i / static_cast<std::size_t>(length_),
                    i % static_cast<std::size_t>(length_), own, tokens_[i]);
  }
}

std::vector<std::int32_t> Reference::read_ids(const std::string& name) {
  const Tensor ids = file_.tensor(name);
  const bool first = batch_ == 0;
  if (ids.shape().rank() != 2)
    throw DataError("{}: {}: {}, expected [batch, length]", file_.path().string(), name, to_string(ids.shape()));
  if (first) {
    batch_ = ids.shape()[0];
    length_ = ids.shape()[1];
  }
  if (ids.shape() != Shape{batch_, length_}) {
    throw DataError("{}: {}: {}, expected the shape of input_ids", file_.path().string(), name, to_string(ids.shape()));
  }
  std::vector<std::int32_t> result;
  for (std::int64_t i = 0; i < ids.elements(); ++i) {
    if (ids.dtype() == DType::i64) {
      result.push_back(static_cast<std::int32_t>(ids.data<std::int64_t>()[i]));
    } else if (ids.dtype() == DType::i32) {
      result.push_back(ids.data<std::int32_t>()[i]);
    } else {
      throw DataError("{}: {}: {}, expected integers", file_.path().string(), name, name_of(ids.dtype()));
    }
  }
  return result;
}

void Reference::read_optimizer() {
  optimizer_.decay_norms = true;  // as with a bare torch optimizer
  const auto found = file_.metadata().find("optimizer");
  if (found == file_.metadata().end()) return;
  const std::string where = file_.path().string();
  std::istringstream words(found->second);
  std::string word;
  words >> word;
  if (word != "adamw") throw DataError("{}: optimizer: {}, expected adamw", where, word);
  while (words >> word) {
    const auto split = word.find('=');
    const std::string key = word.substr(0, split);
    const std::string value = split == std::string::npos ? "" : word.substr(split + 1);
    if (key == "lr") {
      learning_rate_ = number(value, where);
    } else if (key == "betas") {
      optimizer_.adam_beta1 = number(value, where);
      optimizer_.adam_beta2 = number(value.substr(value.find(',') + 1), where);
    } else if (key == "eps") {
      optimizer_.adam_epsilon = number(value, where);
    } else if (key == "weight_decay") {
      optimizer_.weight_decay = number(value, where);
    } else {
      throw DataError("{}: optimizer: unknown setting {}", where, word);
    }
  }
}

std::optional<double> Reference::loss() const {
  return file_.contains("loss") ? std::optional(to_doubles(file_.tensor("loss")).at(0)) : std::nullopt;
}

std::vector<double> Reference::losses() const {
  return file_.contains("losses") ? to_doubles(file_.tensor("losses")) : std::vector<double>();
}

std::optional<Tensor> Reference::logits() const {
  return file_.contains("logits") ? std::optional(file_.tensor("logits")) : std::nullopt;
}

std::vector<std::string> Reference::gradient_names() const {
  std::vector<std::string> names;
  for (const auto& [name, entry] : file_.entries()) {
    if (name.starts_with("grad.")) names.push_back(name.substr(5));
  }
  return names;
}

nlohmann::json Reference::metadata_object(const std::string& key) const {
  const auto found = file_.metadata().find(key);
  if (found == file_.metadata().end()) return nullptr;
  auto json = nlohmann::json::parse(found->second, nullptr, false);
  if (!json.is_object()) throw DataError("{}: {}: not a JSON object", file_.path().string(), key);
  return json;
}

Distance Reference::noise(const std::string& dtype) const {
  const auto json = metadata_object(dtype + "_noise");
  if (json.is_null()) return {};
  return {.loss = optional_number(json, "loss"),
          .logits = optional_number(json, "logits"),
          .losses_worst = optional_number(json, "losses_worst")};
}

std::map<std::string, GradientDistance> Reference::gradient_noise(const std::string& dtype) const {
  const std::string key = dtype + "_gradient_noise";
  std::map<std::string, GradientDistance> result;
  const auto noise = metadata_object(key);
  if (noise.is_null()) return result;
  for (const auto& [name, pair] : noise.items()) {
    const bool numbers =
        pair.is_array() && pair.size() == 2 && pair[0].is_number() && (pair[1].is_number() || pair[1].is_null());
    if (!numbers) {
      throw DataError("{}: {}: {}: {}, expected [distance, cosine]", file_.path().string(), key, name, pair.dump());
    }
    result[name] = {.distance = pair[0].get<double>(),
                    .cosine = pair[1].is_null() ? std::nullopt : std::optional(pair[1].get<double>())};
  }
  return result;
}

}  // namespace eft
