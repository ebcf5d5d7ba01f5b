#pragma once

#include "backend/cuda/runtime.cuh"

namespace eft::cuda {

/// C[m, n] = alpha·op(A)[m, k]·op(B)[k, n], or C += … when `accumulate`. op transposes: A is stored [k, m] when
/// transpose_a, B is stored [n, k] when transpose_b.
struct GemmShape {
  std::int64_t m;
  std::int64_t n;
  std::int64_t k;
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;
  double alpha = 1.0;
};

/// Dense row-major product by cuBLASLt: everything f64, or each of A, B and C f32 or bf16. Sums are kept in f32 (f64
/// for f64), without TF32. Operands of different dtypes are widened first. Throws InternalError for other combinations.
void gemm(Stream stream, const GemmShape& shape, ConstView a, ConstView b, View c);

/// Rows [offsets[g], offsets[g + 1]) belong to group g. offsets: i32 [groups + 1] on the device.
class Groups {
 public:
  explicit Groups(ConstView offsets) : offsets_(offsets) {}

  std::int64_t count() const { return offsets_.shape[0] - 1; }
  const ConstView& offsets() const { return offsets_; }
  /// A copy on the host, waited for when it is first asked for.
  const std::vector<std::int32_t>& on_host(Stream stream) const;

 private:
  ConstView offsets_;
  mutable std::vector<std::int32_t> host_;
};

/// For each group with rows, its rows of y = alpha · its rows of x · weight[g]ᵀ, or += … when `accumulate`; with
/// `transposed` the weight is not: y = x · weight[g]. x: [rows, k]; weight: [groups, n, k], or [groups, k, n] when
/// transposed; y: [rows, n].
struct GroupedProduct {
  bool transposed = false;
  bool accumulate = false;
  double alpha = 1.0;
};
void grouped_gemm(Stream stream, const Groups& groups, const GroupedProduct& product, ConstView x, ConstView weight,
                  View y);

/// The same on tensor cores in one launch that waits for nothing, where dtypes and extents allow it; else false.
bool grouped_gemm_mma(Stream stream, const Groups& groups, const GroupedProduct& product, ConstView x, ConstView weight,
                      View y);

/// dweight[g] = (rows g of dy)ᵀ · (rows g of x), or += … when `accumulate`; zero for groups without rows. dy: [rows,
/// n]; x: [rows, k]; dweight: [groups, n, k].
void grouped_gemm_weight(Stream stream, const Groups& groups, ConstView dy, ConstView x, View dweight, bool accumulate);
/// As grouped_gemm_mma.
bool grouped_gemm_weight_mma(Stream stream, const Groups& groups, ConstView dy, ConstView x, View dweight,
                             bool accumulate);

}  // namespace eft::cuda
