#include "train/objectives/sft.h"

#include "train/objectives/wanted_tokens.h"

namespace eft {

Var Sft::loss(Context& ctx, const Model& model, const PackedRow& row, double scale) {
  const WantedTokens wanted = wanted_tokens(row);
  ModelInput input = input_of(row);
  input.wanted = wanted.rows;
  return model.loss(ctx, model.hidden(ctx, input, nullptr), wanted.targets, scale, wanted.weights);
}

}  // namespace eft
