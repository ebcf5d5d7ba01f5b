#include "report/checklist.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "report/terminal.h"

namespace eft {
namespace {

struct Words {
  const char* mark;
  const char* name;
  Paint paint;
};

Words words_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass:
      return {"ok", "pass", Paint::green};
    case Verdict::warn:
      return {"note", "warn", Paint::yellow};
    case Verdict::fail:
      break;
  }
  return {"FAIL", "fail", Paint::bold};
}

}  // namespace

void Checklist::add(std::string name, Verdict verdict, std::string text) {
  items.push_back({std::move(name), verdict, std::move(text)});
}

bool Checklist::pass() const {
  return std::ranges::none_of(items, [](const ChecklistItem& one) { return one.verdict == Verdict::fail; });
}

std::string to_text(const Checklist& checklist, bool colours) {
  std::string text;
  for (const ChecklistItem& item : checklist.items) {
    const Words words = words_of(item.verdict);
    text += fmt::format("{} {} {}\n", painted(fmt::format("{:<5}", words.mark), words.paint, colours),
                        painted(fmt::format("{:<10}", item.name), Paint::cyan, colours), item.text);
  }
  const auto failed = std::ranges::count(checklist.items, Verdict::fail, &ChecklistItem::verdict);
  const std::string end =
      failed == 0 ? "ready to train" : fmt::format("{} of {} failed", failed, checklist.items.size());
  return text + painted(end, failed == 0 ? Paint::green : Paint::bold, colours) + '\n';
}

std::string to_json(const Checklist& checklist) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ChecklistItem& item : checklist.items) {
    list.push_back({{"name", item.name}, {"verdict", words_of(item.verdict).name}, {"text", item.text}});
  }
  return nlohmann::ordered_json{{"pass", checklist.pass()}, {"findings", list}}.dump();
}

}  // namespace eft
