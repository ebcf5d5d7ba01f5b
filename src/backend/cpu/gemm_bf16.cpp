#include "backend/cpu/gemm_bf16.h"

#include <dnnl.hpp>

#include <map>
#include <mutex>
#include <tuple>

namespace eft::cpu {
namespace {

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

}  // namespace eft::cpu
