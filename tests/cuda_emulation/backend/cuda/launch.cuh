// The emulation's twin of src/backend/cuda/launch.cuh.
#pragma once

#include <tuple>
#include <type_traits>

#include "backend/cuda/runtime.cuh"
#include "emulator.h"

namespace eft::cuda {

struct Grid {
  dim3 blocks;
  unsigned threads;
  std::size_t shared_bytes = 0;
};

/// One parameter of a kernel, whose padding can be cleared: old addresses may stand there.
template <class T>
struct Argument {
  T value;
};

template <class... Parameters, class... Arguments>
void launch(std::string_view op, const Shape& shape, cudaStream_t, const Grid& grid, void (*kernel)(Parameters...),
            const Arguments&... arguments) {
  static_assert((std::is_trivially_copyable_v<Parameters> && ...), "arguments travel as bytes");
  const emulation::Launch what{.name = fmt::format("{} {}", op, to_string(shape)),
                               .blocks = {grid.blocks.x, grid.blocks.y, grid.blocks.z},
                               .threads = {grid.threads, 1, 1},
                               .shared_bytes = grid.shared_bytes};
  if (static_cast<std::int64_t>(grid.shared_bytes) > runtime().shared_bytes) {
    throw DeviceError("{}: {} bytes of shared memory", what.name, grid.shared_bytes);
  }
  const std::tuple<Parameters...> copies(static_cast<Parameters>(arguments)...);
  const auto check_one = [&](auto argument) {
    __builtin_clear_padding(&argument);
    emulation::check_argument(what.name, &argument, sizeof argument);
  };
  std::apply([&](const auto&... each) { (check_one(Argument<std::decay_t<decltype(each)>>{each}), ...); }, copies);
  emulation::submit(emulation::Work::kernel,
                    [=] { emulation::run(what, [&] { std::apply(kernel, copies); }); });
}

template <class T>
T& block_shared() {
  static const char key = 0;
  return *static_cast<T*>(emulation::shared_memory(&key, sizeof(T)));
}

template <class T>
T* dynamic_shared() {
  return static_cast<T*>(emulation::dynamic_shared_memory());
}

}  // namespace eft::cuda
