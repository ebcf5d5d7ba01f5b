#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>

namespace eft {

/// How words look on a terminal that shows colours.
enum class Paint { plain, bold, dim, green, yellow, cyan };

/// `text` between the escapes of `paint`; as it is where there are no colours.
std::string painted(std::string_view text, Paint paint, bool colours);

/// Columns that `text` takes on a terminal: escapes take none, every other character one.
std::size_t width_of(std::string_view text);

/// The first `columns` columns of `text`, with its escapes.
std::string cut_to(std::string_view text, std::size_t columns);

/// Where a command writes for its user. `live`: a terminal, whose last line may be rewritten.
struct Terminal {
  std::FILE* stream = nullptr;  ///< null: silent
  bool live = false;
  std::size_t columns = 0;  ///< of a terminal; 0: unknown
  bool colours = false;

  std::string paint(std::string_view text, Paint how) const { return painted(text, how, colours); }
};

}  // namespace eft
