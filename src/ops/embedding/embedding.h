#pragma once

#include <span>

#include "autograd/tape.h"
#include "tensor/weight_view.h"
#include "tensor/kernel_slot.h"

namespace eft {

/// table: [vocabulary, columns] in any floating dtype; ids: [rows], all inside the vocabulary; y, dy: [rows, columns].
struct EmbeddingKernels {
  void (*forward)(Stream, const WeightView& table, std::span<const std::int32_t> ids, double scale, View y);
  /// dtable[id] += scale·dy, in the order of rows; rows of `padding_id` are left out. Zeroes dtable first unless it
  /// accumulates.
  void (*backward)(Stream, ConstView dy, std::span<const std::int32_t> ids, double scale, std::int32_t padding_id,
                   GradView dtable);
};
inline constinit KernelSlot<EmbeddingKernels> embedding_kernels{"embedding"};

struct EmbeddingOptions {
  double scale = 1.0;            ///< rounded to the result's dtype first, as Transformers does
  std::int32_t padding_id = -1;  ///< its row gets no gradient from the lookup (torch's padding_idx)
};

/// y[t] = scale·table[ids[t]], shape [tokens, columns], in `dtype`. Gradient for the table. Throws DataError for an id
/// outside the table.
Var embedding(Context& ctx, const Var& table, std::span<const std::int32_t> ids, DType dtype,
              EmbeddingOptions options = {});

}  // namespace eft
