#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "data/data_options.h"
#include "data/store/example.h"
#include "data/formats/format.h"
#include "data/rows/row_pipeline.h"
#include "data/sources/source.h"
#include "text/tokenizer.h"

namespace eft {

/// The examples of `pretraining_dataset`, tokenised while they are asked for. Holds some hundred rows in memory.
class ExampleStream {
 public:
  /// `vocabulary`: rows of the model's embedding. Throws FileError or ConfigError when there is nothing to read.
  ExampleStream(const DataOptions& options, const Tokenizer& tokenizer, std::int64_t vocabulary = kAnyVocabulary);
  ~ExampleStream();

  /// The next example, or nothing at the end of the texts. Throws DataError for a row that cannot be used, unless
  /// on_bad_row is drop.
  std::optional<Example> next();
  /// Goes back to the first example.
  void restart();

 private:
  struct Reading;

  bool open_next();
  void take(FormattedRow row);
  /// Says what a row shows, the first time. Throws DataError for what makes it useless.
  void take_findings(const FormattedRow& row);

  DataOptions options_;
  Tokenizer tokenizer_;
  std::int64_t vocabulary_;
  bool told_ = false;                 // of the first row that was dropped
  std::vector<Finding> found_;        // that were told of
  std::size_t entry_ = 0;             // of pretraining_dataset, the next to open
  std::unique_ptr<Reading> reading_;  // the open one
  std::vector<Example> examples_;     // of the last row, the next one last
};

}  // namespace eft
