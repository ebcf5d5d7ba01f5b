#include "quant/quant_options.h"

#include "quant/bnb_4bit.h"
#include "quant/int8_rows.h"

namespace eft {

FrozenStorage frozen_storage(const QuantOptions& options) {
  FrozenStorage frozen;
  frozen.skipped = options.bnb.skip_modules;
  if (options.four_bits) {
    frozen.linears = {options.bnb.type == FourBitType::nf4 ? &nf4 : &fp4, options.bnb.double_quant};
  } else if (options.eight_bits) {
    frozen.linears = {&int8_rows, false};
  }
  if (options.experts) frozen.experts = frozen.linears;
  return frozen;
}

}  // namespace eft
