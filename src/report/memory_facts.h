#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace eft {

/// Planned bytes of a step, by what they are for.
struct MemoryFacts {
  std::string device = "cpu";
  std::vector<std::pair<std::string, std::int64_t>> peak_by_category;
  std::int64_t peak = 0;        ///< sum of the above
  std::int64_t kept = 0;        ///< free blocks held for the next use, beside the peak
  std::int64_t mapped = 0;      ///< weights read straight from the checkpoint's files
  std::int64_t touched = 0;     ///< of those, what a step reads
  std::int64_t pinned = 0;      ///< weights in pinned host memory that the device reads there
  std::int64_t process = 0;     ///< program and rows, as the system counts them now, and what kernels need; 0: unknown
  std::int64_t available = 0;   ///< on this machine now; 0: unknown
  std::int64_t row_tokens = 0;  ///< of the micro batch it was planned for
  bool recompute = false;       ///< blocks are computed again in the backward pass

  /// What the run takes in all: of the machine's memory on the CPU, of the device's elsewhere.
  std::int64_t resident() const { return device == "cpu" ? peak + kept + touched + process : peak + kept; }
};

/// A way to need less: lines of the YAML file to change, together with those of the ways before it.
struct MemoryChange {
  std::vector<std::string> lines;
  MemoryFacts memory;
};

/// What `eft plan` finds.
struct MemoryPlan {
  MemoryFacts memory;
  std::int64_t budget = 0;          ///< 0: none
  std::vector<MemoryChange> tried;  ///< when it is above the budget: each lower setting, up to the first that fits

  bool fits() const { return budget == 0 || memory.resident() <= budget; }
  bool can_fit() const { return fits() || (!tried.empty() && tried.back().memory.resident() <= budget); }
};

/// One line for the page of a run, in short and with what it is for; and what to say when it does not fit (empty when
/// it does).
std::string memory_summary(const MemoryFacts& memory);
std::string memory_line(const MemoryFacts& memory);
std::string memory_warning(const MemoryFacts& memory);

/// The table of `eft plan`, and the same as one JSON object.
std::string to_text(const MemoryPlan& plan);
std::string to_json(const MemoryPlan& plan);
std::string to_json(const MemoryFacts& memory);

}  // namespace eft
