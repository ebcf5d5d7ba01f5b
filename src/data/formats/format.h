#pragma once

#include <exception>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "data/data_options.h"
#include "data/store/example.h"
#include "data/rows/findings.h"
#include "data/rows/row.h"
#include "text/tokenizer.h"
#include "media/image_layout.h"

namespace eft {

/// What a row became.
struct FormattedRow {
  std::string where;              ///< "file.jsonl:12"
  std::vector<Example> examples;  ///< of any length; none when the row has no text
  RowFindings findings = {};
  std::string unlabelled = {};    ///< why no token bears loss, where more is known than that
  std::string too_long = {};      ///< "4096 tokens" of a row of preferences that excess_length_strategy drops
  bool truncated = false;         ///< whether it cut such a row
  std::exception_ptr error = {};  ///< why it cannot be used
};

/// Makes examples of the rows of one dataset. Safe from any thread.
class RowFormat {
 public:
  virtual ~RowFormat() = default;
  /// Throws DataError that names the row.
  FormattedRow format(const RawRow& row) const;
  /// Things worth a warning that hold for the whole dataset.
  virtual std::vector<std::string> warnings() const { return {}; }
  /// The chat template that renders the rows; empty: none.
  virtual std::string template_name() const { return ""; }

 protected:
  /// Fills `out`, which knows where the row stands, with what becomes of it.
  virtual void read(const nlohmann::ordered_json& row, FormattedRow& out) const = 0;
};

/// What is said about the rows of a format.
FindingWords words_for(const RowFormat& format, const Tokenizer& tokenizer);

/// Throws ConfigError for a dataset without `type`, with the one that the row suggests.
[[noreturn]] void refuse_untyped(const DatasetOptions& dataset, const std::optional<RawRow>& first);

/// The format that `dataset.type` names. Throws ConfigError or DataError for a template or eot_tokens that cannot be
/// used. With `images` conversations may hold some.
std::unique_ptr<RowFormat> make_format(const DatasetOptions& dataset, const DataOptions& options,
                                       const std::filesystem::path& base_model, const Tokenizer& tokenizer,
                                       const ImageLayout* images = nullptr);

}  // namespace eft
