#include "text/jinja/values/text_budget.h"

#include "text/jinja/values/value.h"

namespace eft::jinja {
namespace {

thread_local TextBudget* at_work = nullptr;  // values are made in places that know no rendering

}  // namespace

TextBudget::TextBudget() : outer_(at_work) { at_work = this; }

TextBudget::~TextBudget() { at_work = outer_; }

void TextBudget::charge(std::size_t bytes) {
  if (at_work == nullptr) return;
  if (bytes > at_work->left_) throw Fault("template makes more than 512 MB of text and lists");
  at_work->left_ -= bytes;
}

}  // namespace eft::jinja
