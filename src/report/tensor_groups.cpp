#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "report/run_facts.h"

namespace eft {
namespace {

using Names = std::vector<std::pair<std::string, std::int64_t>>;

bool is_number(const std::string& word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return c >= '0' && c <= '9'; });
}

/// Splits "layers.12.mlp" into its shape "layers.#.mlp" and its number. Only the first number varies in a group.
std::pair<std::string, std::int64_t> split_number(const std::string& name) {
  std::istringstream parts(name);
  std::string shape;
  std::int64_t number = -1;
  for (std::string part; std::getline(parts, part, '.');) {
    if (number < 0 && is_number(part) && part.size() < 10) {
      number = std::stoll(part);
      part = "#";
    }
    shape += (shape.empty() ? "" : ".") + part;
  }
  return {shape, number};
}

/// {0, 1, 2, 5} → "0-2,5".
std::string ranges_of(std::vector<std::int64_t> numbers) {
  std::ranges::sort(numbers);
  std::string text;
  for (std::size_t i = 0; i < numbers.size();) {
    std::size_t last = i;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", numbers[i]);
    if (last > i) text += fmt::format("-{}", numbers[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace

std::vector<TensorGroup> group_tensors(const Names& names_and_sizes) {
  std::vector<TensorGroup> groups;
  std::vector<std::vector<std::int64_t>> numbers;
  std::map<std::string, std::size_t> index;
  for (const auto& [name, size] : names_and_sizes) {
    const auto [shape, number] = split_number(name);
    const auto [found, is_new] = index.try_emplace(shape, groups.size());
    if (is_new) {
      groups.push_back({.pattern = shape, .tensors = 0, .parameters = 0, .names = {}});
      numbers.emplace_back();
    }
    TensorGroup& group = groups[found->second];
    ++group.tensors;
    group.parameters += size;
    group.names.push_back(name);
    if (number >= 0) numbers[found->second].push_back(number);
  }
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const std::size_t at = groups[i].pattern.find('#');
    if (at == std::string::npos) continue;
    const std::string ranges = ranges_of(numbers[i]);
    groups[i].pattern.replace(at, 1, numbers[i].size() > 1 ? "{" + ranges + "}" : ranges);
  }
  return groups;
}

std::int64_t tensors_of(const std::vector<TensorGroup>& groups) {
  std::int64_t sum = 0;
  for (const TensorGroup& group : groups) sum += group.tensors;
  return sum;
}

std::int64_t parameters_of(const std::vector<TensorGroup>& groups) {
  std::int64_t sum = 0;
  for (const TensorGroup& group : groups) sum += group.parameters;
  return sum;
}

}  // namespace eft
