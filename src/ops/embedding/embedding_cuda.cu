#include <algorithm>
#include <numeric>
#include <vector>

#include "backend/cuda/rows.cuh"
#include "ops/embedding/embedding.h"

namespace eft::cuda {
namespace {

/// to[i] = v[i]·factor, n of them.
template <class From, class To>
__device__ __forceinline__ void put_scaled(Lanes<From> v, Sum<To> factor, To* to, int n) {
  if constexpr (std::is_same_v<From, To>) {
    for (int l = 0; l < Lanes<From>::kCount; ++l) v.v[l] *= factor;
    store_n(v, to, n);
  } else {
    for (int l = 0; l < n; ++l) to[l] = narrow<To>(static_cast<Sum<To>>(v.v[l]) * factor);
  }
}

/// Reads each row in pieces of 16 bytes side by side: a table that is pinned on the host comes over the bus.
template <class From, class To>
void forward_typed(Stream stream, ConstView table, const std::int32_t* ids, double scale, View y) {
  const std::int64_t columns = table.shape[1];
  const From* from = in<From>(table);
  To* to = out<To>(y);
  const auto factor = static_cast<Sum<To>>(scale);
  for_each_row<From>(stream, "embedding", y.shape, y.shape[0], columns, [=] __device__(std::int64_t row) {
    const From* line = from + ids[row] * columns;
    for_row<From>(columns, [&](std::int64_t i, int n) {
      put_scaled<From, To>(load_n(line + i, n), factor, to + row * columns + i, n);
    });
  });
}

void forward(Stream stream, const WeightView& weight, std::span<const std::int32_t> ids, double scale, View y) {
  const ConstView table = weight.dense();
  const Uploaded<std::int32_t> device_ids(stream_of(stream), ids);
  on_type(table.dtype, [&](auto from) {
    on_type(y.dtype,
            [&](auto to) { forward_typed<decltype(from), decltype(to)>(stream, table, device_ids.data(), scale, y); });
  });
}

/// Rows of one id stand together, in their order: run r is rows[firsts[r]] to rows[firsts[r + 1]].
struct Runs {
  std::vector<std::int32_t> rows, firsts;
};

Runs runs_by_id(std::span<const std::int32_t> ids, std::int32_t padding_id) {
  Runs runs;
  const auto id_of = [&](std::int32_t row) { return ids[static_cast<std::size_t>(row)]; };
  runs.rows.resize(ids.size());
  std::iota(runs.rows.begin(), runs.rows.end(), 0);
  std::erase_if(runs.rows, [&](std::int32_t row) { return id_of(row) == padding_id; });
  std::ranges::stable_sort(runs.rows, {}, id_of);
  for (std::size_t i = 0; i < runs.rows.size(); ++i) {
    if (i == 0 || id_of(runs.rows[i]) != id_of(runs.rows[i - 1])) runs.firsts.push_back(static_cast<std::int32_t>(i));
  }
  runs.firsts.push_back(static_cast<std::int32_t>(runs.rows.size()));
  return runs;
}

/// What the kernel of one call reads, on the device.
struct DeviceRuns {
  const std::int32_t *ids, *rows, *firsts;
  std::int64_t count;
};

template <class From, class To>
void backward_typed(Stream stream, ConstView dy, const DeviceRuns& runs, double scale, GradView dtable) {
  const std::int64_t columns = dy.shape.columns();
  const From* from = in<From>(dy);
  To* to = out<To>(dtable);
  const auto factor = static_cast<Sum<To>>(scale);
  const DeviceRuns r = runs;
  for_each_row<From>(stream, "embedding backward", dy.shape, r.count, columns, [=] __device__(std::int64_t run) {
    To* line = to + r.ids[r.rows[r.firsts[run]]] * columns;
    for (std::int64_t j = threadIdx.x; j < columns; j += blockDim.x) {
      Sum<To> sum = 0;
      for (std::int32_t i = r.firsts[run]; i < r.firsts[run + 1]; ++i) {
        sum += factor * static_cast<Sum<To>>(widen(from[r.rows[i] * columns + j]));
      }
      put(line + j, sum, true);
    }
  });
}

void backward(Stream stream, ConstView dy, std::span<const std::int32_t> ids, double scale, std::int32_t padding_id,
              GradView dtable) {
  if (!dtable.accumulate) device_clear(stream, dtable.view);
  const Runs runs = runs_by_id(ids, padding_id);
  const cudaStream_t queue = stream_of(stream);
  const Uploaded<std::int32_t> device_ids(queue, ids), rows(queue, runs.rows), firsts(queue, runs.firsts);
  const DeviceRuns on_device{device_ids.data(), rows.data(), firsts.data(),
                             static_cast<std::int64_t>(runs.firsts.size()) - 1};
  on_type(dy.dtype, [&](auto from) {
    on_type(dtable.view.dtype,
            [&](auto to) { backward_typed<decltype(from), decltype(to)>(stream, dy, on_device, scale, dtable); });
  });
}

const bool registered = embedding_kernels.add(Device::cuda, {.forward = forward, .backward = backward});

}  // namespace
}  // namespace eft::cuda
