#pragma once

#include <string>
#include <string_view>

#include "data/formats/format.h"
#include "data/formats/text_pattern.h"

namespace eft {

/// A `type` that is a mapping: a prompt in words of the user's, and an answer that bears loss with the eos behind it.
class UserInstructionFormat : public RowFormat {
 public:
  /// Throws ConfigError for keys of preferences and for formats that cannot be filled.
  UserInstructionFormat(const UserFormat& format, const DataOptions& options, const Tokenizer& tokenizer);

 protected:
  void read(const nlohmann::ordered_json& row, FormattedRow& out) const override;

 private:
  UserFormat format_;
  TextPattern system_;
  TextPattern turn_;
  TextPattern turn_alone_;
  bool train_on_inputs_;
  Tokenizer tokenizer_;
};

/// Throws ConfigError when a key of `format` is set that says nothing about the rows at hand: those of preferences
/// where `preferences` is false, of instructions where it is true. `field_system` belongs to both.
void check_user_format(const UserFormat& format, bool preferences);

}  // namespace eft
