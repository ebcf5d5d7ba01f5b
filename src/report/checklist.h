#pragma once

#include <string>
#include <vector>

namespace eft {

enum class Verdict { pass, warn, fail };

/// What was examined, and what came of it.
struct ChecklistItem {
  std::string name;
  Verdict verdict = Verdict::pass;
  std::string text;
};

/// A list of examinations. It passes when none of them failed.
struct Checklist {
  std::vector<ChecklistItem> items;

  void add(std::string name, Verdict verdict, std::string text);
  bool pass() const;
};

/// A line each, and one for all of them.
std::string to_text(const Checklist& checklist, bool colours);
/// One JSON object.
std::string to_json(const Checklist& checklist);

}  // namespace eft
