#include "text/joints.h"

#include "text/utf8.h"

namespace eft {

void Joints::add(char32_t left, char32_t right) {
  const std::size_t a = class_of(left), b = class_of(right);
  if (a < kClasses && b < kClasses) {
    small_[a * kClasses + b] = true;
  } else {
    others_.set(left, right, {});
  }
}

bool Joints::holds(char32_t left, char32_t right) const {
  const std::size_t a = class_of(left), b = class_of(right);
  return a < kClasses && b < kClasses ? small_[a * kClasses + b] : others_.find(left, right) != nullptr;
}

std::size_t Joints::stretch_end(std::string_view text, std::size_t begin) const {
  char32_t left = utf8::next(text, begin);
  for (std::size_t end = begin; end < text.size(); begin = end) {
    const char32_t right = utf8::next(text, end);
    if (!holds(left, right)) return begin;
    left = right;
  }
  return text.size();
}

}  // namespace eft
