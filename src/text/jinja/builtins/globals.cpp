#include <algorithm>
#include <ctime>

#include "text/jinja/builtins/arguments.h"
#include "text/jinja/builtins/filters.h"
#include "text/jinja/values/operators.h"
#include "text/jinja/values/print.h"
#include "text/jinja/render.h"

namespace eft::jinja {
namespace {

/// As the sandbox of Jinja2.
constexpr std::int64_t kMaxRange = 100'000;

Value range(Render&, const Arguments& arguments) {
  const auto& given = arguments.positional;
  if (given.empty() || given.size() > 3 || !arguments.named.empty()) throw Fault("range expected 1 to 3 arguments");
  for (const auto& value : given) {
    if (!value.is_integral()) throw Fault("'{}' object cannot be interpreted as an integer", type_name(value));
  }
  const std::int64_t start = given.size() > 1 ? given[0].integer() : 0;
  const std::int64_t stop = given[given.size() > 1 ? 1 : 0].integer();
  const std::int64_t step = given.size() > 2 ? given[2].integer() : 1;
  if (step == 0) throw Fault("range() arg 3 must not be zero");
  std::vector<Value> items;
  const auto distance = static_cast<__int128>(stop) - start;
  const auto count = std::max<__int128>(0, (distance + step - (step > 0 ? 1 : -1)) / step);
  if (count > kMaxRange) {
    throw Fault("Range too big. The sandbox blocks ranges larger than MAX_RANGE ({}).", kMaxRange);
  }
  items.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < static_cast<std::int64_t>(count); ++i) items.emplace_back(start + i * step);
  Value result = make_sequence(std::move(items), Sequence::Flavor::range);
  result.sequence()->label =
      step == 1 ? fmt::format("range({}, {})", start, stop) : fmt::format("range({}, {}, {})", start, stop, step);
  return result;
}

std::vector<std::pair<Value, Value>> dict_entries(const Arguments& arguments) {
  std::vector<std::pair<Value, Value>> entries;
  if (arguments.positional.size() > 1)
    throw Fault("dict expected at most 1 argument, got {}", arguments.positional.size());
  for (const auto& source : arguments.positional) {
    if (source.is_dict()) {
      entries = source.dict().entries;
      continue;
    }
    for (const auto items = iterate(source); const auto& item : items->items) {
      const auto pair = iterate(item);
      if (pair->items.size() != 2) throw Fault("dictionary update sequence element is not a pair");
      put(entries, pair->items[0], pair->items[1]);
    }
  }
  for (const auto& [name, value] : arguments.named) put(entries, name, value);
  return entries;
}

Value dict(Render&, const Arguments& arguments) { return make_dict(dict_entries(arguments)); }

Value name_space(Render& render, const Arguments& arguments) {
  auto space = std::make_shared<Namespace>();
  render.spaces.push_back(space);
  for (const auto& [name, value] : dict_entries(arguments)) space->set(to_text(name), value);
  return space;
}

Value raise_exception(Render&, const Arguments& arguments) {
  const Bound bound("raise_exception", arguments, {"message"}, 1);
  throw Fault("{}", to_text(*bound.at(0)));
}

Value strftime_now(Render&, const Arguments& arguments) {
  const Bound bound("strftime_now", arguments, {"format"}, 1);
  const std::string format(bound.text(0).value_or(""));
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  if (format.empty()) return "";
  std::string out(format.size() * 8 + 256, '\0');
  out.resize(std::strftime(out.data(), out.size(), format.c_str(), &local));
  return out;
}

Value joiner(Render&, const Arguments& arguments) {
  const Bound bound("joiner", arguments, {"sep"});
  auto next = [used = std::make_shared<bool>(false), between = bound.value(0, ", ")](Render&, const Arguments&) {
    return std::exchange(*used, true) ? between : Value("");
  };
  return std::make_shared<const Callable>(Callable{.label = "<Joiner object>", .call = std::move(next)});
}

Value make_global(std::string_view name, Value (*function)(Render&, const Arguments&)) {
  return std::make_shared<const Callable>(Callable{.label = fmt::format("<function {}>", name), .call = function});
}

}  // namespace

Value find_global(std::string_view name) {
  if (name == "range") return make_global(name, range);
  if (name == "dict") return make_global(name, dict);
  if (name == "namespace") return make_global(name, name_space);
  if (name == "raise_exception") return make_global(name, raise_exception);
  if (name == "strftime_now") return make_global(name, strftime_now);
  if (name == "joiner") return make_global(name, joiner);
  return {};
}

}  // namespace eft::jinja
