#pragma once

#include <cstddef>

namespace eft::jinja {

/// Bytes of strings and lists that one rendering may make, kept or not. While it lives, what this thread makes is charged
/// to it; a template may render another.
class TextBudget {
 public:
  TextBudget();
  ~TextBudget();
  TextBudget(const TextBudget&) = delete;
  TextBudget& operator=(const TextBudget&) = delete;

  /// Charges the rendering at work, if any. Throws Fault when its budget is used up.
  static void charge(std::size_t bytes);

 private:
  std::size_t left_ = std::size_t{512} << 20;
  TextBudget* outer_;
};

}  // namespace eft::jinja
