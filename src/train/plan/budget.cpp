#include "train/plan/budget.h"

#include <algorithm>

#include "train/plan/memory_plan.h"

namespace eft {
namespace {

constexpr std::int64_t kShortestRows = 128;  // no plan makes sequence_len shorter

/// Makes the last sequence of a row that was cut a pair where it was the first answer of one.
void keep_pairs_whole(PackedRow& row) {
  row.roles.resize(row.starts.size() - 1);
  if (row.roles.back() != PreferenceRole::chosen) return;
  row.starts.insert(row.starts.end() - 1, (row.starts[row.starts.size() - 2] + row.starts.back()) / 2);
  row.roles.push_back(PreferenceRole::rejected);
}

/// Sequences of a unit of the data.
std::int64_t members_of(const PackedRow& row) {
  return !row.roles.empty() && row.roles.front() == PreferenceRole::chosen ? 2 : 1;
}

/// The first tokens of a row, with as many labels as there is room for.
PackedRow cut(PackedRow row, std::int64_t tokens) {
  if (static_cast<std::int64_t>(row.tokens.size()) <= tokens) return row;
  std::int64_t missing = row.label_tokens();
  const auto size = static_cast<std::size_t>(tokens);
  row.tokens.resize(size);
  row.targets.resize(size);
  row.positions.resize(size);
  if (!row.weights.empty()) row.weights.resize(size);
  while (row.starts.size() > 2 && row.starts[row.starts.size() - 2] >= tokens) row.starts.pop_back();
  row.starts.back() = tokens;
  if (!row.roles.empty()) keep_pairs_whole(row);
  missing -= row.label_tokens();
  for (std::int32_t& target : row.targets) {
    if (target == kIgnoreLabel && missing-- > 0) target = 0;
  }
  return row;
}

/// A run some of whose settings are lowered.
struct Lowered {
  TrainJob job;
  PackedRow row;

  /// Lowers the next setting and returns the lines for it; none when there is nothing left.
  std::vector<std::string> lower();
};

std::vector<std::string> Lowered::lower() {
  TrainOptions& train = job.train;
  if (!train.gradient_checkpointing.value_or(false)) {
    train.gradient_checkpointing = true;
    return {"gradient_checkpointing: true"};
  }
  if (train.micro_batch_size > 1) {
    train.gradient_accumulation_steps *= train.micro_batch_size;
    train.micro_batch_size = 1;
    row = cut(std::move(row), job.data.sequence_len * members_of(row));
    return {"micro_batch_size: 1", fmt::format("gradient_accumulation_steps: {}", train.gradient_accumulation_steps)};
  }
  std::int64_t length = job.data.sequence_len / 2;
  const std::int64_t members = members_of(row);
  while (length * members >= static_cast<std::int64_t>(row.tokens.size())) length /= 2;
  if (length < kShortestRows) return {};
  job.data.sequence_len = length;
  row = cut(std::move(row), length * members);
  return {fmt::format("sequence_len: {}", length)};
}

}  // namespace

MemoryPlan plan_for_budget(const TrainJob& job, const PackedRow& largest, const MemoryFacts& planned,
                           std::int64_t budget) {
  MemoryPlan plan{.memory = planned, .budget = budget, .tried = {}};
  const Device device = planned.device == name_of(Device::cpu) ? Device::cpu : Device::cuda;
  Lowered lowered{job, largest};
  lowered.job.train.gradient_checkpointing = planned.recompute;
  while (!plan.can_fit()) {
    std::vector<std::string> lines = lowered.lower();
    if (lines.empty()) break;
    plan.tried.push_back({std::move(lines), plan_memory(lowered.job, lowered.row, device)});
    plan.tried.back().memory.process = planned.process;  // planning takes memory of its own
  }
  return plan;
}

DeviceError with_plan(const OutOfMemory& error, const TrainJob& job, const PackedRow& largest,
                      const MemoryFacts& planned) {
  // Whatever was thought to be there before, this much was not.
  std::int64_t there = planned.resident();
  if (planned.available > 0) there = std::min(there, planned.available);
  if (error.wanted > 0) there = std::min(there, error.wanted);
  return DeviceError("{}; what was planned:\n{}", error.what(),
                     to_text(plan_for_budget(job, largest, planned, std::max<std::int64_t>(there - 1, 1))));
}

}  // namespace eft
