#pragma once

#include <cstdint>
#include <filesystem>

#include "text/tokenizer.h"
#include "train/job/job.h"

namespace eft {

/// `eft preprocess` of a run with `rl`: prints what became of its rows and the first `show` of them; writes all of them
/// to `dump` unless that is empty.
void preprocess_preferences(const TrainJob& job, const Tokenizer& tokenizer, std::int64_t vocabulary, std::int64_t show,
                            const std::filesystem::path& dump);

}  // namespace eft
