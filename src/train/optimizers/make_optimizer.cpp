#include <algorithm>

#include "train/optimizers/adafactor.h"
#include "train/optimizers/adamw.h"
#include "train/optimizers/adamw_8bit.h"
#include "train/optimizers/adopt.h"
#include "train/optimizers/came.h"
#include "train/optimizers/lion.h"
#include "train/optimizers/muon.h"
#include "train/optimizers/schedule_free.h"
#include "train/optimizers/sgd.h"

namespace eft {
namespace {

template <class T>
std::unique_ptr<Optimizer> make(std::vector<ParameterGroup> groups, Pool& pool, const OptimizerOptions& options) {
  return std::make_unique<T>(std::move(groups), pool, options);
}

/// A kind of optimizer.
struct Entry {
  OptimizerKind kind;
  std::unique_ptr<Optimizer> (*make)(std::vector<ParameterGroup>, Pool&, const OptimizerOptions&);
};

constexpr Entry kOptimizers[] = {
    {OptimizerKind::adamw, make<Adamw>},
    {OptimizerKind::adamw_8bit, make<Adamw8bit>},
    {OptimizerKind::adamw_torch_8bit, make<Adamw8bit>},
    {OptimizerKind::optimi_adamw, make<Adamw>},
    {OptimizerKind::adafactor, make<Adafactor>},
    {OptimizerKind::lion, make<Lion>},
    {OptimizerKind::lion_8bit, make<Lion>},
    {OptimizerKind::muon, make<Muon>},
    {OptimizerKind::came, make<Came>},
    {OptimizerKind::adopt, make<Adopt>},
    {OptimizerKind::schedule_free_adamw, make<ScheduleFreeAdamw>},
    {OptimizerKind::sgd, make<Sgd>},
};

}  // namespace

std::unique_ptr<Optimizer> make_optimizer(ParameterStore& store, Pool& pool, const OptimizerOptions& options,
                                          double peak) {
  const auto* found = std::ranges::find(kOptimizers, options.kind, &Entry::kind);
  expect(found != std::end(kOptimizers), "a row for each kind of optimizer");
  return found->make(parameter_groups(store, options, peak), pool, options);
}

}  // namespace eft
