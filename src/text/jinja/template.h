#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/jinja/values/value.h"

namespace eft::jinja {

struct Program;

/// A compiled template in the environment that Transformers gives chat templates: trim_blocks, lstrip_blocks, loop
/// controls, generation blocks, immutable sandbox. Immutable, safe from any thread.
class Template {
 public:
  /// `name` stands in errors. Throws DataError "NAME:LINE: …".
  Template(std::string name, std::string_view source);

  using Variables = std::vector<std::pair<std::string, Value>>;
  /// The text with these variables (of equal names the last counts). Throws DataError "NAME:LINE: …".
  std::string render(const Variables& variables) const;
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  std::shared_ptr<const Program> program_;
};

}  // namespace eft::jinja
