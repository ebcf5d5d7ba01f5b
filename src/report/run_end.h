#pragma once

#include <cstdint>
#include <string>

#include "report/memory_facts.h"
#include "report/progress.h"

namespace eft {

/// All that is said about a run that has ended.
struct RunEndFacts {
  RunCourse course = {};
  std::string base_model = {};
  bool adapter = false;  ///< an adapter was trained, not the whole model
  std::string output_dir = {};
  bool finished = true;           ///< else it was asked to stop, and a checkpoint stands
  std::int64_t peak = 0;          ///< bytes of tensors of the step that needed most
  std::int64_t peak_process = 0;  ///< of the process, as the system counts them
  MemoryFacts planned = {};
};

/// The last page of a run: what it came to, where things lie, and the commands to type next.
std::string to_text(const RunEndFacts& facts, bool colours);

/// `text` as one word of a shell.
std::string shell_word(const std::string& text);

}  // namespace eft
