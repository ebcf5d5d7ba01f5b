#include "models/tower.h"

#include <algorithm>

namespace eft {

Context DeclaredPart::context(const Context& ctx, bool input_wants_grad) const {
  Context own = ctx;
  if (input_wants_grad || std::ranges::any_of(parts_, [](const Parameter* p) { return p->trainable(); })) return own;
  own.tape = nullptr;
  own.recompute = false;
  return own;
}

}  // namespace eft
