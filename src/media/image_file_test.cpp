#include "media/image_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/json.h"
#include "media/image_processor.h"

namespace eft {
namespace {

namespace fs = std::filesystem;
const fs::path kPictures = "tests/golden/data/pictures";

/// A part of what tools/golden/pictures.py wrote.
const nlohmann::ordered_json& expected(const char* part) {
  static const nlohmann::ordered_json all = read_json_object<DataError>(kPictures / "pictures.json");
  return all.at(part);
}

/// As tools/golden/pictures.py sums levels.
std::uint32_t level_sum(const Picture& picture) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < picture.rgb.size(); ++i) {
    sum += picture.rgb[i] * static_cast<std::uint32_t>(1 + i % 251);
  }
  return sum;
}

std::string fault_of(const std::string& name, std::span<const std::byte> bytes, const ImageLimits& limits = {}) {
  try {
    decode_image(name, bytes, limits);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

TEST(ImageFile, levels_equal_torchvision) {
  EXPECT_GT(expected("read").size(), 20U);
  for (const auto& [name, wanted] : expected("read").items()) {
    const MappedFile file(kPictures / name);
    const ImageHeader header = read_image_header(name, file.bytes(), {});
    EXPECT_EQ(header.width, wanted["width"]) << name;
    EXPECT_EQ(header.height, wanted["height"]) << name;
    const Picture picture = decode_image(name, file.bytes(), {});
    EXPECT_EQ(picture.width, wanted["width"]) << name;
    EXPECT_EQ(picture.height, wanted["height"]) << name;
    EXPECT_EQ(level_sum(picture), wanted["levels"]) << name;
    EXPECT_EQ(level_sum(resample(picture, 37, 37, Filter::bilinear)), wanted["bilinear"]) << name;
    EXPECT_EQ(level_sum(resample(picture, 45, 29, Filter::bicubic)), wanted["bicubic"]) << name;
  }
}

TEST(ImageFile, transparency_is_told) {
  for (const char* name : {"alpha.png", "gray_alpha.png", "key.png", "palette_alpha.png", "alpha.webp"}) {
    EXPECT_TRUE(read_image_header(name, MappedFile(kPictures / name).bytes(), {}).transparency) << name;
  }
  EXPECT_FALSE(read_image_header("", MappedFile(kPictures / "plain.png").bytes(), {}).transparency);
}

TEST(ImageFile, what_cannot_be_read_says_why) {
  EXPECT_GT(expected("refused").size(), 3U);
  for (const std::string name : expected("refused")) {
    const std::string text = read_text(kPictures / name);
    const std::string fault = fault_of(name, std::as_bytes(std::span(text)));
    EXPECT_TRUE(fault.starts_with(name + ": ")) << name << " gives " << fault;
  }
}

TEST(ImageFile, every_shorter_file_is_refused) {
  for (const char* name : {"progressive.jpg", "plain.png", "lossy.webp"}) {
    const std::string text = read_text(kPictures / name);
    for (std::size_t size = 0; size + 24 < text.size(); size += 7) {
      EXPECT_NE(fault_of(name, std::as_bytes(std::span(text.data(), size))), "") << name << " of " << size << " bytes";
    }
  }
}

TEST(ImageFile, limits_hold) {
  const MappedFile file(kPictures / "plain.png");
  EXPECT_NE(fault_of("a", file.bytes(), {.pixels = 48 * 29 - 1}).find("media_max_pixels"), std::string::npos);
  EXPECT_NE(fault_of("a", file.bytes(), {.bytes = 10}).find("media_max_bytes"), std::string::npos);
  EXPECT_EQ(fault_of("a", file.bytes(), {.pixels = 48 * 29}), "");
}

TEST(ImageProcessor, crops_are_those_of_transformers) {
  ImageProcessor processor;
  EXPECT_TRUE(processor.crops(600, 300).empty());
  processor.pan_and_scan = {.on = true, .min_crop_size = 128, .max_num_crops = 4, .min_ratio_to_activate = 1.2};
  EXPECT_GT(expected("pan_and_scan").size(), 3U);
  for (const auto& wanted : expected("pan_and_scan")) {
    nlohmann::ordered_json areas = nlohmann::ordered_json::array();
    for (const CropArea& area : processor.crops(wanted["width"], wanted["height"])) {
      areas.push_back({area.x, area.y, area.width, area.height});
    }
    EXPECT_EQ(areas, wanted["areas"]) << wanted["width"] << " x " << wanted["height"];
  }
}

TEST(ImageProcessor, numbers_are_those_of_torch) {
  ImageProcessor processor;
  processor.width = 2;
  processor.height = 1;
  const auto item = processor.item({.width = 2, .height = 1, .rgb = {0, 127, 255, 255, 128, 3}});
  EXPECT_EQ(item->extents, (std::vector<std::int64_t>{3, 1, 2}));
  const auto number = [](float level) { return (level - 127.5F) / 127.5F; };
  EXPECT_EQ(std::get<std::vector<float>>(item->values),
            (std::vector<float>{-1, 1, number(127), number(128), 1, number(3)}));
}

}  // namespace
}  // namespace eft
