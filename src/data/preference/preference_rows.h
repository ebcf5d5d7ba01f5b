#pragma once

#include <cstdint>
#include <memory>

#include "data/data_options.h"
#include "data/formats/format.h"
#include "data/preference/preference.h"
#include "text/tokenizer.h"

namespace eft {

/// Rows of preferences as examples: the answers to a prompt, with roles, each behind the prompt and bearing loss.
class PreferenceRows final : public RowFormat {
 public:
  /// `longest`: tokens that prompt and answer may have together.
  PreferenceRows(std::unique_ptr<PreferenceFormat> format, const DataOptions& options, const Tokenizer& tokenizer,
                 std::int64_t longest)
      : format_(std::move(format)),
        strategy_(options.excess_length_strategy),
        tokenizer_(tokenizer),
        longest_(longest) {}

  std::string template_name() const override { return format_->template_name(); }

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  /// Applies excess_length_strategy to the texts, as Axolotl does, before they are tokenised.
  void fit(Preference& row, FormattedRow& out) const;

  std::unique_ptr<PreferenceFormat> format_;
  ExcessLength strategy_;
  Tokenizer tokenizer_;
  std::int64_t longest_;
};

}  // namespace eft
