#include "backend/cpu/gemm_bf16.h"

#include <dnnl.hpp>

#include <algorithm>
#include <map>
#include <mutex>
#include <tuple>
#include <vector>

#include "backend/cpu/convert.h"
#include "base/parallel.h"

namespace eft::cpu {
namespace {

constexpr std::int64_t kPanelRows = 1024;     // rows of C at a time
constexpr std::int64_t kPanelDepth = 4096;    // of the summed axis
constexpr std::int64_t kPanelElements = 1 << 20;  // of a widened B panel, and of C's f32 copy (times sixteen)

using Key = std::tuple<std::int64_t, std::int64_t, std::int64_t, bool, bool, bool, bool>;

struct Primitive {
  dnnl::matmul run;
  dnnl::memory::desc a, b, c;
};

dnnl::memory::desc matrix(std::int64_t rows, std::int64_t columns, dnnl::memory::data_type type, bool transposed) {
  using Tag = dnnl::memory::format_tag;
  return {{rows, columns}, type, transposed ? Tag::ba : Tag::ab};
}

Primitive make_primitive(const dnnl::engine& engine, const GemmShape& s, bool wide_result) {
  using Type = dnnl::memory::data_type;
  Primitive made;
  made.a = matrix(s.m, s.k, Type::bf16, s.transpose_a);
  made.b = matrix(s.k, s.n, Type::bf16, s.transpose_b);
  made.c = matrix(s.m, s.n, wide_result ? Type::f32 : Type::bf16, false);
  dnnl::primitive_attr attributes;
  if (s.accumulate) {
    dnnl::post_ops sum;
    sum.append_sum(1.0F);
    attributes.set_post_ops(sum);
  }
  made.run = dnnl::matmul(dnnl::matmul::primitive_desc({made.a, made.b, made.c}, attributes, engine));
  return made;
}

/// Panel of op(X): rows × columns of a matrix stored with `stride`, widened into `to` with the same orientation.
struct PanelSource {
  ConstView matrix;
  std::int64_t stride;
  bool transposed;
};

/// Returns the block of `source` at [row, column) of op(X), widened when it is bf16.
Block<const float> widen_panel(const PanelSource& source, std::int64_t row, std::int64_t column, std::int64_t rows,
                               std::int64_t columns, std::vector<float>& scratch) {
  if (source.transposed) {
    std::swap(row, column);
    std::swap(rows, columns);
  }
  const std::int64_t offset = row * source.stride + column;
  if (source.matrix.dtype == DType::f32) return {source.matrix.as<float>() + offset, source.stride};
  if (static_cast<std::int64_t>(scratch.size()) < rows * columns) scratch.resize(static_cast<std::size_t>(rows * columns));
  const BFloat16* from = source.matrix.as<BFloat16>() + offset;
  float* to = scratch.data();
  const std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(columns, 1));
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) widen(from + i * source.stride, to + i * columns, columns);
  });
  return {to, columns};
}

void store_rows(const float* from, std::int64_t rows, std::int64_t columns, BFloat16* to, bool accumulate) {
  const std::int64_t grain = std::max<std::int64_t>(1, 32768 / std::max<std::int64_t>(columns, 1));
  parallel_for(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) narrow(from + i * columns, to + i * columns, columns, accumulate);
  });
}

struct Scratch {
  std::vector<float> a, b, c;
};

/// Rows [row, row + rows) of C += …, into `c` with leading dimension n.
void multiply_rows(const GemmShape& s, const PanelSource& a, const PanelSource& b, std::int64_t row, std::int64_t rows,
                   float* c, bool add, Scratch& scratch) {
  for (std::int64_t depth = 0; depth < s.k; depth += kPanelDepth) {
    const std::int64_t k = std::min(kPanelDepth, s.k - depth);
    const Block<const float> a_panel = widen_panel(a, row, depth, rows, k, scratch.a);
    const std::int64_t width = std::clamp<std::int64_t>(kPanelElements / k, 64, s.n);
    for (std::int64_t column = 0; column < s.n; column += width) {
      const std::int64_t n = std::min(width, s.n - column);
      const Block<const float> b_panel = widen_panel(b, depth, column, k, n, scratch.b);
      gemm_block({rows, n, k, s.transpose_a, s.transpose_b, false}, 1.0F, a_panel, b_panel,
                 add || depth > 0 ? 1.0F : 0.0F, {c + column, s.n});
    }
  }
}

}  // namespace

bool has_native_bf16() {
  static const bool native = [] {
    const dnnl::cpu_isa isa = dnnl::get_effective_cpu_isa();
    return isa == dnnl::cpu_isa::avx512_core_bf16 || isa == dnnl::cpu_isa::avx512_core_amx;
  }();
  return native;
}

void gemm_bf16_native(const GemmShape& s, ConstView a, ConstView b, View c) {
  static dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  static dnnl::stream stream(engine);
  static std::map<Key, Primitive> primitives;
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  const bool wide = c.dtype == DType::f32;
  const Key key{s.m, s.n, s.k, s.transpose_a, s.transpose_b, s.accumulate, wide};
  auto found = primitives.find(key);
  if (found == primitives.end()) found = primitives.emplace(key, make_primitive(engine, s, wide)).first;
  const Primitive& primitive = found->second;
  const auto memory = [&](const dnnl::memory::desc& desc, const void* data) {
    return dnnl::memory(desc, engine, const_cast<void*>(data));
  };
  primitive.run.execute(stream, {{DNNL_ARG_SRC, memory(primitive.a, a.data)},
                                 {DNNL_ARG_WEIGHTS, memory(primitive.b, b.data)},
                                 {DNNL_ARG_DST, memory(primitive.c, c.data)}});
  stream.wait();
}

void gemm_widened(const GemmShape& s, ConstView a, ConstView b, View c) {
  thread_local Scratch scratch;
  const PanelSource a_source{a, s.transpose_a ? s.m : s.k, s.transpose_a};
  const PanelSource b_source{b, s.transpose_b ? s.k : s.n, s.transpose_b};
  const std::int64_t panel =
      c.dtype == DType::f32 ? kPanelRows : std::clamp<std::int64_t>(16 * kPanelElements / s.n, 64, kPanelRows);
  for (std::int64_t row = 0; row < s.m; row += panel) {
    const std::int64_t rows = std::min(panel, s.m - row);
    if (c.dtype == DType::f32) {
      multiply_rows(s, a_source, b_source, row, rows, c.as<float>() + row * s.n, s.accumulate, scratch);
      continue;
    }
    if (static_cast<std::int64_t>(scratch.c.size()) < rows * s.n) scratch.c.resize(static_cast<std::size_t>(rows * s.n));
    multiply_rows(s, a_source, b_source, row, rows, scratch.c.data(), false, scratch);
    store_rows(scratch.c.data(), rows, s.n, c.as<BFloat16>() + row * s.n, s.accumulate);
  }
}

}  // namespace eft::cpu
