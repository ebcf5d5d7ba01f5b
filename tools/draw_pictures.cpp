// draw_pictures FOLDER COUNT SEED [--shuffled]: draws small pictures of one object each into FOLDER/pictures and writes
// FOLDER/rows.jsonl, a question and its answer about each: what tools/see.sh trains and asks a model on. With
// --shuffled the answers belong to other pictures.
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr int kSide = 24;

struct Colour {
  const char* name;
  std::array<int, 3> levels;
};
constexpr std::array kColours = {Colour{"red", {220, 40, 40}}, Colour{"green", {40, 200, 60}},
                                 Colour{"blue", {50, 70, 230}}, Colour{"yellow", {230, 220, 50}},
                                 Colour{"white", {240, 240, 240}}};

/// Whether it covers a point in units of its radius: disc, square, cross, triangle.
using Shape = bool (*)(double x, double y);
constexpr std::array<Shape, 4> kShapes = {
    [](double x, double y) { return x * x + y * y <= 1; },
    [](double x, double y) { return std::abs(x) <= 0.85 && std::abs(y) <= 0.85; },
    [](double x, double y) {
      return std::min(std::abs(x), std::abs(y)) <= 0.3 && std::max(std::abs(x), std::abs(y)) <= 1;
    },
    [](double x, double y) { return y <= 0.8 && y >= -1 && std::abs(x) <= (y + 1) / 1.8; }};

/// A picture with one object somewhere on a dim, noisy ground.
std::vector<std::uint8_t> draw(const Colour& colour, const Shape shape, std::mt19937& random) {
  std::uniform_real_distribution<double> radius_of(7, 10), noise(-15, 15);
  const double radius = radius_of(random);
  std::uniform_real_distribution<double> place(radius, kSide - 1 - radius);
  const double cx = place(random), cy = place(random);
  std::vector<std::uint8_t> rgb;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) {
      const bool covered = shape((x - cx) / radius, (y - cy) / radius);
      for (const int level : colour.levels) {
        rgb.push_back(static_cast<std::uint8_t>(std::clamp((covered ? level : 40) + noise(random), 0.0, 255.0)));
      }
    }
  }
  return rgb;
}

bool write_png(const std::string& path, const std::vector<std::uint8_t>& rgb) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = image.height = kSide;
  image.format = PNG_FORMAT_RGB;
  return png_image_write_to_file(&image, path.c_str(), 0, rgb.data(), 0, nullptr) != 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 4) {
    std::fprintf(stderr, "draw_pictures FOLDER COUNT SEED [--shuffled]\n");
    return 2;
  }
  const std::string folder = arguments[1];
  std::mt19937 random(static_cast<std::uint32_t>(std::stoul(arguments[3])));
  std::filesystem::create_directories(folder + "/pictures");
  std::vector<std::string> answers;
  for (int i = 0; i < std::stoi(arguments[2]); ++i) {
    const Colour& colour = kColours[random() % kColours.size()];
    const Shape shape = kShapes[random() % kShapes.size()];
    answers.push_back(std::string("It is ") + colour.name + ".");
    if (!write_png(folder + "/pictures/" + std::to_string(i) + ".png", draw(colour, shape, random))) return 4;
  }
  if (count > 4 && std::string(arguments[4]) == "--shuffled") std::shuffle(answers.begin(), answers.end(), random);
  std::ofstream rows(folder + "/rows.jsonl");
  for (std::size_t i = 0; i < answers.size(); ++i) {
    rows << R"({"messages": [{"role": "user", "content": [{"type": "image", "path": "pictures/)" << i
         << R"(.png"}, {"type": "text", "text": "What colour is it?"}]}, {"role": "assistant", "content": ")"
         << answers[i] << "\"}]}\n";
  }
  return rows.flush() ? 0 : 4;
}
