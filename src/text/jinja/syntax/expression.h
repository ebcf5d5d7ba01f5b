#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/render.h"
#include "text/jinja/values/value.h"

/// Expressions of a compiled template. They are immutable; all state of a rendering is in Render and Scope.
namespace eft::jinja {

struct Expression {
  explicit Expression(int at_line) : line(at_line) {}
  virtual ~Expression() = default;
  Expression(const Expression&) = delete;
  Expression& operator=(const Expression&) = delete;

  virtual Value evaluate(Render& render, const ScopePtr& scope) const = 0;

  int line;
};

using ExpressionPtr = std::unique_ptr<const Expression>;

/// Arguments as written: values, name=value, *values, **names.
struct ArgumentList {
  std::vector<ExpressionPtr> positional;
  std::vector<std::pair<std::string, ExpressionPtr>> named;
  ExpressionPtr star;
  ExpressionPtr double_star;

  Arguments evaluate(Render& render, const ScopePtr& scope) const;
};

struct Constant : Expression {
  Constant(int at_line, Value held) : Expression(at_line), value(std::move(held)) {}
  Value evaluate(Render&, const ScopePtr&) const override { return value; }
  Value value;
};

/// A variable, else a global function, else undefined.
struct Name : Expression {
  Name(int at_line, std::string text, int number);
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  std::string name;
  int id;
  Value otherwise;
};

/// What a filter block or a set block with filters has captured.
struct BlockText : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr&) const override { return render.block_text; }
};

struct Unary : Expression {
  enum class Operator { negative, positive, logical_not };
  Unary(int at_line, Operator op, ExpressionPtr value)
      : Expression(at_line), operation(op), operand(std::move(value)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  Operator operation;
  ExpressionPtr operand;
};

struct Binary : Expression {
  Binary(int at_line, Arithmetic op, ExpressionPtr a, ExpressionPtr b)
      : Expression(at_line), operation(op), left(std::move(a)), right(std::move(b)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  Arithmetic operation;
  ExpressionPtr left;
  ExpressionPtr right;
};

/// `and` and `or`, which give one of their operands.
struct Logical : Expression {
  Logical(int at_line, bool either, ExpressionPtr a, ExpressionPtr b)
      : Expression(at_line), is_or(either), left(std::move(a)), right(std::move(b)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  bool is_or;
  ExpressionPtr left;
  ExpressionPtr right;
};

/// `a ~ b ~ c`
struct Concatenation : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  std::vector<ExpressionPtr> parts;
};

/// `a < b <= c`
struct Chain : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  ExpressionPtr first;
  std::vector<std::pair<Comparison, ExpressionPtr>> rest;
};

struct Conditional : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  ExpressionPtr test;
  ExpressionPtr then;
  ExpressionPtr otherwise;  ///< may be absent
};

struct SequenceDisplay : Expression {
  SequenceDisplay(int at_line, Sequence::Flavor kind, std::vector<ExpressionPtr> parts)
      : Expression(at_line), flavor(kind), items(std::move(parts)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  Sequence::Flavor flavor;
  std::vector<ExpressionPtr> items;
};

struct DictDisplay : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  std::vector<std::pair<ExpressionPtr, ExpressionPtr>> entries;
};

/// `object.name`
struct Attribute : Expression {
  Attribute(int at_line, ExpressionPtr owner, std::string text)
      : Expression(at_line), object(std::move(owner)), name(text), name_value(std::move(text)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  ExpressionPtr object;
  std::string name;
  Value name_value;
};

/// `object[key]`
struct Item : Expression {
  Item(int at_line, ExpressionPtr owner, ExpressionPtr index)
      : Expression(at_line), object(std::move(owner)), key(std::move(index)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  ExpressionPtr object;
  ExpressionPtr key;
};

/// `object[start:stop:step]`, any of the three may be absent.
struct Slice : Expression {
  using Expression::Expression;
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  ExpressionPtr object;
  ExpressionPtr start;
  ExpressionPtr stop;
  ExpressionPtr step;
};

struct Call : Expression {
  Call(int at_line, ExpressionPtr function, ArgumentList list)
      : Expression(at_line),
        callee(std::move(function)),
        member(dynamic_cast<const Attribute*>(callee.get())),
        arguments(std::move(list)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  /// The same with one more argument, `caller`, unless it is undefined.
  Value evaluate_with(Render& render, const ScopePtr& scope, const Value& caller) const;
  ExpressionPtr callee;
  const Attribute* member;  ///< the callee when it is `object.name`
  ArgumentList arguments;
};

struct Filtered : Expression {
  Filtered(int at_line, std::string text, ExpressionPtr value, ArgumentList list)
      : Expression(at_line),
        name(std::move(text)),
        filter(find_filter(name)),
        operand(std::move(value)),
        arguments(std::move(list)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  std::string name;
  Filter filter;  ///< null: unknown, an error only when it is reached
  ExpressionPtr operand;
  ArgumentList arguments;
};

struct Tested : Expression {
  Tested(int at_line, std::string text, ExpressionPtr value, ArgumentList list)
      : Expression(at_line),
        name(std::move(text)),
        test(find_test(name)),
        operand(std::move(value)),
        arguments(std::move(list)) {}
  Value evaluate(Render& render, const ScopePtr& scope) const override;
  std::string name;
  Test test;
  ExpressionPtr operand;
  ArgumentList arguments;
};

/// Calls a value that a template holds.
Value call_value(Render& render, const Value& callee, const Arguments& arguments);

}  // namespace eft::jinja
