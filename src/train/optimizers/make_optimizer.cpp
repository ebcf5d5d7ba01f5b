#include <algorithm>

#include "train/optimizers/adamw.h"
#include "train/optimizers/sgd.h"

namespace eft {
namespace {

template <class T>
std::unique_ptr<Optimizer> make(ParameterStore& store, Pool& pool, const OptimizerOptions& options) {
  return std::make_unique<T>(store, pool, options);
}

/// A kind of optimizer.
struct Entry {
  OptimizerKind kind;
  std::unique_ptr<Optimizer> (*make)(ParameterStore&, Pool&, const OptimizerOptions&);
};

constexpr Entry kOptimizers[] = {
    {OptimizerKind::adamw, make<Adamw>},
    {OptimizerKind::sgd, make<Sgd>},
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(ParameterStore& store, Pool& pool, const OptimizerOptions& options) {
  const auto* found = std::ranges::find(kOptimizers, options.kind, &Entry::kind);
  expect(found != std::end(kOptimizers), "a row for each kind of optimizer");
  return found->make(store, pool, options);
}

}  // namespace eft
