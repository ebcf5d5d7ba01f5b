#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace eft::jinja {

/// What goes wrong while an expression is evaluated. The renderer turns it into a DataError with template name and
/// line.
class Fault : public std::runtime_error {
 public:
  template <class... Args>
  explicit Fault(fmt::format_string<Args...> text, Args&&... args)
      : std::runtime_error(fmt::format(text, std::forward<Args>(args)...)) {}
};

class Value;
struct Missing;
struct BigInteger;
struct Sequence;
struct Dict;
struct Namespace;
struct Callable;
struct Loop;
struct Arguments;
struct Render;

enum class Kind {
  undefined,
  none,
  boolean,
  integer,
  big_integer,
  real,
  string,
  sequence,
  dict,
  name_space,
  callable,
  loop
};

/// A value as Python would hold it. Copies share; everything but namespaces, loops and iterators is immutable, because
/// the sandbox that chat templates run in refuses methods that change lists and dicts.
class Value {
 public:
  struct None {};
  using Text = std::shared_ptr<const std::string>;

  Value() = default;
  Value(None) : data_(None{}) {}
  Value(bool truth) : data_(truth) {}
  Value(std::int64_t number) : data_(number) {}
  Value(int number) : data_(static_cast<std::int64_t>(number)) {}
  Value(std::size_t number) : data_(static_cast<std::int64_t>(number)) {}
  Value(double number) : data_(number) {}
  Value(std::string text) : data_(std::make_shared<const std::string>(std::move(text))) {}
  Value(std::string_view text) : Value(std::string(text)) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::shared_ptr<const Missing> missing) : data_(std::move(missing)) {}
  Value(std::shared_ptr<const BigInteger> number) : data_(std::move(number)) {}
  Value(std::shared_ptr<Sequence> sequence) : data_(std::move(sequence)) {}
  Value(std::shared_ptr<const Dict> dict) : data_(std::move(dict)) {}
  Value(std::shared_ptr<Namespace> space) : data_(std::move(space)) {}
  Value(std::shared_ptr<const Callable> callable) : data_(std::move(callable)) {}
  Value(std::shared_ptr<Loop> loop) : data_(std::move(loop)) {}

  Kind kind() const { return static_cast<Kind>(data_.index()); }
  bool is_undefined() const { return kind() == Kind::undefined; }
  bool is_none() const { return kind() == Kind::none; }
  bool is_boolean() const { return kind() == Kind::boolean; }
  bool is_string() const { return kind() == Kind::string; }
  bool is_sequence() const { return kind() == Kind::sequence; }
  bool is_dict() const { return kind() == Kind::dict; }
  /// bool or int, which Python's int covers.
  bool is_integral() const { return kind() == Kind::integer || kind() == Kind::boolean; }
  bool is_real() const { return kind() == Kind::real; }

  bool boolean() const { return std::get<bool>(data_); }
  /// The number of an is_integral() value.
  std::int64_t integer() const { return is_boolean() ? std::int64_t{boolean()} : std::get<std::int64_t>(data_); }
  double real() const { return std::get<double>(data_); }
  const std::string& string() const { return *std::get<Text>(data_); }
  const Missing* missing() const { return std::get<std::shared_ptr<const Missing>>(data_).get(); }
  const BigInteger& big_integer() const { return *std::get<std::shared_ptr<const BigInteger>>(data_); }
  const std::shared_ptr<Sequence>& sequence() const { return std::get<std::shared_ptr<Sequence>>(data_); }
  const Dict& dict() const { return *std::get<std::shared_ptr<const Dict>>(data_); }
  const std::shared_ptr<Namespace>& name_space() const { return std::get<std::shared_ptr<Namespace>>(data_); }
  const Callable& callable() const { return *std::get<std::shared_ptr<const Callable>>(data_); }
  const std::shared_ptr<Loop>& loop() const { return std::get<std::shared_ptr<Loop>>(data_); }
  /// Address of what is shared; equal addresses mean the same object.
  const void* identity() const;

 private:
  std::variant<std::shared_ptr<const Missing>, None, bool, std::int64_t, std::shared_ptr<const BigInteger>, double,
               Text, std::shared_ptr<Sequence>, std::shared_ptr<const Dict>, std::shared_ptr<Namespace>,
               std::shared_ptr<const Callable>, std::shared_ptr<Loop>>
      data_;
};

/// Why a value is undefined; the message is made only when something trips over it.
struct Missing {
  std::string hint;   ///< the whole message, or
  std::string owner;  ///< what `name` was looked for in (empty: a variable)
  Value name;

  std::string message() const;
};

/// An integer beyond 64 bits: it can be passed on and printed, not calculated with.
struct BigInteger {
  std::string digits;
};

/// Lists, tuples and everything that behaves like one. An iterator gives its items once.
struct Sequence {
  enum class Flavor { list, tuple, range, keys, values, items, iterator };
  Flavor flavor = Flavor::list;
  std::vector<Value> items;
  std::size_t consumed = 0;  ///< iterators only
  std::string label = {};    ///< how a range prints; kGroupLabel for what groupby gives
  int depth = 0;             ///< levels of nesting below, bounded so that no walk can exhaust the stack

  /// Whether it has indices (list, tuple, range).
  bool indexed() const { return flavor <= Flavor::range; }
};

/// Marks the pairs of the groupby filter, whose parts have names.
inline constexpr std::string_view kGroupLabel = "group";

/// A dict in insertion order. Chat data has few keys, so look-up is linear.
struct Dict {
  std::vector<std::pair<Value, Value>> entries;
  int depth = 0;

  const Value* find(std::string_view key) const;
  const Value* find(const Value& key) const;
};

/// What namespace() makes: the one mutable container.
struct Namespace {
  std::vector<std::pair<std::string, Value>> attributes;

  const Value* find(std::string_view name) const;
  void set(std::string_view name, Value value);
};

/// Arguments of a call.
struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;
};

using Function = std::function<Value(Render&, const Arguments&)>;

/// A macro, a global function or a bound method.
struct Callable {
  std::string label;  ///< how it prints
  Function call;
};

/// State behind the `loop` variable.
struct Loop {
  std::shared_ptr<Sequence> items;      ///< seen so far; all of them when `pull` is empty
  std::function<bool(Sequence&)> pull;  ///< appends the next item that passes the loop's filter, false at the end
  std::size_t index0 = 0;
  int depth0 = 0;
  std::optional<std::vector<Value>> last_changed = {};
  Function recurse = {};

  /// Whether there is an item at `index`, pulling as needed.
  bool has(std::size_t index);
  /// Number of items, pulling all.
  std::size_t length();
};

/// A list (or another flavor) of items. Throws Fault when nesting or length pass the sandbox's bounds.
Value make_sequence(std::vector<Value> items, Sequence::Flavor flavor = Sequence::Flavor::list);
/// A dict of unique keys, bounded likewise.
Value make_dict(std::vector<std::pair<Value, Value>> entries);
/// A string; throws Fault when it passes the sandbox's bound.
Value make_string(std::string text);
/// Sets a key of `entries`, replacing an equal one.
void put(std::vector<std::pair<Value, Value>>& entries, const Value& key, Value value);

/// An undefined variable.
Value undefined_name(std::string_view name);
/// An undefined attribute or element of `owner`.
Value undefined_member(const Value& owner, const Value& name);
/// An undefined value with its own message.
Value undefined_hint(std::string hint);

/// Python's name of the type: "str", "NoneType", …
std::string_view type_name(const Value& value);
/// Python's truth value.
bool truth(const Value& value);
/// Python's len(); nothing when the type has none.
std::optional<std::size_t> size_of(const Value& value);
/// The items of an iterable; characters of a string, keys of a dict. Throws Fault for others. Iterators are used up.
std::shared_ptr<Sequence> iterate(const Value& value);
/// Whether iter() accepts it.
bool is_iterable(const Value& value);

/// Bounds of the sandbox.
inline constexpr int kMaxDepth = 200;
inline constexpr std::size_t kMaxItems = 4'000'000;
inline constexpr std::size_t kMaxText = std::size_t{256} << 20;

}  // namespace eft::jinja
