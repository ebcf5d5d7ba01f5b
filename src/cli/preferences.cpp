#include "cli/preferences.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "data/preference/preferences.h"

namespace eft {

void preprocess_preferences(const TrainJob& job, const Tokenizer& tokenizer, std::int64_t vocabulary, std::int64_t show,
                            const std::filesystem::path& dump) {
  const PreparedPreferences data = prepare_preferences(job.data, job.tokenizer, tokenizer, job.train.seed, vocabulary);
  for (const std::string& line : data.report.lines()) std::printf("%s\n", line.c_str());
  for (const std::string& warning : data.report.warnings) std::printf("warning: %s\n", warning.c_str());
  const auto shown = std::min(data.train.size(), static_cast<std::size_t>(show));
  for (std::size_t i = 0; i < shown; ++i) {
    const Preference& row = data.train[i];
    std::printf("\n--- %s: %lld tokens\n%s\n", row.source.c_str(), static_cast<long long>(row.tokens()),
                show_preference(row).c_str());
  }
  if (dump.empty()) return;
  AtomicFile file(dump);
  for (const Preference& row : data.train) file.write(dump_preference(row) + "\n");
  file.commit();
}

}  // namespace eft
