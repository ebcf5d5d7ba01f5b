#pragma once

namespace eft {

/// \w of the Rust regex crate: alphabetic, mark, decimal number, connector punctuation or join control.
bool is_word_character(char32_t code);

}  // namespace eft
