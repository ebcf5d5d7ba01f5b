#include "quant/e2m1_blocks.h"

#include <algorithm>
#include <cstring>

#include "base/parallel.h"
#include "quant/small_floats.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsPerTask = 8;
constexpr float kLargest = 6;

constexpr auto kPairs = [] {
  std::array<std::array<float, 2>, 256> pairs{};
  for (std::size_t byte = 0; byte < pairs.size(); ++byte)
    pairs[byte] = {kE2m1Values[byte & 15], kE2m1Values[byte >> 4]};
  return pairs;
}();

/// Values of a row; scale_of(run) gives the f32 scale of a run of the row.
template <class ScaleOf>
void unpack_row(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, ScaleOf scale_of,
                float* to) {
  const std::int64_t run_size = packed.block[1];
  const auto* const bytes = static_cast<const std::uint8_t*>(packed.codes.raw()) + row * packed.shape.columns() / 2;
  for (std::int64_t i = 0; i < count;) {
    const std::int64_t run = (column + i) / run_size;
    const std::int64_t end = std::min(count, (run + 1) * run_size - column), begin = i;
    if ((column + i) % 2 == 1) {
      to[i] = kPairs[bytes[(column + i) / 2]][1];
      ++i;
    }
    for (; i + 1 < end; i += 2) std::memcpy(to + i, kPairs[bytes[(column + i) / 2]].data(), sizeof kPairs[0]);
    if (i < end) {
      to[i] = kPairs[bytes[(column + i) / 2]][0];
      ++i;
    }
    const float scale = scale_of(run);
    for (std::int64_t k = begin; k < end; ++k) to[k] *= scale;
  }
}

const std::uint8_t* scales_of_row(const PackedTensor& packed, std::int64_t row) {
  return static_cast<const std::uint8_t*>(packed.scales.raw()) + row * (packed.shape.columns() / packed.block[1]);
}

/// The common scale of a row's part.
float outer_of(const PackedTensor& packed, std::int64_t row) {
  return packed.outer_scales.data<float>()[row * packed.outer_scales.elements() / packed.shape.rows()];
}

void unpack_mxfp4(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  const std::uint8_t* const scales = scales_of_row(packed, row);
  unpack_row(
      packed, row, column, count, [&](std::int64_t run) { return e8m0_value(scales[run]); }, to);
}

void unpack_nvfp4(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count, float* to) {
  const std::uint8_t* const scales = scales_of_row(packed, row);
  const float outer = outer_of(packed, row);
  unpack_row(
      packed, row, column, count, [&](std::int64_t run) { return kE4m3Values[scales[run]] * outer; }, to);
}

void unpack_nvfp4_divided(const PackedTensor& packed, std::int64_t row, std::int64_t column, std::int64_t count,
                          float* to) {
  const std::uint8_t* const scales = scales_of_row(packed, row);
  const float outer = outer_of(packed, row);
  unpack_row(
      packed, row, column, count, [&](std::int64_t run) { return kE4m3Values[scales[run]] / outer; }, to);
}

template <class T>
float largest_of(const T* from, std::int64_t count) {
  float largest = 0, probe = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    largest = std::max(largest, std::fabs(static_cast<float>(from[i])));
    probe += static_cast<float>(from[i]) * 0.0F;
  }
  if (probe != 0) throw DataError("a weight is infinite or not a number, and so it cannot be held in 4 bits");
  return largest;
}

/// Codes of `count` values times `factor`. Returns the squared error of the values they stand for, at `scale`.
template <class T>
double pack_run(const T* from, std::int64_t count, float factor, float scale, std::uint8_t* to) {
  double error = 0;
  for (std::int64_t i = 0; i < count; i += 2) {
    std::uint8_t codes[2];
    for (std::int64_t k = 0; k < 2; ++k) {
      const auto value = static_cast<float>(from[i + k]);
      codes[k] = e2m1_code(std::clamp(value * factor, -kLargest, kLargest));
      const double distance = static_cast<double>(kE2m1Values[codes[k]]) * scale - value;
      error += distance * distance;
    }
    to[i / 2] = static_cast<std::uint8_t>(codes[0] | codes[1] << 4);
  }
  return error;
}

template <class T>
void pack_mx_row(const T* from, std::int64_t columns, std::uint8_t* codes, std::uint8_t* scales) {
  for (std::int64_t run = 0; run < columns / kMxRun; ++run) {
    const T* const values = from + run * kMxRun;
    const float largest = largest_of(values, kMxRun);
    int exponent = largest > 0 ? static_cast<int>(std::ceil(std::log2(static_cast<double>(largest) / kLargest))) : -127;
    exponent = std::clamp(exponent, -126, 127);
    std::uint8_t trial[kMxRun / 2];
    std::uint8_t* const to = codes + run * kMxRun / 2;
    const auto pack_at = [&](int e, std::uint8_t* out) {
      return pack_run(values, kMxRun, std::ldexp(1.0F, -e), std::ldexp(1.0F, e), out);
    };
    const double error = pack_at(exponent, to);
    if (exponent > -126 && pack_at(exponent - 1, trial) < error) {
      std::memcpy(to, trial, sizeof trial);
      --exponent;
    }
    scales[run] = static_cast<std::uint8_t>(exponent + 127);
  }
}

template <class T>
void pack_nv_row(const T* from, std::int64_t columns, float outer, std::uint8_t* codes, std::uint8_t* scales) {
  for (std::int64_t run = 0; run < columns / kNvRun; ++run) {
    const T* const values = from + run * kNvRun;
    const float wanted = outer > 0 ? largest_of(values, kNvRun) / kLargest / outer : 0;
    scales[run] = e4m3_code(std::clamp(wanted, 0x1p-6F, 448.0F));
    const float scale = kE4m3Values[scales[run]];
    pack_run(values, kNvRun, outer > 0 ? 1.0F / outer / scale : 0, scale * outer, codes + run * kNvRun / 2);
  }
}

/// Calls body(values in their type).
template <class Body>
void on_values(const Tensor& values, Body body) {
  values.dtype() == DType::bf16 ? body(static_cast<const BFloat16*>(values.raw()))
                                : body(static_cast<const float*>(values.raw()));
}

PackedTensor made(const PackedFormat& format, const Tensor& values, std::int64_t run, DType dtype, Pool& pool,
                  Category category) {
  const Shape& shape = values.shape();
  if (shape.columns() % run != 0) {
    throw DataError("{}: rows of {} values, expected a multiple of {}", format.name, shape.columns(), run);
  }
  PackedTensor packed{.format = &format, .dtype = dtype, .shape = shape};
  packed.codes = Tensor(pool, category, DType::u8, {shape.rows(), shape.columns() / 2});
  packed.scales = Tensor(pool, category, DType::u8, {shape.rows(), shape.columns() / run});
  packed.block = {1, run};
  return packed;
}

PackedTensor pack_mxfp4(const Tensor& values, const Storage&, DType dtype, Pool& pool, Category category) {
  PackedTensor packed = made(mxfp4, values, kMxRun, dtype, pool, category);
  if (pool.device() == Device::meta) return packed;
  const std::int64_t columns = values.shape().columns();
  auto* const codes = static_cast<std::uint8_t*>(packed.codes.raw());
  auto* const scales = static_cast<std::uint8_t*>(packed.scales.raw());
  on_values(values, [&](const auto* from) {
    parallel_for(values.shape().rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        pack_mx_row(from + r * columns, columns, codes + r * columns / 2, scales + r * (columns / kMxRun));
      }
    });
  });
  return packed;
}

PackedTensor pack_nvfp4(const Tensor& values, const Storage&, DType dtype, Pool& pool, Category category) {
  PackedTensor packed = made(nvfp4, values, kNvRun, dtype, pool, category);
  const Shape& shape = values.shape();
  const std::int64_t groups = shape.rank() == 3 ? shape[0] : 1, columns = shape.columns();
  packed.outer_scales = Tensor(pool, category, DType::f32, {groups});
  if (pool.device() == Device::meta) return packed;
  auto* const codes = static_cast<std::uint8_t*>(packed.codes.raw());
  auto* const scales = static_cast<std::uint8_t*>(packed.scales.raw());
  float* const outer = packed.outer_scales.data<float>();
  on_values(values, [&](const auto* from) {
    const std::int64_t size = shape.elements() / groups;
    for (std::int64_t g = 0; g < groups; ++g) outer[g] = largest_of(from + g * size, size) / (448.0F * kLargest);
    parallel_for(shape.rows(), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t r = begin; r < end; ++r) {
        pack_nv_row(from + r * columns, columns, outer_of(packed, r), codes + r * columns / 2,
                    scales + r * (columns / kNvRun));
      }
    });
  });
  return packed;
}

}  // namespace

constinit const PackedFormat mxfp4{.name = "mxfp4", .unpack = unpack_mxfp4, .pack = pack_mxfp4};
constinit const PackedFormat nvfp4{.name = "nvfp4", .unpack = unpack_nvfp4, .pack = pack_nvfp4};
constinit const PackedFormat nvfp4_divided{.name = "nvfp4", .unpack = unpack_nvfp4_divided, .pack = nullptr};

}  // namespace eft
