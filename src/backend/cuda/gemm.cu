#include "backend/cuda/gemm.cuh"

#include <algorithm>
#include <compare>
#include <map>
#include <memory>
#include <mutex>

#include "tensor/device_memory.h"

namespace eft::cuda {
namespace {

void check_product(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) throw DeviceError("cuBLASLt: {}: {}", what, cublasLtGetStatusString(status));
}

struct DestroyLayout {
  void operator()(cublasLtMatrixLayoutOpaque_t* layout) const { cublasLtMatrixLayoutDestroy(layout); }
};
using Layout = std::unique_ptr<cublasLtMatrixLayoutOpaque_t, DestroyLayout>;

struct DestroyProduct {
  void operator()(cublasLtMatmulDescOpaque_t* product) const { cublasLtMatmulDescDestroy(product); }
};
using Product = std::unique_ptr<cublasLtMatmulDescOpaque_t, DestroyProduct>;

struct DestroyPreference {
  void operator()(cublasLtMatmulPreferenceOpaque_t* preference) const { cublasLtMatmulPreferenceDestroy(preference); }
};
using Preference = std::unique_ptr<cublasLtMatmulPreferenceOpaque_t, DestroyPreference>;

cudaDataType_t data_type(DType dtype) {
  switch (dtype) {
    case DType::f64:
      return CUDA_R_64F;
    case DType::f32:
      return CUDA_R_32F;
    case DType::bf16:
      return CUDA_R_16BF;
    default:
      break;
  }
  throw InternalError("product with dtype " + std::string(name_of(dtype)));
}

/// What a plan depends on. Alignments are those of the addresses: cuBLASLt otherwise takes 256 bytes for granted.
struct Key {
  std::int64_t m, n, k;
  bool transpose_a, transpose_b;
  DType operand, result;
  std::uint32_t align_a, align_b, align_c;

  auto operator<=>(const Key&) const = default;
};

std::uint32_t alignment_of(const void* data) {
  const auto address = reinterpret_cast<std::uintptr_t>(data);
  return static_cast<std::uint32_t>(std::min<std::uintptr_t>(address & (~address + 1), 256));
}

/// Descriptors and the fastest algorithm for one kind of product. Row-major C = A·B is column-major Cᵀ = Bᵀ·Aᵀ, so B
/// comes first.
struct Plan {
  Product product;
  Layout first, second, result;
  cublasLtMatmulAlgo_t algorithm{};
};

Layout layout_of(DType dtype, std::int64_t rows, std::int64_t columns) {
  cublasLtMatrixLayout_t layout = nullptr;
  check_product(cublasLtMatrixLayoutCreate(&layout, data_type(dtype), static_cast<std::uint64_t>(rows),
                                           static_cast<std::uint64_t>(columns), rows),
                "layout");
  return Layout(layout);
}

template <class T>
void set(const Product& product, cublasLtMatmulDescAttributes_t attribute, const T& value) {
  check_product(cublasLtMatmulDescSetAttribute(product.get(), attribute, &value, sizeof value), "product");
}

template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t attribute, const T& value) {
  check_product(cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value, sizeof value), "preference");
}

Preference preference_of(const Key& key) {
  cublasLtMatmulPreference_t preference = nullptr;
  check_product(cublasLtMatmulPreferenceCreate(&preference), "preference");
  Preference owned(preference);
  set(owned, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, runtime().product_workspace_bytes);
  set(owned, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, key.align_b);
  set(owned, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, key.align_a);
  set(owned, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, key.align_c);
  set(owned, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, key.align_c);
  return owned;
}

Plan make_plan(const Key& key) {
  const bool wide = key.operand == DType::f64;
  cublasLtMatmulDesc_t product = nullptr;
  check_product(cublasLtMatmulDescCreate(&product, wide ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                                         wide ? CUDA_R_64F : CUDA_R_32F),
                "product");
  Plan plan;
  plan.product.reset(product);
  set(plan.product, CUBLASLT_MATMUL_DESC_TRANSA, key.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(plan.product, CUBLASLT_MATMUL_DESC_TRANSB, key.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan.first = key.transpose_b ? layout_of(key.operand, key.k, key.n) : layout_of(key.operand, key.n, key.k);
  plan.second = key.transpose_a ? layout_of(key.operand, key.m, key.k) : layout_of(key.operand, key.k, key.m);
  plan.result = layout_of(key.result, key.n, key.m);
  const Preference preference = preference_of(key);
  cublasLtMatmulHeuristicResult_t found{};
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(runtime().products, plan.product.get(), plan.first.get(), plan.second.get(),
                                     plan.result.get(), plan.result.get(), preference.get(), 1, &found, &count);
  if (status != CUBLAS_STATUS_SUCCESS || count == 0) {
    throw DeviceError("cuBLASLt: no algorithm for [{}, {}] x [{}, {}], {} to {}", key.m, key.k, key.k, key.n,
                      name_of(key.operand), name_of(key.result));
  }
  plan.algorithm = found.algo;
  return plan;
}

/// Plans made so far. Asking cuBLASLt for one takes longer than many products.
const Plan& plan_for(const Key& key) {
  static std::mutex mutex;
  static auto* const plans = new std::map<Key, Plan>;  // never destroyed, as the runtime
  const std::lock_guard lock(mutex);
  const auto found = plans->find(key);
  return found != plans->end() ? found->second : plans->emplace(key, make_plan(key)).first->second;
}

void multiply(cudaStream_t stream, const GemmShape& s, ConstView a, ConstView b, View c) {
  const Plan& plan = plan_for({.m = s.m,
                               .n = s.n,
                               .k = s.k,
                               .transpose_a = s.transpose_a,
                               .transpose_b = s.transpose_b,
                               .operand = a.dtype,
                               .result = c.dtype,
                               .align_a = alignment_of(a.data),
                               .align_b = alignment_of(b.data),
                               .align_c = alignment_of(c.data)});
  const double alpha = s.alpha, beta = s.accumulate ? 1.0 : 0.0;
  const float alpha32 = static_cast<float>(alpha), beta32 = static_cast<float>(beta);
  const bool wide = a.dtype == DType::f64;
  const Runtime& r = runtime();
  const cublasStatus_t status = cublasLtMatmul(
      r.products, plan.product.get(), wide ? static_cast<const void*>(&alpha) : &alpha32, b.data, plan.first.get(),
      a.data, plan.second.get(), wide ? static_cast<const void*>(&beta) : &beta32, c.data, plan.result.get(), c.data,
      plan.result.get(), &plan.algorithm, r.product_workspace, r.product_workspace_bytes, stream);
  if (status != CUBLAS_STATUS_SUCCESS) {
    throw DeviceError("cuBLASLt: [{}, {}] x [{}, {}], {} to {}: {}", s.m, s.k, s.k, s.n, name_of(a.dtype),
                      name_of(c.dtype), cublasLtGetStatusString(status));
  }
}

std::int64_t bytes_as(const ConstView& view, DType dtype) {
  return view.shape.elements() * static_cast<std::int64_t>(size_of(dtype));
}

/// `view` in `dtype`: itself, or a copy in memory of its own.
class Operand {
 public:
  Operand(ConstView view, DType dtype)
      : scratch_(view.dtype == dtype ? 0 : bytes_as(view, dtype)), view_(view) {
    if (view.dtype == dtype) return;
    const View copy{scratch_.as<void>(), dtype, view.shape};
    device_memory.find(Device::cuda)->convert(view, copy);
    view_ = copy;
  }
  ConstView view() const { return view_; }

 private:
  Scratch scratch_;
  ConstView view_;
};

/// f32 operands have no bf16 result in cuBLASLt.
void multiply_narrow(cudaStream_t stream, const GemmShape& s, ConstView a, ConstView b, View c) {
  const Scratch scratch(bytes_as(c, DType::f32));
  const View sum{scratch.as<void>(), DType::f32, c.shape};
  if (s.accumulate) device_memory.find(Device::cuda)->convert(c, sum);
  multiply(stream, s, a, b, sum);
  device_memory.find(Device::cuda)->convert(sum, c);
}

/// Elements [begin, begin + count) of the first axis.
template <class V>
V rows_of(V view, std::int64_t begin, std::int64_t count) {
  const std::int64_t row = view.shape[0] == 0 ? 0 : view.shape.elements() / view.shape[0];
  const auto offset = begin * row * static_cast<std::int64_t>(size_of(view.dtype));
  view.data = const_cast<char*>(static_cast<const char*>(view.data)) + offset;
  view.shape = {count, row};
  return view;
}

/// Matrix g of a stack.
template <class V>
V matrix_of(V stack, std::int64_t g) {
  const Shape shape{stack.shape[1], stack.shape[2]};
  V matrix = rows_of(stack, g, 1);
  matrix.shape = shape;
  return matrix;
}

}  // namespace

void gemm(Stream stream, const GemmShape& shape, ConstView a, ConstView b, View c) {
  const cudaStream_t queue = stream_of(stream);
  if (shape.m == 0 || shape.n == 0) return;
  if (shape.k == 0) return shape.accumulate ? static_cast<void>(0) : device_clear(stream, c);
  const bool wide = a.dtype == DType::f64;
  expect((b.dtype == DType::f64) == wide && (c.dtype == DType::f64) == wide, "f64 operands together only");
  const DType common = a.dtype == b.dtype ? a.dtype : DType::f32;
  const Operand first(a, common), second(b, common);
  if (common == DType::f32 && c.dtype == DType::bf16)
    return multiply_narrow(queue, shape, first.view(), second.view(), c);
  multiply(queue, shape, first.view(), second.view(), c);
}

const std::vector<std::int32_t>& Groups::on_host(Stream stream) const {
  if (host_.empty()) {
    host_.resize(static_cast<std::size_t>(offsets_.shape[0]));
    copy_to_host(stream_of(stream), host_.data(), offsets_.data, bytes_as(offsets_, offsets_.dtype));
  }
  return host_;
}

void grouped_gemm(Stream stream, const Groups& groups, const GroupedProduct& product, ConstView x, ConstView weight,
                  View y) {
  if (grouped_gemm_mma(stream, groups, product, x, weight, y)) return;
  const std::int64_t k = x.shape[1], n = y.shape[1];
  const auto& offsets = groups.on_host(stream);
  for (std::int64_t g = 0; g < groups.count(); ++g) {
    const std::int64_t begin = offsets[static_cast<std::size_t>(g)];
    const std::int64_t rows = offsets[static_cast<std::size_t>(g) + 1] - begin;
    gemm(stream,
         {.m = rows,
          .n = n,
          .k = k,
          .transpose_b = !product.transposed,
          .accumulate = product.accumulate,
          .alpha = product.alpha},
         rows_of(x, begin, rows), matrix_of(weight, g), rows_of(y, begin, rows));
  }
}

void grouped_gemm_weight(Stream stream, const Groups& groups, ConstView dy, ConstView x, View dweight,
                         bool accumulate) {
  if (grouped_gemm_weight_mma(stream, groups, dy, x, dweight, accumulate)) return;
  const std::int64_t n = dy.shape[1], k = x.shape[1];
  const auto& offsets = groups.on_host(stream);
  for (std::int64_t g = 0; g < groups.count(); ++g) {
    const std::int64_t begin = offsets[static_cast<std::size_t>(g)];
    const std::int64_t rows = offsets[static_cast<std::size_t>(g) + 1] - begin;
    gemm(stream, {.m = n, .n = k, .k = rows, .transpose_a = true, .accumulate = accumulate}, rows_of(dy, begin, rows),
         rows_of(x, begin, rows), matrix_of(dweight, g));
  }
}

}  // namespace eft::cuda
