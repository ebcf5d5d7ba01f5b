#include "media/resample.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace eft {
namespace {

constexpr std::int64_t kChannels = 3;
constexpr int kMostPrecision = 22;

/// What a level counts that lies x pixels of the result away.
double weight(Filter filter, double x) {
  x = std::abs(x);
  if (filter == Filter::bilinear) return x < 1 ? 1 - x : 0;
  constexpr double a = -0.5;
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/// For each position of the result along an axis, which positions of the source count how much.
struct Taps {
  std::vector<std::int64_t> first;  ///< of the source, by position of the result
  std::vector<std::int64_t> begin;  ///< in weights; one more than positions
  std::vector<std::int16_t> weights;
  int precision = 0;  ///< weights are multiples of 2^-precision

  std::int32_t half() const { return std::int32_t{1} << (precision - 1); }
};

/// As torch does: in double, in this order.
Taps make_taps(std::int64_t from, std::int64_t to, Filter filter) {
  const double scale = static_cast<double>(from) / static_cast<double>(to);
  const double stretch = std::max(scale, 1.0);
  const double support = (filter == Filter::bilinear ? 1 : 2) * stretch;
  const double inverse = scale >= 1 ? 1 / scale : 1;
  Taps taps;
  std::vector<double> exact;
  double largest = 0;
  taps.begin.push_back(0);
  for (std::int64_t i = 0; i < to; ++i) {
    const double centre = scale * (static_cast<double>(i) + 0.5);
    const auto low = std::max<std::int64_t>(static_cast<std::int64_t>(centre - support + 0.5), 0);
    const auto high = std::min<std::int64_t>(static_cast<std::int64_t>(centre + support + 0.5), from);
    const std::size_t at = exact.size();
    double total = 0;
    for (std::int64_t j = low; j < high; ++j) {
      exact.push_back(weight(filter, (static_cast<double>(j) - centre + 0.5) * inverse));
      total += exact.back();
    }
    for (std::size_t j = at; j < exact.size(); ++j) {
      if (total != 0) exact[j] /= total;
      largest = std::max(largest, exact[j]);
    }
    taps.first.push_back(low);
    taps.begin.push_back(static_cast<std::int64_t>(exact.size()));
  }
  while (taps.precision < kMostPrecision &&
         static_cast<std::int64_t>(0.5 + largest * static_cast<double>(std::int64_t{1} << (taps.precision + 1))) <
             (1 << 15)) {
    ++taps.precision;
  }
  const auto unit = static_cast<double>(std::int64_t{1} << taps.precision);
  for (const double w : exact) {
    taps.weights.push_back(static_cast<std::int16_t>(w < 0 ? w * unit - 0.5 : w * unit + 0.5));
  }
  return taps;
}

std::uint8_t level(std::int32_t sum, int precision) {
  return static_cast<std::uint8_t>(std::clamp(sum >> precision, 0, 255));
}

Picture resample_rows(const Picture& picture, std::int64_t width, Filter filter) {
  const Taps taps = make_taps(picture.width, width, filter);
  Picture result{width, picture.height, {}};
  result.rgb.resize(static_cast<std::size_t>(width * picture.height * kChannels));
  std::uint8_t* to = result.rgb.data();
  for (std::int64_t y = 0; y < picture.height; ++y) {
    const std::uint8_t* row = picture.rgb.data() + y * picture.width * kChannels;
    for (std::int64_t x = 0; x < width; ++x, to += kChannels) {
      std::int32_t red = taps.half(), green = taps.half(), blue = taps.half();
      const auto at = static_cast<std::size_t>(x);
      const std::uint8_t* from = row + taps.first[at] * kChannels;
      for (std::int64_t j = taps.begin[at]; j < taps.begin[at + 1]; ++j, from += kChannels) {
        const std::int32_t w = taps.weights[static_cast<std::size_t>(j)];
        red += w * from[0];
        green += w * from[1];
        blue += w * from[2];
      }
      to[0] = level(red, taps.precision);
      to[1] = level(green, taps.precision);
      to[2] = level(blue, taps.precision);
    }
  }
  return result;
}

Picture resample_columns(const Picture& picture, std::int64_t height, Filter filter) {
  const Taps taps = make_taps(picture.height, height, filter);
  const std::int64_t stride = picture.width * kChannels;
  Picture result{picture.width, height, {}};
  result.rgb.resize(static_cast<std::size_t>(stride * height));
  std::vector<std::int32_t> sums(static_cast<std::size_t>(stride));
  for (std::int64_t y = 0; y < height; ++y) {
    const auto at = static_cast<std::size_t>(y);
    std::fill(sums.begin(), sums.end(), taps.half());
    const std::uint8_t* from = picture.rgb.data() + taps.first[at] * stride;
    for (std::int64_t j = taps.begin[at]; j < taps.begin[at + 1]; ++j, from += stride) {
      const std::int32_t w = taps.weights[static_cast<std::size_t>(j)];
      for (std::int64_t i = 0; i < stride; ++i) sums[static_cast<std::size_t>(i)] += w * from[i];
    }
    std::uint8_t* to = result.rgb.data() + y * stride;
    for (std::int64_t i = 0; i < stride; ++i) to[i] = level(sums[static_cast<std::size_t>(i)], taps.precision);
  }
  return result;
}

}  // namespace

Picture resample(const Picture& picture, std::int64_t width, std::int64_t height, Filter filter) {
  expect(width > 0 && height > 0 && !picture.rgb.empty(), "sizes of a picture");
  Picture result = width == picture.width ? picture : resample_rows(picture, width, filter);
  return height == result.height ? result : resample_columns(result, height, filter);
}

Picture crop(const Picture& picture, std::int64_t x, std::int64_t y, std::int64_t width, std::int64_t height) {
  Picture part{std::min(width, picture.width - x), std::min(height, picture.height - y), {}};
  expect(x >= 0 && y >= 0 && part.width > 0 && part.height > 0, "a part inside its picture");
  part.rgb.reserve(static_cast<std::size_t>(part.width * part.height * kChannels));
  for (std::int64_t row = y; row < y + part.height; ++row) {
    const auto begin = picture.rgb.begin() + (row * picture.width + x) * kChannels;
    part.rgb.insert(part.rgb.end(), begin, begin + part.width * kChannels);
  }
  return part;
}

}  // namespace eft
