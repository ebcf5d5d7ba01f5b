#include <algorithm>

#include "backend/cpu/grouped_gemm.h"
#include "base/parallel.h"
#include "ops/grouped_low_rank/grouped_low_rank.h"
#include "ops/scale/scale.h"

namespace eft {
namespace {

constexpr std::int64_t kTile = 32;  // of both axes of a transposition: its lines stay in the first cache

cpu::Groups groups_of(ConstView offsets) { return {offsets.as<std::int32_t>(), offsets.shape[0] - 1}; }

void multiply(View view, double factor) { scale_kernels.find(Device::cpu)->forward({}, view, {}, factor, view); }

/// to[j, i] = from[i, j], added up when `accumulate`. from: [rows, columns].
template <class T>
void transpose(const T* from, std::int64_t rows, std::int64_t columns, T* to, bool accumulate) {
  parallel_for(rows, 16 * kTile, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t top = begin; top < end; top += kTile) {
      const std::int64_t bottom = std::min(end, top + kTile);
      for (std::int64_t left = 0; left < columns; left += kTile) {
        const std::int64_t right = std::min(columns, left + kTile);
        for (std::int64_t j = left; j < right; ++j) {
          T* line = to + j * rows;
          for (std::int64_t i = top; i < bottom; ++i) {
            const T value = from[i * columns + j];
            line[i] = accumulate
                          ? static_cast<T>(static_cast<Accumulator<T>>(line[i]) + static_cast<Accumulator<T>>(value))
                          : value;
          }
        }
      }
    }
  });
}

/// stack[g, o, ρ] = b[o, ρ·groups + g].
void stack_groups(ConstView b, View stack) {
  const std::int64_t groups = stack.shape[0];
  const std::int64_t lines = stack.shape[1] * stack.shape[2];
  dispatch(b.dtype, [&](auto tag) {
    using T = decltype(tag);
    transpose(b.as<T>(), lines, groups, stack.as<T>(), false);
  });
}

/// The way back: db[o, ρ·groups + g] = dstack[g, o, ρ].
void unstack_groups(View dstack, GradView db) {
  const std::int64_t groups = dstack.shape[0];
  const std::int64_t lines = dstack.shape[1] * dstack.shape[2];
  dispatch(dstack.dtype, [&](auto tag) {
    using T = decltype(tag);
    transpose(dstack.as<T>(), groups, lines, db.view.as<T>(), db.accumulate);
  });
}

/// a as [groups, rank, in].
template <class V>
V by_group(V a, std::int64_t groups) {
  a.shape = {groups, a.shape[0] / groups, a.shape[1]};
  return a;
}

void forward(Stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, View stack, View inner,
             View y) {
  const cpu::Groups groups = groups_of(offsets);
  stack_groups(b, stack);
  cpu::grouped_gemm(groups, x, by_group(a, groups.count), false, inner, false);
  multiply(inner, scale);
  cpu::grouped_gemm(groups, inner, stack, false, y, true);
}

void backward(Stream, double scale, ConstView x, ConstView a, ConstView b, ConstView offsets, ConstView inner,
              ConstView dy, View stack, View dstack, View dinner, GradView dx, GradView da, GradView db) {
  const cpu::Groups groups = groups_of(offsets);
  if (db) {
    cpu::grouped_gemm_weight(groups, dy, inner, dstack, false);
    unstack_groups(dstack, db);
  }
  stack_groups(b, stack);
  cpu::grouped_gemm(groups, dy, stack, true, dinner, false);
  multiply(dinner, scale);
  if (da) cpu::grouped_gemm_weight(groups, dinner, x, by_group(da.view, groups.count), da.accumulate);
  if (dx) cpu::grouped_gemm(groups, dinner, by_group(a, groups.count), true, dx.view, dx.accumulate);
}

const bool registered = grouped_low_rank_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
