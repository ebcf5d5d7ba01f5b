#include <cstring>

#include "base/parallel.h"
#include "ops/gather_rows/gather_rows.h"

namespace eft {
namespace {

constexpr std::int64_t kElementsPerTask = 1 << 15;

void forward(Stream, ConstView x, std::span<const std::int32_t> rows, View y) {
  const auto bytes = static_cast<std::size_t>(x.shape[1]) * size_of(x.dtype);
  const char* from = x.as<char>();
  char* to = y.as<char>();
  parallel_for(y.shape[0], kElementsPerTask / (x.shape[1] + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const auto row = static_cast<std::size_t>(rows[static_cast<std::size_t>(i)]);
      std::memcpy(to + static_cast<std::size_t>(i) * bytes, from + row * bytes, bytes);
    }
  });
}

void backward(Stream, ConstView dy, std::span<const std::int32_t> rows, GradView dx) {
  const std::int64_t columns = dy.shape[1];
  if (!dx.accumulate) {
    std::memset(dx.view.data, 0, static_cast<std::size_t>(dx.view.shape.elements()) * size_of(dx.view.dtype));
  }
  dispatch(dy.dtype, [&](auto tag) {
    using T = decltype(tag);
    using A = Accumulator<T>;
    parallel_for(dy.shape[0], kElementsPerTask / (columns + 1) + 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const T* from = dy.as<T>() + i * columns;
        T* to = dx.view.as<T>() + rows[static_cast<std::size_t>(i)] * columns;
        for (std::int64_t j = 0; j < columns; ++j) to[j] = static_cast<T>(static_cast<A>(to[j]) + static_cast<A>(from[j]));
      }
    });
  });
}

const bool registered = gather_rows_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
