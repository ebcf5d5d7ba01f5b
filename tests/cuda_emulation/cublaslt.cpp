// Products of the emulation, and the checks that cuBLASLt makes: dtypes that go together, extents, promised alignments.
#include "cublasLt.h"

#include <cuda_bf16.h>

#include <vector>

namespace {

double read(const void* data, cudaDataType_t type, std::int64_t at) {
  if (type == CUDA_R_64F) return static_cast<const double*>(data)[at];
  if (type == CUDA_R_32F) return static_cast<double>(static_cast<const float*>(data)[at]);
  return static_cast<double>(__bfloat162float(static_cast<const __nv_bfloat16*>(data)[at]));
}

void write(void* data, cudaDataType_t type, std::int64_t at, double value) {
  if (type == CUDA_R_64F) {
    static_cast<double*>(data)[at] = value;
  } else if (type == CUDA_R_32F) {
    static_cast<float*>(data)[at] = static_cast<float>(value);
  } else {
    static_cast<__nv_bfloat16*>(data)[at] = __float2bfloat16_rn(static_cast<float>(value));
  }
}

bool go_together(const cublasLtMatmulDescOpaque_t& product, cudaDataType_t a, cudaDataType_t b, cudaDataType_t c) {
  if (a != b) return false;
  if (product.compute == CUBLAS_COMPUTE_64F) return a == CUDA_R_64F && c == CUDA_R_64F;
  return a == CUDA_R_16BF ? c == CUDA_R_16BF || c == CUDA_R_32F : a == CUDA_R_32F && c == CUDA_R_32F;
}

/// op(matrix), one run of `depth` elements for each of `lines` rows of the first or columns of the second.
std::vector<double> lines_of(const void* data, const cublasLtMatrixLayoutOpaque_t& layout, bool along_columns) {
  const std::int64_t lines = along_columns ? layout.columns : layout.rows;
  const std::int64_t depth = along_columns ? layout.rows : layout.columns;
  std::vector<double> all(static_cast<std::size_t>(lines * depth));
  for (std::int64_t i = 0; i < lines; ++i) {
    for (std::int64_t k = 0; k < depth; ++k) {
      const std::int64_t at = along_columns ? i * layout.stride + k : k * layout.stride + i;
      all[static_cast<std::size_t>(i * depth + k)] = read(data, layout.type, at);
    }
  }
  return all;
}

bool is_aligned(const void* data, std::uint32_t alignment) {
  return alignment == 0 || reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

}  // namespace

const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS         ? "success"
         : status == CUBLAS_STATUS_NOT_SUPPORTED ? "not supported"
                                                 : "invalid value";
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = nullptr;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type, std::uint64_t rows,
                                          std::uint64_t columns, std::int64_t stride) {
  *layout = new cublasLtMatrixLayoutOpaque_t{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns),
                                             stride};
  return stride >= static_cast<std::int64_t>(rows) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  delete layout;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* product, cublasComputeType_t compute, cudaDataType_t) {
  *product = new cublasLtMatmulDescOpaque_t{compute, CUBLAS_OP_N, CUBLAS_OP_N};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t product) {
  delete product;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t product, cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  if (bytes != sizeof(cublasOperation_t)) return CUBLAS_STATUS_INVALID_VALUE;
  (attribute == CUBLASLT_MATMUL_DESC_TRANSA ? product->first : product->second) =
      *static_cast<const cublasOperation_t*>(value);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  *preference = new cublasLtMatmulPreferenceOpaque_t{};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  delete preference;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute, const void* value,
                                                    std::size_t bytes) {
  if (attribute == CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES) {
    return bytes == sizeof(std::size_t) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
  }
  if (bytes != sizeof(std::uint32_t)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&preference->alignments[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES], value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t product, cublasLtMatrixLayout_t a,
                                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                                              cublasLtMatrixLayout_t, cublasLtMatmulPreference_t preference, int,
                                              cublasLtMatmulHeuristicResult_t* found, int* count) {
  *count = go_together(*product, a->type, b->type, c->type) ? 1 : 0;
  std::copy(preference->alignments, preference->alignments + 4, found->algo.alignments);
  return *count == 1 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t, cublasLtMatmulDesc_t product, const void* alpha, const void* a,
                              cublasLtMatrixLayout_t a_layout, const void* b, cublasLtMatrixLayout_t b_layout,
                              const void* beta, const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* algorithm, void*,
                              std::size_t, cudaStream_t) {
  const bool first_turned = product->first == CUBLAS_OP_T, second_turned = product->second == CUBLAS_OP_T;
  const std::int64_t m = first_turned ? a_layout->columns : a_layout->rows;
  const std::int64_t n = second_turned ? b_layout->rows : b_layout->columns;
  const std::int64_t k = first_turned ? a_layout->rows : a_layout->columns;
  const auto* const promised = algorithm->alignments;
  if (k != (second_turned ? b_layout->columns : b_layout->rows) || d_layout->rows != m || d_layout->columns != n ||
      !is_aligned(a, promised[0]) || !is_aligned(b, promised[1]) || !is_aligned(c, promised[2])) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  const cudaDataType_t scale = product->compute == CUBLAS_COMPUTE_64F ? CUDA_R_64F : CUDA_R_32F;
  const double factor = read(alpha, scale, 0), keep = read(beta, scale, 0);
  eft::emulation::submit(eft::emulation::Work::kernel, [=, first_layout = *a_layout, second_layout = *b_layout,
                                                        old_layout = *c_layout, result_layout = *d_layout] {
    const eft::emulation::OnDevice here;
    const std::vector<double> first = lines_of(a, first_layout, first_turned);
    const std::vector<double> second = lines_of(b, second_layout, !second_turned);
    for (std::int64_t j = 0; j < n; ++j) {
      for (std::int64_t i = 0; i < m; ++i) {
        double sum = 0;
        for (std::int64_t at = 0; at < k; ++at) {
          sum += first[static_cast<std::size_t>(i * k + at)] * second[static_cast<std::size_t>(j * k + at)];
        }
        const double old = keep == 0 ? 0 : keep * read(c, old_layout.type, j * old_layout.stride + i);
        write(d, result_layout.type, j * result_layout.stride + i, factor * sum + old);
      }
    }
  });
  return CUBLAS_STATUS_SUCCESS;
}
