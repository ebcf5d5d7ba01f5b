#include "report/page.h"

#include <algorithm>

namespace eft {

void Page::add(std::string_view title, std::string_view text, Paint paint) {
  constexpr std::size_t kTitleWidth = 10;
  std::string padded(title);
  padded.resize(std::max(padded.size(), kTitleWidth), ' ');
  text_ += painted(padded, Paint::cyan, colours_) + ' ' + painted(text, paint, colours_) + '\n';
}

}  // namespace eft
