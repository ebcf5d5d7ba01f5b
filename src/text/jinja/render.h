#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/values/value.h"

namespace eft::jinja {

/// Variables of a block, found by the number that the compiler gave each name.
struct Scope {
  std::shared_ptr<Scope> parent;
  std::vector<std::pair<int, Value>> variables = {};

  /// The innermost variable of that number, or null.
  const Value* find(int id) const;
  /// Sets it here.
  void set(int id, Value value);
};

using ScopePtr = std::shared_ptr<Scope>;

/// State of one rendering, with the sandbox's budgets.
struct Render {
  Render() = default;
  Render(const Render&) = delete;
  Render& operator=(const Render&) = delete;
  /// Takes apart what macros and namespaces may have tied into rings.
  ~Render();

  /// Counts one statement, call or turn of a loop. Throws Fault when the budget is used up.
  void step();

  int line = 1;   ///< of the statement at work, for errors
  int calls = 0;  ///< macros entered
  std::int64_t steps = 0;
  Value block_text = {};                                ///< what a filter block captured
  std::vector<ScopePtr> captured = {};                  ///< scopes that a macro holds
  std::vector<std::shared_ptr<Namespace>> spaces = {};  ///< all namespaces made
};

/// Counts the depth of macro calls while it lives. Throws Fault beyond the bound.
class CallGuard {
 public:
  explicit CallGuard(Render& render);
  ~CallGuard() { --render_.calls; }
  CallGuard(const CallGuard&) = delete;
  CallGuard& operator=(const CallGuard&) = delete;

 private:
  Render& render_;
};

inline constexpr std::int64_t kMaxSteps = 5'000'000;
inline constexpr int kMaxCalls = 150;

}  // namespace eft::jinja
