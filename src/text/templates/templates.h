#pragma once

#include <array>
#include <string>
#include <string_view>

/// The templates that go by name, written for eft. Each renders what the family's own template renders, errors
/// included.
namespace eft {

std::string gemma_template();
std::string gemma3_template();
std::string gemma3n_template();
std::string gemma4_template();
std::string chatml_template();
std::string alpaca_template();

struct NamedTemplate {
  std::string_view name;
  std::string (*source)();
};

inline constexpr std::array kTemplates = {
    NamedTemplate{"gemma", gemma_template},           NamedTemplate{"gemma3", gemma3_template},
    NamedTemplate{"gemma3n", gemma3n_template},       NamedTemplate{"gemma4", gemma4_template},
    NamedTemplate{"gemma4_unified", gemma4_template}, NamedTemplate{"chatml", chatml_template},
    NamedTemplate{"alpaca", alpaca_template},
};

}  // namespace eft
