#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/store/example.h"
#include "data/rows/row.h"
#include "text/tokenizer.h"

namespace eft {

/// Makes examples of the rows of one dataset. Safe from any thread.
class RowFormat {
 public:
  virtual ~RowFormat() = default;
  /// The examples of a row, of any length; none when the row has no text. Throws DataError that names the row.
  virtual std::vector<Example> examples(const RawRow& row) const = 0;
  /// Things worth a warning that hold for the whole dataset.
  virtual std::vector<std::string> warnings() const { return {}; }
};

/// The format that `dataset.type` names. Throws ConfigError or DataError for a template or eot_tokens that cannot be
/// used.
std::unique_ptr<RowFormat> make_format(const DatasetOptions& dataset, const DataOptions& options,
                                       const std::filesystem::path& base_model, const Tokenizer& tokenizer);

}  // namespace eft
