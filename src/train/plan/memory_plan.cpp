#include "train/plan/memory_plan.h"

#include <algorithm>
#include <set>

#include "base/parallel.h"
#include "base/process.h"
#include "report/words.h"

namespace eft {
namespace {

/// Makes a row longer by a text of so many tokens without loss, where another batch has more text but fewer images.
void add_text(PackedRow& row, std::int64_t tokens) {
  if (tokens <= 0) return;
  const std::size_t size = row.tokens.size() + static_cast<std::size_t>(tokens);
  row.tokens.resize(size, 0);
  row.targets.resize(size, kIgnoreLabel);
  if (!row.weights.empty()) row.weights.resize(size, 1.0F);
  for (std::int64_t i = 0; i < tokens; ++i) row.positions.push_back(static_cast<std::int32_t>(i));
  row.starts.push_back(static_cast<std::int64_t>(size));
}

constexpr std::int64_t kPageWindow = 64 << 10;  // the system maps this much around a page that is touched

/// What the first step adds to the process beside tensors: code that is read when it runs, and scratch that kernels
/// keep for each thread. Measured on models of 5 M to 4.6 G parameters.
std::int64_t kernel_memory() { return (std::int64_t{8} << 20) * (1 + thread_count()); }

/// What the images of a micro batch take that is made, and of those behind it that are read ahead.
std::int64_t media_memory(const PackedRow& row) {
  std::int64_t bytes = 0;
  for (const MediaSpan& span : row.media) {
    std::int64_t numbers = 1;
    for (const std::int64_t extent : span.item->extents) numbers *= extent;
    bytes += numbers * static_cast<std::int64_t>(sizeof(float));
  }
  return bytes * (1 + kBatchesAhead);
}

/// Adds the weights that stay in the checkpoint's files, what the tokens of a step read of them, and those that are
/// pinned on the host.
void add_host_weights(MemoryFacts& facts, const Model& model, const PackedRow& row) {
  const auto distinct = static_cast<std::int64_t>(std::set(row.tokens.begin(), row.tokens.end()).size());
  for (const Parameter& parameter : model.parameters()) {
    const std::int64_t bytes = parameter.bytes();
    if (parameter.pinned) facts.pinned += bytes;
    if (!parameter.mapped) continue;
    facts.mapped += bytes;
    const std::int64_t rows = distinct * (bytes / parameter.shape[0] + kPageWindow);
    facts.touched += parameter.gathered ? std::min(rows, bytes) : bytes;
  }
}

}  // namespace

MemoryFacts plan_memory(const TrainJob& job, const PackedRow& largest, Device device) {
  Pool pool(Device::meta, device);
  const OpenedModel opened = open_for_training(job, pool);
  MemoryFacts facts;
  facts.device = name_of(device);
  const auto optimizer =
      make_optimizer(opened.model->parameters(), pool, job.train.optimizer, job.train.schedule.learning_rate);
  const auto objective = make_objective(job, *opened.model, pool);
  add_host_weights(facts, *opened.model, largest);
  if (const Model* frozen = objective->frozen_model()) add_host_weights(facts, *frozen, largest);
  Stepper stepper(*opened.model, pool, *objective, *optimizer, job.train);
  // A second micro batch meets the gradients of the first; more of them change nothing.
  const std::size_t batches = job.train.gradient_accumulation_steps > 1 ? 2 : 1;
  // The second step begins with the gradients' tensors and the free blocks of the first.
  for (int step = 0; step < 2; ++step) stepper.step(std::vector<PackedRow>(batches, largest), 0.0, step);
  const MemoryUse peak = pool.peak();
  facts.peak_by_category = bytes_by_name(peak);
  facts.peak = peak.total;
  facts.kept = pool.reserved_peak() - peak.total;
  facts.process = resident_memory() + kernel_memory() + media_memory(largest);
  facts.recompute = job.train.gradient_checkpointing.value_or(false);
  facts.row_tokens = static_cast<std::int64_t>(largest.tokens.size());
  return facts;
}

MemoryFit fit_memory(const TrainJob& job, const PackedRow& largest, std::int64_t available, Device device) {
  MemoryFacts plain = plan_memory(job, largest, device);
  plain.available = available;
  if (plain.recompute || available == 0 || plain.peak <= available) return {plain, plain.recompute, ""};
  TrainJob other = job;
  other.train.gradient_checkpointing = true;
  MemoryFacts recomputed = plan_memory(other, largest, device);
  recomputed.available = available;
  const std::string need = fmt::format("a step needs {} without it, {} with it, and {} are available",
                                       format_size(plain.peak), format_size(recomputed.peak), format_size(available));
  if (job.train.gradient_checkpointing)
    return {plain, false, "gradient_checkpointing is off as you asked, but " + need};
  return {recomputed, true, "gradient_checkpointing is on: " + need};
}

PackedRow largest_batch(Loader loader) {
  loader.seek({});
  LoaderCursor most{};
  BatchSize size;
  for (std::int64_t batch = 0; batch < loader.batches_per_epoch(); ++batch) {
    const BatchSize one = loader.batch_size(batch);
    const bool larger = one.media != size.media ? one.media > size.media : one.tokens > size.tokens;
    if (larger) most.batch = batch;
    size = {std::max(size.tokens, one.tokens), std::max(size.label_tokens, one.label_tokens),
            std::max(size.media, one.media)};
  }
  loader.seek(most);
  PackedRow largest = loader.next(MediaUse::planned);
  add_text(largest, size.tokens - static_cast<std::int64_t>(largest.tokens.size()));
  std::int64_t missing = size.label_tokens - largest.label_tokens();
  for (std::int32_t& target : largest.targets) {
    if (target == kIgnoreLabel && missing-- > 0) target = 0;
  }
  return largest;
}

std::vector<std::pair<std::string, std::int64_t>> bytes_by_name(const MemoryUse& use) {
  std::vector<std::pair<std::string, std::int64_t>> list;
  for (int i = 0; i < kCategories; ++i) {
    const auto category = static_cast<Category>(i);
    list.emplace_back(name_of(category), use[category]);
  }
  return list;
}

}  // namespace eft
