#include "media/image_processor.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/json.h"

namespace eft {
namespace {

using Keys = JsonKeys<ConfigError>;

constexpr int kBilinear = 2, kBicubic = 3;  // as PIL counts them

std::array<double, 3> three_numbers(const Keys& keys, const char* key, std::array<double, 3> otherwise) {
  const auto* value = keys.find(key);
  if (value == nullptr) return otherwise;
  if (!value->is_array() || value->size() != 3) keys.fail(key, "three numbers");
  std::array<double, 3> numbers{};
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(*value)[i].is_number()) keys.fail(key, "three numbers");
    numbers[i] = (*value)[i].get<double>();
  }
  return numbers;
}

Filter read_filter(const Keys& keys) {
  const std::int64_t number = keys.integer("resample", kBilinear);
  if (number != kBilinear && number != kBicubic) keys.fail("resample", "2 (bilinear) or 3 (bicubic)");
  return number == kBilinear ? Filter::bilinear : Filter::bicubic;
}

/// Steps that eft always makes.
void require_on(const Keys& keys, const char* key) {
  if (!keys.boolean(key, true)) keys.fail(key, "true");
}

PanAndScan read_pan_and_scan(const Keys& keys) {
  const PanAndScan usual;
  PanAndScan read{
      .on = keys.boolean("do_pan_and_scan", false),
      .min_crop_size = keys.integer("pan_and_scan_min_crop_size", usual.min_crop_size),
      .max_num_crops = keys.integer("pan_and_scan_max_num_crops", usual.max_num_crops),
      .min_ratio_to_activate = keys.number("pan_and_scan_min_ratio_to_activate", usual.min_ratio_to_activate)};
  if (read.min_crop_size < 1) keys.fail("pan_and_scan_min_crop_size", "a positive number");
  if (read.max_num_crops < 1 || read.max_num_crops > 64) keys.fail("pan_and_scan_max_num_crops", "1 to 64");
  return read;
}

/// As many places as the tower makes rows.
void check_tokens(const Keys& keys, std::int64_t tokens) {
  if (keys.integer("image_seq_length", tokens) == tokens) return;
  keys.fail("image_seq_length", fmt::format("{}, as mm_tokens_per_image of config.json has it", tokens).c_str());
}

ImageProcessor read_keys(const Keys& keys, std::int64_t image_size) {
  ImageProcessor processor;
  processor.width = processor.height = image_size;
  if (keys.find("size") != nullptr) {
    const Keys size = keys.object("size");
    processor.height = size.integer("height");
    processor.width = size.integer("width");
    if (processor.height != image_size || processor.width != image_size) {
      keys.fail("size", fmt::format("{0} x {0}, as vision_config has it", image_size).c_str());
    }
  }
  require_on(keys, "do_resize");
  require_on(keys, "do_rescale");
  if (keys.find("do_center_crop") != nullptr && keys.boolean("do_center_crop", false)) {
    keys.fail("do_center_crop", "false");
  }
  processor.filter = read_filter(keys);
  processor.rescale_factor = keys.number("rescale_factor", processor.rescale_factor);
  if (!(processor.rescale_factor > 0)) keys.fail("rescale_factor", "a positive number");
  processor.normalizes = keys.boolean("do_normalize", true);
  processor.mean = three_numbers(keys, "image_mean", processor.mean);
  processor.deviation = three_numbers(keys, "image_std", processor.deviation);
  if (std::ranges::any_of(processor.deviation, [](double x) { return !(x > 0); })) {
    keys.fail("image_std", "three positive numbers");
  }
  processor.pan_and_scan = read_pan_and_scan(keys);
  return processor;
}

/// What each level becomes in a channel, in f32 as torch computes it: rescaling and normalising are one step there.
std::array<float, 256> numbers_of_levels(const ImageProcessor& processor, std::size_t channel) {
  const auto scale = 1.0 / processor.rescale_factor;
  const auto mean = static_cast<float>(processor.mean[channel]) * static_cast<float>(scale);
  const auto deviation = static_cast<float>(processor.deviation[channel]) * static_cast<float>(scale);
  std::array<float, 256> numbers{};
  for (std::size_t v = 0; v < numbers.size(); ++v) {
    const auto level = static_cast<float>(v);
    numbers[v] =
        processor.normalizes ? (level - mean) / deviation : level * static_cast<float>(processor.rescale_factor);
  }
  return numbers;
}

}  // namespace

std::vector<CropArea> ImageProcessor::crops(std::int64_t picture_width, std::int64_t picture_height) const {
  const bool wide = picture_width >= picture_height;
  const std::int64_t longer = wide ? picture_width : picture_height, shorter = wide ? picture_height : picture_width;
  const double ratio = static_cast<double>(longer) / static_cast<double>(shorter);
  if (!pan_and_scan.on || ratio < pan_and_scan.min_ratio_to_activate) return {};
  std::int64_t count = std::min(longer / pan_and_scan.min_crop_size, static_cast<std::int64_t>(ratio + 0.5));
  count = std::min(std::max<std::int64_t>(count, 2), pan_and_scan.max_num_crops);
  const std::int64_t length = (longer + count - 1) / count;
  if (std::min(length, shorter) < pan_and_scan.min_crop_size) return {};
  std::vector<CropArea> areas;
  for (std::int64_t i = 0; i < count && i * length < longer; ++i) {
    const std::int64_t part = std::min(length, longer - i * length);
    areas.push_back(wide ? CropArea{i * length, 0, part, shorter} : CropArea{0, i * length, shorter, part});
  }
  return areas;
}

std::shared_ptr<const MediaItem> ImageProcessor::planned_item() const {
  auto item = std::make_shared<MediaItem>();
  item->extents = {3, height, width};
  return item;
}

std::shared_ptr<const MediaItem> ImageProcessor::item(const Picture& picture) const {
  const Picture sized = resample(picture, width, height, filter);
  const auto pixels = static_cast<std::size_t>(width * height);
  std::vector<float> values(3 * pixels);
  for (std::size_t c = 0; c < 3; ++c) {
    const std::array<float, 256> numbers = numbers_of_levels(*this, c);
    for (std::size_t i = 0; i < pixels; ++i) values[c * pixels + i] = numbers[sized.rgb[3 * i + c]];
  }
  auto item = std::make_shared<MediaItem>(*planned_item());
  item->values = std::move(values);
  return item;
}

ImageProcessor read_image_processor(const std::filesystem::path& folder, std::int64_t image_size, std::int64_t tokens) {
  ImageProcessor processor;
  processor.width = processor.height = image_size;
  for (const char* name : {"processor_config.json", "preprocessor_config.json"}) {  // the second counts
    const auto path = folder / name;
    if (!std::filesystem::exists(path)) continue;
    const auto json = read_json_object<ConfigError>(path);
    const Keys keys(json, path.string());
    check_tokens(keys, tokens);
    if (std::string_view(name) == "preprocessor_config.json") {
      processor = read_keys(keys, image_size);
    } else if (keys.find("image_processor") != nullptr) {
      const Keys inner = keys.object("image_processor");
      check_tokens(inner, tokens);
      processor = read_keys(inner, image_size);
    }
  }
  return processor;
}

}  // namespace eft
