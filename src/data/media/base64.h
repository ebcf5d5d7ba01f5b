#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace eft {

/// The bytes that base64 stands for, in the usual or the URL alphabet, with or without padding; nothing for another
/// text.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace eft
