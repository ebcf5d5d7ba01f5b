#include "quant/bnb_4bit.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "base/parallel.h"

namespace eft {
namespace {

using Book = std::array<float, 16>;

constexpr std::int64_t kBlocksPerTask = 512;
constexpr float kSmallestScale = 1e-38F;  // what a block of zeros is divided by

constexpr Book kNf4 = {-1.0F,
                       -0.6961928009986877F,
                       -0.5250730514526367F,
                       -0.39491748809814453F,
                       -0.28444138169288635F,
                       -0.18477343022823334F,
                       -0.09105003625154495F,
                       0.0F,
                       0.07958029955625534F,
                       0.16093020141124725F,
                       0.24611230194568634F,
                       0.33791524171829224F,
                       0.44070982933044434F,
                       0.5626170039176941F,
                       0.7229568362236023F,
                       1.0F};

constexpr Book fp4_book() {
  Book book{};
  constexpr float kTwelfths[] = {0, 0.0625F, 8, 12, 4, 6, 2, 3};
  for (std::size_t i = 0; i < 8; ++i) {
    book[i] = kTwelfths[i] / 12.0F;
    book[i + 8] = -book[i];
  }
  return book;
}
constexpr Book kFp4 = fp4_book();

/// The values of both codes of a byte, for all bytes.
using PairTable = std::array<std::array<float, 2>, 256>;
constexpr PairTable pairs_of(const Book& book) {
  PairTable table{};
  for (std::size_t byte = 0; byte < table.size(); ++byte) table[byte] = {book[byte >> 4], book[byte & 15]};
  return table;
}

/// Finds the code nearest to a value in [-1, 1]; halfway between two values the lower one is taken.
class Nearest {
 public:
  explicit Nearest(const Book& book) {
    std::map<float, std::uint8_t> codes;  // by value; of fp4's two zeros the first
    for (std::size_t i = 0; i < book.size(); ++i) codes.emplace(book[i], static_cast<std::uint8_t>(i));
    std::size_t n = 0;
    float before = 0;
    for (const auto& [value, code] : codes) {
      if (n > 0) midpoints_[n - 1] = (before + value) / 2;
      codes_[n++] = code;
      before = value;
    }
    for (std::size_t b = 0; b < first_.size(); ++b) {
      const float edge = static_cast<float>(b) / kBuckets * 2 - 1 - 1e-6F;
      first_[b] = static_cast<std::uint8_t>(std::ranges::count_if(midpoints_, [&](float m) { return m < edge; }));
    }
  }

  std::uint8_t operator()(float v) const {
    const std::uint8_t i = first_[static_cast<std::size_t>((v + 1) * (kBuckets / 2))];
    return codes_[i + static_cast<std::size_t>(v > midpoints_[i])];
  }

 private:
  static constexpr float kBuckets = 1024;  // narrower than any two midpoints are apart

  std::array<std::uint8_t, 16> codes_{};
  std::array<float, 16> midpoints_{2, 2, 2, 2, 2, 2, 2, 2,
                                   2, 2, 2, 2, 2, 2, 2, 2};  // beyond the last: above all values
  std::array<std::uint8_t, static_cast<std::size_t>(kBuckets) + 1> first_{};
};

/// Packs the block of `count` values from element `at` on, which is even. Returns its scale.
template <class T>
float pack_block(const Nearest& nearest, const T* from, std::int64_t count, std::uint8_t* to) {
  float values[kBnbBlock + 1];
  float largest = 0, probe = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    values[i] = static_cast<float>(from[i]);
    largest = std::max(largest, std::fabs(values[i]));
    probe += values[i] * 0.0F;  // not a number when one is infinite or none
  }
  if (probe != 0) throw DataError("a weight is infinite or not a number, and so it cannot be held in 4 bits");
  const float factor = 1.0F / std::max(largest, kSmallestScale);
  for (std::int64_t i = 0; i < count; ++i) values[i] = std::clamp(values[i] * factor, -1.0F, 1.0F);
  if (count % 2 == 1) values[count] = 0;
  for (std::int64_t i = 0; i < count; i += 2) {
    to[i / 2] = static_cast<std::uint8_t>(nearest(values[i]) << 4 | nearest(values[i + 1]));
  }
  return largest;
}

/// Packs all blocks; their scales go to `scales`.
template <class T>
void pack_blocks(const Nearest& nearest, const Tensor& values, Tensor& codes, std::vector<float>& scales) {
  const T* const from = values.data<T>();
  auto* const to = static_cast<std::uint8_t*>(codes.raw());
  parallel_for(static_cast<std::int64_t>(scales.size()), kBlocksPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t at = b * kBnbBlock;
      const std::int64_t count = std::min(kBnbBlock, values.elements() - at);
      scales[static_cast<std::size_t>(b)] = pack_block(nearest, from + at, count, to + at / 2);
    }
  });
}

/// The scales in codes: their differences from the mean, in blocks, by the nearest value of the scale book.
void pack_scales(const std::vector<float>& scales, PackedTensor& packed) {
  double sum = 0;
  for (const float scale : scales) sum += scale;
  packed.offset = scales.empty() ? 0 : static_cast<float>(sum / static_cast<double>(scales.size()));
  const auto& book = scale_book();
  std::memcpy(packed.book.raw(), book.data(), sizeof book);
  std::array<float, 255> midpoints{};
  for (std::size_t i = 0; i < midpoints.size(); ++i) midpoints[i] = (book[i] + book[i + 1]) / 2;
  auto* const codes = static_cast<std::uint8_t*>(packed.scales.raw());
  for (std::size_t begin = 0; begin < scales.size(); begin += kBnbScaleBlock) {
    const std::size_t end = std::min(scales.size(), begin + kBnbScaleBlock);
    float largest = 0;
    for (std::size_t i = begin; i < end; ++i) largest = std::max(largest, std::fabs(scales[i] - packed.offset));
    packed.outer_scales.data<float>()[begin / kBnbScaleBlock] = largest;
    const float factor = 1.0F / std::max(largest, kSmallestScale);
    for (std::size_t i = begin; i < end; ++i) {
      const float v = std::clamp((scales[i] - packed.offset) * factor, -1.0F, 1.0F);
      codes[i] = static_cast<std::uint8_t>(std::ranges::lower_bound(midpoints, v) - midpoints.begin());
    }
  }
}

/// The shapes of all tensors, without their contents.
PackedTensor made(const PackedFormat& format, const Tensor& values, const Storage& storage, DType dtype, Pool& pool,
                  Category category) {
  const std::int64_t blocks = (values.elements() + kBnbBlock - 1) / kBnbBlock;
  const auto tensor = [&](DType type, std::int64_t size) { return Tensor(pool, category, type, {size}); };
  PackedTensor packed{.format = &format, .dtype = dtype, .shape = values.shape(), .block = {1, kBnbBlock}};
  packed.codes = tensor(DType::u8, (values.elements() + 1) / 2);
  packed.scales = tensor(storage.pack_scales ? DType::u8 : DType::f32, blocks);
  if (storage.pack_scales) {
    packed.outer_scales = tensor(DType::f32, (blocks + kBnbScaleBlock - 1) / kBnbScaleBlock);
    packed.book = tensor(DType::f32, static_cast<std::int64_t>(scale_book().size()));
  }
  return packed;
}

PackedTensor pack_as(const PackedFormat& format, const Tensor& values, const Storage& storage, DType dtype, Pool& pool,
                     Category category) {
  PackedTensor packed = made(format, values, storage, dtype, pool, category);
  if (pool.device() == Device::meta) return packed;
  const Nearest nearest(code_book(format));
  std::vector<float> scales(static_cast<std::size_t>(packed.scales.elements()));
  values.dtype() == DType::bf16 ? pack_blocks<BFloat16>(nearest, values, packed.codes, scales)
                                : pack_blocks<float>(nearest, values, packed.codes, scales);
  if (storage.pack_scales) {
    pack_scales(scales, packed);
  } else {
    std::ranges::copy(scales, packed.scales.data<float>());
  }
  return packed;
}

float scale_of(const PackedTensor& packed, std::int64_t block) {
  if (!packed.book) return packed.scales.data<float>()[block];
  const std::uint8_t code = static_cast<const std::uint8_t*>(packed.scales.raw())[block];
  return packed.book.data<float>()[code] * packed.outer_scales.data<float>()[block / kBnbScaleBlock] + packed.offset;
}

/// Values [at, at + count) of the flat rows, all of one block.
void unpack_block(const PairTable& pairs, const std::uint8_t* bytes, std::int64_t at, std::int64_t count, float scale,
                  float* to) {
  std::int64_t i = 0;
  if (at % 2 == 1 && count > 0) to[i++] = pairs[bytes[at / 2]][1];
  const std::uint8_t* byte = bytes + (at + i) / 2;
  for (; i + 1 < count; i += 2) std::memcpy(to + i, pairs[*byte++].data(), sizeof pairs[0]);
  if (i < count) to[i] = pairs[*byte][0];
  for (i = 0; i < count; ++i) to[i] *= scale;
}

void unpack_as(const PairTable& pairs, const PackedTensor& packed, std::int64_t row, std::int64_t column,
               std::int64_t count, float* to) {
  const auto* const bytes = static_cast<const std::uint8_t*>(packed.codes.raw());
  const std::int64_t size = packed.block[1];
  std::int64_t at = row * packed.shape.columns() + column;
  while (count > 0) {
    const std::int64_t part = std::min(count, size - at % size);
    unpack_block(pairs, bytes, at, part, scale_of(packed, at / size), to);
    at += part;
    to += part;
    count -= part;
  }
}

constexpr PairTable kNf4Pairs = pairs_of(kNf4);
constexpr PairTable kFp4Pairs = pairs_of(kFp4);

/// The sorted midpoints of rising numbers of steps between powers of ten, of both signs, and 0 and 1. To the last bit
/// as torch.linspace makes them.
std::array<float, 256> make_scale_book() {
  constexpr float kFirst = 0.1F;
  std::vector<float> values{0.0F, 1.0F};
  for (int i = 0; i < 7; ++i) {
    const int edges = (1 << i) + 1;
    const float step = (1.0F - kFirst) / static_cast<float>(edges - 1);
    const auto edge = [&](int k) {
      return k < edges / 2 ? std::fma(step, static_cast<float>(k), kFirst)
                           : std::fma(-step, static_cast<float>(edges - 1 - k), 1.0F);
    };
    const auto power = static_cast<float>(std::pow(10.0, i - 6));
    for (int k = 0; k + 1 < edges; ++k) {
      const float value = (edge(k) + edge(k + 1)) / 2.0F * power;
      values.insert(values.end(), {value, -value});
    }
  }
  std::ranges::sort(values);
  std::array<float, 256> book{};
  std::ranges::copy(values, book.begin());
  return book;
}

}  // namespace

const std::array<float, 16>& code_book(const PackedFormat& format) {
  expect(&format == &nf4 || &format == &fp4, "a format of 16 codes");
  return &format == &nf4 ? kNf4 : kFp4;
}

const std::array<float, 256>& scale_book() {
  static const std::array<float, 256> book = make_scale_book();
  return book;
}

constinit const PackedFormat nf4{
    .name = "nf4",
    .unpack = [](const PackedTensor& p, std::int64_t row, std::int64_t column, std::int64_t count,
                 float* to) { unpack_as(kNf4Pairs, p, row, column, count, to); },
    .pack = [](const Tensor& values, const Storage& storage, DType dtype, Pool& pool,
               Category category) { return pack_as(nf4, values, storage, dtype, pool, category); }};

constinit const PackedFormat fp4{
    .name = "fp4",
    .unpack = [](const PackedTensor& p, std::int64_t row, std::int64_t column, std::int64_t count,
                 float* to) { unpack_as(kFp4Pairs, p, row, column, count, to); },
    .pack = [](const Tensor& values, const Storage& storage, DType dtype, Pool& pool,
               Category category) { return pack_as(fp4, values, storage, dtype, pool, category); }};

}  // namespace eft
