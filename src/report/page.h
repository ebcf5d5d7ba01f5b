#pragma once

#include <string>
#include <string_view>

#include "report/terminal.h"

namespace eft {

/// Lines of a page with a title in front of them: "data       10 rows".
class Page {
 public:
  explicit Page(bool colours) : colours_(colours) {}

  void add(std::string_view title, std::string_view text, Paint paint = Paint::plain);
  const std::string& text() const { return text_; }

 private:
  bool colours_;
  std::string text_;
};

}  // namespace eft
