#pragma once

#include <memory>
#include <string>
#include <vector>

#include "text/jinja/syntax/expression.h"

/// Statements of a compiled template.
namespace eft::jinja {

/// How a statement ends: with the next one, or by leaving or restarting the loop around it.
enum class Flow { next, leave, again };

struct Statement {
  explicit Statement(int at_line) : line(at_line) {}
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  /// Appends what it prints to `out`.
  virtual Flow run(Render& render, const ScopePtr& scope, std::string& out) const = 0;

  int line;
};

using StatementPtr = std::unique_ptr<const Statement>;
using Body = std::vector<StatementPtr>;

/// Runs one after the other until one leaves.
Flow run_body(const Body& body, Render& render, const ScopePtr& scope, std::string& out);

/// What can stand left of `=`: a variable, `space.attribute`, or several of them.
struct Target {
  enum class Kind { name, attribute, tuple } kind = Kind::name;
  int id = 0;
  std::string attribute = {};
  std::vector<Target> parts = {};

  void assign(Render& render, const ScopePtr& scope, const Value& value) const;
  /// Throws Fault where an attribute's owner is no namespace.
  void check(const ScopePtr& scope) const;
};

struct Data : Statement {
  Data(int at_line, std::string what) : Statement(at_line), text(std::move(what)) {}
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  std::string text;
};

struct Output : Statement {
  Output(int at_line, ExpressionPtr what) : Statement(at_line), value(std::move(what)) {}
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  ExpressionPtr value;
};

struct If : Statement {
  struct Branch {
    int line;
    ExpressionPtr test;  ///< absent in `else`
    Body body;
  };
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  std::vector<Branch> branches;
};

struct For : Statement {
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  Target target;
  ExpressionPtr iterable;
  ExpressionPtr filter;  ///< may be absent
  Body body;
  Body otherwise;
  bool recursive = false;
  int loop_id = 0;

 private:
  std::shared_ptr<Loop> start(const Value& source, const ScopePtr& scope, Render& render) const;
  void repeat(Render& render, const ScopePtr& scope, std::string& out, const Value& source, int depth) const;
};

struct Set : Statement {
  Set(int at_line, Target where, ExpressionPtr what)
      : Statement(at_line), target(std::move(where)), value(std::move(what)) {}
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  Target target;
  ExpressionPtr value;
};

/// A body in a scope of its own whose text goes through filters to a variable, or is printed when there is none.
struct Capture : Statement {
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  std::optional<Target> target;
  ExpressionPtr filters;  ///< applied to BlockText; may be absent
  Body body;
};

struct With : Statement {
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  std::vector<std::pair<Target, ExpressionPtr>> variables;
  Body body;
};

/// Parameters and body of a macro or of a call block.
struct MacroBody {
  struct Parameter {
    int id;
    std::string name;
    ExpressionPtr otherwise;  ///< may be absent
  };
  /// A function that runs the body in a scope inside `scope`.
  Value bind(Render& render, const ScopePtr& scope) const;

  std::string name;
  std::vector<Parameter> parameters;
  Body body;
  int caller_id = -1;  ///< these three are -1 unless the body names them
  int kwargs_id = -1;
  int varargs_id = -1;

 private:
  Value call(Render& render, const ScopePtr& scope, const Arguments& arguments) const;
  void pass(Render& render, const ScopePtr& inner, const Arguments& arguments) const;
  void pass_rest(Scope& inner, std::vector<std::pair<std::string, Value>> named, const Arguments& arguments) const;
};

struct Macro : Statement {
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  int id = 0;
  MacroBody macro;
};

struct CallBlock : Statement {
  using Statement::Statement;
  Flow run(Render& render, const ScopePtr& scope, std::string& out) const override;
  MacroBody caller;
  std::unique_ptr<const Call> call;
};

/// `break` and `continue`
struct Jump : Statement {
  Jump(int at_line, Flow where) : Statement(at_line), flow(where) {}
  Flow run(Render&, const ScopePtr&, std::string&) const override { return flow; }
  Flow flow;
};

}  // namespace eft::jinja
