#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "base/parallel.h"
#include "ops/embedding/embedding.h"

namespace eft {
namespace {

constexpr std::int64_t kRowsPerTask = 32;
constexpr std::int64_t kBytesPerTask = 1 << 20;

template <class From, class To>
void copy_row(const From* from, Accumulator<To> factor, To* to, std::int64_t columns) {
  for (std::int64_t i = 0; i < columns; ++i) to[i] = static_cast<To>(static_cast<Accumulator<To>>(from[i]) * factor);
}

/// y[row] = scale·row_of(ids[row]); row_of gives the values of a row of the table.
template <class RowOf>
void copy_rows(std::span<const std::int32_t> ids, double scale, View y, RowOf row_of) {
  const std::int64_t columns = y.shape[1];
  dispatch(y.dtype, [&](auto tag) {
    using To = decltype(tag);
    parallel_for(static_cast<std::int64_t>(ids.size()), kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t row = begin; row < end; ++row) {
        copy_row(row_of(ids[static_cast<std::size_t>(row)]), static_cast<Accumulator<To>>(scale),
                 y.as<To>() + row * columns, columns);
      }
    });
  });
}

void forward(Stream, const WeightView& table, std::span<const std::int32_t> ids, double scale, View y) {
  const std::int64_t columns = table.shape[1];
  if (table.packed) {
    return copy_rows(ids, scale, y, [&](std::int64_t id) {
      thread_local std::vector<float> values;
      values.resize(static_cast<std::size_t>(columns));
      unpack(table, id, 0, columns, values.data());
      return static_cast<const float*>(values.data());
    });
  }
  dispatch(table.dtype, [&](auto tag) {
    const auto* const rows = table.data.as<decltype(tag)>();
    copy_rows(ids, scale, y, [&](std::int64_t id) { return rows + id * columns; });
  });
}

/// Row numbers ordered by id, equal ids in order of position, without those of `padding_id`.
std::vector<std::int32_t> rows_by_id(std::span<const std::int32_t> ids, std::int32_t padding_id) {
  std::vector<std::int32_t> rows(ids.size());
  std::iota(rows.begin(), rows.end(), 0);
  std::erase_if(rows, [&](std::int32_t row) { return ids[static_cast<std::size_t>(row)] == padding_id; });
  std::ranges::stable_sort(rows, {}, [&](std::int32_t row) { return ids[static_cast<std::size_t>(row)]; });
  return rows;
}

void clear(View view) {
  const std::int64_t bytes = view.shape.elements() * static_cast<std::int64_t>(size_of(view.dtype));
  parallel_for(bytes, kBytesPerTask, [&](std::int64_t begin, std::int64_t end) {
    std::memset(view.as<char>() + begin, 0, static_cast<std::size_t>(end - begin));
  });
}

void backward(Stream, ConstView dy, std::span<const std::int32_t> ids, double scale, std::int32_t padding_id,
              GradView dtable) {
  if (!dtable.accumulate) clear(dtable.view);
  const std::vector<std::int32_t> rows = rows_by_id(ids, padding_id);
  std::vector<std::size_t> firsts;  // where each run of one id begins
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i == 0 || ids[static_cast<std::size_t>(rows[i])] != ids[static_cast<std::size_t>(rows[i - 1])])
      firsts.push_back(i);
  }
  firsts.push_back(rows.size());
  const std::int64_t columns = dy.shape.columns();
  dispatch(dy.dtype, [&](auto tag) {
    dispatch(dtable.view.dtype, [&](auto table_tag) {
      using From = decltype(tag);
      using To = decltype(table_tag);
      parallel_for(
          static_cast<std::int64_t>(firsts.size()) - 1, kRowsPerTask, [&](std::int64_t begin, std::int64_t end) {
            for (std::size_t i = firsts[static_cast<std::size_t>(begin)]; i < firsts[static_cast<std::size_t>(end)];
                 ++i) {
              To* to = dtable.view.as<To>() + ids[static_cast<std::size_t>(rows[i])] * columns;
              const From* from = dy.as<From>() + rows[i] * columns;
              for (std::int64_t j = 0; j < columns; ++j) {
                to[j] = static_cast<To>(static_cast<Accumulator<To>>(to[j]) +
                                        static_cast<Accumulator<To>>(scale) * static_cast<Accumulator<To>>(from[j]));
              }
            }
          });
    });
  });
}

const bool registered = embedding_kernels.add(Device::cpu, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft
